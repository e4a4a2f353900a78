"""Standard error for programs that may lack a console, or whose pipes and terminals are
closed while they run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any


def _if_possible(name: str) -> Callable[..., Any]:
    """Make a method that calls the stream's method, or returns None if it fails."""

    def call(self: Stderr, *arguments: Any) -> Any:
        with suppress(Exception):
            return getattr(self._stream, name)(*arguments)

    return call


class Stderr:
    """The present stderr. If it cannot print a text, only the text is lost."""

    write, flush, isatty = map(_if_possible, ("write", "flush", "isatty"))

    def __init__(self) -> None:
        self._stream: Any = sys.stderr

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
