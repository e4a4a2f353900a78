"""The operations of a walk, by name, and how often each is drawn."""

from __future__ import annotations

from synapse.errors import SynapseError

OPERATIONS = {}
"""By name: how often, and the function of a world."""

KNOWN = set()
"""Names of operations that a known defect blocks; empty when there is none."""

DONE = object()
"""What an operation answers whose parts have been compared one by one."""


def operation(often):
    """Register a function of a world as an operation."""

    def register(function):
        OPERATIONS[function.__name__] = often, function
        return function

    return register


def attempt(world, call):
    """What a call returns, and the error by which the library refuses it."""
    try:
        return call(), None
    except SynapseError as error:
        world.note("refused:", type(error).__name__, str(error)[:90])
        return None, error


def agree(world, error, expected):
    """What must be refused was refused, and nothing else; a recording may refuse more."""
    if error is not None and "record" in str(error) and any(s.recorder is not None for s in world.stores()):
        return
    assert (error is not None) == expected, f"refused: {error}; a refusal was expected: {expected}"
