"""Long lags: Hochreiter and Schmidhuber 1997, experiments 2a, 2b and 2c."""

from __future__ import annotations

from typing import Any

import numpy as np

from synapse import Layer, Network
from synapse.learning import Trainer
from synapse.tasks import Task

from ..tasks import LongLag, NoisyLongLag
from ._lags import learner, network as two_blocks, papers_rule
from ._learn import learn
from ._paper_table import NEEDED, Measure, PaperTable, Published, Row

TASKS: dict[str, Task] = {
    "2a": LongLag(100),
    "2b": LongLag(100, regular=False),
    "2b, last target": LongLag(100, regular=False, only_last=True),
    "2b, last target, two blocks": LongLag(100, regular=False, only_last=True),
    "2c": NoisyLongLag(50, 50),
}
TWO_BLOCKS = ("2b, last target, two blocks", "2c")
WEIGHTS = 0.2
MEASURED = 500
ALONE = 5
"""Second number of the seeds of the training without cell."""

EVERY = 100
STALLED = 0.98
"""The cell is added when the mean cost of 100 sequences is not below 0.98 of that of
the 100 before."""


def one_cell(
    symbols: int,
    seed: int,
    *,
    linear: bool,
    output: str,
    gate: float | None,
    weights: float,
    direct: Any = None,
) -> Network:
    """The network of 2a and 2b: inputs lead to the outputs, and to a memory cell with
    an input gate.

    Parameters
    ----------
    symbols : int
        Number of inputs and of outputs.
    seed : int
        Seed of the weights.
    linear : bool
        Whether inputs enter the cell directly; otherwise a logistic neuron squashes
        them (g).
    output : str
        Squash of the outputs.
    gate : float, optional
        Trainable bias of the input gate. Default: none, as in the paper.
    weights : float
        Largest absolute value of the random weights.
    direct : ndarray, shape (symbols, symbols), optional
        Weights from inputs to outputs. Default: random.
    """
    rng = np.random.default_rng(seed)
    source = Layer(symbols, "identity", name="input")
    enter, cell = (
        Layer(1, "logistic", name="input gate"),
        Layer(1, "identity", name="cell"),
    )
    candidate = cell if linear else Layer(1, "logistic", name="candidate")
    target = Layer(symbols, output, name="output")
    for layer in (enter, cell, candidate, target):
        layer.biases = np.zeros(len(layer))
        layer.trainable_bias = False
    if gate is not None:
        enter.biases = [gate]
        enter.trainable_bias = True
    for layer in (enter, candidate, target):
        links = source.project(layer)
        links.weights = rng.uniform(-weights, weights, links.weights.shape)
        if layer is target and direct is not None:
            links.weights = direct
        if layer is cell:
            enter[0].gate(links)
    if not linear:
        entering = candidate.project(cell, "one_to_one")
        entering.weights = [1.0]
        entering.trainable = False
        enter[0].gate(entering)
    carousel = cell.project(cell, "one_to_one")
    carousel.weights = [1.0]
    carousel.trainable = False
    leaving = cell.project(target)
    leaving.weights = rng.uniform(-weights, weights, leaving.weights.shape)
    return Network(source, [enter, *([] if linear else [candidate]), cell], target)


def without_cell(task: Task, seed: int, rate: float, most: int) -> tuple[Any, int]:
    """Weights from inputs to outputs, trained alone until the cost stalls, and the
    number of sequences.

    In the paper, the cell and its gate "are added once the error has stopped
    decreasing"."""
    rng = np.random.default_rng([seed, ALONE])
    source = Layer(task.inputs, "identity", name="input")
    target = Layer(task.outputs, "logistic", name="output")
    target.trainable_bias = False
    target.biases = np.zeros(task.outputs)
    links = source.project(target)
    links.weights = rng.uniform(-WEIGHTS, WEIGHTS, links.weights.shape)
    teacher = Trainer(Network(source, [], target), rate, "squared_error")
    last = np.inf
    trained = 0
    while trained < most:
        samples = task.batch(EVERY, rng)
        cost = teacher.train(
            samples.inputs, samples.targets, epochs=1, shuffle=False, progress=False
        ).loss
        trained += EVERY
        if cost > STALLED * last:
            break
        last = cost
    return links.weights, trained


def trial(
    seed: int,
    experiment: str,
    linear: bool,
    output: str,
    gate: float | None,
    weights: float,
    rule: str,
    rate: float,
    optimizer: str | None,
    added_later: bool,
    every: int,
    most: int,
) -> dict[str, Any]:
    """Train on sequences until 10,000 others are right."""
    task = TASKS[experiment]
    if rule == "paper":
        options: dict[str, Any] = {
            "cells": 1,
            "gates": None,
            "weights": weights,
            "biases": False,
        }
        return papers_rule(
            task, seed, rate=rate, every=every, most=most, measured=MEASURED, **options
        )
    direct, before = without_cell(task, seed, rate, most) if added_later else (None, 0)
    if experiment in TWO_BLOCKS:
        gates = None if gate is None else [gate, gate]
        net = two_blocks(
            task,
            seed,
            cells=1,
            linear=linear,
            linear_output=False,
            gates=gates,
            weights=weights,
            biases=gate is not None,
            output=output,
        )
    else:
        net = one_cell(
            task.inputs,
            seed,
            linear=linear,
            output=output,
            gate=gate,
            weights=weights,
            direct=direct,
        )
    teacher = learner(net, rule, rate, optimizer=optimizer, epochs=most // every)
    training = learn(
        task, teacher, seed, every=every, most=most - before, measured=MEASURED
    )
    needed = None if training["needed"] is None else training["needed"] + before
    return {
        **training,
        "needed": needed,
        "trained": training["trained"] + before,
        "before": before,
    }


PAPER: dict[str, Any] = {"rule": "truncated", "rate": 1.0}
OURS: dict[str, Any] = {
    "linear": True,
    "rule": "online",
    "optimizer": "adam",
    "rate": 0.01,
}
ONE_CELL: dict[str, Any] = {**OURS, "output": "softmax", "most": 5000}
LAST_TARGET: dict[str, Any] = {**ONE_CELL, "rate": 0.03}

TABLE = PaperTable(
    trial,
    [
        Row(
            "2a, paper's cells, cell added later, truncated, rate 1",
            Published("100 %, 5,040", "V", 5040),
            seeds=20,
            experiment="2a",
            added_later=True,
            **PAPER,
        ),
        *(
            Row(
                f"2a, linear cell, {rule},"
                f" {'Adam ' if optimizer == 'adam' else 'rate '}{rate}",
                seeds=seeds,
                experiment="2a",
                gate=-2.0,
                weights=1.0,
                **{**ONE_CELL, "rule": rule, "optimizer": optimizer, "rate": rate},
            )
            for rule, optimizer, rate, seeds in (
                ("online", "plain", 0.1, 20),
                ("through time", "adam", 0.03, 20),
            )
        ),
        Row(
            "2b, paper's cells, truncated, rate 1",
            Published("100 %, 5,680", "V", 5680),
            seeds=20,
            experiment="2b",
            **PAPER,
        ),
        Row(
            "2b, last target, linear cell, online, Adam 0.03",
            seeds=20,
            experiment="2b, last target",
            gate=-4.0,
            **{**LAST_TARGET, "most": 4000},
        ),
        Row(
            "2b, last target, two linear cells, online, Adam 0.03",
            seeds=20,
            experiment="2b, last target, two blocks",
            gate=-3.0,
            **LAST_TARGET,
        ),
        *(
            Row(
                f"2c, paper's cells, paper's rule, rate {rate:g}",
                published,
                seeds=20,
                experiment="2c",
                rule="paper",
                rate=rate,
                every=500,
                most=60_000,
            )
            for rate, published in (
                (0.01, Published("100 %, 30,000", "V", 30_000)),
                (1.0, None),
            )
        ),
        *(
            Row(
                f"2c, {'linear' if rule == 'online' else 'squashed'} cells, {rule},"
                " Adam 0.01",
                seeds=20,
                experiment="2c",
                gate=-3.0,
                most=3000,
                **{**OURS, "linear": rule == "online", "rule": rule},
            )
            for rule in ("online", "exact online", "through time")
        ),
    ],
    (NEEDED, Measure("wrong", f"wrong of {MEASURED}", log=False)),
    shared={
        "linear": False,
        "output": "logistic",
        "gate": None,
        "weights": WEIGHTS,
        "optimizer": None,
        "added_later": False,
        "every": 100,
        "most": 10_000,
    },
)
