"""Compile the built-in functions individually, by code for each kind, and for random
neurons and groups.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from ..language import (
    INDEX,
    NUMBER,
    by_code,
    call_at,
    column,
    for_python,
    inline,
    lazy_part,
    one_like,
    parts_of,
    stream,
    zero_like,
)
from . import activations, costs
from .activations import (
    ACTIVATIONS,
    BERNOULLI,
    FIRST_CUSTOM,
    LARGEST,
    SINGLE,
    SOFTMAX,
)
from .costs import COSTS, FIRST_CUSTOM_COST, Pair
from .elementary import exp, expm1, log, log1p


def _compiled(module: ModuleType, table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the formulas of a module, compiled to call each other and the elementary
    functions.
    """
    scope = {**vars(module), "exp": exp, "expm1": expm1, "log1p": log1p}
    scope |= {"sin": np.sin, "cos": np.cos}  # in plain Python, math's raise at infinity
    parts = parts_of(scope, [entry.formula for entry in table.values()])
    return dict(zip(table, parts, strict=True))


def _by_code(functions: Mapping[str, Any], entries: list[Any]) -> Callable[..., Any]:
    """Return ``built_in(code, ...)``, which calls the function of the entry with this
    code.
    """
    *others, last = ((entry.code, functions[entry.name]) for entry in entries)

    @inline
    def built_in(code: Any, *arguments: Any) -> Any:
        for other, function in others:
            if code == other:
                return function(*arguments)
        return last[1](*arguments)

    return built_in


def _judged(formula: Any) -> Any:
    """Return the formula of a cost for targets that may be NaN, with which an output
    has neither cost nor signal.
    """

    @inline
    def judged(
        target: float, output: float, derivative: float, outputs: float, logit: float
    ) -> Pair:
        value, signal = formula(target, output, derivative, outputs, logit)
        return (value, signal) if target == target else (0.0, 0.0)

    return judged


MIN_POSITIVE = 1e-300


@inline
def logit_of(activation):
    """Return ln(y / (1 - y)) of an activation y of unknown state, which is finite even
    for 0.
    """
    return log(max(activation, MIN_POSITIVE)) - log(max(1.0 - activation, MIN_POSITIVE))


def _of_output(cost: Callable[..., Pair]) -> Callable[..., Pair]:
    """Return a cost for Python, where the logit follows from the output, because there
    is no state.
    """

    def of_output(
        target: float, output: float, derivative: float, outputs: float
    ) -> Pair:
        return cost(target, output, derivative, outputs, _python_logit(output))

    return of_output


_SQUASHES = _compiled(activations, ACTIVATIONS)
_ERRORS = {name: _judged(formula) for name, formula in _compiled(costs, COSTS).items()}
logistic, tanh, identity, relu = (
    _SQUASHES[name] for name in ("logistic", "tanh", "identity", "relu")
)
cross_entropy = _ERRORS["cross_entropy"]

SQUASHES = {name: for_python(squash) for name, squash in _SQUASHES.items()}
_python_logit = for_python(logit_of)
ERRORS = {name: _of_output(for_python(cost)) for name, cost in _ERRORS.items()}
"""The built-in functions for Python, by name."""


def _loops(
    loop: Callable[..., None], stands_for: str, functions: Mapping[str, Any]
) -> list[Callable[..., None]]:
    """Return a copy of a loop for each squash or cost, which calls this function
    instead of the one that stands for it in the loop.
    """
    loops: list[Callable[..., None]] = []
    for name, function in functions.items():
        scope = {"__name__": __name__, stands_for: function}
        copy = FunctionType(loop.__code__, scope, f"{loop.__name__}_{name}")
        copy.__qualname__ = copy.__name__  # it identifies the file of machine code
        loops.append(copy)
    return loops


RANGE_KINDS = column("state"), INDEX, column("activation"), column("slope"), INDEX
"""Kinds of arguments, which are states and their first index, and activations,
derivatives and their first index.
"""


def activate(m, state, at, activation, slope, to, n):
    """Compute the activations and slopes of n consecutive neurons."""
    for q in range(n):
        activation[to + q], slope[to + q] = logistic(state[at + q])


_ACTIVATE = _loops(activate, "logistic", _SQUASHES)
activate_range = by_code("activate_range", _ACTIVATE, *RANGE_KINDS, INDEX)
"""``(code, m, state, at, activation, slope, to, n)``: activations and slopes of n
consecutive neurons."""

_LARGEST = [entry for entry in ACTIVATIONS.values() if entry.family == LARGEST]
largest_of = _by_code(_SQUASHES, _LARGEST)
"""``(code, state)``: activation and slope of the neuron of a group that has the largest
state."""

_SINGLE = [entry for entry in ACTIVATIONS.values() if entry.family == SINGLE]
squash_of = _by_code(_SQUASHES, _SINGLE)
"""``(code, state)``: activation and slope by any built-in function of one state."""

ANSWERS = (
    column("activation"),
    column("slope"),
    INDEX,
    column("new_state"),
    INDEX,
    column("value"),
    column("signal"),
    INDEX,
)


def judge_by(
    m, activation, slope, at, new_state, new_state_at, value, signal, to, n, outputs
):
    """Compute the costs and signals of n consecutive outputs."""
    for q in range(n):
        value[q], signal[to + q] = cross_entropy(
            signal[to + q],
            activation[at + q],
            slope[at + q],
            outputs,
            float(new_state[new_state_at + q]),
        )


_JUDGE = _loops(judge_by, "cross_entropy", _ERRORS)
cost_and_error_range = by_code("cost_and_error_range", _JUDGE, *ANSWERS, INDEX, NUMBER)
"""``(code, m, activation, slope, at, new_state, new_state_at, value, signal, to, n,
outputs)``, where signals overwrite the targets, and the states are the logits.
"""

cost_of = _by_code(_ERRORS, [*COSTS.values()])
"""``(code, target, output, derivative, outputs, logit)``: cost and error signal under a
built-in cost."""


@inline
def custom(store, failed, code, state):
    """Return activation and slope by a registered function, or NaN if it raises an
    error.
    """
    return call_at(failed, store.functions[code - FIRST_CUSTOM], (np.float64(state),))


@inline
def cost_and_error(failed, code, target, output, derivative, outputs, logit):
    """Return cost and error signal under any cost. If a user's cost raises an error,
    both are NaN.
    """
    if target != target:
        return 0.0, 0.0
    if code < FIRST_CUSTOM_COST:
        return cost_of(code, target, output, derivative, outputs, logit)
    numbers = np.float64(target), np.float64(output), np.float64(derivative), outputs
    return call_at(failed, code, numbers)


@inline
def softmax_errors(
    weights, start, targets, offset, activation, at, signal, to, n, stride
):
    """Compute the signals of n softmax outputs, c_k t_k - y_k sum_j c_j t_j, as
    -dE/ds_k has terms of all outputs.

    E is the sum of -c_j t_j ln y_j with the cost weights c, without terms for outputs
    that have no target.
    """
    total = 0.0
    for o in range(n):
        target = targets[offset + o * stride]
        total += weights[start + o] * target if target == target else 0.0
    for o in range(n):
        target = targets[offset + o * stride]
        aim = weights[start + o] * target if target == target else 0.0
        signal[to + o * stride] = aim - activation[at + o * stride] * total


TURN = 2.0 * math.pi


@inline
def draw(store, j):
    """Return the next number of the neuron's own stream, from 0 to 1 (exclusive)."""
    store.random[j], uniform = stream(store.random[j])
    return uniform


@inline
def bernoulli(store, j, state):
    """1 with the probability of the state, else 0, or the probability itself while the
    neuron is deterministic.
    """
    value, derivative = logistic(state)
    if store.deterministic[j]:
        return value, derivative
    return (one_like(value) if draw(store, j) < value else zero_like(value)), derivative


@inline
def noise(store, j, state):
    """Return the state plus a standard normal number (Box and Muller 1958), unless the
    neuron is deterministic.
    """
    value, derivative = identity(state)
    if store.deterministic[j]:
        return value, derivative
    radius = math.sqrt(-2.0 * log(1.0 - draw(store, j)))
    return value + radius * math.cos(TURN * draw(store, j)), derivative


@lazy_part(INDEX, INDEX, INDEX, INDEX, *RANGE_KINDS)
def fire_random(store, code, start, stop, lanes, state, at, activation, slope, to):
    """Compute activations and derivatives of random neurons with `lanes` consecutive
    samples each.
    """
    for j in range(start, stop):
        for q in range((j - start) * lanes, (j - start + 1) * lanes):
            if code == BERNOULLI:
                activation[to + q], slope[to + q] = bernoulli(store, j, state[at + q])
            else:
                activation[to + q], slope[to + q] = noise(store, j, state[at + q])


@inline
def normalise(state, activation, slope, start, stop, stride, top):
    """softmax y_j = e^s_j / sum_i e^s_i over a group whose largest state is `top`."""
    total = zero_like(state[start])
    for j in range(start, stop, stride):
        activation[j] = exp(state[j] - top)
        total += activation[j]
    for j in range(start, stop, stride):
        value = activation[j] / total
        activation[j] = value
        slope[j] = value * (1.0 - value)


@inline
def lead_of(activation, start, stop, stride):
    """Return the member of a softmax group with the largest activation, and the sum of
    all other activations, for `logit_within`.
    """
    lead = start
    for j in range(start, stop, stride):
        if activation[j] > activation[lead]:
            lead = j
    others = 0.0
    for j in range(start, stop, stride):
        if j != lead:
            others += activation[j]
    return lead, others


@inline
def logit_within(below, y, largest, others):
    """ln(y / (1 - y)) of a member of a softmax group: s_j - ln of the sum of e^s_i over
    all others.

    below : s_j less the largest state; others : sum of all activations but the
    `largest`, so that 1 - y loses no digits.
    """
    rest = others if y == largest else (largest - y) + others
    return below - log(max(rest / largest, MIN_POSITIVE))


@lazy_part(
    INDEX, column("state"), column("activation"), column("slope"), INDEX, INDEX, INDEX
)
def compete(store, code, state, activation, slope, start, stop, stride):
    """Compute the activations of a group, whose numbers are `stride` apart, by softmax
    or only for the largest state.
    """
    best = start
    for j in range(start, stop, stride):
        if state[j] > state[best]:
            best = j
    if code == SOFTMAX:
        normalise(state, activation, slope, start, stop, stride, state[best])
        return
    for j in range(start, stop, stride):
        activation[j] = 0.0
        slope[j] = 0.0
    activation[best], slope[best] = largest_of(code, state[best])
