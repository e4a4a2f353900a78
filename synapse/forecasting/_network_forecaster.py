"""A network as a forecaster in standard units, with values known in advance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from .._checks import instance, listed, require, whole_number
from .._scale import Scale
from .._typing import Floats
from ..objects.outputs import require_range, squashes_of
from ..objects.snapshots import preserved_context
from ._checked_series import (
    checked_series,
    horizon,
    known_rows,
    require_columns,
    too_few_known,
)
from ._closed_loop import Model, fed_back, forecasts_from, members


@final
@dataclass(frozen=True)
class NetworkForecaster:
    """A forecaster, for :func:`rolling_origin` and :func:`select`, whose network reads
    its own outputs.

    The network reads the columns at step t in standard units, and the known values of
    step t + 1. Its outputs are the columns at step t + 1 in these units. With lags in
    the scale, these are differences.

    Parameters
    ----------
    network : Network or Ensemble
        The network, of m + k inputs and m outputs, whose squash has no bounds, such as
        "identity".
    scale : Scale
        The standard units of the m columns. ``Scale(m)`` leaves them unchanged.
    known : array_like, shape (N, k), optional
        Values known in advance; row i describes step i. N must reach the last step that
        is forecast.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument has another type or shape, or the outputs have bounds; in a call,
        if the history does not have m columns, or has too few steps for the lags.

    Examples
    --------
    >>> import architect
    >>> net = architect.Perceptron(1, 1, output_squash="identity", seed=0)
    >>> net.weights, net.biases = [0.0], [0.0, 2.0]  # every difference is 2
    >>> forecaster = NetworkForecaster(net, Scale(1, lags=[(1,)]))
    >>> forecaster(np.arange(5.0), 3)
    array([ 6.,  8., 10.])
    """

    network: Model
    scale: Scale
    known: Floats | None = None

    def __post_init__(self) -> None:
        members(self.network)
        instance("scale", self.scale, Scale)
        for network in members(self.network):
            require_range(
                "network of NetworkForecaster",
                network,
                squashes_of(network),
                "A standard unit can be any number. Build it with"
                ' output_squash="identity".',
            )
        if self.known is not None:
            object.__setattr__(self, "known", known_rows("known", self.known))

    def __call__(self, history: ArrayLike, steps: int) -> Floats:
        """Forecast the steps after a history, shape (T, m) or (T,)."""
        past = checked_series("history", history)
        return self._ahead(past, [len(past)], steps)[0]

    def from_origins(self, series: ArrayLike, origins: ArrayLike, steps: int) -> Floats:
        """Forecast from several origins of a series. The result equals that of a call
        with the steps before each origin, to the last bit, but the network runs the
        series only once.

        Parameters
        ----------
        series : array_like, shape (T, m) or (T,)
            The series, with the oldest step first.
        origins : array_like of int, shape (k,)
            The number of steps before each forecast, in ascending order.
        steps : int
            Number of steps to forecast from each origin, 1 or above.

        Returns
        -------
        ndarray, shape (k, steps, m) or (k, steps)
            The forecasts.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            As in a call, or if the origins do not ascend, or are too few or too many
            steps.
        DivergenceError
            If the values that are fed back grow beyond the largest number.
        """
        past = checked_series("series", series)
        condition = f"ascending whole numbers from {self.scale.lost + 1} to {len(past)}"
        places = [
            whole_number("origins", each, condition, self.scale.lost + 1, len(past))
            for each in listed("origins", origins, condition)
        ]
        require(places and places == sorted({*places}), "origins", condition, origins)
        return self._ahead(past, places, steps)

    def _ahead(self, past: Floats, origins: Sequence[int], steps: int) -> Floats:
        """Return the forecasts from these origins of a series."""
        steps = horizon("steps", steps)
        columns = self._columns(past)
        last = origins[-1]
        in_advance = self.known
        if in_advance is not None and len(in_advance) < last + steps:
            raise too_few_known(in_advance, last + steps)
        rows = _rows(columns, self.scale, in_advance, last + 1)
        futures = [
            None if in_advance is None else in_advance[origin + 1 : origin + steps]
            for origin in origins
        ]
        lost = self.scale.lost
        known_steps = [origin - lost for origin in origins]
        network = members(self.network)[0]
        feedback = {place: place for place in range(len(self.scale))}
        loop = fed_back(feedback, len(network.input), len(network.output))
        ahead = forecasts_from(self.network, rows, known_steps, steps, loop, futures)
        of_each = [
            self.scale.original(values, columns[:origin])
            for values, origin in zip(ahead, origins, strict=True)
        ]
        return np.reshape(of_each, (len(origins), steps, *past.shape[1:]))

    def _columns(self, past: Floats) -> Floats:
        """Return the history, shape (T, m)."""
        columns = past.reshape(len(past), -1)
        width = (len(self.scale),)
        require_columns("history", columns, width, "a column for each of the scale")
        return columns

    def one_step(self, history: ArrayLike) -> Floats:
        """Forecast each step of a history, shape (T, m) or (T,), from the steps before
        it.

        Returns shape (T + 1, m) or, with known values that end with the history, (T,
        m), with NaN where too few steps are known yet.
        """
        past = self._columns(checked_series("history", history))
        lost = self.scale.lost
        count = len(past)
        in_advance = self.known
        until = count + 1 if in_advance is None else min(count + 1, len(in_advance))
        rows = _rows(past, self.scale, in_advance, until)
        runs = []
        for net in members(self.network):
            with preserved_context(net):
                net.clear()
                runs.append(net.run(rows, traces=False))
        outputs = np.mean(runs, axis=0)
        values = np.full((lost + 1 + len(rows), len(self.scale)), np.nan)
        for step, row in enumerate(outputs, lost + 1):
            values[step] = self.scale.original(row[None], past[step - lost : step])[0]
        return values


def lesson(
    history: Floats, scale: Scale, in_advance: Floats | None
) -> tuple[Floats, Floats]:
    """Return the inputs and the targets of a network for :class:`NetworkForecaster`,
    shapes (T', m + k), (T', m).
    """
    targets = _rows(history, scale, None, len(history) + 1)[1:]
    return _rows(history, scale, in_advance, len(history)), targets


def _rows(
    history: Floats, scale: Scale, in_advance: Floats | None, until: int
) -> Floats:
    """Return the inputs at steps of a history of shape (T, m), using only known values
    before step `until`.
    """
    rows = scale.standard(history)[: until - scale.lost - 1]
    if in_advance is None:
        return rows
    return np.hstack([rows, in_advance[scale.lost + 1 : until]])
