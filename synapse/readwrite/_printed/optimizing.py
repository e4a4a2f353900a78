"""Define optimizers for programs that learn, in the language of kernels. The engine's
equations are applied to one parameter at a time.

A program has a column for each vector of an optimizer's memory, with one entry for each
parameter that learns, or for all members of a tie.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ...engine.functions.optimizers import (
    step_by_adagrad,
    step_by_adam,
    step_by_momentum,
    step_by_rmsprop,
)
from ...engine.language.decorators import noinline
from ...engine.language.memory import STORE
from ...engine.language.tree import BundleKind, Node, TableLayout, at_run_time, known
from ...engine.language.words import one_like, word, zero_like
from ...engine.schema import TABLE, Column

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

MEMORY = (
    Column("steps", "parameter", "int64"),
    *(
        Column(name, "parameter", "float")
        for name in (
            "velocity",
            "mean_square",
            "mean",
            "sum_of_squares",
            "first_moment",
            "second_moment",
            "largest_second_moment",
        )
    ),
)
"""The number of steps, and the memory vectors of all optimizers."""
MANY_STEPS = 1 << 30
"""Maximum count of steps. The corrections of Adam are 1 long before."""
OPTIMIZER = TableLayout("optimizer", MEMORY, lambda name: (f"optimizer's {name}",))
UPDATES = TableLayout("updates", TABLE, STORE.family)
"""A store whose destinations are columns of their own."""


@dataclass(frozen=True)
class Parameters:
    """The parameters of one column that learn.

    `count` is their number, and `row` the word that gives each one's row, or the first
    row of shared ones. `begin` is the first one's entry in the memory. `n_members` is
    the number of other members of ties, and `first` and `member` are the words for the
    rows of each such pair.
    """

    count: int
    row: Any
    begin: int
    n_members: int
    first: Any
    member: Any


@dataclass(frozen=True)
class Optimizing:
    """The known facts about an optimizer, which are its functions, its settings in the
    order of the engine, and the parameters of a network.
    """

    number: Any  # the type of all numbers
    factors: Any
    change: Any
    settings: tuple[Any, ...]
    weights: Parameters
    biases: Parameters
    signed: bool


def _at(layout: TableLayout) -> Any:
    @word(NotImplemented)
    def bundle(t: Any, scalar: Node) -> Node:
        kind = BundleKind(layout, at_run_time(scalar).kind)
        return Node("bundle", kind, (at_run_time(known(0)),))

    return bundle


optimizer_at = _at(OPTIMIZER)
updates_at = _at(UPDATES)


# --- factors of a step: of changes, of roots and of values ----------------------------


def plain_factors(way, memory, rate):
    """Return the factors of all optimizers but Adam."""
    return rate, one_like(rate), zero_like(rate)


@noinline
def adam_factors(way, memory, rate):
    """Return the rate and the factor of the root, corrected for the number of steps,
    and the factor of weight decay.
    """
    beta, beta2, _, _, decay = way.settings
    steps = float(memory.steps[0] + 1)
    pace = way.number(rate / (1.0 - beta**steps))
    root = way.number(1.0 / math.sqrt(1.0 - beta2**steps))
    return pace, root, way.number(rate * decay)


# --- changes: each returns that of parameter k, and updates the memory with `commit` --


@noinline
def sgd(way, memory, k, gradient, value, pace, root, decay, commit):
    """Return the change by gradient descent with momentum and weight decay."""
    momentum, nesterov, penalty = way.settings
    penalty = way.number(penalty)
    if momentum == 0.0:
        return (value * penalty + gradient) * pace
    change, velocity = step_by_momentum(
        gradient,
        value,
        memory.velocity[k],
        way.number(momentum),
        nesterov,
        penalty,
        pace,
    )
    if commit:
        memory.velocity[k] = velocity
    return change


@noinline
def rmsprop(way, memory, k, gradient, value, pace, root, decay, commit):
    """Return the change by RMSprop."""
    keep, epsilon, momentum, centered = way.settings
    change, square, mean, velocity = step_by_rmsprop(
        gradient,
        memory.mean_square[k],
        memory.mean[k] if centered else zero_like(pace),
        memory.velocity[k] if momentum != 0.0 else zero_like(pace),
        way.number(keep),
        way.number(1.0 - keep),
        way.number(epsilon),
        way.number(momentum),
        centered,
        pace,
    )
    if commit:
        memory.mean_square[k] = square
        if centered:
            memory.mean[k] = mean
        if momentum != 0.0:
            memory.velocity[k] = velocity
    return change


@noinline
def adagrad(way, memory, k, gradient, value, pace, root, decay, commit):
    """Return the change by AdaGrad."""
    (epsilon,) = way.settings
    change, total = step_by_adagrad(
        gradient, memory.sum_of_squares[k], way.number(epsilon), pace
    )
    if commit:
        memory.sum_of_squares[k] = total
    return change


@noinline
def adam(way, memory, k, gradient, value, pace, root, decay, commit):
    """Return the change by Adam."""
    beta, beta2, epsilon, amsgrad, _ = way.settings
    change, mean, second, largest = step_by_adam(
        gradient,
        value,
        memory.first_moment[k],
        memory.second_moment[k],
        memory.largest_second_moment[k] if amsgrad else zero_like(pace),
        way.number(beta),
        way.number(1.0 - beta),
        way.number(beta2),
        way.number(1.0 - beta2),
        way.number(epsilon),
        amsgrad,
        pace,
        root,
        decay,
    )
    if commit:
        memory.first_moment[k] = mean
        memory.second_moment[k] = second
        if amsgrad:
            memory.largest_second_moment[k] = largest
    return change


# --- steps ----------------------------------------------------------------------------


@noinline
def clear_updates(store, connections, neurons):
    """Zero the updates, to which the rule adds."""
    for c in range(connections):
        store.weight_destination[c] = zero_like(store.weight[c])
    for j in range(neurons):
        store.bias_destination[j] = zero_like(store.bias[j])


@noinline
def are_moderate(parameters, updates):
    """Return whether the squares of the updates of parameters have a finite sum, after
    those of tied members were added up.
    """
    if parameters.n_members != 0:
        for k in range(parameters.n_members):
            updates[parameters.first(k)] += updates[parameters.member(k)]
    total = zero_like(updates[0])
    for k in range(parameters.count):
        update = updates[parameters.row(k)]
        total += update * update
    return math.isfinite(total)


@noinline
def stay_finite(way, memory, parameters, values, updates, pace, root, decay):
    """Return whether parameters stay finite in a step of the optimizer."""
    for k in range(parameters.count):
        row = parameters.row(k)
        entry = parameters.begin + k
        change = way.change(
            way, memory, entry, -updates[row], values[row], pace, root, decay, False
        )
        if not math.isfinite(values[row] - change):
            return False
    return True


@noinline
def move(way, memory, parameters, values, updates, signs, pace, root, decay):
    """Change parameters by a step of the optimizer, within their signs."""
    for k in range(parameters.count):
        row = parameters.row(k)
        entry = parameters.begin + k
        value = values[row] - way.change(
            way, memory, entry, -updates[row], values[row], pace, root, decay, True
        )
        if signs is not None and value * signs[row] < 0.0:
            value = zero_like(value)
        values[row] = value
    if parameters.n_members != 0:
        for k in range(parameters.n_members):
            values[parameters.member(k)] = values[parameters.first(k)]


@noinline
def optimize(way, store, memory, rate):
    """Change all parameters that learn by a step of the optimizer. Return whether they
    stay finite. Otherwise, they are unchanged.
    """
    weights, biases = way.weights, way.biases
    if weights.count + biases.count == 0:
        return True
    if not are_moderate(weights, store.weight_destination):
        return False
    if not are_moderate(biases, store.bias_destination):
        return False
    pace, root, decay = way.factors(way, memory, rate)
    if not stay_finite(
        way,
        memory,
        weights,
        store.weight,
        store.weight_destination,
        pace,
        root,
        decay,
    ):
        return False
    if not stay_finite(
        way, memory, biases, store.bias, store.bias_destination, pace, root, decay
    ):
        return False
    signs = store.sign if way.signed else None
    move(
        way,
        memory,
        weights,
        store.weight,
        store.weight_destination,
        signs,
        pace,
        root,
        decay,
    )
    move(
        way, memory, biases, store.bias, store.bias_destination, None, pace, root, decay
    )
    if memory.steps[0] < MANY_STEPS:
        memory.steps[0] += 1
    return True
