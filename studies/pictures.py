"""Make the pictures of the gallery's section "draw" with the functions of
``synapse.draw``.

    python -m studies pictures [FOLDER]     # default: docs/gallery

Every number in them is computed here, from seeds, in a few seconds.
"""

from __future__ import annotations

import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import onnx

HERE = Path(__file__).resolve().parent

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

import architect
import synapse
from demos import connectome
from synapse import draw, reward
from synapse.initializers import constant, uniform
from synapse.optimizers import Adam
from synapse.readwrite import _files

from .reward import MemoryChain
from .spikes import recall

XOR = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
STEPS = 24
STEPS_OF_TRACE = 80
CUE_STEPS = 20
LEAK = 0.9
RATE = 0.02
SMALL = {"initializer": "uniform", "bias_initializer": "uniform"}  # within ±0.1


def networks():
    """Draw a trained XOR network and a small LSTM, neuron by neuron."""
    perceptron = architect.Perceptron(2, 3, 1, seed=3, **SMALL)
    lstm = architect.LSTM(2, 4, 1, style="synaptic", seed=0)
    synapse.Trainer(perceptron, rate=0.5).train(
        *XOR, epochs=5000, goal=0.02, progress=False, seed=0
    )
    perceptron.activate([0, 1])
    with draw.style():
        figure, (left, right) = plt.subplots(
            1, 2, figsize=(14.0, 6.2), width_ratios=(1, 2.1), layout="constrained"
        )
        draw.network(perceptron, left, color="activation", color_bars=False)
        left.set_title("XOR, learnt: inputs 0 and 1")
        draw.network(lstm, right).set_title("LSTM(2, 4, 1), untrained")
    return figure


def blocks():
    """Draw an LSTM that is too large to show its neurons, in bundles."""
    return draw.network(architect.LSTM(20, 60, 5, style="synaptic", seed=0)).figure


def operators(net, ax):
    """Draw the operators of an ONNX file as Netron does: boxes from top to bottom."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "net.onnx"
        synapse.save(net, file)
        nodes = onnx.load(str(file)).graph.node
    makers = {name: i for i, node in enumerate(nodes) for name in node.output}
    edges = [
        (makers[n], i)
        for i, node in enumerate(nodes)
        for n in node.input
        if n in makers
    ]
    graph = nx.DiGraph(edges)
    graph.add_nodes_from(range(len(nodes)))
    for depth, generation in enumerate(nx.topological_generations(graph)):
        for node in generation:
            graph.nodes[node]["depth"] = -depth
    places = nx.multipartite_layout(graph, subset_key="depth", align="horizontal")
    labels = {i: node.op_type for i, node in enumerate(nodes)}
    nx.draw_networkx_edges(
        graph, places, ax=ax, arrowsize=6, edge_color="gray", node_size=90
    )
    box = {"boxstyle": "round,pad=0.25", "facecolor": "#404040", "edgecolor": "none"}
    nx.draw_networkx_labels(
        graph, places, labels, ax=ax, font_size=5.5, font_color="white", bbox=box
    )


def circles(sizes, ax):
    """Draw layers of a size as NN-SVG does: circles, and a line for each pair."""
    places = [
        [(3.0 * x, (size - 1) / 2 - y) for y in range(size)]
        for x, size in enumerate(sizes)
    ]
    for sources, targets in pairwise(places):
        for here in sources:
            for there in targets:
                ax.plot(*zip(here, there), color="gray", lw=0.6, zorder=1)
    ax.scatter(
        *np.concatenate(places).T, s=170, c="white", edgecolors="black", zorder=2
    )
    ax.set(xlim=(-0.8, 6.8), ylim=(-2.6, 2.6))


def compared():
    """Draw one LSTM as Netron, NN-SVG and Synapse show networks."""
    net = architect.LSTM(2, 4, 1, style="synaptic", seed=0)
    with draw.style():
        figure, axes = plt.subplots(
            1,
            3,
            figsize=(18.5, 6.6),
            width_ratios=(1.1, 0.8, 1.9),
            layout="constrained",
        )
        operators(net, axes[0])
        axes[0].set_title("operators, as in Netron")
        circles([2, 4, 1], axes[1])
        axes[1].set_title("sizes, as in NN-SVG")
        draw.network(net, axes[2]).set_title("neurons, connections and gates")
        for ax in axes[:2]:
            ax.set_axis_off()
    return figure


def layouts():
    """Draw a pool with ten gates in bundles, and a small world by a layout of
    networkx."""
    liquid = architect.Liquid(3, 60, 2, connections=240, gates=10, seed=0)
    graph = nx.DiGraph(nx.watts_strogatz_graph(24, 4, 0.1, seed=0))
    graph.remove_edges_from([*graph.in_edges(0)])  # an input reads nothing
    world = synapse.from_networkx(graph, inputs=[0], outputs=[12], seed=0)
    with draw.style():
        figure, (left, right) = plt.subplots(
            1, 2, figsize=(19.0, 7.6), width_ratios=(1.7, 1), layout="constrained"
        )
        draw.network(liquid, left, color_bars=False)
        draw.network(world, right, layout="spring", color_bars=False).set_title(
            "A small world"
        )
    return figure


def latch(rng, count):
    """Sequences whose first step determines the target of the last one, with noise in
    between."""
    inputs = np.zeros((count, STEPS, 2))
    inputs[:, 0, 0] = rng.choice([-1.0, 1.0], count)
    inputs[:, 1:, 1] = rng.uniform(-1, 1, (count, STEPS - 1))
    targets = np.full((count, STEPS, 1), np.nan)
    targets[:, -1, 0] = inputs[:, 0, 0] > 0
    return inputs, targets


def learnt_latch():
    """A trained LSTM, the result of its training, and the fraction of new sequences
    that are right."""
    net = architect.LSTM(
        2,
        4,
        1,
        cell_squash="tanh",
        initializer=uniform(0.3),
        bias_initializer=constant(0.0),
        input_gate_bias=-1.0,
        forget_gate_bias=3.0,
        output_gate_bias=0.0,
        style="synaptic",
        seed=0,
    )
    net["cells"].trainable_bias = False  # freezes biases at 0: each step would add them
    rng = np.random.default_rng(0)
    trainer = synapse.Trainer(net, rate=0.1)
    result = trainer.train(
        *latch(rng, 400), epochs=60, validation=0.2, progress=False, seed=0
    )
    right = 0
    for inputs, targets in zip(*latch(rng, 200)):
        net.clear()
        right += (net.run(inputs)[-1] > 0.5) == targets[-1]
    return net, result, float(right[0]) / 200


def memory():
    """Draw memory cells that store a sign despite noise."""
    net, result, right = learnt_latch()
    fresh, _ = latch(np.random.default_rng(1), 2)
    fresh[:, 0, 0] = [1.0, -1.0]
    activations = []
    for sequence in fresh:
        net.clear()
        with synapse.record(net) as log:
            net.run(sequence)
        activations.append(log.activation)
    with draw.style():
        figure, axes = plt.subplot_mosaic(
            [["raster", "learning"], ["raster", "weights"]],
            figsize=(8.4, 5.0),
            width_ratios=(1.9, 1),
            height_ratios=(1.2, 1),
            layout="constrained",
        )
        draw.raster(np.concatenate(activations), net, axes["raster"])
        axes["raster"].set_title(
            f"+ and noise, - and noise ({right:.0%} of 200 new ones right)"
        )
        draw.learning(result, axes["learning"], log=True).legend(loc="upper right")
        targets = [*net["cells"], *net["input gates"]]
        weights = [
            [source.connection_to(target).weight for target in targets]
            for source in net.input
        ]
        draw.hinton(weights, axes["weights"], sources=net.input, targets=targets)
    return figure


def error_flow():
    """Compare the constant error carousel with Elman's unit."""
    inputs = np.random.default_rng(0).uniform(-1, 1, (60, 2))
    kept = architect.LSTM(
        2, 6, 1, forget_gates=False, peepholes=None, style="synaptic", seed=0
    )
    forget = architect.LSTM(2, 6, 1, style="synaptic", seed=0)
    small = architect.Elman(2, 6, 1, seed=0, **SMALL)
    strong = architect.Elman(
        2,
        6,
        1,
        squash="tanh",
        initializer=uniform(1.0),
        bias_initializer="uniform",
        seed=0,
    )
    ax = draw.error_flow(
        {
            "cells without forget gates": (kept, "cells"),
            "cells with forget gates (bias 1)": (forget, "cells"),
            "Elman, tanh, weights up to 1": (strong, "hidden"),
            "Elman, logistic, weights up to 0.1": (small, "hidden"),
        },
        inputs,
    )
    return ax.figure


def spikes():
    """Draw a spiking network that recalls a bit after 40 steps of silence."""
    net = architect.Spiking(3, 20, 1, seed=0)
    rng = np.random.default_rng(0)
    trainer = synapse.Trainer(
        net, 0.005, rule="bptt", optimizer=Adam(), clip=1.0, batch_size=1
    )
    for _ in range(20):
        trainer.train(*recall(64, rng), epochs=1, progress=False, seed=rng)
    inputs, targets = recall(1, rng)
    net.clear()
    with synapse.record(net) as log:
        net.run(inputs[0])
    return draw.spikes(log, targets[0]).figure


def worm():
    """The network of a worm, with predicted signs of synapses as weights."""
    neurons, edges = connectome.tables()
    edges = edges.dropna(subset="sign")
    edges = edges.assign(weight=edges["sign"] * edges["synapses"])
    return synapse.from_edges(edges, connectome.HEAD, ["DVB"], neurons=neurons)


def matrix():
    """Draw which kinds of neurons of a worm excite and inhibit which."""
    return draw.matrix(worm(), groups="kind", scale=300).figure


def communities():
    """Draw the connections between the neurons of a worm, by community."""
    return draw.network(worm()).figure


def leaky_outputs():
    """Fifty inputs, and a hundred leaky outputs: enough connections to be quiet."""
    inputs = synapse.Layer(50)
    outputs = synapse.Layer(100, "identity")
    inputs.project(outputs, seed=0)
    outputs.project(outputs, "one_to_one", weights=LEAK)
    for neuron in outputs:
        neuron.trainable_bias = False
    return synapse.Network(inputs, [], outputs)


def quiet():
    """Draw weight and trace of one connection as the rule computes them that reads all
    connections, and what is stored of it if only active sources are followed."""
    rng = np.random.default_rng(0)
    rows = (rng.random((STEPS_OF_TRACE, 50)) < 0.03).astype(float)
    rows[:, 0] = 0.0
    rows[[12, 20, 55], 0] = 1.0
    aims = np.cumsum(rng.normal(0.0, 0.3, (STEPS_OF_TRACE, 100)), axis=0)

    # a training follows active sources; the steps of a recorded one read all
    net, dense = leaky_outputs(), leaky_outputs()
    watched = {"neurons": [dense.output[0]], "connections": row_of(dense)}
    with synapse.record(dense, "weight", "eligibility", "activation", **watched) as log:
        for each in (net, dense):
            synapse.Trainer(each, RATE, "squared_error").train(
                rows, aims, epochs=1, progress=False
            )
    apart = np.abs(net.weights - dense.weights).max()
    if not 0.0 < apart < 1e-12:
        raise ValueError(f"The two ways differ by {apart}.")
    weights, traces = log.weight, log.eligibility[:, 0]
    starts = np.array([link.weight for link in row_of(leaky_outputs())])
    errors = aims[:, 0] - log.activation[:, 0]
    stored = lines_of(rows[:, 0], RATE * errors, starts, weights)
    rebuilt = stored["u"] + stored["a"] * stored["S"]
    if np.abs(rebuilt - weights[:, 0]).max() > 1e-12:
        raise ValueError("The stored numbers are not those of the weight.")
    with draw.style():
        figure, axes = plt.subplots(
            3, 1, figsize=(7.0, 5.0), sharex=True, layout="constrained"
        )
        step = np.arange(STEPS_OF_TRACE)
        fires = np.flatnonzero(rows[:, 0])
        for ax, line, name in ((axes[0], traces, "ε"), (axes[1], weights[:, 0], "w")):
            ax.plot(step, line, color="C0", lw=3, alpha=0.35, label=f"{name}, all read")
        axes[0].plot(step, stored["a"] * stored["P"], ":", color="k", label="a P")
        axes[0].step(step, stored["a"], where="post", color="C1", label="a, stored")
        axes[1].plot(step, rebuilt, ":", color="k", label="u + a S")
        axes[1].step(step, stored["u"], where="post", color="C1", label="u, stored")
        axes[2].plot(step, stored["P"], color="C2", label="P of the target")
        axes[2].plot(step, 5 * stored["S"], color="C3", label="5 S of the target")
        for ax in axes:
            for moment in fires:
                ax.axvline(moment, color="0.8", lw=0.8, zorder=0)
            for moment in np.flatnonzero(stored["settled"]):
                ax.axvline(moment, color="0.8", lw=0.8, ls=":", zorder=0)
            ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
        axes[2].set_xlabel("step")
    return figure


def row_of(net):
    """The connections into the first output."""
    return [source.connection_to(net.output[0]) for source in net.input]


def lines_of(fired, updates, starts, weights):
    """The numbers of a connection that are stored while its source fires or not, at the
    end of each step."""
    u, a, step, decay = starts[0], 0.0, 0.0, 1.0
    limit = np.abs(starts[:8]).mean()
    columns = {name: np.zeros(len(fired)) for name in ("u", "a", "P", "S", "settled")}
    for t, (y, update) in enumerate(zip(fired, updates)):
        decay *= LEAK
        if abs(step) > limit * decay:
            u += a * step
            a *= decay
            step, decay = 0.0, 1.0
            limit = np.abs(weights[t - 1]).mean()
            columns["settled"][t] = 1.0
        if y:
            u -= step * y / decay
            a += y / decay
        step += update * decay
        numbers = u, a, decay, step
        for name, number in zip(("u", "a", "P", "S"), numbers):
            columns[name][t] = number
    return columns


def delayed(inputs, hidden, outputs, seed, **options):
    """Make a perceptron whose hidden neurons also see the inputs of 19 steps ago."""
    net = architect.Perceptron(
        inputs, hidden, outputs, squash="tanh", seed=seed, **options
    )
    net.input.project(net.hidden[0], delay=CUE_STEPS - 1, seed=seed)
    return net


def remembering(make):
    """Train an agent to remember a cue; return it and its share of right choices."""
    net = make(2, 8, 2, output_squash="identity", seed=0)
    net.rule = "rtrl"
    agent = reward.QLearning(net, explore=0.1, seed=0)
    result = reward.run(
        agent,
        MemoryChain(CUE_STEPS),
        steps=20_000,
        seed=0,
        test_every=20_000,
        test_environment=MemoryChain(CUE_STEPS),
        test_episodes=100,
        progress=False,
    )
    return agent, (1.0 + result.test_returns.mean()) / 2


def memories():
    """Draw what four kinds of memory keep of a cue until an agent needs it."""
    kinds = {
        "GRU, cells": (architect.GRU, "cells"),
        "LSTM, states of cells": (architect.LSTM, "cells"),
        "Elman, hidden neurons": (
            lambda *sizes, **options: architect.Elman(*sizes, squash="tanh", **options),
            "hidden",
        ),
        "delay of 19 steps, hidden neurons": (delayed, "hidden"),
    }
    with draw.style():
        figure, axes = plt.subplots(2, 2, figsize=(8.4, 4.6), layout="constrained")
        for (name, (make, layer)), ax in zip(kinds.items(), axes.flat):
            agent, right = remembering(make)
            net = agent.network
            what = "state" if make is architect.LSTM else "activation"
            with synapse.record(net, what, neurons=net[layer]) as log:
                for sign in (1.0, -1.0):
                    for step in range(CUE_STEPS):
                        seen = [sign * (step == 0), step / CUE_STEPS]
                        agent.act(seen, first=step == 0)
            draw.raster(log, ax=ax)
            ax.axvline(CUE_STEPS - 0.5, color="black", lw=1.0)
            ax.set_xlabel("step (cue 1 at step 0, and cue -1 at step 20)")
            ax.set_title(f"{name} ({right:.0%} right)")
    return figure


PICTURES = {
    "network": networks,
    "compared": compared,
    "blocks": blocks,
    "layouts": layouts,
    "memory": memory,
    "error_flow": error_flow,
    "memories": memories,
    "spikes": spikes,
    "matrix": matrix,
    "communities": communities,
    "quiet": quiet,
}
WIDEST = 2000
"""Pixels of the widest picture: twice what a page shows, for sharp screens."""


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in PICTURES.items():
        figure = make()
        dots = min(160.0, WIDEST / figure.get_figwidth())
        with _files.replacing(folder / f"draw_{name}.png") as file:
            figure.savefig(file, format="png", dpi=dots)
        plt.close(figure)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "docs" / "gallery")
