"""The tasks of other libraries' test suites with the default settings of `architect`: a table of learning.md.

    python -m studies peers    # forty seeds; writes peers.json and learning.md

_peer_tasks.py has the tasks, with those libraries' iteration limits and thresholds.
"""

from __future__ import annotations

from . import _many_seeds as many
from ._peer_tasks import TASKS, xor_of_three_units_by_adam

CASES = {**TASKS, "brain.js, XOR of three units by Adam": xor_of_three_units_by_adam}


def learn(name: str, seed: int, most: int) -> many.Row:
    """One run."""
    return {"task": name, "seed": seed, "learnt": bool(CASES[name](seed))}


def report(rows: list[many.Row]) -> str:
    """The table for learning.md."""
    lines = []
    for name in CASES:
        runs = [row for row in rows if row["task"] == name]
        missed = ", ".join(str(row["seed"]) for row in runs if not row["learnt"])
        lines.append([name, f"{sum(row['learnt'] for row in runs)} of {len(runs)}", missed or "-"])
    return many.table(["suite, task", "learnt", "seeds that failed"], lines)


if __name__ == "__main__":
    options = many.parser(__doc__, most=0, name="peers")
    options.set_defaults(seeds=40)
    many.study(options.parse_args(), {}, learn, list(CASES), report)
