"""Embedded Reber grammar: Hochreiter and Schmidhuber 1997, table 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from synapse import Network
from synapse._initializer import random_generator
from synapse.initializers import uniform
from synapse.tasks import EmbeddedReber, SampleBatch
from synapse.tasks._samples import joined

from ._learn import FINAL, MEASURED, TEST, train, trainer
from ._memory_blocks import OPEN_GATES, memory_blocks
from ._paper_table import Measure, PaperTable, Published, Row

STRINGS = 256
EVERY = 100
"""Number of training strings, and of test strings; training strings between two
checks."""


def _blocks(blocks: int, cells: int) -> Callable[[int], Network]:
    """The network of the paper: logistic outputs, no forget gates, biases at gates
    only."""

    def build(seed: int) -> Network:
        rng = random_generator(seed)
        return memory_blocks(
            7,
            blocks,
            cells,
            7,
            input_gate_biases=rng.uniform(-0.2, 0.2, blocks).tolist(),
            output_gate_biases=[-1.0 - i for i in range(blocks)],
            seed=rng,
        )

    return build


def _elman(seed: int) -> Network:
    import architect

    start = uniform(1.0)
    return architect.Elman(
        7,
        15,
        7,
        output_squash="softmax",
        initializer=start,
        bias_initializer=start,
        seed=seed,
    )


def _standard(seed: int) -> Network:
    import architect

    return architect.LSTM(
        7,
        16,
        7,
        output_squash="softmax",
        initializer="uniform",
        seed=seed,
        **OPEN_GATES,
    )


def _peepholes(seed: int) -> Network:
    import architect

    return architect.LSTM(
        7,
        16,
        7,
        style="synaptic",
        input_gate_bias=0.0,
        forget_gate_bias=3.0,
        output_gate_bias=0.0,
        initializer=uniform(0.1),
        bias_initializer=uniform(0.1),
        seed=seed,
    )


NETWORKS: dict[str, Callable[[int], Network]] = {
    "3 blocks of 2": _blocks(3, 2),
    "4 blocks of 1": _blocks(4, 1),
    'LSTM 7-16-7 "synaptic"': _peepholes,
    "LSTM 7-16-7": _standard,
    "Elman 7-15-7": _elman,
}


def trial(
    seed: int,
    network: str,
    rule: str,
    rate: float,
    cost: str | None,
    batch: int,
    most: int,
) -> dict[str, Any]:
    """Train a network on 256 strings, picked at random, until it is right on these and
    on 256 others."""
    net = NETWORKS[network](seed)
    rng = np.random.default_rng([seed, 1])
    both = EmbeddedReber().batch(2 * STRINGS, np.random.default_rng([seed, TEST]))
    learner = trainer(
        net, rule, rate, cost=cost, **({"batch_size": batch} if batch else {})
    )

    def draw() -> SampleBatch:
        return joined([both[i] for i in rng.integers(STRINGS, size=EVERY)])

    def solved() -> bool:
        return both.score(net).wrong == 0

    training = train(learner, draw, solved, every=EVERY, most=most)
    fresh = EmbeddedReber().batch(MEASURED, np.random.default_rng([seed, FINAL]))
    return {**training, "wrong": fresh.score(net).wrong}


def _row(
    network: str,
    rule: str,
    rate: float,
    published: Published | None = None,
    *,
    seeds: int = 30,
    what: str = "",
    **case: Any,
) -> Row:
    label = f"{network}{what}, {rule}, rate {rate:g}"
    return Row(
        label, published, seeds=seeds, network=network, rule=rule, rate=rate, **case
    )


SQUARED: dict[str, Any] = {"cost": "squared_error"}
THREE, FOUR, STYLE, DEFAULT, ELMAN = NETWORKS
LONGER: dict[str, Any] = {"seeds": 20, "most": 56_000}
EARLIER = Published("0 %, more than 200,000", "V")

TABLE = PaperTable(
    trial,
    [
        _row(THREE, "truncated", 0.5, Published("100 %, 8,440", "V", 8440), **SQUARED),
        _row(
            FOUR,
            "truncated",
            0.5,
            Published("97 %, 9,500", "V", 9500),
            seeds=20,
            **SQUARED,
        ),
        _row(
            THREE,
            "truncated",
            0.2,
            Published("97 %, 14,060", "V", 14060),
            seeds=20,
            **SQUARED,
        ),
        _row(THREE, "exact online", 0.5, seeds=20, **SQUARED),
        _row(THREE, "truncated", 0.2, seeds=29, what=", cross-entropy"),
        _row(DEFAULT, "truncated", 0.1),
        _row(DEFAULT, "through time", 0.02, what=", 4 strings", batch=4),
        _row(DEFAULT, "exact online", 0.1, seeds=20),
        _row(STYLE, "online", 0.07, seeds=20),
        _row(ELMAN, "online", 0.1, EARLIER, **LONGER),
        _row(ELMAN, "exact online", 0.1, EARLIER, **LONGER),
        _row(ELMAN, "through time", 0.01, EARLIER, what=", 10 strings", **LONGER),
    ],
    (
        Measure("needed", "training strings"),
        Measure("wrong", "wrong of 2,560", log=False),
    ),
    shared={"cost": None, "batch": 0, "most": 25_000},
)
