"""Adding problem: Hochreiter and Schmidhuber 1997, table 7."""

from __future__ import annotations

from typing import Any

from synapse.tasks import Adding

from ._lags import ADAM, KALMAN, MEASURES, SHARED, solve
from ._paper_table import PaperTable, Published, Row


def trial(seed: int, **options: Any) -> dict[str, Any]:
    """Train on sequences of 100 to 110 steps until 2,000 others are right."""
    return solve(Adding(100), seed, **options)


LINEAR: dict[str, Any] = {"linear": True, "linear_output": True, "most": 30_000}

TABLE = PaperTable(
    trial,
    [
        Row(
            "paper's cells, paper's rule, rate 0.5",
            Published("100 %, 74,000", "V", 74_000),
            seeds=20,
            rule="paper",
            rate=0.5,
            most=100_000,
        ),
        *(
            Row(
                f"linear cells and output, {rule}, Adam 0.01",
                **LINEAR,
                **ADAM,
                rule=rule,
            )
            for rule in ("online", "exact online", "through time")
        ),
        Row(
            "linear cells and output, exact online, Kalman filter",
            **{**LINEAR, **KALMAN, "most": 10_000},
        ),
    ],
    MEASURES,
    shared={**SHARED, "gates": [-3.0, -6.0], "every": 500},
)
