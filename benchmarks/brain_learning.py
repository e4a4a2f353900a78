"""Measure what a network as large as a fly's brain takes to learn every synapse.

    python -m benchmarks.brain_learning    # writes brain_learning.json

The wiring, the synaptic delay and the stimuli are those of `brain`, the cells simpler:
a leaky voltage and a spike that takes the threshold away, without the time constant of
the synapse and without a refractory time, whose gates would let the rule read all
connections; constant currents differ by cell. All connections keep their signs and
learn by the online rule from one output. It reports processor time of the second of
two calls.
"""

from __future__ import annotations

import argparse
import resource
import time
from typing import Any

import numpy as np

from synapse import Layer, Network, Trainer

from . import brain, machine

STEPS = 1000
RATE = 1e-7  # so small that the activity stays the same
OF_SYNAPSE = 0.25
"""What a synapse adds to the voltage, as a part of what it adds to a current there."""


def network_of(neurons: int, connections: int, driven: Any) -> Network:
    """Cells of two neurons, with the first output counting spikes."""
    source, target, weight = brain.wiring(neurons, connections)
    voltage, fired, inputs, outputs = (
        Layer(size, squash, 0.0, dtype=np.float32)
        for size, squash in (
            (neurons, "identity"),
            (neurons, "spike"),
            (len(driven), "identity"),
            (2, "identity"),
        )
    )
    fired.biases = np.full(neurons, -1.0)
    leak = float(np.exp(-brain.STEP / brain.MEMBRANE))
    voltage.project(voltage, "one_to_one", weights=leak)
    kicks = Layer([voltage[i] for i in driven.tolist()])
    for before, after, size in (
        (inputs, kicks, brain.KICK / brain.THRESHOLD),
        (voltage, fired, 1.0),
        (fired, voltage, -1.0),
    ):
        before.project(after, "one_to_one", weights=size, trainable=False)
    sizes = weight / brain.THRESHOLD * OF_SYNAPSE
    ends = source, target
    for sign in (1, -1):
        chosen = np.flatnonzero(np.sign(sizes) == sign)
        fired.project(
            voltage,
            tuple(end[chosen] for end in ends),
            weights=sizes[chosen],
            delay=brain.DELAY + 1,
            sign=sign,
        )
    values = np.random.default_rng(2).normal(0.0, 0.01, neurons)
    fired.project(
        outputs, weights=np.column_stack([np.ones(neurons), values]), trainable=False
    )
    for layer in (voltage, fired, outputs):
        for neuron in layer:
            neuron.trainable_bias = False
    return Network(inputs, [voltage, fired], outputs)


def measured(neurons: int, connections: int, steps: int) -> list[dict[str, Any]]:
    """A row for each stimulus."""
    driven, _, _ = brain.stimulus(brain.CASES[0], neurons, steps)
    net = network_of(neurons, connections, driven)
    trainer = Trainer(net, RATE, "squared_error")
    targets = np.full((1, steps, 2), np.nan)
    targets[0, :, 1] = np.random.default_rng(3).random(steps)
    rows = []
    for case in brain.CASES:
        _, spikes, steady = brain.stimulus(case, neurons, steps)
        # different currents, so that cells do not all fire in the same steps
        steady *= np.random.default_rng(4).uniform(0.8, 1.4, neurons)
        part = 1.0 - np.exp(-brain.STEP / brain.MEMBRANE)
        net.hidden[0].biases = part * steady / brain.THRESHOLD
        net.clear()
        fired = float(net.run(spikes, traces=False)[:, 0].sum())
        seconds = []
        for _ in range(2):
            net.clear()
            begin = time.process_time()
            trainer.train(spikes[None], targets, epochs=1, progress=False)
            seconds.append(time.process_time() - begin)
        usage = resource.getrusage(resource.RUSAGE_SELF)
        second = 1000.0 / brain.STEP / steps  # of biological time, in calls
        rows.append(
            {
                "case": case,
                "spikes a cell and second": fired / neurons * second,
                "ms a step": 1000.0 * seconds[1] / steps,
                "seconds for a biological second": seconds[1] * second,
                "first call": seconds[0],
                "gigabytes": usage.ru_maxrss / 2**20,
            }
        )
        print(rows[-1], flush=True)
    return rows


def main(neurons: int, connections: int, steps: int) -> None:
    """Measure, and write the results."""
    core = machine.pin(1)
    rows = measured(neurons, connections, steps)
    machine.save("brain_learning", core, rows=rows)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--neurons", type=int, default=brain.NEURONS)
    options.add_argument("--connections", type=int, default=brain.CONNECTIONS)
    options.add_argument("--steps", type=int, default=STEPS)
    chosen = options.parse_args()
    main(chosen.neurons, chosen.connections, chosen.steps)
