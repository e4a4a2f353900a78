#!/usr/bin/env bash
# Norse 1.1.0 reads a NIR graph without the nodes that it does not know, such as LI and Delay, and raises no error. Of
# two paths to one node it leaves out the longer one. It takes `r` of an LIF for 1, which it only logs.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q numpy torch==2.14.1 torchvision==0.29.1 norse==1.1.0 nir==1.0.8 nirtorch==2.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
from importlib.metadata import version
from itertools import pairwise

import nir
import numpy as np
import torch
from norse.torch.utils.import_nir import from_nir

one = np.ones(1)
ends = nir.Input(one.astype(int)), nir.Output(one.astype(int))


def outputs(nodes, edges=None):
    nodes = {"input": ends[0], **nodes, "output": ends[1]}
    module = from_nir(nir.NIRGraph(nodes, edges or [*pairwise(nodes)]), ignore_warnings=True, dt=1e-4)
    state, found = None, []
    for value in (1.0, 0.0, 0.0, 0.0):
        output, state = module(torch.tensor([[value]]), state)
        found.append(output.item())
    return found


weight = nir.Linear(np.array([[2.0]]))
print("Norse", version("norse"))
leaky = outputs({"w": weight, "leaky": nir.LI(tau=1e-3 * one, r=10.0 * one, v_leak=0.0 * one)})
late = outputs({"d": nir.Delay(2e-4 * one), "w": weight})
paths = [("input", "w"), ("w", "v"), ("v", "sum"), ("input", "u"), ("u", "sum"), ("sum", "output")]
two = outputs({"w": weight, "v": weight, "u": weight, "sum": nir.Linear(np.array([[1.0]]))}, paths)
cells = [outputs({"w": weight, "lif": nir.LIF(1e-3 * one, r * one, 0.0 * one, one)}) for r in (1.0, 10.0)]
print("weight 2, then a leak:         ", leaky)
print("a delay of 2 steps, weight 2:  ", late)
print("weights 2 and 2, and beside 2: ", two)
print("LIF with r = 1, and with r = 10, whose voltage NIR lets rise to 2:", *cells)
once = [2.0, 0.0, 0.0, 0.0]
sys.exit(not (leaky == late == two == once and cells == [[0.0] * 4] * 2))
PYTHON
