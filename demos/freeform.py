"""Freeform: a ring of neurons with gates, wired one by one, counts pulses.

    python -m demos freeform

Task: Count pulses modulo three. Three neurons form a ring that holds a pattern, and
each pulse must move the pattern on by one neuron.

This takes memory, to hold the pattern, and a switch, to move it. The switch is a gate
on recurrent connections: one neuron scales all three connections of the ring at once,
another scales the three self-connections.

            start                    count 0  count 1  count 2
              |                        ^        ^        ^
              v                        |        |        |       (each to each)
        +---> a -----o-----> b -----o-----> c
        |     |__o__^        |__o__^        |__o__^      o  scaled by a gate:
        o                                   |            along the ring by "move",
        +--------------- carry <------------+            to itself by "hold"

No ready-made layer has this wiring. The network is a graph, so networkx can analyse it.
"""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np

import synapse
from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse import Layer, Network, Neuron
from synapse.readwrite import _files

# --- 1. Wiring ------------------------------------------------------------------------
#
# Neurons fire in a fixed order, and later neurons read the new activations of earlier
# ones. If a fired before b and b before c, a token would run through the whole ring in
# one step. So they fire in the order c, b, a: each reads its predecessor's activation
# of the previous step. Only a would read the new activation of c; so "carry" fires
# before all three and copies the previous activation of c for a.
#
# The squash tanh holds the token between -1 and 1. Weights are drawn from ±1, except
# for two kinds that are not trained: self-connections and the copy have the weight 1.


def build(seed, switch=True):
    draw = np.random.default_rng(seed)
    names = ("start", "pulse", "hold", "move")
    start, pulse, hold, move = (Neuron(name=name) for name in names)
    carry = Neuron("identity", name="carry")
    a, b, c = (Neuron("tanh", name=name) for name in "abc")
    says = [Neuron(name=f"count {count}") for count in range(3)]

    for gate in (hold, move):
        pulse.project(gate, seed=draw)
    for neuron in (a, b, c):
        start.project(neuron, seed=draw)
        hold.gate(neuron.project(neuron))
        for output in says:
            neuron.project(output, seed=draw)
    c.project(carry, weight=1.0, trainable=False)
    carry.trainable_bias = False
    for source, target in ((a, b), (b, c), (carry, a)):
        link = source.project(target, seed=draw)
        if switch:
            move.gate(link)

    hidden = [
        Layer([hold, move], name="gates"),
        Layer([carry], name="carry"),
        Layer([c, b, a], name="ring"),
    ]
    return Network(
        Layer([start, pulse], name="inputs"),
        hidden,
        Layer(says, name="count"),
        name="Ring",
    )


# --- 2. The task ----------------------------------------------------------------------
#
# At the first step, start is 1. At each later step there is a pulse with probability
# 0.4. At every step the target is 1 for the output of the present count modulo 3, and 0
# for the others.


def sequences(count, shortest, longest, rng):
    inputs = []
    targets = []
    for _ in range(count):
        pulses = rng.random(int(rng.integers(shortest, longest + 1))) < 0.4
        pulses[0] = False
        start = np.arange(len(pulses)) == 0
        inputs.append(np.column_stack([start, pulses]).astype(float))
        targets.append(np.eye(3)[np.cumsum(pulses) % 3])
    return inputs, targets


def fraction_right(net, inputs, targets):
    """The fraction of sequences in which the right output is most active at every
    step."""
    right = 0
    for rows, target in zip(inputs, targets, strict=True):
        net.clear()
        right += (net.run(rows).argmax(axis=1) == target.argmax(axis=1)).all()
    return right / len(inputs)


# --- 3. Learning ----------------------------------------------------------------------
#
# Training uses sequences of 8 to 20 steps, a thousand at a time, until 200 new ones are
# all right. Five of sixty starts fail; they are repeated with other weights. Has the
# network learnt to count, or only sequences of up to 20 steps? A test with 200 steps
# shows that.
#
# The same neurons without the switch are trained on as many sequences: they cannot
# learn the task.


def learn(net, seed, chunks=6, attempts=5):
    rng = np.random.default_rng([seed, 1])
    shown = 0
    trainer = synapse.Trainer(net, rate=0.1)
    fresh = sequences(200, 8, 20, np.random.default_rng([seed, 2]))
    for attempt in range(attempts):
        for _ in range(chunks):
            data = sequences(1000, 8, 20, rng)
            trainer.train(*data, epochs=1, seed=0, progress=False)
            shown += 1000
            right = fraction_right(net, *fresh)
            print(
                f"{shown:6} sequences seen, {right:6.1%} of 200 new ones right at every"
                " step",
                flush=True,
            )
            if right == 1.0:
                return right
        if attempt < attempts - 1:
            net.reset_parameters(seed=rng)
    return right


def with_and_without(seed, quick):
    heading("The ring learns to count")
    net = build(seed)
    print(
        f"{net!r}; {sum(link.gater is not None for link in net.connections)}"
        " connections are gated\n"
    )
    check("all new sequences are right", learn(net, seed) == 1.0)
    long = sequences(20 if quick else 200, 200, 200, np.random.default_rng([seed, 3]))
    right = fraction_right(net, *long)
    print(
        f"Sequences of 200 steps, ten times as long as any in training: {right:.1%}"
        " right"
    )

    print('\nThe same without the switch ("move" gates nothing):')
    without = learn(
        build(seed, switch=False), seed, chunks=1 if quick else 3, attempts=1
    )
    check("without the switch most are wrong", without < 0.5)
    return net, right, without


# --- 4. The token, seen ---------------------------------------------------------------
#
# Every number of every neuron can be read at any time. Here are ten steps with four
# pulses. Training has found its own code for the token: one pattern of three values for
# each count.


def watch(net):
    heading("Ten steps with four pulses")
    print("   pulse    hold   move        a      b      c   output")
    net.clear()
    for step, pulse in enumerate([0, 0, 1, 0, 1, 0, 0, 1, 1, 0]):
        outputs = net.activate([step == 0, pulse])
        hold, move = net["gates"].activations
        ring = " ".join(f"{y:+6.2f}" for y in reversed(net["ring"].activations))
        print(
            f"   {pulse:5}   {hold:5.2f}  {move:5.2f}   {ring}     {outputs.argmax()}"
        )
    print('\n"hold" keeps the pattern in place; "move" shifts it by one place.\n')
    pulse = net.input[1]
    hold, move = net["gates"]
    check("a pulse lowers hold", pulse.connection_to(hold).weight < 0)
    check("a pulse raises move", pulse.connection_to(move).weight > 0)


# --- 5. The network as a graph --------------------------------------------------------
#
# `net.graph` is a networkx graph: its nodes are the neurons themselves, its edges the
# connections, with the present weights. Any algorithm of networkx accepts it. Strong
# connections count as short: the length of a connection is 1 / |weight|.


def length(source, target, link):
    return 1.0 / max(abs(link["weight"]), 1e-9)


def analyse(net):
    heading("Analysis with networkx")
    graph = net.graph
    neuron = {n.name: n for n in net}

    # Activity can circulate in a strongly connected component with more than one
    # neuron.
    components = nx.strongly_connected_components(graph)
    loops = [component for component in components if len(component) > 1]
    named = (", ".join(sorted(n.name for n in loop)) for loop in loops)
    print(f"loops:        {'; '.join(named)}")
    ring = {neuron[name] for name in ("a", "b", "c", "carry")}
    check("the ring is the only loop of several neurons", loops == [ring])

    # The strongest path from the start to an output.
    for output in net.output:
        distance, path = nx.single_source_dijkstra(
            graph, neuron["start"], output, weight=length
        )
        print(
            f"shortest way: {' > '.join(n.name for n in path)}, length {distance:.2f}"
        )

    # The neuron on most of the shortest paths between others.
    between = nx.betweenness_centrality(graph, weight=length)
    ranking = sorted(between, key=between.get, reverse=True)[:4]
    print("betweenness:  " + ", ".join(f"{n.name} {between[n]:.3f}" for n in ranking))

    # No path of connections leads from the pulse to the outputs: it only opens and
    # closes other connections.
    pulse = neuron["pulse"]
    reached = [output for output in net.output if nx.has_path(graph, pulse, output)]
    check("no path of connections leads from pulse to an output", not reached)
    number = {n: i for i, n in enumerate(net)}
    path = nx.shortest_path(influence(net), number[pulse], number[net.output[0]])
    print(f"with gates:   {' > '.join(net[i].name for i in path)}")


# A gate is not an edge but acts on an edge. To include its influence, take a plain copy
# of the graph (integer nodes, numbers and strings only) and add an edge from each gater
# to the target of each gated connection.


def influence(net):
    copy = synapse.to_networkx(net)
    gates = [
        (link["gater"], target)
        for _, target, link in copy.edges(data=True)
        if "gater" in link
    ]
    copy.add_edges_from(gates)
    return copy


# --- 6. To other programs -------------------------------------------------------------
#
# Functions that write files need the plain copy. GEXF opens in Gephi; GraphML in yEd,
# Cytoscape, igraph and others. Both contain weights, gains and, for gated connections,
# the number of the gater.


def export(net, out):
    heading("Files for other programs")
    copy = synapse.to_networkx(net)
    writers = {"ring.gexf": nx.write_gexf, "ring.graphml": nx.write_graphml}
    readers = {"ring.gexf": nx.read_gexf, "ring.graphml": nx.read_graphml}
    for name, write in writers.items():
        with _files.replacing(out / name) as file:
            write(copy, file)
    written = {(u, v, weight) for u, v, weight in copy.edges(data="weight")}
    for name, read in readers.items():
        edges = read(out / name).edges(data="weight")
        back = {(int(u), int(v), weight) for u, v, weight in edges}
        count = copy.number_of_edges()
        claim = f"{name}, read again, has the same {count} connections and weights"
        check(claim, back == written)
    synapse.save(net, out / "ring.synapse")


# --- 7. A picture ---------------------------------------------------------------------
#
# Connections are arrows with a width by weight: blue if positive, red and dashed if
# negative. Gates are dotted lines that end in a dot on the connection that they scale.

PLACES = {
    "count 0": (3.0, 5.2), "count 1": (5.5, 5.2), "count 2": (8.0, 5.2),
    "a": (3.0, 2.2), "b": (5.5, 2.2), "c": (8.0, 2.2), "carry": (5.5, -2.1),
    "start": (0.2, 3.5), "pulse": (0.2, -1.0), "move": (4.8, 0.8), "hold": (5.9, -0.3),
}  # fmt: skip
LEAN = {"a": -0.2, "b": 0.0, "c": 0.2}


@with_pyplot
def picture(plt, net, path):
    figure, axes = plt.subplots(figsize=(8.4, 6.5), layout="constrained")
    boxes = {}
    for neuron in net:
        colours = {"fc": "white", "ec": "black"}
        if neuron.gated:
            colours = {"fc": "#f6e3ef", "ec": ink.PURPLE}
        box = {"boxstyle": "round,pad=0.5", **colours}
        x, y = PLACES[neuron.name]
        text = axes.text(
            x, y, neuron.name, ha="center", va="center", zorder=5, bbox=box
        )
        boxes[neuron] = text.get_bbox_patch()
    axes.set(xlim=(-0.5, 9.0), ylim=(-2.5, 5.7))
    axes.set_axis_off()
    figure.canvas.draw()  # computes the sizes of the boxes, at which arrows end
    for link in net.connections:
        draw_link = loop if link.source is link.target else arrow
        middle = draw_link(axes, link, boxes)
        if link.gater is not None:
            x, y = zip(PLACES[link.gater.name], middle, strict=True)
            axes.plot(x, y, ":", color=ink.PURPLE, lw=1.5, zorder=1)
            axes.plot(*middle, "o", color=ink.PURPLE, ms=7, zorder=4)
    axes.plot([], [], "-", color=ink.BLUE, label="positive")
    axes.plot([], [], "--", color=ink.RED, label="negative")
    axes.plot([], [], ":", color=ink.PURPLE, label="gates")
    axes.legend(loc="lower right")
    save_figure(figure, path)


def looks(link):
    colour, style = (ink.BLUE, "-") if link.weight >= 0 else (ink.RED, (0, (5, 2)))
    return {"color": colour, "lw": 0.8 + 0.4 * min(abs(link.weight), 8.0), "ls": style}


def arrow(axes, link, boxes):
    """Draw a connection between two neurons; returns its middle, the place for a
    gate."""
    start = np.array(PLACES[link.source.name])
    end = np.array(PLACES[link.target.name])
    ends = {
        "patchA": boxes[link.source],
        "patchB": boxes[link.target],
        "shrinkA": 0,
        "shrinkB": 2,
    }
    style = {"arrowstyle": "-|>", "mutation_scale": 14, **looks(link)}
    axes.annotate("", end, start, arrowprops={**ends, **style})
    return (start + end) / 2


def loop(axes, link, boxes):
    """Draw a self-connection as an oval below its neuron; returns its lowest point."""
    turn = np.linspace(0, 2 * np.pi, 60)
    x, y = PLACES[link.source.name]
    x += LEAN[link.source.name]
    y -= 0.4
    axes.plot(x + 0.18 * np.sin(turn), y + 0.32 * np.cos(turn), zorder=1, **looks(link))
    return x, y - 0.32


def main(quick: bool, seed: int, out: Path) -> None:
    net, long, without = with_and_without(seed, quick)
    watch(net)
    analyse(net)
    export(net, out)
    picture(net, out / "ring.png")
    lesson(
        "A gate on recurrent connections makes the ring a counter: it learnt from"
        f" short sequences and is right on {long:.0%} of the sequences of 200 steps."
        f" The same neurons without the switch are right on {without:.0%} of the short"
        " ones. Any wiring can be built, trained, analysed with networkx and exported:"
        f" this one has {len(net)} neurons and {len(net.connections)} connections."
    )


# To try: a ring of five; a second switch that moves the token backward; connections
# between hold and move in addition to those from the pulse.
