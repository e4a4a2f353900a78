"""Closed-form continuous-time cells, built from ordinary neurons and gates."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, final

import numpy as np

from synapse._checks import MAX_NEURONS, boolean, suggests_arguments, whole_number
from synapse._initializer import Initializer, Seed
from synapse._squash import Squash
from synapse.objects.architectures import register
from synapse.objects.layer import Layer
from synapse.objects.network import Network

from ._recipe import Recipe, checked_sizes, pass_on


@final
@register
class CfC(Network):
    """Closed-form continuous-time cells for rows at any intervals, by Hasani and others
    2022. ::

        input, cells (of the step before) => backbone
        backbone => first, second, speeds, blends
        elapsed time ==(speeds)==> blends
        first --o--> cells (1 - blends);  second --o--> cells (blends);  cells => output

    The last input is the time d since the previous row. A step with the inputs x starts
    from u, which is the backbone tanh(W [x, h(t-1)] + b) or, without a backbone, [x,
    h(t-1)] itself, and computes::

        f = tanh(W_f u + b_f)                           first
        g = tanh(W_g u + b_g)                           second
        a = W_a u + b_a                                 speeds
        z = logistic(d a + W_b u + b_b)                 blends
        h = (1 - z) f + z g                             cells

    With `mixed_memory`, the cells of an LSTM come first. They read x and h(t-1), and
    their outputs replace h(t-1) in u. Without `gated`, h = f + z g.

    Parameters
    ----------
    inputs, cells, outputs : int
        Number of inputs (besides the elapsed time), cells and outputs.
    backbone : int
        Number of neurons in the backbone. Default: 0, which means no backbone.
    mixed_memory : bool
        Whether an LSTM, whose forget gates have the bias 1, precedes the cells.
        Default: False.
    gated : bool
        Whether the first part is multiplied by 1 - z. Default: True.
    output_squash : str or Squash
        Activation function of the outputs.
    initializer, bias_initializer, seed, dtype
        The same as for :class:`Perceptron`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a size is not a whole number above 0, or an option is not a boolean.

    See Also
    --------
    CTRNN : Neurons with time constants.
    LSTM : Memory for rows at equal intervals.

    Examples
    --------
    >>> net = CfC(1, 4, 1, backbone=8, seed=0)
    >>> net
    <CfC 2-4-1, 35 neurons, 188 connections>
    >>> net.run([[1.0, 0.5], [0.2, 2.0]]).shape
    (2, 1)
    """

    _left_out = ("backbone", "first", "second", "speeds", "blends", "inverse", "memory")

    @suggests_arguments("architecture")
    def __init__(
        self,
        inputs: int,
        cells: int,
        outputs: int,
        *,
        backbone: Annotated[
            int,
            partial(
                whole_number,
                condition=f"a whole number from 0 to {MAX_NEURONS}",
                minimum=0,
                maximum=MAX_NEURONS,
            ),
        ] = 0,
        mixed_memory: Annotated[bool, boolean] = False,
        gated: Annotated[bool, boolean] = True,
        output_squash: str | Squash = "logistic",
        initializer: str | Initializer = "glorot",
        bias_initializer: str | Initializer = "zeros",
        seed: Seed = None,
        dtype: Any = np.float64,
    ) -> None:
        counts = checked_sizes(
            "CfC", (inputs, cells, outputs), 3, "inputs, cells, outputs"
        )
        recipe = Recipe(seed, initializer, bias_initializer, dtype, output_squash)

        size = counts[1]
        input_layer = recipe.inputs(counts[0] + 1)
        signals = input_layer[:-1]
        elapsed = input_layer[-1:]
        middle = recipe.fixed(size, "cells")
        layers = []

        # What computes u: the cells and signals, an LSTM, a backbone.
        sources = [signals, middle]
        if mixed_memory:
            layers = _memory(recipe, sources, size)
            sources = [signals, layers[-1]]
        if backbone:
            layers.append(recipe.reading(sources, backbone, "tanh", "backbone"))
            sources = layers[-1:]

        # Four layers read u. Blends also read the elapsed time, times the speeds.
        names = {
            "first": "tanh",
            "second": "tanh",
            "speeds": "identity",
            "blends": "logistic",
        }
        heads = [
            recipe.reading(sources, size, function, name)
            for name, function in names.items()
        ]
        start, end, speeds, blends = heads
        speeds.gate(elapsed.project(blends, weights=1.0, trainable=False), "input")
        blends.gate(pass_on(end, middle), "input")
        direct = pass_on(start, middle)
        if gated:
            inverse = recipe.fixed(size, "inverse", bias=1.0)
            pass_on(blends, inverse, -1.0)
            inverse.gate(direct, "input")
            heads.append(inverse)

        output = recipe.reading([middle], counts[2], output_squash, "output")
        super().__init__(input_layer, [*layers, *heads, middle], output)


def _memory(recipe: Recipe, sources: list[Layer], size: int) -> list[Layer]:
    """Return the layers of an LSTM in activation order. The last one contains its
    outputs.
    """
    takes, keeps, gives = (
        recipe.reading(sources, size, "logistic", f"memory {name} gates", bias)
        for name, bias in (("input", None), ("forget", 1.0), ("output", None))
    )
    candidates = recipe.reading(sources, size, "tanh", "memory candidates")
    states = recipe.fixed(size, "memory", function="tanh")
    outputs = recipe.fixed(size, "memory outputs")
    takes.gate(pass_on(candidates, states), "input")
    keeps.gate(pass_on(states, states), "input")
    gives.gate(pass_on(states, outputs), "input")
    return [takes, keeps, gives, candidates, states, outputs]
