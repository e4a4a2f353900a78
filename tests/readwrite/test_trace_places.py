"""A file may hold exactly the traces that its network has, whatever the topology:
lowering says which these are."""

import itertools

import numpy as np
import pytest
from hypothesis import strategies as st

import architect
from synapse.errors import FormatError
from synapse.readwrite import from_json_data, from_npz_data, json_data, npz_data
from tests.helpers.groups import competing
from tests.helpers.strategies import EVERY_GATE, Twin, delay_some, given_graphs, specs

from .nets import feed, memory

pytestmark = pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
TABLES = {
    "eligibility": ("connection",),
    "influence": ("gater", "gated"),
    "extended": ("influence", "connection"),
}


def rows_of(data, table):
    """The rows of a table of traces, as what they are of."""
    columns = (data.get(f"{table}/{key}", np.empty(0, int)) for key in TABLES[table])
    return list(zip(*(column.tolist() for column in columns), strict=True))


def candidates(data, table, neurons, connections):
    """Rows that a table could have."""
    if table == "eligibility":
        return itertools.product(range(connections))
    if table == "influence":
        return itertools.product(range(neurons), range(neurons))
    pairs = len(rows_of(data, "influence"))
    return itertools.product(range(pairs), range(-1, connections))


def with_rows(data, table, rows, value):
    """The arrays with more rows; `document` names those that are new."""
    added = dict(data)
    values = [value] * len(rows)
    columns = *zip(*rows, strict=True), values
    for key, numbers in zip((*TABLES[table], "value"), columns, strict=True):
        name = f"{table}/{key}"
        column = data.get(name, np.empty(0, float if key == "value" else np.int64))
        added[name] = np.append(column, np.array(numbers, column.dtype))
        if name not in data:
            text = added["document"].item().decode()
            names = sorted({*data, *added} - {"document"})
            before = text[: text.index('"arrays"')]
            listed = ", ".join(f'"{name}"' for name in names)
            added["document"] = np.array(f'{before}"arrays": [{listed}]}}'.encode())
    return added


def require_exact(net):
    """Raise unless the network takes back its traces, and no row more."""
    data = {
        # in integers in which -1 fits
        name: array.astype(np.int64) if array.dtype.kind in "iu" else array
        for name, array in npz_data(net).items()
    }
    for table in TABLES:
        name = f"{table}/value"
        if name in data:  # every row has a place
            data[name] = np.linspace(0.5, 1.5, len(data[name]), dtype=net.dtype)
    written = npz_data(from_npz_data(data))
    for table in TABLES:
        name = f"{table}/value"
        assert rows_of(written, table) == rows_of(data, table)
        assert written.get(name, np.empty(0)).tolist() == (
            data.get(name, np.empty(0)).tolist()
        )
        every = candidates(data, table, len(net), len(net.connections))
        missing = sorted(set(every) - set(rows_of(data, table)))
        if missing:  # A row of zeros is what the network has where it has nothing.
            from_npz_data(with_rows(data, table, missing, 0.0))
        for row in missing:
            with pytest.raises(FormatError, match="duplicate or refers"):
                from_npz_data(with_rows(data, table, [row], 1.0))


@pytest.mark.full
@given_graphs(specs(most=4), st.booleans())
def test_a_file_has_the_traces_of_its_graph_and_no_others(spec, synchronous):
    net = Twin(spec).net
    net.synchronous = synchronous
    require_exact(net)


def test_a_file_has_the_traces_of_gates_of_every_order_and_no_others():
    require_exact(Twin(EVERY_GATE).net)


def test_json_leaves_out_traces_without_a_place():
    net = architect.Perceptron(2, 2, 1, seed=0)
    net.activate([0.5, 0.5])
    data = json_data(net)
    for places in ([0, 1], [0, 0]):
        traces = {"connection": places, "value": [1.0, 2.0]}
        assert json_data(from_json_data({**data, "eligibility": traces})) == data


def test_json_has_each_trace_once():
    net = memory()
    feed(net, 3)
    data = json_data(net)
    for table, keys in TABLES.items():
        twice = {key: [*column, column[0]] for key, column in data[table].items()}
        assert {*keys, "value"} == twice.keys()
        assert any(twice["value"])
        with pytest.raises(FormatError, match=f"{table}' is a duplicate"):
            from_json_data({**data, table: twice})


@pytest.mark.full
@pytest.mark.parametrize("seed", range(6))
def test_a_file_has_the_traces_of_groups_and_delays_and_no_others(seed):
    require_exact(competing(seed, "softmax" if seed % 2 else None))
    net = architect.Random(2, 4, 2, gates=4, backward=4, seed=seed)
    delay_some(net, seed, 2)
    for connection in net.connections[::3]:
        connection.trainable = False
    require_exact(net)
