"""NumPy's ``.npz`` format: the columns of a network as arrays, without pickles."""

from __future__ import annotations

import io
import json
import math
import re
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError
from ..network import Network
from . import files
from ._checks import an_object, require
from ._formats import ALL, TRACES, Format
from ._tables import CONNECTION, NEURON, TIES, Columns, Tables, from_tables, to_tables

__all__ = ["from_npz_data", "npz_data", "read_npz", "write_npz"]

UNGATED = -1
TABLES = {"neuron": NEURON, "connection": CONNECTION}
NAMES = (
    "name",
    "dtype",
    "architecture",
    *(f"{item}_{key}" for item, kinds in TABLES.items() for key in kinds),
)
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
"""Functions that read the header of an array, by the version of its format."""
UNFIT = re.compile("\0\\Z")
"""The character that NumPy strips from strings."""


def write_npz(network: Network, path: files.File) -> None:
    """Write a network as an uncompressed ``.npz``. :func:`npz_data` lists what the file preserves.

    The file name is used unchanged, with or without ``.npz``.
    """
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **npz_data(network))
    files.write(path, content.getvalue())


def read_npz(path: files.File) -> Network:
    """Read a network that :func:`write_npz` has written.

    Raises FormatError if the file is not a valid network or is compressed (a small compressed
    file could require much memory), and OSError if it cannot be read.
    """
    with files.reading(path):
        return from_npz_data(_arrays(files.read(path)))


def _arrays(content: bytes) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [member.filename for member in archive.infolist()]
            if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
                raise FormatError("The file must be uncompressed, as write_npz and numpy.savez write it.")
            if len(set(members)) < len(members):
                raise FormatError("Expected the file to hold each array once, got one of them twice.")
            found = [name for name in NAMES if f"{name}.npy" in members]
            return {name: _read_array(name, archive.read(f"{name}.npy")) for name in found}
    except FormatError:
        raise
    except Exception as error:  # zipfile and NumPy raise many kinds for damaged files
        raise FormatError(f"The file is not of arrays, or only a part of one: {error}.") from None


def _read_array(name: str, content: bytes) -> NDArray[Any]:
    """Read an array, after checking that its header agrees with the number of bytes."""
    stream = io.BytesIO(content)
    shape, _, dtype = HEADERS[np.lib.format.read_magic(stream)](stream)
    items, there = math.prod(shape), len(content) - stream.tell()
    if not dtype.hasobject and (items * dtype.itemsize != there or items > max(there, 1)):
        raise FormatError(
            f"Expected the array {name!r} to have the bytes that its header declares, {items} items of "
            f"{dtype.itemsize} bytes, got {there} bytes."
        )
    stream.seek(0)
    array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return array


def npz_data(network: Network) -> dict[str, NDArray[Any]]:
    """Convert a network to a dict of arrays.

    The arrays are ``name`` and ``dtype``, shape (), and for an architecture ``architecture``, as JSON;
    ``neuron_label``, ``neuron_bias``, ..., shape (neurons,), in activation order; and ``connection_source``,
    ``connection_weight``, ..., shape (connections,), in order of creation. The gater of a connection that is
    not gated is -1. The arrays preserve layers, names, squashes, groups, biases, states, activations, random
    streams, weights, ties, gaters, trainable flags, the dtype, and the class of an architecture. They do not
    preserve errors and traces.

    Raises
    ------
    FormatError
        If a name ends with a NUL character.
    TopologyError, DivergenceError
        As for :func:`synapse.save`.

    Examples
    --------
    >>> from synapse import Layer, Network
    >>> a, b = Layer(2), Layer(1)
    >>> _ = a.project(b, weights=0.5)
    >>> npz_data(Network(a, [], b))["connection_weight"]
    array([0.5, 0.5])
    """
    tables = to_tables(network, "npz", UNFIT)
    dtypes = {int: "int64", float: tables.dtype, bool: "bool", str: "str"}
    gaters = [UNGATED if gater is None else gater for gater in tables.connections["gater"]]
    items = {"neuron": tables.neurons, "connection": {**tables.connections, "gater": gaters}}
    return {
        "name": np.array(tables.name),
        "dtype": np.array(tables.dtype),
        **({"architecture": np.array(json.dumps(tables.architecture))} if tables.architecture else {}),
        **{
            f"{item}_{key}": np.array(column, dtypes[TABLES[item][key]])
            for item, columns in items.items()
            for key, column in columns.items()
        },
    }


def from_npz_data(data: dict[str, NDArray[Any]]) -> Network:
    """Make a network from the result of :func:`npz_data`; FormatError if it is not valid."""
    data = an_object("The arrays", data)
    neurons, connections = (_columns(data, item) for item in TABLES)
    connections["gater"] = [None if gater == UNGATED else gater for gater in connections["gater"]]
    name, dtype = (_array(data, key, 0).tolist() for key in ("name", "dtype"))
    return from_tables(Tables(name, dtype, neurons, connections, _architecture(data)))


def _architecture(data: dict[str, Any]) -> Any:
    if "architecture" not in data:
        return None
    text = _array(data, "architecture", 0).tolist()
    require(type(text) is str, "The architecture", "JSON", text)
    return files.from_text(text)


def _columns(data: dict[str, Any], item: str) -> Columns:
    kinds = [key for key in TABLES[item] if key not in TIES or f"{item}_{key}" in data]
    return {key: _array(data, f"{item}_{key}", 1).tolist() for key in kinds}


def _array(data: dict[str, Any], name: str, axes: int) -> NDArray[Any]:
    if name not in data:
        raise FormatError(f"The arrays must include {name!r}, which is missing.")
    array = np.asarray(data[name])
    if array.ndim != axes:
        raise FormatError(f"Expected the array {name!r} to have {axes} axes, got shape {array.shape}.")
    return array


FORMAT = Format(
    name="npz",
    what="arrays for NumPy, without pickles",
    kept=ALL + "; the class of an architecture",
    lost=f"{TRACES}; names that end with NUL are refused",
    link="https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html",
    suffixes=(".npz",),
    write=write_npz,
    read=read_npz,
    data=npz_data,
    from_data=from_npz_data,
)
