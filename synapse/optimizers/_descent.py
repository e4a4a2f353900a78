"""Optimizers whose equations are compiled, see ``engine/functions/optimizers.py``."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from itertools import chain
from typing import Annotated, ClassVar, final

import numpy as np

from .. import _checks
from .._checks import pair_of
from .._typing import Floats
from ..engine.functions import optimizers as equations
from ..engine.language import Kernel
from ._base import Optimizer, OptimizerState


@dataclass(frozen=True)
class BuiltIn(Optimizer):
    """Base class of optimizers whose equation is also called from the compiled loop
    over batches, when training by exact gradients.
    """

    _equation: ClassVar[Kernel]
    _is_sparse: ClassVar[bool] = False

    def _settings(self) -> tuple[float, ...]:
        """Return the numbers of the equation, which are all fields after the rate."""
        _, *values = astuple(self)
        pairs = (each if isinstance(each, tuple) else (each,) for each in values)
        return tuple(chain.from_iterable(pairs))

    def _skips_zeros(self) -> bool:
        """Return whether a parameter and its memory stay unchanged if its gradient is
        0.
        """
        return self._is_sparse

    @final
    def find_change(
        self, state: OptimizerState, parameters: Floats, gradient: Floats, rate: float
    ) -> None:
        """Update the memory and compute the change."""
        self._equation(
            state.change,
            parameters,
            gradient,
            state.slots,
            np.array(self._settings(), float),
            float(rate),
            state.steps,
            np.int64(0),
            np.int64(len(gradient)),
        )


@final
@_checks.suggests_arguments("optimizer")
@dataclass(frozen=True)
class SGD(BuiltIn):
    """Stochastic gradient descent: p -= rate · v, v = momentum · v + g.

    Momentum is that of Polyak 1964, or that of Nesterov 1983 in the form of Sutskever,
    Martens, Dahl and Hinton 2013: p -= rate · (g + momentum · v).

    Parameters
    ----------
    rate : float
        The learning rate.
    momentum : float
        Factor of the previous velocity. Default: 0, which means no momentum.
    nesterov : bool
        Whether to use Nesterov's momentum.
    weight_decay : float
        Factor of the L2 penalty, which adds `weight_decay` times each parameter to its
        gradient.

    Examples
    --------
    >>> parameters = np.array([1.0])
    >>> SGD(rate=0.5).begin(parameters).step(parameters, gradient=[1.0])
    >>> parameters
    array([0.5])
    """

    _equation: ClassVar[Kernel] = equations.sgd
    rate: Annotated[float, _checks.positive_number] = 0.1
    momentum: Annotated[float, _checks.fraction_below_one] = 0.0
    nesterov: Annotated[bool, _checks.boolean] = False
    weight_decay: Annotated[float, _checks.non_negative_number] = 0.0

    def __post_init__(self) -> None:
        _checks.require(
            not self.nesterov or self.momentum,
            self._about("momentum"),
            "above 0 with nesterov",
            self.momentum,
        )

    def slots(self) -> dict[str, float]:
        """Return the name ``velocity`` if there is momentum. It starts at 0."""
        return {"velocity": 0.0} if self.momentum else {}

    def _skips_zeros(self) -> bool:
        """Return whether there is neither momentum nor weight decay."""
        return self.momentum == self.weight_decay == 0.0


@final
@_checks.suggests_arguments("optimizer")
@dataclass(frozen=True)
class RMSprop(BuiltIn):
    """Gradients divided by the root of their running mean square: p -= rate · g / (√s +
    epsilon).

    Tieleman and Hinton 2012 (lecture 6.5). It can be centred and have momentum as in
    Graves 2013 (equations 38-45), except that epsilon stands outside the root.

    Parameters
    ----------
    rate : float
        The learning rate.
    decay : float
        Factor of the previous mean square.
    epsilon : float
        Term of the denominator that keeps the quotient finite when gradients vanish.
    momentum : float
        Factor of the previous velocity, which accumulates quotients.
    centered : bool
        Whether to divide by the standard deviation, by subtracting the square of the
        running mean.

    Examples
    --------
    >>> parameters = np.array([1.0, 1.0])
    >>> state = RMSprop(rate=0.1, decay=0.75).begin(parameters)
    >>> state.step(parameters, gradient=[2.0, 20.0])
    >>> parameters.round(6)
    array([0.8, 0.8])
    """

    _equation: ClassVar[Kernel] = equations.rmsprop
    non_negative: ClassVar[tuple[str, ...]] = ("mean_square",)
    rate: Annotated[float, _checks.positive_number] = 0.01
    decay: Annotated[float, _checks.fraction_below_one] = 0.99
    epsilon: Annotated[float, _checks.positive_number] = 1e-8
    momentum: Annotated[float, _checks.fraction_below_one] = 0.0
    centered: Annotated[bool, _checks.boolean] = False

    def slots(self) -> dict[str, float]:
        """Return the names ``mean_square``, ``mean`` if centered, and ``velocity`` with
        momentum. All start at 0.
        """
        used = {"mean_square": True, "mean": self.centered, "velocity": self.momentum}
        return {name: 0.0 for name, remembered in used.items() if remembered}


@final
@_checks.suggests_arguments("optimizer")
@dataclass(frozen=True)
class AdaGrad(BuiltIn):
    """Gradients divided by the root of the sum of their squares: p -= rate · g / (√Σg²
    + epsilon).

    Duchi, Hazan and Singer 2011, with diagonal matrices.

    Parameters
    ----------
    rate : float
        The learning rate, which is the size of the first step.
    epsilon : float
        Term of the denominator that keeps the quotient finite when gradients vanish.

    Examples
    --------
    >>> parameters = np.array([1.0, 1.0])
    >>> state = AdaGrad(rate=0.5).begin(parameters)
    >>> state.step(parameters, gradient=[3.0, -0.3])
    >>> parameters.round(6), state.sum_of_squares
    (array([0.5, 1.5]), array([9.  , 0.09]))
    """

    _equation: ClassVar[Kernel] = equations.adagrad
    _is_sparse: ClassVar[bool] = True
    non_negative: ClassVar[tuple[str, ...]] = ("sum_of_squares",)
    rate: Annotated[float, _checks.positive_number] = 0.01
    epsilon: Annotated[float, _checks.positive_number] = 1e-10

    def slots(self) -> dict[str, float]:
        """Return the name ``sum_of_squares``. It starts at 0."""
        return {"sum_of_squares": 0.0}


@dataclass(frozen=True)
class _Moments(BuiltIn):
    """Base class of Adam and AdamW."""

    _equation: ClassVar[Kernel] = equations.adam
    non_negative: ClassVar[tuple[str, ...]] = ("second_moment", "largest_second_moment")
    rate: Annotated[float, _checks.positive_number] = 0.001
    betas: Annotated[tuple[float, float], pair_of(_checks.fraction_below_one)] = (
        0.9,
        0.999,
    )
    epsilon: Annotated[float, _checks.positive_number] = 1e-8
    amsgrad: Annotated[bool, _checks.boolean] = False

    def slots(self) -> dict[str, float]:
        """Return the names ``first_moment``, ``second_moment`` and, with amsgrad,
        ``largest_second_moment``. All start at 0.
        """
        names = ["first_moment", "second_moment"] + ["largest_second_moment"] * bool(
            self.amsgrad
        )
        return dict.fromkeys(names, 0.0)


@final
@_checks.suggests_arguments("optimizer")
@dataclass(frozen=True)
class Adam(_Moments):
    """Adam: running means of the gradient, m, and of its square, v: p -= rate · m̂ /
    (√v̂ + epsilon).

    Kingma and Ba 2015, algorithm 1, where m̂ = m / (1 - beta1^t) and v̂ = v / (1 -
    beta2^t).

    Parameters
    ----------
    rate : float
        The learning rate, about the largest change of a parameter in one step.
    betas : (float, float)
        Factors of the previous means m and v.
    epsilon : float
        Term of the denominator that keeps the quotient finite when gradients vanish.
    amsgrad : bool
        Whether to divide by the root of the largest v so far, by Reddi, Kale and Kumar
        2018.

    Examples
    --------
    >>> parameters = np.array([1.0, 1.0])
    >>> state = Adam(rate=0.25, betas=(0.5, 0.75)).begin(parameters)
    >>> state.step(parameters, gradient=[4.0, -40.0])
    >>> parameters.round(6), state.first_moment, state.second_moment
    (array([0.75, 1.25]), array([  2., -20.]), array([  4., 400.]))
    """

    def _settings(self) -> tuple[float, ...]:
        """Return the settings with a weight decay of 0."""
        return *super()._settings(), 0.0


@final
@_checks.suggests_arguments("optimizer")
@dataclass(frozen=True)
class AdamW(_Moments):
    """Adam with decoupled weight decay: also p -= rate · weight_decay · p.

    Loshchilov and Hutter 2019, algorithm 2.

    Parameters
    ----------
    rate, betas, epsilon, amsgrad
        The same as for :class:`Adam`.
    weight_decay : float
        Factor of the decay, by which a step multiplies each parameter by 1 - rate ·
        weight_decay.

    Examples
    --------
    >>> parameters = np.array([1.0])
    >>> state = AdamW(rate=0.5, weight_decay=0.5).begin(parameters)
    >>> state.step(parameters, gradient=[0.0])
    >>> parameters
    array([0.75])
    """

    weight_decay: Annotated[float, _checks.non_negative_number] = 0.01


@final
@_checks.suggests_arguments("optimizer")
@dataclass(frozen=True)
class SparseAdam(BuiltIn):
    """Adam for gradients that are mostly 0, in which a parameter and its memory do not
    change if its gradient is exactly 0 in a batch.

    It is PyTorch's ``SparseAdam``: with s = √(1 - beta2^t), p -= rate · s m / ((1 -
    beta1^t) (√v + epsilon)), where t counts all steps, and m and v are only updated
    where the gradient is not 0. In contrast, :class:`Adam` moves a parameter for some
    steps after its last gradient, shrinks its m and v in every step, and adds epsilon
    to √v / s. With SparseAdam, a word that occurs in one text of a thousand therefore
    learns with the averages of its own texts. Where no gradient is 0, both differ only
    by epsilon.

    Parameters
    ----------
    rate : float
        The learning rate, about the largest change of a parameter in one step.
    betas : (float, float)
        Factors of the previous means m and v.
    epsilon : float
        Term of the denominator that keeps the quotient finite when gradients are small.

    Examples
    --------
    >>> parameters = np.array([1.0, 1.0])
    >>> state = SparseAdam(rate=0.25, betas=(0.5, 0.75)).begin(parameters)
    >>> state.step(parameters, gradient=[4.0, 8.0])
    >>> state.step(parameters, gradient=[4.0, 0.0])
    >>> parameters.round(6), state.first_moment
    (array([0.5 , 0.75]), array([3., 4.]))
    """

    _equation: ClassVar[Kernel] = equations.sparse_adam
    _is_sparse: ClassVar[bool] = True
    non_negative: ClassVar[tuple[str, ...]] = ("second_moment",)
    rate: Annotated[float, _checks.positive_number] = 0.001
    betas: Annotated[tuple[float, float], pair_of(_checks.fraction_below_one)] = (
        0.9,
        0.999,
    )
    epsilon: Annotated[float, _checks.positive_number] = 1e-8

    def slots(self) -> dict[str, float]:
        """Return the names ``first_moment`` and ``second_moment``. Both start at 0."""
        return {"first_moment": 0.0, "second_moment": 0.0}


@final
@_checks.suggests_arguments("optimizer")
@dataclass(frozen=True)
class Rprop(BuiltIn):
    """iRprop-, in which each parameter has a step that grows while its gradient keeps
    its sign, and shrinks otherwise.

    By Igel and Hüsken 2003. After a change of sign, the gradient counts as 0, so that
    the parameter does not change, and its step stays the same the next time. Rprop
    needs the gradient of all the data instead of batches.

    Parameters
    ----------
    rate : float
        Initial step of every parameter. If you pass a rate to ``OptimizerState.step``,
        it scales this step by its ratio to the initial one.
    etas : (float, float)
        Factors by which steps shrink and grow.
    steps : (float, float)
        The smallest and the largest step.

    Examples
    --------
    >>> parameters = np.array([1.0, 1.0])
    >>> state = Rprop(rate=0.5).begin(parameters)
    >>> state.step(parameters, gradient=[9.0, 0.1])
    >>> state.step(parameters, gradient=[9.0, -0.1])
    >>> state.sizes, parameters
    (array([0.6 , 0.25]), array([-0.1,  0.5]))
    """

    _equation: ClassVar[Kernel] = equations.rprop
    non_negative: ClassVar[tuple[str, ...]] = ("sizes",)
    rate: Annotated[float, _checks.positive_number] = 0.01
    etas: Annotated[tuple[float, float], pair_of(_checks.positive_number)] = (
        0.5,
        1.2,
    )
    steps: Annotated[tuple[float, float], pair_of(_checks.positive_number)] = (
        1e-6,
        50,
    )

    def __post_init__(self) -> None:
        shrink, grow = self.etas
        _checks.require(
            shrink < 1 < grow,
            self._about("etas"),
            "one below and one above 1",
            self.etas,
        )
        minimum, maximum = self.steps
        _checks.require(
            minimum <= self.rate <= maximum,
            self._about("steps"),
            f"around the rate, {self.rate}",
            self.steps,
        )

    def slots(self) -> dict[str, float]:
        """Return the names ``sizes``, of the next changes, and ``signs``, of the last
        gradient, where 0 means that it counts as 0.
        """
        return {"sizes": self.rate, "signs": 0.0}

    def _settings(self) -> tuple[float, ...]:
        """Return the settings and the rate."""
        return *super()._settings(), self.rate
