"""Options of the subcommands: by their flags, what argparse is told."""

from __future__ import annotations

from inspect import signature
from typing import Any

from .._defaults import SERIES
from ..forecasting._statistical import METHODS
from ..optimizers._names import by_name
from ..tables._series import FILLS
from ..tables._table_training import FURTHER
from .formats import READING
from .helpers import PICTURES, names, wholes

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
