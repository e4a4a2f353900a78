"""Write the Markdown of a run from its JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from synapse.readwrite import _files

from . import (
    batches,
    calls,
    cold,
    compose,
    delays,
    edits,
    epochs,
    evolution,
    files as saved,
    gradients,
    growth,
    inference,
    large,
    modules,
    reward,
    rtrl,
    steps,
    streams,
    structure,
    trials,
)

TABLES: dict[str, Any] = {
    "steps": steps,
    "epochs": epochs,
    "calls": calls,
    "gradients": gradients,
    "rtrl": rtrl,
    "reward": reward,
    "batches": batches,
    "delays": delays,
    "streams": streams,
    "modules": modules,
    "inference": inference,
    "compose": compose,
    "evolution": evolution,
    "growth": growth,
    "structure": structure,
    "edits": edits,
    "large": large,
    "files": saved,
    "cold": cold,
    "trials": trials,
}
"""The tables by name, in order: modules with a TITLE, ``measure`` and ``text``."""


def markdown(run: dict[str, Any]) -> str:
    """The page of a run."""
    machine = run["machine"]
    stated = {name: value for name, value in machine.items() if value not in ("", None)}
    if answers := stated.get("instructions"):
        stated["instructions"] = ", ".join(f"{k} {v}" for k, v in answers.items())
    facts = [f"{name.replace('_', ' ')}: {value}" for name, value in stated.items()]
    versions = ", ".join(
        f"{name} {version}" for name, version in sorted(run["versions"].items())
    )
    sections = [
        "# Benchmark\n",
        f"```bash\n{run['command']}\n```\n",
        "".join(f"- {fact}\n" for fact in [*facts, f"versions: {versions}"]),
        f"![Time per step against the number of connections]({run['plot']})\n"
        if run.get("plot")
        else "",
    ]
    for name, module in TABLES.items():
        if run.get(name):
            sections += [f"## {module.TITLE}\n", *module.text(run[name])]
        if again := run.get("again", {}).get(name):
            sections.append(f"Measured again: {source_of(again, name)}")
    return "\n".join(section for section in sections if section)


def source_of(results: dict[str, Any], name: str) -> str:
    """The command, the machine and the code of the results of a program."""
    command = results.get("command", f"python -m benchmarks.{name}")
    if "device" in results:
        return f"`{command}` on {results['device']}, with code {results['commit']}\n"
    machine = results["machine"]
    return (
        f"`{command}` on {machine['cpu']}, load {machine['load_at_start'][0]:g} before,"
        f" with code {machine['commit']}, {machine['date'][:10]}\n"
    )


def write(run: dict[str, Any], folder: Path) -> None:
    """Write the JSON and the Markdown."""
    _files.write(folder / "results.json", json.dumps(run, indent=1) + "\n")
    _files.write(folder / "results.md", markdown(run))
