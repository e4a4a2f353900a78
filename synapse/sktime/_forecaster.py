"""Implement the forecaster with the rows, series and methods of `synapse.tables`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self, final

import numpy as np

from .._checks import choice, listed, missing_extra, positive_integer, require

try:
    import pandas as pd
    from sklearn.utils import check_random_state
    from sktime.forecasting.base import BaseForecaster, ForecastingHorizon
except ImportError:
    raise missing_extra("The forecaster of synapse.sktime needs", "sktime") from None

from .._build import lower_name
from .._defaults import SERIES
from .._typing import Floats
from ..errors import ArgumentError
from ..forecasting import Calibration, Forecast, rolling_origin
from ..forecasting._closed_loop import bounded, clipping
from ..forecasting._frames import labels_of, require_single, step_of
from ..forecasting._selection import COMBINE
from ..forecasting._statistical import METHODS
from ..tables import TrainingOptions, train_series
from ..tables._series import unit_of
from ..tables._series_task import SeriesTask, forecast_of
from ..tables._updating import learn_series


def _step(index: Any) -> Any:
    """Return the step of dates, an offset of pandas, or None if they have no step."""
    dates = index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index
    is_dated = isinstance(dates, pd.DatetimeIndex)
    return (step_of(dates.tz_localize(None)) or dates.freq) if is_dated else None


def _times(index: Any, step: Any) -> Any:
    """Return all times from the first to the last, in the steps that sktime counts.
    Dates without even steps only give these two times.
    """
    if isinstance(index, pd.PeriodIndex):
        return pd.period_range(index[0], index[-1], freq=index.freq)
    if not isinstance(index, pd.DatetimeIndex):
        return pd.RangeIndex(index[0], index[-1] + 1)
    return index[:2] if step is None else pd.date_range(index[0], index[-1], freq=step)


@final
class NetworkForecaster(BaseForecaster):
    """Forecasts series of one or more columns by a network or a statistical method, for
    sktime.

    As for the command ``synapse train``, the network reads the differences of each row
    that suit the series, and the phase of its season, and forecasts the differences of
    the next row. It is compared with statistical methods on held-out rows, and trained
    again on all rows. The best method makes the forecasts
    (:func:`synapse.tables.train_series`, :func:`synapse.tables.forecast_series`).
    Columns of `X` are known in advance, which means that the row of a time is read
    before the values of that time are forecast. A time without a row uses the previous
    one.

    Forecasts start from the rows up to the cutoff, even after it has been moved back.
    ``update`` continues from the present network with the rows that it has not learned.
    Rows of `y` that are missing between two updates are interpolated.

    Parameters
    ----------
    build : str
        The architecture by its name, in any case, such as "gru", "lstm" or "narx".
    hidden : sequence of int
        Sizes of the hidden layers.
    method : str, optional
        Method that makes the forecasts: "network", "combine" (the mean of the best
        three), or one of `compared`. Default: the best in the test.
    compared : sequence of str
        The statistical methods, which are described at
        :func:`synapse.forecasting.statistical`. ets, theta and arima need
        statsforecast, and are left out without it.
    epochs : int, optional
        Number of epochs. By default, training continues until the error on the last
        fifth of the training rows stops falling.
    patience : int, optional
        Number of epochs without a lower error on this fifth after which training ends.
        Default 60.
    min_delta : float
        Minimum decrease of this error that counts. Default 0.
    rate : float
        The learning rate.
    optimizer : Optimizer or str
        One of :mod:`synapse.optimizers`, such as ``AdamW(weight_decay=0.1)``, or its
        name. Its own rate is replaced by `rate`.
    trainer_options : mapping, optional
        Further options of :class:`synapse.Trainer`, such as ``{"clip": 1.0}``. Default:
        no further options.
    held_out : float, optional
        Fraction of the series, at its end, for the test, whose errors determine the
        intervals. Default: a fifth, or up to a third of a short series, but no rows if
        it has fewer than 16. If the default gives too few rows for an interval, the
        interval follows from the errors in the second half of the rows, and is too
        narrow if these are fitted closely.
    sp : int, optional
        Number of rows in a season. Default: the usual season for the dates, such as 12
        for months, or 1 without dates.
    random_state : int, numpy.random.RandomState or None
        Seed of the weights.

    Attributes
    ----------
    model_ : Model
        The trained model. To save it with its test, for example for
        ``synapse forecast``, call :func:`synapse.save`.
    chosen_ : str
        The method that makes the forecasts.
    notes_ : list of str
        Sentences with the verdict on the network, the reason why `chosen_` forecasts,
        and the methods and columns that were left out.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        By ``fit``, if a parameter is unknown or out of range, by ``predict``, if `X`
        ends too early, and by ``predict_interval``, if too few rows were held out.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from synapse.sktime import NetworkForecaster
    >>> series = pd.Series(np.sin(0.3 * np.arange(150)))
    >>> options = {"compared": ("naive", "ar"), "epochs": 100, "random_state": 0}
    >>> forecaster = NetworkForecaster(**options)
    >>> ahead = forecaster.fit(series, fh=[1, 5, 10]).predict()
    >>> forecaster.chosen_, bool(np.abs(ahead - np.sin(0.3 * ahead.index)).max() < 0.1)
    ('ar', True)
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

    # Forecasts start from the latest rows.
    _config: ClassVar[dict[str, Any]] = {"remember_data": True}

    def __init__(
        self,
        build: str = SERIES.build,
        hidden: Sequence[int] = SERIES.hidden,
        method: str | None = None,
        compared: Sequence[str] = METHODS,
        epochs: int | None = None,
        patience: int | None = None,
        min_delta: float = 0.0,
        rate: float = SERIES.rate,
        optimizer: Any = SERIES.optimizer,
        trainer_options: Mapping[str, Any] | None = None,
        held_out: float | None = None,
        sp: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.build = build
        self.hidden = hidden
        self.method = method
        self.compared = compared
        self.epochs = epochs
        self.patience = patience
        self.min_delta = min_delta
        self.rate = rate
        self.optimizer = optimizer
        self.trainer_options = trainer_options
        self.held_out = held_out
        self.sp = sp
        self.random_state = random_state

        # sktime warns that a default will change, which `_config` sets.
        with warnings.catch_warnings(action="ignore", category=FutureWarning):
            super().__init__()

    def _check_X_y(self, X: Any = None, y: Any = None, **options: Any) -> Any:  # noqa: N802
        """Check the tables of a call, where a panel has the names of its series."""
        for table in (y, X):
            require_single(labels_of(table))
        return super()._check_X_y(X=X, y=y, **options)

    def _fit(self, y: Any, X: Any, fh: Any) -> Self:
        network = lower_name("build", self.build)
        compared = listed("compared", self.compared, "a list of statistical methods")
        for name in compared:
            choice("Each of the compared", name, METHODS)
        choice("method", self.method, [None, "network", COMBINE, *compared])
        require_single(y.index)
        self._step = _step(y.index)
        require(
            len(_times(y.index, self._step)) == len(y),
            "index of y",
            "of times with even steps",
            y.index,
            'Add what is missing, such as y.asfreq("MS").interpolate().',
        )
        learning = TrainingOptions(
            build=network,
            hidden=[*self.hidden],
            rate=self.rate,
            optimizer=self.optimizer,
            trainer_options=self.trainer_options,
            epochs=self.epochs,
            patience=self.patience,
            min_delta=self.min_delta,
            validation=self.held_out,
            seed=self._seed(),
        )
        steps = None if fh is None else max(1, *fh.to_relative(self.cutoff))
        season = unit_of(self._step)[1] if self._step is not None else 1
        self._period = season if self.sp is None else positive_integer("sp", self.sp)
        self._first, self._learned = y.index[0], len(y)
        series, targets, known_columns = _frame(y, X)
        trained = train_series(
            series,
            targets,
            learning,
            known=known_columns,
            steps=steps,
            period=self._period,
            methods=compared,
        )
        self.model_ = trained.model
        self._known_names = [] if X is None else [*X.columns]

        facts = trained.facts
        reasons = [facts.get("verdict")]
        if self.method is None:
            self.chosen_ = facts["chosen"]
            reasons.append(facts.get("reason"))
        else:
            self.chosen_ = network if self.method == "network" else self.method
        self.notes_ = [*filter(None, reasons), *trained.notes]
        return self

    def _update(self, y: Any, X: Any = None, update_params: bool = True) -> Self:
        """Learn new rows from the present state of the model, without changing the
        method that forecasts.
        """
        self._require_known(X)
        series, _, _ = self._known_rows()
        new = int((series.index > self._learned).sum()) if update_params else 0
        if new:
            task = SeriesTask.of(self.model_, series)
            learn_series([(task, new)], self.model_, [], seed=self._seed())
            self.model_.metadata["recent"] = {"": task.recent(None)}
            self._learned = series.index[-1]
        return self

    def _update_predict_single(
        self, y: Any, fh: Any, X: Any = None, update_params: bool = True
    ) -> Any:
        """Forecast after an update, in the form of the rows that sktime was given."""
        return self._update(y, X, update_params)._predict(fh, X)

    def _known_rows(self) -> tuple[pd.DataFrame, list[str], list[str]]:
        """Return the rows up to the cutoff, which may have been moved back, in the form
        of :func:`_frame`. They begin where a season of the rows of ``fit`` begins.
        """
        times = _times(self._y.index, self._step)
        before = int(times.get_loc(self._first))
        begin, end = before % self._period, times.searchsorted(self.cutoff[0], "right")
        return _frame(
            self._y.reindex(times).interpolate()[begin:end],
            None if self._X is None else self._X.reindex(times, method="ffill"),
            1 + begin - before,
        )

    def _require_known(self, X: Any) -> None:
        """Raise unless X has the columns that were learned, in any order."""
        known = self._known_names
        names = known if X is None else [*X.columns]
        require({*names} == {*known}, "X", f"of the columns {known}", names)

    def _seed(self) -> int:
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _ahead(self, fh: Any, X: Any, coverage: float | None) -> tuple[Forecast, Any]:
        """Return the forecast of all steps up to the last of the horizon, and the
        indices of the steps that it contains.
        """
        places = np.asarray(fh.to_relative(self.cutoff), int) - 1
        steps = int(places.max()) + 1
        series, _, known_columns = self._known_rows()
        future = self._known_ahead(X, steps) if known_columns else None

        tested = coverage is not None and self._has_errors(coverage)
        forecast, _ = forecast_of(
            self.model_,
            series,
            steps,
            future,
            method=self.chosen_,
            coverage=coverage if tested else None,
        )
        if coverage is None or tested:
            return forecast, places

        # Too few rows were held out: errors of rows that were fitted have to do.
        half = self._errors_of_fit(series, future, steps).half_widths(coverage, steps)
        return bounded(forecast.mean, half, coverage, clipping(None, None)), places

    def _has_errors(self, coverage: float) -> bool:
        """Return whether enough rows were held out for this interval. If `held_out` is
        given, it has to suffice.
        """
        errors = np.array(self.model_.metadata.get("errors", {}).get(self.chosen_, []))
        count = errors.shape[0] * errors.shape[1] if errors.size else 0
        return self.held_out is not None or count * (1 - coverage) > coverage

    def _errors_of_fit(
        self, series: pd.DataFrame, future: Floats | None, steps: int
    ) -> Calibration:
        """Return the errors in the second half of the rows, to which the forecasting
        method was fitted.
        """
        facts = self.model_.metadata
        task = SeriesTask.of(self.model_, series, future)
        members = facts["members"] if self.chosen_ == COMBINE else [self.chosen_]
        forecasters, _ = task.statistical([name for name in members if name in METHODS])
        network = lower_name("build", self.build)
        if network in members:
            forecasters[network] = task.forecaster(self.model_, steps)

        def forecaster(history: Floats, ahead: int) -> Floats:
            forecasts = [forecast(history, ahead) for forecast in forecasters.values()]
            return np.asarray(np.mean(forecasts, axis=0))

        # A forecast needs the rows that differences lose, and a season.
        period = task.period
        start = max(len(series) // 2, task.scale.lost + 1, period + 1)
        tested = max(1, min(steps, (len(series) - start) // 3))
        rolled = rolling_origin(forecaster, task.y, tested, start=start, period=period)
        return Calibration(-rolled.errors[..., : len(task.targets)])

    def _known_ahead(self, X: Any, steps: int) -> Floats:
        """Return the known inputs of the times after the series. Times without a row
        have the row before.
        """
        times = ForecastingHorizon(range(1, steps + 1)).to_absolute_index(self.cutoff)
        rows = self._X
        self._require_known(X)
        if X is not None:
            # after an update, rows of X may be known already that y has not reached
            rows = pd.concat([rows, X[X.index > rows.index[-1]]])
        if rows.index[-1] < times[-1]:
            raise ArgumentError(
                f"Expected X up to {times[-1]}, got rows up to {rows.index[-1]}."
            )
        return rows.reindex(times, method="ffill").to_numpy(np.float64)

    def _predict(self, fh: Any, X: Any = None) -> Any:
        forecast, places = self._ahead(fh, X, None)
        index = fh.to_absolute_index(self.cutoff)
        return pd.DataFrame(forecast.mean[places], index=index, columns=self._y.columns)

    def _predict_interval(self, fh: Any, X: Any, coverage: list[float]) -> Any:
        names = self._get_varnames()
        index = fh.to_absolute_index(self.cutoff)
        columns = pd.MultiIndex.from_product([names, coverage, ["lower", "upper"]])
        table = pd.DataFrame(np.nan, index=index, columns=columns)
        for share in coverage:
            forecast, places = self._ahead(fh, X, share)
            for side in ("lower", "upper"):
                values = getattr(forecast, side)[places]
                for column, name in enumerate(names):
                    table[(name, share, side)] = values[:, column]
        return table

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:
        """Return parameters with which sktime tests the class."""
        small = {"hidden": (2,), "epochs": 2, "random_state": 0}
        return [
            {**small, "method": "network", "compared": ("naive",)},
            {**small, "compared": ("mean", "ar")},
        ]


def _frame(
    y: Any, X: Any, number: int = 1
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Return a series with numbered rows, the names of its targets and of its known
    columns.

    Names are numbers with a letter, because names in `y` and `X` can be equal or need
    not be text.
    """
    exogenous = pd.DataFrame(index=y.index) if X is None else X.loc[y.index]
    targets = [f"y{place}" for place in range(y.shape[1])]
    inputs = [f"x{place}" for place in range(exogenous.shape[1])]
    values = np.hstack([y.to_numpy(np.float64), exogenous.to_numpy(np.float64)])
    index = pd.RangeIndex(number, number + len(values), name="row")
    frame = pd.DataFrame(values, index=index, columns=[*targets, *inputs])
    return frame, targets, inputs
