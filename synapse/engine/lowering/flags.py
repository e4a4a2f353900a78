"""Values of the columns ``flags``, ``run_kind`` and ``run_flags``, which lowering sets."""

from __future__ import annotations

# Flags of a neuron, set by lowering. A plain neuron has none and skips the code behind them.
MEMORY = 1  # self-connected: its state carries over
TRACED = 2  # stores eligibility traces; those of other neurons are computed when they propagate
GATES = 4  # gates a self-connected neuron, and stores extended traces for it
GATED = 8  # has a gated incoming connection
PLAIN_RUNS = 16  # all its runs are dense, ordered and ungated, and it keeps no eligibility traces
FOUR = 32  # it and the next three activate together, and have plain runs from the same sources
PENDING = (
    64  # sends no error, and updates of all its weights may stay pending: see ``propagate.apply_pending``
)
GRADIENT_SOURCE = 128  # a source of trainable dense runs
WITH_GATES = MEMORY | TRACED | GATED | GATES
"""A neuron with any of these is computed by parts of kernels that other networks do not compile."""

# Kinds of runs. Sources are consecutive (row + t) or listed; gaters are none, one, consecutive or listed.
DENSE, LISTED, SHARED, ZIPPED, PAIRED = 0, 1, 2, 3, 4

# Flags of a run.
DELAYED = 1  # its sources are delayed: the target reads their previous activations, see ``engine/delayed.py``
DELAYED_GATE = 2  # so is its gater
SILENT = 4  # its sources get no error (clamped inputs, or delayed)
FIXED = 8  # its weights are not trainable
UNORDERED = 16  # sources or gater outside the target's network: the order is found at run time
QUIET_GATER = 32  # its gater gets no error (a clamped input)
AT_ONCE = 64  # updates of its weights are never pending, since they are shared
STEPPED = 128  # the next neuron computed with it has sources and gater shifted by one, otherwise the same
NEVER_PENDING = DELAYED | FIXED | UNORDERED | AT_ONCE
"""Updates of a dense or listed run without these may stay pending: see ``propagate.apply_pending``."""
