"""What lowering says of neurons and of runs: values of the columns ``flags``, ``run_kind``, ``run_flags``."""

from __future__ import annotations

# Flags of a neuron, set by lowering. A plain neuron has none and skips the code behind them.
MEMORY = 1  # self-connected: its state carries over
TRACED = 2  # keeps eligibility traces; any other neuron's can be read off when it propagates
GATES = 4  # gates a self-connected neuron, so that it keeps extended traces
GATED = 8  # something gates a connection into it
PLAIN_RUNS = 16  # all its runs are dense, ordered and ungated, and it keeps no eligibility traces
FOUR = 32  # it and the next three fire together, and have plain runs from the same sources
WAITING = 64  # all its weights may wait to be moved: see ``propagate.move_ahead``
HEARD = 128  # a source of dense runs that are trained

# Kinds of runs. Sources are neighbours (row + t) or listed; gaters none, one, neighbours or listed.
DENSE, LISTED, SHARED, ZIPPED, PAIRED = 0, 1, 2, 3, 4

# Flags of a run.
BACK = 1  # its sources activate after the target: what it carries is a step old
BACK_GATED = 2  # its gater activates after the target, or is it: its gain is a step old
SILENT = 4  # its sources want no error (clamped inputs, or later neurons)
FIXED = 8  # its weights are not trained
UNORDERED = 16  # sources or gater outside the target's network: the order is the one observed
QUIET_GATER = 32  # its gater wants no error (a clamped input)
TIED = 64  # its weights are shared with other connections
STEPPED = 128  # the sources, and the gater, of the next neuron alike lie one further; else they are the same
WAITING_FLAGS = SILENT | BACK | FIXED | UNORDERED | TIED
"""Of these a dense run has SILENT and no other where its weights may wait: see ``propagate.move_ahead``."""
