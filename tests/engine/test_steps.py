"""What counts steps counts each of them once, whatever way it is made."""

import json

import pytest

from .test_schema import run_with

LIFETIME = """
    Column("tried_life", "connection", "uint64", 0, COUNT, True, at_step=COUNT_IT),
    Column("tried_steps", "neuron", "uint64", 0, COUNT, True, at_step=COUNT_IT),
"""

COUNTED = """
import json
import numpy as np
import synapse, architect
from synapse import Layer, Network
from synapse.engine.exact import event_index as events
from synapse.objects import side_by_side
from synapse.readwrite import from_json_data, json_data

def of(net):
    store = net._store
    store.ensure_lowered()
    rows = net._connection_rows()
    found = {*store["tried_life"][rows].tolist()}
    found |= {*store["tried_steps"][net._rows()].tolist()}
    return sorted(found)

def made(rule="online"):
    net = architect.LSTM(2, 3, 2, seed=0)
    net.rule = rule
    return net

rows = np.random.default_rng(0).uniform(-1, 1, (5, 2))
counts = {}

def by(name, net, steps):
    steps(net)
    counts[name] = of(net)

for rule in ("online", "rtrl"):
    by(f"activate, {rule}", made(rule), lambda n: [n.activate(row) for row in rows])
    by(f"run, {rule}", made(rule), lambda n: n.run(rows))
    by(f"without traces, {rule}", made(rule), lambda n: n.run(rows, traces=False))
by("list", made(), lambda n: n.run([rows[:2], rows[2:]]))

def by_events(net):
    events.MIN_CONNECTIONS = 1
    net.run(rows, traces=False)
    assert net._by_events is not None

for together in (False, True):
    sizes = (2, "identity"), (30, "relu"), (30, "relu"), (2, "identity")
    layers = [Layer(*size) for size in sizes]
    layers[0].project(layers[1], seed=0)
    pattern = np.random.default_rng(0).random((30, 30)) < 0.4
    layers[1].project(layers[2], pattern, seed=0)
    layers[2].project(layers[3], seed=0)
    net = Network(layers[0], layers[1:3], layers[3], synchronous=together)
    by(f"events, one clock {together}", net, by_events)

def by_neurons(net):
    for row in rows:
        net.input.activate(row)
        for layer in net.layers[1:]:
            layer.activate()

by("neurons", made(), by_neurons)

def fed(net):
    inputs, outputs = rows.copy(), np.empty((5, 2))
    net._feed(inputs, outputs, np.array([-1, 0]))

by("feed", made(), fed)

def peeked(net):
    for row in rows:
        net.peek(row)
        net.activate(row)
        net.propagate(0.1, [0.0, 1.0])
        net.output_gradient()

by("with peeks and learning", made(), peeked)

def trained(rule, **options):
    def train(net):
        trainer = synapse.Trainer(net, rule=rule, **options)
        trainer.train([rows], [np.abs(rows)], epochs=1)
    return train

for rule in ("online", "rtrl", "bptt"):
    by(rule, made(), trained(rule))
by("adam", made(), trained("bptt", optimizer="adam"))
by("python", made(), trained("bptt", optimizer=synapse.optimizers.Adam(), dropout=0.1))

by("test", made(), lambda n: synapse.Trainer(n).test([rows], [np.abs(rows)]))

side_by_side.PART = 1
four = [rows[:1], rows[1:2], rows[2:3], rows[3:]]
by("threads", made(), lambda n: n.run(four, threads=2))
by("threads, untraced", made(), lambda n: n.run(four, traces=False, threads=2))

def tested(net):
    targets = [np.abs(part) for part in four]
    synapse.Trainer(net, threads=2).test(four, targets)

by("threads, test", made(), tested)

def failing(net):
    net.run(rows)
    try:
        net.run(np.full((1, 2), np.nan))
    except synapse.errors.ArgumentError:
        pass

by("refused", made(), failing)

net = made()
net.run(rows)
counts["clone"] = of(net.clone())
counts["file"] = of(from_json_data(json_data(net)))
other = architect.Perceptron(2, 2, 2, seed=0)
other.run(rows[:2])
net.output.project(other.input)
counts["joined"] = of(net)
counts["the other"] = of(other)
net.clear()
counts["cleared"] = of(net)
keys = {key for _, data in net.graph.nodes(data=True) for key in data}
counts["public"] = any("tried" in key for key in keys)
print(json.dumps(counts))
"""


@pytest.mark.slow
def test_a_column_counts_every_step_once():
    """Peeks and rows that are refused count none; bptt counts the steps of its
    sequences. Graphs do not show the columns."""
    counts = json.loads(run_with(LIFETIME, COUNTED))
    assert counts.pop("the other") == [2]
    assert counts.pop("public") is False
    assert {name: count for name, count in counts.items() if count != [5]} == {}
