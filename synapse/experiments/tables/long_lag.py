"""Long lags: Hochreiter and Schmidhuber 1997, experiments 2a, 2b and 2c."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import ONE_TO_ONE, Layer, Network
from ...learning import Trainer
from ...tasks import LongLag, NoisyLongLag, Task
from ._lags import CHOSEN, RULES_TEXT, learner
from ._lags import network as two_blocks
from ._learn import learn
from ._table import NEEDED, Measure, Published, Row, Table

TASKS: dict[str, Task] = {
    "2a": LongLag(100),
    "2b": LongLag(100, regular=False),
    "2b, last target": LongLag(100, regular=False, only_last=True),
    "2c": NoisyLongLag(50, 50),
}
WEIGHTS = 0.2
MEASURED = 500
ALONE = 5
"""Second number of the seeds of the training without cell."""

EVERY, STALLED = 100, 0.98
"""The cell is added when the mean cost of 100 sequences is not below 0.98 of that of the 100 before."""


def one_cell(
    symbols: int, seed: int, *, linear: bool, output: str, gate: float | None, direct: Any = None
) -> Network:
    """The network of experiments 2a and 2b: inputs lead to the outputs, and to a memory cell with an input gate.

    Parameters
    ----------
    symbols : int
        Number of inputs and of outputs.
    seed : int
        Seed of the weights, within ±0.2.
    linear : bool
        Whether inputs enter the cell directly; otherwise a logistic neuron squashes them (g).
    output : str
        Squash of the outputs.
    gate : float, optional
        Trainable bias of the input gate. Default: none, as in the paper.
    direct : ndarray, shape (symbols, symbols), optional
        Weights from inputs to outputs. Default: random.
    """
    rng = np.random.default_rng(seed)
    source = Layer(symbols, "identity", name="input")
    enter, cell = Layer(1, "logistic", name="input gate"), Layer(1, "identity", name="cell")
    candidate = cell if linear else Layer(1, "logistic", name="candidate")
    target = Layer(symbols, output, name="output")
    for layer in (enter, cell, candidate, target):
        layer.biases = np.zeros(len(layer))
        layer.trainable = False
    if gate is not None:
        enter.biases, enter.trainable = [gate], True
    for layer in (enter, candidate, target):
        links = source.project(layer)
        links.weights = rng.uniform(-WEIGHTS, WEIGHTS, links.weights.shape)
        if layer is target and direct is not None:
            links.weights = direct
        if layer is cell:
            enter[0].gate(links)
    if not linear:
        entering = candidate.project(cell, ONE_TO_ONE)
        entering.weights = [1.0]
        entering.trainable = False
        enter[0].gate(entering)
    carousel = cell.project(cell, ONE_TO_ONE)
    carousel.weights = [1.0]
    carousel.trainable = False
    leaving = cell.project(target)
    leaving.weights = rng.uniform(-WEIGHTS, WEIGHTS, leaving.weights.shape)
    return Network(source, [enter, *([] if linear else [candidate]), cell], target)


def without_cell(task: Task, seed: int, rate: float, most: int) -> tuple[Any, int]:
    """Weights from inputs to outputs, trained alone until the cost stalls, and the number of sequences.

    In the paper, the cell and its gate "are added once the error has stopped decreasing".
    """
    rng = np.random.default_rng([seed, ALONE])
    source, target = (
        Layer(task.inputs, "identity", name="input"),
        Layer(task.outputs, "logistic", name="output"),
    )
    target.trainable = False
    target.biases = np.zeros(task.outputs)
    links = source.project(target)
    links.weights = rng.uniform(-WEIGHTS, WEIGHTS, links.weights.shape)
    teacher, last, trained = Trainer(Network(source, [], target), rate, "squared_error"), np.inf, 0
    while trained < most:
        samples = task.batch(EVERY, rng)
        cost = teacher.train(samples.inputs, samples.targets, epochs=1, shuffle=False, progress=False).error
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
    rule: str,
    rate: float,
    optimizer: str | None,
    added_later: bool,
    every: int,
    most: int,
) -> dict[str, Any]:
    """Train on sequences until 10,000 others are right."""
    task = TASKS[experiment]
    direct, before = without_cell(task, seed, rate, most) if added_later else (None, 0)
    if experiment == "2c":
        gates = None if gate is None else [gate, gate]
        net = two_blocks(
            task,
            seed,
            cells=1,
            linear=linear,
            linear_output=False,
            gates=gates,
            weights=WEIGHTS,
            biases=gate is not None,
        )
    else:
        net = one_cell(task.inputs, seed, linear=linear, output=output, gate=gate, direct=direct)
    teacher = learner(net, rule, rate, optimizer=optimizer, epochs=most // every)
    found = learn(task, teacher, seed, every=every, most=most - before, measured=MEASURED)
    needed = None if found["needed"] is None else found["needed"] + before
    return {**found, "needed": needed, "trained": found["trained"] + before, "before": before}
