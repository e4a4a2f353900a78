"""The data of nodes and edges in the live graph: a mapping that reads its object at each access."""

from __future__ import annotations

import copy
from collections.abc import Hashable, Iterator, MutableMapping
from typing import Any, ClassVar

from ._checks import expected
from .errors import KindError, UnknownNameError


class DataView(MutableMapping[str, Any]):
    """The fields of a live object, and notes beside them.

    A field is a number, a boolean or a string, read from the store at each access. Any other key is a
    note: a value that an algorithm, or the user, has set. Notes stay with the graph and are not saved with
    the network.
    """

    __slots__ = ("_notes",)

    _what: ClassVar[str]
    _known: ClassVar[frozenset[str]]
    """Every field that it may have."""
    _settable: ClassVar[tuple[str, ...]]

    _notes: dict[str, Any] | None

    def _present(self) -> tuple[str, ...]:
        """The fields that it has now."""
        raise NotImplementedError

    def _field(self, key: str) -> Any:
        """The value of a known field; KeyError where it has none now."""
        raise NotImplementedError

    def _set(self, key: str, value: Any) -> None:
        """Set a field that is settable."""
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
            raise KindError(
                expected(f"A key of the data of a {self._what}", "hashable, as that of a dict", key)
            )
        if key in self._settable:
            self._set(key, value)
        elif key in self._known:
            settable = " and ".join(self._settable)
            raise UnknownNameError(f"The {key} of a {self._what} cannot be set here: only {settable} can.")
        else:
            self._present()  # raises where the object has been removed
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
        """Its fields and notes as a dict: the data that a copy of the graph carries."""
        return {key: self[key] for key in self._present()} | (self._notes or {})

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        """Its copy, notes copied deeply: networkx asks for it when it reverses a graph."""
        return {**self.copy(), **copy.deepcopy(self._notes or {}, memo)}

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise KindError(
            f"A {self._what} is a view of its network and cannot be copied alone. Use network.clone()."
        )
