"""Files of graphs that other programs read and save again: what is left of the network.

``python -m tests.readwrite.graph_programs`` prints the rows of
``docs/reference/graph_programs.csv`` for the programs that are installed.
"""

import csv
import json
import os
import subprocess
import tempfile
import warnings
from importlib import import_module, metadata
from pathlib import Path

import networkx as nx
import numpy as np

import architect
import synapse

from .formats import NETWORKS
from .test_plain_graphs import everything

TABLE = Path(__file__).parents[2] / "docs/reference/graph_programs.csv"
NODE = """
const fs = require("fs");
const [, way, source, target] = process.argv;
const text = fs.readFileSync(source, "utf8");
const { MultiGraph } = require("graphology");
let written;
if (way === "cytoscape") {
  const { elements, data } = JSON.parse(text);
  const options = { headless: true, elements, data };
  written = JSON.stringify(require("cytoscape")(options).json());
} else {
  const graph = require(`graphology-${way}`).parse(MultiGraph, text);
  written = require("graphology-gexf").write(graph);
}
fs.writeFileSync(target, written);
"""
GRAPH_TOOL = """
import sys, graph_tool
graph_tool.load_graph(sys.argv[1], fmt="graphml").save(sys.argv[2], fmt="graphml")
"""
SYSTEM = os.environ.get("GRAPH_TOOL_PYTHON", "/usr/bin/python3")
"""The interpreter that has Debian's python3-graph-tool, which needs NumPy 1."""


def several():
    """Several connections of a pair, an autapse, and connections into the past."""
    net = architect.Perceptron(2, 3, 1, seed=0)
    inputs, hidden, outputs = net.layers
    inputs[0].project(hidden[0], weight=0.4, delay=2)
    inputs[0].project(hidden[0], weight=-0.3, delay=5)
    hidden[1].project(outputs[0], weight=0.7, delay=1)
    hidden[2].project(hidden[2], weight=0.5, delay=1)
    return net


def annotated():
    net = architect.Perceptron(2, 3, 1, seed=0)
    notes = {"form": "a b", "known": True, "n": 3, "group": "g", "id": "77", "x": 1.5}
    for neuron, (key, value) in zip(net, notes.items(), strict=True):
        neuron.metadata[key] = value
    net.connections[1].metadata["synapses"] = 2
    net.connections[3].metadata["transmitter"] = 'é <&"\r\n'
    return net


CASES = {
    **{name: make for name, make in NETWORKS.items() if name != "float32"},
    **{f"everything {seed}": lambda seed=seed: everything(seed) for seed in range(4)},
    "several connections of a pair": several,
    "metadata": annotated,
}


def by_networkx(read, write, **options):
    return lambda source, target: write(read(source, **options), target)


def by_networkx_json(read, write, **options):
    def again(source, target):
        graph = read(json.loads(Path(source).read_text()), **options)
        Path(target).write_text(json.dumps(write(graph, **options)))

    return again


def by_igraph(form):
    def again(source, target):
        graph = import_module("igraph").Graph.Read(source, format=form)
        graph.write(target, format=form)

    return again


def by_rustworkx(source, target):
    rx = import_module("rustworkx")
    (graph,) = rx.read_graphml(source)
    kinds = {bool: "Boolean", int: "Long", float: "Double", str: "String"}
    keys = []
    domain = rx.GraphMLDomain
    for owner, rows in (
        (domain.Node, graph.nodes()),
        (domain.Edge, graph.edges()),
        (domain.Graph, [graph.attrs]),
    ):
        values = {}
        for row in rows:
            values |= {name: value for name, value in row.items() if value is not None}
        for name in values.keys() - {"id"}:
            form = getattr(rx.GraphMLType, kinds[type(values[name])])
            keys.append(rx.GraphMLKey(f"k{len(keys)}", owner, name, form, None))
    rx.write_graphml(graph, target, keys=keys)


def by_rustworkx_json(source, target):
    rx = import_module("rustworkx")
    text = rx.node_link_json(rx.parse_node_link_json(Path(source).read_text()))
    Path(target).write_text(text)


def by_networkit(form):
    def again(source, target):
        networkit = import_module("networkit")
        if form == "GEXF":
            graph = networkit.graphio.GEXFReader().read(source)
            networkit.graphio.GEXFWriter().write(*graph[:1], target, graph[1])
        else:
            kind_there = getattr(networkit.Format, form)
            graph = networkit.readGraph(source, kind_there)
            networkit.writeGraph(graph, target, kind_there)

    return again


def by_node(way):
    def again(source, target):
        command = ["node", "-e", NODE, way, source, target]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode:
            raise ValueError(run.stderr)

    return again


def by_graph_tool(source, target):
    command = [SYSTEM, "-c", GRAPH_TOOL, source, target]
    subprocess.run(command, capture_output=True, check=True)


PROGRAMS = {
    ("graphml", "networkx"): by_networkx(nx.read_graphml, nx.write_graphml_xml),
    ("graphml", "igraph"): by_igraph("graphml"),
    ("graphml", "rustworkx"): by_rustworkx,
    ("graphml", "networkit"): by_networkit("GraphML"),
    ("graphml", "graph_tool"): by_graph_tool,
    ("graphml", "graphology-graphml"): by_node("graphml"),
    ("gexf", "networkx"): by_networkx(nx.read_gexf, nx.write_gexf),
    ("gexf", "networkit"): by_networkit("GEXF"),
    ("gexf", "graphology-gexf"): by_node("gexf"),
    ("gml", "networkx"): by_networkx(nx.read_gml, nx.write_gml, label="id"),
    ("gml", "igraph"): by_igraph("gml"),
    ("gml", "networkit"): by_networkit("GML"),
    ("cytoscape", "networkx"): by_networkx_json(nx.cytoscape_graph, nx.cytoscape_data),
    ("cytoscape", "cytoscape"): by_node("cytoscape"),
    ("node_link", "networkx"): by_networkx_json(
        nx.node_link_graph, nx.node_link_data, edges="edges"
    ),
    ("node_link", "rustworkx"): by_rustworkx_json,
}
"""By format and package: read a file there, and save it there."""
READ_ONLY = {("graphml", "graphology-graphml"): "gexf"}
"""The format in which a program saves that can only read this one."""


def version(package):
    """The version of an installed package of Python or Node; None: there is none."""
    described = Path(os.environ.get("NODE_PATH", ""), package, "package.json")
    if described.exists():
        return json.loads(described.read_text())["version"]
    if package == "graph_tool":
        command = [SYSTEM, "-c", "import graph_tool; print(graph_tool.__version__)"]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        return run.stdout.strip() or None
    try:
        import_module(package)
        return metadata.version(package)
    except Exception:  # whatever a package raises when it is imported
        return None


def verdict(format, package):
    """What is left of all networks, as the table says it."""
    left = {name: _left(format, package, make()) for name, make in CASES.items()}
    kinds = {form for form, *_ in left.values()}
    if kinds == {"outputs"}:
        difference = max(number for _, number, _ in left.values())
        kept = "" if all(notes for *_, notes in left.values()) else "; not all metadata"
        for limit, words in (
            (0.0, "the same outputs to the last bit"),
            (1e-13, "the same outputs to 13 digits (weights have 15 there)"),
            (1e-6, "the same outputs to 6 digits (weights are float32 there)"),
        ):
            if difference <= limit:
                return words + kept
    if len({*left.values()}) == 1:
        return " ".join(next(iter(left.values())))
    return f"mixed: {left}"


def _left(format, package, net):
    rows = np.random.default_rng(0).normal(size=(9, len(net.input)))
    saved = READ_ONLY.get((format, package), format)
    if saved == "gexf" and net.dtype != np.float64:
        net = synapse.from_networkx(synapse.to_networkx(net), dtype=float)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source, target = (os.path.join(folder, name) for name in ("a", "b"))
        if format == "gml":
            nx.write_gml(synapse.to_networkx(net, multigraph=True), source)
        else:
            synapse.save(net, source, format)
        try:
            PROGRAMS[format, package](source, target)
        except Exception as error:
            return "refused there:", f"{error}".partition(" at line")[0]
        try:
            twin = synapse.load(target, saved)
        except synapse.errors.FormatError as error:
            sentence = str(error).replace("Node '0'", "Node 0")
            return "refused here:", sentence.partition(", ")[0].partition(". ")[0]
        pairs = zip((*net, *net.connections), (*twin, *twin.connections), strict=True)
        kept = all(
            dict(before.metadata) == dict(after.metadata) for before, after in pairs
        )
        return "outputs", float(np.abs(twin.run(rows) - net.run(rows)).max()), kept


def read_table():
    """The rows of the table in the documentation."""
    names = ("format", "program", "package", "version", "left")
    with TABLE.open(newline="") as file:
        return list(csv.DictReader(file, names))[1:]


if __name__ == "__main__":
    for format, package in PROGRAMS:
        print(format, package, version(package), verdict(format, package), sep=" | ")
