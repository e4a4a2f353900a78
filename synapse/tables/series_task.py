"""Networks that forecast a series: choose, fit, test beside statistical methods, refit, forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._checks import choice, counted, finite_array, fraction_below_one, instance, listed
from .._typing import Floats
from ..errors import ArgumentError, FormatError, MissingExtraError, SynapseError
from ..forecasting import (
    Calibration,
    Differences,
    Forecast,
    NetworkForecaster,
    Selection,
    choose_differences,
    select,
    statistical,
)
from ..forecasting._series import horizon, season
from ..forecasting.closed_loop import bounded, clipping
from ..forecasting.network_forecaster import lesson
from ..forecasting.rolling import Forecaster
from ..forecasting.selection import COMBINE
from ..forecasting.statistical import METHODS
from ..learning import Result
from ..objects.network import Network
from .problems import require_one_use
from .scaled_model import Part, ScaledModel
from .series import Series
from .training import FEWEST, Learning, Trained, held_out, require_targets

MOST_ORIGINS = 60
"""Number of origins, about, from which forecasters are compared."""
SHORTEST = 4
"""Least number of rows of a series, of which the last decides when a training ends."""


@dataclass(frozen=True)
class SeriesTask:
    """The forecast of columns of a series, and the rows that it is tested on; from :func:`series_task`.

    Attributes
    ----------
    targets, observed, known : list of str
        The columns to forecast, others that are forecast to forecast these, and those known in advance.
    y : ndarray, shape (T, m)
        The targets and the observed columns.
    x : ndarray, shape (N, k), or None
        The known ones; N is T or, with rows that are to be forecast, more.
    period, steps, start : int
        Steps of a season, steps ahead in the test, and the index of the first held-out row.
    differences : list of Differences
        Those of the columns of `y`, chosen on the rows before `start`.
    phase : int
        The step of the season at which the rows begin. Default 0.
    """

    targets: list[str]
    observed: list[str]
    known: list[str]
    y: Floats
    x: Floats | None
    period: int
    steps: int
    start: int
    differences: list[Differences]
    phase: int = 0

    @classmethod
    def of(cls, network: Network, series: Series, future: Floats | None = None) -> SeriesTask:
        """The task of a network from :func:`train_series` in another table, in which no row is held out.

        The columns of the series are its targets, observed and known columns; `future` continues the known.
        """
        facts = series_facts(network)
        targets, observed, known = (facts[name] for name in ("targets", "observed", "known"))
        count = len(targets) + len(observed)
        y, x = series.values[:, :count], series.values[:, count:] if known else None
        if x is not None and future is not None:
            x = np.vstack([x, future])
        differences = [Differences(tuple(lags)) for lags in facts["differences"]]
        phase = series.phase(facts.get("first_date"))
        return cls(targets, observed, known, y, x, facts["period"], 1, len(y), differences, phase)

    def make(self, learning: Learning) -> ScaledModel:
        """A new network that reads differences of a row, and the season, and forecasts those of the next."""
        fed = [*self.targets, *self.observed]
        waves = [f"season {place}" for place in range(len(_calendar(0, self.period)))]
        outputs = [f"{name} +1" for name in fed]
        hidden = list(learning.hidden)
        return ScaledModel(learning.model, hidden, [*fed, *self.known, *waves], outputs, seed=learning.seed)

    def covariates(self, count: int) -> Floats | None:
        """What a network reads beside its own past in so many rows, or None: known values and the season.

        The known values are differenced as the target is, so that a network need not remember them. The
        season is the sine and cosine of its phase.
        """
        waves = _calendar(self.phase + np.arange(count), self.period).reshape(-1, count).T
        if self.x is None:
            return waves if self.period > 2 else None
        lost = self.differences[0].lost
        changes = np.vstack([np.zeros((lost, self.x.shape[1])), self.differences[0].of(self.x)])
        return np.hstack([changes[:count], waves[: len(changes)]])

    def forecaster(self, network: Network, ahead: int = 0) -> NetworkForecaster:
        """The network as a forecaster of these columns, up to so many rows after the last."""
        return NetworkForecaster(network, self.differences, self.covariates(len(self.y) + ahead))

    def lesson(self, stop: int) -> list[Part]:
        """What a network learns from the rows before `stop`."""
        return [lesson(self.y[:stop], self.differences, self.covariates(len(self.y)))]

    def fit(self, learning: Learning) -> tuple[ScaledModel, Result]:
        """Train a network on the rows before the test; the last fifth of these decides when to stop."""
        ((inputs, targets),) = parts = self.lesson(self.start)
        count = len(inputs) - max(1, round(len(inputs) / 5))
        split = [(inputs[:count], targets[:count])], [(inputs[count:], targets[count:])] * (count > 1)
        return learning.fit(lambda: self.make(learning), parts, split)

    def select(self, forecasters: Mapping[str, Any], first: int | None = None) -> Selection:
        """Compare forecasters on the held-out rows or, from an index `first` on, on the training rows."""
        start, y = (self.start, self.y) if first is None else (first, self.y[: self.start])
        every = max(1, (len(y) - start - self.steps) // MOST_ORIGINS)
        options = {"start": start, "every": every, "period": self.period}
        return select(forecasters, y, self.steps, **options, targets=len(self.targets))

    def level(self, stop: int | None = None) -> Floats:
        """The mean of the targets in the last season, or 12 rows, shape (m,)."""
        found: Floats = self.y[:stop][-max(self.period, 12) :, : len(self.targets)].mean(axis=0)
        return found

    def statistical(self, methods: Sequence[str] = METHODS) -> tuple[dict[str, Forecaster], list[str]]:
        """The statistical methods fitted to the rows before the test, and sentences on those left out."""
        found, notes = dict[str, Forecaster](), list[str]()
        for method in methods:
            if method == "seasonal" and self.period == 1:
                continue
            try:
                found[method] = statistical(method, self.y[: self.start], period=self.period, known=self.x)
            except MissingExtraError as error:
                said = str(error).replace(f"method {method} needs", "methods ets, theta and arima need")
                notes = [note for note in notes if note != said] + [said]
            except (SynapseError, ValueError) as error:  # statsforecast has ValueError for too few rows
                notes.append(f"{method} is left out: {error}")
        return found, notes


def _calendar(steps: Any, period: int) -> Floats:
    """Sine and cosine of the phase of the season and, for six steps or more, of twice the phase."""
    multiples = () if period < 3 else (1,) if period < 6 else (1, 2)
    return np.array([f(2 * np.pi * k * steps / period) for k in multiples for f in (np.sin, np.cos)])


def series_task(
    series: Series,
    targets: Sequence[str],
    known: Sequence[str] = (),
    *,
    steps: int | None = None,
    period: int | None = None,
    validation: float | None = None,
) -> SeriesTask:
    """Choose differences and held-out rows for a series.

    Parameters
    ----------
    series : Series
        Its columns that are neither targets nor known are observed ones.
    targets : sequence of str
        The columns to forecast.
    known : sequence of str
        The columns known in advance.
    steps : int, optional
        Steps ahead in the test. Default: a season, from 6 to 12.
    period : int, optional
        Number of rows of a season. Default: that of the dates.
    validation : float, optional
        The share of rows to hold out. Default: a fifth, or up to a third of a short series.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a column is not one of the series or has two uses, a number is out of range, or too few rows are
        left to train on.
    """
    columns = instance("The series", series, Series).columns
    for name in (*require_targets(listed("The targets", targets, "a list of names")), *known):
        choice("A column of the task", name, columns)
    require_one_use([*targets, *known])
    length = series.season if period is None else season(period)
    ahead = min(max(length, 6), 12) if steps is None else horizon(steps)
    observed = [name for name in columns if name not in (*targets, *known)]
    y = series.values[:, [columns.index(name) for name in (*targets, *observed)]]
    x = series.values[:, [columns.index(name) for name in known]] if known else None
    if len(y) < SHORTEST:
        raise FormatError(f"Expected a series of {SHORTEST} rows or more to train on, got {len(y)}.")
    share = None if validation is None else fraction_below_one("The validation", validation)
    out = held_out(len(y), share, max(len(y) // 5, min(len(y) // 3, 4 * ahead)))
    start, ahead = len(y) - out, max(1, min(ahead, out // 3 if out else len(y) // 6))
    length = 1 if start <= length else length
    differences = [choose_differences(column[:start], ahead, period=length) for column in y.T]
    return SeriesTask([*targets], observed, [*known], y, x, length, ahead, start, differences)


def train_series(task: SeriesTask, learning: Learning) -> Trained:
    """Train a network to forecast a series, compare it with statistical methods, and refit it on all rows.

    Raises
    ------
    DivergenceError
        If the error of the network is no longer finite.
    """
    instance("The task", task, SeriesTask), instance("The learning", learning, Learning)
    model, result = task.fit(learning)
    facts: dict[str, Any] = {
        "targets": task.targets,
        "observed": task.observed,
        "known": task.known,
        "differences": [list(one.lags) for one in task.differences],
        "period": task.period,
        "rows": len(task.y),
        "held_out_rows": len(task.y) - task.start,
        "chosen": learning.model,
    }
    model.network.metadata = facts
    if result.stopped == "interrupted" or task.start == len(task.y):
        why = f"no row was held out (a test needs {FEWEST} rows, and a --validation above 0)"
        why = "the training was interrupted" if result.stopped == "interrupted" else why
        facts["reason"] = f"{learning.model} forecasts; it was not tested, as {why}."
        return Trained(model.network, result, facts, [], [])
    simple, notes = task.statistical()
    forecasters = {learning.model: task.forecaster(model.network), **simple}
    found = task.select(forecasters)
    errors, relative = _errors(task, forecasters, found)
    network = learning.refit(lambda: task.make(learning), task.lesson(len(task.y)), result)
    again = task.select({"again": task.forecaster(network)}).mase("again")
    facts |= {
        "chosen": found.best,
        "members": found.members,
        "mase": {name: float(f"{found.mase(name):.4g}") for name in found.rolled},
        "refit": f"The saved network was then trained on all {len(task.y)} rows. On the held-out rows, which "
        f"it has learned now, its MASE is {again:.3g}; in the test it was {found.mase(learning.model):.3g}.",
        "verdict": found.verdict(learning.model),
        "reason": found.reason(),
        "errors": {name: _rounded(one) for name, one in errors.items()},
        "relative": relative,
    }
    network.metadata = facts
    return Trained(network, result, facts, ranking(found, task.targets), [*notes, *found.failed])


def _errors(
    task: SeriesTask, forecasters: Mapping[str, Any], found: Selection
) -> tuple[dict[str, Floats], bool]:
    """Errors from which intervals follow, shape (origins, steps, m), and whether they are relative.

    Those of the test are few and often of one part of the season or cycle. So errors in the second half of
    the training rows are added. There they are too small, as parameters were fitted to these rows, and are
    enlarged to the size of those in the test. All are divided by the level of the series if their Gaussian
    likelihood is larger then: the noise of a series that grows often grows with it.
    """
    errors = {name: found.rolled[name].calibration.errors for name in found.rolled}
    origins, first = found.rolled[found.best].origins, max(task.start // 2, 3 * task.period)
    before = task.select(forecasters, first) if task.start >= first + task.steps else None
    if before is not None and not before.failed:
        for name, late in errors.items():
            members = found.members if name == COMBINE else [name]
            early = np.mean([before.rolled[one].calibration.errors for one in members], axis=0)
            errors[name] = np.concatenate([early, late])
        origins = np.concatenate([before.rolled[found.members[0]].origins, origins])
    levels, tested = np.array([[task.level(origin)] for origin in origins]), origins >= task.start
    tiny = np.finfo(float).tiny

    def enlarged(part: Floats) -> Floats:
        if tested.all():
            return part
        late, early = (np.sqrt(np.mean(part[one] ** 2, axis=(0, 1))) for one in (tested, ~tested))
        return part * np.where(tested[:, None, None], 1.0, np.maximum(late / (early + tiny), 1.0))

    def size(part: Floats) -> float:
        return float(np.log(np.mean(enlarged(part) ** 2, axis=0) + tiny).mean())

    best, relative = errors[found.best], bool((levels > 0).all())
    relative = relative and size(best / levels * np.exp(np.log(levels).mean(axis=0))) < size(best)
    return {name: enlarged(one / levels if relative else one) for name, one in errors.items()}, relative


def _rounded(errors: Floats) -> Any:
    """Errors with six digits, for a file."""
    size = np.abs(errors).max() or 1.0
    return np.round(errors, int(5 - np.floor(np.log10(size)))).tolist()


def ranking(found: Selection, targets: list[str]) -> list[list[str]]:
    """The methods by their errors, as the cells of a table."""
    rows = [["model", "MASE", *(f"RMSE {name}" if len(targets) > 1 else "RMSE" for name in targets)]]
    for name, rolled in found.rolled.items():
        squared = (rolled.errors**2).reshape(-1, rolled.errors.shape[-1])
        errors = np.sqrt(squared.mean(axis=0))[: len(targets)]
        rows.append([name, f"{found.mase(name):.3g}", *(f"{error:.4g}" for error in errors)])
    return rows


# --- forecasts -------------------------------------------------------------------------------


def series_facts(network: Network) -> dict[str, Any]:
    """What the file of a network from :func:`train_series` has; ArgumentError if it is another network."""
    facts: dict[str, Any] = instance("The network", network, Network).metadata
    made = {"targets", "observed", "known", "differences", "period", "chosen"} <= set(facts)
    if not made or len(facts["targets"]) + len(facts["observed"]) != len(network.output):
        raise ArgumentError(
            f"{network!r} does not forecast a series. Make such a model by `synapse train` or train_series."
        )
    return facts


def forecast_series(
    network: Network,
    series: Series,
    steps: int,
    future: Floats | None = None,
    *,
    method: str | None = None,
    interval: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
) -> tuple[Forecast, list[str]]:
    """Forecast the rows that follow a series, by the method that was best in the test of the network.

    Parameters
    ----------
    network : Network
        From :func:`train_series`.
    series : Series
        Its columns are the targets, the observed and the known ones of the network, in this order.
    steps : int
        Number of rows to forecast.
    future : ndarray, shape (steps, k), optional
        The known columns in these rows.
    method : str, optional
        "network", "combine", or a method of :func:`synapse.forecasting.statistical`.
    interval : float, optional
        Add bounds for this share of future values.
    minimum, maximum : float, optional
        The range to which the forecast and its bounds are clipped.

    Returns
    -------
    Forecast
        Of shape (steps, targets).
    list of str
        Sentences: which method forecasts and why, and whether the network is worth it.

    Raises
    ------
    ArgumentError
        If there is no such method, no errors for an interval, or the future is not that of the known columns.
    """
    facts, limits, steps = series_facts(network), clipping(minimum, maximum), horizon(steps)
    own = next(one for one in facts.get("mase", [facts["chosen"]]) if one not in (COMBINE, *METHODS))
    name = own if method == "network" else method or facts["chosen"]
    members = facts.get("members", []) if name == COMBINE else [name]
    if not members or not set(members) <= {own, *METHODS}:
        raise ArgumentError(
            f"Expected the method to be {own}, {COMBINE} or one of {', '.join(METHODS)}, got {name!r}."
        )
    rows = None if future is None else finite_array("The future", future)
    given = None if rows is None else rows.shape
    if given != ((steps, len(facts["known"])) if facts["known"] else None):
        condition = f"{counted(steps, 'row')} of {', '.join(facts['known'])}" if facts["known"] else "None"
        raise ArgumentError(f"Expected the future to be {condition}, got the shape {given}.")
    task = SeriesTask.of(network, instance("The series", series, Series), rows)
    forecasters, notes = task.statistical([one for one in members if one != own])
    if own in members:
        forecasters[own] = task.forecaster(network, steps)
    if len(forecasters) < len(members):
        raise ArgumentError(" ".join(notes))
    mean = np.mean([one(task.y, steps) for one in forecasters.values()], axis=0)[:, : len(task.targets)]
    why = facts.get("reason") if method is None else None
    notes += [why or f"{name} forecasts.", *filter(None, [facts.get("verdict")])]
    if interval is None:
        return bounded(mean, None, 0.0, limits), notes
    errors = facts.get("errors", {}).get(name)
    if errors is None:
        raise ArgumentError(
            f"The model has no errors of {name} on held-out rows, from which an interval follows. Train it "
            "with --validation above 0, on more rows."
        )
    half = Calibration(np.array(errors)).half_widths(interval, steps)
    return bounded(mean, half * np.abs(task.level()) if facts["relative"] else half, interval, limits), notes


def predict_series(network: Network, series: Series) -> Floats:
    """Forecast each row of a series from those before it.

    Returns shape (T, targets) or, without known columns, (T + 1, targets); NaN where too few rows are known.
    """
    task = SeriesTask.of(network, instance("The series", series, Series))
    return task.forecaster(network, int(task.x is None)).one_step(task.y)[:, : len(task.targets)]
