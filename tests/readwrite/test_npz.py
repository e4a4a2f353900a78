"""Files of arrays: whole to the last bit, small, read for ever, and refused if anything in them is wrong."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

import architect
import synapse
from synapse import Layer, Network, errors, gate, load, save
from synapse.readwrite import from_npz_data, npz_data, read_npz, write_json, write_npz

from ..strategies import Twin, specs
from .formats import NETWORKS, used
from .nets import feed, memory, same

GOLDEN = Path(__file__).parent / "golden"


def through_bytes(net):
    """What comes back from a file."""
    stream = io.BytesIO()
    write_npz(net, stream)
    stream.seek(0)
    return load(stream)


# --- everything is kept ------------------------------------------------------------------------


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_comes_back_to_the_last_bit(name):
    net = used(name)
    twin = through_bytes(net)
    assert same(net, twin)
    learn = name != "softmax"  # which has a cost of its own
    assert feed(net, 5, 1, learn).tobytes() == feed(twin, 5, 1, learn).tobytes()
    assert same(net, twin)


@given(specs(), st.integers(0, 4), st.booleans())
def test_training_of_any_graph_goes_on_bit_for_bit(spec, steps, between):
    net = Twin(spec).net
    feed(net, steps)
    if between:
        feed(net, 1, learn=False)
    try:
        twin = through_bytes(net)
    except errors.DivergenceError:
        assume(False)
    assert same(net, twin)
    with np.errstate(all="ignore"):
        assert feed(net, 3, seed=1).tobytes() == feed(twin, 3, seed=1).tobytes()


@pytest.mark.parametrize("make", [NETWORKS["perceptron"], NETWORKS["elman"], NETWORKS["lstm"], memory])
def test_a_new_network_is_saved_as_one_that_was_lowered(make):
    new, lowered = make(), make()
    lowered._store.ready()
    assert {name: array.tobytes() for name, array in npz_data(new).items()} == {
        name: array.tobytes() for name, array in npz_data(lowered).items()
    }
    assert same(through_bytes(make()), lowered)


def test_a_loaded_network_can_be_edited_before_its_first_step():
    net = memory()
    feed(net, 5)
    twin = through_bytes(net)
    for one in (net, twin):
        one.input[0].project(one.output[1], weight=0.5)
        one["hidden 4"].project(Layer(2), seed=0)
        one.connections[3].source.disconnect(one.connections[3].target)
    answers = [feed(one, 4, seed=2).tobytes() for one in (net, twin)]
    assert answers[0] == answers[1]


def test_saving_a_loaded_network_gives_the_same_file():
    stream, again = io.BytesIO(), io.BytesIO()
    net = memory()
    feed(net, 5)
    write_npz(net, stream)
    write_npz(through_bytes(net), again)
    assert stream.getvalue() == again.getvalue()


def test_any_name_is_kept():
    net = architect.Perceptron(2, 3, 1, seed=0)
    net[0].name, net["hidden"].name = "ends with \0", "half of one \ud800"
    net[1].name = ""
    net.activate([0.0, 0.0])
    twin = through_bytes(net)
    twin.activate([0.0, 0.0])
    assert [neuron.name for neuron in twin] == [neuron.name for neuron in net]
    assert [layer.name for layer in twin.layers] == [layer.name for layer in net.layers]


def test_the_arrays_that_are_given_stay_the_users():
    data = npz_data(architect.Perceptron(2, 3, 1, seed=0))
    weights = data["connection_weight"].copy()
    net = from_npz_data(data)
    net.weights = np.zeros(len(weights))
    assert (data["connection_weight"] == weights).all()
    assert set(data) == {*npz_data(net)}  # nothing was taken out of the dict


# --- what is in the file -----------------------------------------------------------------------


def test_numpy_reads_it(tmp_path):
    net = architect.Perceptron(3, 4, 2, seed=0)
    save(net, tmp_path / "net.synapse")
    with np.load(tmp_path / "net.synapse") as arrays:
        document = json.loads(arrays["document"].item())
        source = np.concatenate(
            [
                np.arange(first, first + length)
                for first, length in zip(arrays["run_source"], arrays["run_length"], strict=True)
            ]
        )
        target = np.repeat(arrays["run_target"], arrays["run_length"])
        assert (arrays["connection_weight"] == net.weights).all()
    assert (document["format"], document["version"], document["dtype"]) == ("synapse", 2, "float64")
    assert document["layers"] == {"name": ["input", "hidden", "output"], "size": [3, 4, 2]}
    number = {neuron: i for i, neuron in enumerate(net)}
    ends = [(number[link.source], number[link.target]) for link in net.connections]
    assert list(zip(source.tolist(), target.tolist(), strict=True)) == ends


def test_a_large_file_is_hardly_larger_than_its_weights(tmp_path):
    net = architect.Perceptron(300, 300, 10, seed=0)
    save(net, tmp_path / "net.npz")
    assert (tmp_path / "net.npz").stat().st_size < 1.1 * net.weights.nbytes


def test_runs_stand_for_ends_only_where_that_is_shorter():
    one_to_one = Network(a := Layer(9), [], b := Layer(9))
    a.project(b, synapse.ONE_TO_ONE, weights=1.0)
    assert {"connection_source", "connection_target"} <= set(npz_data(one_to_one))
    assert same(through_bytes(one_to_one), one_to_one)
    data = npz_data(architect.Perceptron(9, 9, 1, seed=0))
    assert {name: len(data[f"run_{name}"]) for name in ("source", "target", "length")} == dict.fromkeys(
        ("source", "target", "length"), 10
    )


def test_arrays_have_the_float_of_the_network_and_indices_of_32_bits():
    data = npz_data(memory(dtype="float32"))
    assert data["connection_weight"].dtype == np.float32
    assert {data[name].dtype.str for name in data if name.endswith(("source", "gater"))} <= {"<u4", "<i4"}


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_a_network_without_connections():
    net = Network(Layer(2), [], Layer(1, bias=0.5))
    assert same(through_bytes(net), net)


def test_the_content_tells_the_format(tmp_path):
    """Whatever the suffix: earlier releases wrote JSON into files that end with .synapse."""
    net = memory()
    for write in (write_json, write_npz):
        for name in ("net.synapse", "net.json", "net", "net.model"):
            write(net, tmp_path / name)
            assert same(load(tmp_path / name), net)
    write_json(net, tmp_path / "net.npz")
    with pytest.raises(errors.FormatError, match="not of arrays"):
        load(tmp_path / "net.npz")
    save(net, tmp_path / "net.synapse")
    assert zipfile.is_zipfile(tmp_path / "net.synapse")


# --- read for ever -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["version1.npz", "version2.npz"])
def test_files_of_every_version_are_read_for_ever(name):
    """The golden files were written by the releases of their time; they must not be written anew."""
    net = load(GOLDEN / name)
    expected = json.loads((GOLDEN / "npz.json").read_text())
    assert np.abs(net.run(expected["inputs"]) - expected["outputs"]).max() < 1e-12
    assert net.name == "golden"
    assert [layer.name for layer in net.layers] == expected["layers"]
    assert len(net.connections[0].tied) == 1
    assert not net.connections[3].trainable


# --- what is refused ---------------------------------------------------------------------------


def content():
    net = used("gated")
    feed(net, 2)
    data = npz_data(net)
    return data, json.loads(data["document"].item())


def put(name, place, value):
    def change(data, document):
        data[name] = data[name].astype(np.result_type(data[name].dtype, np.asarray(value).dtype))
        data[name][place] = value

    return change


def become(name, make):
    def change(data, document):
        data[name] = make(data[name])

    return change


def say(**values):
    return lambda data, document: document.update(values)


BAD = {
    "no document": (
        lambda data, document: data.pop("document"),
        "must include 'neuron_id', which is missing",
    ),
    "newer": (say(version=5), "newer version of Synapse, in version 5.*reads up to 4"),
    "foreign": (say(format="other"), "not a network that Synapse has saved.*got 'other'"),
    "dtype": (say(dtype="object"), "the dtype to be float32 or float64, got 'object'"),
    "clock": (say(clock=-1), "the clock to be a whole number"),
    "no table": (say(neurons=3), "the table 'neurons' to be an object, got 3"),
    "more": (say(more={}), "got 'more' too"),
    "missing": (
        lambda data, document: data.pop("neuron_state"),
        "arrays to be those that the document names",
    ),
    "lied about": (say(arrays=None), "arrays to be those that the document names"),
    "short": (become("neuron_state", lambda array: array[:-1]), "to be of one length, got 28 .* and 27"),
    "matrix": (become("neuron_state", lambda array: array[None]), "column 'state' of 'neurons' to be a list"),
    "scalar": (become("connection_weight", lambda array: array[0]), "column 'weight' of 'connections' to be"),
    "text": (become("neuron_state", lambda array: array.astype(str)), "state of every neuron to be a finite"),
    "complex": (
        become("neuron_state", lambda array: array + 0j),
        "finite number, got an array of complex128",
    ),
    "float index": (become("connection_gater", lambda array: array * 1.0), "got an array of float64"),
    "whole flags": (
        become("connection_trainable", lambda array: array * 1),
        "true or false, got an array of",
    ),
    "infinite": (
        put("connection_weight", 5, np.inf),
        "weight of connection 5 to be a finite number, got inf",
    ),
    "NaN": (put("neuron_state", 2, np.nan), "state of neuron 2 to be a finite number, got nan"),
    "far": (put("run_source", 1, 99), "source of run 1 to be the number of a neuron, 0 to 27, got 99"),
    "negative": (put("run_target", 1, -1), "target of run 1 to be the number of a neuron, 0 to 27, got -1"),
    "gater": (put("connection_gater", 5, 28), "gater of connection 5 to be the number of a neuron"),
    "low gater": (put("connection_gater", 5, -2), "gater of connection 5 to be the number .* got -2"),
    "huge gater": (put("connection_gater", 5, 2**40), "gater of connection 5 to be the number"),
    "no length": (put("run_length", 0, 0), "length of run 0 to be a whole number from 1 to 28, got 0"),
    "long": (put("run_length", 0, 28), "lengths of the runs to add up to 156 connections, got 18"),
    "trace": (
        put("eligibility_connection", 0, 999),
        "connection of eligibility 0 to be the number of a conn",
    ),
    "stamp": (put("neuron_stamp", 2, 10**6), "stamp of neuron 2 to be a whole number from 0 to"),
}


@pytest.mark.parametrize(("change", "sentence"), BAD.values(), ids=BAD)
def test_one_clear_error_says_what_and_where(change, sentence):
    data, document = content()
    change(data, document)
    if "document" in data:
        data["document"] = np.array(json.dumps(document).encode())
    with pytest.raises(errors.FormatError, match=sentence):
        from_npz_data(data)


def dense(**runs):
    """Four inputs, two outputs, with other runs."""
    data = npz_data(architect.Perceptron(4, 2, seed=0))
    return {**data, **{f"run_{name}": np.array(values) for name, values in runs.items()}}


def test_runs_that_overlap_or_reach_too_far_are_refused():
    assert len(from_npz_data(dense(source=[0, 0], target=[5, 4], length=[4, 4])).connections) == 8
    sentence = "connections 3 and 4 both lead from neuron 3 to neuron 4"
    with pytest.raises(errors.FormatError, match=sentence):
        from_npz_data(dense(source=[0, 3, 0], target=[4, 4, 5], length=[4, 1, 3]))
    sentence = "connections 0 and 6 both lead from neuron 2 to neuron 5"
    with pytest.raises(errors.FormatError, match=sentence):
        from_npz_data(dense(source=[2, 0], target=[5, 5], length=[4, 4]))
    with pytest.raises(
        errors.FormatError, match="Expected run 1 to be of neurons up to 5, got 4 from neuron 3"
    ):
        from_npz_data(dense(source=[0, 3], target=[4, 5], length=[4, 4]))


def test_a_pair_of_neurons_twice():
    net = Network(a := Layer(9), [], b := Layer(9))
    a.project(b, synapse.ONE_TO_ONE, weights=1.0)
    data = npz_data(net)
    data["connection_source"][7] = 2
    data["connection_target"][7] = 11
    with pytest.raises(errors.FormatError, match="connections 2 and 7 both lead from neuron 2 to neuron 11"):
        from_npz_data(data)
    del data["connection_source"]
    with pytest.raises(errors.FormatError, match="arrays to be those"):
        from_npz_data(data)


def archive(*members, **options):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", **options) as made:
        for name, body in members:
            made.writestr(name, body)
    stream.seek(0)
    return stream


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_array_twice_and_a_bomb_are_refused():
    with pytest.raises(errors.FormatError, match="each array once, got one of them twice"):
        read_npz(archive(("document.npy", b"x"), ("document.npy", b"y")))
    bomb = archive(("document.npy", b"0" * 10**7), compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(errors.FormatError, match="must be uncompressed"):
        read_npz(bomb)


def test_a_wrong_sum_is_refused():
    net = architect.Perceptron(30, 30, 1, seed=0)
    stream = io.BytesIO()
    write_npz(net, stream)
    damaged = bytearray(stream.getvalue())
    place = damaged.index(net.weights[400:402].tobytes())
    damaged[place] ^= 1
    with pytest.raises(errors.FormatError, match="Bad CRC"):
        read_npz(io.BytesIO(bytes(damaged)))


def test_gates_are_seen_after_loading():
    inputs, outputs, gater = Layer(1), Layer(1), Layer(1)
    inputs.project(gater, weights=1.0)
    gater.gate(inputs.project(outputs, weights=1.0), gate.INPUT)
    twin = through_bytes(Network(inputs, [gater], outputs))
    assert twin.connections[1].gater is twin.hidden[0][0]
