"""What a network remembers, and what it has learnt: kept, and brought back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import shared, wiring
from .engine.schema import CONTEXT, NONE
from .network import Network
from .neuron import Neuron

Floats = NDArray[np.float64]
Context = dict[str, NDArray[Any]]
"""Copies of everything that ``clear`` would forget."""


def context_of(network: Network) -> Context:
    """What a network remembers of the steps before."""
    _, store, _ = network._ready()
    return {name: store.columns[name].copy() for name in CONTEXT}


def return_to(network: Network, context: Context) -> None:
    """Bring a context back; the topology must be the same."""
    for name, values in context.items():
        network._store.columns[name][...] = values


@contextmanager
def kept_context(network: Network) -> Iterator[None]:
    """Whatever is done with a network meanwhile, it remembers afterwards what it did before."""
    context = context_of(network)
    try:
        yield
    finally:
        return_to(network, context)


@dataclass(frozen=True)
class Kept:
    """Weights by the identity of their connection, and biases by neuron."""

    identities: NDArray[Any]
    weights: Floats
    neurons: list[Neuron]
    biases: Floats


def learnt(network: Network) -> Kept:
    """What a network has learnt so far."""
    rows, store = network._connection_rows(), network._store
    return Kept(store["identity"][rows], store["weight"][rows], network.neurons, network.biases)


def relearn(network: Network, kept: Kept) -> None:
    """Bring weights and biases back to those connections and neurons that are still there."""
    store = network._store
    rows = store.row_of[kept.identities]
    shared.put_first(store, "weight", rows[rows != NONE], kept.weights[rows != NONE])
    rows = wiring.rows_of(kept.neurons)
    shared.put_first(store, "bias", rows[rows >= 0], kept.biases[rows >= 0])
