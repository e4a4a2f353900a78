"""STDP beside Brian2: 1,000 synapses with delays, cells that fire by these weights, and
bounds that are reached. `brian2_numbers.py` made the numbers."""

import json
from pathlib import Path

import numpy as np
import pytest

from synapse import Layer, Network
from synapse.plasticity import STDP

DATA = Path(__file__).parents[1] / "data" / "stdp_brian2.json"


def network(numbers):
    """Return leaky cells with a reset, and the synapses into their currents."""
    cells = numbers["cells"]
    sources = Layer(numbers["inputs"])
    current = Layer(cells, "identity", name="current")
    ready = Layer(cells, "identity")
    voltage = Layer(cells, "identity")
    fired = Layer(cells, "spike", -1.0)
    ready.biases = np.ones(cells)
    leak = np.exp(-0.1 / 20.0)
    synapses = [
        sources[i].project(current[j], weight=weight, delay=delay)
        for (i, j), weight, delay in zip(
            np.ndindex(numbers["inputs"], cells),
            numbers["weights"],
            numbers["delays"],
            strict=True,
        )
    ]
    fixed = [
        current.project(voltage, "one_to_one", weights=0.25 * leak, delay=1),
        voltage.project(voltage, "one_to_one", weights=leak),
        voltage.project(fired, "one_to_one", weights=1.0),
        fired.project(ready, "one_to_one", weights=-1.0),
    ]
    for projection in fixed[:2]:
        ready.gate(projection, "one_to_one")
    for projection in fixed:
        projection.trainable = False
    net = Network(sources, [current, ready, voltage], fired)
    return net, synapses


def test_spikes_and_weights_are_those_of_brian2():
    numbers = json.loads(DATA.read_text(encoding="ascii"))
    net, synapses = network(numbers)
    current, fired = net["current"], net.output
    net.rule = STDP(
        x=2.0,
        y=3.0,
        dt=0.1,
        up=0.05,
        down=0.055,
        bounds=(0, 1),
        post={current: fired},
    )
    rows = np.zeros((numbers["steps"], numbers["inputs"]))
    rows[tuple(numbers["arrivals"])] = 1.0
    trains = net.run(rows, learn=True)
    expected = np.zeros_like(trains)
    expected[tuple(numbers["spikes"])] = 1.0
    assert (trains == expected).all()
    assert trains.sum() > 900
    weights = np.array([c.weight for c in synapses])
    assert weights == pytest.approx(np.array(numbers["learned"]), abs=1e-12)
    assert ((weights == 0.0) | (weights == 1.0)).sum() > 100
    assert np.abs(weights - numbers["weights"]).max() > 0.5
