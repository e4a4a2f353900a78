"""Attributes in graphs: those that only values other than the default have, such as
signs and ties; and names, the library's own and those of metadata.

Every node and edge that stands for a part of a network has the attribute `MARK`. Of
graphs from elsewhere, readers use the names that `COMPOSED` lists; all other attributes
are metadata.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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


MARK = "synapse_part"
"""The attribute of nodes and edges that says which part of a network they are."""
NEURON_PART = "neuron"
CONNECTION_PART = "connection"
GATE_PART = "gate"
"""Its values; the last one is of edges that only draw a gate."""

FIELDS_OF_NEURONS = (
    "label",
    "layer",
    "subset",
    "squash",
    "bias",
    "trainable",
    "activation",
    "state",
)
FIELDS_OF_CONNECTIONS = ("weight", "gain", "trainable", "eligibility")

POSITION = ("x", "y")
"""Where a node is drawn; metadata of these names replace it."""
NEURON_SPACING = 50
"""Distance between the positions of neighbouring neurons, which suits Gephi."""

NODE_NAMES = frozenset(
    (*FIELDS_OF_NEURONS, *NONDEFAULT_OF_NEURONS, *PAST, MARK, *POSITION)
)
EDGE_NAMES = frozenset(
    (
        *FIELDS_OF_CONNECTIONS,
        *NONDEFAULT_OF_CONNECTIONS,
        *("gater", "gate", "gates", "number", CARRIES, MARK),
    )
)
"""The attributes that the graph of a network has itself."""
COMPOSED = frozenset(
    (
        *("label", "layer", "subset", "squash", "bias", "trainable"),
        *("activation", "state", "outgoing_sign", "bias_tie", "cost_weight"),
        *("weight", "gater", "sign", "tie", "delay", CARRIES),
    )
)
"""Those with which people compose networks, so that they are read without a mark."""
OWN_NAMES = (NODE_NAMES | EDGE_NAMES) - COMPOSED - {*POSITION}
"""Those that mean something only beside the mark."""

PREFIX = "metadata_"


def escaped(name: Any, taken: Collection[Any]) -> Any:
    """Return the name under which a graph has metadata, where these names are taken.

    It has a prefix if the name is taken, or is a taken one with prefixes.
    """
    return PREFIX + name if _stem(name) in taken else name


def unescaped(name: Any, taken: Collection[Any]) -> Any:
    """Return the name of metadata that a graph has under this name, see `escaped`."""
    return name.removeprefix(PREFIX) if _stem(name) in taken else name


def is_usual_position(x: Any, layer: Any) -> bool:
    """Return whether a node of this layer is drawn at `x` unless metadata say
    otherwise.
    """
    return isinstance(x, int | float) and x == NEURON_SPACING * layer


def _stem(name: Any) -> Any:
    """Return the name without all of its prefixes."""
    while isinstance(name, str) and name.startswith(PREFIX):
        name = name.removeprefix(PREFIX)
    return name
