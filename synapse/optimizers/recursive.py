"""Base classes of recursive optimizers, which take the slopes of all outputs instead of one gradient."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .._checks import any_array, counted, expected, finite_array, non_negative_number, numbers, whole_number
from .._typing import Floats, Ints
from ..errors import ArgumentError, DivergenceError
from .base import check_parameters, mask_of_moving, require_names


class RecursiveOptimizer(ABC):
    """Base class of optimizers that keep a covariance of the parameters, renewed in every step.

    They take, for every step with a target, the Jacobian H = dy/dp of the outputs y with respect to the
    parameters p, and the errors t - y of the outputs. A Trainer computes both (see :class:`RLS` and
    :class:`DEKF` for the methods that they need); the states also work without a network.
    """

    rate: float
    direct: ClassVar[bool]  # whether H has only the outputs' own parameters, within the step

    @abstractmethod
    def begin(self, parameters: Floats, frozen: Any = None, groups: Any = None) -> RecursiveState:
        """Make the state of a training before its first step."""


class RecursiveState(ABC):
    """The covariances of a :class:`RecursiveOptimizer` in one training; its ``begin`` makes it.

    Attributes
    ----------
    optimizer : RecursiveOptimizer
        The optimizer.
    steps : int
        Number of steps done.
    members : list of numpy.ndarray of int
        The parameters of each group, as indices. Frozen parameters are in no group.
    change : numpy.ndarray, shape (n,)
        Values that the last step added to the parameters.
    """

    def __init__(
        self, optimizer: RecursiveOptimizer, size: int, moving: NDArray[np.bool_], labels: Ints
    ) -> None:
        self.optimizer, self.steps = optimizer, 0
        self.change: Floats = np.zeros(size)
        chosen = np.flatnonzero(moving)
        self._columns: Ints = chosen[np.argsort(labels[chosen], kind="stable")]
        self._labels, counts = np.unique(labels[chosen], return_counts=True)
        self._bounds = np.append(0, np.cumsum(counts))
        self.members = np.split(self._columns, self._bounds[1:-1]) if len(chosen) else []
        self._slopes: Floats = np.empty((0, len(chosen)))  # of one step, column by column of the groups
        self._outputs = 1  # least number of outputs

    @property
    @abstractmethod
    def covariances(self) -> list[Floats]:
        """Copies of the covariance matrices, one for each group, in the order of `members`."""

    @abstractmethod
    def _find_change(self, errors: Floats) -> Floats | None:
        """The changes of ``_columns`` by ``_slopes`` and errors; None if the step is not sound."""

    @abstractmethod
    def _renew(self) -> None:
        """Renew the covariances, after the changes have been found."""

    @abstractmethod
    def _restore(self, covariances: list[Floats]) -> None:
        """Write covariances."""

    def step(self, parameters: Floats, jacobian: Any, errors: Any, rate: float | None = None) -> None:
        """Change `parameters` in place by one step that reduces `errors`.

        Parameters
        ----------
        parameters : numpy.ndarray of float64, shape (n,)
            The parameters.
        jacobian : array_like, shape (m, n)
            The derivatives of the m outputs with respect to the parameters.
        errors : array_like, shape (m,)
            Target minus output.
        rate : float, optional
            Factor of the changes of this step. Default: the optimizer's own.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If an argument cannot be used. Nothing has changed.
        DivergenceError
            If the change is not finite, or a covariance would no longer be positive. Nothing has changed.
        """
        check_parameters(parameters, self.change.shape)
        misses = numbers("The errors", errors, "numbers")
        if misses.ndim != 1 or misses.size < self._outputs:
            outputs = counted(self._outputs, "output")
            raise ArgumentError(expected("The errors", f"a vector for at least {outputs}", misses.shape))
        slopes = numbers("The jacobian", jacobian, "numbers")
        if slopes.shape != (misses.size, self.change.size):
            shape = (misses.size, self.change.size)
            raise ArgumentError(expected("The jacobian", f"of shape {shape}", slopes.shape))
        factor = self.optimizer.rate if rate is None else non_negative_number("The rate of a step", rate)
        self._move(parameters, slopes, misses, factor)

    def _move(self, parameters: Floats, jacobian: Floats, errors: Floats, rate: float) -> None:
        """Do the same as :meth:`step` with arguments that need no check."""
        if self._slopes.shape[0] != len(errors):
            self._slopes = np.empty((len(errors), len(self._columns)))
        np.take(jacobian, self._columns, axis=1, out=self._slopes)
        found = self._find_change(errors.copy())
        if found is None or not np.isfinite(parameters[self._columns] + rate * found).all():
            raise DivergenceError(
                f"A step of {type(self.optimizer).__name__} is not finite, or its covariance is no longer "
                "positive; the parameters are as before. Train on with less initial variance or more noise."
            )
        self._renew()
        self.steps += 1
        self.change[self._columns] = rate * found
        parameters[self._columns] += self.change[self._columns]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Copies, by name, of the step count and the covariances: all that :meth:`restore` needs."""
        flat = [covariance.reshape(-1) for covariance in self.covariances]
        return {"steps": np.array(self.steps), "covariance": np.concatenate([np.empty(0), *flat])}

    def restore(self, arrays: Mapping[str, Any]) -> None:
        """Restore the state from the result of :meth:`arrays`.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If names or shapes do not match this optimizer and its parameters. Nothing has changed.
        """
        require_names(self.optimizer, ["steps", "covariance"], arrays)
        sizes = np.diff(self._bounds)
        flat = finite_array("The covariance", arrays["covariance"])
        if flat.shape != (int((sizes**2).sum()),):
            raise ArgumentError(
                expected("The covariance", f"of shape ({int((sizes**2).sum())},)", flat.shape)
            )
        steps = whole_number("The steps", arrays["steps"], "a whole number, 0 or above", 0)
        parts = np.split(flat, np.cumsum(sizes**2)[:-1]) if len(sizes) else []
        self._restore([part.reshape(n, n) for part, n in zip(parts, sizes, strict=True)])
        self.steps = steps

    def __repr__(self) -> str:
        rule, size = type(self.optimizer).__name__, counted(len(self._columns), "parameter")
        groups = counted(len(self.members), "group")
        return f"<{type(self).__name__} of {rule}: {size} in {groups}, {counted(self.steps, 'step')}>"


def checked_groups(parameters: Floats, frozen: Any, groups: Any) -> tuple[NDArray[np.bool_], Ints]:
    """Check the arguments of ``begin``; returns which parameters move, and the group of each."""
    check_parameters(parameters)
    moving = mask_of_moving(frozen, parameters.size)
    mask = np.ones(parameters.size, np.bool_) if moving is None else moving
    if groups is None:
        return mask, np.zeros(parameters.size, np.int64)
    labels = any_array("The groups", groups, f"{parameters.size} whole numbers")
    if labels.dtype.kind not in "iu" or labels.shape != (parameters.size,):
        given = f"{labels.dtype} of shape {labels.shape}"
        raise ArgumentError(
            f"Expected `groups` with {counted(parameters.size, 'whole number')}, one for each parameter, "
            f"got {given}."
        )
    return mask, labels.astype(np.int64)
