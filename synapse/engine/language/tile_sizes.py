"""How many values loops keep in the registers of a processor."""

from __future__ import annotations

from typing import NamedTuple


class TileSizes(NamedTuple):
    """Sizes of the values that a loop keeps in vector registers, and how it stores
    packs.

    `neurons` is the number of neurons in a tile of exact gradients, or of lines of
    sensitivities, and at most `schema.MAX_TILE`. `packs` is the number of packs of
    sources whose gradient is summed together, and `panel` the number of packs of
    columns of sensitivities that are renewed together. `masks` tells whether a masked
    access takes no longer than another, in which case whole packs need no branch.
    `twice` tells whether four neurons have room for two sums of packs each, see
    `lists.sums_of_each`.
    """

    neurons: int
    packs: int
    panel: int
    masks: bool
    twice: bool


WIDE_TILE = TileSizes(neurons=8, packs=2, panel=3, masks=True, twice=True)
"""For 32 registers of 512 bits."""
NARROW_TILE = TileSizes(neurons=6, packs=1, panel=1, masks=False, twice=False)
"""Sizes for narrower registers. 64 bytes are two of the 16 registers of AVX2, or four
of the 32 of NEON. The sums of more neurons, or packs, would be stored and loaded around
every multiply-add."""
