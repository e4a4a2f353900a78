"""``synapse convert``: convert a model from one format to another."""

from __future__ import annotations

import argparse
from typing import Any

from . import formats
from .words import add_output, output_of

NOTES = """
The suffix of a file selects its format; when a .json file is read, its content does, as for unknown
suffixes. Programs, .onnx and .dot cannot be read back.
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
    add_output(parser, "the file to write")
    parser.add_argument("--from", dest="read_as", metavar="FORMAT", choices=formats.READABLE, help="of IN")
    parser.add_argument("--to", dest="write_as", metavar="FORMAT", choices=formats.WRITABLE, help="of OUT")
    parser.set_defaults(do=convert)


def convert(options: argparse.Namespace) -> int:
    """Read and write; return the exit code."""
    path = output_of(options)
    formats.require_writable(path, options.write_as)  # a wrong suffix is an error before any work
    network = formats.read(options.source, options.read_as)
    formats.write(network, path, options.write_as)
    return 0
