"""Spikes: a neuron that fires, one that adapts, and twenty that learn to recall.

    python -m demos spikes

Task: Wire a leaky integrate-and-fire cell by hand, add adaptation, and train a network
of such cells to recall which of two inputs was on, after 40 steps of silence.

A cell sums its inputs in a leaky voltage. When the voltage exceeds a threshold, the
cell fires and is reset (Lapicque 1907). The derivative of a spike is 0, so training
uses a surrogate derivative (Bellec and others 2020).

Lesson 13 of `synapse play` is part 1 in a browser: there you reset the cell."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import architect
import synapse
from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse import Layer, Network, Neuron, draw
from synapse.optimizers import Adam

STEPS = 60
SILENCE = 40
CUE = 5
QUESTION = 10

# --- 1. A cell that fires -------------------------------------------------------------
#
# The voltage v is an identity with a self-connection of 0.9; the spike z is 1 above its
# threshold, which is minus its bias. The connection from z back to v acts one step
# later, and takes the threshold away.


def cell():
    current = Neuron("identity", name="current")
    voltage = Neuron("identity", name="voltage")
    spike = Neuron("spike", -1.0, name="spike")
    current.project(voltage, weight=1.0)
    voltage.project(voltage, weight=0.9)
    voltage.project(spike, weight=1.0)
    spike.project(voltage, weight=-1.0)
    return current, voltage, spike


def times_of(spikes):
    return np.flatnonzero(spikes == 1.0)


def a_cell_that_fires():
    heading("1. A cell that fires")
    current, voltage, spike = cell()
    net = Network(Layer([current]), [Layer([voltage])], Layer([spike]))
    with synapse.record(net) as log:
        net.run([[0.3]] * STEPS)
    v, z = log.activation[:, 1], log.activation[:, 2]
    by_hand = []
    volt = 0.0
    for before in (0.0, *z[:-1]):
        volt = 0.9 * volt + 0.3 - before
        by_hand.append(volt)
    print(f"  spikes at steps {times_of(z) + 1}")
    check("the voltage is that of the equation", np.allclose(v, by_hand, atol=1e-12))
    check("it fires whenever the voltage is above 1", bool(((v > 1.0) == z).all()))
    return v, z, np.ones(STEPS)


# --- 2. A cell that adapts ------------------------------------------------------------
#
# A third neuron a counts recent spikes and fades slowly. Its connection to z raises the
# threshold, so the cell fires less and less often for the same current. What is kept in
# a lasts much longer than the voltage: this is the memory of the network in part 3.


def a_cell_that_adapts():
    heading("2. A cell that adapts")
    current, voltage, spike = cell()
    level = Neuron("identity", name="adaptation")
    spike.project(level, weight=1.0)
    level.project(level, weight=0.99)
    level.project(spike, weight=-0.2)
    layers = [Layer([voltage]), Layer([spike]), Layer([level])]
    net = Network(Layer([current]), layers[:2], layers[2])
    with synapse.record(net) as log:
        net.run([[0.3]] * STEPS)
    v, z, a = log.activation[:, 1:].T
    threshold = 1.0 + 0.2 * np.array([0.0, *a[:-1]])
    check("it fires above a threshold that moves", bool(((v > threshold) == z).all()))
    pauses = np.diff(times_of(z))
    print(f"  steps from spike to spike: {pauses}")
    check(
        "the last three pauses are longer than the first three",
        bool(pauses[-3:].mean() > pauses[:3].mean() + 1.0),
    )
    return v, z, threshold


# --- 3. Twenty cells that recall ------------------------------------------------------
#
# One of two inputs is on for five steps. After 40 silent steps, ten times as long as
# the voltage remembers it well, the third input asks: the output has to be 1 or -1.


def recall(count, rng):
    bits = rng.integers(0, 2, count)
    inputs = np.zeros((count, CUE + SILENCE + QUESTION, 3))
    inputs[np.arange(count), :CUE, bits] = 1.0
    inputs[:, -QUESTION:, 2] = 1.0
    targets = np.full((*inputs.shape[:2], 1), np.nan)
    targets[:, -QUESTION // 2 :, 0] = (2 * bits - 1)[:, None]
    return inputs, targets


def share_right(net, rng):
    inputs, targets = recall(200, rng)
    net.clear()
    outputs = np.array(net.run(inputs))[:, -1, 0]
    return float(np.mean((outputs > 0.0) == (targets[:, -1, 0] > 0.0)))


def twenty_cells(seed, chunks):
    heading("3. Twenty cells that recall")
    rng = np.random.default_rng(seed)
    net = architect.Spiking(3, 20, 1, seed=seed)
    trainer = synapse.Trainer(
        net, 0.005, rule="bptt", optimizer=Adam(), clip=1.0, batch_size=1
    )
    before = share_right(net, rng)
    for _ in range(chunks):
        trainer.train(*recall(64, rng), epochs=1, progress=False, seed=rng)
    after = share_right(net, rng)
    print(f"  right before learning {before:.0%}, after {64 * chunks}: {after:.0%}")
    check("at least 95 % of new sequences are right", after >= 0.95)
    inputs, targets = recall(1, rng)
    net.clear()
    with synapse.record(net) as log:
        net.run(inputs[0])
    return log, targets[0], after


@with_pyplot
def picture(plt, regular, adapting, log, targets, path):
    figure = plt.figure(figsize=(8.4, 6.6), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1, 1.25))
    above, below = left.subplots(2, 1, sharex=True)
    for ax, (v, z, threshold), title in (
        (above, regular, "A cell that fires"),
        (below, adapting, "A cell that adapts"),
    ):
        steps = np.arange(1, STEPS + 1)
        ax.plot(steps, v, color=ink.BLUE, label="voltage")
        ax.plot(steps, threshold, color=ink.BLACK, lw=0.8, ls="--", label="threshold")
        times = times_of(z) + 1
        at_the_top = np.full(len(times), 2.75)
        ax.plot(times, at_the_top, "|", color=ink.BLACK, ms=14, mew=2, label="spike")
        ax.set(title=title, ylabel="voltage / threshold at rest", ylim=(-0.1, 3.0))
    above.legend(loc="upper right", bbox_to_anchor=(1.0, 0.86), ncols=3)
    below.set_xlabel("step")
    ax = right.subplots()
    draw.spikes(log, targets, ax)
    ax.set_title("Twenty cells recall a cue")
    save_figure(figure, path)


def main(quick: bool, seed: int, out: Path) -> None:
    regular = a_cell_that_fires()
    adapting = a_cell_that_adapts()
    log, targets, right = twenty_cells(seed, 5 if quick else 20)
    picture(regular, adapting, log, targets, out / "spikes.png")
    lesson(
        "A cell that fires is 2 neurons, one that adapts is 3, and all their numbers"
        f" can be read. With a surrogate gradient they learn: {right:.0%} of new"
        f" sequences are correct after {SILENCE} silent steps."
    )
