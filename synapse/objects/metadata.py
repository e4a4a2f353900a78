"""Metadata of neurons and connections, which are values in a graph that no computation
uses.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Iterable, Iterator, MutableMapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._checks import json_object, plain, require_type
from ..engine.follower import IdentityObserver
from ..engine.locking import ExclusiveAccess
from ..engine.schema import NONE
from ..engine.store import Store

Columns = dict[Any, dict[Any, Any]]
"""Values by name, and for each name by owner. The owner is a neuron, the identity of a
connection, or a number."""


class Notes(IdentityObserver):
    """The metadata of all neurons and connections of a store, held by the store."""

    def __init__(self) -> None:
        self.neurons: Columns = {}
        self.connections: Columns = {}

    @classmethod
    def of(cls, store: Store) -> Notes:
        """Return the metadata of a store, creating it if missing."""
        if store.notes is None:
            store.notes = cls()
            store.follow(store.notes)
        return store.notes

    def _moved(self, store: Store, offset: int) -> None:
        """Join the metadata of a store that absorbs this one, where identities are
        higher by `offset`.
        """
        others = Notes.of(store)
        for name, column in self.neurons.items():
            others.neurons.setdefault(name, {}).update(column)
        for name, column in self.connections.items():
            moved = {identity + offset: value for identity, value in column.items()}
            others.connections.setdefault(name, {}).update(moved)
        self.__init__()  # type: ignore[misc]

    def _renumbered(self, new: NDArray[np.uint32]) -> None:
        """Follow the new identities, and discard the metadata of removed
        connections.
        """
        numbers = new.tolist()
        for name, column in self.connections.items():
            now = {numbers[identity]: value for identity, value in column.items()}
            self.connections[name] = {
                identity: value for identity, value in now.items() if identity != NONE
            }
        for name, values in self.neurons.items():
            self.neurons[name] = {
                neuron: value for neuron, value in values.items() if neuron._row >= 0
            }

    def copy_to(self, store: Store) -> None:
        """Copy all values to another store with the same rows and identities."""
        notes = Notes.of(store)
        for name, values in self.neurons.items():
            alive = {
                neuron._row: value
                for neuron, value in values.items()
                if neuron._row >= 0
            }
            notes.neurons[name] = {
                store.handles[row]: copy.deepcopy(value) for row, value in alive.items()
            }
        notes.connections = copy.deepcopy(self.connections)


class Metadata(MutableMapping[Any, Any]):
    """The metadata of one neuron or connection, read from its store at each access."""

    __slots__ = ("_owner",)

    def __init__(self, owner: Any) -> None:
        self._owner = owner

    def _place(self, made: bool = False) -> tuple[Columns, Any]:
        """Return the columns that may contain a value of the owner, and its key
        there.
        """
        self._owner._require()
        store = self._owner._store
        identity = getattr(self._owner, "_identity", None)
        if store.notes is None and not made:
            return {}, None
        notes = Notes.of(store)
        return (
            (notes.neurons, self._owner)
            if identity is None
            else (notes.connections, identity)
        )

    def __getitem__(self, name: Any) -> Any:
        columns, key = self._place()
        column = columns.get(name, {})
        if key not in column:
            raise KeyError(name)
        return column[key]

    def __setitem__(self, name: Any, value: Any) -> None:
        require_type(
            isinstance(name, Hashable),
            "A key of metadata",
            "hashable, like the keys of a dict",
            name,
        )
        with ExclusiveAccess(self._owner):
            columns, key = self._place(made=True)
            columns.setdefault(name, {})[key] = value

    def __delitem__(self, name: Any) -> None:
        with ExclusiveAccess(self._owner):
            columns, key = self._place()
            if key not in columns.get(name, {}):
                raise KeyError(name)
            del columns[name][key]
            if not columns[name]:
                del columns[name]

    def __iter__(self) -> Iterator[Any]:
        columns, key = self._place()
        return iter([name for name, column in columns.items() if key in column])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return repr(dict(self))


def by_number(columns: Columns, keys: Iterable[Any], first_number: int = 0) -> Columns:
    """Return the columns with numbers from `first_number` on instead of these keys, and
    without all other keys.
    """
    if not columns:
        return {}
    number = {key: i for i, key in enumerate(keys, first_number)}
    chosen = {
        name: {number[key]: value for key, value in column.items() if key in number}
        for name, column in columns.items()
    }
    return {
        name: dict(sorted(column.items())) for name, column in chosen.items() if column
    }


def as_json(columns: Columns, label: Callable[[Any], str]) -> Columns:
    """Convert columns to JSON values, with lists for arrays and tuples. Raises
    ArgumentTypeError with the label of the neuron or connection.
    """
    return {
        name: {
            number: json_object(f"{label(number)}.metadata", {name: plain(value)})[name]
            for number, value in column.items()
        }
        for name, column in columns.items()
    }
