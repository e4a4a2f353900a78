"""What users do with what `variants.py` changes: each row prepares its network, and
returns what is measured.

Rows stand on both sides of the bounds that constants are, near enough that a tenth or
ten times of one puts the row on its other side.
"""

from __future__ import annotations

import ctypes
import itertools
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import architect
import synapse
from synapse import Layer, Network, Trainer, evolve, optimizers
from synapse.objects.order import find_order
from synapse.readwrite import c_source, onnx_model, to_torch

from . import cuba, delays, lowering
from .events import network as spikes
from .instructions import march
from .rtrl import reservoir

Work = Callable[[], Any]
RATE = 0.001


def numbers(*shape: int) -> np.ndarray:
    """Random numbers from -1 to 1."""
    return np.random.default_rng(0).uniform(-1.0, 1.0, shape)


def pairs(neurons: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Distinct random pairs, none of a neuron with itself."""
    both = np.unique(np.random.default_rng(0).integers(0, neurons**2, count))
    sources, targets = np.divmod(both, neurons)
    apart = sources != targets
    return sources[apart], targets[apart]


def scattered(neurons: int, connections: int, **options: Any) -> Network:
    """Neurons with random connections among them, an input and an output."""
    inputs = Layer(1, "identity")
    cells = Layer(neurons, "tanh")
    output = Layer(1, "identity")
    weights = 0.1 / np.sqrt(connections / neurons)
    cells.project(cells, pairs(neurons, connections), weights=weights)
    inputs.project(cells, seed=1)
    cells.project(output, seed=2)
    return Network(inputs, [cells], output, **options)


# --- composing and editing ------------------------------------------------------------


def lstms_built(count: int) -> Work:
    """Small networks of several projections."""
    return lambda: [architect.LSTM(6, 8, 6, seed=0) for _ in range(count)]


def many_layers(count: int) -> Work:
    """A chain of small layers, composed and stepped once."""

    def work() -> None:
        layers = [Layer(4) for _ in range(count)]
        for before, after in itertools.pairwise(layers):
            before.project(after, seed=0)
        Network(layers[0], layers[1:-1], layers[-1]).activate(np.zeros(4))

    return work


def looked_up(connections: int, looks: int) -> Work:
    """A network from lists of indices, and questions which neurons are connected."""

    def work() -> None:
        net = scattered(connections // 10, connections)
        cells = net.hidden[0]
        for i in range(looks):
            cells[i % len(cells)].connection_to(cells[0])

    return work


def edited(net: Network, name: str) -> Work:
    """An edit and the one that takes it back, each with the next step."""
    there, back = lowering.changes(net)[name]
    x = np.zeros(len(net.input))
    net.activate(x)

    def work() -> None:
        for change in (there, back):
            change()
            net.activate(x)

    return work


def targets_edited(count: int) -> Work:
    """The connections from an input to so many neurons of a large network are removed,
    and made again, each with the next step."""
    net = lowering.scattered()
    source, pool = net.input[0], net.hidden[0][:count]
    x = np.zeros(len(net.input))
    net.activate(x)

    def work() -> None:
        for neuron in pool:
            source.disconnect(neuron)
        net.activate(x)
        for neuron in pool:
            source.project(neuron, weight=0.1)
        net.activate(x)

    return work


def ordered(neurons: int, connections: int) -> Work:
    """An order of activation of connected neurons."""
    links = np.transpose(pairs(neurons, connections))
    return lambda: find_order(neurons, links, (), inputs=[0], outputs=[neurons - 1])


def drawn_pairs() -> Work:
    """Two layers are connected at random."""
    return lambda: Layer(1000).project(Layer(1000), 0.02, seed=0)


def edge_weights(sources: int, targets: int) -> Work:
    """All weights, read from the edges of the graph."""
    inputs, output = Layer(sources), Layer(targets)
    inputs.project(output, seed=0)
    net = Network(inputs, [], output)
    graph = net.graph
    net.activate(np.zeros(sources))
    return lambda: sum(weight for _, _, weight in graph.edges(data="weight"))


# --- steps and trainings --------------------------------------------------------------


def steps(net: Network, count: int, traces: bool = False) -> Work:
    """Steps of a sequence."""
    rows = numbers(count, len(net.input))
    return lambda: net.run(rows, traces=traces)


def spiking(neurons: int, connections: int, share: float, readouts: int = 0) -> Work:
    """Steps without traces of spiking neurons, of which a share is active."""
    driven = max(1, round(neurons * share))
    net = spikes(neurons, connections, driven, readouts)
    rows = np.ones((64, driven))
    net.run(rows, traces=False)  # from then on by source
    return lambda: net.run(rows, traces=False)


def gradient(net: Network, samples: int, length: int) -> Work:
    """An exact gradient."""
    x = numbers(samples, length, len(net.input))
    y = 0.5 + 0.5 * numbers(samples, length, len(net.output))
    return lambda: synapse.learning.gradient(net, x, y)


def training(
    net: Network,
    samples: int,
    length: int,
    epochs: int = 1,
    shuffle: bool = False,
    **options: Any,
) -> Work:
    """A call of a trainer."""
    shape = (samples, length) if net.has_memory else (samples,)
    x = numbers(*shape, len(net.input))
    y = 0.5 + 0.5 * numbers(*shape, len(net.output))
    trainer = Trainer(net, rate=RATE, **options)
    return lambda: trainer.train(x, y, epochs=epochs, shuffle=shuffle, progress=False)


def by_sensitivities(net: Network, order: int | None = None, length: int = 256) -> Work:
    """Learning steps by rtrl."""
    x = numbers(1, length, len(net.input))
    y = 0.5 + 0.5 * numbers(1, length, len(net.output))
    trainer = Trainer(net, rule="rtrl", reach=order, rate=RATE)
    return lambda: trainer.train(x, y, epochs=1, progress=False)


def values_learned(rows: int) -> Work:
    """Values of a stream of rows, by TD learning."""
    agent = synapse.reward.TD(
        architect.Perceptron(4, 16, 1, output_squash="identity", seed=0)
    )
    x = numbers(rows, 4)
    gains = numbers(rows).tolist()
    return lambda: agent.run(x, gains)


def task_tested() -> Work:
    """Whether a network solves a task, on new samples: an untrained one does not."""
    task = synapse.tasks.Recall(6, 4)
    net = architect.LSTM(task.inputs, 8, task.outputs, seed=0)
    return lambda: task.solved(net, 0)


# --- exported programs ----------------------------------------------------------------

LIBRARY = """
#include "net.c"
void many(int steps) {
    static Network net;
    double inputs[NETWORK_INPUTS], outputs[NETWORK_OUTPUTS];
    for (int i = 0; i < NETWORK_INPUTS; i++) inputs[i] = 0.1 * i;
    network_clear(&net);
    for (int t = 0; t < steps; t++) network_step(&net, inputs, outputs);
}
"""


def in_c(net: Network, steps: int = 1_000) -> Work:
    """Steps of the program in C, compiled for this machine."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "net.c").write_text(c_source(net, dtype="float64"))
        (folder / "many.c").write_text(LIBRARY)
        flags = ["-O3", march(), "-shared", "-fPIC"]
        command = ["gcc", *flags, "many.c", "-o", "many.so", "-lm"]
        subprocess.run(command, cwd=folder, check=True)
        library = ctypes.CDLL(str(folder / "many.so"))
    return lambda: library.many(steps)


def in_onnx_runtime(net: Network, samples: int = 64) -> Work:
    """Samples through the model in ONNX Runtime, on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        onnx_model(net).SerializeToString(), options, ["CPUExecutionProvider"]
    )
    x = np.asarray(numbers(samples, len(net.input)), np.float32)
    return lambda: session.run(None, {"x": x})


def in_torch(net: Network, length: int = 16) -> Work:
    """A sequence through the module in PyTorch, on one thread."""
    import torch

    torch.set_num_threads(1)
    module = to_torch(net)
    x = torch.tensor(numbers(1, length, len(net.input)), dtype=torch.float32)

    def work() -> None:
        with torch.no_grad():
            module(x)

    return work


def layer(neurons: int, density: float) -> Network:
    """A layer that is connected at random with another one of its size."""
    inputs, cells, output = Layer(neurons), Layer(neurons, "tanh"), Layer(1)
    inputs.project(cells, density, seed=1)
    cells.project(output, seed=2)
    return Network(inputs, [cells], output)


# --- rooms ----------------------------------------------------------------------------


def by_threads() -> Work:
    """Generations of NEAT that threads evaluate."""
    pool = ThreadPoolExecutor(2)
    return lambda: evolve.neat(
        evolve.fitness.xor,
        max_evaluations=1_500,
        seed=0,
        executor=pool,
        progress=False,
    )


def lstm(*sizes: int, **options: Any) -> Network:
    """An LSTM as other libraries have it."""
    return architect.LSTM(*sizes, style="standard", seed=0, **options)


def pool() -> Network:
    """A random network with gates, self-connections and backward connections."""
    return architect.Random(4, 40, 2, gates=20, self_connections=8, backward=10, seed=0)


def blocks(*sizes: int) -> Network:
    """An LSTM of memory blocks."""
    return architect.LSTM(*sizes, style="synaptic", seed=0)


def delayed(number: int) -> Work:
    """A row of `delays.py`."""
    works = delays.works(delays.build(delays.LONGEST))
    return [work for _, work in works.values()][number]


def neurons_of_the_page() -> Work:
    """The network of ``docs/simulators.md``."""
    names: dict[str, Any] = {}
    exec(cuba.program("synapse", "with synapse.record"), names)
    data = numbers(500, 1) * 0.0
    return lambda: names["net"].run(data, traces=False)


ROWS: dict[str, Callable[[], Work]] = {
    "20 LSTM 6-8-6 built": lambda: lstms_built(20),
    "a chain of 20 layers": lambda: many_layers(20),
    "a chain of 200 layers": lambda: many_layers(200),
    "one look-up in 2,000 connections": lambda: looked_up(2_000, 1),
    "100 look-ups in 2,000 connections": lambda: looked_up(2_000, 100),
    "2,000 look-ups in 2,000 connections": lambda: looked_up(2_000, 2_000),
    "one look-up in 20,000 connections": lambda: looked_up(20_000, 1),
    "500 look-ups in 20,000 connections": lambda: looked_up(20_000, 500),
    "an edit of 2-3-1": lambda: edited(lowering.small(), lowering.CONNECT),
    "an edit of 4,000 connections": lambda: edited(
        lowering.dense(60), lowering.CONNECT
    ),
    "an edit of 160,000 connections": lambda: edited(
        lowering.dense(400), lowering.CONNECT
    ),
    "a sparse edit of 2,000,000 connections": lambda: edited(
        lowering.scattered(), lowering.CONNECT
    ),
    "a freeze in 2,300 connections": lambda: edited(
        lowering.dense(48), lowering.FREEZE
    ),
    "a freeze in 22,000 connections": lambda: edited(
        lowering.dense(148), lowering.FREEZE
    ),
    "2 neurons of 2,000,000 connections edited": lambda: targets_edited(2),
    "20 neurons of 2,000,000 connections edited": lambda: targets_edited(20),
    "200 neurons of 2,000,000 connections edited": lambda: targets_edited(200),
    "2,000 neurons of 2,000,000 connections edited": lambda: targets_edited(2_000),
    "steps, 1,000 neurons, density 0.4": lambda: steps(
        lowering.scattered(1_000, 400_000), 20, traces=True
    ),
    "steps, 1,000 neurons, density 0.05": lambda: steps(
        lowering.scattered(1_000, 50_000), 20, traces=True
    ),
    "10,000 neurons ordered": lambda: ordered(10_000, 50_000),
    "60,000 neurons ordered": lambda: ordered(60_000, 300_000),
    "20,000 random connections drawn": drawn_pairs,
    "weights of edges, 5 of each neuron": lambda: edge_weights(2_000, 5),
    "weights of edges, 100 of each neuron": lambda: edge_weights(100, 100),
    "run without traces, LSTM 4-3-2": lambda: steps(lstm(4, 3, 2), 1_000),
    "run without traces, LSTM 8-32-8": lambda: steps(lstm(8, 32, 8), 1_000),
    "run without traces, 8-6-6-4": lambda: steps(
        architect.Perceptron(8, 6, 6, 4, seed=0), 1_000
    ),
    "run without traces, 1-100-1": lambda: steps(
        architect.Perceptron(1, 100, 1, seed=0), 1_000
    ),
    "run with traces, LSTM 4-3-2": lambda: steps(lstm(4, 3, 2), 1_000, traces=True),
    "run with traces, LSTM 8-32-8": lambda: steps(lstm(8, 32, 8), 1_000, traces=True),
    "run with traces, 8-6-6-4": lambda: steps(
        architect.Perceptron(8, 6, 6, 4, seed=0), 1_000, traces=True
    ),
    "run with traces, 300-20-1": lambda: steps(
        architect.Perceptron(300, 20, 1, seed=0), 1_000, traces=True
    ),
    "spikes, 8,000 connections, 0.5 % active": lambda: spiking(400, 8_000, 0.005),
    "spikes, 60,000 connections, 0.1 % active": lambda: spiking(3_000, 60_000, 0.001),
    "spikes, 200,000 connections, 0.05 % active": lambda: spiking(
        10_000, 200_000, 0.0005
    ),
    "spikes, 200,000 connections, 5 % active": lambda: spiking(10_000, 200_000, 0.05),
    "spikes, 200,000 connections, 30 % active": lambda: spiking(10_000, 200_000, 0.3),
    "spikes, 2,000,000 connections, 0.01 % active": lambda: spiking(
        100_000, 2_000_000, 0.0001
    ),
    "spikes, 2,000,000 connections, 5 % active": lambda: spiking(
        100_000, 2_000_000, 0.05
    ),
    "gradient, LSTM 4-3-2, 8 sequences": lambda: gradient(lstm(4, 3, 2), 8, 100),
    "gradient, LSTM 8-32-8, 1 sequence": lambda: gradient(lstm(8, 32, 8), 1, 200),
    "gradient, LSTM 8-32-8, 8 sequences": lambda: gradient(lstm(8, 32, 8), 8, 100),
    "gradient, Elman 4-300-4, 1 sequence": lambda: gradient(
        architect.Elman(4, 300, 4, seed=0), 1, 50
    ),
    "gradient, 64-32-10, 512 samples": lambda: gradient(
        architect.Perceptron(64, 32, 10, seed=0), 512, 1
    ),
    "Adam, 784-100-10, batches of 8": lambda: training(
        architect.Perceptron(784, 100, 10, seed=0),
        64,
        1,
        rule="bptt",
        batch_size=8,
        optimizer=optimizers.Adam(),
    ),
    "Adam, 64-32-10, batches of 8": lambda: training(
        architect.Perceptron(64, 32, 10, seed=0),
        64,
        1,
        rule="bptt",
        batch_size=8,
        optimizer=optimizers.Adam(),
    ),
    "2-3-1, 64 samples online": lambda: training(
        architect.Perceptron(2, 3, 1, seed=0), 64, 1, 3_000
    ),
    "10-20-50 online": lambda: training(
        architect.Perceptron(10, 20, 50, seed=0), 512, 1
    ),
    "64-32-10 online": lambda: training(
        architect.Perceptron(64, 32, 10, seed=0), 512, 1
    ),
    "rtrl, Elman 7-15-7": lambda: by_sensitivities(architect.Elman(7, 15, 7, seed=0)),
    "rtrl, Elman 7-40-7": lambda: by_sensitivities(architect.Elman(7, 40, 7, seed=0)),
    "rtrl, Elman 7-100-7": lambda: by_sensitivities(
        architect.Elman(7, 100, 7, seed=0), length=64
    ),
    "rtrl, LSTM 6-8-6": lambda: by_sensitivities(lstm(6, 8, 6)),
    "rtrl, LSTM 10-30-10": lambda: by_sensitivities(lstm(10, 30, 10), length=64),
    "rtrl, GRU 7-15-7": lambda: by_sensitivities(architect.GRU(7, 15, 7, seed=0)),
    "rtrl of order 1, reservoir": lambda: by_sensitivities(reservoir(200, 2_000), 1),
    "rtrl of order 2, reservoir": lambda: by_sensitivities(reservoir(200, 2_000), 2),
    "rtrl, reservoir of 60, density 0.2": lambda: by_sensitivities(reservoir(60, 720)),
    "TD on 20,000 rows": lambda: values_learned(20_000),
    "an untrained network tested on a task": task_tested,
    "NEAT by two threads": by_threads,
    "in C, 64-32-10": lambda: in_c(architect.Perceptron(64, 32, 10, seed=0)),
    "in C, 300-20-1": lambda: in_c(architect.Perceptron(300, 20, 1, seed=0)),
    "in C, 100-100-10": lambda: in_c(architect.Perceptron(100, 100, 10, seed=0)),
    "in C, LSTM 8-32-8": lambda: in_c(lstm(8, 32, 8)),
    "in ONNX Runtime, a layer of 200, density 0.05": lambda: in_onnx_runtime(
        layer(200, 0.05)
    ),
    "in ONNX Runtime, a layer of 200, density 0.4": lambda: in_onnx_runtime(
        layer(200, 0.4)
    ),
    "in PyTorch, a reservoir of 200, density 0.05": lambda: in_torch(
        reservoir(200, 2_000)
    ),
    "in PyTorch, a reservoir of 500, density 0.05": lambda: in_torch(
        reservoir(500, 12_500)
    ),
    "in PyTorch, a reservoir of 500, density 0.4": lambda: in_torch(
        reservoir(500, 100_000)
    ),
    "gated pool, gradient, 1 sequence": lambda: gradient(pool(), 1, 100),
    "gated pool, gradient, 8 sequences": lambda: gradient(pool(), 8, 100),
    "gated pool online": lambda: training(pool(), 4, 100),
    "LSTM 6-8-6 online": lambda: training(blocks(6, 8, 6), 4, 100),
    "LSTM 30-72-30 online": lambda: training(blocks(30, 72, 30), 4, 20),
    "LSTM 6-8-6, rtrl": lambda: training(blocks(6, 8, 6), 1, 256, rule="rtrl"),
    "LSTM 30-72-30, gradient, 1 sequence": lambda: gradient(blocks(30, 72, 30), 1, 50),
    "LSTM 30-72-30, gradient, 8 sequences": lambda: gradient(blocks(30, 72, 30), 8, 20),
    "LSTM 6-8-6, run without traces": lambda: steps(blocks(6, 8, 6), 1_000),
    "LSTM 30-72-30, run without traces": lambda: steps(blocks(30, 72, 30), 100),
    "2-3-1 online": lambda: training(architect.Perceptron(2, 3, 1, seed=0), 64, 1, 100),
    "784-100-10 online": lambda: training(
        architect.Perceptron(784, 100, 10, seed=0), 64, 1
    ),
    "gradient, 300-4-1, 512 samples": lambda: gradient(
        architect.Perceptron(300, 4, 1, seed=0), 512, 1
    ),
    "CUBA": neurons_of_the_page,
    "Spiking 40-100-1, run without traces": lambda: steps(
        architect.Spiking(40, 100, 1, adaptive=0, seed=0), 100
    ),
    "spikes, 400,000 connections and 2 dense outputs, 0.1 % active": lambda: spiking(
        20_000, 400_000, 0.001, readouts=2
    ),
    "delays, run with traces": lambda: delayed(0),
    "delays, run without traces": lambda: delayed(1),
    "delays, gradient, 1 sequence": lambda: delayed(3),
    "delays, gradient, 8 sequences": lambda: delayed(4),
}
"""Each row: a function that prepares it and returns what is measured."""


def work_of(row: str) -> Work:
    """What is measured of a row, prepared."""
    return ROWS[row]()
