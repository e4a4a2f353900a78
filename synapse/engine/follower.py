"""Notify the objects that refer to a store's rows of changes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .schema import NONE

REMOVED = -1
"""The index of a handle whose neuron or connection no longer exists."""


class RowHandle:
    """The object of one row in a store, which is a neuron or a connection.

    Because only the store knows when rows move, it alone calls :meth:`_moved`, or sets
    the row of a neuron that stays in its store, under its lock. This is not an abstract
    base class, because ``isinstance`` would take longer for each neuron.
    """

    __slots__ = ()

    def _moved(self, store: Any, index: int) -> None:
        """Bind this handle to another index, which is the row of a neuron, the identity
        of a connection, or REMOVED.
        """
        raise NotImplementedError


class IdentityObserver(ABC):
    """An object that stores identities of connections, and receives their changes after
    ``store.follow(self)``.

    Rows of connections move whenever a store is lowered. Identities change on two
    occasions only, and the store tells its followers of both. It holds them weakly.
    """

    __slots__ = ()

    @abstractmethod
    def _moved(self, store: Any, offset: int) -> None:
        """Raise identities by `offset`, because another store has absorbed the store of
        this object.
        """

    @abstractmethod
    def _renumbered(self, new: NDArray[np.uint32]) -> None:
        """Update identities after the store has dropped unused ones: ``new[i]`` is the
        present one of i.

        NONE stands for connections that have been removed, and so does the last entry
        of `new`, which belongs to no connection. Identities that are NONE already can
        therefore be clipped to it.
        """


class IdentityArray(IdentityObserver):
    """An object whose identities are an array; NONE for connections that have been
    removed.
    """

    _identities: NDArray[Any]

    def _moved(self, store: Any, offset: int) -> None:
        """Follow the store, which has been absorbed by another."""
        removed = self._identities == NONE
        moved = self._identities.astype(np.int64) + offset
        self._identities = np.where(removed, NONE, moved)

    def _renumbered(self, new: NDArray[np.uint32]) -> None:
        """Take over new identities of the connections."""
        last = len(new) - 1
        self._identities = new[np.minimum(self._identities, last)].astype(np.int64)
