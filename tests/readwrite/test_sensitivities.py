"""The learning rule and the sensitivities are saved and copied with a network, to the last bit."""

import copy
import io
import json
import pickle
from functools import partial

import numpy as np
import pytest
from hypothesis import given, strategies as st

import architect
import synapse
from synapse import Trainer, errors, load, readwrite, save
from synapse.readwrite import from_json_data, from_npz_data, json_data, npz_data

from .mutation import drop, mutate, put

NETWORKS = {
    "elman": lambda **o: architect.Elman(3, 5, 2, seed=0, **o),
    "elman float32": lambda **o: architect.Elman(3, 5, 2, seed=0, dtype="float32", **o),
    "lstm": lambda **o: architect.LSTM(3, 4, 2, seed=0, **o),
    "gru": lambda **o: architect.GRU(3, 4, 2, seed=0, **o),
    "random": lambda **o: architect.Random(3, 9, 2, gates=8, self_connections=3, backward=9, seed=1, **o),
    "perceptron": lambda **o: architect.Perceptron(3, 4, 2, seed=0, **o),
}


def through(write, read):
    def go(net):
        stream = io.BytesIO()
        write(net, stream)
        stream.seek(0)
        return read(stream)

    return go


SENSITIVITIES = ("recurrent", "parameters", "lines", "sensitivity")
WAYS = {
    "clone": lambda net: net.clone(),
    "deepcopy": copy.deepcopy,
    "pickle": lambda net: pickle.loads(pickle.dumps(net)),
    "json": through(save, load),
    "npz": through(readwrite.write_npz, readwrite.read_npz),
    "json data": lambda net: from_json_data(json_data(net)),
    "npz data": lambda net: from_npz_data(npz_data(net)),
}
RNG = np.random.default_rng(0)
ROWS, TARGETS = RNG.uniform(-1, 1, (12, 3)), RNG.random((12, 2))


def steps(net, first, last):
    """Outputs of some steps from which a network learns."""
    outputs = []
    for row, target in zip(ROWS[first:last], TARGETS[first:last], strict=True):
        outputs.append(net.activate(row))
        net.propagate(0.1, target)
    return outputs


def edited(net):
    """Connections in another order than new ones, and a tie."""
    for layer in net.hidden:
        layer[0].trainable = False
    source = net.input[1]
    first, *others = source.outgoing
    target = first.target
    source.disconnect(target)
    source.project(target, weight=0.3)
    synapse.tie(others[:2])


def bits(net):
    return net.weights.tobytes(), net.biases.tobytes()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("sort", NETWORKS)
@pytest.mark.parametrize("rule", ["rtrl", ("rtrl", 1)], ids=str)
def test_a_copy_goes_on_as_the_network_would(sort, way, rule):
    net = NETWORKS[sort]()
    edited(net)
    net.learning_rule = rule
    steps(net, 0, 4)
    net.activate(ROWS[4])
    twin = WAYS[way](net)
    assert twin.learning_rule == net.learning_rule
    assert json_data(net) == json_data(twin)
    for one in (net, twin):  # between activation and propagation
        one.propagate(0.1, TARGETS[4])
    assert np.array(steps(net, 5, 12)).tobytes() == np.array(steps(twin, 5, 12)).tobytes()
    assert bits(net) == bits(twin)
    ours, theirs = (
        [list(one.sensitivity.values()) for one in both.connections] for both in (net, WAYS[way](twin))
    )
    assert ours == theirs


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_of_a_cleared_network_has_the_rule_only(way):
    net = NETWORKS["elman"]()
    net.learning_rule = ("rtrl", 2)
    steps(net, 0, 3)
    net.clear()
    twin = WAYS[way](net)
    assert twin.learning_rule == ("rtrl", 2)
    with pytest.raises(errors.TopologyError, match=r"has not been activated.*Call network.activate first"):
        twin.propagate(0.1, TARGETS[0])
    with pytest.raises(errors.TopologyError, match="cannot be stepped by itself"):
        twin.hidden[0][0].activate()
    assert "sensitivity" not in json_data(net)
    assert np.array(steps(net, 0, 5)).tobytes() == np.array(steps(twin, 0, 5)).tobytes()


def test_single_neurons_are_refused_before_the_first_step_in_another_store_too():
    twin = WAYS["npz"](ruled())
    other = synapse.Neuron()
    other.project(synapse.Neuron())
    twin.output[0].project(other), twin.output[0].disconnect(other)
    other.activate(0.5)
    with pytest.raises(errors.TopologyError, match="cannot be stepped by itself"):
        twin.hidden[0][0].activate()


def ruled():
    net = NETWORKS["elman"]()
    net.learning_rule = "rtrl"
    return net


def test_a_stream_that_a_trainer_has_begun_goes_on_in_a_copy():
    """The network learns online by itself; the trainer has left sensitivities."""
    net = NETWORKS["lstm"]()
    Trainer(net, method="rtrl", order=3).train(ROWS[:6], TARGETS[:6], epochs=1, progress=False)
    twin = WAYS["npz"](net)
    assert twin.learning_rule == ("online", None)
    for one in (net, twin):
        Trainer(one, method="rtrl", order=3).train(ROWS[6:], TARGETS[6:], epochs=1, progress=False)
    assert bits(net) == bits(twin)


def test_files_of_other_networks_have_not_changed():
    """They have the versions that earlier Synapses read."""
    net = NETWORKS["elman"]()
    for form, number in (json_data, 1), (lambda one: json.loads(npz_data(one)["document"].item()), 2):
        net.learning_rule = "online"
        data = form(net)
        assert (data["version"], "learning_rule" in data) == (number, False)
        net.learning_rule = "rtrl"
        data = form(net)
        assert data["version"] == number + 1
        assert data["learning_rule"] == {"method": "rtrl", "order": None, "stepped": False}


@pytest.mark.parametrize("way", ["json", "npz"])
def test_sensitivities_that_are_not_finite_are_not_saved(way):
    net = NETWORKS["elman"]()
    for layer in net.hidden:
        layer.squash = "identity"
    net.learning_rule = "rtrl"
    net.weights, net.biases = np.full(len(net.weights), 1e30), np.zeros(len(net))
    net.run(np.zeros((15, 3)))
    assert not np.isfinite(list(net.hidden[-1][0].bias_sensitivity.values())).all()
    sentence = (
        "Expected finite values to save, got .* for the (previous )?value of sensitivity .*Clear the net"
    )
    with pytest.raises(errors.DivergenceError, match=sentence):
        WAYS[way](net)
    net.clear()
    assert json_data(net) == json_data(WAYS[way](net))


# --- files that cannot be trusted ------------------------------------------------------------------


def document():
    net = architect.Elman(2, 2, 1, seed=0)
    net.learning_rule = "rtrl"
    net.activate([0.1, 0.2])
    net.activate([0.3, 0.4])
    return json_data(net)


LOST = "Expected a network to have .*'lines' is missing"
OTHERS = "and no others, got 'recurrent' too"
rule, parameters, lines = (partial(put, name) for name in ("learning_rule", "parameters", "lines"))
values, roots = partial(put, "sensitivity"), partial(put, "recurrent")
BAD = {
    "rule": (put("learning_rule", "rtrl"), "learning_rule to be an object, got 'rtrl'"),
    "method": (rule("method", "bptt"), 'of the learning_rule to be "online" or "rtrl", got .bptt'),
    "order": (rule("order", 0), "learning_rule to be null or a whole number above 0, got 0"),
    "float": (rule("order", 1.5), "null or a whole number above 0, got 1.5"),
    "more": (rule("more", 1), "got 'more' too"),
    "stepped": (rule("stepped", 1), "stepped of the learning_rule to be true or false, got 1"),
    "unstepped": (rule("stepped", False), OTHERS),
    "no rule": (drop("learning_rule"), OTHERS),
    "no lines": (drop("lines"), LOST),
    "root": (roots("neuron", 0, 99), "neuron of recurrent neuron 0 to be the number of a neuron"),
    "slope": (roots("slope", 0, None), "slope of recurrent neuron 0 to be a finite number"),
    "NaN": (values("value", 2, float("nan")), "value of sensitivity 2 to be a finite number"),
    "infinity": (values("previous", 2, float("inf")), "previous of sensitivity 2 to be a finite"),
    "parameter": (parameters("connection", 0, 999), "connection of parameter 0 to be the number"),
    "owner": (parameters("neuron", 0, 0), "neuron of parameter 0 to be the target of its connection"),
    "column": (parameters("column", 0, 10**9), "column of parameter 0 to be a whole number from 0"),
    "first": (lines("first", 0, -1), "first of line 0 to be a whole number from 0 to"),
    "length": (lines("length", 1, 10**9), "length of line 1 to be a whole number from 1 to"),
    "beyond": (lines("first", 1, 1), "line 1 to be of columns up to 9, got 10 from column 1 on"),
    "lengths": (lines("length", 1, 5), "lengths of the lines to add up to 20 values, got 15"),
    "line": (lines("recurrent", 1, 2), "recurrent of line 1 to be the number of a recurrent neuron"),
}


@pytest.mark.parametrize(("change", "sentence"), BAD.values(), ids=BAD)
def test_one_clear_error_says_what_is_wrong(change, sentence):
    data = document()
    change(data)
    with pytest.raises(errors.FormatError, match=sentence):
        from_json_data(data)


@given(st.data())
def test_a_changed_document_is_refused_or_read(data):
    changed = document()
    kept = {key: changed[key] for key in ("learning_rule", *SENSITIVITIES)}
    for _ in range(data.draw(st.integers(1, 3))):
        mutate(data, kept)
    rest = {key: value for key, value in changed.items() if key not in ("learning_rule", *SENSITIVITIES)}
    try:
        net = from_json_data(rest | kept)
    except errors.FormatError:
        return
    assert json_data(net) == json_data(from_json_data(json_data(net)))
    net.activate([0.1, 0.2])
    net.propagate(0.1, [0.5])


@given(st.data())
def test_changed_arrays_are_refused_or_read(data):
    arrays = npz_data(from_json_data(document()))
    name = data.draw(
        st.sampled_from([n for n in arrays if n.split("_")[0] in ("recurrent", "line", "parameter")])
    )
    array = arrays[name] = arrays[name].copy()
    array[data.draw(st.integers(0, len(array) - 1))] = data.draw(st.integers(0, 2**31 - 1))
    try:
        net = from_npz_data(arrays)
    except errors.FormatError:
        return
    net.activate([0.1, 0.2])
    net.propagate(0.1, [0.5])
