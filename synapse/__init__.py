"""Synapse: build any neural network neuron by neuron, see it as a graph, train it fast."""

import importlib
from typing import TYPE_CHECKING, Any

from . import architectures, cost, errors, initializers, learning as learning, optimizers, squash
from ._checks import unknown_attribute
from ._patterns import ALL_TO_ALL, ALL_TO_ELSE, ONE_TO_ONE
from .connection import Connection
from .errors import SynapseError
from .layer import Layer
from .learning import Gradient, Trainer, every, gradient
from .network import Network
from .neuron import Neuron
from .projection import Projection, gate
from .readwrite import from_networkx, from_torch, load, save, to_torch
from .recording import Log, record
from .tie import tie, untie
from .topology import Topology

if TYPE_CHECKING:  # at run time `__getattr__` imports them when they are used first
    from . import analysis as analysis, draw as draw, experiments as experiments, tasks as tasks

__version__ = "0.1.0"

_LATER = ("analysis", "draw", "experiments", "readwrite", "tasks")

__all__ = [
    "ALL_TO_ALL",
    "ALL_TO_ELSE",
    "ONE_TO_ONE",
    "Connection",
    "Gradient",
    "Layer",
    "Log",
    "Network",
    "Neuron",
    "Projection",
    "SynapseError",
    "Topology",
    "Trainer",
    "architectures",
    "cost",
    "errors",
    "every",
    "from_networkx",
    "from_torch",
    "gate",
    "gradient",
    "initializers",
    "load",
    "optimizers",
    "record",
    "save",
    "squash",
    "tie",
    "to_torch",
    "untie",
]


def __getattr__(name: str) -> Any:
    """A package that is imported when it is used first."""
    if name in _LATER:
        return importlib.import_module(f"{__name__}.{name}")
    raise unknown_attribute("The module synapse", name, __dir__())


def __dir__() -> list[str]:
    """Public names, packages included."""
    return sorted({*globals(), *_LATER})
