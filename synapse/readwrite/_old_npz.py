"""Version 1 of the ``.npz`` format, which is still read: the plain tables of graph formats, as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError
from ..network import Network
from . import files
from ._checks import require
from ._tables import CONNECTION, NEURON, TIES, Columns, Tables, from_tables

UNGATED = -1
TABLES = {"neuron": NEURON, "connection": CONNECTION}
NAMES = (
    "name",
    "dtype",
    "architecture",
    *(f"{item}_{key}" for item, kinds in TABLES.items() for key in kinds),
)


def from_old_npz_data(data: dict[str, NDArray[Any]]) -> Network:
    """Make a network from arrays of version 1; FormatError if they are not valid."""
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
