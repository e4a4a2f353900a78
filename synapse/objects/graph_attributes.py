"""Values that the graph of a network has only where they are not the default, such as
signs and ties.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from .._checks import MAX_DELAYS
from ..engine.schema import CONNECTION, FLAG, NEURON, Column
from ..engine.store import Store

CARRIES = "carries"
"""The attribute of edges that says what a self-connection carries to the next step."""
PAST_NAME = "activation_{}"
PAST = {PAST_NAME.format(steps): steps for steps in range(1, MAX_DELAYS + 1)}
"""The attributes of nodes with the activations of past steps that delayed connections
read, and how many steps ago they are."""
STATE: Final = "state"
"""Its value for a self-connection of the network, which the state of a step starts
from."""


def _listed_if_set(columns: Sequence[Column]) -> dict[str, Column]:
    """Return the public columns, which a graph has only where a value is not the
    default, by their names there.
    """
    return {
        column.name.replace("frozen_bias", "frozen"): column
        for column in columns
        if column.public
    }


NONDEFAULT_OF_NEURONS = _listed_if_set(NEURON)
NONDEFAULT_OF_CONNECTIONS = _listed_if_set(CONNECTION)


def nondefault_values(
    store: Store, row: int, columns: Mapping[str, Column]
) -> dict[str, Any]:
    """Return the values of a neuron or connection in these columns, without those that
    are the default.
    """
    values = {
        name: (store[column.name].item(row), column) for name, column in columns.items()
    }
    return {
        name: bool(value) if column.kind is FLAG else value
        for name, (value, column) in values.items()
        if value != column.default
    }
