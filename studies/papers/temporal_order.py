"""Temporal order: Hochreiter and Schmidhuber 1997, table 9, experiment 6a."""

from __future__ import annotations

from typing import Any

from ..tasks import TemporalOrder
from ._lags import ADAM, KALMAN, MEASURES, SHARED, solve
from ._paper_table import PaperTable, Published, Row


def trial(seed: int, **options: Any) -> dict[str, Any]:
    """Train on sequences of 100 to 110 symbols until 2,000 others are right."""
    return solve(TemporalOrder(), seed, **options)


TABLE = PaperTable(
    trial,
    [
        Row(
            "paper's cells, truncated, rate 0.5",
            Published("100 %, 31,390", "V", 31_390),
            seeds=20,
            rule="truncated",
            rate=0.5,
            most=60_000,
        ),
        Row(
            "paper's cells, exact online, rate 0.5",
            seeds=20,
            rule="exact online",
            rate=0.5,
            most=60_000,
        ),
        *(
            Row(
                f"paper's cells, weights ±0.5, {rule}, Adam 0.01",
                seeds=seeds,
                **ADAM,
                rule=rule,
                weights=0.5,
                most=20_000,
            )
            for rule, seeds in (
                ("truncated", 20),
                ("exact online", 20),
                ("through time", 30),
            )
        ),
        Row(
            "paper's cells, weights ±0.3, exact online, Kalman filter",
            **KALMAN,
            weights=0.3,
            variance=0.3,
            every=250,
            most=10_000,
        ),
    ],
    MEASURES,
    shared={**SHARED, "gates": [-2.0, -4.0], "every": 500},
)
