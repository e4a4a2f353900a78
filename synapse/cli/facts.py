"""What a model that `synapse train` has made carries in ``net.metadata``, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .._checks import shown
from .words import printable

SILENT = ("errors", "encoding", "units")
"""Keys that are for `forecast` and `run`: errors on held-out rows, medians and words of columns."""


def described(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Metadata in words, one pair of what it is and its value per line; empty values are left out."""
    made_here = "targets" in metadata
    for key, value in metadata.items():
        if made_here and (key in SILENT or value in (None, [], {}, "")):
            continue
        yield printable(key.replace("_", " ") if made_here else key), printable(_text(value))


def _text(value: Any) -> str:
    """A value of JSON; lists and dicts without their brackets."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    if isinstance(value, dict) and value:
        return ", ".join(f"{name} {_text(one)}" for name, one in value.items())
    return f"{value:.4g}" if isinstance(value, float) else shown(json.dumps(value))
