"""Networks go to Synaptic and come from there; the golden files were written by
Synaptic 1.1.4."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from synapse import errors
from synapse.readwrite import (
    SynapticWarning,
    from_synaptic_data,
    load,
    save,
    synaptic_data,
)
from tests.helpers.cases import all_hold

from .mutation import all_damage_refused, put

GOLDEN = Path(__file__).parent / "golden" / "synaptic_files.json"
FILES = json.loads(GOLDEN.read_text())
LIQUIDS = json.loads((GOLDEN.parent / "synaptic_liquids.json").read_text())


def neuron(layer, squash="LOGISTIC"):
    zero = dict.fromkeys(("state", "old", "activation", "bias"), 0)
    trace = {"elegibility": {}, "extended": {}}
    return {**zero, "layer": layer, "squash": squash, "trace": trace}


def link(source, target, weight=0.5, gater=None):
    return {"from": source, "to": target, "weight": weight, "gater": gater}


def small():
    """Two inputs, two hidden neurons, one output."""
    neurons = [
        neuron("input"),
        neuron("input"),
        neuron(0),
        neuron(1, "TANH"),
        neuron("output", "IDENTITY"),
    ]
    return {
        "neurons": neurons,
        "connections": [link(0, 2), link(1, 3, 0.25, 2), link(2, 3), link(3, 4)],
    }


def test_files_of_synaptic_go_on_as_synaptic_does_and_are_written_again(tmp_path):
    def check(golden):
        data = golden["json"]
        net = from_synaptic_data(data)
        assert synaptic_data(net) == data
        (tmp_path / "theirs.json").write_text(json.dumps(data))
        save(load(tmp_path / "theirs.json"), tmp_path / "ours.json", "synaptic")
        assert json.loads((tmp_path / "ours.json").read_text()) == data
        save(net, tmp_path / "net")
        assert synaptic_data(load(tmp_path / "net")) == data
        assert np.abs(net.run(golden["inputs"]) - golden["outputs"]).max() < 1e-12

    all_hold(check, FILES)


def test_layers_squashes_and_what_is_trained():
    data = small()
    for neuron, squash in zip(
        data["neurons"], ("TANH", "LOGISTIC", "RELU", "HLIM", "IDENTITY"), strict=True
    ):
        neuron["squash"] = squash
    data["connections"].append(link(3, 3, 1, 2))
    net = from_synaptic_data(data)
    assert [layer.name for layer in net.layers] == [
        *("input", "hidden 1", "hidden 2", "output")
    ]
    assert [neuron.squash.name for neuron in net] == [
        *("tanh", "logistic", "relu", "step", "identity")
    ]
    assert [link.trainable for link in net.connections] == [*[True] * 4, False]
    assert net.connections[1].gater is net.connections[4].gater is net[2]
    assert synaptic_data(net) == data
    net[2].squash = "elu"
    with pytest.raises(
        errors.ArgumentError,
        match="cannot be written for Synaptic, which supports logistic",
    ):
        synaptic_data(net)


def test_a_self_connection_whose_weight_synaptic_does_not_read_is_said():
    data = small()
    data["connections"].append(link(3, 3, 0.5))
    words = r"read 1 as .* 1 self-connection, .* neuron 3, .* 0.5"
    with pytest.warns(SynapticWarning, match=words):
        assert synaptic_data(from_synaptic_data(data)) == data
    data["connections"].append(link(3, 3))
    words = "connections 4 and 5 both lead from one neuron to itself"
    with pytest.raises(errors.FormatError, match=words):
        from_synaptic_data(data)


def test_only_inputs_that_nothing_leads_to_lose_their_bias():
    data = small()
    for neuron in data["neurons"]:
        neuron["bias"] = 0.5
    data["connections"].append(link(4, 1))
    with pytest.warns(
        errors.TopologyWarning, match="1 of 5 connections leads into inputs"
    ):
        net = from_synaptic_data(data)
    assert net.biases.tolist() == [0, 0.5, 0.5, 0.5, 0.5]


def test_older_files_have_indices_in_strings_and_traces():
    old = small()
    for neuron in old["neurons"]:
        neuron["layer"] = str(neuron["layer"])
        neuron["trace"]["elegibility"] = {"1430": 0.5}
    del old["neurons"][1]["trace"]
    for link in old["connections"]:
        ends = {end: link[end] for end in ("from", "to", "gater")}
        link.update({end: it if it is None else str(it) for end, it in ends.items()})
    assert synaptic_data(from_synaptic_data(old)) == small()


@pytest.mark.filterwarnings("ignore:The data repeat:synapse.readwrite.SynapticWarning")
def test_a_liquid_answers_as_synaptic_does_after_reading_and_resuming(tmp_path):
    def check(golden):
        inputs, data = golden["inputs"], golden["network"]
        if len({(edge["from"], edge["to"]) for edge in data["connections"]}) == len(
            data["connections"]
        ):
            net = from_synaptic_data(data)
            # relays stand for the same in a file
            for liquid in (net, from_synaptic_data(synaptic_data(net))):
                assert np.abs(liquid.run(inputs) - golden["read"]).max() < 1e-12
        if "resumed" in golden:
            (tmp_path / "net.json").write_text(json.dumps(data))
            net = load(tmp_path / "net.json", resume=True)
            assert np.abs(net.run(inputs) - golden["resumed"]).max() < 1e-12

    all_hold(check, LIQUIDS)


def test_repeated_connections_become_one():
    data, summed = small(), small()
    data["connections"] += [link(2, 3, 0.125), link(1, 3, -1, 2), link(2, 3, 1)]
    summed["connections"][1]["weight"] = -0.75
    summed["connections"][2]["weight"] = 1.625
    with pytest.warns(
        SynapticWarning, match=r"repeat 3 connections, .* connection 2 as connection 4"
    ):
        net = from_synaptic_data(data, resume=True)
    assert synaptic_data(net) == summed


in_neuron = partial(put, "neurons", 3)
in_link = partial(put, "connections", 2)
BAD = {
    "no neurons": (put("neurons", []), "The layers must be"),
    "more": (put("more", 1), "got 'more' too"),
    "unknown": (
        put("neurons", 1, "error", 0),
        "Neuron 1 must have only state.* got 'error' too",
    ),
    "custom": (
        in_neuron("squash", None),
        "The squash of neuron 3 must be one of LOGISTIC.*does not save",
    ),
    "text": (
        in_neuron("bias", "0.5"),
        "The bias of neuron 3 must be a finite number, got '0.5'",
    ),
    "layer": (
        in_neuron("layer", "hidden"),
        "The layer of neuron 3 must be 'input', 'output' or",
    ),
    "gap": (
        in_neuron("layer", 2),
        "The layers must be 'input', 0, 1, ... and 'output', and none",
    ),
    "no output": (put("neurons", 4, "layer", 0), "The layers must be"),
    "from": (
        in_link("from", 5),
        "The from of connection 2 must be the number of a neuron",
    ),
    "gater": (
        in_link("gater", "x"),
        "The gater of connection 2 must be.*or null .not gated",
    ),
}


def test_one_clear_error_says_what_and_where():
    all_damage_refused(BAD, small, from_synaptic_data)
    for data in (
        None,
        [],
        "text",
        {},
        {"neurons": []},
        {"neurons": [], "connections": []},
    ):
        with pytest.raises(errors.FormatError):
            from_synaptic_data(data)
