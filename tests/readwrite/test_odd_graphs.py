"""Files of graphs as other programs write them: each becomes a network by
`read_graph`, and `load` says so."""

import io
import json
import pickle
import re
import zipfile
from functools import partial

import networkx as nx
import numpy as np
import pytest

import architect
from synapse import from_networkx, load, to_networkx
from synapse.errors import ArgumentError, FormatError, TopologyError
from synapse.readwrite import formats, read_graph
from tests.helpers.cases import all_refused, every_case

from .formats import content_of, from_content

XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
GRAPHML = "http://graphml.graphdrawing.org/xmlns"
GRAPH_TOOL = f"""{XML}<graphml xmlns="{GRAPHML}">
  <!-- property keys -->
  <key id="key0" for="node" attr.name="pos" attr.type="vector_float" />
  <key id="key1" for="node" attr.name="kind" attr.type="string" />
  <key id="key2" for="edge" attr.name="weight" attr.type="double" />
  <key id="key3" for="edge" attr.name="marks" attr.type="vector_boolean" />
  <key id="key4" for="edge" attr.name="words" attr.type="vector_string" />
  <key id="key5" for="node" attr.name="thing" attr.type="python_object" />
  <key id="key6" for="node" attr.name="small" attr.type="short" />
  <graph id="G" edgedefault="directed" parse.nodeids="canonical"
         parse.edgeids="canonical" parse.order="nodesfirst">
    <node id="n0"><data key="key0">0x1.8p+0, -2</data><data key="key6">3</data></node>
    <node id="n1"><data key="key1">cell</data><data key="key5">gAJ9cQA=</data></node>
    <edge id="e0" source="n0" target="n1">
      <data key="key2">0x1p-1</data><data key="key3">1, 0</data>
      <data key="key4">a, b</data>
    </edge>
  </graph>
</graphml>"""
IGRAPH = f"""{XML}<graphml xmlns="{GRAPHML}">
  <key id="v_name" for="node" attr.name="name" attr.type="string"/>
  <key id="e_weight" for="edge" attr.name="weight" attr.type="double"/>
  <key id="e_known" for="edge" attr.name="known" attr.type="boolean"/>
  <graph id="G" edgedefault="directed">
    <node id="n0"><data key="v_name">AVAL</data></node>
    <node id="n1"><data key="v_name">AVAR</data></node>
    <edge source="n0" target="n1">
      <data key="e_weight">0.5</data><data key="e_known">false</data>
    </edge>
  </graph>
</graphml>"""
YED = f"""{XML}<graphml xmlns="{GRAPHML}"
    xmlns:y="http://www.yworks.com/xml/graphml">
  <key for="port" id="d0" yfiles.type="portgraphics"/>
  <key attr.name="Description" attr.type="string" for="graph" id="d1"/>
  <key for="node" id="d2" yfiles.type="nodegraphics"/>
  <key attr.name="weight" attr.type="double" for="edge" id="d3">
    <default>0.5</default></key>
  <graph edgedefault="directed" id="G"><data key="d1"/>
    <node id="n0"><data key="d2"><y:ShapeNode>
      <y:Geometry height="30.0" width="30.0" x="1.0" y="2.0"/>
      <y:NodeLabel>eye</y:NodeLabel></y:ShapeNode></data></node>
    <node id="n1"><data key="d2"><y:ShapeNode>
      <y:NodeLabel>hand</y:NodeLabel></y:ShapeNode></data></node>
    <edge id="e0" source="n0" target="n1"/>
  </graph>
</graphml>"""
BARE = """<graphml><key id="w" for="edge" attr.name="weight" attr.type="float"/>
<graph edgedefault="directed"><node id="a"/><node id="b"/>
<edge source="a" target="b"><data key="w">0.5</data></edge></graph></graphml>"""
GEPHI = f"""{XML}<gexf xmlns="http://gexf.net/1.3" version="1.3"
    xmlns:viz="http://gexf.net/1.3/viz">
  <meta lastmodifieddate="2024-01-01"><creator>Gephi 0.10.1</creator></meta>
  <graph defaultedgetype="directed" mode="static">
    <attributes class="node" mode="static">
      <attribute id="kind" title="kind" type="string"><default>cell</default>
      </attribute></attributes>
    <nodes>
      <node id="0" label="left"><viz:size value="10.0"/>
        <viz:position x="1.0" y="2.0"/><viz:color r="1" g="2" b="3"/></node>
      <node id="1" label="right"/>
    </nodes>
    <edges><edge id="7" source="0" target="1" weight="0.5"/></edges>
  </graph>
</gexf>"""
NETWORKX_GML = """graph [
  directed 1
  node [
    id 0
    label "left"
  ]
  node [
    id 1
    label "right"
  ]
  edge [
    source 0
    target 1
    weight 0.5
  ]
]
"""
IGRAPH_GML = """Creator "igraph version 0.10.4"
Version 1
graph
[
  directed 1
  node [ id 0 name "left" ]
  node [ id 1 name "right" ]
  edge [ source 0 target 1 weight 0.5 ]
]
"""
YED_GML = """Creator	"yFiles"
Version	"2.20"
graph
[
	hierarchic	1
	label	""
	directed	1
	node [ id 0 label "left" graphics [ x 1.0 y 2.0 type "rectangle" ] ]
	node [ id 1 label "right" ]
	edge [ source 0 target 1 weight 0.5 graphics [ fill "#000000" ] ]
]
"""
CYTOSCAPE = {
    "format_version": "1.0",
    "generated_by": "cytoscape-3.10.1",
    "target_cytoscapejs_version": "~2.1",
    "data": {"shared_name": "net", "name": "net", "SUID": 52, "__Annotations": []},
    "elements": {
        "nodes": [
            {
                "data": {"id": "62", "shared_name": "left", "name": "left", "SUID": 62},
                "position": {"x": 1.0, "y": 2.0},
                "selected": False,
            },
            {"data": {"id": "63", "name": "right", "SUID": 63, "value": 0.3}},
        ],
        "edges": [
            {
                "data": {
                    "id": "70",
                    "source": "62",
                    "target": "63",
                    "interaction": "excites",
                    "weight": 0.5,
                },
                "selected": False,
            }
        ],
    },
}
CYTOSCAPE_JS = {
    "elements": {
        "nodes": [
            {"data": {"id": "a", "value": 1}, "group": "nodes", "classes": ""},
            {"data": {"id": "b", "value": 1}, "group": "nodes", "classes": ""},
        ],
        "edges": [{"data": {"id": "ab", "source": "a", "target": "b", "weight": 0.5}}],
    },
    "style": [{"selector": "node", "style": {"label": "data(id)"}}],
    "zoom": 1,
}
D3 = {
    "nodes": [{"name": "Myriel", "group": 1}, {"name": "Napoleon", "group": 1}],
    "links": [{"source": 0, "target": 1, "value": 1, "weight": 0.5}],
}
UNDIRECTED = {
    "directed": False,
    "multigraph": False,
    "graph": {},
    "nodes": [{"id": "a"}, {"id": "b"}, {"id": "c"}],
    "edges": [
        {"source": "a", "target": "b", "weight": 0.5},
        {"source": "b", "target": "c", "weight": 0.5},
    ],
}
TUPLES = nx.node_link_data(
    nx.DiGraph([((0, 0), (0, 1), {"weight": 0.5})]), edges="edges"
)
FILES = {
    "graph-tool": ("net.graphml", GRAPH_TOOL, ("n0", "n1")),
    "igraph": ("net.graphml", IGRAPH, ("AVAL", "AVAR")),
    "yEd": ("net.graphml", YED, ("eye", "hand")),
    "without a namespace": ("net.graphml", BARE, ("a", "b")),
    "Gephi": ("net.gexf", GEPHI, ("left", "right")),
    "networkx, GML": ("net.gml", NETWORKX_GML, ("left", "right")),
    "igraph, GML": ("net.gml", IGRAPH_GML, ("left", "right")),
    "yEd, GML": ("net.gml", YED_GML, ("left", "right")),
    "Cytoscape": ("net.cyjs", json.dumps(CYTOSCAPE), ("left", "right")),
    "Cytoscape as .json": ("net.json", json.dumps(CYTOSCAPE), ("left", "right")),
    "Cytoscape.js": ("net.cyjs", json.dumps(CYTOSCAPE_JS), ("a", "b")),
    "D3": ("net.json", json.dumps(D3), ("Myriel", "Napoleon")),
    "networkx, undirected": ("net.json", json.dumps(UNDIRECTED), ("a", "b", "c")),
    "networkx, tuples": ("net.json", json.dumps(TUPLES), ("(0, 0)", "(0, 1)")),
}
"""By program: the name of a file, its content, and the names of the neurons."""


@pytest.mark.filterwarnings("ignore:1 of . connections leads into inputs")
@every_case("program", FILES)
def test_a_graph_of_another_program_becomes_a_network(program, tmp_path):
    name, text, names = FILES[program]
    path = tmp_path / name
    path.write_text("\ufeff" + text if name.endswith(("json", "gml")) else text)
    graph = read_graph(path)
    ends = {"inputs": [next(iter(graph))], "outputs": [[*graph][-1]]}
    net = from_networkx(graph, **ends)
    assert [neuron.name for neuron in net] == list(names)
    assert {link.weight for link in net.connections} == {0.5}

    with pytest.raises(FormatError, match="pass synapse.readwrite.read_graph"):
        load(path)
    again = read_graph(io.BytesIO(path.read_bytes()), format_of(name, text))
    assert nx.utils.graphs_equal(graph, again)


def format_of(name, text):
    """The format of a file by its name and content."""
    in_json = "cytoscape" if "elements" in text else "node_link"
    return in_json if name.endswith(("json", "cyjs")) else name.partition(".")[2]


def read(text, format=None):
    return read_graph(io.StringIO(text), format)


def test_values_of_graph_tool_are_numbers_lists_and_text():
    graph = read(GRAPH_TOOL, "graphml")
    assert dict(graph.nodes) == {
        "n0": {"pos": [1.5, -2.0], "small": 3},
        "n1": {"kind": "cell", "thing": "gAJ9cQA="},
    }
    edge = {"weight": 0.5, "marks": [1.0, 0.0], "words": "a, b", "id": "e0"}
    assert graph.edges["n0", "n1"] == edge
    assert from_networkx(graph)[0].metadata["pos"] == [1.5, -2.0]


def test_defaults_of_a_file_are_values():
    assert read(GEPHI, "gexf").nodes["1"]["kind"] == "cell"
    assert read(YED, "graphml").edges["n0", "n1"]["weight"] == 0.5


def test_edges_of_one_pair_stay_several():
    """Cytoscape and D3 do not say that a graph has them."""
    twice = json.loads(json.dumps(CYTOSCAPE))
    twice["elements"]["edges"] *= 2
    assert from_networkx(read(json.dumps(twice)), merge="sum").weights.tolist() == [1.0]


def test_gml_of_a_network_is_the_network(tmp_path):
    net = architect.LSTM(2, 3, 1, seed=0)
    nx.write_gml(to_networkx(net), tmp_path / "net.gml")
    twin = load(tmp_path / "net.gml")
    rows = np.random.default_rng(0).normal(size=(9, 2))
    np.testing.assert_array_equal(twin.run(rows), net.run(rows))


def test_what_is_no_graph_is_refused(tmp_path):
    (tmp_path / "net.json").write_text('{"format": "synapse"}')
    two = IGRAPH.replace("</graph>", "</graph><graph edgedefault='directed'/>")
    (tmp_path / "net.graphml").write_text(two)
    cases = [
        ("net.json", ArgumentError, "in the format json.*synapse.load"),
        ("net.dot", ArgumentError, "graphml, gml, cytoscape, node_link, gexf"),
        ("none.graphml", FileNotFoundError, ""),
        ("net.graphml", FormatError, "number of graphs in the file must be 1"),
    ]
    all_refused(
        [(partial(read_graph, tmp_path / name), *refused) for name, *refused in cases]
    )
    assert {form.name for form in formats() if form.graph} == {
        *("graphml", "gexf", "gml", "cytoscape", "node_link")
    }


WEIGHTED = nx.DiGraph([("a", "b", {"weight": 0.5}), ("b", "c", {"weight": 1.0})])


def zipped(*names):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, "{}")
    return stream.getvalue()


def written(write, *arguments):
    stream = io.BytesIO()
    write(WEIGHTED, stream, *arguments)
    return stream.getvalue()


HDF5 = b"\x89HDF\r\n\x1a\n" + bytes(99)
GRAPHOLOGY = {
    "options": {"type": "directed", "multi": False, "allowSelfLoops": True},
    "attributes": {},
    "nodes": [{"key": "a"}, {"key": "b", "attributes": {"bias": 1}}],
    "edges": [{"key": "e", "source": "a", "target": "b"}],
}
JSON_GRAPH = {"nodes": {"a": {}, "b": {}}, "edges": [{"source": "a", "target": "b"}]}
FOREIGN = {
    "net.net": (written(nx.write_pajek), "Pajek.*networkx.read_pajek"),
    "net.txt": (b'% made\n*Network n\n*Vertices 1\n1 "a"\n', "Pajek"),
    "net.edgelist": (written(nx.write_weighted_edgelist), "list of edges"),
    "attributed": (written(nx.write_edgelist), "edges.*read_edgelist if it has att"),
    "net.sif": (b"a pp b\nb pp c\n", "list of edges"),
    "net.tgf": (b"1 First\n2 Second node\n#\n1 2 edge\n", "TGF.*synapse.from_edges"),
    "dot.txt": (b"// made\nstrict digraph G { a -> b; }", "DOT.*nx_pydot.read_dot"),
    "net.dot": (b"graph {\n a -- b }", "dot cannot be read.*DOT.*nx_pydot.read_dot"),
    "net.pt": (zipped("net/data.pkl", "net/version"), "PyTorch.*synapse.from_torch"),
    "net.keras": (zipped("metadata.json", "config.json"), "a model of Keras"),
    "net.h5": (HDF5, "HDF5, as NIR and Keras"),
    "net.nir": (HDF5, "nir.read.path. to synapse.from_nir"),
    "net.tflite": (b"\x1c\0\0\0TFL3" + bytes(9), "TensorFlow Lite"),
    "net.pickle": (pickle.dumps(WEIGHTED), "executes nothing"),
    "graphology.json": (json.dumps(GRAPHOLOGY).encode(), "graphology.*from_edges"),
    "jgf.json": (json.dumps({"graph": JSON_GRAPH}).encode(), "JSON Graph Format"),
    "jgfs": (json.dumps({"graphs": [JSON_GRAPH]}).encode(), "JSON Graph Format"),
    "net.graphml": (written(nx.write_pajek), "Pajek"),
    "net.json": (b"version https://git-lfs.github.com/spec/v1\noid ", "git lfs pull"),
    "net.safetensors": (b'\x40\0\0\0\0\0\0\0{"w":', "safetensors.numpy.load_file"),
    "net.mat": (b"MATLAB 5.0 MAT-file, Platform", "scipy.io.loadmat"),
    "net.pb": (b"\n\x0b", "Load it with TensorFlow"),
    "table.arff": (b"% made\n@RELATION iris\n", "a table, not a network"),
    "table.tsf": (b"@horizon 8\n", "a table, not a network"),
}
"""By the name of a file: its content, and what the error says of it."""


@every_case("name", FOREIGN)
def test_files_that_are_not_read_are_named_with_the_way_in(name, tmp_path):
    content, words = FOREIGN[name]
    path = tmp_path / name
    path.write_bytes(content)
    calls = [partial(load, path)]
    if name != "net.dot":
        calls.append(partial(read_graph, path))
    if name not in ("net.dot", "net.graphml", "net.pb"):
        calls.append(partial(load, io.BytesIO(content)))
    all_refused([(call, (ArgumentError, FormatError), words) for call in calls])


def test_the_way_in_of_a_pajek_file_and_a_list_of_edges():
    pajek, edges = (
        io.BytesIO(FOREIGN[name][0]) for name in ("net.net", "net.edgelist")
    )
    for graph in (
        nx.DiGraph(nx.read_pajek(pajek)),
        nx.read_weighted_edgelist(edges, create_using=nx.DiGraph),
    ):
        assert from_networkx(graph).weights.tolist() == [0.5, 1.0]


def test_what_is_not_known_keeps_its_error(tmp_path):
    path = tmp_path / "net"
    for content in (b"hello", b"graph [\n directed 1\n]", b""):
        path.write_bytes(content)
        with pytest.raises(FormatError, match="needs its suffix or its name: format="):
            load(path)


TYPES = {
    "short": ("7", 7),
    "byte": ("7", 7),
    "biginteger": ("9" * 20, int("9" * 20)),
    "bigdecimal": ("1.5", 1.5),
    "char": ("c", "c"),
    "date": ("2024-01-01", "2024-01-01"),
    "listfloat": ("[1.0, 2.0]", "[1.0, 2.0]"),
}


@every_case("gexf_type", TYPES)
def test_every_type_of_gexf_is_read(gexf_type):
    text, value = TYPES[gexf_type]
    content = GEPHI.replace(
        'type="string"><default>cell', f'type="{gexf_type}"><default>{text}'
    )
    assert read(content, "gexf").nodes["1"]["kind"] == value


def test_looks_of_gephi_are_metadata_that_every_format_keeps():
    net = from_networkx(read(GEPHI, "gexf"))
    looks = {"kind": "cell", "size": 10.0, "x": 1.0, "y": 2.0, "r": 1, "g": 2, "b": 3}
    assert looks.items() <= dict(net[0].metadata).items()
    for format in ("graphml", "gexf", "cytoscape", "node_link"):
        twin = from_content(format, content_of(format, net))
        assert twin[0].metadata == net[0].metadata, format


def test_both_directions_in_a_file_are_told():
    for text, format, undirected in (
        (GEPHI, "gexf", 'type="undirected"'),
        (IGRAPH, "graphml", 'directed="false"'),
    ):
        mixed = text.replace('target="', f'{undirected} target="')
        with pytest.raises(FormatError, match="all be directed or all be undirected"):
            read(mixed, format)


def test_files_without_a_namespace_are_read():
    """As NetworKit writes them."""
    for text, format in ((IGRAPH, "graphml"), (GEPHI, "gexf")):
        assert read(re.sub(r'xmlns="[^"]*"', 'xmlnsi="a"', text), format).size() == 1


def test_what_igraph_changes_is_read_or_told():
    """Numbers become floats, missing text is empty, nodes have new names, and GML has
    no underscores."""
    net = architect.LSTM(2, 3, 1, seed=0)
    graph = to_networkx(net)
    for *_, data in graph.edges(data=True):
        data["number"] = float(data["number"])
        data.setdefault("carries", "")
        data.setdefault("gater", float("nan"))
        data.setdefault("gated", False)
    renamed = nx.relabel_nodes(graph, {i: f"n{i}" for i in graph})
    nx.set_node_attributes(renamed, {f"n{i}": f"{i}" for i in graph}, "id")
    text = "\n".join(nx.generate_graphml(renamed))
    rows = np.random.default_rng(0).normal(size=(9, 2))
    outputs, weights = net.run(rows), net.weights
    for twin in (
        load(io.StringIO(text), "graphml"),
        from_networkx(read(text, "graphml")),
    ):
        np.testing.assert_array_equal(twin.weights, weights)
        np.testing.assert_array_equal(twin.run(rows), outputs)
    changed = "got 2. Another program has changed it"
    gml = "\n".join(nx.generate_gml(graph)).replace("synapse_part", "synapsepart")
    all_refused(
        [
            (partial(from_networkx, nx.parse_graphml(text)), TopologyError, changed),
            (
                partial(load, io.StringIO(gml), "gml"),
                FormatError,
                "underscores.*Save the graph as GraphML",
            ),
        ]
    )


WRONG = {
    '{"nodes": 1, "edges": []}': "The nodes must be a list, got 1",
    '{"nodes": [1], "edges": []}': "The node 0 must be an object, got 1",
    '{"nodes": [{"id": {}}], "edges": []}': (
        "The id of node 0 must be text or a number, got an object"
    ),
    '{"nodes": [{"id": [[1]]}], "edges": []}': "text or a number, got a list",
    '{"nodes": [{"id": 1}, {"id": true}], "edges": []}': (
        "The id of node 1 must be another, got True"
    ),
    '{"nodes": [{"id": 1}], "edges": [{"source": 1}]}': (
        "The target of edge 0 must be text or a number, got None"
    ),
    '{"nodes": [{"id": 1}], "edges": [{"source": 1, "target": "1"}]}': (
        "The target of edge 0 must be the id of a node, got '1'"
    ),
    '{"nodes": [], "edges": [], "directed": 1}': "must be true or false, got 1",
    '{"nodes": [], "edges": [], "graph": []}': (
        "The attributes of the graph must be an object, got a list"
    ),
    '{"elements": []}': "The elements must be an object, got a list",
    '{"elements": {"nodes": [{}]}}': "The data of node 0 must be an object, got None",
}


@every_case("text", WRONG)
def test_json_that_is_no_graph_is_told_where(text):
    for read in (read_graph, load):
        with pytest.raises(FormatError, match=re.escape(WRONG[text])):
            read(io.StringIO(text))
