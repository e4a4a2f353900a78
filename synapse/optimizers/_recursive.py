"""Recursive optimizers RLS and DEKF, which take the slopes of all outputs instead of
one gradient.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from .. import _checks, engine
from .._typing import Bools, Floats, Ints
from ..errors import ArgumentError, DivergenceError
from ._base import check_parameters, rate_of_step, require_names, trainable_mask

NEURON = "neuron"
ALL = "all"


@_checks.suggests_attributes("RecursiveOptimizer")
class RecursiveOptimizer(ABC, metaclass=_checks.AbstractOwnNames):
    """Base class of optimizers that store a covariance of the parameters and update it
    in every step.

    For every step with a target, they take the Jacobian H = dy/dp of the outputs y with
    respect to the parameters p, and the errors t - y of the outputs. A Trainer computes
    both. The methods that this needs are described at :class:`RLS` and :class:`DEKF`.
    The states also work without a network.
    """

    rate: float
    # whether H has only the outputs' own parameters, within the step
    direct: ClassVar[bool]

    @final
    def begin(
        self, parameters: Floats, frozen: Any = None, groups: Any = None
    ) -> RecursiveState:
        """Make the state of a training before its first step.

        Parameters
        ----------
        parameters : numpy.ndarray of float64, shape (n,)
            The parameters to be changed.
        frozen : array_like of bool, shape (n,), optional
            Mask of parameters that never change. Default: no parameter is frozen.
        groups : array_like of int, shape (n,), optional
            The group of each parameter, as a number that its members share. Default:
            all are one group, as always with ``DEKF(groups="all")``. The groups of
            `RLS` are the outputs, from 0, to which the parameters belong, and its
            parameters with a negative number never change.
        """
        check_parameters(parameters)
        trainable = trainable_mask(frozen, parameters.size)
        mask = np.ones(parameters.size, np.bool_) if trainable is None else trainable
        if groups is None:
            return self._state(mask, np.zeros(parameters.size, np.int64))
        labels = _checks.any_array("groups", groups, f"{parameters.size} whole numbers")
        if labels.dtype.kind not in "iu" or labels.shape != (parameters.size,):
            description = f"{labels.dtype} of shape {labels.shape}"
            count = _checks.pluralize(parameters.size, "whole number")
            raise ArgumentError(
                f"Expected `groups` with {count}, one for each parameter, got"
                f" {description}."
            )
        return self._state(mask, labels.astype(np.int64))

    @abstractmethod
    def _state(self, trainable: NDArray[np.bool_], labels: Ints) -> RecursiveState:
        """Return the state for the parameters that may move, with the group of each,
        both of shape (n,).
        """


class RecursiveState(ABC):
    """The covariances of a :class:`RecursiveOptimizer` in one training, which its
    ``begin`` makes.

    Attributes
    ----------
    optimizer : RecursiveOptimizer
        The optimizer.
    steps : int
        Number of completed steps.
    members : list of numpy.ndarray of int
        The parameters of each group, as indices. Frozen parameters are in no group.
    change : numpy.ndarray, shape (n,)
        Values that the last step added to the parameters.
    """

    def __init__(
        self, optimizer: RecursiveOptimizer, trainable: NDArray[np.bool_], labels: Ints
    ) -> None:
        self.optimizer = optimizer
        self.steps = 0
        self.change: Floats = np.zeros(len(trainable))
        chosen = np.flatnonzero(trainable)
        self._columns: Ints = chosen[np.argsort(labels[chosen], kind="stable")]
        self._labels, counts = np.unique(labels[chosen], return_counts=True)
        self._bounds = np.append(0, np.cumsum(counts))
        self.members = (
            np.split(self._columns, self._bounds[1:-1]) if len(chosen) else []
        )
        # of one step, column by column of the groups
        self._slopes: Floats = np.empty((0, len(chosen)))
        # outputs without targets: their slopes are 0
        self._missing: Bools = np.zeros(0, np.bool_)
        self._outputs = 1  # least number of outputs

    @property
    @abstractmethod
    def _covariances(self) -> list[Floats]:
        """Copies of the covariance matrices, one for each group, in the order of
        `members`.
        """

    @abstractmethod
    def _find_change(self, errors: Floats) -> Floats | None:
        """Return the changes of ``_columns`` by ``_slopes`` and errors, or None if the
        step is not sound.
        """

    @abstractmethod
    def _update_covariances(self) -> None:
        """Update the covariances after the changes have been found."""

    @abstractmethod
    def _restore(self, flat: Floats) -> None:
        """Write covariances that are given one after the other."""

    def _matrices(self, flat: Floats) -> list[Floats]:
        """Return copies of the groups' matrices, which are given one after the
        other.
        """
        sizes = np.diff(self._bounds)
        matrices = np.split(flat, np.cumsum(sizes**2)[:-1])
        return [
            matrix.reshape(n, n).copy()
            for matrix, n in zip(matrices, sizes, strict=False)
        ]

    def step(
        self, parameters: Floats, jacobian: Any, errors: Any, rate: float | None = None
    ) -> None:
        """Update `parameters` in place by one step that reduces `errors`.

        Parameters
        ----------
        parameters : numpy.ndarray of float64, shape (n,)
            The parameters.
        jacobian : array_like, shape (m, n)
            The derivatives of the m outputs with respect to the parameters.
        errors : array_like, shape (m,)
            Target minus output, or NaN if this output has no target in this step and
            must not learn from it.
        rate : float, optional
            Factor of the changes in this step. Default: the optimizer's own.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If an argument is invalid. Nothing has changed then.
        DivergenceError
            If the change is not finite, or a covariance would no longer be positive.
            Nothing has changed then.
        """
        check_parameters(parameters, self.change.shape)
        misses = _checks.numbers("errors", errors, "numbers")
        if misses.ndim != 1 or misses.size < self._outputs:
            condition = (
                f"a vector for at least {_checks.pluralize(self._outputs, 'output')}"
            )
            raise ArgumentError(_checks.expected("errors", condition, misses.shape))
        slopes = _checks.numbers("jacobian", jacobian, "numbers")
        if slopes.shape != (misses.size, self.change.size):
            shape = (misses.size, self.change.size)
            raise ArgumentError(
                _checks.expected("jacobian", f"of shape {shape}", slopes.shape)
            )
        self._update(parameters, slopes, misses, rate_of_step(self.optimizer, rate))

    def _update(
        self, parameters: Floats, jacobian: Floats, errors: Floats, rate: float
    ) -> None:
        """Do the same as :meth:`step` for arguments that need no check."""
        if self._slopes.shape[0] != len(errors):
            self._slopes = np.empty((len(errors), len(self._columns)))
        np.take(jacobian, self._columns, axis=1, out=self._slopes)
        self._missing = np.isnan(errors)
        self._slopes[self._missing] = 0.0
        change = self._find_change(np.where(self._missing, 0.0, errors))
        if (
            change is None
            or not np.isfinite(parameters[self._columns] + rate * change).all()
        ):
            raise DivergenceError(
                f"A step of {type(self.optimizer).__name__} is not finite, or its"
                " covariance is no longer positive. The parameters have not changed."
                " Continue with less initial variance or more noise."
            )
        self._update_covariances()
        self.steps += 1
        self.change[self._columns] = rate * change
        parameters[self._columns] += self.change[self._columns]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return copies of the step count and the covariances by name, which are
        sufficient for :meth:`restore`.
        """
        flat = [covariance.reshape(-1) for covariance in self._covariances]
        return {
            "steps": np.array(self.steps),
            "covariance": np.concatenate([np.empty(0), *flat]),
        }

    def restore(self, arrays: Mapping[str, Any]) -> None:
        """Restore the state from the result of :meth:`arrays`.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If names or shapes do not match this optimizer and its parameters, or if the
            matrices are not covariances. Nothing has changed then.
        """
        require_names(self.optimizer, ["steps", "covariance"], arrays)
        flat = _checks.finite_array("The covariance", arrays["covariance"])
        size = (np.diff(self._bounds) ** 2).sum()
        _checks.require(
            flat.shape == (size,), "The covariance", f"of shape ({size},)", flat.shape
        )
        for matrix in self._matrices(flat):
            _checks.require(
                (matrix == matrix.T).all() and (matrix.diagonal() > 0).all(),
                "The covariance of each group",
                "symmetric, with variances above 0",
                matrix,
            )
        steps = _checks.non_negative_integer("The steps", arrays["steps"])
        self._restore(flat)
        self.steps = steps

    def __repr__(self) -> str:
        rule = type(self.optimizer).__name__
        size = _checks.pluralize(len(self._columns), "parameter")
        groups = _checks.pluralize(len(self.members), "group")
        return (
            f"<{type(self).__name__} of {rule}: {size} in {groups},"
            f" {_checks.pluralize(self.steps, 'step')}>"
        )


@final
@_checks.suggests_arguments("optimizer")
@dataclass(frozen=True)
class RLS(RecursiveOptimizer):
    """Recursive least squares for the incoming weights and biases of the outputs.

    For an output with the error e = t - y and the regressors x = dy/dp of its own
    parameters p (the activations that it reads and 1 for the bias, times its slope)::

        k = P x / (forgetting + x' P x)
        p = p + rate k e
        P = (P - k x' P) / forgetting              at the start P = I / regularization

    (Haykin, Adaptive Filter Theory, chapter 10.) With identity outputs and `forgetting`
    1, p minimises ``sum_t e_t^2 + regularization |p - p_0|^2`` over all steps so far,
    where p_0 are the initial parameters. This is ridge regression without a pass over
    all data (although :func:`synapse.learning.fit_readout` does not penalise the bias).
    With a `Liquid` whose outputs feed back into its pool, it is FORCE learning
    (Sussillo and Abbott 2009). Other squashes are linearised in every step.

    Pass it to a Trainer with the rule "online" or "rtrl". Only parameters of outputs
    move, and all others stay as they are, trainable or not. Because it minimises
    squared errors, the trainer's cost is only reported. Outputs with equal regressors
    share one P, which takes 8 n^2 bytes for n parameters of an output.

    Parameters
    ----------
    rate : float
        Factor of all changes. Default: 1, the step of the equations.
    forgetting : float
        Weight of each earlier step relative to the step after it, above 0 and at most
        1. Only steps in which an output has a target count for it. Default: 1.
    regularization : float
        Inverse of the initial variance of each parameter. Default: 1.

    See Also
    --------
    DEKF : Train all parameters.

    Examples
    --------
    >>> state, parameters = RLS(regularization=1e-9).begin(np.zeros(2)), np.zeros(2)
    >>> for x, target in [([1.0, 1.0], 3.0), ([2.0, 1.0], 5.0), ([4.0, 1.0], 9.0)]:
    ...     state.step(parameters, [x], [target - np.dot(parameters, x)])
    >>> parameters.round(6)
    array([2., 1.])
    """

    direct: ClassVar[bool] = True
    rate: Annotated[float, _checks.positive_number] = 1.0
    forgetting: Annotated[float, _checks.fraction] = 1.0
    regularization: Annotated[float, _checks.positive_number] = 1.0

    def _state(self, trainable: NDArray[np.bool_], labels: Ints) -> RecursiveState:
        return _LeastSquaresState(self, trainable & (labels >= 0), labels)


@final
class _LeastSquaresState(RecursiveState):
    """Covariances of the outputs' parameters."""

    def __init__(
        self, optimizer: RLS, trainable: NDArray[np.bool_], labels: Ints
    ) -> None:
        super().__init__(optimizer, trainable, labels)
        self._forgetting = optimizer.forgetting
        self._outputs = int(self._labels.max(initial=0)) + 1
        sizes = np.diff(self._bounds)
        starts = {
            n: np.eye(n) / optimizer.regularization for n in np.unique(sizes).tolist()
        }
        self._shares = [
            _Share(starts[n], np.flatnonzero(sizes == n).tolist()) for n in starts
        ]

    @property
    def _covariances(self) -> list[Floats]:
        """Copies of the covariance matrices, one for each output, in the order of
        `members`.
        """
        matrices = {
            g: share.matrix.copy() for share in self._shares for g in share.groups
        }
        return [matrices[g] for g in sorted(matrices)]

    def _restore(self, flat: Floats) -> None:
        self._shares = [
            _Share(matrix, [g]) for g, matrix in enumerate(self._matrices(flat))
        ]

    def _regressors(self, group: int) -> Floats:
        """Return dy/dp for the parameters of one output."""
        return np.asarray(
            self._slopes[self._labels[group], slice(*self._bounds[group : group + 2])]
        )

    def _find_change(self, errors: Floats) -> Floats | None:
        def key(group: int) -> tuple[bool, bytes]:
            return (
                bool(self._missing[self._labels[group]]),
                self._regressors(group).tobytes(),
            )

        self._shares = [
            smaller for share in self._shares for smaller in share.parted(key)
        ]
        change = np.zeros(len(self._columns))
        for share in self._shares:
            # What an output has learnt is not forgotten while it has no targets.
            share.rests = key(share.groups[0])[0]
            if share.rests:
                continue
            if not share.find_gain(self._regressors(share.groups[0]), self._forgetting):
                return None
            for g in share.groups:
                change[self._bounds[g] : self._bounds[g + 1]] = (
                    share.gain * errors[self._labels[g]]
                )
        return change

    def _update_covariances(self) -> None:
        for share in self._shares:
            if not share.rests:
                share.update_covariance(self._forgetting)


class _Share:
    """One covariance for all outputs whose regressors have been equal in every step.

    It `rests` in a step without a target for these outputs.
    """

    def __init__(self, matrix: Floats, groups: list[int]) -> None:
        self.matrix = matrix
        self.groups = groups
        self.rests = False
        n = len(matrix)
        self.gain = np.empty(n)
        self._w = np.empty((1, n))
        self._places = np.array([0, n], np.int64), np.zeros(1, np.int64)

    def parted(self, key: Callable[[int], Hashable]) -> list[_Share]:
        """Divide the outputs by their keys, which determine the covariance after this
        step.
        """
        if len(self.groups) == 1:
            return [self]
        alike: dict[Hashable, list[int]] = {}
        for g in self.groups:
            alike.setdefault(key(g), []).append(g)
        if len(alike) == 1:
            return [self]
        return [_Share(self.matrix.copy(), groups) for groups in alike.values()]

    def find_gain(self, regressors: Floats, forgetting: float) -> bool:
        """Compute the gain of this step, and return whether the covariance stays
        positive.
        """
        find = engine.functions.optimizers.find_least_squares
        return bool(
            find(
                self.matrix.reshape(-1),
                *self._places,
                np.ascontiguousarray(regressors[None]),
                forgetting,
                self._w,
                self.gain,
            )
        )

    def update_covariance(self, forgetting: float) -> None:
        """Update the covariance."""
        engine.functions.optimizers.update_covariance(
            self.matrix.reshape(-1), *self._places, self._w, 1.0 / forgetting, 0.0
        )


def checked_noise(title: str, noise: Any) -> Any:
    """Return a noise, or a pair of the first and the last noise, or raise an error."""
    if _checks.is_number(noise):
        return _checks.non_negative_number(title, noise)
    initial, final = _checks.pair(title, noise)
    return _checks.positive_number(title, initial), _checks.positive_number(
        title, final
    )


def positive_noise(title: str, noise: Any) -> Any:
    """Return a noise above 0, or a pair of such noises, or raise an error."""
    return (
        _checks.positive_number(title, noise)
        if _checks.is_number(noise)
        else checked_noise(title, noise)
    )


@final
@_checks.suggests_arguments(
    "optimizer",
    void=[
        (
            "annealing",
            "process_noise",
            lambda given: (
                not any(
                    isinstance(given[noise], tuple)
                    for noise in ("measurement_noise", "process_noise")
                )
            ),
            "It is for pairs, such as process_noise=(1e-2, 1e-4).",
        )
    ],
)
@dataclass(frozen=True)
class DEKF(RecursiveOptimizer):
    """Decoupled extended Kalman filter.

    Parameters are divided into groups g, and covariances between groups are neglected.
    In each step with a target, with H = dy/dp of all outputs (including all earlier
    steps) and the errors e = t - y::

        A = (R I + sum_g H_g P_g H_g')^-1
        K_g = P_g H_g' A
        p_g = p_g + rate K_g e
        P_g = P_g - K_g H_g P_g + Q I              at the start P_g = initial_variance I

    Puskorius and Feldkamp 1994; for LSTM Pérez-Ortiz, Gers, Eck and Schmidhuber 2003.
    With one group of all parameters, it is the (global) extended Kalman filter.

    Pass it to a Trainer with the rule "rtrl", whose reach determines how exact H is.
    Because it minimises squared errors, the trainer's cost is only reported. Shared
    parameters count once, in the group of the first neuron, and frozen ones are in no
    group. A step takes n_g^2 multiply-adds per group and output.

    Parameters
    ----------
    rate : float
        Factor of all changes. Default: 1, the step of the equations.
    initial_variance : float
        Initial variance of each parameter, which expresses how much it is expected to
        change. Default: 100.
    measurement_noise : float or pair of float
        Variance R of the targets' noise. A larger one makes smaller steps. A pair
        contains the first and the last value, between which R falls (or rises)
        geometrically. Default: 1.
    process_noise : float or pair of float
        Variance Q that each parameter gains in every step, so that P stays positive and
        the filter keeps adapting. You can pass a pair as above. Default: 1e-4.
    annealing : int
        Number of steps from the first to the last value of a pair. Default: 1000.
    groups : {"neuron", "all"}
        Whether a group consists of the parameters into one neuron, or of all
        parameters. Default: "neuron".

    See Also
    --------
    RLS : Train the outputs only.

    Examples
    --------
    A line that is measured twice, with little noise:

    >>> parameters = np.zeros(2)
    >>> state = DEKF(measurement_noise=1e-6, process_noise=0.0).begin(parameters)
    >>> for x, target in [([0.0, 1.0], 1.0), ([1.0, 1.0], 3.0)]:
    ...     error = target - np.dot(parameters, x)
    ...     state.step(parameters, jacobian=[x], errors=[error])
    >>> parameters.round(4)
    array([2., 1.])
    >>> import architect, synapse
    >>> net = architect.Elman(1, 3, 1, seed=0)
    >>> kalman = DEKF(initial_variance=10.0)
    >>> trainer = synapse.Trainer(net, rule="rtrl", optimizer=kalman)
    >>> bits = np.random.default_rng(0).integers(0, 2, (500, 1)).astype(float)
    >>> before = np.roll(bits, 1)  # the targets: the inputs before
    >>> result = trainer.train(bits, before, epochs=1, progress=False)
    >>> bool(trainer.test(bits, before).loss < 0.1)
    True
    """

    direct: ClassVar[bool] = False
    rate: Annotated[float, _checks.positive_number] = 1.0
    initial_variance: Annotated[float, _checks.positive_number] = 100.0
    measurement_noise: Annotated[float | tuple[float, float], positive_noise] = 1.0
    process_noise: Annotated[float | tuple[float, float], checked_noise] = 1e-4
    annealing: Annotated[int, _checks.positive_integer] = 1000
    groups: Annotated[str, partial(_checks.choice, options=(NEURON, ALL))] = NEURON

    def _state(self, trainable: NDArray[np.bool_], labels: Ints) -> RecursiveState:
        return _KalmanState(
            self, trainable, np.zeros_like(labels) if self.groups == ALL else labels
        )


@final
class _KalmanState(RecursiveState):
    """Covariances of the groups, one after the other."""

    def __init__(
        self, optimizer: DEKF, trainable: NDArray[np.bool_], labels: Ints
    ) -> None:
        super().__init__(optimizer, trainable, labels)
        self._filter = optimizer
        sizes = np.diff(self._bounds)
        ends = np.cumsum(sizes**2)
        flat = [
            np.eye(n).reshape(-1) * optimizer.initial_variance for n in sizes.tolist()
        ]
        self._covariance: Floats = np.concatenate([np.empty(0), *flat])
        self._places = self._bounds.astype(np.int64), (ends - sizes**2).astype(np.int64)
        self._w: Floats = np.empty((0, 0))

    @property
    def _covariances(self) -> list[Floats]:
        """Copies of the covariance matrices, one for each group, in the order of
        `members`.
        """
        return self._matrices(self._covariance)

    def _restore(self, flat: Floats) -> None:
        self._covariance[:] = flat

    def _find_change(self, errors: Floats) -> Floats | None:
        if self._w.shape != self._slopes.shape:
            self._w = np.empty_like(self._slopes)
        noise = self._noise(self._filter.measurement_noise)
        change = np.empty(len(self._columns))
        sound = engine.functions.optimizers.find_kalman(
            self._covariance,
            *self._places,
            self._slopes,
            errors,
            noise,
            self._w,
            np.empty((len(errors), len(errors))),
            change,
        )
        return change if sound else None

    def _update_covariances(self) -> None:
        added = self._noise(self._filter.process_noise)
        engine.functions.optimizers.update_covariance(
            self._covariance, *self._places, self._w, 1.0, added
        )

    def _noise(self, noise: float | tuple[float, float]) -> float:
        """Return the noise of this step."""
        if not isinstance(noise, tuple):
            return noise
        initial, final = noise
        progress = min(1.0, self.steps / self._filter.annealing)
        return float(initial * (final / initial) ** progress)
