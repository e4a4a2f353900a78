"""Warnings for networks that need something else to act as they do, which is missing
when they are written alone.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from .._checks import warn
from ..errors import IncompleteWarning
from .network import Network

_notes: WeakKeyDictionary[Network, str] = WeakKeyDictionary()
"""Missing parts by network. Each text completes a sentence that begins with the
network."""


def note(network: Network, missing: str) -> None:
    """Note the missing part of a network, or an empty text to remove the note."""
    if missing:
        _notes[network] = missing
    else:
        _notes.pop(network, None)


def warn_of_missing(network: object) -> None:
    """Warn with :class:`~synapse.errors.IncompleteWarning` if a written network lacks
    something.
    """
    if isinstance(network, Network) and network in _notes:
        warn(f"{network!r} {_notes[network]}", IncompleteWarning)
