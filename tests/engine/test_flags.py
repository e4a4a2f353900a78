"""Flags of neurons and of runs."""

import numpy as np

from synapse.engine.lowering import flags


def test_flags_can_be_combined():
    for names in (
        "MEMORY TRACED GATES GATED PLAIN_RUNS",
        "BACK BACK_GATED SILENT FIXED UNORDERED QUIET_GATER TIED",
    ):
        group = [getattr(flags, name) for name in names.split()]
        assert sum(group) == np.bitwise_or.reduce(group) < 256
