"""Data of nodes and edges in the live graph: mappings that read their object at each access."""

from __future__ import annotations

import copy
from collections.abc import Hashable, Iterator, MutableMapping
from typing import Any, ClassVar

from .._checks import expected
from ..errors import ArgumentTypeError, UnknownNameError


class DataView(MutableMapping[str, Any]):
    """A mapping with the fields of a live object, and with notes.

    A field is a number, a boolean or a string, read from the store at each access. A note is a value that
    an algorithm or the user has set under any other key. Notes belong to the graph and are not saved with
    the network.
    """

    __slots__ = ("_notes",)

    _what: ClassVar[str]
    _known: ClassVar[frozenset[str]]
    """All fields that the object can have."""
    _settable: ClassVar[tuple[str, ...]]

    _notes: dict[str, Any] | None

    def _present(self) -> tuple[str, ...]:
        """Return the fields that the object has now."""
        raise NotImplementedError

    def _field(self, key: str) -> Any:
        """Return the value of a known field; KeyError if the object does not have it now."""
        raise NotImplementedError

    def _set(self, key: str, value: Any) -> None:
        """Set a settable field."""
        raise NotImplementedError

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, key: str) -> Any:
        if key in self._known:
            return self._field(key)
        if self._notes is None:
            raise KeyError(key)
        return self._notes[key]

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, Hashable):
            raise ArgumentTypeError(
                expected(f"A key of the data of a {self._what}", "hashable, like the keys of a dict", key)
            )
        if key in self._settable:
            self._set(key, value)
        elif key in self._known:
            settable = " and ".join(self._settable)
            raise UnknownNameError(f"The {key} of a {self._what} cannot be set here: only {settable} can.")
        else:
            self._present()  # raises if the object has been removed
            self._notes = self._notes or {}
            self._notes[key] = value

    def __delitem__(self, key: str) -> None:
        if key in self._known:
            raise UnknownNameError(f"The field {key!r} of a {self._what} cannot be deleted.")
        if self._notes is None:
            raise KeyError(key)
        del self._notes[key]

    def __iter__(self) -> Iterator[str]:
        yield from self._present()
        yield from self._notes or ()

    def __len__(self) -> int:
        return len(self._present()) + len(self._notes or ())

    def copy(self) -> dict[str, Any]:
        """Return its fields and notes as a dict, for copies of the graph."""
        return {key: self[key] for key in self._present()} | (self._notes or {})

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        """Return a copy with deep copies of the notes; networkx calls this when it reverses a graph."""
        return {**self.copy(), **copy.deepcopy(self._notes or {}, memo)}

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise ArgumentTypeError(
            f"A {self._what} is a view of its network and cannot be copied alone. Use network.clone()."
        )
