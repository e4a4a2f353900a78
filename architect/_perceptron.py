"""The multilayer perceptron."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, final

import numpy as np

from synapse._checks import suggests_arguments
from synapse._initializer import Initializer, Seed
from synapse._squash import Squash
from synapse.objects.architectures import register
from synapse.objects.network import Network

from ._recipe import Recipe, checked_sizes, numbered


@final
@register
class Perceptron(Network):
    """Layers that are each fully connected to the next, by Rumelhart, Hinton and
    Williams 1986. ::

        input => hidden 1 => hidden 2 => ... => output

    Parameters
    ----------
    *sizes : int
        Number of inputs, sizes of any hidden layers, and number of outputs.
    squash : str or Squash
        Activation function of the hidden and output neurons.
    output_squash : str or Squash, optional
        Activation function of the outputs. Default: `squash`.
    initializer, bias_initializer : str or callable
        Distributions of the initial weights and biases, see
        :mod:`synapse.initializers`.
    seed : int or numpy.random.Generator, optional
        Seed of the initial weights and biases.
    dtype : numpy dtype
        Precision of all the network's numbers, float64 (the default) or float32.

    Examples
    --------
    >>> Perceptron(2, 3, 1, seed=0)
    <Perceptron 2-3-1, 6 neurons, 9 connections>
    """

    @suggests_arguments("architecture")
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
        for i, (fan_in, size) in enumerate(pairwise(counts[:-1])):
            name = numbered("hidden", i, len(counts) - 2)
            layers.append(recipe.layer(size, squash, name, fan_in=fan_in))
        layers.append(recipe.layer(counts[-1], last, "output", fan_in=counts[-2]))
        for source, target in pairwise(layers):
            recipe.connect(source, target)
        super().__init__(layers[0], layers[1:-1], layers[-1])
