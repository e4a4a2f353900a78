"""The papers' tables: classic experiments with many seeds, printed beside the published figures.

``synapse table NAME`` runs them, see :mod:`synapse.cli`. Each table is a module with a ``TABLE``.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from ..._checks import choice
from ._table import (
    Measure as Measure,
    Published as Published,
    Row as Row,
    Table as Table,
)

NAMES: tuple[str, ...] = tuple(
    sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_"))
)
"""Names of all tables: the modules of this package."""


def get(name: str) -> Table:
    """Return a table by its name.

    Parameters
    ----------
    name : str
        One of :data:`NAMES`.

    Raises
    ------
    ArgumentError
        If there is no such table.

    Examples
    --------
    >>> get("reber").title
    'Embedded Reber grammar'
    """
    table: Table = import_module(f".{choice('The table', name, NAMES)}", __name__).TABLE
    return table
