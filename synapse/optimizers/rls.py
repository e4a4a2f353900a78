"""Recursive least squares: the best linear read-out of all steps so far, renewed in every step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from .. import engine
from .._checks import check_fields, fraction, positive_number, understands
from .._typing import Floats, Ints
from .recursive import RecursiveOptimizer, RecursiveState, checked_groups


@final
@understands("optimizer")
@dataclass(frozen=True)
class RLS(RecursiveOptimizer):
    """Recursive least squares for the incoming weights and biases of the outputs.

    For an output with the error e = t - y and the regressors x = dy/dp of its own parameters p (the
    activations that it reads and 1 for the bias, times its slope)::

        k = P x / (forgetting + x' P x)
        p = p + rate k e
        P = (P - k x' P) / forgetting              at the start P = I / regularization

    (Haykin, Adaptive Filter Theory, chapter 10.) With identity outputs and `forgetting` 1, p minimises
    ``sum_t e_t^2 + regularization |p - p_0|^2`` over all steps so far, where p_0 are the initial parameters:
    ridge regression (:func:`synapse.learning.fit_readout`) without a pass over all data. With a `Liquid`
    whose outputs feed back into its pool this is FORCE learning (Sussillo and Abbott 2009). Other squashes
    are linearised in every step.

    Give it to a Trainer with method "online" or "rtrl". Only parameters of the outputs move, all others
    stay as they are, trainable or not. It minimises squared errors; the trainer's cost is only reported.
    Outputs with equal regressors share one P, which takes 8 n^2 bytes for n parameters of an output.

    Parameters
    ----------
    rate : float
        Factor of all changes. Default 1, the step of the equations.
    forgetting : float
        Weight of each earlier step relative to the step after it, above 0 and at most 1. Default 1.
    regularization : float
        Inverse of the initial variance of each parameter. Default 1.

    See Also
    --------
    DEKF : Trains all parameters.

    Examples
    --------
    >>> state, parameters = RLS(regularization=1e-9).begin(np.zeros(2)), np.zeros(2)
    >>> for x, target in [([1.0, 1.0], 3.0), ([2.0, 1.0], 5.0), ([4.0, 1.0], 9.0)]:
    ...     state.step(parameters, [x], [target - np.dot(parameters, x)])
    >>> parameters.round(6)
    array([2., 1.])
    """

    direct: ClassVar[bool] = True
    rate: float = 1.0
    forgetting: float = 1.0
    regularization: float = 1.0

    def __post_init__(self) -> None:
        check_fields(self, positive_number, "rate", "regularization")
        check_fields(self, fraction, "forgetting")

    def begin(self, parameters: Floats, frozen: Any = None, groups: Any = None) -> RecursiveState:
        """Make the state of a training before its first step.

        Parameters
        ----------
        parameters : numpy.ndarray of float64, shape (n,)
            The parameters to be changed.
        frozen : array_like of bool, shape (n,), optional
            Mask of parameters that never change.
        groups : array_like of int, shape (n,), optional
            The output that each parameter belongs to, from 0; parameters with a negative number never change.
            Default: all belong to output 0.
        """
        moving, labels = checked_groups(parameters, frozen, groups)
        return _LeastSquaresState(self, parameters.size, moving & (labels >= 0), labels)


@final
class _LeastSquaresState(RecursiveState):
    """Covariances of the outputs' parameters."""

    def __init__(self, optimizer: RLS, size: int, moving: NDArray[np.bool_], labels: Ints) -> None:
        super().__init__(optimizer, size, moving, labels)
        self._forgetting = optimizer.forgetting
        self._outputs = int(self._labels.max(initial=0)) + 1
        sizes = np.diff(self._bounds)
        starts = {n: np.eye(n) / optimizer.regularization for n in np.unique(sizes).tolist()}
        self._shares = [_Share(starts[n], np.flatnonzero(sizes == n).tolist()) for n in starts]

    @property
    def covariances(self) -> list[Floats]:
        """Copies of the covariance matrices, one for each output, in the order of `members`."""
        found = {g: share.matrix.copy() for share in self._shares for g in share.groups}
        return [found[g] for g in sorted(found)]

    def _restore(self, covariances: list[Floats]) -> None:
        self._shares = [_Share(matrix.copy(), [g]) for g, matrix in enumerate(covariances)]

    def _regressors(self, group: int) -> Floats:
        """dy/dp of the parameters of one output."""
        own = slice(self._bounds[group], self._bounds[group + 1])
        regressors: Floats = self._slopes[self._labels[group], own]
        return regressors

    def _find_change(self, errors: Floats) -> Floats | None:
        self._shares = [part for share in self._shares for part in share.parted(self._regressors)]
        change = np.empty(len(self._columns))
        for share in self._shares:
            if not share.find_gain(self._regressors(share.groups[0]), self._forgetting):
                return None
            for g in share.groups:
                change[self._bounds[g] : self._bounds[g + 1]] = share.gain * errors[self._labels[g]]
        return change

    def _renew(self) -> None:
        for share in self._shares:
            share.renew(self._forgetting)


class _Share:
    """One covariance, of all outputs whose regressors have been equal in every step."""

    def __init__(self, matrix: Floats, groups: list[int]) -> None:
        self.matrix, self.groups = matrix, groups
        n = len(matrix)
        self.gain, self._w = np.empty(n), np.empty((1, n))
        self._places = np.array([0, n], np.uint64), np.zeros(1, np.uint64)

    def parted(self, regressors: Callable[[int], Floats]) -> list[_Share]:
        """Divide the outputs by their regressors of this step."""
        if len(self.groups) == 1:
            return [self]
        alike: dict[bytes, list[int]] = {}
        for g in self.groups:
            alike.setdefault(regressors(g).tobytes(), []).append(g)
        if len(alike) == 1:
            return [self]
        return [_Share(self.matrix.copy(), groups) for groups in alike.values()]

    def find_gain(self, regressors: Floats, forgetting: float) -> bool:
        """Compute the gain of this step; returns whether the covariance stays positive."""
        find = engine.functions.optimizers.find_least_squares
        slopes = np.ascontiguousarray(regressors[None])
        vectors = *self._places, slopes, forgetting, self._w, self.gain
        return bool(find(self.matrix.reshape(-1), *vectors))

    def renew(self, forgetting: float) -> None:
        """Change the covariance."""
        flat = self.matrix.reshape(-1)
        engine.functions.optimizers.renew(flat, *self._places, self._w, 1.0 / forgetting, 0.0)
