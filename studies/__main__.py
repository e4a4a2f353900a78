"""Run a study: ``python -m studies reber`` prints a paper's table, ``python -m
studies`` lists all studies.

A table's results are stored as they come; the same command continues where a run was
interrupted."""

from __future__ import annotations

import argparse
import ast
import platform
import re
import runpy
import shlex
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import llvmlite
import numpy as np

import synapse
from synapse._checks import missing_extra
from synapse.errors import SynapseError
from synapse.experiments import Trials
from synapse.readwrite import _files

from . import papers
from .papers._paper_table import PaperTable, read_results

FOLDER = Path(__file__).parent
OTHERS = tuple(sorted(path.stem for path in FOLDER.glob("[!_]*.py")))
"""Names of the studies that are programs of their own, with options of their own."""
PICTURES = (".png", ".svg", ".pdf")
INTERRUPTED = 130  # the exit code of a program that Ctrl-C has ended


def main() -> int:
    """Run the command; return the exit code."""
    try:
        return run(sys.argv[1:])
    except KeyboardInterrupt as error:
        return told(
            " ".join(["Interrupted.", *getattr(error, "__notes__", ())]), INTERRUPTED
        )
    except SynapseError as error:
        return told(str(error), 1)


def told(sentence: str, code: int) -> int:
    """Print a sentence as an error; return the code."""
    print(f"studies: {sentence}", file=sys.stderr)
    return code


def run(arguments: list[str]) -> int:
    """Run the study that the arguments name, or list all."""
    if arguments and arguments[0] in OTHERS:
        sys.argv = arguments
        runpy.run_module(f"studies.{arguments[0]}", run_name="__main__", alter_sys=True)
        return 0
    parser = make_parser()
    options = parser.parse_args(arguments)
    if options.name is None:
        print(listing())
    elif options.name not in papers.NAMES:
        parser.error(
            f"there is no study {options.name!r}; `python -m studies` lists them"
        )
    else:
        require_sound(parser, options)
        print_table(papers.get(options.name), options)
    return 0


def listing() -> str:
    """All studies, a line each: the first line of the module's docstring."""
    parts = {
        "Papers' tables": FOLDER / "papers",
        "Other studies, with options described in studies/NAME.py": FOLDER,
    }
    lines = []
    for title, folder in parts.items():
        lines.append(f"{title}:")
        for path in sorted(folder.glob("[!_]*.py")):
            text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            lines.append(
                f"  {path.stem:<18}{text.partition(chr(10))[0].replace('``', '`')}"
            )
    hours = sum(map(machine_hours, papers.NAMES))
    return "\n".join(
        [
            *lines,
            (
                f"All papers' tables: {hours:.1f} hours of one core; --workers shares"
                " them."
            ),
        ]
    )


def machine_hours(name: str) -> float:
    """Machine time of a table's stored results, which is in the first line of their
    file."""
    path = papers.FOLDER / f"{name}.csv"
    made = read_results(path)[0] if path.exists() else ""
    durations = re.findall(r"(\d+) (seconds|minutes) of machine time", made)
    return sum(
        int(number) / {"seconds": 3600, "minutes": 60}[unit]
        for number, unit in durations
    )


def make_parser() -> argparse.ArgumentParser:
    """The options of a table."""
    parser = argparse.ArgumentParser(
        prog="python -m studies",
        description="Run a paper's table with many seeds, or another study.",
    )
    add = parser.add_argument
    add(
        "name",
        metavar="NAME",
        nargs="?",
        help="name of the study; without it, list the studies",
    )
    add(
        "--seeds",
        type=int,
        metavar="N",
        help="largest number of seeds of a row (default: that of the row)",
    )
    add(
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="number of processes (1: this one)",
    )
    add(
        "--dask",
        metavar="ADDRESS",
        help="address of a Dask scheduler, such as tcp://host:8786",
    )
    add("--store", metavar="FILE", help="file of the results (default: NAME.db)")
    add("--retry", action="store_true", help="run trials again that have failed")
    suffixes = ", ".join((".csv", *PICTURES))
    add(
        "-o",
        "--output",
        metavar="FILE",
        action="append",
        default=[],
        help=f"also write {suffixes}",
    )
    return parser


def require_sound(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End with an error if options cannot be used."""
    for path in options.output:
        if Path(path).suffix.lower() not in (".csv", *PICTURES):
            parser.error(
                f"expected the suffix of {path!r} to be .csv, {', '.join(PICTURES)}"
            )
    if options.dask is not None and options.workers != 1:
        parser.error(
            "give --workers or --dask, not both: a cluster has its own workers"
        )
    for name in ("workers", "seeds"):
        number = getattr(options, name)
        if number is not None and number < 1:
            parser.error(f"expected --{name} to be 1 or above, got {number}")


def print_table(table: PaperTable, options: argparse.Namespace) -> None:
    """Run a table, print it, and write files of its trials."""
    with executor_of(options) as executor:
        trials = table.run(
            options.seeds,
            store=options.store or f"{options.name}.db",
            executor=executor,
            progress=sys.stderr.isatty(),
            retry=options.retry,
        )
    print(table.to_markdown(trials))
    for path in map(Path, options.output):
        if path.suffix.lower() == ".csv":
            # whole numbers stay whole
            rows = trials.to_pandas().convert_dtypes().to_csv(index=False)
            _files.write(path, f"# {made(trials)}\n{rows}")
        else:
            draw(table, trials, path)


@contextmanager
def executor_of(options: argparse.Namespace) -> Iterator[Executor | None]:
    """The executor that the options ask for."""
    if options.dask is not None:
        try:
            from distributed import Client  # an extra
        except ImportError:
            raise missing_extra("--dask needs", "distributed") from None
        try:
            client = Client(options.dask, timeout=10)  # type: ignore[no-untyped-call]
        except (OSError, ValueError):
            raise SynapseError(
                f"No Dask scheduler answers at {options.dask!r}. Start one with `dask"
                " scheduler`, and give the address that it prints, such as"
                " tcp://host:8786."
            ) from None
        with client:
            yield client.get_executor()  # type: ignore[no-untyped-call]
    elif options.workers > 1:
        with ProcessPoolExecutor(options.workers) as pool:
            yield pool
    else:
        yield None


def draw(table: PaperTable, trials: Trials, path: Path) -> None:
    """Write the picture of a table."""
    from matplotlib import pyplot

    from synapse.draw import style

    table.plot(trials)
    try:
        with style(), _files.replacing(path) as file:
            pyplot.savefig(file, format=path.suffix.lower()[1:], dpi=150)
    finally:
        pyplot.close()


def made(trials: Trials) -> str:
    """When and how the results were made, for the first line of their file."""
    seconds = trials.seconds
    duration = (
        f"{seconds:.0f} seconds" if seconds < 600 else f"{seconds / 60:.0f} minutes"
    )
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {len(trials):,} trials, {duration} of machine"
        f" time on {machine()}, Python {platform.python_version()}, Synapse"
        f" {synapse.__version__}, NumPy {np.__version__}, llvmlite"
        f" {llvmlite.__version__}:"
        f" {shlex.join(['python', '-m', 'studies', *sys.argv[1:]])}"
    )


def machine() -> str:
    """The model of the processor, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(
            line.partition(":")[2].strip()
            for line in lines
            if line.startswith("model name")
        )
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main())
