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
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

from . import watch
from .bench import Bench
from .decide import folder_of, function_name, removable, test_functions
from .drawing import SOURCES, Mistake, draw
from .mends import mends
from .reached import TIERS, Reached

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).with_name("table.jsonl")
COSTS = Path(__file__).with_name("costs.csv")
CONTROL = "tests/objects/test_calls.py::test_results_are_new_arrays"
"""A test that must be green before a mistake is made."""
MOST = 10
"""Red tests of a mistake that are enough. They run in the order of their cost, so the
next ones are dearer, and go first when tests are removed."""


def main(words: list[str] | None = None) -> int:
    """Do what the command line asks for; 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants",
        description=__doc__,
        epilog="".join(f"{name}: {do.__doc__}  " for name, do in COMMANDS.items()),
    )
    add = parser.add_argument
    add("command", choices=COMMANDS)
    add("work", type=Path, help="a folder for records and copies")
    add("--workers", type=int, default=2, help="processes (2)")
    add("--table", type=Path, default=TABLE, help="of run and decide")
    add("--sample", type=int, help="random mistakes (run 300, check 20)")
    add("--seed", type=int, help="of the draws (run 0, check 1)")
    add("--real", type=int, default=60, help="of run: mends taken back (60)")
    add("--list", action="store_true", help="of run: only print the diffs")
    add("--tiers", nargs="*", choices=TIERS, default=TIERS, help="of run")
    add("--only", choices=("traced", "timed"), help="of measure")
    add("-m", dest="marker", default="", help="of measure: an expression for tiers")
    options = parser.parse_args(words)
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
    records, timed = options.work / "records", options.work / "timed"
    runs = {"traced": (records, {watch.TRACES: "1"}), "timed": (timed, {})}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.mutants.watch"]
    command += ["-n", str(options.workers), "-m", options.marker]
    for kind, (folder, more) in runs.items():
        folder.mkdir(parents=True, exist_ok=True)
        if options.only in (None, kind):
            kernels = {"SYNAPSE_CACHE_DIR": str(options.work / "kernels")}
            environment = {**os.environ, watch.FOLDER: str(folder), **kernels, **more}
            subprocess.run(command, check=False, cwd=ROOT, env=environment)
    for path in timed.glob("tests-*.jsonl"):
        path.rename(records / f"times-{path.name.removeprefix('tests-')}")
    reached = Reached(ROOT, records)
    with COSTS.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["test", "tier", "seconds"])
        for test, seconds in sorted(reached.seconds.items()):
            rows.writerow([test, reached.tiers[test], f"{seconds:.3f}"])
    return 0


# --- Which tests notice which mistakes ----------------------------------------------


def run(options: argparse.Namespace) -> int:
    """Make one mistake after the other, and write a row for each tier that it meets."""
    seed = options.seed or 0
    count = 300 if options.sample is None else options.sample
    mistakes = draw(ROOT, SOURCES, count, seed) + mends(ROOT, options.real, seed)
    random.Random(seed).shuffle(mistakes)  # a run that is cut short has both
    if options.list:
        print("\n\n".join(f"{mistake}\n{mistake.diff()}" for mistake in mistakes))
        return 0
    reached = Reached(ROOT, options.work / "records")
    rows = read_table(options.table)
    lock = threading.Lock()

    def examine(bench: Bench, task: tuple[str, Mistake]) -> None:
        tier, mistake = task
        tests = [t for t in reached.tests_of(mistake) if reached.tiers[t] == tier]
        tests = reached.ordered(mistake, tests)
        red = bench.examine([mistake], tests, reached.seconds, MOST)
        if bench.is_closed:
            return
        row = {"mistake": str(mistake), "diff": mistake.diff(), "tier": tier}
        row |= {"tests": len(tests), "red": red}
        with lock, options.table.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            rows.append(row)
            print(f"{len(red):3d} of {len(tests):4d} {tier} {mistake}", flush=True)

    for tier in filter(options.tiers.__contains__, TIERS):
        done = {row["mistake"] for row in rows if row["tier"] == tier or row["red"]}
        left = [(tier, each) for each in mistakes if str(each) not in done]
        _share(options, left, examine)
    print(summary(rows))
    return 0


def read_table(path: Path) -> list[dict]:
    """Return the rows of a table; none if it is missing."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else ()
    return [json.loads(line) for line in lines]


def summary(rows: Iterable[dict]) -> str:
    """Return how many mistakes each tier notices."""
    made = Counter(row["tier"] for row in rows)
    noticed = Counter(row["tier"] for row in rows if row["red"])
    lines = ["| tier | mistakes | noticed |", "| --- | ---: | ---: |"]
    lines += [f"| {tier} | {made[tier]} | {noticed[tier]} |" for tier in TIERS]
    return "\n".join(lines)


def _share(
    options: argparse.Namespace, tasks: list, do: Callable[[Bench, object], None]
) -> None:
    """Do tasks in several threads, each with a bench of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="benches ", dir=options.work) as folder,
        ThreadPoolExecutor(options.workers) as pool,
    ):
        kernels = options.work / "kernels"
        numbers = map(str, range(options.workers))
        benches = [Bench(ROOT, Path(folder) / number, kernels) for number in numbers]
        free: Queue[Bench] = Queue()
        for bench in benches:
            if bench.examine([], [CONTROL], {}, MOST):
                raise RuntimeError(f"{CONTROL} is red without a mistake.")
            free.put(bench)

        def serve(task: object) -> None:
            bench = free.get()
            try:
                do(bench, task)
            finally:
                free.put(bench)

        try:
            for future in [pool.submit(serve, task) for task in tasks]:
                future.result()
        finally:  # after Ctrl-C
            pool.shutdown(wait=False, cancel_futures=True)
            for bench in benches:
                bench.close()


# --- Whether tests that reach no mistake are green ------------------------------------


def check(options: argparse.Namespace) -> int:
    """Make several mistakes at once, and run the tests that reach none of them.

    Each test runs with all mistakes that it does not reach."""
    count = 20 if options.sample is None else options.sample
    drawn = draw(ROOT, SOURCES, 4 * count, 1 if options.seed is None else options.seed)
    mistakes = list({mistake.file: mistake for mistake in drawn}.values())[:count]
    reached = Reached(ROOT, options.work / "records")
    reaching = [reached.tests_of(mistake) for mistake in mistakes]
    groups: dict[tuple[bool, ...], list[str]] = defaultdict(list)
    for test in sorted(reached.seconds):
        if reached.tiers[test] == "default":
            groups[tuple(test in tests for tests in reaching)].append(test)
    found: list[str] = []

    def examine(bench: Bench, group: tuple[bool, ...]) -> None:
        made = [m for m, reaches in zip(mistakes, group, strict=True) if not reaches]
        every = len(groups[group])
        red = bench.examine(made, groups[group], reached.seconds, every, every)
        print(f"{len(red)} of {every} with {len(made)}", flush=True)
        if red:
            found.append(f"red: {red}\nwith: {list(map(str, made))}")

    _share(options, list(groups), examine)
    print("\n".join(found))
    return int(bool(found))


# --- Which tests can go --------------------------------------------------------------


def decide(options: argparse.Namespace) -> int:
    """Print the test functions that nobody would miss, with seconds and statements."""
    reached = Reached(ROOT, options.work / "records")
    noticed: dict[str, set[str]] = defaultdict(set)
    for row in read_table(options.table):
        if row["red"]:
            noticed[row["mistake"]].update(map(function_name, row["red"]))
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
