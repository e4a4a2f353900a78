"""The two tables of a network go to CSV and data frames, and together come back."""

import csv
import io

import numpy as np
import pytest

from synapse import errors
from synapse.readwrite import from_table_data, read_table, table_data, write_table

from ..cases import failures
from .formats import NETWORKS, assert_twins, used


def tables(net, change=lambda of, text: text):
    """Both tables of a network in files of text."""
    streams = []
    for of in ("neurons", "connections"):
        stream = io.StringIO(newline="")
        write_table(net, stream, of)
        streams.append(io.StringIO(change(of, stream.getvalue()), newline=""))
    return streams


def test_the_two_tables_are_the_network():
    def check(name):
        net = used(name)
        assert_twins(used(name), read_table(*tables(net), net.name, net.dtype.name))
        data = table_data(net, "neurons"), table_data(net)
        for columns in data:
            kinds = {type(value) for column in columns.values() for value in column}
            assert kinds <= {int, float, str, bool, type(None)}
        assert_twins(net, from_table_data(*data, net.name, net.dtype.name))

    assert not failures([name for name in NETWORKS if name != "unconnected"], check)


def test_one_row_of_headers_and_one_a_connection():
    header, *rows = csv.reader(tables(used("named"))[1])
    assert header == ["source", "target", "weight", "gain", "trainable", "number", "gater"]
    assert [row[6] for row in rows] == ["", "3", "", "", "2", ""]
    assert rows[0][2:5:2] == ["-0.7", "true"]


def test_there_are_two_tables_and_no_half_characters(tmp_path):
    net = used("perceptron")
    for call in (lambda: write_table(net, tmp_path / "net", "layers"), lambda: table_data(net, "layers")):
        with pytest.raises(errors.ArgumentError, match="'connections' or 'neurons', got 'layers'"):
            call()
    net[4].name = "\ud800"
    with pytest.raises(errors.FormatError, match="label of neuron 4 to have no"):
        write_table(net, tmp_path / "net", "neurons")
    assert list(tmp_path.iterdir()) == []


BAD = (
    ("connections", "weight", "mass", "The edge from 0 to 2 has no weight"),
    ("connections", "target", "weight", "Expected each column once, got source, weight, weight"),
    ("connections", "true", "maybe", "trainable of the edge from 0 to 2 to be True or False, got 'maybe'"),
    ("connections", "-0.7", "NaN", "weight of the edge from 0 to 2 to be a finite number, got nan"),
    ("connections", "\n0,2,", '\n0,2,"', "not CSV"),
    ("connections", "\n0,2,", "\n0,2", "not CSV, or only a part"),
    ("connections", "\n1,2,", "\n0,2,", "connections to be of 6 different pairs, got 5"),
    ("neurons", "tanh", "tanhh", "squash of the node 2 cannot be used.*'tanhh'"),
    ("neurons", "\n5,", "\n4,", "ids of the neurons to be 6 different ones, got 5"),
    ("neurons", "0.1", "9" * 5000, "bias of the node 5 to be a"),
    ("neurons", "say", "x" * 200_000, "field larger than field limit"),
)


def test_tables_that_do_not_fit():
    def check(case):
        table, old, new, sentence = case
        changed = tables(
            NETWORKS["named"](), lambda of, text: text.replace(old, new, 1) if of == table else text
        )
        with pytest.raises(errors.FormatError, match=sentence):
            read_table(*changed, "net")

    assert not failures(BAD, check)
    columns = table_data(NETWORKS["perceptron"]())
    for neurons in (None, [], {}, {"id": 3}, {"id": np.arange(3)}, {"id": [[]]}, {"id": [1], "label": []}):
        with pytest.raises(errors.FormatError):
            from_table_data(neurons, columns, "net")
