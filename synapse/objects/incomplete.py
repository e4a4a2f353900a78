"""What a network needs to act as it does, and does not have: told wherever it is
written alone.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from .._checks import warn
from ..errors import IncompleteWarning
from .network import Network

_notes: WeakKeyDictionary[Network, str] = WeakKeyDictionary()
"""What is missing in a network, as the rest of a sentence that begins with it."""


def note(network: Network, missing: str) -> None:
    """Note what is missing in a network; an empty text: nothing any more."""
    if missing:
        _notes[network] = missing
    else:
        _notes.pop(network, None)


def warn_of_missing(network: object) -> None:
    """Warn with :class:`~synapse.errors.IncompleteWarning` if something is missing in
    what is written.
    """
    if isinstance(network, Network) and network in _notes:
        warn(f"{network!r} {_notes[network]}", IncompleteWarning)
