"""Networks that forecast a series: choose, fit, test beside statistical methods, refit,
forecast.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any

import numpy as np

from .._checks import (
    choice,
    finite_array,
    fraction_below_one,
    instance,
    listed,
    normalize_name,
    pluralize,
    positive_integer,
    suggests_arguments,
)
from .._defaults import SERIES
from .._model import Model, whole_of
from .._scale import Lags, Scale
from .._typing import Floats
from ..errors import ArgumentError, FormatError, MissingExtraError, SynapseError
from ..forecasting import (
    Calibration,
    Forecast,
    NetworkForecaster,
    Selection,
    select,
    statistical,
)
from ..forecasting._checked_series import horizon
from ..forecasting._closed_loop import bounded, clipping
from ..forecasting._frames import labels_beside, require_single
from ..forecasting._network_forecaster import lesson
from ..forecasting._rolling import Forecaster
from ..forecasting._selection import COMBINE
from ..forecasting._statistical import (
    FITTED_ELSEWHERE,
    MAX_FITTED_STEPS,
    MAX_SEASON,
    METHODS,
    choose_lags,
    one_thread,
)
from ..learning import Result
from ..objects.network import Network
from ._pandas import pd
from ._series import phase, read_several, season_of, step_name
from ._table import as_frame, columns, numbers, quoted, require_one_use
from ._table_training import Part, TrainingOptions, held_out, require_targets

MAX_ORIGINS = 60
"""Number of origins, about, from which forecasters are compared."""
CONTEXT = 60
"""Number of rows, at least, that a network reads before new ones that it learns."""
MIN_ROWS = 4
"""Minimum number of rows in a series. The last of them decides when a training ends."""


@dataclass(frozen=True)
class SeriesTask:
    """The forecast of columns of a series, and the rows on which it is tested."""

    targets: list[str]
    observed: list[str]  # columns that are forecast to forecast the targets
    known: list[str]  # columns known in advance
    y: Floats  # the targets and the observed columns, shape (T, m)
    x: Floats | None  # the known ones, shape (N, k); N is T, or more with the future
    period: int  # steps of a season
    steps: int  # steps ahead in the test
    start: int  # index of the first held-out row
    # of the columns of y: differences at lags that are chosen on the rows before; of
    # several series for one network, in units of its own deviation
    scale: Scale
    phase: int = 0  # step of the season at which the rows begin
    first_date: str | None = None  # date of the step 0 of the season
    name: str = ""  # that of the series, if there are several
    several: bool = False  # whether one network learns others, too
    origins: int = MAX_ORIGINS  # number of origins, about, in a test

    @classmethod
    def of(
        cls,
        network: Model | Network,
        series: pd.DataFrame,
        future: Floats | None = None,
    ) -> SeriesTask:
        """Return the task of a model from :func:`train_series` in another table,
        without held-out rows.

        The columns of the series are the task's targets, its observed and its known
        columns. `future` continues the known ones.
        """
        facts = series_facts(network)
        first_date = facts.get("first_date")
        values = frame_values(series)
        require_step(facts, series)
        return cls.of_rows(network, values, phase(series, first_date), future)

    @classmethod
    def of_rows(
        cls,
        network: Model | Network,
        rows: Floats,
        step: int,
        future: Floats | None = None,
    ) -> SeriesTask:
        """Return the same task for the values of such rows, which begin at this step of
        the season.
        """
        facts = series_facts(network)
        targets, observed, known_columns = (
            facts[name] for name in ("targets", "observed", "known")
        )
        count = len(targets) + len(observed)
        y = rows[:, :count]
        x = rows[:, count:] if known_columns else None
        if x is not None and future is not None:
            x = np.vstack([x, future])
        several = bool(facts.get("several"))
        return cls(
            targets,
            observed,
            known_columns,
            y,
            x,
            facts["period"],
            1,
            len(y),
            scale_of(y, facts["differences"], several),
            phase=step,
            first_date=facts.get("first_date"),
            several=several,
        )

    def whole(self) -> SeriesTask:
        """Return the task with all rows to learn from."""
        scale = scale_of(self.y, self.scale.lags, self.several)
        return replace(self, start=len(self.y), scale=scale)

    def make(self, learning: TrainingOptions) -> Model:
        """Return a new model that reads differences of a row, and the season, and
        forecasts those of the next row.
        """
        fed = [*self.targets, *self.observed]
        learning = learning._filled(SERIES)
        waves = [f"season {place}" for place in range(len(_calendar(0, self.period)))]
        inputs = [*fed, *self.known, *waves]
        return learning._model_of(inputs, [f"{name} +1" for name in fed])

    def covariates(self, count: int) -> Floats | None:
        """Return the inputs of a network beside its own past in `count` rows, or None:
        known values and the season.

        The known values are differenced like the target, because a network would
        otherwise have to remember them. The season is the sine and cosine of its phase.
        """
        waves = (
            _calendar(self.phase + np.arange(count), self.period).reshape(-1, count).T
        )
        if self.x is None:
            return waves if self.period > 2 else None
        known_scale = Scale(self.x.shape[1], lags=self.scale.lags[:1] * self.x.shape[1])
        lost = np.zeros((known_scale.lost, self.x.shape[1]))
        changes = np.vstack([lost, known_scale.standard(self.x)])
        return np.hstack([changes[:count], waves[: len(changes)]])

    def forecaster(self, network: Model | Network, ahead: int = 0) -> NetworkForecaster:
        """Return the model as a forecaster of these columns, up to `ahead` rows after
        the last.
        """
        covariates = self.covariates(len(self.y) + ahead)
        return NetworkForecaster(whole_of(network), self.scale, covariates)

    def lesson(self) -> Part:
        """Return the inputs and targets from the rows before the test, for training."""
        return lesson(self.y[: self.start], self.scale, self.covariates(len(self.y)))

    def select(
        self, forecasters: Mapping[str, Any], begin: int | None = None
    ) -> Selection:
        """Compare forecasters on the held-out rows or, from an index `begin` on, on the
        training rows.
        """
        start = self.start
        y = self.y
        if begin is not None:
            start = begin
            y = y[: self.start]
        every = max(1, (len(y) - start - self.steps) // self.origins)
        options = {"start": start, "every": every, "period": self.period}
        combine = self.combined(forecasters)
        return select(
            forecasters,
            y,
            self.steps,
            **options,
            targets=len(self.targets),
            combine=combine,
        )

    def combined(self, names: Iterable[str]) -> list[str]:
        """Return the forecasters whose mean may forecast, which are those that read the
        columns known in advance.
        """
        return [name for name in names if name not in self.blind]

    @property
    def blind(self) -> set[str]:
        """The statistical methods that cannot use the columns known in advance."""
        seeing = {"ridge", *(["arima"] if self.period <= MAX_SEASON else [])}
        return {*METHODS} - seeing if self.known else set()

    @property
    def rows(self) -> Floats:
        """All columns, but without the future of the known ones."""
        known = [] if self.x is None else [self.x[: len(self.y)]]
        return np.hstack([self.y, *known])

    @property
    def context(self) -> int:
        """Number of rows that a network reads before new ones."""
        return self.scale.lost + max(2 * self.period, CONTEXT)

    def recent(self, last: Any) -> dict[str, Any]:
        """Return the last rows as JSON has them, and the date of the last one."""
        date = None if self.first_date is None else last.isoformat()
        return {"last": date, "rows": self.rows[-self.context :].tolist()}

    def tested(self, maximum: int) -> dict[str, Any] | None:
        """Return the held-out rows, and the rows before them, in the form of JSON, or
        None if there are none or too many.
        """
        begin = max(0, self.start - self.context)
        if not self.is_tested or len(self.y) - begin > maximum:
            return None
        count = len(self.y) - self.start
        rows = self.rows[begin:].tolist()
        return {"rows": rows, "tested": count, "phase": self.phase + begin}

    @property
    def is_tested(self) -> bool:
        """Whether rows are held out."""
        return self.start < len(self.y)

    @property
    def units(self) -> Floats:
        """The deviation of each target, as the unit in which a network reads several
        series, or 1 for a single series.
        """
        return self.scale.deviation[: len(self.targets)]

    def level(self, stop: int | None = None) -> Floats:
        """Return the mean of the targets in the last season, or 12 rows, shape (m,)."""
        return np.asarray(
            self.y[:stop][-max(self.period, 12) :, : len(self.targets)].mean(axis=0)
        )

    def statistical(
        self,
        methods: Sequence[str] = METHODS,
        report: Any = None,
        seconds: dict[str, float] | None = None,
    ) -> tuple[dict[str, Forecaster], list[str]]:
        """Return the statistical methods fitted to the rows before the test, and
        sentences on those left out.

        If `report` is given, each method calls it before it is fitted and forecasts,
        with the method's name, the number of its forecasts so far and the approximate
        number in a test. The time that it takes is added to `seconds`.
        """
        spent = {} if seconds is None else seconds
        forecasters = dict[str, Forecaster]()
        notes = list[str]()
        for method in methods:
            if method == "seasonal" and self.period == 1:
                continue
            try:
                past = self.y[: self.start]
                tell = partial(report or (lambda *_: None), method)
                tell(0, self.origins)
                timed = partial(_timed, spent, method)
                with timed():
                    fitted = statistical(method, past, period=self.period, known=self.x)
                forecasters[method] = _reporting(fitted, tell, self.origins, timed)
            except MissingExtraError as error:
                said = str(error).replace(
                    f"method {method} needs", "methods ets, theta and arima need"
                )
                notes = [note for note in notes if note != said] + [said]
            except SynapseError as error:
                notes.append(f"{method} is left out: {error}")
        return forecasters, notes

    def limited(self, methods: Iterable[str]) -> list[str]:
        """Return a sentence if some of these methods use the last rows only, so that a
        test takes no longer for a longer series.
        """
        most = max(MAX_FITTED_STEPS, 3 * self.period)
        names = [name for name in methods if name in ("ar", *FITTED_ELSEWHERE)]
        if self.start <= most or not names:
            return []
        return [
            f"The test gives {', '.join(names)} only the last {most} rows before each"
            " origin."
        ]


def _reporting(
    forecaster: Forecaster,
    report: Callable[[int, int], Any],
    total: int,
    timed: Callable[[], AbstractContextManager[None]],
) -> Forecaster:
    """Return a forecaster that reports the number of its forecasts before each."""
    done = itertools.count()

    def reporting(history: Floats, steps: int) -> Any:
        report(next(done), total)
        with timed():
            return forecaster(history, steps)

    return reporting


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Add how long a block takes to the time of a method."""
    begin = time.perf_counter()
    try:
        yield
    finally:
        seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - begin


def scale_of(y: Floats, lags: Lags, several: bool) -> Scale:
    """Return differences of columns at these lags. For several series, each column is
    in units of its deviation in this one.
    """
    scale = Scale(y.shape[1], lags=lags)
    if not several:
        return scale
    levels = Scale(y.shape[1])
    levels.add(y)
    has_lags = np.array([*map(len, scale.lags)]) > 0  # differences have no level
    return Scale.fixed(np.where(has_lags, 0.0, levels.mean), levels.deviation, lags)


def fit_together(
    tasks: Sequence[SeriesTask], learning: TrainingOptions
) -> tuple[Model, Result]:
    """Train one network on the rows of all series before the test; the last fifths
    decide when to stop.

    Raises KeyboardInterrupt if Ctrl-C ends the training before an epoch is complete.
    """
    parts = [task.lesson() for task in tasks]
    counts = [len(x) - max(1, round(len(x) / 5)) for x, _ in parts]
    each = [*zip(parts, counts, strict=True)]
    early = [(x[:count], y[:count]) for (x, y), count in each]
    late = [(x[count:], y[count:]) for (x, y), count in each if count > 1]
    return learning._filled(SERIES)._fit(
        lambda: tasks[0].make(learning), parts, (early, late)
    )


def _calendar(steps: Any, period: int) -> Floats:
    """Return sine and cosine of the phase of the season and, for six steps or more, of
    twice the phase.
    """
    multiples = (1, 2)[: (period >= 3) + (period >= 6)]
    return np.array(
        [f(2 * np.pi * k * steps / period) for k in multiples for f in (np.sin, np.cos)]
    )


@one_thread()
@suggests_arguments("series_tasks")
def series_tasks(
    series: pd.DataFrame | Mapping[str, pd.DataFrame],
    targets: Sequence[str],
    known: Sequence[str] = (),
    *,
    steps: Annotated[int | None, horizon] = None,
    period: Annotated[int | None, positive_integer] = None,
    validation: Annotated[float | None, fraction_below_one] = None,
) -> tuple[list[SeriesTask], list[str]]:
    """Return the task of each series for one network, and a sentence on series that are
    left out.

    The season and the differences of several series are chosen by majority. Series that
    are too short for them are left out, but the network can forecast them once they are
    long enough. Parameters and errors are those of `train_series`.
    """
    several = series if isinstance(series, Mapping) else {"": series}
    require_one_use(
        [*require_targets(listed("targets", targets, "a list of names")), *known]
    )
    for name, frame in several.items():
        frame_values(frame, name)  # refuses what is no series
    tasks = []
    dated = [
        frame.index[0] for frame in several.values() if hasattr(frame.index, "freq")
    ]
    first_date = min(dated).isoformat() if dated else None
    for name, frame in several.items():
        for column in (*targets, *known):
            choice("A column of the task", column, [*frame.columns])
        if len(frame) < MIN_ROWS:
            continue
        observed = [name for name in frame.columns if name not in (*targets, *known)]
        length = period or season_of(frame)
        columns = [*targets], observed, [*known]
        task = split_series(frame, *columns, length, steps, validation)
        when = phase(frame, first_date)
        tasks.append(replace(task, name=name, phase=when, first_date=first_date))
    if not tasks:
        raise FormatError(f"Expected a series of {MIN_ROWS} rows or more to train on.")
    if [*several] == [""]:
        return tasks, []
    maximum = max(task.period for task in tasks)
    tasks = [task for task in tasks if task.period == maximum]
    columns_of = zip(*(task.scale.lags for task in tasks), strict=True)
    lags = [Counter(column).most_common(1)[0][0] for column in columns_of]
    minimum = max(map(sum, lags)) + MIN_ROWS
    tasks = [task for task in tasks if task.start >= minimum]
    fewest = min(
        (task.steps for task in tasks if task.is_tested), default=tasks[0].steps
    )
    origins = max(6, 3 * MAX_ORIGINS // len(tasks))
    shared: dict[str, Any] = {"several": True, "steps": fewest, "origins": origins}
    tasks = [
        replace(task, scale=scale_of(task.y[: task.start], lags, True), **shared)
        for task in tasks
    ]
    left = sorted({*several} - {task.name for task in tasks})
    rows = pluralize(sum(len(several[name]) for name in left), "row")
    why = "too short for the season and the differences of the others"
    return tasks, [f"Left out: {quoted(left)}, {rows}, {why}."] if left else []


def checked_methods(title: str, methods: Any) -> list[str]:
    """Return names of statistical methods, or raise ArgumentError for an unknown
    one.
    """
    condition = "a list of names, such as ['ar', 'arima']"
    return [
        choice("Each of the methods", name, METHODS)
        for name in listed(title, methods, condition)
    ]


def frame_values(series: Any, name: str = "") -> Floats:
    """Return the columns of a series, or raise ArgumentError if it does not come from
    `read_series`. Errors contain the name of one of several.
    """
    index = instance("series", series, pd.DataFrame).index
    if isinstance(index, pd.PeriodIndex) or getattr(index, "freq", "none") is None:
        require_single(index, name)
        raise ArgumentError(
            "The dates of the series must have a step. Make it by read_series."
        )
    return series.to_numpy(np.float64)


def split_series(
    series: pd.DataFrame,
    targets: list[str],
    observed: list[str],
    known: list[str],
    period: int,
    steps: int | None,
    share: float | None,
) -> SeriesTask:
    """Return the task of some columns, with this share of the rows held out, and
    differences chosen before.

    Without `steps`, a season from 6 to 12 is used, and without `share`, a fifth of the
    rows, or up to a third of few rows.
    """
    y = series[[*targets, *observed]].to_numpy(np.float64)
    x = series[known].to_numpy(np.float64) if known else None
    steps = min(max(period, 6), 12) if steps is None else steps
    tested = held_out(len(y), share, max(len(y) // 5, min(len(y) // 3, 4 * steps)))
    start = len(y) - tested
    steps = max(1, min(steps, tested // 3 if tested else len(y) // 6))
    period = 1 if start <= period else period
    lags = [choose_lags(column[:start], steps, period) for column in y.T]
    scale = Scale(len(lags), lags=lags)
    return SeriesTask(targets, observed, known, y, x, period, steps, start, scale)


# --- forecasts ------------------------------------------------------------------------


def series_facts(model: Model | Network) -> dict[str, Any]:
    """Return the facts in the file of a model from :func:`train_series`, or raise
    ArgumentError for another model.
    """
    network = instance("model", whole_of(model), Network)
    facts: dict[str, Any] = network.metadata
    complete = {
        "targets",
        "observed",
        "known",
        "differences",
        "period",
        "chosen",
    } <= set(facts)
    if not complete or len(facts["targets"]) + len(facts["observed"]) != len(
        network.output
    ):
        raise ArgumentError(
            f"{network!r} does not forecast a series. Make such a model by `synapse"
            " train` or train_series."
        )
    return facts


def require_step(facts: dict[str, Any], series: pd.DataFrame) -> None:
    """Raise ArgumentError if rows have another step than the training rows."""
    steps = facts.get("step"), step_name(series)
    if steps[0] != steps[1]:
        trained, here = (
            "without dates" if step is None else f"with the step {step}"
            for step in steps
        )
        raise ArgumentError(
            f"The model was trained on rows {trained}, but these are rows {here}."
        )


@suggests_arguments("forecast_series")
def forecast_series(
    model: Model | Network,
    series: pd.DataFrame,
    steps: Annotated[int, horizon],
    future: pd.DataFrame | None = None,
    *,
    method: str | None = None,
    coverage: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
) -> pd.DataFrame:
    """Forecast the rows after a series, by the method that was best in the test of the
    model.

    Parameters
    ----------
    model : Model or Network
        A model from :func:`train_series`, or a network that :meth:`Model.whole` has
        made of one.
    series : pandas.DataFrame
        Its columns are the targets, the observed and the known ones of the model, in
        this order.
    steps : int
        Number of rows to forecast.
    future : pandas.DataFrame, optional
        The known columns in these rows, found by their dates if these are its index.
        Otherwise, its first rows are used.
    method : str, optional
        "network", "combine", or a method of :func:`synapse.forecasting.statistical`.
    coverage : float, optional
        Add bounds for this fraction of future values.
    minimum, maximum : float, optional
        The range to which the forecast and its bounds are clipped.

    Returns
    -------
    pandas.DataFrame
        A row for each step, with its date, and a column for each target. With
        `coverage`, there are also "y lower" and "y upper" for a target "y".
        ``attrs["notes"]`` contains sentences that state which method forecasts and why,
        and whether the network is better than the other methods.

    Raises
    ------
    ArgumentError
        If there is no such method, there are no errors for an interval, or the future
        does not have the known columns.
    FormatError
        If the future lacks one of the rows.
    """
    names = series_facts(model)["known"]
    rows, notes = rows_ahead(series, future, names, steps)
    forecast, sentences = forecast_of(
        model,
        series,
        steps,
        rows,
        method=method,
        coverage=coverage,
        minimum=minimum,
        maximum=maximum,
    )
    frame: pd.DataFrame = forecast.to_pandas()
    frame.attrs["notes"] = [*notes, *sentences]
    return frame


def rows_ahead(
    series: pd.DataFrame,
    future: Any,
    names: list[str],
    steps: int,
    title: str = "",
) -> tuple[Floats | None, list[str]]:
    """Return the columns known in advance in the rows after a series, and a sentence on
    rows that are not used. Errors contain the title of one of several series.
    """
    rows = pluralize(steps, "row")
    if future is None and names:
        raise ArgumentError(
            f"{quoted(names)} must be known in advance. Pass the next {rows}: --future"
            " FILE."
        )
    if future is None:
        return None, []
    if not names:
        raise ArgumentError(
            "The model has no column that is known in advance. Remove --future."
        )
    frame = as_frame(future, "future")
    values = numbers(frame, names)
    if not isinstance(frame.index, pd.DatetimeIndex) or step_name(series) is None:
        if len(frame) < steps:
            raise FormatError(
                f"The future must have {rows}, one for each step, got {len(frame)}."
            )
        note = f"Only the first {rows} of the future are read, as it has no dates."
        return values[:steps], [note] * (len(frame) > steps)
    require_single(frame.index, title)
    due = labels_beside(series.index, steps)
    for day in due[~due.isin(frame.index)][:1]:
        raise FormatError(
            f"The future must have a row of {day}, which follows the data. Its rows are"
            f" from {frame.index.min()} to {frame.index.max()}."
        )
    return values[frame.index.get_indexer(due)], []


def forecast_of(
    model: Model | Network,
    series: pd.DataFrame,
    steps: int,
    future: Floats | None = None,
    *,
    method: str | None = None,
    coverage: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
) -> tuple[Forecast, list[str]]:
    """Return the forecast of :func:`forecast_series`, of shape (steps, targets), and
    its sentences. `future` contains the known columns, shape (steps, k).
    """
    facts = series_facts(model)
    limits = clipping(minimum, maximum)
    network_name = next(
        name
        for name in facts.get("mase", [facts["chosen"]])
        if name not in (COMBINE, *METHODS)
    )
    chosen = method or facts["chosen"]
    if isinstance(chosen, str) and normalize_name(chosen) in (
        "network",
        normalize_name(network_name),
    ):
        chosen = network_name
    members = facts.get("members", []) if chosen == COMBINE else [chosen]
    if not members or not set(members) <= {network_name, *METHODS}:
        raise ArgumentError(
            f"`method` must be {network_name}, {COMBINE} or one of"
            f" {', '.join(METHODS)}, got {chosen!r}."
        )
    rows = None if future is None else finite_array("future", future)
    shape = None if rows is None else rows.shape
    if shape != ((steps, len(facts["known"])) if facts["known"] else None):
        condition = (
            f"{pluralize(steps, 'row')} of {', '.join(facts['known'])}"
            if facts["known"]
            else "None"
        )
        raise ArgumentError(f"`future` must be {condition}, got the shape {shape}.")
    task = SeriesTask.of(model, series, rows)
    forecasters, notes = task.statistical(
        [member for member in members if member != network_name]
    )
    if network_name in members:
        forecasters[network_name] = task.forecaster(model, steps)
    forecasts, failed = _forecasts(forecasters, task.y, steps)
    notes += failed
    if chosen not in (COMBINE, *forecasts) and (method or chosen == network_name):
        raise ArgumentError(f"{' '.join(notes)} Use the method network.")
    why = facts.get("reason") if method is None else None
    if not forecasts:  # what is saved can always be had
        forecasts[network_name] = task.forecaster(model, steps)(task.y, steps)
        chosen, why = network_name, None
    mean = np.mean([*forecasts.values()], axis=0)[:, : len(task.targets)]
    blind = [member for member in members if member in task.blind]
    if blind:
        notes.append(
            f"{', '.join(blind)} cannot use {quoted(task.known)}. Use {network_name},"
            " which can, by --method network."
        )
    if len(forecasts) < len(members):
        why = None
    notes += [why or f"{chosen} forecasts.", *filter(None, [facts.get("verdict")])]
    half = None
    if coverage is not None:
        half = _half_widths(facts, chosen, coverage, steps)
        half *= np.abs(task.level()) if facts["relative"] else task.units
    ahead = bounded(mean, half, coverage or 0.0, limits)
    return replace(
        ahead, dates=labels_beside(series.index, steps), names=task.targets
    ), notes


def _half_widths(
    facts: dict[str, Any], chosen: str, coverage: float, steps: int
) -> Floats:
    """Return half of the interval of each step, by the errors of a method."""
    errors = facts.get("errors", {}).get(chosen)
    if errors is None:
        raise ArgumentError(
            f"The model has no errors of {chosen} on held-out rows, from which an"
            " interval follows. Train it with --validation above 0, on more rows."
        )
    return Calibration(np.array(errors)).half_widths(coverage, steps)


def _forecasts(
    forecasters: Mapping[str, Forecaster], y: Floats, steps: int
) -> tuple[dict[str, Floats], list[str]]:
    """Return the forecasts of all methods that can be had for a series, and a sentence
    on each other one.
    """
    forecasts, failed = {}, []
    for name, ahead in forecasters.items():
        try:
            forecasts[name] = ahead(y, steps)
        except ArgumentError as error:
            failed.append(f"{name} is left out: {error}")
    return forecasts, failed


def predict_series(model: Model | Network, series: pd.DataFrame) -> pd.DataFrame:
    """Return forecasts of the targets in each row from the previous rows and, without
    known columns, in the next one. They are NaN where too few rows are known.
    """
    task = SeriesTask.of(model, series)
    ahead = int(task.x is None)
    forecasts = task.forecaster(model, ahead).one_step(task.y)
    index = series.index
    if ahead:
        index = index.append(labels_beside(index, 1))
    return pd.DataFrame(
        forecasts[:, : len(task.targets)], index=index, columns=task.targets
    )


def series_for(
    model: Model | Network,
    table: pd.DataFrame,
    sequence: str | None = None,
    **reading: Any,
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Return the series in a table for a model, by :func:`read_several` with these
    options, and sentences on short series and on filled values.
    """
    facts = series_facts(model)
    names = [*facts["targets"], *facts["observed"], *facts["known"]]
    key = sequence or facts.get("sequence") or ""
    if sequence is None and key not in table:
        key = ""  # the table is one series, without a name
    if facts.get("step") is None:  # rows follow each other, also if they have dates
        table = table[columns(table, [*names, *([key] if key else [])])]
        reading = {"fill": reading.get("fill")}
    several = read_several(table, names, key, **reading)
    minimum = max(sum(lags) for lags in facts["differences"]) + 2
    long = {name: frame for name, frame in several.items() if len(frame) >= minimum}
    notes = [*next(iter(several.values())).attrs["notes"]]
    if long and (short := sorted(several.keys() - long.keys())):
        rows = pluralize(sum(len(several[name]) for name in short), "row")
        notes.append(
            f"Left out: {quoted(short)}, {rows}, with fewer than {minimum} each."
        )
    return long or several, notes
