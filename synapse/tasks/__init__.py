"""Sequence tasks: generators of inputs and targets, seeded, and judges of what a network made of them."""

from . import reber as reber, recall as recall, synaptic as synaptic
from ._task import (
    Criterion as Criterion,
    Predictable as Predictable,
    Ranked as Ranked,
    Sample as Sample,
    Samples as Samples,
    Score as Score,
    Sides as Sides,
    Stream as Stream,
    Task as Task,
    Within as Within,
    WithinIfCertain as WithinIfCertain,
)
from .adding import Adding as Adding, Multiplication as Multiplication
from .copying import Copy as Copy
from .delayed_xor import DelayedXor as DelayedXor
from .languages import AnBn as AnBn, AnBnCn as AnBnCn
from .laser import Laser as Laser
from .letters import Letters as Letters
from .long_lag import LongLag as LongLag, NoisyLongLag as NoisyLongLag
from .mackey_glass import MackeyGlass as MackeyGlass
from .narma import Narma10 as Narma10
from .order import TemporalOrder as TemporalOrder
from .periodic import PeriodicFunction as PeriodicFunction
from .reber import ContinualReber as ContinualReber, EmbeddedReber as EmbeddedReber
from .recall import Recall as Recall
from .spikes import SpikeDelays as SpikeDelays, TimedSpikes as TimedSpikes
from .synaptic import (
    SynapticReber as SynapticReber,
    SynapticRecall as SynapticRecall,
    Timing as Timing,
    Xor as Xor,
)
from .temporal_xor import TemporalXor as TemporalXor
from .two_sequences import TwoSequences as TwoSequences
