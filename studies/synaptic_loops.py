"""What Synaptic's own XOR and recall loop take here, beside Synaptic 1.1.4 itself.

    python -m studies synaptic_loops          # twenty minutes; needs Node and npm
    python -m studies synaptic_loops xor      # or only order, timing, or recall

XOR: perceptrons 2-3-1 and 2-4-1, 40 seeds, at most 20,000 epochs. Training stops at a
mean squared error of 0.005, with the default cost at a cross-entropy of 0.05. A network
has learnt XOR if all four outputs are on the right side of 1/2.

Order: Synaptic sends errors through weights that it has just updated. XOR by
perceptrons 2-4-1 from the same weights, samples in order, 20 seeds: the epochs of
Synaptic, of Synapse, and of a loop in NumPy that updates before or after it sends
errors back. They all learn from t - y, and stop when the mean squared error of an
epoch, measured while they learn, is at most 0.005.

Timing: ``trainer.timingTask`` of Synaptic, 200 epochs of LSTM 2-7-1 from the same
weights and on the same samples, 3 seeds.

Recall: ``trainer.DSR`` of Synaptic, 20 seeds, translated line by line. It activates the
network, propagates where a rounded output is wrong, never clears the context, and ends
when 950 of a block of 1,000 training sequences were answered right. Both libraries
start from the weights that Synaptic has drawn."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path

import numpy as np

import architect
import synapse
from benchmarks.machine import install_node_packages

SCRIPT = Path(__file__).with_suffix(".js")
INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
TARGETS = np.array([[0], [1], [1], [0]])
XOR_SEEDS = 40
ORDER_SEEDS = 20
TIMING_SEEDS = 3
RECALL_SEEDS = 20
MOST = 100_000


def by_synaptic(*arguments):
    """The runs of Synaptic with these arguments, one for each seed."""
    # the option lets V8 optimise long compiled functions
    command = [
        "node",
        "--max-optimized-bytecode-size=100000000",
        SCRIPT,
        *map(str, arguments),
    ]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in lines.splitlines()]


def xor_learnt(seed, units, rate, cost, shuffle):
    """Whether a network of Synapse learns XOR from this seed."""
    net = architect.Perceptron(2, units, 1, seed=seed)
    synapse.Trainer(net, rate=rate, cost=cost).train(
        INPUTS,
        TARGETS,
        epochs=20_000,
        goal=0.05 if cost is None else 0.005,
        shuffle=shuffle,
        seed=seed,
        progress=False,
    )
    return bool(((net.run(INPUTS) > 0.5) == TARGETS).all())


def xor():
    """Print how many of 40 seeds learn XOR."""
    print(
        "| units, rate | samples | Synaptic, MSE | Synapse, `cost='mse'` | Synapse, no"
        " `cost` |"
    )
    for units, rate, shuffle in product((3, 4), (0.2, 0.5), (False, True)):
        theirs = by_synaptic("xor", units, rate, json.dumps(shuffle), XOR_SEEDS)
        counts = [sum(run["learnt"] for run in theirs)] + [
            sum(
                xor_learnt(seed, units, rate, cost, shuffle)
                for seed in range(XOR_SEEDS)
            )
            for cost in ("mse", None)
        ]
        order = "shuffled" if shuffle else "in order"
        print(
            f"| {units}, {rate} | {order} | {' | '.join(map(str, counts))} |",
            flush=True,
        )


def opened(network):
    """The network of a document of Synaptic."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.json"
        path.write_text(json.dumps(network))
        return synapse.load(path)


def epochs_until_learnt(step):
    """The epochs until the mean squared error is at most 0.005; `step` learns from one
    sample and returns the output before it."""
    for epoch in range(1, 20_001):
        errors = [
            float(np.mean((target - step(row, target)) ** 2))
            for row, target in zip(INPUTS, TARGETS, strict=True)
        ]
        if np.mean(errors) <= 0.005:
            return epoch
    return None


def numpy_step(net, rate, updated_first):
    """A step of a perceptron by NumPy, from the weights of a network. If
    `updated_first`, the error goes back through the weights after their update."""
    _, hidden, outputs = net.layers
    w = np.array([[c.weight for c in neuron.incoming] for neuron in hidden])
    v = np.array([c.weight for c in outputs[0].incoming])
    b = hidden.biases.copy()
    c = outputs.biases[0]

    def step(row, target):
        nonlocal v, c
        h = 1 / (1 + np.exp(-(w @ row + b)))
        y = 1 / (1 + np.exp(-(v @ h + c)))
        error = target[0] - y
        updated = v + rate * error * h
        delta = h * (1 - h) * error * (updated if updated_first else v)
        v = updated
        c += rate * error
        w[...] += rate * np.outer(delta, row)
        b[...] += rate * delta
        return np.array([y])

    return step


def synapse_step(net, rate):
    """A step of Synapse."""

    def step(row, target):
        answer = net.activate(row)
        net.propagate(rate, target)
        return answer

    return step


def order():
    """Print the epochs that XOR takes by either order of updates."""
    rate = 0.2
    runs = by_synaptic("order", 4, rate, ORDER_SEEDS)
    epochs = {
        "Synaptic": [run["iterations"] for run in runs],
        "NumPy, updated weights": [],
        "Synapse": [],
        "NumPy, weights before the update": [],
    }
    for run in runs:
        net = opened(run["network"])
        steps = {
            "NumPy, updated weights": numpy_step(net, rate, True),
            "NumPy, weights before the update": numpy_step(net, rate, False),
            "Synapse": synapse_step(net, rate),
        }
        for name, step in steps.items():
            epochs[name].append(epochs_until_learnt(step))
    print("| XOR, 2-4-1 | median epochs | range | equal to |")
    for name, needed in epochs.items():
        equal = [other for other in epochs if other != name and epochs[other] == needed]
        print(
            f"| {name} | {np.median(needed):,.0f} | {min(needed):,} to"
            f" {max(needed):,} | {', '.join(equal)} |"
        )
    pairs = zip(epochs["Synapse"], epochs["Synaptic"], strict=True)
    slower = sum(ours > theirs for ours, theirs in pairs)
    print(f"Synapse takes more epochs for {slower} of {ORDER_SEEDS} seeds.", flush=True)


def timing():
    """Print the errors of Synaptic's timing task."""
    print("| timing task, LSTM 2-7-1 | Synaptic | Synapse |")
    for run in by_synaptic("timing", 7, TIMING_SEEDS):
        net = opened(run["network"])
        parts = {}
        for part, samples in run["samples"].items():
            rows = [np.array([s[key] for s in samples]) for key in ("input", "output")]
            parts[part] = rows
        # the rates of timingTask, each for half of 200 epochs
        synapse.Trainer(net, rate=lambda epoch: 0.03 if epoch < 99 else 0.02).train(
            *parts["train"], epochs=200, shuffle=False, progress=False
        )
        inputs, targets = parts["test"]
        tested = float(np.mean((net.run(inputs) - targets) ** 2))
        print(
            f"| seed {run['seed']} | {run['tested']:.4f} | {tested:.4f} |", flush=True
        )


def sequence(rng):
    """The symbols of ten steps, and the targets."""
    places = np.sort(rng.choice(8, 2, replace=False))
    shown = rng.integers(0, 2, 2)
    symbols = np.append(rng.choice([3, 5], 8), [0, 1])
    symbols[places] = np.array([2, 4])[shown]
    return np.eye(6)[symbols], np.vstack([np.zeros((8, 2)), np.eye(2)[shown]])


def recall_needed(network, rate, seed):
    """The sequences that Synapse needs from the weights of a document of Synaptic; None
    if too many."""
    net = opened(network)
    rng = np.random.default_rng(seed)
    for thousands in range(1, MOST // 1000 + 1):
        correct = 0
        for _ in range(1000):
            right = 0
            for row, target in zip(*sequence(rng), strict=True):
                if (net.activate(row).round() == target).all():
                    right += 1
                else:
                    net.propagate(rate, target)
            correct += right == 10
        if correct >= 950:
            return thousands * 1000
    return None


def summary(needed):
    """How many seeds solved the task, and the median and range of the sequences of
    those."""
    solved = sorted(number for number in needed if number is not None)
    return (
        f"{len(solved)} of {len(needed)}: {np.median(solved):,.0f} ({solved[0]:,} to"
        f" {solved[-1]:,})"
    )


def recall():
    """Print how many sequences both libraries need."""
    print("| network, rate | Synaptic | Synapse |")
    theirs = by_synaptic("recall", 7, 0.1, RECALL_SEEDS, MOST)
    ours = [recall_needed(run["network"], 0.1, run["seed"]) for run in theirs]
    cells = summary([run["needed"] for run in theirs]), summary(ours)
    print(f"| LSTM 6-7-2, 0.1 | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    if reason := install_node_packages():
        sys.exit(reason)
    for study in (xor, order, timing, recall):
        if sys.argv[1:] in ([], [study.__name__]):
            study()
