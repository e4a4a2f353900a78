"""The gated recurrent unit, built from ordinary neurons and gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, final

import numpy as np

from synapse._checks import suggests_arguments
from synapse._initializer import Initializer, Seed
from synapse._squash import Squash
from synapse.objects.architectures import register
from synapse.objects.layer import Layer
from synapse.objects.network import Network

from ._recipe import (
    Recipe,
    block_names,
    blocks_of,
    checked_biases,
    checked_sizes,
    pass_on,
)


class GatedUnits(NamedTuple):
    """The layers that form one layer of gated recurrent units, in activation order."""

    update_gates: Layer
    inverse_gates: Layer
    reset_gates: Layer
    candidates: Layer
    cells: Layer


@final
@register
class GRU(Network):
    """Gated recurrent units, by Cho and others 2014. ::

                                    reset gates        inverse gates   update gates
                                         |                   |              | (self)
        cells (of the step before) ======o=> candidates -----o----> cells --o  => output
        input, or cells of the layer below => candidates, update and reset gates
        cells (of the step before)         =>  update and reset gates

    A layer with the inputs x computes the activations h of its cells at step t::

        z_t = logistic(W_z x_t + U_z h_{t-1} + b_z)                    update gates
        r_t = logistic(W_r x_t + U_r h_{t-1} + b_r)                    reset gates
        n_t = tanh(W x_t + b + r_t * (U h_{t-1} + c))                  candidates
        h_t = z_t * h_{t-1} + (1 - z_t) * n_t                          cells

    This is the form of `torch.nn.GRU`, in which a reset gate scales the whole recurrent
    sum of its unit, whereas in the paper it scales every h before the sum. A cell is an
    identity neuron with a self-connection of weight 1, gated by its update gate. An
    inverse gate is an identity neuron with bias 1 and a connection of weight -1 from
    its update gate. The bias c, inside the product, is the connection from one constant
    neuron, "constant", to the candidate. Among these weights and biases, only c is
    trainable.

    The traces of an update gate reach over many steps through the self-connection of
    its cell. Because a candidate lies between the inputs and a cell, the online rule
    does not assign credit over many steps to the weights of the candidate. An
    :class:`LSTM` of the style "synaptic" has no candidates. Its inputs lead to the
    cells through the input gate, and the online rule therefore assigns such credit.

    Parameters
    ----------
    *sizes : int
        Number of inputs, units in each layer, and number of outputs.
    squash, output_squash : str or Squash
        Activation functions of the candidates and of the outputs. Gates are logistic.
    update_gate_bias, reset_gate_bias : float, optional
        Initial biases of the gates. With a higher bias of the update gates, cells
        retain their state longer. Defaults: 1 and 1.
    span : float or (float, float), optional
        Initial number of steps over which cells remember, instead of the bias of the
        update gates, see :class:`LSTM`. Default: no spans.
    initializer, bias_initializer, seed, dtype
        The same as for :class:`Perceptron`. Without a span, the biases of gates are not
        random.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there are fewer than three sizes, or one is not a whole number above 0.

    Examples
    --------
    >>> net = GRU(3, 4, 2, seed=0)
    >>> net
    <GRU 3-4-2, 26 neurons, 108 connections>
    >>> net["update gates"], net.units[0].cells
    (<Layer update gates, 4 neurons>, <Layer cells, 4 neurons>)
    """

    units: tuple[GatedUnits, ...]
    _left_out = (
        "constant",
        "update gates",
        "inverse gates",
        "reset gates",
        "candidates",
    )

    @suggests_arguments(
        "architecture",
        void=[("update_gate_bias", "span", lambda given: given["span"] is not None)],
    )
    def __init__(
        self,
        *sizes: int,
        squash: str | Squash = "tanh",
        output_squash: str | Squash = "logistic",
        update_gate_bias: float | None = None,
        reset_gate_bias: float = 1.0,
        span: float | tuple[float, float] | None = None,
        initializer: str | Initializer = "uniform",
        bias_initializer: str | Initializer = "uniform",
        seed: Seed = None,
        dtype: Any = np.float64,
    ) -> None:
        counts = checked_sizes(
            "GRU", sizes, 3, "inputs, layers of gated units, outputs"
        )
        update_bias, reset_bias = checked_biases(
            "GRU",
            dtype,
            update_gate_bias=1.0 if update_gate_bias is None else update_gate_bias,
            reset_gate_bias=reset_gate_bias,
        )
        recipe = Recipe(
            seed, initializer, bias_initializer, dtype, squash, output_squash
        )
        recipe.remember("GRU", span)
        inputs = recipe.inputs(counts[0])
        constant = recipe.fixed(1, "constant", bias=1.0)
        layers = [constant]
        units = []
        source = inputs
        for i, size in enumerate(counts[1:-1]):
            names = block_names(GatedUnits, i, len(counts) - 2)
            keeping = recipe.keeping(size, update_bias)
            unit = GatedUnits(
                recipe.layer(size, "logistic", names[0], keeping),
                recipe.fixed(size, names[1], bias=1.0),
                recipe.layer(size, "logistic", names[2], reset_bias),
                recipe.layer(size, squash, names[3], fan_in=len(source) + size + 1),
                recipe.fixed(size, names[4]),
            )

            # W x and U h: the sums of the gates and the candidates.
            gates = (unit.update_gates, unit.reset_gates)
            for layer in (*gates, unit.candidates):
                recipe.connect(source, layer)
            for layer in gates:
                recipe.connect(unit.cells, layer)

            # r * (U h + c), where c is the weight from the constant neuron.
            for origin in (unit.cells, constant):
                unit.reset_gates.gate(recipe.connect(origin, unit.candidates), "input")

            # h = z * h + (1 - z) * n
            pass_on(unit.update_gates, unit.inverse_gates, -1.0)
            unit.inverse_gates.gate(pass_on(unit.candidates, unit.cells), "input")
            unit.update_gates.gate(pass_on(unit.cells, unit.cells), "input")

            units.append(unit)
            layers += unit
            source = unit.cells
        output = recipe.reading([source], counts[-1], output_squash, "output")
        super().__init__(inputs, layers, output)
        self.units = tuple(units)

    @classmethod
    def find_parts(
        cls, layers: Sequence[Layer], settings: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the layers of each layer of gated units."""
        return {"units": blocks_of(GatedUnits, layers)}
