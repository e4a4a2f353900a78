"""``synapse table``: run a published experiment with many seeds, and print it beside the paper's figures."""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numba
import numpy as np

from .. import __version__
from .._checks import missing_extra
from ..experiments import Trials, tables
from ..readwrite import files
from .words import UsageError, aligned, require_suffix

BEGIN, END = "<!-- results -->", "<!-- end -->"
PICTURES = (".png", ".svg", ".pdf")
SUFFIXES = (".md", ".csv", *PICTURES)

NOTES = f"""
Results are stored in NAME.db as they come; the same command goes on where it was broken off. A .md file keeps
what is outside the lines {BEGIN} and {END}.
"""


def add_to(commands: Any) -> None:
    """Add the subcommand to argparse."""
    parser = commands.add_parser(
        "table",
        help="reproduce the tables of papers",
        description="Run a published experiment with many seeds, and print it beside the paper's figures.",
        epilog=NOTES,
    )
    add = parser.add_argument
    add("name", metavar="NAME", nargs="?", help="name of the table; without it, list the tables")
    add(
        "--seeds", type=int, metavar="N", help="largest number of seeds of a row (default: as published here)"
    )
    add("--workers", type=int, default=1, metavar="N", help="number of processes (1: this one)")
    add("--dask", metavar="ADDRESS", help="address of a Dask scheduler, such as tcp://host:8786")
    add("--store", metavar="FILE", help="file of the results (default: NAME.db)")
    add("--time-limit", type=float, metavar="SECONDS", help="time that one trial may take (no limit)")
    add("--retry", action="store_true", help="run trials again that have failed")
    add(
        "-o",
        "--output",
        metavar="FILE",
        action="append",
        default=[],
        help=f"also write {', '.join(SUFFIXES)}; may be repeated",
    )
    parser.set_defaults(do=table)


def table(options: argparse.Namespace) -> int:
    """Run a table, or list them; return the exit code."""
    if options.name is None:
        print(aligned([(name, tables.get(name).title) for name in tables.NAMES], "<<"))
        return 0
    chosen = tables.get(options.name)
    _check(options)
    with _executor(options) as executor:
        trials = chosen.run(
            options.seeds,
            store=options.store or f"{chosen.name}.db",
            executor=executor,
            progress=sys.stderr.isatty(),
            time_limit=options.time_limit,
            retry=options.retry,
        )
    print(chosen.to_markdown(trials))
    for path in map(Path, options.output):
        _write(chosen, trials, path, options)
    return 0


def _check(options: argparse.Namespace) -> None:
    for path in options.output:
        require_suffix(path, SUFFIXES)
    if options.dask is not None and options.workers != 1:
        raise UsageError("Give --workers or --dask, not both: a cluster has its own workers.")
    for name in ("workers", "seeds"):
        number = getattr(options, name)
        if number is not None and number < 1:
            raise UsageError(f"Expected --{name} to be 1 or above, got {number}.")


@contextmanager
def _executor(options: argparse.Namespace) -> Iterator[Executor | None]:
    """The executor that the options ask for."""
    if options.dask is not None:
        try:
            from distributed import Client  # an extra
        except ImportError:
            raise missing_extra("--dask needs", "distributed") from None
        try:
            client = Client(options.dask, timeout=10)  # type: ignore[no-untyped-call]
        except (OSError, ValueError):
            raise UsageError(
                f"No Dask scheduler answers at {options.dask!r}. Start one with `dask scheduler`, and give "
                "the address that it prints, such as tcp://host:8786."
            ) from None
        with client:
            yield client.get_executor()  # type: ignore[no-untyped-call]
    elif options.workers > 1:
        with ProcessPoolExecutor(options.workers) as pool:
            yield pool
    else:
        yield None


def _write(chosen: tables.Table, trials: Trials, path: Path, options: argparse.Namespace) -> None:
    suffix = path.suffix.lower()
    if suffix == ".csv":
        trials.to_csv(path)
    elif suffix == ".md":
        picture = next((other for other in options.output if Path(other).suffix.lower() in PICTURES), None)
        files.write(path, page(chosen, trials, path, None if picture is None else Path(picture)))
    else:
        from matplotlib import pyplot

        from ..draw import style

        chosen.plot(trials)
        try:
            with style(), files.replacing(path) as file:
                pyplot.savefig(file, format=suffix[1:], dpi=150)
        finally:
            pyplot.close()


def page(chosen: tables.Table, trials: Trials, path: Path, picture: Path | None) -> str:
    """The page of a table: a new one, or the old one with its results replaced."""
    results = f"{BEGIN}\n\n{chosen.to_markdown(trials)}\n\n{_picture(picture, path)}{_made(trials)}\n\n{END}"
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if begin and end:
        return f"{before}{results}{after}"
    return f"# {chosen.title}\n\n{chosen.text.strip()}\n\n{results}\n"


def _picture(picture: Path | None, path: Path) -> str:
    if picture is None:
        return ""
    return f"![{picture.stem}]({os.path.relpath(picture, path.parent)})\n\n"


def _made(trials: Trials) -> str:
    """When and how the results were made."""
    command = shlex.join(["synapse", *sys.argv[1:]])
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {len(trials):,} trials, {_duration(trials.seconds)} of machine time "
        f"on {_machine()}, Python {platform.python_version()}, Synapse {__version__}, "
        f"NumPy {np.__version__}, Numba {numba.__version__}: `{command}`"
    )


def _duration(seconds: float) -> str:
    """A time in seconds, or in minutes from ten of them."""
    return f"{seconds:.0f} seconds" if seconds < 600 else f"{seconds / 60:.0f} minutes"


def _machine() -> str:
    """The model of the processor, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
