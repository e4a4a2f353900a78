"""A paper's table: its rows, how they are run, and how they are printed beside the
published figures."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synapse._checks import unknown_name
from synapse._typing import PathLike
from synapse.errors import ArgumentError
from synapse.experiments import Trials
from synapse.experiments._running import run_tasks

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from matplotlib.axes import Axes

LEAST = 20
"""Rows with fewer seeds stand below the table as single runs, without intervals."""
NO_COMPARISON = (
    "This is no comparison of algorithms: settings, limits and details of the criteria"
    " differ between the rows, and from the papers."
)
MARKS = {
    "V": "read in a source",
    "C": "recalled, and partly cross-checked",
}
"""How sure a published figure is."""


@dataclass(frozen=True)
class Published:
    """A published figure: as printed, its mark (one of :data:`MARKS`), and its value
    for the plot."""

    text: str
    mark: str
    value: float | None = None

    def __post_init__(self) -> None:
        if self.mark not in MARKS:
            raise unknown_name("mark of a published figure", self.mark, MARKS)

    def __str__(self) -> str:
        return f"{self.text} ({self.mark})"


class Row:
    """A setting that is repeated for many seeds.

    Parameters
    ----------
    label : str
        The first column; unique in the table.
    published : Published, optional
        The figure of the paper.
    seeds : int
        Number of seeds, from 0. Default 30.
    **case
        Keyword arguments of the trial: booleans, numbers, strings, None, or lists of
        these.
    """

    def __init__(
        self,
        label: str,
        published: Published | None = None,
        seeds: int = 30,
        **case: Any,
    ) -> None:
        self.label = label
        self.published = published
        self.seeds = seeds
        self.case = case


@dataclass(frozen=True)
class Measure:
    """A number of the trials, printed as its median with a bootstrap interval; the
    first also as its mean.

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
        return "-" if value == inf else format(value, self.form)

    def cell(self, group: Trials) -> str:
        """The median of some trials, with its interval unless they are few."""
        medians = Trials(
            {"number": _number(trial, self.name)} for trial in group
        ).median("number")
        if len(group) < LEAST or medians.low == inf:
            return self.text(medians.value)
        return (
            f"{self.text(medians.value)} ({self.text(medians.low)} to"
            f" {self.text(medians.high)})"
        )

    def mean(self, group: Trials) -> str:
        """The mean of the finite numbers, as papers print it."""
        finite = [
            number
            for number in (_number(trial, self.name) for trial in group)
            if number < inf
        ]
        return self.text(sum(finite) / len(finite) if finite else inf)


NEEDED = Measure("needed", "training sequences")


@dataclass(frozen=True)
class PaperTable:
    """An experiment with many settings and seeds, printed beside published figures.

    Parameters
    ----------
    trial : callable
        ``trial(seed, **case)`` returns a dict of numbers. A function of a module, so
        that workers can import it.
    rows : sequence of Row
        The settings.
    measures : sequence of Measure
        What is printed for each row. The plot shows the first one.
    solved : str or None
        Key of the number that is None if a trial did not solve the task; None: there is
        no such column.
    shared : mapping
        Keyword arguments of the trial for all rows that do not give others.
    """

    trial: Callable[..., Mapping[str, Any]]
    rows: Sequence[Row]
    measures: Sequence[Measure] = (NEEDED,)
    solved: str | None = "needed"
    shared: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        labels = [row.label for row in self.rows]
        if len(set(labels)) < len(labels):
            raise ArgumentError("Expected rows with different labels in a table.")

    def run(
        self,
        seeds: int | None = None,
        *,
        store: PathLike | None = None,
        executor: Executor | None = None,
        progress: bool | str = True,
        retry: bool = False,
    ) -> Trials:
        """Run the trials of all rows; with a store, only those that are missing.

        `seeds` is the largest number of seeds of each row; other arguments are those of
        :func:`synapse.experiments.run_trials`.
        """
        tasks = [
            ({**self.shared, **row.case}, seed)
            for row in self.rows
            for seed in range(row.seeds if seeds is None else min(seeds, row.seeds))
        ]
        return run_tasks(self.trial, tasks, store, executor, retry, progress)

    def groups(self, trials: Trials) -> list[tuple[Row, Trials]]:
        """The trials of each row that has any. An argument that is not given counts as
        None."""
        names = {*self.shared, *(name for row in self.rows for name in row.case)}
        points = [_given(trial, names) for trial in trials]
        groups = []
        for row in self.rows:
            case = _given({**self.shared, **row.case}, names)
            group = Trials(
                trial
                for trial, point in zip(trials, points, strict=True)
                if point == case
            )
            if group:
                groups.append((row, group))
        return groups

    def to_markdown(self, trials: Trials) -> str:
        """Print trials as a Markdown table: one line per row, beside the published
        figures.

        Rows with few seeds follow as single runs, in grey.
        """
        rows = self.groups(trials)
        full = [(row, group) for row, group in rows if len(group) >= LEAST]
        few = [(row, group) for row, group in rows if len(group) < LEAST]
        parts = [self._table(full)] if full else []
        if few:
            title = f"Single runs: rows of fewer than {LEAST} seeds, without intervals."
            parts.append(
                '<div style="color:'
                f' #808080">\n\n{title}\n\n{self._table(few)}\n\n</div>'
            )
        if any(row.published for row, _ in rows):
            parts.append(NO_COMPARISON)
        return "\n\n".join([*parts, self._settings([row for row, _ in rows])])

    def _settings(self, rows: Sequence[Row]) -> str:
        """All arguments of the trials: those that the rows share, and what each row
        gives itself."""
        file = self.trial.__module__.replace(".", "/")
        lines = [f"Settings, the arguments of `{self.trial.__name__}` in `{file}.py`."]
        if self.shared:
            lines[0] += f" Rows that do not give others have {_written(self.shared)}."
        lines += ["", "| row | its settings |", "| --- | --- |"]
        return "\n".join(
            [*lines, *(f"| {row.label} | {_written(row.case)} |" for row in rows)]
        )

    def _table(self, groups: list[tuple[Row, Trials]]) -> str:
        published = any(row.published for row, _ in groups)
        main_measure, *others = (each.title for each in self.measures)
        mean = "mean of the solved" if self.solved else "mean"
        head = [
            "",
            "seeds",
            *(["solved"] if self.solved else []),
            main_measure,
            mean,
            *others,
        ]
        lines = [
            self._cells(row, group) + [str(row.published or "")] * published
            for row, group in groups
        ]
        head += ["published"] * published
        rules = ["---", *["---:"] * (len(head) - 1 - published), *["---"] * published]
        return "\n".join(
            "| " + " | ".join(line) + " |" for line in (head, rules, *lines)
        )

    def _cells(self, row: Row, group: Trials) -> list[str]:
        cells = [row.label, str(len(group))]
        if self.solved:
            solved = [trial.get(self.solved) is not None for trial in group]
            rate = Trials({"solved": each} for each in solved).success_rate("solved")
            cells.append(
                str(rate) if len(group) >= LEAST else f"{sum(solved)} of {len(group)}"
            )
        main_measure, *others = self.measures
        return [
            *cells,
            main_measure.cell(group),
            main_measure.mean(group),
            *(measure.cell(group) for measure in others),
        ]

    def plot(self, trials: Trials) -> Axes:
        """Draw the first measure of all trials, one line of dots per row, beside the
        published figures."""
        from ._dots import draw_dots  # matplotlib is an extra

        measure = self.measures[0]
        groups = self.groups(trials)
        published = {
            row.label: row.published.value
            for row, _ in groups
            if row.published and row.published.value
        }
        values = {
            row.label: [_number(trial, measure.name) for trial in group]
            for row, group in groups
        }
        return draw_dots(values, published, measure.title, measure.log)


def _given(trial: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: trial[name] for name in names if trial.get(name) is not None}


def _written(case: Mapping[str, Any]) -> str:
    return ", ".join(f"`{name}={value!r}`" for name, value in case.items())


def _number(trial: Mapping[str, Any], name: str) -> float:
    value = trial.get(name)
    return inf if value is None or value != value else float(value)


def read_results(path: Path) -> tuple[str, Trials]:
    """Read a CSV file of trials: how they were made, which is its first line, and the
    trials."""
    with path.open(encoding="utf-8", newline="") as file:
        made = file.readline().removeprefix("# ").strip()
        return made, Trials(
            {name: _value(text) for name, text in row.items()}
            for row in csv.DictReader(file)
        )


def _value(text: str) -> Any:
    """A number, boolean, list or string of a CSV file; None for an empty cell."""
    if text in ("", "True", "False"):
        return {"": None, "True": True, "False": False}[text]
    try:
        return json.loads(text)
    except ValueError:
        return float(text) if text in ("nan", "inf") else text
