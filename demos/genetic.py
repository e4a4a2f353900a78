"""Genetic: gradient descent and a genetic algorithm on three tasks, every evaluation counted.

    python -m demos genetic

Task: Find the weights of a network for XOR, for an 8-3-8 code and for XOR with step neurons, by gradient
descent and by a genetic algorithm. The cost of each method is the number of evaluations: one sample run
once through the network.

Gradient descent computes for every weight which way is down and takes a step. A genetic algorithm keeps a
population of weight vectors, selects better ones as parents, and recombines and mutates them. The answers
hold for these tasks and settings only.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np

import architect
import synapse
from demos._common import BLUE, GREY, ORANGE, check, heading, lesson, pyplot, save_figure
from synapse.initializers import uniform

# --- 1. What is counted ---------------------------------------------------------------------------
#
# The coin is the evaluation: one sample once through the network, each weight used once. To judge a network
# on all four samples of XOR costs four. On the way back, each weight is used once to move it, and those from
# hidden neurons to outputs once more to carry the error. So a `propagate` is counted as two evaluations
# (rather too many than too few), and a step of learning, forward and backward, as three.


class Task(NamedTuple):
    """What is to be learnt, by a network of which sizes, down to which error, for how many evaluations."""

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
            *self.sizes, squash=self.squash, initializer=draw, bias_initializer=draw, seed=seed
        )


SQUARE = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
ONE_OF_TWO = np.array([[0.0], [1.0], [1.0], [0.0]])
XOR = Task((2, 3, 1), SQUARE, ONE_OF_TWO, goal=0.1, budget=40_000)

# --- 2. Downhill ----------------------------------------------------------------------------------
#
# The trainer at rate 0.5, from random weights between -1 and 1. The error of an epoch is taken as its samples
# are learnt, so that looking at it costs nothing extra. (While little is known it is above ln 2 = 0.693, the
# cost of always saying 0.5: each sample pulls the weights its way, just before the next one is asked.) A
# walk that gets stuck stays stuck: there is no second start here, which would be the cure.


def downhill(task, seed):
    """Evaluations made, and the error then, epoch by epoch, until the goal or the budget is reached."""
    each = 3 * len(task.inputs)
    result = synapse.Trainer(task.network(seed), rate=0.5).train(
        task.inputs, task.targets, epochs=task.budget // each, error=task.goal, seed=seed, progress=False
    )
    errors = np.array(result.history["error"])
    return each * (1 + np.arange(len(errors))), errors


# --- 3. Breeding ----------------------------------------------------------------------------------
#
# A genome is all weights and biases of a network in a row. There are twenty, at first random. A generation:
#
#     tournament   three are drawn by lot, and the best of them becomes a parent
#     crossover    a child takes each number from one of two parents, by the toss of a coin
#     mutation     three numbers of a child, on average, are moved by normal random numbers
#     elite        the best genome lives on unchanged, so that nothing reached is lost
#
# Nothing here looks inside a network: it is asked only how large its error is.

CROWD, DRAWN, MOVED, SHAKE = 20, 3, 3, 1.5


def express(net, genome):
    """Give a network the numbers of a genome; the biases of inputs stay 0."""
    weights, biases = np.split(genome, [-sum(map(len, net.layers[1:]))])
    net.weights, net.biases = weights, [*np.zeros(len(net.input)), *biases]


def child(genomes, errors, rng):
    parents = []
    for _ in range(2):
        drawn = rng.choice(CROWD, DRAWN, replace=False)
        parents.append(genomes[drawn[errors[drawn].argmin()]])
    size = len(parents[0])
    genome = np.where(rng.random(size) < 0.5, *parents)
    return genome + (rng.random(size) < MOVED / size) * rng.normal(0.0, SHAKE, size)


def breed(task, seed):
    """Evaluations made and the best error then, generation by generation; and the best network."""
    rng, net = np.random.default_rng(seed), task.network(seed)
    trainer = synapse.Trainer(net)

    def judge(genome):
        express(net, genome)
        return trainer.test(task.inputs, task.targets, cost=task.cost).error

    size = len(net.weights) + sum(task.sizes[1:])
    genomes = rng.uniform(-1.0, 1.0, (CROWD, size))
    errors = np.array([judge(genome) for genome in genomes])
    spent, curve = CROWD, []
    while True:
        best = errors.argmin()
        curve.append((spent * len(task.inputs), errors[best]))
        if errors[best] <= task.goal or curve[-1][0] >= task.budget:
            express(net, genomes[best])
            return *np.array(curve).T, net
        children = [child(genomes, errors, rng) for _ in range(CROWD - 1)]
        genomes = np.array([genomes[best], *children])
        errors = np.array([errors[best], *map(judge, children)])  # the best has been judged before
        spent += CROWD - 1


# --- 4. XOR ---------------------------------------------------------------------------------------
#
# Nine weights and four biases, several seeds each way, at most 40,000 evaluations. Most runs take a few
# thousand, either way, and now and then one is caught for long in a place where nothing near is better.
# That can happen to a crowd too, once all its members are cousins. A run that does not arrive counts with
# what it has spent.


def race(task, seeds):
    """Both ways on a task: by way, a list of (evaluations, errors)."""
    runs = {
        "gradient descent": [downhill(task, seed) for seed in seeds],
        "genetic algorithm": [breed(task, seed)[:2] for seed in seeds],
    }
    print("                     runs   at the goal   evaluations: fewest   median     most")
    for way, curves in runs.items():
        spent = [evaluations[-1] for evaluations, _ in curves]
        print(
            f"  {way:17} {len(curves):6}   {arrived(task, curves):11}   "
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
    for way, curves in runs.items():
        check(f"{way} reaches the goal at least once", arrived(XOR, curves) > 0)
    return runs


# --- 5. More weights ------------------------------------------------------------------------------
#
# Eight inputs, one of them on; eight outputs shall say which. In between are three neurons only, so a code
# must be found (Ackley, Hinton and Sejnowski 1985). Forty-eight weights and eleven biases. The error is the
# sum over the eight outputs, 8 ln 2 = 5.5 where all say 0.5; the goal is 1 (2 in a quick run).
#
# Now there are many directions, and few of them are good ones. A child is a blind guess in all of them; the
# gradient tells every weight its own direction, for the price of two evaluations.

CODE = Task((8, 3, 8), np.eye(8), np.eye(8), goal=1.0, budget=200_000)


def code(task, seeds):
    heading("5. More weights")
    runs = race(task, seeds)
    both = all(arrived(task, curves) == len(seeds) for curves in runs.values())
    check("both methods reach the goal every time", both)
    slowest = max(evaluations[-1] for evaluations, _ in runs["gradient descent"])
    quickest = min(evaluations[-1] for evaluations, _ in runs["genetic algorithm"])
    print(f"The slowest descent took {slowest} evaluations, the fastest population {quickest:.0f}.")
    check(
        "every descent needs less than a third of the evaluations of any population", slowest < quickest / 3
    )
    return runs


# --- 6. Without slopes ----------------------------------------------------------------------------
#
# XOR once more, with neurons that are steps: 0 or 1, nothing between. A step is flat on both sides, its slope
# is 0, and gradient descent does not move at all. Breeding does not care. The error is now the share of
# samples that come out wrong, 0, 1/4, 1/2, 3/4 or 1: no slope either, but enough to choose by.

STEPS = XOR._replace(squash="step", cost="binary_misses", goal=0.0)


def without_slopes(seeds):
    heading("6. Without slopes")
    net = STEPS.network(seeds[0])
    before = [*net.weights, *net.biases]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        synapse.Trainer(net, rate=0.5).train(SQUARE, ONE_OF_TWO, epochs=100, seed=seeds[0], progress=False)
    print(*(warning.message for warning in told), sep="\n")
    check("Synapse warns that no error reaches a weight", len(told) == 1)
    check("after 100 epochs of gradient descent no weight has changed", before == [*net.weights, *net.biases])
    runs = [breed(STEPS, seed) for seed in seeds]
    print(
        "Evaluations until a population gets all four right: "
        + ", ".join(f"{run[0][-1]:.0f}" for run in runs)
    )
    right = all((net.run(SQUARE) == ONE_OF_TWO).all() for _, _, net in runs)
    check("every population has found a network of step neurons for XOR", right)
    return [run[:2] for run in runs]


# --- 7. A picture ---------------------------------------------------------------------------------


def picture(easy, hard, goal, steps, path):
    plt = pyplot()
    if plt is None:
        return
    figure, axes = plt.subplots(1, 3, figsize=(11, 4), layout="constrained")
    curves(axes[0], easy, XOR.goal, "XOR: 13 numbers")
    curves(axes[1], hard, goal, "8-3-8 code: 59 numbers")
    curves(axes[2], {"genetic algorithm": steps}, None, "XOR with steps: no slopes")
    axes[0].set_ylabel("cross-entropy, mean of samples")
    axes[2].set(ylabel="share of samples wrong", yticks=[0, 0.25, 0.5])
    axes[2].legend(*axes[0].get_legend_handles_labels(), frameon=False, loc="upper right")
    save_figure(figure, path)


def curves(axes, runs, goal, title):
    for way, lines in runs.items():
        colour, draw = (BLUE, "default") if way == "gradient descent" else (ORANGE, "steps-post")
        for evaluations, errors in lines:
            axes.semilogx(evaluations, errors, color=colour, ds=draw, lw=1.2, alpha=0.8)
        axes.plot([], [], color=colour, label=way)
    if goal is not None:
        axes.axhline(goal, color=GREY, lw=1)
        axes.plot([], [], color=GREY, lw=1, label="goal")
    axes.set(xlabel="evaluations", title=title)
    axes.set_ylim(0, None)


def main(quick: bool, seed: int, out: Path) -> None:
    seeds = range(100 * seed, 100 * seed + (3 if quick else 10))
    easy = xor(seeds)
    task = CODE._replace(goal=2.0) if quick else CODE
    hard = code(task, seeds[: 1 if quick else 5])
    steps = without_slopes(seeds)
    picture(easy, hard, task.goal, steps, out / "genetic.png")
    spent = [
        {way: np.median([evaluations[-1] for evaluations, _ in curves]) for way, curves in runs.items()}
        for runs in (easy, hard)
    ]
    blind = np.median([evaluations[-1] for evaluations, _ in steps])
    small, large = (f"{one['gradient descent']:,.0f} and {one['genetic algorithm']:,.0f}" for one in spent)
    lesson(
        f"Median evaluations of gradient descent and of the genetic algorithm: {small} on XOR with 13 "
        f"numbers, {large} on the code with 59. The gradient pays off as the number of weights grows. "
        "The genetic algorithm needs no slope: it solves XOR with step neurons after a median of "
        f"{blind:,.0f} evaluations, where gradient descent changes no weight at all."
    )


# To try: XOR with 48 hidden neurons in place of 3: one way becomes faster, the other slower. Or rate 1 for
# gradient descent, or a CROWD of 60, and see what becomes of the medians on XOR, and on the code: a race of
# methods is always one of settings, too.
