"""Registry of optimizers by name, such as "adam"."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, overload

from .._checks import (
    NEAREST_ADVICE,
    Names,
    boolean,
    expected,
    require_type,
    suggestion,
    suggests_arguments,
)
from .._registration import is_same_class
from ..errors import ArgumentTypeError
from ._base import Optimizer
from ._descent import SGD, AdaGrad, Adam, AdamW, RMSprop, Rprop, SparseAdam
from ._lbfgs import LBFGS
from ._recursive import DEKF, RLS, RecursiveOptimizer

Class = TypeVar("Class", bound=type[Optimizer | RecursiveOptimizer])

BUILT_IN = (
    SGD,
    AdaGrad,
    Adam,
    AdamW,
    RMSprop,
    Rprop,
    SparseAdam,
    LBFGS,
    RLS,
    DEKF,
)
by_name: Names[Any] = Names(
    "optimizer",
    {kind.__name__: kind for kind in BUILT_IN},
    {},
    NEAREST_ADVICE["optimizer"],
)
"""Classes that can be made without arguments."""


def names() -> list[str]:
    """Return the names of all optimizers, sorted."""
    return sorted(by_name)


@overload
def register(optimizer: Class, *, replace: bool = ...) -> Class: ...
@overload
def register(*, replace: bool = ...) -> Callable[[Class], Class]: ...
@suggests_arguments()
def register(optimizer: Class | None = None, *, replace: bool = False) -> Any:
    """Register your own class of optimizers under its name, for ``optimizer="name"``.
    Use it as a decorator.

    Parameters
    ----------
    optimizer : type
        Subclass of :class:`Optimizer` or :class:`RecursiveOptimizer` that can be made
        without arguments.
    replace : bool
        Whether the class replaces another one of yours with this name. What holds
        the earlier one keeps it, as do copies. Files and pickles only contain the name,
        and are read with the new one. Default: False, so that a name that is taken
        raises an error.

    Returns
    -------
    type
        The class itself.

    Raises
    ------
    ArgumentTypeError
        If `optimizer` is not such a class, or its constructor requires arguments.
    ArgumentError
        If another optimizer has this name, in any spelling, and is not replaced. You
        may define the same class again, as in a notebook.

    Examples
    --------
    >>> import architect, numpy as np
    >>> from synapse import Trainer, optimizers
    >>> @optimizers.register
    ... class SignSteps(optimizers.Optimizer):
    ...     rate = 0.01
    ...
    ...     def slots(self):
    ...         return {}
    ...
    ...     def find_change(self, state, parameters, gradient, rate):
    ...         np.multiply(np.sign(gradient), rate, out=state.change)
    >>> net = architect.Perceptron(2, 3, 1)
    >>> type(Trainer(net, rule="bptt", optimizer="sign_steps").optimizer).__name__
    'SignSteps'
    """
    if optimizer is None:
        return partial(register, replace=boolean("replace", replace))
    title = "An optimizer to register"
    entry: Any = optimizer
    kinds = (Optimizer, RecursiveOptimizer)
    require_type(
        (isinstance(entry, type) and issubclass(entry, kinds)) and entry not in kinds,
        title,
        "a subclass of Optimizer or RecursiveOptimizer",
        optimizer,
    )
    try:
        inspect.signature(entry).bind()
    except TypeError:
        condition = "a class that can be made without arguments"
        raise ArgumentTypeError(expected(title, condition, optimizer)) from None
    name = entry.__name__
    by_name.again(name, replace, lambda known: is_same_class(known, entry))
    by_name.enter(name, entry)
    return optimizer


def checked_optimizer(
    title: str, optimizer: Any
) -> Optimizer | LBFGS | RecursiveOptimizer | None:
    """Return `optimizer`, or the optimizer of this name with its default settings, or
    raise ArgumentTypeError.
    """
    if optimizer is None or isinstance(
        optimizer, Optimizer | LBFGS | RecursiveOptimizer
    ):
        return optimizer
    kind = by_name.seek(optimizer) if isinstance(optimizer, str) else None
    if kind is None:
        raise _no_optimizer(title, optimizer)
    return kind()


def _no_optimizer(title: str, optimizer: Any) -> ArgumentTypeError:
    """Make the error for an object that is no optimizer."""
    label = optimizer
    if not isinstance(optimizer, str):
        label = getattr(optimizer, "__name__", type(optimizer).__name__)
    kind = by_name.seek(label)
    advice = (
        f"Use optimizer=synapse.optimizers.{kind.__name__}()."
        if kind
        else suggestion(label, by_name)
    )
    condition = (
        "an optimizer, such as synapse.optimizers.Adam(), or its name, such as 'adam'"
    )
    return ArgumentTypeError(expected(title, condition, optimizer, advice.strip()))
