"""Odours: the mushroom body of a fly's larva learns which odours come with punishment.

    python -m demos odours

Task: Each of ten odours excites projection neurons in a random way; learn which five
come with punishment.
Solution: Few of the Kenyon cells fire, so each odour has synapses of its own onto the
output neurons. The online rule changes these at every step and keeps their signs.

The wiring is measured: the synapses of 58 and 63 projection neurons on 83 and 81 Kenyon
cells of the left and the right side of one larva, and of those on 29 output neurons of
each side. Source: K. Eichler and others (2017), "The complete connectome of
a learning and memory centre in an insect brain", Nature 548, 175-182, in the form that
graspologic 3.4.4 publishes (MIT licence). The equation of the cells, the odours, and
which output neurons stand for avoidance are not the larva's; connections among Kenyon
cells and those of other neurons are left out."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

import synapse
from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse import Layer, Network

DATA = Path(__file__).parent / "data" / "larva" / "connections.csv"
PAIRS = 5
TRIALS = 15
STEPS = 40
TESTS = 10
KEPT = {"K": 0.8, "O": 0.9}
"""What the voltages of Kenyon cells and of output neurons keep in a step."""
ACTIVE = 0.1
"""The share of odours to which a Kenyon cell responds."""
DRIVE = 0.15
"""Mean input of an output neuron in a step before learning; it fires at 1."""
RATE = 0.05

# --- 1. Odours ------------------------------------------------------------------------
#
# An odour is the probability with which each projection neuron fires in a step.


def odours(count, size, rng, similar=False):
    """Return random odours; if they are to be similar, the two of each pair are."""
    rates = np.where(
        rng.random((count, size)) < 1 / 3, rng.uniform(0.1, 0.5, (count, size)), 0.02
    )
    if similar:
        rates[1::2] = 0.25 * rates[1::2] + 0.75 * rates[::2]
    return rates


def sniffs(rates, rng):
    """Return the spikes of the projection neurons, one sequence for each row."""
    return (rng.random((len(rates), STEPS, rates.shape[1])) < rates[:, None]).astype(
        float
    )


# --- 2. From the table to a network ---------------------------------------------------
#
# Each cell has a leaky voltage and a spike, which resets it. Weights are the numbers of
# synapses, scaled for each Kenyon cell so that it responds to a tenth of all odours,
# and for each output neuron to a moderate rate. The output predicts punishment: the
# spikes of half of the output neurons speak for it, those of the others against it.


def table(side):
    """Read the connections of one side."""
    edges = pd.read_csv(DATA)
    return edges[edges["side"] == side]


class Wiring(NamedTuple):
    """Numbers of synapses between projection neurons, Kenyon cells and outputs."""

    into_kenyon: np.ndarray  # from projection neurons and Kenyon cells to Kenyon cells
    into_output: np.ndarray  # from these to output neurons
    entries: int  # projection neurons


def wiring(edges):
    """Make matrices of a table; projection neurons are the first rows."""
    names = pd.unique(edges[["source", "target"]].to_numpy().ravel())
    cells_of = {
        letter: sorted(name for name in names if name[0] == letter) for letter in "PKO"
    }
    sources = cells_of["P"] + cells_of["K"]
    counts = (
        edges.pivot_table("synapses", "source", "target", "sum", fill_value=0)
        .reindex(index=sources, columns=cells_of["K"] + cells_of["O"], fill_value=0)
        .to_numpy(float)
    )
    cells = len(cells_of["K"])
    return Wiring(counts[:, :cells], counts[:, cells:], len(cells_of["P"]))


def scaled(wires, rng):
    """Return the weights: Kenyon cells fire at a voltage above 1 for few odours, output
    neurons have the same mean input."""
    into_kenyon, into_output, entries = wires
    spikes = sniffs(odours(50, entries, rng), rng)
    voltage = np.zeros((len(spikes), into_kenyon.shape[1]))
    peaks = voltage.copy()
    for step in range(STEPS):
        voltage = KEPT["K"] * voltage + spikes[:, step] @ into_kenyon[:entries]
        peaks = np.maximum(peaks, voltage)
    into_kenyon = into_kenyon / np.maximum(np.quantile(peaks, 1 - ACTIVE, axis=0), 1.0)
    voltage[:] = 0.0
    fired = np.zeros_like(voltage)
    mean = np.zeros(into_output.shape[1])
    for step in range(STEPS):
        sources = np.concatenate([spikes[:, step], fired], axis=1)
        voltage = KEPT["K"] * voltage + sources @ into_kenyon - fired
        fired = (voltage > 1.0).astype(float)
        sources = np.concatenate([spikes[:, step], fired], axis=1)
        mean += (sources @ into_output).mean(axis=0) / STEPS
    return into_kenyon, into_output * DRIVE / np.maximum(mean, 1e-9), entries


def network(wires, rng, dtype=np.float64):
    """Build the cells of one side. The output neurons that speak for avoidance are
    drawn."""
    into_kenyon, into_output, entries = scaled(wires, rng)
    entry = Layer(entries, name="projection", dtype=dtype)

    def cells(letter, count):
        voltage = Layer(count, "identity", name=f"{letter} voltage", dtype=dtype)
        spike = Layer(count, "spike", -1.0, name=letter, dtype=dtype)
        voltage.project(voltage, "one_to_one", weights=KEPT[letter])
        fixed = voltage.project(spike, "one_to_one", weights=1.0)
        reset = spike.project(voltage, "one_to_one", weights=-1.0)
        for projection in (fixed, reset):
            projection.trainable = False
        return voltage, spike

    kenyon, kenyon_spike = cells("K", into_kenyon.shape[1])
    voltage, spike = cells("O", into_output.shape[1])
    output = Layer(1, "logistic", 0.0, name="avoid", dtype=dtype)
    sizes = {0: (entry, slice(entries)), 1: (kenyon_spike, slice(entries, None))}
    for layer, rows in sizes.values():
        for target, counts, learns in (
            (kenyon, into_kenyon[rows], False),
            (voltage, into_output[rows], True),
        ):
            ends = np.nonzero(counts)
            if len(ends[0]):
                layer.project(
                    target, ends, weights=counts[ends], sign=1, trainable=learns
                )
    side = np.where(rng.permutation(len(spike)) % 2 == 0, 1.0, -1.0)
    spike.project(output, weights=side[:, None], trainable=False)
    net = Network(entry, [kenyon, kenyon_spike, voltage, spike], output)
    for neuron in net:
        neuron.trainable_bias = False
    return net, side


# --- 3. Trials ------------------------------------------------------------------------


def choices(net, rates, rng):
    """Return how often the fly avoids the first odour of each pair: the prediction is
    higher for it than for the other."""
    many = np.repeat(rates, TESTS, axis=0)
    net.clear()
    outputs = net.run(list(sniffs(many, rng)), traces=False)
    means = np.reshape([output.mean() for output in outputs], (-1, 2, TESTS))
    difference = means[:, 0] - means[:, 1]
    return (difference > 1e-12) + 0.5 * (np.abs(difference) <= 1e-12)


def learner(net):
    """Return a function that learns a trial by the online rule: at each step, the
    target of the output is whether the odour comes with punishment."""
    trainer = synapse.Trainer(net, RATE, "cross_entropy", rule="online")

    def learn(sequences, punished):
        targets = np.repeat(punished, STEPS).reshape(-1, STEPS, 1).astype(float)
        trainer.train(
            list(sequences), list(targets), epochs=1, shuffle=False, progress=False
        )

    return learn


def active(net, rates, rng):
    """Return the share of Kenyon cells that fire while an odour is presented, on
    average."""
    fires = []
    for rows in sniffs(rates, rng):
        net.clear()
        with synapse.record(net, "activation", neurons=list(net.layers[2])) as log:
            net.run(rows)
        fires.append((log.activation > 0).any(axis=0).mean())
    return float(np.mean(fires))


def larvae(count, trials, paired, rng):
    """Return how often each larva avoids the punished odours, before learning and after
    each trial. Unpaired, five odours of ten are punished in each trial, but not always
    the same ones."""
    curves = []
    for larva in range(count):
        net, _ = network(wiring(table(("left", "right")[larva % 2])), rng)
        rates = odours(2 * PAIRS, len(net.input), rng)
        learn = learner(net)
        curve = [choices(net, rates, rng).mean()]
        for _ in range(trials):
            order = rng.permutation(len(rates))
            punished = order % 2 == 0
            if not paired:
                punished = rng.permutation(punished)
            learn(sniffs(rates[order], rng), punished)
            curve.append(choices(net, rates, rng).mean())
        curves.append(curve)
    return 100 * np.array(curves)


# --- 4. One larva ---------------------------------------------------------------------


def predictions(net, rates, rng):
    """Return the mean output for each odour."""
    net.clear()
    many = sniffs(np.repeat(rates, TESTS, axis=0), rng)
    means = [output.mean() for output in net.run(list(many), traces=False)]
    return np.reshape(means, (-1, TESTS)).mean(axis=1)


def one_larva(trials, rng):
    """Return the spikes of all Kenyon cells for each odour, and what the output
    predicts before and after learning."""
    heading("1. One larva")
    net, _ = network(wiring(table("left")), rng)
    print(f"  {net}")
    rates = odours(2 * PAIRS, len(net.input), rng)
    fired = []
    for rows in sniffs(rates, rng):
        net.clear()
        with synapse.record(net, "activation", neurons=net.layers[2]) as log:
            net.run(rows)
        fired.append(log.activation.sum(axis=0))
    share = float(np.mean(np.array(fired) > 0))
    print(f"  an odour makes {share:.0%} of the Kenyon cells fire")
    check("less than a fifth of the Kenyon cells fire", share < 0.2)
    learn = learner(net)
    before = predictions(net, rates, rng)
    signs = np.sign(net.weights)
    for _ in range(trials):
        order = rng.permutation(len(rates))
        learn(sniffs(rates[order], rng), order % 2 == 0)
    after = predictions(net, rates, rng)
    check("no weight has changed its sign", bool((signs * net.weights >= 0).all()))
    check(
        "punishment is predicted of the punished odours, on average",
        bool(after[::2].mean() > after[1::2].mean() + 0.05),
    )
    return np.array(fired), before, after


@with_pyplot
def picture(plt, fired, before, after, paired, unpaired, path):
    figure, axes = plt.subplots(
        1, 3, figsize=(9.0, 3.2), layout="constrained", width_ratios=(1.3, 0.8, 1)
    )
    order = np.argsort(fired.argmax(axis=0) + (fired.max(axis=0) == 0) * 100)
    axes[0].imshow(
        fired[:, order] > 0, aspect="auto", cmap="Greys", interpolation="nearest"
    )
    axes[0].set(title="Who fires", xlabel="Kenyon cells", ylabel="odours")
    for odour in range(len(before)):
        colour = ink.BLUE if odour % 2 else ink.ORANGE
        label = {0: "punished", 1: "not punished"}.get(odour)
        both = before[odour], after[odour]
        axes[1].plot((0, 1), both, "o-", color=colour, label=label)
    axes[1].set(
        title="Prediction",
        xticks=(0, 1),
        xticklabels=("before", "after"),
        xlim=(-0.2, 1.2),
        ylim=(0, 1),
        ylabel="output",
    )
    axes[1].legend()
    for curves, colour, label in (
        (paired, ink.ORANGE, "paired"),
        (unpaired, ink.BLACK, "unpaired"),
    ):
        axes[2].plot(curves.T, color=colour, lw=0.5, alpha=0.4)
        axes[2].plot(curves.mean(axis=0), color=colour, lw=2, label=label)
    axes[2].set(
        title="Choice",
        xlabel="trials",
        xticks=range(0, paired.shape[1], 5),
        ylabel="avoids the punished odour, %",
        ylim=(0, 102),
    )
    axes[2].legend(loc="lower left")
    save_figure(figure, path)


def main(quick: bool, seed: int, out: Path) -> None:
    rng = np.random.default_rng(seed)
    count, trials = (4, 8) if quick else (10, TRIALS)
    larva_seen = one_larva(TRIALS, rng)
    heading(f"2. {count} larvae")
    paired, unpaired = (larvae(count, trials, pairs, rng) for pairs in (True, False))
    begin, end, control = (
        float(curves.mean())
        for curves in (paired[:, 0], paired[:, -1], unpaired[:, trials // 2 :])
    )
    print(f"  punished odour avoided: {begin:.0f} %, after {trials} trials {end:.0f} %")
    print(f"  unpaired, in the second half of the trials: {control:.0f} %")
    check("more than 85 % of the choices avoid the punished odour", end > 85.0)
    check("unpaired, between 30 and 70 % do", 30.0 < control < 70.0)
    picture(*larva_seen, paired, unpaired, out / "odours.png")
    lesson(
        f"After {trials} trials, the punished odour is avoided in {end:.0f} % of all"
        f" choices, {begin:.0f} % before, and in {control:.0f} % if punishment comes"
        " with any odour. Few Kenyon cells fire for an odour, so learning about one"
        " hardly disturbs the others."
    )
