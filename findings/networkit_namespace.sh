#!/usr/bin/env bash
# NetworKit 11.3 saves GraphML whose root declares xmlnsi instead of xmlns, so readers that look for GraphML's
# namespace, such as networkx 3.6.1, find no graph in it.
# Output seen: networkx says "file not successfully read as graphml".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q networkit==11.3 networkx==3.6.1
cd "$folder"
env/bin/python - <<'PYTHON'
from importlib.metadata import version
from pathlib import Path

import networkit
import networkx

assert version("networkit") == "11.3", version("networkit")
graph = networkit.Graph(2, directed=True, weighted=True)
graph.addEdge(0, 1, 0.5)
networkit.writeGraph(graph, "net.graphml", networkit.Format.GraphML)
text = Path("net.graphml").read_text()
assert 'xmlnsi="http://graphml.graphdrawing.org/xmlns"' in text
assert " xmlns=" not in text
try:
    networkx.read_graphml("net.graphml")
except networkx.NetworkXError as error:
    print("networkx says", error)
else:
    raise AssertionError("networkx reads the file")
Path("net.graphml").write_text(text.replace("xmlnsi=", "xmlns="))
assert networkx.read_graphml("net.graphml").size() == 1
PYTHON
