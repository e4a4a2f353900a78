"""L-BFGS, which models the curvature from past gradients and makes a line search in
each iteration.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, final

import numpy as np

from .. import _checks
from .._typing import Floats
from ..errors import DivergenceError
from ._base import check_parameters, trainable_mask

LINE_SEARCH = 20
"""Maximum number of evaluations in a line search."""
MAX_HISTORY = 10_000
"""Maximum history, each change in which takes 16 bytes per parameter."""
MAX_CALLS = 2**31 - 1
"""Largest count that SciPy supports."""


@final
@_checks.suggests_attributes("LBFGS")
@_checks.suggests_arguments("optimizer")
@dataclass(frozen=True)
class LBFGS(metaclass=_checks.OwnNames):
    """Limited-memory BFGS by SciPy, for the cost of all data together instead of
    changing batches.

    The method is that of Nocedal 1980, and the code that of Zhu, Byrd, Lu and Nocedal
    1997. It chooses its own step sizes and has no rate.

    Parameters
    ----------
    history_size : int
        Number of past changes in the model of the curvature.
    iterations : int
        Maximum number of line searches.
    tolerance : float
        The search ends when no entry of the gradient has a larger magnitude.

    Examples
    --------
    >>> def bowl(p):
    ...     return ((p - 3.0) ** 2).sum(), 2 * (p - 3.0)
    >>> LBFGS().minimize(bowl, np.zeros(2)).round(6)
    array([3., 3.])
    """

    history_size: Annotated[
        int, partial(_checks.positive_integer, maximum=MAX_HISTORY)
    ] = 10
    iterations: Annotated[int, _checks.positive_integer] = 100
    tolerance: Annotated[float, _checks.positive_number] = 1e-6

    @_checks.suggests_arguments()
    def minimize(
        self,
        function: Callable[[Floats], tuple[float, Any]],
        parameters: Floats,
        frozen: Any = None,
        callback: Callable[[Floats, float], Any] | None = None,
    ) -> Floats:
        """Minimise `function` and return the best parameters found.

        Parameters
        ----------
        function : callable
            Function of parameters, shape (n,), that returns their cost and its
            gradient, shape (n,).
        parameters : numpy.ndarray of float64, shape (n,)
            Starting point of the search, which is not changed.
        frozen : array_like of bool, shape (n,), optional
            Mask of parameters that do not change. Default: no parameter is frozen.
        callback : callable, optional
            Function that is called with parameters and cost after every iteration.
            Returning a true value ends the search.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If an argument, or a value returned by `function`, is invalid.
        DivergenceError
            If a cost or a gradient is not finite.
        MissingExtraError
            If SciPy is not installed.
        """
        return self._minimize(function, parameters, frozen, callback, None)

    def _minimize(
        self,
        function: Callable[[Floats], tuple[float, Any]],
        parameters: Floats,
        frozen: Any,
        callback: Callable[[Floats, float], Any] | None,
        bounds: tuple[Floats, Floats] | None,
    ) -> Floats:
        """Minimise between the smallest and the largest value of each parameter, which
        may be infinite.
        """
        optimize = _checks.imported("scipy.optimize", "LBFGS needs", "scipy")
        _checks.function_of("function of LBFGS", function, "parameters")
        if callback is not None:
            _checks.function_of("callback of LBFGS", callback, "parameters", "cost")
        check_parameters(parameters)
        trainable = trainable_mask(frozen, parameters.size)
        free = np.ones(parameters.shape, np.bool_) if trainable is None else trainable
        if not free.any():
            return parameters.copy()
        start = parameters.copy()
        limits: Any = (
            None
            if bounds is None
            else optimize.Bounds(*(each[free] for each in bounds))
        )

        def whole(values: Floats) -> Floats:
            """Return all parameters, with these values of the free ones."""
            every = start.copy()
            every[free] = (
                values if bounds is None else np.clip(values, limits.lb, limits.ub)
            )
            return every

        def cost(values: Floats) -> tuple[float, Floats]:
            answer = function(whole(values))
            cost, gradient = _checks.pair(
                "The result of the function of LBFGS", answer, "a cost and its gradient"
            )
            cost = _checks.real_number("The cost", cost)
            slopes = _checks.numbers("The gradient", gradient, "numbers")
            _checks.require(
                slopes.shape == free.shape,
                "The gradient",
                f"of shape {free.shape}",
                slopes.shape,
            )
            if not (np.isfinite(cost) and np.isfinite(slopes).all()):
                raise DivergenceError(
                    f"The cost became {cost}, or its gradient infinite, in a search by"
                    " LBFGS. Start closer to the minimum, with smaller inputs or a"
                    " bounded squash."
                )
            return cost, slopes[free]

        def tell(
            intermediate_result: Any,
        ) -> None:  # SciPy selects this form by the name of the argument
            if callback and callback(
                whole(intermediate_result.x), float(intermediate_result.fun)
            ):
                raise StopIteration

        options = {
            "maxcor": self.history_size,
            "maxiter": min(self.iterations, MAX_CALLS),
            "maxls": LINE_SEARCH,
            "maxfun": min((LINE_SEARCH + 1) * self.iterations, MAX_CALLS),
            "gtol": self.tolerance,
            "ftol": np.finfo(np.float64).eps,  # the cost no longer falls
        }
        settings = {
            "jac": True,
            "method": "L-BFGS-B",
            "callback": tell,
            "options": options,
        }
        return whole(optimize.minimize(cost, start[free], bounds=limits, **settings).x)
