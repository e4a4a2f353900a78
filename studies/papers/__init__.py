"""The papers' tables: classic experiments with many seeds, printed beside the published
figures.

Each table is a module with a ``TABLE``. Files of the same name have its page, with a
place for the results, and the results of all trials (CSV) with their picture."""

from importlib import import_module
from pathlib import Path

from synapse._checks import choice

from ._paper_table import PaperTable

FOLDER = Path(__file__).parent
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("[!_]*.py")))
"""Names of all tables: the modules of this package."""


def get(name: str) -> PaperTable:
    """Return a table by its name.

    >>> get("reber").rows[0].published.text
    '100 %, 8,440'
    """
    table: PaperTable = import_module(f".{choice('name', name, NAMES)}", __name__).TABLE
    return table
