"""The two styles of an LSTM's memory blocks: Synaptic's and the standard one of textbooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from synapse import ALL_TO_ELSE, ONE_TO_ONE, Layer, gate
from synapse.squash import Squash

from ._recipe import Recipe, block_names, pass_on


class MemoryBlocks(NamedTuple):
    """Layers of one layer of memory blocks in the style "synaptic"; `forget_gates` is None without them."""

    input_gates: Layer
    forget_gates: Layer | None
    cells: Layer
    output_gates: Layer


class StandardBlocks(NamedTuple):
    """Layers of one layer of memory blocks in the style "standard", in activation order; `hidden` is h_t."""

    input_gates: Layer
    forget_gates: Layer | None
    candidates: Layer
    cells: Layer
    output_gates: Layer
    squashed_cells: Layer
    hidden: Layer


@dataclass(frozen=True)
class LSTMOptions:
    """Options of an LSTM; `biases` are those of the input, forget (None without them) and output gates."""

    peepholes: str | None
    squash: str | Squash
    cell_squash: str | Squash
    biases: tuple[float, float | None, float]
    cells_per_block: int
    hidden_to_hidden: bool
    output_to_hidden: bool
    output_to_gates: bool


def _biases(recipe: Recipe, size: int, options: LSTMOptions) -> tuple[Any, Any, float]:
    """Biases of the input, forget and output gates of a layer; cells that keep much take in little."""
    ins, forgets, outs = options.biases
    keeping = recipe.keeping(size, forgets)
    return (-keeping if recipe.span else ins), keeping, outs


def synaptic_blocks(
    recipe: Recipe, sizes: list[int], inputs: Layer, output: Layer, options: LSTMOptions
) -> list[MemoryBlocks]:
    """Layers of blocks in Synaptic's style, between inputs and outputs; every layer feeds the outputs."""
    blocks: list[MemoryBlocks] = []
    for i, size in enumerate(sizes):
        ins, forgets, outs = _biases(recipe, size, options)
        names = block_names(MemoryBlocks, i, len(sizes))
        sources, cells = [inputs, *(b.cells for b in blocks[-1:])], size * options.cells_per_block
        fan_in = sum(map(len, sources)) + (cells - 1 if options.hidden_to_hidden else 0)
        fan_in += len(output) if options.output_to_hidden else 0
        block = MemoryBlocks(
            recipe.layer(size, options.squash, names[0], ins),
            None if forgets is None else recipe.layer(size, options.squash, names[1], forgets),
            recipe.layer(cells, options.cell_squash, names[2], fan_in=fan_in),
            recipe.layer(size, options.squash, names[3], outs),
        )
        _wire_synaptic(recipe, block, sources, output, options)
        blocks.append(block)
    return blocks


def _wire_synaptic(
    recipe: Recipe, block: MemoryBlocks, sources: list[Layer], output: Layer, options: LSTMOptions
) -> None:
    """Connect the sources to the gates and, gated, to the cells; the cells to the gates and the output."""
    gates = _gates(block)
    for source in sources:
        block.input_gates.gate(recipe.connect(source, block.cells), gate.INPUT)
        for layer in gates:
            recipe.connect(source, layer)
    block.output_gates.gate(recipe.connect(block.cells, output), gate.OUTPUT)
    _carry(block)
    if options.peepholes is not None:
        for layer in gates:
            recipe.connect(block.cells, layer, options.peepholes)
    if options.hidden_to_hidden and len(block.cells) > 1:
        recipe.connect(block.cells, block.cells, ALL_TO_ELSE)
    for layer in [block.cells] * options.output_to_hidden + gates * options.output_to_gates:
        recipe.connect(output, layer)


def standard_blocks(
    recipe: Recipe, sizes: list[int], inputs: Layer, output: Layer, options: LSTMOptions
) -> list[StandardBlocks]:
    """Layers of standard blocks, each fed by the previous one; the last one feeds the outputs."""
    blocks: list[StandardBlocks] = []
    source = inputs
    for i, size in enumerate(sizes):
        ins, forgets, outs = _biases(recipe, size, options)
        names = block_names(StandardBlocks, i, len(sizes))
        block = StandardBlocks(
            recipe.layer(size, options.squash, names[0], ins),
            None if forgets is None else recipe.layer(size, options.squash, names[1], forgets),
            recipe.layer(size, options.cell_squash, names[2], fan_in=len(source) + size),
            recipe.fixed(size, names[3]),
            recipe.layer(size, options.squash, names[4], outs),
            recipe.fixed(size, names[5], function=options.cell_squash),
            recipe.fixed(size, names[6]),
        )
        # Weights of sums are trainable; weights of copies are not.
        gates = _gates(block)
        for layer in (*gates, block.candidates):
            recipe.connect(source, layer)
            recipe.connect(block.hidden, layer)
        block.input_gates.gate(pass_on(block.candidates, block.cells), gate.INPUT)
        _carry(block)
        pass_on(block.cells, block.squashed_cells)
        block.output_gates.gate(pass_on(block.squashed_cells, block.hidden), gate.INPUT)
        for layer in gates if options.peepholes is not None else ():
            recipe.connect(block.cells, layer, options.peepholes)
        blocks.append(block)
        source = block.hidden
    recipe.connect(source, output)
    return blocks


def _gates(block: MemoryBlocks | StandardBlocks) -> list[Layer]:
    """Make the gate layers of a layer of memory blocks."""
    gates = (block.input_gates, block.forget_gates, block.output_gates)
    return [layer for layer in gates if layer is not None]


def _carry(block: MemoryBlocks | StandardBlocks) -> None:
    """Add the constant error carousel: self-connections of weight 1, gated by the forget gates if any."""
    carousel = block.cells.project(block.cells, ONE_TO_ONE)
    if block.forget_gates is not None:
        block.forget_gates.gate(carousel, gate.INPUT)
