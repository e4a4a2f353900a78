"""Tasks of single papers and of Synaptic; ``synapse.tasks`` has those that any network
may be tested on."""

from .continual_reber import ContinualReber
from .delayed_xor import DelayedXor
from .languages import AnBn, AnBnCn
from .letters import Letters
from .long_lag import LongLag, NoisyLongLag
from .multiplication import Multiplication
from .narma import Narma10
from .periodic import PeriodicFunction
from .spikes import SpikeDelays, TimedSpikes
from .temporal_order import TemporalOrder
from .temporal_xor import TemporalXor
from .timing import Timing
from .two_sequences import TwoSequences

__all__ = [
    "AnBn",
    "AnBnCn",
    "ContinualReber",
    "DelayedXor",
    "Letters",
    "LongLag",
    "Multiplication",
    "Narma10",
    "NoisyLongLag",
    "PeriodicFunction",
    "SpikeDelays",
    "TemporalOrder",
    "TemporalXor",
    "TimedSpikes",
    "Timing",
    "TwoSequences",
]
