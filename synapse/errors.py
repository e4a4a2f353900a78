"""Everything that Synapse raises, and the one form of its sentences.

Each error is a :class:`SynapseError` and also the built-in error that a caller would expect.
A sentence says what was expected, what was given and, where it helps, what to do.
"""

from __future__ import annotations


class SynapseError(Exception):
    """The parent of all errors of this library."""


class ArgumentError(SynapseError, ValueError):
    """An argument has a value that cannot be used."""


class KindError(SynapseError, TypeError):
    """An argument is of the wrong type."""


class TopologyError(SynapseError, ValueError):
    """Neurons and connections cannot be linked, gated or removed this way."""


class UnknownNameError(SynapseError, LookupError, ValueError):
    """No function of this name is registered."""


class FormatError(SynapseError, ValueError):
    """A file does not hold a network of this format, or holds one that contradicts itself."""


class DivergenceError(SynapseError, ArithmeticError):
    """Training has left the range of finite numbers."""


class FunctionError(SynapseError, RuntimeError):
    """A registered squash or cost raised an error; the error itself is the cause (``__cause__``)."""


class PlaceError(SynapseError, IndexError):
    """There is no item at this place of a sequence."""


class RateWarning(UserWarning):
    """A rate of a training is so high that it rarely converges."""


class MissingExtraError(SynapseError, ImportError):
    """A package that only an extra brings is not installed."""


class TopologyWarning(UserWarning):
    """The outputs of a network that is run depend on nothing, as no connection leads into them."""


class TrainingWarning(UserWarning):
    """A training changes nothing, or cannot change or use a part of the network."""
