"""Methods compared on a series by rolling origin: their errors from each origin and at
each step ahead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, final

import numpy as np

from .._build import lower_name
from .._checks import instance, listed, positive_integer, suggests_arguments, void
from .._defaults import SERIES
from .._model import Model
from .._scale import unit_of
from ..errors import ArgumentError
from ..forecasting import RollingOrigin, Selection
from ..forecasting._selection import COMBINE
from ..forecasting._statistical import METHODS
from ._pandas import pd
from ._series_task import SeriesTask, checked_methods, fit_together, series_tasks
from ._series_training import select_together
from ._table_training import INTERRUPTED, TrainingOptions


@final
@dataclass(frozen=True)
class Comparison:
    """The results of :func:`compare_series`, as tables of pandas with a column for each
    method, best first.

    Attributes
    ----------
    summary : pandas.DataFrame
        A row for each method. It contains MASE over all series, for each target MAE and
        RMSE in its units, and "best", the fraction of origins from which its error is
        the lowest.
    by_origin : pandas.DataFrame
        The mean absolute error over the steps ahead from each origin, which is the last
        row that a forecast knows. The index contains the series, if there are several,
        the target, if there are several, and the origin.
    by_step : pandas.DataFrame
        The mean absolute error over the origins at each step ahead, with such an index.
    forecasts : pandas.DataFrame
        Every forecast and the true value: the index has the series, the target, the
        origin and the step.
    verdicts : list of str
        Sentences: for each network, whether it is better than all methods, and which
        one should forecast.
    notes : list of str
        Sentences on rows or methods that were left out.
    """

    summary: pd.DataFrame
    by_origin: pd.DataFrame
    by_step: pd.DataFrame
    forecasts: pd.DataFrame
    verdicts: list[str]
    notes: list[str]

    def __repr__(self) -> str:
        best = self.summary.index[0]
        count = len(self.by_origin.index.unique(level=-1))
        return (
            f"<Comparison of {len(self.summary)} methods from {count} origins, lowest"
            f" error {best}>"
        )


@suggests_arguments("compare_series")
def compare_series(
    series: pd.DataFrame | Mapping[str, pd.DataFrame],
    targets: Sequence[str],
    learning: TrainingOptions | None = None,
    *,
    build: str | Sequence[str] = SERIES.build,
    methods: Annotated[Sequence[str], checked_methods] = METHODS,
    known: Sequence[str] = (),
    steps: int | None = None,
    period: int | None = None,
    origins: Annotated[int | None, positive_integer] = None,
) -> Comparison:
    """Compare networks and statistical methods on the end of a series, which they have
    not been fitted to.

    Each method is fitted once, to the rows before the first origin ("ar" at each
    origin), and forecasts from many of the rows after it, each time from all rows up to
    the origin.

    Parameters
    ----------
    series : pandas.DataFrame, or dict of str to pandas.DataFrame
        A result of :func:`read_series`, or several of them by name, as for
        :func:`train_series`.
    targets : sequence of str
        The columns to forecast.
    learning : TrainingOptions, optional
        How networks are trained, without `build`. Each network has its own checkpoint,
        whose name ends in that of the network. Default: ``TrainingOptions()``.
    build : str or sequence of str
        The architectures of the networks by their names, in any case, such as "gru",
        "lstm" or "narx". With ``()``, only methods are compared. Default "GRU".
    methods : sequence of str
        Methods of :func:`synapse.forecasting.statistical`. Default: all. Of two or more
        methods and networks, the mean of the best three is added as "combine".
    known : sequence of str
        The columns known in advance, such as holidays.
    steps : int, optional
        Steps ahead. Default: a season, limited to between 6 and 12, and at most a third
        of the held-out rows.
    period : int, optional
        Number of rows in a season. Default: the usual season for the dates.
    origins : int, optional
        Approximate number of origins; there are at most as many as held-out rows.
        Default: 60.

    Returns
    -------
    Comparison
        Errors by method, by origin and by step ahead, as tables.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a column or method does not exist, a number is out of range, no row is held
        out, or no method can forecast.
    DivergenceError
        If the error of a network is no longer finite.
    KeyboardInterrupt
        After Ctrl-C. Checkpoints stay, from which the same call continues.

    Notes
    -----
    Hyndman and Athanasopoulos, "Forecasting: principles and practice", 3rd edition,
    section 5.10, time series cross-validation.

    Examples
    --------
    >>> import pandas
    >>> months = pandas.date_range("2016-01-01", periods=72, freq="MS", name="month")
    >>> noise = np.random.default_rng(0).normal(size=72)
    >>> sold = np.tile(np.arange(12.0), 6) + noise
    >>> sales = pandas.DataFrame({"sales": sold}, index=months)
    >>> methods = {"build": (), "methods": ["naive", "seasonal", "ar"]}
    >>> comparison = compare_series(sales, ["sales"], **methods, steps=3)
    >>> comparison.summary.index.tolist()
    ['ar', 'seasonal', 'combine', 'naive']
    >>> comparison.by_origin.loc["2020-10-01"].round(1).tolist()
    [2.6, 2.5, 2.9, 3.9]
    """
    builds = [build] if isinstance(build, str) else build
    condition = "the name of an architecture, or a list of names"
    networks = [
        lower_name("build", name) for name in listed("build", builds, condition)
    ]
    chosen = [*networks, *methods]
    if not chosen or len({*chosen}) < len(chosen):
        raise ArgumentError(f"Expected one or more different methods, got {chosen}.")
    training = (
        TrainingOptions()
        if learning is None
        else instance("learning", learning, TrainingOptions)
    )
    if training.build is not None:
        raise void("build of learning", "build", build, "Pass `build` alone.")
    training = training._filled(SERIES)
    tasks, notes = series_tasks(
        series,
        targets,
        known,
        steps=steps,
        period=period,
        validation=training.validation,
    )
    if origins is not None:
        tasks = [replace(task, origins=origins) for task in tasks]
    models = {name: _fitted(tasks, training, name) for name in networks}
    together, each, _, failed = select_together(
        tasks, models, methods, training.on_forecast
    )
    several = series if isinstance(series, Mapping) else {"": series}
    parts = [
        _forecasts(task, selection, several[task.name], together)
        for task, selection in zip(tasks, each, strict=True)
        if selection is not None
    ]
    return _comparison(parts, together, networks, [*dict.fromkeys([*notes, *failed])])


def _fitted(tasks: Sequence[SeriesTask], learning: TrainingOptions, name: str) -> Model:
    """Return the model of this name, trained to its end, with its own checkpoint.
    Raises KeyboardInterrupt after Ctrl-C.

    Otherwise, a network that was trained for a part of its epochs would be compared
    with methods that were fitted completely.
    """
    file = learning.checkpoint
    own = None if file is None else f"{file}.{name}"
    model, result = fit_together(tasks, replace(learning, build=name, checkpoint=own))
    if result.stop_reason == INTERRUPTED:
        raise KeyboardInterrupt
    return model


def _forecasts(
    task: SeriesTask, selection: Selection, series: pd.DataFrame, together: Selection
) -> pd.DataFrame:
    """Return the forecasts of a series from all origins, in rows of series, target,
    origin and step.
    """
    rolled = _rolled(selection, together)
    any_of_them = rolled[next(iter(rolled))]
    places = any_of_them.origins
    steps = any_of_them.forecasts.shape[1]
    date = series.index.name or "origin"
    known_rows = series.index[places - 1]
    levels = [[task.name], task.targets, known_rows, range(1, steps + 1)]
    index = pd.MultiIndex.from_product(levels, names=["series", "target", date, "step"])

    def column(values: Any) -> Any:
        by_target = np.moveaxis(values.reshape(len(places), steps, -1), -1, 0)
        return by_target.ravel()

    columns = {"truth": column(any_of_them.truth)}
    columns |= {name: column(each.forecasts) for name, each in rolled.items()}
    frame: pd.DataFrame = pd.DataFrame(columns, index=index)
    frame.attrs["scale"] = dict(
        zip(task.targets, any_of_them.scale.ravel().tolist(), strict=True)
    )
    return frame


def _rolled(selection: Selection, together: Selection) -> dict[str, RollingOrigin]:
    """Return the forecasts of a series by the methods of all series, in their order.

    For several series, the mean is that of the three methods that are best over all
    series.
    """
    rolled = {
        name: selection.rolled[name] for name in together.rolled if name != COMBINE
    }
    if COMBINE in together.rolled:
        mean = np.mean([rolled[name].forecasts for name in together.members], axis=0)
        rolled[COMBINE] = replace(rolled[together.members[0]], forecasts=mean)
    return {name: rolled[name] for name in together.rolled}


def _comparison(
    parts: list[pd.DataFrame],
    together: Selection,
    networks: list[str],
    notes: list[str],
) -> Comparison:
    """Return the tables of errors, computed from those of forecasts."""
    forecasts = pd.concat(parts)
    methods = [*together.rolled]
    errors = forecasts[methods].sub(forecasts["truth"], axis=0)
    series, target, origin, step = forecasts.index.names
    size = errors.abs()
    by_origin = size.groupby([series, target, origin], sort=False).mean()
    summary = pd.DataFrame({"MASE": {name: together.mase(name) for name in methods}})
    targets = forecasts.index.unique(level=target)
    for name in targets:
        errors_of_target = errors.xs(name, level=target)
        of = f" {name}" if len(targets) > 1 else ""
        summary[f"MAE{of}"] = errors_of_target.abs().mean()
        unit = unit_of(errors_of_target.fillna(0.0).to_numpy()).item()
        summary[f"RMSE{of}"] = np.sqrt(((errors_of_target / unit) ** 2).mean()) * unit
    best = by_origin.idxmin(axis=1)
    summary["best"] = best.value_counts(normalize=True).reindex(methods, fill_value=0.0)
    summary.index.name = "method"
    verdicts = [together.verdict(name) for name in networks if name in together.rolled]
    return Comparison(
        summary,
        _bare(by_origin, origin),
        _bare(size.groupby([series, target, step], sort=False).mean(), step),
        forecasts,
        [*verdicts, together.reason()],
        notes,
    )


def _bare(table: pd.DataFrame, last: str) -> pd.DataFrame:
    """Return the table without levels of the index that have one value, but for the
    last one.
    """
    levels = [name for name in table.index.names if name != last]
    alone = [name for name in levels if len(table.index.unique(level=name)) == 1]
    return table.droplevel(alone) if alone else table
