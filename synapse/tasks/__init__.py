"""Sequence tasks: seeded generators of inputs and targets, and judges of outputs.

:class:`Alphabet`, :class:`TextWindows` and :func:`sample` are for a text of your own:
letters to indices and back, windows to learn from, and samples of the network.
"""

import typing as _typing

from .._checks import missing_names as _missing_names, public_names as _public_names
from . import reber
from ._adding import Adding
from ._alphabet import Alphabet
from ._copying import Copy
from ._mackey_glass import MackeyGlass
from ._reber import EmbeddedReber
from ._recall import Recall
from ._samples import Ranked, Sample, SampleBatch, SampleStream, Score, Sides, Within
from ._task import Criterion, StreamTask, Task
from ._text import TextWindows, sample

__all__ = [
    "Adding",
    "Alphabet",
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
    "TextWindows",
    "Within",
    "reber",
    "sample",
]
__dir__ = _public_names(__all__)

if not _typing.TYPE_CHECKING:  # type checkers know the names above, and no others
    __getattr__ = _missing_names(__name__, __all__)
