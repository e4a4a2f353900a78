"""The multilayer perceptron."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, final

import numpy as np

from synapse import Network
from synapse._checks import ARCHITECTURE, understands
from synapse._random import Seed
from synapse.architectures import register
from synapse.initializers import Initializer
from synapse.squash import Squash

from ._recipe import Recipe, checked_sizes, numbered


@final
@register
class Perceptron(Network):
    """Layers, each fully connected to the next: Rumelhart, Hinton and Williams 1986. ::

        input => hidden 1 => hidden 2 => ... => output

    Parameters
    ----------
    *sizes : int
        Neurons of the input layer, of any hidden layers, and of the output layer.
    squash : str or Squash
        Of hidden and output neurons.
    output_squash : str or Squash, optional
        Of the outputs. Default: as `squash`.
    initializer, bias_initializer : str or callable
        How weights and biases are drawn, see :mod:`synapse.initializers`.
    seed : int or numpy.random.Generator, optional
        Where they are drawn from.
    dtype : numpy dtype
        The float of all numbers.

    Examples
    --------
    >>> Perceptron(2, 3, 1, seed=0)
    <Perceptron 2-3-1, 6 neurons, 9 connections>
    """

    @understands(ARCHITECTURE)
    def __init__(
        self,
        *sizes: int,
        squash: str | Squash = "logistic",
        output_squash: str | Squash | None = None,
        initializer: str | Initializer = "fan_in",
        bias_initializer: str | Initializer = "fan_in",
        seed: Seed = None,
        dtype: Any = np.float64,
    ) -> None:
        counts = checked_sizes("Perceptron", sizes, 2, "inputs, hidden layers, outputs")
        last = squash if output_squash is None else output_squash
        recipe = Recipe(seed, initializer, bias_initializer, dtype, squash, last)
        layers = [recipe.inputs(counts[0])]
        for i, (before, size) in enumerate(pairwise(counts[:-1])):
            layers.append(recipe.layer(size, squash, numbered("hidden", i, len(counts) - 2), fan_in=before))
        layers.append(recipe.layer(counts[-1], last, "output", fan_in=counts[-2]))
        for source, target in pairwise(layers):
            recipe.connect(source, target)
        super().__init__(layers[0], layers[1:-1], layers[-1])
