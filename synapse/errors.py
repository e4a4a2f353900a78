"""Errors and warnings of Synapse.

Each error is a :class:`SynapseError` and also the matching built-in error, such as
ValueError. Its message contains what was expected, what was given and, if it helps,
what to do.
"""


class SynapseError(Exception):
    """Base class of all errors of this library."""


class ArgumentError(SynapseError, ValueError):
    """An argument has a value that cannot be used."""


class ArgumentTypeError(SynapseError, TypeError):
    """An argument is of the wrong type."""


class TopologyError(SynapseError, ValueError):
    """Neurons and connections cannot be connected, gated or removed in this way."""


class UnknownNameError(SynapseError, LookupError, ValueError):
    """Nothing is registered under this name."""


class FormatError(SynapseError, ValueError):
    """A file does not contain a network, or results, in this format, or its content is
    inconsistent.
    """


class TrialStoreError(SynapseError, OSError):
    """A store of trials cannot be opened or written: another run is writing it, or the
    disk is full.
    """


class ExecutorError(SynapseError, RuntimeError):
    """An executor has failed, not a trial: a process of it was killed, or it has been
    shut down.
    """


class DivergenceError(SynapseError, ArithmeticError):
    """A value has become infinite or NaN during training."""


class FunctionError(SynapseError, RuntimeError):
    """A registered activation function or cost has raised an error; see
    ``__cause__``.
    """


class OutOfRangeError(SynapseError, IndexError):
    """An index is out of range."""


class SynapseWarning(UserWarning):
    """Base class of all warnings of this library."""


class RateWarning(SynapseWarning):
    """A learning rate is so high that training rarely converges."""


class IncompleteWarning(SynapseWarning):
    """Only a part is written: the scale that an agent applies to observations is not in
    its network.
    """


class MissingExtraError(SynapseError, ImportError):
    """An optional package is not installed; the message has the command that installs
    it.
    """


class TopologyWarning(SynapseWarning):
    """A network runs without a connection into its outputs, with connections that never
    act, or with two of a pair that act as one; or an edit makes a connection late
    unnecessarily.
    """


class FunctionWarning(SynapseWarning):
    """A function of yours is beyond the language of kernels, so it is called in Python,
    which takes longer.
    """


class TrainingWarning(SynapseWarning):
    """Training changes nothing, or a part of the network or data has no effect on
    it.
    """


__all__ = [name for name, value in globals().items() if isinstance(value, type)]


def __dir__() -> list[str]:
    return __all__
