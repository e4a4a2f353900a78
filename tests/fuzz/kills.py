"""A process that is killed while it saves leaves the old file or the new one, whole."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import architect
import synapse

from .walk import failure_of

ROOT = Path(__file__).parents[2]
SAVE_FOREVER = """
import itertools, sys, synapse, architect
from synapse import readwrite
write = getattr(readwrite, "write_" + sys.argv[2])
nets = [architect.Perceptron(5, 40, 5, seed=seed) for seed in (0, 1)]
write(nets[0], sys.argv[1])
print("ready", flush=True)
for net in itertools.cycle(nets):
    write(net, sys.argv[1])
"""


def kills_walk(seed, counts, journal=lambda *place: None, kills=3):
    """Kill some processes; the failure, or None."""
    random = Random(seed)
    whole = [architect.Perceptron(5, 40, 5, seed=number) for number in (0, 1)]
    for number in range(kills):
        format = random.choice(["json", "npz", "graphml"])
        journal(seed, number, format)
        try:
            one_kill(random, format, whole)
        except Exception as error:
            return failure_of(seed, number, format, error, [format], [number])
        counts["processes killed while saving"] += 1
    return None


def one_kill(random, format, whole):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net"
        command = [sys.executable, "-c", SAVE_FOREVER, str(path), format]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
            process.stdout.readline()
            time.sleep(random.random() * 0.1)
            process.send_signal(signal.SIGKILL)
        weights = getattr(synapse.readwrite, f"read_{format}")(path).weights
        is_whole = any((weights == net.weights).all() for net in whole)
        assert is_whole, f"a killed process left half a {format} file"
