"""Make every mutant in a copy of the checkout, run the tests, and say which mutants they notice."""

from __future__ import annotations

import argparse
import compileall
import os
import py_compile
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from . import ROOT, Mutant, mutants

TIERS = {"default": None, "all": "not (browser or peers or torch)"}
"""The expression of markers; None: that of pyproject.toml."""
LIMIT = 1800
"""Seconds until a run of the tests counts as one that fails."""
PASSED, NO_TESTS = 0, 5
"""Exit codes of pytest."""
IGNORED = shutil.ignore_patterns(
    ".git", ".venv*", ".nox", ".*_cache", ".hypothesis", "__pycache__", "*.egg-info", "build", "dist", "site"
)
KILLED, SURVIVED, BROKEN = "killed", "survived", "does not apply"


class Bench:
    """A copy of the checkout in which one mutant after the other is made."""

    def __init__(self, folder: Path, tier: str | None) -> None:
        self.root, self.tier = folder / "checkout", tier
        self.kernels = folder / "kernels"  # of the engine without mistakes
        shutil.copytree(ROOT, self.root, ignore=IGNORED)
        # Checked by content: a mistake of the same length within a second is seen.
        by_content = py_compile.PycInvalidationMode.CHECKED_HASH
        for package in ("synapse", "architect"):
            compileall.compile_dir(self.root / package, quiet=1, invalidation_mode=by_content)

    def examine(self, mutant: Mutant) -> tuple[str, str]:
        """Make the mistake and run the tests: the verdict, and the first test that fails."""
        pristine = (self.root / mutant.file).read_bytes()
        mutant.apply(self.root)
        in_engine = mutant.file.startswith("synapse/engine/")
        kernels = self.kernels.with_name("mutated") if in_engine else self.kernels
        failure = ""
        try:
            for tests in filter(None, (mutant.tests, ["-n2"])):
                failure = failure or self.run(kernels, tests)
        finally:
            (self.root / mutant.file).write_bytes(pristine)
            if in_engine:
                shutil.rmtree(kernels, ignore_errors=True)
        named = failure.split("::")[0] in mutant.tests or "::" not in failure
        if failure and not named and self.run(self.kernels, [failure]):
            return SURVIVED, f"{failure} fails without the mistake, too"
        return (KILLED, failure) if failure else (SURVIVED, "")

    def run(self, kernels: Path, arguments: Sequence[str]) -> str:
        """Run pytest; the first test that fails, or "" if all pass."""
        tier = [] if self.tier is None else ["-m", self.tier]
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-rfE", "-p", "no:cacheprovider"]
        command.append("--ignore=tests/mutants")  # whose texts no mutant leaves as they were
        paths = {"PYTHONPATH": str(self.root), "NUMBA_CACHE_DIR": str(kernels)}
        paths["PYTHONDONTWRITEBYTECODE"] = "1"
        try:
            done = subprocess.run(
                [*command, *tier, *arguments],
                check=False,
                cwd=self.root,
                env={**os.environ, **paths},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=LIMIT,
            )
        except subprocess.TimeoutExpired:
            return f"no end within {LIMIT} s"
        if done.returncode in (PASSED, NO_TESTS):
            return ""
        found = re.search(rb"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
        return found.group(1).decode() if found else f"exit code {done.returncode}"


def main() -> int:
    """Examine the mutants that are asked for; 1 if one is not noticed or cannot be made."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--tier", choices=TIERS, default="default", help="the tests to run")
    parser.add_argument("--only", metavar="ROOM", nargs="+", help="rooms, or mutants such as rtrl:3")
    parser.add_argument("--jobs", type=int, default=1, help="how many mutants to examine at the same time")
    options = parser.parse_args()
    chosen = [
        one
        for one in mutants()
        if not options.only or {one.room, f"{one.room}:{one.number}"} & set(options.only)
    ]
    if not chosen:
        parser.error("no such mutants")
    verdicts = {one: (BROKEN, fault) for one in chosen if (fault := one.fault())}
    for one, (verdict, fault) in verdicts.items():
        print(f"{verdict:9} {one}: {fault}", flush=True)
    sound = [one for one in chosen if one not in verdicts]
    with tempfile.TemporaryDirectory(prefix="synapse mutants ") as folder:
        benches: queue.Queue[Bench] = queue.Queue()
        for job in range(options.jobs):
            benches.put(Bench(Path(folder) / str(job), TIERS[options.tier]))
        failure = require_sound_tests(benches, sound)
        if failure:
            print(f"A test fails without a mistake: {failure}", file=sys.stderr)
            return 1
        with ThreadPoolExecutor(options.jobs) as pool:
            running = {pool.submit(examine, benches, one): one for one in sound}
            for future in as_completed(running):
                verdicts[running[future]] = future.result()
    print(table(verdicts))
    return int(any(verdict != KILLED for verdict, _ in verdicts.values()))


def require_sound_tests(benches: queue.Queue[Bench], chosen: list[Mutant]) -> str:
    """Run the files that the mutants name without a mistake: the first test that fails, or ""."""
    files = sorted({name for one in chosen for name in one.tests})
    bench = benches.get()
    failure = bench.run(bench.kernels, files) if files else ""
    benches.put(bench)
    return failure


def examine(benches: queue.Queue[Bench], mutant: Mutant) -> tuple[str, str]:
    """Examine a mutant on a free bench, and print the verdict."""
    bench, began = benches.get(), time.monotonic()
    try:
        verdict, failure = bench.examine(mutant)
    finally:
        benches.put(bench)
    seconds = time.monotonic() - began
    print(f"{verdict:9} {mutant}: {mutant.why} ({seconds:.0f} s{failure and ', ' + failure})", flush=True)
    return verdict, failure


def table(verdicts: dict[Mutant, tuple[str, str]]) -> str:
    """The counts by room, in Markdown."""
    lines = [
        "",
        "| room | mutants | killed | survived | does not apply |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    rooms = sorted({one.room for one in verdicts})
    for room in [*rooms, "all"]:
        found = [verdict for one, (verdict, _) in verdicts.items() if room in (one.room, "all")]
        counts = " | ".join(str(found.count(verdict)) for verdict in (KILLED, SURVIVED, BROKEN))
        lines.append(f"| {room} | {len(found)} | {counts} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
