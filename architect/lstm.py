"""The long short-term memory, made of ordinary neurons and gates."""

from __future__ import annotations

from typing import Any, NamedTuple, final

import numpy as np

from synapse import ALL_TO_ALL, ALL_TO_ELSE, ONE_TO_ONE, Layer, Network, gate
from synapse.errors import ArgumentError, expected, positive_integer
from synapse.initializers import Initializer
from synapse.neuron import Seed
from synapse.squash import Squash

from .recipe import Recipe, checked_sizes, numbered


class MemoryBlocks(NamedTuple):
    """The layers of one layer of memory blocks; `forget_gates` is None where there are none."""

    input_gates: Layer
    forget_gates: Layer | None
    cells: Layer
    output_gates: Layer


@final
class LSTM(Network):
    """Memory cells behind gates: Hochreiter and Schmidhuber 1997, with the forget gates of Gers,
    Schmidhuber and Cummins 2000, the peepholes of Gers and Schmidhuber 2000, learning by the
    rule of Monner and Reggia 2012 (LSTM-g). ::

                  input gates   forget gates     output gates
                       |             | (self)         |
        input =========o=====> cells o ===============o=====> output
          =>  gates (and output)   => gates (peepholes)

    Neurons activate in the order input gates, forget gates, cells, output gates. A cell is a
    neuron with a self-connection of weight 1, the constant error carousel. Defaults are those of
    Synaptic 1.1.4.

    Parameters
    ----------
    *sizes : int
        Inputs, memory blocks of each layer, outputs.
    peepholes : {"all_to_all", "one_to_one", None}
        Connections from cells to the gates: of all blocks of the layer, of their own, or none.
    hidden_to_hidden : bool
        Connect every cell to the other cells of its layer (not gated).
    output_to_hidden, output_to_gates : bool
        Connect the outputs back to the cells, or to the gates.
    input_to_output : bool
        Connect the inputs to the outputs directly.
    forget_gates : bool
        Without them cells never forget, as in 1997.
    cells_per_block : int
        Cells that share the gates of a block.
    cell_squash : str or Squash
        Of the cells.
    squash, output_squash : str or Squash
        Of gates and outputs; of the outputs alone, where given.
    input_gate_bias, forget_gate_bias, output_gate_bias : float
        With what biases the gates start.
    initializer, bias_initializer : str or callable
        How weights and other biases are drawn, see :mod:`synapse.initializers`.
    seed : int or numpy.random.Generator, optional
        Where they are drawn from.
    dtype : numpy dtype
        The float of all numbers.

    Examples
    --------
    >>> net = LSTM(6, 8, 6, seed=0)
    >>> net
    <LSTM 6-8-6, 44 neurons, 476 connections>
    >>> net["forget gates"], net.blocks[0].cells
    (<Layer forget gates, 8 neurons>, <Layer cells, 8 neurons>)
    """

    def __init__(
        self,
        *sizes: int,
        peepholes: str | None = ALL_TO_ALL,
        hidden_to_hidden: bool = False,
        output_to_hidden: bool = False,
        output_to_gates: bool = False,
        input_to_output: bool = True,
        forget_gates: bool = True,
        cells_per_block: int = 1,
        cell_squash: str | Squash = "logistic",
        squash: str | Squash = "logistic",
        output_squash: str | Squash | None = None,
        input_gate_bias: float = 1.0,
        forget_gate_bias: float = 1.0,
        output_gate_bias: float = 1.0,
        initializer: str | Initializer = "uniform",
        bias_initializer: str | Initializer = "uniform",
        seed: Seed = None,
        dtype: Any = np.float64,
    ) -> None:
        counts = checked_sizes("LSTM", sizes, 3, "inputs, layers of memory blocks, outputs")
        per_block = positive_integer("The cells_per_block of LSTM", cells_per_block)
        if peepholes not in (ALL_TO_ALL, ONE_TO_ONE, None):
            raise ArgumentError(
                expected("The peepholes of LSTM", f"{ALL_TO_ALL!r}, {ONE_TO_ONE!r} or None", peepholes)
            )
        recipe = Recipe.of(seed, initializer, bias_initializer, dtype)
        inputs = recipe.inputs(counts[0])
        output = recipe.layer(counts[-1], squash if output_squash is None else output_squash, "output")
        blocks: list[MemoryBlocks] = []
        for i, size in enumerate(counts[1:-1]):

            def named(name: str, i: int = i) -> str:
                return numbered(name, i, len(counts) - 2)

            block = MemoryBlocks(
                recipe.layer(size, squash, named("input gates"), input_gate_bias),
                recipe.layer(size, squash, named("forget gates"), forget_gate_bias) if forget_gates else None,
                recipe.layer(size * per_block, cell_squash, named("cells")),
                recipe.layer(size, squash, named("output gates"), output_gate_bias),
            )
            sources = [inputs, *(b.cells for b in blocks[-1:])]
            _wire(recipe, block, sources, output, peepholes)
            if hidden_to_hidden and len(block.cells) > 1:
                recipe.connect(block.cells, block.cells, ALL_TO_ELSE)
            if output_to_hidden:
                recipe.connect(output, block.cells)
            if output_to_gates:
                for gates in _gates(block):
                    recipe.connect(output, gates)
            blocks.append(block)
        if input_to_output:
            recipe.connect(inputs, output)
        hidden = [layer for block in blocks for layer in block if layer is not None]
        super().__init__(inputs, hidden, output)
        self.blocks = tuple(blocks)
        self._sizes = counts

    def __repr__(self) -> str:
        return self._described("-".join(map(str, self._sizes)))


def _gates(block: MemoryBlocks) -> list[Layer]:
    """The gate layers of a layer of memory blocks."""
    gates = (block.input_gates, block.forget_gates, block.output_gates)
    return [layer for layer in gates if layer is not None]


def _wire(
    recipe: Recipe, block: MemoryBlocks, sources: list[Layer], output: Layer, peepholes: str | None
) -> None:
    """Connect the layers of a memory block.

    Sources to cells, through the input gates, and to the gates; cells to themselves, to the output,
    through the output gates, and to the gates.
    """
    for source in sources:
        entering = recipe.connect(source, block.cells)
        block.input_gates.gate(entering, gate.INPUT)
        for gates in _gates(block):
            recipe.connect(source, gates)
    leaving = recipe.connect(block.cells, output)
    block.output_gates.gate(leaving, gate.OUTPUT)
    carousel = block.cells.project(block.cells, ONE_TO_ONE)
    if block.forget_gates is not None:
        block.forget_gates.gate(carousel, gate.INPUT)
    if peepholes is not None:
        for gates in _gates(block):
            recipe.connect(block.cells, gates, peepholes)
