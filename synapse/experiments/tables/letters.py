"""Letter sequences and temporal XOR: Elman 1990."""

from __future__ import annotations

from typing import Any

from ._learn import learn, trainer

LENGTH, EVERY, MOST = 100, 10, 6000


def trial(seed: int, rule: str, rate: float, network: str = "Elman", most: int = MOST) -> dict[str, Any]:
    """Train a network 6-20-6 on pieces of 100 letters until all predictable features are right.

    The test is one fresh sequence of 3,000 letters, after every 1,000 letters of training.
    """
    net = build(network, seed)
    found = learn(_Pieces(LENGTH), trainer(net, rule, rate), seed, every=EVERY, most=most, measured=1)
    letters = None if found["needed"] is None else found["needed"] * LENGTH
    return {**found, "needed": letters, **errors(net, seed)}
