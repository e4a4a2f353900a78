"""``synapse compare``: rank networks and statistical methods by their forecasts of a series."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from .._checks import counted, positive_integer
from ..errors import SynapseError
from ..forecasting import NetworkForecaster
from ..forecasting.statistical import METHODS
from ..tables.scaled_model import MODELS
from ..tables.series_task import fit_together, series_tasks
from ..tables.series_training import ranking, select_together
from ..tables.table import columns as columns_of, require_one_use
from .reading import Table, add_learning, add_reading, add_sequence, learning_of, say
from .words import UsageError, aligned, listed, names


def add_compare(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    add = parser.add_argument
    add("data", metavar="DATA", help="the table, a CSV file; - is standard input")
    add("--target", metavar="COLUMN,...", type=names, required=True, help="columns to forecast")
    add("--known", metavar="COLUMN,...", type=names, default=[], help="columns known in advance")
    add("--observed", metavar="COLUMN,...", type=names, default=[], help="columns known when they occur")
    models = f"of {', '.join((*MODELS, *METHODS))}"
    add("--models", metavar="NAME,...", type=names, help=f"{models} (default: all)")
    add("--steps", metavar="N", type=int, default=12, help="steps to forecast (default: %(default)s)")
    add_sequence(parser)
    add_reading(parser)
    add_learning(parser)
    add("--seeds", metavar="N", type=int, default=3, help="trainings per network (default: %(default)s)")


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
    table, learning = Table.of(options), learning_of(options)
    seeds = positive_integer("The seeds", options.seeds)
    columns = [columns_of(table.cells, each) for each in (options.target, options.observed, options.known)]
    require_one_use(used := [name for each in columns for name in each], error=UsageError)
    several = table.series(used)
    validation = learning.validation
    tasks, notes = series_tasks(several, *columns[::2], steps=options.steps, validation=validation)
    forecasters = list[dict[str, Any]]()
    for task in tasks:
        simple, left_out = task.statistical([name for name in named if name in METHODS])
        forecasters.append(simple)
        notes += left_out
    networks = [name for name in named if name in MODELS]
    for name in list(networks):
        trials = list[tuple[float, list[NetworkForecaster]]]()
        try:
            for seed in range(seeds):
                fit = replace(learning, model=name, seed=learning.seed + seed)
                network = fit_together(tasks, fit)[0].network
                trial = [task.forecaster(network) for task in tasks]
                error = select_together(tasks, [{"": forecaster} for forecaster in trial])[0].mase("")
                trials.append((error, trial))
        except SynapseError as error:
            notes.append(f"{name} is left out: {error}")
            networks.remove(name)
            continue
        median = sorted(trials, key=lambda pair: pair[0])[(seeds - 1) // 2][1]
        for own, forecaster in zip(forecasters, median, strict=True):
            own[name] = forecaster
    selection, _ = select_together(tasks, forecasters)
    say([*notes, *selection.failed])
    rows, held_out = sum(len(task.y) for task in tasks), sum(len(task.y) - task.start for task in tasks)
    ahead, of = counted(tasks[0].steps, "step"), f" of {len(tasks)} series" if len(tasks) > 1 else ""
    print(f"{', '.join(columns[0])}: {ahead} ahead, in the last {held_out} of {counted(rows, 'row')}{of}\n")
    print(aligned(cells := ranking(tasks, selection), "<" + ">" * (len(cells[0]) - 1)))
    best = [name for name in selection.rolled if name in networks]
    print("\n" + "\n".join([selection.reason(), *map(selection.verdict, best[:1])]))
