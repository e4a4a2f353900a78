"""Networks that stay able to learn: a slowly changing regression, and a recurrent
stream that changes.

    python -m studies plasticity regression 30    # about 11 minutes of one core
    python -m studies plasticity recurrent 10
    python -m studies plasticity table            # of the results, for the page

Slowly changing regression (Nature 632, 2024): 20 bits and a constant 1. The first 15
bits are constant for 10,000 samples, then one of them flips; the other five are drawn
anew for each sample. The target is the sum of 100 threshold units with signs, all of
whose weights are 1 or -1; the threshold of a unit is 0.7 * 21 minus the number of its
weights that are -1. The learner has 5 hidden neurons. A run is a stream of 3 million
samples, learned one at a time; each error is the mean squared error of 40,000
predictions before learning.

Recurrent stream: the input is a random 1 or -1; the target is half the sum of 20
threshold units of the last five inputs, each plus or minus a half. Every 10,000 steps a
unit is drawn anew. The learner is Elman 1-8-1 by exact rtrl, for 1.6 million steps."""

from __future__ import annotations

import itertools
import json
import sys
import time
from pathlib import Path

import numpy as np

import architect
from synapse import Trainer
from synapse.learning import ContinualBackprop
from synapse.optimizers import Adam
from synapse.readwrite import _files

RESULTS = Path(__file__).with_suffix(".json")
SAMPLES = 3_000_000
BIN = 40_000
HOLD = 10_000
BITS = 20
SLOW = 15
UNITS = 100
SHARE = 0.7
WINDOW = 5
WINDOW_UNITS = 20
STEPS = 1_600_000
PERTURBED = 1_000
"""Number of samples between two additions of noise, for shrink-and-perturb."""


class Regression:
    """The stream, a bin at a time."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.weights = self.rng.choice([-1.0, 1.0], (BITS + 1, UNITS)).astype(
            np.float32
        )
        self.signs = self.rng.choice([-1.0, 1.0], UNITS).astype(np.float32)
        self.thresholds = np.float32(SHARE) * (BITS + 1) - (self.weights < 0).sum(
            axis=0, dtype=np.float32
        )
        self.slow = self.rng.integers(0, 2, SLOW).astype(float)

    def bin(self):
        inputs = np.ones((BIN, BITS + 1))
        for begin in range(0, BIN, HOLD):
            inputs[begin : begin + HOLD, :SLOW] = self.slow
            self.slow[self.rng.integers(SLOW)] += 1.0
            self.slow %= 2.0
        inputs[:, SLOW:BITS] = self.rng.integers(0, 2, (BIN, BITS - SLOW))
        units = inputs.astype(np.float32) @ self.weights >= self.thresholds
        return inputs, (units.astype(np.float32) @ self.signs)[:, None].astype(float)


class Windows:
    """The recurrent stream, a bin at a time."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.weights = np.zeros((WINDOW, WINDOW_UNITS))
        self.thresholds, self.signs = np.zeros((2, WINDOW_UNITS))
        self.before = np.ones(WINDOW - 1)
        for unit in range(WINDOW_UNITS):
            self.draw(unit)

    def draw(self, unit):
        self.weights[:, unit] = self.rng.choice([-1.0, 1.0], WINDOW)
        self.thresholds[unit] = self.rng.choice([-2.0, 0.0, 2.0])
        self.signs[unit] = self.rng.choice([-1.0, 1.0])

    def bin(self):
        inputs = np.concatenate([self.before, self.rng.choice([-1.0, 1.0], BIN)])
        self.before = inputs[1 - WINDOW :]
        windows = np.lib.stride_tricks.sliding_window_view(inputs, WINDOW)
        targets = np.empty(BIN)
        for begin in range(0, BIN, HOLD):
            self.draw(self.rng.integers(WINDOW_UNITS))
            units = windows[begin : begin + HOLD] @ self.weights >= self.thresholds
            targets[begin : begin + HOLD] = (units - 0.5) @ self.signs / 2
        return inputs[WINDOW - 1 :, None], targets[:, None]


BATCH_OF_ONE = {"rule": "bptt", "batch_size": 1}
METHODS = {
    "plain descent": dict,
    "Adam": lambda: BATCH_OF_ONE | {"optimizer": Adam(), "rate": 0.003},
    "L2": lambda: BATCH_OF_ONE | {"l2": 1e-3},
    "shrink and perturb": lambda: BATCH_OF_ONE | {"l2": 1e-3},
    "renewal": lambda: {"renewal": ContinualBackprop(replacement_rate=1e-4)},
}
NOISE = {"shrink and perturb": 0.05}
LEARNERS = [
    *itertools.product(("tanh", "relu"), (0.01,), METHODS),
    *itertools.product(("tanh", "relu"), (0.003,), ("plain descent", "renewal")),
]
"""Squashes of the hidden neurons, rates and methods; Adam has its own rate."""


def learn(trainer, rng, noise, inputs, targets):
    """Learn a bin; returns its mean squared error."""
    settings = {"epochs": 1, "shuffle": False, "seed": rng, "progress": False}
    if not noise:
        return 2.0 * trainer.train(inputs, targets, **settings).loss
    errors = []
    for begin in range(0, len(inputs), PERTURBED):
        at = slice(begin, begin + PERTURBED)
        errors.append(2.0 * trainer.train(inputs[at], targets[at], **settings).loss)
        net = trainer.network
        net.weights = net.weights + rng.normal(0.0, noise, len(net.weights))
    return np.mean(errors)


def regression(seed):
    """One run of all methods side by side: the errors of all bins."""
    learners = {}
    for squash, rate, name in LEARNERS:
        net = architect.Perceptron(
            BITS + 1, 5, 1, squash=squash, output_squash="identity", seed=seed
        )
        trainer = Trainer(net, **{"rate": rate} | METHODS[name]())
        learners[f"{squash}, {rate:g}, {name}"] = trainer, NOISE.get(name, 0.0)
    return side_by_side(Regression(seed), learners, SAMPLES, seed)


def recurrent(seed):
    """One run of the recurrent stream."""
    learners = {}
    for rate, name in itertools.product((0.03, 0.01), ("plain descent", "renewal")):
        net = architect.Elman(
            1, 8, 1, squash="tanh", output_squash="identity", seed=seed
        )
        trainer = Trainer(net, rate=rate, rule="rtrl", **METHODS[name]())
        learners[f"Elman, {rate:g}, {name}"] = trainer, 0.0
    return side_by_side(Windows(seed), learners, STEPS, seed)


def side_by_side(stream, learners, samples, seed):
    """The errors of all learners, by bin."""
    errors = {name: [] for name in learners}
    rng = np.random.default_rng(seed)
    for _ in range(samples // BIN):
        inputs, targets = stream.bin()
        for name, (trainer, noise) in learners.items():
            errors[name].append(
                round(float(learn(trainer, rng, noise, inputs, targets)), 5)
            )
    return errors


def table(runs):
    """Mean errors of the first and of the last ten bins, and their standard errors."""
    lines = [
        "| hidden neurons, rate, method | first 10 bins | last 10 bins |",
        "| --- | ---: | ---: |",
    ]
    for name in runs[0]:
        errors = np.array([run[name] for run in runs])
        stretches = [errors[:, :10].mean(axis=1), errors[:, -10:].mean(axis=1)]
        cells = [
            f"{stretch.mean():.3f} ± {stretch.std(ddof=1) / len(stretch) ** 0.5:.3f}"
            for stretch in stretches
        ]
        lines.append(" | ".join([f"| {name}", *cells]) + " |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Run a stream, a run after the other, and write the errors of all bins after
    each."""
    study, *count = arguments or sys.argv[1:] or ["regression"]
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if study == "table":
        print(
            *(
                f"{name}, {len(runs)} runs\n\n{table(runs)}"
                for name, runs in results.items()
            ),
            sep="\n\n",
        )
        return
    run = {"regression": regression, "recurrent": recurrent}[study]
    results[study] = []
    for seed in range(int(*count or [30])):
        results[study].append(run(seed))
        _files.write(RESULTS, json.dumps(results) + "\n")
        print(f"run {seed + 1}: {time.process_time():.0f} s", flush=True)


if __name__ == "__main__":
    main()
