"""The learning rule and the sensitivities of a network in documents, see ``_document.py``.

A neuron keeps its sensitivities to parameters in lines, dense stretches of the columns that the parameters
have. Lines are in ascending order of their first columns, and their values follow one another.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError
from ..objects.state import PortableSensitivities, SavedNetwork
from ._checks import LARGEST_WHOLE, Records, is_whole, members, require
from ._entries import SENSITIVITIES, read, written

RULE = "learning_rule"
"""Only of networks that learn by rtrl, or have sensitivities that a trainer has left."""
KEYS = ("method", "order", "stepped")


def rule_of(saved: SavedNetwork) -> dict[str, Any]:
    """The part of a document about learning: nothing for a network that learns online."""
    kept = saved.sensitivities
    if not saved.rtrl and kept is None:
        return {}
    method = "rtrl" if saved.rtrl else "online"
    rule: dict[str, Any] = {RULE: {"method": method, "order": saved.order, "stepped": kept is not None}}
    return rule if kept is None else {**rule, **written(SENSITIVITIES, kept)}


def tables_of(data: dict[str, Any]) -> tuple[str, ...]:
    """The names of the tables that a document must have besides those of every network."""
    return tuple(SENSITIVITIES) if RULE in data and _checked(data[RULE])["stepped"] else ()


def _checked(rule: Any) -> dict[str, Any]:
    """The learning rule of a document."""
    method, order, stepped = (members("The learning_rule", rule, KEYS)[key] for key in KEYS)
    require(method in ("online", "rtrl"), "The method of the learning_rule", '"online" or "rtrl"', method)
    fits = order is None or is_whole(order, 1, LARGEST_WHOLE)
    require(fits, "The order of the learning_rule", "null or a whole number above 0", order)
    require(type(stepped) is bool, "The stepped of the learning_rule", "true or false", stepped)
    return {"method": method, "order": order, "stepped": stepped}


def checked_rule(
    data: dict[str, Any], neurons: Records, connections: Records, edges: dict[str, Any], dtype: Any
) -> dict[str, Any]:
    """The fields of SavedNetwork about learning; FormatError if they are not valid."""
    if RULE not in data:
        return {}
    rule = _checked(data[RULE])
    kept = _sensitivities(data, neurons, connections, edges, dtype) if rule["stepped"] else None
    return {"rtrl": rule["method"] == "rtrl", "order": rule["order"], "sensitivities": kept}


def _sensitivities(
    data: dict[str, Any], neurons: Records, connections: Records, edges: dict[str, Any], dtype: Any
) -> PortableSensitivities:
    kept = PortableSensitivities(
        **read(SENSITIVITIES, data, {"neurons": neurons, "connections": connections}, dtype)
    )
    _require_lines(kept.line_first, kept.line_length, int(kept.column.max(initial=-1)) + 1, len(kept.now))
    _require_owners(kept.connection, kept.owner, edges["target"])
    return kept


def _require_lines(first: NDArray[Any], length: NDArray[Any], columns: int, values: int) -> None:
    """Raise unless all lines are within the columns, and have as many values as there are."""
    far = np.flatnonzero(first + length > columns)
    if len(far):
        got = f"{length[far[0]]} from column {first[far[0]]} on"
        raise FormatError(f"Expected line {far[0]} to be of columns up to {columns - 1}, got {got}.")
    if (total := int(length.sum())) != values:
        raise FormatError(f"Expected the lengths of the lines to add up to {values} values, got {total}.")


def _require_owners(connection: NDArray[Any], owner: NDArray[Any], target: NDArray[Any]) -> None:
    """Raise unless each parameter belongs to the neuron that its connection leads into."""
    weights = np.flatnonzero(connection >= 0)
    wrong = weights[target[connection[weights]] != owner[weights]]
    if len(wrong):
        i = int(wrong[0])
        raise FormatError(
            f"Expected the neuron of parameter {i} to be the target of its connection, "
            f"{target[connection[i]]}, got {owner[i]}."
        )
