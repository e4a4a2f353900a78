"""``synapse play``: open a page in which a network learns."""

from __future__ import annotations

import argparse
import tempfile
import webbrowser
from functools import partial
from pathlib import Path
from typing import Any

import architect

from .formats import READING, read
from .words import require_suffix

NOTES = """
The page is one file that works offline: lessons, data, building, and files that synapse.load reads. Without
-o it is written to a new temporary folder, which stays.
"""


def add_to(commands: Any) -> None:
    """Add the subcommand to argparse."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "play",
        help="open a page in which a network learns",
        description="Open a page in the browser in which a network learns.",
        epilog=NOTES,
    )
    parser.add_argument("model", metavar="MODEL", nargs="?", help=f"{READING} (default: a perceptron 2-3-1)")
    parser.add_argument("-o", "--output", metavar="PAGE.html", help="write the page, and open no browser")
    parser.set_defaults(do=play)


def play(options: argparse.Namespace) -> int:
    """Write the page and open it; return the exit code."""
    if options.output is not None:
        require_suffix(options.output, (".html",))
    xor = partial(architect.Perceptron, 2, 3, 1, squash="tanh", output_squash="logistic", seed=0)
    network = xor() if options.model is None else read(options.model)
    network.clear()
    from .. import draw

    if options.output is not None:
        draw.explore(network, None, options.output, learn=True)
        return 0
    page = Path(tempfile.mkdtemp(prefix="synapse-")) / "play.html"
    draw.explore(network, None, page, learn=True)
    print(page)
    if not webbrowser.open(page.as_uri()):
        print("No browser was found. Open the file yourself.")
    return 0
