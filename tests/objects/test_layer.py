import pickle
from functools import partial

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, Neuron, squashes
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    SynapseError,
    TopologyError,
    UnknownNameError,
)
from tests.helpers.cases import all_refused
from tests.helpers.integrity import check_store
from tests.helpers.networks import unchanged


def test_it_holds_neurons_that_exist():
    a, b = Neuron(name="a"), Neuron("tanh")
    layer = Layer((neuron for neuron in (a, b)), name="pair")
    assert [(neuron, neuron.name) for neuron in layer] == [(a, "a"), (b, "pair 1")]
    assert layer.squash is None
    with pytest.raises(ArgumentError, match="twice"):
        Layer([a, a])
    sentence = "of a layer must be in an order, such as a list"
    all_refused(
        (partial(Layer, unordered), ArgumentTypeError, sentence)
        for unordered in ({a, Neuron()}, frozenset([a]))
    )


def test_its_squash_can_be_set():
    layer = Layer([Neuron(), *Layer(1, "tanh", bias=[0.5])])
    assert layer.biases.tolist() == [0.0, 0.5]
    layer.squash = "identity"
    assert layer.squash is squashes.identity
    layer.biases = [2.0, 3.0]
    assert layer.activate().tolist() == [2.0, 3.0]
    with unchanged(layer), pytest.raises(UnknownNameError):
        layer.squash = "sigmoidal"
    layer.squash = "winner"
    assert layer.activate().tolist() == [0.0, 1.0]
    with unchanged(layer), pytest.raises(TopologyError, match="competes with 1 neuron"):
        layer[0].squash = "tanh"
    net = architect.Perceptron(1, 2, 1, seed=0)
    with unchanged(net), pytest.raises(TopologyError, match="not an output"):
        Layer([net.output[0], net.hidden[0][0]]).squash = "softmax"


def test_its_states_and_activations_can_be_set():
    net = architect.Spiking(2, 4, 1, adaptive=0, seed=0)
    twin = net.clone()
    voltages = np.linspace(0.0, 0.9, 4)
    net["voltages"].states = voltages
    for neuron, voltage in zip(twin["voltages"], voltages, strict=True):
        neuron.state = voltage
    rows = np.full((5, 2), 0.4)
    assert net.run(rows).tolist() == twin.run(rows).tolist()
    across = Layer([net["spikes"][0], Neuron()])  # in two stores
    across.activations = [1.0, 0.25]
    assert across.activations.tolist() == [1.0, 0.25]
    with unchanged(net):
        all_refused(
            (partial(setattr, across, "states", wrong), SynapseError, None)
            for wrong in ([1.0], [1.0, np.nan], "high")
        )


def test_its_biases_learn_and_it_is_deterministic_where_all_its_neurons_are():
    layer = Layer(2, "noise")
    for name, default in (("trainable_bias", True), ("deterministic", False)):
        assert getattr(layer, name) is default
        for value in (not default, default):
            setattr(layer, name, value)
            assert [getattr(neuron, name) for neuron in layer] == [value, value]
        setattr(layer[1], name, not default)
        assert not getattr(layer, name)


def frozen_parts():
    """A network with everything that learning may not move; its fixed connections, and
    fixed neurons."""
    x, cells, copies, y = (
        Layer(2),
        Layer(3, "noise", name="cells"),
        Layer(3, "identity"),
        Layer(2, name="y"),
    )
    entering = x.project(cells, seed=0)
    within = cells.project(cells, "all_to_all", self_connections=True, seed=1)
    copied = cells.project(copies, "one_to_one", weights=1.0, trainable=False)
    carousel = copies.project(copies)
    leaving = copies.project(y, seed=2)
    synapse.tie([entering[0], entering[3], leaving[1]])
    synapse.tie(cells[:2])
    net = Network(x, [cells, copies], y)
    entering[0].trainable = cells[0].trainable_bias = False  # and what is tied to them
    within[0].trainable = False  # a self-connection
    y.freeze()
    links = {
        entering[0],
        entering[3],
        leaving[1],
        within[0],
        *copied,
        *carousel,
        *leaving,
    }
    return net, links, {*cells[:2], *y}


RESET_PARTS = {
    "network": lambda net: [net],
    "layers": lambda net: net.layers,
    "slices": lambda net: [layer[:2] for layer in net.layers],
    "neurons": list,
}


@pytest.mark.parametrize("way", RESET_PARTS)
def test_a_reset_draws_what_is_trainable_and_nothing_else(way):
    """Neurons, connections, self-connections, carousels, ties, what is frozen, and
    random streams."""
    net, links, neurons = frozen_parts()
    for x in ([1.0, 0.5], [0.3, -0.2]):
        net.activate(x)
    before = dict(zip(net.connections, net.weights, strict=True))
    biases = dict(zip(net, net.biases, strict=True))
    kept = learns(net), net._store["random"].tolist()
    for part in RESET_PARTS[way](net):
        part.reset_parameters(seed=5, initializer="normal")
    assert (learns(net), net._store["random"].tolist()) == kept
    assert all(neuron.bias == biases[neuron] for neuron in (*neurons, *net.input))
    moved = {link for link in net.connections if link.weight != before[link]}
    assert not moved & links
    assert len(moved) == len(net.connections) - len(links) or way == "slices"
    # a self-connection that learns is forgotten
    assert any(link.source is link.target for link in moved)
    assert not net.output.states.any()


def learns(net):
    return [link.trainable for link in net.connections], [
        neuron.trainable_bias for neuron in net
    ]


@pytest.mark.parametrize(
    "part",
    [
        lambda net: net,
        lambda net: net["input gates"],
        lambda net: net["input gates"][0],
        lambda net: net["input"].project(net["input gates"], delay=1, seed=0),
    ],
    ids=["network", "layer", "neuron", "projection"],
)
def test_what_is_not_trainable_keeps_its_weights_and_biases(part):
    """As in Keras and PyTorch: `trainable` is of all parameters of a part."""
    net = architect.LSTM(2, 3, 1, seed=0)
    whole = part(net)
    before = learns(net)
    owners = [whole] if isinstance(whole, Neuron) else list(whole)

    def values():
        links = [
            link for link in net.connections if link.target in owners or link in owners
        ]
        neurons = [owner for owner in owners if isinstance(owner, Neuron)]
        return [link.weight for link in links], [neuron.bias for neuron in neurons]

    for freeze, unfreeze in (
        (
            lambda: setattr(whole, "trainable", False),
            lambda: setattr(whole, "trainable", True),
        ),
        (whole.freeze, whole.unfreeze),
    ):
        freeze()
        assert not whole.trainable
        frozen = values()
        if whole is not net:
            synapse.Trainer(net).train(
                np.ones((5, 2)), np.zeros((5, 1)), epochs=2, progress=False
            )
        assert values() == frozen
        unfreeze()
        assert whole.trainable
        assert learns(net) == before
    with pytest.raises(synapse.SynapseError, match="trainable`? of a"):
        whole.trainable = None


def test_what_is_set_while_frozen_is_not_restored():
    net = architect.Perceptron(2, 2, 1, seed=0)
    layer = net["hidden"]
    links = net.connections
    layer.freeze()
    links[0].trainable = False
    links[1].trainable = True
    layer[0].trainable_bias = False
    layer[1].trainable_bias = True
    layer.unfreeze()
    assert learns(net) == ([False] + [True] * 5, [True, True, False, True, True])
    layer.freeze()
    layer.trainable_bias = False
    links[3].trainable = False
    layer.unfreeze()
    assert learns(net) == (
        [False, True, True, False, True, True],
        [True, True, False, False, True],
    )


def test_what_is_tied_is_frozen_and_restored_together():
    net = architect.Perceptron(2, 2, 2, seed=0)
    links = net.connections
    synapse.tie([links[0], links[5]])
    synapse.tie([net["hidden"][0], net.output[1]])
    net["hidden"].freeze()
    assert learns(net) == (
        [False] * 4 + [True, False, True, True],
        [True, True, False, False, True, False],
    )
    net.output.unfreeze()  # it has members of both
    assert learns(net) == (
        [True] + [False] * 3 + [True] * 4,
        [True, True, True, False, True, True],
    )
    net["hidden"].unfreeze()
    assert all(map(all, learns(net)))

    links[3].trainable = False
    net["hidden"].freeze()
    # both do not learn now, and both did, as the first of them
    synapse.tie([links[2], links[3]])
    net["hidden"].unfreeze()
    assert all(map(all, learns(net)))
    check_store(net._store)


def test_what_is_made_later_is_not_frozen():
    b = Layer(3)
    Layer(2).project(b)
    b.freeze()
    late = Layer(2).project(b)
    b.append(Neuron())
    assert late.trainable
    assert [neuron.trainable_bias for neuron in b] == [False] * 3 + [True]


def test_a_copy_is_frozen_too_and_can_be_unfrozen():
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    before = learns(net)
    net["cells"].freeze()
    for twin in (net.clone(), pickle.loads(pickle.dumps(net))):
        assert learns(twin) == learns(net) != before
        twin["cells"].unfreeze()
        assert learns(twin) == before


def test_the_outputs_of_a_network_propagate_as_a_layer():
    """A mean is over all outputs, whichever verb is used."""
    for measure in ("mean_squared_error", None):
        net, other = (architect.Perceptron(2, 3, 4, seed=1) for _ in range(2))
        for owner, output in ((net, net), (other, other.output)):
            owner.activate([0.5, -1.0])
            output.propagate(0.5, [0.1, 0.9, 0.4, 0.0], measure)
        other.hidden[0].propagate(0.5)
        assert other.weights == pytest.approx(net.weights, rel=1e-12), measure


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_a_layer_that_has_lost_all_neurons_is_refused():
    net = architect.Perceptron(2, 1, 1, seed=0)
    layer = net["hidden"]
    net.remove(layer[0])
    outputs = net.run(np.eye(2))
    all_refused(
        (use, TopologyError, "has no neurons left")
        for use in (
            lambda: layer.append(Neuron(bias=5.0)),
            lambda: layer.project(net.output),
            lambda: layer.activations,
            layer.activate,
            lambda: layer.squash,
            lambda: setattr(layer, "biases", []),
            lambda: Network(Layer(1), [layer], Layer(1)),
            lambda: net.add(layer),
        )
    )
    assert repr(layer) == "<Layer hidden, 0 neurons>"
    assert [each.name for each in net.layers] == ["input", "output"]
    assert np.array_equal(net.run(np.eye(2)), outputs)


def test_no_two_hidden_layers_get_one_name():
    net = architect.Perceptron(2, 2, 2, 2, 1, seed=0)
    for neuron in list(net["hidden 1"]):
        net.remove(neuron)
    for last in (3, 4, 5):
        assert [layer.name for layer in net.hidden] == [
            f"hidden {number}" for number in range(2, last + 1)
        ]
        net.add(Layer(1))
