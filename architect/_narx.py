"""The nonlinear autoregressive network with exogenous inputs."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import pairwise
from typing import Annotated, Any, final

import numpy as np

from synapse._checks import (
    MAX_DELAYS,
    integer,
    listed,
    positive_integer,
    suggests_arguments,
)
from synapse._initializer import Initializer, Seed
from synapse._squash import Squash
from synapse.objects.architectures import register
from synapse.objects.layer import Layer
from synapse.objects.network import Network

from ._recipe import Recipe, checked_sizes, numbered, pass_on

LENGTH = partial(positive_integer, maximum=MAX_DELAYS)


@final
@register
class NARX(Network):
    """A perceptron that reads past inputs and past outputs, by Lin, Horne, Tino and
    Giles 1996. ::

        y_t = F(x_t, x_{t-1}, ..., x_{t - input_delay},
                     y_{t-1}, ..., y_{t - output_delay})

        input x -> input delay 1  -> input delay 2  -> ...  =>
                                                        hidden 1 => ... => output y
              y -> output delay 1 -> output delay 2 -> ...  =>

        -> one to one, weight 1, not trained
        => all to all, from the inputs and every delay

    A delay line consists of identity neurons, each of which copies the activation that
    the previous one had one step earlier. The last layer of a line therefore activates
    first. The output line activates before the hidden layers, and after step t its
    layer k contains `y_{t-k}`. Because inputs activate before everything else, the
    input line shifts after the hidden layers have read it. Its layer k then contains
    `x_{t-k+1}`, which they read in step t + 1.

    Parameters
    ----------
    inputs : int
        Number of inputs.
    hidden : int or iterable of int
        Size of the hidden layer, or of each hidden layer. The delay lines feed the
        first.
    outputs : int
        Number of outputs.
    input_delay, output_delay : int
        Lengths of the delay lines in steps, from 1 to 10,000.
    squash, output_squash : str or Squash
        Activation functions of the hidden neurons and of the outputs.
    initializer, bias_initializer, seed, dtype
        The same as for :class:`Perceptron`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a size or delay is not a whole number above 0.

    Examples
    --------
    >>> NARX(1, 10, 1, input_delay=3, output_delay=2, seed=0)
    <NARX 1-10-1, 17 neurons, 75 connections>
    """

    _left_out = ("input delay", "output delay")

    @suggests_arguments("architecture")
    def __init__(
        self,
        inputs: int,
        hidden: int | Iterable[int],
        outputs: int,
        *,
        input_delay: Annotated[int, LENGTH] = 2,
        output_delay: Annotated[int, LENGTH] = 2,
        squash: str | Squash = "tanh",
        output_squash: str | Squash = "identity",
        initializer: str | Initializer = "fan_in",
        bias_initializer: str | Initializer = "fan_in",
        seed: Seed = None,
        dtype: Any = np.float64,
    ) -> None:
        single = not isinstance(hidden, Iterable) or integer(hidden) is not None
        condition = "a whole number above 0, or a list of them"
        hidden_sizes: Any = [hidden]
        if not single:
            hidden_sizes = listed("hidden of NARX", hidden, condition)
        all_sizes = (inputs, *hidden_sizes, outputs)
        counts = checked_sizes("NARX", all_sizes, 3, "inputs, hidden layers, outputs")
        recipe = Recipe(
            seed, initializer, bias_initializer, dtype, squash, output_squash
        )
        input_layer = recipe.inputs(counts[0])
        sizes = counts[1:-1]
        fans = [counts[0] * (1 + input_delay) + counts[-1] * output_delay, *sizes]
        layers = [
            recipe.layer(n, squash, numbered("hidden", i, len(sizes)), fan_in=fans[i])
            for i, n in enumerate(sizes)
        ]
        output = recipe.layer(counts[-1], output_squash, "output", fan_in=fans[-1])
        past_outputs = _delay_line(recipe, output, output_delay, "output delay")
        past_inputs = _delay_line(recipe, input_layer, input_delay, "input delay")

        for source in (input_layer, *past_inputs, *past_outputs):
            recipe.connect(source, layers[0], fan_in=fans[0])
        for source, target in pairwise([*layers, output]):
            recipe.connect(source, target)

        # The last layer of a line activates first: it copies what the one before had.
        middle = [*reversed(past_outputs), *layers, *reversed(past_inputs)]
        super().__init__(input_layer, middle, output)


def _delay_line(recipe: Recipe, source: Layer, length: int, name: str) -> list[Layer]:
    """Return layers that each copy the previous one, the first of which copies
    `source`.
    """
    line = [source]
    for i in range(length):
        line.append(recipe.fixed(len(source), f"{name} {i + 1}"))
        pass_on(line[i], line[i + 1])
    return line[1:]
