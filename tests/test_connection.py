import math
from collections.abc import MutableMapping

import numpy as np
import pytest

from synapse import Connection, Layer, Neuron
from synapse.errors import ArgumentError, KindError, SynapseError, TopologyError, UnknownNameError

from .networks import fire, lstm, unchanged, used


def linked(weight=0.5, squash="identity"):
    a, b = Neuron(name="a"), Neuron(squash, name="b")
    return a, b, a.project(b, weight=weight)


def test_its_repr_tells_ends_weight_and_gater():
    _, _, link = linked()
    assert repr(link) == "<Connection a -> b, weight 0.5>"
    Neuron(name="gate").gate(link)
    assert repr(link) == "<Connection a -> b, weight 0.5, gated by gate>"


def test_its_weight_can_be_set_and_is_seen_by_the_next_step():
    a, b, link = linked()
    a.activate(1.0)
    assert b.activate() == 0.5
    link.weight = -2
    assert (link.weight, b.activate()) == (-2.0, -2.0)


@pytest.mark.parametrize("weight", [math.nan, math.inf, -math.inf, "one", None, [1.0]])
def test_its_weight_is_a_finite_number(weight):
    a, b, link = linked()
    for setting in (lambda: setattr(link, "weight", weight), lambda: link.__setitem__("weight", weight)):
        with unchanged([a, b]), pytest.raises((ArgumentError, KindError)):
            setting()


def test_ends_gater_and_gain_are_told_not_set():
    _, _, link = linked()
    for name in ("source", "target", "gater", "gain", "eligibility", "extended"):
        with pytest.raises(AttributeError):
            setattr(link, name, 1.0)


def test_its_gain_follows_the_gater():
    _, _, link = linked()
    gate = Neuron()
    gate.gate(link)
    for value in (0.25, 0.75, -1.0, 0.0):
        gate.activate(value)
        assert link.gain == link["gain"] == value
    gate.activation = 0.5
    assert link.gain == 0.5


def test_whether_it_is_trained_can_be_changed_between_steps():
    a, b, link = linked()
    weights = []
    for trainable in (False, True, False):
        link.trainable = trainable
        assert link.trainable is trainable
        fire(a, b)
        b.propagate(rate=0.5, target=1.0)
        weights.append(link.weight)
    assert weights[0] == 0.5
    assert weights[1] == weights[2] != 0.5


def test_an_eligibility_can_be_read_off_where_there_is_no_memory():
    a, b, link = linked()
    gate = Neuron()
    gate.gate(link)
    a.activate(0.5)
    fire(gate, b, value=0.25)
    assert link.eligibility == 0.125


def test_an_eligibility_adds_up_where_there_is_memory():
    a, b, link = linked()
    b.project(b, weight=0.5)
    for value in (1.0, 2.0, 4.0):
        fire(a, b, value=value)
    assert link.eligibility == 0.25 * 1.0 + 0.5 * 2.0 + 4.0


def test_the_eligibility_of_a_trained_self_connection_counts_states():
    _, b, _ = linked()
    own = b.project(b, weight=0.5, trainable=True)
    b.bias = 1.0
    for _ in range(3):
        b.activate()
    assert own.eligibility == 0.5 * 1.0 + 1.5  # s is 1, 1.5, 1.75: e = w e(old) + s(old)


def test_an_extended_trace_carries_what_a_gate_let_in():
    source, gate, cell = Neuron(), Neuron(), Neuron("identity")
    into_gate = source.project(gate, weight=0.5)
    gate.gate(source.project(cell, weight=2.0))
    cell.project(cell, weight=0.5)
    expected = 0.0
    for value in (1.0, -1.0, 0.5):
        fire(source, gate, cell, value=value)
        expected = 0.5 * expected + gate.derivative * value * 2.0 * value
    assert into_gate.extended == pytest.approx({cell: expected})


def test_an_extended_trace_of_a_gated_neuron_without_memory_is_of_this_step():
    source, gate, target = Neuron(), Neuron(), Neuron("identity")
    into_gate = source.project(gate, weight=0.5)
    gate.gate(source.project(target, weight=2.0))
    for value in (1.0, -0.5):
        fire(source, gate, target, value=value)
    assert into_gate.extended == pytest.approx({target: gate.derivative * -0.5 * 2.0 * -0.5})


def test_a_connection_to_a_neuron_that_gates_nothing_has_no_extended_trace():
    _, _, link = linked()
    assert link.extended == {}


# --- the mapping that networkx sees -------------------------------------------------------------


def test_it_is_a_mapping_of_its_fields():
    _, _, link = linked()
    assert isinstance(link, MutableMapping)
    assert dict(link) == {"weight": 0.5, "gain": 1.0, "trainable": True, "eligibility": 0.0}
    assert len(link) == 4
    assert "weight" in link
    assert "capacity" not in link
    assert link.get("capacity", 1) == 1
    with pytest.raises(KeyError):
        link["capacity"]


def test_the_mapping_writes_to_the_connection():
    _, _, link = linked()
    link["weight"] = 0.25
    link["trainable"] = False
    assert (link.weight, link.trainable) == (0.25, False)


def test_the_mapping_has_the_name_of_a_gater():
    _, _, link = linked()
    assert "gater" not in link
    Neuron(name="gate").gate(link)
    assert link["gater"] == "gate"
    assert list(link) == ["weight", "gain", "trainable", "eligibility", "gater"]
    assert len(link) == 5


def test_other_keys_are_notes():
    a, b, link = linked()
    with unchanged([a, b]):
        link["capacity"] = 3
    assert dict(link)["capacity"] == link.pop("capacity") == 3
    assert len(link) == 4


@pytest.mark.parametrize("key", ["gain", "eligibility", "gater"])
def test_other_fields_cannot_be_set(key):
    a, b, link = linked()
    with unchanged([a, b]), pytest.raises(UnknownNameError, match="weight"):
        link[key] = 1.0


def test_fields_cannot_be_deleted():
    _, _, link = linked()
    for drop in (lambda: link.pop("weight"), lambda: link.__delitem__("weight"), link.clear, link.popitem):
        with pytest.raises(SynapseError):
            drop()
    assert link.weight == 0.5


def test_its_copy_is_a_plain_dict():
    _, _, link = linked()
    copied = link.copy()
    assert type(copied) is dict
    assert copied == {"weight": 0.5, "gain": 1.0, "trainable": True, "eligibility": 0.0}
    copied["weight"] = 3.0
    assert link.weight == 0.5


def test_connections_are_equal_by_identity_and_hashable():
    _, _, one = linked()
    _, _, other = linked()
    assert one != other
    assert len({one, other, one}) == 2


def test_one_connection_has_one_view():
    a, b, link = linked()
    assert a.outgoing[0] is b.incoming[0] is a.connected(b) is link
    before = id(link)
    del link
    assert id(a.outgoing[0]) == before  # the graph holds it


# --- its end ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "use",
    [
        lambda c: c.weight,
        lambda c: setattr(c, "weight", 1.0),
        lambda c: c.source,
        lambda c: c.target,
        lambda c: c.gain,
        lambda c: c.gater,
        lambda c: c.trainable,
        lambda c: setattr(c, "trainable", False),
        lambda c: c.eligibility,
        lambda c: c.extended,
        lambda c: c["weight"],
        lambda c: c["gater"],
        lambda c: c.update(capacity=1),
        lambda c: c.copy(),
        lambda c: Neuron().gate(c),
        lambda c: Neuron().ungate(c),
    ],
)
def test_a_removed_connection_cannot_be_used(use):
    a, b, link = linked()
    a.disconnect(b)
    with pytest.raises(TopologyError, match="removed"):
        use(link)
    assert repr(link) == "<Connection, removed>"


def test_a_removed_connection_does_not_come_back_with_a_new_one():
    a, b, link = linked()
    a.disconnect(b)
    new = a.project(b, weight=0.25)
    fire(a, b)
    assert new is not link
    with pytest.raises(TopologyError):
        _ = link.weight


def test_removing_a_gated_connection_frees_its_gater():
    a, b, link = linked()
    gate = Neuron()
    gate.gate(link)
    a.disconnect(b)
    assert gate.gated == ()


def test_views_stay_right_when_rows_move():
    net = used(lstm(2, 3, 2, seed=1))
    named = {(c.source, c.target): (c, c.weight) for c in net.connections}
    extra = Layer(2)
    net.add(extra)
    extra[0].project(net.hidden[0][0], weight=9.0)
    net.activate([0.0, 0.0])
    assert len(net.connections) == len(named) + 1
    for (source, target), (connection, weight) in named.items():
        assert source.connected(target) is connection
        assert isinstance(connection, Connection)
        assert connection.weight == weight


def test_a_key_of_its_data_must_be_hashable():
    link = Neuron().project(Neuron())
    for key in ([], {}, np.zeros(2)):
        with pytest.raises(KindError, match="hashable"):
            link[key] = 1.0
    assert set(link) == {"weight", "gain", "trainable", "eligibility"}
