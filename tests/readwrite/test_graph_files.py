"""Files of graphs, which networkx writes and reads, and drawings: what is particular to
them."""

import io
import json
import re
import warnings
import xml.etree.ElementTree as ElementTree

import networkx as nx
import numpy as np
import pytest

import architect
from synapse import errors, from_networkx, load, record, save, to_edges, to_networkx
from synapse.readwrite import _graph_files
from tests.helpers.cases import all_hold, every_case

from .formats import GRAPHS, NETWORKS, assert_twins, content_of, from_content, used

# one is unconnected
pytestmark = pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")


def node(i, **data):
    return lambda graph: graph.nodes[i].update(data)


def edge(i, **data):
    return lambda graph: list(graph.edges.values())[i].update(data)


WRONG = (
    (
        node(2, bias="x"),
        (
            "bias of the node 2 must be a number, got 'x'. Another program has changed"
            " it.\nwhile|not convert string to float: 'x'"
        ),
    ),
    (
        edge(5, gater=99),
        "gater of the edge from 1 to 3 must be a node of the graph .* got 99",
    ),
    (edge(5, tie=-1), "tie of the edge from 1 to 3 must be a whole number from 0"),
    (node(2, random=1 << 53), "random of the node 2 must be a whole number from 0"),
    (
        lambda graph: graph.edges[1, 3].pop("weight"),
        "The edge from '?1'? to '?3'? has no weight, so Synapse",
    ),
    (
        lambda graph: graph.add_edge(0, 99),
        "Node '?99'? has no .*read_graph.path. to synapse.from_networkx",
    ),
    (lambda graph: graph.nodes[3].pop("subset"), "Node '?3'? has no subset"),
)
"""Changes of a graph, and what is said of it."""


LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
DOCTYPES = (
    f'<!DOCTYPE graphml [<!ENTITY l0 "ha">{LAUGHS}]>',
    '<!DOCTYPE graphml [<!ENTITY file SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE graphml SYSTEM "http://127.0.0.1:9/none.dtd">',
)


@pytest.mark.parametrize("format", ["graphml", "gexf"])
def test_entities_and_what_is_no_graph_are_refused(format):
    head, body = content_of(format, used("named")).decode().split("\n", 1)
    for encoding in ("utf-8", "utf-16"):
        for doctype in DOCTYPES:
            text = f"{head}\n{doctype}\n{body.replace('tanh', '&l9;')}".replace(
                "utf-8", encoding
            )
            with pytest.raises(
                errors.FormatError, match="without a document type declaration"
            ):
                from_content(format, text.encode(encoding))
    with pytest.raises(errors.FormatError, match="undefined entity"):
        from_content(format, f"{head}\n{body.replace('tanh', '&l9;')}".encode())
    for other in (
        "<svg/>",
        f"<{format}/>",
        "<a>" * 100_000,
        f"{head}\n{body}".replace("utf-8", "no-such"),
    ):
        with pytest.raises(errors.FormatError, match="The file is not|of graphs in"):
            from_content(format, other.encode())


def test_nodes_may_be_listed_in_any_order_and_edges_be_called_links():
    data = json.loads(content_of("node_link", used("named")))
    data["nodes"].reverse()
    data["links"] = data.pop("edges")
    assert_twins(used("named"), from_content("node_link", json.dumps(data).encode()))


VIZ = "{http://www.gexf.net/1.2draft/viz}"


def looks(net, tag):
    """The viz elements of neurons or of connections: attributes by tag."""
    elements = ElementTree.fromstring(content_of("gexf", net)).iter(
        "{http://www.gexf.net/1.2draft}" + tag
    )
    return [
        {
            child.tag.removeprefix(VIZ): child.attrib
            for child in element
            if child.tag.startswith(VIZ)
        }
        for element in elements
    ]


def test_looks_of_neurons_and_connections():
    """Layers have places and colours, neurons sizes, weights colours and widths, gated
    connections dashes."""
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    graph = to_networkx(net)
    nodes = looks(net, "node")
    layers = [data["subset"] for data in graph.nodes.values()]
    places = [float(node["position"]["x"]) for node in nodes]
    colours = [tuple(node["color"].values()) for node in nodes]
    assert (
        len({*zip(layers, places, colours)})
        == len({*places})
        == len({*colours})
        == len(net.layers)
    )
    assert len({node["size"]["value"] for node in nodes}) > 1
    learnt = []
    for link, look in zip(graph.edges.values(), looks(net, "edge"), strict=True):
        blue = int(look["color"]["b"]) - int(look["color"]["r"])
        assert (blue > 0) == (link["weight"] > 0)
        assert look["shape"]["value"] == ("dashed" if "gater" in link else "solid")
        if link["trainable"]:
            learnt.append((abs(link["weight"]), float(look["thickness"]["value"])))
    thickness = [thick for _, thick in sorted(learnt)]
    assert thickness == sorted(thickness)
    assert thickness[-1] == 4.0 > thickness[0] > 0


def test_activations_or_a_log_are_the_timeline():
    net = NETWORKS["perceptron"]()
    stream = io.BytesIO()
    with record(net, "state", "activation", neurons=list(net)[::-1]) as log:
        net.run(np.ones((3, len(net.input))))
    save(net, stream, "gexf", activations=log)
    stream.seek(0)
    told = nx.read_gexf(stream, node_type=int).nodes[9]["activations"]
    assert told == [
        (value, t, t + 1)
        for t, value in enumerate(log.of(net.output[-1], "activation").tolist())
    ]
    stream.seek(0)
    assert_twins(net, load(stream, "gexf"))


def test_activations_that_do_not_fit(tmp_path):
    net = NETWORKS["perceptron"]()
    with record(net, neurons=net.output) as log:
        net.run(np.ones((3, len(net.input))))

    def check(activations, error, sentence):
        with pytest.raises(error, match=sentence):
            save(net, tmp_path / "net.gexf", activations=activations)

    cases = (
        ([[0.5]], errors.ArgumentError, "10 numbers per step, got 1"),
        (
            np.full((2, 10), np.nan),
            errors.ArgumentError,
            "finite, got NaN or infinity in row 0",
        ),
        (log, errors.ArgumentError, "is not recorded"),
    )
    all_hold(check, cases)
    assert list(tmp_path.iterdir()) == []


def test_dot_has_layers_gates_and_names_escaped():
    lines = content_of("dot", NETWORKS["named"]()).decode().splitlines()
    assert lines[0] == r'digraph "\"net\" <1>" {'
    assert r'0 [label="say \"hi\"", tooltip="logistic, bias 0"];' in lines
    assert r'3 [label="two\nlines \n and a tab ", tooltip="tanh, bias 0"];' in lines
    assert r"""4 [label="it's &amp;amp; ]]> \\N", tooltip="tanh, bias 0"];""" in lines
    assert [line for line in lines if "gate_1" in line] == [
        "gate_1 [shape=point];",
        '1 -> gate_1 [label="-0.4", arrowhead=none];',
        "gate_1 -> 2;",
        "3 -> gate_1 [style=dotted, constraint=false];",
    ]
    assert sum(line.startswith("subgraph cluster_") for line in lines) == 3
    assert b"style=dashed" in content_of("dot", NETWORKS["frozen"]())


def test_json_of_another_layout_is_told_what_it_has():
    """Instead of "KeyError: 'links'"."""
    graph = to_networkx(used("named"))
    by_adjacency = nx.adjacency_data(graph)
    layouts = {
        "must have edges or links, got .*'adjacency'.*adjacency_graph": by_adjacency,
        "must have edges or links, got .*'elements'": nx.cytoscape_data(graph),
        "must have edges or links, got 'nodes', 'more'": {"nodes": [], "more": 1},
    }
    for sentence, data in layouts.items():
        stream = io.BytesIO(json.dumps(data).encode())
        with pytest.raises(errors.FormatError, match=sentence):
            load(stream, "node_link")
    twin = from_networkx(nx.adjacency_graph(json.loads(json.dumps(by_adjacency))))
    assert_twins(used("named"), twin)


def test_weights_in_files_of_graphs_are_without_the_gain(tmp_path):
    net = architect.LSTM(2, 3, 1, seed=0)
    net.run([[0.0, 1.0], [1.0, 0.5]])
    gated = next(
        link for link in net.connections if link.gater and abs(link.gain - 1) > 0.1
    )
    gated.weight = 0.75
    order = list(net)
    ends = order.index(gated.source), order.index(gated.target)
    graphs = {"to_networkx": to_networkx(net), "net.graph": net.graph}
    for kind in ("graphml", "gexf"):
        save(net, tmp_path / f"net.{kind}")
        read = getattr(nx, f"read_{kind}")
        graphs[kind] = nx.relabel_nodes(read(tmp_path / f"net.{kind}"), int)
    for name, graph in graphs.items():
        start, stop = (gated.source, gated.target) if name == "net.graph" else ends
        data = graph.edges[start, stop]
        assert (data["weight"], data["gain"]) == pytest.approx((0.75, gated.gain)), name
    assert re.search(
        rf"{ends[0]} -> gate_\d+ \[label=\"0.75\"", content_of("dot", net).decode()
    )
    table = to_edges(net).edges
    row = table.loc[list(net.connections).index(gated)]
    assert (row["weight"], row["gain"]) == pytest.approx((0.75, gated.gain))


def test_graphml_has_ids_and_booleans_as_its_schema_asks(tmp_path):
    net = used("perceptron")
    net[0].project(net[4], weight=0.5, delay=2)
    net[1].metadata.update({"text": "True", "known": True})
    save(net, tmp_path / "net.graphml")
    root = ElementTree.parse(tmp_path / "net.graphml").getroot()
    ids = [edge.get("id") for edge in root.iter(f"{GRAPHML}edge")]
    assert len({*ids} - {None}) == len(net.connections)
    kinds = {key.get("id"): key.attrib for key in root.iter(f"{GRAPHML}key")}
    texts = {}
    for data in root.iter(f"{GRAPHML}data"):
        value_type = kinds[data.get("key")]["attr.type"]
        texts.setdefault(value_type, set()).add(data.text)
    assert texts["boolean"] == {"true"}
    assert "True" in texts["string"]
    assert dict(load(tmp_path / "net.graphml")[1].metadata) == dict(net[1].metadata)


GRAPHML = "{http://graphml.graphdrawing.org/xmlns}"


@pytest.mark.full
@every_case("name", NETWORKS)
def test_what_networkx_writes_and_reads_by_itself_is_the_network(tmp_path, name):
    net = used(name)
    graph = to_networkx(net)
    assert all(
        type(attribute) in (int, float, bool, str)
        for data in graph.nodes.values()
        for attribute in data.values()
    )
    assert_twins(used(name), from_networkx(graph))
    nx.write_graphml(graph, tmp_path / "net.graphml")
    assert_twins(used(name), load(tmp_path / "net.graphml"))
    save(net, tmp_path / "net.graphml")
    assert_twins(
        net, from_networkx(nx.read_graphml(tmp_path / "net.graphml", node_type=int))
    )


@pytest.mark.full
@pytest.mark.parametrize("format", GRAPHS)
def test_what_contradicts_itself_is_refused(format, monkeypatch):
    """Each of these is written by the format's own hand."""
    graph_of = _graph_files.graph_of

    def check(change, sentence):

        def wrong(*arguments):
            graph = graph_of(*arguments)
            change(graph)
            return graph

        monkeypatch.setattr(_graph_files, "graph_of", wrong)
        monkeypatch.setattr(_graph_files, "_add_looks", lambda graph: None)
        content = content_of(format, NETWORKS["perceptron"]())
        with pytest.raises(errors.FormatError, match=sentence):
            from_content(format, content.replace(b"0.8125", b"x"))

    cases = [*WRONG]
    # networkx 3.7 writes no text as a number; there is no place for a dtype
    if format == "gexf":
        cases[0] = node(2, bias=0.8125), WRONG[0][1]
    else:
        cases.append(
            (
                lambda graph: graph.graph.update(dtype="object"),
                "The dtype must be float32 or float64",
            )
        )
    all_hold(check, cases, monkeypatch.undo)


def test_what_other_programs_have_added_or_left_out_of_cytoscape_is_no_matter():
    data = json.loads(content_of("cytoscape", used("named")))
    del data["directed"]
    data["data"] = dict(data["data"])
    for element in data["elements"]["nodes"]:
        element.update(selected=False)
        element["data"].update(SUID=61)
        del element["data"]["value"]
    for element in data["elements"]["edges"]:
        element["data"] |= {
            end: str(element["data"][end]) for end in ("source", "target")
        }
    assert_twins(used("named"), from_content("cytoscape", json.dumps(data).encode()))


@every_case("write", [nx.write_pajek, nx.write_edgelist, nx.to_pandas_edgelist])
def test_graphs_that_have_lost_a_part_of_a_network_are_told(write):
    net = used("perceptron")
    net[0].project(net[4], weight=0.5, delay=2)
    graph = to_networkx(net)
    stream = io.BytesIO()
    if write is nx.to_pandas_edgelist:
        edges = write(graph)
        again = nx.from_pandas_edgelist(edges, edge_attr=True, create_using=nx.DiGraph)
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of numbers that Pajek leaves out
            write(graph, stream)
        stream.seek(0)
        read = nx.read_pajek if write is nx.write_pajek else nx.read_edgelist
        options = {} if read is nx.read_pajek else {"create_using": nx.DiGraph}
        again = nx.DiGraph(read(stream, **options))
    with pytest.raises(errors.ArgumentError, match="everything that .*Use GraphML"):
        from_networkx(again)
