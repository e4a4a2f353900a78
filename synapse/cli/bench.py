"""``synapse bench``: time networks of common sizes on this machine."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from timeit import repeat
from typing import Any

import numpy as np

import architect

from .. import Trainer
from ..objects.network import Network
from .words import aligned

LSTM = partial(architect.LSTM, style="synaptic")  # the style of the peers in benchmarks
CASES: tuple[tuple[str, Callable[..., Network], tuple[int, ...]], ...] = (
    ("2-3-1", architect.Perceptron, (2, 3, 1)),
    ("10-20-5", architect.Perceptron, (10, 20, 5)),
    ("64-128-10", architect.Perceptron, (64, 128, 10)),
    ("LSTM 6-8-6", LSTM, (6, 8, 6)),
    ("784-100-10", architect.Perceptron, (784, 100, 10)),
    ("LSTM 30-72-30", LSTM, (30, 72, 30)),
    ("LSTM 100-100-20", LSTM, (100, 100, 20)),
)
"""Names, functions that build, and sizes of the networks."""
QUICK = CASES[:4]

REPEATS = 5
HEAD = ("network", "connections", "build, s", "answer, µs", "learn, µs")


def add_bench(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.add_argument("--quick", action="store_true", help="small networks only, with fewer repeats")


def bench(options: argparse.Namespace) -> None:
    """Time networks of common sizes on this machine.

    Microseconds per step on one core, median of five: running (net.run), and learning (Trainer.train:
    activation, error and new weights at every step).
    """
    cases, seconds = (QUICK, 0.01) if options.quick else (CASES, 0.1)
    _row(*CASES[0], seconds)  # loads the compiled kernels, or compiles them
    print(aligned([HEAD, *(_row(*case, seconds) for case in cases)], "<>>>>"))


def _row(name: str, build: Callable[..., Network], sizes: tuple[int, ...], seconds: float) -> tuple[str, ...]:
    """The cells of one network."""
    begin = time.perf_counter()
    network = build(*sizes, seed=0)
    built, rng, trainer = time.perf_counter() - begin, np.random.default_rng(0), Trainer(network, 0.01)
    inputs, targets = (rng.random((20_000, size)) for size in (sizes[0], sizes[-1]))

    def learn(steps: int) -> None:
        trainer.train(inputs[:steps], targets[:steps], epochs=1, progress=False)

    times = [_microseconds(what, seconds) for what in (lambda steps: network.run(inputs[:steps]), learn)]
    return (name, f"{len(network.connections)}", f"{built:.3f}", *(f"{each:.3g}" for each in times))


def _microseconds(what: Callable[[int], Any], seconds: float) -> float:
    """Time of one step: the median over calls with so many steps that each takes about `seconds`."""
    timed = min(repeat(lambda: what(64), number=1, repeat=2))
    steps = int(np.clip(64 * seconds / timed, 64, 20_000))
    return 1e6 * statistics.median(repeat(lambda: what(steps), number=1, repeat=REPEATS)) / steps
