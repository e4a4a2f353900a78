"""Call the kernels of the online rule from Python, as machine code for known types.

Examining the types of all arguments takes longer than a step of a small network.
Because they never change for stores of one float type, the machine code is looked up
once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..epochs import Epochs
from ..language import Kernel
from ..store import Store
from . import listed_inputs, loops
from .accumulator import Accumulator
from .continual_backprop import NOTHING_RENEWED
from .gradient_traces import learn_by_adagrad, learn_by_traces
from .step_formulas import PLAIN_STEP
from .training_arguments import TrainingArguments

ROW = np.empty(0)
SPAN = np.empty(0, np.int64)
SPARSE = ROW, SPAN, SPAN
READERS = SPAN, SPAN, SPAN
SETTINGS = 0.0, 0.0, 0.0, 0.0


def adagrad_examples(scalar: Any) -> tuple[Any, ...]:
    """Return example arguments for `learn_by_adagrad`, without the first ones."""
    squares = np.empty(0, type(scalar))
    return SPARSE, ROW, ROW, (squares, squares), SETTINGS, False, SPAN


def traces_examples(scalar: Any) -> tuple[Any, ...]:
    """Return example arguments for `learn_by_traces`, from the decay on."""
    sums = np.empty(0, type(scalar))
    return scalar, 0.0, PLAIN_STEP, ((sums, sums), (sums, sums), ROW), SPAN


Examples = dict[Kernel, tuple[Any, ...]]
"""Arguments of each kernel with the right types."""


class MachineCode(dict[Kernel, Callable[..., Any]]):
    """Kernels as machine code, compiled when needed.

    Because types are not checked, the caller must pass those of the examples. Arrays
    are contiguous. A Python float is converted to the float type of the store. A kernel
    without examples, whose arguments have several types, examines them.

    `replacements` are the kernels of a learning rule that replace those of the online
    rule.
    """

    def __init__(self, examples: Examples, replacements: dict[Kernel, Kernel]) -> None:
        super().__init__()
        self.examples = examples
        self.replacements = replacements

    def __missing__(self, kernel: Kernel) -> Callable[..., Any]:
        callee = self.replacements.get(kernel, kernel)
        entry: Callable[..., Any] = callee
        if callee in self.examples:
            entry = callee.entry(self.examples[callee])
        self[kernel] = entry
        return entry


def calls_by_float(
    examples: Callable[[Any], Examples],
    replacements: dict[Kernel, Kernel] | None = None,
) -> Callable[[Store], MachineCode]:
    """Make a function that returns the kernels for a store's float type, see
    :class:`MachineCode`.
    """

    @lru_cache(maxsize=None, typed=True)
    def code_for(scalar: Any) -> MachineCode:
        return MachineCode(examples(scalar), replacements or {})

    return lambda store: code_for(store.scalar)


def epochs_examples(scalar: Any) -> list[tuple[Any, ...]]:
    """Return the last example arguments for `train_network` and `train_sparse`, which
    are `TrainingArguments` and the buffers.
    """
    others = ROW, np.empty(0, np.uint8), SPAN, 0
    epochs = Epochs(SPAN[None], np.empty(0, type(scalar)), ROW, 0.0, SPAN)
    options = 0, False, ROW, NOTHING_RENEWED
    return [
        (TrainingArguments(inputs, *others, epochs, *options), (ROW, ROW, SPAN))
        for inputs in (ROW, SPARSE)
    ]


def _examples(scalar: Any) -> Examples:
    """Return example arguments for the single-step kernels of stores whose float type
    is the type of `scalar`.
    """
    of_rows, of_sparse = epochs_examples(scalar)
    floats = np.empty(0, type(scalar))
    return {
        loops.activate_one: (0, scalar, 0),
        loops.clamp_one: (0, scalar, 0, 0.0),
        loops.propagate_one: (0, scalar, 0, (False, 0.0, 0, 0.0, scalar, 0)),
        loops.clear_traces: (0, scalar, SPAN),
        loops.run_network: (0, scalar, SPAN, ROW, ROW),
        loops.run_sparse: (0, scalar, SPAN, SPARSE, ROW),
        loops.feed_network: (0, scalar, SPAN, SPAN, ROW, ROW),
        loops.propagate_targets: (0, scalar, SPAN, ROW, 0, scalar, 0),
        learn_by_traces: (0, scalar, SPAN, ROW, *traces_examples(scalar)),
        learn_by_adagrad: (0, scalar, SPAN, *adagrad_examples(scalar)),
        listed_inputs.peek_listed: (0, scalar, SPAN, READERS, SPARSE, ROW),
        listed_inputs.learn_listed: (
            *(0, scalar, SPAN, READERS, SPAN, SPARSE, ROW, ROW),
            *(floats[None], (floats[None], floats, floats), SETTINGS, False),
        ),
        loops.train_network: (0, scalar, SPAN, *of_rows),
        loops.train_sparse: (0, scalar, SPAN, *of_sparse),
    }


calls_for = calls_by_float(_examples)


class Kernels(dict[Kernel, Callable[..., Any]]):
    """Kernels for one network and one topology, as functions to which the first
    arguments, which they have in common, are bound.

    Each call first calls `before`. Unless updates change parameters directly, they are
    added to the buffers in `updates`. For a network that learns by rtrl, `plan` is the
    ``rtrl.Plan`` with its sensitivities.
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

    def __missing__(self, kernel: Kernel) -> Callable[..., Any]:
        prepared = partial(self.code[kernel], *self.begin)
        before = self.before
        if before is None:
            self[kernel] = prepared
            return prepared

        def call(*arguments: Any) -> Any:
            before()
            return prepared(*arguments)

        self[kernel] = call
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
    kernels_for(store, span)[loops.clear_traces]()
