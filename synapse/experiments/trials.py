"""Results of trials: a list of dicts, its statistics, and its tables."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .. import _html
from .._checks import counted, expected, function_of, is_among, listed, real_number, unknown_name
from ..analysis.table import Table
from ..errors import ArgumentError
from ..readwrite.files import PathLike, write
from ._records import Point, described
from .statistics import Median, SuccessRate, median, shown_number, success_rate
from .store import read_rows, rescue_rows

Row = dict[str, Any]


SHOWN_ROWS = 20
"""Maximum number of rows that the `repr` of a summary shows."""


class Summary(Table):
    """A table of trials, or of groups of them, with the columns in a dict. Its `repr` shows the first rows.

    Parameters
    ----------
    columns : dict of str to list
        Columns by name, all of one length.
    """

    def __init__(self, columns: dict[str, list[Any]]) -> None:
        self._columns = columns

    def columns(self) -> dict[str, Any]:
        """Return the columns as a dict, by name."""
        return dict(self._columns)

    def __repr__(self) -> str:
        rows, more = self.to_markdown().splitlines(), len(self) - SHOWN_ROWS
        ending = [f"... and {counted(more, 'more row')}"] if more > 0 else []
        shown = rows[: SHOWN_ROWS + 2] if self._columns else []
        return "\n".join([super().__repr__(), *shown, *ending])

    def to_markdown(self, path: PathLike | None = None) -> str:
        """Return the table as Markdown. Infinite numbers and None are shown as "-".

        Parameters
        ----------
        path : path, optional
            File to write as well.

        Returns
        -------
        str
        """
        cells = {name: [_cell(value) for value in column] for name, column in self._columns.items()}
        marks = [" ---: " if _numeric(column) else " --- " for column in self._columns.values()]
        rows = [_line(map(_escaped, self._columns)), f"|{'|'.join(marks)}|"]
        rows += [_line(row) for row in zip(*cells.values(), strict=True)]
        return _written("\n".join(rows), path)

    def to_csv(self, path: PathLike | None = None) -> str:
        """Return the table as CSV. Floats have all digits; a statistic has three columns.

        The columns of a rate or median ``x`` are ``x``, ``x low`` and ``x high``.

        Parameters
        ----------
        path : path, optional
            File to write as well.

        Returns
        -------
        str
        """
        columns: dict[str, list[Any]] = {}
        for name, column in self._columns.items():
            if column and isinstance(column[0], SuccessRate | Median):
                for end, part in ((name, "value"), (f"{name} low", "low"), (f"{name} high", "high")):
                    columns[end] = [getattr(value, part) for value in column]
            else:
                columns[name] = [json.dumps(value) if isinstance(value, list) else value for value in column]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
        return _written(text.getvalue(), path)

    def _repr_html_(self) -> str:
        """The first rows, for notebooks."""
        return _html.view(super().__repr__(), self._html_table())

    def _html_table(self) -> str:
        cells = {name: map(_shown, column) for name, column in self._columns.items()}
        return _html.table(cells, len(self))


class Trials(list[Row]):
    """Results of trials, in the order of their seeds: dicts with the ``seed`` and what the trial returned.

    Parameters
    ----------
    rows : iterable of dict
        The results.
    names : sequence of str
        Names of the parameters of a sweep, which are also keys of the results.
    seconds : float
        Time that all trials took, also those that ran earlier and whose results come from a store.
    """

    def __init__(
        self, rows: Iterable[Row] = (), names: Sequence[str] = (), seconds: float = math.nan
    ) -> None:
        super().__init__(rows)
        self.names, self.seconds = tuple(names), seconds

    @property
    def failed(self) -> Trials:
        """Trials that have failed, with the reason under the key ``failed``."""
        return Trials((row for row in self if "failed" in row), self.names)

    def by(self, *names: str) -> dict[tuple[Any, ...], Trials]:
        """Group the trials by some of their values.

        Parameters
        ----------
        *names : str
            Keys of the results. By default the parameters of the sweep.

        Returns
        -------
        dict of tuple to Trials
            Trials by their values under these names, in the order in which they first occur. Lists become
            tuples.

        Raises
        ------
        UnknownNameError
            If a result has no such key.

        Examples
        --------
        >>> trials = Trials([{"seed": 0, "rate": 0.1}, {"seed": 0, "rate": 0.2}, {"seed": 1, "rate": 0.1}])
        >>> {values: len(group) for values, group in trials.by("rate").items()}
        {(0.1,): 2, (0.2,): 1}
        """
        chosen = names or self.names
        rest = [name for name in self.names if name not in chosen]
        groups: dict[tuple[Any, ...], Trials] = {}
        for row in self:
            values = tuple(_hashable(self._at(row, name)) for name in chosen)
            groups.setdefault(values, Trials(names=rest)).append(row)
        return groups

    def rate(self, name: str, level: float = 0.95) -> SuccessRate:
        """Return the fraction of trials with a true value, with its Wilson interval.

        Parameters
        ----------
        name : str
            Key of booleans, or of numbers 0 and 1. A failed trial counts as not successful.
        level : float
            Confidence level of the interval. Default 0.95.

        Returns
        -------
        SuccessRate

        Raises
        ------
        UnknownNameError, ArgumentError
            If there is no such key, or a value is neither true nor false.

        Examples
        --------
        >>> print(Trials({"seed": seed, "solved": seed != 3} for seed in range(20)).rate("solved"))
        95 % (76 to 99)
        """
        found = [False if "failed" in row else self._at(row, name) for row in self]
        for value in found:
            if value not in (0, 1):
                raise ArgumentError(expected(f"The values of {name!r}", "true or false", value))
        return success_rate(sum(map(bool, found)), len(found), level)

    def median(self, name: str, level: float = 0.95, failed: float = math.inf) -> Median:
        """Return the median of a value, with its bootstrap interval.

        Parameters
        ----------
        name : str
            Key of numbers. None stands for a trial that did not succeed.
        level : float
            Confidence level of the interval. Default 0.95.
        failed : float
            Value of trials that have failed or not succeeded. Default infinity, which suits numbers that are
            better when smaller, such as the sequences that a network needed.

        Returns
        -------
        Median

        Raises
        ------
        UnknownNameError, ArgumentError, ArgumentTypeError
            If there is no such key, or a value is not a number.

        Examples
        --------
        >>> needed = [4200, 5100, None, 4800, 6100]
        >>> print(Trials({"seed": i, "needed": n} for i, n in enumerate(needed)).median("needed"))
        5,100 (4,200 to -)
        """
        missing = real_number("The failed", failed)
        found = [None if "failed" in row else self._at(row, name) for row in self]
        return median([missing if value is None else value for value in found], level)

    def summary(self, rate: str | Sequence[str] = (), median: str | Sequence[str] = ()) -> Summary:
        """Return a table with a row for each point of a sweep; for other trials, one row.

        Parameters
        ----------
        rate, median : str or sequence of str
            Keys whose success rates and medians are computed, see :meth:`rate` and :meth:`median`.

        Returns
        -------
        Summary
            Columns: the parameters, the number of ``trials``, how many ``failed`` if any have, and one for
            each statistic.

        Examples
        --------
        >>> trials = Trials({"seed": seed, "solved": seed != 3} for seed in range(20))
        >>> print(trials.summary(rate="solved").to_markdown())
        | trials | solved |
        | ---: | ---: |
        | 20 | 95 % (76 to 99) |
        """
        groups = list(self.by().values()) if self.names else [self]
        columns = {name: [group[0][name] for group in groups] for name in self.names}
        columns["trials"] = [len(group) for group in groups]
        if self.failed:
            columns["failed"] = [len(group.failed) for group in groups]
        for name in _names("The rate", rate):
            columns[name] = [group.rate(name) for group in groups]
        for name in _names("The median", median):
            columns[name] = [group.median(name) for group in groups]
        return Summary(columns)

    def table(self) -> Summary:
        """Return a table with a row for each trial and a column for each key; None where a trial has none."""
        names = dict.fromkeys(name for row in self for name in row)
        return Summary({name: [row.get(name) for row in self] for name in names})

    def to_markdown(self, path: PathLike | None = None) -> str:
        """Return all trials as a Markdown table, see :meth:`Summary.to_markdown`.

        Parameters
        ----------
        path : path, optional
            File to write as well.

        Returns
        -------
        str
        """
        return self.table().to_markdown(path)

    def to_csv(self, path: PathLike | None = None) -> str:
        """Return all trials as CSV, see :meth:`Summary.to_csv`. Lists are written as JSON.

        Parameters
        ----------
        path : path, optional
            File to write as well.

        Returns
        -------
        str
        """
        return self.table().to_csv(path)

    def __repr__(self) -> str:
        count, failed = counted(len(self), "trial"), len(self.failed)
        points = f" at {counted(len(self.by()), 'point')} of {' and '.join(self.names)}" if self.names else ""
        known = ("seed", "failed", *self.names)
        values = dict.fromkeys(name for row in self for name in row if name not in known)
        named = f": {', '.join(values)}" if values else ""
        return f"<Trials, {count}{points}{f', {failed} failed' if failed else ''}{named}>"

    def _repr_html_(self) -> str:
        """The first trials as a table, for notebooks."""
        return _html.view(repr(self), self.table()._html_table() if self else "")

    def _at(self, row: Row, name: str) -> Any:
        if not is_among(name, row):
            raise unknown_name("value", name, [key for key in row if key != "seed"])
        return row[name]


def joined(rows: Iterable[tuple[Point, int, str, float]]) -> Trials:
    """Trials from points, seeds, records as JSON, and seconds."""
    found = [({"seed": seed, **point, **json.loads(text)}, point, time) for point, seed, text, time in rows]
    names = dict.fromkeys(name for _, point, _ in found for name in point)
    return Trials((row for row, _, _ in found), [*names], math.fsum(time for _, _, time in found))


def read_trials(store: PathLike) -> Trials:
    """Read all results of a store, also while a run is writing it.

    Parameters
    ----------
    store : path
        SQLite file that :func:`run` or :func:`sweep` has written.

    Returns
    -------
    Trials
        All trials, sorted by point and seed.

    Raises
    ------
    TrialStoreError, FormatError
        If there is no such file, or it is not a store, damaged, or of a newer version.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from synapse.experiments import run
    >>> def trial(seed):
    ...     return {"square": seed**2}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = pathlib.Path(folder) / "squares.db"
    ...     first = run(trial, seeds=range(3), store=store, progress=False)
    ...     read_trials(store) == first
    True
    """
    rows = read_rows(store)
    return joined((json.loads(point), seed, *done) for (point, seed), done in rows.items())


def rescue(store: PathLike, path: PathLike, trial: Callable[..., Any] | None = None) -> Trials:
    """Save the intact trials of a damaged store in a new one, with which the same run goes on.

    Every trial has a digest in its store, so no damaged value is taken for a result.

    Parameters
    ----------
    store : path
        The damaged SQLite file. It does not change.
    path : path
        The new store.
    trial : callable, optional
        The function of the trials, as :func:`run` takes it. It is needed if its name is damaged in the store.

    Returns
    -------
    Trials
        The intact trials.

    Raises
    ------
    TrialStoreError, FormatError
        If the new file exists already, or nothing can be read of the old one.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from synapse.experiments import run
    >>> def trial(seed):
    ...     return {"square": seed**2}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = pathlib.Path(folder) / "squares.db"
    ...     _ = run(trial, seeds=range(3), store=store, progress=False)
    ...     damaged = store.read_bytes().replace(b'"square": 4', b'"square": 5')
    ...     _ = store.write_bytes(damaged)
    ...     [row["seed"] for row in rescue(store, pathlib.Path(folder) / "intact.db")]
    [0, 1]
    """
    rescue_rows(store, path, None if trial is None else described(function_of("The trial", trial, "seed")))
    return read_trials(path)


def _names(what: str, given: Any) -> list[str]:
    return [given] if isinstance(given, str) else listed(what, given, "a name, or a list of names")


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


def _numeric(column: list[Any]) -> bool:
    return all(isinstance(value, int | float | SuccessRate | Median) or value is None for value in column)


def _cell(value: Any) -> str:
    return _escaped(_shown(value))


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return str(value) if isinstance(value, SuccessRate | Median) else shown_number(value)


def _escaped(text: str) -> str:
    """Text that stays within its cell."""
    return " ".join(text.split()).replace("|", r"\|")


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _written(text: str, path: PathLike | None) -> str:
    if path is not None:
        write(path, text if text.endswith("\n") else f"{text}\n")
    return text
