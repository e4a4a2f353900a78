"""Describe the columns of a program by the facts in the schema."""

from __future__ import annotations

from ...engine.schema import CONTEXT, PLAN, PLAN_CONTEXT, TABLE
from .fixed_numbers import FIXED
from .optimizing import MEMORY

DTYPES = {
    prefix + column.name: column.dtype
    for prefix, columns in (
        ("", (*TABLE, *FIXED.columns)),
        ("plan.", PLAN),
        ("optimizer.", MEMORY),
    )
    for column in columns
}
CONTEXT_COLUMNS = {*CONTEXT, *(f"plan.{name}" for name in PLAN_CONTEXT)}
"""Columns that are forgotten when a network is cleared."""

METHODS = ("step", "learn", "clear", "numbers", "load")
"""Methods of an instance in JavaScript and Python."""


def is_whole(name: str) -> bool:
    """Return whether a column has integers."""
    return DTYPES[name] not in ("float", "float64")


def member(name: str) -> str:
    """Return the name of a column in an instance, which differs from the names of its
    methods.
    """
    name = name.replace(".", "_")
    return f"{name}_" if name in METHODS else name
