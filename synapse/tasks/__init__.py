"""Sequence tasks: generators of inputs and targets, seeded, and judges of what a network made of them."""

from . import reber as reber, recall as recall
from ._task import (
    Criterion as Criterion,
    Sample as Sample,
    Samples as Samples,
    Score as Score,
    Stream as Stream,
    Task as Task,
)
from .languages import AnBn as AnBn, AnBnCn as AnBnCn
from .periodic import PeriodicFunction as PeriodicFunction
from .reber import ContinualReber as ContinualReber, EmbeddedReber as EmbeddedReber
from .spikes import SpikeDelays as SpikeDelays, TimedSpikes as TimedSpikes
