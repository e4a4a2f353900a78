"""Prediction intervals from the errors of forecasts on steps that were held out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from .._checks import (
    between_0_and_1,
    finite_array,
    pluralize,
    require,
    suggests_arguments,
)
from .._scale import root_mean_square, unit_of
from .._typing import Floats
from ..errors import ArgumentError
from ._checked_series import horizon

MAX_GROWTH = 1.5
"""Largest exponent of the growth of errors with the number of steps ahead."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """Errors of forecasts from held-out origins.

    Attributes
    ----------
    errors : ndarray, shape (origins, steps, m)
        Actual value minus forecast, for each origin and number of steps ahead.

    Examples
    --------
    The errors of "no change" in a random walk:

    >>> walk = np.random.default_rng(0).normal(size=(200, 4)).cumsum(axis=1)
    >>> Calibration(walk[:, :, None]).half_widths(0.9)[:, 0].round(1)
    array([1.6, 2.3, 2.9, 3.4])
    """

    errors: Floats

    def __post_init__(self) -> None:
        errors = finite_array("errors of Calibration", self.errors)
        require(
            errors.ndim == 3 and errors.size,
            "errors of Calibration",
            "of shape (origins, steps, m), of at least one origin",
            self.errors,
        )
        object.__setattr__(self, "errors", errors)

    def _scale_of_steps(self, steps: int) -> Floats:
        """Return the size of the errors of each step and output, shape (steps, m): a
        power of the step.

        c h^p for step h: the least-squares line through the logarithms of the root mean
        square errors, with an exponent from 0 (a level) to 1.5; 0.5 is that of a random
        walk. So widths grow smoothly.
        """
        size = root_mean_square(self.errors)
        ahead = np.log(np.arange(1, len(size) + 1))
        logarithm = np.log(
            np.maximum(size, 1e-9 * size.max(axis=0) + np.finfo(float).tiny)
        )
        spread = ahead - ahead.mean()
        slope = spread @ logarithm / max(spread @ spread, np.finfo(float).tiny)
        exponent = np.clip(slope, 0.0, MAX_GROWTH)
        intercept = logarithm.mean(axis=0) - exponent * ahead.mean()
        return np.asarray(
            np.exp(intercept + exponent * np.log(np.arange(1, steps + 1))[:, None])
        )

    @suggests_arguments("half_widths")
    def half_widths(
        self,
        coverage: Annotated[float, between_0_and_1] = 0.9,
        steps: Annotated[int | None, horizon] = None,
    ) -> Floats:
        """Return half the width of the prediction interval of each step and output,
        shape (steps, m).

        It is a multiple of the scale of a step: a quantile of the errors of all steps
        in this unit (conformal prediction on the rolling origin). Errors from
        neighbouring origins are correlated, so n origins count as k = n (1 - r) / (1 +
        r) independent ones, where r is the correlation of neighbours, and the quantile
        is that of ``coverage (1 + 1 / (3 k))`` instead of ``coverage (1 + 1 / k)``: the
        errors of one origin add information, too. The factor 1/3 is measured, see
        ``studies/default_forecasts.md``.

        Parameters
        ----------
        coverage : float
            Fraction of future values that should be within the bounds. Default: 0.9.
        steps : int, optional
            Number of steps; beyond those of the errors, the scale continues to grow.
            Default: those.

        Raises
        ------
        ArgumentError
            If there are too few origins for this coverage.

        References
        ----------
        J. Lei, M. G'Sell, A. Rinaldo, R. J. Tibshirani, L. Wasserman: Distribution-Free
        Predictive Inference for Regression. Journal of the American Statistical
        Association 113, 2018.
        """
        count, steps_tested, _ = self.errors.shape
        # 0.9 / 0.1 is a little above 9
        needed = math.ceil(coverage / (1 - coverage) - 1e-9)
        if count * steps_tested < needed:
            raise ArgumentError(
                f"An interval of {coverage:g} needs at least {needed} errors, this"
                f" calibration has {count * steps_tested}. Hold out more steps."
            )
        sizes = np.abs(self.errors) / self._scale_of_steps(steps_tested)
        errors = self.errors / unit_of(self.errors, 0)
        follow = np.sum(errors[1:] * errors[:-1], axis=0) / np.maximum(
            np.sum(errors**2, axis=0), np.finfo(float).tiny
        )
        alike = np.clip(follow.mean(axis=0), 0.0, 0.99)
        independent = np.maximum(count * (1 - alike) / (1 + alike), 1.0)
        levels = np.minimum(coverage * (1 + 1 / (3 * independent)), 1.0)
        widths = [
            np.quantile(sizes[:, :, column], level)
            for column, level in enumerate(levels)
        ]
        sizes = self._scale_of_steps(steps or steps_tested)
        return np.asarray(sizes * np.array(widths))

    def __repr__(self) -> str:
        origins, steps, _ = self.errors.shape
        return (
            f"<Calibration of {pluralize(steps, 'step')} from"
            f" {pluralize(origins, 'origin')}>"
        )
