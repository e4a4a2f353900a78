"""Checks of outputs by their use: values of any size, targets, or probabilities."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import Any

from .._checks import must
from .._squash import Squash
from ..errors import ArgumentError
from .network import Network


def squashes_of(network: Network) -> list[Squash]:
    """Return the activation functions of the outputs, in their order."""
    return [neuron.squash for neuron in network.output]


def require_range(
    title: str,
    owner: Any,
    squashes: Iterable[Squash],
    advice: str,
    low: float = -inf,
    high: float = inf,
) -> None:
    """Raise ArgumentError unless outputs with these squashes reach all values from low
    to high.

    Only the outputs themselves count. If an output reads a bounded neuron through a
    fixed weight, this is a scale that the user has chosen. A registered squash has the
    bounds with which it was registered.
    """
    for squash in squashes:
        if squash.low <= low and high <= squash.high:
            continue
        wanted = (
            "outputs without bounds"
            if (low, high) == (-inf, inf)
            else f"outputs that reach {low:g} to {high:g}"
        )
        raise ArgumentError(
            must(
                title,
                f"have {wanted}",
                f"{squash.name} ones, {_range(squash)}, in {owner!r}",
                advice,
            )
        )


def require_squash(
    title: str, network: Network, names: tuple[str, ...], advice: str
) -> None:
    """Raise ArgumentError unless every output has one of these squashes."""
    for squash in squashes_of(network):
        if squash.name not in names:
            raise ArgumentError(
                must(
                    title,
                    f"have {' or '.join(names)} outputs",
                    f"{squash.name} ones in {network!r}",
                    advice,
                )
            )


def _range(squash: Squash) -> str:
    if squash.high == inf:
        return f"{squash.low:g} or above"
    if squash.low == -inf:
        return f"{squash.high:g} or below"
    return f"from {squash.low:g} to {squash.high:g}"
