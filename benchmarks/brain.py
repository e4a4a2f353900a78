"""Measure the model of a fly's brain beside Brian2.

    python -m benchmarks.brain    # half an hour; writes brain.json

Needs brian2. The model is that of Shiu and others (2024): leaky integrate-and-fire
cells with a current each, steps of 0.1 ms, a synaptic delay of 1.8 ms, 2.2 ms of
refractory time, time constants of 20 and 5 ms. Both libraries take the steps of the
exact solution, which Brian2 takes by itself::

    v <- e^(-dt/20) v + (1 - e^(-dt/20)) drive + c g    unless refractory
    g <- e^(-dt/5) g,    c = (e^(-dt/20) - e^(-dt/5)) 5 / (20 - 5)
    a spike if v > 7; then v <- 0, and the cell is refractory in the next 21 steps
    g += weight, 18 steps after a spike; v += 68.75, if it comes from outside

The wiring is random, with log-normal degrees and one sign for each cell, because the
data are not at hand. Either twenty
cells are driven by 100 Hz each, or a share of the cells has a constant current, chosen
so that all cells fire with 5 Hz on average. Each library computes a biological second
in float32 (Synapse) or float64 (Brian2) in a process of its own, on one core; they take
turns.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

import numpy as np

from studies.fly import random_ends

from . import machine
from .instructions import limit_brian
from .markdown import beside, table

NEURONS = 127_400
CONNECTIONS = 14_687_178
STEPS = 10_000
REPEATS = 3
STEP = 0.1  # ms
DELAY = 18
REFRACTORY = 22
MEMBRANE = 20.0
SYNAPSE = 5.0
THRESHOLD = 7.0  # mV above rest
UNIT = 0.275  # mV of a synapse
KICK = 68.75  # mV of a spike that comes from outside
DRIVEN = 20
RATE = 100.0  # Hz
STEADY = 10.0  # mV: the constant current of some cells
SHARE = 0.105
"""The share of cells with a constant current, with which all fire 5 times a second."""
CASES = ("twenty driven", "5 Hz")
SIMULATORS = ("Synapse", "Brian2, Cython", "Brian2, C++ standalone")


def wiring(neurons: int, connections: int) -> tuple[Any, Any, Any]:
    """Sources, targets and weights of random connections, no pair twice."""
    rng = np.random.default_rng(0)
    source, target = random_ends(neurons, connections, rng)
    sign = np.where(rng.random(neurons) < 0.7, 1.0, -1.0)
    return source, target, sign[source] * rng.geometric(0.3, len(source)) * UNIT


def stimulus(case: str, neurons: int, steps: int) -> tuple[Any, Any, Any]:
    """Which cells are driven, in which steps (steps, cells), and constant currents."""
    rng = np.random.default_rng(1)
    driven = rng.choice(neurons, DRIVEN, replace=False)
    steady = np.zeros(neurons)
    spikes = np.zeros((steps, DRIVEN), np.float32)
    if case == CASES[0]:
        spikes[rng.random(spikes.shape) < RATE * STEP / 1000.0] = 1.0
    else:
        steady[rng.permutation(neurons)[: round(SHARE * neurons)]] = STEADY
    return driven, spikes, steady


def network_of(
    wires: tuple[Any, Any, Any], driven: Any, steady: Any, dtype: Any = np.float32
) -> Any:
    """Cells of four neurons: a current, `ready`, a voltage, and spikes.

    `ready` is 0 after a spike for as long as the cell is refractory. It gates what the
    voltage keeps and gets, which resets it, too, and drives it by a constant current.
    A spike from outside waits in a neuron `kicked` for the next step, as in Brian2: it
    counts if the cell is ready in both.
    """
    from synapse import Layer, Network

    source, target, weight = wires
    neurons = len(steady)
    kept = np.exp(-STEP / MEMBRANE)
    current_kept = np.exp(-STEP / SYNAPSE)
    of_current = (kept - current_kept) * SYNAPSE / (MEMBRANE - SYNAPSE)

    def layer(size: int, squash: str, bias: float, name: str) -> Layer:
        return Layer(size, squash, bias, name=name, dtype=dtype)

    inputs = Layer(len(driven), dtype=dtype)
    current = layer(neurons, "identity", 0.0, "current")
    ready = layer(neurons, "identity", 1.0, "ready")
    voltage = layer(neurons, "identity", 0.0, "voltage")
    kicked = layer(len(driven), "identity", 0.0, "kicked")
    fired = layer(neurons, "spike", -THRESHOLD, "fired")
    output = Layer(1, "identity", dtype=dtype)
    driven_voltage = Layer([voltage[i] for i in driven.tolist()])
    driven_ready = Layer([ready[i] for i in driven.tolist()])

    current.project(current, "one_to_one", weights=current_kept)
    links = current.project(voltage, "one_to_one", weights=of_current)
    loops = voltage.project(voltage, "one_to_one", weights=kept)
    kicks = inputs.project(kicked, "one_to_one", weights=KICK)
    hits = kicked.project(driven_voltage, "one_to_one", weights=kept)  # one step late
    for projection, gaters in (
        (links, ready),
        (loops, ready),
        (kicks, driven_ready),
        (hits, driven_ready),
    ):
        gaters.gate(projection, "one_to_one")
    if steady.any():
        # From all cells, so that they have the same sums: nearly half of the time is
        # saved by that.
        ready.project(voltage, "one_to_one", weights=(1.0 - kept) * steady)
    voltage.project(fired, "one_to_one", weights=1.0)

    # The first of them leads backward, so it is one step late: the same as a delay of
    # 1. A spike of step t ends what `ready` gates in t + 1 to t + REFRACTORY - 1.
    fired.project(ready, "one_to_one", weights=-1.0)
    for back in range(2, REFRACTORY):
        fired.project(ready, "one_to_one", weights=-1.0, delay=back)

    # Brian2 adds it to the current after step t + DELAY, for the step after that.
    fired.project(current, (source, target), weights=weight, delay=DELAY + 1)
    fired.project(output, weights=1.0)
    return Network(inputs, [current, ready, voltage, kicked, fired], output)


def in_synapse(case: str, neurons: int, connections: int, steps: int) -> dict[str, Any]:
    """Cells of neurons, see `network_of`."""
    import synapse

    wires = wiring(neurons, connections)
    driven, spikes, steady = stimulus(case, neurons, steps)
    begin = time.process_time()
    net = network_of(wires, driven, steady)
    del wires
    for rows in (40, 1):  # the second call lists connections by source
        net.run(0.0 * spikes[:rows], traces=False)
    net.clear()
    made = time.process_time() - begin
    begin = time.process_time()
    counts = net.run(spikes, traces=False)
    return {
        "seconds": time.process_time() - begin,
        "first": made,
        "spikes": float(counts.sum()),
        "neurons": len(net),
        "version": synapse.__version__,
    }


def in_brian(
    case: str, neurons: int, connections: int, steps: int, standalone: bool
) -> dict[str, Any]:
    """The same cells by equations."""
    import brian2 as brian
    from brian2 import ms

    limit_brian(brian.prefs)
    folder = tempfile.mkdtemp()
    if standalone:
        brian.set_device("cpp_standalone", directory=folder, build_on_run=False)
    else:
        brian.prefs.codegen.target = "cython"
    source, target, weight = wiring(neurons, connections)
    driven, spikes, steady = stimulus(case, neurons, steps)
    brian.defaultclock.dt = STEP * ms
    equations = f"""dv/dt = (g + steady - v) / ({MEMBRANE} * ms) : 1 (unless refractory)
    dg/dt = -g / ({SYNAPSE} * ms) : 1
    steady : 1"""
    cells = brian.NeuronGroup(
        neurons,
        equations,
        threshold=f"v > {THRESHOLD}",
        reset="v = 0",
        refractory=REFRACTORY * STEP * ms,
        method="exact",
    )
    cells.steady = steady
    links = brian.Synapses(
        cells, cells, "size : 1", on_pre="g += size", delay=DELAY * STEP * ms
    )
    links.connect(i=source, j=target)
    links.size = weight
    when, sources = np.nonzero(spikes)
    outside = brian.SpikeGeneratorGroup(DRIVEN, sources, when * STEP * ms)
    kick = f"v_post += {KICK} * int(not_refractory_post)"
    kicks = brian.Synapses(outside, cells, on_pre=kick)
    kicks.connect(i=np.arange(DRIVEN), j=driven)
    monitor = brian.SpikeMonitor(cells, record=False)
    net = brian.Network(cells, links, outside, kicks, monitor)
    if not standalone:
        net.run(STEP * ms)  # compiles
        steps -= 1
    begin = time.process_time()
    net.run(steps * STEP * ms)
    seconds = time.process_time() - begin
    if standalone:
        brian.device.build(directory=folder, run=False)
        brian.device.run(folder, "results", with_output=False, run_args=[])
        seconds = brian.device._last_run_time
    return {
        "seconds": seconds,
        "spikes": float(monitor.num_spikes),
        "version": brian.__version__,
    }


def measured(simulator: str, case: str, *sizes: int) -> dict[str, Any]:
    """What one simulator takes, in this process."""
    if simulator == SIMULATORS[0]:
        facts = in_synapse(case, *sizes)
    else:
        facts = in_brian(case, *sizes, standalone=simulator == SIMULATORS[2])
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return facts | {"gigabytes": usage.ru_maxrss / 2**20}


def in_child(*arguments: Any) -> dict[str, Any]:
    """`measured` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.brain", "--only", *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return facts


def text(results: dict[str, Any]) -> str:
    """The table of the results."""
    header = ["activity, simulator", "seconds", "spikes a cell and second", "GB"]
    ours = {
        row["case"]: row["seconds"]
        for row in results["rows"]
        if row["simulator"] == "Synapse"
    }
    lines = [
        [
            f"{row['case']}, {row['simulator']}",
            beside(row["seconds"], ours[row["case"]]),
            f"{row['rate']:.3g}",
            f"{row['gigabytes']:.1f}",
        ]
        for row in results["rows"]
    ]
    return table(header, lines)


def main(repeats: int) -> None:
    """Measure all in turns, and write the results."""
    core = machine.pin(1)
    sizes = NEURONS, CONNECTIONS, STEPS
    rows = []
    for case in CASES:
        measured: dict[str, list[dict[str, Any]]] = {name: [] for name in SIMULATORS}
        for _ in range(repeats):
            for name, facts in measured.items():
                facts.append(in_child(name, case, *sizes))
                print(case, name, facts[-1], file=sys.stderr, flush=True)
        for name, facts in measured.items():
            middle = {
                key: statistics.median(each[key] for each in facts)
                for key in ("seconds", "spikes", "gigabytes")
            }
            rate = middle["spikes"] / NEURONS / (STEPS * STEP / 1000.0)
            row = {"case": case, "simulator": name, "rate": rate, **middle}
            rows.append(row | {"version": facts[0]["version"]})
    machine.save("brain", core, rows=rows)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--only", nargs=5, help="simulator, case, and three sizes")
    options.add_argument("--repeats", type=int, default=REPEATS)
    chosen = options.parse_args()
    if chosen.only is None:
        main(chosen.repeats)
    else:
        name, case, *numbers = chosen.only
        print(json.dumps(measured(name, case, *map(int, numbers))))
