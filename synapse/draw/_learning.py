"""What a page that learns begins with: a network, data and recipes of other networks, as plain data."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from numpy.typing import ArrayLike

import architect

from .._checks import as_matrix, counted, depth_of
from .._typing import Floats
from ..errors import ArgumentError
from ..learning._data import aimed_rows
from ..objects.network import Network
from ..readwrite.native import json_data
from ..squash import ACTIVATIONS
from ._document import plain

MOST_CONNECTIONS = 20_000
"""Maximum number of connections of a network in a page: a step of more takes over a millisecond there."""

TANH: dict[str, Any] = {"squash": "tanh", "output_squash": "logistic"}
SYNAPTIC: dict[str, Any] = {"cell_squash": "identity", "peepholes": None, "initializer": "uniform"}
RECIPES: dict[str, Callable[..., Network]] = {
    "Perceptron 2-3-1": partial(architect.Perceptron, 2, 3, 1, **TANH),
    "Perceptron 2-12-12-1": partial(architect.Perceptron, 2, 12, 12, 1, **TANH),
    "Perceptron 25-6-3": partial(architect.Perceptron, 25, 6, 3, **TANH),
    "LSTM 1-2-1": partial(architect.LSTM, 1, 2, 1),
    "LSTM 1-3-1": partial(architect.LSTM, 1, 3, 1),
    "LSTM 6-7-2": partial(architect.LSTM, 6, 7, 2, style="synaptic", **SYNAPTIC),
    "LSTM 7-4-7": partial(architect.LSTM, 7, 4, 7),
    "GRU 1-3-1": partial(architect.GRU, 1, 3, 1),
    "Elman 1-4-1": partial(architect.Elman, 1, 4, 1, squash="tanh", output_squash="identity"),
    "Jordan 1-4-1": partial(architect.Jordan, 1, 4, 1),
    "NARX 1-4-1": partial(architect.NARX, 1, 4, 1),
    "Liquid 1-12-1": partial(architect.Liquid, 1, 12, 1),
    "Random 2-6-1": partial(architect.Random, 2, 6, 1, gates=3, self_connections=2),
    "Residual 2-4-4-1": partial(architect.Residual, 2, 4, 4, 1),
    "Convolutional 25-3": partial(architect.Convolutional, (5, 5), 3, filters=(3,)),
    "Hopfield 6": lambda seed: architect.Hopfield(6),
    "Kohonen 2-9": partial(architect.Kohonen, 2, (3, 3)),
}
"""Small networks of every architecture, by the names that the page shows; each takes a seed."""


@cache
def recipes() -> dict[str, dict[str, Any]]:
    """The networks of :data:`RECIPES` as JSON."""
    return {name: json_data(make(seed=0)) for name, make in RECIPES.items()}


def learning_of(net: Network, inputs: ArrayLike | None, targets: ArrayLike | None) -> dict[str, Any]:
    """The network, its sequences (None: the page chooses data that fit) and what the page can build."""
    count = len(net.connections)
    if count > MOST_CONNECTIONS:
        raise ArgumentError(
            f"A page can learn with at most {MOST_CONNECTIONS} connections, got {count}. "
            "Use synapse.Trainer, and explore without learn=True."
        )
    if net.learning_rule.method != "online":
        raise ArgumentError(
            f"A page learns by the online rule, this network by {net.learning_rule.method}. "
            'Set its learning_rule = "online".'
        )
    unknown = {neuron.squash.name for neuron in net} - set(ACTIVATIONS)
    if unknown:
        raise ArgumentError(f"A page knows the built-in squashes only, not {', '.join(sorted(unknown))}.")
    sequences = None if inputs is None else _sequences(net, inputs, targets)
    return {"network": json_data(net), "sequences": sequences, "recipes": recipes(), "most": MOST_CONNECTIONS}


def _sequences(net: Network, inputs: ArrayLike, targets: ArrayLike | None) -> list[list[Any]]:
    """For each sequence a list of pairs of inputs and targets, None where a step has no target."""
    several = depth_of(inputs) > 2
    parts: Any = inputs if several else [inputs]
    aims: Any = [None] * len(parts) if targets is None else targets if several else [targets]
    if len(aims) != len(parts):
        raise ArgumentError(f"Expected targets for {counted(len(parts), 'sequence')}, got {len(aims)}.")
    sequences = []
    for part, of_part in zip(parts, aims, strict=True):
        rows = as_matrix("The sequence", part, len(net.input), net.dtype)
        pairs = zip(rows.tolist(), aims_of(net, len(rows), of_part), strict=True)
        sequences.append([[row, None if aim is None else plain(aim)] for row, aim in pairs])
    if not any(sequences):
        raise ArgumentError("Expected at least one row of inputs to learn from, got none.")
    return [sequence for sequence in sequences if sequence]


def aims_of(net: Network, steps: int, targets: ArrayLike | None) -> list[Floats | None]:
    """The target of every step, None where there is none, or NaN."""
    if targets is None:
        return [None] * steps
    aims: Floats = as_matrix("The targets", targets, len(net.output), net.dtype, finite=False)
    if len(aims) != steps:
        due = counted(steps, "row")
        raise ArgumentError(f"Expected {due} of targets, one for each step, got {len(aims)}.")
    return [aim if aimed else None for aim, aimed in zip(aims, aimed_rows(aims), strict=True)]
