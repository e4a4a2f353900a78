"""Sequence tasks: generators of inputs and targets, seeded, and judges of what a
network made of them.

:class:`Alphabet`, :class:`TextWindows` and :func:`sample` are for a text of your own:
letters to indices and back, windows to learn from, and what the network writes.
"""

from .._checks import public_names
from . import reber as reber
from .adding import Adding as Adding
from .alphabet import Alphabet as Alphabet
from .copying import Copy as Copy
from .mackey_glass import MackeyGlass as MackeyGlass
from .reber import EmbeddedReber as EmbeddedReber
from .recall import Recall as Recall
from .samples import (
    Ranked as Ranked,
    Sample as Sample,
    SampleBatch as SampleBatch,
    SampleStream as SampleStream,
    Score as Score,
    Sides as Sides,
    Within as Within,
)
from .task import Criterion as Criterion, StreamTask as StreamTask, Task as Task
from .text import TextWindows as TextWindows, sample as sample

__all__ = [
    name
    for name, value in globals().items()
    if getattr(value, "__module__", "").startswith(__name__)
]
__all__.append("reber")
__dir__ = public_names(__all__)
