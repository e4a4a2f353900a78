"""Rows of the table of all public calls, and what they have in common."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from .world import (
    EITHER,
    Call,
    World,
)

Kinds = frozenset[str]
TABLE: dict[str, Call] = {}
HUGE = frozenset({"10**400", "10**5000"})


def add(
    name: str,
    function: Callable[[World], Callable[..., Any]],
    good: Callable[[World], dict[str, Any]] = lambda w: {},
    warns: dict[str, Kinds] | None = None,
    skipped: dict[str, Kinds] | None = None,
    /,
    **kinds: Kinds,
) -> None:
    """A row of the table."""
    TABLE[name] = Call(function, good, kinds, warns or {}, skipped or {})


def plain(thing: Any) -> Callable[[World], Any]:
    """A function that is no method of a thing in the world."""
    return lambda w: thing


def setter(owner: Callable[[World], Any], name: str) -> Callable[[World], Any]:
    """The assignment of a property."""

    def found(w: World) -> Callable[[Any], None]:
        thing = owner(w)
        return lambda value: setattr(thing, name, value)

    return found


def then(make: Callable[..., Any], use: Callable[[Any], Any]) -> Callable[[World], Any]:
    """A class whose instances are used at once, so that what is accepted is also of use."""

    @wraps(make)
    def made_and_used(*values: Any, **named: Any) -> None:
        use(make(*values, **named))

    return lambda w: made_and_used


def keep(w: World, name: str, thing: Any) -> Any:
    """A thing of the world whose attributes must stay as they are."""
    return w.extra.setdefault(name, thing)


data = {"inputs": EITHER, "targets": EITHER}
given: Callable[[World], dict[str, Any]] = lambda w: {  # noqa: E731
    "network": w.net,
    "inputs": w.inputs,
    "targets": w.targets,
}
seeded: Callable[..., Callable[[World], dict[str, Any]]]
seeded = lambda **options: lambda w: {**options, "seed": w.rng}  # noqa: E731
