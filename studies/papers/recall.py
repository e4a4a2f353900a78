"""Distracted sequence recall: Monner and Reggia 2012, and Synaptic."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from synapse import Layer, Network
from synapse._initializer import random_generator
from synapse.learning import Trainer
from synapse.tasks import Recall, SampleBatch

from ._learn import FINAL, TEST, learn, train, trainer
from ._paper_table import NEEDED, Measure, PaperTable, Published, Row

SHORT = Recall()
LONG = Recall(targets=4, distractors=4, prompts=2, length=24)
LENGTHS = range(4, 11)
Peepholes = Literal["all_to_all", "one_to_one"]
EACH = 1375
"""The curriculum of Synaptic's version 2: its lengths, and the sequences of each."""


def two_layers(
    inputs: int,
    blocks: int,
    outputs: int,
    cells: str,
    peepholes: Peepholes | None,
    seed: int,
) -> Network:
    """Two layers of memory blocks, wired neuron by neuron.

    The gates and cells of both layers see the inputs. The cells of the first layer
    lead, through their own output gates, to the gates and cells of the second layer;
    the input gates of that layer gate the connections into its cells. So a second cell
    is reached directly, and through two gated layers. The outputs see the inputs, and
    the cells of both layers through output gates. Peepholes stay in a layer.

    Parameters
    ----------
    inputs, blocks, outputs : int
        Number of inputs, of blocks of one cell in each layer, and of outputs.
    cells : str
        Squash of the cells.
    peepholes : {"all_to_all", "one_to_one", None}
        Connections from the cells of a layer to its gates.
    seed : int
        Seed of the weights, within ±0.1. The biases of gates are 1.

    Examples
    --------
    >>> two_layers(6, 4, 2, "identity", None, seed=0)
    <Network 6-4-4-4-4-4-4-4-4-4-4-2, 48 neurons, 300 connections>
    """
    rng = random_generator(seed)
    source, output = (
        Layer(inputs, "identity", name="input"),
        Layer(outputs, "logistic", name="output"),
    )
    output.biases = rng.uniform(-SPAN, SPAN, outputs)
    lower = _memory(1, blocks, cells, peepholes, [source], rng)
    second = _memory(2, blocks, cells, peepholes, [source, lower[-1]], rng)
    for layer in (lower[-1], second[-1], source):
        layer.project(output).weights = rng.uniform(-SPAN, SPAN, (len(layer), outputs))
    return Network(source, [*lower, *second], output)


SPAN = 0.1


def _memory(
    number: int,
    blocks: int,
    cells: str,
    peepholes: Peepholes | None,
    below: list[Layer],
    rng: np.random.Generator,
) -> list[Layer]:
    """A layer of memory blocks: its gates, cells and gated outputs, in their order of
    activation."""
    gates = [
        Layer(blocks, "logistic", name=f"{name} gates {number}")
        for name in ("input", "forget", "output")
    ]
    enter, forget, leave = gates
    memory, hidden = (
        Layer(blocks, cells, name=f"cells {number}"),
        Layer(blocks, "identity", name=f"hidden {number}"),
    )
    for gate in gates:
        gate.biases = np.ones(blocks)
    memory.biases = rng.uniform(-SPAN, SPAN, blocks)
    hidden.biases = np.zeros(blocks)
    hidden.trainable_bias = False
    for origin in below:
        for target in (enter, forget, memory, leave):
            for source in origin:
                for i, neuron in enumerate(target):
                    link = source.project(neuron, weight=rng.uniform(-SPAN, SPAN))
                    if target is memory:
                        enter[i].gate(link)
    if peepholes is not None:
        _peepholes(gates, memory, peepholes, rng)
    for i, cell in enumerate(memory):
        carousel = cell.project(cell, weight=1.0)
        passed = cell.project(hidden[i], weight=1.0)
        carousel.trainable = passed.trainable = False
        forget[i].gate(carousel)
        leave[i].gate(passed)
    return [enter, forget, memory, leave, hidden]


def _peepholes(
    gates: list[Layer], memory: Layer, kind: str, rng: np.random.Generator
) -> None:
    for gate in gates:
        for i, cell in enumerate(memory):
            for j, neuron in enumerate(gate):
                if i == j or kind == "all_to_all":
                    cell.project(neuron, weight=rng.uniform(-SPAN, SPAN))


def _network(
    task: Recall, network: str, cells: str, peepholes: Peepholes | None, seed: int
) -> Network:
    """One layer in Synaptic's style, or two layers, by the sizes in the name."""
    import architect

    blocks = [int(size) for size in network.split("-")[1:-1]]
    if len(blocks) == 2:
        return two_layers(task.inputs, blocks[0], task.outputs, cells, peepholes, seed)
    return architect.LSTM(
        task.inputs,
        *blocks,
        task.outputs,
        style="synaptic",
        cell_squash=cells,
        peepholes=peepholes,
        initializer="uniform",
        seed=seed,
    )


def trial(
    seed: int,
    network: str,
    cells: str,
    peepholes: Peepholes | None,
    rule: str,
    rate: float,
    steps: int,
    most: int,
    curriculum: bool,
) -> dict[str, Any]:
    """Train a network on recall over 10 or 24 steps, or on the curriculum of Synaptic's
    version 2."""
    task = LONG if steps == LONG.length else SHORT
    net = _network(task, network, cells, peepholes, seed)
    learner = trainer(net, rule, rate)
    if curriculum:
        return _curriculum(net, seed, learner)
    return learn(task, learner, seed, every=500, most=most, measured=1000)


def _curriculum(net: Network, seed: int, learner: Trainer) -> dict[str, Any]:
    """Train on 1,375 sequences of each length from 4 to 10; solved if 95 of 100 fresh
    ones are right."""
    rng = np.random.default_rng([seed, 1])
    lengths = iter(LENGTHS)

    def draw() -> SampleBatch:
        return Recall(length=next(lengths)).batch(EACH, rng)

    def solved() -> bool:
        return False  # the curriculum has a fixed length

    most = EACH * len(LENGTHS)
    training = train(learner, draw, solved, every=EACH, most=most)
    test = SHORT.batch(100, np.random.default_rng([seed, TEST]))
    fresh = SHORT.batch(1000, np.random.default_rng([seed, FINAL])).score(net)
    needed = most if test.score(net).right >= 95 else None
    return {**training, "needed": needed, "wrong": fresh.wrong, "error": fresh.error}


NAMES = {
    "identity": "linear",
    None: "no peepholes",
    "one_to_one": "one-to-one",
    "all_to_all": "all-to-all",
}


def _row(
    network: str,
    cells: str = "identity",
    peepholes: Peepholes | None = None,
    rule: str = "online",
    rate: float = 0.1,
    published: Published | None = None,
    *,
    seeds: int = 30,
    **case: Any,
) -> Row:
    inside = f", {NAMES.get(cells, cells)} cells, {NAMES[peepholes]}"
    label = (
        f"{'curriculum: ' if 'curriculum' in case else ''}{network}{inside}, {rule},"
        f" rate {rate:g}"
    )
    settings = {
        "network": network,
        "cells": cells,
        "peepholes": peepholes,
        "rule": rule,
        "rate": rate,
    }
    return Row(label, published, seeds=seeds, **settings, **case)


ONE = "LSTM 6-7-2"
TWO = "LSTM 6-4-4-2"
KINDS: tuple[Peepholes | None, ...] = (None, "one_to_one", "all_to_all")
SYNAPTIC = Published("9,625, one seed", "V", 9625)

TABLE = PaperTable(
    trial,
    [
        *(
            _row(
                ONE,
                cells,
                peepholes,
                seeds=30 if cells == "logistic" or peepholes is None else 20,
            )
            for cells in ("identity", "logistic")
            for peepholes in KINDS
        ),
        *(
            _row(TWO, cells, peepholes, seeds=20)
            for cells in ("identity", "logistic")
            for peepholes in KINDS
        ),
        _row(ONE, "logistic", None, "exact online", 0.1, seeds=20),
        _row(ONE, "logistic", None, "through time", 0.02, seeds=20),
        _row(ONE, "logistic", "all_to_all", "through time", 0.02, seeds=20),
        _row(TWO, "logistic", None, "through time", 0.02, seeds=20),
        _row("LSTM 6-4-2", published=SYNAPTIC, curriculum=True),
        _row(
            "LSTM 6-4-2", "logistic", "all_to_all", published=SYNAPTIC, curriculum=True
        ),
        _row("LSTM 6-4-2"),
        _row("LSTM 10-16-4", seeds=20, steps=24),
        _row("LSTM 10-16-4", "logistic", "all_to_all", seeds=20, steps=24),
        _row("LSTM 10-8-8-4", seeds=20, steps=24),
    ],
    (NEEDED, Measure("wrong", "wrong of 1,000", log=False)),
    shared={"steps": 10, "most": 20_000, "curriculum": False},
)
