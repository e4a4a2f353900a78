"""Slopes: derivatives of the outputs of a network with respect to its parameters."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .. import _checks as checks, engine
from .._typing import Floats
from ..engine import online
from ..engine.functions.activations import SOFTMAX
from ..engine.records import Span
from ..engine.schema import CHECK_SIZES, GIVEN_ERRORS, SHARED_BY
from ..engine.status import DIVERGED, REFUSED
from ..errors import ArgumentError, ArgumentTypeError, DivergenceError
from . import parameters
from .calling import locked
from .facts import fact
from .propagating import Propagating


class Slopes(NamedTuple):
    """Derivatives with respect to the parameters of a network, see
    :meth:`Network.output_gradient`.
    """

    weights: Floats
    biases: Floats


class OutputSlopes(Propagating):
    """A network as far as its outputs are differentiated."""

    def output_gradient(
        self, errors: ArrayLike | None = None, out: tuple[Floats, Floats] | None = None
    ) -> Slopes:
        """Return derivatives of one sum over the outputs of the last step with respect
        to all weights and biases.

        With `errors`, the sum is that of error times state over the outputs: the
        derivatives are what ``propagate(1.0, errors=errors)`` would add to the weights.
        They are those of the learning rule of the network: with ``"rtrl"`` exact
        derivatives through all steps (with a reach, those that it includes), with
        ``"online"`` those along its traces. No weight changes; neurons have the errors
        of this call.

        Parameters
        ----------
        errors : array_like, shape (m,), optional
            Factor of the state of each output; NaN counts as 0. Default: the slopes of
            the activations, so that the sum is that of the outputs; 0 for softmax
            outputs, whose sum is constant.
        out : tuple of two ndarrays, optional
            Arrays of the dtype of the network for the result, shapes (connections,) and
            (neurons,). Default: new ones.

        Returns
        -------
        Slopes
            A pair of arrays: `weights` in the order of :attr:`connections`, `biases` in
            that of :attr:`neurons`; 0 for what is not trainable. Each of several tied
            connections has the derivative with respect to their shared weight.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the errors are not m finite numbers or NaN, or the arrays do not have
            this form.
        TopologyError
            If there is no step to learn from, as in :meth:`propagate`.
        DivergenceError
            If a derivative is not finite.

        See Also
        --------
        synapse.gradient : Exact gradient of the cost of whole sequences.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(1, 1, squash="identity", seed=0)
        >>> outputs = net.activate([0.5])
        >>> net.output_gradient(errors=[2.0])
        Slopes(weights=array([1.]), biases=array([0., 2.]))
        """
        row = (
            None if errors is None else checks.row_of("errors", errors, self._n_outputs)
        )
        return self._find_slopes(row, out)

    @locked
    def _find_slopes(
        self, errors: Floats | None, out: tuple[Floats, Floats] | None
    ) -> Slopes:
        """Return the slopes, by one kernel call that adds the updates of a propagation
        to buffers.
        """
        if self._untraced is not None:
            self._require_traces()
        dtype = self._store.dtype
        parameter_rows = self._parameter_places()
        sizes = parameter_rows[0].size, parameter_rows[1].size
        if out is None:
            out = np.empty(sizes[0], dtype), np.empty(sizes[1], dtype)
        else:
            _require_room(out, sizes, dtype)
        updates = self._adding.updates
        assert updates is not None
        updates.clear()
        if errors is None:
            errors = self._derivatives()
        asked = errors, GIVEN_ERRORS, 1.0, CHECK_SIZES
        status, _ = self._call(online.propagate_targets, 0, asked, ADDING)
        if status == REFUSED:
            self._refuse_errors(errors)
        if status == DIVERGED:
            raise DivergenceError(
                f"The slopes of {self!r} left the finite range of {dtype}."
                f" {parameters.REMEDIES}"
            )
        parameter_rows[0].read(updates.weights, out[0])
        parameter_rows[1].read(updates.biases, out[1])
        for name, at, slopes in zip(
            ("weight", "bias"), parameter_rows, out, strict=True
        ):
            if at.tied:
                tie = self._store[SHARED_BY[name]]
                slopes[:] = parameters.sum_of_group(tie, at.every, slopes)
        return Slopes(*out)

    def _derivatives(self) -> Floats:
        """Return the derivatives of the output neurons by their states. Those of
        softmax outputs are 0, because the sum of their activations is constant.
        """
        _, store, span = self._lowered()
        stop = int(span[Span.STOP])
        rows = slice(stop - self._n_outputs, stop)
        derivatives = store.columns["derivative"][rows].astype(np.float64)
        derivatives[store.columns["squash"][rows] == SOFTMAX] = 0.0
        return derivatives

    @fact
    def _adding(self) -> engine.online.Kernels:
        """The kernels of its learning rule, which add updates to buffers."""
        store = self._lowered()[1]
        return self._kernels(engine.online.Accumulator(store, recorded=False))


ADDING = OutputSlopes._adding.__get__
"""Kernels of a network that add updates to buffers."""


def _require_room(out: Any, sizes: tuple[int, int], dtype: np.dtype[Any]) -> None:
    """Raise ArgumentError if `out` is not a pair of arrays for the slopes of a
    network.
    """
    if not isinstance(out, tuple | list) or len(out) != 2:
        raise ArgumentTypeError(
            checks.expected("out", "a pair of arrays, for weights and biases", out)
        )
    for array, size in zip(out, sizes, strict=True):
        if not isinstance(array, np.ndarray) or (array.dtype, array.shape) != (
            dtype,
            (size,),
        ):
            form = f"arrays of {dtype} with {sizes[0]} and {sizes[1]} numbers"
            raise ArgumentError(checks.expected("out", form, out))
