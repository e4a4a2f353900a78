"""The operations of a walk, by name, and how often each is drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from synapse.errors import SynapseError

OPERATIONS = {}
"""By name: how often, and the function of a world."""

KNOWN = set()
"""Names of operations that a known defect blocks; empty when there is none."""

ANY = object()
"""Of a `Change`: any of them may have changed."""


@dataclass
class Change:
    """What an operation may have changed; everything else must be as before.

    ``added`` holds pairs of neurons, or their gaters by pair; ``numbers`` the neurons whose numbers may be
    others, ``weights`` the pairs. With ``modelled`` False the oracle takes everything over afterwards.
    """

    born: set = field(default_factory=set)
    gone: set = field(default_factory=set)
    added: dict = field(default_factory=dict)
    removed: set = field(default_factory=set)
    gated: dict = field(default_factory=dict)
    learns: dict = field(default_factory=dict)
    numbers: object = field(default_factory=set)
    weights: object = field(default_factory=set)
    ties: bool = False
    modelled: bool = True


ANYTHING = {"numbers": ANY, "weights": ANY, "ties": True, "modelled": False}
"""Of a `Change` that is not followed."""

DONE = object()
"""What an operation answers whose parts have been compared one by one."""


def operation(often, of=None):
    """Register a function of a world as an operation; if it is done to one thing, of these of the world."""

    def register(function):
        OPERATIONS[function.__name__] = often, partial(_operate, function, of)
        return function

    return register


def _operate(function, of, world):
    drawn = []
    if of is not None:
        items = of(world) if callable(of) else getattr(world, of)
        drawn = [world.one(items() if callable(items) else items)]
    try:
        return None if None in drawn else function(world, *drawn)
    except Refused:
        return Change()


class Refused(Exception):  # noqa: N818 - reads as what it tells
    """The library has refused an operation, as it should have: nothing has changed."""


def done_or_refused(world, call, expected=None):
    """What a call returns. The operation ends here if it is refused, which must be so if it is `expected`."""
    made, error = attempt(world, call)
    if expected is not None:
        agree(world, error, expected)
    if error is not None:
        raise Refused
    return made


def done(world):
    """The end of an operation whose parts have been compared one by one."""
    world.check()
    world.oracle.adopt()
    return DONE


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
