#!/usr/bin/env bash
# rustworkx 0.18.1 saves 64-bit floats in GraphML with the digits of 32 bits, also under keys of the type double, and
# gives keys of nodes and of edges the same ids, which GraphML forbids.
# Output seen: 0.123456789012 becomes 0.12345679; the ids of the keys are ['d1', 'd1'].
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q rustworkx==0.18.1
cd "$folder"
env/bin/python - <<'PYTHON'
import re
from pathlib import Path

import rustworkx as rx

assert rx.__version__ == "0.18.1", rx.__version__
graph = rx.PyDiGraph()
nodes = graph.add_nodes_from([{"bias": 0.5}, {"bias": 0.25}])
graph.add_edge(*nodes, {"weight": 0.123456789012})
rx.write_graphml(graph, "net.graphml")
ids = re.findall(r'<key id="(\w+)"', Path("net.graphml").read_text())
double = rx.GraphMLType.Double
keys = [
    rx.GraphMLKey("b", rx.GraphMLDomain.Node, "bias", double, None),
    rx.GraphMLKey("w", rx.GraphMLDomain.Edge, "weight", double, None),
]
rx.write_graphml(graph, "net.graphml", keys=keys)
text = Path("net.graphml").read_text()
(written,) = re.findall(r'<data key="w">([^<]*)', text)
print(f"0.123456789012 becomes {written}; the ids of the keys are {ids}")
assert 'attr.type="double"' in text
assert written == "0.12345679"
assert len(ids) == 2
assert len(set(ids)) == 1
PYTHON
