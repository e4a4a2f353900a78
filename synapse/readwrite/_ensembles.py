"""Ensembles as JSON: the documents of their networks, one after the other."""

from __future__ import annotations

from typing import Any

from .._checks import expected, shown
from ..errors import ArgumentError, FormatError
from ..objects.ensemble import Ensemble
from . import files
from .native import from_json_data, json_data, sealed

MARK = "synapse ensemble"
VERSION = 1


def write_ensemble(ensemble: Ensemble, path: files.File) -> None:
    """Write all networks to one JSON file."""
    networks = [sealed(json_data(network)) for network in ensemble]
    files.write_document(path, {"format": MARK, "version": VERSION, "networks": networks})


def is_ensemble(document: Any) -> bool:
    """Whether the content of a JSON file is an ensemble."""
    return isinstance(document, dict) and document.get("format") == MARK


def ensemble_of(document: dict[str, Any]) -> Ensemble:
    """Make an ensemble from the content of its file; FormatError if it is not valid."""
    version = document.get("version")
    if version != VERSION or set(document) != {"format", "version", "networks"}:
        raise FormatError(
            f"Expected an ensemble of version {VERSION} with its networks, got version {shown(version)} with "
            f"{', '.join(sorted(document))}. Install a newer Synapse if one has written it."
        )
    networks = document["networks"]
    if not isinstance(networks, list):
        raise FormatError(expected("The networks of an ensemble", "a list", networks))
    made = []
    for number, one in enumerate(networks):
        try:
            made.append(from_json_data(one))
        except FormatError as error:
            raise FormatError(f"Network {number} of the ensemble: {error}") from error
    try:
        return Ensemble(made)
    except ArgumentError as error:
        raise FormatError(str(error)) from error
