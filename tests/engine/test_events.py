"""Steps without traces whose cost follows activity: their numbers are those of steps
that read every connection."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import synapse
from synapse import Layer, Network, Neuron
from synapse.engine.exact import event_index as events
from tests.helpers.cases import all_hold

in_both_floats = pytest.mark.parametrize(
    "dtype", [np.float64, pytest.param(np.float32, marks=pytest.mark.full)]
)
"""Kernels of float32 are others, which take seconds to compile."""


@pytest.fixture(autouse=True)
def small_networks_count(monkeypatch):
    """Events are for large networks; here, for small ones, too."""
    monkeypatch.setattr(events, "MIN_CONNECTIONS", 1)


def sparse(seed, dtype=np.float64, together=False):
    """Layers with random connections, forward and back, some gated or delayed."""
    rng = np.random.default_rng(seed)
    squashes = ["spike", "relu", "step", "winner", "tanh"]
    inputs = Layer(int(rng.integers(1, 8)), dtype=dtype)
    hidden = [
        Layer(
            int(rng.integers(5, 40)),
            squashes[rng.integers(0, 4 if k else 2)],
            rng.normal(-0.5, 0.5, 1)[0],
            dtype=dtype,
        )
        for k in range(rng.integers(1, 4))
    ]
    output = Layer(2, "identity", dtype=dtype)
    layers = [inputs, *hidden, output]
    for k, target in enumerate(layers[1:], 1):
        for source in layers[: k + 2]:
            density = rng.uniform(0.1, 0.6)
            pattern = rng.random((len(source), len(target))) < density
            if source is target:
                np.fill_diagonal(pattern, False)
            if pattern.any():
                late = {"delay": int(rng.integers(1, 4))} if rng.random() < 0.3 else {}
                source.project(target, pattern, seed=rng, **late)
    for layer in hidden:
        if rng.random() < 0.4:
            layer.project(layer, "one_to_one", weights=0.7)
    net = Network(inputs, hidden, output, synchronous=together)
    for neuron in (neuron for layer in hidden for neuron in layer):
        if neuron.self_connection is not None and rng.random() < 0.1:
            hidden[rng.integers(len(hidden))][-1].gate(neuron.self_connection)
    links = [link for link in net.connections if link.source is not link.target]
    for place in rng.permutation(len(links))[:5].tolist():
        if rng.random() < 0.5 and hidden[0][0] is not links[place].target:
            hidden[0][0].gate(links[place])
    return net


def gate_neighbours(net, seed):
    """Gate self-connections. Gaters of neighbours are neighbours, in either order, the
    same or farther apart."""
    rng = np.random.default_rng([seed, 2])
    hidden = net.layers[1:-1]
    for layer in hidden:
        gating = hidden[rng.integers(len(hidden))]
        own = [n.self_connection for n in layer if n.self_connection is not None]
        places = rng.integers(-1, 3, len(own)).cumsum() % len(gating)
        for place, link in zip(places.tolist(), own, strict=True):
            if link.gater is None and rng.random() < 0.8:
                link.weight = 0.1
                gating[place].gate(link)


def rows_for(net, seed, steps=30):
    rng = np.random.default_rng([seed, 1])
    rows = rng.normal(size=(steps, len(net.input)))
    return rows * (rng.random(rows.shape) < 0.3)


def gathered(net, rows, monkeypatch):
    """What steps compute that read every connection."""
    with monkeypatch.context() as patch:
        patch.setattr(type(net), "_by_events", None)
        return net.run(rows, traces=False)


def plain_numbers(net):
    return np.concatenate([layer.activations for layer in net.layers])


@pytest.mark.parametrize("together", [False, True])
@in_both_floats
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_events_give_the_numbers_of_all_connections(dtype, together, monkeypatch):
    """From run to run and step by step, they have the same bits."""
    close = {"rtol": 1e-3, "atol": 1e-3}
    if dtype is np.float64:
        close = {"rtol": 1e-9, "atol": 1e-9}

    def same(seed):
        net = sparse(seed, dtype, together)
        if seed % 2:
            gate_neighbours(net, seed)
        twin, other, again, third = (copy.deepcopy(net) for _ in range(4))
        rows = rows_for(net, seed)
        if dtype is np.float32:
            rows = np.abs(rows)
        # gates may let activations grow beyond all bounds, where sums depend on order
        finite = np.isfinite(copy.deepcopy(net).run(rows)).all(axis=1)
        rows = rows[: finite.sum()]
        by_events.append(net._by_events is not None)
        outputs = net.run(rows, traces=False)
        np.testing.assert_array_equal(outputs, again.run(rows, traces=False))
        single = [third.run(row[None], traces=False)[0] for row in rows]
        np.testing.assert_array_equal(outputs, np.reshape(single, outputs.shape))
        np.testing.assert_allclose(outputs, gathered(twin, rows, monkeypatch), **close)
        np.testing.assert_allclose(outputs, other.run(rows), **close)
        for each in (twin, other):
            np.testing.assert_allclose(plain_numbers(net), plain_numbers(each), **close)

    by_events = []
    all_hold(same, range(14))
    assert sum(by_events) >= 5


def learn_again(net):
    net.clear()  # runs without traces leave none
    net.activate(np.ones(len(net.input)))
    net.propagate(0.01, np.zeros(2))


def join_outside(net, number):
    """Both are in one store then."""
    outside = Neuron(name="outside")
    outside.activate(number)
    outside.project(net.output[0], weight=0.5)


def move_biases(net, number):
    net.layers[-2].biases = net.layers[-2].biases + 0.1 * number


def cut(net, link):
    if len(net.connections) > 20:
        link.source.disconnect(link.target)


ACTIONS = {
    "weight": lambda net, link, number: setattr(link, "weight", number),
    "bias": lambda net, link, number: move_biases(net, number),
    "cut": lambda net, link, number: cut(net, link),
    "join": lambda net, link, number: join_outside(net, number),
    "clear": lambda net, link, number: net.clear(),
    "learn": lambda net, link, number: learn_again(net),
    "step": lambda net, link, number: net.activate(np.full(len(net.input), number)),
}


@pytest.mark.full
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_edits_and_weights_between_runs_are_seen(seed, data):
    """Also after steps with traces, learning, and a cleared context."""
    net = sparse(seed)
    twin = copy.deepcopy(net)
    rng = np.random.default_rng(seed)
    for k in range(6):
        act = ACTIONS[data.draw(st.sampled_from([*ACTIONS]))]
        place = int(rng.integers(0, len(net.connections)))
        number = float(rng.normal())
        for each in (net, twin):
            act(each, each.connections[place], number)
        rows = rows_for(net, seed + k, 5)
        np.testing.assert_allclose(
            net.run(rows, traces=False), twin.run(rows), rtol=1e-7, atol=1e-7
        )


def test_networks_of_dense_layers_gather():
    """Their weights lie by target."""
    net = Network(Layer(30), [Layer(40, "relu")], Layer(2, "identity"))
    net.input.project(net.layers[1], seed=0)
    net.layers[1].project(net.output, seed=0)
    assert net._by_events is None


LEFT = ("state", "old_state", "activation", "old_activation", "derivative", "stamp")


def bursts(seed, dtype, together=False):
    """Spiking cells and their delayed connections, and rows with long silences."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(70, 200))
    x = Layer(3, dtype=dtype)
    current = Layer(size, "identity", dtype=dtype)
    spikes = Layer(size, rng.choice(["spike", "relu", "step"]), -0.4, dtype=dtype)
    y = Layer(2, "identity", dtype=dtype)
    x.project(spikes, rng.random((3, size)) < 0.3, seed=rng)
    links = rng.random((size, size)) < 0.1
    np.fill_diagonal(links, False)
    spikes.project(current, links, seed=rng, delay=int(rng.integers(1, 6)))
    current.project(spikes, "one_to_one", weights=0.3)
    if rng.random() < 0.2:
        leak = rng.choice([0.25, 0.5])
        current.project(current, "one_to_one", weights=leak)
    spikes.project(y, seed=rng)
    net = Network(x, [current, spikes], y, synchronous=together)
    if rng.random() < 0.3:
        spikes[3].clamp(float(rng.integers(0, 2)))
    rows = np.zeros((90, 3))
    for begin in (0, 40, 75):
        rows[begin : begin + 3] = rng.normal(2.0, 1.0, (3, 3))
    return net, rows


@pytest.mark.parametrize("together", [False, True])
@in_both_floats
def test_silence_leaves_what_gathering_would(dtype, together, monkeypatch):
    """Of silent neurons nothing is read; after each call all numbers are those of steps
    that gather, and a recording has them in between."""

    close = {"rtol": 1e-4, "atol": 1e-4}
    if dtype is np.float64:
        close = {"rtol": 1e-9, "atol": 1e-9}

    @np.errstate(under="ignore")  # of comparisons
    def same(seed):
        net, rows = bursts(seed, dtype, together)
        twin = copy.deepcopy(net)
        stops = np.sort(np.random.default_rng(seed).integers(0, 91, 3))
        for piece in np.split(rows, stops):
            outputs = net.run(piece, traces=False)
            expected = gathered(twin, piece, monkeypatch)
            np.testing.assert_allclose(outputs, expected, **close)
            for name in LEFT:
                ours, theirs = (each._store[name] for each in (net, twin))
                np.testing.assert_allclose(ours, theirs, err_msg=name, **close)
        with synapse.record(net, "state") as log:
            net.run(rows, traces=False)
        with synapse.record(twin, "state") as other:
            gathered(twin, rows, monkeypatch)
        states = log.of(net, "state"), other.of(twin, "state")
        np.testing.assert_allclose(*states, **close)

    all_hold(same, range(8))


@in_both_floats
def test_one_call_has_the_bits_of_many(dtype):
    net, rows = bursts(1, dtype)
    twin = copy.deepcopy(net)
    whole = net.run(rows, traces=False)
    parts = [
        twin.run(piece, traces=False) for piece in (rows[:1], rows[1:37], rows[37:])
    ]
    assert np.array_equal(whole, np.concatenate(parts))
    assert np.array_equal(plain_numbers(net), plain_numbers(twin))


def random_links(rng, count, fan_in):
    """Pairs of different neurons, none twice."""
    pairs = np.unique(rng.integers(0, count * count, count * fan_in))
    ends = np.divmod(pairs, count)
    apart = ends[0] != ends[1]
    return ends[0][apart], ends[1][apart]


@pytest.mark.full
@pytest.mark.parametrize("inputs", [4, 3000])
def test_the_past_of_neurons_that_send_nothing_by_events(inputs, monkeypatch):
    """Whole parts of neurons are read with a lag by others that gather, while steps
    follow events and while they gather."""
    rng = np.random.default_rng(0)
    n = 3000
    x = Layer(inputs)
    smooth = Layer(n, "tanh")
    spikes = Layer(n, "spike", -0.5)
    y = Layer(3, "identity")
    to = np.arange(n)
    late = {"delay": 2} if inputs == n else {}
    x.project(spikes, (to % inputs, to), weights=1.0, **late)
    x.project(smooth, (to % inputs, to), weights=0.5)
    links = random_links(rng, n, 8)
    spikes.project(spikes, links, weights=rng.normal(0, 0.1, len(links[0])), delay=3)
    smooth.project(y, seed=rng, delay=2)
    spikes.project(y, random_links(rng, 3, 2), weights=1.0)
    net = Network(x, [smooth, spikes], y)
    twin = copy.deepcopy(net)
    assert net._by_events is not None
    rows = rng.normal(size=(12, inputs)) * (rng.random((12, inputs)) < 0.2)
    rows[5:7] = 3.0
    outputs = net.run(rows, traces=False)
    np.testing.assert_allclose(
        outputs, gathered(twin, rows, monkeypatch), rtol=1e-9, atol=1e-9
    )
