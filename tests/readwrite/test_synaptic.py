"""Networks go to Synaptic and come from there; the golden files were written by Synaptic 1.1.4."""

import copy
import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from synapse import Layer, Network, Trainer, errors
from synapse.readwrite import (
    SynapticWarning,
    files,
    from_synaptic_data,
    load,
    read_json,
    read_synaptic,
    save,
    synaptic_data,
    write_synaptic,
)

from .mutation import change, mutate, put
from .nets import bump, feed

GOLDEN = Path(__file__).parent / "golden" / "synaptic_files.json"
FILES = json.loads(GOLDEN.read_text())
LIQUIDS = json.loads((GOLDEN.parent / "synaptic_liquids.json").read_text())
NETWORKS = json.loads((Path(__file__).parents[1] / "golden" / "networks.json").read_text())


def neuron(layer, squash="LOGISTIC", **numbers):
    zero = {"state": 0, "old": 0, "activation": 0, "bias": 0}
    return {**zero, **numbers, "layer": layer, "squash": squash, "trace": {"elegibility": {}, "extended": {}}}


def link(source, target, weight=0.5, gater=None):
    return {"from": source, "to": target, "weight": weight, "gater": gater}


def small():
    """Two inputs, two hidden neurons, one output."""
    neurons = [neuron("input"), neuron("input"), neuron(0), neuron(1, "TANH"), neuron("output", "IDENTITY")]
    return {"neurons": neurons, "connections": [link(0, 2), link(1, 3, 0.25, 2), link(2, 3), link(3, 4)]}


# --- files of Synaptic -------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_synaptic_goes_on_as_synaptic_does(name):
    net = from_synaptic_data(FILES[name]["json"])
    assert np.abs(net.run(FILES[name]["inputs"]) - FILES[name]["outputs"]).max() < 1e-12


@pytest.mark.parametrize("name", FILES)
def test_what_was_read_is_written_again(name, tmp_path):
    data = FILES[name]["json"]
    assert synaptic_data(from_synaptic_data(data)) == data
    (tmp_path / "theirs.json").write_text(json.dumps(data))
    write_synaptic(read_synaptic(tmp_path / "theirs.json"), tmp_path / "ours.json")
    assert json.loads((tmp_path / "ours.json").read_text()) == data


@pytest.mark.parametrize("name", NETWORKS)
def test_all_golden_networks(name):
    net = from_synaptic_data(NETWORKS[name]["network"])
    net.clear()  # late gates are closed in the golden outputs
    assert np.abs(net.run(NETWORKS[name]["inputs"]) - NETWORKS[name]["outputs"]).max() < 1e-12


@pytest.mark.parametrize("name", sorted(set(NETWORKS) - {"liquid"}))  # which gets relays
def test_golden_networks_are_written_again(name):
    data = NETWORKS[name]["network"]
    written = synaptic_data(from_synaptic_data(data))
    assert written["connections"] == data["connections"]
    for ours, theirs in zip(written["neurons"], data["neurons"], strict=True):
        bias = 0 if theirs["layer"] == "input" else theirs["bias"]
        assert ours == {**theirs, "bias": bias}


def test_a_network_of_synaptic_is_saved_and_learns():
    net = from_synaptic_data(FILES["lstm"]["json"])
    before = net.weights
    feed(net, 3)
    assert (net.weights != before).any()


def test_both_formats_tell_the_same(tmp_path):
    net = from_synaptic_data(FILES["deep"]["json"])
    save(net, tmp_path / "net")
    assert synaptic_data(load(tmp_path / "net")) == FILES["deep"]["json"]


# --- what is kept ------------------------------------------------------------------------------


def test_layers_squashes_and_what_is_trained():
    data = small()
    data["neurons"][2]["squash"], data["neurons"][3]["squash"] = "RELU", "HLIM"
    data["connections"].append(link(3, 3, 1, 2))
    net = from_synaptic_data(data)
    assert [layer.name for layer in net.layers] == ["input", "hidden 1", "hidden 2", "output"]
    assert [one.squash.name for one in net] == ["logistic", "logistic", "relu", "step", "identity"]
    assert [one.trainable for one in net.connections] == [True, True, True, True, False]
    assert net.connections[1].gater is net[2]
    assert net.connections[4].gater is net[2]
    assert synaptic_data(net) == data


def test_the_context_is_kept():
    data = small()
    data["neurons"][3].update(state=0.3, old=-0.2, activation=0.7, bias=-0.1)
    one = from_synaptic_data(data)[3]
    assert (one.state, one.old_state, one.activation, one.bias) == (0.3, -0.2, 0.7, -0.1)
    assert synaptic_data(from_synaptic_data(data)) == data


def test_only_inputs_that_nothing_leads_to_lose_their_bias():
    data = small()
    for one in data["neurons"]:
        one["bias"] = 0.5
    data["connections"].append(link(4, 1))
    assert from_synaptic_data(data).biases.tolist() == [0, 0.5, 0.5, 0.5, 0.5]


def test_neurons_listed_in_any_order():
    data, order = small(), [4, 2, 0, 3, 1]
    place = {old: new for new, old in enumerate(order)} | {None: None}
    mixed = {
        "neurons": [data["neurons"][i] for i in order],
        "connections": [
            {**one, **{end: place[one[end]] for end in ("from", "to", "gater")}}
            for one in data["connections"]
        ],
    }
    assert synaptic_data(from_synaptic_data(mixed)) == data


def test_older_files_have_indices_in_strings_and_traces():
    data, old = small(), small()
    for one in old["neurons"]:
        one["layer"] = str(one["layer"])
        one["trace"]["elegibility"] = {"1430": 0.5}
    for one in old["connections"]:
        one.update({end: one[end] if one[end] is None else str(one[end]) for end in ("from", "to", "gater")})
    assert synaptic_data(from_synaptic_data(old)) == data


def test_traces_may_be_missing():
    data = small()
    for one in data["neurons"]:
        del one["trace"]
    assert synaptic_data(from_synaptic_data(data)) == small()


def test_reading_leaves_the_data_as_it_is():
    data = small()
    before = copy.deepcopy(data)
    from_synaptic_data(data)
    assert data == before


# --- repeated connections ----------------------------------------------------------------------


REPEATED = "ignore:.* repeat another one:synapse.readwrite.SynapticWarning"


@pytest.mark.filterwarnings(REPEATED)
@pytest.mark.parametrize("name", LIQUIDS)
def test_a_liquid_answers_as_synaptic_does_after_reading(name):
    net = from_synaptic_data(LIQUIDS[name]["network"])
    assert np.abs(net.run(LIQUIDS[name]["inputs"]) - LIQUIDS[name]["read"]).max() < 1e-12
    again = from_synaptic_data(LIQUIDS[name]["network"])
    again = from_synaptic_data(synaptic_data(again))  # relays stand for the same in a file
    assert np.abs(again.run(LIQUIDS[name]["inputs"]) - LIQUIDS[name]["read"]).max() < 1e-12


@pytest.mark.filterwarnings(REPEATED)
@pytest.mark.parametrize("name", [name for name in LIQUIDS if "resumed" in LIQUIDS[name]])
def test_a_liquid_is_resumed_as_the_network_that_was_written(name, tmp_path):
    (tmp_path / "net.json").write_text(json.dumps(LIQUIDS[name]["network"]))
    net = read_synaptic(tmp_path / "net.json", resume=True)
    assert np.abs(net.run(LIQUIDS[name]["inputs"]) - LIQUIDS[name]["resumed"]).max() < 1e-12


@pytest.mark.parametrize("method", ["online", "bptt"])
def test_other_weights_learn_as_if_relays_were_not_there(method):
    data = copy.deepcopy(NETWORKS["liquid"]["network"])
    relayed = from_synaptic_data(data)
    for one in data["neurons"]:
        one["old"] = 1e-300  # every gate has fired: nothing is open
    plain = from_synaptic_data(data, resume=True)
    assert len(relayed) > len(plain) == len(data["neurons"])
    relayed.clear()
    inputs, targets = (np.array(NETWORKS["liquid"][key]) for key in ("inputs", "targets"))
    for net in (relayed, plain):
        Trainer(net, rate=0.1, method=method).train([inputs], [targets], epochs=3, seed=0)
    assert np.abs(plain.weights - relayed.weights[: len(plain.weights)]).max() < 1e-12
    assert np.abs(plain.weights - [one["weight"] for one in data["connections"]]).max() > 1e-3


@pytest.mark.filterwarnings(REPEATED)
@pytest.mark.parametrize(("source", "target"), [(0, 2), (2, 3), (3, 2), (4, 3)])
def test_a_second_connection_with_another_gater_has_a_relay(source, target):
    data = small()
    pairs = [pair for pair in [(0, 2), (1, 3), (2, 4), (3, 4)] if pair != (source, target)]
    data["connections"] = [*(link(*pair) for pair in pairs), link(source, target), link(source, target, 2, 3)]
    data["neurons"][3].update(bias=50, old=1)  # it has fired, and is 1 but for the first step
    relayed = from_synaptic_data(data, resume=True)
    assert len(relayed) == len(data["neurons"]) + 1
    data["connections"][-1]["gater"] = None
    summed = from_synaptic_data(data, resume=True)
    rows = np.random.default_rng(0).uniform(-1, 1, (6, 2))
    for net in (relayed, summed):
        net.run(rows)
    assert np.abs(relayed.run(rows) - summed.run(rows)).max() < 1e-12


@pytest.mark.filterwarnings(REPEATED)
def test_two_outputs_cannot_have_a_relay_between_them():
    data = small()
    data["neurons"].append(neuron("output"))
    data["connections"] += [link(4, 5), link(4, 5, 0.5, 3)]
    with pytest.raises(errors.FormatError, match="The connections 4 and 5 lead from one output to another"):
        from_synaptic_data(data, resume=True)


@pytest.mark.filterwarnings(REPEATED)
def test_a_repeated_connection_has_the_last_weight_as_synaptic_gives_it():
    data = small()
    data["connections"] += [link(2, 3, 0.125), link(2, 3, 1)]
    assert from_synaptic_data(data).weights[2] == 1


def test_an_input_that_gates_leaves_the_connection_open():
    data = small()
    data["connections"][2]["gater"] = 1
    assert from_synaptic_data(data).connections[2].gater is None


def test_repeated_connections_become_one():
    data, summed = small(), small()
    data["connections"] += [link(2, 3, 0.125), link(1, 3, -1, 2), link(2, 3, 1)]
    summed["connections"][1]["weight"], summed["connections"][2]["weight"] = -0.75, 1.625
    sentence = r"3 connection\(s\) repeat another.* connection 4 the connection 2"
    with pytest.warns(SynapticWarning, match=sentence):
        net = from_synaptic_data(data, resume=True)
    assert synaptic_data(net) == summed


@pytest.mark.parametrize(
    ("again", "sentence"),
    [
        (link(4, 4, 1), "The connections 4 and 5 both lead from one neuron to itself"),
        (link(2, 3, 1.7e308), "no finite sum"),
    ],
)
def test_repeated_connections_that_cannot_become_one(again, sentence):
    data = small()
    data["connections"] += [link(4, 4, 1), again]
    data["connections"][2]["weight"] = 1.7e308
    with pytest.raises(errors.FormatError, match=sentence):
        from_synaptic_data(data, resume=True)


# --- what cannot be written --------------------------------------------------------------------


@pytest.mark.parametrize("squash", ["softplus", "gaussian", bump])
def test_a_squash_that_synaptic_does_not_know(squash, tmp_path):
    net = Network(Layer(2), [Layer(2, squash)], Layer(1))
    sentence = "<Neuron hidden 0, .*> cannot be written for Synaptic, which knows logistic, tanh"
    with pytest.raises(errors.ArgumentError, match=sentence):
        write_synaptic(net, tmp_path / "net")
    assert not list(tmp_path.iterdir())


def test_a_self_connection_that_synaptic_would_change():
    layer = Layer(1)
    layer.project(layer, weights=0.9)
    net = Network(Layer(1), [layer], Layer(1))
    with pytest.warns(SynapticWarning, match="will read as 1, such as that of neuron 1: 0.9"):
        data = synaptic_data(net)
    assert from_synaptic_data(data).weights == 0.9


def test_links_to_the_outside_are_not_lost_in_silence():
    net = from_synaptic_data(small())
    net.project(Layer(1))
    with pytest.raises(errors.TopologyError, match="neurons outside of it"):
        synaptic_data(net)


# --- files that cannot be trusted --------------------------------------------------------------


in_neuron, in_link = partial(change, "neurons", 3), partial(change, "connections", 2)
BAD = {
    "neurons": (put("neurons", {}), "Expected the table 'neurons' to be a list, got an object"),
    "no neurons": (put("neurons", []), "The layers must be"),
    "more": (put("more", 1), "got 'more' too"),
    "no object": (put("connections", [[]]), "Expected connection 0 to be an object, got a list"),
    "unknown": (change("neurons", 1, error=0), "Expected neuron 1 to have state.* got 'error' too"),
    "custom": (
        in_neuron(squash=None),
        "Expected the squash of neuron 3 to be one of LOGISTIC.*does not save",
    ),
    "squash": (in_neuron(squash="ELU"), "the squash of neuron 3 to be one of LOGISTIC.* got 'ELU'"),
    "null": (in_neuron(state=None), "Expected the state of neuron 3 to be a finite number, got None"),
    "text": (in_neuron(bias="0.5"), "Expected the bias of neuron 3 to be a finite number, got '0.5'"),
    "layer": (in_neuron(layer="hidden"), "Expected the layer of neuron 3 to be 'input', 'output' or"),
    "float layer": (in_neuron(layer=1.0), "Expected the layer of neuron 3 to be"),
    "gap": (in_neuron(layer=2), "The layers must be 'input', 0, 1, ... and 'output', and none"),
    "no output": (change("neurons", 4, layer=0), "The layers must be"),
    "huge layer": (in_neuron(layer=10**30), "Expected the layer of neuron 3 to be"),
    "from": (in_link(**{"from": 5}), "Expected the from of connection 2 to be the number of a neuron"),
    "to": (in_link(to=None), "Expected the to of connection 2 to be the number of a neuron, 0 to 4"),
    "gater": (in_link(gater="x"), "Expected the gater of connection 2 to be.*or null .not gated"),
    "weight": (in_link(weight=float("nan")), "Expected the weight of connection 2 to be a finite"),
}


@pytest.mark.parametrize(("make", "sentence"), BAD.values(), ids=BAD)
def test_one_clear_error_says_what_and_where(make, sentence):
    data = small()
    make(data)
    with pytest.raises(errors.FormatError, match=sentence):
        from_synaptic_data(data)


@pytest.mark.parametrize("data", [None, [], "text", {}, {"neurons": []}, {"neurons": [], "connections": []}])
def test_what_is_no_document(data):
    with pytest.raises(errors.FormatError):
        from_synaptic_data(data)


def test_a_missing_key():
    data = small()
    del data["connections"][1]["gater"]
    with pytest.raises(errors.FormatError, match="'gater' is missing"):
        from_synaptic_data(data)


def test_an_error_tells_the_file(tmp_path):
    (tmp_path / "theirs.json").write_text("{}")
    with pytest.raises(errors.FormatError) as caught:
        read_synaptic(tmp_path / "theirs.json")
    assert "theirs.json" in caught.value.__notes__[0]


def test_a_file_for_the_other_reader_is_told_so(tmp_path):
    write_synaptic(from_synaptic_data(small()), tmp_path / "theirs.json")
    with pytest.raises(errors.FormatError, match="Files of Synaptic are read with"):
        read_json(tmp_path / "theirs.json")


@given(st.data())
@pytest.mark.filterwarnings("ignore::synapse.readwrite.SynapticWarning")
def test_a_changed_document_is_refused_or_read(data):
    changed = small()
    for _ in range(data.draw(st.integers(1, 3))):
        mutate(data, changed)
    try:
        net = from_synaptic_data(changed)
    except errors.FormatError:
        return
    written = synaptic_data(net)
    again = from_synaptic_data(json.loads(files.to_text(written)))
    if any(layer.name == "relays" for layer in net.layers):  # of a late gate, which gets another relay
        rows = np.full((3, len(net.input)), 0.5)
        assert np.array_equal(again.run(rows), net.run(rows), equal_nan=True)
    else:
        assert synaptic_data(again) == written
