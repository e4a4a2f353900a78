"""Connectome: a network with the wiring of a GraphML file learns in which direction to flee from a touch.

    python -m demos connectome

Task: Sensory neurons along a body are touched at one place. Motor neurons must drive the body away from the
touch: forward if it was at the tail, backward if it was at the head. Interneurons lie in between.

The wiring is generated, not measured. Its statistics resemble those of the nematode C. elegans: 280 neurons,
about 2100 connections, most with one or two synapses and some with dozens, hubs, clustering, and short paths.
Published connectomes are not included because the terms of their data are not stated; the package cect
collects them. To use one, replace `wiring` by networkx.read_graphml.
"""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np

import architect
import synapse
from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse.readwrite import files

KINDS = {"sensory": 80, "inter": 90, "motor": 110}
COLOURS = {"sensory": ink.BLUE, "inter": ink.GREEN, "motor": ink.ORANGE}

# --- 1. A wiring ----------------------------------------------------------------------------------
#
# The probability of a connection falls with the distance along the body, rises with the typical number of
# connections of both neurons, and is higher on the way from sensory to motor neurons. A fifth of the
# neurons are inhibitory: all their outgoing weights are negative.

FAVOUR = {"sensory": (0.3, 1.0, 0.1), "inter": (0.05, 1.0, 1.0), "motor": (0.0, 0.1, 0.3)}
EDGES, REACH = 2000, 0.08


def wiring(rng):
    """A directed graph: nodes have a kind, a place along the body and a sign, edges a number of synapses."""
    kinds = [kind for kind, count in KINDS.items() for _ in range(count)]
    place, size = rng.random(len(kinds)), rng.lognormal(0.0, 0.7, len(kinds))
    favour = np.array([[FAVOUR[a][list(KINDS).index(b)] for b in kinds] for a in kinds])
    near = np.exp(-np.abs(place[:, None] - place) / REACH) + 0.02 * (size[:, None] * size > 3)
    chance = favour * near * size[:, None] * size
    np.fill_diagonal(chance, 0.0)
    pairs = rng.choice(chance.size, EDGES, replace=False, p=(chance / chance.sum()).ravel())
    graph = nx.DiGraph(name="generated connectome")
    for i, kind in enumerate(kinds):
        sign = -1 if kind != "sensory" and rng.random() < 0.2 else 1
        graph.add_node(f"{kind}{i}", kind=kind, place=float(place[i]), sign=sign)
    names = list(graph)
    for source, target in zip(*np.divmod(pairs, len(kinds)), strict=True):
        graph.add_edge(names[source], names[target], synapses=1 + int(rng.lognormal(0.3, 1.1)))
    for source, target in list(graph.edges):
        if rng.random() < 0.1 and graph.nodes[source]["kind"] == "inter":
            graph.add_edge(target, source, synapses=1 + int(rng.lognormal(0.3, 1.1)))
    return graph


# Statistics of C. elegans: chemical synapses of Varshney and others 2011, counted in the copy of the
# package cect 0.3.5.
WORM = {"neurons": 279, "connections": 2194, "synapses, median": 2, "synapses, 99 % below": 16}
WORM |= {"both directions": 0.21, "clustering": 0.32, "mean path": 2.6}


def figures(graph):
    """The same statistics for a graph."""
    synapses = [count for _, _, count in graph.edges(data="synapses")]
    both = graph.to_undirected()
    largest = both.subgraph(max(nx.connected_components(both), key=len))
    counts = len(graph), len(synapses), np.median(synapses), np.percentile(synapses, 99)
    shape = nx.reciprocity(graph), nx.average_clustering(both), nx.average_shortest_path_length(largest)
    return dict(zip(WORM, (*counts, *shape), strict=True))


def compare(graph):
    heading("The generated wiring and that of the worm")
    print("                        generated      worm")
    for name, value in figures(graph).items():
        print(f"   {name:20} {value:10.4g} {WORM[name]:9}")


# --- 2. From the file to a network ----------------------------------------------------------------
#
# networkx reads the GraphML file of any program, and `from_networkx` makes the network. The counts of
# synapses into a neuron are scaled to a norm of 1 and signed to become weights. Sensory neurons get no
# incoming connections, and neurons that they do not reach are left out.


def network(path):
    """Make the network of a GraphML file."""
    graph = nx.read_graphml(path)
    kinds = nx.get_node_attributes(graph, "kind")
    graph.remove_edges_from([edge for edge in graph.edges if kinds[edge[1]] == "sensory"])
    sensory = [node for node in graph if kinds[node] == "sensory"]
    reached = set(sensory).union(*(nx.descendants(graph, node) for node in sensory))
    graph.remove_nodes_from([node for node in graph if node not in reached])
    for target in graph:
        into = list(graph.in_edges(target, data=True))
        norm = sum(data["synapses"] ** 2 for *_, data in into) ** 0.5
        for source, _, data in into:
            data["weight"] = graph.nodes[source]["sign"] * data["synapses"] / norm
    motor = [node for node in graph if kinds[node] == "motor"]
    net = synapse.from_networkx(graph, sensory, motor, squash="tanh", output_squash="logistic")
    return graph, net


def describe(graph, net):
    heading("The network")
    print(f"   {net}")
    late = architect.delayed(net).connections
    print(f"   {len(late)} connections arrive one step late, because they lead back to earlier neurons.")
    places = nx.get_node_attributes(graph, "place")
    return np.array([places[n.name] for n in net.input]), np.array([places[n.name] for n in net.output])


# --- 3. Touches -----------------------------------------------------------------------------------
#
# A touch excites the sensory neurons near it for one step, with noise. Every second motor neuron drives
# forward, the others backward. From the second step on, the target is 1 for those of the right direction.

STEPS, WIDTH, NOISE = 5, 0.08, 0.1


def touches(count, sensors, motors, seed):
    rng = np.random.default_rng(seed)
    spot = rng.random(count)
    inputs = rng.normal(0.0, NOISE, (count, STEPS, len(sensors)))
    inputs[:, 0] += np.exp(-(((spot[:, None] - sensors) / WIDTH) ** 2))
    forward = np.arange(len(motors)) % 2 == 0
    targets = np.full((count, STEPS, len(motors)), np.nan)
    targets[:, 1:] = ((spot > 0.5)[:, None] == forward)[:, None]
    return inputs, targets


def fraction_right(net, inputs, targets):
    """Fraction of touches after which the right motor neurons are more active at the last step."""
    answers = []
    for rows, aims in zip(inputs, targets, strict=True):
        net.clear()
        last, right = net.run(rows)[-1], aims[-1] == 1
        answers.append(last[right].mean() > last[~right].mean())
    return float(np.mean(answers))


def learn(net, sensors, motors, seed, quick):
    heading("Learning the direction")
    fresh = touches(300, sensors, motors, [seed, 1])
    trainer = synapse.Trainer(net, method="bptt", optimizer=synapse.optimizers.Adam(), rate=0.003)
    right = [fraction_right(net, *fresh)]
    for round_ in range(4 if quick else 10):
        trainer.train(*touches(200, sensors, motors, [seed, 2, round_]), epochs=5, seed=seed, progress=False)
        right.append(fraction_right(net, *fresh))
    print("   fraction of 300 new touches with the right direction, after every 1000 touches:")
    print("   " + " ".join(f"{part:.2f}" for part in right))
    check("the network learns the direction", right[-1] > 0.9)
    return fresh, right


# --- 4. Lesions -----------------------------------------------------------------------------------
#
# A copy of the network loses interneurons: those on most shortest paths (hubs), or random ones.


def lesion(net, names, fresh):
    twin = net.clone()
    for neuron in [neuron for neuron in twin if neuron.name in names]:
        neuron.ungate(*neuron.gated)
        twin.remove(neuron)
    return fraction_right(twin, *fresh)


def lesions(graph, net, fresh, seed):
    heading("Without some of its interneurons")
    between = nx.betweenness_centrality(graph)
    inter = sorted((n for n in graph if graph.nodes[n]["kind"] == "inter"), key=between.get, reverse=True)
    rng, counts = np.random.default_rng([seed, 3]), (0, 5, 10, 20, 30)
    hubs = [lesion(net, set(inter[:count]), fresh) for count in counts]
    chance = [
        np.mean([lesion(net, set(rng.choice(inter, count, replace=False)), fresh) for _ in range(5)])
        for count in counts
    ]
    print("   interneurons removed   " + "".join(f"{count:7}" for count in counts))
    print("   hubs first             " + "".join(f"{part:7.2f}" for part in hubs))
    print("   random, mean of 5      " + "".join(f"{part:7.2f}" for part in chance))
    check("losing hubs costs more than losing random interneurons", sum(hubs) < sum(chance))
    return counts, hubs, chance


# --- 5. A picture ---------------------------------------------------------------------------------


@with_pyplot
def picture(plt, graph, right, lost, path):
    figure, axes = plt.subplot_mosaic("AAB;AAC", figsize=(8.4, 4.2), layout="constrained")
    rows = {"sensory": 2.0, "inter": 1.0, "motor": 0.0}
    rng = np.random.default_rng([0, 4])  # not that of the places
    places = {
        node: (data["place"], rows[data["kind"]] + rng.uniform(-0.25, 0.25))
        for node, data in graph.nodes(data=True)
    }
    ax = axes["A"]
    nx.draw_networkx_edges(graph, places, ax=ax, edge_color=ink.GREY, alpha=0.15, width=0.6, arrows=False)
    for kind, colour in COLOURS.items():
        mine = [node for node in graph if graph.nodes[node]["kind"] == kind]
        sizes = [3 + 1.6 * graph.degree(node) for node in mine]
        nx.draw_networkx_nodes(
            graph, places, mine, ax=ax, node_color=colour, node_size=sizes, edgecolors="white", linewidths=0.5
        )
        ax.text(-0.03, rows[kind], kind, ha="right", va="center", color=colour, weight="bold")
    ax.set(title="The generated wiring: place along the body, size by connections", xlim=(-0.16, 1.02))
    ax.set_axis_off()
    axes["B"].plot(np.arange(len(right)), right, "o-", color=ink.BLUE)
    axes["B"].set(xlabel="thousand touches", ylabel="fraction right", ylim=(0.4, 1.02), title="Learning")
    counts, hubs, chance = lost
    axes["C"].plot(counts, hubs, "o-", color=ink.ORANGE, label="hubs first")
    axes["C"].plot(counts, chance, "s--", color=ink.GREY, label="random")
    axes["C"].set(xlabel="interneurons removed", ylabel="fraction right", ylim=(0.4, 1.02), title="Lesions")
    axes["C"].legend()
    save_figure(figure, path)


def main(quick: bool, seed: int, out: Path) -> None:
    wired = wiring(np.random.default_rng(seed))
    compare(wired)
    files.write(out / "connectome.graphml", "\n".join(nx.generate_graphml(wired)))
    graph, net = network(out / "connectome.graphml")
    sensors, motors = describe(graph, net)
    fresh, right = learn(net, sensors, motors, seed, quick)
    lost = lesions(graph, net, fresh, seed)
    picture(graph, right, lost, out / "connectome.png")
    synapse.save(net, out / "connectome.synapse")
    counts, hubs, chance = lost
    lesson(
        f"The network gets {right[-1]:.0%} of new touches right. Without {counts[-1]} hubs it gets "
        f"{hubs[-1]:.0%}, without {counts[-1]} random interneurons {chance[-1]:.0%}: it has learnt along the "
        "paths of the wiring, and the neurons where many paths meet matter most."
    )


# To try: a real connectome; FAVOUR without the way from sensory to interneurons; other inputs, such as
# touches of two places at once.
