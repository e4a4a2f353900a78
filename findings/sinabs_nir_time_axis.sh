#!/usr/bin/env bash
# sinabs 3.1.0 writes the axis of time of its sample into the input of a NIR graph, so that nir 1.0.8 refuses the file as
# one of other types than its weights. nir 1.0.4, the newest that sinabs 3.1.0 admits, reads it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for name in writer reader; do python3 -m venv "$folder/$name"; done
"$folder/writer/bin/pip" install -q sinabs==3.1.0 nir==1.0.4 nirtorch==2.0.2
"$folder/reader/bin/pip" install -q nir==1.0.8
"$folder/writer/bin/python" -W ignore - "$folder/net.nir" <<'PYTHON'
import sys
from importlib.metadata import version

import nir
import sinabs.layers
import torch
from sinabs.nir import to_nir

print("sinabs", version("sinabs"), "nir", version("nir"))
sample = torch.zeros(1, 5, 3)  # a sequence of 5 steps of 3 numbers
net = torch.nn.Sequential(torch.nn.Linear(3, 8), sinabs.layers.LIF(torch.full((8,), 20.0), spike_threshold=torch.ones(8)))
net(sample)
nir.write(sys.argv[1], to_nir(net, sample))
print("read by the nir that wrote it:", nir.read(sys.argv[1]).nodes["input"])
PYTHON
"$folder/reader/bin/python" - "$folder/net.nir" <<'PYTHON'
import sys
from importlib.metadata import version

import nir

print("nir", version("nir"))
try:
    nir.read(sys.argv[1])
    refused = ""
except ValueError as error:
    refused = str(error)
print("refused:", refused)
shape = nir.read(sys.argv[1], type_check=False).nodes["input"].output_type["output"]
print("input of type_check=False:", shape)
sys.exit("type mismatch" not in refused or shape.tolist() != [5, 3])
PYTHON
