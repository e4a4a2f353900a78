"""Sequence tasks: generators of inputs and targets, seeded, and judges of what a network made of them."""

from . import anbncn as anbncn, reber as reber, recall as recall, synaptic as synaptic
from ._task import (
    Criterion as Criterion,
    Sample as Sample,
    Samples as Samples,
    Score as Score,
    Stream as Stream,
    Task as Task,
)
from .laser import Laser as Laser
from .letters import Letters as Letters
from .mackey_glass import MackeyGlass as MackeyGlass
from .narma import Narma10 as Narma10
from .reber import ContinualReber as ContinualReber, EmbeddedReber as EmbeddedReber
from .synaptic import (
    SynapticReber as SynapticReber,
    SynapticRecall as SynapticRecall,
    Timing as Timing,
    Xor as Xor,
)
from .temporal_xor import TemporalXor as TemporalXor
