"""Names of attributes in graphs, both the library's own and those of metadata.

Attributes such as signs and ties are only present where their value differs from the
default. Every node and edge that represents a part of a network has the attribute
`MARK`. In graphs from other sources, readers use the names in `COMPOSED`, and all other
attributes become metadata.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from .._checks import MAX_DELAYS
from ..engine.schema import CONNECTION, FLAG, NEURON, Column
from ..engine.store import Store

CARRIES = "carries"
"""The edge attribute that names the value which a self-connection carries to the next
step."""
PAST_NAME = "activation_{}"
PAST = {PAST_NAME.format(steps): steps for steps in range(1, MAX_DELAYS + 1)}
"""The node attributes with past activations that delayed connections read, and their
ages in steps."""
STATE: Final = "state"
"""Its value for a self-connection of the network, which carries the state."""


def _listed_if_set(columns: Sequence[Column]) -> dict[str, Column]:
    """Return the public columns that a graph contains only if a value differs from the
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
    """Return the values of a neuron or connection in these columns, without default
    values.
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
"""The attribute by which nodes and edges declare which part of a network they are."""
NEURON_PART = "neuron"
CONNECTION_PART = "connection"
GATE_PART = "gate"
"""Values of `MARK`. The last one marks edges that only draw a gate."""

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
"""Attributes for a node's position. Metadata of these names replace it."""
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
"""Edge attributes that the graph of a network uses itself."""
COMPOSED = frozenset(
    (
        *("label", "layer", "subset", "squash", "bias", "trainable"),
        *("activation", "state", "outgoing_sign", "bias_tie", "cost_weight"),
        *("weight", "gater", "sign", "tie", "delay", CARRIES),
    )
)
"""Names with which people compose networks, and which are therefore read without a
mark."""
OWN_NAMES = (NODE_NAMES | EDGE_NAMES) - COMPOSED - {*POSITION}
"""Names that only have a meaning beside the mark."""

PREFIX = "metadata_"


def escaped(name: Any, taken: Collection[Any]) -> Any:
    """Return the graph's name for metadata, given the names that are taken.

    It gets a prefix if the name is taken, or consists of a taken name with prefixes.
    """
    return PREFIX + name if _stem(name) in taken else name


def unescaped(name: Any, taken: Collection[Any]) -> Any:
    """Return the name of metadata from its name in a graph, see `escaped`."""
    return name.removeprefix(PREFIX) if _stem(name) in taken else name


def is_usual_position(x: Any, layer: Any) -> bool:
    """Return whether a node of this layer is drawn at `x` unless metadata replace its
    position.
    """
    return isinstance(x, int | float) and x == NEURON_SPACING * layer


def _stem(name: Any) -> Any:
    """Return the name without all of its prefixes."""
    while isinstance(name, str) and name.startswith(PREFIX):
        name = name.removeprefix(PREFIX)
    return name
