"""Letter sequences: Elman 1990."""

from __future__ import annotations

from typing import Any

import numpy as np

from synapse.objects.network import Network
from synapse.tasks import SampleBatch

from ..tasks import Letters
from ._learn import FINAL, TEST, train, trainer
from ._paper_table import Measure, PaperTable, Row

PIECE = 100
EVERY = 2
MOST = 4000
CONSONANT = 0
HIGH = 3
"""Places of two of the features."""


def trial(
    seed: int, rule: str, rate: float, cost: str = "cross_entropy", most: int = MOST
) -> dict[str, Any]:
    """Train a network 6-20-6 on pieces of 100 letters until all predictable features
    are right.

    The test, after every 200 letters of training, is one fresh sequence of 3,000
    letters."""
    import architect

    net = architect.Elman(6, 20, 6, seed=seed)
    rng = np.random.default_rng([seed, 1])

    def draw() -> SampleBatch:
        return Letters(PIECE).batch(EVERY, rng)

    def solved() -> bool:
        return Letters().solved(net, np.random.default_rng([seed, TEST]))

    options = {"batch_size": 1} if rule == "through time" else {}
    training = train(
        trainer(net, rule, rate, cost=cost, **options),
        draw,
        solved,
        every=EVERY,
        most=most,
    )
    needed = None if training["needed"] is None else PIECE * training["needed"]
    return {
        **training,
        "needed": needed,
        "trained": PIECE * training["trained"],
        **errors(net, seed),
    }


def errors(net: Network, seed: int) -> dict[str, float]:
    """Root mean square errors on a further sequence, by the kind of the next letter and
    by feature."""
    sample = Letters().sample(np.random.default_rng([seed, FINAL]))
    net.clear()
    squared = (net.run(sample.inputs) - sample.targets) ** 2
    consonants = sample.targets[:, CONSONANT] > 0
    parts = {
        "vowels": squared[~consonants],
        "consonants": squared[consonants],
        "which": squared[:, CONSONANT],
        "high": squared[consonants, HIGH],
    }
    return {name: float(np.sqrt(squares.mean())) for name, squares in parts.items()}


TABLE = PaperTable(
    trial,
    [
        Row("online, squared error", rule="online", rate=4.0, cost="squared_error"),
        Row("online, cross-entropy", rule="online", rate=0.3),
        Row("exact online, cross-entropy", rule="exact online", rate=0.3),
        Row("through time with Adam", rule="through time", rate=0.1),
    ],
    [
        Measure("needed", "letters needed"),
        Measure("vowels", "error at vowels", ".2f"),
        Measure("consonants", "at consonants", ".2f"),
        Measure("which", "of *consonant*", ".2f"),
        Measure("high", "of *high* at consonants", ".2f"),
    ],
    shared={"cost": "cross_entropy"},
)
