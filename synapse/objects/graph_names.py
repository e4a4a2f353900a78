"""Names of attributes in graphs: which are the library's own, and how a graph has
metadata of these names.

Every node and edge that stands for a part of a network has the attribute `MARK`. Of
graphs from elsewhere, readers use the names that `COMPOSED` lists; all other attributes
are metadata.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .graph_attributes import (
    CARRIES,
    NONDEFAULT_OF_CONNECTIONS,
    NONDEFAULT_OF_NEURONS,
    PAST,
)

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
