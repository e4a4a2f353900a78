"""A mapping that networkx reads: the fields of a live object, and its metadata."""

from __future__ import annotations

import copy
from collections.abc import Hashable, Iterator, MutableMapping
from typing import Any, ClassVar

from .._checks import require_type
from ..errors import ArgumentTypeError, UnknownNameError
from .graph_attributes import escaped, unescaped


class DataView(MutableMapping[str, Any]):
    """A mapping with the fields of a live object, read from the store, and its metadata
    under all other keys. If metadata has the name of a field, see `escaped`.
    """

    __slots__ = ()

    _what: ClassVar[str]
    _known: ClassVar[frozenset[str]]
    """All fields that the object can have."""
    _taken: ClassVar[frozenset[str]]
    """All names that a graph uses itself."""
    _settable: ClassVar[tuple[str, ...]]

    metadata: Any
    """Values that no computation uses, a :class:`Metadata`."""

    def _present(self) -> tuple[str, ...]:
        """Return the fields that the object has now."""
        raise NotImplementedError

    def _field(self, key: str) -> Any:
        """Return the value of a known field, or raise KeyError if the object does not
        have it now.
        """
        raise NotImplementedError

    def _set(self, key: str, value: Any) -> None:
        """Set a settable field."""
        setattr(self, key, value)

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, key: str) -> Any:
        if key in self._known:
            return self._field(key)
        return self.metadata[unescaped(key, self._taken)]

    def __setitem__(self, key: str, value: Any) -> None:
        require_type(
            isinstance(key, Hashable),
            f"A key of the data of a {self._what}",
            "hashable, like the keys of a dict",
            key,
        )
        if key in self._settable:
            self._set(key, value)
        elif key in self._known:
            settable = " and ".join(self._settable)
            raise UnknownNameError(
                f"The {key} of a {self._what} cannot be set here: only {settable} can."
                f" Metadata of this name: {self._what}.metadata[{key!r}]."
            )
        else:
            self.metadata[unescaped(key, self._taken)] = value

    def __delitem__(self, key: str) -> None:
        if key in self._known:
            raise UnknownNameError(
                f"The field {key!r} of a {self._what} cannot be deleted."
            )
        del self.metadata[unescaped(key, self._taken)]

    def __iter__(self) -> Iterator[str]:
        yield from self._present()
        yield from self._others()

    def __len__(self) -> int:
        return len(self._present()) + len(self._others())

    def _others(self) -> list[Any]:
        """Return the keys of the metadata."""
        return [escaped(name, self._taken) for name in self.metadata]

    def copy(self) -> dict[str, Any]:
        """Return fields and metadata as a dict, for copies of the graph."""
        return {key: self[key] for key in self}

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        """Return a copy with deep copies of metadata, because networkx calls this when
        it reverses a graph.
        """
        return copy.deepcopy(self.copy(), memo)

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise ArgumentTypeError(
            f"A {self._what} is a view of its network and cannot be copied alone. Use"
            " network.clone()."
        )
