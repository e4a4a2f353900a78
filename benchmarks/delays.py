"""A step of a network whose connections have delays, beside one of the same network
without any.

``python -m benchmarks.delays '{"seconds": 0.5, "repeats": 5}'`` is the table's
process."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from synapse import Layer, Network, Trainer, gradient
from synapse.engine.schema import COLUMNS

from . import child
from .markdown import number, table
from .plan import Plan, Tell, summary

TITLE = "Delays: 1,000 neurons, 10^5 connections among them"
NEURONS = 1000
CONNECTIONS = 100_000
LONGEST = 20
STEPS = 40
SEQUENCES = 8
NETWORKS = {"no delays": 0, f"delays 1 to {LONGEST}": LONGEST}
"""The longest delay of each network: each connection has one of 1 to the longest."""


def build(longest: int) -> Network:
    """A layer connected with itself at random, between four inputs and three
    outputs."""
    rng = np.random.default_rng(0)
    inputs, pool, outputs = Layer(4), Layer(NEURONS, "tanh"), Layer(3)
    inputs.project(pool, seed=1)
    chosen = rng.random((NEURONS, NEURONS)) < CONNECTIONS / NEURONS**2
    np.fill_diagonal(chosen, False)
    delays = rng.integers(1, longest + 1, (NEURONS, NEURONS)) if longest else 0 * chosen
    weights = rng.normal(0.0, 0.05, (NEURONS, NEURONS))
    for delay in np.unique(delays).tolist():
        mask = chosen & (delays == delay)
        pool.project(pool, mask, weights=weights[mask], delay=delay)
    pool.project(outputs, seed=2)
    return Network(inputs, [pool], outputs)


def works(net: Network) -> dict[str, tuple[int, Callable[[], Any]]]:
    """By name: the number of steps of all sequences, and a call that makes them."""
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(SEQUENCES, STEPS, 4))
    targets = rng.random((SEQUENCES, STEPS, 3))
    trainer = Trainer(net, rate=0.001)
    return {
        "`net.run`": (STEPS, lambda: net.run(rows[0])),
        "`net.run(traces=False)`": (STEPS, lambda: net.run(rows[0], traces=False)),
        "online training": (
            STEPS,
            lambda: trainer.train(rows[0], targets[0], epochs=1, progress=False),
        ),
        "exact gradient, one sequence": (
            STEPS,
            lambda: gradient(net, rows[0], targets[0]),
        ),
        f"exact gradient, {SEQUENCES} sequences": (
            SEQUENCES * STEPS,
            lambda: gradient(net, rows, targets),
        ),
    }


def cells(
    networks: dict[str, Network], seconds: float, repeats: int
) -> dict[str, dict[str, Any]]:
    """Microseconds of CPU time for each step, by work and network, in alternation."""
    each = {name: works(net) for name, net in networks.items()}
    names = list(next(iter(each.values())))
    times: dict[str, dict[str, list[float]]] = {
        work: {name: [] for name in each} for work in names
    }
    for repeat in range(1 + repeats):  # the first one compiles
        for work in names:
            for name, those in each.items():
                steps, call = those[work]
                calls = 0
                begin = time.process_time()
                while calls == 0 or time.process_time() - begin < seconds:
                    call()
                    calls += 1
                if repeat > 0:
                    spent = time.process_time() - begin
                    times[work][name].append(1e6 * spent / (calls * steps))
    return {
        work: {name: summary(values) for name, values in those.items()}
        for work, those in times.items()
    }


def megabytes(net: Network) -> float:
    """The columns of a network, which the first step lays out."""
    net.run(np.zeros((1, 4)))
    store = net._store
    return float(sum(store[column.name].nbytes for column in COLUMNS) / 1e6)


def measure(plan: Plan, tell: Tell) -> dict[str, Any]:
    """Measure all in one process."""
    spec = {"seconds": plan.seconds, "repeats": plan.repeats}
    result = child.ask("benchmarks.delays", spec, 900)
    for work, those in result.get("cells", {}).items():
        stated = ", ".join(
            f"{name} {cell['median']:.4g}" for name, cell in those.items()
        )
        tell(f"delays, {work}: {stated} µs")
    return result


def text(results: dict[str, Any]) -> list[str]:
    """The table."""
    without, delayed = NETWORKS
    rows = [
        _row(f"{work}, µs a step", those[without]["median"], those[delayed]["median"])
        for work, those in results.get("cells", {}).items()
    ]
    memory = results.get("megabytes", {})
    rows += [_row("columns, MB", *memory.values())] if memory else []
    return [
        table(["", *NETWORKS, "ratio"], rows),
        f"Status: {results['status']}.",
    ]


def _row(label: str, without: float, delayed: float) -> list[str]:
    return [label, number(without), number(delayed), number(delayed / without)]


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    networks = {name: build(longest) for name, longest in NETWORKS.items()}
    print(
        json.dumps(
            {
                "cells": cells(networks, asked["seconds"], asked["repeats"]),
                "megabytes": {name: megabytes(net) for name, net in networks.items()},
            }
        )
    )
