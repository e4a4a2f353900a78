import copy

import numpy as np
import pytest

import synapse
from synapse.engine import store as store_module
from synapse.engine.follower import RowHandle
from synapse.engine.schema import COLUMNS, CONNECTION, NEURON, NONE
from synapse.engine.store import Store
from synapse.engine.store_rows import NOT_YET
from synapse.engine.written import WRITTEN
from tests.helpers.networks import lstm, used


class Row(RowHandle):
    """What a store needs of a neuron object."""

    def __init__(self, store, row):
        self._moved(store, row)

    def _moved(self, store, index):
        self._store = store
        self._row = index


def store_of(neurons, *connections, dtype=np.float64):
    store = Store(dtype)
    store.make_columns()
    store.add_neurons([Row(store, row) for row in range(neurons)])
    if connections:
        sources, targets = zip(*connections, strict=True)
        store.add_connections(
            np.array(sources), np.array(targets), np.arange(1.0, len(sources) + 1)
        )
    return store


def assert_sound(store):
    """Columns are long enough, and whoever points to a row is pointed to by it."""
    assert all(len(store.columns[column.name]) >= store.n_neurons for column in NEURON)
    assert all(
        len(store.columns[column.name]) >= store.n_connections for column in CONNECTION
    )
    assert len(store.handles) == len(store.names) == store.n_neurons
    known = [(row, handle) for row, handle in enumerate(store.handles) if handle]
    assert all((handle._store, handle._row) == (store, row) for row, handle in known)
    for identity, row in enumerate(store.row_of[: store.n_identities]):
        assert row == NONE or store["identity"][row] == identity
    alive = store["target"] != NONE
    assert (store.row_of[store["identity"][alive]] == np.flatnonzero(alive)).all()
    for name in ("source", "target"):
        assert (store[name][alive] < store.n_neurons).all()


def test_memory_that_runs_out_while_columns_grow_changes_nothing(monkeypatch):
    store = store_of(3, (0, 1), (1, 2))
    grow = store_module.with_room
    grown = []

    def grow_some(array, rows):
        grown.append(rows)
        if len(grown) > 3:
            raise MemoryError
        return grow(array, rows)

    more = np.zeros(100, int), np.ones(100, int), 0.5
    monkeypatch.setattr(store_module, "with_room", grow_some)
    with pytest.raises(MemoryError):
        store.add_connections(*more)
    monkeypatch.undo()
    assert_sound(store)
    assert store["weight"].tolist() == [1.0, 2.0]
    store.add_connections(*more)
    assert_sound(store)
    weights, identities = store["weight"].tolist(), store["identity"].tolist()
    assert (weights, identities) == ([1.0, 2.0, *[0.5] * 100], [*range(102)])


def test_absorbing_a_store_with_removed_connections():
    store = store_of(2, (0, 1))
    second = store_of(3, (2, 0), (1, 2))
    second.remove_connections(np.array([0]))
    store.absorb(second)
    assert store.row_of[:3].tolist() == [0, NONE, 2]
    store.ensure_lowered()
    assert store["weight"][store.row_of[2]] == 2.0
    assert_sound(store)


def test_the_table_tells_where_columns_lie_when_they_have_moved():
    store = store_of(3, (0, 1))
    place = {column.name: i for i, column in enumerate(COLUMNS)}
    for _ in range(6):
        assert store.ensure_lowered() == store.table.ctypes.data
        for name in ("state", "weight", "run_kind"):
            assert store.table[place[name]] == store.columns[name].ctypes.data
        store.add_neurons([None] * 50)
        store.handles = [Row(store, row) for row in range(store.n_neurons)]


def test_it_cannot_be_copied():
    """A copy would hold the address of the original's memory."""
    with pytest.raises(TypeError, match="clone"):
        copy.deepcopy(used(lstm(1, 1, 1))[0])
    with pytest.raises(TypeError):
        copy.copy(Store())


def test_a_store_has_columns_once_numbers_are_read_and_not_before():
    layer = synapse.Layer(3)
    store = layer._store
    dir(store), repr(store), layer.name, len(layer)
    assert store.columns is NOT_YET
    assert not hasattr(store, "row_of")
    assert layer[0].bias == 0.0
    assert store is layer._store
    assert store.editor is WRITTEN
    assert store.columns["bias"].size >= 3


def test_memory_that_runs_out_while_columns_are_made_leaves_the_store_as_it_was(
    monkeypatch,
):
    a, b = synapse.Neuron(), synapse.Neuron(bias=0.25)
    link = a.project(b, weight=0.5)
    make = Store.adopt_connections

    def fail(store, columns):
        raise MemoryError

    monkeypatch.setattr(Store, "adopt_connections", fail)
    with pytest.raises(MemoryError):
        _ = link.weight
    assert a._store.editor is not WRITTEN
    monkeypatch.setattr(Store, "adopt_connections", make)
    assert (link.weight, link.source, b.bias) == (0.5, a, 0.25)
    assert_sound(a._store)
