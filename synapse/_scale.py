"""Standard units by means and deviations of columns, after optional differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Annotated, Any, Self, final

import numpy as np
from numpy.typing import ArrayLike

from . import _checks, engine
from ._typing import Floats, Ints
from .errors import ArgumentError

SQUARABLE = engine.functions.SQUARABLE
ROUNDING = engine.functions.ROUNDING
VANISHING = engine.functions.VANISHING
MIN_COUNT = float(np.finfo(np.float64).tiny)
"""Replaces a count of 0, because it can be a divisor but does not affect any sum."""
UNCOUNTED = np.array([[MIN_COUNT], [1.0], [0.0], [0.0]])
"""Values of a column that has not counted any row."""
TOO_LARGE = (
    "Expected values whose squares are finite numbers, to standardise them, got larger"
    " ones. Pass other units, or leave them as they are (scale=False, normalize=False)."
)
ARRAYS = ("count", "deviation", "mean", "squares")
"""Values of each column that are stored in files."""

Lags = Sequence[Sequence[int]]


def _checked_lags(title: str, lags: Any) -> list[tuple[int, ...]]:
    by_column = _checks.listed(title, lags, "a list of lags for each column")
    condition = "whole numbers above 0, such as (12, 1)"
    return [
        tuple(
            _checks.positive_integer("A lag", lag)
            for lag in _checks.listed("The lags of a column", column, condition)
        )
        for column in by_column
    ]


@final
class Scale:
    """Standard units of columns, and their inverse.

    In standard units, each column has mean 0 and standard deviation 1 over all rows so
    far. A scale adds rows together (:meth:`add`), or follows a stream row by row
    (:meth:`follow`). Before its first row it changes nothing. The deviation of a
    constant column is 1 (means and squares by Chan, Golub and LeVeque 1983, and Welford
    1962).

    With `lags`, it uses and returns the differences y(t) - y(t - lag), for one lag of a
    column after the other, to remove a trend or a season.

    Rows may be a sparse array, as for :meth:`Network.run`. If the first rows of a scale
    are sparse, it divides by the deviations without subtracting means, so that 0 stays
    0.

    Parameters
    ----------
    columns : int
        Number of columns.
    half_life : float, optional
        Number of rows after which the weight of a row is halved in :meth:`follow`.
        Default: all rows have equal weight.
    lags : sequence of sequences of int, optional
        The lags of each column. For example, ``(1,)`` removes a trend, ``(12,)`` the
        season of months, ``(12, 1)`` both, and ``()`` nothing. Default: no column has
        lags.

    Attributes
    ----------
    lags : list of tuple of int
        The lags of each column.
    lost : int
        Number of rows at the beginning of a series that have no differences, which is
        the largest sum of the lags of a column.
    centred : bool
        Whether means are subtracted, which is false after sparse rows.

    Examples
    --------
    >>> scale = Scale(2)
    >>> scale.add([[1.0, 5.0], [3.0, 5.0]])
    >>> scale.standard([4.0, 6.0])
    array([2., 1.])
    >>> scale.original([2.0, 1.0])
    array([4., 6.])

    Differences of differences, and the continuation of a series if they stay 2:

    >>> squares = np.arange(6.0)[:, None] ** 2
    >>> twice = Scale(1, lags=[(1, 1)])
    >>> twice.standard(squares).ravel()
    array([2., 2., 2., 2.])
    >>> twice.original([[2.0], [2.0]], history=squares).ravel()
    array([36., 49.])
    """

    @_checks.suggests_arguments("Scale")
    def __init__(
        self,
        columns: Annotated[int, _checks.positive_integer],
        half_life: Annotated[float | None, _checks.positive_number] = None,
        lags: Annotated[Lags | None, _checked_lags] = None,
    ) -> None:
        if lags is not None and len(lags) != columns:
            condition = f"a list for each of {_checks.pluralize(columns, 'column')}"
            raise ArgumentError(_checks.expected("lags of Scale", condition, lags))
        self.half_life = half_life
        self.centred = True
        self._keep = 1.0 if half_life is None else 0.5 ** (1.0 / half_life)
        # replaced as a whole when rows have been counted
        self._numbers: Floats = np.repeat(UNCOUNTED, columns, axis=1)
        self._set_lags([()] * columns if lags is None else [*map(tuple, lags)])

    @classmethod
    def fixed(
        cls, mean: ArrayLike, deviation: ArrayLike, lags: Lags | None = None
    ) -> Scale:
        """Make a scale with these means and deviations, which count as one row.

        Parameters
        ----------
        mean, deviation : array_like, shape (columns,)
            Finite numbers. The deviations must be above 0.
        lags : sequence of sequences of int, optional
            Lags of each column, as for the class.

        Examples
        --------
        >>> Scale.fixed([20.0], [5.0]).standard([[15.0], [30.0]]).ravel()
        array([-1.,  2.])
        """
        means = _checks.finite_array("mean", mean)
        deviations = _checks.finite_array("deviation", deviation)
        if means.ndim != 1 or not len(means) or deviations.shape != means.shape:
            raise ArgumentError(
                "Expected a mean and a deviation for each column, got the shapes"
                f" {means.shape} and {deviations.shape}."
            )
        _checks.require(
            ((deviations > 0.0) & (deviations < SQUARABLE)).all(),
            "deviation",
            f"above 0 and below {SQUARABLE:g}",
            deviation,
        )
        scale = cls(len(means), lags=lags)
        ones = np.ones(len(means))
        scale._numbers = np.stack([ones, deviations, means, deviations**2])
        return scale

    @property
    def count(self) -> Floats:
        """Number of rows in each column so far, or the sum of their weights, shape
        (columns,).
        """
        return self._numbers[0]

    @property
    def deviation(self) -> Floats:
        """Divisors of the columns, shape (columns,)."""
        return self._numbers[1]

    @property
    def mean(self) -> Floats:
        """Values that are subtracted from the columns, shape (columns,)."""
        return self._numbers[2] if self.centred else np.zeros(len(self))

    @property
    def squares(self) -> Floats:
        """Sums of squared differences from the mean."""
        return self._numbers[3]

    def __len__(self) -> int:
        return len(self.lags)

    def __repr__(self) -> str:
        rows = _checks.pluralize(round(float(self.count.max(initial=0.0))), "row")
        columns = _checks.pluralize(len(self), "column")
        return f"<Scale of {columns} after {rows}>"

    # --- rows -------------------------------------------------------------------------

    def add(self, rows: ArrayLike, weights: ArrayLike | None = None) -> None:
        """Add rows to the means and deviations.

        Parameters
        ----------
        rows : array_like, shape (T, columns)
            The rows. With lags, they are a series, oldest first. A centred scale makes
            sparse rows dense.
        weights : array_like, shape (T,), optional
            Weight of each row, at least 0. Default: all 1.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If `rows` have another form, or their squares are not finite. Nothing has
            changed then.
        """
        given = self._matrix("rows", rows)
        is_sparse = isinstance(given, _checks.SparseRows) and not self.lost
        centred = self.centred and not (is_sparse and (self.count <= MIN_COUNT).all())
        added = self._differences(_checks.dense_rows(given) if centred else given)
        if not len(added):
            raise ArgumentError("`rows` must have one row or more, got none.")
        each = None
        if weights is not None:
            each = self._weights(weights, len(added))
            counted = np.flatnonzero(each > 0.0)
            added, each = added[counted], each[counted]
        total = float(len(added)) if each is None else float(each.sum())

        # Chan, Golub and LeVeque: squares of both parts, and of the gap between them.
        with np.errstate(all="ignore"):  # what is infinite is refused below
            mean, own_squares = _moments(added, each, total)
            gap = mean - self._numbers[2]
            count = self.count + total
            squares = own_squares + gap**2 * (self.count * total / count)
            squares += self.squares
        if not np.isfinite(squares).all():
            _checks.require(
                np.isfinite(_checks.dense_rows(added)).all(), "rows", "finite", rows
            )
            raise ArgumentError(TOO_LARGE)

        with np.errstate(under="ignore"):
            deviation = np.sqrt(squares / count)
            vanishing = squares < VANISHING
            if vanishing.any():
                own = np.sqrt(own_squares)
                if not isinstance(added, _checks.SparseRows):
                    own = root_mean_square(added - mean, 0, each) * np.sqrt(total)
                before = np.where(self.deviation < 1.0, self.deviation, 0.0)
                between = gap * np.sqrt(self.count * (total / count))
                parts = np.stack([before * np.sqrt(self.count), own, between])
                roots = root_mean_square(parts) * np.sqrt(3.0 / count)
                deviation[vanishing] = roots[vanishing]

            # A deviation that is no more than rounding is that of a constant column.
            mean = self._numbers[2] + gap * (total / count)
            deviation[deviation <= ROUNDING * np.abs(mean)] = 1.0
        self._numbers = np.stack([count, deviation, mean, squares])
        self.centred = centred

    def follow(self, rows: ArrayLike, weight: float = 1.0) -> Floats:
        """Add rows one after the other, and return each in the standard units after
        adding it.

        Parameters
        ----------
        rows : array_like, shape (columns,) or (T, columns)
            One row or several. With lags, they are a series. NaN means that a column
            has no value, which is ignored and becomes 0.
        weight : float
            Weight of each row. With 0, no row is added. Default: 1.

        Returns
        -------
        ndarray
            The rows in standard units, in their shape, but shorter by `lost` with lags.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If `rows` have another form, or their squares are not finite. Nothing has
            changed then.

        Examples
        --------
        >>> Scale(1).follow([[1.0], [3.0], [2.0]]).ravel()
        array([0., 1., 0.])
        """
        standard, self._numbers = self._following("rows", rows, weight)
        return standard

    def _following(
        self, title: str, rows: ArrayLike, weight: float = 1.0
    ) -> tuple[Floats, Floats]:
        """Return the result of :meth:`follow` and the values of the scale after it,
        without changing the scale. `title` is the name of the rows in messages.
        """
        counted = _checks.dense_rows(self._rows(title, rows))
        if self.lost:
            counted = self._differences(counted)
        if type(weight) is not float or not 0.0 <= weight <= 1.0:
            weight = _checks.non_negative_number("weight", weight)
        matrix = np.ascontiguousarray(counted.reshape(-1, len(self)))
        standard, numbers = self._taken(matrix, weight)
        return standard.reshape(counted.shape), numbers

    def _taken(self, rows: Floats, weight: float) -> tuple[Floats, Floats]:
        """Return the result of :meth:`_following` for a contiguous matrix of floats."""
        standard = np.empty(rows.shape)
        numbers = self._numbers.copy()
        if not _kernel()(rows, weight, self._keep, self.centred, numbers, standard):
            raise ArgumentError(TOO_LARGE)
        return standard, numbers

    def standard(self, rows: ArrayLike) -> Any:
        """Convert rows to standard units, without adding them.

        Parameters
        ----------
        rows : array_like, shape (columns,) or (T, columns)
            One row or several. With lags, they are a series. NaN stays NaN.

        Returns
        -------
        ndarray
            The rows in standard units, in their shape, but shorter by `lost` with lags.
            Unless the scale is centred, sparse rows become sparse rows for
            :meth:`Network.run`.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If `rows` have another form.
        """
        return self._standard(rows, np.float64)

    def _standard(self, rows: ArrayLike, dtype: Any) -> Any:
        """Return the result of :meth:`standard`, with dense rows in this dtype."""
        values = self._rows("rows", rows)
        with np.errstate(all="ignore"):
            if isinstance(values, _checks.SparseRows) and not self.centred:
                divided = values.data / self.deviation[values.indices]
                return _checks.SparseRows(
                    _in_range(divided, values.data),
                    values.indices,
                    values.indptr,
                    values.shape[1],
                )
            values = self._differences(_checks.dense_rows(values))
            standard = np.empty(values.shape, dtype)
            matrix = np.ascontiguousarray(values).reshape(-1, len(self))
            units = self.mean, self.deviation, standard.reshape(matrix.shape)
            engine.functions.scale.write_standard(matrix, *units)
            return _in_range(standard, values)

    def original(self, values: ArrayLike, history: ArrayLike | None = None) -> Floats:
        """Convert standard units to the units of the data, the inverse of
        :meth:`standard`.

        Parameters
        ----------
        values : array_like, shape (columns,) or (T, columns)
            Values in standard units. With lags, they are the differences of T steps
            that follow a history.
        history : array_like, shape (H, columns), optional
            The last rows before the values, at least `lost`. Only needed with lags.

        Returns
        -------
        ndarray
            The values in the units of the data, in their shape.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If `values` have another form, or the history is missing or too short.
        """
        given = _checks.dense_rows(self._rows("values", values))
        with np.errstate(all="ignore"):
            changes = _in_range(given * self.deviation + self.mean, given)
        if history is None and not self.lost:
            return changes
        past = self._matrix("history", history)
        if not self.lost:
            return changes
        self._require_series("history", past, self.lost)
        series = self._matrix("values", changes)
        columns = zip(past.T, series.T, self.lags, strict=True)
        return np.column_stack(
            [_continued(before, after, lags) for before, after, lags in columns]
        )

    # --- columns ----------------------------------------------------------------------

    def _arrange(self, columns: Sequence[int] | Ints, added: int) -> None:
        """Leave the columns with these indices, in this order, and append new ones."""
        numbers: Floats = np.repeat(UNCOUNTED, len(columns) + added, axis=1)
        numbers[:, : len(columns)] = self._numbers[:, columns]
        self._numbers = numbers
        self._set_lags([*(self.lags[each] for each in columns), *[()] * added])

    # --- files ------------------------------------------------------------------------

    def _as_json(self) -> dict[str, Any]:
        """Return all values of the scale as a dict for JSON."""
        content: dict[str, Any] = {
            "count": self.count.tolist(),
            "deviation": self.deviation.tolist(),
            "mean": self._numbers[2].tolist(),
            "squares": self.squares.tolist(),
        }
        if self.half_life is not None:
            content["half_life"] = self.half_life
        if self.lost:
            content["lags"] = [list(column) for column in self.lags]
        if not self.centred:
            content["centred"] = False
        return content

    @classmethod
    def _from_json(cls, content: Any, columns: int) -> Self:
        """Make a scale with this number of columns from the result of
        :meth:`_as_json`, or raise an error.
        """
        described = _checks.json_object("The scale", content)
        scale = cls(columns, described.get("half_life"), described.get("lags"))
        centred = described.get("centred", True)
        scale.centred = _checks.boolean("centred of the scale", centred)
        for name, row in zip(ARRAYS, scale._numbers, strict=True):
            title = f"The {name} of the scale"
            values = _checks.finite_array(title, described.get(name, ()))
            if values.shape != (columns,):
                condition = _checks.pluralize(columns, "number")
                raise ArgumentError(
                    _checks.expected(title, condition, described.get(name))
                )
            row[:] = values
        divisible = (scale.count > 0.0) & (scale.deviation > 0.0)
        if not (divisible & (scale.squares >= 0.0)).all():
            raise ArgumentError(
                "The counts and deviations of a scale must be above 0, and its"
                " squares 0 or above."
            )
        return scale

    # --- what is given ----------------------------------------------------------------

    def _set_lags(self, lags: list[tuple[int, ...]]) -> None:
        self.lags = lags
        self.lost = max(map(sum, lags), default=0)

    def _rows(self, title: str, values: Any) -> Any:
        """Return one or several rows as float64 or `SparseRows`."""
        if _checks.is_sparse(values):
            return _checks.input_rows(title, values, len(self), _checks.FLOAT64)
        rows = _checks.numbers(title, values, "a number for each column")
        if rows.ndim not in (1, 2) or rows.shape[-1] != len(self):
            columns = _checks.pluralize(len(self), "column")
            raise ArgumentError(
                _checks.must(title, f"have {columns}", f"the shape {rows.shape}")
            )
        return rows

    def _matrix(self, title: str, values: Any) -> Any:
        rows = self._rows(title, values)
        if len(rows.shape) != 2:
            raise ArgumentError(
                _checks.must(title, f"have the shape (T, {len(self)})", f"{rows.shape}")
            )
        return rows

    def _weights(self, values: ArrayLike, count: int) -> Floats:
        """Return the weights of rows, without the rows lost to differences."""
        weights = _checks.finite_array("weights", values)
        used = weights[self.lost :] if weights.ndim == 1 else weights
        _checks.require(
            used.shape == (count,) and (used >= 0.0).all() and used.any(),
            "weights",
            "one number for each row, 0 or above, and one above 0",
            values,
        )
        return used

    def _require_series(self, title: str, rows: Floats, minimum: int) -> None:
        if rows.ndim != 2 or len(rows) < minimum:
            needed = _checks.pluralize(minimum, "step")
            steps = len(rows) if rows.ndim == 2 else 1
            raise ArgumentError(
                _checks.must(title, f"have {needed} or more", f"{steps}")
            )

    def _differences(self, rows: Floats) -> Floats:
        """Return the rows, or a series' differences, shape (T - lost, columns)."""
        if not self.lost:
            return rows
        self._require_series("The series", rows, self.lost + 1)
        columns = zip(rows.T, self.lags, strict=True)
        return np.column_stack(
            [
                _differences(column[self.lost - sum(lags) :], lags)
                for column, lags in columns
            ]
        )


def _moments(rows: Any, weights: Floats | None, total: float) -> tuple[Floats, Floats]:
    """Return the mean of each column, and the sum of squared differences from it."""
    if not isinstance(rows, _checks.SparseRows):
        mean = np.average(rows, axis=0, weights=weights)
        return mean, np.average((rows - mean) ** 2, axis=0, weights=weights) * total
    values, columns = rows.data[rows.kept], rows.indices[rows.kept]
    every = np.ones(len(rows)) if weights is None else weights
    each = np.repeat(every, np.diff(rows.indptr))

    def summed(numbers: Floats) -> Floats:
        return np.asarray(np.bincount(columns, numbers, rows.shape[1]), float)

    mean = summed(each * values) / total
    squares = summed(each * (values - mean[columns]) ** 2)
    return mean, squares + (total - summed(each)) * mean**2


Axes = int | tuple[int, ...]


@np.errstate(under="ignore")
def unit_of(values: Floats, axis: Axes | None = None) -> Floats:
    """Return the power of 2 at or below the largest number along axes, which are kept.

    Dividing by it rounds nothing, and then no square overflows or vanishes.
    """
    largest = np.abs(values).max(axis=axis, keepdims=True, initial=0.0)
    return np.asarray(np.ldexp(1.0, np.frexp(largest)[1] - 1))


@np.errstate(under="ignore")
def root_mean_square(
    values: Floats, axis: Axes = 0, weights: Floats | None = None
) -> Floats:
    """Return the root mean square along axes."""
    unit = unit_of(values, axis)
    mean = np.average((values / unit) ** 2, axis, weights, keepdims=True)
    return np.asarray((np.sqrt(mean) * unit).squeeze(axis))


@cache
def _kernel() -> Callable[..., bool]:
    """Return the machine code of ``take_rows``, cached because finding it takes longer
    than a row.
    """
    rows = np.empty((0, 0))
    arguments = rows, 1.0, 1.0, True, rows, rows
    return engine.functions.scale.take_rows.for_types(arguments)


def _in_range(converted: Floats, given: Floats) -> Floats:
    """Return converted numbers, or raise an error if finite ones became infinite."""
    # a finite sum takes less time than a look at each number
    suspect = not np.isfinite(_checks.sum_of_squares(converted))
    if suspect and np.isinf(converted).any() and not np.isinf(given).any():
        raise ArgumentError(
            "Expected numbers that stay finite when they are scaled, got"
            f" {_checks.short_repr(given.tolist())}. They are too far from the rows"
            " that the scale has counted."
        )
    return converted


def _differences(series: Floats, lags: tuple[int, ...]) -> Floats:
    for lag in lags:
        series = series[lag:] - series[:-lag]
    return series


def _continued(before: Floats, after: Floats, lags: tuple[int, ...]) -> Floats:
    """Return the values that continue a series, from their differences."""
    values = after
    for place, lag in reversed([*enumerate(lags)]):
        level = _differences(before, lags[:place])
        past = np.concatenate([level[-lag:], values])
        for step in range(lag, len(past)):
            past[step] += past[step - lag]
        values = past[lag:]
    return values
