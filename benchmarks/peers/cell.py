"""A cell of the table: one peer's worker on one case, and its budget of time."""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from pathlib import Path
from typing import Any

from ..cases import RATE, Case
from . import Peer

ROOT = Path(__file__).resolve().parents[2]
ONE_THREAD = dict.fromkeys(
    ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"], "1"
)


class OverCapError(Exception):
    """The budget of a cell is spent."""


def environment() -> dict[str, str]:
    """Of every child: one thread each, this project first among imports."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, **ONE_THREAD, "PYTHONPATH": path}


class Cell:
    """Runs one worker. What went wrong is kept as a word, not raised: the table goes
    on."""

    def __init__(self, peer: Peer, case: Case, samples: Path, cap: float) -> None:
        self.peer = peer
        self.case = case
        self.left = cap
        self.cap = cap
        self.result: dict[str, Any] = {
            "row": case.key,
            "peer": peer.name,
            "label": peer.label,
            "precision": peer.precision,
            "connections": case.connections,
            "learns_less": case.kind in peer.learns_less,
            "status": "ok",
            "microseconds": [],
        }
        self.spec = {
            "kind": case.kind,
            "sizes": case.sizes,
            "module": peer.module,
            "precision": peer.precision,
            "needs": peer.needs,
            "rate": RATE,
            "samples": str(samples),
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.rest = b""

    @property
    def running(self) -> bool:
        """Whether its worker is alive and well."""
        return self.process is not None

    def start(self) -> None:
        """Build; the first news are what that cost."""
        reason = self.peer.why_not(self.case)
        if reason:
            self.result["status"] = reason
            return
        self.process = subprocess.Popen(
            self.peer.command(json.dumps(self.spec)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
            cwd=ROOT,
        )
        started = self._hear("starting")
        self.left = self.cap  # imports are not the network's
        if started:
            self.result |= {
                "start_seconds": started["seconds"],
                "versions": started["versions"],
            }
            built = self._hear("building")
            if built:
                self.result["build_seconds"] = built["seconds"]
                self.result["build_megabytes"] = built["megabytes"]
                self.result["process_megabytes"] = built["process_megabytes"]

    def ask(self, command: str, seconds: float) -> dict[str, Any] | None:
        """Send a command; its answer, or None where the worker has come to an end."""
        if self.process is None or self.process.stdin is None:
            return None
        try:
            self.process.stdin.write(f"{command} {seconds}\n".encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # what it said last tells why
        return self._hear(command)

    def _hear(self, doing: str) -> dict[str, Any] | None:
        begin = time.monotonic()
        try:
            return self._line(begin + self.left)
        except OverCapError:
            self._end(f"over the cap of {self.cap:g} s ({doing})")
        except EOFError:
            assert self.process is not None
            assert self.process.stderr is not None
            lines = self.process.stderr.read().decode(errors="replace").splitlines()
            lines = [line for line in lines if line.strip()] or ["said nothing"]
            errors = [line for line in lines if "Error" in line] or lines
            self._end(f"failed while {doing}: {errors[-1][:200]}")
        finally:
            self.left -= time.monotonic() - begin
        return None

    def _line(self, deadline: float) -> dict[str, Any]:
        """The next line with our mark."""
        assert self.process is not None
        assert self.process.stdout is not None
        pipe = self.process.stdout.fileno()
        while True:
            line, end, rest = self.rest.partition(b"\n")
            if end:
                self.rest = rest
                if line.startswith(b"@"):
                    news: dict[str, Any] = json.loads(line[1:])
                    return news
                continue
            ready, _, _ = select.select(
                [pipe], [], [], max(0.0, deadline - time.monotonic())
            )
            if not ready:
                raise OverCapError
            read = os.read(pipe, 65536)
            if not read:
                raise EOFError
            self.rest += read

    def _end(self, status: str) -> None:
        self.result["status"] = status
        self.close()

    def close(self) -> None:
        """End its worker; the worker of this cell, no other."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None
