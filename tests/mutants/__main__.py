"""Find out which tests notice which mistakes, and which of them nobody would miss."""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from queue import Empty, Queue

from . import watch
from .bench import Bench
from .decide import folder_of, function_name, removable, test_functions
from .drawing import Mistake, draw
from .mends import mends
from .reached import TIERS, Reached

ROOT = Path(__file__).parents[2]
ROOMS = tomllib.loads(
    Path(__file__).with_name("rooms.toml").read_text(encoding="utf-8")
)
TABLE = Path(__file__).with_name("table.jsonl")
COSTS = Path(__file__).with_name("costs.csv")
CONTROL = "tests/objects/test_calls.py::test_results_are_new_arrays"
"""A test that must be green before a mistake is made."""
MOST = 10
"""Red tests of a mistake that are enough. They run in the order of their cost, so the
next ones are dearer, and go first when tests are removed."""


def arguments(words: list[str] | None) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants", description=__doc__
    )
    commands = parser.add_subparsers(dest="command", required=True)
    work = argparse.ArgumentParser(add_help=False)
    work.add_argument("work", type=Path, help="a folder for records and copies")
    work.add_argument("--workers", type=int, default=2, help="processes (2)")
    measure = commands.add_parser(
        "measure", parents=[work], help="run all tests twice: traced, and timed"
    )
    measure.add_argument("--only", help="traced or timed")
    measure.add_argument(
        "-m", dest="marker", default="", help="an expression for tiers"
    )
    run = commands.add_parser(
        "run", parents=[work], help="make mistakes, and write which tests are red"
    )
    run.add_argument("--sample", type=int, default=300, help="random mistakes (300)")
    run.add_argument("--real", type=int, default=60, help="mends taken back (60)")
    run.add_argument("--seed", type=int, default=0, help="of both draws (0)")
    run.add_argument("--list", action="store_true", help="only print the diffs")
    run.add_argument("--tiers", nargs="*", choices=TIERS, default=TIERS)
    run.add_argument("--table", type=Path, default=TABLE)
    check = commands.add_parser(
        "check", parents=[work], help="run the tests that reach no mistake"
    )
    check.add_argument("--sample", type=int, default=20, help="random mistakes (20)")
    check.add_argument("--seed", type=int, default=1, help="of the draw (1)")
    decide = commands.add_parser(
        "decide", parents=[work], help="print the tests that can go, the dearest first"
    )
    decide.add_argument("--table", type=Path, default=TABLE)
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    """Do what the command line asks for; 130 after Ctrl-C."""
    options = arguments(words)
    # a program in the background has Ctrl-C ignored
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        return COMMANDS[options.command](options)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


# --- What tests cost and reach ------------------------------------------------------


def measure(options: argparse.Namespace) -> int:
    """Run all tests, once traced and once timed, and write what they cost."""
    records = options.work / "records"
    records.mkdir(parents=True, exist_ok=True)
    if options.only != "timed":
        _pytest(options, records, {watch.TRACES: "1"})
    if options.only != "traced":
        timed = options.work / "timed"
        timed.mkdir(exist_ok=True)
        _pytest(options, timed, {})
        for path in timed.glob("tests-*.jsonl"):
            path.rename(records / f"times-{path.name.removeprefix('tests-')}")
    write_costs(Reached(ROOT, records, ROOMS))
    return 0


def _pytest(options: argparse.Namespace, folder: Path, more: dict[str, str]) -> None:
    environment = {
        watch.FOLDER: str(folder),
        "SYNAPSE_CACHE_DIR": str(options.work / "kernels"),
        **more,
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.mutants.watch"]
    command += ["-n", str(options.workers), "-m", options.marker]
    subprocess.run(command, check=False, cwd=ROOT, env={**os.environ, **environment})


def write_costs(reached: Reached) -> None:
    """Write a table of what each test costs."""
    with COSTS.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["test", "tier", "seconds", "seconds_of_kernels"])
        for test in sorted(reached.seconds):
            compiled = reached.compiled_seconds[test]
            rows.writerow(
                [test, reached.tiers[test], f"{reached.seconds[test]:.3f}", compiled]
            )


# --- Which tests notice which mistakes ----------------------------------------------


def run(options: argparse.Namespace) -> int:
    """Make one mistake after the other, and write a row for each tier that it meets."""
    mistakes = draw(ROOT, ["synapse", "architect"], options.sample, options.seed)
    mistakes += mends(ROOT, options.real, options.seed)
    random.Random(options.seed).shuffle(mistakes)  # a run that is cut short has both
    if options.list:
        print("\n\n".join(f"{mistake}\n{mistake.diff()}" for mistake in mistakes))
        return 0
    reached = Reached(ROOT, options.work / "records", ROOMS)
    rows = read_table(options.table)
    lock = threading.Lock()

    def examine(bench: Bench, tier: str, mistake: Mistake) -> None:
        tests = [t for t in reached.tests_of(mistake) if reached.tiers[t] == tier]
        tests = reached.ordered(mistake, tests)
        red = bench.examine([mistake], tests, reached.seconds, MOST)
        if bench.is_closed:
            return
        row = {
            "mistake": str(mistake),
            "diff": mistake.diff(),
            "tier": tier,
            "tests": len(tests),
            "red": red,
        }
        with lock, options.table.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            rows.append(row)
            print(f"{len(red):3d} of {len(tests):4d} {tier} {mistake}", flush=True)

    for tier in TIERS:
        if tier not in options.tiers:
            continue
        done = {row["mistake"] for row in rows if row["tier"] == tier}
        noticed = {row["mistake"] for row in rows if row["red"]}
        left = [each for each in mistakes if str(each) not in done | noticed]
        _share(options, left, lambda bench, each, tier=tier: examine(bench, tier, each))
    print(summary(rows))
    return 0


def read_table(path: Path) -> list[dict]:
    """Return the rows of a table; none if it is missing."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def summary(rows: Iterable[dict]) -> str:
    """Return how many mistakes each tier notices."""
    found: dict[str, list[dict]] = defaultdict(list)
    for row in rows:
        found[row["tier"]].append(row)
    lines = ["| tier | mistakes | noticed |", "| --- | ---: | ---: |"]
    for tier in TIERS:
        noticed = sum(bool(row["red"]) for row in found[tier])
        lines.append(f"| {tier} | {len(found[tier])} | {noticed} |")
    return "\n".join(lines)


def _share(
    options: argparse.Namespace, work: list, do: Callable[[Bench, object], None]
) -> None:
    """Do work in several threads, each with a bench of its own."""
    queue: Queue = Queue()
    for each in work:
        queue.put(each)
    with tempfile.TemporaryDirectory(prefix="benches ", dir=options.work) as folder:
        kernels = options.work / "kernels"
        benches = [
            Bench(ROOT, Path(folder) / str(number), kernels)
            for number in range(options.workers)
        ]

        for bench in benches:
            if bench.examine([], [CONTROL], {}, MOST):
                raise RuntimeError(f"{CONTROL} is red without a mistake.")

        def serve(bench: Bench) -> None:
            while not bench.is_closed:
                try:
                    each = queue.get_nowait()
                except Empty:
                    return
                do(bench, each)

        threads = [threading.Thread(target=serve, args=(each,)) for each in benches]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                while thread.is_alive():  # a join without end would not see Ctrl-C
                    thread.join(1.0)
        finally:
            for bench in benches:
                bench.close()
            for thread in threads:
                thread.join()
            for bench in benches:
                bench.end()


# --- Whether tests that reach no mistake are green ------------------------------------


def check(options: argparse.Namespace) -> int:
    """Make several mistakes at once, and run the tests that reach none of them.

    Each test runs with all mistakes that it does not reach."""
    drawn = draw(ROOT, ["synapse", "architect"], 4 * options.sample, options.seed)
    by_file = {mistake.file: mistake for mistake in drawn}
    mistakes = list(by_file.values())[: options.sample]
    reached = Reached(ROOT, options.work / "records", ROOMS)
    reaching = [reached.tests_of(mistake) for mistake in mistakes]
    groups: dict[tuple[bool, ...], list[str]] = defaultdict(list)
    for test in sorted(reached.seconds):
        if reached.tiers[test] == "default":
            groups[tuple(test in tests for tests in reaching)].append(test)
    found: list[tuple[list[str], list[str]]] = []

    def examine(bench: Bench, group: tuple[bool, ...]) -> None:
        made = [m for m, reaches in zip(mistakes, group, strict=True) if not reaches]
        every = len(groups[group])
        red = bench.examine(made, groups[group], reached.seconds, every, every)
        print(f"{len(red)} of {len(groups[group])} with {len(made)}", flush=True)
        found.append((red, [str(mistake) for mistake in made]))

    _share(options, list(groups), examine)
    for red, made in found:
        if red:
            print(f"red: {red}\nwith: {made}")
    return int(any(red for red, _ in found))


# --- Which tests can go --------------------------------------------------------------


def decide(options: argparse.Namespace) -> int:
    """Print the test functions that nobody would miss, with seconds and statements."""
    reached = Reached(ROOT, options.work / "records", ROOMS)
    noticed: dict[str, set[str]] = defaultdict(set)
    for row in read_table(options.table):
        noticed[row["mistake"]].update(map(function_name, row["red"]))
    noticed = {mistake: tests for mistake, tests in noticed.items() if tests}
    reached_by: dict[tuple[str, int, str], set[str]] = defaultdict(set)
    for file, lines in reached.by_file.items():
        for line, tests in lines.items():
            for test in tests:
                reached_by[file, line, folder_of(test)].add(function_name(test))
    functions = test_functions(ROOT, reached)
    gone = removable(functions, noticed, reached_by)
    for test in gone:
        print(f"{test.seconds:8.3f} {test.statements:4d} {test.name}")
    for title, tests in (("of", functions), ("can go", gone)):
        seconds = sum(test.seconds for test in tests)
        statements = sum(test.statements for test in tests)
        print(f"{title}: {len(tests)}, {seconds:.0f} s, {statements} statements")
    return 0


COMMANDS = {"measure": measure, "run": run, "check": check, "decide": decide}

if __name__ == "__main__":
    sys.exit(main())
