"""What exact online learning buys: six tasks, ten seeds each.

    python -m studies rtrl reber            # runs what is missing in rtrl_reber.json
    python -m studies rtrl report           # writes tables of rtrl.md, the picture

Rows are written as they finish, so a study can be stopped and continued with the same
command. Seeds are the outer loop: at any time all cases of a task have nearly the same
seeds. The tasks are in ``_rtrl_tasks.py``."""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator

HERE = Path(__file__).resolve().parent

from synapse import draw
from synapse.readwrite import _files

from . import _many_seeds as many, _rtrl_tasks as tasks

Row = dict[str, Any]
PAGE = HERE / "rtrl.md"
PICTURE = HERE / "rtrl.png"


@dataclass(frozen=True)
class Task:
    """A function ``work(case, seed, most) -> row``, its cases and its limit."""

    work: Callable[[Row, int, int], Row]
    cases: list[Row]
    most: int


def rules(*names: str, **settings: Any) -> list[Row]:
    """One case for each rule, with common settings."""
    return [{"rule": name, **settings} for name in names]


SPARSE = "a tenth of the recurrent connections"
ONLINE_RATES = (0.003, 0.01, 0.03, 0.1)
RATES = {
    "online": ONLINE_RATES,
    "exact": ONLINE_RATES,
    "bptt": (0.0003, 0.001, 0.003, 0.01, 0.03),
}

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
            *rules("online", network="LSTM 10-16-4, linear cells", rate=0.1),
        ],
        50_000,
    ),
    "continual": Task(
        tasks.continual_reber,
        [
            *rules("exact", "order 1", "online", network="GRU 7-8-7", rate=0.05),
            *rules("exact", "online", network="LSTM 7-8-7", rate=0.05),
            *rules("exact", "online", network="Elman 7-15-7", rate=0.05),
        ],
        40_000,
    ),
    "xor": Task(
        tasks.delayed_xor,
        [
            *rules("exact", "order 1", "online", network="LSTM 2-8-1", rate=0.1),
            *rules("exact", network="GRU 2-8-1", rate=0.1),
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
                network=f"GRU 3-24-1, {SPARSE}",
                rate=0.1,
            ),
        ],
        200_000,
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


# --- running --------------------------------------------------------------------------


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
    return subprocess.run(
        command, cwd=HERE, capture_output=True, text=True, check=True
    ).stdout.strip()


def run(name: str, seeds: range) -> None:
    """Run the cases and seeds that have no row yet; write each row as it finishes."""
    task = TASKS[name]
    for seed, case in product(seeds, task.cases):
        rows = rows_of(name)
        key = {**case, "seed": seed}
        if any(key == {field: row.get(field) for field in key} for row in rows):
            continue
        begin = time.process_time()
        outcome = task.work(case, seed, task.most)
        used = round(time.process_time() - begin, 1)
        write(
            name, [*rows, {**key, **outcome, "cpu_seconds": used, "commit": library()}]
        )
        print(json.dumps(key), outcome.get("needed"), flush=True)
    write(name, rows_of(name))


def write(name: str, rows: list[Row]) -> None:
    """Write the rows of a task; the seconds in the file are the CPU time of all
    rows."""
    task = TASKS[name]
    seconds = sum(row["cpu_seconds"] for row in rows)
    many.save(
        results(name),
        {"most": task.most, "cases": task.cases},
        rows,
        time.perf_counter() - seconds,
    )


# --- tables ---------------------------------------------------------------------------


def cases_of(name: str) -> list[tuple[Row, list[Row]]]:
    """Each case of a task that has rows, and its rows by seed."""
    rows = rows_of(name)
    cases = []
    for case in TASKS[name].cases:
        rows_of_case = [
            row for row in rows if all(row.get(field) == case[field] for field in case)
        ]
        if rows_of_case:
            cases.append((case, sorted(rows_of_case, key=lambda row: row["seed"])))
    return cases


def solved(rows: list[Row]) -> list[str]:
    """Three cells: the number of seeds that solved a task, the median of what they
    needed, and each seed."""
    needed = [row["needed"] for row in rows]
    count = sum(n is not None for n in needed)
    return [f"{count} of {len(rows)}", many.middle(needed), many.listed(needed)]


def spread(values: list[float], form: str = ".3f") -> str:
    """The median, the minimum and the maximum."""
    return f"{np.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


SOLVED = ["solved", "median", "each seed, thousands"]


def table_of_reber() -> str:
    lines = []
    for case, rows in cases_of("reber"):
        final = spread([row["final"] for row in rows], ".1%")
        lines.append([case["outputs"], case["rule"], *solved(rows), final])
    return many.table(["outputs", "rule", *SOLVED, "strings right at the end"], lines)


def table_of_scores(name: str) -> str:
    lines = []
    for case, rows in cases_of(name):
        best = spread([max(row["curve"]) for row in rows], ".0%")
        lines.append([case["network"], case["rule"], *solved(rows), best])
    return many.table(["network", "rule", *SOLVED, "best test"], lines)


def table_of_continual() -> str:
    lines = []
    for case, rows in cases_of("continual"):
        perfect = sum(row["errors"] == 0 for row in rows)
        until = f"{np.median([row['until_error'] for row in rows]):,.0f}"
        lines.append(
            [
                case["network"],
                case["rule"],
                *solved(rows),
                until,
                f"{perfect} of {len(rows)}",
            ]
        )
    return many.table(
        ["network", "rule", *SOLVED, "symbols until an error, median", "no error"],
        lines,
    )


def table_of_copy() -> str:
    lines = []
    for case, rows in cases_of("copy"):
        lengths = [row["length"] for row in rows]
        lines.append(
            [
                case["network"],
                case["rule"],
                f"{np.median(lengths):g}",
                " ".join(map(str, lengths)),
            ]
        )
    return many.table(["network", "rule", "length, median", "each seed"], lines)


def table_of_sunspots() -> str:
    lines = []
    for case, rows in cases_of("sunspots"):
        cells = [spread([row[period] for row in rows]) for period in tasks.demo.PERIODS]
        lines.append([case["network"], case["rule"], f"{rows[0]['rate']:g}", *cells])
    return many.table(["network", "rule", "rate", *tasks.demo.PERIODS], lines)


def table_of_rates() -> str:
    lines = []
    for network, rule in product(tasks.SUNSPOT_NETWORKS, tasks.SUNSPOT_EPOCHS):
        cells = [
            f"{case['rate']:g}: {np.mean([row['mean'] for row in rows]):.3f}"
            for case, rows in cases_of("sunspot_rates")
            if (case["network"], case["rule"]) == (network, rule)
        ]
        lines.append([network, rule, "; ".join(cells)])
    return many.table(["network", "rule", "rate: mean error on held-out blocks"], lines)


TABLES: dict[str, Callable[[], str]] = {
    "reber": table_of_reber,
    "recall": lambda: table_of_scores("recall"),
    "continual": table_of_continual,
    "xor": lambda: table_of_scores("xor"),
    "copy": table_of_copy,
    "sunspots": table_of_sunspots,
    "sunspot_rates": table_of_rates,
}


# --- picture --------------------------------------------------------------------------

# places in the style's colours
CYCLE = {"exact": 0, "order 2": 3, "order 1": 2, "online": 1, "bptt": 7}
PANELS = {
    "reber": ("Embedded Reber, Elman", "thousand strings"),
    "recall": ("Recall over 24 steps", "thousand sequences"),
    "continual": ("Continual embedded Reber", "thousand strings"),
    "xor": ("Delayed XOR", "thousand sequences"),
    "copy": ("Copying, growing length", "length reached"),
    "sunspots": ("Sunspots 1921-1955", "average relative variance"),
}


def value(name: str, row: Row) -> float | None:
    """What the picture shows of a row; None: not solved."""
    if name == "copy":
        return float(row["length"])
    if name == "sunspots":
        return float(row["1921-1955"])
    return None if row["needed"] is None else row["needed"] / 1000


def panel(axes: Any, name: str) -> None:
    """One dot per seed, one line per case; seeds that did not solve the task are rings
    at the right."""
    title, label = PANELS[name]
    cases = cases_of(name)
    limit = TASKS[name].most / 1000 * 1.12
    colours = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    for place, (case, rows) in enumerate(cases):
        colour = colours[CYCLE[case["rule"]]]
        for shift, row in zip(np.linspace(-0.3, 0.3, len(rows)), rows):
            shown = value(name, row)
            x, face = (limit, "none") if shown is None else (shown, colour)
            axes.plot(x, place + shift, "o", ms=3.6, mec=colour, mfc=face, mew=0.8)
    names = [
        f"{case.get('network', case.get('outputs'))}, {case['rule']}"
        for case, _ in cases
    ]
    names = [each.replace(SPARSE, "sparse") for each in names]
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set(title=title, xlabel=label)
    axes.tick_params(axis="y", length=0)
    for place in range(1, len(names)):
        axes.axhline(place - 0.5, color="0.9", lw=0.8, zorder=0)
    if name == "copy":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    elif name != "sunspots":
        axes.set_xlim(0, limit * 1.06)
        axes.axvline(limit * 0.95, color="0.7", lw=0.8)
        axes.text(limit, -0.55, "not solved", ha="center", va="bottom", size=7)


def picture() -> None:
    """Draw all tasks."""
    with draw.style():
        figure, panels = plt.subplots(3, 2, figsize=(10, 10), layout="constrained")
        for axes, name in zip(panels.flat, PANELS):
            panel(axes, name)
    with _files.replacing(PICTURE) as file:
        figure.savefig(file, format="png", dpi=110)
    plt.close(figure)


def report() -> None:
    """Write the tables into the page, and the picture."""
    for name, table in TABLES.items():
        many.fill(name, table(), PAGE)
    picture()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument(
        "what",
        choices=[*TASKS, "report"],
        help="a task to run, or only make the report",
    )
    options.add_argument(
        "--seeds", type=int, default=10, help="number of seeds, from --first (10)"
    )
    options.add_argument("--first", type=int, default=0, help="the first seed (0)")
    chosen = options.parse_args()
    if chosen.what == "report":
        report()
        return
    run(chosen.what, range(chosen.first, chosen.first + chosen.seeds))


if __name__ == "__main__":
    main()
