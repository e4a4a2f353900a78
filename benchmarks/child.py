"""Runs a part of the benchmark in its own process, which prints one line of JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from .peers.cell import ROOT, environment


def ask(module: str, spec: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Run ``python -m module spec``; returns its result, or the reason of the failure
    under ``status``."""
    command = [sys.executable, "-m", module, json.dumps(spec)]
    try:
        done = subprocess.run(
            command,
            env=environment(),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {**spec, "status": f"over the cap of {seconds:g} s"}
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        reason = lines[-1] if lines else f"ended with {done.returncode}"
        return {**spec, "status": f"failed: {reason[:200]}"}
    news: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {**spec, "status": "ok", **news}
