"""Networks to save, and what makes two of them equal to the last bit."""

import copy
import io
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from synapse import Layer, Network, load, save, squashes
from synapse.engine.schema import COLUMNS
from synapse.readwrite import from_json_data, json_data
from synapse.readwrite._files import to_text

ROOT = Path(__file__).parents[2]

# What differs between twins by right: numbers that only tell where things lie in their
# store.
PLACES = {"identity", "network", "functions", "failed"}


@squashes.register(low=0.0)
def bump(state):
    """A function of a user's own."""
    return state * state / (1.0 + state * state), 2.0 * state / (
        1.0 + state * state
    ) ** 2


def memory(seed=0, blocks=3, dtype="float64"):
    """Two layers of gated memory cells with peepholes and gated gates: every kind of
    trace."""
    rng = np.random.default_rng(seed)
    inputs = Layer(2, dtype=dtype)
    outputs = Layer(2, dtype=dtype)
    hidden = []
    below = inputs
    output_gates = None
    for squashing in ("tanh", bump):
        gates = [Layer(blocks, bias=0.5, dtype=dtype) for _ in range(3)]
        cells = Layer(blocks, squashing, dtype=dtype)
        for layer in gates:
            links = below.project(layer, seed=rng)
            if output_gates:
                output_gates.gate(links, "output")
            cells.project(layer, seed=rng)
        gates[0].gate(below.project(cells, seed=rng), "input")
        gates[1].gate(cells.project(cells), "one_to_one")
        if blocks > 1:
            cells.project(cells, "all_to_else", trainable=False, seed=rng)
        gates[0].project(outputs, seed=rng)  # a gate with an error of its own
        hidden += [*gates, cells]
        below = cells
        output_gates = gates[2]
    output_gates.gate(below.project(outputs, seed=rng), "output")
    outputs.project(hidden[0], seed=rng)
    hidden[0][0].trainable_bias = False
    return Network(inputs, hidden, outputs, name="memory")


def feed(net, steps, seed=0, learn=True):
    """Let a network live for some steps; its outputs."""
    rng = np.random.default_rng(seed)
    outputs = []
    for _ in range(steps):
        outputs.append(net.activate(rng.uniform(-1, 1, len(net.input))))
        targets = rng.random(len(net.output))
        if learn:
            net.propagate(0.1, targets, "squared_error")
    return np.array(outputs)


def columns(net):
    """Every number of a network that has its store for itself, as bytes."""
    store = net._store
    store.ensure_lowered()
    stored = {
        column.name: store[column.name]
        for column in COLUMNS
        if column.name not in PLACES
    }
    # others are never read
    stored["influence"] = stored["influence"][stored["influence_trace"] != 0xFFFFFFFF]
    return {
        name: (column.dtype.str, column.tobytes()) for name, column in stored.items()
    }


def same(net, other):
    """Whether two networks are twins, by what their stores hold and by what their files
    would."""
    if to_text(json_data(net)) != to_text(json_data(other)):
        return False
    here, there = columns(net), columns(other)
    wrong = [name for name in here if here[name] != there[name]]
    assert not wrong, wrong
    return True


def through_text(net):
    """What comes back when a network goes through the very characters of a file."""
    return from_json_data(json.loads(to_text(json_data(net))))


def through_bytes(net):
    """What comes back from an archive."""
    stream = io.BytesIO()
    save(net, stream, "npz")
    stream.seek(0)
    return load(stream)


WAYS = {
    "clone": Network.clone,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda net: pickle.loads(pickle.dumps(net)),
    "json": through_text,
    "npz": through_bytes,
}
"""By which a network comes back as what it is."""
every_way = pytest.mark.parametrize("twin_of", WAYS.values(), ids=WAYS)
OWN = ("json", "npz")
