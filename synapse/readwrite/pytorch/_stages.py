"""Divide the neurons of a network into stages, and these into blocks that are computed together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..._typing import Ints
from ...errors import TopologyError
from ...objects.network import Network
from ...objects.topology import Topology
from .._lowered import Lowered
from .._squashes import require_written
from ._blocks import Block, blocks_of, links_of


@dataclass
class Plan:
    """A network as blocks, the first of which are its inputs. ``ends`` are the ends of every connection."""

    inputs: int
    outputs: int
    ends: Ints
    blocks: list[Block]


def ends_of(topology: Topology) -> Ints:
    """Source, target and gater (-1: none) of every connection as numbers of neurons; (3, connections)."""
    return np.array([topology.source, topology.target, topology.gater])


def plan_of(network: Network) -> Plan:
    """Find the blocks of a network.

    Raises FormatError if a squash cannot be written in torch, and TopologyError if neurons of a group depend
    on each other within a step, or if the network is connected with others.
    """
    topology = Topology.of(network).require_closed("converted to PyTorch", outward=False)
    _require_known(topology)
    ends, inputs, n = ends_of(topology), topology.inputs, topology.neurons
    groups = Lowered.of(network, topology).group_first
    into = np.split(np.argsort(ends[1], kind="stable"), np.cumsum(np.bincount(ends[1], minlength=n)))
    level = _levels(ends, into, groups, inputs)
    _, codes = np.unique(np.array(topology.squash, str), return_inverse=True)
    keys = np.where(level > 0, [groups, codes, level], 0)  # inputs are one stage
    order = np.lexsort((np.arange(n), *keys))
    stages = np.split(order[inputs:], np.flatnonzero(np.diff(level[order[inputs:]])) + 1)
    blocks = blocks_of(stages, order[:inputs], list(topology.squash), groups, links_of(ends, inputs))
    return Plan(inputs, topology.outputs, ends, blocks)


def _require_known(topology: Topology) -> None:
    for name, squash in zip(topology.names, topology.squash, strict=True):
        require_written(name, squash, "torch", "PyTorch")


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
