"""The table behind a picture of a network: layers are columns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .._checks import expected, listed
from ..errors import ArgumentError, ArgumentTypeError
from ..objects.network import Network
from ..objects.neuron import Neuron
from ..objects.topology import Topology

LONGEST_ROW = 25
"""Maximum number of neurons without a network that are each drawn in their own column."""


def diagram_of(shown: Any) -> Topology:
    """The table of a network, or of single neurons: up to 25 have a column each, more share one."""
    if isinstance(shown, Network):
        return Topology.of(shown)
    neurons = [shown] if isinstance(shown, Neuron) else shown
    neurons = listed("What is drawn", neurons, "a Network, or a sequence of neurons")
    for neuron in neurons:
        if not isinstance(neuron, Neuron):
            raise ArgumentTypeError(expected("What is drawn", "a Network, or a sequence of neurons", neuron))
    if not neurons or len(set(neurons)) < len(neurons):
        raise ArgumentError("Neurons that are drawn must be at least one, and each given once.")
    table, count = Topology.of(neurons), len(neurons)
    return table if count > LONGEST_ROW else replace(table, layers=("",) * count, layer=np.arange(count))


def short_names(diagram: Topology) -> list[str]:
    """The names of neurons without that of their layer: "cells 3" among the cells is "3"."""
    names = []
    for name, i in zip(diagram.names, diagram.layer.tolist(), strict=True):
        tail = name.removeprefix(f"{diagram.layers[i]} ")
        names.append(tail if diagram.layers[i] and tail.isdecimal() else name)
    return names
