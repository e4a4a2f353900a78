"""The Hopfield network, an associative memory of sign neurons that are all connected to
each other.
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
    """Number of random patterns that a large memory can store, for each learning rule
    and criterion.

    ``hebb`` is 0.138 n. Up to this number, each pattern leads to a stable state near
    it, with at most 1.6 % wrong signs, but above it recall breaks down (Amit, Gutfreund
    and Sompolinsky 1985). ``hebb_exact`` is n / (4 ln n), up to which every sign of
    every pattern is stable (McEliece, Posner, Rodemich and Venkatesh 1987). ``storkey``
    is n / sqrt(2 ln n), by the same criterion with Storkey's rule (1997).
    """

    hebb: float
    hebb_exact: float
    storkey: float


def hebb(couplings: Floats, pattern: Floats) -> Floats:
    """Return the couplings after adding a pattern, w_ij + p_i p_j, by Hopfield 1982,
    equation 2 (with p = 2V - 1).
    """
    return _without_own(couplings + np.outer(pattern, pattern))


def storkey(couplings: Floats, pattern: Floats) -> Floats:
    """Return the couplings after adding a pattern, w_ij + p_i p_j - (p_i h_ji + h_ij
    p_j) / n, by Storkey 1997.

    h_ij is the field at i from the other neurons, which is the sum of w_ik p_k over all
    k except i and j.
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
    """Return couplings without the coupling of each neuron to itself."""
    np.fill_diagonal(couplings, 0.0)
    return couplings


@final
@register
@_checks.suggests_attributes("Hopfield")
class Hopfield(Network):
    """An associative memory, by Hopfield 1982. ::

        input ---> output        ---> one to one, weight 1: an outer field
                    |  ^         ===> to all but itself, couplings w_ij = w_ji
                    +==+

    The outputs are the memory, which consists of sign neurons with activations 1 and
    -1. The inputs of a network cannot be its outputs, because they do not compute their
    activations. Each memory neuron therefore has its own input neuron, which can apply
    an external field. Recall uses no field, but sets the memory neurons and activates
    them one at a time in random order, each in its own step. With symmetric couplings,
    every change lowers the :meth:`energy`, and recall therefore ends in a stable state.

    ``net.activate(field)`` is one sweep in the order of the neurons, with that field.
    During the sweep, a neuron whose state is exactly 0 takes the activation 0.

    Couplings are n times as large as in papers that divide by n, which changes nothing
    else. Because couplings by Hebb's rule are whole numbers, equal sums give exactly 0.
    Couplings are not trainable by gradients, but :func:`synapse.save` saves them.

    Parameters
    ----------
    size : int
        Number of memory neurons, n, at least 2.

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
        """Weights w_ij between memory neurons, shape (n, n), as a read-only, symmetric
        matrix with a zero diagonal.

        Raises TopologyError if memory neurons or their connections have been added or
        removed.
        """
        matrix = np.zeros((len(self.output),) * 2)
        matrix[_others(len(matrix))] = self.parts["links"].weights
        return _checks.read_only(matrix)

    @property
    def capacity(self) -> Capacity:
        """Expected number of random patterns that a memory of this size can store."""
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
        """Store patterns in addition to the stored patterns.

        Parameters
        ----------
        patterns : array_like, shape (P, n) or (n,)
            Numbers 1 and -1, or booleans, where True is 1 and False is -1.
        rule : {"hebb", "storkey"}
            The learning rule. Storkey's rule has a higher capacity, also for correlated
            patterns, but its result depends on their order. Default: "hebb".

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If `patterns` or `rule` is invalid. No weight has changed then.
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
            Maximum number of sweeps, each of which activates every neuron once, in a
            random order. Default: 100.
        seed : int or numpy.random.Generator, optional
            Seed of the random orders. Default: an unrecorded random seed.

        Returns
        -------
        ndarray, shape (n,)
            The final activations, 1 and -1.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If an argument is invalid, or all couplings are 0.
        """
        rng = random_generator(seed)
        (start,) = self._checked(pattern, "A pattern", single=True)
        if not np.any(self.parts["links"].weights):
            raise ArgumentError(
                "There is no pattern to recall, because all couplings are 0. Learn"
                " patterns first."
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
        """-1/2 sum_ij w_ij p_i p_j - sum_i b_i p_i, by Hopfield 1982, equation 7, with
        biases (0 unless set).
        """
        (p,) = self._checked(pattern, "A pattern", single=True)
        return float(-0.5 * p @ self.couplings @ p - self.output.biases @ p)

    def _activate_next(self, i: int, *activation: float) -> float:
        """Activate a memory neuron in its own step, which begins with an input, so that
        it reads the present activations of all others.
        """
        self.input[0].activate(0.0)
        return self.output[i].activate(*activation)

    def _checked(self, patterns: ArrayLike, title: str, single: bool) -> Floats:
        """Check patterns and return them as rows of 1 and -1."""
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
    """Return all pairs of different neurons, sorted by target and source like new
    connections.
    """
    return ~np.eye(n, dtype=bool)
