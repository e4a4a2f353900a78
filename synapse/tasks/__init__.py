"""Sequence tasks: generators of inputs and targets, seeded, and judges of what a network made of them."""

from . import anbncn as anbncn, reber as reber, recall as recall
from ._task import (
    Criterion as Criterion,
    Ranked as Ranked,
    Sample as Sample,
    Samples as Samples,
    Score as Score,
    Sides as Sides,
    Stream as Stream,
    Task as Task,
    Within as Within,
)
from .adding import Adding as Adding, Multiplication as Multiplication
from .copying import Copy as Copy
from .delayed_xor import DelayedXor as DelayedXor
from .long_lag import LongLag as LongLag, NoisyLongLag as NoisyLongLag
from .order import TemporalOrder as TemporalOrder
from .reber import ContinualReber as ContinualReber, EmbeddedReber as EmbeddedReber
from .recall import Recall as Recall
from .two_sequences import TwoSequences as TwoSequences
