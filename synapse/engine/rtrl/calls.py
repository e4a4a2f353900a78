"""The kernels of single steps with exact online gradients as Python calls them, see ``online/calls.py``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..online.calls import ROW, SPAN, MachineCode
from . import loops

if TYPE_CHECKING:
    from ..store import Store


class Calls(MachineCode):
    """These kernels, for stores whose float is the type of `unit`."""

    run_network: Callable[..., int]
    propagate_targets: Callable[..., tuple[int, float]]

    def __init__(self, unit: Any) -> None:
        examples = {
            "run_network": (0, unit, 0, SPAN, ROW, ROW),
            "propagate_targets": (0, unit, 0, SPAN, ROW, 0, unit, False),
        }
        super().__init__(loops, examples)


_by_float: dict[np.dtype[Any], Calls] = {}


def calls_for(store: Store) -> Calls:
    """Return the kernels for this store."""
    return _by_float.get(store.dtype) or _by_float.setdefault(store.dtype, Calls(store.unit))
