"""What the tables of long lags share: the networks of 1997, the recipes, and one trial."""

from __future__ import annotations

from typing import Any

import numpy as np

from synapse.learning import Cosine, Trainer
from synapse.objects.network import Network
from synapse.optimizers import DEKF, Adam
from synapse.tasks import Task

from ._learn import MEASURED, RULES, learn, trainer
from ._memory_blocks import memory_blocks
from ._paper_table import NEEDED, Measure

GATES = 7
"""Second number of the seeds of random gate biases."""

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
            built[name].trainable = False
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
        One of :data:`synapse.experiments.tables._learn.RULES`.
    rate : float or None
        Learning rate, not for the filter.
    optimizer : {None, "plain", "adam", "kalman"}
        None is gradient descent on the squared error with a constant rate; "plain" the same on the default
        cost of the outputs.
    epochs : int
        Number of tests until the limit.
    noise, variance, annealing : float, float, int
        For the filter: the first measurement noise, which falls to a thousandth, or a tenth for logistic
        outputs; the initial variance; and the number of sequences in which the noise falls.
    """
    if optimizer is None:
        return Trainer(net, rate, "squared_error", **RULES[rule])
    if optimizer == "plain":
        return Trainer(net, rate, **RULES[rule])
    if optimizer == "adam":
        assert rate is not None
        return trainer(net, rule, Cosine(rate, epochs), optimizer=Adam(), batch_size=1, clip=1.0)
    last = noise / (10 if net.output[0].squash.name == "logistic" else 1000)
    kalman = DEKF(
        groups="all",
        measurement_noise=(noise, last),
        initial_variance=variance,
        process_noise=1e-7,
        annealing=annealing,
    )
    return Trainer(net, cost="squared_error", method="rtrl", optimizer=kalman)


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
    """Train a network of :func:`network`, built with `options`, by :func:`learner` until it solves a task."""
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
