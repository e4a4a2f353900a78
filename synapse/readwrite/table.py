"""Two tables of a network, neurons and connections, for data frames, spreadsheets and CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from itertools import chain
from typing import Any

import networkx as nx

from .._checks import choice
from ..errors import FormatError
from ..objects.network import Network
from . import files
from ._checks import an_object, require
from ._formats import ALL, LINKED, Format
from ._graph import graph_of, network_of

__all__ = ["from_table_data", "read_table", "table_data", "write_table"]

Columns = dict[str, list[Any]]
OF = ("connections", "neurons")
ENDS = ("source", "target")
TEXTS = ("label", "layer", "squash")
"""Columns of text; the others have numbers, true and false."""
UNFIT = re.compile("[\ud800-\udfff]")
"""Surrogates, which UTF-8 cannot encode."""


def write_table(network: Network, path: files.File, of: str = "connections") -> None:
    """Write one of the two tables of a network as CSV, in UTF-8, with a header row.

    Cells without a value are empty, such as the gater of a connection that is not gated. :func:`table_data`
    lists the columns. To read the network back, you need both tables: biases and squashes are in the table
    of neurons.

    Raises
    ------
    ArgumentError
        If `of` is neither "connections" nor "neurons".
    FormatError
        If a name has a surrogate, which UTF-8 cannot encode.
    TopologyError, DivergenceError, OSError
        As for :func:`synapse.save`.
    """
    columns = _table(network, of)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in zip(*columns.values(), strict=True):
        writer.writerow(str(value).lower() if isinstance(value, bool) else value for value in row)
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
        of_neurons = _read(files.read_text(neurons))
    with files.reading(connections):
        of_connections = _read(files.read_text(connections))
    return from_table_data(of_neurons, of_connections, name, dtype)


def _read(text: str) -> Columns:
    """The columns of a CSV file."""
    try:
        header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        if len(set(header)) < len(header):
            raise FormatError(f"Expected each column once, got {', '.join(header)}.")
        cells = zip(*rows, strict=True) if rows else [()] * len(header)
        return {
            name: [_value(name, cell) for cell in column] for name, column in zip(header, cells, strict=True)
        }
    except FormatError:
        raise
    except (csv.Error, ValueError) as error:
        raise FormatError(f"The file is not CSV, or only a part of it: {error}.") from None


def _value(name: str, cell: str) -> Any:
    """The value of a cell; text that is neither a number nor a flag is returned, and refused later."""
    if name in TEXTS:
        return cell
    try:
        return json.loads(cell) if cell else None
    except ValueError:
        return cell


def table_data(network: Network, of: str = "connections") -> Columns:
    """Convert a network to one of its two tables, as columns of equal length.

    ``pandas.DataFrame``, ``polars.DataFrame`` and ``pyarrow.table`` accept the result. The tables do not
    preserve errors and traces, and the name and dtype of the network.

    Parameters
    ----------
    network : Network
        The network. It is not changed.
    of : str, optional
        The table. "connections" is the edge list: source and target (numbers of neurons in activation
        order), and the attributes of the edges of :meth:`synapse.Topology.to_networkx`. "neurons" has the
        column id, the number in activation order, and the attributes of the nodes. Attributes that only some
        rows have, such as the gater, are None in the others.

    Raises
    ------
    ArgumentError
        If `of` is neither "connections" nor "neurons".
    FormatError
        If a name has a surrogate, which UTF-8 cannot encode.
    TopologyError, DivergenceError
        As for :func:`synapse.save`.

    Examples
    --------
    >>> import architect
    >>> list(table_data(architect.Perceptron(2, 3, 1, seed=0)))
    ['source', 'target', 'weight', 'gain', 'trainable', 'number']
    """
    return _table(network, of)


def from_table_data(neurons: Columns, connections: Columns, name: str, dtype: str = "float64") -> Network:
    """Make a network from the two tables of :func:`table_data`; FormatError if they are not valid."""
    nodes, edges = _rows("neurons", neurons, ("id",)), _rows("connections", connections, ENDS)
    graph: nx.DiGraph[Any] = nx.DiGraph(name=name, dtype=dtype)
    try:
        graph.add_nodes_from((row.pop("id"), row) for row in nodes)
        ids = len(graph)
        graph.add_edges_from((row.pop("source"), row.pop("target"), row) for row in edges)
    except (TypeError, ValueError) as error:  # of what cannot be a node
        raise FormatError(f"Expected numbers of neurons: {error}.") from None
    require(ids == len(nodes), "The ids of the neurons", f"{len(nodes)} different ones", ids)
    require(graph.size() == len(edges), "The connections", f"of {len(edges)} different pairs", graph.size())
    return network_of(graph)


def _rows(what: str, columns: Any, needed: tuple[str, ...]) -> list[dict[str, Any]]:
    """The rows of a table, without empty cells."""
    an_object(f"The table of {what}", columns)
    for name in (*needed, *columns):
        require(
            isinstance(columns.get(name), list), f"The column {name!r} of {what}", "a list", columns.get(name)
        )
    lengths = {len(column) for column in columns.values()}
    require(
        len(lengths) == 1, f"The columns of {what}", "of one length", ", ".join(map(str, sorted(lengths)))
    )
    rows = (zip(columns, row, strict=True) for row in zip(*columns.values(), strict=True))
    return [{key: value for key, value in row if value is not None or key in needed} for row in rows]


def _table(network: Network, of: str) -> Columns:
    choice("The table", of, OF)
    graph = graph_of(network, "a table", UNFIT)
    if of == "neurons":
        rows = [{"id": node, **data} for node, data in graph.nodes.items()]
    else:
        rows = [{"source": u, "target": v, **data} for u, v, data in graph.edges(data=True)]
    known = dict.fromkeys(chain(("id",) if of == "neurons" else ENDS, *rows))
    return {key: [row.get(key) for row in rows] for key in known}


FORMAT = Format(
    name="table",
    what="CSV, data frames, Parquet: one table of neurons, one of connections, which are read together",
    kept=ALL.removesuffix(", dtype"),
    lost=f"{LINKED}; name and dtype of the network (arguments of ``read_table``)",
    link="https://www.rfc-editor.org/rfc/rfc4180",
    suffixes=(".csv",),
    write=write_table,
    data=table_data,
)
