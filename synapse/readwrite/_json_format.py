"""Read and write networks as JSON, which preserves all of a network in a form that
people can read, and ensembles of networks.
"""

from __future__ import annotations

import hashlib
import json
from types import NoneType
from typing import Any

import numpy as np

from .._checks import suggests_arguments
from ..errors import ArgumentError, FormatError
from ..objects.ensemble import Ensemble
from ..objects.network import Network
from ..objects.saved import SavedNetwork
from . import _files
from ._document import (
    NULLS,
    VERSION,
    document,
    network_of,
    require_format,
    saved_of,
)
from ._file_checks import Records, an_object, members, require, require_version
from ._formats import Format

DIGEST = "digest"
"""Member of a file that :func:`json_data` does not return. It is the SHA-256 of all
other members, see :func:`sealed`."""


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
    content = _columns(network)
    for table in filter(lambda value: isinstance(value, dict), content.values()):
        for name, column in table.items():
            table[name] = column.tolist() if isinstance(column, np.ndarray) else column
    return content


def sealed(data: dict[str, Any]) -> dict[str, Any]:
    """Add the digest of a document, by which a changed number or name is found.

    The digest depends only on the values, not on spaces, the order of members or the
    notation of a number. Other programs can therefore write the file again.
    """
    return {**data, DIGEST: _digest(data)}


_written = json.JSONEncoder(sort_keys=True).encode
_quoted = json.encoder.encode_basestring_ascii


def _digest(data: dict[str, Any]) -> str:
    digest = hashlib.sha256()
    for key, value in sorted(data.items()):
        for name, column in (
            sorted(value.items()) if isinstance(value, dict) else [("", value)]
        ):
            digest.update(f"[{_quoted(key)}, {_quoted(name)}]".encode())
            digest.update(_bytes(column))
    return digest.hexdigest()


def _bytes(column: Any) -> Any:
    """Convert numbers and flags to floats, with -1 for null, and all other values to
    JSON.
    """
    kinds = {*map(type, column)} if isinstance(column, list) else {type(column)}
    if isinstance(column, list) and kinds <= {int, float, bool, NoneType}:
        column = np.array([-1 if value is None else value for value in column], "<f8")
    if isinstance(column, np.ndarray):
        # Plus 0.0, because other programs write -0.0 as 0.
        return column.astype("<f8", copy=False) + 0.0
    return _written(column).encode()


def _columns(network: Network) -> dict[str, Any]:
    """Return the content of a file, with arrays instead of lists of numbers."""
    data = document(SavedNetwork.of(network))
    for table, column in NULLS:
        if column in data.get(table, ()):
            data[table][column] = Records.or_null(data[table][column])
    return data


@suggests_arguments()
def from_json_data(data: dict[str, Any]) -> Network:
    """Build a network from the result of :func:`json_data`, or raise FormatError if it
    is not valid.

    A ``digest``, which files contain, must agree with the other members.
    """
    require_format(data)
    content = {  # tables are copied, because columns that have been read become arrays
        key: dict(value) if isinstance(value, dict) else value
        for key, value in an_object("A saved network", data).items()
        if key != DIGEST
    }
    saved = saved_of(content)
    require_digest({DIGEST: data[DIGEST], **content} if DIGEST in data else content)
    return network_of(saved, complete=False)


def require_digest(data: dict[str, Any]) -> None:
    """Raise FormatError if a document has a digest that does not agree with its other
    members.
    """
    content = {key: value for key, value in data.items() if key != DIGEST}
    if DIGEST in data and data[DIGEST] != _digest(content):
        raise FormatError(
            "The digest does not match the content, so a number or a name has changed"
            " since the file was "
            f'written. If this was on purpose, delete the member "{DIGEST}" from the'
            " file."
        )


ENSEMBLE = "synapse ensemble"
"""The mark of files with several networks, whose documents follow each other."""


def ensemble_data(ensemble: Ensemble) -> dict[str, Any]:
    """Convert an ensemble to the content of its file."""
    networks = [sealed(json_data(network)) for network in ensemble]
    return {"format": ENSEMBLE, "version": VERSION, "networks": networks}


def is_ensemble(document: Any) -> bool:
    """Return whether the content of a JSON file is an ensemble."""
    return isinstance(document, dict) and document.get("format") == ENSEMBLE


def ensemble_of(document: dict[str, Any]) -> Ensemble:
    """Build an ensemble from the content of its file, or raise FormatError if it is not
    valid.
    """
    require_version("ensemble", document, ENSEMBLE, VERSION)
    networks = members("An ensemble", document, ("format", "version", "networks"))[
        "networks"
    ]
    require(
        isinstance(networks, list), "The networks of an ensemble", "a list", networks
    )
    parts = []
    for number, content in enumerate(networks):
        try:
            parts.append(from_json_data(content))
        except FormatError as error:
            raise FormatError(f"Network {number} of the ensemble: {error}") from error
    try:
        return Ensemble(parts)
    except ArgumentError as error:
        raise FormatError(str(error)) from error


FORMAT = Format(
    name="json",
    purpose="the whole network, with states and traces",
    kept=(
        "the whole network to the last bit, with states, errors, traces, the learning"
        " rule and sensitivities; metadata; the class of an architecture"
    ),
    lost=(
        "the state of a trainer; projections; ties to other networks; classes that are"
        " not registered"
    ),
    link="https://www.rfc-editor.org/rfc/rfc8259",
    data=_columns,
    from_data=from_json_data,
    write=lambda path, data: _files.write_document(
        path, data if is_ensemble(data) else sealed(data)
    ),
    read=_files.read_document,
)
