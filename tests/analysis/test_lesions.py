"""Lesions are what one gets by hand, to the bit, and patches what a changed input
does."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

import architect
from synapse import Layer, Network, Topology, Trainer, tie
from synapse.analysis import lesions, patch
from synapse.errors import ArgumentError
from tests.helpers.networks import everything, lstm, perceptron, used
from tests.helpers.strategies import Twin, specs


def silenced(twin, of, number):
    """The network, in which one is silenced by hand."""
    neuron = twin[number] if of != "connections" else None
    for i, link in enumerate(twin.connections):
        leads = of == "neurons" and link.source is neuron and link.target is not neuron
        gates = of != "connections" and link.gater is neuron
        if leads or gates or (of == "connections" and i == number):
            link.weight = 0.0
    return twin


def by_hand(net, of, numbers, inputs, targets):
    """The same bits as of an edited network, and what a test of it finds."""
    twin = net.clone()
    for number in numbers:
        silenced(twin, of, number)
    cost = lesions(twin, inputs, targets, of).loss
    twin.clear()
    loss = Trainer(twin).test(inputs, targets).loss
    assert cost == pytest.approx(loss, rel=1e-9, nan_ok=True)
    return cost


@pytest.mark.full
# outputs that nothing leads to
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
@given(
    specs(),
    st.sampled_from(["neurons", "connections", "gates"]),
    st.booleans(),
    st.booleans(),
)
def test_lesions_are_those_by_hand(spec, of, pairs, several):
    net = used(Twin(spec).net)
    rng = np.random.default_rng(0)
    inputs = rng.uniform(size=(6, len(net.input)))
    targets = rng.uniform(size=(6, len(net.output)))
    if several:
        targets[4] = np.nan
        inputs, targets = (np.split(rows, [1, 4]) for rows in (inputs, targets))
    table = Topology.of(net)
    items = {
        "neurons": [*range(len(net))],
        "connections": [*range(len(net.connections))],
        "gates": np.unique(table.gater[table.gated]).tolist(),
    }[of]
    if not items:
        with pytest.raises(ArgumentError, match=f"with {of} to silence"):
            lesions(net, inputs, targets, of)
        return
    before = everything(net)
    measured = lesions(net, inputs, targets, of, pairs=pairs)
    assert everything(net) == before
    assert measured.items.tolist() == items

    def change(*numbers):
        return by_hand(net, of, numbers, inputs, targets) - measured.loss

    assert change() == 0.0
    found = np.diag(measured.change) if pairs else measured.change
    assert found.tolist() == [change(item) for item in items]
    if pairs:
        i, j = rng.integers(0, len(items), 2)
        both = change(items[i], items[j])
        assert measured.change[i, j] == measured.change[j, i] == both


@pytest.mark.full
def test_one_of_several_tied_connections_is_silenced_alone():
    net = perceptron(2, 2, 1)
    tie(net.connections[:4])
    table = lesions(net, [[1.0, 0.5]], [[0.0]], "connections")
    assert len(set(table.change.tolist())) == 6
    assert len(net.connections[0].tied) == 3


def test_tables_have_names():
    net = perceptron(2, 2, 1)
    single = lesions(net, [[1.0, 0.5]], [[0.0]], "connections").to_pandas()
    assert single["input 0 -> hidden 1"] == single.iloc[2]
    both = lesions(net, [[1.0, 0.5]], [[0.0]], pairs=True).to_pandas()
    assert both.loc["hidden 0", "input 1"] == both.loc["input 1", "hidden 0"]


@pytest.mark.parametrize("step", [0, 3])
@pytest.mark.parametrize(
    "net", [lambda: lstm(2, 3, 2), lambda: architect.Elman(2, 4, 1, seed=0)]
)
def test_a_patched_activation_is_that_of_the_other_sequence(net, step):
    net = used(net())
    clean, other = np.random.default_rng(0).uniform(-1, 1, (2, 5, 2))
    before = everything(net)

    def run(rows):
        twin = net.clone()
        twin.clear()
        return twin.run(rows)

    plain = run(clean)
    for number in range(len(net)):
        assert patch(net, clean, clean, number, step) == pytest.approx(plain, abs=1e-12)
    mixed = clean.copy()
    mixed[step, 1] = other[step, 1]
    patched = patch(net, clean, other, net[1], step)
    assert patched == pytest.approx(run(mixed), abs=1e-12)
    expected = run(other)[step]
    for at in range(-len(net.output), 0):  # an output shows it at once
        assert patch(net, clean, other, at + len(net), step)[step][at] == expected[at]
    last = patch(net, clean, other, -1 - len(net.output), step)
    assert (last[step:] != plain[step:]).any()
    assert everything(net) == before


def test_what_cannot_be_patched_is_refused():
    net = perceptron(2, 2, 1)
    rows = [[0.0, 1.0]]
    for neuron, step, message in (
        (perceptron(1, 1)[0], 0, "network's"),
        (9, 0, "neuron"),
        (0, 1, "step"),
    ):
        with pytest.raises((ArgumentError, IndexError), match=message):
            patch(net, rows, rows, neuron, step)


def test_a_delayed_connection_is_silenced_with_its_source():
    """Two neurons and a delay of four steps: two lesions of neurons, one connection."""
    a, b = Layer(1, name="a"), Layer(1, "identity", name="b")
    a.project(b, weights=1.0, delay=4)
    net = Network(a, b)
    rows = np.arange(1.0, 9.0)[:, None]
    targets = np.maximum(rows - 4.0, 0.0)
    of_neurons = lesions(net, rows, targets)
    assert (of_neurons.names, of_neurons.loss) == (("a 0", "b 0"), 0.0)
    assert [net[i] for i in of_neurons.items] == [a[0], b[0]]
    without = (targets**2).mean() / 2
    assert of_neurons.change == pytest.approx([without, 0.0])
    pairs = lesions(net, rows, targets, pairs=True)
    assert pairs.change == pytest.approx(np.array([[without] * 2, [without, 0.0]]))
    of_links = lesions(net, rows, targets, "connections")
    assert of_links.names == ("a 0 -> b 0, delay 4",)
    assert net.connections[of_links.items[0]].delay == 4
    assert of_links.change == pytest.approx([without])


def halved_squares(now, then):
    return 0.5 * ((now - then) ** 2).sum(axis=1).mean()


def divergence(now, then):
    return (then * np.log(then / now)).sum(axis=1).mean()


@pytest.mark.full
@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize(
    ("squash", "distance"),
    [
        ("identity", halved_squares),
        ("softmax", divergence),
    ],
)
def test_without_targets_the_change_is_that_of_the_outputs(squash, distance, several):
    net = architect.LSTM(6, 3, 2, output_squash=squash, seed=0)
    net.run(np.ones((2, 6)))
    rows = np.random.default_rng(0).normal(size=(7, 6))
    inputs = np.split(rows, [3]) if several else [rows]

    def outputs(of):
        return np.concatenate(of.clone().run(inputs))

    before = everything(net)
    change = lesions(net, inputs if several else rows).change
    assert everything(net) == before
    cleared = net.clone()
    cleared.clear()
    then = outputs(cleared)
    expected = [
        distance(outputs(silenced(cleared.clone(), "neurons", number)), then)
        for number in range(len(net))
    ]
    assert change == pytest.approx(expected, abs=1e-12)
    assert change.max() > 1e-3
