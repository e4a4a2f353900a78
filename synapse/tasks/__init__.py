"""Sequence tasks: generators of inputs and targets, seeded, and judges of what a network made of them."""

from .._checks import public_names
from . import reber, recall, synaptic
from ._task import (
    Criterion,
    Predictable,
    Ranked,
    Sample,
    Samples,
    Score,
    Sides,
    Stream,
    Task,
    Within,
    WithinIfCertain,
)
from .adding import Adding, Multiplication
from .copying import Copy
from .delayed_xor import DelayedXor
from .languages import AnBn, AnBnCn
from .laser import Laser
from .letters import Letters
from .long_lag import LongLag, NoisyLongLag
from .mackey_glass import MackeyGlass
from .narma import Narma10
from .order import TemporalOrder
from .periodic import PeriodicFunction
from .reber import ContinualReber, EmbeddedReber
from .recall import Recall
from .spikes import SpikeDelays, TimedSpikes
from .synaptic import (
    SynapticReber,
    SynapticRecall,
    Timing,
    Xor,
)
from .temporal_xor import TemporalXor
from .two_sequences import TwoSequences

__all__ = [
    "Adding",
    "AnBn",
    "AnBnCn",
    "ContinualReber",
    "Copy",
    "Criterion",
    "DelayedXor",
    "EmbeddedReber",
    "Laser",
    "Letters",
    "LongLag",
    "MackeyGlass",
    "Multiplication",
    "Narma10",
    "NoisyLongLag",
    "PeriodicFunction",
    "Predictable",
    "Ranked",
    "Recall",
    "Sample",
    "Samples",
    "Score",
    "Sides",
    "SpikeDelays",
    "Stream",
    "SynapticReber",
    "SynapticRecall",
    "Task",
    "TemporalOrder",
    "TemporalXor",
    "TimedSpikes",
    "Timing",
    "TwoSequences",
    "Within",
    "WithinIfCertain",
    "Xor",
    "reber",
    "recall",
    "synaptic",
]
__dir__ = public_names(__all__)
