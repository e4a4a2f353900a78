"""The long short-term memory, built from ordinary neurons and gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np

from synapse import ALL_TO_ALL, ONE_TO_ONE, Layer, Network
from synapse._checks import MOST_NEURONS, boolean, choice, expected, positive_integer, understands
from synapse.errors import ArgumentError
from synapse.initializers import Initializer, Seed
from synapse.objects.architectures import register
from synapse.squash import Squash, get as squash_named

from ._memory import LSTMOptions, MemoryBlocks, StandardBlocks, standard_blocks, synaptic_blocks
from ._recipe import Recipe, blocks_of, checked_biases, checked_sizes

STANDARD, SYNAPTIC = STYLES = ("standard", "synaptic")
USUAL = "usual"
GATE_BIASES = {STANDARD: (0.0, 3.0, 0.0), SYNAPTIC: (1.0, 1.0, 1.0)}
"""Default biases of input, forget and output gates by style."""


@final
@register
class LSTM(Network):
    """Long short-term memory: memory cells with input, forget and output gates.

    Hochreiter and Schmidhuber 1997, with the forget gates of Gers, Schmidhuber and Cummins 2000 and the
    peepholes of Gers and Schmidhuber 2000. The online rule is that of Monner and Reggia 2012 (LSTM-g).

    The style "standard", the default, is the block of textbooks and of `torch.nn.LSTM`: cell inputs
    and outputs are squashed, and the gated outputs recur. A layer with inputs x computes at step t::

        i_t, f_t, o_t = logistic(W x_t + U h_{t-1} + b)            input, forget, output gates
        g_t = tanh(W x_t + U h_{t-1} + b)                          candidates
        c_t = f_t * c_{t-1} + i_t * g_t                            cells
        h_t = o_t * tanh(c_t)                                      squashed cells, hidden

    Peepholes add c_{t-1} to the sums of input and forget gates, and c_t to those of the output gates.
    A cell is a neuron with a self-connection of weight 1, the constant error carousel. A candidate lies
    between the inputs and a cell, so the online rule assigns credit over many steps to the weights of the
    gates, but not to those of the candidates.

    The style "synaptic" is that of Synaptic 1.1.4, with its defaults except for wider weights, which learn
    long lags from more seeds; ``initializer="uniform"`` draws Synaptic's, within ±0.1. Inputs enter the cells
    directly, so the online rule assigns credit over many steps to these weights too::

                  input gates   forget gates     output gates
                       |             | (self)         |
        input =========o=====> cells o ===============o=====> output
          =>  gates (and output)   => gates (peepholes)

    Neurons activate in the order input gates, forget gates, cells, output gates. The outputs of a block
    recur through the peepholes only, so a single block learns less than one of the style "standard". Its
    logistic cells saturate at high rates: on sequences, whose context is cleared, use a rate of 0.05 or less,
    or linear cells without peepholes; these are worse on a stream. `studies/defaults.md` compares them.

    Parameters
    ----------
    *sizes : int
        Number of inputs, memory blocks of each layer, and number of outputs.
    style : {"standard", "synaptic"}
        Style of the memory block.
    peepholes : {"usual", "all_to_all", "one_to_one", None}
        Connections from cells to gates: to those of all blocks of the layer, to those of their own block, or
        none. "usual" means none, and all to all in the style "synaptic".
    hidden_to_hidden : bool
        Whether every cell is connected to the other cells of its layer (not gated).
    output_to_hidden, output_to_gates : bool
        Whether the outputs are connected back to the cells, or to the gates.
    input_to_output : bool, optional
        Whether the inputs are connected to the outputs directly. Default: False, and True in the style
        "synaptic".
    forget_gates : bool
        Whether there are forget gates. Without them cells never forget, as in 1997.
    cells_per_block : int
        Number of cells that share the gates of a block.
    cell_squash : str or Squash, optional
        Activation function of candidates and squashed cells, or of the cells in the style "synaptic".
        Default: tanh, and logistic in the style "synaptic".
    squash, output_squash : str or Squash
        Activation functions of the gates and of the outputs. Default of `output_squash`: `squash`.
    input_gate_bias, forget_gate_bias, output_gate_bias : float, optional
        Initial biases of the gates. Default: 0, 3 and 0, so that cells remember at first; 1, 1 and 1 in the
        style "synaptic". `studies/papers/lstm_recipe.md` has the measurements.
    span : float or (float, float), optional
        Steps over which cells remember at first, instead of the biases of input and forget gates. Each cell
        has its own span u, drawn uniformly from 1 to a number, or from a range on a logarithmic scale, such
        as (1, 1000). Its forget gate gets the bias ln u, its input gate -ln u (Tallec and Ollivier 2018). The
        gates must be logistic. Default: no spans.
    initializer, bias_initializer, seed, dtype
        As for :class:`Perceptron`; the biases of gates are not random without a span.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a size or an option cannot be used. `hidden_to_hidden`, `output_to_hidden`, `output_to_gates`
        and `cells_per_block` require the style "synaptic".

    Examples
    --------
    >>> net = LSTM(6, 8, 6, seed=0)
    >>> net
    <LSTM 6-8-6, 68 neurons, 528 connections>
    >>> net["forget gates"], net.blocks[0].hidden
    (<Layer forget gates, 8 neurons>, <Layer hidden, 8 neurons>)
    >>> LSTM(6, 8, 6, style="synaptic", seed=0)
    <LSTM 6-8-6, 44 neurons, 476 connections>
    """

    blocks: tuple[MemoryBlocks | StandardBlocks, ...]
    _left_out = ("forget gates", "candidates", "cells", "output gates", "squashed cells", "hidden")

    @understands("architecture")
    def __init__(
        self,
        *sizes: int,
        style: str = STANDARD,
        peepholes: str | None = USUAL,
        hidden_to_hidden: bool = False,
        output_to_hidden: bool = False,
        output_to_gates: bool = False,
        input_to_output: bool | None = None,
        forget_gates: bool = True,
        cells_per_block: int = 1,
        cell_squash: str | Squash | None = None,
        squash: str | Squash = "logistic",
        output_squash: str | Squash | None = None,
        input_gate_bias: float | None = None,
        forget_gate_bias: float | None = None,
        output_gate_bias: float | None = None,
        span: float | tuple[float, float] | None = None,
        initializer: str | Initializer = "fan_in",
        bias_initializer: str | Initializer = "uniform",
        seed: Seed = None,
        dtype: Any = np.float64,
    ) -> None:
        counts = checked_sizes("LSTM", sizes, 3, "inputs, layers of memory blocks, outputs")
        choice("The style of LSTM", style, STYLES)
        choice("The peepholes of LSTM", peepholes, (USUAL, ALL_TO_ALL, ONE_TO_ONE, None))
        standard = style == STANDARD
        direct = not standard
        if input_to_output is not None:
            direct = boolean("The input_to_output of LSTM", input_to_output)
        usual = GATE_BIASES[style]
        ins, forgets, outs = checked_biases(
            "LSTM",
            dtype,
            input_gate_bias=usual[0] if input_gate_bias is None else input_gate_bias,
            forget_gate_bias=usual[1] if forget_gate_bias is None else forget_gate_bias,
            output_gate_bias=usual[2] if output_gate_bias is None else output_gate_bias,
        )
        most = MOST_NEURONS // max(counts)
        options = LSTMOptions(
            peepholes=(None if standard else ALL_TO_ALL) if peepholes == USUAL else peepholes,
            squash=squash,
            cell_squash=("tanh" if standard else "logistic") if cell_squash is None else cell_squash,
            biases=(ins, forgets if boolean("The forget_gates of LSTM", forget_gates) else None, outs),
            cells_per_block=positive_integer("The cells_per_block of LSTM", cells_per_block, most),
            hidden_to_hidden=boolean("The hidden_to_hidden of LSTM", hidden_to_hidden),
            output_to_hidden=boolean("The output_to_hidden of LSTM", output_to_hidden),
            output_to_gates=boolean("The output_to_gates of LSTM", output_to_gates),
        )
        if standard:
            _refuse_other_style(options)
        last = squash if output_squash is None else output_squash
        functions = (squash, last, options.cell_squash)
        recipe = Recipe(seed, initializer, bias_initializer, dtype, *functions)
        recipe.remember("LSTM", span, input_gate_bias=input_gate_bias, forget_gate_bias=forget_gate_bias)
        if recipe.span and not (forget_gates and squash_named(squash).name == "logistic"):
            raise ArgumentError("Expected logistic forget gates for the span of LSTM, got others or none.")
        inputs = recipe.inputs(counts[0])
        below = [counts[-2]] if standard else [size * options.cells_per_block for size in counts[1:-1]]
        fan_in = sum(below) + (counts[0] if direct else 0)
        output = recipe.layer(counts[-1], last, "output", fan_in=fan_in)
        build: Any = standard_blocks if standard else synaptic_blocks
        blocks = build(recipe, counts[1:-1], inputs, output, options)
        if direct:
            recipe.connect(inputs, output)
        hidden = [layer for block in blocks for layer in block if layer is not None]
        super().__init__(inputs, hidden, output)
        self.blocks = tuple(blocks)

    @classmethod
    def find_parts(cls, layers: Sequence[Layer], settings: Mapping[str, Any]) -> dict[str, Any]:
        """The layers of each layer of memory blocks."""
        standard = any((layer.name or "").startswith("candidates") for layer in layers)
        block: Any = StandardBlocks if standard else MemoryBlocks
        return {"blocks": blocks_of(block, layers, optional=("forget gates",))}


def _refuse_other_style(options: LSTMOptions) -> None:
    """Raise if an option does not exist in the standard style."""
    if options.cells_per_block != 1:
        raise ArgumentError(expected("The cells_per_block of a standard LSTM", "1", options.cells_per_block))
    for name in ("hidden_to_hidden", "output_to_hidden", "output_to_gates"):
        if getattr(options, name):
            advice = f"In the standard style the hidden layer recurs; {name} is of the style {SYNAPTIC!r}."
            raise ArgumentError(expected(f"The {name} of a standard LSTM", "False", True, advice))
