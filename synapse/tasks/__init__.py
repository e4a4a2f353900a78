"""Sequence tasks: generators of inputs and targets, seeded, and judges of what a network made of them."""

from . import anbncn as anbncn, reber as reber, recall as recall
from ._task import (
    Criterion as Criterion,
    Sample as Sample,
    Samples as Samples,
    Score as Score,
    Stream as Stream,
    Task as Task,
)
from .reber import ContinualReber as ContinualReber, EmbeddedReber as EmbeddedReber
