"""Small_world: a network made from a networkx graph remembers three steps, if shortcuts
shorten its paths.

    python -m demos small_world

Task: The input of a network of 100 neurons is a stream of random bits. The target is
the bit of three steps ago. The topology is a graph of Watts and Strogatz: a ring, a
small world, or a random graph.

Watts and Strogatz (1998) took a ring of nodes, each connected to its nearest neighbours
(six here), and moved each edge with some probability to a random end. A tenth of the
edges is enough: most neighbours are still connected, and every node is a few steps from
any other. Here such graphs become networks: `synapse.from_networkx` makes a neuron of
every node and a connection of every edge of any graph, and finds an order of
activation. Node 0 is the input. Node 50, on the other side of the ring, is the output.
"""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
from tqdm import tqdm

import synapse
from demos._common import (
    check,
    heading,
    ink,
    lesson,
    on_terminal,
    save_figure,
    with_pyplot,
)

NODES = 100
NEIGHBOURS = 6
OUTPUT = 50
MOVED = {0.0: "a ring", 0.1: "a small world", 1.0: "a random graph"}

# --- 1. Three graphs ------------------------------------------------------------------
#
# Edges of a Watts-Strogatz graph have no direction; here each gets a random one. The
# input has no incoming edges, and a path leads from it to the output.


def ring(moved, rng):
    """An undirected graph, and the same with directions."""
    while True:
        number = int(rng.integers(1 << 30))
        graph = nx.watts_strogatz_graph(NODES, NEIGHBOURS, moved, seed=number)
        edges = [(u, v) if rng.random() < 0.5 else (v, u) for u, v in graph.edges]
        directed = nx.DiGraph(edges)
        directed.remove_edges_from(list(directed.in_edges(0)))
        if nx.has_path(directed, 0, OUTPUT):
            return graph, directed


def network(graph, seed):
    return synapse.from_networkx(
        graph,
        [0],
        [OUTPUT],
        squash="tanh",
        output_squash="logistic",
        initializer="glorot",
        seed=seed,
    )


def show_graphs(seed):
    heading(f"{NODES} nodes, {NODES * NEIGHBOURS // 2} edges")
    print("                   edges   mean length   clustering    connections that")
    print("                   moved   of a path     coefficient   arrive one step late")
    drawn = {}
    for moved, name in MOVED.items():
        graph, directed = ring(moved, np.random.default_rng(seed))
        net = network(directed, seed)
        drawn[moved] = graph
        path = nx.average_shortest_path_length(graph)
        cluster = nx.average_clustering(graph)
        late = len(synapse.analysis.late_connections(net).connections)
        print(
            f"   {name:15} {moved:5.0%} {path:10.1f} {cluster:13.2f} {late:14} of"
            f" {len(net.connections)}"
        )
    return drawn


# --- 2. The task ----------------------------------------------------------------------
#
# The inputs are random bits. The target is the bit of three steps ago, so the network
# must store three bits in the cycles of its graph. There are new sequences every five
# epochs. The gradient is exact (backpropagation through time), and the optimizer is
# Adam.

DELAY = 3
STEPS = 20
GOAL = 0.95
CHUNK = 5


def task(count, seed):
    bits = np.random.default_rng(seed).integers(0, 2, (count, STEPS, 1)).astype(float)
    targets = np.full_like(bits, np.nan)  # no target before three bits have been read
    targets[:, DELAY:] = bits[:, :-DELAY]
    return 2 * bits - 1, targets


def fraction_right(net, inputs, targets):
    right = 0
    for rows, aims in zip(inputs, targets, strict=True):
        net.clear()
        right += ((net.run(rows) > 0.5) == (aims > 0.5))[DELAY:].sum()
    return right / targets[:, DELAY:].size


# --- 3. Learning ----------------------------------------------------------------------


def learn(moved, seed, most):
    """The network, and the fraction of bits that are right after every five epochs."""
    _, graph = ring(moved, np.random.default_rng([seed, 1]))
    net = network(graph, seed)
    trainer = synapse.Trainer(
        net, rule="bptt", optimizer=synapse.optimizers.Adam(), rate=0.01
    )
    fresh = task(50, [seed, 2])
    curve = [0.5]
    while (len(curve) - 1) * CHUNK < most and curve[-1] < GOAL:
        batch = task(100, [seed, 3, len(curve)])
        trainer.train(*batch, epochs=CHUNK, seed=seed, progress=False)
        curve.append(fraction_right(net, *fresh))
    return net, curve


def compare(seed, quick):
    seeds = range(seed, seed + (4 if quick else 9))
    most = 60 if quick else 200
    heading(f"Epochs until {GOAL:.0%} of the bits are right, {len(seeds)} seeds each")
    curves = {}
    nets = {}
    for moved, name in MOVED.items():
        bar = tqdm(seeds, desc=name, leave=False, disable=not on_terminal())
        runs = [learn(moved, number, most) for number in bar]
        curves[moved] = [curve for _, curve in runs]
        nets[moved] = runs[0][0]
        needed = sorted(map(epochs_of, curves[moved]))
        shown = [f"> {most}" if np.isinf(n) else f"{n:5}" for n in needed]
        print(f"   {name:15} {'  '.join(shown)}", flush=True)
    print()
    return curves, nets[0.1]


def epochs_of(curve):
    """The number of epochs that a network has needed; infinity if it has failed."""
    return CHUNK * (len(curve) - 1) if curve[-1] >= GOAL else np.inf


def conclude(curves):
    solved = {
        moved: sum(curve[-1] >= GOAL for curve in by_seed)
        for moved, by_seed in curves.items()
    }
    check("more small worlds than rings solve the task", solved[0.1] > solved[0.0])
    check(
        "nearly all small worlds solve it, like random graphs",
        solved[0.1] >= len(curves[0.1]) - 1,
    )
    seeds = len(curves[0.1])
    lesson(
        f"Of {seeds} seeds each, {solved[0.0]} rings, {solved[0.1]} small worlds and"
        f" {solved[1.0]} random graphs solve the task. A few shortcuts make the paths"
        " from input to output nearly as short as in a random graph, while most"
        " neighbours stay connected. Signals and errors then cross fewer neurons."
    )


# --- 4. A picture ---------------------------------------------------------------------


COLOURS = {0.0: ink.BLUE, 0.1: ink.ORANGE, 1.0: ink.PURPLE}


@with_pyplot
def picture(plt, graphs, curves, path):
    figure = plt.figure(figsize=(8.4, 4.9), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=(1.7, 1))
    panels = above.subplots(1, len(graphs))
    for axes, (moved, graph) in zip(panels, graphs.items(), strict=True):
        panel_graph(axes, moved, graph)
    panel_epochs(below.subplots(), curves)
    save_figure(figure, path)


def panel_graph(axes, moved, graph):
    """Nodes on a circle. Edges are drawn as curves towards the middle: short ones would
    lie on the circle."""
    angles = np.arange(NODES) * 2 * np.pi / NODES
    nodes = np.column_stack([np.cos(angles), np.sin(angles)])
    share = np.linspace(0.0, 1.0, 21)[:, None]
    for u, v in graph.edges:
        middle = 0.6 * (nodes[u] + nodes[v]) / 2
        curve = (
            (1 - share) ** 2 * nodes[u]
            + 2 * share * (1 - share) * middle
            + share**2 * nodes[v]
        )
        axes.plot(*curve.T, color=COLOURS[moved], lw=0.7, alpha=0.7)
    axes.scatter(*nodes.T, s=4, color=ink.GRAY, zorder=2)
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 2}
    for node, name, side in ((0, "input", "right"), (OUTPUT, "output", "left")):
        axes.scatter(*nodes[node], s=40, color=ink.BLACK, zorder=3)
        axes.text(*0.75 * nodes[node], name, ha=side, va="center", bbox=box)
    axes.set(title=f"{MOVED[moved]}: {moved:.0%} moved", aspect="equal")
    axes.set_axis_off()


def panel_epochs(axes, curves):
    """A dot for each network: the epochs that it has needed, or beyond the line if it
    has failed."""
    rows = [list(map(epochs_of, by_seed)) for by_seed in curves.values()]
    needed = [epochs for row in rows for epochs in row if np.isfinite(epochs)]
    longest = max(needed, default=CHUNK)
    failed = longest + 2 * CHUNK
    lengths = [len(curve) for by_seed in curves.values() for curve in by_seed]
    most = CHUNK * (max(lengths) - 1)
    for height, (row, colour) in enumerate(zip(rows, COLOURS.values(), strict=True)):
        places, counts = np.unique(np.minimum(row, failed), return_counts=True)
        for place, count in zip(places, counts, strict=True):
            # Networks that needed as many epochs are side by side.
            beside = place + 0.35 * (np.arange(count) - (count - 1) / 2)
            axes.plot(beside, np.full(count, height), "o", ms=5, color=colour)
    axes.axvline(failed - CHUNK, color=ink.GRAY, lw=1, ls=":")
    ticks = range(CHUNK, longest + 1, CHUNK)
    axes.set_xticks([*ticks, failed], [*ticks, f"not in {most}"])
    axes.set_yticks(range(len(MOVED)), MOVED.values())
    axes.set(ylim=(len(MOVED) - 0.5, -0.5), xlim=(2, failed + 3))
    axes.set_xlabel(f"epochs until {GOAL:.0%} of the bits are right, one dot a seed")


def main(quick: bool, seed: int, out: Path) -> None:
    graphs = show_graphs(seed)
    curves, net = compare(seed, quick)
    picture(graphs, curves, out / "small_world.png")
    synapse.save(net, out / "small_world.synapse")
    conclude(curves)


# To try: DELAY = 5; nx.barabasi_albert_graph, whose hubs make paths short; your own
# graph.
