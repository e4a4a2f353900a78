"""float32: the bits of its numbers, and functions that are chosen by the type of their argument."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from .jit import DEBUGGING, reinterpreted
from .pipeline import PartCompiler


def by_type(single: Any, double: Any) -> Any:
    """A part of kernels that calls `single` for a float32, `double` for other numbers."""

    def chosen(x: Any) -> Any:
        return single(x) if isinstance(x, np.float32) else double(x)

    def choose(x):  # not annotated, because Numba compares its signature with that of its result
        part = single if x == types.float32 else double
        return lambda x: part(x)  # noqa: PLW0108

    if not DEBUGGING:
        overload(chosen, jit_options={"forceinline": True, "pipeline_class": PartCompiler})(choose)
    return chosen


if DEBUGGING:
    single_from_bits: Any = lambda bits: np.int64(bits).astype(np.int32).view(np.float32)  # noqa: E731
    single_bits: Any = lambda value: np.int64(np.float32(value).view(np.int32))  # noqa: E731
else:
    single_from_bits = reinterpreted(types.int32, types.float32)
    single_bits = reinterpreted(types.float32, types.int32)
