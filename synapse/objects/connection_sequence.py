"""A network's connections as a sequence that creates their objects only on access."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, SupportsIndex, overload

import numpy as np
from numpy.typing import NDArray

from .._checks import index_within
from ..engine.follower import IdentityObserver
from ..engine.locking import consistent_read
from ..engine.schema import NONE
from ..engine.store import Store
from .connection import Connection


class Connections(Sequence[Connection], IdentityObserver):
    """The connections of a network at the time of access, in the order of creation.

    It equals any sequence of the same connections.
    """

    __slots__ = ("__weakref__", "_identities", "_store")

    def __init__(self, store: Store, identities: NDArray[np.uint32]) -> None:
        self._store = store
        self._identities = identities
        store.follow(self)

    def _moved(self, store: Store, offset: int) -> None:
        """Follow the store, which another store has absorbed."""
        self._store, self._identities = (
            store,
            self._identities + (self._identities != NONE) * np.uint32(offset),
        )

    def _renumbered(self, new: NDArray[np.uint32]) -> None:
        """Take over new identities. Removed connections have the last entry of `new`,
        which is NONE.
        """
        self._identities = new[np.minimum(self._identities, len(new) - 1)]

    def __len__(self) -> int:
        return len(self._identities)

    @overload
    def __getitem__(self, index: SupportsIndex) -> Connection: ...
    @overload
    def __getitem__(self, index: slice) -> list[Connection]: ...
    @consistent_read
    def __getitem__(
        self, index: SupportsIndex | slice
    ) -> Connection | list[Connection]:
        if isinstance(index, slice):
            return self._made(self._identities[index])
        at = index_within("An index of connections", index, len(self._identities))
        return self._made(self._identities[[at]])[0]

    def __iter__(self) -> Iterator[Connection]:
        return iter(self[:])

    def _made(self, identities: NDArray[np.uint32]) -> list[Connection]:
        """Return the objects. If they are all of the store's connections, the store
        creates them together and holds them from then on.
        """
        store = self._store
        alive = identities < store.n_identities
        alive[alive] = store.row_of[identities[alive]] != NONE
        if len(identities) == len(self._identities) and alive.all():
            return store.held_edges(identities.tolist())
        return [
            store.edge(identity) if exists else Connection(store, -1)  # removed
            for identity, exists in zip(
                identities.tolist(), alive.tolist(), strict=True
            )
        ]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = object.__hash__  # for the store, which refers to it weakly

    def __add__(self, other: Any) -> list[Any]:
        return [*self, *other]

    def __repr__(self) -> str:
        return repr(self[:])
