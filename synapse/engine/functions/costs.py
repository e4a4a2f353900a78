"""Define the built-in costs by the value and error signal -dE/ds of one output.

``derivative`` is the output's f'(s), and ``outputs`` the number of outputs. ``logit``
is ln(y / (1 - y)) of a logistic or softmax output. It is computed from states, because
an output rounds to 0 or 1 long before its logit rounds. An entry in plain Python
contains everything that the library needs to know about a cost, and `NAMES` has the
order of the codes by which kernels call it. `compiled.py` compiles it, using exp and
log1p of ``elementary.py``, and ``synapse.costs``, the documentation and the tests read
the entries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log1p

Pair = tuple[float, float]
"""A cost, and its error signal."""

Formula = Callable[[float, float, float, float, float], Pair]
"""A function of target, output, derivative, number of outputs, and logit."""

NAMES = (
    "cross_entropy",
    "squared_error",
    "mean_squared_error",
    "binary_misses",
    "categorical_cross_entropy",
)
CODES = {name: code for code, name in enumerate(NAMES)}
"""The codes of the costs. A change compiles all kernels again. Files contain names
instead.
"""


@dataclass(frozen=True)
class CostFormula:
    """A built-in cost: name, code for kernels, and declared properties.

    ``squash`` is the function that its outputs must have, and the first such entry is
    their default cost. ``probabilities`` tells whether targets must be between 0 and 1.
    ``averages`` are other libraries' names of its mean over the outputs, which is the
    same for one output. ``surrogate`` gives the reason if the signal is not the
    derivative of the value.
    """

    name: str
    code: int
    formula: Formula
    squash: str | None
    probabilities: bool
    surrogate: str
    aliases: tuple[str, ...]
    averages: tuple[str, ...]


COSTS: dict[str, CostFormula] = {}
"""By name, in the order of their codes."""


def cost(
    *,
    squash: str | None = None,
    probabilities: bool = False,
    surrogate: str = "",
    aliases: tuple[str, ...] = (),
    averages: tuple[str, ...] = (),
) -> Callable[[Formula], Formula]:
    """Enter a built-in cost, the squash of outputs without which its signal is wrong,
    and its other names.
    """

    def enter(formula: Formula) -> Formula:
        name = formula.__name__
        COSTS[name] = CostFormula(
            name,
            CODES[name],
            formula,
            squash,
            probabilities,
            surrogate,
            aliases,
            averages,
        )
        return formula

    return enter


@cost(
    squash="logistic",
    probabilities=True,
    averages=("bce", "bce_loss", "binary_cross_entropy"),
)
def cross_entropy(
    target: float, output: float, derivative: float, outputs: float, logit: float
) -> Pair:
    """-(t ln y + (1 - t) ln(1 - y)), for logistic outputs: signal t - y.

    With the logit z this is ln(1 + e^z) - t z.
    """
    value = max(logit, 0.0) - target * logit + log1p(exp(-abs(logit)))
    return value, target - output


@cost()
def squared_error(
    target: float, output: float, derivative: float, outputs: float, logit: float
) -> Pair:
    """(t - y)^2 / 2: signal (t - y) f'."""
    error = target - output
    return 0.5 * error * error, error * derivative


@cost(aliases=("mse", "mse_loss"))
def mean_squared_error(
    target: float, output: float, derivative: float, outputs: float, logit: float
) -> Pair:
    """(t - y)^2 / n over n outputs: signal 2 (t - y) f' / n."""
    error = target - output
    return error * error / outputs, 2.0 * error * derivative / outputs


@cost(surrogate="It counts, so its slope is 0. The signal is t - y.")
def binary_misses(
    target: float, output: float, derivative: float, outputs: float, logit: float
) -> Pair:
    """1 if output and target are on different sides of 1/2. Because it has no slope,
    the signal is t - y.
    """
    return (1.0 if (target > 0.5) != (output > 0.5) else 0.0), target - output


@cost(
    squash="softmax",
    probabilities=True,
    aliases=("cross_entropy_loss", "sparse_categorical_cross_entropy"),
)
def categorical_cross_entropy(
    target: float, output: float, derivative: float, outputs: float, logit: float
) -> Pair:
    """-t ln y, for softmax outputs and targets that add up to 1: signal t - y.

    With the logit z, -ln y is ln(1 + e^-z). With weights c of the costs the signal is
    c_k t_k - y_k sum_j c_j t_j, which `softmax_errors` computes.
    """
    value = 0.0
    if target > 0.0:
        value = target * (max(-logit, 0.0) + log1p(exp(-abs(logit))))
    return value, target - output


# [recipe cost]
for _name in NAMES:  # kernels call them in this order
    COSTS[_name] = COSTS.pop(_name)

CROSS_ENTROPY = COSTS["cross_entropy"].code
CATEGORICAL = COSTS["categorical_cross_entropy"].code
FIRST_CUSTOM_COST = len(COSTS)
"""The code of a user's cost is its address, which is larger."""

PROBABILITIES = tuple(cost.code for cost in COSTS.values() if cost.probabilities)
SHARES = tuple(cost.code for cost in COSTS.values() if cost.squash == "softmax")
SUM_TOLERANCE = 1e-6
"""Targets of costs with these codes lie between 0 and 1. Targets of `SHARES` add up to
1, within `SUM_TOLERANCE`.

``Cost._check_targets`` checks all rows of data for this, and so does the kernel that
receives the targets of one step.
"""
