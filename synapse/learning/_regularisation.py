"""Penalties on weights, clipping of gradients, and dropout."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import engine
from .._checks import (
    finite_number,
    is_number,
    lowercase_title,
    require,
    require_type,
    subject,
)
from .._typing import Floats
from ..errors import ArgumentError
from ..objects.layer import Layer
from ..objects.network import Network

Chances = float | Mapping[str | Layer, float]
Masks = Callable[[int, int], Floats]
"""Maps numbers of steps and samples to factors of activations, shape (steps, neurons,
samples)."""


@dataclass(frozen=True)
class Penalties:
    """The checked options for penalties on weights that learn, and for clipping."""

    l1: float = 0.0
    l2: float = 0.0
    clip: float | None = None
    clip_value: float | None = None

    @property
    def clips(self) -> bool:
        """Whether gradients are clipped."""
        return (self.clip, self.clip_value) != (None, None)

    def of(self, weights: Floats) -> float:
        """Return the penalty of these weights, to be added to the cost."""
        return float(
            self.l1 * np.abs(weights).sum() + 0.5 * self.l2 * (weights**2).sum()
        )

    def numbers(self, frozen: NDArray[np.bool_]) -> Any:
        """Return the options for kernels. `frozen` marks untrainable weights."""
        value = math.inf if self.clip_value is None else self.clip_value
        norm = math.inf if self.clip is None else self.clip
        return engine.exact.update.Penalty(
            (~frozen).astype(np.uint8), self.l1, self.l2, value, norm
        )


class Dropout:
    """Random masks by which activations are multiplied during training (Srivastava and
    others 2014).

    A neuron is dropped with its probability p, for a step or for a whole sequence (the
    recurrent dropout of Gal and Ghahramani 2016). Otherwise its activation is divided
    by 1 - p to preserve the mean.
    """

    def __init__(self, network: Network, each_step: Chances, whole: Chances) -> None:
        self.network = network
        self.each_step = each_step
        self.whole = whole
        self.any = any(chances.any() for chances in self._chances())

    def _chances(self) -> tuple[Floats, Floats]:
        """Return both probabilities for every neuron of the present network."""
        each_step = chances_by_neuron(
            "dropout of Trainer", self.network, self.each_step
        )
        return each_step, chances_by_neuron(
            "recurrent_dropout of Trainer", self.network, self.whole
        )

    def masks(self, rng: np.random.Generator) -> Masks:
        """Return a function that draws a new mask, shape (steps, neurons, samples), at
        each call.
        """
        each_step, whole = self._chances()

        def draw(steps: int, samples: int) -> Floats:
            mask = np.ones((steps, len(whole), samples))
            for chances, count in ((each_step, steps), (whole, 1)):
                some = np.flatnonzero(chances)
                keep = 1.0 - chances[some, None]
                mask[:, some] *= (rng.random((count, len(some), samples)) < keep) / keep
            return mask

        return draw


def chances_by_neuron(title: str, network: Network, chances_given: Chances) -> Floats:
    """Return the probability that a neuron is dropped, for every neuron."""
    chances = np.zeros(len(network))
    if is_number(chances_given) and not chances_given:
        return chances
    by_layer = (
        chances_given
        if isinstance(chances_given, Mapping)
        else dict.fromkeys(network.hidden, chances_given)
    )
    position = {neuron: i for i, neuron in enumerate(network)}
    for key, chance in by_layer.items():
        layer: Any = network[key] if isinstance(key, str) else key
        require_type(
            isinstance(layer, Layer)
            and not any(neuron not in position for neuron in layer),
            f"A layer in {lowercase_title(title)}",
            "one of the network",
            key,
        )
        if any(
            position[neuron] >= len(position) - len(network.output) for neuron in layer
        ):
            raise ArgumentError(
                f"{subject(title)} cannot be applied to the outputs. Pass it for hidden"
                " layers, or for the inputs."
            )
        value = finite_number(title, chance)
        require(0 <= value < 1, title, "0 or above and below 1", chance)
        chances[[position[neuron] for neuron in layer]] = value
    return chances
