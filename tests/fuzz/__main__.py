"""The command: shares the time among the modes, each in processes of its own, and adds up what they tell."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from functools import partial
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHARES = {"walk": 0.5, "interrupts": 0.15, "threads": 0.15, "files": 0.12, "kills": 0.03, "nojit": 0.05}
SLICE = 120
"""Seconds after which a mode goes on in a new process."""
FEWER = {"nojit": 40}
"""Operations of a walk, where not the usual number."""


def main(arguments=None):
    """Run the command; the exit code."""
    options = parsed(arguments)
    if options.child:
        return child(options)
    if options.replay is not None:
        return replay(options)
    return parent(options)


def parsed(arguments):
    text = sys.modules["tests.fuzz"].__doc__
    kind = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", formatter_class=kind, description=text)
    parser.add_argument("--minutes", type=float, help="how long to go on (default: one minute)")
    parser.add_argument("--walks", type=int, help="walks of each mode, instead of a time")
    parser.add_argument("--seed", type=int, help="the seed of the first walk (default: by the clock)")
    parser.add_argument("--modes", default=",".join(SHARES), help="which modes, with commas in between")
    parser.add_argument("--without", default="", help="operations that are left out, with commas in between")
    parser.add_argument("--replay", type=int, help="the seed of one walk that is done again")
    parser.add_argument("--only", default="", help="with --replay: the numbers of the operations")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--journal", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


# --- the process that shares out -------------------------------------------------------------------


def parent(options):
    """Give each mode its share of the time, in slices."""
    begun, seed = time.time(), int(time.time()) % 10**8 if options.seed is None else options.seed
    total = 60 * (options.minutes or 1)
    counts, failures = Counter(), {}
    modes = [mode for mode in SHARES if mode in options.modes.split(",")]
    for mode in modes:
        share = total * SHARES[mode] / sum(SHARES[one] for one in modes)
        seed = mode_of(mode, seed, None if options.walks else share, options, counts, failures)
    report(counts, failures, time.time() - begun)
    return 1 if failures else 0


def mode_of(mode, seed, seconds, options, counts, failures):
    """One mode for its share; the next seed."""
    until = time.time() + (seconds or 0)
    while True:
        left = until - time.time()
        slice = ["--walks", str(options.walks)] if seconds is None else ["--seconds", str(min(SLICE, left))]
        answer, crash = one_child(mode, seed, [*slice, "--without", options.without])
        seed = answer["seed"] + 1
        counts.update(answer["counts"])
        for failure in answer["failures"]:
            tell(mode, failure, failures)
        if crash:
            tell(mode, crash, failures)
        if seconds is None or time.time() > until - 1:
            return seed


def tell(mode, failure, failures):
    """Print a failure when it is the first of its kind, and count it."""
    key = mode, tuple(failure["signature"])
    failures[key] = failures.get(key, 0) + failure.get("times", 1)
    if failures[key] == failure.get("times", 1):
        again = f"(again: python -m tests.fuzz --modes {mode} --walks 1 --seed N)"
        print(f"\nFAILED ({mode}) {again}\n{failure['text']}", flush=True)


def one_child(mode, seed, more):
    """Run a mode in a process; what it tells, and how it crashed if it did."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONFAULTHANDLER": "1", "PYTHONWARNINGS": "error"}
    if mode == "nojit":
        variables["NUMBA_DISABLE_JIT"] = "1"
    if mode == "threads":
        variables["PYTHONMALLOC"] = "debug"
    with tempfile.TemporaryDirectory() as folder:
        journal, answer = Path(folder) / "journal", Path(folder) / "answer"
        command = [sys.executable, "-m", "tests.fuzz", "--child", mode, "--seed", str(seed), *more]
        with open(Path(folder) / "errors", "w+", encoding="utf-8") as errors:
            done = subprocess.run(
                [*command, "--journal", folder], cwd=ROOT, env=variables, stderr=errors, check=False
            )
            errors.seek(0)
            told = errors.read()
        if done.returncode == 0 and answer.exists():
            return json.loads(answer.read_text()), None
        place = journal.read_text().strip() if journal.exists() else f"[{seed}, 0, null]"
    at = json.loads(place)
    place = f"seed {at[0]}, operation {at[1]} {at[2]}"
    text = f"the process ended with {done.returncode} at {place}\n{told[-6000:]}"
    crash = {"signature": ["crash", done.returncode, *stack(told)], "text": text}
    return {"seed": at[0], "counts": {}, "failures": []}, crash


def stack(told):
    """The places of the library in the stack of a crashed process, by which two crashes are the same."""
    lines = [line for line in told.splitlines() if "/synapse/" in line]
    return [line.split("/synapse/")[-1].split(" in ")[-1] for line in lines[:2]]


def report(counts, failures, seconds):
    """What was done."""
    print(f"\n{'=' * 30} fuzz: {seconds:.0f} s")
    for name, count in sorted(counts.items()):
        print(f"{count:10,}  {name}")
    operations = sum(n for name, n in counts.items() if name.startswith("operation "))
    print(f"{operations:10,}  operations of walks in all")
    interrupts = sum(n for name, n in counts.items() if name.startswith("interrupts of"))
    print(f"{interrupts:10,}  interrupts in all")
    print(f"{sum(failures.values()):10,}  failures, of {len(failures)} kinds")
    for (mode, signature), times in sorted(failures.items(), key=lambda item: -item[1]):
        print(f"{times:14,}  {mode}: {' '.join(map(str, signature))[:110]}")


# --- the process of one mode -----------------------------------------------------------------------


def child(options):
    """Walk until the time is over; tell in a file what happened."""
    from synapse.errors import TopologyWarning, TrainingWarning

    from .registry import KNOWN

    warnings.simplefilter("ignore", TrainingWarning)  # random networks do train in vain
    warnings.simplefilter("ignore", TopologyWarning)
    KNOWN.update(filter(None, options.without.split(",")))
    walk = walker(options.child)
    folder, counts, failures = Path(options.journal), Counter(), {}
    journal = os.open(folder / "journal", os.O_CREAT | os.O_RDWR)

    def note(*place):
        os.pwrite(journal, json.dumps(place).ljust(120).encode(), 0)

    begun, seed, walks = time.monotonic(), options.seed - 1, 0
    while walks < (options.walks or 10**9) and time.monotonic() - begun < (options.seconds or 10**9):
        seed, walks = seed + 1, walks + 1
        note(seed, 0, None)
        failure = walk(seed, counts, journal=note)
        if failure is not None:
            add(failures, failure)
    os.close(journal)
    told = {"seed": seed, "counts": counts, "failures": list(failures.values())}
    (folder / "answer").write_text(json.dumps(told))
    return 0


def add(failures, failure):
    """Count a failure; the first of its kind is made shorter."""
    from .walk import shrunk

    key = tuple(failure.signature[:3])
    if key not in failures:
        text = str(shrunk(failure) if failure.shrinks else failure)
        failures[key] = {"signature": key, "text": text, "times": 0}
    failures[key]["times"] += 1


def walker(mode):
    """The function of a mode: (seed, counts, journal) to a failure or None."""
    if mode in ("walk", "nojit"):
        from .walk import LENGTH, walk

        return partial(walk, length=FEWER.get(mode, LENGTH))
    return getattr(import_module(f"tests.fuzz.{mode}"), f"{mode}_walk")


def replay(options):
    """Do one walk again, or some operations of it."""
    from synapse.errors import TopologyWarning, TrainingWarning

    from .walk import walk

    warnings.simplefilter("error")
    warnings.simplefilter("ignore", TrainingWarning)
    warnings.simplefilter("ignore", TopologyWarning)
    only = [int(number) for number in options.only.split(",")] if options.only else None
    failure = walk(options.replay, Counter(), only=only)
    print(failure or "nothing failed")
    return 1 if failure else 0


if __name__ == "__main__":
    sys.exit(main())
