"""Make room in the columns of a program."""

from __future__ import annotations

import numpy as np

from ..schema import PROGRAM
from ..store_rows import StoreRows

_NAMES = {
    axis: [column.name for column in PROGRAM if column.axis == axis]
    for axis in ("node", "run", "influence", "pull", "ring")
}


def make_room(store: StoreRows, axis: str, rows: int, spare: int = 0) -> None:
    """Resize the columns of an axis to `rows` rows, or up to `spare` more, without
    values.
    """
    columns = store.columns
    names = _NAMES[axis]
    if not rows <= len(columns[names[0]]) <= rows + spare:
        columns.update(
            {name: np.empty(rows + spare // 16, columns[name].dtype) for name in names}
        )


def cut(store: StoreRows, axis: str, rows: int, spare: int = 0) -> None:
    """Cut the columns of an axis to the rows in use, unless only few rows are
    unused.
    """
    columns = store.columns
    names = _NAMES[axis]
    if len(columns[names[0]]) > rows + spare:
        columns.update({name: columns[name][:rows].copy() for name in names})
