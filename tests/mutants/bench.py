"""A copy of the checkout in which one mistake after the other is made."""

from __future__ import annotations

import ast
import compileall
import os
import py_compile
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from .drawing import Mutant

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
NO_TESTS = 5
"""The exit code of pytest if it collects none."""
NOTHING_RUNS = "no test that runs"
FAILED = re.compile(rb"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


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
        self.temporary.mkdir()
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

    def control(self, files: Sequence[str], tests: Sequence[str]) -> tuple[str, float]:
        """Run the tests on files that read otherwise and mean the same.

        Every file is written anew from its syntax tree, so a test that compares the
        text of the source fails here. With every mistake it would fail, too, and would
        count as one that notices.

        Returns
        -------
        failure : str
            The first test that fails, or "".
        seconds : float
            How long the tests took, with the kernels compiled.
        """
        pristine = {file: (self.root / file).read_bytes() for file in files}
        try:
            for file, content in pristine.items():
                rewritten = ast.unparse(ast.parse(content)) + "\n"
                (self.root / file).write_text(rewritten, encoding="utf-8")
            began = time.monotonic()
            failure = self.run(tests, self.kernels, limit=3600)
            seconds = time.monotonic() - began
        finally:
            for file, content in pristine.items():
                (self.root / file).write_bytes(content)
            self.forget_mutated()
        return failure, seconds

    def examine(
        self, mutant: Mutant, runs: Sequence[Sequence[str]], limit: float
    ) -> str:
        """Make a mistake and run the tests, in one process after the other: the first
        that fails, or "" if none notices it."""
        path = self.root / mutant.file
        pristine = path.read_bytes()
        try:
            path.write_text(mutant.code, encoding="utf-8")
            kernels = self.kernels_of(mutant.file)
            failures = (self.run(tests, kernels, limit) for tests in runs)
            return next(
                (name for name in failures if name not in ("", NOTHING_RUNS)), ""
            )
        finally:
            path.write_bytes(pristine)
            self.forget_mutated()

    def kernels_of(self, file: str) -> Path:
        """Where kernels are cached while a file has a mistake.

        After a change of a kernel, the cache would replace the good ones. A copy has
        those that the mistake does not change."""
        if not (file.startswith("synapse/engine/") or "/_kernels/" in file):
            return self.kernels
        mutated = self.kernels.with_name("mutated")
        self.kernels.mkdir(exist_ok=True)
        return Path(shutil.copytree(self.kernels, mutated, dirs_exist_ok=True))

    def forget_mutated(self) -> None:
        """Remove what was compiled from, or written by, an engine with a mistake."""
        shutil.rmtree(self.kernels.with_name("mutated"), ignore_errors=True)
        shutil.rmtree(self.temporary, ignore_errors=True)
        self.temporary.mkdir(exist_ok=True)

    def run(self, tests: Sequence[str], kernels: Path, limit: float) -> str:
        """Run pytest in the copy until a test fails; its name, or "" if all pass."""
        options = ["-x", "-q", "-rfE", "-p", "no:cacheprovider", "-p", "no:xdist"]
        environment = {
            "PYTHONPATH": str(self.root),
            "PYTHONDONTWRITEBYTECODE": "1",
            "SYNAPSE_CACHE_DIR": str(kernels),
            "TMPDIR": str(self.temporary),
            "MPLBACKEND": "Agg",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *options, *tests],
            cwd=self.root,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Ctrl-C comes here alone, and ends the whole group below
            start_new_session=True,
        )
        limit_memory(process)
        try:
            output, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            return f"no end within {limit:.0f} s"
        finally:
            end_group(process)
        if process.returncode == 0:
            return ""
        if process.returncode == NO_TESTS:
            return NOTHING_RUNS
        failed = FAILED.search(output)
        return failed.group(1).decode() if failed else f"exit code {process.returncode}"


def limit_memory(process: subprocess.Popen[bytes]) -> None:
    """Limit what a process and those that it starts may allocate, on Linux."""
    with suppress(ImportError, AttributeError, ProcessLookupError):
        import resource

        resource.prlimit(process.pid, resource.RLIMIT_DATA, (MEMORY, MEMORY))


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it has started, and wait for it."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
    process.stdout.close()
