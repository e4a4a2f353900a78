"""What the tables of long lags share: the networks of 1997, the recipes, and one
trial."""

from __future__ import annotations

from typing import Any

import numpy as np

from synapse.learning import Cosine, Trainer
from synapse.objects.network import Network
from synapse.optimizers import DEKF, Adam
from synapse.tasks import SampleBatch, Score, Task
from synapse.tasks._task import total

from ._learn import FINAL, MEASURED, RULES, TEST, learn, trainer
from ._lstm1997 import INPUT, OUTPUT, Lstm, lstm, run, train
from ._memory_blocks import memory_blocks
from ._paper_table import NEEDED, Measure

GATES = 7
"""Second number of the seeds of random gate biases."""
PART = 100
"""Number of samples that the paper's rule is tested on at once, as the others are."""

SHARED: dict[str, Any] = {
    "cells": 2,
    "linear": False,
    "linear_output": False,
    "gates": None,
    "weights": 0.1,
    "biases": True,
    "rate": None,
    "optimizer": None,
    "noise": 0.1,
    "variance": 0.1,
    "annealing": 2000,
}
"""Arguments of :func:`solve` that rows share."""
ADAM: dict[str, Any] = {"rate": 0.01, "optimizer": "adam"}
KALMAN: dict[str, Any] = {"rule": "exact online", "optimizer": "kalman"}
MEASURES = (NEEDED, Measure("wrong", f"wrong of {MEASURED:,}", log=False))


def network(
    task: Task,
    seed: int,
    *,
    cells: int,
    linear: bool,
    linear_output: bool,
    gates: list[float] | None,
    weights: float,
    biases: bool,
    output: str | None = None,
) -> Network:
    """Build two blocks as in experiments 2c and 4 to 6 of 1997.

    Parameters
    ----------
    task : Task
        The task, for the numbers of inputs and outputs.
    seed : int
        Seed of the weights.
    cells : int
        Number of cells of each block.
    linear : bool
        Whether cells and their inputs are linear.
    linear_output : bool
        Whether the outputs are linear.
    gates : list of float, optional
        Biases of the two input gates. Default: random, like those of the output gates.
    weights : float
        Largest absolute value of random weights and biases.
    biases : bool
        Whether gates, cells and outputs have trainable biases.
    output : str, optional
        Squash of the outputs. Default: identity if they are linear, otherwise logistic.
    """
    rng = np.random.default_rng([seed, GATES])
    enter, leave = rng.uniform(-weights, weights, (2, 2)) * biases
    built = memory_blocks(
        task.inputs,
        2,
        cells,
        task.outputs,
        input_gate_biases=enter if gates is None else gates,
        output_gate_biases=leave,
        squashed_input=not linear,
        cell_squash="identity" if linear else "bipolar_sigmoid",
        output_squash=output or ("identity" if linear_output else "logistic"),
        cell_biases=biases,
        output_biases=biases,
        weights=weights,
        seed=seed,
    )
    if not biases:
        for name in ("input gates", "output gates"):
            built[name].trainable_bias = False
    return built


def learner(
    net: Network,
    rule: str,
    rate: float | None,
    *,
    optimizer: str | None,
    epochs: int,
    noise: float = 0.1,
    variance: float = 0.1,
    annealing: int = 2000,
) -> Trainer:
    """Return a trainer: plain gradient descent as in 1997, Adam, or a Kalman filter.

    Parameters
    ----------
    net : Network
        The network.
    rule : str
        Name of a rule, see :data:`studies.papers._learn.RULES`.
    rate : float or None
        Learning rate, not for the filter.
    optimizer : {None, "plain", "adam", "kalman"}
        None is gradient descent on the squared error with a constant rate; "plain" the
        same on the default cost of the outputs.
    epochs : int
        Number of tests until the limit.
    noise, variance, annealing : float, float, int
        For the filter: the first measurement noise, which falls to a thousandth, or a
        tenth for logistic outputs; the initial variance; and the number of sequences in
        which the noise falls.
    """
    if optimizer is None:
        return Trainer(net, rate, "squared_error", **RULES[rule])
    if optimizer == "plain":
        return Trainer(net, rate, **RULES[rule])
    if optimizer == "adam":
        assert rate is not None
        return trainer(
            net, rule, Cosine(rate, epochs), optimizer=Adam(), batch_size=1, clip=1.0
        )
    last = noise / (10 if net.output[0].squash.name == "logistic" else 1000)
    kalman = DEKF(
        groups="all",
        measurement_noise=(noise, last),
        initial_variance=variance,
        process_noise=1e-7,
        annealing=annealing,
    )
    return Trainer(net, cost="squared_error", rule="rtrl", optimizer=kalman)


def solve(
    task: Task,
    seed: int,
    *,
    rule: str,
    rate: float | None,
    optimizer: str | None,
    noise: float,
    variance: float,
    annealing: int,
    every: int,
    most: int,
    **options: Any,
) -> dict[str, Any]:
    """Train a network of :func:`network`, built with `options`, by :func:`learner`
    until it solves a task.

    The rule "paper" is that of 1997 in the implementation apart from Synapse.
    """
    if rule == "paper":
        assert rate is not None
        return papers_rule(task, seed, rate=rate, every=every, most=most, **options)
    net = network(task, seed, **options)
    teacher = learner(
        net,
        rule,
        rate,
        optimizer=optimizer,
        noise=noise,
        variance=variance,
        annealing=annealing,
        epochs=most // every,
    )
    return learn(task, teacher, seed, every=every, most=most)


def papers_rule(
    task: Task,
    seed: int,
    *,
    cells: int,
    gates: list[float] | None,
    weights: float,
    biases: bool,
    rate: float,
    every: int,
    most: int,
    measured: int = MEASURED,
    **_: Any,
) -> dict[str, Any]:
    """Train two blocks by the rule of 1997; the arguments are those of :func:`network`
    and :func:`solve`."""
    rng = np.random.default_rng([seed, GATES])
    enter, leave = rng.uniform(-weights, weights, (2, 2)) * biases
    gate_layers = {INPUT: list(enter) if gates is None else gates, OUTPUT: list(leave)}
    learned = dict.fromkeys(
        ("cell_biases", "output_biases", "gate_biases_learned"), biases
    )
    net = lstm(
        task.inputs,
        2,
        cells,
        task.outputs,
        gate_layers,
        rng=rng,
        weights=weights,
        **learned,
    )
    rng = np.random.default_rng([seed, 1])
    order = np.arange(every)
    needed = None
    for trained in range(every, most + 1, every):
        samples = task.batch(every, rng)
        train(net, samples.rows, samples.goals, np.array(samples.bounds), order, rate)
        if solved(net, task, seed):
            needed = trained
            break
    score = scored(net, task.batch(measured, np.random.default_rng([seed, FINAL])))
    return {
        "needed": needed,
        "trained": trained,
        "wrong": score.wrong,
        "error": score.error,
    }


def solved(net: Lstm, task: Task, seed: int) -> bool:
    """Whether a network meets the criterion of a task, on the samples on which
    :func:`learn` tests others."""
    rng = np.random.default_rng([seed, TEST])
    criterion = task.criterion
    scores: list[Score] = []
    assert criterion is not None
    for _ in range(criterion.samples // PART):
        scores.append(scored(net, task.batch(PART, rng)))
        if sum(score.wrong for score in scores) > criterion.wrong:
            return False
    return criterion.met(total(scores))


def scored(net: Lstm, samples: SampleBatch) -> Score:
    """The score of a network on samples with a target at the last step."""
    last = np.array(samples.bounds[1:]) - 1
    outputs = run(net, samples.rows, np.array(samples.bounds))[0][last]
    targets = samples.goals[last]
    errors = outputs - targets
    right = samples.judge(targets, outputs, None)
    means = float(np.abs(errors).mean()), float((errors**2).mean())
    return Score(int(right.sum()), len(samples), *means)
