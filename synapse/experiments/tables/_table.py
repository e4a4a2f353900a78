"""Tables of experiments: their rows, how they are run, and how they are printed beside published figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from ..._checks import unknown_name
from ...errors import ArgumentError
from ...readwrite.files import PathLike
from ..running import Plan
from ..statistics import FEW, median, success_rate
from ..trials import Trials

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from matplotlib.axes import Axes

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
    measures: Sequence[Measure] = (NEEDED,)
    solved: str | None = "needed"

    def __post_init__(self) -> None:
        labels = [row.label for row in self.rows]
        if len(set(labels)) < len(labels):
            raise ArgumentError(f"Expected rows with different labels in the table {self.name!r}.")

    def run(
        self,
        seeds: int | None = None,
        *,
        store: PathLike | None = None,
        executor: Executor | None = None,
        progress: bool | str = True,
        time_limit: float | None = None,
        retry: bool = False,
    ) -> Trials:
        """Run the trials of all rows; with a store, only those that are missing.

        Parameters
        ----------
        seeds : int, optional
            Largest number of seeds of each row. Default: that of the row.
        store, executor, progress, time_limit, retry
            As for :func:`synapse.experiments.run`.

        Returns
        -------
        Trials
        """
        tasks = [
            (dict(row.case), seed)
            for row in self.rows
            for seed in range(row.seeds if seeds is None else min(seeds, row.seeds))
        ]
        return Plan(self.trial, tasks, executor, time_limit, retry, progress).run(store)

    def groups(self, trials: Trials) -> list[tuple[Row, Trials]]:
        """The trials of each row that has any."""
        known = {name for row in self.rows for name in row.case}
        points = [{name: one[name] for name in known if name in one} for one in trials]
        found = [
            (row, Trials([one for one, point in zip(trials, points, strict=True) if point == row.case]))
            for row in self.rows
        ]
        return [(row, group) for row, group in found if group]

    def to_markdown(self, trials: Trials) -> str:
        """Print trials as a Markdown table: one line per row, beside the published figures."""
        groups = self.groups(trials)
        published = any(row.published for row, _ in groups)
        head = ["", "seeds", *(["solved"] if self.solved else []), *(each.title for each in self.measures)]
        lines = [self._cells(row, group) + [str(row.published or "")] * published for row, group in groups]
        head += ["published"] * published
        rules = ["---", *["---:"] * (len(head) - 1 - published), *["---"] * published]
        return "\n".join("| " + " | ".join(line) + " |" for line in (head, rules, *lines))

    def _cells(self, row: Row, group: Trials) -> list[str]:
        cells = [row.label, str(len(group))]
        if self.solved:
            cells.append(
                str(success_rate(sum(one.get(self.solved) is not None for one in group), len(group)))
            )
        for measure in self.measures:
            found = median([_number(one, measure.name) for one in group])
            ends = "range " if len(group) < FEW else ""
            span = f" ({ends}{measure.text(found.low)} to {measure.text(found.high)})"
            cells.append(f"{measure.text(found.value)}{span if len(group) > 1 and found.low < inf else ''}")
        return cells

    def plot(self, trials: Trials) -> Axes:
        """Draw the first measure of all trials, one line of dots per row, beside the published figures."""
        from ...draw import trials as drawn  # matplotlib is an extra

        measure, groups = self.measures[0], self.groups(trials)
        published = {
            row.label: row.published.value for row, _ in groups if row.published and row.published.value
        }
        values = {row.label: [one.get(measure.name) for one in group] for row, group in groups}
        return drawn(values, published, title=measure.title, log=measure.log)


def _number(trial: Mapping[str, Any], name: str) -> float:
    value = trial.get(name)
    return inf if value is None or value != value else float(value)
