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
from .reber import ContinualReber as ContinualReber, EmbeddedReber as EmbeddedReber
from .recall import Recall as Recall
