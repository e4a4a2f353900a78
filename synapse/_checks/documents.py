"""Checks of what a JSON document can represent."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

from ..errors import ArgumentTypeError
from .arguments import expected

DEEPEST_JSON = 100
"""Largest depth to which lists and dicts of a document are nested."""
VALUES = "a JSON value (a string, finite number, boolean, None, list or dict)"


def json_object(what: str, value: Any) -> dict[str, Any]:
    """Return a copy of a dict of JSON values, or raise a ArgumentTypeError that names the key.

    >>> json_object("net.metadata", {"unit": "m", "range": [0, 1.5]})
    {'unit': 'm', 'range': [0, 1.5]}
    """
    if not isinstance(value, dict):
        raise ArgumentTypeError(expected(what, "a dict", value))
    return _members(what, value, 0)


def _members(what: str, value: dict[Any, Any], depth: int) -> dict[str, Any]:
    for key in value:
        if not isinstance(key, str):
            raise ArgumentTypeError(expected(f"The keys of {what[:1].lower()}{what[1:]}", "strings", key))
    return {str(key): _value(f"{what}[{str(key)!r}]", one, depth) for key, one in value.items()}


def _value(what: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, dict | list):
        if depth == DEEPEST_JSON:
            root = what[: what.index("]") + 1]  # the whole path would fill the screen
            raise ArgumentTypeError(
                f"Expected lists and dicts in {root} nested at most {DEEPEST_JSON} deep, got more."
            )
        if isinstance(value, dict):
            return _members(what, value, depth + 1)
        return [_value(f"{what}[{i}]", one, depth + 1) for i, one in enumerate(value)]
    if isinstance(value, str):
        return str(value)
    with suppress(OverflowError):  # an integer beyond every float
        if isinstance(value, int | float) and math.isfinite(value):
            return int(value) if isinstance(value, int) else float(value)
    raise ArgumentTypeError(expected(what, VALUES, value))
