"""Letter sequences: Elman 1990."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...objects.network import Network
from ...tasks import Letters, Samples
from ._learn import FINAL, TEST, train, trainer
from ._table import Measure, Row, Table

PIECE, EVERY, MOST = 100, 2, 4000
CONSONANT, HIGH = 0, 3
"""Places of two of the features."""


def trial(seed: int, rule: str, rate: float, cost: str = "cross_entropy", most: int = MOST) -> dict[str, Any]:
    """Train a network 6-20-6 on pieces of 100 letters until all predictable features are right.

    The test, after every 200 letters of training, is one fresh sequence of 3,000 letters.
    """
    import architect

    net = architect.Elman(6, 20, 6, seed=seed)
    rng = np.random.default_rng([seed, 1])

    def draw() -> Samples:
        return Letters(PIECE).batch(EVERY, rng)

    def solved() -> bool:
        return Letters().solved(net, np.random.default_rng([seed, TEST]))

    options = {"batch_size": 1} if rule == "through time" else {}
    found = train(trainer(net, rule, rate, cost=cost, **options), draw, solved, every=EVERY, most=most)
    needed = None if found["needed"] is None else PIECE * found["needed"]
    return {**found, "needed": needed, "trained": PIECE * found["trained"], **errors(net, seed)}


def errors(net: Network, seed: int) -> dict[str, float]:
    """Root mean square errors on a further sequence, by the kind of the next letter and by feature."""
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
    return {name: float(np.sqrt(part.mean())) for name, part in parts.items()}


TEXT = f"""
An Elman network 6-20-6 predicts the next letter of a stream of the syllables ba, dii and guuu
(`synapse.tasks.Letters`), each letter a vector of six features. It is trained on fresh pieces of {PIECE}
letters, each from a cleared context. After every {PIECE * EVERY} letters it is tested on one fresh sequence
of 3,000: all features that can be predicted (all six of vowels; consonant, vowel, interrupted and voiced of
consonants) must be on the right side of 0.5 at every letter. The table shows the letters needed, and root
mean square errors on a further sequence, at the end of the training. Which consonant comes next is random,
so the error on the feature *high* of consonants cannot be below 0.471 for long.

Elman 1990 trained 200 passes through about 3,000 letters, 600,000 in all, without a criterion, and
published curves: errors are high at consonants and low at vowels, low throughout for the feature
*consonant*, and high at consonants for the feature *high*. The columns show the same pattern. Learning
rates and initial weights are not in the paper. "Online" is the rule of the paper: errors are passed back
one step, to the context, and no further.

Rates were chosen on seeds from 1000, among 0.03 to 1 online (squared error: 0.03 to 4), 0.1 to 1 exact
online, and 0.01 to 0.1 through time, which updates the weights once for each piece.
"""

TABLE = Table(
    name="letters",
    title="Letter sequences",
    text=TEXT,
    trial=trial,
    measures=[
        Measure("needed", "letters needed"),
        Measure("vowels", "error at vowels", ".2f"),
        Measure("consonants", "at consonants", ".2f"),
        Measure("which", "of *consonant*", ".2f"),
        Measure("high", "of *high* at consonants", ".2f"),
    ],
    rows=[
        Row("online, squared error", {"rule": "online", "rate": 4.0, "cost": "squared_error"}),
        Row("online, cross-entropy", {"rule": "online", "rate": 0.3, "cost": "cross_entropy"}),
        Row("exact online, cross-entropy", {"rule": "exact online", "rate": 0.3, "cost": "cross_entropy"}),
        Row("through time with Adam", {"rule": "through time", "rate": 0.1, "cost": "cross_entropy"}),
    ],
)
