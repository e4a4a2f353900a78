"""Names of attributes in graphs, both the library's own and those of metadata.

Attributes such as signs and ties are only present where their value differs from the
default. Every node and edge that represents a part of a network has the attribute
`MARK`. In graphs from other sources, readers use the names in `COMPOSED`, and all other
attributes become metadata.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from .._checks import MAX_DELAYS
from ..engine.schema import CONNECTION, FLAG, NEURON, Column
from ..engine.store import Store

GATED = "gated"
"""The edge attribute of gated connections. Where it is False, because a program has
filled columns, the gater, which such a program fills with 0, is none."""
CARRIES = "carries"
"""The edge attribute that names the value which a self-connection carries to the next
step."""
PAST_NAME = "activation_{}"
"""The node attribute with a past activation that delayed connections read, by its age
in steps."""
_PAST_STEM = PAST_NAME.format("")
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


def past_steps(name: Any) -> int:
    """Return the age in steps of the past activation that a node attribute contains, or
    0 for all other attributes.
    """
    if not isinstance(name, str) or not name.startswith(_PAST_STEM):
        return 0
    digits = name.removeprefix(_PAST_STEM)
    steps = int(digits) if re.fullmatch("[1-9][0-9]{0,4}", digits) else 0
    return steps if steps <= MAX_DELAYS else 0


class NodeNames(frozenset[str]):
    """A set of node attributes, which also contains the name of every past activation,
    although iterating over it omits them.
    """

    __slots__ = ()

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or past_steps(name) > 0


NODE_NAMES = NodeNames((*FIELDS_OF_NEURONS, *NONDEFAULT_OF_NEURONS, MARK, *POSITION))
EDGE_NAMES = frozenset(
    (
        *FIELDS_OF_CONNECTIONS,
        *NONDEFAULT_OF_CONNECTIONS,
        *("gater", GATED, "gate", "gates", "number", CARRIES, MARK),
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
OWN_NAMES = NodeNames((NODE_NAMES | EDGE_NAMES) - COMPOSED - {*POSITION})
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
