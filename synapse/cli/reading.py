"""Define the options that several subcommands share, by their flags and as argparse
reads them, and read the named table.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from inspect import signature
from pathlib import Path
from typing import Any

from .._defaults import SERIES
from .._model import Model
from ..errors import FormatError
from ..forecasting._statistical import METHODS
from ..learning._callbacks import Progress
from ..objects.network import Network
from ..optimizers._names import by_name
from ..tables import TrainingOptions, read_table
from ..tables._pandas import pd
from ..tables._reading import MISSING, OPTIONS
from ..tables._series import FILLS
from ..tables._table import columns
from ..tables._table_training import FURTHER
from .formats import READING
from .helpers import PICTURES, UsageError, names, wholes

Options = dict[str, dict[str, Any]]

NO_HEADER = "none"
"""The value of --header if the first row contains values."""
SETTINGS = ("momentum", "weight_decay")
"""Settings of optimizers that have their own options."""


def number(text: str) -> Any:
    """Return a number in an option; other text as it is, for the check of the
    option.
    """
    for convert in (int, float):
        try:
            return convert(text)
        except ValueError:
            pass
    return text


def header(text: str) -> int | str:
    """Return the row that has the names of columns, or "none"."""
    return NO_HEADER if text == NO_HEADER else int(text)


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
        "action": "extend",
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
"""Options that several subcommands share."""
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
"""Further options of a trainer, taken from their declarations."""
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
"""The option that names an optimizer, and the options of its settings."""
TABLES: Options = {
    "--sep": {
        "metavar": "MARK",
        "type": lambda text: text.replace(r"\t", "\t"),
        "help": "the mark between cells (default: a comma)",
    },
    "--decimal": {"metavar": "MARK", "help": "the decimal mark (default: a point)"},
    "--thousands": {
        "metavar": "MARK",
        "help": "the mark between groups of digits (default: none)",
    },
    "--encoding": {
        "metavar": "NAME",
        "help": "the encoding of the files, such as cp1252 (default: UTF-8)",
    },
    "--header": {
        "metavar": "ROW",
        "type": header,
        "help": "the row of names, from 0 on, or none (default: the first row)",
    },
    "--skiprows": {
        "metavar": "N",
        "type": int,
        "help": "lines above the names of the columns (default: 0)",
    },
    "--comment": {
        "metavar": "MARK",
        "help": "the mark of comments, such as # (default: none)",
    },
    "--na-values": {
        "metavar": "CELL,...",
        "type": names,
        "action": "extend",
        "help": "further cells that are missing values, such as n.v.",
    },
    "--keep": {
        "metavar": "CELL,...",
        "type": names,
        "action": "extend",
        "help": "words that are no missing values, such as NA or None",
    },
    "--words": {
        "metavar": "COLUMN,...",
        "type": names,
        "action": "extend",
        "help": "columns of words, also if they look like numbers, such as 01234",
    },
    "--date": {
        "metavar": "COLUMN,...",
        "type": names,
        "help": "columns of the date (default: date, time, datetime, timestamp or year"
        " if it has ISO 8601 or whole years)",
    },
    "--date-format": {
        "metavar": "FORM",
        "help": "how dates are written, such as %%d/%%m/%%Y (default: ISO 8601)",
    },
    "--fill": {
        "choices": FILLS,
        "help": "fill in missing values of a series: repeat the last, or interpolate",
    },
}
"""Options of pandas, and further ones, that describe how to read a table. They are
stored in the file of a model."""


def shared(*flags: str) -> Options:
    """Return some of the options that subcommands share, in this order."""
    return {flag: SHARED[flag] for flag in flags}


MANY_ROWS = 5000
"""Number of rows of series above which the choice of differences takes seconds, before
which the report begins."""
FOR_SERIES = ("date", "date_format", "fill")
"""Options of tables that :func:`read_series` has, and not pandas."""


def optimizer(options: argparse.Namespace) -> Any:
    """Return the optimizer by its name, or an object if settings are given."""
    chosen = {name: getattr(options, name) for name in SETTINGS}
    settings = {name: value for name, value in chosen.items() if value is not None}
    if not settings:
        return options.optimizer
    optimizer_class = by_name.seek(options.optimizer or "")
    having = (
        signature(optimizer_class).parameters if optimizer_class is not None else ()
    )
    for name in settings:
        if name not in having:
            flag, usable = name.replace("_", "-"), with_setting(name)
            got = options.optimizer or "none"
            raise UsageError(f"--{flag} needs --optimizer {usable}, got {got}.")
    return by_name.find(options.optimizer)(**settings)


def further(options: argparse.Namespace) -> dict[str, Any]:
    """Return the further options of a trainer that are given."""
    chosen = {name: getattr(options, name) for name in FURTHER}
    return {name: value for name, value in chosen.items() if value is not None}


def training_options(
    options: argparse.Namespace, *names: str, **callbacks: Any
) -> TrainingOptions:
    """Return how to train a network, according to these options and those of optimizers
    and trainers. It prints lines on stderr where no bar is shown.
    """
    is_shown = sys.stderr.isatty() and not options.quiet
    lines = EpochLines()
    return TrainingOptions(
        **{name: getattr(options, name) for name in names},
        optimizer=optimizer(options),
        trainer_options=further(options),
        progress=is_shown,
        on_epoch=None if is_shown or options.quiet else lines,
        on_forecast=None if options.quiet else lines.forecast,
        **callbacks,
    )


def read(
    options: argparse.Namespace, path: str, model: Model | Network | None = None
) -> tuple[pd.DataFrame, dict[str, Any], dict[str, Any]]:
    """Return the table in a file, how it was read, and the options of
    :func:`read_series` among these.

    Options that are not given are taken from the file of a model, and files other than
    text do without some of them. Raises FormatError if a model is older than the
    options.
    """
    facts: Any = {} if model is None else model.metadata
    if "command" in facts and "reading" not in facts:
        raise FormatError(
            f"{options.model!r} was trained by an older version of Synapse, which read"
            f" tables in another way. Train it again: `{facts['command']}`."
        )
    flags = (flag.removeprefix("--").replace("-", "_") for flag in TABLES)
    passed = {name: getattr(options, name) for name in flags}
    passed = {name: value for name, value in passed.items() if value is not None}
    reading = {**facts.get("reading", {}), **passed}
    dating = {name: reading[name] for name in FOR_SERIES if name in reading}
    usable = OPTIONS.get(Path(path).suffix.lower(), reading)
    settings = {
        name: value
        for name, value in reading.items()
        if name not in (*dating, "keep", "words") and (name in usable or name in passed)
    }
    if settings.get("header") == NO_HEADER:
        settings["header"] = None
    if "keep" in passed or ("keep" in reading and usable != ()):
        settings["na_values"] = sorted(
            {"", *MISSING} - {*reading["keep"]} | {*settings.get("na_values", ())}
        )
        settings["keep_default_na"] = False
    if usable is reading:  # text keeps the zeros of 0730
        settings["dtype"] = dict.fromkeys(
            [*reading.get("date", []), *reading.get("words", [])], str
        )
    table = read_table(path, **settings)
    # A table to predict need not have the target, if that is of words.
    words = [k for k in reading.get("words", []) if "words" in passed or k in table]
    cells = table[columns(table, words)].convert_dtypes().astype("string")
    return table.assign(**cells.astype("category")), reading, dating


def refuse(options: argparse.Namespace, names: Sequence[str], data: str) -> None:
    """Raise UsageError for an option that is given, but is for data of another kind."""
    for name in [name for name in names if getattr(options, name)]:
        raise UsageError(f"--{name.replace('_', '-')} is for {data}. Remove it.")


def say(notes: Sequence[str]) -> None:
    """Print sentences on stderr."""
    for note in dict.fromkeys(notes):
        print(f"synapse: {note}", file=sys.stderr)


SECONDS = 10.0
"""Seconds between two lines, which gives a training of an hour 360 lines, and a short
training no lines."""


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
