"""``synapse convert``: a model from one format to another."""

from __future__ import annotations

import argparse
from typing import Any

from . import formats

NOTES = """
The ending of a file selects its format; for .json files that are read, the content does. Files with other
endings are read as .json. Programs, .onnx, .dot and .csv cannot be read back.
"""


def add_to(commands: Any) -> None:
    """Add the subcommand to argparse."""
    parser = commands.add_parser(
        "convert",
        help="write a model in another format",
        description="Write a model in another format.",
        epilog=f"{formats.table()}\n{NOTES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", metavar="IN", help="the model")
    parser.add_argument("target", metavar="OUT", help="the file to write; an existing one is replaced")
    parser.add_argument("--from", dest="read_as", metavar="FORMAT", choices=formats.READABLE, help="of IN")
    parser.add_argument("--to", dest="write_as", metavar="FORMAT", choices=formats.WRITABLE, help="of OUT")
    parser.set_defaults(do=convert)


def convert(options: argparse.Namespace) -> int:
    """Read and write; the exit code."""
    formats.writer(options.target, options.write_as)  # raises for a wrong ending before the work
    network = formats.read(options.source, options.read_as)
    formats.write(network, options.target, options.write_as)
    return 0
