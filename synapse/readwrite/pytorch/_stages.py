"""Convert the steps of a network to matrix products: neurons computed together, and the values they read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import squash as squashes
from ..._checks import shown
from ..._lowered import Lowered
from ..._typing import Ints
from ...errors import ArgumentError, TopologyError
from ...network import Network
from ...topology import NO_GATER, Topology
from .._step import written

ONE = 0
"""Index of the constant 1 among the readable values: the gain of a connection without a gater."""


@dataclass
class Product:
    """Neurons with the same sources: a matrix of weights (targets, sources).

    ``inner`` are gaters of each source, ``outer`` gaters of the whole sum of each target; None: not gated.
    Sources and gaters are indices of readable values, targets are neurons of the stage.
    """

    targets: Ints
    sources: Ints
    weights: Ints
    inner: Ints | None
    outer: Ints | None


@dataclass
class Stage:
    """Neurons that do not depend on each other, sorted by squash, and their incoming connections.

    ``scattered`` are single connections: targets, sources, gaters, weights. ``pieces`` are
    squashes and the consecutive neurons of this stage that they are applied to.
    """

    neurons: Ints
    products: list[Product] = field(default_factory=list)
    scattered: Ints = field(default_factory=lambda: np.empty((4, 0), np.int64))
    pieces: list[tuple[str, int, int]] = field(default_factory=list)


@dataclass
class Stages:
    """A network as stages.

    The readable values of a step are, in this order: 1, all activations of the previous step, all states
    of the previous step, the inputs, and the activations of each stage computed so far. ``order`` are the
    neurons in the order of the last two; ``ends`` are source, target and gater of every connection.
    """

    inputs: int
    outputs: int
    ends: Ints
    stages: list[Stage]
    order: Ints


def ends_of(topology: Topology) -> Ints:
    """Source, target and gater (-1: none) of every connection as numbers of neurons; (3, connections)."""
    return np.array([topology.source, topology.target, topology.gater])


def stages_of(network: Network, known: Collection[str]) -> Stages:
    """Find the stages of a network.

    Raises ArgumentError if a squash is neither known nor registered with a way to write it in torch, and
    TopologyError if neurons of a group depend on each other within a step, or if the network is connected
    with others.
    """
    topology = Topology.of(network).require_closed("converted to PyTorch", outward=False)
    _require_known(topology, known)
    ends, inputs, n = ends_of(topology), topology.inputs, topology.neurons
    groups = Lowered.of(network, topology).group_first
    into = np.split(np.argsort(ends[1], kind="stable"), np.cumsum(np.bincount(ends[1], minlength=n)))
    level = _levels(ends, into, groups, inputs)
    names, codes = np.unique(np.array(topology.squash, str), return_inverse=True)
    keys = np.where(level > 0, [groups, codes, level], 0)  # inputs are one stage
    order = np.lexsort((np.arange(n), *keys))
    found = Stages(inputs, topology.outputs, ends, [], order)
    reads = _places_read(ends, order)
    for stage in np.split(order[inputs:], np.flatnonzero(np.diff(level[order[inputs:]])) + 1):
        found.stages.append(_stage(stage, into, reads, ends))
        found.stages[-1].pieces = _pieces(names[codes[stage]], groups[stage])
    return found


def _require_known(topology: Topology, known: Collection[str]) -> None:
    for name, squash in zip(topology.names, topology.squash, strict=True):
        if squash not in known and written(squash, "torch") is None:
            raise ArgumentError(
                f"The squash of neuron {shown(name)} is {squash!r}, a function of your own that torch cannot "
                'differentiate. Register it with written={"torch": ...}, or set a built-in one.'
            )


def _levels(ends: Ints, into: list[Ints], groups: Ints, inputs: int) -> Ints:
    """Depth of every neuron: the longest chain of neurons it depends on within a step; 0 for inputs."""
    source, _, gater = ends
    level = np.zeros(len(groups), np.int64)
    for members in np.split(np.arange(len(groups)), np.flatnonzero(np.diff(groups)) + 1):
        if members[0] < inputs:
            continue
        rows = np.concatenate([into[j] for j in members])
        both = np.concatenate([source[rows], gater[rows]])
        before = both[both < np.tile(ends[1][rows], 2)]
        if (before >= members[0]).any():
            raise TopologyError(
                "Neurons of a group depend on each other within a step, but torch computes a group at once."
            )
        level[members] = 1 + level[before].max(initial=0)
    return level


def _places_read(ends: Ints, order: Ints) -> tuple[Ints, Ints]:
    """Indices at which source and gater of every connection are read: of this or of the previous step."""
    source, target, gater = ends
    n = len(order)
    now = np.empty(n, np.int64)
    now[order] = 1 + 2 * n + np.arange(n)
    from_source = np.where(source < target, now[source], 1 + source)
    from_source[source == target] = 1 + n + source[source == target]
    gate = np.minimum(gater, n - 1)
    from_gater = np.where(gater < target, now[gate], 1 + gate)
    return from_source, np.where(gater == NO_GATER, ONE, from_gater)


def _stage(neurons: Ints, into: list[Ints], reads: tuple[Ints, Ints], ends: Ints) -> Stage:
    """Split connections into products, of neurons with the same sources, and single ones."""
    stage, alike = Stage(neurons), defaultdict(list)
    for place, j in enumerate(neurons):
        own = ends[0][into[j]] == j  # no other neuron reads its state
        for kind, rows in (("own", into[j][own]), *_sums(into[j][~own], reads)):
            if len(rows):
                inner = reads[1][rows].tobytes() if kind == "inner" else b""
                alike[kind, reads[0][rows].tobytes(), inner].append((place, rows))
    single = []
    for (kind, _, _), members in alike.items():
        targets, rows = (np.array(column) for column in zip(*members, strict=True))
        if len(targets) > 1:
            stage.products.append(_product(kind, targets, rows, reads))
        else:
            single.append([np.repeat(targets, rows.shape[1]), *(read[rows[0]] for read in reads), rows[0]])
    if single:
        stage.scattered = np.concatenate(single, axis=1)
    return stage


def _sums(rows: Ints, reads: tuple[Ints, Ints]) -> list[tuple[str, Ints]]:
    """Connections into a neuron without a gater, and with one; a gater of all is applied to the sum."""
    sources, gaters = reads
    rows = rows[np.argsort(sources[rows], kind="stable")]
    gated = gaters[rows] != ONE
    kind = "outer" if len(np.unique(gaters[rows[gated]])) == 1 else "inner"
    return [("plain", rows[~gated]), (kind, rows[gated])]


def _product(kind: str, targets: Ints, rows: Ints, reads: tuple[Ints, Ints]) -> Product:
    """The matrix of connections given as rows (targets, sources) with the same sources."""
    sources, gaters = reads
    inner = gaters[rows[0]] if kind == "inner" else None
    outer = gaters[rows[:, 0]] if kind == "outer" else None
    return Product(targets, sources[rows[0]], rows, inner, outer)


def _pieces(squash: NDArray[np.str_], groups: Ints) -> list[tuple[str, int, int]]:
    """Consecutive neurons that one call of a function computes: one squash, or one group."""
    grouped = np.array([squashes.get(str(name)).grouped for name in squash])
    change = (squash[1:] != squash[:-1]) | ((np.diff(groups) != 0) & grouped[1:])
    bounds: list[Any] = [0, *(np.flatnonzero(change) + 1).tolist(), len(squash)]
    return [(str(squash[a]), a, b) for a, b in pairwise(bounds)]
