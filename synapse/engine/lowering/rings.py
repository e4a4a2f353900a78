"""Rings of past activations, which runs with a lag read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..records import Ties
from . import loops
from .flags import LAGGED
from .room import cut, make_room
from .runner import run

if TYPE_CHECKING:
    from ..store import Store


def has_rings(store: Store) -> bool:
    """Whether a program has any rings."""
    return len(store.columns["past"]) > 0


def lay_out(store: Store, flags: int) -> None:
    """The rings of a store; `flags` are those of all neurons. All past is 0."""
    rings = size = 0
    if flags & LAGGED:
        rings, _ = run(loops.count_lagged, store)
        make_room(store, "ring", rings)
        rings, size = run(loops.find_rings, store)
    cut(store, "ring", rings)
    store.columns["ties"][Ties.RINGS] = rings
    store.columns["past"] = np.zeros(size, store.dtype)
