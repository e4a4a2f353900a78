"""Read and write networks as NumPy's ``.npz`` archives, which are small and fast.
Columns are stored as arrays, without pickles.

A file is a zip archive without compression. Its member ``document.npy`` is an ASCII
string of JSON with the head of the document that :func:`synapse.readwrite.json_data`
describes, its layers, and the names and squashes of the neurons. Each other column of
that document is a member in NumPy's own format, such as ``connection_weight.npy``.
Numbers are little-endian, with floats in the precision of the network, and counts and
indices in 32 bits if they fit. You can read everything with :func:`numpy.load` alone.
"""

from __future__ import annotations

import io
import json
import math
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Set
from functools import lru_cache
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from .._checks import suggests_arguments
from ..engine.schema import FILE_TABLES, RUN_TABLE
from ..errors import FormatError
from ..objects.network import Network
from ..objects.saved import SavedNetwork
from . import _files
from ._document import document, network_of, require_format, saved_of
from ._file_checks import an_object
from ._formats import Format

DOCUMENT = "document"
ARRAYS = "arrays"
"""Key under which the document lists the names of all other arrays in the file."""
PLACES = {
    table.full_name(column): (table.name, column.name)
    for table in FILE_TABLES
    for column in table.columns
}
"""Table and column of each array."""
RUNS = tuple(column.name for column in RUN_TABLE.columns)
MEMBERS = frozenset((DOCUMENT, *PLACES))
"""Names of all arrays that a network can have."""


@suggests_arguments()
def npz_data(network: Network) -> dict[str, NDArray[Any]]:
    """Convert a network to a dict of arrays.

    ``document``, shape (), contains JSON in ASCII. It has the keys of
    :func:`json_data`, but its tables only contain text, and ``arrays`` lists the names
    of all other arrays. These are the columns of numbers. Neurons have ``neuron_bias``,
    ``neuron_state``, ..., shape (neurons,), in activation order, and connections have
    ``connection_weight``, ``connection_trainable``, ..., shape (connections,), in order
    of creation. The traces are ``eligibility_value``, ``influence_value``,
    ``extended_value``, ..., and the sensitivities of rtrl are ``sensitivity_value``,
    ``line_first``, ... In all of them, -1 represents null (not gated, or the bias).

    As in JSON, columns that have their default in every row are left out, and so are
    tables without rows.

    Sources and targets have one of two forms. ``connection_source`` and
    ``connection_target`` contain the numbers of the neurons. If it is shorter,
    ``run_source``, ``run_target`` and ``run_length`` describe them by runs instead. A
    run contains ``length`` consecutive connections from the neurons ``source``,
    ``source + 1``, ... to ``target``. The runs follow each other in the order of the
    connections.

    Raises
    ------
    TopologyError, DivergenceError
        As for :func:`synapse.save`.

    Examples
    --------
    >>> from synapse import Layer, Network
    >>> a, b = Layer(2), Layer(1)
    >>> _ = a.project(b, weights=0.5)
    >>> data = npz_data(Network(a, [], b))
    >>> sorted(data)
    ['connection_weight', 'document', 'run_length', 'run_source', 'run_target']
    >>> data["connection_weight"]
    array([0.5, 0.5])
    """
    content = document(SavedNetwork.of(network))
    content["runs"] = _runs_of(content["connections"])
    arrays = {}
    for name, (table, key) in PLACES.items():
        column = content.get(table, {}).pop(key, None)
        if column is not None:
            arrays[name] = _compact(column)
    head = {key: value for key, value in content.items() if value != {}}
    return {DOCUMENT: as_text({**head, ARRAYS: sorted(arrays)}), **arrays}


def _runs_of(connections: dict[str, Any]) -> dict[str, NDArray[Any]]:
    """Replace the ends of the connections by runs if this is shorter, and return the
    runs.
    """
    source, target = connections["source"], connections["target"]
    following = (target[1:] == target[:-1]) & (
        source[1:] == source[:-1] + source.dtype.type(1)
    )
    count = len(source) - np.count_nonzero(following)
    if len(RUNS) * count >= 2 * len(source):
        return {}
    begins = np.append(0, np.flatnonzero(~following) + 1)
    del connections["source"], connections["target"]
    return {
        "source": source[begins],
        "target": target[begins],
        "length": np.diff(begins, append=len(source)),
    }


def _compact(column: NDArray[Any]) -> NDArray[Any]:
    """Return the column, little-endian, with whole numbers in 32 bits if they fit."""
    if column.dtype.kind in "iu" and column.dtype.itemsize > 4:
        minimum = int(column.min(initial=0))
        maximum = int(column.max(initial=0))
        for dtype in (np.uint32, np.int32):
            if np.iinfo(dtype).min <= minimum and maximum <= np.iinfo(dtype).max:
                column = column.astype(dtype)
                break
    return np.ascontiguousarray(column, column.dtype.newbyteorder("<"))


@suggests_arguments()
def from_npz_data(data: dict[str, NDArray[Any]]) -> Network:
    """Build a network from the result of :func:`npz_data`, or raise FormatError if it
    is not valid.
    """
    arrays = an_object("The arrays", data)
    # Copied, because `from_arrays` takes its arrays over.
    return from_arrays({name: np.array(array) for name, array in arrays.items()})


def from_arrays(arrays: dict[str, NDArray[Any]]) -> Network:
    """Make a network of checked arrays, which it takes over."""
    if DOCUMENT not in arrays:
        raise FormatError(
            f"Expected the array {DOCUMENT!r} of a network, which is missing."
        )
    content = from_array(DOCUMENT, arrays.pop(DOCUMENT))
    require_format(content)
    named = content.pop(ARRAYS, None)
    if named != sorted(arrays, key=str) or not MEMBERS.issuperset(arrays):
        got = ", ".join(sorted(map(str, arrays)))
        raise FormatError(
            f"The arrays must be those that the document names, got {got}."
        )
    for name, column in arrays.items():
        table, key = PLACES[name]
        an_object(f"The table {table!r}", content.setdefault(table, {}))[key] = column
    return network_of(saved_of(content))


def write_arrays(path: _files.File, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as an archive. The file name is used unchanged."""
    with _files.replacing(path) as stream:
        np.savez(stream, **dict[str, Any](arrays))


def read_arrays(
    stream: IO[bytes], chosen: Callable[..., Set[str]] = set
) -> dict[str, NDArray[Any]]:
    """Read arrays, `chosen` from the names of all, from a stream at which one can seek.

    Raises FormatError if the file is not an archive of arrays, is damaged, compressed
    (a small compressed file could require much memory), or has pickles.
    """
    try:
        length = stream.seek(0, 2)
        with zipfile.ZipFile(stream) as archive:
            infos = archive.infolist()
            if any(info.compress_type != zipfile.ZIP_STORED for info in infos):
                raise FormatError(
                    "The file must be uncompressed, as synapse.save and numpy.savez"
                    " write it."
                )
            names = [info.filename for info in infos]
            if len(set(names)) < len(names):
                raise FormatError(
                    "The file must hold each array once, got one of them twice."
                )
            if sum(info.file_size for info in infos) > length:
                raise FormatError(
                    "The file is only a part of one: its arrays are larger than the"
                    " file."
                )
            members = {info.filename.removesuffix(".npy"): info for info in infos}
            wanted = chosen(set(members))
            return {
                name: _read_array(stream, members[name], name)
                for name in members
                if name in wanted
            }
    except (FormatError, MemoryError):
        raise
    except Exception as error:  # zipfile and NumPy raise many kinds for damaged files
        raise FormatError(
            f"The file is not of arrays, or only a part of one: {error}."
        ) from None


def _read_members(path: _files.File) -> dict[str, NDArray[Any]]:
    """Return the arrays of a network, ignoring further arrays of a trainer."""
    with _files.opened(path) as stream:
        return read_arrays(stream, MEMBERS.intersection)


def as_text(document: Mapping[str, Any]) -> NDArray[Any]:
    """Convert a document to an array of shape () that contains JSON in ASCII."""
    return np.array(json.dumps(document, allow_nan=False).encode("ascii"))


def from_array(name: str, text: NDArray[Any]) -> Any:
    """Return the document of an array that :func:`as_text` has made, or a
    FormatError.
    """
    if text.ndim or text.dtype.kind != "S":
        got = f"shape {text.shape} of {text.dtype}"
        raise FormatError(f"The array {name!r} must be one string of bytes, got {got}.")
    return _files.from_text(text.item().decode("ascii", "replace"))


def _read_array(stream: IO[bytes], info: zipfile.ZipInfo, name: str) -> NDArray[Any]:
    """Read an array, after checking that its header agrees with the number of bytes.

    `zipfile` itself would read a member in parts, which takes several times as long.
    """
    stream.seek(info.header_offset)
    # The header of the archive ends with the lengths of the name and of what follows.
    name_and_extra = struct.unpack("<26x2H", stream.read(30))
    stream.seek(sum(name_and_extra), 1)
    header = stream.read(10)
    header += stream.read(2) if header[6] > 1 else b""  # the length has four bytes then
    header += stream.read(min(int.from_bytes(header[8:], "little"), info.file_size))
    shape, fortran, dtype = _declared(header)
    items = math.prod(shape)
    there = info.file_size - len(header)
    if dtype.hasobject:
        raise FormatError(
            f"The array {name!r} must be of numbers or text, got a pickle of objects."
        )
    if items * dtype.itemsize != there or items > max(there, 1):
        raise FormatError(
            f"The array {name!r} must have the bytes that its header declares,"
            f" {items} items of {dtype.itemsize} bytes, got {there} bytes."
        )
    array: NDArray[Any] = np.empty(items, dtype)
    content = left = array.view(np.uint8).data
    # A stream may give a long array in several portions.
    while got := stream.readinto(left):  # type: ignore[attr-defined]
        left = left[got:]
    if len(left) or zlib.crc32(content, zlib.crc32(header)) != info.CRC:
        raise zipfile.BadZipFile(f"the array {name!r} has changed since it was written")
    return array.reshape(shape, order="F" if fortran else "C")


@lru_cache
def _declared(header: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return shape, order and type of an array, from its header; NumPy parses it as
    Python source, which is slow.
    """
    stream = io.BytesIO(header)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    return read[np.lib.format.read_magic(stream)](stream)


FORMAT = Format(
    name="npz",
    purpose="the whole network as arrays for NumPy, small and fast, without pickles",
    kept=(
        "the whole network to the last bit, with states, errors, traces, the learning"
        " rule and sensitivities; metadata; the class of an architecture"
    ),
    lost=(
        "the state of a trainer; projections; ties to other networks; classes that are"
        " not registered"
    ),
    link="https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html",
    data=npz_data,
    from_data=from_arrays,
    write=write_arrays,
    read=_read_members,
)
