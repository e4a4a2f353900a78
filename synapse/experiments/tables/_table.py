"""Tables of experiments: their rows, how they are run, and how they are printed beside published figures."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._checks import unknown_name
from ...errors import ArgumentError

if TYPE_CHECKING:
    from ..trials import Trials

MARKS = {
    "V": "read in a source",
    "C": "recalled, and partly cross-checked",
    "U": "recalled only, not verified",
}
"""How sure a published figure is."""


@dataclass(frozen=True)
class Published:
    """A published figure.

    Parameters
    ----------
    text : str
        The figure as printed, such as ``"100 %, 8,440"``.
    mark : {"V", "C", "U"}
        How sure it is: read in a source, recalled and partly cross-checked, or recalled only.
    value : float, optional
        The number to compare the first measure with, for the plot.
    """

    text: str
    mark: str
    value: float | None = None

    def __post_init__(self) -> None:
        if self.mark not in MARKS:
            raise unknown_name("mark of a published figure", self.mark, MARKS)

    def __str__(self) -> str:
        return f"{self.text} ({self.mark})"


@dataclass(frozen=True)
class Row:
    """One row of a table: a setting that is repeated for many seeds.

    Parameters
    ----------
    label : str
        What is printed in the first column; unique in the table.
    case : mapping
        Keyword arguments of the trial: booleans, numbers, strings, None, or lists of these.
    published : Published, optional
        The figure of the paper.
    seeds : int
        Number of seeds, from 0. Default 30.
    """

    label: str
    case: Mapping[str, Any]
    published: Published | None = None
    seeds: int = 30


@dataclass(frozen=True)
class Measure:
    """A number of the trials, printed as its median with a bootstrap interval.

    Parameters
    ----------
    name : str
        Key of the dict that the trial returns. None counts as infinite.
    title : str
        Heading of the column.
    form : str
        Format of the number. Default: whole numbers with commas.
    log : bool
        Whether the plot has a logarithmic axis.
    """

    name: str
    title: str
    form: str = ",.0f"
    log: bool = True

    def text(self, value: float) -> str:
        """A number as it is printed; a dash if it is infinite."""
        return "-" if value == float("inf") else format(value, self.form)


NEEDED = Measure("needed", "training sequences")


@dataclass(frozen=True)
class Table:
    """An experiment with many settings and seeds, printed beside published figures.

    Parameters
    ----------
    name : str
        Name of the table, for ``synapse table NAME``.
    title : str
        Heading.
    text : str
        What is measured and how: the task, the networks, the criterion, in Markdown.
    trial : callable
        ``trial(seed, **case)`` returns a dict of numbers. A function of a module, so that workers can import
        it.
    rows : sequence of Row
        The settings.
    measures : sequence of Measure
        What is printed for each row. The plot shows the first one.
    solved : str or None
        Key of the number that is None if a trial did not solve the task; None: there is no such column.
    """

    name: str
    title: str
    text: str
    trial: Callable[..., Mapping[str, Any]]
    rows: Sequence[Row]
    measures: Sequence[Measure] = field(default=(NEEDED,))
    solved: str | None = "needed"

    def __post_init__(self) -> None:
        labels = [row.label for row in self.rows]
        if len(set(labels)) < len(labels):
            raise ArgumentError(f"Expected rows with different labels in the table {self.name!r}.")
