"""Multiplication problem: Hochreiter and Schmidhuber 1997, table 8."""

from __future__ import annotations

from typing import Any

from ..tasks import Multiplication
from ._lags import case, solve
from ._paper_table import NEEDED, Measure, PaperTable, Published, Row


def trial(seed: int, **options: Any) -> dict[str, Any]:
    """Train on sequences of 100 to 110 steps until fewer than 140 of 2,000 others are wrong."""
    return solve(Multiplication(100), seed, **options)


LINEAR = {"linear": True, "linear_output": True, "gates": [-3.0, -6.0]}
PAPER = Published("100 %, 482,000", "V", 482_000)


TABLE = PaperTable(
    trial=trial,
    rows=[
        Row(
            "paper's cells, truncated, rate 0.1",
            case(rule="truncated", rate=0.1, every=1000, most=600_000),
            PAPER,
            seeds=1,
        ),
        *(
            Row(
                f"linear cells and output, {rule}, Adam 0.01",
                case(**LINEAR, rule=rule, rate=0.01, optimizer="adam", every=1000, most=60_000),
                seeds=seeds,
            )
            for rule, seeds in (("online", 1), ("through time", 2))
        ),
        Row(
            "linear cells and output, exact online, Kalman filter",
            case(
                **LINEAR,
                rule="exact online",
                optimizer="kalman",
                annealing=3000,
                every=500,
                most=15_000,
            ),
        ),
    ],
    measures=(NEEDED, Measure("wrong", "wrong of 2,560", log=False)),
)
