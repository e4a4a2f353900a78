#!/usr/bin/env bash
# igraph 1.0.0 leaves out the underscores of attributes when it saves GML, and warns of nothing when two attributes
# then have one name.
# Output seen: the attributes syn_count and syncount are both saved as syncount.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q igraph==1.0.0
cd "$folder"
env/bin/python -W error - <<'PYTHON'
import re
from pathlib import Path

import igraph

assert igraph.__version__ == "1.0.0", igraph.__version__
graph = igraph.Graph([(0, 1)], directed=True)
graph.es["syn_count"] = [3]
graph.es["syncount"] = [5]
graph.write_gml("net.gml")
lines = re.findall(r"syn\S* \d", Path("net.gml").read_text())
print("the edge has", lines)
assert lines == ["syncount 3", "syncount 5"]
PYTHON
