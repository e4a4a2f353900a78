"""A network as a plan of its forward step: what every writer of programs starts from.

A step reads and writes one vector of *values*: value ``i`` is the activation of neuron ``i``, value
``neurons + i`` its state. A self-connection is then a connection like others, whose source is a
state; and a value that has not been written yet in this step is the one of the step before, which
is all that a backward connection means.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .. import squash as squashes
from .._checks import boolean, shown
from .._saved import Parts, take_apart
from .._typing import Floats, Ints
from ..engine.schema import NONE
from ..errors import FormatError
from ..network import Network, require_network

OPEN = -1
"""In the column of gaters: not gated."""

MEANS = {"noise": "identity", "bernoulli": "logistic"}
"""The random squashes, and what their mean is."""


class Block(NamedTuple):
    """Neighbouring neurons of one squash, none of which waits for another of them in a step.

    They are weighed, ``first .. stop``, and then they fire: at once or, where they are ``grouped``, one
    after the other the groups that they are of, which may have neurons outside of the block.
    """

    first: int
    stop: int
    squash: str
    grouped: bool
    fires: list[tuple[int, int]]


@dataclass(frozen=True)
class Plan:
    """The forward step of a network.

    Connections lie sorted by target, then by gater, then by source; those into inputs, which are
    always given their activation, are left out.

    Parameters
    ----------
    name : str
        What the network is called.
    layers : list of (name, size)
        Inputs, hidden layers, outputs.
    names : list of str
        What its neurons are called.
    inputs, outputs, neurons : int
        How many.
    start : array, shape (2 neurons,)
        The values before the first step.
    biases : array, shape (neurons,)
    target, source, gater : arrays, shape (connections,)
        Source is the number of a value, gater that of a neuron or OPEN.
    weights : array, shape (connections,)
    blocks : list of Block
        In the order in which they fire.
    """

    name: str
    layers: list[tuple[str, int]]
    names: list[str]
    inputs: int
    outputs: int
    neurons: int
    start: Floats
    biases: Floats
    target: Ints
    source: Ints
    gater: Ints
    weights: Floats
    blocks: list[Block]

    def rows(self, first: int, stop: int) -> slice:
        """Where the connections into neurons ``first .. stop`` lie."""
        begin, end = np.searchsorted(self.target, [first, stop])
        return slice(int(begin), int(end))


def plan_of(network: Network, language: str, known: Collection[str], context: bool) -> Plan:
    """The plan of a network for a language in which some squashes can be said.

    Raises
    ------
    KindError
        If it is not a network.
    FormatError
        If a neuron has a squash that the language has no expression for, or is random and not deterministic.
    TopologyError, DivergenceError
        As for :func:`synapse.save`.
    """
    require_network("What is written as a program", network)
    boolean("The context", context)
    inputs, outputs = len(network.input), len(network.output)
    parts = take_apart(network)
    names = [name or f"neuron {i}" for i, name in enumerate(parts.names or ())]
    squash = _squashes(parts)
    _require_known(squash[inputs:], names[inputs:], language, known)
    target, source, gater, weights = _connections(parts, inputs, len(squash))
    return Plan(
        name=network.name,
        layers=[(name or "", size) for name, size in parts.layers],
        names=names,
        inputs=inputs,
        outputs=outputs,
        neurons=len(squash),
        start=_start(parts, context),
        biases=parts.neurons["bias"].astype(np.float64),
        target=target,
        source=source,
        gater=gater,
        weights=weights,
        blocks=_blocks(network, squash, _waits(target, source, gater, len(squash))),
    )


def _squashes(parts: Parts) -> list[str]:
    """What the squash of every neuron is called; of a deterministic one, that of the mean it gives."""
    codes, means = parts.neurons["squash"].tolist(), parts.neurons["deterministic"].tolist()
    names = [squashes.by_code(code).name for code in codes]
    return [MEANS.get(name, name) if mean else name for name, mean in zip(names, means, strict=True)]


def _require_known(squash: list[str], names: list[str], language: str, known: Collection[str]) -> None:
    for name, own in zip(names, squash, strict=True):
        if own in MEANS:
            raise FormatError(
                f"The squash of neuron {shown(name)} is {own!r}, whose random numbers no program in "
                f"{language} can draw. Set deterministic = True on the network to write the means."
            )
        if own not in known:
            raise FormatError(
                f"The squash of neuron {shown(name)} is {own!r}, which cannot be written in {language}. "
                f"Set one of: {', '.join(sorted(known))}."
            )


def _start(parts: Parts, context: bool) -> Floats:
    values = np.concatenate([parts.neurons["activation"], parts.neurons["state"]]).astype(np.float64)
    return values if context else np.zeros_like(values)


def _connections(parts: Parts, inputs: int, neurons: int) -> tuple[Ints, Ints, Ints, Floats]:
    """The columns of the connections, sorted; the source of a self-connection is a state."""
    columns: dict[str, Any] = parts.connections
    target, source = columns["target"].astype(np.int64), columns["source"].astype(np.int64)
    gater = np.where(columns["gater"] == NONE, OPEN, columns["gater"]).astype(np.int64)
    source = np.where(source == target, source + neurons, source)
    order = np.lexsort((source, gater, target))
    order = order[target[order] >= inputs]
    return target[order], source[order], gater[order], columns["weight"][order].astype(np.float64)


def _waits(target: Ints, source: Ints, gater: Ints, neurons: int) -> list[int]:
    """Of every neuron: the one after the last that it must see fire before it does itself."""
    after = np.zeros(neurons, np.int64)
    for before in (source, gater):
        earlier = before < target
        np.maximum.at(after, target[earlier], before[earlier] + 1)
    waits: list[int] = after.tolist()
    return waits


def _blocks(network: Network, squash: list[str], waits: list[int]) -> list[Block]:
    """Greedily, as the kernels do: a block goes on until a neuron waits for one of its own."""
    neurons, inputs, outputs = len(squash), len(network.input), len(network.output)
    starts: list[int] = []
    for j in range(inputs, neurons):
        fresh = j in (inputs, neurons - outputs) or squash[j] != squash[j - 1]
        if fresh or waits[j] > starts[-1]:
            starts.append(j)
    groups = list(zip(*(ends.tolist() for ends in groups_of(network)), strict=True))
    blocks = []
    for first, stop in zip(starts, [*starts[1:], neurons], strict=True):
        grouped, fires = squashes.get(squash[first]).grouped, [(first, stop)]
        if grouped:
            fires = list(dict.fromkeys(groups[first:stop]))
        blocks.append(Block(first, stop, squash[first], grouped, fires))
    return blocks


def groups_of(network: Network) -> tuple[Ints, Ints]:
    """Of every neuron: where the neighbours that compete with it begin and end; itself, where it is alone."""
    store, rows = network._store, network._rows()
    store.ready()
    first, stop = (store.columns[name][rows].astype(np.int64) for name in ("group_first", "group_stop"))
    return first - rows[0], stop - rows[0]
