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
from .._typing import Bools, Floats
from ..errors import DivergenceError

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
    >>> import architect
    >>> from synapse import Trainer
    >>> net = architect.Perceptron(1, 1, output_squash="identity", seed=0)
    >>> trainer = Trainer(net, rule="bptt", cost="mse", optimizer=LBFGS())
    >>> inputs = np.array([[0.0], [1.0], [2.0]])
    >>> result = trainer.train(inputs, 3.0 * inputs + 1.0, progress=False)
    >>> net.weights.round(4), net.output.biases.round(4)
    (array([3.]), array([1.]))
    """

    history_size: Annotated[
        int, partial(_checks.positive_integer, maximum=MAX_HISTORY)
    ] = 10
    iterations: Annotated[int, _checks.positive_integer] = 100
    tolerance: Annotated[float, _checks.positive_number] = 1e-6

    def _minimize(
        self,
        function: Callable[[Floats], tuple[float, Floats]],
        parameters: Floats,
        frozen: Bools,
        callback: Callable[[Floats, float], bool],
        bounds: tuple[Floats, Floats] | None = None,
    ) -> Floats:
        """Return the parameters, shape (n,), with the least cost found by a search.

        `function` returns the cost of parameters and its gradient. `callback` is called
        with the parameters and the cost after every iteration, and ends the search by
        returning True. Frozen parameters do not change, and all others stay within the
        bounds, which may be infinite.
        """
        optimize = _checks.imported("scipy.optimize", "LBFGS needs", "scipy")
        free = ~frozen
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
            cost, slopes = function(whole(values))
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
            values = whole(intermediate_result.x)
            if callback(values, float(intermediate_result.fun)):
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
