"""Common parts of the learning studies: many seeds on a few processes, results as JSON,
tables in a page.

:func:`study` runs a function over cases and seeds, writes NAME.json, and writes a table
of it into learning.md, between the markers ``<!-- NAME -->`` and ``<!-- end -->`` if
the page has them."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import llvmlite
import numpy as np
from tqdm import tqdm

import synapse
from synapse.readwrite import _files

HERE = Path(__file__).resolve().parent
PAGE = HERE / "learning.md"

Row = dict[str, Any]


def parser(description: str, most: int, name: str) -> argparse.ArgumentParser:
    """The options that the studies share."""
    options = argparse.ArgumentParser(description=description.partition("\n")[0])
    options.add_argument(
        "--name",
        default=name,
        help=f"name of the JSON file and of the table in learning.md ({name})",
    )
    options.add_argument(
        "--table",
        action="store_true",
        help="only make the table, from the existing JSON",
    )
    options.add_argument(
        "--seeds",
        type=int,
        default=10,
        help="number of seeds, starting at --first (10)",
    )
    options.add_argument("--first", type=int, default=0, help="the first seed (0)")
    options.add_argument(
        "--most", type=int, default=most, help=f"limit of training sequences ({most})"
    )
    options.add_argument(
        "--processes", type=int, default=2, help="number of parallel processes (2)"
    )
    return options


def filled(
    path: Path, rows: Iterable[str], seeds: int, trial: Callable[[str, int], Row]
) -> dict[str, list[Row]]:
    """The trials of a JSON file by row, of which those with seeds below `seeds` are run
    if they are missing.

    The file is written after every trial, so the same call goes on where it was
    interrupted."""
    results: dict[str, list[Row]] = (
        json.loads(path.read_text()) if path.exists() else {}
    )
    for row in rows:
        trials = results.setdefault(row, [])
        for seed in range(len(trials), seeds):
            trials.append(trial(row, seed))
            _files.write(path, json.dumps(results, indent=0))
    return results


def study(
    chosen: argparse.Namespace,
    settings: Row,
    work: Callable[..., Row],
    cases: Sequence[Any],
    report: Callable[[list[Row]], str],
) -> None:
    """Run ``work(case, seed, most)`` for every case and seed; write the results as JSON
    and as a table."""
    path = HERE / f"{chosen.name}.json"
    if not chosen.table:
        begin = time.perf_counter()
        seeds = range(chosen.first, chosen.first + chosen.seeds)
        rows = run_all(
            work,
            [(case, seed, chosen.most) for case in cases for seed in seeds],
            chosen.processes,
        )
        save(path, {**settings, "most": chosen.most}, rows, begin)
    text = report(json.loads(path.read_text(encoding="utf-8"))["runs"])
    print(text)
    fill(chosen.name, text)


def run_all(
    work: Callable[..., Row], cases: Sequence[tuple[Any, ...]], processes: int
) -> list[Row]:
    """Run ``work(*case)`` for every case, with low priority; return the results in
    order."""
    if hasattr(os, "nice"):
        os.nice(10)
    with ProcessPoolExecutor(processes) as pool:
        futures = [pool.submit(work, *case) for case in cases]
        return [future.result() for future in tqdm(futures, unit=" runs")]


def save(path: Path, settings: Row, rows: list[Row], begin: float) -> None:
    """Write the results, and the information needed to reproduce them."""
    made = {
        "command": shlex.join(
            ["python", "-m", "studies", Path(sys.argv[0]).stem, *sys.argv[1:]]
        ),
        "seconds": round(time.perf_counter() - begin, 1),
        "python": platform.python_version(),
        "synapse": synapse.__version__,
        "numpy": np.__version__,
        "llvmlite": llvmlite.__version__,
    }
    body = ",\n".join("    " + json.dumps(row) for row in rows)
    head = json.dumps({"made": made, "settings": settings}, indent=2)[:-2]
    _files.write(path, f'{head},\n  "runs": [\n{body}\n  ]\n}}\n')


def middle(needed: Sequence[int | None]) -> str:
    """The median, counting unsolved runs as infinite; a dash if it is infinite."""
    ranked = sorted(float("inf") if n is None else n for n in needed)
    median = (ranked[(len(ranked) - 1) // 2] + ranked[len(ranked) // 2]) / 2
    return "-" if median == float("inf") else f"{median:,.0f}"


def listed(needed: Sequence[int | None]) -> str:
    """All runs in the order of their seeds, in thousands; a dash for an unsolved
    run."""
    return " ".join("-" if n is None else f"{n / 1000:g}" for n in needed)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell) for cell in line) + " |" for line in lines
    )


def fill(name: str, text: str, path: Path = PAGE) -> None:
    """Write a text into the page between the markers of this name, if the page has
    them."""
    page = path.read_text(encoding="utf-8")
    before, opening, rest = page.partition(f"<!-- {name} -->")
    _, closing, after = rest.partition("<!-- end -->")
    if opening and closing:
        _files.write(path, f"{before}{opening}\n\n{text}\n\n{closing}{after}")
