"""What neurons remember for delayed connections: through copies and files, also in the
middle of a step, and what clearing and longer delays leave of it."""

import pickle

import numpy as np
import pytest

import synapse
from synapse import Layer, Network, Neuron
from synapse.readwrite import from_json_data, json_data
from tests.helpers.integrity import check_store
from tests.helpers.strategies import Twin, crowded, delayed

pytestmark = pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")


def network(seed):
    """A gated graph with delays, after some steps."""
    spec = crowded(seed)
    links = delayed({link[:2]: link for link in spec.links}, spec.numbers())
    spec.links = list(links.values())
    net = Twin(spec).net
    net.run(np.random.default_rng(seed).normal(size=(5, 2)), traces=True)
    return net


def saved(path):
    """Through a file of this name."""

    def copy(net, folder):
        synapse.save(net, folder / path)
        return synapse.load(folder / path)

    return copy


COPIES = {
    "clone": lambda net, folder: net.clone(),
    "pickle": lambda net, folder: pickle.loads(pickle.dumps(net)),
    "json": lambda net, folder: from_json_data(json_data(net)),
    "npz": saved("net.npz"),
    "file": saved("net.json"),
}


def activate(net, start, stop):
    """Activate some neurons of a network one by one."""
    for place, neuron in list(enumerate(net))[start:stop]:
        neuron.activate([0.3, -0.2][place] if place < 2 else None)


@pytest.mark.full
@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("seed", range(4))
def test_a_copy_in_the_middle_of_a_step_remembers_what_its_original_does(
    seed, way, tmp_path
):
    """Some neurons have begun the step, so the ring has advanced."""
    net = network(seed)
    middle = seed * len(net) // 4
    activate(net, 0, middle)
    copy = COPIES[way](net, tmp_path)
    for part in (net, copy):
        activate(part, middle, len(net))
    rows = np.random.default_rng(seed).normal(size=(6, 2))
    assert copy.run(rows, traces=True) == pytest.approx(
        net.run(rows, traces=True), rel=1e-12, abs=1e-12
    )
    check_store(copy._store)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(4))
def test_networks_that_are_joined_remember_what_each_did(seed):
    """Also in the middle of a step of both; one clock is added to the other."""
    nets = [network(seed), network(seed + 10)]
    twins = [net.clone() for net in nets]
    middle = seed * len(nets[0]) // 4
    for net in (*nets, *twins):
        activate(net, 0, middle)
    nets[0].output[0].project(nets[1].hidden[0][-1], weight=0.0)
    rows = np.random.default_rng(seed).normal(size=(6, 2))
    for net, twin in zip(nets, twins):
        for each in (net, twin):
            activate(each, middle, len(each))
    found, expected = (
        [net.run(rows, traces=True) for net in each] for each in (nets, twins)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    check_store(nets[0]._store)


def test_a_cleared_network_and_a_restored_one_have_the_past_of_then():
    net = network(1)
    rows = np.random.default_rng(1).normal(size=(7, 2))
    with synapse.objects.snapshots.preserved_context(net):
        first = net.run(rows, traces=True)
    assert np.array_equal(net.run(rows, traces=True), first)
    net.clear()
    cleared = net.run(rows, traces=True)
    net.clear()
    assert np.array_equal(net.run(rows, traces=True), cleared)
    assert not np.allclose(cleared, first)


def line(delay, steps, outside=False):
    """An input that is delayed into an output, after inputs of 1, 2, 3, ...; or a
    neuron outside of the network that is."""
    x, y = Layer(1), Layer(1, "identity")
    link = (Neuron() if outside else x[0]).project(y[0], weight=1.0, delay=delay)
    x.project(y, weights=0.0)
    net = Network(x, y)
    for t in range(steps):
        if outside:
            link.source.activate(t + 1.0)
        net.activate([t + 1.0])
    return net, link


@pytest.mark.full
@pytest.mark.parametrize("outside", [False, True])
@pytest.mark.parametrize("before", [1, 2, 5])
@pytest.mark.parametrize("after", [1, 3, 6])
def test_a_delay_that_changes_reads_what_the_neuron_remembers(before, after, outside):
    """As far back as the longest delay until now; earlier activations are 0."""
    net, link = line(before, 4, outside)
    link.delay = after
    seen = []
    for t in range(4, 12):
        if outside:
            link.source.activate(t + 1.0)
        seen.append(net.activate([t + 1.0])[0])
    times = np.arange(5, 13) - after  # when the input was set that is read
    # after step 4, it remembers inputs 4 (the present one), 3, ..., 4 - before
    known = (times > 0) & (times >= 4 - before)
    assert seen == np.where(known, times, 0).tolist()


@pytest.mark.full
@pytest.mark.parametrize("between", [np.nan, 0.0])
@pytest.mark.parametrize("before", [0, 4])
def test_a_past_that_is_large_lets_no_weight_diverge(before, between):
    """An update along an activation of long ago is undone if it is not finite, also
    where all steps before have been small, and whether or not others learn in between.
    """
    x, y = Layer(1, "identity"), Layer(1, "identity")
    x[0].project(y[0], weight=0.0, delay=2)
    net = Network(x, y)
    rows = [[0.5]] * before + [[1e300], [0.0], [0.0], [0.0]]
    targets = [[0.0]] * before + [[between], [between], [1e10], [0.0]]
    with pytest.raises(synapse.errors.DivergenceError):
        synapse.Trainer(net, 1.0, "squared_error").train(
            rows, targets, epochs=1, shuffle=False, progress=False
        )
    assert net.weights == pytest.approx([0.0])
