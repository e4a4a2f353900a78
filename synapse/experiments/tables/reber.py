"""Embedded Reber grammar: Hochreiter and Schmidhuber 1997, table 1."""

from __future__ import annotations

from typing import Any

from ...tasks import EmbeddedReber
from ._learn import learn, trainer
from ._networks import memory_blocks
from ._table import Published, Row, Table


def trial(seed: int, blocks: int, cells: int, rule: str, rate: float) -> dict[str, Any]:
    """Train the network of the paper on strings until it is right."""
    network = memory_blocks(
        7,
        blocks,
        cells,
        7,
        input_gate_biases=[0.0] * blocks,
        output_gate_biases=[-1.0 - i for i in range(blocks)],
        seed=seed,
    )
    return learn(EmbeddedReber(), trainer(network, rule, rate), seed, every=100, most=40_000)


TABLE = Table(
    name="reber",
    title="Embedded Reber grammar",
    text="The network of the paper.",
    trial=trial,
    rows=[
        Row(
            f"LSTM, {blocks} blocks of {cells}, {rule}, rate {rate}",
            {"blocks": blocks, "cells": cells, "rule": rule, "rate": rate},
            published if rule == "truncated" else None,
        )
        for blocks, cells, rate, published in (
            (4, 1, 0.5, Published("97 %, 9,500", "V", 9500)),
            (3, 2, 0.5, Published("100 %, 8,440", "V", 8440)),
        )
        for rule in ("truncated", "exact online")
    ],
)
