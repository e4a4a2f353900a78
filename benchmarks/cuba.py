"""Run the CUBA network of docs/simulators.md in Synapse and in Brian2, and compare.

    python -m benchmarks.cuba    # a minute; writes cuba.json

Needs brian2. Both programs are those of the page: the blocks after its marks. Each runs
in a process of its own, on one core; they take turns. The time is the CPU time of the
call that runs all steps, after one step that compiles.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from . import machine
from .instructions import limit_brian
from .markdown import beside, table

PAGE = Path(__file__).resolve().parents[1] / "docs" / "simulators.md"
SIMULATORS = ("Synapse", "Brian2, Cython")
REPEATS = 5


def program(mark: str, stop: str) -> str:
    """The program of the page after a mark, and what it shares with the other, up to
    the line that runs all steps.
    """
    page = PAGE.read_text(encoding="utf-8")
    numbers, marked = (
        re.search(rf"{before}```\w+\n(.*?)```", page, re.DOTALL)
        for before in ("", f"<!-- {mark} -->\n")
    )
    assert numbers is not None
    assert marked is not None
    assert stop in marked[1]
    return numbers[1] + marked[1].partition(stop)[0]


def in_synapse() -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(program("synapse", "with synapse.record"), names)
    synapse, net, fired = names["synapse"], names["net"], names["fired"]
    rows = np.zeros((names["steps"], 1))

    def begin() -> None:
        net.clear()
        names["v"].states = names["voltages_before"]

    net.run(rows[:1], traces=False)  # compiles
    begin()
    before = time.process_time()
    counts = net.run(rows, traces=False)
    seconds = time.process_time() - before
    begin()
    with synapse.record(net, "activation", neurons=fired) as log:
        net.run(rows, traces=False)
    when, who = np.nonzero(log.of(fired))
    assert counts.sum() == len(when)
    spikes = sorted(zip(when.tolist(), who.tolist(), strict=True))
    return {"seconds": seconds, "spikes": spikes}


def in_brian() -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(program("brian2", "net.run("), names)
    net, dt, ms = names["net"], names["dt"], names["ms"]
    names["b"].prefs.codegen.target = "cython"
    limit_brian(names["b"].prefs)
    net.store()
    net.run(dt * ms)  # compiles
    net.restore()
    before = time.process_time()
    net.run(names["steps"] * dt * ms)
    seconds = time.process_time() - before
    monitor = names["monitor"]
    when = np.rint(np.asarray(monitor.t / ms) / dt).astype(int)
    spikes = sorted(zip(when.tolist(), monitor.i[:].tolist(), strict=True))
    return {"seconds": seconds, "spikes": spikes}


def in_child(simulator: str) -> dict[str, Any]:
    """One simulator in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.cuba", "--only", simulator]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return facts


def text(results: dict[str, Any]) -> str:
    """The table of the results."""
    header = ["", "seconds", "spikes", "in the same cell and step as Brian2's"]
    lines = [
        [
            row["simulator"],
            beside(row["seconds"], results["rows"][0]["seconds"]),
            f"{row['spikes']:,}",
            f"{row['equal']:,}",
        ]
        for row in results["rows"]
    ]
    return table(header, lines)


def main() -> None:
    """Measure both in turns, and write the results."""
    core = machine.pin(1)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in SIMULATORS}
    for _ in range(REPEATS):
        for name, facts in found.items():
            facts.append(in_child(name))
    wanted = {tuple(spike) for spike in found[SIMULATORS[1]][0]["spikes"]}
    rows = []
    for name, facts in found.items():
        spikes = {tuple(spike) for spike in facts[0]["spikes"]}
        middle = statistics.median(each["seconds"] for each in facts)
        equal = len(spikes & wanted)
        row = {"simulator": name, "seconds": middle}
        rows.append(row | {"spikes": len(spikes), "equal": equal})
    machine.save("cuba", core, rows=rows)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--only", help="one simulator, in this process")
    chosen = options.parse_args()
    if chosen.only is None:
        main()
    else:
        one = in_synapse if chosen.only == SIMULATORS[0] else in_brian
        print(json.dumps(one()))
