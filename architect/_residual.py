"""The residual network."""

from __future__ import annotations

from typing import Any, final

import numpy as np

from synapse._checks import suggests_arguments
from synapse._initializer import Initializer, Seed
from synapse._squash import Squash
from synapse.errors import ArgumentError
from synapse.objects.architectures import register
from synapse.objects.network import Network

from ._recipe import Recipe, checked_sizes, pass_on


@final
@register
class Residual(Network):
    """Hidden layers whose outputs are added to their inputs, by He, Zhang, Ren and Sun
    2016. ::

                   +---------------------+
                   |                     v
        input => hidden 1 => hidden 2 -> sum 2 => hidden 3 -> sum 3 => ... => output
                                           |                    ^
                                           +--------------------+

        -> one to one, weight 1, not trained     => all to all

        h_1 = f(W_1 x + b_1),    h_k = h_{k-1} + f(W_k h_{k-1} + b_k)

    The sum h_k is a separate layer of identity neurons (the form of "Identity mappings
    in deep residual networks"). It passes activations and errors from sum to sum
    unchanged, in networks of any depth. A skip connection that ended in the hidden
    layer itself would be squashed with the other inputs.

    Parameters
    ----------
    *sizes : int
        Number of inputs, sizes of two or more hidden layers (all equal), and number of
        outputs.
    squash, output_squash : str or Squash
        Activation functions f of the hidden neurons, and of the outputs.
    initializer, bias_initializer, seed, dtype
        The same as for :class:`Perceptron`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there are fewer than four sizes, a size is not a whole number above 0, or
        hidden layers differ in size.

    Examples
    --------
    >>> Residual(2, 8, 8, 8, 1, seed=0)
    <Residual 2-8-8-8-1, 43 neurons, 184 connections>
    """

    _left_out = ("sum",)

    @suggests_arguments("architecture")
    def __init__(
        self,
        *sizes: int,
        squash: str | Squash = "tanh",
        output_squash: str | Squash = "logistic",
        initializer: str | Initializer = "fan_in",
        bias_initializer: str | Initializer = "fan_in",
        seed: Seed = None,
        dtype: Any = np.float64,
    ) -> None:
        form = "inputs, two or more hidden layers of one size, outputs"
        counts = checked_sizes("Residual", sizes, 4, form)
        if len(set(counts[1:-1])) > 1:
            raise ArgumentError(
                "The hidden layers of Residual must be of one size, got"
                f" {counts[1:-1]}."
            )
        recipe = Recipe(
            seed, initializer, bias_initializer, dtype, squash, output_squash
        )
        inputs = recipe.inputs(counts[0])
        layers = [recipe.reading([inputs], counts[1], squash, "hidden 1")]
        for i in range(2, len(counts) - 1):
            before = layers[-1]
            hidden = recipe.layer(counts[1], squash, f"hidden {i}", fan_in=counts[1])
            total = recipe.fixed(counts[1], f"sum {i}")
            recipe.connect(before, hidden)
            pass_on(hidden, total)
            pass_on(before, total)
            layers += [hidden, total]
        output = recipe.reading(layers[-1:], counts[-1], output_squash, "output")
        super().__init__(inputs, layers, output)
