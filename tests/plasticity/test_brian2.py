"""STDP beside Brian2: 1,000 synapses with delays, cells that fire by these weights, and
bounds that are reached. `brian2_numbers.py` made the numbers."""

import json
from pathlib import Path

import numpy as np
import pytest

from synapse import Layer, Network
from synapse.plasticity import STDP
from tests.helpers.peers import peer

EQUATIONS = """w : 1
dx/dt = -x / (2*ms) : 1 (event-driven)
dy/dt = -y / (3*ms) : 1 (event-driven)"""
ON_PRE = """I_post += w
x += 1
w = clip(w - 0.055 * y, 0, 1)"""
ON_POST = """y += 1
w = clip(w + 0.05 * x, 0, 1)"""
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
    return Network(sources, [current, ready, voltage], fired), synapses


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


@pytest.mark.peers
def test_currents_behind_the_spikes_have_the_delays_of_brian2():
    """Plastic synapses into exponential currents, from sources and between the cells,
    without a delay and with one.

    Brian2 adds to a current after the threshold of a step. With the current before the
    voltage, a delay has one step more, and arrives in another step than the spike with
    which the rule pairs it."""
    brian = peer("brian2")
    brian.start_scope()
    brian.prefs.codegen.target = "numpy"
    brian.defaultclock.dt = 0.1 * brian.ms
    rng = np.random.default_rng(0)
    count, cells = 20, 15
    rows = (rng.random((1500, count)) < 0.015) * 1.0
    ends = np.indices((count, cells)).reshape(2, -1), np.indices((cells, cells))
    ends = ends[0], ends[1][:, ~np.eye(cells, dtype=bool)]
    weights = [rng.uniform(0.0, scale, x.shape[1]) for x, scale in zip(ends, (1, 0.3))]
    delays = [rng.integers(0, 20, x.shape[1]) for x in ends]

    group = brian.NeuronGroup(
        cells,
        "dv/dt = (2*I - v) / (20*ms) : 1\ndI/dt = -I / (5*ms) : 1",
        threshold="v > 1",
        reset="v = 0",
        method="exact",
    )
    when, which = np.nonzero(rows)
    sources = brian.SpikeGeneratorGroup(count, which, when * 0.1 * brian.ms)
    theirs = []
    for source, pairs, weight, delay in zip((sources, group), ends, weights, delays):
        synapses = brian.Synapses(
            source,
            group,
            EQUATIONS,
            on_pre=ON_PRE,
            on_post=ON_POST,
            method="exact",
        )
        synapses.connect(i=pairs[0], j=pairs[1])
        synapses.w = weight
        synapses.pre.delay = delay * 0.1 * brian.ms
        theirs.append(synapses)
    monitor = brian.SpikeMonitor(group)
    brian.Network(group, sources, *theirs, monitor).run(150 * brian.ms)
    expected = np.zeros((len(rows), cells))
    expected[np.rint(monitor.t / brian.ms / 0.1).astype(int), monitor.i[:]] = 1.0

    def learned(behind):
        leak, fade = np.exp(-0.1 / 20.0), np.exp(-0.1 / 5.0)
        source, current = Layer(count), Layer(cells, "identity", name="current")
        ready, voltage = Layer(cells, "identity", 1.0), Layer(cells, "identity")
        fired = Layer(cells, "spike", -1.0, name="fired")
        seen = Layer(cells, "identity")
        ours = [
            layer.project(
                current, tuple(pairs), weights=weight, delay=delay + (not behind)
            )
            for layer, pairs, weight, delay in zip(
                (source, fired), ends, weights, delays
            )
        ]
        fixed = [
            voltage.project(voltage, "one_to_one", weights=leak),
            current.project(current, "one_to_one", weights=fade),
            current.project(voltage, "one_to_one", weights=2 * (leak - fade) / 3),
            voltage.project(fired, "one_to_one", weights=1.0),
            fired.project(ready, "one_to_one", weights=-1.0),
            fired.project(seen, "one_to_one", weights=1.0),
        ]
        ready.gate(fixed[0], "one_to_one")
        for projection in fixed:
            projection.trainable = False
        cell = [ready, voltage, fired]
        net = Network(source, [*cell, current] if behind else [current, *cell], seen)
        net.rule = STDP(
            x=2.0,
            y=3.0,
            dt=0.1,
            up=0.05,
            down=0.055,
            bounds=(0, 1),
            post={current: fired},
        )
        return net.run(rows, learn=True), [
            np.asarray(each.weights).ravel() for each in ours
        ]

    trains, ours = learned(behind=True)
    assert trains.sum() > 1000
    assert (trains == expected).all()
    for mine, synapses, before in zip(ours, theirs, weights):
        assert mine == pytest.approx(synapses.w[:], abs=1e-12)
        assert np.abs(mine - before).max() > 0.5
    assert (learned(behind=False)[0] != expected).any()
