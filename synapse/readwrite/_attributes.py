"""The attributes of nodes and edges as checked columns, for networks from any graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import squash as squashes
from .._checks import boolean, expected, finite_number, integer, is_among, shown
from ..engine.schema import FLAG, GROUP, LARGEST_COUNT, NUMBER, Column
from ..errors import ArgumentError, ArgumentTypeError, SynapseError, UnknownNameError
from ..objects.topology import RARE_OF_CONNECTIONS, RARE_OF_NEURONS

NODE = (
    *("squash", "bias", "trainable", "label", "layer", "subset", "state", "activation"),
    *dict.fromkeys((*RARE_OF_NEURONS, *RARE_OF_CONNECTIONS)),
)
"""The attributes that are read, with their default names, except the weight and the gater."""
Check = Callable[[str, Any], Any]
Keys = dict[str, str | None]


def keys_of(weight: Any, gater: Any, attributes: Any) -> Keys:
    """The name under which each attribute is stored, or None if it is not read."""
    what, condition = "The attributes of from_networkx", f"a dict with keys among {', '.join(NODE)}"
    if not isinstance(attributes, Mapping | None):
        raise ArgumentTypeError(expected(what, condition, attributes))
    for key in attributes or {}:
        if not is_among(key, NODE):
            raise ArgumentError(expected(what, condition, key))
    keys: Keys = {**{key: key for key in NODE}, **(attributes or {}), "weight": weight, "gater": gater}
    for key, name in keys.items():
        if not isinstance(name, str | None):
            raise ArgumentTypeError(
                expected(f"The {key} attribute", "the name of an attribute, or None", name)
            )
    return keys


@dataclass(frozen=True)
class Items:
    """The nodes or the edges of a graph.

    `label` names the item of a number in an error: "node 3".
    """

    what: str
    data: Sequence[Mapping[str, Any]]
    label: Callable[[int], str]

    def read(
        self,
        name: str,
        key: str | None,
        check: Check,
        plain: Callable[[Any], bool] = lambda value: False,
        get: Callable[[Any, str], Any] = lambda data, key: data.get(key),
    ) -> list[Any]:
        """The values of an attribute, None if an item has none.

        A `plain` value is used unchanged; for others, `check` returns the value to use or raises.
        """
        if key is None:
            return [None] * len(self.data)
        values = [get(data, key) for data in self.data]
        if key != name and all(value is None for value in values):
            known = ", ".join({shown(other): None for data in self.data for other in data}) or "none"
            raise ArgumentError(f"No {self.what} has the attribute {shown(key)}. Known: {known}.")
        for i, value in enumerate(values):
            if value is not None and not plain(value):
                values[i] = self._checked(name, i, value, check)
        return values

    def _checked(self, name: str, i: int, value: Any, check: Check) -> Any:
        """Check one value; the message of an error names the item."""
        try:
            return check(f"The {name} of {self.label(i)}", value)
        except SynapseError as error:
            off = f"{name}=None" if name in ("weight", "gater") else f"attributes={{{name!r}: None}}"
            raise type(error)(f"{error} Pass {off} to ignore this attribute.") from None

    # --- kinds of attributes ---------------------------------------------------------------

    def numbers(self, name: str, keys: Keys, dtype: np.dtype[Any]) -> np.ndarray[Any, np.dtype[Any]]:
        """Finite numbers, NaN if an item has none."""
        largest = float(np.finfo(dtype).max)

        def plain(value: Any) -> bool:
            return type(value) in (float, int) and -largest <= value <= largest

        values = self.read(name, keys[name], lambda what, value: finite_number(what, value, dtype), plain)
        return np.array([np.nan if value is None else value for value in values], dtype)

    def flags(self, name: str, keys: Keys, default: Sequence[bool]) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Booleans, with values of `default` for items without one."""
        values = self.read(name, keys[name], boolean, lambda value: type(value) is bool)
        return np.array(
            [own if value is None else value for own, value in zip(default, values, strict=True)], bool
        )

    def texts(self, name: str, keys: Keys) -> list[str | None]:
        """Strings; other values are converted to strings."""
        return self.read(name, keys[name], lambda what, value: str(value), lambda value: type(value) is str)

    def whole_numbers(self, name: str, keys: Keys) -> list[int | None]:
        """Whole numbers."""
        return self.read(name, keys[name], _whole, lambda value: type(value) is int)

    def rare(
        self, name: str, keys: Keys, column: Column, dtype: np.dtype[Any]
    ) -> np.ndarray[Any, np.dtype[Any]]:
        """A column that has its default unless an item has the attribute; groups are numbered from 1 on."""
        if column.kind is NUMBER:
            numbers = self.numbers(name, keys, dtype)
            return np.where(np.isnan(numbers), column.default, numbers)
        values = self.read(name, keys[name], boolean if column.kind is FLAG else _count)
        numbers = np.array([column.default if value is None else value for value in values], np.int64)
        if column.kind is GROUP:
            return np.unique(np.append(0, numbers), return_inverse=True)[1][1:]
        return numbers

    def squashes(self, name: str, keys: Keys) -> list[str | None]:
        """Names of activation functions."""
        return self.read(name, keys[name], _squash_name)


def _whole(what: str, value: Any) -> int:
    number = integer(value)
    if number is None:
        raise ArgumentError(expected(what, "a whole number", value))
    return number


def _count(what: str, value: Any) -> int:
    number = integer(value)
    if number is None or not 0 <= number <= LARGEST_COUNT:
        raise ArgumentError(expected(what, f"a whole number from 0 to {LARGEST_COUNT}", value))
    return number


def _squash_name(what: str, value: Any) -> str:
    try:
        return squashes.get(value).name
    except UnknownNameError as error:
        raise UnknownNameError(f"{what} cannot be used. {error}") from None
