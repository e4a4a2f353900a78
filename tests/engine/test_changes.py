"""After edits of wide layers, compiled and plain loops lower to the same program."""

from unittest.mock import Mock

import numpy as np
import pytest

import synapse
from synapse import Layer, Network, Neuron
from synapse.engine.lowering import edits
from tests.helpers import lowered_anew
from tests.helpers.cases import all_hold
from tests.helpers.networks import lstm, perceptron, used


@pytest.fixture(autouse=True)
def _checked():
    with pytest.MonkeyPatch.context() as patch:
        lowered_anew.install(patch)
        yield


def wide():
    """Layers so wide that most neurons are left alone by an edit."""
    net = perceptron(12, 40, 40, 8, seed=1)
    net.input[6].gate(net.hidden[0][30].connection_to(net.hidden[1][30]))
    net.activate(np.linspace(-1, 1, 12))
    return net


def leaky():
    """The same without gates, so that edits touch only their targets; some carry their
    state over."""
    net = perceptron(12, 40, 40, 8, seed=1)
    for neuron in net.hidden[0][::3]:
        neuron.project(neuron, weight=0.5)
    for link in net.hidden[1][5].incoming[::2]:
        link.trainable = False
    net.activate(np.linspace(-1, 1, 12))
    net.propagate(0.1, np.zeros(8))
    return net


def remove_middle(net):
    net.remove(net.hidden[0][20])


def tie_and_cut(net):
    """A tied group of two that loses a member."""
    link, other = (net.hidden[1][i].connection_to(net.output[1]) for i in (3, 4))
    synapse.tie([link, other])
    net.activate(np.zeros(12))
    link.source.disconnect(link.target)


def join(net):
    other = used(lstm(2, 3, 1, seed=3))
    net.output[0].project(other.hidden[0][1], weight=0.1)


def outside(net):
    Neuron().project(net.hidden[1][7], weight=0.1)


def edges_apart(net):
    """What lies between moves up by one row, two rows and three; one neuron has left no
    room before."""
    for link in net.hidden[0][20].incoming:
        link.source.disconnect(link.target)
    net._lowered()
    for source, target in (
        (0, net.hidden[0][3]),
        (1, net.hidden[0][20]),
        (2, net.output[2]),
    ):
        net.output[source].project(target, weight=0.1)


def gater_outside(net):
    """A gater without a network that becomes a neuron of this one."""
    neuron = Neuron()
    neuron.gate(net.hidden[0][4].connection_to(net.hidden[1][4]))
    net.activate(np.zeros(12))
    net.add(neuron)


def group(net):
    Layer(net.hidden[0][5:8]).squash = "maxout"


WIDE = {
    "an edge": lambda net: net.input[0].project(net.output[3], weight=0.1),
    "edges in several places": edges_apart,
    "an edge backward": lambda net: net.output[3].project(net.hidden[0][2], weight=0.1),
    "an edge removed": lambda net: net.hidden[0][3].disconnect(net.hidden[1][9]),
    "an edge into an input": lambda net: net.output[0].project(
        net.input[4], weight=0.1
    ),
    "an edge into an input that gates": lambda net: net.output[0].project(
        net.input[6], weight=0.1
    ),
    "a self-connection": lambda net: net.hidden[0][3].project(net.hidden[0][3]),
    "a gate": lambda net: net.hidden[0][3].gate(
        net.hidden[1][9].connection_to(net.output[2])
    ),
    "a gate from later": lambda net: net.output[1].gate(
        net.hidden[0][9].connection_to(net.hidden[1][2])
    ),
    "a squash": lambda net: setattr(net.hidden[0][3], "squash", "tanh"),
    "groups": group,
    "a flag": lambda net: setattr(
        net.hidden[0][3].connection_to(net.hidden[1][9]), "trainable", False
    ),
    "a neuron": lambda net: net.hidden[0].append(Neuron()),
    "an input": lambda net: net.input.append(Neuron()),
    "an output": lambda net: net.output.append(Neuron()),
    "a layer": lambda net: net.add(Layer(3)),
    "a neuron removed": remove_middle,
    "an end of a layer removed": lambda net: net.remove(net.hidden[0][-1]),
    "a frozen layer": lambda net: net.hidden[1].freeze(),
    "a tie": lambda net: synapse.tie(
        [net.hidden[1][i].connection_to(net.output[i]) for i in (1, 2, 5)]
    ),
    "a tie dissolved": tie_and_cut,
    "another network": join,
    "a neuron outside": outside,
    "a gater from outside": gater_outside,
}


def edit_wide(act):
    net = wide()
    act(net)
    net.activate(np.linspace(0, 1, len(net.input)))
    net.propagate(0.1, np.zeros(len(net.output)))


@pytest.mark.full
def test_in_wide_layers():
    all_hold(edit_wide, WIDE)


@pytest.mark.parametrize("seed", [1, 2])
def test_in_wide_layers_after_several_edits(seed):
    rng = np.random.default_rng(seed)
    net = wide()
    ends = {link: (link.source, link.target) for link in net.connections[::7]}
    for name in rng.permutation(list(WIDE)):
        try:
            WIDE[name](net)
        except (synapse.errors.SynapseError, AttributeError):
            continue  # an earlier edit has taken away what it needs
        if rng.random() < 0.7:
            net.activate(rng.uniform(-1, 1, len(net.input)))
            net.propagate(0.1, np.zeros(len(net.output)))
    alive = ends.keys() & {*net.connections}
    assert all((link.source, link.target) == ends[link] for link in alive)


@pytest.mark.parametrize("seed", [2, 5])
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_edits_touch_only_their_targets(seed, monkeypatch):
    """Several are laid out at once, rows move up and down, and traces are kept."""
    rng = np.random.default_rng(seed)
    net = leaky()
    twin = net.clone()
    apply = Mock(wraps=edits.apply)
    monkeypatch.setattr(edits, "apply", apply)
    for edits_at_once in [1, 1, 2, 3, 8, 40, 0, 5]:
        for _ in range(edits_at_once):
            source = rng.integers(len(net))
            target = rng.integers(len(net.input), len(net))
            options = {"weight": 0.1, "trainable": rng.random() >= 0.3}
            for each in (net, twin):
                if each[source].connection_to(each[target]):
                    each[source].disconnect(each[target])
                else:
                    each[source].project(each[target], **options)
        inputs = rng.uniform(-1, 1, len(net.input))
        twin._store.touch()
        for each in (net, twin):
            each.activate(inputs)
            each.propagate(0.1, np.zeros(8))
        ours, theirs = ([neuron.state for neuron in each] for each in (net, twin))
        assert ours == theirs
    assert apply.call_count >= 6
    ours, theirs = ([link.weight for link in each.connections] for each in (net, twin))
    assert ours == theirs


def test_neurons_that_become_a_network():
    """Rows stay; that a connection leads within a network is new, also where its source
    is no input."""
    a, b, c = (Neuron() for _ in range(3))
    a.project(b), b.project(c)
    c.activate()
    Network(Layer([a]), [Layer([b])], Layer([c])).activate([0.5])


def test_neurons_of_a_network_in_another_order():
    """No public call does so yet, but the positions are all that lowering sorts by."""
    net = wide()
    net.hidden[0]._neurons.reverse()
    net._renumber(net._layers)
    net.activate(np.zeros(12))


@pytest.mark.parametrize("failing", ["lower_all", "cut"])
def test_after_a_lowering_that_failed_everything_is_lowered(failing, monkeypatch):
    net = wide()
    twin = wide()
    link = net.input[0].project(net.output[3], weight=0.1)
    twin.input[0].project(twin.output[3], weight=0.1)

    def fail(*_):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(f"synapse.engine.lowering.lower.{failing}", fail)
        with pytest.raises(MemoryError):
            net._lowered()
    x = np.linspace(0, 1, 12)
    assert net.activate(x).tolist() == twin.activate(x).tolist()
    assert link.weight == 0.1
