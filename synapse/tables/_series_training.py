"""The training of networks on series: fit, test beside statistical methods, choose,
refit on all rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

import numpy as np

from .._checks import instance, suggests_arguments
from .._defaults import SERIES
from .._model import Model
from .._scale import root_mean_square
from .._typing import Floats
from ..errors import ArgumentError
from ..forecasting import RollingOrigin, Selection
from ..forecasting._selection import COMBINE, ranked
from ..forecasting._statistical import METHODS, one_thread
from ._pandas import pd
from ._series import step_name
from ._series_task import SeriesTask, checked_methods, fit_together, series_tasks
from ._table import written
from ._table_training import (
    INTERRUPTED,
    MAX_RECORDED,
    MIN_HELD_OUT_ROWS,
    Trained,
    TrainingOptions,
    best_epochs,
)

SAVED = ("targets", "observed", "known", "period", "first_date")
"""Attributes of a task that the model's file carries."""
MAX_SHOWN = 6
"""Number of series, at most, whose errors a report shows one by one."""
ORIGIN_SPACING = 10**9
"""Distance between the origins of two series, so that none of them are neighbours."""

Forecasters = Mapping[str, Any]


@suggests_arguments("train_series")
def train_series(
    series: pd.DataFrame | Mapping[str, pd.DataFrame],
    targets: Sequence[str],
    learning: TrainingOptions,
    *,
    known: Sequence[str] = (),
    steps: int | None = None,
    period: int | None = None,
    methods: Annotated[Sequence[str], checked_methods] = METHODS,
) -> Trained:
    """Train a network to forecast a series, compare it with statistical methods, and
    refit it on all rows.

    For several series, one network learns all of them, each in units of its own mean
    and deviation. This network is saved, and can also forecast series that it has not
    learned.

    Parameters
    ----------
    series : pandas.DataFrame, or dict of str to pandas.DataFrame
        A result of :func:`read_series`, or several of them by name. Columns that are
        neither targets nor known are observed, which means that the network also
        forecasts them, in order to forecast the targets.
    targets : sequence of str
        The columns to forecast.
    learning : TrainingOptions
        How the network is trained.
    known : sequence of str
        The columns known in advance, such as holidays.
    steps : int, optional
        Steps ahead in the test. Default: a season, limited to between 6 and 12, and at
        most a third of the held-out rows.
    period : int, optional
        Number of rows in a season. Default: the usual season for the dates.
    methods : sequence of str
        The statistical methods to compare the network with. Default: all of
        :func:`synapse.forecasting.statistical`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a column is not one of the series or has two uses, a number is out of range,
        or too few rows are left to train on.
    DivergenceError
        If the error of the network is no longer finite.
    KeyboardInterrupt
        After Ctrl-C, if no epoch was complete. Otherwise, Ctrl-C ends the training or
        test in progress, and the network trained so far is returned.
    """
    learning = instance("learning", learning, TrainingOptions)._filled(SERIES)
    tasks, left_out = series_tasks(
        series,
        targets,
        known,
        steps=steps,
        period=period,
        validation=learning.validation,
    )
    name = str(learning.build)
    model, result = fit_together(tasks, learning)
    frames = series if isinstance(series, Mapping) else {"": series}
    facts: dict[str, Any] = {name: getattr(tasks[0], name) for name in SAVED} | {
        "differences": [list(lags) for lags in tasks[0].scale.lags],
        "several": tasks[0].several,
        "step": step_name(frames[tasks[0].name]),
        "rows": sum(len(each.y) for each in tasks),
        "held_out_rows": sum(len(each.y) - each.start for each in tasks),
        "epochs": best_epochs(result),
        "chosen": name,
    }
    tests = {each.name: each.tested(MAX_RECORDED // len(tasks)) for each in tasks}
    facts |= {
        "recent": {
            each.name: each.recent(frames[each.name].index[-1]) for each in tasks
        },
        "test": {name: rows for name, rows in tests.items() if rows is not None},
    }
    trained = Trained(model, result, facts, [], left_out)
    why = None
    if result.stop_reason == INTERRUPTED:
        why = "the training was interrupted"
    elif not facts["held_out_rows"]:
        why = (
            f"no row was held out (a test needs {MIN_HELD_OUT_ROWS} rows, and a"
            " --validation above 0)"
        )
    else:
        report = learning._report_forecast
        trained = learning._tested(
            trained,
            lambda: _test(tasks, model, name, methods, report),
            lambda: tasks[0].make(learning),
            [each.whole().lesson() for each in tasks],
        )
        why = None if trained.table else "the test was interrupted"
    if why is not None:
        facts["reason"] = f"{name} forecasts. It was not tested, because {why}."
    trained.model.network.metadata = facts
    return replace(trained, notes=list(dict.fromkeys(trained.notes)))


def _test(
    tasks: Sequence[SeriesTask],
    model: Model,
    name: str,
    methods: Sequence[str],
    report: Any,
) -> tuple[dict[str, Any], list[list[str]], list[str]]:
    """Return the facts of a test beside statistical methods, its table, and sentences
    on methods left out.
    """
    seconds = dict[str, float]()
    selection, selections, forecasters, notes = select_together(
        tasks, {name: model}, methods, report, seconds
    )
    errors, relative = _errors(tasks, forecasters, selection, selections)
    facts = {
        "chosen": selection.best,
        "members": selection.members,
        "mase": {
            method: float(f"{selection.mase(method):.4g}")
            for method in selection.rolled
        },
        "verdict": selection.verdict(name),
        "reason": selection.reason(),
        "seconds": seconds,
        "errors": {
            method: method_errors.tolist() for method, method_errors in errors.items()
        },
        "relative": relative,
    }
    return facts, ranking(tasks, selection), notes


@one_thread()
def select_together(
    tasks: Sequence[SeriesTask],
    models: Mapping[str, Model],
    methods: Sequence[str],
    report: Any,
    seconds: dict[str, float] | None = None,
) -> tuple[Selection, list[Selection | None], list[Forecasters], list[str]]:
    """Compare models and statistical methods on the held-out rows of all series
    together, and of each series, with None for series without such rows. Also return
    the forecasters of each series, and sentences on forecasters that were left out.

    A forecaster has the same name in all series. Together, errors are in units of the
    scale of each series. The time that each method takes is added to `seconds`.
    """
    forecasters = list[Forecasters]()
    selections = list[Selection | None]()
    notes = list[str]()
    for task in tasks:
        fitted, failed = task.statistical(
            methods if task.is_tested else [], report, seconds
        )
        networks = {name: task.forecaster(model) for name, model in models.items()}
        forecasters.append({**networks, **fitted})
        notes += [*failed, *task.limited(fitted)]
        selections.append(task.select(forecasters[-1]) if task.is_tested else None)
    tested = [selection for selection in selections if selection is not None]
    if not tested:
        raise ArgumentError(
            "Expected held-out rows to compare the methods on, got none. Pass at"
            f" least {MIN_HELD_OUT_ROWS} rows, or a validation fraction."
        )
    notes += [sentence for selection in tested for sentence in selection.failed]
    together = tested[0]
    if len(tasks) > 1:
        joined = {
            name: _joined([selection.rolled[name] for selection in tested])
            for name in together.rolled
            if name != COMBINE and all(name in selection.rolled for selection in tested)
        }
        together = ranked(joined, [], tasks[0].combined(joined))
    return together, selections, forecasters, notes


def _joined(parts: Sequence[RollingOrigin]) -> RollingOrigin:
    """Join the forecasts of several series into one, in units of the scale of each."""
    units = [np.where(rolled.scale > 0, rolled.scale, 1.0) for rolled in parts]
    origins = np.concatenate(
        [rolled.origins + ORIGIN_SPACING * place for place, rolled in enumerate(parts)]
    )
    forecasts, truth = (
        np.concatenate(
            [
                getattr(rolled, name) / unit
                for rolled, unit in zip(parts, units, strict=True)
            ]
        )
        for name in ("forecasts", "truth")
    )
    return RollingOrigin(origins, forecasts, truth, np.ones_like(units[0]))


@one_thread()
def _errors(
    tasks: Sequence[SeriesTask],
    forecasters: Sequence[Forecasters],
    chosen: Selection,
    each: Sequence[Selection | None],
) -> tuple[dict[str, Floats], bool]:
    """Return errors from which intervals follow, shape (origins, steps, m), and whether
    they are relative.

    Because the test has few errors, which often belong to one part of the season or
    cycle, errors in the second half of the training rows are added. These are too
    small, because parameters were fitted to these rows, and are therefore enlarged to
    the size of the errors in the test. If this makes their Gaussian likelihood larger,
    all errors are divided by the level of the series, because the noise of a growing
    series often grows, too.
    """
    errors: dict[str, list[Floats]] = {name: [] for name in chosen.rolled}
    levels = list[Floats]()
    tested = list[bool]()
    for task, methods, late in zip(tasks, forecasters, each, strict=True):
        begin = max(task.start // 2, 3 * task.period)
        early = (
            task.select(methods, begin)
            if late and task.start >= begin + task.steps
            else None
        )
        for selection in (early, late):
            if selection is None or (selection is early and selection.failed):
                continue
            for name, parts in errors.items():
                members = chosen.members if name == COMBINE else [name]
                by_member = [
                    selection.rolled[member].calibration.errors for member in members
                ]
                parts.append(np.mean(by_member, axis=0) / task.units)
            origins = next(iter(selection.rolled.values())).origins
            levels += [task.level(origin) / task.units for origin in origins]
            tested += [selection is late] * len(origins)
    level = np.array(levels)[:, None]
    last = np.array(tested)
    tiny = np.finfo(float).tiny

    def enlarged(errors: Floats) -> Floats:
        if last.all():
            return errors
        late, early = (
            np.sqrt(np.mean(errors[rows] ** 2, axis=(0, 1))) for rows in (last, ~last)
        )
        return errors * np.where(
            last[:, None, None], 1.0, np.maximum(late / (early + tiny), 1.0)
        )

    def size(errors: Floats) -> float:
        return float(np.log(np.mean(enlarged(errors) ** 2, axis=0) + tiny).mean())

    joined = {name: np.concatenate(parts) for name, parts in errors.items()}
    best = joined[chosen.best]
    relative = bool((level > 0).all())
    if relative:
        # Divided by the level and multiplied by its geometric mean, errors keep their
        # unit, so that both sizes can be compared.
        mean_level = np.exp(np.log(level).mean(axis=0))
        relative = size(best / level * mean_level) < size(best)
    if relative:
        joined = {name: values / level for name, values in joined.items()}
    return {name: enlarged(values) for name, values in joined.items()}, relative


def ranking(
    tasks: Sequence[SeriesTask],
    selection: Selection,
) -> list[list[str]]:
    """Return the methods ordered by their errors, as the cells of a table. For several
    series, add the error in each.
    """
    targets = tasks[0].targets
    tested = [task for task in tasks if task.is_tested]
    rows = [[name, f"{selection.mase(name):.3g}"] for name in selection.rolled]
    if len(tasks) == 1:
        head = [f"RMSE {name}" if len(targets) > 1 else "RMSE" for name in targets]
        for row, rolled in zip(rows, selection.rolled.values(), strict=True):
            errors = rolled.errors.reshape(-1, rolled.errors.shape[-1])[
                :, : len(targets)
            ]
            row += map(written, root_mean_square(errors).tolist())
    else:
        head = [task.name for task in tested[:MAX_SHOWN]]
        for row, rolled in zip(rows, selection.rolled.values(), strict=True):
            places = range(len(head))
            in_each = (
                np.abs(rolled.errors[rolled.origins // ORIGIN_SPACING == place]).mean()
                for place in places
            )
            row += [f"{error:.3g}" for error in in_each]
    return [["model", "MASE", *head], *rows]
