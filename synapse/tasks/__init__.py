"""Sequence tasks: generators of inputs and targets, seeded, and judges of what a network made of them."""

from .._checks import public_names
from . import reber
from .adding import Adding
from .continual_reber import ContinualReber
from .copying import Copy
from .delayed_xor import DelayedXor
from .embedded_reber import EmbeddedReber
from .judges import Ranked, Sides, Within
from .languages import AnBn, AnBnCn
from .mackey_glass import MackeyGlass
from .recall import Recall
from .samples import Sample, SampleBatch
from .score import Criterion, Score
from .stream import SampleStream
from .task import StreamTask, Task

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
]
__dir__ = public_names(__all__)
