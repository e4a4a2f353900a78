"""A forecaster for sktime, over :func:`synapse.forecast`. It needs sktime, which needs scikit-learn."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, final

import numpy as np

from ._checks import missing_extra, non_negative_number, public_names

try:
    import pandas as pd
    from sklearn.base import clone
    from sktime.forecasting.base import BaseForecaster, ForecastingHorizon
except ImportError:
    raise missing_extra("The forecaster of synapse.sktime needs", "sktime") from None

from ._typing import Floats
from .errors import ArgumentError
from .forecasting import Differences, Forecast, autoregression, rolling_origin
from .forecasting._series import season
from .forecasting.closed_loop import bounded, clipping
from .forecasting.rolling import Forecaster
from .forecasting.selection import CLEARLY, COMBINE, SIGNIFICANT
from .sklearn import SequenceRegressor
from .tables.series import step_of, unit_of
from .tables.series_task import SeriesTask, scale_of, split_series

PENALTY = 10.0
"""Of the default network: `l2` times the number of rows (studies/small_tables.md)."""
__all__ = ["SynapseForecaster"]
__dir__ = public_names(__all__)


@dataclass(frozen=True)
class Learned:
    """A trained model, the task whose rows before the test it has learned, and the units of known columns."""

    task: SeriesTask
    units: Floats | None
    model: Any

    def task_of(self, y: Floats, x: Floats | None) -> SeriesTask:
        """The task with other rows, whose known columns are in standard units."""
        standard = None if x is None or self.units is None else (x - self.units[0]) / self.units[1]
        return replace(self.task, y=y, x=standard)

    def forecaster(self, y: Floats, x: Floats | None, steps: int = 0) -> Forecaster:
        """The network as a forecaster of these rows, and of so many steps after them."""
        return self.task_of(y, x).forecaster(self.model.network_, steps)


@final
class SynapseForecaster(BaseForecaster):
    """Forecasts series of one or more columns in a closed loop, also with known inputs, for sktime.

    As for the command ``synapse train``, the network learns to map the differences of each row that suit the
    series, and the phase of its season, to those of the next row. Its outputs are its next inputs. It is
    tested on rows that are held out, and then trained anew on all rows. Columns of `X` are known in advance:
    the row of a time is read before the values of that time are forecast. A time ahead without a row has the
    one before.

    Parameters
    ----------
    model : SequenceRegressor, optional
        The network and how it is trained; of its parameters `per` and `scale` are replaced. Default: a GRU of
        8 units, 200 epochs, ``l2`` of 10 divided by the number of rows. If its error on the held-out rows is
        at least 10 % below that of a linear autoregression, and significantly so
        (:meth:`synapse.forecasting.Selection.statistic`), the mean of both forecasts, otherwise the
        autoregression alone.
    held_out : int or float, optional
        Number of rows, or share of the series, at its end for the test, from whose errors intervals follow.
        Default: a fifth, or up to a third of a short series; none of fewer than 16 rows. With 0, or where the
        default is too few for an interval, it follows from the errors in the second half of the rows, and
        is too narrow where the network fits these closely.
    sp : int, optional
        Number of rows of a season. Default: that of the dates, such as 12 for months; 1 without dates.
    random_state : int, numpy.random.RandomState or None
        Seed of the default model.

    Attributes
    ----------
    model_ : SequenceRegressor
        The trained model; its `network_` takes and returns differences in standard units.
    chosen_ : str
        What forecasts: "network", if it is yours or none is tested, "combine" or "autoregression".

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from synapse.sktime import SynapseForecaster
    >>> series = pd.Series(np.sin(0.3 * np.arange(150)))
    >>> ahead = SynapseForecaster().fit(series, fh=[1, 5, 10]).predict()
    >>> bool(np.abs(ahead - np.sin(0.3 * ahead.index)).max() < 0.2)
    True
    """

    _tags: ClassVar[dict[str, Any]] = {
        "authors": [],
        "python_dependencies": None,
        "y_inner_mtype": "pd.DataFrame",
        "X_inner_mtype": "pd.DataFrame",
        "scitype:y": "both",
        "capability:multivariate": True,
        "capability:exogenous": True,
        "capability:missing_values": False,
        "capability:insample": False,
        "capability:pred_int": True,
        "capability:pred_int:insample": False,
        "capability:random_state": True,
        "property:randomness": "derandomized",
        "requires-fh-in-fit": False,
        "X-y-must-have-same-index": True,
        "enforce_index_type": None,
    }

    _config: ClassVar[dict[str, Any]] = {"remember_data": True}  # forecasts start from the latest rows

    def __init__(
        self, model: Any = None, held_out: Any = None, sp: Any = None, random_state: Any = None
    ) -> None:
        self.model, self.held_out, self.sp, self.random_state = model, held_out, sp, random_state
        with warnings.catch_warnings(action="ignore", category=FutureWarning):  # of what _config decides
            super().__init__()

    def _fit(self, y: Any, X: Any, fh: Any) -> Self:
        values, rows = y.to_numpy(np.float64), len(y)
        share = None if self.held_out is None else non_negative_number("The held_out", self.held_out)
        share = share if share is None or share < 1 else share / rows
        steps = None if fh is None else max(1, *fh.to_relative(self.cutoff))
        known, names = (None, []) if X is None else (X.to_numpy(np.float64), [*map(str, X.columns)])
        period, targets = self._season(y.index), [*map(str, y.columns)]
        task = split_series(targets, [], names, values, known, period, steps, share)
        self._tested, self.chosen_ = self._learned(task), "network"
        if self.model is None and rows - task.start >= task.steps:
            network = self._tested.forecaster(values, known)
            test = task.select({"network": network, "autoregression": autoregression})
            lower = test.mase("network") < CLEARLY * test.mase("autoregression")
            worth = lower and test.statistic("network", "autoregression") > SIGNIFICANT
            self.chosen_ = COMBINE if worth else "autoregression"
        self._final = self._tested if task.start == rows else self._learned(replace(task, start=rows))
        self.model_ = self._final.model
        return self

    def _season(self, index: Any) -> int:
        """Number of rows of a season."""
        dates = index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index
        if self.sp is None and isinstance(dates, pd.DatetimeIndex):
            step = step_of(dates.tz_localize(None))
            return 1 if step is None else unit_of(step)[1]
        return season(1 if self.sp is None else self.sp)

    def _learned(self, task: SeriesTask) -> Learned:
        """A model that has learned the differences in the rows before the test, in standard units."""
        columns = zip(task.differences, task.y[: task.start].T, strict=True)
        units = [_units(differences, column[:, None]) for differences, column in columns]
        task = replace(task, scale=np.hstack(units))
        known = None if task.x is None else _units(task.differences[0], task.x[: task.start])
        default = SequenceRegressor(
            hidden=(8,), build="GRU", epochs=200, l2=PENALTY / task.start, random_state=self.random_state
        )
        model = clone(default if self.model is None else self.model).set_params(per="step", scale=False)
        learned = Learned(task, known, model)
        inputs, targets = learned.task_of(task.y, task.x).lesson()
        model.fit([inputs], [targets])
        return learned

    def _ahead(self, fh: Any, X: Any, interval: float | None) -> tuple[Forecast, Any]:
        """The forecast of all steps up to the last of the horizon, and which of them are in it."""
        at = np.asarray(fh.to_relative(self.cutoff), int) - 1
        values, steps, known = self._y.to_numpy(np.float64), int(at.max()) + 1, None
        if self._X is not None:
            known = np.vstack([self._X.to_numpy(np.float64), self._known_ahead(X, steps)])
        fits = self._final, self._tested
        final, tested = [self._combined(fit, fit.forecaster(values, known, steps)) for fit in fits]
        mean = final(values, steps)
        if interval is None:
            return Forecast(mean), at
        start, half = self._tested.task.start, len(values) - len(values) // 2
        few = (len(values) - start - steps + 1) * steps < interval / (1 - interval)
        start = half if self._tested is self._final or (few and self.held_out is None) else start
        errors = rolling_origin(tested, values, steps, start=start).calibration
        return bounded(mean, errors.half_widths(interval, steps), interval, clipping(None, None)), at

    def _combined(self, fit: Learned, network: Forecaster) -> Forecaster:
        """What forecasts: the network, its mean with an autoregression, or this alone.

        After a row outside the middle 90 % of those learned, the autoregression forecasts: a network does not
        extrapolate.
        """
        low, high = np.quantile(fit.task.y[: fit.task.start], [0.05, 0.95], axis=0)

        def forecaster(history: Floats, steps: int) -> Floats:
            linear: Floats = autoregression(history, steps)
            inside = self.chosen_ == COMBINE and ((low <= history[-1]) & (history[-1] <= high)).all()
            return (linear + network(history, steps)) / 2 if inside else linear

        return network if self.chosen_ == "network" else forecaster

    def _known_ahead(self, X: Any, steps: int) -> Floats:
        """The known inputs of the times after the series; without a row those of the row before."""
        times = ForecastingHorizon(range(1, steps + 1)).to_absolute_index(self.cutoff)
        given = self._X if X is None else pd.concat([self._X.iloc[-1:], X[X.index > self._X.index[-1]]])
        if given.index[-1] < times[-1]:
            raise ArgumentError(f"Expected X up to {times[-1]}, got rows up to {given.index[-1]}.")
        rows: Floats = given.reindex(times, method="ffill").to_numpy(np.float64)
        return rows

    def _predict(self, fh: Any, X: Any = None) -> Any:
        (forecast, at), index = self._ahead(fh, X, None), fh.to_absolute_index(self.cutoff)
        return pd.DataFrame(forecast.mean[at], index=index, columns=self._y.columns)

    def _predict_interval(self, fh: Any, X: Any, coverage: list[float]) -> Any:
        names, index = self._get_varnames(), fh.to_absolute_index(self.cutoff)
        columns = pd.MultiIndex.from_product([names, coverage, ["lower", "upper"]])
        table = pd.DataFrame(np.nan, index=index, columns=columns)
        for share in coverage:
            forecast, at = self._ahead(fh, X, share)
            for side in ("lower", "upper"):
                values = getattr(forecast, side)[at]
                for i, name in enumerate(names):
                    table[(name, share, side)] = values[:, i]
        return table

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:
        """Parameters with which sktime tests the class."""
        model = SequenceRegressor(hidden=(2,), build="GRU", epochs=2)
        return [{"model": model, "random_state": 0}, {"random_state": 0}]


def _units(differences: Differences, rows: Floats) -> Floats:
    """Mean and deviation of each column, shape (2, m); if differenced, 0 and the root of the mean square.

    A drift, the mean of differences, is no mean of rows. So it remains, and can be far above their deviation.
    """
    changes = differences.of(rows)
    if not differences.lags:
        return scale_of(changes)
    size = np.sqrt(np.mean(changes**2, axis=0))
    return np.array([np.zeros(len(size)), np.where(size > 0, size, 1.0)])
