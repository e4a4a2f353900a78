"""The plan of exact online gradients as kernels see it: one word, the address of a table of its columns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import intrinsic, register_model

from ..schema import PLAN, PlanColumns, numpy_dtype
from .jit import DEBUGGING, ColumnType, TableModel, TableType, plain_arrays


class PlanType(TableType):
    """The type of ``p`` in kernels."""

    columns = PLAN

    def __init__(self, unit: Any) -> None:
        self.unit = unit
        super().__init__(name=f"Plan({unit})")

    def column(self, name: str) -> ColumnType:
        """The type of ``p.name``."""
        return ColumnType(self.dtype(name), (f"plan of {name}",))


register_model(PlanType)(TableModel)


@intrinsic
def _compiled_plan(typingctx: Any, table: Any, unit: Any) -> Any:
    """The address of the table of a plan as ``p``."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return args[0]

    return PlanType(unit)(table, unit), codegen


def _plain_plan(table: int, unit: Any) -> PlanColumns:
    """A plan as arrays for NUMBA_DISABLE_JIT=1."""
    return PlanColumns(*plain_arrays(table, [numpy_dtype(column, np.dtype(type(unit))) for column in PLAN]))


plan: Any = _plain_plan if DEBUGGING else _compiled_plan
