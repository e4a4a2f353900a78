"""What exact online learning buys: six tasks, ten seeds each.

    python docs/studies/rtrl.py reber            # runs what is missing in rtrl_reber.json
    python docs/studies/rtrl.py report           # writes the tables of rtrl.md and the picture

Rows are written as they finish, so a study can be stopped and continued with the same command. Seeds are the
outer loop: at any time all cases of a task have nearly the same seeds. The tasks are in ``rtrl_tasks.py``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import many_seeds as many
import rtrl_tasks as tasks

Row = dict[str, Any]
PAGE = HERE / "rtrl.md"


@dataclass(frozen=True)
class Task:
    """A function ``work(case, seed, most) -> row``, its cases and its limit."""

    work: Callable[[Row, int, int], Row]
    cases: list[Row]
    most: int


def rules(*names: str, **settings: Any) -> list[Row]:
    """One case for each rule, with common settings."""
    return [{"rule": name, **settings} for name in names]


ONLINE_RATES = (0.003, 0.01, 0.03, 0.1)
RATES = {"online": ONLINE_RATES, "exact": ONLINE_RATES, "bptt": (0.001, 0.003, 0.01, 0.03)}

TASKS = {
    "reber": Task(
        tasks.reber_strings,
        [
            *rules("exact", "order 1", "online", outputs="softmax", rate=0.05),
            *rules("exact", outputs="logistic", rate=0.05),
        ],
        100_000,
    ),
    "recall": Task(
        tasks.recall_24,
        [
            *rules("exact", "order 1", "online", network="GRU 10-8-4", rate=0.1),
            *rules("exact", "order 1", "online", network="LSTM 10-8-4", rate=0.1),
            *rules("online", network="LSTM 10-16-4, linear cells", rate=0.1),
        ],
        50_000,
    ),
    "continual": Task(
        tasks.continual_reber,
        [
            *rules("exact", "order 1", "online", network="GRU 7-8-7", rate=0.05),
            *rules("exact", "order 1", "online", network="LSTM 7-8-7", rate=0.05),
            *rules("exact", "order 1", "online", network="Elman 7-15-7", rate=0.05),
        ],
        50_000,
    ),
    "xor": Task(
        tasks.delayed_xor,
        [
            *rules("exact", "order 1", "online", network="LSTM 2-8-1", rate=0.1),
            *rules("exact", "order 1", "online", network="GRU 2-8-1", rate=0.1),
        ],
        60_000,
    ),
    "copy": Task(
        tasks.growing_copy,
        [
            *rules("exact", "order 1", "online", network="GRU 3-16-1", rate=0.1),
            *rules(
                "exact",
                "order 2",
                "order 1",
                "online",
                network="GRU 3-24-1, a tenth of the recurrent connections",
                rate=0.1,
            ),
        ],
        400_000,
    ),
    "sunspot_rates": Task(
        tasks.sunspot_rates,
        [
            {"network": network, "rule": rule, "rate": rate}
            for network in tasks.SUNSPOT_NETWORKS
            for rule in tasks.SUNSPOT_EPOCHS
            for rate in RATES[rule]
        ],
        0,
    ),
    "sunspots": Task(
        tasks.sunspots,
        [
            {"network": network, "rule": rule}
            for network in tasks.SUNSPOT_NETWORKS
            for rule in tasks.SUNSPOT_EPOCHS
        ],
        0,
    ),
}


# --- running ------------------------------------------------------------------------------------


def results(name: str) -> Path:
    """The file of a task."""
    return HERE / f"rtrl_{name}.json"


def rows_of(name: str) -> list[Row]:
    """The rows that exist, in the order of cases and seeds."""
    path = results(name)
    return json.loads(path.read_text(encoding="utf-8"))["runs"] if path.exists() else []


def library() -> str:
    """The last commit that changed the library."""
    command = ["git", "log", "-1", "--format=%h", "--", ":/synapse", ":/architect"]
    return subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=True).stdout.strip()


def run(name: str, seeds: range) -> None:
    """Run the cases and seeds that have no row yet; write each row as it finishes."""
    task = TASKS[name]
    for seed in seeds:
        for case in task.cases:
            rows, begin, used = rows_of(name), time.perf_counter(), time.process_time()
            key = {**case, "seed": seed}
            if any(key == {field: row.get(field) for field in key} for row in rows):
                continue
            found = task.work(case, seed, task.most)
            row = {**key, **found, "cpu_seconds": round(time.process_time() - used, 1), "commit": library()}
            rows.append(row)
            many.save(results(name), {"most": task.most, "cases": task.cases}, rows, begin)
            print(json.dumps(row), flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("what", choices=[*TASKS, "report"], help="a task to run, or only make the report")
    options.add_argument("--seeds", type=int, default=10, help="number of seeds, from --first (10)")
    options.add_argument("--first", type=int, default=0, help="the first seed (0)")
    given = options.parse_args()
    if hasattr(os, "nice"):
        os.nice(10)
    run(given.what, range(given.first, given.first + given.seeds))


if __name__ == "__main__":
    main()
