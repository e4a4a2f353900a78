"""The kernels of recording: see ``synapse.record``."""

from __future__ import annotations

import math

import numpy as np

from ..compiler.jit import inline, piece
from ..schema import NONE, WATCHED_NEURONS, WATCHED_NUMBERS, WATCHED_STEPS

u8 = np.uint64
ONE = u8(1)


@inline
def watched_number(m, what, j):
    """The number of a neuron at this place of ``schema.WATCHABLE``."""
    if what == 0:
        return np.float64(m.activation[j])
    if what == 1:
        return np.float64(m.state[j])
    if what == 2:
        return np.float64(m.derivative[j])
    if what == 3:
        return np.float64(m.responsibility[j])
    return np.float64(m.projected[j]) if what == 4 else np.float64(m.gated[j])


@piece
def note(m, new):
    """Record the watched numbers: of a `new` step, or anew those of the latest, whose errors are known now.

    reads: watched, watched_what; writes: log, log_place
    """
    neurons, numbers = m.log_place[WATCHED_NEURONS], m.log_place[WATCHED_NUMBERS]
    if not new and m.log_place[WATCHED_STEPS] == 0:
        return
    if new:
        m.log_place[WATCHED_STEPS] += ONE
    at = (m.log_place[WATCHED_STEPS] - ONE) * neurons * numbers
    for w in range(numbers):
        for i in range(neurons):
            j = m.watched[i]
            m.log[at + w * neurons + i] = (
                math.nan if j == NONE else watched_number(m, m.watched_what[w], u8(j))
            )
