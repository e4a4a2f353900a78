"""From how many of 40 seeds do networks wired by hand learn XOR, by the range of their
random weights?

    python -m studies wired    # takes a minute; prints the table of studies/defaults.md

Two inputs, hidden neurons and one logistic output, biases 0, trained for 5,000 epochs
by the online rule with the default cost. A network has learnt XOR if all four outputs
are on the right side of 1/2."""

from __future__ import annotations

import numpy as np

from synapse import Layer, Network, Trainer
from synapse.initializers import uniform

INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
TARGETS = np.array([[0], [1], [1], [0]])
RATES = (0.1, 0.3)
SEEDS = 40
RANGES = {
    "±0.1": uniform(0.1),
    "fan_in": "fan_in",
    "±1 (`neuron.project`)": uniform(1.0),
    "glorot (`layer.project`)": "glorot",
}


def learns(seed, rate, start, squash, hidden=4, bias=0.0):
    """Whether a network learns XOR from this seed."""
    inputs = Layer(2)
    middle = Layer(hidden, squash, bias=bias)
    last = Layer(1)
    rng = np.random.default_rng(seed)
    for source, target in ((inputs, middle), (middle, last)):
        source.project(target, initializer=start, seed=rng)
    net = Network(inputs, [middle], last)
    Trainer(net, rate=rate).train(
        INPUTS, TARGETS, epochs=5000, seed=seed, progress=False
    )
    return ((net.run(INPUTS) > 0.5) == TARGETS).all()


def counts(*options, **more):
    """How many seeds learn, by rate."""
    return " / ".join(
        str(sum(learns(i, rate, *options, **more) for i in range(SEEDS)))
        for rate in RATES
    )


def main():
    for name, start in RANGES.items():
        cells = [
            counts(start, squash) for squash in ("tanh", "softsign", "logistic", "relu")
        ]
        print("|", " | ".join([name, *cells]), "|", flush=True)
    for what in (
        {"hidden": 8},
        {"hidden": 16},
        {"bias": 0.5},
        {"squash": "leaky_relu"},
        {"squash": "elu"},
    ):
        print(
            "relu, but",
            what,
            counts("glorot", **{"squash": "relu", **what}),
            flush=True,
        )


if __name__ == "__main__":
    main()
