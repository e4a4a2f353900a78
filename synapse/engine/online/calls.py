"""The kernels of the online rule as Python calls them: as machine code for known types.

To examine the types of all arguments takes longer than a step of a small network. They
never change for stores of one float, so the machine code is looked up once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import gradient_traces, listed_inputs, loops
from .continual_backprop import nothing_renewed

if TYPE_CHECKING:
    from ..store import Store
    from .accumulator import Accumulator

ROW = np.empty(0)
SPAN = np.empty(0, np.int64)
SPARSE = ROW, SPAN, SPAN


def adagrad_examples(scalar: Any) -> tuple[Any, ...]:
    """Return examples of the arguments of `learn_by_adagrad`, without its first
    ones.
    """
    squares = np.empty(0, type(scalar))
    return ROW, (squares, squares), ROW, False, SPAN


def listed_examples(scalar: Any) -> tuple[Any, ...]:
    """Return examples of the arguments of `learn_listed`, without its first ones."""
    squares = np.empty(0, type(scalar))
    sums = squares, squares, SPAN, 0, ROW
    return (SPAN, SPAN), SPAN, ROW, SPAN, ROW, sums, ROW, False


class MachineCode(dict[str, Callable[..., Any]]):
    """Kernels of a module, given as its names, as machine code, compiled when needed.

    No types are checked: the caller must pass those of the examples, which are given by
    kernel. Arrays are contiguous. A Python float is converted to the float of the
    store. A kernel without examples, whose arguments have several types, examines them.
    """

    def __init__(
        self, module: dict[str, Any], examples: dict[str, tuple[Any, ...]]
    ) -> None:
        super().__init__()
        self.module = module
        self.examples = examples

    def __missing__(self, name: str) -> Callable[..., Any]:
        kernel: Any = self.module[name]
        entry: Callable[..., Any] = kernel
        if name in self.examples:
            entry = kernel.entry(self.examples[name])
        self[name] = entry
        return entry


def calls_by_float(
    module: dict[str, Any], examples: Callable[[Any], Any]
) -> Callable[[Store], MachineCode]:
    """Make a function of a store that returns the kernels of a module for its
    float.
    """
    known_calls: dict[np.dtype[Any], MachineCode] = {}

    def calls_for(store: Store) -> MachineCode:
        if store.dtype not in known_calls:
            known_calls[store.dtype] = MachineCode(module, examples(store.scalar))
        return known_calls[store.dtype]

    return calls_for


def _examples(scalar: Any) -> dict[str, tuple[Any, ...]]:
    """Return arguments of the kernels of single steps, for stores whose float is the
    type of `scalar`.
    """
    others = ROW, np.empty(0, np.uint8), SPAN, SPAN[None], False
    rates = np.empty(0, type(scalar))
    renewal = tuple(nothing_renewed())
    of_epochs = 0, rates, False, ROW, SPAN, ROW, 0.0, renewal, (ROW, ROW)
    return {
        "activate_one": (0, scalar, 0),
        "clamp_one": (0, scalar, 0, 0.0),
        "propagate_one": (0, scalar, 0, (False, 0.0, 0, 0.0, scalar, 0)),
        "clear_traces": (0, scalar, SPAN),
        "run_network": (0, scalar, SPAN, ROW, ROW),
        "run_sparse": (0, scalar, SPAN, SPARSE, ROW),
        "feed_network": (0, scalar, SPAN, SPAN, ROW, ROW),
        "propagate_targets": (0, scalar, SPAN, ROW, 0, scalar, 0),
        "learn_by_traces": (0, scalar, SPAN, ROW, scalar, 0.0, 0.0, 0.0, SPAN),
        "learn_by_adagrad": (0, scalar, SPAN, *adagrad_examples(scalar)),
        "peek_listed": (0, scalar, SPAN, (SPAN, SPAN), SPAN, ROW, ROW),
        "activate_listed": (0, scalar, SPAN, (SPAN, SPAN), SPAN, ROW, ROW, SPAN),
        "learn_listed": (0, scalar, SPAN, *listed_examples(scalar)),
        "train_network": (0, scalar, SPAN, (ROW, *others), *of_epochs),
        "train_sparse": (0, scalar, SPAN, (SPARSE, *others), *of_epochs),
    }


calls_for = calls_by_float(
    {**vars(loops), **vars(gradient_traces), **vars(listed_inputs)}, _examples
)


class Kernels(dict[str, Callable[..., Any]]):
    """Kernels by name, with the arguments that all of them begin with, for one network
    and one topology.

    Before each call, `before` is called. `updates` are the buffers to which updates are
    added, if they are not made at once; `plan`, a ``rtrl.Plan``, has the sensitivities
    by which a network learns.
    """

    def __init__(
        self,
        code: MachineCode,
        *begin: Any,
        before: Callable[[], object] | None = None,
        updates: Accumulator | None = None,
        plan: Any = None,
    ) -> None:
        super().__init__()
        self.code = code
        self.begin = begin
        self.before = before
        self.updates = updates
        self.plan = plan

    def with_table(self, address: int) -> Kernels:
        """Return the same kernels for another table of the same store."""
        return Kernels(self.code, address, *self.begin[1:])

    def __missing__(self, name: str) -> Callable[..., Any]:
        prepared = partial(self.code[name], *self.begin)
        before = self.before
        if before is None:
            self[name] = prepared
            return prepared

        def call(*arguments: Any) -> Any:
            before()
            return prepared(*arguments)

        self[name] = call
        return call


def kernels_for(
    store: Store, span: NDArray[np.int64], updates: Accumulator | None = None
) -> Kernels:
    """Return the kernels of the online rule for the network in a span of a lowered
    store.
    """
    code = calls_for(store)
    if updates is None:
        return Kernels(code, store.address, store.scalar, span)
    table = updates.renewed()
    return Kernels(
        code, table, store.scalar, span, before=updates.renewed, updates=updates
    )


def clear_traces(store: Store, span: NDArray[np.int64]) -> None:
    """Clear the traces of the network in a span of a lowered store."""
    kernels_for(store, span)["clear_traces"]()
