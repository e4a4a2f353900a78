"""A description of the machine, the choice of the core, and files of results."""

from __future__ import annotations

import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import instructions
from .peers import NODE_PACKAGES, NPM_FOLDER
from .peers.cell import ROOT

RESULTS = Path(__file__).resolve().parent / "results"


def folder() -> Path:
    """The folder for results with the instructions in use."""
    return RESULTS / instructions.level()


def command() -> str:
    """The command of this process."""
    return shlex.join(["python", *sys.orig_argv[1:]])


def save(name: str, core: int | None, **results: Any) -> None:
    """Write the results of a program, the command and the machine first."""
    facts = {"command": command(), "machine": describe(core), **results}
    path = folder() / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def pin(core: int | None) -> int | None:
    """Bind this process and its future children to one core."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    free = sorted(os.sched_getaffinity(0))
    chosen = free[-1] if core is None else core
    os.sched_setaffinity(0, {chosen})
    return chosen


def use_cores(count: int) -> None:
    """Let this process, which has inherited one core, use this number of them."""
    if count > 1 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, range(min(count, os.cpu_count() or 1)))


def describe(core: int | None) -> dict[str, Any]:
    """Machine, instructions, load, commit, date."""
    return {
        "cpu": processor(),
        "level": instructions.level(),
        "instructions": instructions.in_effect(),
        "caches": ", ".join(_caches()),
        "cores": os.cpu_count(),
        "pinned_to_core": core,
        "memory_gb": _memory(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_at_start": load(),
        "commit": _said(["git", "-C", str(ROOT), "describe", "--always", "--dirty"]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def load() -> list[float]:
    """The load average over 1, 5 and 15 minutes."""
    return [round(average, 2) for average in os.getloadavg()]


def install_node_packages() -> str:
    """Install missing npm packages; returns the reason of a failure, or an empty
    string."""
    modules = NPM_FOLDER / "node_modules"
    missing = [
        spec for name, spec in NODE_PACKAGES.items() if not (modules / name).is_dir()
    ]
    if not missing:
        return ""
    if shutil.which("npm") is None or shutil.which("node") is None:
        return "node or npm is not installed"
    NPM_FOLDER.mkdir(exist_ok=True)
    (NPM_FOLDER / ".gitignore").write_text("*\n")
    (NPM_FOLDER / "package.json").write_text('{"private": true}\n')
    # all of them: npm would remove those that the new package.json does not name
    command = [
        "npm",
        "install",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        *NODE_PACKAGES.values(),
    ]
    done = subprocess.run(
        command, cwd=NPM_FOLDER, capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return ""
    return "npm: " + " ".join(done.stderr.strip().splitlines()[-1:])


def processor() -> str:
    """The processor of this machine, with its family, model and vector instructions."""
    lines = _read("/proc/cpuinfo").splitlines()
    facts = dict(line.split(":", 1) for line in lines if ":" in line)
    facts = {name.strip(): value.strip() for name, value in facts.items()}
    if "model name" not in facts:
        return platform.processor() or platform.machine()
    flags = facts.get("flags", "").split()
    wide = [
        name
        for flag, name in (("avx2", "AVX2"), ("avx512f", "AVX-512"))
        if flag in flags
    ]
    numbers = [
        f"{name} {facts[name]}" for name in ("cpu family", "model") if name in facts
    ]
    return ", ".join([facts["model name"], *numbers, *wide])


def _caches() -> list[str]:
    folder = Path("/sys/devices/system/cpu/cpu0/cache")
    return [
        f"L{_read(index / 'level')} {_read(index / 'type')} {_read(index / 'size')}"
        for index in sorted(folder.glob("index*"))
    ]


def _memory() -> float:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)


def _read(path: str | Path) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _said(command: list[str]) -> str:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
