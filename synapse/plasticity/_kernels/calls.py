"""The kernels of rules as Python calls them."""

from __future__ import annotations

from typing import Any, get_type_hints

import numpy as np
from numpy.typing import NDArray

from ..._typing import Ints
from ...engine.language import BOOL
from ...engine.online.calls import ROW, SPAN, Examples, Kernels, calls_by_float
from . import learning


def _arrays(scalar: Any) -> learning.PassArrays:
    """Return examples of the arrays of a pass."""
    floats = np.empty(0, type(scalar))
    kinds = get_type_hints(learning.PassArrays).values()
    arrays: Any = (SPAN if kind == Ints else floats for kind in kinds)
    return learning.PassArrays(*arrays)


def _examples(scalar: Any) -> Examples:
    data = ROW, ROW, ROW, 0, ROW, SPAN, False
    return {learning.learn_rows: (0, scalar, SPAN, 0, data, tuple(_arrays(scalar)))}


_calls_for = calls_by_float(_examples)


def kernels_for(store: Any, span: NDArray[np.int64]) -> Kernels:
    """Return the loop over rows for the network in a span of a lowered store."""
    return Kernels(_calls_for(store), store.address, store.scalar, span)


def address_of(rule: Any, scalar: Any) -> int:
    """Return the address of the pass of a rule, compiled for a float."""
    return rule._pass.address((0, scalar, SPAN, *_arrays(scalar)), BOOL)
