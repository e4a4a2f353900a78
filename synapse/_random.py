"""Random numbers: make generators from the seeds that public functions take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from ._checks import expected, integer
from .errors import ArgumentError

Seed = np.random.Generator | np.random.SeedSequence | Sequence[int] | int | None


def random_generator(seed: Seed) -> np.random.Generator:
    """Return the generator for a public function: the given one, or a new one from a seed."""
    if seed is None or isinstance(seed, np.random.Generator | np.random.SeedSequence):
        return np.random.default_rng(seed)
    several = isinstance(seed, list | tuple)
    given = [integer(number) for number in (list(seed) if isinstance(seed, list | tuple) else [seed])]
    whole = [number for number in given if number is not None and number >= 0]
    if not whole or len(whole) < len(given):
        condition = "a whole number, 0 or above, a list of such numbers, a numpy Generator or None"
        raise ArgumentError(expected("The seed", condition, seed))
    return np.random.default_rng(whole if several else whole[0])


def seeds_of(seed: Seed, count: int) -> list[Seed]:
    """Return `count` seeds for as many threads; a generator, which they cannot share, is spawned."""
    return [*seed.spawn(count)] if isinstance(seed, np.random.Generator) else [seed] * count


@contextmanager
def given_back(rng: np.random.Generator) -> Iterator[None]:
    """Restore the state of a generator if the block raises, so that a failed call draws nothing."""
    state = rng.bit_generator.state
    try:
        yield
    except BaseException:
        rng.bit_generator.state = state
        raise
