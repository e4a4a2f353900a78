"""The long short-term memory, built from ordinary neurons and gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Final, Literal, NamedTuple, final

import numpy as np

from synapse._checks import (
    MAX_NEURONS,
    boolean,
    choice,
    positive_integer,
    require,
    suggests_arguments,
)
from synapse._initializer import Initializer, Seed
from synapse._squash import Squash, get as squash_named
from synapse.errors import ArgumentError
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

STANDARD: Final = "standard"
SYNAPTIC = "synaptic"
STYLES = (STANDARD, SYNAPTIC)
USUAL: Final = "usual"
GATE_BIASES = {STANDARD: (0.0, 3.0, 0.0), SYNAPTIC: (1.0, 1.0, 1.0)}
"""Default biases of input, forget and output gates by style."""


class MemoryBlocks(NamedTuple):
    """The layers that form one layer of memory blocks in the style "synaptic".
    `forget_gates` may be None.
    """

    input_gates: Layer
    forget_gates: Layer | None
    cells: Layer
    output_gates: Layer


class StandardBlocks(NamedTuple):
    """The layers that form one layer of memory blocks in the style "standard", in
    activation order. `hidden` is h_t.
    """

    input_gates: Layer
    forget_gates: Layer | None
    candidates: Layer
    cells: Layer
    output_gates: Layer
    squashed_cells: Layer
    hidden: Layer


@final
@register
class LSTM(Network):
    """Long short-term memory: memory cells with input, forget and output gates.

    Hochreiter and Schmidhuber 1997, with the forget gates of Gers, Schmidhuber and
    Cummins 2000 and the peepholes of Gers and Schmidhuber 2000. The online rule is
    LSTM-g by Monner and Reggia 2012.

    The default style "standard" is the block of textbooks and of `torch.nn.LSTM`, in
    which cell inputs and outputs are squashed, and the gated outputs recur. A layer
    with the inputs x computes at step t::

        i_t, f_t, o_t = logistic(W x_t + U h_{t-1} + b)   input, forget, output gates
        g_t = tanh(W x_t + U h_{t-1} + b)                 candidates
        c_t = f_t * c_{t-1} + i_t * g_t                   cells
        h_t = o_t * tanh(c_t)                             squashed cells, hidden

    Peepholes add c_{t-1} to the sums of input and forget gates, and c_t to the sums of
    the output gates. A cell is a neuron with a self-connection of weight 1, which
    preserves its state and keeps the size of an error that passes back through it (the
    constant error carousel). Because a candidate is a neuron between the inputs and a
    cell, the online rule assigns credit over many steps to the weights of the gates,
    but not to the weights of the candidates.

    The style "synaptic" follows Synaptic 1.1.4 with its defaults, except for wider
    weights, which learn long lags from more seeds. To draw Synaptic's weights, within
    ±0.1, pass ``initializer="uniform"``. There are no candidates. Instead, the
    connections from the inputs lead directly to the cells, and the input gates multiply
    them. The online rule therefore assigns credit over many steps to these weights,
    too::

                  input gates   forget gates     output gates
                       |             | (self)         |
        input =========o=====> cells o ===============o=====> output
          =>  gates (and output)   => gates (peepholes)

    Neurons activate in the order input gates, forget gates, cells, output gates. Since
    the outputs of a block recur only through the peepholes, a single block learns less
    than one in the style "standard". Its logistic cells saturate at high rates. On
    sequences, whose context is cleared, use a rate of 0.05 or less, or linear cells
    without peepholes, although these are worse on a stream. `studies/defaults.md`
    compares them.

    Parameters
    ----------
    *sizes : int
        Number of inputs, memory blocks in each layer, and number of outputs.
    style : {"standard", "synaptic"}
        Style of the memory block.
    peepholes : {"usual", "all_to_all", "one_to_one", None}
        Connections from cells to the gates of all blocks in the layer ("all_to_all"),
        to the gates of their own block ("one_to_one"), or no such connections (None).
        "usual" means None, but "all_to_all" in the style "synaptic".
    hidden_to_hidden : bool
        Whether every cell is connected to the other cells of its layer (not gated).
    output_to_hidden, output_to_gates : bool
        Whether the outputs are connected back to the cells, or to the gates.
    input_to_output : bool, optional
        Whether the inputs are connected to the outputs directly. Default: False, but
        True in the style "synaptic".
    forget_gates : bool
        Whether there are forget gates. Without them, cells never forget, as in 1997.
    cells_per_block : int
        Number of cells that share the gates of a block.
    cell_squash : str or Squash, optional
        Activation function of candidates and squashed cells, or of the cells in the
        style "synaptic". Default: tanh, but logistic in the style "synaptic".
    squash, output_squash : str or Squash
        Activation functions of the gates and of the outputs. Default of
        `output_squash`: `squash`.
    input_gate_bias, forget_gate_bias, output_gate_bias : float, optional
        Initial biases of the gates. Default: 0, 3 and 0, so that cells remember
        initially, but 1, 1 and 1 in the style "synaptic".
        `studies/papers/lstm_recipe.md` has the measurements.
    span : float or (float, float), optional
        Initial number of steps over which cells remember, instead of the biases of
        input and forget gates. Each cell has its own span u, drawn uniformly from 1 to
        a number, or from a range on a logarithmic scale, such as (1, 1000). Its forget
        gate gets the bias ln u, and its input gate -ln u (Tallec and Ollivier 2018).
        The gates must be logistic. Default: no spans.
    initializer, bias_initializer, seed, dtype
        The same as for :class:`Perceptron`. Without a span, the biases of gates are not
        random.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a size or an option is invalid. `hidden_to_hidden`, `output_to_hidden`,
        `output_to_gates` and `cells_per_block` require the style "synaptic".

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
    _left_out = (
        "forget gates",
        "candidates",
        "cells",
        "output gates",
        "squashed cells",
        "hidden",
    )

    @suggests_arguments(
        "architecture",
        void=[
            ("forget_gate_bias", "forget_gates", lambda g: g["forget_gates"] is False),
            ("forget_gate_bias", "span", lambda given: given["span"] is not None),
            ("input_gate_bias", "span", lambda given: given["span"] is not None),
        ],
    )
    def __init__(
        self,
        *sizes: int,
        style: Annotated[
            Literal["standard", "synaptic"], partial(choice, options=STYLES)
        ] = STANDARD,
        peepholes: Annotated[
            Literal["usual", "all_to_all", "one_to_one"] | None,
            partial(choice, options=(USUAL, "all_to_all", "one_to_one", None)),
        ] = USUAL,
        hidden_to_hidden: Annotated[bool, boolean] = False,
        output_to_hidden: Annotated[bool, boolean] = False,
        output_to_gates: Annotated[bool, boolean] = False,
        input_to_output: Annotated[bool | None, boolean] = None,
        forget_gates: Annotated[bool, boolean] = True,
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
        counts = checked_sizes(
            "LSTM", sizes, 3, "inputs, layers of memory blocks, outputs"
        )
        standard = style == STANDARD

        # Defaults that depend on the style
        if peepholes == USUAL:
            peepholes = None if standard else "all_to_all"
        if input_to_output is None:
            input_to_output = not standard
        if cell_squash is None:
            cell_squash = "tanh" if standard else "logistic"
        usual = GATE_BIASES[style]
        ins, forgets, outs = checked_biases(
            "LSTM",
            dtype,
            input_gate_bias=usual[0] if input_gate_bias is None else input_gate_bias,
            forget_gate_bias=usual[1] if forget_gate_bias is None else forget_gate_bias,
            output_gate_bias=usual[2] if output_gate_bias is None else output_gate_bias,
        )

        options = LSTMOptions(
            peepholes=peepholes,
            squash=squash,
            cell_squash=cell_squash,
            biases=(ins, forgets if forget_gates else None, outs),
            cells_per_block=positive_integer(
                "cells_per_block of LSTM", cells_per_block, MAX_NEURONS // max(counts)
            ),
            hidden_to_hidden=hidden_to_hidden,
            output_to_hidden=output_to_hidden,
            output_to_gates=output_to_gates,
        )
        if standard:
            _refuse_other_style(options)

        last = squash if output_squash is None else output_squash
        functions = (squash, last, options.cell_squash)
        recipe = Recipe(seed, initializer, bias_initializer, dtype, *functions)
        recipe.remember("LSTM", span)
        logistic = squash_named(squash).name == "logistic"
        if recipe.span and not (forget_gates and logistic):
            raise ArgumentError(
                "Expected logistic forget gates for the span of LSTM, got others or"
                " none."
            )

        # The last layer of standard blocks leads to the outputs; in the other style
        # each layer of cells does.
        inputs = recipe.inputs(counts[0])
        fan_in = counts[-2] if standard else sum(counts[1:-1]) * options.cells_per_block
        if input_to_output:
            fan_in += counts[0]
        output = recipe.layer(counts[-1], last, "output", fan_in=fan_in)
        build: Any = standard_blocks if standard else synaptic_blocks
        blocks = build(recipe, counts[1:-1], inputs, output, options)
        if input_to_output:
            recipe.connect(inputs, output)
        hidden = [layer for block in blocks for layer in block if layer is not None]
        super().__init__(inputs, hidden, output)
        self.blocks = tuple(blocks)

    @classmethod
    def find_parts(
        cls, layers: Sequence[Layer], settings: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the layers of each layer of memory blocks."""
        standard = any((layer.name or "").startswith("candidates") for layer in layers)
        block: Any = StandardBlocks if standard else MemoryBlocks
        return {"blocks": blocks_of(block, layers, optional=("forget gates",))}


def _refuse_other_style(options: LSTMOptions) -> None:
    """Raise an error if an option does not exist in the standard style."""
    cells = options.cells_per_block
    require(cells == 1, "cells_per_block of a standard LSTM", "1", cells)
    for name in ("hidden_to_hidden", "output_to_hidden", "output_to_gates"):
        require(
            not getattr(options, name),
            f"{name} of a standard LSTM",
            "False",
            True,
            f"In the standard style the hidden layer recurs; {name} is of the style"
            f" {SYNAPTIC!r}.",
        )


class LSTMOptions(NamedTuple):
    """Options of an LSTM. `biases` are those of the input, forget and output gates,
    where the forget gates may have None.
    """

    peepholes: str | None
    squash: str | Squash
    cell_squash: str | Squash
    biases: tuple[float, float | None, float]
    cells_per_block: int
    hidden_to_hidden: bool
    output_to_hidden: bool
    output_to_gates: bool


def _biases(recipe: Recipe, size: int, options: LSTMOptions) -> tuple[Any, Any, float]:
    """Return the biases of a layer's input, forget and output gates. Cells that retain
    much of their state take in little.
    """
    ins, forgets, outs = options.biases
    keeping = recipe.keeping(size, forgets)
    if recipe.span:
        ins = -keeping
    return ins, keeping, outs


def synaptic_blocks(
    recipe: Recipe, sizes: list[int], inputs: Layer, output: Layer, options: LSTMOptions
) -> list[MemoryBlocks]:
    """Return layers of blocks in Synaptic's style, between inputs and outputs. Every
    layer feeds the outputs.
    """
    blocks: list[MemoryBlocks] = []
    for i, size in enumerate(sizes):
        ins, forgets, outs = _biases(recipe, size, options)
        names = block_names(MemoryBlocks, i, len(sizes))
        sources = [inputs, *(b.cells for b in blocks[-1:])]
        cells = size * options.cells_per_block
        fan_in = sum(map(len, sources))
        if options.hidden_to_hidden:
            fan_in += cells - 1
        if options.output_to_hidden:
            fan_in += len(output)
        block = MemoryBlocks(
            recipe.layer(size, options.squash, names[0], ins),
            None
            if forgets is None
            else recipe.layer(size, options.squash, names[1], forgets),
            recipe.layer(cells, options.cell_squash, names[2], fan_in=fan_in),
            recipe.layer(size, options.squash, names[3], outs),
        )
        _wire_synaptic(recipe, block, sources, output, options)
        blocks.append(block)
    return blocks


def _wire_synaptic(
    recipe: Recipe,
    block: MemoryBlocks,
    sources: list[Layer],
    output: Layer,
    options: LSTMOptions,
) -> None:
    """Connect the sources to the gates and, through gates, to the cells. Connect the
    cells to the gates and the output.
    """
    gates = _gates(block)
    for source in sources:
        block.input_gates.gate(recipe.connect(source, block.cells), "input")
        for layer in gates:
            recipe.connect(source, layer)
    block.output_gates.gate(recipe.connect(block.cells, output), "output")
    _carry(block)
    if options.peepholes is not None:
        for layer in gates:
            recipe.connect(block.cells, layer, options.peepholes)
    if options.hidden_to_hidden and len(block.cells) > 1:
        recipe.connect(block.cells, block.cells, "all_to_else")
    if options.output_to_hidden:
        recipe.connect(output, block.cells)
    if options.output_to_gates:
        for layer in gates:
            recipe.connect(output, layer)


def standard_blocks(
    recipe: Recipe, sizes: list[int], inputs: Layer, output: Layer, options: LSTMOptions
) -> list[StandardBlocks]:
    """Return layers of standard blocks, each fed by the previous one. The last one
    feeds the outputs.
    """
    blocks: list[StandardBlocks] = []
    source = inputs
    for i, size in enumerate(sizes):
        ins, forgets, outs = _biases(recipe, size, options)
        names = block_names(StandardBlocks, i, len(sizes))
        fan_in = len(source) + size
        block = StandardBlocks(
            recipe.layer(size, options.squash, names[0], ins),
            None
            if forgets is None
            else recipe.layer(size, options.squash, names[1], forgets),
            recipe.layer(size, options.cell_squash, names[2], fan_in=fan_in),
            recipe.fixed(size, names[3]),
            recipe.layer(size, options.squash, names[4], outs),
            recipe.fixed(size, names[5], function=options.cell_squash),
            recipe.fixed(size, names[6]),
        )

        # The sums W x + U h, whose weights are trainable; those of copies are not.
        gates = _gates(block)
        for layer in (*gates, block.candidates):
            recipe.connect(source, layer)
            recipe.connect(block.hidden, layer)

        # c = f * c + i * g, then h = o * tanh(c)
        block.input_gates.gate(pass_on(block.candidates, block.cells), "input")
        _carry(block)
        pass_on(block.cells, block.squashed_cells)
        block.output_gates.gate(pass_on(block.squashed_cells, block.hidden), "input")

        if options.peepholes is not None:
            for layer in gates:
                recipe.connect(block.cells, layer, options.peepholes)
        blocks.append(block)
        source = block.hidden
    recipe.connect(source, output)
    return blocks


def _gates(block: MemoryBlocks | StandardBlocks) -> list[Layer]:
    """Return the gate layers of a layer of memory blocks."""
    gates = (block.input_gates, block.forget_gates, block.output_gates)
    return [layer for layer in gates if layer is not None]


def _carry(block: MemoryBlocks | StandardBlocks) -> None:
    """Add the constant error carousel, which consists of self-connections of weight 1
    that are gated by any forget gates.
    """
    carousel = block.cells.project(block.cells, "one_to_one")
    if block.forget_gates is not None:
        block.forget_gates.gate(carousel, "input")
