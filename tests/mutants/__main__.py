"""Draw mistakes in rooms of the library, run the tests of each room, and print the
share they notice."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from pathlib import Path

from .bench import Bench
from .drawing import Mutant, draw, files_of

ROOT = Path(__file__).parents[2]
ROOMS = tomllib.loads(
    Path(__file__).with_name("rooms.toml").read_text(encoding="utf-8")
)

QUICK = "not (browser or compiler or peers or slow or torch)"
"""The tests that examine mistakes where the room names no others: the default tier and
the tier `full`."""


def arguments(words: list[str] | None) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants", description=__doc__
    )
    parser.add_argument(
        "rooms",
        metavar="ROOM",
        nargs="+",
        choices=[*ROOMS, "all"],
        help=", ".join(ROOMS),
    )
    parser.add_argument(
        "--sample", type=int, default=40, metavar="N", help="mistakes of each room (40)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of the draw (0)"
    )
    parser.add_argument(
        "--list", action="store_true", help="print the diffs and run nothing"
    )
    parser.add_argument("--kernels", type=Path, help="a cache of kernels to begin with")
    parser.add_argument(
        "--limit",
        type=float,
        metavar="SECONDS",
        help="of a run of tests, instead of a first run without a mistake",
    )
    options = parser.parse_args(words)
    if "all" in options.rooms:
        options.rooms = list(ROOMS)
    return options


def main(words: list[str] | None = None) -> int:
    """Examine the rooms that are asked for; 1 if a test fails without a mistake, 130
    after Ctrl-C."""
    options = arguments(words)
    drawn = {}
    for room in options.rooms:
        drawn[room] = draw(ROOT, ROOMS[room]["sources"], options.sample, options.seed)
    if options.list:
        print(
            "\n\n".join(
                mutant.diff() for mutants in drawn.values() for mutant in mutants
            )
        )
        return 0
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # a program in the background has Ctrl-C ignored
        signal.signal(number, signal.default_int_handler)
    rows = []
    status = 0
    with tempfile.TemporaryDirectory(prefix="synapse mutants ") as folder:
        try:
            for room, mutants in drawn.items():
                row = examine_room(room, mutants, Path(folder), options)
                rows.append(row)
                status = status or int(row is None)
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            status = 130
    print(f"\nsample {options.sample}, seed {options.seed}\n")
    print("| room | drawn | noticed | share |\n| --- | ---: | ---: | ---: |")
    print("\n".join(row for row in rows if row is not None))
    return status


def examine_room(
    room: str, mutants: list[Mutant], folder: Path, options: argparse.Namespace
) -> str | None:
    """Examine the mistakes of a room: a row of the table, or None if its tests cannot
    tell."""
    place = folder / room
    place.mkdir()
    try:
        bench = Bench(ROOT, place, options.kernels)
        limit = options.limit or limit_of(room, bench)
        if limit is None:
            return None
        noticed = 0
        for count, mutant in enumerate(mutants, 1):
            noticed += bool(examine(bench, mutant, runs_of(room, mutant.file), limit))
            print(f"{noticed} of {count} noticed", flush=True)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    share = noticed / len(mutants) if mutants else 1.0
    return f"| {room} | {len(mutants)} | {noticed} | {share:.0%} |"


def limit_of(room: str, bench: Bench) -> float | None:
    """The seconds after which a run is stopped, or None if a test fails without a
    mistake."""
    *_, tests = runs_of(room)
    failure, seconds = bench.control(files_of(ROOT, ROOMS[room]["sources"]), tests)
    if failure:
        sentence = (
            f"{room}: {failure} fails without a mistake, or reads the text of the"
            " source."
        )
        print(sentence, file=sys.stderr)
        return None
    print(f"{room}: the tests take {seconds:.0f} s", flush=True)
    return 30.0 + 4.0 * seconds


def runs_of(room: str, file: str = "") -> list[list[str]]:
    """The arguments of each run of pytest that a mistake in a file meets: the tests of
    the rooms that the room consists of come first."""
    parts = [
        name
        for name in ROOMS[room].get("rooms", ())
        if file in files_of(ROOT, ROOMS[name]["sources"])
    ]
    markers = ROOMS[room].get("markers", QUICK)
    return [[*ROOMS[name]["tests"], "-m", markers] for name in (*parts, room)]


def examine(bench: Bench, mutant: Mutant, runs: list[list[str]], limit: float) -> str:
    """Examine a mistake and print what became of it."""
    began = time.monotonic()
    failure = bench.examine(mutant, runs, limit)
    seconds = time.monotonic() - began
    if failure:
        print(f"noticed  {mutant} ({seconds:.0f} s, {failure})", flush=True)
    else:
        print(f"SURVIVED {mutant} ({seconds:.0f} s)\n{mutant.diff()}", flush=True)
    return failure


if __name__ == "__main__":
    sys.exit(main())
