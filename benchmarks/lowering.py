"""What lowering costs after each kind of edit, and what its tuned constants are worth.

    python -m benchmarks.lowering                # edits of 2e6 connections
    python -m benchmarks.lowering constants      # a tenth and ten times of each
    python -m benchmarks.lowering constants FEW  # of this one

Milliseconds are CPU times of `store.ready()` after the edit, the least of several. An
edit and what takes it back alternate. "whole": without ``edits.py``.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import numpy as np

import architect
import synapse
from synapse import Layer, Network
from synapse.engine.lowering import runner

REPEATS = 7
NEVER = 1 << 62


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


NETWORKS: dict[str, Callable[[], Network]] = {
    "dense": dense,
    "sparse": scattered,
    "liquid": liquid,
}


def changes(net: Network) -> dict[str, tuple[Callable[[], Any], Callable[[], Any]]]:
    """Edits, each with the one that takes it back."""
    pool = net.hidden[0]
    source, target = net.input[0], net.output[0]
    if source.connected(target):
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
        "connect, disconnect": (
            lambda: source.project(target, weight=0.1),
            lambda: source.disconnect(target),
        ),
        "connect a delay, disconnect": (delay, lambda: source.disconnect(target)),
        "freeze, unfreeze": (
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
    store.ready()
    least = [np.inf, np.inf]
    for _ in range(repeats):
        for number, change in enumerate(pair):
            change()
            start = time.process_time()
            store.ready()
            least[number] = min(least[number], time.process_time() - start)
    return 1e3 * least[0], 1e3 * least[1]


@contextmanager
def changed(module: str, name: str, value: int) -> Any:
    """A constant of lowering with another value."""
    owner = importlib.import_module(f"synapse.engine.lowering.{module}")
    before = getattr(owner, name)
    setattr(owner, name, value)
    runner._entry_of.cache_clear()  # compiled loops have the number as it was
    try:
        yield
    finally:
        setattr(owner, name, before)
        runner._entry_of.cache_clear()


def print_edits(names: list[str]) -> None:
    """A table by network and edit: incremental and whole."""
    for name in names:
        net = NETWORKS[name]()
        print(f"{name}, {len(net.connections):,} connections: ms, whole ms, factor")
        for edit, pair in changes(net).items():
            present = times(net, pair)
            with changed("edits", "LEAST", NEVER):
                whole = times(net, pair)
            for part, now, other in zip(edit.split(", "), present, whole):
                factor = other / now
                print(f"  {part:18} {now:8.2f} {other:8.2f} {factor:6.1f}", flush=True)


# --- constants ------------------------------------------------------------------------


def edit(make: Callable[[], Network], name: str) -> Callable[[], Callable[[], float]]:
    """Times of an edit."""

    def prepare() -> Callable[[], float]:
        net = make()
        pair = changes(net)[name]
        return lambda: sum(times(net, pair, 3))

    return prepare


def many_targets(count: int) -> Callable[[], Callable[[], float]]:
    """Times of a change of the connections of so many neurons."""

    def prepare() -> Callable[[], float]:
        net = scattered()
        source = net.input[0]
        pool = net.hidden[0][:count]
        links = [source.connected(neuron) for neuron in pool]
        assert all(links)
        return lambda: sum(
            times(
                net,
                (
                    lambda: [source.disconnect(neuron) for neuron in pool],
                    lambda: [source.project(neuron, weight=0.1) for neuron in pool],
                ),
                2,
            )
        )

    return prepare


def steps(make: Callable[[], Network]) -> Callable[[], Callable[[], float]]:
    """Times of steps, with the runs that lowering makes."""

    def prepare() -> Callable[[], float]:
        net = make()
        rows = np.random.default_rng(0).random((20, len(net.input)))
        net.run(rows)

        def work() -> float:
            # lowered anew with the constants as they are
            net.input[0].project(net.output[0], weight=0.0)
            net.run(rows)
            least = np.inf
            for _ in range(5):
                start = time.process_time()
                net.run(rows)
                least = min(least, time.process_time() - start)
            net.input[0].disconnect(net.output[0])
            return 1e3 * least

        return work

    return prepare


def small() -> Network:
    """2-3-1."""
    return architect.Perceptron(2, 3, 1, seed=0)


CONNECT = "connect, disconnect"
FREEZE = "freeze, unfreeze"
CONSTANTS: dict[tuple[str, str], dict[str, Callable[[], Callable[[], float]]]] = {
    ("edits", "LEAST"): {
        f"connect in {n}²": edit(lambda n=n: dense(n), CONNECT) for n in (60, 400)
    },
    ("edits", "MOST"): {
        f"{count} targets": many_targets(count) for count in (20, 200, 2000)
    },
    ("edits", "FEW_RANGES"): {
        f"{count} targets": many_targets(count) for count in (2, 20)
    },
    ("edits", "CHUNK"): {"connect, sparse": edit(scattered, CONNECT)},
    ("lower", "RESERVE"): {
        "connect in 2-3-1": edit(small, CONNECT),
        "connect in 22,000": edit(lambda: dense(148), CONNECT),
    },
    ("lower", "SPARE"): {
        "connect in 2-3-1": edit(small, CONNECT),
        "connect in 22,000": edit(lambda: dense(148), CONNECT),
    },
    ("sorting", "FEW"): {
        "connect in 2-3-1": edit(small, CONNECT),
        "freeze in 2,300": edit(lambda: dense(48), FREEZE),
        "freeze in 22,000": edit(lambda: dense(148), FREEZE),
    },
    ("loops.runs", "SHORT"): {"step, sparse": steps(lambda: scattered(1000, 400_000))},
    ("loops.runs", "SHORT_BY_A_LIST"): {
        "step, sparse": steps(lambda: scattered(1000, 400_000))
    },
}


def print_constants(names: list[str]) -> None:
    """A table: a tenth of each constant, as it is, ten times of it."""
    print("least ms with a tenth, as it is, ten times; ratios to what it is")
    for (module, name), rows in CONSTANTS.items():
        if names and name not in names:
            continue
        owner = importlib.import_module(f"synapse.engine.lowering.{module}")
        present = getattr(owner, name)
        values = max(1, present // 10), present, 10 * present
        for row, prepare in rows.items():
            work = prepare()
            least = dict.fromkeys(values, np.inf)
            for _ in range(5):
                for value in values:
                    with changed(module, name, value):
                        least[value] = min(least[value], work())
            ratios = [f"{least[value] / least[present]:.2f}" for value in values]
            print(f"{name:16} {row:20} {least[present]:9.3f}", *ratios, flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["constants"]:
        print_constants(sys.argv[2:])
    else:
        print_edits(sys.argv[1:] or [*NETWORKS])
