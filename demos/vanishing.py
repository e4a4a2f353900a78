"""Vanishing: the error shrinks through the layers of a deep network; skip connections
preserve it.

    python -m demos vanishing

Task: Measure how large the error is in each layer of networks with up to 20 layers, for
four kinds of layer. Then train two networks of ten layers to output the sign of an
input.

The output's error is known; every lower layer receives the error of the layer above,
multiplied by weights and by slopes of squashes. Many factors below 1 make a small
number, so the lowest layers of a deep network receive almost no error (Hochreiter 1991;
Bengio, Simard and Frasconi 1994).

Lesson 7 of `synapse play` is part 1 in a browser: there you draw the skip connection
yourself."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np

import synapse
from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse import Layer, Network, Neuron
from synapse.initializers import glorot, he

WIDTH = 24
DEEPEST = 20

# --- 1. A chain of single neurons -----------------------------------------------------
#
# Twenty neurons, one behind the other, all weights 1. The error of each is the slope of
# its squash times the weight times the error of the next one. The slope of the logistic
# function is y (1 - y), which is 1/4 where y = 1/2, and less everywhere else. So the
# error of each neuron is at most a quarter of that of the next one, and after nineteen
# such steps it is less than one part in 10^11.


def chain(rng):
    heading("1. A chain of single neurons")
    neurons = [Neuron(name=f"neuron {i}") for i in range(DEEPEST + 1)]
    for source, target in pairwise(neurons):
        source.project(target, weight=1.0)
    neurons[0].activate(rng.normal())
    for neuron in neurons[1:]:
        neuron.activate()
    neurons[-1].propagate(rate=0, target=1.0)  # rate 0: errors only, no learning
    for neuron in reversed(neurons[1:-1]):
        neuron.propagate(rate=0)

    errors = np.array([neuron.error.responsibility for neuron in neurons[1:]])
    slopes = np.array([neuron.derivative for neuron in neurons[1:]])
    print("  neuron   slope      error")
    for i in (20, 19, 18, 15, 10, 5, 1):
        print(f"  {i:6}  {slopes[i - 1]:.4f}  {errors[i - 1]:.3e}")
    by_hand = slopes[:-1] * 1.0 * errors[1:]
    check(
        "each error is slope x weight x the next error",
        np.allclose(errors[:-1], by_hand, rtol=1e-12, atol=0),
    )
    check("no slope is above 1/4", bool((slopes <= 0.25).all()))
    check(
        "less than one part in 10^11 reaches neuron 1",
        bool(errors[0] < 1e-11 * errors[-1]),
    )


# --- 2. Layers ------------------------------------------------------------------------
#
# In layers of 24 neurons an error is a sum over 24 connections, and may be larger.
# Weights are drawn with a variance of 1/24 (Glorot and Bengio 2010), so that this sum
# alone neither grows nor shrinks the error. The slope remains:
#
#     logistic   at most 1/4
#     tanh       1 where the state is 0, less elsewhere
#     relu       1 for half of the neurons, 0 for the others; twice the variance of
#                weights compensates for the inactive half (He and others 2015)
#
# The size of a layer's error is the root of the mean square of
# `neuron.error.responsibility`.


def plain(squash, depth, rng):
    """`depth` hidden layers, each fully connected to the next, and a single linear
    output."""
    hidden = [Layer(WIDTH, squash) for _ in range(depth)]
    layers = [Layer(WIDTH), *hidden, Layer(1, "identity")]
    for source, target in pairwise(layers):
        source.project(target, initializer=he if squash == "relu" else glorot, seed=rng)
    return Network(layers[0], hidden, layers[-1]), hidden


# --- 3. A way around the squash -------------------------------------------------------
#
# A residual network (He and others 2016) has skip connections around each layer: a
# layer of sums, with squash identity, adds the sums below, by connections of weight 1
# that are not trained, and the outputs of a squashed layer.
#
#              sum below =====> squashed => sum
#                    |                       ^
#                    +----- weight 1 --------+
#
# Errors pass down along the same two paths. Along the skip they arrive unchanged,
# through any number of blocks: like the carousel of a memory cell, but over layers
# instead of time.


def residual(squash, depth, rng):
    """`depth` blocks of a squashed layer and the sum after it; returns the sums."""
    inputs = Layer(WIDTH)
    output = Layer(1, "identity")
    below = inputs
    hidden = []
    sums = []
    for _ in range(depth):
        squashed = Layer(WIDTH, squash)
        total = Layer(WIDTH, "identity")
        below.project(squashed, initializer=glorot, seed=rng)
        squashed.project(total, initializer=glorot, seed=rng)
        below.project(total, "one_to_one", weights=1.0, trainable=False)
        hidden += [squashed, total]
        sums.append(total)
        below = total
    below.project(output, initializer=glorot, seed=rng)
    return Network(inputs, hidden, output), sums


NETWORKS = {
    "logistic": lambda depth, rng: plain("logistic", depth, rng),
    "tanh": lambda depth, rng: plain("tanh", depth, rng),
    "relu": lambda depth, rng: plain("relu", depth, rng),
    "residual logistic": lambda depth, rng: residual("logistic", depth, rng),
}


def signals(build, depth, rng, samples):
    """The size of the error in each hidden layer, over samples, shape (depth,): lowest
    layer first."""
    net, layers = build(depth, rng)
    squares = np.zeros(depth)
    for _ in range(samples):
        outputs = net.activate(rng.normal(size=WIDTH))
        net.propagate(rate=0, targets=outputs + 1)  # the output's error is always 1
        for i, layer in enumerate(layers):
            squares[i] += np.mean([neuron.error.responsibility**2 for neuron in layer])
    return np.sqrt(squares / samples)


def measure(rng, networks, samples):
    """By kind, the sizes of errors in networks of 20 layers: shape (networks, 20)."""
    heading(f"2, 3. {DEEPEST} layers: the median of {networks} networks")
    sizes = {}
    ratios = {}
    for name, build in NETWORKS.items():
        size = [signals(build, DEEPEST, rng, samples) for _ in range(networks)]
        sizes[name] = np.array(size)
        ratios[name] = np.median(sizes[name][:, :-1] / sizes[name][:, 1:])
    print("                    ratio from       error in layer")
    print("                  layer to layer   20         10         1")
    for name, size in sizes.items():
        top, middle, lowest = np.median(size, axis=0)[[19, 9, 0]]
        errors = f"{top:.1e}    {middle:.1e}    {lowest:.1e}"
        print(f"  {name:18}  {ratios[name]:8.3f}     {errors}")
    check(
        "logistic: the ratio is below 1/4 and above 1/5",
        0.2 < ratios["logistic"] < 0.25,
    )
    check("tanh: the error falls a little in every layer", 0.8 < ratios["tanh"] < 1)
    check(
        "relu: its size changes by less than a tenth per layer",
        0.9 < ratios["relu"] < 1.1,
    )
    check(
        "residual logistic: its size changes by less than a twentieth per layer",
        0.95 < ratios["residual logistic"] < 1.05,
    )
    return sizes


def depths(rng, networks, samples):
    heading("4. From 2 to 20 layers: error of the lowest layer / error of the highest")
    counts = (2, 5, 10, 15, 20)
    print(" " * 20 + "".join(f"{count:10}" for count in counts) + "  layers")
    arriving = {}
    for name, build in NETWORKS.items():
        shares = []
        for _ in range(networks):
            sizes = [signals(build, count, rng, samples) for count in counts]
            shares.append([size[0] / size[-1] for size in sizes])
        arriving[name] = np.median(shares, axis=0)
        print(f"  {name:18}" + "".join(f"{share:10.1e}" for share in arriving[name]))
    below = arriving["logistic"] < 0.25 ** (np.array(counts) - 1)
    check("logistic: below (1/4)^(layers - 1) from 5 layers on", bool(below[1:].all()))
    check(
        "residual: at every depth more than half of it arrives",
        bool((arriving["residual logistic"] > 0.5).all()),
    )


# --- 5. The effect on learning --------------------------------------------------------
#
# The weights of a layer change by rate x error x input. If the error has vanished, the
# lowest layers keep their initial weights; and the output of ten such layers is nearly
# the same for all inputs. Two networks of ten logistic layers, one with skips, learn
# the sign of an input.


def learn(rng, epochs):
    heading("5. Learning the sign of the first input")
    inputs = rng.normal(size=(200, WIDTH))
    targets = np.sign(inputs[:, :1])
    right = {}
    for name in ("logistic", "residual logistic"):
        net, _ = NETWORKS[name](10, rng)
        before = net.weights[: WIDTH * WIDTH]
        synapse.Trainer(net, rate=0.005).train(
            inputs, targets, epochs=epochs, seed=0, progress=False
        )
        moved = np.abs(net.weights[: WIDTH * WIDTH] - before).mean()
        answers = net.run(inputs)
        right[name] = (np.sign(answers) == targets).mean()
        result = (
            f"lowest weights changed by {moved:.0e}, outputs vary by"
            f" {answers.std():.0e}"
        )
        print(f"  {name:18} {right[name]:4.0%} right; {result}")
    check("10 logistic layers do no better than chance", right["logistic"] < 0.65)
    check("10 residual layers learn it", right["residual logistic"] > 0.9)
    return right


@with_pyplot
def picture(plt, sizes, path):
    figure, axes = plt.subplots(figsize=(7.0, 4.2), layout="constrained")
    layers = np.arange(1, DEEPEST + 1)
    looks = ((ink.RED, "o-"), (ink.PURPLE, "s--"), (ink.BLUE, "^-."), (ink.GREEN, "D:"))
    for (name, size), (colour, style) in zip(sizes.items(), looks, strict=True):
        arriving = size / size[:, -1:]
        low, middle, high = np.quantile(arriving, (0.1, 0.5, 0.9), axis=0)
        axes.semilogy(layers, middle, style, color=colour, label=name, ms=4)
        axes.fill_between(layers, low, high, color=colour, alpha=0.2, lw=0)
    quarters = 0.25 ** (DEEPEST - layers)
    label = "a quarter at each layer"
    axes.semilogy(layers, quarters, "--", color=ink.BLACK, lw=1, label=label)
    axes.set(
        xlabel="hidden layer (20 is next to the output)", xticks=[1, 5, 10, 15, 20]
    )
    axes.set(
        ylabel="size of the error, layer 20 = 1",
        title="Error on its way down from the output",
    )
    axes.legend(loc="lower right")
    save_figure(figure, path)


def main(quick: bool, seed: int, out: Path) -> None:
    rng = np.random.default_rng(seed)
    chain(rng)
    sizes = measure(rng, networks=3 if quick else 9, samples=4 if quick else 20)
    depths(rng, networks=3 if quick else 9, samples=4 if quick else 20)
    right = learn(rng, epochs=20 if quick else 60)
    picture(sizes, out / "vanishing.png")
    arrives = {
        name: np.median(size[:, 0] / size[:, -1]) for name, size in sizes.items()
    }
    lesson(
        f"Through {DEEPEST} logistic layers {arrives['logistic']:.0e} of the error"
        " reaches the lowest layer; with skip connections it keeps its size (factor"
        f" {arrives['residual logistic']:.2f}). Ten logistic layers therefore get the"
        f" sign of an input right for {right['logistic']:.0%} of the samples (chance:"
        f" 50%), ten residual layers for {right['residual logistic']:.0%}."
    )


# To try: weights of another size; tanh with "he"; skips of weight 0.9; a forget gate on
# every skip.
