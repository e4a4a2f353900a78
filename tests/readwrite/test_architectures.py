"""Architectures come back as what they are, from copies and from the files that keep
it."""

from functools import partial

import numpy as np
import pytest

import architect
from synapse import Network, Neuron, errors
from synapse.readwrite import from_json_data, from_npz_data, json_data, npz_data
from tests.helpers.cases import all_refused, every_case

from .nets import every_way, feed, through_text

SIZES = {"squash": "tanh", "seed": 0}
SYNAPTIC = {"style": "synaptic", **SIZES}
NETWORKS = {
    "CTRNN": lambda: architect.CTRNN(2, 3, 1, **SIZES),
    "CfC": lambda: architect.CfC(2, 3, 1, mixed_memory=True, backbone=4, seed=0),
    "Convolutional": lambda: architect.Convolutional(
        9, 2, filters=(2, 3), kernel=(3, 2), channels=2, **SIZES
    ),
    "Convolutional of images": lambda: architect.Convolutional(
        (5, 6),
        2,
        filters=(3,),
        kernel=[(2, 3)],
        stride=2,
        padding="same",
        hidden=(4,),
        **SIZES,
    ),
    "Elman": lambda: architect.Elman(2, 4, 3, 1, **SIZES),
    "GRU": lambda: architect.GRU(2, 3, 1, **SIZES),
    "Hopfield": lambda: architect.Hopfield(6),
    "Jordan": lambda: architect.Jordan(2, 4, 1, context_decay=0.5, **SIZES),
    "LSTM": lambda: architect.LSTM(2, 3, 1, **SYNAPTIC),
    "LSTM of textbooks, two": lambda: architect.LSTM(
        2, 3, 4, 1, style="standard", **SIZES
    ),
    "Spiking": lambda: architect.Spiking(2, 5, 1, density=0.7, seed=0),
    "Liquid": lambda: architect.Liquid(2, 20, 1, gates=5, spectral_radius=0.9, seed=0),
    "NARX": lambda: architect.NARX(2, [4, 3], 1, **SIZES),
    "Perceptron": lambda: architect.Perceptron(2, 4, 1, **SIZES),
    "Random": lambda: architect.Random(2, 6, 1, gates=2, backward=2, **SIZES),
    "Residual": lambda: architect.Residual(2, 4, 4, 4, 1, **SIZES),
}


def test_every_architecture_is_tried():
    exported = [getattr(architect, name) for name in architect.__all__]
    types = {each for each in exported if isinstance(each, type)}
    kinds = {each for each in types if issubclass(each, Network)}
    assert {type(make()) for make in NETWORKS.values()} == kinds


def parts_of(net):
    """What an architecture has besides its layers, with the numbers of layers."""
    place = {layer: i for i, layer in enumerate(net.layers)}
    blocks = [
        (type(block), *map(place.get, block))
        for block in (*getattr(net, "blocks", ()), *getattr(net, "units", ()))
    ]
    kernels = [kernel.tolist() for kernel in getattr(net, "kernels", ())]
    return blocks, kernels, *(getattr(net, name, None) for name in ("shapes",))


@pytest.mark.full
@every_way
@every_case("name", NETWORKS)
def test_a_twin_is_of_the_same_class(twin_of, name):
    net = NETWORKS[name]()
    if net.output.trainable_bias:
        feed(net, 3)
    twin = twin_of(net)
    assert (type(twin), repr(twin), twin.name) == (type(net), repr(net), net.name)
    assert [layer.name for layer in twin.layers] == [layer.name for layer in net.layers]
    assert parts_of(twin) == parts_of(net)
    before = net.weights, net.biases
    expected = feed(net.clone(), 4, learn=False)
    assert feed(twin, 4, learn=False).tobytes() == expected.tobytes()
    twin.weights, twin.biases = twin.weights + 1, twin.biases + 1
    assert (net.weights == before[0]).all()
    assert (net.biases == before[1]).all()


def cut(net):
    net.output[0].disconnect(net.output[1])


def cut_and_mend(net):
    cut(net)
    net.output[0].project(net.output[1])


EDITS = (
    ("LSTM", lambda net: [net.remove(neuron) for neuron in list(net["cells"])]),
    ("GRU", lambda net: setattr(net["update gates"], "name", "z")),
    ("Hopfield", cut),
    ("Hopfield", cut_and_mend),
    ("Hopfield", lambda net: net.output.append(Neuron("identity"))),
)


@every_case("name, edit", EDITS)
def test_without_its_parts_an_architecture_comes_back_as_a_network(name, edit):
    net = NETWORKS[name]()
    edit(net)
    twin = through_text(net)
    assert (type(twin), twin.name) == (Network, name)
    assert repr(twin).startswith(f"<Network {name!r} ")
    ours, theirs = (feed(each, 3, learn=False).tobytes() for each in (net, twin))
    assert theirs == ours


UNKNOWN = ({"name": "construct"}, {"name": "os"}, None)
IMPOSSIBLE = (
    *(
        ("Elman", {"name": name, "grid": [1, 1]})
        for name in ("LSTM", "GRU", "Hopfield")
    ),
    ("Convolutional", {"inputs": [10**12, 10**12]}),
    ("Convolutional", {"inputs": None}),
    ("Convolutional", {"filters": {}}),
    ("Convolutional", {"kernel": [[3]]}),
    ("Convolutional", {"stride": 0}),
)


def test_an_unknown_class_gives_a_network_and_one_that_layers_do_not_fit_is_refused():
    for architecture in UNKNOWN:
        twin = from_json_data(
            {**json_data(NETWORKS["LSTM"]()), "architecture": architecture}
        )
        assert (type(twin), repr(twin)[:16]) == (Network, "<Network 'LSTM' ")
    conv = json_data(NETWORKS["Convolutional"]())
    assert type(from_json_data(conv)) is architect.Convolutional
    for name, changes in IMPOSSIBLE:
        data = json_data(NETWORKS[name]())
        wrong = {**data["architecture"], **changes}
        with pytest.raises(
            errors.FormatError, match=rf"The class {wrong['name']} cannot find its pa"
        ):
            from_json_data({**data, "architecture": wrong})
        assert type(from_json_data({**data, "architecture": None})) is Network


def test_what_is_no_architecture_is_refused():
    net = NETWORKS["LSTM"]()
    data, arrays = json_data(net), npz_data(net)
    words = "architecture of the network must be"
    calls = [
        (partial(from_json_data, {**data, "architecture": architecture}), words)
        for architecture in ("LSTM", ["LSTM"], {}, {"name": ["LSTM"]})
    ]
    calls += [
        (partial(from_npz_data, {**arrays, "document": np.array(text)}), "")
        for text in (3, [b"LSTM"], "LSTM", b"LSTM", b'{"name": NaN}')
    ]
    all_refused([(call, errors.FormatError, words) for call, words in calls])
