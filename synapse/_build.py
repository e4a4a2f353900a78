"""Networks that estimators, the command and forecasters build: by the name of an
architecture, or by a function of the user.
"""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from typing import Any

from . import _checks
from ._defaults import ARCHITECTURES, SQUASHES
from .errors import ArgumentError
from .objects.network import Network, require_network


def architecture(title: str, value: Any) -> str:
    """Return the name of an architecture, which may be given in any case, or raise."""
    spelled = {_checks.plain(name): name for name in ARCHITECTURES}
    name = spelled.get(_checks.plain(value)) if isinstance(value, str) else None
    return str(_checks.choice(title, value if name is None else name, ARCHITECTURES))


def lower_name(title: str, value: Any) -> str:
    """Return the name of an architecture as the command and its files write it, or
    raise.
    """
    return architecture(title, value).lower()


def built(
    name: str,
    inputs: int,
    hidden: Sequence[int],
    outputs: int,
    squash: Any = None,
    **options: Any,
) -> Network:
    """Make an architecture by its name.

    `squash` is that of hidden neurons, or None: that of the table of defaults, or of
    the architecture. `options` are others of the architecture.

    Raises
    ------
    ArgumentError
        If it takes no such hidden layers, or no squash.
    """
    make: Any = ARCHITECTURES[name]
    parameters = signature(make).parameters
    if squash is not None and "squash" not in parameters:
        condition = f"None for {name}, which has its own"
        raise ArgumentError(_checks.expected("The squash", condition, squash))
    squash = SQUASHES.get(name) if squash is None else squash
    if squash is not None:
        options["squash"] = squash
    sizes = (inputs, *hidden, outputs)
    try:
        signature(make).bind(*sizes, **options)
    except TypeError:
        condition = f"sizes that {name} takes between inputs and outputs"
        raise ArgumentError(_checks.expected("The hidden", condition, hidden)) from None
    network: Network = make(*sizes, **options)
    if len(network.input) != inputs:
        columns = _checks.counted(inputs, "column")
        raise ArgumentError(
            f"Expected an architecture whose inputs are {columns}, got {network!r}."
            " Make it yourself."
        )
    return network


def built_by(build: Any, inputs: int, outputs: int, seed: int) -> Network:
    """Return a copy of the network that a function of the user returns.

    Without a copy, one network for all calls would learn from every fold of a
    cross-validation.
    """
    parameters = ("n_inputs", "n_outputs", "seed")
    advice = _checks.BUILD_ADVICE
    function = _checks.function_of("The build", build, *parameters, advice=advice)
    made = function(inputs, outputs, seed)
    return require_network("What build returns", made).clone()


def require_sizes(network: Network, inputs: int, outputs: int) -> Network:
    """Return a network with so many inputs and outputs, or raise."""
    if (len(network.input), len(network.output)) != (inputs, outputs):
        raise ArgumentError(
            "Expected build to make a network of"
            f" {_checks.counted(inputs, 'input')} and"
            f" {_checks.counted(outputs, 'output')}, got {network!r}."
        )
    return network
