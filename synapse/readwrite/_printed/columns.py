"""What the schema says of the columns of a program."""

from __future__ import annotations

from ...engine.schema import CONTEXT, PLAN, PLAN_CONTEXT, TABLE
from .optimizing import MEMORY

DTYPES = {
    prefix + column.name: column.dtype
    for prefix, columns in (("", TABLE), ("plan.", PLAN), ("optimizer.", MEMORY))
    for column in columns
}
CONTEXT_COLUMNS = {*CONTEXT, *(f"plan.{name}" for name in PLAN_CONTEXT)}
"""What is forgotten when a network is cleared."""

METHODS = ("step", "learn", "clear", "numbers", "load")
"""What an instance offers in JavaScript and Python."""


def is_whole(name: str) -> bool:
    """Return whether a column has integers."""
    return DTYPES[name] not in ("float", "float64")


def member(name: str) -> str:
    """Return the name of a column in an instance; its methods have other names."""
    name = name.replace(".", "_")
    return f"{name}_" if name in METHODS else name
