"""Errors and warnings of Synapse.

Each error is a :class:`SynapseError` and also the matching built-in error, such as
ValueError. Its message states what was expected, what was given and, if it helps, what
to do.
"""


class SynapseError(Exception):
    """Base class of all errors of this library."""


class ArgumentError(SynapseError, ValueError):
    """An argument has an invalid value."""


class ArgumentTypeError(SynapseError, TypeError):
    """An argument has a wrong type."""


class TopologyError(SynapseError, ValueError):
    """Neurons and connections cannot be connected, gated or removed in this way."""


class UnknownNameError(SynapseError, LookupError, ValueError):
    """No object is registered under this name."""


class FormatError(SynapseError, ValueError):
    """A file does not contain a network, or results, in this format, or its content is
    inconsistent.
    """


class TrialStoreError(SynapseError, OSError):
    """A store of trials cannot be opened or written, because another run is writing it
    or the disk is full.
    """


class ExecutorError(SynapseError, RuntimeError):
    """An executor instead of a trial has failed, because one of its processes was
    killed or it has been shut down.
    """


class DivergenceError(SynapseError, ArithmeticError):
    """A value has become infinite or NaN during training."""


class FunctionError(SynapseError, RuntimeError):
    """A registered squash or cost has raised an error, which is its ``__cause__``."""


class OutOfRangeError(SynapseError, IndexError):
    """An index is out of range."""


class SynapseWarning(UserWarning):
    """Base class of all warnings of this library."""


class RateWarning(SynapseWarning):
    """A learning rate is so high that training rarely converges."""


class IncompleteWarning(SynapseWarning):
    """A network is written without the scale that its agent applies to observations,
    which is not a part of the network.
    """


class MissingExtraError(SynapseError, ImportError):
    """An optional package is not installed. The message contains the command that
    installs it.
    """


class TopologyWarning(SynapseWarning):
    """A network runs without a connection into its outputs, with connections that never
    act, or with two connections of a pair that act as one. Also if an edit makes a
    connection unnecessarily late.
    """


class FunctionWarning(SynapseWarning):
    """A user's function is called in Python, which takes longer, because the language
    of kernels does not support it.
    """


class TrainingWarning(SynapseWarning):
    """Training changes nothing, or a part of the network or data does not affect it."""


__all__ = [name for name, value in globals().items() if isinstance(value, type)]


def __dir__() -> list[str]:
    return __all__
