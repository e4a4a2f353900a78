"""What a store tells the objects that it holds for its rows."""

from __future__ import annotations

from typing import Any

REMOVED = -1
"""The index of a handle whose neuron or connection no longer exists."""


class RowHandle:
    """The object of one row of a store: a neuron, or a connection.

    Only the store knows when rows move, so it alone calls :meth:`_moved`, under its
    lock. No abstract base class: ``isinstance`` would take longer for each neuron.
    """

    __slots__ = ()

    def _moved(self, store: Any, index: int) -> None:
        """Bind this handle to another index: the row of a neuron, the identity of a
        connection, or REMOVED.
        """
        raise NotImplementedError
