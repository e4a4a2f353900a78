"""Notify progress displays while kernels are compiled, because this takes seconds
without steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

watchers: list[Callable[[bool], None]] = []
"""They are called with True when compiling begins, and with False when it ends, from
any thread."""


@contextmanager
def notify_compiling(watcher: Callable[[bool], None]) -> Iterator[None]:
    """Call a watcher when compilation starts and ends in this context."""
    watchers.append(watcher)
    try:
        yield
    finally:
        watchers.remove(watcher)


def tell(begins: bool) -> None:
    """Tell all watchers that compiling begins or ends."""
    for watcher in tuple(watchers):
        watcher(begins)
