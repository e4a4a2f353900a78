import copy

import numpy as np
import pytest
from hypothesis import given, strategies as st

from synapse import Layer, Neuron
from synapse.engine import store as store_module
from synapse.engine.schema import COLUMNS, CONNECTION, NEURON, NONE
from synapse.engine.store import Store

from ..networks import lstm, used


class View:
    """What a store needs of a neuron object."""

    def __init__(self, store, row):
        self._store, self._row = store, row


def store_of(neurons, *connections, dtype=np.float64):
    store = Store(dtype)
    store.add_neurons(neurons)
    store.views = [View(store, row) for row in range(neurons)]
    if connections:
        sources, targets = zip(*connections, strict=True)
        store.add_connections(np.array(sources), np.array(targets), np.arange(1.0, len(sources) + 1))
    return store


def assert_sound(store):
    """Columns are long enough, and whoever points to a row is pointed to by it."""
    assert all(len(store.columns[column.name]) >= store.n_neurons for column in NEURON)
    assert all(len(store.columns[column.name]) >= store.n_connections for column in CONNECTION)
    assert len(store.views) == len(store.names) == store.n_neurons
    for row, view in enumerate(store.views):
        assert view is None or (view._store is store and view._row == row)
    for identity, row in enumerate(store.row_of[: store.n_identities]):
        assert row == NONE or store["identity"][row] == identity
    alive = store["target"] != NONE
    assert (store.row_of[store["identity"][alive]] == np.flatnonzero(alive)).all()
    for name in ("source", "target"):
        assert (store[name][alive] < store.n_neurons).all()


def test_a_new_store_is_empty():
    store = Store()
    assert (store.n_neurons, store.n_connections, store.n_identities) == (0, 0, 0)
    assert store.dtype == np.float64
    assert_sound(store)


def test_neurons_start_with_the_defaults_of_the_schema():
    store = store_of(3)
    for column in NEURON:
        assert (store[column.name] == column.default).all()
        assert len(store[column.name]) == 3


def test_floats_are_of_the_type_of_the_store():
    store = store_of(2, (0, 1), dtype=np.float32)
    assert store["state"].dtype == store["weight"].dtype == np.float32
    assert store.unit == np.float32(1)


def test_growing_keeps_what_there_is():
    store = store_of(1)
    store["bias"][0] = 0.5
    for count in range(1, 40):
        store.add_neurons(count)
    assert store["bias"][0] == 0.5
    assert not store["bias"][1:].any()
    assert store.n_neurons == 1 + sum(range(1, 40))


def test_memory_that_runs_out_while_columns_grow_changes_nothing(monkeypatch):
    store = store_of(3, (0, 1), (1, 2))
    grow, grown = store_module._with_room, []

    def grow_some(array, rows):
        grown.append(rows)
        if len(grown) > 3:
            raise MemoryError
        return grow(array, rows)

    more = np.zeros(5, int), np.ones(5, int), 0.5
    monkeypatch.setattr(store_module, "_with_room", grow_some)
    with pytest.raises(MemoryError):
        store.add_connections(*more)
    monkeypatch.undo()
    assert_sound(store)
    assert store["weight"].tolist() == [1.0, 2.0]
    store.add_connections(*more)
    assert_sound(store)
    assert store["weight"].tolist() == [1.0, 2.0, *[0.5] * 5]
    assert store["identity"].tolist() == list(range(7))


def test_connections_are_known_by_an_identity():
    store = store_of(3, (0, 1), (1, 2))
    assert store["identity"].tolist() == [0, 1]
    assert store.add_connections(np.array([2]), np.array([0]), 9.0) == 2
    assert store["weight"][store.row_of[2]] == 9.0
    assert (store["gater"] == NONE).all()
    assert store["trainable"].tolist() == [1, 1, 1]
    assert_sound(store)


def test_removed_connections_are_swept_away_by_lowering():
    store = store_of(3, (0, 1), (1, 2), (0, 2))
    store.remove_connections(np.array([1]))
    assert store.row_of[1] == NONE
    assert store.n_connections == 3
    store.ready()
    assert store.n_connections == 2
    assert store["weight"][store.row_of[[0, 2]]].tolist() == [1.0, 3.0]
    assert_sound(store)


def test_absorbing_appends_and_shifts():
    first, second = store_of(2, (0, 1)), store_of(3, (2, 0), (1, 2))
    views = second.views
    second["bias"][:] = [1, 2, 3]
    second["gater"][0] = 1
    first.absorb(second)
    assert (first.n_neurons, first.n_connections, first.n_identities) == (5, 3, 3)
    assert first["bias"].tolist() == [0, 0, 1, 2, 3]
    assert first["source"].tolist() == [0, 4, 3]
    assert first["target"].tolist() == [1, 2, 4]
    assert first["gater"].tolist() == [NONE, 3, NONE]
    assert first.views[2:] == views
    assert_sound(first)


def test_absorbing_a_store_with_removed_connections():
    first, second = store_of(2, (0, 1)), store_of(3, (2, 0), (1, 2))
    second.remove_connections(np.array([0]))
    first.absorb(second)
    assert first.row_of[:3].tolist() == [0, NONE, 2]
    first.ready()
    assert first["weight"][first.row_of[2]] == 2.0
    assert_sound(first)


def test_stores_of_two_precisions_are_not_joined():
    first, second = store_of(1), store_of(1, dtype=np.float32)
    with pytest.raises(ValueError, match="float64 and float32"):
        first.absorb(second)
    assert first.n_neurons == second.n_neurons == 1


def test_the_table_tells_where_columns_lie():
    store = store_of(3, (0, 1))
    address = store.ready()
    assert address == store.table.ctypes.data
    assert store.ready() == address
    place = {column.name: i for i, column in enumerate(COLUMNS)}
    for name in ("state", "weight", "run_kind"):
        assert store.table[place[name]] == store.columns[name].ctypes.data


def test_the_table_is_renewed_when_columns_move():
    store = store_of(3, (0, 1))
    store.ready()
    for _ in range(6):
        store.add_neurons(50)
        store.views = [View(store, row) for row in range(store.n_neurons)]
        store.ready()
        place = [column.name for column in COLUMNS].index("state")
        assert store.table[place] == store.columns["state"].ctypes.data


def test_it_tells_its_memory():
    store = store_of(10, (0, 1))
    before = store.memory
    store.add_neurons(1000)
    assert store.memory > before + 1000 * 8


def test_it_cannot_be_copied():
    """A copy would hold the address of the original's memory."""
    with pytest.raises(TypeError, match="clone"):
        copy.deepcopy(used(lstm(1, 1, 1))[0])
    with pytest.raises(TypeError):
        copy.copy(Store())


steps = st.lists(
    st.tuples(
        st.sampled_from(["neuron", "layer", "link", "cut", "ready", "gate"]),
        st.integers(0, 99),
        st.integers(0, 99),
    ),
    max_size=40,
)


@given(steps)
def test_it_stays_sound_whatever_is_done(todo):
    neurons = [Neuron() for _ in range(4)]
    weights = {}
    for name, a, b in todo:
        i, j = neurons[a % len(neurons)], neurons[b % len(neurons)]
        if name == "neuron":
            neurons.append(Neuron())
        elif name == "layer":
            neurons.extend(Layer(3))
        elif name == "link" and i.connected(j) is None:
            weights[i, j] = i.project(j, seed=a).weight
        elif name == "cut" and (i, j) in weights:
            i.disconnect(j)
            del weights[i, j]
        elif name == "gate" and (i, j) in weights and i.connected(j).gater is None:
            neurons[(a + b) % len(neurons)].gate(i.connected(j))
        elif name == "ready":
            i.activate()
    for neuron in neurons:
        assert_sound(neuron._store)
    assert {pair: pair[0].connected(pair[1]).weight for pair in weights} == weights
