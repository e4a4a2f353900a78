"""What a network is and does over a sequence, as plain data for a page."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..connection import Connection
from ..network import Network
from .columns import places, size_of

Floats = NDArray[np.float64]

MOST_TRACES = 200_000
"""How many eligibility traces a page carries, connections times steps: about 4 MB."""


def describe(network: Network) -> dict[str, Any]:
    """Layers, neurons and connections of a network, one list a column.

    Parameters
    ----------
    network : Network
        It stays as it is.

    Returns
    -------
    dict
        ``layers`` with the size they take up, ``neurons`` with their place about the middle of
        their layer, ``connections`` with source, target and gater (-1: none) by number.

    >>> import architect
    >>> describe(architect.Perceptron(2, 1, seed=0))["connections"]["target"]
    [2, 2]
    """
    return {
        "name": network.name,
        "description": repr(network),
        "layers": [_layer(layer.label, len(layer)) for layer in network.layers],
        "neurons": _neurons(network),
        "connections": _connections(network),
    }


def _layer(name: str, count: int) -> dict[str, Any]:
    width, height = size_of(count)
    return {"name": name, "count": count, "width": width, "height": height}


def _neurons(network: Network) -> dict[str, list[Any]]:
    spots = [spot for layer in network.layers for spot in places(len(layer))]
    return {
        "name": [neuron.name for neuron in network],
        "squash": [neuron.squash.name for neuron in network],
        "bias": plain(network.biases),
        "trainable": [neuron.trainable for neuron in network],
        "x": [x for x, _ in spots],
        "y": [y for _, y in spots],
    }


def _connections(network: Network) -> dict[str, list[Any]]:
    number = {neuron: i for i, neuron in enumerate(network)}
    connections = network.connections
    return {
        "source": [number[connection.source] for connection in connections],
        "target": [number[connection.target] for connection in connections],
        "gater": [number.get(connection.gater, -1) for connection in connections],  # type: ignore[arg-type]
        "weight": plain(network.weights),
        "trainable": [connection.trainable for connection in connections],
    }


def numbers_of(network: Network, rows: Floats) -> dict[str, list[list[float | None]] | None]:
    """Run a network over rows of inputs, and note its numbers before the first step and after each.

    Parameters
    ----------
    network : Network
        It runs and is changed: give a clone.
    rows : ndarray, shape (T, n)
        The inputs.

    Returns
    -------
    dict
        ``activation``, ``state`` and ``derivative``, T + 1 rows of one number a neuron, and
        ``eligibility``, of one a connection; None for that where it would be too much.
    """
    connections = network.connections
    few = len(connections) * (len(rows) + 1) <= MOST_TRACES
    shown: dict[str, Callable[[], Iterable[float]]] = {
        "activation": lambda: np.concatenate([layer.activations for layer in network.layers]),
        "state": lambda: np.concatenate([layer.states for layer in network.layers]),
        "derivative": lambda: [neuron.derivative for neuron in network],
        "eligibility": lambda: _eligibilities(connections),
    }
    if not few:
        del shown["eligibility"]
    noted: dict[str, Any] = {name: [plain(read())] for name, read in shown.items()}
    for row in rows:
        network.activate(row)
        for name, read in shown.items():
            noted[name].append(plain(read()))
    return {"eligibility": None, **noted}


def _eligibilities(connections: Sequence[Connection]) -> list[float]:
    return [connection.eligibility for connection in connections]


def plain(values: Iterable[float]) -> list[float | None]:
    """Numbers for JSON, which has no infinity and no NaN: None for those.

    >>> plain([1.5, float("inf")])
    [1.5, None]
    """
    numbers = np.asarray(values, np.float64)
    return [number if math.isfinite(number) else None for number in numbers.tolist()]
