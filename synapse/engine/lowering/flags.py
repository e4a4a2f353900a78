"""Define the values of the columns ``flags``, ``run_kind`` and ``run_flags``, which
lowering sets.
"""

# Flags of a neuron, set by lowering. A plain neuron has none and skips the code behind
# them.
MEMORY = 1  # self-connected: its state carries over
# stores eligibility traces; those of other neurons are computed when they propagate
TRACED = 2
GATES = 4  # gates a self-connected neuron, and stores extended traces for it
GATED = 8  # has a gated incoming connection
# it and the next three activate together, and have dense runs from the same sources
FOUR = 16
# sends no error, and updates of all its weights may stay pending: see
# ``propagate.apply_pending_updates``
PENDING = 32
GRADIENT_SOURCE = 64  # a source of trainable dense runs
LAGGED = 128  # reads past activations: some of its runs have a lag
# its connections keep what they read, as some of its sources or gaters are outside of
# its network, or it gates a memory there
KEEPS = 256
LISTS = 512  # some of its runs have sources that a step lists, see ``lists.py``
WITH_GATES = MEMORY | TRACED | GATED | GATES | LAGGED | KEEPS
"""A neuron with any of these is computed by parts of kernels that other networks do not
compile."""

# Kinds of runs. Sources are consecutive (row + t) or listed; gaters are none, one,
# consecutive or listed.
DENSE = 0
LISTED = 1
SHARED = 2
ZIPPED = 3
PAIRED = 4

# Flags of a run.
# its sources are delayed: the target reads their previous activations, see
# ``engine/read_order.py``, or, if the run has a lag, earlier ones
DELAYED = 1
DELAYED_GATE = 2  # its gater is delayed, too
SILENT = 4  # its sources get no error (clamped inputs, or delayed)
FIXED = 8  # its weights are not trainable
UNORDERED = (
    16  # sources or gater outside the target's network: the order is found at run time
)
QUIET_GATER = 32  # its gater gets no error (a clamped input)
AT_ONCE = 64  # updates of its weights are never pending, since they are shared
# the next neuron computed with it has the sources and gater shifted by one, otherwise
# the same ones
STEPPED = 128
NEVER_PENDING = DELAYED | FIXED | UNORDERED | AT_ONCE
"""Updates of a dense or listed run without these may stay pending: see
``propagate.apply_pending_updates``."""
