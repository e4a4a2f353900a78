"""What several subcommands share: options by their flags, as argparse reads them, and
the table that is named.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from inspect import signature
from typing import Any

from .._checks import pluralize
from .._defaults import SERIES
from ..forecasting._statistical import METHODS
from ..learning._callbacks import Progress
from ..optimizers._names import by_name
from ..tables import TrainingOptions, read_several, read_table
from ..tables._dates import DateColumn, date_columns, find_date
from ..tables._pandas import pd
from ..tables._series import FILLS
from ..tables._table_training import FURTHER
from .formats import READING
from .helpers import PICTURES, UsageError, listed, names, wholes

Options = dict[str, dict[str, Any]]

MARKS = {"point": ".", "comma": ","}
"""What --decimal may be."""
HEADERS = {"yes": True, "no": False}
"""What --header may be."""
SETTINGS = ("momentum", "weight_decay")
"""Settings of optimizers that have options of their own."""


def number(text: str) -> Any:
    """Return a number in an option; other text as it is, for the check of the
    option.
    """
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def with_setting(setting: str) -> str:
    """Return the names of the optimizers that have a setting."""
    kinds = {name.lower(): signature(kind).parameters for name, kind in by_name.items()}
    return " or ".join(name for name, fields in kinds.items() if setting in fields)


MODEL: Options = {"model": {"metavar": "MODEL", "help": READING}}
DATA: Options = {
    "data": {
        "metavar": "DATA",
        "help": "the table, a CSV, Parquet or Excel file; - is standard input",
    }
}
SHARED: Options = {
    "--known": {
        "metavar": "COLUMN,...",
        "type": names,
        "default": [],
        "help": "columns known in advance (series)",
    },
    "--observed": {
        "metavar": "COLUMN,...",
        "type": names,
        "default": [],
        "help": "columns known when they occur",
    },
    "--ignore": {
        "metavar": "COLUMN,...",
        "type": names,
        "default": [],
        "help": "columns to leave out",
    },
    "--sequence": {
        "metavar": "COLUMN",
        "help": "column that identifies the series or sequence of a row, such as Shop",
    },
    "--methods": {
        "metavar": "NAME,...",
        "type": names,
        "help": f"statistical methods to compare with (default: {','.join(METHODS)})",
    },
    "--hidden": {
        "metavar": "N,...",
        "type": wholes,
        "help": f"sizes of hidden layers (default: {SERIES.hidden[0]})",
    },
    "--epochs": {
        "metavar": "N",
        "type": int,
        "help": "default: until the error stops falling",
    },
    "--rate": {
        "metavar": "R",
        "type": float,
        "help": f"learning rate (default: {SERIES.rate})",
    },
    "--validation": {
        "metavar": "SHARE",
        "type": float,
        "help": "share to hold out (default: 0.2; up to 1/3 of a short series)",
    },
    "--seed": {
        "metavar": "N",
        "type": int,
        "default": 0,
        "help": "seed of all randomness (default: %(default)s)",
    },
    "-q --quiet": {"action": "store_true", "help": "no progress bar, no report"},
    "-o --output": {
        "metavar": "FILE",
        "help": "the table to write: CSV, .parquet or .xlsx (default: standard output)",
    },
    "--plot": {"metavar": "FILE", "help": f"draw it: {', '.join(PICTURES)}"},
}
"""Options of several subcommands."""
TRAINER: Options = {
    f"--{name.replace('_', '-')}": {
        "metavar": "X",
        "type": number,
        "help": option.sentence.partition(". ")[0]
        .partition(", see ")[0]
        .rstrip(".")
        .replace("`", ""),
    }
    for name, option in FURTHER.items()
}
"""Further options of a trainer, by their declarations."""
OPTIMIZER: Options = {
    "--optimizer": {
        "metavar": "NAME",
        "help": "sgd: after every row; adam, adamw and others: exact gradients of whole"
        " sequences (default: adam for a series)",
    },
    **{
        f"--{name.replace('_', '-')}": {
            "metavar": "X",
            "type": number,
            "help": f"{name.replace('_', ' ')} of --optimizer {with_setting(name)}"
            " (default: its own)",
        }
        for name in SETTINGS
    },
}
"""The option that names an optimizer, and those of its settings."""
TABLES: Options = {
    "--decimal": {
        "choices": MARKS,
        "help": "the decimal mark, if it is ambiguous",
    },
    "--encoding": {
        "metavar": "NAME",
        "help": "the encoding of the files, such as cp1252 (default: UTF-8)",
    },
    "--header": {
        "choices": HEADERS,
        "help": "whether the first row names the columns, if it looks like the others",
    },
    "--skip-rows": {
        "metavar": "N",
        "type": int,
        "default": 0,
        "help": "lines above the names of the columns (default: %(default)s)",
    },
    "--without-totals": {
        "action": "store_true",
        "help": "leave out rows of totals, such as a last row called Total",
    },
    "--missing": {
        "metavar": "CELL",
        "action": "append",
        "help": "another text that marks a missing value, such as n.v.",
    },
    "--fill": {
        "choices": FILLS,
        "help": "fill in missing values of a series: repeat the last, or interpolate",
    },
    "--date": {
        "metavar": "COLUMN",
        "help": "column with the dates (default: the first one with dates)",
    },
    "--dates": {
        "metavar": "FORM",
        "help": "how dates are written, such as %%d/%%m/%%Y",
    },
    "--zone": {
        "metavar": "NAME",
        "help": "the time zone of the dates, such as Europe/Berlin",
    },
}
"""Options that say how a table is read."""


def shared(*flags: str) -> Options:
    """Return some of the options that subcommands share, in this order."""
    return {flag: SHARED[flag] for flag in flags}


MANY_ROWS = 5000
"""Number of rows of series above which the choice of differences takes seconds, before
which the report begins."""
HOW = ("date", "dates", "fill", "zone")
"""The options of :func:`read_series`."""


def optimizer(options: argparse.Namespace) -> Any:
    """Return the optimizer by its name, or an object if settings are given."""
    given = {name: getattr(options, name) for name in SETTINGS}
    settings = {name: value for name, value in given.items() if value is not None}
    if not settings:
        return options.optimizer
    kind = by_name.seek(options.optimizer or "")
    having = signature(kind).parameters if kind is not None else ()
    for name in settings:
        if name not in having:
            flag, usable = name.replace("_", "-"), with_setting(name)
            got = options.optimizer or "none"
            raise UsageError(f"--{flag} needs --optimizer {usable}, got {got}.")
    return by_name.find(options.optimizer)(**settings)


def further(options: argparse.Namespace) -> dict[str, Any]:
    """Return the further options of a trainer that are given."""
    given = {name: getattr(options, name) for name in FURTHER}
    return {name: value for name, value in given.items() if value is not None}


def training_options(
    options: argparse.Namespace, *given: str, **callbacks: Any
) -> TrainingOptions:
    """Return how a network is trained: by these options, those of optimizers and
    trainers, and with lines on stderr where no bar is shown.
    """
    is_shown = sys.stderr.isatty() and not options.quiet
    lines = EpochLines()
    return TrainingOptions(
        **{name: getattr(options, name) for name in given},
        optimizer=optimizer(options),
        trainer_options=further(options),
        progress=is_shown,
        on_epoch=None if is_shown or options.quiet else lines,
        on_forecast=None if options.quiet else lines.forecast,
        **callbacks,
    )


@dataclass(frozen=True)
class ReadTable:
    """A table, and how its series are read.

    `sequence` is the column that tells series or sequences apart, `ignore` are columns
    to leave out, and `series_options` has the options of :func:`read_series`, None
    where they are not given.
    """

    cells: pd.DataFrame
    sequence: str | None = None
    ignore: list[str] = field(default_factory=list)
    series_options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, options: argparse.Namespace, missing: Sequence[str] = ()) -> ReadTable:
        """Read the table that the options name; `missing` are the missing cells of a
        training.
        """
        settings = vars(options)
        series_options = {name: getattr(options, name) for name in HOW}
        cells = read(options, options.data, missing)
        return cls(
            cells, settings.get("sequence"), settings.get("ignore", []), series_options
        )

    @property
    def notes(self) -> list[str]:
        """Sentences on how numbers were read, and what was left out."""
        return [*self.cells.attrs["notes"]]

    def date(self, columns: Sequence[str]) -> DateColumn | None:
        """Return the dates of the table, beside these columns."""
        return find_date(
            self.cells,
            self.series_options["date"],
            self.series_options["dates"],
            [*self.ignore, *columns, *([self.sequence] if self.sequence else [])],
            self.sequence,
        )

    def series(self, columns: Sequence[str]) -> dict[str, pd.DataFrame]:
        """Return these columns as a series or, with a column that tells several apart,
        as one for each value.
        """
        return read_several(
            self.cells,
            list(dict.fromkeys(columns)),
            self.sequence or "",
            ignore=self.ignore,
            **self.series_options,
        )

    def trained_series(
        self, facts: Mapping[str, Any]
    ) -> tuple[dict[str, pd.DataFrame], list[str]]:
        """Return the series of a model with these facts, read as for its training
        unless options say otherwise.

        Also sentences on those that are too short.
        """
        options = {name: self.series_options[name] or facts.get(name) for name in HOW}
        is_here = bool(date_columns(self.cells, options["date"]))
        if self.series_options["date"] is None and not is_here:
            options["date"] = None
        sequence = self.sequence or facts.get("sequence")
        # The table is one series, without a name.
        if self.sequence is None and sequence not in self.cells:
            sequence = None
        columns = [*facts["targets"], *facts["observed"], *facts["known"]]
        # A model that was trained on rows without dates takes rows with dates as they
        # follow each other.
        undated = options["date"] is None and "step" in facts and facts["step"] is None
        ignore = [*self.cells.columns] if undated else self.ignore
        several = replace(
            self, sequence=sequence, series_options=options, ignore=ignore
        ).series(columns)
        minimum = max(sum(lags) for lags in facts["differences"]) + 2
        long = {
            name: series for name, series in several.items() if len(series) >= minimum
        }
        notes = about_series(several)
        if long and (short := sorted(several.keys() - long.keys())):
            rows = pluralize(sum(len(several[name]) for name in short), "row")
            notes.append(
                f"Left out: {listed(short)}, {rows}, with fewer than {minimum} each."
            )
        return long or several, notes


def read(
    options: argparse.Namespace, path: str, missing: Sequence[str] = ()
) -> pd.DataFrame:
    """Return the table in a file, read as the options say, with further cells that are
    missing values.
    """
    return read_table(
        path,
        MARKS.get(options.decimal),
        encoding=options.encoding,
        missing=options.missing or missing,
        header=HEADERS.get(options.header),
        skip_rows=options.skip_rows,
        without_totals=options.without_totals,
    )


def about_series(several: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return the sentences on how series were read."""
    return [*next(iter(several.values())).attrs["notes"]]


def refuse(options: argparse.Namespace, names: Sequence[str], kind: str) -> None:
    """Raise UsageError for an option that is given, but is for data of another kind."""
    for name in [name for name in names if getattr(options, name)]:
        raise UsageError(f"--{name.replace('_', '-')} is for {kind}. Remove it.")


def say(notes: Sequence[str]) -> None:
    """Print sentences on stderr."""
    for note in dict.fromkeys(notes):
        print(f"synapse: {note}", file=sys.stderr)


SECONDS = 10.0
"""Time between two lines: a log of an hour has 360, and a short training none."""


class EpochLines:
    """Prints a line on stderr after an epoch, or before a forecast in a test, if the
    last one is some time ago.
    """

    def __init__(self) -> None:
        self._printed: float | None = None
        self._method = ""
        self._begun = 0.0

    def __call__(self, progress: Progress) -> None:
        """Print the number of the epoch and its losses."""
        held_out = (
            ""
            if progress.validation_loss is None
            else f", held-out loss {progress.validation_loss:.4g}"
        )
        line = f"epoch {progress.epoch}, loss {progress.loss:.4g}{held_out}"
        self._print(f"{line}, {progress.seconds:.0f} s")

    def forecast(self, method: str, done: int, total: int) -> None:
        """Print how many forecasts a method has made in a test, and the time left."""
        if method != self._method:
            self._method, self._begun = method, time.monotonic()
        each = (time.monotonic() - self._begun) / max(done, 1)
        left = f", about {each * max(total - done, 0):.0f} s left" if done else ""
        self._print(
            f"{method}, {f'forecast {done} of {total}' if done else 'fit'}{left}"
        )

    def _print(self, line: str) -> None:
        now = time.monotonic()
        if self._printed is None:  # the first epoch: compiling is over
            self._printed = now
        if now - self._printed >= SECONDS:
            self._printed = now
            print(f"synapse: {line}.", file=sys.stderr, flush=True)
