"""Currents that are added to the states of neurons, step by step.

In a step, a current is what a bias is: a number that is added to the weighted sum. So a
step with a current is the step of the network with another bias, for every learning
rule, and no kernel knows of currents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _checks as checks
from .._typing import Floats
from ..engine.records import Span
from ..errors import ArgumentError, ArgumentTypeError
from .layer import Layer
from .neuron import Neuron

Currents = Mapping[Any, ArrayLike]
"""Currents by the name of a layer or a neuron, or by the object itself."""


def currents_of(
    network: Any, title: str, inject: Any, steps: int | None
) -> tuple[NDArray[np.int64], Floats]:
    """Return the store rows of the neurons that get a current, and the currents, shape
    (steps, neurons).

    The caller has the network in use. Without a number of steps, `inject` has the
    currents of one. `title` is what it is called in messages.
    """
    _, _, span = network._lowered()
    if not isinstance(inject, Mapping):
        condition = "a dict of currents by the name of a layer or a neuron"
        raise ArgumentTypeError(checks.expected(title, condition, inject))
    dtype = network._store.dtype
    length = 1 if steps is None else steps
    parts = []
    for key, values in inject.items():
        rows = _rows_of(network, key, span)
        part = f"{title}[{checks.short_repr(key)}]"
        numbers = checks.finite_array(part, values, dtype)
        parts.append((rows, _in_shape(part, numbers, steps, len(rows))))
    at = np.unique(np.concatenate([rows for rows, _ in parts] or [span[:0]]))
    currents = np.zeros((length, len(at)))
    for rows, numbers in parts:  # a neuron that is named twice gets both
        currents[:, np.searchsorted(at, rows)] += numbers
    return at, currents


def _rows_of(network: Any, key: Any, span: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the store rows of a layer or a neuron of a network, given by name or as an
    object.
    """
    target = network[key] if isinstance(key, str) else key
    if not isinstance(target, Layer | Neuron):
        condition = "the name of a layer or a neuron"
        raise ArgumentTypeError(checks.expected("A key of `inject`", condition, key))
    neurons = list(target) if isinstance(target, Layer) else [target]
    rows = np.array([neuron._row for neuron in neurons], np.int64)
    start, stop = span[Span.START], span[Span.STOP]
    within = all(neuron._store is network._store for neuron in neurons)
    if not within or (rows < start).any() or (rows >= stop).any():
        raise ArgumentError(f"{target!r} of `inject` is not in {network!r}.")
    return rows


def _in_shape(title: str, numbers: Floats, steps: int | None, size: int) -> Floats:
    """Return currents in shape (steps, size), or raise ArgumentError."""
    if numbers.ndim == 0:
        return numbers
    if steps is None and numbers.shape == (size,):
        return numbers
    if steps is not None and numbers.shape == (steps, size):
        return numbers
    if steps is not None and numbers.shape == (steps,):
        return numbers[:, None]
    shape = f"shape ({size},)" if steps is None else f"shape ({steps}, {size})"
    got = f"shape {numbers.shape}"
    raise ArgumentError(checks.must(title, f"be a number or have {shape}", got))


def equal_stretches(currents: Floats) -> Iterable[tuple[int, int]]:
    """Return where consecutive steps with the same currents start and stop."""
    changes = np.flatnonzero((currents[1:] != currents[:-1]).any(axis=1)) + 1
    bounds = [0, *changes.tolist(), len(currents)]
    return pairwise(bounds) if len(currents) else ()
