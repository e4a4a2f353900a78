"""``synapse draw``: draw a model as a picture, or write a page to explore it."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from .._typing import Floats
from ..tables.rows import input_rows
from .formats import READING, read
from .reading import add_reading, sheet_of
from .words import PICTURES, UsageError, add_output, output_of, require_suffix, save_figure, writing

PAGE = ".html"
MOST_STEPS = 200
"""Maximum number of rows that a page shows; more are slow in a browser."""
NOTES = f"""
A page shows the network at every step of a sequence: the first {MOST_STEPS} rows of --data or, without it, a
pulse of 1 on each input in turn, then zeros. The context is cleared first.
"""


def add_to(commands: Any) -> None:
    """Add the subcommand to argparse."""
    parser = commands.add_parser(
        "draw", help="draw a model", description="Draw a model, or write a page to explore it.", epilog=NOTES
    )
    add = parser.add_argument
    add("model", metavar="MODEL", help=READING)
    add_output(parser, f"the file to write: {', '.join(PICTURES)} or {PAGE}")
    add("--data", metavar="DATA", help="the sequence that a page shows: a CSV file; - is standard input")
    add("--in-order", action="store_true", help="match columns to inputs by order instead of by name")
    add_reading(parser)
    parser.set_defaults(do=draw)


def draw(options: argparse.Namespace) -> int:
    """Draw; return the exit code."""
    path = output_of(options)
    page = require_suffix(path, (*PICTURES, PAGE)) == PAGE
    if options.data is not None and not page:
        raise UsageError(f"A picture cannot show --data. Write a page instead ({PAGE}).")
    network = read(options.model)
    network.clear()
    from .. import draw as pictures  # matplotlib is an extra

    if not page:
        with pictures.style():  # text in files stays text
            save_figure(pictures.network(network).figure, path)
        return 0
    rows = pulses(len(network.input))
    if options.data is not None:
        rows = input_rows(network, sheet_of(options.data, options), in_order=options.in_order)[0]
    writing(path, lambda: pictures.explore(network, rows[:MOST_STEPS], path))
    return 0


def pulses(inputs: int) -> Floats:
    """Inputs with a pulse on each input in turn, then five steps of zeros, shape (steps, inputs).

    >>> pulses(2).tolist()[:3]
    [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]
    """
    return np.vstack([np.eye(inputs), np.zeros((5, inputs))])
