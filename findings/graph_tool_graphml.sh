#!/usr/bin/env bash
# graph-tool 2.45 saves GraphML without gaps: an edge without a number gets 0, one without a boolean 0 (false). The
# attributes of a graph whose elements come after its nodes and edges, as networkx writes them, become attributes of the
# last edge.
# Needs apt-get and Python 3.11, for which Debian 12 has this version.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q python3-graph-tool=2.45+ds-10 libboost-context1.74.0 libboost-iostreams1.74.0 \
    libboost-python1.74.0 libboost-regex1.74.0 libcairomm-1.0-1v5 'libsigc++-2.0-0v5' > /dev/null 2>&1
for package in *.deb; do dpkg -x "$package" root; done
python3.11 -m venv env
env/bin/pip install -q numpy==1.24.4 scipy==1.11.4 networkx==3.2.1
export LD_LIBRARY_PATH=$folder/root/usr/lib/x86_64-linux-gnu PYTHONPATH=$folder/root/usr/lib/python3/dist-packages
env/bin/python - <<'PYTHON'
import graph_tool
import networkx as nx

graph = nx.DiGraph(unit="mV")
graph.add_edge(0, 1, gater=2)
graph.add_edge(1, 2, known=True)
nx.write_graphml(graph, "net.graphml")
graph_tool.load_graph("net.graphml").save("again.graphml")
again = nx.read_graphml("again.graphml")
print("graph-tool", graph_tool.__version__)
print(graph.graph, *graph.edges(data=True), "\nbecome", again.graph, *again.edges(data=True))
assert "unit" not in again.graph
assert again.edges["0", "1"] == {"gater": 2, "known": False}
assert again.edges["1", "2"] == {"gater": 0, "known": True, "unit": "mV"}
PYTHON
