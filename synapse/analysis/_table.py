"""Represent results as tables with columns, and convert them to pandas."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from .. import _html
from .._checks import pandas, pluralize


class Table:
    """Base class of results that are tables. They are frozen dataclasses whose fields
    are columns of one length.
    """

    def columns(self) -> dict[str, Any]:
        """Return the columns as a dict, by name."""
        names = [field.name for field in fields(self)]  # type: ignore[arg-type]
        return {name: getattr(self, name) for name in names}

    def __len__(self) -> int:
        return len(next(iter(self.columns().values())))

    def to_pandas(self) -> Any:
        """Convert to a ``pandas.DataFrame`` with these columns.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        return pandas.DataFrame(self.columns())

    def __repr__(self) -> str:
        rows = pluralize(len(self), "row")
        return f"<{type(self).__name__}, {rows}: {', '.join(self.columns())}>"

    def _repr_html_(self) -> str:
        """Return the first rows, for notebooks."""
        return _html.view(repr(self), _html.table(self.columns(), len(self)))
