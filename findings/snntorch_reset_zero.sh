#!/usr/bin/env bash
# snnTorch 1.0.0: reset_mechanism="zero" has two meanings. Leaky keeps the input of the step after a spike. Synaptic
# with alpha=0, whose equations are the same, sets that step to 0 together with its input. The NIR graph of Leaky is
# the same for "zero", "subtract" and "none".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q numpy torch==2.13.0 snntorch==1.0.0 nir==1.0.8 nirtorch==2.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
from importlib.metadata import version

import numpy as np
import snntorch as snn
import torch
from snntorch.export_nir import export_to_nir

beta, alpha, threshold = torch.tensor([0.9]), torch.tensor([0.0]), torch.tensor([1.0])
inputs = torch.full((8, 1, 1), 0.6)


def voltages(cell):
    states = [torch.zeros(1, 1)] * (2 if isinstance(cell, snn.Synaptic) else 1)
    found = []
    for row in inputs:
        _, *states = cell(row, *states)
        found.append(round(states[-1].item(), 3))
    return found


leaky = voltages(snn.Leaky(beta, threshold, reset_mechanism="zero"))
synaptic = voltages(snn.Synaptic(alpha, beta, threshold, reset_mechanism="zero"))
print("snnTorch", version("snntorch"))
print("Leaky:             ", leaky)
print("Synaptic, alpha = 0:", synaptic)

graphs = []
for reset in ("zero", "subtract", "none"):
    cell = snn.Leaky(beta, threshold, reset_mechanism=reset, init_hidden=True)
    graph = export_to_nir(torch.nn.Sequential(torch.nn.Linear(1, 1), cell), torch.zeros(1, 1), ignore_dims=[0])
    node = next(each for each in graph.nodes.values() if type(each).__name__ == "LIF")
    graphs.append([float(np.ravel(getattr(node, name))[0]) for name in ("tau", "r", "v_threshold", "v_leak", "v_reset")])
print("LIF in NIR by zero, subtract, none:", graphs)
expected = [0.6, 1.14, 0.6, 1.14, 0.6, 1.14, 0.6, 1.14], [0.6, 1.14, 0.0, 0.6, 1.14, 0.0, 0.6, 1.14]
sys.exit((leaky, synaptic) != expected or not graphs[0] == graphs[1] == graphs[2])
PYTHON
