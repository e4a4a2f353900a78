"""A network as a forecaster of differences, with values that are known in advance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from .._checks import expected, finite_array, instance, listed
from .._typing import Floats
from ..errors import ArgumentError
from ..objects.outputs import require_range, squashes_of
from ..objects.state import preserved_context
from ._checked_series import (
    checked_series,
    horizon,
    known_rows,
    require_columns,
    too_few_known,
)
from .closed_loop import Model, forecast, members
from .differences import Differences


@final
@dataclass(frozen=True)
class NetworkForecaster:
    """A forecaster, for :func:`rolling_origin` and :func:`select`, whose network reads
    its own outputs.

    The network reads the differences of the columns at step t and the known values of
    step t + 1. Its outputs are the differences of the columns at step t + 1.

    Parameters
    ----------
    network : Network or Ensemble
        The network, of m + k inputs and m outputs, whose squash has no bounds, such as
        "identity".
    differences : sequence of Differences
        Those of each of the m columns.
    known : array_like, shape (N, k), optional
        Values known in advance; row i describes step i. N must reach the last step that
        is forecast.
    scale : array_like, shape (2, m), optional
        A mean and a deviation for each column: the network reads (value - mean) /
        deviation instead of the value, and returns such numbers.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If one of them is none of these, or has another shape or outputs with bounds; in
        a call, if the history has not m columns.

    Examples
    --------
    >>> import architect
    >>> net = architect.Perceptron(1, 1, output_squash="identity", seed=0)
    >>> net.weights, net.biases = [0.0], [0.0, 2.0]  # every difference is 2
    >>> forecaster = NetworkForecaster(net, [Differences((1,))])
    >>> forecaster(np.arange(5.0), 3)
    array([ 6.,  8., 10.])
    """

    network: Model
    differences: Sequence[Differences]
    known: Floats | None = None
    scale: Floats | None = None

    def __post_init__(self) -> None:
        members(self.network)
        columns = listed("The differences", self.differences, "a list, one a column")
        if not columns:
            raise ArgumentError(
                expected("The differences", "those of one column or more", columns)
            )
        differences = [
            instance("Each difference", each, Differences) for each in columns
        ]
        object.__setattr__(self, "differences", differences)
        for network in members(self.network):
            require_range(
                "The network of NetworkForecaster",
                network,
                squashes_of(network),
                "A difference can be any number. Build it with"
                ' output_squash="identity".',
            )
        if self.known is not None:
            object.__setattr__(self, "known", known_rows(self.known))
        if self.scale is not None:
            scale = finite_array("The scale", self.scale)
            if scale.shape != (2, len(columns)) or not (scale[1] > 0).all():
                condition = f"means and deviations above 0, shape (2, {len(columns)})"
                raise ArgumentError(expected("The scale", condition, self.scale))
            object.__setattr__(self, "scale", scale)

    def __call__(self, history: ArrayLike, steps: int) -> Floats:
        """Forecast the steps after a history, shape (T, m) or (T,)."""
        past = checked_series("The history", history)
        steps = horizon(steps)
        columns = self._columns(past)
        count = len(past)
        in_advance = self.known
        if in_advance is not None and len(in_advance) < count + steps:
            raise too_few_known(in_advance, count + steps)
        rows = _rows(columns, self.differences, in_advance, count + 1)
        future = None if in_advance is None else in_advance[count + 1 : count + steps]
        feedback = {place: place for place in range(len(self.differences))}
        ahead = forecast(self.network, rows, steps, feedback=feedback, future=future)
        changes = zip(self.differences, columns.T, ahead.mean.T, strict=True)
        parts = [
            differences.undo(column, change) for differences, column, change in changes
        ]
        return self._in_units(np.column_stack(parts)).reshape(steps, *past.shape[1:])

    def _columns(self, past: Floats) -> Floats:
        """The history as the network reads it, shape (T, m)."""
        columns = past.reshape(len(past), -1)
        require_columns(
            "The history",
            columns,
            (len(self.differences),),
            "a column for each Differences",
        )
        return (
            columns if self.scale is None else (columns - self.scale[0]) / self.scale[1]
        )

    def _in_units(self, values: Floats) -> Floats:
        """What the network forecasts in the units of the series."""
        return values if self.scale is None else self.scale[0] + self.scale[1] * values

    def one_step(self, history: ArrayLike) -> Floats:
        """Forecast each step of a history, shape (T, m) or (T,), from those before it.

        Returns shape (T + 1, m) or, with known values that end with the history, (T,
        m); NaN where no difference is known yet.
        """
        past = self._columns(checked_series("The history", history))
        lost = max(each.lost for each in self.differences)
        count = len(past)
        in_advance = self.known
        until = count + 1 if in_advance is None else min(count + 1, len(in_advance))
        rows = _rows(past, self.differences, in_advance, until)
        runs = []
        for net in members(self.network):
            with preserved_context(net):
                net.clear()
                runs.append(net.run(rows, traces=False))
        outputs = np.mean(runs, axis=0)
        values = np.full((lost + 1 + len(rows), len(self.differences)), np.nan)
        for place, differences in enumerate(self.differences):
            for step, change in enumerate(outputs[:, place].tolist(), lost + 1):
                values[step, place] = differences.undo(past[:step, place], [change])[0]
        return self._in_units(values)


def lesson(
    history: Floats, differences: Sequence[Differences], in_advance: Floats | None
) -> tuple[Floats, Floats]:
    """The inputs and the targets of a network for :class:`NetworkForecaster`, shapes
    (T', m + k), (T', m).
    """
    targets = _rows(history, differences, None, len(history) + 1)[1:]
    return _rows(history, differences, in_advance, len(history)), targets


def _rows(
    history: Floats,
    differences: Sequence[Differences],
    in_advance: Floats | None,
    until: int,
) -> Floats:
    """The inputs at steps of a history of shape (T, m), so that the known values end
    before step `until`.
    """
    lost = max(each.lost for each in differences)
    columns = zip(differences, history.T, strict=True)
    parts = [each.of(column)[lost - each.lost :] for each, column in columns]
    rows = np.column_stack(parts)[: until - lost - 1]
    return (
        rows if in_advance is None else np.hstack([rows, in_advance[lost + 1 : until]])
    )
