"""What has to work for a column that somebody has added to the schema, with nothing
else changed."""

import copy
import io
import pickle

import numpy as np
import pytest

import architect
from synapse import Layer, errors, load, record, save, tie
from synapse.engine import schema
from synapse.readwrite import from_json_data, from_npz_data, json_data, npz_data
from tests.helpers.cases import Cases

from .nets import WAYS

GRAPHS = ("graphml", "gexf", "cytoscape", "node_link")


def network(seed=1):
    """Ungated layers with ties and a clock, and another network in the same store."""
    net = architect.Perceptron(3, 4, 2, seed=seed)
    tie(net.connections[1:4])
    tie(net.hidden[0][:2])
    net.run(np.ones((2 * seed, 3)))
    return net


def filled(net, columns, usual=False, gaps=True):
    """The network with values in some columns that need all of their bits.

    Groups are numbered with gaps, or every row is a group of its own.
    """
    store = net._store
    rng = np.random.default_rng(0)
    store.ensure_lowered()
    for column in columns:
        values = store[column.name]
        if usual:
            values[:] = column.default
        elif column.kind is schema.NUMBER:
            values[:] = rng.normal(size=len(values))
            values[0] = -0.0
        elif column.kind is schema.FLAG:
            values[:] = np.arange(len(values)) % 2
        elif column.kind is schema.SIGN and column.axis == "connection":
            values[:] = np.sign(store["weight"])
        elif column.kind is schema.SIGN:
            values[~np.isin(np.arange(len(values)), store["source"])] = -1
        elif column.kind is schema.COUNT:
            values[:] = min(
                np.iinfo(values.dtype).max, schema.LARGEST_COUNT
            ) - np.arange(len(values))
        elif column.kind is schema.GROUP:
            values[:] = (
                np.array([0, 7, 7, 5, 2])[np.arange(len(values)) % 5]
                if gaps
                else 1 + np.arange(len(values))
            )
        elif column.kind is schema.TIME:
            values[:] = np.arange(len(values)) % (int(store["clock"][0]) + 1)
        if column.shared:
            for group in np.unique(store[column.shared])[1:]:
                members = store[column.shared] == group
                values[members] = values[members][0]
    return net


def told(net, column):
    """A column in the order of the objects, as bytes; groups by their members."""
    store = net._store
    store.ensure_lowered()
    rows = net._rows() if column.axis == "neuron" else net._connection_rows()
    values = store[column.name][rows]
    if column.kind is schema.GROUP:
        return [
            np.flatnonzero(values == value).tolist() if value else []
            for value in values
        ]
    return values.tobytes()


def try_columns(names):
    """What does not work, by column and door; columns that no file has are tried where
    they apply."""
    columns = [column for column in schema.COLUMNS if column.name in names]
    saved = [column for column in columns if column in schema.SAVED]
    doors = {
        **{way: (lambda column, way=way: comes_back(column, way)) for way in WAYS},
        **{
            form: (lambda column, form=form: is_in_a_graph(column, form))
            for form in GRAPHS
        },
        "left out": is_left_out,
        "checked": is_checked,
    }
    of_all = {
        door.__name__: door for door in (grows, joins, is_cleared, is_left, is_recorded)
    }
    tried = Cases()
    for name, door in (doors | of_all).items():
        for column in columns if name in of_all else saved:
            with tried(column.name, name):
                door(column)
    return dict(tried.wrong)


def comes_back(column, way):
    for usual, gaps in ((False, True), (False, False), (True, True)):
        net = filled(network(), [column], usual, gaps)
        twin = WAYS[way](net)
        assert told(twin, column) == told(net, column)
        assert told(copy.copy(twin), column) == told(net, column)


def is_in_a_graph(column, form):
    """What does not belong to the context determines outputs."""
    net = filled(network(), [column])
    stream = io.BytesIO()
    save(net, stream, form)
    stream.seek(0)
    twin = load(stream, form)
    if column.cleared or column.kind is schema.TIME:
        assert (twin._store[column.name] == column.default).all()
    elif column.kind is schema.NUMBER:
        ours, theirs = (
            np.frombuffer(told(net_or_twin, column)) for net_or_twin in (net, twin)
        )
        assert (ours == theirs).all()
    else:
        assert told(twin, column) == told(net, column)


def is_left_out(column):
    """If all rows have the default."""
    usual = filled(network(), [column], usual=True)
    other = filled(network(), [column])
    table = f"{column.axis}s"
    assert column.name not in json_data(usual)[table]
    assert column.name in json_data(other)[table]
    assert f"{column.axis}s/{column.name}" not in npz_data(usual)
    assert f"{column.axis}s/{column.name}" in npz_data(other)


def is_checked(column):
    """A file with a value that cannot be is refused; one without the column has its
    default."""
    beyond = {
        schema.NUMBER: (float("inf"), "a finite number"),
        schema.FLAG: (2, "true or false"),
        schema.COUNT: (1 << 53, "a whole number from 0 to"),
        schema.GROUP: (10**6, "a whole number from 0 to"),
        schema.TIME: (10**6, "a whole number from 0 to"),
    }
    value, words = beyond[column.kind]
    net = filled(network(), [column])
    data = json_data(net)
    data[f"{column.axis}s"][column.name][2] = value
    with pytest.raises(errors.FormatError, match=words):
        from_json_data(data)
    data = json_data(net)
    del data[f"{column.axis}s"][column.name]
    assert (from_json_data(data)._store[column.name] == column.default).all()
    arrays = npz_data(net)
    key = f"{column.axis}s/{column.name}"
    values = arrays[key].tolist()
    values[2] = value
    arrays[key] = np.array(values)
    with pytest.raises(errors.FormatError, match=words):
        from_npz_data(arrays)


def grows(column):
    """New rows have the default, whatever the memory held."""
    net = network()
    store = net._store
    before = len(store[column.name])
    store.add_neurons([None] * 9)  # room for more
    store.n_neurons, store.handles[-9:], store.names[-9:] = store.n_neurons - 9, [], []
    if column.axis == "connection":
        store.columns[column.name] = np.resize(store[column.name], before + 99)
    store.columns[column.name][before:] = 77
    store[column.name][:] = 1
    new = Layer(3)
    net.output.project(new, seed=0)
    rows = (
        [neuron._row for neuron in new]
        if column.axis == "neuron"
        else slice(before, None)
    )
    assert (new._store[column.name][rows] == column.default).all()
    assert (new._store[column.name][:before] == 1).all()


def joins(column):
    """Stores that are joined keep their values; numbers of rows, groups and times stay
    apart."""
    sender, other = (filled(network(seed), [column]) for seed in (1, 2))
    if column.kind is schema.ROW:
        for net in (sender, other):
            net._store[column.name][:] = net[2]._row
    before = [told(net, column) for net in (sender, other)]
    clock = int(sender._store["clock"][0])
    link = sender.output[0].project(other.input[0])
    link.source.disconnect(link.target)
    assert sender._store is other._store
    if column.kind is schema.ROW:
        for net in (sender, other):
            assert (
                sender._store[column.name][net._connection_rows()] == net[2]._row
            ).all()
    elif column.kind is schema.TIME:
        later = np.frombuffer(before[1], np.uint64)
        assert told(sender, column) == before[0]
        assert (
            told(other, column)
            == np.where(later != 0, later + np.uint64(clock), 0)
            .astype(np.uint64)
            .tobytes()
        )
    else:
        assert [told(net, column) for net in (sender, other)] == before
    if column.kind is schema.GROUP:
        rows = [
            net._rows() if column.axis == "neuron" else net._connection_rows()
            for net in (sender, other)
        ]
        groups = [set(sender._store[column.name][each].tolist()) - {0} for each in rows]
        assert not groups[0] & groups[1]


def is_cleared(column):
    net = filled(network(), [column])
    before = told(net, column)
    net.clear()
    if column.cleared:
        assert (net._store[column.name] == column.default).all()
    else:
        assert told(net, column) == before


def is_left(column):
    """Removed rows belong to no group and refer to no row."""
    net = filled(network(), [column])
    store = net._store
    neuron = net.hidden[0][1]
    link = net.connections[2]
    rows = neuron._row, int(store.row_of[link._identity])
    link.source.disconnect(link.target)
    net.remove(neuron)
    if column.kind in (schema.GROUP, schema.ROW):
        assert (
            store.columns[column.name][rows[column.axis == "connection"]]
            == column.default
        )
    pickle.dumps(net)


def is_recorded(column):
    """A number whose name is in the list of those of its axis."""
    net = filled(network(), [column])
    if column.name in schema.WATCHABLE:
        with record(net, column.name) as log:
            net.run(np.ones((2, 3)))
        assert log[column.name].tobytes() == told(net, column) * 2
