"""What kernels say they write is what they write; and calls from Python that surround them."""

import ast
import inspect
import itertools
import re
from fnmatch import fnmatch

import numpy as np
import pytest

import synapse
from synapse import Layer, Network, Trainer
from synapse.engine import schema
from synapse.engine.lowering import flags as flag
from synapse.engine.online import fire, loops, propagate, record, ties, weigh

from ..networks import lstm, perceptron
from ..strategies import Twin, crowded

TREE = {
    node.name: node
    for module in (weigh, fire, propagate, ties, record, loops)
    for node in ast.parse(inspect.getsource(module)).body
    if isinstance(node, ast.FunctionDef)
}
SHORT = {"traces": ("eligibility", "bias_eligibility", "extended", "influence")} | {
    name: (column,) for name, column in schema.DESTINATIONS.items()
}
CLEARED = [column.name for column in schema.COLUMNS if column.cleared]


def told(name):
    """The columns that the docstring of one kernel says it writes."""
    match = re.search(r"writes: ([^.:]*)", ast.get_docstring(TREE[name]) or "")
    columns = set()
    for word in re.split(r"[,;]\s*|\n", match.group(1)) if match else ():
        if word.strip() == "every cleared column":
            columns |= set(CLEARED)
        elif word.strip() in SHORT:
            columns |= set(SHORT[word.strip()])
        elif word.strip():
            columns |= {c.name for c in schema.COLUMNS if fnmatch(c.name, word.strip())} or {word.strip()}
    return columns


def reached(name, seen=None):
    """A kernel and every one that it calls."""
    seen = set() if seen is None else seen
    if name in TREE and name not in seen:
        seen.add(name)
        for node in ast.walk(TREE[name]):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                reached(node.func.id, seen)
    return seen


def allowed(entry):
    return set().union(*map(told, reached(entry)))


def numbers(store):
    store.ready()
    return {name: column.copy() for name, column in store.columns.items()}


def changed(store, before):
    return {name for name, column in store.columns.items() if not np.array_equal(column, before[name])}


def crowds():
    for seed in range(12):
        twin = Twin(crowded(seed))
        twin.step()
        yield twin


ENTRIES = {
    "activate_one": lambda twin: [neuron.activate() for neuron in list(twin.net)[twin.inputs :]],
    "clamp_one": lambda twin: [neuron.activate(0.3) for neuron in twin.net.input],
    "propagate_one": lambda twin: (
        twin.net.output.propagate(0.1, [0.5] * twin.outputs)
        or [neuron.propagate(0.1) for neuron in reversed(list(twin.net)[: -twin.outputs])]
    ),
    "clear_rows": lambda twin: twin.net.clear(),
    "run_network": lambda twin: twin.net.run([[0.1 * i] * twin.inputs for i in range(3)]),
    "propagate_targets": lambda twin: twin.net.propagate(0.1, [0.5] * twin.outputs),
    "train_network": lambda twin: Trainer(twin.net, 0.1).train(
        [[[0.1 * i] * twin.inputs for i in range(3)]] * 2,
        [[[0.5] * twin.outputs] * 3] * 2,
        1,
        progress=False,
        seed=0,
    ),
}


@pytest.mark.filterwarnings("ignore::synapse.errors.TrainingWarning")  # inputs of a crowd are connected
@pytest.mark.parametrize(("entry", "call"), ENTRIES.items(), ids=ENTRIES)
def test_a_kernel_writes_the_columns_it_names_and_no_others(entry, call):
    written = set()
    for twin in crowds():
        twin.activate()
        before = numbers(twin.net._store)
        call(twin)
        written |= changed(twin.net._store, before)
    assert written <= allowed(entry)


@pytest.mark.parametrize("entry", ["activate_one", "propagate_one", "run_network"])
def test_a_kernel_names_no_column_that_it_leaves_alone(entry):
    written = set()
    for twin in crowds():
        twin.activate()
        store, before = twin.net._store, numbers(twin.net._store)
        ENTRIES[entry](twin)
        written |= changed(store, before)
        if entry == "propagate_one":
            written |= {"pushed", "pushed_gated", "pushed_traced"}  # emptied again by those who receive it
    missing = (
        allowed(entry)
        - written
        - {"waiting", "responsibility", "pushed", "pushed_gated", "pushed_traced", "weight"}
        - {"random", "log", "log_place", "failed"}  # no neuron of the crowd is random, recorded or registered
        - {"tied_base", "tied_move", "bias_tied_base", "bias_tied_move"}  # nor tied
    )
    assert not missing


def test_a_neuron_that_fires_alone_writes_its_own_row_only():
    net = perceptron(3, 4, 2, seed=1)
    net.activate([1.0, 2.0, 3.0])
    before, store, row = numbers(net._store), net._store, net.hidden[0][1]._row
    net.hidden[0][1].bias += 1.0
    net.hidden[0][1].activate()
    for column in schema.NEURON:
        differs = np.flatnonzero(store[column.name] != before[column.name][: store.n_neurons])
        assert set(differs) <= {row}
    assert changed(store, before) >= {"state", "activation", "derivative", "stamp", "clock"}


def test_every_written_column_is_one_of_the_schema():
    names = {column.name for column in schema.COLUMNS}
    for kernel in TREE:
        assert told(kernel) <= names, kernel


# --- what surrounds the kernels ------------------------------------------------------------------


def test_calls_on_neurons_and_on_the_network_can_be_mixed():
    whole, mixed = lstm(2, 2, 1, seed=1), lstm(2, 2, 1, seed=1)
    for step in range(6):
        x, t = [0.1 * step, -0.2], [0.5]
        whole.activate(x)
        whole.propagate(0.3, t)
        if step % 2:
            mixed.activate(x)
        else:
            mixed.input.activate(x)
            for layer in (*mixed.hidden, mixed.output):
                layer.activate()
        if step % 3:
            mixed.propagate(0.3, t)
        else:
            mixed.output.propagate(0.3, t)
            for layer in reversed(mixed.hidden):
                layer.propagate(0.3)
    assert mixed.weights == pytest.approx(whole.weights, abs=1e-14)
    assert mixed.biases == pytest.approx(whole.biases, abs=1e-14)


def test_weights_set_by_hand_between_steps_are_seen():
    net = perceptron(2, 3, 1, seed=1)
    before = net.activate([1.0, 1.0])
    net.weights = net.weights * 2
    assert net.activate([1.0, 1.0]) != before


def test_a_large_network_learns_as_a_small_one_would():
    """Long runs are summed several terms at a time."""
    net = perceptron(150, 90, 3, seed=1)
    x, t = np.linspace(-1, 1, 150), [1.0, 0.0, 1.0]
    hidden, output = (np.asarray(layer) for layer in (net.weights[: 150 * 90], net.weights[150 * 90 :]))
    w, v = hidden.reshape(90, 150), output.reshape(3, 90)
    h = 1 / (1 + np.exp(-(w @ x)))
    y = 1 / (1 + np.exp(-(v @ h)))
    assert net.activate(x) == pytest.approx(y, abs=1e-13)
    net.propagate(0.5, t)
    delta = t - y
    back = h * (1 - h) * (v.T @ delta)
    assert net.weights[150 * 90 :] == pytest.approx((v + 0.5 * np.outer(delta, h)).ravel(), abs=1e-13)
    assert net.weights[: 150 * 90] == pytest.approx((w + 0.5 * np.outer(back, x)).ravel(), abs=1e-13)


@pytest.mark.parametrize("build", [lambda: perceptron(3, 4, 2, seed=1), lambda: lstm(3, 4, 2, seed=1)])
def test_an_epoch_of_sequences_is_its_steps(build):
    """Weights from inputs may wait for the next inputs, but not beyond the end of a sequence."""
    xs, ts = (
        np.random.default_rng(0).uniform(-1, 1, (4, 3, 3)),
        np.random.default_rng(1).uniform(0, 1, (4, 3, 2)),
    )
    at_once, by_steps = build(), build()
    Trainer(at_once, 0.5).train(xs, ts, epochs=2, shuffle=False, progress=False)
    for x, t in zip(np.tile(xs, (2, 1, 1)), np.tile(ts, (2, 1, 1)), strict=True):
        by_steps.clear()
        for row, target in zip(x, t, strict=True):
            by_steps.activate(row)
            by_steps.propagate(0.5, target)
    assert at_once.weights == pytest.approx(by_steps.weights, abs=1e-13)
    assert at_once.biases == pytest.approx(by_steps.biases, abs=1e-13)


def test_an_epoch_of_samples_is_its_steps():
    xs, ts = np.random.default_rng(0).uniform(-1, 1, (9, 3)), np.random.default_rng(1).uniform(0, 1, (9, 2))
    at_once, by_steps = perceptron(3, 4, 2, seed=1), perceptron(3, 4, 2, seed=1)
    Trainer(at_once, 0.5).train(xs, ts, epochs=2, shuffle=False, progress=False)
    for row, target in zip(np.tile(xs, (2, 1)), np.tile(ts, (2, 1)), strict=True):
        by_steps.activate(row)
        by_steps.propagate(0.5, target)
    assert at_once.weights == pytest.approx(by_steps.weights, abs=1e-13)
    assert at_once.biases == pytest.approx(by_steps.biases, abs=1e-13)


def test_a_gate_whose_slope_is_zero_still_learns_from_what_it_let_in_before():
    """Its own error of this step is 0, but the cell that it gates remembers."""
    source, gate, cell, out = Layer(1), Layer(1, squash="relu"), Layer(1, squash="identity"), Layer(1)
    into_gate = source[0].project(gate[0], weight=1.0)
    gate[0].gate(source[0].project(cell[0], weight=1.0))
    cell.project(cell)
    cell.project(out, weights=2.0)
    net = Network(source, [gate, cell], out)
    net.run([[1.0], [-1.0]])
    assert gate[0].derivative == 0.0
    assert into_gate.extended[cell[0]] == 1.0
    net.propagate(0.5, [1.0])
    assert gate[0].error.responsibility == 0.0
    assert into_gate.weight == 1.0 + 0.5 * cell[0].error.responsibility


@pytest.mark.parametrize("others", [1, 20])
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_a_gate_of_another_network_keeps_what_it_saw_of_a_later_neuron(others):
    """Whichever network comes first in the store, the one that is called first fires first."""
    hidden, cells = Layer(2, bias=0.5), Layer(1, squash="identity", bias=0.5)
    gates = Network(Layer(1), [hidden], Layer(1))
    cells.project(cells)
    memory = Network(Layer(1), [cells], Layer(others))
    back = hidden[1].project(hidden[0], weight=0.5)
    hidden[0].gate(memory.input[0].project(cells[0], weight=2.0))
    expected = 0.0
    for value in (1.0, -1.0, 0.5):
        seen = hidden[1].activation
        gates.activate([0.0])
        memory.activate([value])
        expected += hidden[0].derivative * seen * 2.0 * value
        assert back.extended[cells[0]] == pytest.approx(expected, abs=1e-15)


def scattered(seed, dtype=np.float64):
    """Random connections between four layers, some frozen, some tied, some backwards."""
    layers = [Layer(n, "identity" if i == 0 else "tanh", dtype=dtype) for i, n in enumerate((9, 17, 13, 5))]
    for i, (one, other) in enumerate(itertools.pairwise(layers)):
        one.project(other, 0.6, seed=seed + i)
    layers[2].project(layers[1], 0.2, seed=seed)
    net = Network(layers[0], layers[1:-1], layers[-1])
    links = net.connections
    for link in links[:: 11 + seed]:
        link.trainable = False
    synapse.tie([link for link in links[5:40:7] if link.trainable])
    return net


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("seed", range(4))
def test_delayed_updates_of_scattered_connections_are_those_of_single_steps(seed, dtype):
    """In an epoch, weights are updated when they are next read; with edits and steps in between."""
    at_once, by_steps = scattered(seed, dtype), scattered(seed, dtype)
    columns, within = at_once[0]._store.columns, 1e-12 if dtype is np.float64 else 1e-5
    at_once._ready()
    listed = columns["run_kind"] == flag.LISTED
    assert (listed & (columns["run_flags"] == 0)).any()  # they send an error and are delayed
    random = np.random.default_rng(seed)
    for _ in range(3):
        xs, ts = random.random((5, 9)), random.random((5, 5))
        with synapse.record(at_once, "weight") as log:
            Trainer(at_once, 0.3).train(xs, ts, epochs=1, shuffle=False, progress=False)
        for at, (row, target) in enumerate(zip(xs, ts, strict=True)):
            by_steps.activate(row)
            by_steps.propagate(0.3, target)
            assert log.weight[at] == pytest.approx(np.asarray(by_steps.weights), abs=within)
        assert (at_once[0]._store["waiting"] == 0).all()
        assert np.asarray(at_once.weights) == pytest.approx(np.asarray(by_steps.weights), abs=within)
        for net in (at_once, by_steps):
            net.activate(xs[0])
            link = net.connections[20]
            link.source.disconnect(link.target)
