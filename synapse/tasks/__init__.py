"""Sequence tasks: generators of inputs and targets, seeded, and judges of what a network made of them."""

from .._checks import public_names
from . import reber
from .adding import Adding
from .copying import Copy
from .mackey_glass import MackeyGlass
from .reber import EmbeddedReber
from .recall import Recall
from .samples import Ranked, Sample, SampleBatch, SampleStream, Score, Sides, Within
from .task import Criterion, StreamTask, Task

__all__ = [
    "Adding",
    "Copy",
    "Criterion",
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
]
__dir__ = public_names(__all__)
