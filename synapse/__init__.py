"""Synapse: build any neural network neuron by neuron, see it as a graph, train it fast."""

from . import architectures, cost, errors, initializers, optimizers, squash
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

__version__ = "0.1.0"

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
