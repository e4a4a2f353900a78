"""Standard error as far as it can be used: programs without a console have none, and
pipes and terminals are closed while a program runs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any


def _if_possible(name: str) -> Callable[..., Any]:
    """Make a method that calls this method of the stream; None if it fails."""

    def call(self: Stderr, *arguments: Any) -> Any:
        with suppress(Exception):
            return getattr(self._stream, name)(*arguments)

    return call


class Stderr:
    """The present stderr. What it cannot print is lost, and no work with it."""

    write, flush, isatty = map(_if_possible, ("write", "flush", "isatty"))

    def __init__(self) -> None:
        self._stream: Any = sys.stderr

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
