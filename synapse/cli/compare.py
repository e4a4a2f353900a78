"""``synapse compare``: rank networks and simple methods by their forecasts of a series."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from .._checks import counted
from .._typing import Floats
from ..errors import FormatError
from ..experiments import sweep
from . import teaching
from .contest import SIMPLE, Contest, trial
from .scaling import MODELS
from .series import add_reading, decimal_of, find_dates, make_series
from .sheet import read_sheet
from .words import UsageError, aligned, fraction, listed, names, natural, positive, printable, whole, wholes

ORIGINS = 100
"""Largest number of origins; forecasts of neighbouring ones are alike."""
FEWEST = 10
"""Least number of rows to learn from."""

NOTES = f"""
Each method forecasts the target from up to {ORIGINS} rows of the held-out end of the series, from all rows
before. Networks learn once, from the rows before the held-out ones, to map each row to the next, as by
`synapse train`; their outputs are fed back as inputs. They are trained with several --seeds, and the median
is shown. The autoregression is fitted anew for each forecast.

MASE is the mean absolute error, divided by that of the seasonal naive method one step ahead before the
held-out rows. RMSE, the root of the mean squared error, is in the units of the file. Without dates that tell
a season, and without --period, a season is one row.
"""


def add_to(commands: Any) -> None:
    """Add the subcommand to argparse."""
    parser = commands.add_parser(
        "compare",
        help="rank networks and simple methods by their forecasts",
        description="Rank networks and simple methods by their forecasts of a series.",
        epilog=NOTES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("data", metavar="DATA", help="the table, a CSV file; - is standard input")
    add("--target", metavar="COLUMN,...", type=names, required=True, help="columns to forecast")
    add(
        "--models",
        metavar="NAME,...",
        type=names,
        help=f"of {', '.join(MODELS)}, and the simple methods {', '.join(SIMPLE)}, which are all added if "
        "none is named (default: all)",
    )
    add("--steps", metavar="N", type=natural, default=12, help="steps to forecast (default: %(default)s)")
    add(
        "--period",
        metavar="N",
        type=whole,
        help="rows of a season (default: as the dates tell, 12 for months)",
    )
    add("--held-out", metavar="SHARE", type=fraction, default=0.2, help="share to forecast (default: 0.2)")
    add_reading(parser)
    _add_learning(parser)
    parser.set_defaults(do=compare)


def _add_learning(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--hidden", metavar="N,...", type=wholes, default=[8], help="sizes of hidden layers (default: 8)")
    add("--epochs", metavar="N", type=whole, default=100, help="default: %(default)s")
    add("--rate", metavar="R", type=positive, default=0.02, help="learning rate (default: %(default)s)")
    teaching.add_to(parser)
    add("--seeds", metavar="N", type=whole, default=3, help="trainings per network (default: %(default)s)")
    add("--seed", metavar="N", type=natural, default=0, help="the first seed (default: %(default)s)")
    add("--workers", metavar="N", type=whole, default=_cores(), help="processes (default: all cores)")


def _cores() -> int:
    return os.cpu_count() or 1


def compare(options: argparse.Namespace) -> int:
    """Measure all, and print the ranking; return the exit code."""
    named = [*MODELS] if options.models is None else options.models
    contest = _contest(options, named)
    simple = _simple(named, contest.period)
    chosen = [name for name in named if name in MODELS]
    entries = [Entry(name, [contest.simple(name)]) for name in simple]
    best = min(entries, key=lambda entry: entry.mase)
    entries += _networks(options, contest, chosen)
    print(_text(contest, entries, best))
    return 0


# --- what is compared ----------------------------------------------------------------------------


def _contest(options: argparse.Namespace, named: list[str]) -> Contest:
    """The series in a file, and where its forecasts begin. Raises before any training."""
    unknown = [name for name in named if name not in (*MODELS, *SIMPLE)]
    if unknown:
        raise UsageError(f"Expected --models from {', '.join([*MODELS, *SIMPLE])}, got {listed(unknown)}.")
    if not options.steps:
        raise UsageError("Expected --steps to be 1 or above, got 0.")
    columns, values, season = _read(options)
    period = options.period or season or 1
    count = len(values)
    held_out = max(round(options.held_out * count), options.steps)
    start, least = count - held_out, max(FEWEST, period + 1)
    if start < least:
        raise FormatError(
            f"{options.data!r} has {counted(count, 'row')}, of which {held_out} are held out. Expected at "
            f"least {least} to learn from, got {max(start, 0)}."
        )
    _check_varies(options.data, columns, values[:start], period)
    every = -(-(held_out - options.steps + 1) // ORIGINS)
    learning = options.hidden, options.epochs, options.rate, teaching.chosen(options.optimizer, series=True)
    return Contest(columns, values, options.steps, start, every, period, *learning)


def _read(options: argparse.Namespace) -> tuple[list[str], Floats, int | None]:
    """Names and values of the targets, and the length of the season that the dates tell."""
    sheet = read_sheet(options.data, decimal_of(options))
    targets = sheet.found(options.target)
    dated = find_dates(sheet, options.date, options.dates, targets)
    if dated is None:
        sheet, values = sheet.mended(targets, options.fill, lambda _: "")
        notes, season = sheet.notes, None
    else:
        series = make_series(sheet, dated, targets, options.fill)
        notes, values, season = series.notes, series.values, series.step.season
    for note in notes:
        print(f"synapse: {note}", file=sys.stderr)
    return targets, values, season


def _check_varies(path: str, columns: list[str], rows: Floats, period: int) -> None:
    """Raise if a column has no error to compare with, because it never changes."""
    for name, still in zip(columns, (rows[period:] == rows[:-period]).all(axis=0), strict=True):
        if still:
            what = "never changes" if period == 1 else f"is the same in every season of {period} rows"
            raise FormatError(f"The column {name!r} of {path!r} {what} before the held-out rows.")


def _simple(named: list[str], period: int) -> list[str]:
    """The simple methods to compare with, all if none is named; the seasonal one needs a season."""
    chosen = [name for name in named if name in SIMPLE]
    if "seasonal" in chosen and period == 1:
        raise UsageError("The dates tell no season. Say how many rows it has: --period.")
    return chosen or [name for name in SIMPLE if name != "seasonal" or period > 1]


# --- networks ------------------------------------------------------------------------------------


def _networks(options: argparse.Namespace, contest: Contest, models: list[str]) -> Iterator[Entry]:
    """The errors of networks, trained with all seeds."""
    if not models:
        return
    seeds = range(options.seed, options.seed + options.seeds)
    workers = min(options.workers, len(models) * len(seeds))
    with ProcessPoolExecutor(workers) if workers > 1 else nullcontext() as executor:
        trials = sweep(
            partial(trial, contest=contest),
            seeds=seeds,
            grid={"model": models},
            executor=executor,
            progress=sys.stderr.isatty(),
        )
    for name in models:
        entry = Entry(name, [record for record in trials if record["model"] == name])
        if entry.failed:
            print(f"synapse: {name}, {entry.failed[0]}", file=sys.stderr)
        yield entry


# --- results -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """A method and its errors: one record for each seed."""

    name: str
    records: list[dict[str, Any]]

    @property
    def failed(self) -> list[str]:
        """Why trainings have failed."""
        return [record["failed"] for record in self.records if "failed" in record]

    @property
    def errors(self) -> Floats:
        """MASE of each seed; infinite for a training that has failed."""
        return np.array([record.get("mase", np.inf) for record in self.records])

    @property
    def mase(self) -> float:
        """The median over seeds."""
        return float(np.median(self.errors))

    def cells(self, columns: int, best: Entry) -> list[str]:
        """Its row of the table."""
        if not np.isfinite(self.mase):
            return [self.name, "failed", "", *[""] * columns, ""]
        rmse = np.median([record["rmse"] for record in self.records if "rmse" in record], axis=0)
        spread = f"{self.errors.min():.3g} to {self.errors.max():.3g}" if len(self.records) > 1 else ""
        return [
            self.name,
            f"{self.mase:.3g}",
            spread,
            *(f"{error:.4g}" for error in rmse),
            f"{_difference(self.mase, best.mase):+.0f} %",
        ]


def _difference(error: float, other: float) -> float:
    """By how many percent an error is above another."""
    return 100 * (error / other - 1) if other else 100.0 * (error > 0)


def _text(contest: Contest, entries: list[Entry], best: Entry) -> str:
    """The ranking, what was measured, and a sentence on the best."""
    entries = sorted(entries, key=lambda entry: entry.mase)
    rmse = ["RMSE"] if len(contest.names) == 1 else [f"RMSE {printable(name)}" for name in contest.names]
    head = ["model", "MASE", "seeds", *rmse, f"against {best.name}"]
    rows = [head, *(entry.cells(len(rmse), best) for entry in entries)]
    if not any(row[2] for row in rows[1:]):
        rows = [[*row[:2], *row[3:]] for row in rows]
    origins = len(range(contest.start, len(contest.values) - contest.steps + 1, contest.every))
    measured = (
        f"{', '.join(map(printable, contest.names))}: {counted(contest.steps, 'step')} ahead from "
        f"{counted(origins, 'origin')}, in the last {len(contest.values) - contest.start} of "
        f"{counted(len(contest.values), 'row')}"
    )
    table = aligned(rows, "<" + ">" * (len(rows[0]) - 1))
    return f"{measured}\n\n{table}\n\n{_sentence(entries, best)}"


def _sentence(entries: list[Entry], best: Entry) -> str:
    """Which method is best, and whether a network is worth its training."""
    winner = entries[0]
    if winner.mase >= best.mase:
        networks = any(entry.name in MODELS for entry in entries)
        return f"{best.name} is best{'; no network is worth its training here' if networks else ''}."
    below = -_difference(winner.mase, best.mase)
    better, count = int((winner.errors < best.mase).sum()), len(winner.records)
    seeds = f", with {'every seed' if better == count else f'{better} of {count} seeds'}" if count > 1 else ""
    return f"{winner.name} is best: its error (MASE) is {below:.0f} % below that of {best.name}{seeds}."
