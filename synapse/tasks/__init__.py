"""Generate sequence tasks from seeds, with inputs, targets, and judges of outputs.

To learn a text of your own, use :class:`Alphabet`, :class:`TextWindows` and
:func:`sample`, which convert letters to indices and back, cut windows to learn from,
and sample text from the network.
"""

from .._checks import public_module as _public_module
from . import reber
from ._adding import Adding
from ._copying import Copy
from ._mackey_glass import MackeyGlass
from ._reber import EmbeddedReber
from ._recall import Recall
from ._samples import Ranked, Sample, SampleBatch, SampleStream, Score, Sides, Within
from ._task import Criterion, StreamTask, Task
from ._text import Alphabet, TextWindows, sample

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
_public_module(__name__, __all__)
