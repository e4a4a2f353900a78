"""Flags of neurons and of runs."""

import numpy as np

from synapse.engine.lowering import flags


def test_flags_can_be_combined():
    for group in (
        (flags.MEMORY, flags.TRACED, flags.GATES, flags.GATED, flags.PLAIN_RUNS),
        (
            flags.BACK,
            flags.BACK_GATED,
            flags.SILENT,
            flags.FIXED,
            flags.UNORDERED,
            flags.QUIET_GATER,
            flags.TIED,
        ),
    ):
        assert sum(group) == np.bitwise_or.reduce(group) < 256
