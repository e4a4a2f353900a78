"""Dopamine: a reward that comes later finds the synapse that has earned it.

    python -m demos dopamine

Task: Strengthen the one synapse whose spike is followed by a spike of its target.
Solution: STDP changes wait in an eligibility trace of each synapse, until a reward
arrives 50 to 150 steps later (Izhikevich 2007, Cerebral Cortex 17, 2443-2452).

Lesson 17 of `synapse play` shows Hebb's rule, on which STDP builds, in a browser."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import synapse
from demos._common import check, lesson, save_figure, with_pyplot
from synapse import Layer, Network, spikes
from synapse.plasticity import RewardSTDP


def trained(synapses: int, steps: int, seed: int):
    """Return the weights of all synapses at every step."""
    rng = np.random.default_rng(seed)
    inputs = Layer(synapses)
    cell = Layer(1, "spike", -1.0)
    learning = inputs.project(cell, weights=0.0)
    teacher = inputs[0].project(cell[0], weight=2.0, delay=1)
    teacher.trainable = False  # the first input makes the cell fire a step later
    net = Network(inputs, cell)

    trains = spikes.poisson(np.full(synapses, 5.0), steps, seed=seed)
    pairs = np.flatnonzero(trains[:-200, 0])[::3]
    reward = np.zeros(steps)
    reward[pairs + rng.integers(50, 150, len(pairs))] = 1.0

    net.rule = RewardSTDP(eligibility=100.0, bounds=(0, 1), up=0.02, down=0.02)
    with synapse.record(net, "weight", connections=learning) as log:
        net.run(trains, learn=True, modulator=reward)
    return log.weight


@with_pyplot
def picture(plt, weights, file):
    figure, axes = plt.subplots(figsize=(4.2, 3.1), layout="constrained")
    axes.plot(weights[::100, 1:], color="0.8", linewidth=0.7)
    axes.plot(weights[::100, 0], color="C1", label="the rewarded synapse")
    axes.set(xlabel="hundred steps", ylabel="weight")
    axes.legend()
    save_figure(figure, file)


def main(quick: bool, seed: int, out: Path) -> None:
    steps = 20_000 if quick else 60_000
    weights = trained(20, steps, seed)
    rewarded, others = weights[-1, 0], weights[-1, 1:]
    check("the rewarded synapse is the strongest", rewarded > 2.0 * others.max())
    picture(weights, out / "dopamine.png")
    lesson(
        f"After {steps:,} steps the rewarded synapse has the weight {rewarded:.2f}, the"
        f" others {others.mean():.2f} on average, {others.max():.2f} at most. Each"
        " reward came 50 to 150 steps after the pair of spikes that earned it."
    )
