"""Two tables of a network, neurons and connections, for data frames, spreadsheets and CSV."""

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
"""Surrogates, which UTF-8 cannot encode."""


def write_table(network: Network, path: files.File, of: str = "connections") -> None:
    """Write one of the two tables of a network as CSV, in UTF-8, with a header row.

    Cells with usual values are empty: the gater of a connection that is not gated, and the group, random and
    deterministic of most neurons. :func:`table_data` lists the columns. To read the network back, you need
    both tables: biases and squashes are in the table of neurons.

    Raises
    ------
    ArgumentError
        If `of` is neither "connections" nor "neurons".
    FormatError
        If a name has a surrogate, which UTF-8 cannot encode.
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
    """Read a network from its two tables, written by :func:`write_table`.

    Parameters
    ----------
    neurons, connections : str, os.PathLike or file
        The two files.
    name, dtype : str
        Name and dtype of the network, which the tables do not have.

    Raises
    ------
    FormatError
        If the tables are not a valid network.
    OSError
        If a file cannot be read.
    """
    with files.reading(neurons):
        of_neurons = columns_of("neuron", _rows(files.read_text(neurons)), NEURON)
    with files.reading(connections):
        of_connections = columns_of("connection", _rows(files.read_text(connections)), CONNECTION)
    return from_tables(Tables(name, dtype, of_neurons, of_connections))


def _rows(text: str) -> list[dict[Any, Any]]:
    """The rows of a CSV file, without empty cells."""
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        once("The table", ((name, name) for name in reader.fieldnames or ()))
        rows = list(reader)
    except csv.Error as error:
        raise FormatError(f"The file is not CSV, or only a part of it: {error}.") from None
    return [{key: cell for key, cell in row.items() if key not in USUAL or cell} for row in rows]


def table_data(network: Network, of: str = "connections") -> Columns:
    """Convert a network to one of its two tables, as columns of equal length.

    ``pandas.DataFrame``, ``polars.DataFrame`` and ``pyarrow.table`` accept the result. The tables do not
    preserve errors and traces, and the name and dtype of the network.

    Parameters
    ----------
    network : Network
        The network. It is not changed.
    of : str, optional
        The table. "connections" is the edge list: source, target and gater (ids of neurons, None if not
        gated), weight, trainable. "neurons" has the columns id (the number in activation order), label,
        layer, layer_number, squash, bias, state, activation, trainable, group, random, deterministic. If
        something is tied, there is also a column `tie` or `bias_tie`: rows with the same number share their
        weight or bias; 0 means not tied.

    Raises
    ------
    ArgumentError
        If `of` is neither "connections" nor "neurons".
    TopologyError, DivergenceError
        As for :func:`synapse.save`.

    Examples
    --------
    >>> import architect
    >>> list(table_data(architect.Perceptron(2, 3, 1, seed=0)))
    ['source', 'target', 'gater', 'weight', 'trainable']
    """
    choice("The table", of, OF)
    return _table(to_tables(network), of)


def from_table_data(neurons: Columns, connections: Columns, name: str, dtype: str = "float64") -> Network:
    """Make a network from the two tables of :func:`table_data`; FormatError if they are not valid."""
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
