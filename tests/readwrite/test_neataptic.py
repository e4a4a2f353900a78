"""Networks come from Neataptic; the golden files were written, and answered, by Neataptic 1.4.7."""

import json
from pathlib import Path

import numpy as np
import pytest

from synapse import load
from synapse.readwrite import from_neataptic_data

from ..cases import failures
from .mutation import drop, put, unrefused

FILES = json.loads((Path(__file__).parent / "golden" / "neataptic_files.json").read_text())


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


def unlike(net, golden, key):
    wanted = np.array(golden[key])
    return (np.abs(net.run(golden["inputs"]) - wanted) / np.maximum(1.0, np.abs(wanted))).max()


def test_it_answers_as_neataptic_does_after_reading_and_after_clearing(tmp_path):
    def check(golden):
        (tmp_path / "net.json").write_text(json.dumps(golden["network"]))
        net = load(tmp_path / "net.json")
        assert unlike(net, golden, "outputs") < 1e-12
        net.clear()
        assert unlike(net, golden, "cleared") < 1e-12

    assert not failures(FILES, check)


def test_a_late_gate_has_a_relay_that_is_open_at_first():
    data = small()
    data["connections"][0]["gater"] = 4
    net = from_neataptic_data(data)
    sizes = {layer.name: len(layer) for layer in net.layers}
    assert list(sizes.items()) == [("input", 2), ("relays", 3), ("hidden", 2), ("output", 1)]
    assert not any(neuron.trainable for neuron in net["relays"])
    net.activate([1, 1])
    before = net.output[0].activation
    net.activate([1, 1])
    gains = [link.gain for link in net.connections if link.gater is not None]
    assert gains[0] == pytest.approx(before, abs=1e-15)


def test_masks_are_multiplied_into_weights():
    data = small()
    data["nodes"][2]["mask"] = data["nodes"][3]["mask"] = 0.5
    weights = [0.5, 0.5, 0.5, 0.25, 0.25]  # the gate of the second one is late
    assert from_neataptic_data(data).weights[:5].tolist() == weights


BAD = (
    (drop("nodes", 0, "bias"), "'bias' is missing"),
    (put("nodes", 2, "squash", "COSINE"), "squash of neuron 2 is 'COSINE', which has not"),
    (put("nodes", 4, "mask", 0.6), "mask of neuron 4, an input or output, to be 1, got 0.6"),
    (put("nodes", 2, "mask", 1e308), "mask of neuron 2 to be a number from 0 to 1"),
    (put("nodes", 2, "bias", None), "bias of neuron 2 to be a finite number"),
    (put("nodes", 2, "type", "input"), "'input' to be 3"),
    (put("nodes", 0, "type", "hidden"), "must be inputs, then hidden"),
    (put("input", 3), "'input' to be 2, as there are input nodes, got 3"),
    (put("connections", 0, "to", 1), "No connection may lead to an input. Connection 0 does"),
    (put("connections", 0, "from", 1), "connections 0 and 1 both lead from neuron 1"),
)


def test_what_is_refused():
    assert not unrefused({str(i): case for i, case in enumerate(BAD)}, small, from_neataptic_data)
