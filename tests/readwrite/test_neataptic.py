"""Networks come from Neataptic; the golden files were written by Neataptic 1.4.7, by
``golden/neataptic_files.js``."""

import io
import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import architect
from synapse import Topology, errors, load, save
from synapse.readwrite import from_neataptic_data
from tests.helpers.cases import all_hold

from .mutation import all_damage_refused, put

FILES = json.loads((Path(__file__).parent / "golden/neataptic_files.json").read_text())


def in_file(data):
    return io.BytesIO(json.dumps(data).encode())


def test_files_of_neataptic_answer_as_there_after_reading_and_after_clear():
    def check(golden):
        for net in (from_neataptic_data(golden["json"]), load(in_file(golden["json"]))):
            assert np.abs(net.run(golden["inputs"]) - golden["outputs"]).max() < 1e-14
            net.clear()
            assert np.abs(net.run(golden["inputs"]) - golden["cleared"]).max() < 1e-14

    all_hold(check, FILES)
    squashes = {node["squash"] for file in FILES for node in file["json"]["nodes"]}
    assert len(squashes) == 15
    links = [link for file in FILES for link in file["json"]["connections"]]
    assert sum(link["from"] == link["to"] != link["gater"] for link in links) > 20
    late = [link for link in links if link["gater"] is not None]
    assert sum(link["gater"] >= link["to"] for link in late) > 10


def node(form, squash="TANH", **others):
    return {"bias": 0.5, "type": form, "squash": squash, "mask": 1, "index": 0} | others


def link(source, target, weight=0.5, gater=None):
    return {"weight": weight, "from": source, "to": target, "gater": gater}


def heavy():
    data = small()
    data["connections"][0]["weight"] = 1e10
    return data


def small():
    """Two inputs, a hidden node, one that passes on, and an output."""
    forms = ["input", "input", "hidden", "constant", "output"]
    links = [(0, 2), (1, 2), (2, 2), (2, 3), (3, 4)]
    return {
        "nodes": [node(form, index=i) for i, form in enumerate(forms)],
        "connections": [link(*ends) for ends in links],
        "input": 2,
        "output": 1,
        "dropout": 0,
    }


def test_what_learns_in_neataptic_learns_here():
    net = from_neataptic_data(small())
    assert [len(layer) for layer in net.layers] == [2, 1, 1, 1]
    assert [link.trainable for link in net.connections] == [
        *(True, True),
        *(False, False),  # into itself, and into the constant
        True,
    ]
    assert [neuron.trainable_bias for neuron in net][2:] == [True, False, True]


def test_the_mask_of_a_gater_is_a_factor_of_what_it_gates():
    data = small()
    data["connections"][4]["gater"] = 2
    data["nodes"][2]["mask"] = 0.5
    assert from_neataptic_data(data).weights.tolist() == [0.5, 0.5, 0.5, 0.25, 0.25]
    data["connections"][0]["gater"] = 2  # it activates after what it gates
    with pytest.raises(errors.FormatError, match="mask of node 2 must be 1.*got 0.5"):
        from_neataptic_data(data)


def test_older_files_have_indices_in_strings():
    old = small()
    for each in old["nodes"]:
        each["index"] = str(each["index"])
    for each in old["connections"]:
        each.update({"from": str(each["from"]), "to": str(each["to"])})
    tables = [Topology.of(from_neataptic_data(data)) for data in (old, small())]
    assert len({(*table.source, *table.target, *table.weight) for table in tables}) == 1


def test_connections_into_inputs_are_counted():
    data = small()
    data["connections"].append(link(4, 1))
    with pytest.warns(errors.TopologyWarning, match="1 of 6 connections leads into"):
        from_neataptic_data(data)


in_node = partial(put, "nodes", 3)
in_link = partial(put, "connections", 2)
BAD = {
    "no nodes": (put("nodes", []), "must be"),
    "more": (put("more", 1), "got 'more' too"),
    "squash": (
        in_node("squash", "MISH"),
        "The squash of node 3 must be one of LOGISTIC.*, got 'MISH'",
    ),
    "type": (in_node("type", "memory"), "The type of node 3 must be one of input,"),
    "order": (in_node("type", "input"), "must be inputs, then hidden nodes, then out"),
    "bias": (
        in_node("bias", "0.5"),
        "bias of node 3 must be a finite .* '0.5'",
    ),
    "mask": (put("nodes", 4, "mask", 0.5), "mask of node 4 must be 1, as of every out"),
    "from": (
        in_link("from", 5),
        "from of connection 2 must be the number of a node",
    ),
    "huge": (put("nodes", 0, "mask", 1e308), "is not finite"),
    "twice": (in_link("from", 0), "connections 0 and 2 have the same ends"),
    "gater": (in_link("gater", "x"), "gater of connection 2 must be.*null .not gated"),
}


def test_one_clear_error_says_what_and_where():
    all_damage_refused(BAD, heavy, from_neataptic_data)
    for data in (None, [], {}, {"nodes": []}, {"nodes": [], "connections": []}):
        with pytest.raises(errors.FormatError):
            from_neataptic_data(data)
    with pytest.raises(errors.ArgumentError, match="neataptic cannot be written"):
        save(architect.Perceptron(2, 1), "net.json", "neataptic")
