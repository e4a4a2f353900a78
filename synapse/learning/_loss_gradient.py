"""The gradient of a loss, and one step of an optimizer along it, for users' own loops
with ``optimizer.step(net, gradient)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary
from zlib import crc32

import numpy as np

from .. import _checks
from .._checks import AbstractOwnNames, pluralize, suggests_attributes
from .._typing import Floats
from ..engine.locking import ExclusiveAccess
from ..engine.schema import NONE
from ..errors import ArgumentError
from ..objects.network import Network, require_network
from ..optimizers import Optimizer
from ..optimizers._base import OWN_LOOPS, rate_of_step
from ._parameters import ParameterVector, Updater

WIRING = "wiring"
"""Name of the network's fact that stores the checksum from :func:`wiring_of`."""
ADVICE = "Compute it anew by synapse.gradient(net, inputs, targets), after every edit."


@suggests_attributes("Gradient")
@dataclass(frozen=True)
class Gradient(metaclass=AbstractOwnNames):
    """The exact gradient of a loss.

    Attributes
    ----------
    loss : float
        The cost of a sequence, summed over its steps and outputs, or the mean of this
        over several sequences. With ``per="step"``, it is the mean cost of a step. With
        ``per_sample=True``, the loss and the derivatives are arrays with the values of
        each sample, of shapes (samples,), (samples, connections) and (samples,
        neurons).
    weights : ndarray, shape (connections,)
        d loss / d weight, in the order of ``net.connections``, and 0 for connections
        that are not trainable. Each of several tied connections has the derivative with
        respect to their shared weight.
    biases : ndarray, shape (neurons,)
        d loss / d bias, in the order of the neurons in the network, and 0 for inputs
        and for biases that are not trainable. Each of several tied biases has the
        derivative with respect to their shared value.
    wiring : int, optional
        Checksum of the neurons, connections and gates of the network.
        ``optimizer.step(net, gradient)`` uses it to refuse a gradient of another
        topology. Default: None, so that only the shapes are compared.
    """

    loss: float | Floats
    weights: Floats
    biases: Floats
    wiring: int | None = None

    def __repr__(self) -> str:
        size = float(np.sqrt((self.weights**2).sum() + (self.biases**2).sum()))
        count = pluralize(self.weights.shape[-1], "weight")
        if np.ndim(self.loss):
            return f"<Gradients of {pluralize(len(self.weights), 'sample')}, {count}>"
        return f"<Gradient: loss {self.loss:.6g}, norm {size:.6g}, {count}>"

    def _descend(self, optimizer: Optimizer, network: Any, rate: Any) -> None:
        """Update the parameters of a network once, see :meth:`Optimizer.step`."""
        network = require_network("network", network)
        rate = rate_of_step(optimizer, rate)
        with ExclusiveAccess(network):
            updaters = vars(optimizer).get(OWN_LOOPS, {})
            updater = updaters.get(network) or Updater(network)
            parameters = updater.refresh(optimizer)
            slopes = _by_parameter(parameters, self)
            updater.write(updater.moved(parameters.read(), slopes, rate))
            if not updaters:
                updaters = WeakKeyDictionary()
                # settings are frozen, a memory is no setting
                object.__setattr__(optimizer, OWN_LOOPS, updaters)
            updaters[network] = updater


def _by_parameter(parameters: ParameterVector, gradient: Gradient) -> Floats:
    """Return the gradient with one entry for each parameter, or raise ArgumentError if
    it does not fit.
    """
    network = parameters.network
    wanted = tuple(len(entries) for _, entries in parameters.entries())
    slopes = [
        _checks.numbers(f"The {name} of a gradient", getattr(gradient, name), "numbers")
        for name in ("weights", "biases")
    ]
    if any(
        values.shape != (size,) for values, size in zip(slopes, wanted, strict=True)
    ):
        raise ArgumentError(
            f"Expected a gradient of {network!r}, with weights of shape ({wanted[0]},)"
            f" and biases of shape ({wanted[1]},), got {slopes[0].shape} and"
            f" {slopes[1].shape}. {ADVICE}"
        )
    if gradient.wiring not in (None, wiring_of(network)):
        raise ArgumentError(
            f"The topology of {network!r} has changed since the gradient was computed."
            f" {ADVICE}"
        )
    vector = parameters.first(*slopes).astype(np.float64)
    for values, (_, entries) in zip(slopes, parameters.entries(), strict=True):
        if not np.array_equal(vector[entries], values, equal_nan=True):
            raise ArgumentError(
                "Expected equal entries of a gradient for all members of a tie, the"
                f" derivative by their shared value, got different ones. {ADVICE}"
            )
    return vector


def wiring_of(network: Network) -> int:
    """Return the checksum of a network's neurons, connections and gates, which is equal
    for copies in any process.

    The caller has the network in use.
    """
    facts = vars(network._present_facts())
    if WIRING not in facts:
        store = network._store
        links = network._connection_rows()
        first_row = int(network._rows()[0])
        sizes = len(network), network._n_inputs, network._n_outputs
        checksum = crc32(np.array(sizes, np.int64).tobytes())
        for end in store.ends(links):
            rows = end.astype(np.int64)
            numbers = np.where(rows == NONE, -1, rows - first_row)
            checksum = crc32(numbers.tobytes(), checksum)
        facts[WIRING] = checksum
    return int(facts[WIRING])
