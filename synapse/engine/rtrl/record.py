"""The kernel that records sensitivities, see ``synapse.record``."""

from __future__ import annotations

import numpy as np

from ..compiler.jit import inline, piece
from ..schema import (
    ENDED,
    FIRST,
    PLAN_HALF,
    TURN_HALF,
    WATCHED_NETWORK,
    WATCHED_SENSITIVITIES,
    WATCHED_STEPS,
    WATCHED_WIDTH,
)

u8 = np.uint64


@inline
def note_sensitivities(m, p, span):
    """Record the sensitivities of this step, if any are watched."""
    if m.log_place[WATCHED_SENSITIVITIES] != 0 and m.log_place[WATCHED_NETWORK] == span[FIRST]:
        write_sensitivities(m, p)


@piece
def write_sensitivities(m, p):
    """Complete the latest row, which ends with the sensitivities. reads: noted, sensitivity; writes: log"""
    n, half = m.log_place[WATCHED_SENSITIVITIES], p.turn[TURN_HALF] * p.counts[PLAN_HALF]
    at = m.log_place[WATCHED_STEPS] * m.log_place[WATCHED_WIDTH] - n
    for i in range(n):
        if p.noted[i] != ENDED:
            m.log[at + i] = np.float64(p.sensitivity[half + p.noted[i]])
