"""A copy of the checkout in which one mistake after the other is made."""

from __future__ import annotations

import compileall
import json
import os
import py_compile
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from .drawing import Mistake
from .outcomes import BEGIN, LIST, OUTCOMES, RED

IGNORED = shutil.ignore_patterns(
    ".git",
    ".venv*",
    ".nox",
    ".*_cache",
    ".hypothesis",
    "__pycache__",
    "*.egg-info",
    "build",
    "dist",
    "site",
)
MEMORY = 8 << 30
"""Bytes that a run of the tests may allocate: a mistake in a size must not stop the
machine."""
START_SECONDS = 120.0
"""Seconds that may pass until the first test begins, when kernels may be translated."""
FIRST_TESTS = 50
"""Number of tests in the first process, because collecting the files of all tests takes
longer than most mistakes need. Each next process runs eight times as many."""
MAX_HANGING = 2
"""Number of tests without an end after which the others are left out."""
TEST_SECONDS = 30.0
"""Seconds that a test may take in addition to 30 times its usual CPU time."""


class Bench:
    """A copy of the checkout, and the kernels that its engine has compiled.

    Parameters
    ----------
    checkout : Path
        The checkout. Nothing in it is changed.
    folder : Path
        An empty folder for the copy, its kernels and temporary files.
    kernels : Path, optional
        A cache of kernels to begin with.
    """

    def __init__(
        self, checkout: Path, folder: Path, kernels: Path | None = None
    ) -> None:
        self.root = folder / "checkout"
        self.kernels = folder / "kernels"
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True)
        self.is_closed = False
        self._hanging = 0
        self._is_running = False
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        self._server = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("preloaded.py"))],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            # Ctrl-C comes here alone
            start_new_session=True,
        )
        if kernels is not None:
            shutil.copytree(kernels, self.kernels)
        shutil.copytree(checkout, self.root, ignore=IGNORED)
        # Byte code is checked by content: a mistake of the same length within a second
        # is seen.
        by_content = py_compile.PycInvalidationMode.CHECKED_HASH
        for package in filter(
            Path.is_dir, (self.root / "synapse", self.root / "architect")
        ):
            compileall.compile_dir(package, quiet=1, invalidation_mode=by_content)

    def close(self) -> None:
        """End the tests that run, and all that would run next."""
        self.is_closed = True

    def end(self) -> None:
        """End the process that runs the tests, when none runs."""
        self._server.stdin.close()
        self._server.stdout.close()
        self._server.wait()

    def examine(
        self,
        mistakes: Sequence[Mistake],
        tests: Sequence[str],
        seconds: Mapping[str, float],
        most: int,
        later: int = 1,
    ) -> list[str]:
        """Make mistakes, each in a file of its own, and run tests until some are red.

        Parameters
        ----------
        mistakes : sequence of Mistake
            The mistakes that are made together, usually one.
        tests : sequence of str
            The names of the tests, in their order.
        seconds : mapping
            The CPU seconds of each test without a mistake.
        most : int
            The number of red tests after which the others are left out.
        later : int
            The same number once the first tests have run. The next ones are dearer.

        Returns
        -------
        list of str
            The names of the red tests.
        """
        pristine = {
            mistake.file: (self.root / mistake.file).read_bytes()
            for mistake in mistakes
        }
        try:
            for mistake in mistakes:
                (self.root / mistake.file).write_text(mistake.code, encoding="utf-8")
            kernels = self._kernels_of(pristine)
            red: list[str] = []
            left = list(tests)
            count = FIRST_TESTS
            self._hanging = 0
            while left and len(red) < most and not self.is_closed:
                if self._hanging == MAX_HANGING:
                    break
                some = left[:count]
                ended, failed = self._run(some, seconds, kernels, most - len(red))
                red += failed
                left = left[ended:]
                if ended == len(some):
                    count *= 8
                    most = later
            return red
        finally:
            for file, content in pristine.items():
                (self.root / file).write_bytes(content)
            self._forget()

    def _kernels_of(self, files: Mapping[str, bytes]) -> Path:
        """Return where kernels are cached while files have mistakes.

        After a change of a kernel, the cache would replace the good ones. A copy has
        those that the mistake does not change."""
        if not any("synapse/engine/" in file or "/_kernels/" in file for file in files):
            return self.kernels
        mutated = self.kernels.with_name("mutated")
        self.kernels.mkdir(exist_ok=True)
        return Path(shutil.copytree(self.kernels, mutated, dirs_exist_ok=True))

    def _forget(self) -> None:
        """Remove what was compiled from, or written by, an engine with a mistake."""
        shutil.rmtree(self.kernels.with_name("mutated"), ignore_errors=True)
        shutil.rmtree(self.temporary, ignore_errors=True)
        self.temporary.mkdir(exist_ok=True)

    def _run(
        self,
        tests: Sequence[str],
        seconds: Mapping[str, float],
        kernels: Path,
        most: int,
    ) -> tuple[int, list[str]]:
        """Run tests in one process. Return how many of them have ended, and the red
        ones. A test during which the process ends, or that does not end, is red."""
        listed, outcomes = self.temporary / "list", self.temporary / "outcomes"
        listed.write_text("\n".join(tests) + f"\0{most}", encoding="utf-8")
        outcomes.unlink(missing_ok=True)
        outcomes.touch()
        process = self._start(tests, kernels, listed, outcomes)
        began = time.monotonic()
        running = ""
        try:
            while not self._has_ended(0.1) and not self.is_closed:
                latest = self._latest(outcomes)
                if latest != running:
                    running, began = latest, time.monotonic()
                allowed = START_SECONDS
                if running:
                    allowed = TEST_SECONDS + 30.0 * seconds.get(running, 0.0)
                if time.monotonic() - began > allowed:
                    self._hanging += 1
                    break
        finally:
            end_group(process)
            while not self._has_ended(1.0):
                pass
        return self._counted(tests, outcomes)

    def _has_ended(self, seconds: float) -> bool:
        """Wait for the end of the process that runs tests; whether it has ended."""
        self._is_running = self._is_running and not self._answers(seconds)
        return not self._is_running

    def _answers(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._server.stdout], [], [], seconds)
        if ready:
            self._server.stdout.readline()
        return bool(ready)

    @staticmethod
    def _latest(outcomes: Path) -> str:
        """Return the test that runs, or "" between two."""
        lines = outcomes.read_text(encoding="utf-8").splitlines()
        begun, _, test = lines[-1].partition(" ") if lines else ("", "", "")
        return test if begun == BEGIN else ""

    @staticmethod
    def _counted(tests: Sequence[str], outcomes: Path) -> tuple[int, list[str]]:
        lines = outcomes.read_text(encoding="utf-8").splitlines()
        ends = dict(reversed(line.split(" ", 1)) for line in lines)
        red = [test for test in tests if ends.get(test) in (RED, BEGIN)]
        if not any(outcome == BEGIN for outcome in ends.values()):
            began = any(line.startswith(BEGIN) for line in lines)
            # all have ended, or nothing can be imported
            return len(tests), red if began or red else list(tests)
        broken = next(test for test in tests if ends.get(test) == BEGIN)
        return tests.index(broken) + 1, red

    def _start(
        self, tests: Sequence[str], kernels: Path, listed: Path, outcomes: Path
    ) -> int:
        """Start a run of pytest, and return its process."""
        files = dict.fromkeys(test.partition("::")[0] for test in tests)
        options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", ""]
        options += ["-p", "tests.mutants.outcomes", "--continue-on-collection-errors"]
        # of the server, which imports plugins before pytest does
        options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
        environment = {
            "PYTHONPATH": str(self.root),
            "PYTHONDONTWRITEBYTECODE": "1",
            "SYNAPSE_CACHE_DIR": str(kernels),
            "TMPDIR": str(self.temporary),
            "MPLBACKEND": "Agg",
            LIST: str(listed),
            OUTCOMES: str(outcomes),
        }
        run = {
            "folder": str(self.root),
            "environment": environment,
            "arguments": [*options, *files],
            "memory": MEMORY,
        }
        self._server.stdin.write(json.dumps(run).encode() + b"\n")
        self._server.stdin.flush()
        self._is_running = True
        return int(self._server.stdout.readline())


def end_group(process: int) -> None:
    """End a process and all that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)
