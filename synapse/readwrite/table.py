"""The two tables of a network, neurons and connections, for data frames, spreadsheets and CSV."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from .._checks import choice
from ..errors import FormatError
from ..network import Network
from . import files
from ._checks import an_object
from ._formats import ALL, LINKED, Format
from ._tables import (
    CONNECTION,
    NEURON,
    USUAL,
    Columns,
    Tables,
    as_text,
    columns_of,
    from_tables,
    once,
    records,
    to_tables,
)

__all__ = ["from_table_data", "read_table", "table_data", "write_table"]

OF = ("connections", "neurons")
UNFIT = re.compile("[\ud800-\udfff]")
"""Half characters, which UTF-8 cannot write."""


def write_table(network: Network, path: files.File, of: str = "connections") -> None:
    """Write one of the two tables of a network as CSV, in UTF-8, with one row of headers.

    Empty are the gater of a connection that is not gated, and the group, random and deterministic of a
    neuron that needs none. See :func:`table_data` for the columns. The edge
    list alone is not the network: biases and squashes are in the table of neurons.

    Raises
    ------
    ArgumentError
        If `of` is neither "connections" nor "neurons".
    FormatError
        If a name has half a character, which UTF-8 cannot write.
    TopologyError, DivergenceError, OSError
        As for :func:`synapse.save`.
    """
    choice("The table", of, OF)
    columns = _table(to_tables(network, "CSV", UNFIT), of)
    text = io.StringIO(newline="")
    rows = csv.DictWriter(text, list(columns), lineterminator="\n")
    rows.writeheader()
    rows.writerows({key: as_text(value) for key, value in row.items()} for row in records(columns))
    files.write(path, text.getvalue())


def read_table(neurons: files.File, connections: files.File, name: str, dtype: str = "float64") -> Network:
    """Read a network from its two tables, as :func:`write_table` has written them.

    Parameters
    ----------
    neurons, connections : str, os.PathLike or file
        The two files.
    name, dtype : str
        The name and the float of the network, which have no place in a table.

    Raises
    ------
    FormatError
        If the files hold no such network.
    OSError
        If they cannot be read.
    """
    with files.reading(neurons):
        of_neurons = columns_of("neuron", _rows(files.read_text(neurons)), NEURON)
    with files.reading(connections):
        of_connections = columns_of("connection", _rows(files.read_text(connections)), CONNECTION)
    return from_tables(Tables(name, dtype, of_neurons, of_connections))


def _rows(text: str) -> list[dict[Any, Any]]:
    """The rows of a CSV file, without the cells that are empty because their value is usual."""
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        once("The table", ((name, name) for name in reader.fieldnames or ()))
        rows = list(reader)
    except csv.Error as error:
        raise FormatError(f"The file is not CSV, or only a part of it: {error}.") from None
    return [{key: cell for key, cell in row.items() if key not in USUAL or cell} for row in rows]


def table_data(network: Network, of: str = "connections") -> Columns:
    """One of the two tables of a network, as columns of equal length.

    ``pandas.DataFrame``, ``polars.DataFrame`` and ``pyarrow.table`` take them as they are.

    Parameters
    ----------
    network : Network
        What is told of.
    of : str, optional
        "connections", the edge list: source, target and gater (ids of neurons, None: not gated),
        weight, trainable. "neurons": id (the number in the order in which they activate), label,
        layer, layer_number, squash, bias, state, activation, trainable, group, random, deterministic. Where
        some are tied, `tie` or `bias_tie` too: those with one number share their weight or bias, 0:
        not tied. Lost are errors and traces, and the name and the float of the network.

    Raises
    ------
    ArgumentError
        If `of` is neither.
    TopologyError, DivergenceError
        As for :func:`synapse.save`.

    >>> import architect
    >>> list(table_data(architect.Perceptron(2, 3, 1, seed=0)))
    ['source', 'target', 'gater', 'weight', 'trainable']
    """
    choice("The table", of, OF)
    return _table(to_tables(network), of)


def from_table_data(neurons: Columns, connections: Columns, name: str, dtype: str = "float64") -> Network:
    """The network of two tables of :func:`table_data`; FormatError if they contradict each other."""
    for what, columns in (("neurons", neurons), ("connections", connections)):
        an_object(f"The table of {what}", columns)
    return from_tables(Tables(name, dtype, neurons, connections))


def _table(tables: Tables, of: str) -> Columns:
    return tables.neurons if of == "neurons" else tables.connections


FORMAT = Format(
    name="table",
    what="CSV, data frames, Parquet: one table of neurons, one of connections, which are read together",
    kept=ALL,
    lost=f"{LINKED}; name and dtype of the network (arguments of ``read_table``)",
    link="https://www.rfc-editor.org/rfc/rfc4180",
    suffixes=(".csv",),
    write=write_table,
    data=table_data,
)
