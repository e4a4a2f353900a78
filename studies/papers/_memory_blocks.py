"""Memory blocks as in the papers of 1997 to 2002, wired neuron by neuron, with the
papers' weight counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from synapse import Layer, Network, Projection
from synapse._initializer import Seed, random_generator

OPEN_GATES: dict[str, Any] = {
    "input_gate_bias": 1.0,
    "forget_gate_bias": 1.0,
    "output_gate_bias": 1.0,
}
"""Gate biases of `architect.LSTM` in tables that were made before its defaults were
chosen by a table."""


def memory_blocks(
    inputs: int,
    blocks: int,
    cells: int,
    outputs: int,
    *,
    input_gate_biases: Sequence[float],
    output_gate_biases: Sequence[float],
    forget_gate_biases: Sequence[float] | None = None,
    squashed_input: bool = True,
    cell_squash: str = "bipolar_sigmoid",
    output_squash: str = "logistic",
    cell_biases: bool = False,
    output_biases: bool = False,
    recurrent_gates: bool = True,
    peepholes: bool = False,
    input_to_output: bool = False,
    weights: float = 0.2,
    seed: Seed = None,
) -> Network:
    """Build the network of Hochreiter and Schmidhuber 1997, or of Gers et al. 2000 and
    2002.

    All gates and cells see the inputs and the gated outputs of all cells, and the gates
    too if `recurrent_gates`. Only the gated outputs of cells lead to the outputs. The
    weight counts are those of the papers; copies (fixed weights of 1 or 2) are not
    counted.

    Parameters
    ----------
    inputs, outputs : int
        Number of inputs and outputs.
    blocks, cells : int
        Number of memory blocks, and of cells in each.
    input_gate_biases, output_gate_biases, forget_gate_biases : sequence of float
        Initial bias of each block's gate; no forget gates without the last.
    squashed_input : bool
        Whether a cell's input is squashed by g(x) = 2 tanh(x / 2), as in 1997, by a
        neuron in front of the cell. Without it, inputs enter the cells directly, and
        the traces of the online rule cover their weights.
    cell_squash, output_squash : str
        Squash h of the cells, and of the outputs.
    cell_biases, output_biases : bool
        Whether cells (or the neurons in front of them) and outputs have trainable
        biases. The bias of a cell passes its input gate: without a neuron in front, it
        is the weight of a constant neuron.
    recurrent_gates : bool
        Whether the gates lead to all gates and cells.
    peepholes : bool
        Whether each cell leads to the gates of its block.
    input_to_output : bool
        Whether the inputs lead to the outputs directly.
    weights : float
        Largest absolute value of the random weights and biases.
    seed : int or numpy.random.Generator
        Seed of the random weights.

    Returns
    -------
    Network
        With the layers "input gates", "forget gates", "candidates", "cells", "output
        gates" and "hidden".

    Examples
    --------
    >>> biases = [-1, -2, -3, -4]
    >>> net = memory_blocks(
    ...     7, 4, 1, 7, input_gate_biases=[0] * 4, output_gate_biases=biases
    ... )
    >>> weight_count(net)
    264
    """
    rng = random_generator(seed)
    size = blocks * cells
    last = (blocks, cells)
    source = Layer(inputs, "identity", name="input")
    enter = _gates("input gates", input_gate_biases)
    forget = (
        []
        if forget_gate_biases is None
        else [_gates("forget gates", forget_gate_biases)]
    )
    memory = Layer(size, cell_squash, name="cells")
    candidates = (
        [Layer(size, "bipolar_sigmoid", name="candidates")] if squashed_input else []
    )
    leave = _gates("output gates", output_gate_biases)
    hidden = Layer(size, "identity", name="hidden")
    output = Layer(outputs, output_squash, name="output")
    target = (candidates or [memory])[0]
    constant = [_constant()] if cell_biases and not candidates else []
    _biases(target, cell_biases and not constant, weights, rng)
    _biases(output, output_biases, weights, rng)
    for layer in [hidden, memory] if candidates else [hidden]:
        _biases(layer, False, weights, rng)

    gates = [enter, *forget, leave]
    copies = [_passed_on(gate) for gate in gates if recurrent_gates]
    for origin in [source, hidden, *copies, *constant]:
        for gate in gates if origin not in constant else []:
            _connect(origin, gate, weights, rng)
        links = _connect(origin, target, weights, rng)
        if not candidates:
            _gate_targets(enter, links, memory, last)
    if candidates:
        _gate_targets(enter, _copies(target, memory, 2.0), memory, last)
    carousel = _copies(memory, memory, 1.0)
    if forget:
        _gate_targets(forget[0], carousel, memory, last)
    _gate_targets(leave, _copies(memory, hidden, 1.0), hidden, last)
    for gate in gates if peepholes else []:
        for i, cell in enumerate(memory):
            cell.project(gate[i // cells], weight=rng.uniform(-weights, weights))
    for origin in [hidden, *([source] if input_to_output else [])]:
        _connect(origin, output, weights, rng)
    return Network(
        source,
        [*constant, enter, *forget, *candidates, memory, leave, hidden, *copies],
        output,
    )


def weight_count(network: Network) -> int:
    """Number of trainable weights and biases.

    >>> import architect
    >>> weight_count(architect.Perceptron(2, 3, 1, seed=0))
    13
    """
    biases = sum(
        neuron.trainable_bias
        for layer in (*network.hidden, network.output)
        for neuron in layer
    )
    return biases + sum(connection.trainable for connection in network.connections)


def _gates(name: str, biases: Sequence[float]) -> Layer:
    layer = Layer(len(biases), "logistic", name=name)
    layer.biases = np.array(biases, float)
    return layer


def _constant() -> Layer:
    """A neuron that always outputs 1."""
    layer = Layer(1, "identity", name="constant")
    layer.biases = np.ones(1)
    layer.trainable_bias = False
    return layer


def _biases(
    layer: Layer, trainable: bool, weights: float, rng: np.random.Generator
) -> None:
    layer.biases = (
        rng.uniform(-weights, weights, len(layer))
        if trainable
        else np.zeros(len(layer))
    )
    if not trainable:
        layer.trainable_bias = False


def _connect(
    source: Layer, target: Layer, weights: float, rng: np.random.Generator
) -> Projection:
    links = source.project(target)
    links.weights = rng.uniform(-weights, weights, links.weights.shape)
    return links


def _copies(source: Layer, target: Layer, weight: float) -> Projection:
    """Connect one to one, with weights that are not trained."""
    links = source.project(target, "one_to_one")
    links.weights = np.full(links.weights.shape, weight)
    links.trainable = False
    return links


def _passed_on(gates: Layer) -> Layer:
    """Copies of gates that activate last, so that what reads them reads the previous
    step, also their own."""
    copies = Layer(len(gates), "identity", name=f"previous {gates.name}")
    copies.trainable_bias = False
    _copies(gates, copies, 1.0)
    return copies


def _gate_targets(
    gates: Layer, links: Projection, targets: Layer, size: tuple[int, int]
) -> None:
    """Let the gate of each block gate the connections into the block's cells."""
    place = {neuron: i // size[1] for i, neuron in enumerate(targets)}
    for link in links:
        gates[place[link.target]].gate(link)
