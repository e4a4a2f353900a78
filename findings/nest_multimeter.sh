#!/usr/bin/env bash
# NEST 3.10.0: after 400 steps, a multimeter with a sample for each step has 399 samples of a voltage, or 390 if no
# synapse has a delay below 1 ms, also if none of them sends a spike. The samples since the last slice, which is as long
# as the least delay of all synapses, come only with a further simulation.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q nest-simulator==3.10.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import nest

nest.verbosity = nest.VerbosityLevel.ERROR
found = {}
for delay in (0.1, 1.5):
    nest.ResetKernel()
    nest.resolution = 0.1
    source, cell = nest.Create("parrot_neuron"), nest.Create("iaf_psc_exp")
    meter = nest.Create("multimeter", params={"record_from": ["V_m"], "interval": 0.1})
    nest.Connect(source, cell, syn_spec={"delay": delay})  # it never sends a spike
    nest.Connect(meter, cell)
    nest.Simulate(40.0)
    count = len(meter.events["V_m"])
    nest.Simulate(40.0)
    found[delay] = count, len(meter.events["V_m"])
print("NEST", version("nest-simulator"))
print("samples after 400 and 800 steps, by the delay of a silent synapse:", found)
sys.exit(found != {0.1: (399, 799), 1.5: (390, 790)})
PYTHON
