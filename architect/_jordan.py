"""The Jordan network, whose context copies its outputs."""

from __future__ import annotations

from typing import Any, final

import numpy as np

from synapse._checks import fraction_below_one, suggests_arguments
from synapse._initializer import Initializer, Seed
from synapse._squash import Squash
from synapse.objects.architectures import register
from synapse.objects.network import Network

from ._recipe import Recipe, checked_sizes, numbered, pass_on


@final
@register
class Jordan(Network):
    """A recurrent network with a context that copies the outputs of the previous step,
    by Jordan 1986. ::

        input => hidden => output
                   ^         |           | one to one, weight 1, not trained
                   ||        v           => all to all
                  context <--+
                    o decay

    A context neuron activates before the hidden layers, with the state ``decay * its
    previous state + previous output``, and feeds the first hidden layer. Because the
    error stops there under the online rule, the network learns to use its previous
    outputs, but not to shape them for later use.

    Parameters
    ----------
    *sizes : int
        Number of inputs, sizes of the hidden layers, and number of outputs.
    context_decay : float
        Weight of the self-connection of every context neuron (not trainable), at least
        0 and below 1. With 0, there are no self-connections, and the context is only
        the previous output.
    squash, output_squash, initializer, bias_initializer, seed, dtype
        The same as for :class:`Perceptron`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there are fewer than three sizes, or a size or `context_decay` is out of
        range.

    Examples
    --------
    >>> Jordan(2, 6, 1, seed=0)
    <Jordan 2-6-1, 10 neurons, 25 connections>
    """

    _left_out = ("context",)

    @suggests_arguments("architecture")
    def __init__(
        self,
        *sizes: int,
        context_decay: float = 0.0,
        squash: str | Squash = "logistic",
        output_squash: str | Squash | None = None,
        initializer: str | Initializer = "fan_in",
        bias_initializer: str | Initializer = "fan_in",
        seed: Seed = None,
        dtype: Any = np.float64,
    ) -> None:
        counts = checked_sizes("Jordan", sizes, 3, "inputs, hidden layers, outputs")
        decay = fraction_below_one("context_decay of Jordan", context_decay)
        last = squash if output_squash is None else output_squash
        recipe = Recipe(seed, initializer, bias_initializer, dtype, squash, last)
        inputs = recipe.inputs(counts[0])
        context = recipe.fixed(counts[-1], "context")
        layers = [context]
        source = inputs
        for i, size in enumerate(counts[1:-1]):
            name = numbered("hidden", i, len(counts) - 2)
            # The first hidden layer reads the context too.
            fan_in = len(source) + (0 if i else counts[-1])
            hidden = recipe.layer(size, squash, name, fan_in=fan_in)
            recipe.connect(source, hidden, fan_in=fan_in)
            layers.append(hidden)
            source = hidden
        output = recipe.reading([source], counts[-1], last, "output")

        recipe.connect(context, layers[1], fan_in=counts[0] + counts[-1])
        pass_on(output, context)
        if decay:
            pass_on(context, context, decay)
        super().__init__(inputs, layers, output)
