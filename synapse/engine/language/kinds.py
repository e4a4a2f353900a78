"""Kinds: what a value of a kernel can be.

A scalar kind is a word. `INT` is a signed integer of 64 bits, whatever its width in
memory, `WORD` an unsigned one. `FLOAT` stands for the float of a store in declarations,
and never for a value.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

INT = "int"
WORD = "word"
BOOL = "bool"
FLOAT32 = "float32"
FLOAT64 = "float64"
FLOAT = "float"
NOTHING = "nothing"

FLOATS = FLOAT32, FLOAT64
MEMORY = {*FLOATS, *(f"{u}int{8 << k}" for u in ("", "u") for k in range(4))}
"""The kinds of numbers in memory."""
RANK = {BOOL: 0, INT: 1, WORD: 2, FLOAT32: 3, FLOAT64: 4}
"""The scalar kinds of values. Of two, an operation has the one of higher rank."""


class KnownKind(NamedTuple):
    """What is known before the call: a number, None, a function, a tuple of them."""

    value: Any
    of: type  # 1, 1.0 and True are equal, but not the same

    @property
    def identity(self) -> tuple[type, Any]:
        """What tells it apart: a number's value, but the object of an array."""
        is_plain = isinstance(self.value, int | float | str | np.generic)
        return self.of, self.value if is_plain else id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KnownKind) and self.identity == other.identity

    def __hash__(self) -> int:
        return hash(self.identity)


class PackKind(NamedTuple):
    """Several numbers of one float, which a processor adds and multiplies at once."""

    of: str
    length: int


class RecordKind(NamedTuple):
    """A row of a structured array: the names, kinds and places of its members."""

    names: tuple[str, ...]
    members: tuple[tuple[str, int], ...]
    size: int


class ColumnKind(NamedTuple):
    """An address of numbers in a row. Accesses to columns of different families touch
    different memory.

    of : a float, a `PackKind`, or an integer of memory ("uint8" to "int64").
    record : the names of its places, or None.
    """

    of: Any
    family: tuple[str, ...]
    record: type[IntEnum] | None = None


ARRAYS = ("arrays",)
"""The family of all arrays, which may overlap."""


class ArrayKind(NamedTuple):
    """A contiguous array that Python passes: its address, and its sizes.

    length : the size of a vector, if it is known before the call.
    """

    of: Any
    dimensions: int
    family: tuple[str, ...] = ARRAYS  # also tells it from a pack: tuples compare items
    length: int | None = None


class BundleKind(NamedTuple):
    """The address of a table of columns, which are its attributes."""

    layout: Any  # a `Layout`
    scalar: str
    lanes: int = 1


class TupleKind(NamedTuple):
    """A tuple; with names, a named one."""

    items: tuple[Any, ...]
    names: tuple[str, ...] = ()


class TableLayout:
    """The columns of a table of addresses.

    family : the accesses that may touch the same memory, by the name of a column.
    """

    def __init__(
        self,
        name: str,
        columns: tuple[Any, ...],
        family: Callable[[str], tuple[str, ...]],
    ) -> None:
        self.name = name
        self.columns = columns
        self.family = family
        self.places = {column.name: place for place, column in enumerate(columns)}

    def __repr__(self) -> str:
        return self.name

    def column(self, bundle: BundleKind, name: str) -> ColumnKind:
        """Return the kind of ``bundle.name``."""
        column = self.columns[self.places[name]]
        scalar = bundle.scalar
        lanes = scalar if bundle.lanes == 1 else PackKind(scalar, bundle.lanes)
        of = {"float": scalar, "lanes": lanes}.get(column.dtype, column.dtype)
        return ColumnKind(of, self.family(name), column.record)


def named_indices(fields: type[Any]) -> TupleKind:
    """Return the kind of a NamedTuple of integers."""
    return TupleKind((INT,) * len(fields._fields), fields._fields)


def of_dtype(dtype: np.dtype[Any]) -> str:
    """Return the kind of a NumPy number in memory."""
    kind = "uint8" if dtype.kind == "b" else str(dtype)
    if kind not in MEMORY:
        raise TypeError(f"A kernel takes no numbers of the type {dtype}.")
    return kind


def read_from(memory: Any) -> Any:
    """Return the kind in which a kernel reads a number of memory: all integers are
    signed and of 64 bits, so they mix with literals and with each other.
    """
    is_own = isinstance(memory, PackKind | RecordKind) or memory in FLOATS
    return memory if is_own else INT


def unify(left: Any, right: Any) -> Any:
    """Return the kind of a value that has one of two kinds; None if there is none."""
    if left == right:
        return left
    if isinstance(left, TupleKind) and isinstance(right, TupleKind):
        if len(left.items) != len(right.items):
            return None
        items = tuple(map(unify, left.items, right.items))
        return None if None in items else TupleKind(items, left.names or right.names)
    if isinstance(left, ColumnKind) and isinstance(right, ColumnKind):
        related = left.of == right.of and left.family[0] == right.family[0]
        # it may overlap with both
        return ColumnKind(left.of, left.family[:1]) if related else None
    if left not in RANK or right not in RANK:
        return None
    if {left, right} == {FLOAT32, INT}:
        return FLOAT64
    return max(left, right, key=RANK.__getitem__)
