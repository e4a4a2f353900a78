"""Tasks of single papers and of Synaptic; ``synapse.tasks`` has those that any network may be tested on."""

from .laser import Laser
from .letters import Letters
from .long_lag import LongLag, NoisyLongLag
from .multiplication import Multiplication
from .narma import Narma10
from .periodic import PeriodicFunction
from .spikes import SpikeDelays, TimedSpikes
from .synaptic import SynapticReber, SynapticRecall, Timing, Xor
from .temporal_order import TemporalOrder
from .temporal_xor import TemporalXor
from .two_sequences import TwoSequences

__all__ = [
    "Laser",
    "Letters",
    "LongLag",
    "Multiplication",
    "Narma10",
    "NoisyLongLag",
    "PeriodicFunction",
    "SpikeDelays",
    "SynapticReber",
    "SynapticRecall",
    "TemporalOrder",
    "TemporalXor",
    "TimedSpikes",
    "Timing",
    "TwoSequences",
    "Xor",
]
