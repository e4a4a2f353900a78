"""Every change of structure is made whole or not at all."""

import sys

import numpy as np
import pytest

import synapse
from synapse import Layer, Network, Neuron
from synapse.connection import require_connection
from synapse.engine.store import SPARE
from synapse.errors import KindError, TopologyError
from synapse.neuron import require_neuron

from .integrity import check_store
from .networks import lstm, perceptron, unchanged, used


def test_a_store_absorbs_the_smaller_one():
    large, small = Layer(10), Layer(2)
    store = large[0]._store
    large.project(large, "all_to_else")
    small[0].project(large[0])
    assert small[0]._store is small[1]._store is store
    assert [store.views[neuron._row] for neuron in small] == list(small)


def test_rows_and_views_agree_after_any_merging():
    random = np.random.default_rng(0)
    neurons = [Neuron(name=str(i)) for i in range(30)]
    made = {}
    for _ in range(80):
        i, j = random.integers(0, 30, 2).tolist()
        if (i, j) not in made:
            weight = float(random.normal())
            made[i, j] = neurons[i].project(neurons[j], weight=weight), weight
        if random.random() < 0.2:
            neurons[i].activate()
    for (i, j), (connection, weight) in made.items():
        assert neurons[i].connected(neurons[j]) is connection
        assert (connection.source, connection.target) == (neurons[i], neurons[j])
        assert connection.weight == weight
    assert [neuron.name for neuron in neurons] == [str(i) for i in range(30)]


def test_a_gate_from_another_store_brings_the_stores_together():
    a, b, gate = Neuron(), Neuron("identity"), Neuron(name="gate")
    link = a.project(b, weight=2.0)
    others = Layer(9)
    others.project(others, "all_to_else")
    gate.project(others)
    gate.gate(link)
    assert link.gater is gate
    assert link.weight == 2.0
    gate.activate(0.5)
    a.activate(1.0)
    assert b.activate() == 1.0


def test_connections_made_after_the_first_steps_take_part():
    """Neurons sorted by lowering leave room for what comes later."""
    neurons = [Neuron("identity", name=str(i)) for i in range(4)]
    neurons[2].project(neurons[0], weight=1.0)
    neurons[3].project(neurons[1], weight=1.0)
    net = Network(Layer(neurons[2:3]), [Layer([neurons[0], neurons[3]])], Layer(neurons[1:2]))
    net.activate([1.0])
    late = neurons[0].project(neurons[3], weight=2.0)
    assert (late.source, late.target, late.weight) == (neurons[0], neurons[3], 2.0)
    assert net.activate([1.0]) == 2.0


def test_a_neuron_that_has_fired_may_join_a_network_in_the_middle_of_a_sequence():
    """Nobody else's traces are touched."""
    net, twin = used(lstm(2, 2, 1, seed=1)), used(lstm(2, 2, 1, seed=1))
    stranger = Neuron()
    stranger.activate()
    net.add(stranger)
    used(net, seed=1)
    used(twin, seed=1)
    assert net.weights == pytest.approx(twin.weights, abs=1e-15)
    assert [n.bias for n in net if n is not stranger] == pytest.approx(twin.biases, abs=1e-15)


def test_disconnecting_the_last_connection_of_a_run_leaves_the_others():
    a, b = Layer(6), Layer(2, squash="identity")
    a.project(b, weights=1.0)
    net = Network(a, [], b)
    assert net.activate([1, 2, 4, 8, 16, 32]).tolist() == [63, 63]
    a[5].disconnect(b[0])
    a[0].disconnect(b[1])
    assert net.activate([1, 2, 4, 8, 16, 32]).tolist() == [31, 62]


def test_what_a_failed_call_was_to_do_is_not_half_done():
    net = used(perceptron(2, 3, 1, seed=1))
    outside = Layer(2)
    net.hidden[0][1].project(outside[1])
    with unchanged(net), pytest.raises(TopologyError):
        net.hidden[0].project(outside)
    assert outside[0].incoming == ()


@pytest.mark.parametrize("given", [None, 3, "neuron", Layer(1)])
def test_a_neuron_is_asked_for_by_name(given):
    with pytest.raises(KindError, match="Expected the thing to be a Neuron"):
        require_neuron("The thing", given)
    with pytest.raises(KindError, match="Expected the thing to be a Connection"):
        require_connection("The thing", given)


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")  # nothing leads to the outputs
def test_removed_neurons_leave_no_connection_behind():
    net = used(perceptron(2, 3, 2, seed=1))
    for neuron in list(net.hidden[0]):
        net.remove(neuron)
        assert all(neuron not in (c.source, c.target) for c in net.connections)
    assert len(net.connections) == 0
    assert net.graph.number_of_edges() == 0
    assert net.activate([1.0, 1.0]).shape == (2,)


def test_numbers_stay_with_their_neurons_when_rows_are_sorted():
    layers = [Layer(3, name=name, bias=bias) for name, bias in (("c", 0.3), ("a", 0.1), ("b", 0.2))]
    c, a, b = layers
    a.project(b, seed=1)
    b.project(c, seed=2)
    weights = {(x.source.name, x.target.name): x.weight for n in (*b, *c) for x in n.incoming}
    net = Network(a, [b], c)
    net.activate([1.0, 2.0, 3.0])
    assert [neuron.name for neuron in net][::3] == ["a 0", "b 0", "c 0"]
    assert net.biases.tolist() == [0.1] * 3 + [0.2] * 3 + [0.3] * 3
    assert {(x.source.name, x.target.name): x.weight for x in net.connections} == weights


# --- all or nothing --------------------------------------------------------------------------------


def small_and_big():
    """A network with a removed neuron that no step has swept away yet, and a larger one."""
    small, big = perceptron(2, 3, 1), perceptron(20, 2, 2)
    small.remove(small["hidden"][2])
    return small, big


JOINS = {
    "project": lambda small, big: small.project(big),
    "gate": lambda small, big: small.output[0].gate(big.connections[0]),
    "tie": lambda small, big: synapse.tie([small.connections[0], big.connections[0]]),
}


@pytest.mark.parametrize("join", JOINS.values(), ids=JOINS)
def test_a_store_with_removed_neurons_is_absorbed(join):
    small, big = small_and_big()
    outputs, others = small.run(np.eye(2)), big.run(np.eye(20))
    small, big = small_and_big()
    join(small, big)
    assert small._store is big._store
    check_store(small._store)
    assert small.run(np.eye(2)) == pytest.approx(outputs, abs=1e-15)
    if join is not JOINS["gate"]:
        assert big.run(np.eye(20)) == pytest.approx(others, abs=1e-15)


class Failing:
    """A tracer that raises an error when a function of the store has run so many lines."""

    def __init__(self, functions, line):
        self.functions, self.left, self.failed = functions, line, False

    def __call__(self, frame, event, argument):
        if frame.f_code.co_name == "_adopt":  # all is prepared; what follows only publishes it
            self.left = 0
        if frame.f_code.co_name not in self.functions or "store.py" not in frame.f_code.co_filename:
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                self.failed = True
                raise MemoryError("as if there were none left")
        return self


@pytest.mark.parametrize("join", JOINS.values(), ids=JOINS)
def test_a_join_that_fails_has_not_begun(join):
    """Whatever fails while a join is prepared: both sides stay as they were, and can be joined later."""
    prepared = {"absorb", "_append", "_reserve", "_shift_appended", "_reserve_identities"}
    line, failing = 0, True
    small, big = small_and_big()
    outputs, weights = small.run(np.eye(2)), big.weights
    while failing:
        line += 1
        small, big = small_and_big()
        tracer, before = Failing(prepared, line), sys.gettrace()
        sys.settrace(tracer)
        try:
            join(small, big)
        except MemoryError:
            pass
        finally:
            sys.settrace(before)
        failing = tracer.failed
        if failing and small._store is not big._store:
            check_store(small._store)
            check_store(big._store)
            assert small.run(np.eye(2)) == pytest.approx(outputs, abs=1e-15)
            assert np.array_equal(big.weights, weights)
            join(small, big)
        check_store(small._store)
    assert line > 20


def test_a_gate_that_is_refused_joins_nothing():
    a, b, gate, late = Neuron(), Neuron(), Neuron(), Neuron()
    link = a.project(b)
    gate.gate(link)
    with pytest.raises(TopologyError, match="gated by"):
        late.gate(link)
    assert late._store is not link._store
    layer = Layer(1)
    projection = Layer(1).project(Layer(1))
    gate.gate(projection)
    with pytest.raises(TopologyError, match="gated by"):
        layer.gate(projection, synapse.gate.INPUT)
    assert layer[0]._store is not projection._store


def test_linking_a_pair_twice_joins_nothing():
    a, b, c = Neuron(), Neuron(), Neuron()
    a.project(b)
    with pytest.raises(TopologyError, match="already"):
        Layer([a, c]).project(Layer([b]))
    assert c._store is not a._store
    assert len(a.outgoing) == 1


def test_competing_neurons_of_two_floats_are_refused_with_nothing_changed():
    layer = Layer([Neuron(), Neuron(dtype="float32")])
    with pytest.raises(TopologyError, match="same dtype"):
        layer.squash = "winner"
    assert layer.squash.name == "logistic"


def test_an_absorbed_store_never_sorts_neurons_that_another_has():
    """A reader in another thread may still hold it."""
    small, big = small_and_big()
    old = small._store
    small.project(big)
    rows = [neuron._row for neuron in (*small, *big)]
    with pytest.raises(RuntimeError, match="absorbed"):
        old.ready()
    assert [neuron._row for neuron in (*small, *big)] == rows
    check_store(small._store)


# --- what is gone ----------------------------------------------------------------------------------


def gone():
    """A network, and a list of hidden neurons of which one has been removed."""
    net = perceptron(2, 4, 1)
    part = net["hidden"][1:3]
    net.remove(part[0])
    return net, part


@pytest.mark.parametrize(
    "use",
    [
        lambda part: part.project(Layer(2)),
        lambda part: Layer(2).project(part),
        lambda part: part.gate(Layer(2).project(Layer(2)), synapse.gate.INPUT),
        lambda part: part.activate(),
        lambda part: part.activate([0.1, 0.2]),
        lambda part: part.propagate(0.1),
        lambda part: part.clear(),
        lambda part: part.reset(0),
        lambda part: part.biases,
        lambda part: setattr(part, "biases", [1.0, 2.0]),
        lambda part: setattr(part, "squash", "tanh"),
        lambda part: setattr(part, "trainable", False),
        synapse.tie,
        lambda part: Network(part, [], Layer(1)),
        lambda part: part.append(Neuron()),
    ],
)
def test_a_list_with_a_removed_neuron_is_refused_with_nothing_changed(use):
    net, part = gone()
    before = net.run(np.eye(2))
    with pytest.raises(TopologyError, match="removed"):
        use(part)
    assert np.array_equal(net.run(np.eye(2)), before)
    check_store(net._store)


def test_a_projection_without_connections_cannot_be_gated():
    a, b, gates = Layer(2), Layer(2), Layer(2)
    projection = a.project(b, synapse.ONE_TO_ONE)
    a[0].disconnect(b[0])
    a[1].disconnect(b[1])
    with pytest.raises(TopologyError, match="have been removed"):
        gates.gate(projection, synapse.gate.INPUT)
    with pytest.raises(TopologyError, match="have been removed"):
        _ = projection.weights[:]


def test_a_removed_connection_is_never_taken_for_a_later_one():
    layer = Layer(3)
    old = layer[0].project(layer[1])
    layer[0].disconnect(layer[1])
    for _ in range(6000):
        layer[1].project(layer[2], weight=2.0)
        layer[1].disconnect(layer[2])
    new = layer[0].project(layer[1], weight=3.0)
    with pytest.raises(TopologyError, match="has been removed"):
        _ = old.weight
    assert (new.weight, new.source, new.target) == (3.0, layer[0], layer[1])
    check_store(layer[0]._store)


def test_edits_that_undo_each_other_leave_no_memory_behind():
    net = perceptron(2, 3, 1)
    store = net._store
    projection = net["hidden"].project(Layer(2), seed=0)
    kept, weights = list(projection), projection.weights.copy()
    used(net)
    for _ in range(9000):
        neuron = Neuron()
        net.input[0].project(neuron)
        net["hidden"].append(neuron)
        net.remove(neuron)
    assert store.n_neurons + store.n_connections < 2 * SPARE
    assert store.n_identities < 2 * SPARE
    assert (list(projection), [link.weight for link in kept]) == (kept, weights.T.ravel().tolist())
    check_store(store)


def test_networks_that_are_no_more_leave_nothing_behind():
    a, b = Layer(2), Layer(1)
    a.project(b)
    for _ in range(50):
        net = Network(a, [], b)
        net.activate([0.0, 1.0])
        del net
    assert len(a[0]._store.networks) <= 1


def test_neurons_of_a_network_that_is_no_more_keep_its_order():
    """Whether somebody holds the network, and when Python collects it, must not change a number."""
    errors, held = [], []
    for hold in (False, True):
        a, b = Neuron(), Neuron("identity")
        a.project(b, weight=0.5)
        b.project(a, weight=0.7)
        net = Network(Layer([a]), [], Layer([b]))
        if hold:
            held.append(net)
        del net
        b.activate(), a.activate()
        a.propagate(0.1, 1.0, "squared_error"), b.propagate(0.1)
        errors.append((a.error.responsibility, b.error.responsibility))
    assert errors[0] == errors[1]
