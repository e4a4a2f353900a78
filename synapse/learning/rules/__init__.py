"""The learning rules that a trainer can use, one file each.

A new rule is a subclass of :class:`Rule` in a file of its own and one line in :data:`RULES`.
"""

from .base import BatchGradient, Options, Rule, Task
from .bptt import BackpropagationThroughTime
from .online import Online

RULES: dict[str, type[Rule]] = {
    "online": Online,
    "bptt": BackpropagationThroughTime,
}
"""By the name that ``Trainer(method=...)`` takes."""

__all__ = ["RULES", "BackpropagationThroughTime", "BatchGradient", "Online", "Options", "Rule", "Task"]
