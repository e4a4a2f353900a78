"""The Hopfield network: an associative memory of sign neurons, each connected with
every other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synapse import _checks
from synapse._initializer import Seed, random_generator
from synapse._typing import Floats
from synapse.errors import ArgumentError
from synapse.objects.architectures import register
from synapse.objects.layer import Layer
from synapse.objects.network import Network
from synapse.objects.projection import between


class Capacity(NamedTuple):
    """Number of random patterns that a large memory can store, by learning rule and by
    criterion.

    ``hebb``: 0.138 n. Up to this number each pattern leads to a stable state near it,
    with at most 1.6 % of its signs wrong; above it recall breaks down (Amit, Gutfreund
    and Sompolinsky 1985). ``hebb_exact``: n / (4 ln n), every pattern is stable in
    every sign (McEliece, Posner, Rodemich and Venkatesh 1987). ``storkey``: n / sqrt(2
    ln n), the same criterion with Storkey's rule (1997).
    """

    hebb: float
    hebb_exact: float
    storkey: float


def hebb(couplings: Floats, pattern: Floats) -> Floats:
    """Return the couplings with one more pattern: w_ij + p_i p_j, Hopfield 1982,
    equation 2 (with p = 2V - 1).
    """
    return _without_own(couplings + np.outer(pattern, pattern))


def storkey(couplings: Floats, pattern: Floats) -> Floats:
    """Return the couplings with one more pattern: w_ij + p_i p_j - (p_i h_ji + h_ij
    p_j) / n, Storkey 1997.

    h_ij is the field at i from the other neurons: the sum of w_ik p_k over k except i
    and j.
    """
    field = (couplings @ pattern)[:, None] - couplings * pattern
    correction = field * pattern
    correction = (correction + correction.T) / len(pattern)
    return _without_own(couplings + np.outer(pattern, pattern) - correction)


RULES: dict[str, Callable[[Floats, Floats], Floats]] = {
    "hebb": hebb,
    "storkey": storkey,
}


def _without_own(couplings: Floats) -> Floats:
    """Return couplings without those of a neuron with itself."""
    np.fill_diagonal(couplings, 0.0)
    return couplings


@final
@register
@_checks.suggests_attributes("Hopfield")
class Hopfield(Network):
    """An associative memory: Hopfield 1982. ::

        input ---> output        ---> one to one, weight 1: an outer field
                    |  ^         ===> to all but itself, couplings w_ij = w_ji
                    +==+

    The outputs are the memory: sign neurons with activations 1 and -1. The inputs of a
    network do not compute their activations, so they cannot be its outputs. Each memory
    neuron therefore has an input neuron of its own, which can apply an external field.
    Recall uses no field: it sets the memory neurons and activates them one at a time in
    random order, each in a step of its own. With symmetric couplings every change
    lowers the :meth:`energy`, so recall ends in a stable state.

    ``net.activate(field)`` is one sweep in the order of the neurons, with that field.
    In it, a neuron whose state is exactly 0 takes the activation 0.

    Couplings are n times those of papers that divide by n. This changes nothing else,
    and couplings by Hebb's rule are whole numbers, so that equal sums give exactly 0.
    Couplings are not trainable by gradients; :func:`synapse.save` saves them.

    Parameters
    ----------
    size : int
        Number of memory neurons, n; at least 2.

    Examples
    --------
    >>> net = Hopfield(8)
    >>> net.learn([[1, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]])
    >>> net.recall([-1, 1, 1, 1, -1, -1, -1, -1], seed=0)
    array([ 1.,  1.,  1.,  1., -1., -1., -1., -1.])
    >>> net
    <Hopfield 8-8, 16 neurons, 64 connections>
    """

    @_checks.suggests_arguments("architecture")
    def __init__(self, size: int) -> None:
        count = _checks.positive_integer(
            "size of Hopfield", size, math.isqrt(_checks.MAX_CONNECTIONS)
        )
        if count < 2:
            raise ArgumentError("`size` of Hopfield must be at least 2, got 1.")
        field = Layer(count, "identity", name="input")
        memory = Layer(count, "sign", name="memory")
        memory.trainable_bias = False
        field.project(memory, "one_to_one", weights=1.0, trainable=False)
        memory.project(memory, "all_to_else", weights=0.0, trainable=False)
        super().__init__(field, [], memory)

    @classmethod
    def find_parts(
        cls, layers: Sequence[Layer], settings: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the projection between the memory neurons."""
        return {"links": between(layers[-1], layers[-1], "all_to_else")}

    @property
    def couplings(self) -> Floats:
        """Weights w_ij between memory neurons, shape (n, n), symmetric, with a zero
        diagonal; read-only.

        Raises TopologyError if memory neurons or their connections have been added or
        removed.
        """
        matrix = np.zeros((len(self.output),) * 2)
        matrix[_others(len(matrix))] = self.parts["links"].weights
        return _checks.read_only(matrix)

    @property
    def capacity(self) -> Capacity:
        """Number of random patterns that a memory of this size can be expected to
        store.
        """
        n = len(self.output)
        return Capacity(
            0.138 * n, n / (4 * math.log(n)), n / math.sqrt(2 * math.log(n))
        )

    @_checks.suggests_arguments("learn")
    def learn(
        self,
        patterns: ArrayLike,
        rule: Annotated[
            Literal["hebb", "storkey"], partial(_checks.choice, options=RULES)
        ] = "hebb",
    ) -> None:
        """Store patterns in addition to those stored before.

        Parameters
        ----------
        patterns : array_like, shape (P, n) or (n,)
            Numbers 1 and -1, or booleans: True is 1, False -1.
        rule : {"hebb", "storkey"}
            The learning rule. Storkey's has a higher capacity, also for correlated
            patterns; its result depends on their order.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If `patterns` or `rule` cannot be used. No weight has changed.
        """
        couplings = self.couplings
        for pattern in self._checked(patterns, "Patterns", single=False):
            couplings = RULES[rule](couplings, pattern)
        self.parts["links"].weights = couplings[_others(len(couplings))]

    @_checks.suggests_arguments("recall")
    def recall(
        self,
        pattern: ArrayLike,
        sweeps: Annotated[int, _checks.positive_integer] = 100,
        seed: Seed = None,
    ) -> Floats:
        """Start from a pattern and activate neurons, one at a time, until none changes.

        A neuron whose state is exactly 0 keeps its activation.

        Parameters
        ----------
        pattern : array_like, shape (n,)
            The initial activations, 1 and -1 or booleans.
        sweeps : int
            Maximum number of sweeps. A sweep activates every neuron once, in a random
            order.
        seed : int or numpy.random.Generator, optional
            Seed of the random orders.

        Returns
        -------
        ndarray, shape (n,)
            The final activations, 1 and -1.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If an argument cannot be used, or all couplings are 0.
        """
        rng = random_generator(seed)
        (start,) = self._checked(pattern, "A pattern", single=True)
        if not np.any(self.parts["links"].weights):
            raise ArgumentError(
                "All couplings are 0: there is nothing to recall. Learn patterns first."
            )
        self.output.activate(start)
        self.input.activate(np.zeros(len(self.input)))
        for _ in range(sweeps):
            before = self.output.activations
            for i in rng.permutation(len(before)):
                if self._activate_next(i) == 0.0:  # the sign of a state of exactly 0
                    self._activate_next(i, before[i])
            if not (self.output.activations != before).any():
                break
        return self.output.activations.copy()

    @_checks.suggests_arguments()
    def energy(self, pattern: ArrayLike) -> float:
        """-1/2 sum_ij w_ij p_i p_j - sum_i b_i p_i: Hopfield 1982, equation 7, with
        biases (0 unless set).
        """
        (p,) = self._checked(pattern, "A pattern", single=True)
        return float(-0.5 * p @ self.couplings @ p - self.output.biases @ p)

    def _activate_next(self, i: int, *activation: float) -> float:
        """Activate a memory neuron in a step of its own, which an input begins: so it
        reads the present activations of all others.
        """
        self.input[0].activate(0.0)
        return self.output[i].activate(*activation)

    def _checked(self, patterns: ArrayLike, title: str, single: bool) -> Floats:
        """Return patterns as rows of 1 and -1."""
        values = _checks.real_array(title, patterns, "rows of 1 and -1, or of booleans")
        n = len(self.output)
        rows = np.atleast_2d(values.astype(np.float64))
        fits = rows.ndim == 2 and rows.shape[1] == n and len(rows)
        shape = f"({n},)" if single else f"(P, {n}) or ({n},)"
        _checks.require(
            fits and (not single or values.ndim == 1),
            title,
            f"of the shape {shape}",
            values.shape,
        )

        if values.dtype == bool:
            return np.where(rows, 1.0, -1.0)
        if not (np.abs(rows) == 1).all():
            wrong = float(rows[np.abs(rows) != 1][0])
            binary = ((rows == 0) | (rows == 1)).all()
            advice = "For 0 and 1, pass 2 * np.array(patterns) - 1." if binary else ""
            condition = "of 1 and -1, or of booleans"
            raise ArgumentError(_checks.expected(title, condition, wrong, advice))
        return rows


def _others(n: int) -> NDArray[np.bool_]:
    """Return pairs of two different neurons, sorted by target and source as connections
    are made.
    """
    return ~np.eye(n, dtype=bool)
