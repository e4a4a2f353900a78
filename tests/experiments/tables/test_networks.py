"""The networks of the papers have the papers' numbers of weights, and the steps that their equations have."""

import numpy as np
import pytest

from synapse.experiments.tables._networks import memory_blocks, weight_count


def gates(blocks, first=-1.0, step=-1.0):
    return [first + step * i for i in range(blocks)]


@pytest.mark.parametrize(
    ("sizes", "options", "count"),
    [
        ((7, 4, 1, 7), {}, 264),  # Hochreiter and Schmidhuber 1997, experiment 1
        ((7, 3, 2, 7), {}, 276),
        ((2, 2, 2, 1), {"cell_biases": True, "output_biases": True}, 93),  # experiments 4 and 5
        ((8, 2, 2, 4), {"cell_biases": True, "output_biases": True}, 156),  # experiment 6a
        ((8, 3, 2, 8), {"cell_biases": True, "output_biases": True}, 308),  # experiment 6b
        (
            (7, 4, 2, 7),  # Gers, Schmidhuber and Cummins 2000
            {"forget": True, "recurrent_gates": False, "output_biases": True, "input_to_output": True},
            424,
        ),
        (
            (1, 1, 1, 1),  # Gers, Schraudolph and Schmidhuber 2002
            {
                "forget": True,
                "recurrent_gates": False,
                "cell_biases": True,
                "output_biases": True,
                "peepholes": True,
            },
            17,
        ),
    ],
)
@pytest.mark.parametrize("squashed", [True, False])
def test_weight_counts_of_the_papers(sizes, options, count, squashed):
    options = dict(options)
    forget = gates(sizes[1], 1.0, 1.0) if options.pop("forget", False) else None
    network = memory_blocks(
        *sizes,
        input_gate_biases=gates(sizes[1]),
        output_gate_biases=gates(sizes[1]),
        forget_gate_biases=forget,
        squashed_input=squashed,
        seed=0,
        **options,
    )
    assert weight_count(network) == count
    assert network["input gates"].biases.tolist() == gates(sizes[1])


def logistic(x):
    return 1 / (1 + np.exp(-x))


def test_steps_are_those_of_1997():
    """Gates and cells see the inputs of this step, and outputs of cells and gates of the previous one."""
    blocks, cells = 2, 2
    net = memory_blocks(
        3,
        blocks,
        cells,
        2,
        input_gate_biases=gates(blocks),
        output_gate_biases=gates(blocks),
        weights=1.0,
        seed=1,
    )
    weight = {(link.source, link.target): link.weight for link in net.connections}
    enter, candidates, leave = net["input gates"], net["candidates"], net["output gates"]
    copies = [net["hidden"], net["previous input gates"], net["previous output gates"]]
    inputs = np.random.default_rng(0).normal(size=(6, 3))
    outputs = net.run(inputs)

    def total(neuron, values):
        return neuron.bias + sum(weight[one, neuron] * value for one, value in values.items())

    memory, previous = np.zeros(4), {one: 0.0 for layer in copies for one in layer}
    for row, found in zip(inputs, outputs):
        seen = {**dict(zip(net.input, row)), **previous}
        opened = [logistic(total(gate, seen)) for gate in enter]
        released = [logistic(total(gate, seen)) for gate in leave]
        squashed = [4 * logistic(total(neuron, seen)) - 2 for neuron in candidates]
        memory += [opened[i // cells] * value for i, value in enumerate(squashed)]
        hidden = [released[i // cells] * (2 * logistic(value) - 1) for i, value in enumerate(memory)]
        previous = dict(zip(previous, [*hidden, *opened, *released]))
        expected = [logistic(total(neuron, dict(zip(net["hidden"], hidden)))) for neuron in net.output]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_weights_come_from_the_seed():
    def weights(seed):
        return memory_blocks(2, 1, 1, 1, input_gate_biases=[0], output_gate_biases=[0], seed=seed).weights

    assert np.array_equal(weights(3), weights(3))
    assert not np.array_equal(weights(3), weights(4))
    assert np.abs(weights(3)).max() <= 2.0
