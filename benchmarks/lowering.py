"""What lowering costs after each kind of edit.

    python -m benchmarks.lowering          # edits of 2e6 connections
    python -m benchmarks.lowering sparse   # of this network

Milliseconds are CPU times of `store.ensure_lowered()` after the edit, the least of
several. An edit and what takes it back alternate. "whole": without ``edits.py``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import numpy as np

import architect
import synapse
from synapse import Layer, Network
from synapse.engine.lowering import edits

REPEATS = 7
NEVER = 1 << 62
CONNECT = "connect, disconnect"
FREEZE = "freeze, unfreeze"


def dense(size: int = 1414) -> Network:
    """A perceptron of 2e6 connections."""
    return architect.Perceptron(size, size, 10, seed=0)


def scattered(neurons: int = 6300, connections: int = 2_000_000) -> Network:
    """A layer that is connected with itself at random."""
    first, pool, last = Layer(10), Layer(neurons), Layer(10)
    first.project(pool, seed=0)
    pool.project(pool, connections / neurons**2, seed=1)
    pool.project(last, seed=2)
    return Network(first, [pool], last)


def liquid(pool: int = 3_000, connections: int = 1_970_000) -> Network:
    """A liquid of 2e6 connections."""
    return architect.Liquid(3, pool, 6, connections=connections, seed=0)


def small() -> Network:
    """2-3-1."""
    return architect.Perceptron(2, 3, 1, seed=0)


NETWORKS: dict[str, Callable[[], Network]] = {
    "dense": dense,
    "sparse": scattered,
    "liquid": liquid,
}


def changes(net: Network) -> dict[str, tuple[Callable[[], Any], Callable[[], Any]]]:
    """Edits, each with the one that takes it back."""
    pool = net.hidden[0]
    source, target = net.input[0], net.output[0]
    if source.connection_to(target):
        source.disconnect(target)
    link = pool[len(pool) // 2].incoming[0]
    pair = [pool[0].incoming[0], pool[2].incoming[0]]
    added: list[Any] = []

    def add_neuron() -> None:
        added.append(synapse.Neuron())
        pool.append(added[-1])
        source.project(added[-1], weight=0.1)

    def add_layer() -> None:
        added.append(Layer(5))
        net.input.project(added[-1], seed=0)
        added[-1].project(net.output, seed=0)
        net.add(added[-1])

    def delay() -> None:
        source.project(target, weight=0.1, delay=2)

    def remove() -> None:
        last = added.pop()
        for neuron in last if isinstance(last, Layer) else [last]:
            net.remove(neuron)

    return {
        CONNECT: (
            lambda: source.project(target, weight=0.1),
            lambda: source.disconnect(target),
        ),
        "connect a delay, disconnect": (delay, lambda: source.disconnect(target)),
        FREEZE: (
            lambda: setattr(link, "trainable", False),
            lambda: setattr(link, "trainable", True),
        ),
        "gate, ungate": (lambda: pool[2].gate(link), lambda: pool[2].ungate(link)),
        "tie, untie": (lambda: synapse.tie(pair), lambda: synapse.untie(pair)),
        "add a neuron, remove it": (add_neuron, remove),
        "project a layer, remove it": (add_layer, remove),
    }


def times(net: Network, pair: Any, repeats: int = REPEATS) -> tuple[float, float]:
    """Milliseconds of lowering after an edit, and after the one that takes it back."""
    store = net.input[0]._store
    store.ensure_lowered()
    least = [np.inf, np.inf]
    for _ in range(repeats):
        for number, change in enumerate(pair):
            change()
            start = time.process_time()
            store.ensure_lowered()
            least[number] = min(least[number], time.process_time() - start)
    return 1e3 * least[0], 1e3 * least[1]


@contextmanager
def whole_lowering() -> Any:
    """Every edit lays out everything."""
    before = edits.MIN_CONNECTIONS
    edits.MIN_CONNECTIONS = NEVER
    try:
        yield
    finally:
        edits.MIN_CONNECTIONS = before


def print_edits(names: list[str]) -> None:
    """A table by network and edit: incremental and whole."""
    for name in names:
        net = NETWORKS[name]()
        print(f"{name}, {len(net.connections):,} connections: ms, whole ms, factor")
        for edit, pair in changes(net).items():
            present = times(net, pair)
            with whole_lowering():
                whole = times(net, pair)
            for part, now, other in zip(edit.split(", "), present, whole):
                factor = other / now
                print(f"  {part:18} {now:8.2f} {other:8.2f} {factor:6.1f}", flush=True)


if __name__ == "__main__":
    print_edits(sys.argv[1:] or [*NETWORKS])
