"""The tasks of other libraries' test suites with the default settings of `architect`: a
table of learning.md.

    python -m studies peers    # forty seeds; writes peers.json and learning.md

These are tasks of the test suites of Synaptic, Neataptic, brain.js and PyBrain. Each
takes a seed, builds a network by the architects' defaults and trains it at most as long
as the peer's test does, at the peer's rate. It returns whether the network meets the
peer's threshold. A docstring names the peer's test, its limit of iterations and its
threshold. "error" is the mean squared error."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import architect
from synapse import Layer, Network, Trainer
from synapse.optimizers import SGD, Adam, Rprop

from . import _many_seeds as many

Task = Callable[[int], bool]
TASKS: dict[str, Task] = {}

MSE = "mean_squared_error"
BITS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
GATES = {
    "AND": [0, 0, 0, 1],
    "OR": [0, 1, 1, 1],
    "XOR": [0, 1, 1, 0],
    "XNOR": [1, 0, 0, 1],
}
STREAM = np.array([[0], [1], [1], [0], [0]]), np.array([[0], [1], [0], [1], [0]])
"""Each target is the XOR of this input and the one before."""


def task(name: str) -> Callable[[Task], Task]:
    """Add a function to the tasks."""

    def add(function: Task) -> Task:
        TASKS[name] = function
        return function

    return add


def gate(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets of a logic gate."""
    if name == "NOT":
        return np.array([[0.0], [1.0]]), np.array([[1.0], [0.0]])
    return BITS, np.array(GATES[name], float)[:, None]


def mse(net: Network, inputs: np.ndarray, targets: np.ndarray) -> float:
    """The mean squared error of a network, without learning."""
    return float(((net.run(inputs) - targets) ** 2).mean())


def apart(net: Network, inputs: np.ndarray, targets: np.ndarray, most: float) -> bool:
    """Whether no output is further than `most` from its target."""
    return bool(np.abs(net.run(inputs) - targets).max() < most)


def repeats_the_stream(net: Network) -> bool:
    """Whether the outputs to the stream are below 0.1 and above 0.9; the first one is
    not looked at."""
    inputs, targets = STREAM
    return bool(np.abs(net.run(inputs) - targets)[1:].max() < 0.1)


# --- Synaptic: test/synaptic.js -------------------------------------------------------


def _without_hidden(name: str, seed: int) -> bool:
    inputs, targets = gate(name)
    source = Layer(inputs.shape[1])
    last = Layer(1)
    source.project(last, seed=seed)
    net = Network(source, [], last)
    Trainer(net, rate=0.2).train(
        inputs, targets, epochs=1000, shuffle=False, progress=False
    )
    return apart(net, inputs, targets, 0.5)


@task("Synaptic, AND OR and NOT without a hidden layer")
def and_or_and_not_without_a_hidden_layer(seed: int) -> bool:
    """Test "Basic Neural Network": 1,000 iterations, rate 0.2; outputs that round to
    the targets."""
    return all(_without_hidden(name, seed) for name in ("AND", "OR", "NOT"))


@task("Synaptic, XOR of three units")
def xor_of_three_units(seed: int) -> bool:
    """Test "Perceptron - XOR": 100,000 iterations or an error of 0.005, rate 0.2;
    within 0.49 of the targets."""
    inputs, targets = gate("XOR")
    net = architect.Perceptron(2, 3, 1, seed=seed)
    trainer = Trainer(net, rate=0.2, cost=MSE)
    trainer.train(
        inputs, targets, epochs=100_000, goal=0.005, seed=seed, progress=False
    )
    return apart(net, inputs, targets, 0.49)


def _sine(seed: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng([seed, 1]).uniform(0, 2 * np.pi, (800, 1))
    return x, (np.sin(x) + 1) / 2


@task("Synaptic, a sine")
def a_sine(seed: int) -> bool:
    """Test "Perceptron - SIN": 2,000 iterations over 800 samples, rate 0.2; an error of
    0.001, and within 0.035 of 0, pi / 2 and 2 (from "SIN - CrossValidate"). Squared
    error is learnt by its own slope here."""
    inputs, targets = _sine(seed)
    net = architect.Perceptron(1, 12, 1, seed=seed)
    Trainer(net, rate=0.2, cost=MSE).train(
        inputs, targets, epochs=2000, goal=1e-4, progress=False
    )
    points = np.array([[0.0], [np.pi / 2], [2.0]])
    near = apart(net, points, (np.sin(points) + 1) / 2, 0.035)
    return near and mse(net, inputs, targets) < 0.001


@task("Synaptic, distracted sequence recall")
def distracted_sequence_recall(seed: int) -> bool:
    """Test "LSTM - Discrete Sequence Recall": LSTM(5, 3, 2), nine steps, rate 0.17,
    250,000 sequences or 95 % of a thousand right at every step; weights move at wrong
    steps only. The sixth of its symbols is the input of zeros, as there. The network is
    of Synaptic's style, and cleared before each sequence."""
    net = architect.LSTM(5, 3, 2, style="synaptic", initializer="uniform", seed=seed)
    rng = np.random.default_rng([seed, 2])
    return any(_thousand_sequences(net, rng) >= 950 for _ in range(250))


def _thousand_sequences(net: Network, rng: np.random.Generator) -> int:
    """Learn from wrong steps of a thousand sequences; how many were right at every
    step."""
    right = 0
    for inputs, targets in zip(*recall(rng, 1000), strict=True):
        net.clear()
        wrong = 0
        for row, target in zip(inputs, targets, strict=True):
            if ((net.activate(row) > 0.5) != target).any():
                net.propagate(0.17, target)
                wrong += 1
        right += not wrong
    return right


def recall(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Nine steps: five of distractors 3 and 5, targets 2 and 4 at two places, the
    prompts 0 and 1."""
    symbols = np.empty((count, 9), int)
    symbols[:, :7] = rng.choice([3, 5], (count, 7))
    places = np.sort(
        rng.permuted(np.tile(np.arange(7), (count, 1)), axis=1)[:, :2], axis=1
    )
    choices = rng.integers(0, 2, (count, 2))
    np.put_along_axis(symbols, places, np.array([2, 4])[choices], axis=1)
    symbols[:, 7:] = [0, 1]
    targets = np.zeros((count, 9, 2))
    targets[:, 7:] = np.eye(2)[choices]
    return np.eye(6)[symbols][:, :, :5], targets


@task("Synaptic, the timing task")
def the_timing_task(seed: int) -> bool:
    """Test "LSTM - Timing Task": LSTM(2, 7, 1), 4,000 steps, 200 iterations, rate 0.03
    and then 0.02; an error below 0.05 on 4,000 other steps."""
    rng = np.random.default_rng([seed, 3])
    inputs, targets = _timing(rng, 4000)
    fresh = _timing(rng, 4000)
    net = architect.LSTM(2, 7, 1, seed=seed)
    for tens in range(20):
        trainer = Trainer(net, rate=0.03 if tens < 10 else 0.02)
        trainer.train(inputs, targets, epochs=10, progress=False)
        if mse(net, *fresh) < 0.05:
            return True
    return False


def _timing(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """A mark and a duration; the output is 0.5 for so long, then 0."""
    inputs = np.zeros((size, 2))
    targets = np.zeros((size, 1))
    at = 0
    while at < size - 40:
        lasts, pause = rng.integers(0, 21, 2)
        inputs[at, 0] = 1.0
        inputs[at : at + lasts + pause + 1, 1] = lasts / 20
        targets[at : at + lasts + 1] = 0.5
        at += lasts + pause + 1
    return inputs, targets


# --- Neataptic: test/network.js -------------------------------------------------------


def _learns(
    inputs: np.ndarray, targets: np.ndarray, epochs: int, error: float, seed: int
) -> bool:
    """Five hidden units, rate 0.3, momentum 0.9, samples in random order; learnt from t
    - y, as there."""
    net = architect.Perceptron(inputs.shape[1], 5, targets.shape[1], seed=seed)
    trainer = Trainer(net, optimizer=SGD(rate=0.3, momentum=0.9))
    rng = np.random.default_rng([seed, 8])
    for _ in range(epochs // 10):
        trainer.train(inputs, targets, epochs=10, seed=rng, progress=False)
        if mse(net, inputs, targets) < error:
            return True
    return False


@task("Neataptic, AND OR NOT XOR and XNOR")
def and_or_not_xor_and_xnor(seed: int) -> bool:
    """Test "AND gate" and others: 1,000 iterations, XOR and XNOR 3,000; an error below
    0.002."""
    long = ("XOR", "XNOR")
    return all(
        _learns(*gate(name), 3000 if name in long else 1000, 0.002, seed)
        for name in (*GATES, "NOT")
    )


@task("Neataptic, sine and cosine")
def sine_and_cosine(seed: int) -> bool:
    """Test "SIN function", "SIN + COS": 1,000 iterations over 100 samples; an error
    below 0.05."""
    x = np.random.default_rng([seed, 4]).random((100, 1))
    waves = (np.sin(2 * np.pi * x) + 1) / 2, (np.cos(2 * np.pi * x) + 1) / 2
    both = np.hstack(waves)
    return _learns(x, waves[0], 1000, 0.05, seed) and _learns(x, both, 1000, 0.05, seed)


@task("Neataptic, bigger than")
def bigger_than(seed: int) -> bool:
    """Test "Bigger than": 500 iterations over 100 pairs; an error below 0.05."""
    pairs = np.random.default_rng([seed, 5]).random((100, 2))
    return _learns(pairs, (pairs[:, :1] > pairs[:, 1:]).astype(float), 500, 0.05, seed)


@task("Neataptic, a shift")
def a_shift(seed: int) -> bool:
    """Test "SHIFT": three numbers to the right, 500 iterations over 1,000 samples; an
    error below 0.03."""
    numbers = np.random.default_rng([seed, 6]).random((1000, 3))
    return _learns(numbers, np.roll(numbers, 1, axis=1), 500, 0.03, seed)


@task("Neataptic, XOR as a stream by an LSTM")
def xor_as_a_stream_by_an_lstm(seed: int) -> bool:
    """Test "LSTM XOR": LSTM(1, 1, 1), 5,000 iterations over a stream of five steps or
    an error of 0.001, rate 0.3; then outputs below 0.1 and above 0.9."""
    # 1 / sqrt(fan-in) is 1, too wide
    net = architect.LSTM(1, 1, 1, initializer="uniform", seed=seed)
    Trainer(net, rate=0.3).train(*STREAM, epochs=5000, goal=0.001, progress=False)
    return repeats_the_stream(net)


@task("Neataptic, XOR as a sequence by a GRU")
def xor_as_a_sequence_by_a_gru(seed: int) -> bool:
    """Test "GRU XOR": GRU(1, 2, 1), 5,000 iterations, rate 0.1, cleared before each;
    below 0.1 and above 0.9."""
    net = architect.GRU(1, 2, 1, seed=seed)
    inputs, targets = STREAM
    Trainer(net, rate=0.1).train(
        [inputs], [targets], epochs=5000, goal=0.001, progress=False
    )
    net.clear()
    return repeats_the_stream(net)


@task("Neataptic, a sequence by a NARX")
def a_sequence_by_a_narx(seed: int) -> bool:
    """Test "NARX Sequence": NARX(1, 5, 1), delays of 3, 1,000 iterations over seven
    steps or an error of 0.005, rate 0.05; an error below 0.005 afterwards."""
    inputs = np.zeros((7, 1))
    targets = np.zeros((7, 1))
    inputs[3] = targets[2] = targets[6] = 1.0
    net = architect.NARX(1, 5, 1, input_delay=3, output_delay=3, seed=seed)
    trainer = Trainer(net, rate=0.05, cost=MSE)
    trainer.train(inputs, targets, epochs=1000, goal=0.0025, progress=False)
    return mse(net, inputs, targets) < 0.005


# --- brain.js: src/neural-network.bitwise.test.ts, src/recurrent ----------------------

CLOSE = 0.5 * 10**-0.05  # toBeCloseTo(target, 0.05)


def _bitwise(name: str, seed: int, optimizer: SGD | Adam) -> bool:
    inputs, targets = gate(name)
    net = architect.Perceptron(inputs.shape[1], 3, 1, seed=seed)
    trainer = Trainer(net, cost=MSE, optimizer=optimizer)
    trainer.train(inputs, targets, epochs=20_000, goal=0.003, seed=seed, progress=False)
    return apart(net, inputs, targets, CLOSE)


@task("brain.js, NOT OR AND and XOR")
def not_or_and_and_xor(seed: int) -> bool:
    """Test "bitwise functions": three hidden units, 20,000 iterations or an error of
    0.003, rate 0.3, momentum 0.1; within 0.45 of the targets."""
    return all(
        _bitwise(name, seed, SGD(rate=0.3, momentum=0.1))
        for name in ("NOT", "OR", "AND", "XOR")
    )


@task("brain.js, NOT OR and AND by Adam")
def not_or_and_and_by_adam(seed: int) -> bool:
    """Test "bitwise using adam praxis": the same by Adam with the rate 0.05. XOR is a
    task of its own."""
    return all(_bitwise(name, seed, Adam(rate=0.05)) for name in ("NOT", "OR", "AND"))


def xor_of_three_units_by_adam(seed: int) -> bool:
    """XOR of "bitwise using adam praxis": not among the tasks, as three units do not
    learn it from every seed."""
    return _bitwise("XOR", seed, Adam(rate=0.05))


@task("brain.js, XOR over two steps by an LSTM")
def xor_over_two_steps_by_an_lstm(seed: int) -> bool:
    """Test "LSTMTimeStep can learn xor": ten blocks, 5,000 iterations or an error of
    0.03; the number that follows two bits is below 0.1 or above 0.9."""
    net = architect.LSTM(1, 10, 1, output_squash="identity", seed=seed)
    inputs = BITS[:, :, None]
    targets = np.full((4, 2, 1), np.nan)
    targets[:, 1, 0] = GATES["XOR"]
    trainer = Trainer(net, cost=MSE, rule="bptt", optimizer=Adam(rate=0.01))
    trainer.train(inputs, targets, epochs=5000, goal=0.001, progress=False)
    outputs = []
    for pair in inputs:
        net.clear()
        outputs.append(net.run(pair)[-1, 0])
    return bool(np.abs(np.array(outputs) - GATES["XOR"]).max() < 0.1)


@task("brain.js, one two three")
def one_two_three(seed: int) -> bool:
    """Test "can learn 1,2,3": three blocks, 20,000 iterations; after 1 and 2 the output
    rounds to 3."""
    net = architect.LSTM(1, 3, 1, output_squash="identity", seed=seed)
    trainer = Trainer(net, rule="bptt", optimizer=Adam(rate=0.02))
    trainer.train(
        [[[1.0], [2.0]]], [[[2.0], [3.0]]], epochs=2000, goal=0.001, progress=False
    )
    net.clear()
    return round(float(net.run([[1.0], [2.0]])[-1, 0])) == 3


# --- PyBrain: tests/unittests/supervised/trainers, test_backprop_rprop.py -------------


@task("PyBrain, XOR by Rprop")
def xor_by_rprop(seed: int) -> bool:
    """XOR with four hidden units by RPROP, as its "test_backprop_rprop" sets it up;
    that test runs four epochs and looks at the numbers, this one at most 500 and at
    outputs that round to the targets."""
    inputs, targets = gate("XOR")
    net = architect.Perceptron(2, 4, 1, output_squash="identity", seed=seed)
    trainer = Trainer(net, cost=MSE, rule="bptt", optimizer=Rprop(), batch_size=4)
    trainer.train(inputs, targets, epochs=500, goal=0.01, progress=False)
    return apart(net, inputs, targets, 0.5)


@task("PyBrain, a regression of two hidden layers")
def a_regression_of_two_hidden_layers(seed: int) -> bool:
    """Test "test_backprop": 6-40-16-2, 1,000 samples on scales from 0.2 to 70, rate
    0.01, momentum 0.5, 10 epochs. It asks for a training without a failure; here the
    error has to fall, too."""
    rng = np.random.default_rng([seed, 7])
    inputs = rng.integers(-70, 50, (1000, 6)).astype(float)
    inputs[:, 0] = rng.integers(0, 15, 1000)
    inputs[:, 5] = rng.integers(1, 5, 1000) / 20
    targets = np.column_stack([rng.integers(-1, 1, 1000) / 10, np.zeros(1000)])
    net = architect.Perceptron(6, 40, 16, 2, output_squash="identity", seed=seed)
    before = mse(net, inputs, targets)
    trainer = Trainer(net, optimizer=SGD(rate=0.01, momentum=0.5))
    trainer.train(inputs, targets, epochs=10, seed=seed, progress=False)
    return mse(net, inputs, targets) < min(before, 0.02)


CASES = {**TASKS, "brain.js, XOR of three units by Adam": xor_of_three_units_by_adam}


def learn(name: str, seed: int, most: int) -> many.Row:
    """One run."""
    return {"task": name, "seed": seed, "learnt": bool(CASES[name](seed))}


def report(rows: list[many.Row]) -> str:
    """The table for learning.md."""
    lines = []
    for name in CASES:
        runs = [row for row in rows if row["task"] == name]
        missed = ", ".join(str(row["seed"]) for row in runs if not row["learnt"])
        lines.append(
            [
                name,
                f"{sum(row['learnt'] for row in runs)} of {len(runs)}",
                missed or "-",
            ]
        )
    return many.table(["suite, task", "learnt", "seeds that failed"], lines)


if __name__ == "__main__":
    options = many.parser(__doc__, most=0, name="peers")
    options.set_defaults(seeds=40)
    many.study(options.parse_args(), {}, learn, list(CASES), report)
