"""Connectome: the wiring of a worm, with its signs, learns in which direction to flee
from a touch.

    python -m demos connectome

Task: Touch receptor neurons of the nematode C. elegans are excited for one step, at the
head or at the tail. Motor neurons must drive the body away from the touch: DA and VA
backward, DB and VB forward.

The wiring is measured: connections between 297 neurons by chemical synapses, without
self-connections and without connections into the touched neurons. Source: supplementary
file S3 of B. G. Fenyves, G. S. Szilágyi, Z. Vassy, C. Sőti, P. Csermely (2020),
"Synaptic polarity and sign-balance prediction using gene expression data in the
Caenorhabditis elegans chemical synapse neuronal connectome network", PLOS Computational
Biology 16(12), e1007974 (CC BY 4.0). The signs are predictions of that paper, from the
genes of receptors. The weights, the equation of the neurons and the task are not the
worm's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

import synapse
from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse import analysis, draw

DATA = Path(__file__).parent / "data" / "worm"
HEAD = ["ALML", "ALMR", "AVM"]
TAIL = ["PVDL", "PVDR", "PVM"]
"""Receptors before and behind the middle; PLM, the touch receptors of the tail, are not
in the files."""
BACKWARD = ("DA", "VA")
FORWARD = ("DB", "VB")
COMMAND = ("AVA", "AVB", "AVD", "PVC")

# --- 1. From the files to a network ---------------------------------------------------
#
# Every connection keeps its sign whatever is learnt; those without a prediction have
# none. All neurons share one clock: a step is one synapse. Columns that nothing
# computes with become metadata.


def tables():
    """Read the neurons, and the connections that the network has."""
    neurons = pd.read_csv(DATA / "neurons.csv")
    edges = pd.read_csv(DATA / "connections.csv")

    # Touches set the activations of some targets; self-connections would need delays.
    idle = edges["target"].isin([*HEAD, *TAIL])
    edges = edges[~idle & (edges["source"] != edges["target"])]
    return neurons, edges.assign(sign=edges["sign"].map({"+": 1, "-": -1}))


def network(rng, neurons, edges):
    """Make the network; weights are the counts of synapses, scaled by target, with the
    predicted signs."""
    norm = edges.groupby("target")["synapses"].transform(np.linalg.norm)
    drawn = pd.Series(rng.choice([-1, 1], len(edges)), edges.index)
    signs = edges["sign"].fillna(drawn)
    edges = edges.assign(weight=signs * edges["synapses"] / norm)
    motor = [name for name in neurons["name"] if name.startswith((*BACKWARD, *FORWARD))]
    options = {
        "squash": "tanh",
        "output_squash": "logistic",
        "synchronous": True,
        "name": "worm",
    }
    return synapse.from_edges(edges, [*HEAD, *TAIL], motor, neurons=neurons, **options)


def describe(net):
    heading("The network")
    print(f"   {net}")
    signs = np.array([link.sign or 0 for link in net.connections])
    both = sum(
        len({link.sign for link in neuron.outgoing} - {None}) == 2 for neuron in net
    )
    print(
        f"   {(signs > 0).sum()} connections keep a positive weight and"
        f" {(signs < 0).sum()} a negative one;"
    )
    print(f"   {both} neurons have outgoing connections of both signs.")
    inter = net.select(kind=lambda text: "inter" in text)
    print(f"   {len(inter)} are interneurons.")
    return signs


# --- 2. Touches -----------------------------------------------------------------------
#
# From the fourth step on, the target is 1 for the motor neurons of the right direction
# and 0 for others.

STEPS = 8
FIRST = 3
NOISE = 0.2


def touches(net, count, rng):
    inputs = rng.normal(0.0, NOISE, (count, STEPS, len(net.input)))
    head = rng.random(count) < 0.5
    at_head = np.isin([neuron.name for neuron in net.input], HEAD)
    inputs[:, 0] += head[:, None] == at_head
    backward = np.array([neuron.name.startswith(BACKWARD) for neuron in net.output])
    targets = np.full((count, STEPS, len(net.output)), np.nan)
    targets[:, FIRST:] = (head[:, None] == backward)[:, None]
    return inputs, targets


def fraction_right(net, inputs, targets):
    """Fraction of touches after which the right motor neurons are more active at the
    last step."""
    answers = []
    for rows, aims in zip(inputs, targets, strict=True):
        net.clear()
        last = net.run(rows)[-1]
        right = aims[-1] == 1
        answers.append(last[right].mean() > last[~right].mean())
    return float(np.mean(answers))


def learn(net, fresh, rng, quick):
    heading("Learning the direction")
    trainer = synapse.Trainer(
        net, rule="bptt", optimizer=synapse.optimizers.Adam(), rate=0.003
    )
    right = [fraction_right(net, *fresh)]
    for _ in range(4 if quick else 10):
        trainer.train(*touches(net, 200, rng), epochs=2, seed=rng, progress=False)
        right.append(fraction_right(net, *fresh))
    print("   fraction of new touches with the right direction,", end=" ")
    print("after every 400 touches:")
    print("   " + " ".join(f"{fraction:.2f}" for fraction in right))
    check("the network learns the direction", right[-1] > 0.9)
    return right


# --- 3. Lesions -----------------------------------------------------------------------
#
# The cost on new touches is measured without each neuron. AVA, AVB, AVD and PVC are the
# command neurons of the worm: without them it does not flee.


def lesions(net, fresh):
    heading("Lesions of single neurons")
    change = analysis.lesions(net, *fresh).to_pandas()
    inter = [neuron.name for neuron in net.select(kind="inter")]
    command = [name for name in inter if name.startswith(COMMAND)]
    others = change[[name for name in inter if name not in command]]
    print("   change of the cost without a command neuron:")
    print("   " + "  ".join(f"{name} {change[name]:+.3f}" for name in command))
    rank = (change[inter].rank(ascending=False)[command]).astype(int)
    print(
        f"   their ranks among {len(inter)} interneurons:"
        f" {' '.join(map(str, sorted(rank)))}"
    )
    print(
        f"   without one of the others: mean {others.mean():+.4f}, largest"
        f" {others.max():+.3f}"
    )
    for neuron in net:
        neuron.metadata["lesion"] = float(change[neuron.name])
    return change[command], others


# --- 4. A picture ---------------------------------------------------------------------


def in_columns(net):
    """Make a layout: sensory neurons, interneurons and motor neurons from left to
    right, in columns of up to 18."""
    kinds = {neuron.name: neuron.metadata.get("kind", "inter") for neuron in net}

    def layout(graph):
        groups = {"sensory": [], "inter": [], "motor": []}
        for node, name in graph.nodes(data="name"):
            groups[kinds[name].rpartition("+")[2]].append(node)
        places = {}
        left = 0.0
        for group in groups.values():
            columns = -(-len(group) // 18)
            rows = -(-len(group) // columns)
            for place, node in enumerate(group):
                row, column = divmod(place, columns)
                places[node] = (left + 1.9 * column, 1.6 * ((rows - 1) / 2 - row))
            left += 1.9 * columns + 3.0
        return places

    return layout


@with_pyplot
def picture(plt, net, right, lost, path):
    figure, axes = plt.subplot_mosaic(
        "AA;BC", figsize=(11.0, 11.5), height_ratios=(3.2, 1), layout="constrained"
    )
    for neuron in net:
        kinds = neuron.metadata.get("kind", "unknown")
        neuron.metadata["group"] = kinds.rpartition("+")[2]
    draw.network(
        net, axes["A"], color="group", layout=in_columns(net), color_bars=False
    )
    axes["A"].set_title("The worm: excitation blue, inhibition orange")
    axes["B"].plot(0.4 * np.arange(len(right)), right, "o-", color=ink.BLUE)
    axes["B"].set(
        xlabel="thousand touches",
        ylabel="fraction right",
        ylim=(0.4, 1.02),
        title="Learning",
    )
    command, others = lost
    axes["C"].boxplot(
        [command, others], orientation="horizontal", tick_labels=["command", "others"]
    )
    axes["C"].set(xlabel="change of the cost", title="Lesions of interneurons")
    save_figure(figure, path)


def main(quick: bool, seed: int, out: Path) -> None:
    rng = np.random.default_rng(seed)
    net = network(rng, *tables())
    signs = describe(net)
    fresh = touches(net, 100 if quick else 300, rng)
    right = learn(net, fresh, rng, quick)
    kept = np.array([link.weight for link in net.connections]) * signs >= 0
    check("no connection has changed its sign", bool(kept.all()))
    lost = lesions(net, fresh)
    picture(net, right, lost, out / "connectome.png")
    synapse.save(net, out / "connectome.graphml")
    synapse.save(net, out / "connectome.synapse")
    command, others = lost
    lesson(
        f"The worm's wiring gets {right[-1]:.0%} of new touches right, and no synapse"
        " has changed its sign. A lesion of a command neuron changes the cost by"
        f" {command.mean():+.4f} on average, one of another interneuron by"
        f" {others.mean():+.4f}. The signs are predictions, and the weights are not the"
        " worm's."
    )


# To try: lesions of pairs (analysis.lesions with pairs=True); the signs shuffled; other
# touch receptors.
