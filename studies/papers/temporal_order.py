"""Temporal order: Hochreiter and Schmidhuber 1997, table 9, experiment 6a."""

from __future__ import annotations

from typing import Any

from ..tasks import TemporalOrder
from ._lags import case, solve
from ._paper_table import NEEDED, Measure, PaperTable, Published, Row


def trial(seed: int, **options: Any) -> dict[str, Any]:
    """Train on sequences of 100 to 110 symbols until 2,000 others are right."""
    return solve(TemporalOrder(), seed, **options)


GATES = [-2.0, -4.0]
PAPER = Published("100 %, 31,390", "V", 31_390)

TABLE = PaperTable(
    trial=trial,
    rows=[
        *(
            Row(
                f"paper's cells, {rule}, rate 0.5",
                case(gates=GATES, rule=rule, rate=0.5, every=500, most=60_000),
                PAPER if rule == "truncated" else None,
                seeds=seeds,
            )
            for rule, seeds in (("truncated", 20), ("exact online", 4))
        ),
        *(
            Row(
                f"paper's cells, weights ±0.5, {rule}, Adam 0.01",
                case(
                    gates=GATES,
                    weights=0.5,
                    rule=rule,
                    rate=0.01,
                    optimizer="adam",
                    every=500,
                    most=20_000,
                ),
                seeds=seeds,
            )
            for rule, seeds in (("truncated", 5), ("exact online", 5), ("through time", 30))
        ),
        Row(
            "paper's cells, weights ±0.3, exact online, Kalman filter",
            case(
                gates=GATES,
                weights=0.3,
                rule="exact online",
                optimizer="kalman",
                variance=0.3,
                every=250,
                most=10_000,
            ),
        ),
    ],
    measures=(NEEDED, Measure("wrong", "wrong of 2,560", log=False)),
)
