"""Values that the graph of a network has only where they are not the default, such as
signs and ties.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..engine.schema import CONNECTION, FLAG, NEURON, SAVED, TIME, Column
from ..engine.store import Store

CARRIES = "carries"
"""The attribute of edges that says what a self-connection carries to the next step."""
STATE = "state"
"""Its value for a self-connection of the network, which the state of a step starts
from."""


def _rare(columns: Sequence[Column]) -> dict[str, Column]:
    """The columns that a graph has only where a value is not the default, by their
    names there.
    """
    usual = ("bias", "trainable_bias", "weight", "trainable")
    rare = [
        column
        for column in columns
        if column in SAVED and not column.cleared and column.kind is not TIME
    ]
    return {
        column.name.replace("frozen_bias", "frozen"): column
        for column in rare
        if column.name not in usual
    }


RARE_OF_NEURONS = _rare(NEURON)
RARE_OF_CONNECTIONS = _rare(CONNECTION)


def rare_values(
    store: Store, row: int, columns: Mapping[str, Column]
) -> dict[str, Any]:
    """The values of a neuron or connection in rare columns, without those that are the
    default.
    """
    values = {
        name: (store[column.name].item(row), column) for name, column in columns.items()
    }
    return {
        name: bool(value) if column.kind is FLAG else value
        for name, (value, column) in values.items()
        if value != column.default
    }
