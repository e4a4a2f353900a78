"""Represent the results of trials as a list of dicts, and compute their statistics."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Hashable, Iterable, Sequence
from typing import Annotated, Any

import numpy as np

from .. import _checks, _html
from .._typing import PathLike
from ..errors import ArgumentError
from ._estimate import Estimate, in_digits, median_of, rate_of
from ._trial_json import Point
from ._trial_store import read_rows

Row = dict[str, Any]


class Trials(list[Row]):
    """Results of trials, in the order of their seeds, as dicts with the ``seed`` and
    the values that the trial returned.

    Parameters
    ----------
    rows : iterable of dict
        The results.
    names : sequence of str
        Names of a sweep's parameters, which are also keys of the results.
    seconds : float
        Total time of all trials, including earlier ones whose results come from a
        store.

    Raises
    ------
    ArgumentTypeError
        If the rows are not dicts, the names not text, or the seconds not a number.
    """

    def __init__(
        self,
        rows: Iterable[Row] = (),
        names: Sequence[str] = (),
        seconds: float = math.nan,
    ) -> None:
        listed = _checks.listed("rows of Trials", rows, "dicts, one for each trial")
        super().__init__(
            _checks.instance("Each row of Trials", row, dict) for row in listed
        )
        self.names = tuple(_names("names", names))
        self.seconds = _checks.real_number("seconds", seconds)

    @property
    def failed(self) -> Trials:
        """Trials that have failed, with the reason under the key ``failed``."""
        return Trials((row for row in self if "failed" in row), self.names)

    def by(self, *names: str) -> dict[tuple[Any, ...], Trials]:
        """Group the trials by some of their values.

        Parameters
        ----------
        *names : str
            Keys of the results. Default: the parameters of the sweep.

        Returns
        -------
        dict of tuple to Trials
            Trials by their values under these names, in the order in which they first
            occur. Lists become tuples.

        Raises
        ------
        UnknownNameError
            If a result has no such key.

        Examples
        --------
        >>> trials = Trials(
        ...     [
        ...         {"seed": 0, "rate": 0.1},
        ...         {"seed": 0, "rate": 0.2},
        ...         {"seed": 1, "rate": 0.1},
        ...     ]
        ... )
        >>> {values: len(group) for values, group in trials.by("rate").items()}
        {(0.1,): 2, (0.2,): 1}
        """
        chosen = names or self.names
        other_names = [name for name in self.names if name not in chosen]
        groups: dict[tuple[Any, ...], Trials] = {}
        for row in self:
            values = tuple(_hashable(name, self._at(row, name)) for name in chosen)
            groups.setdefault(values, Trials(names=other_names)).append(row)
        return groups

    @_checks.suggests_arguments("success_rate")
    def success_rate(
        self, name: str, level: Annotated[float, _checks.between_0_and_1] = 0.95
    ) -> Estimate:
        """Return the fraction of trials with a true value, with its Wilson interval.

        Parameters
        ----------
        name : str
            Key of booleans, or of numbers 0 and 1. A failed trial counts as not
            successful.
        level : float
            Confidence level of the interval. Default 0.95.

        Raises
        ------
        UnknownNameError, ArgumentError
            If there is no such key or trial, or a value is neither true nor false.
        MissingExtraError
            If SciPy is not installed.

        Examples
        --------
        >>> trials = Trials({"seed": seed, "solved": seed != 3} for seed in range(20))
        >>> print(trials.success_rate("solved"))
        95 % (76 to 99)
        """
        values = [
            False if value is None and "failed" in row else value
            for row, value in self._valued(name)
        ]
        for value in values:
            binary = _checks.is_number(value) and value in (0, 1)
            fits = binary or isinstance(value, bool | np.bool_)
            _checks.require(fits, f"The values of {name!r}", "true or false", value)
        return rate_of(sum(map(bool, values)), len(values), level)

    @_checks.suggests_arguments("median")
    def median(
        self,
        name: str,
        level: Annotated[float, _checks.between_0_and_1] = 0.95,
        failed: Annotated[float, _checks.real_number] = math.inf,
    ) -> Estimate:
        """Return the median of a value, with its bootstrap interval.

        Parameters
        ----------
        name, level
            As for :meth:`success_rate`, but for numbers. None marks a trial that did
            not succeed.
        failed : float
            Value of trials that have failed or not succeeded. Default infinity, which
            suits numbers that are better when smaller, such as the number of sequences
            that a network needed.

        Raises
        ------
        UnknownNameError, ArgumentError, ArgumentTypeError, MissingExtraError
            As for :meth:`success_rate`, and if a value is not a number.

        Examples
        --------
        >>> needed = [4200, 5100, None, 4800, 6100]
        >>> trials = Trials({"seed": i, "needed": n} for i, n in enumerate(needed))
        >>> print(trials.median("needed"))
        5,100 (4,200 to -)
        """
        _checks.require(not math.isnan(failed), "failed", "a number, not NaN", failed)
        numbers = (
            failed if value is None else _checks.real_number("A value", value)
            for value in self.values(name)
        )
        return median_of([*numbers], level)

    def values(self, name: str) -> list[Any]:
        """Return a list of every trial's value under a key, with None for trials that
        have failed.

        Parameters
        ----------
        name : str
            Key of the results. UnknownNameError or ArgumentError if there is no such
            key or no trial.

        Examples
        --------
        >>> rows = [{"seed": 0, "needed": 4200}, {"seed": 1, "failed": "ValueError"}]
        >>> Trials(rows).values("needed")
        [4200, None]
        """
        return [value for _, value in self._valued(name)]

    def summary(
        self, rate: str | Sequence[str] = (), median: str | Sequence[str] = ()
    ) -> Any:
        """Return a ``pandas.DataFrame`` with a row for each point of a sweep, or a
        single row for other trials.

        Parameters
        ----------
        rate, median : str or sequence of str
            Keys whose success rates and medians are computed, see :meth:`success_rate`
            and :meth:`median`.

        Returns
        -------
        pandas.DataFrame
            Columns with the parameters, the number of ``trials``, how many ``failed``
            if any have, and an :class:`Estimate` for each statistic. To convert an
            estimate to its value, use ``float``.

        Raises
        ------
        UnknownNameError, ArgumentError, ArgumentTypeError
            As :meth:`success_rate` and :meth:`median`, or if two columns would have one
            name.
        MissingExtraError
            If pandas or SciPy is not installed.

        Examples
        --------
        >>> trials = Trials({"seed": seed, "solved": seed != 3} for seed in range(20))
        >>> print(trials.summary(rate="solved"))
           trials           solved
        0      20  95 % (76 to 99)
        """
        groups = list(self.by().values()) if self.names else [self]
        rates = _names("rate", rate)
        medians = _names("median", median)
        failed = self.failed
        counts = ["trials", "failed"] if failed else ["trials"]

        # Counted one by one: an entry that is no name may not be hashable, and is
        # refused below.
        names = [*self.names, *counts, *rates, *medians]
        _checks.require(
            not any(names.count(name) > 1 for name in names),
            "The columns of a summary",
            "of different names",
            names,
        )

        columns: dict[str, list[Any]] = {
            name: [group[0][name] for group in groups] for name in self.names
        }
        columns["trials"] = [len(group) for group in groups]
        if failed:
            columns["failed"] = [len(group.failed) for group in groups]
        columns |= {
            name: [group.success_rate(name) for group in groups] for name in rates
        }
        columns |= {name: [group.median(name) for group in groups] for name in medians}
        return _checks.pandas.DataFrame(columns)

    def to_pandas(self) -> Any:
        """Return a ``pandas.DataFrame`` with a row for each trial and a column for each
        key.

        Returns
        -------
        pandas.DataFrame
            Its ``to_csv``, ``to_markdown`` and ``groupby`` write and summarise the
            trials. In columns of numbers, None becomes NaN.

        Examples
        --------
        >>> rows = [{"seed": seed, "rate": 0.1, "cost": 2.5 + seed} for seed in (0, 1)]
        >>> Trials(rows).to_pandas().groupby("rate")["cost"].mean()
        rate
        0.1    3.0
        Name: cost, dtype: float64
        """
        return _checks.pandas.DataFrame(list(self))

    def __repr__(self) -> str:
        text = f"<Trials, {_checks.pluralize(len(self), 'trial')}"
        if self.names:
            points = _checks.pluralize(len(self.by()), "point")
            text += f" at {points} of {' and '.join(self.names)}"
        if self.failed:
            text += f", {len(self.failed)} failed"
        others = ("seed", "failed", *self.names)
        keys = dict.fromkeys(name for row in self for name in row if name not in others)
        if keys:
            text += f": {', '.join(map(self._in_words, keys))}"
        return f"{text}>"

    def _in_words(self, name: str) -> str:
        """Return a key with the rate or median of its values, without an interval; in a
        sweep the key alone.
        """
        values = [row.get(name) for row in self]
        present = [value for value in values if value is not None]
        plain = (isinstance(each, bool) or _checks.is_number(each) for each in present)
        if self.names or not all(plain):
            return name
        if {*map(type, present)} == {bool}:
            return f"{name} {100 * values.count(True) / len(values):.0f} %"
        numbers = [math.inf if value is None else value for value in values]
        if any(map(math.isnan, numbers)):  # which have no order
            return f"{name} {in_digits(math.nan)}"
        return f"{name} {in_digits(statistics.median(numbers))}"

    def _repr_html_(self) -> str:
        """Return the first trials as a table, for notebooks."""
        names = dict.fromkeys(name for row in self for name in row)
        columns = {name: [row.get(name) for row in self] for name in names}
        return _html.view(repr(self), _html.table(columns, len(self)) if self else "")

    def _valued(self, name: str) -> list[tuple[Row, Any]]:
        """Return every trial with its value under a key."""
        if not self:
            raise ArgumentError(
                f"Expected at least one trial with the value {name!r}, got none."
            )
        return [(row, None if "failed" in row else self._at(row, name)) for row in self]

    def _at(self, row: Row, name: str) -> Any:
        if not _checks.is_among(name, row):
            names = [key for key in row if key != "seed"]
            raise _checks.unknown_name("value", name, names)
        return row[name]


def joined(rows: Iterable[tuple[Point, int, str, float]]) -> Trials:
    """Return trials from points, seeds, records as JSON, and seconds."""
    results = [
        ({"seed": seed, **point, **json.loads(text)}, point, time)
        for point, seed, text, time in rows
    ]
    names = dict.fromkeys(name for _, point, _ in results for name in point)
    return Trials(
        (row for row, _, _ in results),
        [*names],
        math.fsum(time for _, _, time in results),
    )


@_checks.suggests_arguments()
def read_trials(store: PathLike) -> Trials:
    """Read all results of a store, also while a run is writing it.

    Parameters
    ----------
    store : path
        SQLite file that :func:`run_trials` or :func:`sweep` has written.

    Returns
    -------
    Trials
        All trials, sorted by point and seed.

    Raises
    ------
    TrialStoreError, FormatError
        If there is no such file, or it is not a store, damaged, or of a newer version.
        (Every trial has a digest in its store. :func:`run_trials` and :func:`sweep`
        repeat trials that do not agree with their digests.)

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from synapse.experiments import run_trials
    >>> def trial(seed):
    ...     return {"square": seed**2}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = pathlib.Path(folder) / "squares.db"
    ...     trials = run_trials(trial, seeds=range(3), store=store, progress=False)
    ...     read_trials(store) == trials
    True
    """
    rows = read_rows(store)
    return joined(
        (json.loads(point), seed, *done) for (point, seed), done in rows.items()
    )


def _names(title: str, names: Any) -> list[str]:
    """Return one name or several as a list."""
    if isinstance(names, str):
        return [names]
    return _checks.listed(title, names, "a name, or a list of names")


def _hashable(name: str, value: Any) -> Any:
    """Return a value that can be the key of a group, converting lists to tuples."""
    if isinstance(value, list):
        return tuple(_hashable(name, entry) for entry in value)
    _checks.require_type(
        isinstance(value, Hashable),
        f"The values of {name!r}",
        "numbers, text or lists",
        value,
    )
    return value
