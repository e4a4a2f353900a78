"""One step of a network: what programs and ONNX models are written from.

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
from .._lowered import Lowered, take_apart_lowered
from .._saved import Parts
from .._typing import Floats, Ints
from ..errors import FormatError
from ..network import Network, require_network

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
class Step:
    """The forward step of a network.

    Parameters
    ----------
    name : str
        What the network is called.
    layers : list of (name, size)
        Inputs, hidden layers, outputs.
    names : list of str
        What its neurons are called.
    outputs : int
        How many.
    start : array, shape (2 neurons,)
        The values before the first step.
    biases : array, shape (neurons,)
    weights : array, shape (connections,)
        In the order of ``lowered``.
    blocks : list of Block
        In the order in which they fire.
    lowered : Lowered
        Which neurons are computed together, and the connections.
    """

    name: str
    layers: list[tuple[str, int]]
    names: list[str]
    outputs: int
    start: Floats
    biases: Floats
    weights: Floats
    blocks: list[Block]
    lowered: Lowered

    @property
    def inputs(self) -> int:
        """The number of inputs."""
        return self.lowered.inputs

    @property
    def neurons(self) -> int:
        """The number of neurons."""
        return self.lowered.neurons

    def rows(self, first: int, stop: int) -> Ints:
        """Where the connections into neurons ``first .. stop`` lie."""
        return np.arange(*np.searchsorted(self.lowered.target, [first, stop]).tolist())


def step_of(network: Network, format: str, language: str, known: Collection[str], context: bool) -> Step:
    """The step of a network for a language in which some squashes can be written.

    Parameters
    ----------
    network : Network
        It stays as it is.
    format, language : str
        The key of the format in ``Squash.written``, and what it is called in sentences.
    known : collection of str
        The squashes that the format can write itself.
    context : bool
        Whether it starts from the context of the network, instead of 0.

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
    parts, lowered = take_apart_lowered(network)
    names = [name or f"neuron {i}" for i, name in enumerate(parts.names or ())]
    squash = _squashes(parts)
    for name, own in list(zip(names, squash, strict=True))[lowered.inputs :]:
        require_written(name, own, format, language, known)
    return Step(
        name=network.name,
        layers=[(name or "", size) for name, size in parts.layers],
        names=names,
        outputs=parts.layers[-1][1],
        start=_start(parts, context),
        biases=parts.neurons["bias"].astype(np.float64),
        weights=parts.connections["weight"][lowered.order].astype(np.float64),
        blocks=_blocks(lowered, squash),
        lowered=lowered,
    )


def written(squash: str, format: str) -> Any:
    """How a registered squash says that it is written in a format; None if it does not."""
    return getattr(squashes.get(squash), "written", {}).get(format)


def require_written(name: str, squash: str, format: str, language: str, known: Collection[str]) -> None:
    """Raise unless the squash of a neuron can be written in a language.

    Raises
    ------
    FormatError
        If it is random, or neither known there nor registered with a way to write it.
    """
    if squash in known or written(squash, format) is not None:
        return
    if squash in MEANS:
        raise FormatError(
            f"The squash of neuron {shown(name)} is {squash!r}, whose random numbers no program in "
            f"{language} can draw. Set deterministic = True on the network to write the means."
        )
    raise FormatError(
        f"The squash of neuron {shown(name)} is {squash!r}, which cannot be written in {language}. "
        f"Register it with written={{{format!r}: ...}}, or set one of: {', '.join(sorted(known))}."
    )


def _squashes(parts: Parts) -> list[str]:
    """The squash of every neuron; of a deterministic one, that of the mean it gives."""
    names, means = parts.neurons["squash"].tolist(), parts.neurons["deterministic"].tolist()
    return [MEANS.get(name, name) if mean else name for name, mean in zip(names, means, strict=True)]


def _start(parts: Parts, context: bool) -> Floats:
    values = np.concatenate([parts.neurons["activation"], parts.neurons["state"]]).astype(np.float64)
    return values if context else np.zeros_like(values)


def _blocks(lowered: Lowered, squash: list[str]) -> list[Block]:
    groups = list(zip(lowered.group_first.tolist(), lowered.group_stop.tolist(), strict=True))
    blocks = []
    for first, stop in lowered.blocks.tolist():
        grouped = squashes.get(squash[first]).grouped
        fires = list(dict.fromkeys(groups[first:stop])) if grouped else [(first, stop)]
        blocks.append(Block(first, stop, squash[first], grouped, fires))
    return blocks
