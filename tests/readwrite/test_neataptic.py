"""Networks come from Neataptic; the golden files were written, and answered, by Neataptic 1.4.7."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse import errors, squash
from synapse.readwrite import from_neataptic_data, read_neataptic
from synapse.readwrite.neataptic import SQUASHES

from .mutation import change, drop, mutate, put

FILES = json.loads((Path(__file__).parent / "golden" / "neataptic_files.json").read_text())
KNOWN = [name for name in FILES if name != "gru"]


def small():
    node = {"bias": 0.5, "type": "hidden", "squash": "TANH", "mask": 1}
    kinds = ("input", "input", "hidden", "constant", "output")
    links = [(0, 2, None), (1, 2, 3), (2, 2, None), (2, 3, None), (3, 4, None)]
    return {
        "nodes": [{**node, "type": kind, "index": i} for i, kind in enumerate(kinds)],
        "connections": [{"from": a, "to": b, "weight": 0.5, "gater": g} for a, b, g in links],
        "input": 2,
        "output": 1,
        "dropout": 0,
    }


@pytest.mark.parametrize("name", KNOWN)
def test_it_answers_as_neataptic_does(name, tmp_path):
    (tmp_path / "net.json").write_text(json.dumps(FILES[name]["network"]))
    net = read_neataptic(tmp_path / "net.json")
    assert np.abs(net.run(FILES[name]["inputs"]) - FILES[name]["outputs"]).max() < 1e-12


def test_a_squash_of_neataptic_alone_is_refused_until_it_is_registered(monkeypatch):
    golden, sentence = FILES["gru"], "squash of neuron 3 is 'opposite', which nobody has registered"
    monkeypatch.setitem(SQUASHES, "INVERSE", "opposite")
    with pytest.raises(errors.FormatError, match=sentence):
        from_neataptic_data(golden["network"])

    @squash.register
    def opposite(state):
        return 1.0 - state, -1.0

    net = from_neataptic_data(golden["network"])
    assert np.abs(net.run(golden["inputs"]) - golden["outputs"]).max() < 1e-12


def test_what_is_kept():
    net = from_neataptic_data(small())
    assert [layer.name for layer in net.layers] == ["input", "hidden", "output"]
    assert net.biases.tolist() == [0, 0, 0.5, 0.5, 0.5]
    assert [neuron.trainable for neuron in net] == [True, True, True, False, True]
    assert [link.trainable for link in net.connections] == [True, True, False, False, True]
    assert net.connections[1].gater is net[3]


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (drop("nodes", 0, "bias"), "'bias' is missing"),
        (put("nodes", 2, "squash", value="COSINE"), "squash of neuron 2 is 'COSINE', which nobody"),
        (put("nodes", 2, "squash", value=["TANH"]), "squash of neuron 2 must be a string"),
        (put("nodes", 2, "mask", value=0.6), "mask of neuron 2 must be 1: .* Got 0.6"),
        (put("nodes", 2, "bias", value=None), "bias of neuron 2 must be a finite number"),
        (put("nodes", 2, "type", value="input"), "'input' must be 3"),
        (put("nodes", 2, "type", value="group"), "type of neuron 2 must be input, hidden"),
        (put("nodes", 0, "type", value="hidden"), "must be inputs, then hidden"),
        (put("input", value=3), "'input' must be 2, as there are input nodes. Got 3"),
        (put("connections", 0, "weight", value=float("inf")), "weight of connection 0 must be a finite"),
        (put("connections", 0, "to", value=5), "to of connection 0 must be the number of a neuron"),
        (put("connections", 0, "to", value=1), "No connection may lead to an input. Connection 0 does"),
        (put("connections", 0, "from", value=1), "connections 0 and 1 both lead from neuron 1"),
        (change(nodes=3), "'nodes' must be a list"),
        (change(hidden=3), "nothing else"),
    ],
)
def test_what_is_refused(edit, sentence):
    data = small()
    edit(data)
    with pytest.raises(errors.FormatError, match=sentence):
        from_neataptic_data(data)


@given(st.data())
def test_any_change_is_refused_or_harmless(data):
    document = copy.deepcopy(small())
    mutate(data, document)
    try:
        net = from_neataptic_data(document)
    except errors.FormatError:
        return
    assert np.isfinite(net.weights).all()
