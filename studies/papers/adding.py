"""Adding problem: Hochreiter and Schmidhuber 1997, table 7."""

from __future__ import annotations

from typing import Any

from synapse.tasks import Adding

from ._lags import case, solve
from ._paper_table import NEEDED, Measure, PaperTable, Published, Row


def trial(seed: int, **options: Any) -> dict[str, Any]:
    """Train on sequences of 100 to 110 steps until 2,000 others are right."""
    return solve(Adding(100), seed, **options)


COMMON = {"gates": [-3.0, -6.0], "every": 500}
LINEAR = {**COMMON, "linear": True, "linear_output": True}
PAPER = Published("100 %, 74,000", "V", 74_000)
LIMIT = 30_000

TABLE = PaperTable(
    trial=trial,
    rows=[
        Row(
            "paper's cells, truncated, rate 0.5",
            case(**COMMON, rule="truncated", rate=0.5, most=150_000),
            PAPER,
            seeds=3,
        ),
        *(
            Row(
                f"linear cells and output, {rule}, Adam 0.01",
                case(**LINEAR, rule=rule, rate=0.01, optimizer="adam", most=LIMIT),
            )
            for rule in ("online", "exact online", "through time")
        ),
        Row(
            "linear cells and output, exact online, Kalman filter",
            case(**LINEAR, rule="exact online", optimizer="kalman", most=10_000),
        ),
    ],
    measures=(NEEDED, Measure("wrong", "wrong of 2,560", log=False)),
)
