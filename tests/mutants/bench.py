"""A copy of the checkout in which one mistake after the other is made."""

from __future__ import annotations

import compileall
import os
import py_compile
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from .drawing import Mistake
from .outcomes import BEGIN, LIST, MOST, OUTCOMES, RED

IGNORED = shutil.ignore_patterns(
    *(".git", ".venv*", ".nox", ".*_cache", ".hypothesis", "__pycache__"),
    *("*.egg-info", "build", "dist", "site"),
)
FIRST_TESTS = 50
"""Number of tests in the first process, because collecting the files of all tests takes
longer than most mistakes need. Each next process runs eight times as many."""
MAX_HANGING = 2
"""Number of tests without an end after which the others are left out."""
TEST_SECONDS = 30
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
        self._process: subprocess.Popen | None = None
        if kernels is not None:
            shutil.copytree(kernels, self.kernels)
        shutil.copytree(checkout, self.root, ignore=IGNORED)
        # Byte code is checked by content: a mistake of the same length within a second
        # is seen.
        by_content = py_compile.PycInvalidationMode.CHECKED_HASH
        for package in ("synapse", "architect"):
            folder = self.root / package
            compileall.compile_dir(folder, quiet=2, invalidation_mode=by_content)

    def close(self) -> None:
        """End the tests that run, and all that would run next."""
        self.is_closed = True
        if self._process is not None:
            end_group(self._process)

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
        files = {mistake.file: self.root / mistake.file for mistake in mistakes}
        pristine = {path: path.read_bytes() for path in files.values()}
        try:
            for mistake in mistakes:
                files[mistake.file].write_text(mistake.code, encoding="utf-8")
            kernels = self._kernels_of(files)
            red: list[str] = []
            left = list(tests)
            count = FIRST_TESTS
            hanging = 0
            while left and len(red) < most and not self.is_closed:
                some = left[:count]
                ended, failed, hangs = self._run(
                    some, seconds, kernels, most - len(red)
                )
                red += failed
                left = left[ended:]
                hanging += hangs
                if hanging == MAX_HANGING:
                    break
                if ended == len(some):
                    count *= 8
                    most = later
            return red
        finally:
            for path, content in pristine.items():
                path.write_bytes(content)
            # what was compiled from, or written by, an engine with a mistake
            for folder in (self.kernels.with_name("mutated"), self.temporary):
                shutil.rmtree(folder, ignore_errors=True)
            self.temporary.mkdir(exist_ok=True)

    def _kernels_of(self, files: Mapping[str, Path]) -> Path:
        """Return where kernels are cached while files have mistakes.

        After a change of a kernel, the cache would replace the good ones. A copy has
        those that the mistake does not change."""
        if not any("synapse/engine/" in file or "/_kernels/" in file for file in files):
            return self.kernels
        mutated = self.kernels.with_name("mutated")
        self.kernels.mkdir(exist_ok=True)
        return Path(shutil.copytree(self.kernels, mutated, dirs_exist_ok=True))

    def _run(
        self,
        tests: Sequence[str],
        seconds: Mapping[str, float],
        kernels: Path,
        most: int,
    ) -> tuple[int, list[str], bool]:
        """Run tests in one process.

        Return how many of them have ended, the red ones, and whether one hangs. A test
        during which the process ends, or that does not end, is red."""
        listed, outcomes = self.temporary / "list", self.temporary / "outcomes"
        allowed = {t: TEST_SECONDS + round(30 * seconds.get(t, 0.0)) for t in tests}
        lines = (f"{allowed[test]} {test}\n" for test in tests)
        listed.write_text("".join(lines), encoding="utf-8")
        outcomes.write_text("", encoding="utf-8")
        environment = {
            "PYTHONPATH": str(self.root),
            "PYTHONDONTWRITEBYTECODE": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "SYNAPSE_CACHE_DIR": str(kernels),
            "TMPDIR": str(self.temporary),
            "MPLBACKEND": "Agg",
            LIST: str(listed),
            OUTCOMES: str(outcomes),
            MOST: str(most),
        }
        command = [sys.executable, "-m", "pytest", "-q", "-m", "", "-p", "no:xdist"]
        command += ["-p", "no:cacheprovider", "-p", "tests.mutants.outcomes"]
        command += ["--continue-on-collection-errors"]
        self._process = subprocess.Popen(
            [*command, *dict.fromkeys(test.partition("::")[0] for test in tests)],
            cwd=self.root,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Ctrl-C comes here alone
            start_new_session=True,
        )
        if not self.is_closed:
            self._process.wait()
        end_group(self._process)
        hangs = self._process.wait() == -signal.SIGALRM
        lines = outcomes.read_text(encoding="utf-8").splitlines()
        ends = dict(reversed(line.split(" ", 1)) for line in lines)
        if not ends:  # nothing can be imported
            return len(tests), list(tests), hangs
        red = [test for test in tests if ends.get(test) in (RED, BEGIN)]
        running = [test for test in tests if ends.get(test) == BEGIN]
        ended = tests.index(running[0]) + 1 if running else len(tests)
        return ended, red, hangs


def end_group(process: subprocess.Popen) -> None:
    """End a process and all that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
