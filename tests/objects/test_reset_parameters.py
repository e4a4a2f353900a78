"""``reset_parameters``: parameters as those of a network that is made anew."""

import pickle

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, initializers, readwrite
from tests.helpers.cases import every_case

NETWORKS = {
    "perceptron": lambda **o: architect.Perceptron(2, 3, 4, 1, **o),
    "elman": lambda **o: architect.Elman(2, 3, 3, 1, **o),
    "jordan": lambda **o: architect.Jordan(2, 3, 1, **o),
    "lstm": lambda **o: architect.LSTM(2, 3, 1, **o),
    "lstm with spans": lambda **o: architect.LSTM(2, 6, 1, span=(1, 100), **o),
    "lstm of the other style": lambda **o: architect.LSTM(
        *(2, 3, 4, 1),
        style="synaptic",
        hidden_to_hidden=True,
        cells_per_block=2,
        output_to_gates=True,
        **o,
    ),
    "gru": lambda **o: architect.GRU(2, 3, 1, **o),
    "narx": lambda **o: architect.NARX(1, 3, 1, input_delay=3, output_delay=2, **o),
    "liquid": lambda **o: architect.Liquid(
        *(1, 20, 1),
        connections=60,
        gates=5,
        spectral_radius=0.9,
        train_pool=True,
        **o,
    ),
    "random": lambda **o: architect.Random(
        3, 10, 2, density=0.5, gates=4, backward=5, self_connections=3, **o
    ),
    "residual": lambda **o: architect.Residual(2, 4, 4, 1, **o),
    "spiking": lambda **o: architect.Spiking(
        2, 8, 1, adaptive=2, density=0.5, excitatory=6, **o
    ),
    "cfc": lambda **o: architect.CfC(1, 4, 1, backbone=4, **o),
    "ctrnn": lambda **o: architect.CTRNN(1, 3, 1, **o),
    "convolutional": lambda **o: architect.Convolutional(
        (6, 6), 2, filters=(2, 3), **o
    ),
    "wide": lambda **o: architect.Perceptron(
        2, 3, 1, initializer=initializers.uniform(2.0), dtype="float32", **o
    ),
}


def parameters(net):
    return np.concatenate([net.weights, net.biases])


def disturbed(net):
    """The network after some change of everything that is trainable."""
    for link in net.connections:
        if link.trainable:
            link.weight *= 0.5
    for neuron in net.neurons[len(net.input) :]:
        if neuron.trainable_bias:
            neuron.bias = 0.25
    return net


def from_file(suffix, tmp_path):
    def read(net):
        synapse.save(net, tmp_path / f"net.{suffix}")
        return synapse.load(tmp_path / f"net.{suffix}")

    return read


@pytest.mark.full
@every_case("name", NETWORKS)
def test_every_architecture_gets_the_values_of_its_seed(name, tmp_path):
    first = parameters(NETWORKS[name](seed=0))
    ways = {
        "itself": lambda net: net,
        "clone": lambda net: net.clone(),
        "pickle": lambda net: pickle.loads(pickle.dumps(net)),
        "json": from_file("json", tmp_path),
        "npz": from_file("npz", tmp_path),
    }
    for way, copied in ways.items():
        net = disturbed(copied(NETWORKS[name](seed=0)))
        assert not np.array_equal(parameters(net), first)
        net.reset_parameters(seed=0)
        assert np.array_equal(parameters(net), first), way


@every_case("name", NETWORKS)
def test_another_seed_has_the_law_of_the_architecture(name):
    """Whatever connections the seed has chosen."""
    ranges = [
        np.array([[values.min(), values.max()] for values in _by_kind(net)])
        for net in (NETWORKS[name](seed=0), NETWORKS[name](seed=1))
    ]
    net = NETWORKS[name](seed=1)
    net.reset_parameters(seed=0)
    ours = np.array([[values.min(), values.max()] for values in _by_kind(net)])
    widest = 2.5 * np.abs(ranges).max(axis=(0, 2)) + 1e-9
    assert (np.abs(ours).max(axis=1) <= widest).all()
    net.reset_parameters(seed=1)
    assert np.array_equal(parameters(net), parameters(NETWORKS[name](seed=1)))


def _by_kind(net):
    """The trainable weights by sign, and the biases."""
    signs = np.array([link.sign or 0 for link in net.connections])
    trainable = np.array([link.trainable for link in net.connections])
    for sign in (-1, 0, 1):
        chosen = net.weights[trainable & (signs == sign)]
        yield chosen if chosen.size else np.zeros(1)
    yield net.biases


def test_forget_gates_remember_again():
    net = architect.LSTM(2, 3, 1, seed=0)
    net.reset_parameters(seed=7)
    assert net["forget gates"].biases.tolist() == [3.0, 3.0, 3.0]


def test_an_initializer_on_request():
    net = architect.LSTM(2, 3, 1, seed=0)
    net.reset_parameters(seed=0, initializer=initializers.constant(0.25))
    assert {link.weight for link in net.connections if link.trainable} == {0.25}
    assert net["forget gates"].biases.tolist() == [0.25] * 3


# --- edits ----------------------------------------------------------------------------


# --- networks of one's own ------------------------------------------------------------


def test_the_same_seed_draws_the_same():
    def own():
        x, h, y = Layer(2), Layer(3), Layer(1)
        x.project(h, seed=5), h.project(y, seed=5)
        return Network(x, h, y)

    nets = own(), own()
    for net, seed in zip(nets, (1, 2), strict=True):
        net.reset_parameters(seed=seed)
    assert not np.array_equal(*map(parameters, nets))
    for net in nets:
        net.reset_parameters(seed=0)
    assert np.array_equal(*map(parameters, nets))


# --- classes of users -----------------------------------------------------------------


def test_registered_classes_with_a_seed_are_made_anew():
    @architect.register
    class ResetPair(Network):
        def __init__(self, size, scale=1.0, *, seed=None):
            rng = np.random.default_rng(seed)
            x, y = Layer(size), Layer(size, bias=rng.normal(size=size))
            x.project(y, weights=scale * rng.normal(size=(size, size)))
            super().__init__(x, y)

    first = parameters(ResetPair(3, 2.0, seed=0))
    net = disturbed(ResetPair(3, scale=2.0, seed=np.random.default_rng(0)).clone())
    net.reset_parameters(seed=np.random.default_rng(0))
    assert np.array_equal(parameters(net), first)

    class Derived(ResetPair):
        def __init__(self, name):
            super().__init__(2, seed=1)

    derived = Derived("a")
    derived.reset_parameters(seed=0)  # by the rule for own networks
    assert np.abs(derived.weights).max() <= np.sqrt(6 / 4)


READERS = {
    "networkx": lambda net: synapse.from_networkx(net.graph),
    "synaptic": lambda net: readwrite.from_synaptic_data(readwrite.synaptic_data(net)),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_network_that_is_read_begins_with_the_biases_there(reader):
    net = architect.Perceptron(2, 3, 1, seed=0)
    net.biases = [0.0, 0.0, 0.5, -0.25, 1.0, 2.0]
    read = READERS[reader](net)
    read.biases = np.zeros(6)
    read.reset_parameters(seed=3)
    assert read.biases.tolist() == net.biases.tolist()
