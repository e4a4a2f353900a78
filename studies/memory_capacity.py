"""Memory capacity of pools of 100 neurons: those of `architect.Liquid`, a plain NumPy
loop, and neurons in order.

    python -m studies memory_capacity    # runs what is missing, writes the page

The capacity (Jaeger 2001, "Short term memory in echo state networks") is the sum over
delays of the squared correlation between the input of so many steps ago and a linear
read-out of the pool."""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import architect
import synapse
from synapse import Network
from synapse._typing import Floats
from synapse.errors import TopologyWarning
from synapse.initializers import constant, uniform

from ._many_seeds import Row, fill, filled, table

HERE = Path(__file__).resolve().parent
PAGE = HERE / "memory_capacity.md"
NEURONS, DELAYS = 100, 100
WASHOUT, FITTED, TESTED = 500, 4_000, 4_000


def capacity(states: Floats, inputs: Floats) -> float:
    """Return the memory capacity of activations, shape (T, n), for inputs, shape (T,).

    Read-outs are fitted to the first half of the rows after the washout and tested on
    the second half.
    """
    seen = np.column_stack([states, np.ones(len(states))])[WASHOUT:]
    rows = np.arange(WASHOUT, len(inputs))
    past = np.stack([inputs[rows - k] for k in range(1, DELAYS + 1)], axis=1)
    half = len(seen) // 2
    weights = np.linalg.lstsq(seen[:half], past[:half], rcond=None)[0]
    read = seen[half:] @ weights
    pairs = zip(read.T, past[half:].T, strict=True)
    return float(sum(np.corrcoef(one, other)[0, 1] ** 2 for one, other in pairs))


def pool(seed: int, **options: Any) -> Network:
    """A pool of 100 tanh neurons, by default without biases, as in the paper."""
    usual = {"spectral_radius": 0.9, "bias_initializer": constant(0.0)}
    return architect.Liquid(1, NEURONS, 1, seed=seed, **{**usual, **options})


def inputs_of(seed: int) -> Floats:
    """Uniform random inputs within 0.5, as in the paper."""
    rng = np.random.default_rng([seed, 1])
    return rng.uniform(-0.5, 0.5, WASHOUT + FITTED + TESTED)


def by_network(net: Network, inputs: Floats) -> Floats:
    """The activations of the pool in each step."""
    with synapse.record(net, "activation", neurons=net["pool"]) as log:
        net.run(inputs[:, None], traces=False)
    return np.asarray(log.of(net["pool"]))


def by_numpy(net: Network, inputs: Floats) -> Floats:
    """The activations of the same pool in a plain loop: x(t) = tanh(W x(t-1) + v u(t)
    + b)."""
    neurons = list(net["pool"])
    place = {neuron: i for i, neuron in enumerate(neurons)}
    w, v = np.zeros((NEURONS, NEURONS)), np.zeros(NEURONS)
    for link in net.connections:
        if link.target in place and link.source in place:
            w[place[link.target], place[link.source]] = link.weight
        elif link.target in place:
            v[place[link.target]] = link.weight
    x, rows = np.zeros(NEURONS), []
    for u in inputs:
        x = np.tanh(w @ x + v * u + net["pool"].biases)
        rows.append(x)
    return np.array(rows)


def in_order(net: Network, inputs: Floats) -> Floats:
    """The activations if neurons activate one after the other, with the same
    weights."""
    with warnings.catch_warnings():  # each that becomes late is reported
        warnings.simplefilter("ignore", TopologyWarning)
        for neuron in net["pool"]:
            for link in neuron.incoming:
                link.delay = 0
    return by_network(net, inputs)


ROWS: dict[str, tuple[Any, dict[str, Any]]] = {
    "`Liquid(1, 100, 1, spectral_radius=0.9)`, biases 0": (by_network, {}),
    "the same in a NumPy loop": (by_numpy, {}),
    "the same weights in order": (in_order, {}),
    "input weights within 0.01": (by_network, {"initializer": uniform(0.01)}),
    "the same in NumPy": (by_numpy, {"initializer": uniform(0.01)}),
    "the same, in order": (in_order, {"initializer": uniform(0.01)}),
    "radius 0.8": (by_network, {"spectral_radius": 0.8}),
    "radius 0.95": (by_network, {"spectral_radius": 0.95}),
    "all pairs connected": (by_network, {"connections": NEURONS * (NEURONS - 1)}),
    "biases within 0.1, the default": (by_network, {"bias_initializer": "uniform"}),
    "leak 0.5": (by_network, {"leak": 0.5}),
}


def trial(row: str, seed: int) -> Row:
    """The capacity of one pool."""
    activations, options = ROWS[row]
    inputs = inputs_of(seed)
    states = activations(pool(seed, **options), inputs)
    return {"seed": seed, "capacity": round(capacity(states, inputs), 3)}


def report(results: dict[str, list[Row]]) -> str:
    """A row for each kind of pool: the median, the lowest and the highest capacity."""
    lines = []
    for row in ROWS:
        values = [trial["capacity"] for trial in results[row]]
        numbers = np.median(values), min(values), max(values)
        lines.append([row, *(f"{number:.1f}" for number in numbers)])
    return table(["pool", "median", "lowest", "highest"], lines)


def main() -> None:
    """Run what is missing."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, default=20)
    seeds = options.parse_args().seeds
    results = filled(HERE / "memory_capacity.json", ROWS, seeds, trial)
    fill("table", report(results), PAGE)


if __name__ == "__main__":
    main()
