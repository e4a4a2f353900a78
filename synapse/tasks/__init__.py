"""Sequence tasks: generators of inputs and targets, seeded, and judges of what a network made of them."""

from .._checks import public_names
from . import reber, recall
from .adding import Adding
from .copying import Copy
from .delayed_xor import DelayedXor
from .judges import Ranked, Sides, Within
from .languages import AnBn, AnBnCn
from .mackey_glass import MackeyGlass
from .reber import ContinualReber, EmbeddedReber
from .recall import Recall
from .samples import Sample, SampleBatch, Score
from .stream import SampleStream
from .task import Criterion, StreamTask, Task

__all__ = [
    "Adding",
    "AnBn",
    "AnBnCn",
    "ContinualReber",
    "Copy",
    "Criterion",
    "DelayedXor",
    "EmbeddedReber",
    "MackeyGlass",
    "Ranked",
    "Recall",
    "Sample",
    "SampleBatch",
    "SampleStream",
    "Score",
    "Sides",
    "StreamTask",
    "Task",
    "Within",
    "reber",
    "recall",
]
__dir__ = public_names(__all__)
