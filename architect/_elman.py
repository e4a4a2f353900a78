"""The simple recurrent network."""

from __future__ import annotations

from typing import Any, final

import numpy as np

from synapse._checks import suggests_arguments
from synapse._initializer import Initializer, Seed
from synapse._squash import Squash
from synapse.objects.architectures import register
from synapse.objects.network import Network

from ._recipe import Recipe, checked_sizes, numbered, pass_on


@final
@register
class Elman(Network):
    """A simple recurrent network, whose hidden layers read their activations of the
    previous step, by Elman 1990. ::

        input => hidden => output
                  |  ^
                  v  ||          | one to one, weight 1, not trained
                context          => all to all

    A context neuron copies its hidden neuron after the step. With the online rule, the
    error stops there, as in the paper. The network therefore only learns which
    activations help one step later.

    Parameters
    ----------
    *sizes : int
        Number of inputs, sizes of the hidden layers (each of which has a context), and
        number of outputs.
    squash, output_squash, initializer, bias_initializer, seed, dtype
        The same as for :class:`Perceptron`.

    Examples
    --------
    >>> Elman(2, 6, 1, seed=0)
    <Elman 2-6-1, 15 neurons, 60 connections>
    """

    _left_out = ("context",)

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
        counts = checked_sizes("Elman", sizes, 3, "inputs, hidden layers, outputs")
        last = squash if output_squash is None else output_squash
        recipe = Recipe(seed, initializer, bias_initializer, dtype, squash, last)
        inputs = recipe.inputs(counts[0])
        layers = []
        source = inputs
        for i, size in enumerate(counts[1:-1]):
            context = recipe.fixed(size, numbered("context", i, len(counts) - 2))
            name = numbered("hidden", i, len(counts) - 2)
            hidden = recipe.reading([source, context], size, squash, name)
            pass_on(hidden, context)
            layers += [context, hidden]
            source = hidden
        output = recipe.reading([source], counts[-1], last, "output")
        super().__init__(inputs, layers, output)
