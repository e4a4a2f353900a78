"""A network that has been saved and loaded is the one that it was, to the last bit."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

import architect
import synapse
from synapse import Layer, Network, Neuron, errors, gate, load, save
from synapse.engine import schema
from synapse.readwrite import files, json_data

from ..strategies import Twin, specs
from .nets import bump, feed, memory, run_python, same, through_text

GOLDEN = Path(__file__).parent / "golden"


# --- everything is kept ------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("between", [False, True])
def test_training_goes_on_bit_for_bit(tmp_path, dtype, between):
    net = memory(dtype=dtype)
    feed(net, 7)
    if between:  # an activation that has not been learnt from yet
        net.activate([0.3, -0.4])
    save(net, tmp_path / "net.synapse")
    twin = load(tmp_path / "net.synapse")
    assert same(net, twin)
    if between:
        net.propagate(0.3, [1, 0])
        twin.propagate(0.3, [1, 0])
        assert same(net, twin)
    assert feed(net, 9, seed=1).tobytes() == feed(twin, 9, seed=1).tobytes()
    assert same(net, twin)


@given(specs(), st.integers(0, 4), st.booleans())
def test_training_of_any_graph_goes_on_bit_for_bit(spec, steps, between):
    net = Twin(spec).net
    feed(net, steps)
    if between:
        feed(net, 1, learn=False)
    try:
        twin = through_text(net)
    except errors.DivergenceError:
        assume(False)
    assert same(net, twin)
    for one in (net, twin):
        if between:
            one.propagate(0.2, [0.5] * spec.outputs, "squared_error")
    with np.errstate(all="ignore"):
        assert feed(net, 3, seed=1).tobytes() == feed(twin, 3, seed=1).tobytes()


SGD, ADAM = synapse.optimizers.SGD(0.05, momentum=0.9), synapse.optimizers.Adam(0.01)
LBFGS = synapse.optimizers.LBFGS()


def trained(net, trainer=None, **options):
    """The weights after three epochs, and the trainer."""
    inputs, targets = np.random.default_rng(5).uniform(0, 1, (2, 6, 8, 2))
    trainer = trainer or synapse.Trainer(net, **options)
    trainer.train(inputs, targets[..., :1], epochs=3, seed=1)
    return net.weights, trainer


@pytest.mark.parametrize(
    ("method", "optimizer"),
    [*((method, each) for method in ("online", "bptt") for each in (None, SGD, ADAM)), ("bptt", LBFGS)],
)
def test_a_new_trainer_gives_the_same_bits_after_loading(method, optimizer):
    rule = {"rate": 0.1} if optimizer is None else {"optimizer": optimizer}
    net = architect.LSTM(2, 3, 1, seed=0)
    trained(net, method=method, **rule)
    twin = through_text(net)
    assert np.array_equal(trained(twin, method=method, **rule)[0], trained(net, method=method, **rule)[0])


@pytest.mark.parametrize(("optimizer", "goes_on"), [(None, True), (SGD, False), (ADAM, False)])
def test_training_goes_on_as_if_uninterrupted_by_the_plain_rule_alone(optimizer, goes_on):
    rule = {"rate": 0.1} if optimizer is None else {"optimizer": optimizer}
    net = architect.LSTM(2, 3, 1, seed=0)
    _, trainer = trained(net, **rule)
    interrupted, _ = trained(through_text(net), **rule)
    uninterrupted, _ = trained(net, trainer)
    assert np.array_equal(interrupted, uninterrupted) == goes_on


def test_saved_in_the_midst_of_calls_on_single_neurons():
    net = memory()
    feed(net, 3)
    for neuron in list(net)[:9]:
        neuron.activate()
    twin = through_text(net)
    for one in (net, twin):
        for neuron in list(one)[9:]:
            neuron.activate()
        for neuron in reversed(list(one)):
            neuron.propagate(0.1)
    assert same(net, twin)


def test_everything_that_has_a_name_keeps_it(tmp_path):
    inputs, hidden, outputs = Layer(1, name='Ω "quoted"\n'), Layer([Neuron(name="a"), Neuron()]), Layer(1)
    inputs[0].name = "\ud800"  # half a character, which UTF-8 cannot write
    inputs.project(hidden, seed=0)
    net = Network(inputs, [hidden], outputs)
    outputs.name = ""
    outputs.append(Neuron())  # has no name at all
    save(net, tmp_path / "net")
    twin = load(tmp_path / "net")
    assert [layer.name for layer in twin.layers] == [layer.name for layer in net.layers]
    assert [neuron.name for neuron in twin] == [neuron.name for neuron in net]
    assert (twin[1].name, twin[2].name, twin[4].name) == ("a", "hidden 1", "neuron 4")
    assert repr(twin) == repr(net)


def test_what_is_not_trained_stays_so():
    net = memory()
    twin = through_text(net)
    assert [neuron.trainable for neuron in twin] == [neuron.trainable for neuron in net]
    assert [link.trainable for link in twin.connections] == [link.trainable for link in net.connections]
    assert not all(link.trainable for link in twin.connections)


def test_connections_keep_the_order_of_making():
    net = memory()
    feed(net, 2)
    net[0].disconnect(net["hidden 4"][0])
    net[0].project(net.output[0], weight=0.25)
    net[0].project(net["hidden 4"][0], weight=0.5)

    def described(one):
        number = {neuron: i for i, neuron in enumerate(one)}
        return [(number[link.source], number[link.target], link.weight) for link in one.connections]

    assert described(through_text(net)) == described(net)


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_a_network_without_connections():
    net = through_text(Network(Layer(2), [], Layer(1, bias=0.5)))
    assert net.activate([1, 1]) == synapse.squash.logistic(0.5)


def test_saving_leaves_the_network_as_it_is(tmp_path):
    net, untouched = memory(), memory()
    for one in (net, untouched):
        feed(one, 3)
        one.activate([1, 0])
    save(net, tmp_path / "net")
    for one in (net, untouched):
        one.propagate(0.1, [1, 0])
    assert same(net, untouched)


def test_a_network_that_once_was_linked_to_another_is_saved_alone():
    net, untouched, other = memory(), memory(), memory(seed=1)
    feed(other, 3)
    link = other.output[0].project(net.input[0])  # they share a store from now on
    assert net._store is other._store
    link.source.disconnect(link.target)
    feed(net, 4)
    feed(untouched, 4)
    twin, again = through_text(net), through_text(untouched)
    feed(twin, 4, seed=1)
    feed(again, 4, seed=1)
    assert twin.weights.tobytes() == again.weights.tobytes()
    assert len(through_text(other)) == len(other)


def test_every_saved_column_of_the_schema_is_in_the_document():
    data = json_data(memory())
    saved = {(column.axis, column.name) for column in schema.COLUMNS if column.saved}
    kept = {(axis, name) for axis in ("neuron", "connection") for name in data[f"{axis}s"]} | {
        ("store", "clock")
    }
    assert saved - kept == {(axis, name) for axis, name in saved if name in schema.RARE}  # all 0 here
    source, random = Layer(2), Layer(3, "noise")
    random[:2].squash = "winner"
    random.deterministic = True
    document = json_data(Network(source, [random], Layer(1)))["neurons"]
    assert {name: document[name] for name in ("group", "deterministic")} == {
        "group": [0, 0, 1, 1, 0, 0],
        "deterministic": [False, False, True, True, True, False],
    }
    assert document["random"][4] > 0


# --- custom functions --------------------------------------------------------------------------


def test_a_function_of_ones_own_is_kept_by_name(tmp_path):
    net = memory()
    assert bump in {neuron.squash for neuron in through_text(net)}
    save(net, tmp_path / "net")
    result = run_python("import sys, synapse; synapse.load(sys.argv[1])", tmp_path / "net")
    last = result.stderr.strip().splitlines()
    assert any("FormatError" in line and "'bump'" in line and "@squash.register" in line for line in last)


# --- another process ---------------------------------------------------------------------------

ANSWER = """
import sys, synapse
net = synapse.load(sys.argv[1])
for x in ([0.1, 0.9], [0.7, -0.2], [0.3, 0.3]):
    print([y.hex() for y in net.activate(x).tolist()])
    net.propagate(0.1, [0.5])
print([w.hex() for w in net.weights.tolist()])
"""


def test_another_process_gives_the_same_bits(tmp_path):
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    feed(net, 5)
    save(net, tmp_path / "net")
    lines = []
    for x in ([0.1, 0.9], [0.7, -0.2], [0.3, 0.3]):
        lines.append(str([y.hex() for y in net.activate(x).tolist()]))
        net.propagate(0.1, [0.5])
    lines.append(str([w.hex() for w in net.weights.tolist()]))
    assert run_python(ANSWER, tmp_path / "net").stdout.splitlines() == lines


# --- what cannot be saved ----------------------------------------------------------------------


LINKS = {
    "outward": lambda net, other: net.project(other),
    "inward": lambda net, other: other.project(net),
    "gated_from_outside": lambda net, other: other.output[0].gate(net.connections[-1]),
    "gating_outside": lambda net, other: net.output[0].gate(other.connections[-1]),
}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_links_to_the_outside_are_not_lost_in_silence(tmp_path, link):
    net, other = memory(), memory(seed=1)
    link(net, other)
    sentence = r"neurons outside of it.*<Connection .*Disconnect or ungate"
    with pytest.raises(errors.TopologyError, match=sentence):
        save(net, tmp_path / "net")
    assert not list(tmp_path.iterdir())


def test_a_network_that_has_diverged_is_refused(tmp_path):
    net = memory()
    net._store["state"][net[3]._row] = np.inf
    sentence = r"Expected finite values to save, got inf for the state of neuron 3"
    with pytest.raises(errors.DivergenceError, match=sentence):
        save(net, tmp_path / "net")
    assert not list(tmp_path.iterdir())


# --- the file -----


def test_the_file_is_for_people_to_read(tmp_path):
    net = memory()
    save(net, tmp_path / "net")
    lines = (tmp_path / "net").read_text().splitlines()
    assert lines[:4] == ["{", '"format": "synapse",', '"version": 1,', '"name": "memory",']
    assert any(line.startswith('  "weight": [') for line in lines)
    assert len(lines) < 60


def test_files_of_version_1_are_read_for_ever():
    """The golden file was written by the first release; it must not be written anew."""
    net = load(GOLDEN / "version1.synapse")
    assert files.to_text(json_data(net)) == (GOLDEN / "version1.synapse").read_text()
    expected = json.loads((GOLDEN / "version1.json").read_text())
    assert np.abs(net.run(expected["inputs"]) - expected["outputs"]).max() < 1e-12
    cost = [net.propagate(0.5, target) for target in expected["targets"]]
    assert np.abs(net.weights - expected["weights"]).max() < 1e-12, cost


@pytest.mark.slow
def test_a_million_connections(tmp_path):
    net = architect.Perceptron(1000, 1000, 10, seed=0)
    save(net, tmp_path / "net")
    twin = load(tmp_path / "net")
    assert net.weights.tobytes() == twin.weights.tobytes()
    assert net.activate(np.ones(1000)).tobytes() == twin.activate(np.ones(1000)).tobytes()


def test_gates_can_be_seen_after_loading():
    inputs, outputs, gater = Layer(1), Layer(1), Layer(1)
    inputs.project(gater, weights=1.0)
    gater.gate(inputs.project(outputs, weights=1.0), gate.INPUT)
    twin = through_text(Network(inputs, [gater], outputs))
    assert twin.connections[1].gater is twin.hidden[0][0]
    assert twin.graph[twin[0]][twin[2]].gater is twin[1]
