#!/usr/bin/env bash
# igraph 1.0.0 saves numbers in GraphML with 15 significant digits, so a weight read from a file and saved again can
# change, and writes "false" for a boolean that a vertex does not have.
# Output seen: -0.26611051257828894 becomes -0.266110512578289; [True, None] becomes [True, False].
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q igraph==1.0.0
cd "$folder"
env/bin/python - <<'PYTHON'
import igraph

assert igraph.__version__ == "1.0.0", igraph.__version__
graph = igraph.Graph([(0, 1)], directed=True)
graph.es["weight"] = [-0.26611051257828894]
graph.vs["known"] = [True, None]
graph.write_graphml("net.graphml")
again = igraph.Graph.Read_GraphML("net.graphml")
print(f"{graph.es['weight'][0]!r} becomes {again.es['weight'][0]!r}; {graph.vs['known']} becomes {again.vs['known']}")
assert again.es["weight"] == [-0.266110512578289]
assert again.es["weight"] != graph.es["weight"]
assert again.vs["known"] == [True, False]
PYTHON
