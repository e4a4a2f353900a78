"""Tables of documents whose rows are numbers that the schema has no columns for: traces and sensitivities.

Each is declared once, with the attributes that it is written from and read into.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._checks import Records


class Field(NamedTuple):
    """A column: finite numbers, or rows of another table, from which `counted` counts (default: indices).

    `attribute` is the name of its array in :class:`Traces` or :class:`Kept`. An index may be null if `null`
    says what that means.
    """

    attribute: str
    of: str = ""
    null: str = ""
    counted: int | None = None


class Entries(NamedTuple):
    """A table: what messages call a row, the first word of its arrays in ``.npz`` files, and its fields."""

    item: str
    word: str
    fields: dict[str, Field]


TRACES = {
    "eligibility": Entries(
        "eligibility",
        "eligibility",
        {"connection": Field("eligible", "connections"), "value": Field("eligibility")},
    ),
    "influence": Entries(
        "influence",
        "influence",
        {
            "gater": Field("gater", "neurons"),
            "gated": Field("gated", "neurons"),
            "value": Field("influence"),
        },
    ),
    "extended": Entries(
        "extended trace",
        "extended",
        {
            "influence": Field("pair", "influence"),
            "connection": Field("extending", "connections", null="the bias"),
            "value": Field("extended"),
        },
    ),
}
SENSITIVITIES = {
    "recurrent": Entries(
        "recurrent neuron", "recurrent", {"neuron": Field("roots", "neurons"), "slope": Field("slopes")}
    ),
    "parameters": Entries(
        "parameter",
        "parameter",
        {
            "neuron": Field("owner", "neurons"),
            "connection": Field("connection", "connections", null="the bias"),
            "column": Field("column", "parameters", counted=0),
        },
    ),
    "lines": Entries(
        "line",
        "line",
        {
            "recurrent": Field("line_root", "recurrent"),
            "first": Field("line_first", "parameters", counted=0),
            "length": Field("line_length", "parameters", counted=1),
        },
    ),
    "sensitivity": Entries(
        "sensitivity", "sensitivity", {"value": Field("now"), "previous": Field("before")}
    ),
}
"""Tables of networks whose sensitivities include the latest step."""
ENTRIES = {**TRACES, **SENSITIVITIES}
NULLS = tuple(
    (name, key) for name, table in ENTRIES.items() for key, field in table.fields.items() if field.null
)
"""Columns in which -1 stands for null."""


def written(tables: Mapping[str, Entries], source: Any) -> dict[str, dict[str, Any]]:
    """The tables of a document, from the attributes of an object."""
    return {
        name: {key: getattr(source, field.attribute) for key, field in table.fields.items()}
        for name, table in tables.items()
    }


def read(
    tables: Mapping[str, Entries], data: dict[str, Any], known: Mapping[str, Records], dtype: Any
) -> dict[str, NDArray[Any]]:
    """The attributes of an object, from a document with these tables and others that are `known`."""
    found = {
        name: Records.of_columns(table.item, data, name, tuple(table.fields))
        for name, table in tables.items()
    }
    others = {**known, **found}
    return {
        field.attribute: _column(found[name], key, field, others, dtype)
        for name, table in tables.items()
        for key, field in table.fields.items()
    }


def _column(
    table: Records, key: str, field: Field, others: Mapping[str, Records], dtype: Any
) -> NDArray[Any]:
    if not field.of:
        return table.numbers(key, dtype)
    of, counted = others[field.of], field.counted
    if counted is None:
        return table.indices(key, of, field.null).astype(np.int64)
    return table.whole(key, counted, len(of) - 1 + counted).astype(np.int64)
