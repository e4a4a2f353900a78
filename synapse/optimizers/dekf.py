"""The decoupled extended Kalman filter: the parameters are the state that is estimated from the targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from .. import engine
from .._checks import (
    check_fields,
    choice,
    is_number,
    non_negative_number,
    pair,
    positive_integer,
    positive_number,
    understands,
)
from .._typing import Floats, Ints
from .recursive import RecursiveOptimizer, RecursiveState, checked_groups

NEURON, ALL = "neuron", "all"


def checked_noise(what: str, noise: Any) -> Any:
    """Return a noise, or a pair of the first and the last noise, or raise."""
    if is_number(noise):
        return non_negative_number(what, noise)
    first, last = pair(what, noise)
    return positive_number(what, first), positive_number(what, last)


def positive_noise(what: str, noise: Any) -> Any:
    """Return a noise above 0, or a pair of the first and the last noise, or raise."""
    return positive_number(what, noise) if is_number(noise) else checked_noise(what, noise)


@final
@understands("optimizer")
@dataclass(frozen=True)
class DEKF(RecursiveOptimizer):
    """Decoupled extended Kalman filter.

    Parameters are divided into groups g, and covariances between groups are neglected. In each step with a
    target, with H = dy/dp of all outputs (including all earlier steps) and the errors e = t - y::

        A = (R I + sum_g H_g P_g H_g')^-1
        K_g = P_g H_g' A
        p_g = p_g + rate K_g e
        P_g = P_g - K_g H_g P_g + Q I              at the start P_g = initial_variance I

    Puskorius and Feldkamp 1994; for LSTM Pérez-Ortiz, Gers, Eck and Schmidhuber 2003. With one group of all
    parameters it is the (global) extended Kalman filter.

    Give it to a Trainer with method "rtrl", whose order determines how exact H is. It minimises squared
    errors; the trainer's cost is only reported. Shared parameters count once, in the group of the first
    neuron; frozen ones are in no group. A step takes n_g^2 multiply-adds per group and output.

    Parameters
    ----------
    rate : float
        Factor of all changes. Default 1, the step of the equations.
    initial_variance : float
        Initial variance of each parameter: how far it is expected to move. Default 100.
    measurement_noise : float or pair of float
        Variance R of the targets' noise; a larger one makes smaller steps. A pair is the first and the last
        value, between which R falls (or rises) geometrically. Default 1.
    process_noise : float or pair of float
        Variance Q that each parameter gains in every step, which keeps P positive and the filter alert. A
        pair as above. Default 1e-4.
    annealing : int
        Number of steps from the first to the last value of a pair. Default 1000.
    groups : {"neuron", "all"}
        Whether a group is the parameters into one neuron, or all parameters. Default "neuron".

    See Also
    --------
    RLS : Trains the outputs only.

    Examples
    --------
    A line that is measured twice, with little noise:

    >>> parameters = np.zeros(2)
    >>> state = DEKF(measurement_noise=1e-6, process_noise=0.0).begin(parameters)
    >>> for x, target in [([0.0, 1.0], 1.0), ([1.0, 1.0], 3.0)]:
    ...     state.step(parameters, jacobian=[x], errors=[target - np.dot(parameters, x)])
    >>> parameters.round(4)
    array([2., 1.])
    >>> import architect, synapse
    >>> net = architect.Elman(1, 3, 1, seed=0)
    >>> trainer = synapse.Trainer(net, method="rtrl", optimizer=DEKF(initial_variance=10.0))
    >>> bits = np.random.default_rng(0).integers(0, 2, (500, 1)).astype(float)
    >>> result = trainer.train(bits, np.roll(bits, 1), epochs=1, progress=False)  # the input before
    >>> bool(trainer.test(bits, np.roll(bits, 1)).error < 0.1)
    True
    """

    direct: ClassVar[bool] = False
    rate: float = 1.0
    initial_variance: float = 100.0
    measurement_noise: float | tuple[float, float] = 1.0
    process_noise: float | tuple[float, float] = 1e-4
    annealing: int = 1000
    groups: str = NEURON

    def __post_init__(self) -> None:
        check_fields(self, positive_number, "rate", "initial_variance")
        check_fields(self, positive_noise, "measurement_noise")
        check_fields(self, checked_noise, "process_noise")
        check_fields(self, positive_integer, "annealing")
        choice("The groups of DEKF", self.groups, (NEURON, ALL))

    def begin(self, parameters: Floats, frozen: Any = None, groups: Any = None) -> RecursiveState:
        """Make the state of a training before its first step.

        Parameters
        ----------
        parameters : numpy.ndarray of float64, shape (n,)
            The parameters to be changed.
        frozen : array_like of bool, shape (n,), optional
            Mask of parameters that never change.
        groups : array_like of int, shape (n,), optional
            The group of each parameter: equal numbers are one group. Default: all are one group, as always
            with ``groups="all"``.
        """
        moving, labels = checked_groups(parameters, frozen, groups)
        if self.groups == ALL:
            labels = np.zeros_like(labels)
        return _KalmanState(self, parameters.size, moving, labels)


@final
class _KalmanState(RecursiveState):
    """Covariances of the groups, one after the other."""

    def __init__(self, optimizer: DEKF, size: int, moving: NDArray[np.bool_], labels: Ints) -> None:
        super().__init__(optimizer, size, moving, labels)
        self._filter = optimizer
        sizes = np.diff(self._bounds)
        ends = np.cumsum(sizes**2)
        flat = [np.eye(n).reshape(-1) * optimizer.initial_variance for n in sizes.tolist()]
        self._covariance: Floats = np.concatenate([np.empty(0), *flat])
        self._places = self._bounds.astype(np.uint64), (ends - sizes**2).astype(np.uint64)
        self._w: Floats = np.empty((0, 0))

    @property
    def covariances(self) -> list[Floats]:
        """Copies of the covariance matrices, one for each group, in the order of `members`."""
        sizes = np.diff(self._bounds)
        parts = np.split(self._covariance, np.cumsum(sizes**2)[:-1])
        return [part.reshape(n, n).copy() for part, n in zip(parts, sizes, strict=False)]

    def _restore(self, covariances: list[Floats]) -> None:
        self._covariance[:] = np.concatenate([np.empty(0), *(one.reshape(-1) for one in covariances)])

    def _find_change(self, errors: Floats) -> Floats | None:
        if self._w.shape != self._slopes.shape:
            self._w = np.empty_like(self._slopes)
        noise, change = self._noise(self._filter.measurement_noise), np.empty(len(self._columns))
        scratch = self._w, np.empty((len(errors), len(errors))), change
        find = engine.functions.optimizers.find_kalman
        sound = find(self._covariance, *self._places, self._slopes, errors, noise, *scratch)
        return change if sound else None

    def _renew(self) -> None:
        added = self._noise(self._filter.process_noise)
        engine.functions.optimizers.renew(self._covariance, *self._places, self._w, 1.0, added)

    def _noise(self, noise: float | tuple[float, float]) -> float:
        """The noise of this step."""
        if not isinstance(noise, tuple | list):
            return noise
        first, last = noise
        part = min(1.0, self.steps / self._filter.annealing)
        return float(first * (last / first) ** part)
