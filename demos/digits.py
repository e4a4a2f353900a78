"""Digits: a perceptron learns to read handwritten digits by exact gradients and Adam.

    python -m demos digits

Task: Recognise handwritten digits: 1797 images of 8 x 8 pixels, each with one of ten
digits. Each network is tested on digits that were not used to train it.

The demo measures how accurate a small network becomes within seconds, which digits it
still misclassifies, and how a network of the same size from another library
compares."""

from __future__ import annotations

import itertools
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import architect
import synapse
from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse.optimizers import Adam

with np.load(Path(__file__).parent / "data" / "digits.npz") as data:
    IMAGES = data["images"] / 16.0
    LABELS = data["labels"].astype(int)
WANTED = np.eye(10)[LABELS]

HIDDEN = 64
RATE = 0.003
BATCH = 32
DECAY = 1e-4
FOLDS = 5
GOAL = 0.97

# --- 1. The digits --------------------------------------------------------------------
#
# A digit is 64 numbers from 0 to 1; the network has no information about which pixels
# are neighbours. The target is a row of ten numbers, 1 at the digit and 0 elsewhere.


def show_some():
    heading("1. The digits")
    shades = " .:oO@"
    for row in range(8):
        lines = (IMAGES[i].reshape(8, 8)[row] for i in range(6))
        drawn = ("".join(2 * shades[int(p * 5.99)] for p in line) for line in lines)
        print("   ".join(drawn).rstrip())
    print("   ".join(f"{LABELS[i]:^16}" for i in range(6)).rstrip())


# --- 2. Learning ----------------------------------------------------------------------
#
# The network has 64 inputs, 64 hidden neurons and ten softmax outputs, the
# probabilities of the digits. The cost is -log(probability of the right digit). After
# every 32 digits Adam gets the exact gradient of their mean cost. It changes every
# weight by about the rate, in the average direction of its recent gradients. A little
# weight decay (l2) keeps the weights small.


def perceptron(seed):
    return architect.Perceptron(
        64,
        HIDDEN,
        10,
        squash="relu",
        output_squash="softmax",
        initializer="he",
        seed=seed,
    )


def trainer(net):
    return synapse.Trainer(
        net, rule="bptt", optimizer=Adam(RATE), batch_size=BATCH, l2=DECAY
    )


# Accuracy is measured on digits that were not used for training. A single test set
# would be small, so the digits are divided into five folds: five networks each learn
# from four folds and are tested on the fifth. In the end every digit has been tested
# once.


@dataclass
class Fold:
    """A network, the digits that it has not learned from, the course of training, and
    the test."""

    network: synapse.Network
    fresh: np.ndarray
    history: dict
    test: synapse.learning.Evaluation


def learn(build, seed, epochs):
    """Train and test a network for each fold."""
    rng = np.random.default_rng(seed)
    folds = []
    for number, fresh in enumerate(np.array_split(rng.permutation(len(LABELS)), FOLDS)):
        net = build([seed, number])
        learner = trainer(net)
        training = np.setdiff1d(np.arange(len(LABELS)), fresh)
        data = (IMAGES[training], WANTED[training])
        result = learner.train(*data, epochs=epochs, seed=rng, progress=False)
        test = learner.test(IMAGES[fresh], WANTED[fresh])
        folds.append(Fold(net, fresh, result.history, test))
    return folds


# --- 3. Beside scikit-learn -----------------------------------------------------------
#
# scikit-learn's MLPClassifier has the same layers and learns from the same folds by the
# same rule: Adam, batches of 32, the same rate and decay, the same number of epochs.
# Its initial weights and the order of its batches are different, so results differ by
# chance.


def sklearn_learner():
    """Return scikit-learn's class; None, and a printed message, if it is not
    installed."""
    try:  # not a dependency: only compared with
        from sklearn.neural_network import MLPClassifier
    except ImportError:
        print("scikit-learn is not installed, so its column is empty.\n")
        return None
    return MLPClassifier


def theirs(learner, fold, fresh, epochs):
    """The fraction of a fold that scikit-learn's network classifies correctly."""
    training = np.setdiff1d(np.arange(len(LABELS)), fresh)
    # It divides its decay, alpha, by the size of the batch.
    options = {"learning_rate_init": RATE, "batch_size": BATCH, "alpha": DECAY * BATCH}
    classifier = learner(
        HIDDEN, max_iter=epochs, n_iter_no_change=epochs, random_state=fold, **options
    )
    with warnings.catch_warnings():  # that it has not converged after these epochs
        warnings.simplefilter("ignore")
        classifier.fit(IMAGES[training], LABELS[training])
    return classifier.score(IMAGES[fresh], LABELS[fresh])


def compare(folds, seed, epochs):
    learner = sklearn_learner()
    rows = []
    for number, fold in enumerate(folds):
        accuracy = np.nan
        if learner:
            accuracy = theirs(learner, number + FOLDS * seed, fold.fresh, epochs)
        rows.append([fold.test.accuracy, accuracy])
    print("  fold          test cost       accuracy   scikit-learn")
    costs = [fold.test.loss for fold in folds]
    costs += [np.median(costs), np.mean(costs)]
    rows += [np.median(rows, axis=0), np.mean(rows, axis=0)]
    for name, cost, row in zip([*range(FOLDS), "median", "mean"], costs, rows):
        theirs_shown = "-" if np.isnan(row[1]) else f"{row[1]:.2%}"
        print(f"{name!s:>6}   {cost:16.3f}   {row[0]:12.2%}   {theirs_shown:>12}")
    median = rows[FOLDS][0]
    check(
        f"the median accuracy of {FOLDS} tests is at least {GOAL:.0%}", median >= GOAL
    )


# --- 4. Neighbours --------------------------------------------------------------------
#
# A convolution uses the positions of the pixels: its neurons see 3 x 3 of them, and all
# neurons of a feature share their weights. Here this saves parameters but does not
# raise accuracy: all digits are centred in the image, so features rarely occur at other
# places.


def convolution(seed):
    return architect.Convolutional(
        (8, 8),
        10,
        filters=(8, 16),
        stride=(1, 2),
        padding="same",
        output_squash="softmax",
        seed=seed,
    )


def numbers_learnt(net):
    """The number of weights and biases; shared ones count once."""
    kernels = getattr(net, "kernels", [])
    dense = net.layers[len(kernels) :]
    shared = sum(kernel.size + len(kernel) for kernel in kernels)
    for source, target in itertools.pairwise(dense):
        shared += (len(source) + 1) * len(target)
    return shared


def with_neighbours(folds, seed, epochs):
    heading("4. Neighbours")
    accuracies = []
    for tested in (folds, learn(convolution, seed, epochs)):
        accuracies.append(np.mean([fold.test.accuracy for fold in tested]))
        net = tested[0].network
        print(
            f"{net.name:>13}: accuracy {accuracies[-1]:.2%}, {numbers_learnt(net)}"
            " trainable numbers"
        )
    return accuracies


# --- 5. What it misreads --------------------------------------------------------------
#
# The table adds up all tests: a row per written digit, a column per recognised digit.


def confusion(folds):
    """For each misread digit: its index, the digit it was taken for, and the network's
    probability for it."""
    heading("5. Misread digits")
    table = np.zeros((10, 10), int)
    wrong = []
    for fold in folds:
        table += fold.test.confusion
        for i in fold.fresh[fold.test.misclassified]:
            outputs = fold.network.activate(IMAGES[i])
            wrong.append((i, outputs.argmax(), outputs.max()))
    print(" written \\ read" + "".join(f"{digit:5}" for digit in range(10)))
    for digit, row in enumerate(table):
        print(f"{digit:15}" + "".join(f"{n or '.':>5}" for n in row))
    others = table - np.diag(np.diag(table))
    row, column = np.unravel_index(others.argmax(), others.shape)
    print(
        f"\n{len(wrong)} of {table.sum()} digits are misread; the most frequent error "
        f"is {row} read as {column}, {others.max()} times."
    )
    return sorted(wrong, key=lambda each: -each[2])


# --- 6. A picture ---------------------------------------------------------------------
#
# The misread digits with the highest probabilities. A person would misread some of
# them, too.


@with_pyplot
def picture(plt, wrong, folds, path):
    figure = plt.figure(figsize=(8.4, 3.9), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1.15, 1])
    left.suptitle("Misread digits, most confident first")
    for axes, each in itertools.zip_longest(left.subplots(3, 4).flat, wrong[:12]):
        axes.set_axis_off()
        if each is not None:
            i, answer, sure = each
            axes.imshow(IMAGES[i].reshape(8, 8), cmap="Greys", vmin=0, vmax=1)
            axes.set_title(f"{LABELS[i]} read as {answer} ({sure:.0%})", fontsize=7)
    axes = right.subplots()
    for number, fold in enumerate(folds):
        errors = fold.history["loss"]
        named = number == 0
        epochs = np.arange(1, len(errors) + 1)
        label = "training data" if named else None
        axes.semilogy(epochs, errors, color=ink.BLUE, lw=1, label=label)
        label = "held-out fold, at the end" if named else None
        axes.plot(len(errors), fold.test.loss, "o", color=ink.ORANGE, label=label)
    axes.set(
        xlabel="epoch",
        ylabel="loss (cross-entropy)",
        title="Training, one line per fold",
    )
    axes.legend()
    save_figure(figure, path)


def main(quick: bool, seed: int, out: Path) -> None:
    show_some()
    epochs = 40 if quick else 60
    heading(f"2. and 3. Learning, {FOLDS} folds, {epochs} epochs each")
    folds = learn(perceptron, seed, epochs)
    compare(folds, seed, epochs)
    dense, shared = with_neighbours(folds, seed, epochs)
    wrong = confusion(folds)
    picture(wrong, folds, out / "digits.png")
    synapse.save(folds[0].network, out / "digits.synapse")
    lesson(
        f"A perceptron with {HIDDEN} hidden neurons classifies {dense:.1%} of the"
        f" held-out digits correctly; {len(wrong)} of {len(LABELS)} are misclassified."
        f" Convolutions, which share weights between positions, reach {shared:.1%} with"
        f" {numbers_learnt(convolution(seed))} trainable numbers instead of"
        f" {numbers_learnt(perceptron(seed))}."
    )


# To try: no hidden layer, Perceptron(64, 10): how much accuracy is lost? And with
# HIDDEN = 8?
