"""One step of an optimizer on a network, for loops that a user writes:
``optimizer.step(net, gradient)``.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from .. import _checks
from .._typing import Floats
from ..engine.guard import InUse
from ..errors import ArgumentError, ArgumentTypeError
from ..objects.network import require_network
from ..optimizers import Optimizer
from ..optimizers.base import OWN_LOOPS, rate_of_step
from ._parameters import ParameterVector, Updater
from ._regularisation import Penalties
from .gradient import Gradient, wiring_of

ADVICE = "Compute it anew by synapse.gradient(net, inputs, targets), after every edit."


def step(optimizer: Optimizer, network: Any, gradient: Any, rate: Any) -> None:
    """Move the parameters of a network once, see :meth:`Optimizer.step`."""
    network = require_network("The network of a step", network)
    if not isinstance(gradient, Gradient):
        condition = "a Gradient, as synapse.gradient returns"
        raise ArgumentTypeError(
            _checks.expected("The gradient of a step", condition, gradient)
        )
    rate = rate_of_step(optimizer, rate)
    with InUse(network):
        updaters = vars(optimizer).get(OWN_LOOPS, {})
        updater = updaters.get(network) or Updater(network, Penalties(), None)
        updater.network = network
        if updater.parameters is not None:
            updater.parameters.network = network
        try:
            parameters = updater.refresh(optimizer)
            slopes = _by_parameter(parameters, gradient)
            updater.write(updater.moved(parameters.read(), slopes, rate))
        finally:
            # The optimizer holds the updater, which would keep the network alive.
            del updater.network
            if updater.parameters is not None:
                del updater.parameters.network
        if not updaters:
            updaters = WeakKeyDictionary()
            # settings are frozen, a memory is no setting
            object.__setattr__(optimizer, OWN_LOOPS, updaters)
        updaters[network] = updater


def _by_parameter(parameters: ParameterVector, gradient: Gradient) -> Floats:
    """The gradient with one entry for each parameter, or raise ArgumentError if it does
    not fit.
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
            f"Expected a gradient of the present topology of {network!r}, got one of"
            f" another. {ADVICE}"
        )
    vector = parameters.first(*slopes).astype(np.float64)
    for values, (_, entries) in zip(slopes, parameters.entries(), strict=True):
        if not np.array_equal(vector[entries], values, equal_nan=True):
            raise ArgumentError(
                "Expected equal entries of a gradient for all members of a tie, the"
                f" derivative by their shared value, got different ones. {ADVICE}"
            )
    return vector
