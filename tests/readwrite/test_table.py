"""The two tables of a network go to CSV and data frames, and together come back."""

import csv
import io

import numpy as np
import pytest

from synapse import errors
from synapse.readwrite import from_table_data, read_table, table_data, write_table

from .formats import NETWORKS, assert_twins, used


def tables(net, change=lambda of, text: text):
    """Both tables of a network in files of text."""
    streams = []
    for of in ("neurons", "connections"):
        stream = io.StringIO(newline="")
        write_table(net, stream, of)
        streams.append(io.StringIO(change(of, stream.getvalue()), newline=""))
    return streams


@pytest.mark.parametrize("name", NETWORKS)
def test_the_two_tables_are_the_network(name, tmp_path):
    net = used(name)
    write_table(net, tmp_path / "n.csv", "neurons")
    write_table(net, tmp_path / "c.csv")
    twin = read_table(tmp_path / "n.csv", tmp_path / "c.csv", net.name, net._store.dtype.name)
    assert_twins(net, twin)
    again = from_table_data(table_data(twin, "neurons"), table_data(twin), net.name, net._store.dtype.name)
    assert_twins(net, again)


def test_one_row_of_headers_and_one_a_connection():
    net = used("named")
    _, stream = tables(net)
    header, *rows = csv.reader(stream)
    assert header == ["source", "target", "gater", "weight", "trainable"]
    assert [float(row[3]) for row in rows] == net.weights.tolist()
    assert [row[2] for row in rows] == ["", "3", "", "", "2", ""]
    _, stream = tables(used("tied"))
    header, *rows = csv.reader(stream)
    assert header == ["source", "target", "gater", "weight", "trainable", "tie"]
    assert [row[5] for row in rows] == ["", "1", "1", "1", "", "", "2", "", "2", "", "", ""]


def test_columns_are_of_equal_length_and_plain():
    for of, rows in (("neurons", 6), ("connections", 6)):
        columns = table_data(used("named"), of)
        assert {len(column) for column in columns.values()} == {rows}
        kinds = {type(value) for column in columns.values() for value in column}
        assert kinds <= {int, float, str, bool, type(None)}


def test_there_are_two_tables(tmp_path):
    with pytest.raises(errors.ArgumentError, match="'connections' or 'neurons', got 'layers'"):
        write_table(used("named"), tmp_path / "net", "layers")
    with pytest.raises(errors.ArgumentError, match="'connections' or 'neurons'"):
        table_data(used("named"), "layers")
    assert list(tmp_path.iterdir()) == []


def test_half_a_character_is_refused(tmp_path):
    net = used("perceptron")
    net[4].name = "\ud800"
    with pytest.raises(errors.FormatError, match="label of neuron 4 to have no"):
        write_table(net, tmp_path / "net", "neurons")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("table", "old", "new", "sentence"),
    [
        ("connections", "weight", "mass", "Expected connection 0 to have .* 'weight' is missing"),
        ("connections", "true", "maybe", "trainable of connection 0 to be true or false, got 'maybe'"),
        ("connections", "\n0,2,,", "\n0,2,x,", "gater of connection 0 to be the number of a neuron"),
        (
            "connections",
            "\n0,2,,-0.7",
            "\n0,2,,inf",
            "weight of connection 0 to be a finite number, got inf",
        ),
        ("connections", "\n0,2,,", '\n0,2,"', "not CSV"),
        ("neurons", "tanh", "tanhh", "squash of neuron 2 is 'tanhh', which has not been registered"),
        ("neurons", "\n5,", "\n4,", "id of every neuron must be its own"),
        ("neurons", "0.1", "9" * 5000, "bias of neuron 5 to be a finite number"),
    ],
)
def test_tables_that_do_not_fit(table, old, new, sentence):
    net = NETWORKS["named"]()
    files = tables(net, lambda of, text: text.replace(old, new, 1) if of == table else text)
    with pytest.raises(errors.FormatError, match=sentence):
        read_table(*files, "net")


def test_a_name_too_long_for_csv_is_told():
    net = NETWORKS["perceptron"]()
    net[0].name = "x" * 200_000
    with pytest.raises(errors.FormatError, match="field larger than field limit"):
        read_table(*tables(net), "net")


def test_a_table_is_a_dict_of_columns():
    columns = table_data(NETWORKS["perceptron"]())
    for neurons in (None, [], {}, {"id": 3}, {"id": np.arange(3)}):
        with pytest.raises(errors.FormatError):
            from_table_data(neurons, columns, "net")


def test_a_column_that_is_there_twice_is_refused():
    def doubled(of, text):
        return "\n".join(f"{line},bias" for line in text.splitlines()) if of == "neurons" else text

    with pytest.raises(errors.FormatError, match="Expected the table to have its bias once"):
        read_table(*tables(used("named"), doubled), "net")
