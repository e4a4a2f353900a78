"""What the learning studies share: many seeds on a few processes, results as JSON, tables in a page.

:func:`study` runs a function over cases and seeds, writes NAME.json, and brings a table of it into
learning.md, between the markers ``<!-- NAME -->`` and ``<!-- end -->`` if they are there.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numba
import numpy as np
from tqdm import tqdm

import synapse
from synapse.readwrite import files

HERE = Path(__file__).resolve().parent
PAGE = HERE / "learning.md"

Row = dict[str, Any]


def parser(description: str, most: int, name: str) -> argparse.ArgumentParser:
    """The options that the studies share."""
    options = argparse.ArgumentParser(description=description.partition("\n")[0])
    options.add_argument(
        "--name", default=name, help=f"of the JSON, and of the table in learning.md ({name})"
    )
    options.add_argument(
        "--table", action="store_true", help="run nothing: make the table from the JSON there is"
    )
    options.add_argument("--seeds", type=int, default=10, help="how many seeds, counted from --first (10)")
    options.add_argument("--first", type=int, default=0, help="the first seed (0)")
    options.add_argument("--most", type=int, default=most, help=f"training sequences at most ({most})")
    options.add_argument("--processes", type=int, default=2, help="how many at once (2)")
    return options


def study(
    given: argparse.Namespace,
    settings: Row,
    work: Callable[..., Row],
    cases: Sequence[Any],
    report: Callable[[list[Row]], str],
) -> None:
    """``work(case, seed, most)`` for every case and seed, results as JSON, and the table of them."""
    path = HERE / f"{given.name}.json"
    if not given.table:
        begin = time.perf_counter()
        seeds = range(given.first, given.first + given.seeds)
        rows = run_all(work, [(case, seed, given.most) for case in cases for seed in seeds], given.processes)
        save(path, {**settings, "most": given.most}, rows, begin)
    text = report(json.loads(path.read_text(encoding="utf-8"))["runs"])
    print(text)
    fill(given.name, text)


def run_all(work: Callable[..., Row], cases: Sequence[tuple[Any, ...]], processes: int) -> list[Row]:
    """``work(*case)`` for every case, in order; other users of the machine go first."""
    if hasattr(os, "nice"):
        os.nice(10)
    with ProcessPoolExecutor(processes) as pool:
        futures = [pool.submit(work, *case) for case in cases]
        return [future.result() for future in tqdm(futures, unit=" runs")]


def save(path: Path, settings: Row, rows: list[Row], begin: float) -> None:
    """Results, and what is needed to make them again."""
    made = {
        "command": shlex.join(["python", f"docs/studies/{Path(sys.argv[0]).name}", *sys.argv[1:]]),
        "seconds": round(time.perf_counter() - begin, 1),
        "python": platform.python_version(),
        "synapse": synapse.__version__,
        "numpy": np.__version__,
        "numba": numba.__version__,
    }
    body = ",\n".join("    " + json.dumps(row) for row in rows)
    head = json.dumps({"made": made, "settings": settings}, indent=2)[:-2]
    files.write(path, f'{head},\n  "runs": [\n{body}\n  ]\n}}\n')


def middle(needed: Sequence[int | None]) -> str:
    """The median, where a run that was not solved counts as longer than any; a dash if that is one."""
    ranked = sorted(float("inf") if n is None else n for n in needed)
    median = (ranked[(len(ranked) - 1) // 2] + ranked[len(ranked) // 2]) / 2
    return "-" if median == float("inf") else f"{median:,.0f}"


def listed(needed: Sequence[int | None]) -> str:
    """All runs in the order of their seeds, in thousands; a dash where it was not solved."""
    return " ".join("-" if n is None else f"{n / 1000:g}" for n in needed)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def fill(name: str, text: str, path: Path = PAGE) -> None:
    """Put a text into the page between the markers of this name, if they are there."""
    page = path.read_text(encoding="utf-8")
    before, opening, rest = page.partition(f"<!-- {name} -->")
    _, closing, after = rest.partition("<!-- end -->")
    if opening and closing:
        files.write(path, f"{before}{opening}\n\n{text}\n\n{closing}{after}")
