"""Multiplication problem: Hochreiter and Schmidhuber 1997, table 8."""

from __future__ import annotations

from typing import Any

from ..tasks import Multiplication
from ._lags import ADAM, KALMAN, MEASURES, SHARED, solve
from ._paper_table import PaperTable, Published, Row


def trial(seed: int, **options: Any) -> dict[str, Any]:
    """Train on sequences of 100 to 110 steps until fewer than 140 of 2,000 others are
    wrong."""
    return solve(Multiplication(100), seed, **options)


LINEAR: dict[str, Any] = {"linear": True, "linear_output": True, "gates": [-3.0, -6.0]}

TABLE = PaperTable(
    trial,
    [
        Row(
            "paper's cells, paper's rule, rate 0.1",
            Published("100 %, 482,000", "V", 482_000),
            seeds=20,
            rule="paper",
            rate=0.1,
            most=600_000,
        ),
        *(
            Row(
                f"linear cells and output, {rule}, Adam 0.01",
                seeds=seeds,
                **LINEAR,
                **ADAM,
                rule=rule,
                most=60_000,
            )
            for rule, seeds in (("online", 1), ("through time", 2))
        ),
        Row(
            "linear cells and output, exact online, Kalman filter",
            **LINEAR,
            **KALMAN,
            annealing=3000,
            every=500,
            most=15_000,
        ),
    ],
    MEASURES,
    shared={**SHARED, "every": 1000},
)
