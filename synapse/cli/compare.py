"""``synapse compare``: rank networks and statistical methods by their forecasts of a series."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from .._checks import counted
from ..errors import SynapseError
from ..forecasting.statistical import METHODS
from ..tables import SeriesTask, series_task
from ..tables.problems import require_one_use
from ..tables.scaled_model import MODELS
from ..tables.series_task import ranking
from .reading import add_learning, add_reading, learning_of, say, series_of, sheet_of
from .words import UsageError, aligned, fraction, listed, names, whole


def add_compare(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    add = parser.add_argument
    add("data", metavar="DATA", help="the table, a CSV file; - is standard input")
    add("--target", metavar="COLUMN,...", type=names, required=True, help="columns to forecast")
    add("--known", metavar="COLUMN,...", type=names, default=[], help="columns known in advance")
    add("--observed", metavar="COLUMN,...", type=names, default=[], help="columns known when they occur")
    known = f"of {', '.join((*MODELS, *METHODS))}"
    add("--models", metavar="NAME,...", type=names, help=f"{known} (default: all)")
    add("--steps", metavar="N", type=whole, default=12, help="steps to forecast (default: %(default)s)")
    add("--period", metavar="N", type=whole, help="rows of a season (default: as the dates tell)")
    add("--held-out", metavar="SHARE", type=fraction, help="share to forecast (default: 0.2 to 0.33)")
    add_reading(parser)
    add_learning(parser)
    add("--seeds", metavar="N", type=whole, default=3, help="trainings per network (default: %(default)s)")


def compare(options: argparse.Namespace) -> None:
    """Rank networks and statistical methods by their forecasts of a series.

    Each method forecasts the target from up to 60 rows of the held-out end of the series, from all rows
    before. Parameters are fitted once, to the rows before the held-out ones. Networks are trained with
    several --seeds, and the median is shown. "combine" is the mean of the best three.

    MASE is the mean absolute error, divided by that of the seasonal naive method one step ahead before the
    held-out rows. RMSE, the root of the mean squared error, is in the units of the file.
    """
    named = options.models or [*MODELS, *METHODS]
    if unknown := [name for name in named if name not in (*MODELS, *METHODS)]:
        raise UsageError(f"Expected --models from {', '.join((*MODELS, *METHODS))}, got {listed(unknown)}.")
    sheet = sheet_of(options.data, options)
    columns = [sheet.found(each) for each in (options.target, options.observed, options.known)]
    require_one_use(used := [name for each in columns for name in each], error=UsageError)
    series = series_of(sheet, used, options)
    how = {"steps": options.steps, "period": options.period, "validation": options.held_out}
    task = series_task(series, columns[0], columns[2], **how)
    forecasters, notes = task.statistical([name for name in named if name in METHODS])
    for name in (name for name in named if name in MODELS):
        try:
            forecasters[name] = _median_network(task, name, options)
        except SynapseError as error:
            notes.append(f"{name} is left out: {error}")
    found = task.select(forecasters)
    say([*series.notes, *notes, *found.failed])
    origins = counted(len(next(iter(found.rolled.values())).origins), "origin")
    where = f"in the last {len(task.y) - task.start} of {counted(len(task.y), 'row')}"
    print(f"{', '.join(task.targets)}: {counted(task.steps, 'step')} ahead from {origins}, {where}\n")
    print(aligned(table := ranking(found, task.targets), "<" + ">" * (len(table[0]) - 1)))
    networks = [name for name in found.rolled if name in MODELS]
    print("\n" + "\n".join([found.reason(), *map(found.verdict, networks[:1])]))


def _median_network(task: SeriesTask, name: str, options: argparse.Namespace) -> Any:
    """The network, of several seeds, with the median error."""
    options.model, found = name, []
    for seed in range(options.seed, options.seed + options.seeds):
        learning = learning_of(options, True, seed=seed)
        forecaster = task.forecaster(task.fit(learning)[0].network)
        found.append((task.select({name: forecaster}).mase(name), forecaster))
    order = np.argsort([error for error, _ in found])
    return found[order[(len(found) - 1) // 2]][1]
