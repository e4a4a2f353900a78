#!/usr/bin/env bash
# ANNarchy 5.0.4 rounds a delay between two steps to the nearest step, and half a step to the even number: with steps of
# 0.1 ms, delays of 0.25, 0.45, 1.25 and 0.65 ms are 2, 4, 12 and 6 steps. It needs a C++ compiler.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q annarchy==5.0.4 cmake
PATH=$folder/venv/bin:$PATH "$folder/venv/bin/python" -W ignore - "$folder/compiled" <<'PYTHON'
import sys
from importlib.metadata import version

import ANNarchy
import numpy as np

delays = np.array([0.25, 0.45, 1.25, 0.65])
net = ANNarchy.Network(dt=0.1)
source = net.create(ANNarchy.SpikeSourceArray([[1.0]]))
cell = ANNarchy.Neuron(equations="v = g_exc", spike="v > 9", reset="")
cells = net.create(geometry=len(delays), neuron=cell)
net.connect(source, cells, "exc").from_matrix(np.ones((len(delays), 1)), delays[:, None])
monitor = net.monitor(cells, ["v"])
net.compile(directory=sys.argv[1], silent=True)
net.simulate(4.0)
steps = (monitor.get("v").argmax(axis=0) - 10).tolist()
print("ANNarchy", version("annarchy"))
print("delays of", delays.tolist(), "ms are", steps, "steps of 0.1 ms")
sys.exit(steps != [2, 4, 12, 6])
PYTHON
