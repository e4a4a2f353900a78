"""Architectures come back as what they are, from copies and from the files that keep it."""

import json

import numpy as np
import pytest

import architect
from synapse import Network, Neuron, errors, save
from synapse.learning import fit_readout
from synapse.readwrite import from_json_data, from_npz_data, json_data, npz_data

from .nets import every_way, feed, run_python, same, through_text

SIZES = {"squash": "tanh", "seed": 0}
SYNAPTIC = {"style": "synaptic", **SIZES}
NETWORKS = {
    "Convolutional": lambda: architect.Convolutional(
        9, 2, filters=(2, 3), kernel=(3, 2), channels=2, **SIZES
    ),
    "Convolutional of images": lambda: architect.Convolutional(
        (5, 6), 2, filters=(3,), kernel=[(2, 3)], stride=2, padding="same", hidden=(4,), **SIZES
    ),
    "Elman": lambda: architect.Elman(2, 4, 3, 1, **SIZES),
    "GRU": lambda: architect.GRU(2, 3, 1, **SIZES),
    "GRU of two": lambda: architect.GRU(2, 3, 4, 1, dtype="float32", **SIZES),
    "Hopfield": lambda: architect.Hopfield(6),
    "Jordan": lambda: architect.Jordan(2, 4, 1, context_decay=0.5, **SIZES),
    "Kohonen": lambda: architect.Kohonen(2, (2, 3), seed=0),
    "LSTM": lambda: architect.LSTM(2, 3, 1, **SYNAPTIC),
    "LSTM of two": lambda: architect.LSTM(2, 3, 4, 1, cells_per_block=2, **SYNAPTIC),
    "LSTM that never forgets": lambda: architect.LSTM(2, 3, 4, 1, forget_gates=False, **SYNAPTIC),
    "LSTM of textbooks": lambda: architect.LSTM(2, 3, 1, style="standard", **SIZES),
    "LSTM of textbooks, two": lambda: architect.LSTM(2, 3, 4, 1, style="standard", **SIZES),
    "Liquid": lambda: architect.Liquid(2, 20, 1, gates=5, spectral_radius=0.9, seed=0),
    "NARX": lambda: architect.NARX(2, [4, 3], 1, **SIZES),
    "Perceptron": lambda: architect.Perceptron(2, 4, 1, **SIZES),
    "Random": lambda: architect.Random(2, 6, 1, gates=2, backward=2, **SIZES),
    "Residual": lambda: architect.Residual(2, 4, 4, 4, 1, **SIZES),
}


every_network = pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)


def test_every_architecture_is_tried():
    known = {name for name in dir(architect) if isinstance(getattr(architect, name), type)}
    kinds = {name for name in known if issubclass(getattr(architect, name), Network)}
    assert {type(make()).__name__ for make in NETWORKS.values()} == kinds


@every_way
@every_network
def test_a_twin_is_of_the_same_class(make, twin_of):
    net = make()
    if net.output.trainable:
        feed(net, 3)
    twin = twin_of(net)
    assert (type(twin), repr(twin), twin.name) == (type(net), repr(net), net.name)
    assert [layer.name for layer in twin.layers] == [layer.name for layer in net.layers]
    before = net.weights, net.biases
    expected = feed(net.clone(), 4, learn=False)
    assert feed(twin, 4, learn=False).tobytes() == expected.tobytes()
    twin.weights, twin.biases = twin.weights + 1, twin.biases + 1
    assert (net.weights == before[0]).all()
    assert (net.biases == before[1]).all()


@every_network
def test_a_twin_of_a_twin_is_the_same(make):
    assert same(make(), make().clone().clone())


@every_way
@pytest.mark.parametrize("name", [name for name in NETWORKS if name.startswith(("LSTM", "GRU"))])
def test_blocks_are_of_layers_of_the_twin(name, twin_of):
    net = NETWORKS[name]()
    twin = twin_of(net)
    part = "units" if name.startswith("GRU") else "blocks"
    ours, theirs = getattr(net, part), getattr(twin, part)
    assert [type(block) for block in theirs] == [type(block) for block in ours]
    places = {layer: i for i, layer in enumerate(net.layers)}
    for here, there in zip(ours, theirs, strict=True):
        for layer, other in zip(here, there, strict=True):
            assert other is (None if layer is None else twin.layers[places[layer]])


@every_way
@pytest.mark.parametrize("name", [name for name in NETWORKS if name.startswith("Convolutional")])
def test_a_twin_of_a_convolution_has_its_kernels(name, twin_of):
    net = NETWORKS[name]()
    twin = twin_of(net)
    assert twin.shapes == net.shapes
    assert all((ours == theirs).all() for ours, theirs in zip(net.kernels, twin.kernels, strict=True))
    twin.kernels = [kernel + 1 for kernel in net.kernels]
    assert twin["convolution" if len(net.kernels) == 1 else "convolution 2"][0].tied
    assert (twin.weights != net.weights).any()


@every_way
def test_a_twin_of_a_memory_learns_and_recalls(twin_of):
    net = architect.Hopfield(8)
    first, second = [1, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]
    net.learn(first)
    twin = twin_of(net)
    assert (twin.couplings == net.couplings).all()
    twin.learn(second)
    assert (twin.recall([-1, *second[1:]], seed=0) == second).all()
    outer = np.outer(first, first) * (1 - np.eye(8))
    assert (net.couplings == outer).all()
    assert (twin.couplings == outer + np.outer(second, second) * (1 - np.eye(8))).all()


@every_way
def test_a_twin_of_a_map_is_trained(twin_of):
    net = architect.Kohonen(1, (1, 5), seed=0)
    samples = np.linspace(0.0, 1.0, 51)[:, None]
    twin, before = twin_of(net), net.codebook
    assert twin.grid == (1, 5)
    assert twin.train(samples, epochs=9, seed=1) == net.clone().train(samples, epochs=9, seed=1)
    assert twin.quantization_error(samples) < 0.1
    assert sorted([twin.winner([0.0]), twin.winner([1.0])]) == [(0, 0), (0, 4)]
    assert (net.codebook == before).all()


@every_way
def test_a_twin_of_a_reservoir_is_read_out(twin_of):
    net = architect.Liquid(1, 50, 1, connections=200, gates=20, spectral_radius=0.9, seed=0)
    wave = np.sin(0.3 * np.arange(300.0))[:, None]
    twin, before = twin_of(net), net.weights
    assert fit_readout(twin, wave[:-1], wave[1:], washout=50).error < 1e-6
    assert (net.weights == before).all()


# --- networks that have been edited ----------------------------------------------------------------


def test_what_does_not_touch_the_parts_keeps_the_class():
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    net.add(Neuron())
    net["cells"].append(Neuron())
    net[0].disconnect(net["cells"][0])
    twin = through_text(net)
    assert (type(twin), repr(twin)) == (architect.LSTM, repr(net))
    assert twin.blocks[0].cells is twin["cells"]
    assert len(twin.blocks[0].cells) == 4


def test_a_network_that_was_joined_to_another_is_found_in_their_store():
    one, other = architect.Hopfield(3), architect.Kohonen(2, (1, 3), seed=0)
    link = one[0].project(other[0])
    link.source.disconnect(link.target)
    one.learn([1, -1, 1])
    assert (one.clone().couplings == one.couplings).all()
    assert (other.clone().codebook == other.codebook).all()


def cut(net):
    net.output[0].disconnect(net.output[1])


def cut_and_mend(net):
    cut(net)
    net.output[0].project(net.output[1])


def grow(net):
    net.output.append(Neuron("identity"))


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("LSTM", lambda net: [net.remove(neuron) for neuron in list(net["cells"])]),
        ("GRU", lambda net: setattr(net["update gates"], "name", "z")),
        *(("Hopfield", edit) for edit in (cut, cut_and_mend, grow)),
        ("Kohonen", grow),
    ],
)
def test_without_its_parts_an_architecture_comes_back_as_a_network(name, edit):
    net = NETWORKS[name]()
    edit(net)
    twin = through_text(net)
    assert (type(twin), twin.name) == (Network, name)
    assert feed(twin, 3, learn=False).tobytes() == feed(net, 3, learn=False).tobytes()


class Own(Network):
    """A class of a user's own, which knows more than its layers."""

    def __init__(self, size):
        net = architect.Perceptron(2, size, 1, seed=0)
        layers = net.layers
        del net
        super().__init__(layers[0], layers[1:-1], layers[-1])
        self.size = size


class LSTM(Own):
    """With a name that is taken."""


@pytest.mark.parametrize("kind", [Own, LSTM])
def test_classes_of_ones_own_come_back_as_networks(kind):
    net = kind(3)
    assert "architecture" not in json_data(net)
    twin = net.clone()
    assert (type(twin), twin.name) == (Network, kind.__name__)
    assert same(net, twin)


# --- what stands in files --------------------------------------------------------------------------


def test_files_tell_the_class_and_what_layers_do_not_tell():
    assert json_data(NETWORKS["LSTM"]())["architecture"] == {"name": "LSTM"}
    assert json_data(NETWORKS["Kohonen"]())["architecture"] == {"name": "Kohonen", "grid": [2, 3]}
    told = json.loads(npz_data(NETWORKS["Kohonen"]())["document"].item())
    assert told["architecture"] == {"name": "Kohonen", "grid": [2, 3]}


@pytest.mark.parametrize(
    "architecture", [{"name": "Transformer"}, {"name": "construct"}, {"name": "os"}, None]
)
def test_an_unknown_class_gives_a_network(architecture):
    net = NETWORKS["LSTM"]()
    data = json_data(net)
    data["architecture"] = architecture
    assert type(from_json_data(data)) is Network
    del data["architecture"]  # as earlier versions wrote it
    assert type(from_json_data(data)) is Network


@pytest.mark.parametrize("name", ["LSTM", "GRU", "Hopfield", "Kohonen"])
def test_a_class_that_the_layers_do_not_fit_gives_a_network(name):
    data = json_data(NETWORKS["Elman"]())
    data["architecture"] = {"name": name, "grid": [1, 1]}
    assert type(from_json_data(data)) is Network


@pytest.mark.parametrize(
    "grid", [[3, 2, 1], [6], 6, None, "23", [2.0, 3], ["a", "b"], {"a": 1, "b": 2}, [3, 3]]
)
def test_a_grid_that_cannot_be_gives_a_network(grid):
    data = json_data(NETWORKS["Kohonen"]())
    data["architecture"]["grid"] = grid
    assert type(from_json_data(data)) is Network
    del data["architecture"]["grid"]
    assert type(from_json_data(data)) is Network


@pytest.mark.parametrize(
    "setting",
    [
        {"inputs": 8},
        {"inputs": [10**12, 10**12]},
        {"inputs": None},
        {"channels": "2"},
        {"filters": [10**12, 3]},
        {"filters": {}},
        {"kernel": [[9], [7]], "padding": "same"},
        {"kernel": [[3]]},
        {"stride": 0},
        {"padding": ["same"]},
    ],
)
def test_windows_that_cannot_be_give_a_network(setting):
    data = json_data(NETWORKS["Convolutional"]())
    assert type(from_json_data(data)) is architect.Convolutional
    data["architecture"].update(setting)
    assert type(from_json_data(data)) is Network


@pytest.mark.parametrize("architecture", ["LSTM", 1, ["LSTM"], {}, {"name": 1}, {"name": ["LSTM"]}])
def test_what_is_no_architecture_is_refused(architecture):
    net = NETWORKS["LSTM"]()
    with pytest.raises(errors.FormatError, match="architecture to be"):
        from_json_data({**json_data(net), "architecture": architecture})
    data = npz_data(net)
    document = {**json.loads(data["document"].item()), "architecture": architecture}
    with pytest.raises(errors.FormatError, match="architecture to be"):
        from_npz_data({**data, "document": np.array(json.dumps(document).encode())})


@pytest.mark.parametrize(
    "array",
    [np.array(3), np.array([b"LSTM"]), np.array("LSTM"), np.array(b"LSTM"), np.array(b'{"name": NaN}')],
)
def test_an_array_that_is_no_json_is_refused(array):
    with pytest.raises(errors.FormatError):
        from_npz_data({**npz_data(NETWORKS["LSTM"]()), "document": array})


def test_architect_is_imported_for_architectures_only(tmp_path):
    save(Own(3), tmp_path / "plain")
    save(NETWORKS["LSTM"](), tmp_path / "lstm")
    code = "import sys, synapse; print(synapse.load(sys.argv[1]), 'architect' in sys.modules)"
    assert run_python(code, tmp_path / "plain").stdout.split()[-1] == "False"
    result = run_python(code, tmp_path / "lstm").stdout
    assert result == f"{NETWORKS['LSTM']()} True\n"
