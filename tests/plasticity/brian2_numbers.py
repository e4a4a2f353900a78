"""Numbers of a plastic network by Brian2, which `test_brian2.py` compares with.

In an environment of its own: ``pip install brian2==2.9.0 "numpy<2.3"``, then ``python
tests/plasticity/brian2_numbers.py tests/data/stdp_brian2.json`` writes them again.
"""

import json
import sys
from pathlib import Path

import brian2
import numpy as np
from brian2 import ms

STEPS = 600
INPUTS = 40
CELLS = 25
EQUATIONS = """w : 1
dx/dt = -x / (2*ms) : 1 (event-driven)
dy/dt = -y / (3*ms) : 1 (event-driven)"""
ON_PRE = """v_post += 0.25 * w
x += 1
w = clip(w - 0.055 * y, 0, 1)"""
ON_POST = """y += 1
w = clip(w + 0.05 * x, 0, 1)"""


def main(path):
    brian2.prefs.codegen.target = "numpy"
    brian2.defaultclock.dt = 0.1 * ms
    rng = np.random.default_rng(0)
    step, number = np.nonzero(rng.random((STEPS, INPUTS)) < 0.03)
    source, target = np.divmod(np.arange(INPUTS * CELLS), CELLS)
    weights = rng.uniform(0.0, 1.0, len(source)).round(6)
    delays = rng.integers(0, 20, len(source))

    cells = brian2.NeuronGroup(
        CELLS,
        "dv/dt = -v / (20*ms) : 1",
        threshold="v > 1",
        reset="v = 0",
        method="exact",
    )
    sources = brian2.SpikeGeneratorGroup(INPUTS, number, step * 0.1 * ms)
    synapses = brian2.Synapses(
        sources, cells, EQUATIONS, on_pre=ON_PRE, on_post=ON_POST, method="exact"
    )
    synapses.connect(i=source, j=target)
    synapses.w = weights
    synapses.pre.delay = delays * 0.1 * ms
    monitor = brian2.SpikeMonitor(cells)
    brian2.Network(sources, cells, synapses, monitor).run(STEPS * 0.1 * ms)

    fired = np.round(monitor.t / (0.1 * ms)).astype(int)
    numbers = {
        "steps": STEPS,
        "inputs": INPUTS,
        "cells": CELLS,
        "arrivals": [step.tolist(), number.tolist()],
        "weights": weights.tolist(),
        "delays": delays.tolist(),
        "spikes": [fired.tolist(), np.asarray(monitor.i).tolist()],
        "learned": np.asarray(synapses.w).tolist(),
    }
    Path(path).write_text(json.dumps(numbers), encoding="ascii")


if __name__ == "__main__":
    main(sys.argv[1])
