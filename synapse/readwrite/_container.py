"""Synapse's own files. Each has one document, which JSON writes as text, and NumPy's
``.npz`` archives as arrays.

A document consists of values of JSON and of arrays of numbers, the columns of tables.
In JSON, arrays are lists. In an archive, each array is a member of its own, named by
its place, such as ``connections/weight``, and ``document`` is the JSON of all the rest.
Classes of rooms above describe their own parts of it (:class:`Archived`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib import import_module
from types import NoneType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._checks import is_among, suggests_arguments
from ..engine.schema import FILE_TABLES, RUN_TABLE
from ..errors import ArgumentError, FormatError
from ..objects.ensemble import Ensemble
from ..objects.network import Network
from ..objects.saved import SavedNetwork
from . import _files
from ._document import NULLS, VERSION, document, network_of, require_format
from ._file_checks import OBJECT, Records, an_object, members, require, require_version
from ._formats import OBJECTS, Archived, Format
from ._npz import read_arrays, write_arrays

ENSEMBLE = "synapse ensemble"
"""The ``format`` of documents with several networks."""
DIGEST = "digest"
"""Member of a JSON file with the SHA-256 of all other members, see `_digest_of`."""
DOCUMENT = "document"
ARRAYS = "arrays"
"""Member of an archive's document that lists the names of its arrays."""
NETWORKS = {"networks": OBJECT}
"""The parts of an ensemble's document."""
TABLES = {table.name for table in FILE_TABLES}
TABLES |= {"memory", "values", "best", "last", "traces", "run"}
"""Members of documents whose own members may be arrays."""
RUNS = tuple(column.name for column in RUN_TABLE.columns)
WHOLE = (
    "the whole network to the last bit, with states, errors, traces, the learning rule"
    " and sensitivities; metadata; the class of an architecture"
)
NOT_WHOLE = (
    "the state of a trainer; projections; ties to other networks; classes that are not"
    " registered"
)


# --- documents ------------------------------------------------------------------------


def document_of(saved: Any) -> dict[str, Any]:
    """Return the document of a network, an ensemble, or an object of a room above.

    Raises as :func:`synapse.save` does.
    """
    if isinstance(saved, Archived):
        return headed(saved._mark, saved._document())
    if isinstance(saved, Ensemble):
        networks = {str(i): document_of(network) for i, network in enumerate(saved)}
        return headed(ENSEMBLE, {"networks": networks})
    return document(SavedNetwork.of(saved))


def headed(mark: str, parts: dict[str, Any]) -> dict[str, Any]:
    """Return the document of an object with this ``format``."""
    return {"format": mark, "version": VERSION, **parts}


def parts_in(content: dict[str, Any], mark: str) -> dict[str, Any]:
    """Return the parts of an object's document, or raise FormatError if it has another
    ``format`` or version.
    """
    form = content.get("format")
    require(form == mark, f'The "format" of a {mark}', repr(mark), form)
    require_version(content, VERSION)
    return {key: content[key] for key in content if key not in ("format", "version")}


def object_of(content: Any) -> Any:
    """Make the object that a document describes, or raise FormatError if it is not
    valid. The object takes over the arrays.
    """
    whole = _copied(an_object("A saved network", content))
    digest = whole.pop(DIGEST, None)
    mark: Any = whole.get("format")
    if mark == ENSEMBLE:
        made: Any = _ensemble_of(parts_in(whole, ENSEMBLE))
    elif is_among(mark, OBJECTS):
        module, _, name = OBJECTS[mark].rpartition(".")
        owner = getattr(import_module(module), name)
        made = owner._of_document(parts_in(whole, mark))
    else:
        made = network_of(whole)
    unsealed = {key: content[key] for key in content if key != DIGEST}
    if digest is not None and digest != _digest_of(unsealed):
        raise FormatError(
            "The digest does not match the content, so a number or a name has changed"
            " since the file was "
            f'written. If this was on purpose, delete the member "{DIGEST}" from the'
            " file."
        )
    return made


def _copied(content: dict[str, Any]) -> dict[str, Any]:
    """Copy the tables of a document, whose columns become arrays when they are read."""
    return {
        key: _copied(value) if isinstance(value, dict) else value
        for key, value in content.items()
    }


def network_in(content: Any) -> Network:
    """Make the network of a document, which can be that of a model or a trainer."""
    while "network" in an_object("A saved network", content):
        content = content["network"]
    require_format(content)
    made: Network = object_of(content)
    return made


def _ensemble_of(parts: dict[str, Any]) -> Ensemble:
    several = members("The ensemble", parts, NETWORKS, (), NETWORKS)["networks"]
    networks = []
    for number, content in several.items():
        try:
            networks.append(network_of(content))
        except FormatError as error:
            raise FormatError(f"Network {number} of the ensemble: {error}") from error
    try:
        return Ensemble(networks)
    except ArgumentError as error:
        raise FormatError(str(error)) from error


def _without_arrays(
    content: dict[str, Any], arrays: dict[str, NDArray[Any]], place: str = ""
) -> dict[str, Any]:
    """Return a document without its arrays, after adding these by their places."""
    head = {}
    for key, value in content.items():
        if isinstance(value, dict):
            head[key] = _without_arrays(value, arrays, f"{place}{key}/")
        elif isinstance(value, np.ndarray):
            arrays[f"{place}{key}"] = value
        else:
            head[key] = value
    return head


# --- JSON: arrays are lists -----------------------------------------------------------


@suggests_arguments()
def json_data(network: Network) -> dict[str, Any]:
    """Convert a network to the content of its JSON file, in dicts and lists of plain
    numbers.

    The keys are ``format``, ``version``, ``name``, ``dtype``, ``clock``, for an
    architecture ``architecture`` (its ``name``, and settings that do not follow from
    its layers), ``metadata`` if there are any, and tables as dicts of columns:
    ``layers``, ``neurons`` (in activation order), ``connections`` (in order of
    creation, with the numbers of neurons as source, target and gater), and three tables
    of traces. ``eligibility`` has a row for each connection, ``influence`` for each
    gater and gated neuron, and ``extended`` for each influence and incoming connection
    of its gater (null for the bias). ``neuron_metadata`` and ``connection_metadata``
    contain two lists for each name: the numbers of the neurons or connections that have
    a value, and the values.

    A column is left out if it has its default in every row. The default is true for
    ``trainable`` and ``trainable_bias``, 1 for ``cost_weight``, null for ``gater``, and
    0 for other columns. Empty tables and missing names are left out, too.

    If a network has run with ``traces=False``, and cannot learn before its next step,
    ``untraced`` is true. A network that learns by rtrl has a ``learning_rule`` with its
    ``method``, its ``order``, and ``stepped``, which tells whether the sensitivities
    include the latest step. Four more tables then contain the state of the rule:
    ``recurrent`` neurons (with the ``slope`` of the previous step), trainable
    ``parameters`` (with a null connection for the bias) and their ``column``, ``lines``
    of columns for a recurrent neuron, and ``sensitivity``, which contains the values of
    the lines, one after the other, of this step and of the previous one.

    A file also has a ``digest`` of its content. :func:`from_json_data` checks it if it
    is there.

    >>> from synapse import Layer, Network
    >>> a, b = Layer(2), Layer(1)
    >>> _ = a.project(b, weights=0.5)
    >>> json_data(Network(a, [], b))["connections"]["weight"]
    [0.5, 0.5]
    """
    return _with_lists(document_of(network))


@suggests_arguments()
def from_json_data(data: dict[str, Any]) -> Network:
    """Build a network from the result of :func:`json_data`, or raise FormatError if it
    is not valid.

    A ``digest``, which files contain, must agree with the other members.
    """
    return network_in(data)


def _with_lists(content: dict[str, Any], table: str = "") -> dict[str, Any]:
    """Return a document with lists in place of its arrays, and null for -1 where it
    stands for it.
    """
    lists: dict[str, Any] = dict(content)
    for name, value in content.items():
        if isinstance(value, dict):
            lists[name] = _with_lists(value, name)
        elif isinstance(value, np.ndarray):
            has_null = (table, name) in NULLS
            lists[name] = Records.or_null(value) if has_null else value.tolist()
    return lists


def _write_json(path: _files.File, content: dict[str, Any]) -> None:
    lists = _with_lists(content)
    _files.write_document(path, {**lists, DIGEST: _digest_of(lists)})


def _digest_of(value: Any) -> str:
    """Return the digest of a document, by which a changed number or name is found.

    It only depends on the values, not on spaces, the order of members or the notation
    of a number. Other programs can therefore write the file again.
    """
    items = value if isinstance(value, list) else [value]
    types = {*map(type, items)}
    content: Any = None
    if isinstance(value, dict):
        digests = {key: _digest_of(each) for key, each in value.items()}
        content = json.dumps(digests, sort_keys=True).encode()
    elif types <= {int, float, bool, NoneType}:
        if NoneType in types:
            items = [-1 if each is None else each for each in items]
        # Plus 0.0, because other programs write -0.0 as 0.
        content = np.array(items, "<f8") + 0.0
    else:
        content = json.dumps(items, sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()


# --- archives: arrays are members -----------------------------------------------------


@suggests_arguments()
def npz_data(network: Network) -> dict[str, NDArray[Any]]:
    """Convert a network to a dict of arrays.

    ``document``, shape (), contains JSON in ASCII. It has the keys of
    :func:`json_data`, but its tables only contain text, and ``arrays`` lists the names
    of all other arrays. These are the columns of numbers, named by table and column.
    Neurons have ``neurons/bias``, ``neurons/state``, ..., shape (neurons,), in
    activation order, and connections have ``connections/weight``,
    ``connections/trainable``, ..., shape (connections,), in order of creation. The
    traces are ``eligibility/value``, ``influence/value``, ``extended/value``, ..., and
    the sensitivities of rtrl are ``sensitivity/value``, ``lines/first``, ... In all of
    them, -1 represents null (not gated, or the bias).

    As in JSON, columns that have their default in every row are left out, and so are
    tables without rows.

    Sources and targets have one of two forms. ``connections/source`` and
    ``connections/target`` contain the numbers of the neurons. If it is shorter,
    ``runs/source``, ``runs/target`` and ``runs/length`` describe them by runs instead.
    A run contains ``length`` consecutive connections from the neurons ``source``,
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
    ['connections/weight', 'document', 'runs/length', 'runs/source', 'runs/target']
    >>> data["connections/weight"]
    array([0.5, 0.5])
    """
    return arrays_of(document_of(network))


@suggests_arguments()
def from_npz_data(data: dict[str, NDArray[Any]]) -> Network:
    """Build a network from the result of :func:`npz_data`, or raise FormatError if it
    is not valid.
    """
    arrays = an_object("The arrays", data)
    # Copied, because the network takes them over.
    copies = {name: np.array(array) for name, array in arrays.items()}
    return network_in(document_in(copies))


def arrays_of(content: dict[str, Any]) -> dict[str, NDArray[Any]]:
    """Return the arrays of an archive that contains a document."""
    arrays: dict[str, NDArray[Any]] = {}
    head = _without_arrays(content, arrays)
    for name in [each for each in arrays if each.endswith("connections/source")]:
        _put_runs(arrays, name.removesuffix("connections/source"))
    text = json.dumps({**head, ARRAYS: sorted(arrays)}, allow_nan=False)
    compact = {name: _compact(array) for name, array in arrays.items()}
    return {DOCUMENT: np.array(text.encode("ascii")), **compact}


def document_in(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Return the document that an archive contains, or raise FormatError if an array
    is missing, or has no place in it.
    """
    columns = dict(arrays)
    text = columns.pop(DOCUMENT, None)
    if text is None:
        raise FormatError(
            f"Expected the array {DOCUMENT!r} of a network, which is missing."
        )
    if text.ndim or text.dtype.kind != "S":
        got = f"shape {text.shape} of {text.dtype}"
        raise FormatError(
            f"The array {DOCUMENT!r} must be one string of bytes, got {got}."
        )
    read = _files.from_text(text.item().decode("ascii", "replace"))
    content = an_object("A saved network", read)
    require_version(content, VERSION)
    if content.pop(ARRAYS, None) != sorted(columns, key=str):
        got = ", ".join(sorted(map(str, columns)))
        raise FormatError(
            f"The arrays must be those that the document names, got {got}."
        )
    for name, column in columns.items():
        *path, key = name.split("/")
        table: Any = content
        for part in path:
            table = table.setdefault(part, {}) if isinstance(table, dict) else None
        if not TABLES.issuperset(path[-1:]) or not path or not isinstance(table, dict):
            raise FormatError(
                f"The array {name!r} must be a column of a table in the document."
            )
        table[key] = column
    return content


def _put_runs(arrays: dict[str, NDArray[Any]], place: str) -> None:
    """Replace the ends of a network's connections by runs if this is shorter."""
    names = f"{place}connections/source", f"{place}connections/target"
    source, target = (arrays[name] for name in names)
    following = (target[1:] == target[:-1]) & (
        source[1:] == source[:-1] + source.dtype.type(1)
    )
    count = len(source) - np.count_nonzero(following)
    if len(RUNS) * count < 2 * len(source):
        begins = np.append(0, np.flatnonzero(~following) + 1)
        lengths = np.diff(begins, append=len(source))
        runs = zip(RUNS, (source[begins], target[begins], lengths), strict=True)
        arrays |= {f"{place}{RUN_TABLE.name}/{name}": column for name, column in runs}
        del arrays[names[0]], arrays[names[1]]


def _compact(column: NDArray[Any]) -> NDArray[Any]:
    """Return the column, little-endian, with whole numbers in 32 bits if they fit."""
    if column.dtype.kind in "iu" and column.dtype.itemsize > 4:
        minimum = int(column.min(initial=0))
        maximum = int(column.max(initial=0))
        for dtype in (np.uint32, np.int32):
            if np.iinfo(dtype).min <= minimum and maximum <= np.iinfo(dtype).max:
                column = column.astype(dtype)
                break
    return np.asarray(column, column.dtype.newbyteorder("<"), order="C")


def write_archive(path: _files.File, content: dict[str, Any]) -> None:
    """Write a document as an archive. The file name is used unchanged."""
    write_arrays(path, arrays_of(content))


def read_archive(path: _files.File) -> dict[str, Any]:
    """Return the document in an archive."""
    with _files.opened(path) as stream:
        return document_in(read_arrays(stream))


def _read(path: _files.File) -> Any:
    """Return the document of a file, which is an archive or JSON of any program."""
    with _files.opened(path) as stream:
        if _files.is_archive(stream):
            return document_in(read_arrays(stream))
        return _files.read_document(stream)


FORMATS = (
    Format(
        name="json",
        purpose="the whole network, with states and traces",
        kept=WHOLE,
        lost=NOT_WHOLE,
        link="https://www.rfc-editor.org/rfc/rfc8259",
        holds=("Network", "Ensemble", "Model"),
        data=document_of,
        from_data=network_in,
        write=_write_json,
        read=_read,
    ),
    Format(
        name="npz",
        purpose=(
            "the whole network as arrays for NumPy, small and fast, without pickles"
        ),
        kept=WHOLE,
        lost=NOT_WHOLE,
        link="https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html",
        holds=("Network", "Ensemble", "Archived"),
        data=document_of,
        from_data=network_in,
        write=write_archive,
        read=read_archive,
    ),
)
