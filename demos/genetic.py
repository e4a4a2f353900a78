"""Genetic: gradient descent and a genetic algorithm on three tasks, every evaluation
counted.

    python -m demos genetic

Task: Find the weights of a network for XOR, for an 8-3-8 code and for XOR with step
neurons, by gradient descent and by a genetic algorithm. The cost of each method is the
number of evaluations: one sample run once through the network.

Gradient descent computes the derivative of the error for every weight and takes a step
downhill. A genetic algorithm has a population of weight vectors, selects better ones as
parents, and recombines and mutates them. The results hold for these tasks and settings
only."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np

import architect
import synapse
from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse.initializers import uniform

# --- 1. What is counted ---------------------------------------------------------------
#
# The unit is one evaluation: one sample once through the network, which uses each
# weight once. To evaluate a network on all four samples of XOR costs four. The backward
# pass uses each weight once for its update, and those from hidden neurons to outputs
# once more for the error. So a `propagate` is counted as two evaluations (an upper
# bound), and a learning step, forward and backward, as three.


class Task(NamedTuple):
    """A task: data, sizes of the network, the error to reach and the limit of
    evaluations."""

    sizes: tuple[int, ...]
    inputs: np.ndarray
    targets: np.ndarray
    goal: float
    budget: int
    squash: str = "logistic"
    cost: str = "cross_entropy"

    def network(self, seed):
        draw = uniform(1.0)
        return architect.Perceptron(
            *self.sizes,
            squash=self.squash,
            initializer=draw,
            bias_initializer=draw,
            seed=seed,
        )


SQUARE = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
ONE_OF_TWO = np.array([[0.0], [1.0], [1.0], [0.0]])
XOR = Task((2, 3, 1), SQUARE, ONE_OF_TWO, goal=0.1, budget=40_000)

# --- 2. Downhill ----------------------------------------------------------------------
#
# The trainer has rate 0.5 and starts from random weights between -1 and 1. The error of
# an epoch is measured during training, so it needs no extra evaluations. (At first it
# is above ln 2 = 0.693, the cost of always answering 0.5, because each sample changes
# the weights in its favour just before the next one is evaluated.) There are no
# restarts here, although they would help runs that get stuck.


def downhill(task, seed):
    """Numbers of evaluations and errors by epoch, until the goal or the limit is
    reached."""
    each = 3 * len(task.inputs)
    result = synapse.Trainer(task.network(seed), rate=0.5).train(
        task.inputs,
        task.targets,
        epochs=task.budget // each,
        goal=task.goal,
        seed=seed,
        progress=False,
    )
    errors = np.array(result.history["loss"])
    return each * (1 + np.arange(len(errors))), errors


# --- 3. Breeding ----------------------------------------------------------------------
#
# A genome is a vector of all weights and biases of a network. There are twenty, at
# first random. Generation:
#
#     tournament   three are drawn at random, and the best of them becomes a parent
#     crossover    a child takes each number from one of two parents, at random
#     mutation     normal random numbers are added to three numbers of a child, or so
#     elite        the best genome survives unchanged: the best error never rises
#
# The algorithm uses only the error of a network, not its structure or its slopes.

CROWD = 20
DRAWN = 3
MOVED = 3
SHAKE = 1.5


def express(net, genome):
    """Give a network the numbers of a genome; the biases of inputs stay 0."""
    weights, biases = np.split(genome, [-sum(map(len, net.layers[1:]))])
    net.weights = weights
    net.biases = [*np.zeros(len(net.input)), *biases]


def child(genomes, errors, rng):
    parents = []
    for _ in range(2):
        drawn = rng.choice(CROWD, DRAWN, replace=False)
        parents.append(genomes[drawn[errors[drawn].argmin()]])
    size = len(parents[0])
    genome = np.where(rng.random(size) < 0.5, *parents)
    return genome + (rng.random(size) < MOVED / size) * rng.normal(0.0, SHAKE, size)


def breed(task, seed):
    """Numbers of evaluations and best errors by generation, and the best network."""
    rng = np.random.default_rng(seed)
    net = task.network(seed)
    trainer = synapse.Trainer(net)

    def judge(genome):
        express(net, genome)
        return trainer.test(task.inputs, task.targets, cost=task.cost).loss

    size = len(net.weights) + sum(task.sizes[1:])
    genomes = rng.uniform(-1.0, 1.0, (CROWD, size))
    errors = np.array([judge(genome) for genome in genomes])
    spent = CROWD
    curve = []
    while True:
        best = errors.argmin()
        curve.append((spent * len(task.inputs), errors[best]))
        if errors[best] <= task.goal or curve[-1][0] >= task.budget:
            express(net, genomes[best])
            return *np.array(curve).T, net
        children = [child(genomes, errors, rng) for _ in range(CROWD - 1)]
        genomes = np.array([genomes[best], *children])
        # The best was evaluated before.
        errors = np.array([errors[best], *map(judge, children)])
        spent += CROWD - 1


# --- 4. XOR ---------------------------------------------------------------------------
#
# Nine weights and four biases, several seeds for each method, at most 40,000
# evaluations. Most runs of both methods take a few thousand, and some are stuck for
# long in a local minimum. That can happen to a population, too, once its members are
# similar. A run that does not reach the goal counts with all its evaluations.


def race(task, seeds):
    """Run both methods on a task; returns lists of (evaluations, errors) by method."""
    runs = {
        "gradient descent": [downhill(task, seed) for seed in seeds],
        "genetic algorithm": [breed(task, seed)[:2] for seed in seeds],
    }
    print(
        "                     runs   at the goal   evaluations: fewest   median    "
        " most"
    )
    for method, curves in runs.items():
        spent = [evaluations[-1] for evaluations, _ in curves]
        print(
            f"  {method:17} {len(curves):6}   {arrived(task, curves):11}   "
            f"{min(spent):19.0f}   {np.median(spent):6.0f}   {max(spent):6.0f}"
        )
    rises = any((np.diff(errors) > 0).any() for _, errors in runs["genetic algorithm"])
    check("with an elite, the best error of a population never rises", not rises)
    return runs


def arrived(task, curves):
    return sum(errors[-1] <= task.goal for _, errors in curves)


def xor(seeds):
    heading("4. XOR")
    runs = race(XOR, seeds)
    for method, curves in runs.items():
        check(f"{method} reaches the goal at least once", arrived(XOR, curves) > 0)
    return runs


# --- 5. More weights ------------------------------------------------------------------
#
# One of eight inputs is 1; the same one of eight outputs must be 1. In between are only
# three neurons, so the network must find a code (Ackley, Hinton and Sejnowski 1985). It
# has 48 weights and 11 biases. The error is the sum over the eight outputs, 8 ln 2 =
# 5.5 if all are 0.5; the goal is 1 (2 in a quick run).
#
# Now there are many directions, and few of them are good. A child is a blind guess in
# all of them; the gradient gives every weight its own direction, at the cost of two
# evaluations.

CODE = Task((8, 3, 8), np.eye(8), np.eye(8), goal=1.0, budget=200_000)


def code(task, seeds):
    heading("5. More weights")
    runs = race(task, seeds)
    both = all(arrived(task, curves) == len(seeds) for curves in runs.values())
    check("both methods reach the goal every time", both)
    slowest = max(evaluations[-1] for evaluations, _ in runs["gradient descent"])
    quickest = min(evaluations[-1] for evaluations, _ in runs["genetic algorithm"])
    print(
        f"The slowest descent took {slowest} evaluations, the fastest population"
        f" {quickest:.0f}."
    )
    check(
        "every descent needs less than a third of the evaluations of any population",
        slowest < quickest / 3,
    )
    return runs


# --- 6. Without slopes ----------------------------------------------------------------
#
# XOR once more, with step neurons, whose output is 0 or 1. The slope of a step is 0
# everywhere, so gradient descent changes nothing. The genetic algorithm needs no
# slopes. The error is now the fraction of wrong samples, 0, 1/4, 1/2, 3/4 or 1: it has
# no slope either, but is enough for selection.

STEPS = XOR._replace(squash="step", cost="binary_misses", goal=0.0)


def without_slopes(seeds):
    heading("6. Without slopes")
    net = STEPS.network(seeds[0])
    before = [*net.weights, *net.biases]
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        synapse.Trainer(net, rate=0.5).train(
            SQUARE, ONE_OF_TWO, epochs=100, seed=seeds[0], progress=False
        )
    print(*(warning.message for warning in warned), sep="\n")
    check("Synapse warns that no error reaches a weight", len(warned) == 1)
    check(
        "after 100 epochs of gradient descent no weight has changed",
        before == [*net.weights, *net.biases],
    )
    runs = [breed(STEPS, seed) for seed in seeds]
    print(
        "Evaluations until a population gets all four right: "
        + ", ".join(f"{run[0][-1]:.0f}" for run in runs)
    )
    right = all((net.run(SQUARE) == ONE_OF_TWO).all() for _, _, net in runs)
    check("every population has found a network of step neurons for XOR", right)
    return [run[:2] for run in runs]


# --- 7. A picture ---------------------------------------------------------------------


@with_pyplot
def picture(plt, easy, hard, goal, steps, path):
    figure, axes = plt.subplots(1, 3, figsize=(8.4, 3.3), layout="constrained")
    curves(axes[0], easy, XOR.goal, "XOR: 13 numbers")
    curves(axes[1], hard, goal, "8-3-8 code: 59 numbers")
    curves(axes[2], {"genetic algorithm": steps}, None, "XOR with steps: no slopes")
    for panel in axes[:2]:
        panel.set_ylabel("cross-entropy, mean of samples")
    axes[2].set(ylabel="fraction of samples wrong", yticks=[0, 0.25, 0.5])
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3
    )
    save_figure(figure, path)


def curves(axes, runs, goal, title):
    for method, lines in runs.items():
        look = {"color": ink.ORANGE, "ds": "steps-post"}
        if method == "gradient descent":
            look = {"color": ink.BLUE, "ds": "default"}
        for i, (evaluations, errors) in enumerate(lines):
            name = None if i else f"{method}, one line a seed"
            axes.semilogx(evaluations, errors, lw=1.0, alpha=0.8, label=name, **look)
    if goal is not None:
        axes.axhline(goal, color=ink.BLACK, ls=":", lw=1, label="goal")
    axes.set(xlabel="evaluations", title=title)
    axes.set_ylim(0, None)


def median_spent(curves):
    return np.median([evaluations[-1] for evaluations, _ in curves])


def main(quick: bool, seed: int, out: Path) -> None:
    seeds = range(100 * seed, 100 * seed + (3 if quick else 10))
    easy = xor(seeds)
    task = CODE._replace(goal=2.0) if quick else CODE
    hard = code(task, seeds[: 1 if quick else 5])
    steps = without_slopes(seeds)
    picture(easy, hard, task.goal, steps, out / "genetic.png")
    blind = median_spent(steps)
    small, large = (
        f"{median_spent(runs['gradient descent']):,.0f} and"
        f" {median_spent(runs['genetic algorithm']):,.0f}"
        for runs in (easy, hard)
    )
    lesson(
        f"Median evaluations of gradient descent and of the genetic algorithm: {small}"
        f" on XOR with 13 numbers, {large} on the code with 59. The gradient pays off"
        " as the number of weights grows. The genetic algorithm needs no slope: it"
        f" solves XOR with step neurons after a median of {blind:,.0f} evaluations,"
        " where gradient descent changes no weight at all."
    )


# To try: XOR with 48 hidden neurons instead of 3: one method becomes faster, the other
# slower. Or rate 1 for gradient descent, or a CROWD of 60: compare the medians on XOR
# and on the code. Such comparisons always depend on the settings, too.
