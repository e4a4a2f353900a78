"""Compute activation functions in PyTorch, by its own modules where they are equal, and
by their formulas otherwise.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from ..._squash import ACTIVATIONS, LARGEST
from ...engine.functions.formula import (
    COMPARISONS,
    OPERATORS,
    OTHERS,
    PRIMITIVES,
    Tree,
    computed,
)
from .._formulas import as_registered, kind_of, tree_of

Tensor = Any  # torch may not be installed where types are checked

MODULES = {
    getattr(torch.nn, entry.torch.module): (entry.name, entry.torch.settings)
    for entry in ACTIVATIONS.values()
    if entry.torch
}
"""Activations of torch, with the equal squash and the settings for which they are
equal."""


def function_of(squash: str) -> Any:
    """Return a squash as a function of tensors. Functions of groups take the states in
    the last axis.
    """
    return as_registered(squash, "torch") or _built_in(squash)


def _built_in(squash: str) -> Any:
    entry = ACTIVATIONS.get(squash)
    if entry is not None and entry.torch is not None and entry.torch.exact:
        # without hooks
        return getattr(torch.nn, entry.torch.module)(**entry.torch.settings).forward
    formula = partial(Formula.apply, tree_of(squash, 0), tree_of(squash, 1))
    return partial(_of_largest, formula) if kind_of(squash) == LARGEST else formula


def _of_largest(formula: Any, states: Tensor) -> Tensor:
    """Return the values of a formula for the neuron of a group with the largest state
    (the first in a tie), or 0.
    """
    largest = states.argmax(-1, keepdim=True)
    return formula(states) * torch.zeros_like(states).scatter(-1, largest, 1.0)


# Torch need not be installed where types are checked.
class Formula(torch.autograd.Function):  # type: ignore[misc]
    """A value and its derivative, both computed by the formula.

    This is necessary because torch would differentiate both sides of a branch, and the
    side that overflows would give NaN.
    """

    @staticmethod
    def forward(value: Tree, slope: Tree, states: Tensor) -> Tensor:
        """Return the values of the formula."""
        return _computed(value, states)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        """Save the tensors that the backward pass needs."""
        _, ctx.slope, states = inputs
        ctx.save_for_backward(states)

    @staticmethod
    def backward(ctx: Any, errors: Tensor) -> tuple[None, None, Tensor]:
        """Return the errors times the slopes of the formula."""
        (states,) = ctx.saved_tensors
        return None, None, errors * _computed(ctx.slope, states)


NAMES = {
    operation: functions[1].__name__
    for operation, functions in (OPERATORS | COMPARISONS).items()
}
NAMES |= {operation: operation for operation in ("where", *PRIMITIVES, *OTHERS)} | {
    "max": "maximum",
    "min": "minimum",
    "==": "eq",
}
FUNCTIONS = {operation: getattr(torch, name) for operation, name in NAMES.items()}
"""The primitives of formulas, which are called as in NumPy but for a few."""


def _computed(tree: Tree, states: Tensor) -> Tensor:
    maximum = 709.0 if states.dtype == torch.float64 else 88.0
    functions = {
        **FUNCTIONS,
        "number": lambda value: torch.full(
            (), value, dtype=states.dtype, device=states.device
        ),
        # As in the engine: slopes multiply it by numbers near 0.
        "exp": lambda x: torch.exp(x.clamp(max=maximum)),
    }
    return computed(tree, {"state": states}, functions).expand_as(states)
