"""Exact gradients online: a step of real-time recurrent learning, beside the textbook's
dense form.

``python -m benchmarks.rtrl '{"row": "Elman 7-15-7", ...}'`` is one row. Times are those
of the process."""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import architect
import synapse

from . import child
from .comparison import Comparison, beside
from .markdown import number, ratio, table
from .memory import peak, reset_peak
from .peers.recurrent import Dense
from .plan import Plan, Tell, summary

TITLE = "Real-time recurrent learning, µs per step"

RATE = 0.001
FEWEST = 1_000  # steps of small networks in a call
ROWS: dict[str, tuple[Callable[[], synapse.Network], int | None]] = {
    "Elman 7-15-7": (lambda: architect.Elman(7, 15, 7, seed=0), None),
    "Elman 7-100-7": (lambda: architect.Elman(7, 100, 7, seed=0), None),
    "LSTM 6-8-6, all-to-all peepholes": (
        lambda: architect.LSTM(6, 8, 6, style="synaptic", seed=0),
        None,
    ),
    "LSTM 30-72-30, no recurrence between cells": (
        lambda: architect.LSTM(30, 72, 30, peepholes=None, style="synaptic", seed=0),
        None,
    ),
    "LSTM 6-8-6, standard": (
        lambda: architect.LSTM(6, 8, 6, style="standard", seed=0),
        None,
    ),
    "LSTM 100-100-20, standard": (
        lambda: architect.LSTM(100, 100, 20, style="standard", seed=0),
        None,
    ),
    "GRU 7-15-7": (lambda: architect.GRU(7, 15, 7, seed=0), None),
    "reservoir, order 1": (lambda: reservoir(500, 9_000), 1),
    "reservoir, order 2": (lambda: reservoir(500, 9_000), 2),
}
NEURONS = 60  # of the graphs in the plot
DENSITIES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
ORDERS = (1, 2, 3, None)
SMALL = 1.0  # MB, below which the memory of a plan is not measured
QUICK = ("Elman 7-15-7", "LSTM 6-8-6, all-to-all peepholes")


def reservoir(n: int, connections: int) -> synapse.Network:
    """An Elman-like random graph: `n` neurons that read some of `n` copies of the
    previous step."""
    mask = np.zeros(n * n, bool)
    mask[np.random.default_rng(0).choice(n * n, connections, replace=False)] = True
    inputs = synapse.Layer(1, "identity")
    copies = synapse.Layer(n, "identity")
    pool = synapse.Layer(n, "tanh")
    output = synapse.Layer(1, "identity")
    copies.trainable_bias = False
    inputs.project(pool, seed=1)
    weak = synapse.initializers.uniform(0.2)
    copies.project(pool, mask.reshape(n, n), seed=2, initializer=weak)
    pool.project(copies, "one_to_one", weights=1.0, trainable=False)
    pool.project(output, seed=3)
    return synapse.Network(inputs, [copies, pool], output)


def measure(plan: Plan, tell: Tell) -> dict[str, Any]:
    """Measure all rows, and the graphs of the plot, each in its own process."""
    spec = {"seconds": plan.seconds, "repeats": plan.repeats}
    results: dict[str, Any] = {"rows": {}, "graphs": []}
    for row in QUICK if plan.quick else ROWS:
        result = results["rows"][row] = child.ask(
            "benchmarks.rtrl", {**spec, "row": row}, 900
        )
        times = ", ".join(
            f"{name} {cell['median']:.4g}"
            for name, cell in result.get("cells", {}).items()
        )
        tell(f"{row}: {times}  {result['status']}")
    for density in DENSITIES[2:3] if plan.quick else DENSITIES:
        result = child.ask("benchmarks.rtrl", {**spec, "density": density}, 900)
        results["graphs"].append(result)
        tell(f"density {density}: {result.get('orders')}  {result['status']}")
    return results


Work = Callable[[int], Any]


def works_of(
    net: synapse.Network, other: synapse.Network, order: int | None
) -> dict[str, Work]:
    """By name: a function of a number of steps that learns as many."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1.0, 1.0, (FEWEST, len(net.input)))
    y = rng.random((FEWEST, len(net.output)))

    def ours(trainer: synapse.Trainer, steps: int) -> None:
        trainer.train(x[None, :steps], y[None, :steps], epochs=1, progress=False)

    exact = synapse.Trainer(net, rule="rtrl", reach=order, rate=RATE)
    works: dict[str, Work] = {
        "synapse": partial(ours, exact),
        "online": partial(ours, synapse.Trainer(other, rate=RATE)),
    }
    if isinstance(net, architect.Elman):
        libraries = {"numpy": np}
        if importlib.util.find_spec("torch"):
            import torch

            torch.set_num_threads(1)
            torch.set_grad_enabled(False)
            libraries["torch"] = torch
        for name, ops in libraries.items():
            peer = Dense(net, ops)
            xs = list(peer.make(x))
            ys = list(peer.make(y))
            works[name] = lambda steps, peer=peer, xs=xs, ys=ys: peer.run(
                xs[:steps], ys[:steps], RATE
            )
    return works


def timed(work: Work, steps: int) -> float:
    """Seconds of the processor for so many steps."""
    begin = time.process_time()
    work(steps)
    return time.process_time() - begin


def cells_of(works: dict[str, Work], seconds: float, repeats: int) -> dict[str, Any]:
    """Microseconds per step of each, in alternation."""
    steps = {}
    for name, work in works.items():
        # In a new installation the first calls compile: those of two steps, and of
        # more. A guess that counts this makes the calls below so short that their
        # fixed costs are measured.
        work(2)
        once = min(timed(work, 10) for _ in range(3)) / 10
        steps[name] = int(min(FEWEST, max(5, seconds / once)))
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            calls = 0
            begin = time.process_time()
            while time.process_time() - begin < seconds:
                work(steps[name])
                calls += 1
            times[name].append(
                1e6 * (time.process_time() - begin) / (calls * steps[name])
            )
    return {name: summary(values) for name, values in times.items()}


def megabytes(net: synapse.Network, order: int | None) -> dict[str, float]:
    """Memory of the sensitivities: as laid out, and the memory of the process after the
    first steps."""
    small = architect.Elman(2, 2, 1, seed=0)
    small.rule = "rtrl"
    small.activate([0.0, 0.0])
    net.activate(np.zeros(len(net.input)))
    before = reset_peak()
    net.rule = ("rtrl", order)
    for _ in range(2):
        net.activate(np.zeros(len(net.input)))
    used = peak() - before
    plan = net._rtrl.plan
    return {
        "laid_out": plan.layout.bytes / 1e6,
        "measured": used,
        "multiply_adds": plan.layout.products,
    }


def point(spec: dict[str, Any]) -> dict[str, Any]:
    """Measure one row, or one graph with all orders."""
    if "density" in spec:
        orders = {}
        for order in ORDERS:
            nets = [
                reservoir(NEURONS, max(NEURONS, int(spec["density"] * NEURONS**2)))
                for _ in range(2)
            ]
            works = works_of(*nets, order)
            cells = cells_of(works, spec["seconds"], spec["repeats"])
            orders[str(order)] = {name: cell["median"] for name, cell in cells.items()}
        return {"orders": orders}
    make, order = ROWS[spec["row"]]
    memory = megabytes(make(), order)
    return {
        "memory": memory,
        "cells": cells_of(
            works_of(make(), make(), order), spec["seconds"], spec["repeats"]
        ),
    }


def comparisons(results: dict[str, Any]) -> list[Comparison]:
    """A step beside the dense form of the textbook, where that was measured."""
    rows = []
    for row, result in results["rows"].items():
        cells = result.get("cells", {})
        if "synapse" in cells:
            peers = {PEERS[name]: cells.get(name) for name in ("numpy", "torch")}
            rows += beside(row, cells["synapse"], peers)
    return rows


def text(results: dict[str, Any]) -> list[str]:
    """The tables of rows, and of orders and densities."""
    lines = []
    for row, result in results["rows"].items():
        cells = result.get("cells", {})
        memory = result.get("memory")
        ours = cells.get("synapse")
        online = cells.get("online")
        line = [
            row,
            *(
                number(cells[name]["median"]) if name in cells else "-"
                for name in PEERS
            ),
        ]
        line.append(number(ours["median"] / online["median"]) if ours else "-")
        line += [ratio(cells.get("numpy"), ours), ratio(cells.get("torch"), ours)]
        line += (
            [f"{memory['multiply_adds']:,}", number(memory["laid_out"])]
            if memory
            else ["-", "-"]
        )
        line.append(
            number(memory["measured"]) if memory and memory["laid_out"] > SMALL else "-"
        )
        lines.append([*line, result["status"]])
    titles = (
        "network; "
        + "; ".join(PEERS.values())
        + "; rtrl / online; NumPy / Synapse; torch / Synapse; "
    )
    titles += "multiply-adds; MB as laid out; MB measured; status"
    graphs = [
        [
            str(graph["density"]),
            *(number(cell["synapse"]) for cell in graph["orders"].values()),
        ]
        + [number(graph["orders"]["None"]["online"])]
        for graph in results["graphs"]
        if "orders" in graph
    ]
    names = [
        "density",
        *(f"order {order}" if order else "exact" for order in ORDERS),
        "online rule",
    ]
    return [
        table(titles.split("; "), lines),
        (
            f"Elman-like random graphs of {NEURONS} neurons and as many copies, µs per"
            " step:\n"
        ),
        table(names, graphs),
    ]


PEERS = {
    "synapse": "Synapse",
    "online": "online rule",
    "numpy": "NumPy, dense",
    "torch": "torch, dense",
}


if __name__ == "__main__":
    print(json.dumps(point(json.loads(sys.argv[1]))))
