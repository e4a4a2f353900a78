"""The time of edits of a large network, and of its live graph beside networkx's own
graph of as many edges.

Times are those of the process, in which one thread does all the work: other processes
disturb them little."""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np

import synapse

from . import child
from .comparison import Comparison, beside
from .growth import build
from .markdown import number, table
from .plan import Plan, Tell, summary

TITLE = "Edits of large networks, and their graphs"

KINDS = ("dense", "sparse")
# the second for a quick run
CONNECTIONS = 10**6
FEWER = 10**4


def stopwatch(work: Callable[[], Any]) -> tuple[float, Any]:
    """Call a function; returns the seconds of the process and the result."""
    begin = time.process_time()
    result = work()
    return time.process_time() - begin, result


def measure(plan: Plan, tell: Tell) -> list[dict[str, Any]]:
    """Measure both kinds of networks, each in its own process."""
    results = []
    for pattern in KINDS:
        spec = {
            "kind": pattern,
            "repeats": plan.repeats,
            "connections": FEWER if plan.quick else CONNECTIONS,
        }
        results.append(child.ask("benchmarks.structure", spec, 1800))
        for name, row in results[-1].get("edits", {}).items():
            tell(f"{pattern}, {name}: {1e3 * row['median']:.3g} ms")
        for name, row in results[-1].get("graph", {}).items():
            tell(
                f"{pattern}, {name}: {row['ours']['median']:.3g} s, networkx"
                f" {row['networkx']['median']:.3g} s"
            )
    return results


def edits(net: synapse.Network) -> dict[str, Callable[[], Any]]:
    """The edits, each of which undoes the previous one or follows it."""
    source = net.input[0]
    target = net.output[0]
    middle = net.hidden[0][len(net.hidden[0]) // 2]

    def link() -> synapse.Connection:
        connection = source.connection_to(target)
        assert connection is not None
        return connection

    return {
        "a connection added": lambda: source.project(target, weight=0.1),
        "a gate set": lambda: middle.gate(link()),
        "a gate removed": lambda: middle.ungate(link()),
        "a connection no longer trainable": lambda: setattr(link(), "trainable", False),
        "a connection removed": lambda: source.disconnect(target),
        "a self-connection added": lambda: middle.project(middle),
        "a self-connection removed": lambda: middle.disconnect(middle),
        "a neuron added": lambda: net.hidden[0].append(synapse.Neuron()),
        "a neuron removed": lambda: net.remove(net.hidden[0][-1]),
        "another activation function": lambda: setattr(
            middle, "squash", "tanh" if middle.squash.name == "logistic" else "logistic"
        ),
    }


def edit_times(net: synapse.Network, repeats: int) -> dict[str, Any]:
    """Seconds for each edit together with the next step, and for a step alone."""
    x = np.zeros(len(net.input))
    table = edits(net)
    times: dict[str, list[float]] = {name: [] for name in ("a step alone", *table)}
    for repeat in range(-1, repeats):  # the first round reserves memory
        for name, edit in [("a step alone", lambda: None), *table.items()]:
            seconds, _ = stopwatch(lambda edit=edit: (edit(), net.activate(x)))
            if repeat >= 0:
                times[name].append(seconds)
    return {name: summary(values) for name, values in times.items()}


def walk(graph: Any) -> int:
    """Read every edge once, as algorithms do."""
    return sum(1 for _, _, _ in graph.edges(data=True))


def weights(graph: Any) -> float:
    """Read the weight of every edge once."""
    return sum(weight for _, _, weight in graph.edges(data="weight"))


WALKS: dict[str, Callable[[Any], Any]] = {
    "first walk over the edges": walk,
    "sum of the weights": weights,
    "in-degrees": lambda graph: dict(graph.in_degree),
    "nx.pagerank": nx.pagerank,
}
ARRAY = "sum of the weights by `net.weights.sum()`"


def graph_times(pattern: str, connections: int, repeats: int) -> dict[str, Any]:
    """Seconds to make each graph and to read it, one library after the other."""
    names = ("the graph", *WALKS, ARRAY)
    times: dict[str, dict[str, list[float]]] = {
        name: {"ours": [], "networkx": []} for name in names
    }
    for _ in range(repeats):
        net = build(pattern, connections)
        table = synapse.Topology.of(net)
        links = list(
            zip(
                table.source.tolist(),
                table.target.tolist(),
                table.weight.tolist(),
                strict=True,
            )
        )
        makers = {
            "ours": lambda net=net: net.graph,
            "networkx": lambda links=links: _plain(links),
        }
        for library, make in makers.items():
            gc.collect()
            seconds, graph = stopwatch(make)
            times["the graph"][library].append(seconds)
            for name, use in WALKS.items():
                times[name][library].append(
                    stopwatch(lambda use=use, graph=graph: use(graph))[0]
                )
            sums = {
                "ours": lambda net=net: net.weights.sum(),
                "networkx": lambda graph=graph: weights(graph),
            }
            times[ARRAY][library].append(stopwatch(sums[library])[0])
            del graph
    return {
        name: {library: summary(values) for library, values in row.items()}
        for name, row in times.items()
    }


def _plain(links: list[tuple[int, int, float]]) -> nx.DiGraph[int]:
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_weighted_edges_from(links)
    return graph


def comparisons(results: list[dict[str, Any]]) -> list[Comparison]:
    """Edits, and looks at the graph beside those of networkx's own."""
    rows = []
    for result in results:
        if result["status"] != "ok":
            continue
        network = f"{result['kind']}, {result['made']:,} connections"
        for look, times in result["graph"].items():
            peers = {"networkx": times["networkx"]}
            rows += beside(f"{look}, {network}", times["ours"], peers)
        for edit, cell in result["edits"].items():
            rows += beside(f"{edit}, {network}", cell, {})
    return rows


def text(results: list[dict[str, Any]]) -> list[str]:
    """The tables of edits and of graphs."""
    done = [result for result in results if result["status"] == "ok"]
    failed = [
        f"{result['kind']}: {result['status']}\n"
        for result in results
        if result not in done
    ]
    if not done:
        return failed
    kinds = [f"{result['kind']}, {result['made']:,} connections" for result in done]
    edited = [
        [name, *(number(1e3 * result["edits"][name]["median"]) for result in done)]
        for name in done[0]["edits"]
    ]
    read = [
        [name, *(_beside(result["graph"][name]) for result in done)]
        for name in done[0]["graph"]
    ]
    return [
        table(["edit and next step, ms", *kinds], edited),
        table(["live graph, s; networkx's own, s; ratio", *kinds], read),
        *failed,
    ]


def _beside(times: dict[str, Any]) -> str:
    ours, theirs = (times[library]["median"] for library in ("ours", "networkx"))
    return f"{number(ours)}; {number(theirs)}; {number(ours / theirs)}"


def point(spec: dict[str, Any]) -> dict[str, Any]:
    """Measure one network."""
    graph = graph_times(spec["kind"], spec["connections"], spec["repeats"])
    net = build(spec["kind"], spec["connections"])
    net.activate(np.zeros(len(net.input)))
    gc.collect()
    return {
        "made": len(net.weights),
        "graph": graph,
        "edits": edit_times(net, spec["repeats"]),
    }


if __name__ == "__main__":
    print(json.dumps(point(json.loads(sys.argv[1]))))
