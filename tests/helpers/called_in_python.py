"""Register functions that are no formulas, without their warning."""

import warnings

from synapse.errors import FunctionWarning


def in_python(register):
    """A decorator that registers a function which the engine calls in Python."""

    def registered(function):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FunctionWarning)
            return register(function)

    return registered
