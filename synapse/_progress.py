"""Progress bars say when kernels are compiled."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from .engine.compiling import watched


def saying_compiling(bar: Any) -> AbstractContextManager[None]:
    """A context in which a bar of tqdm says "compiling" meanwhile; its estimate leaves that time out."""
    label = ""

    def show(begins: bool) -> None:
        nonlocal label
        if begins:
            label = bar.desc or ""
            bar.set_description_str("compiling: ")
        else:
            bar.unpause()
            bar.set_description_str(label)

    return nullcontext() if bar.disable else watched(show)
