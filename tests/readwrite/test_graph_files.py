"""Files of graphs, which networkx writes and reads, and drawings: what is particular to
them."""

import itertools
import json
import re
import warnings
import xml.etree.ElementTree as ElementTree
from functools import partial

import networkx as nx
import numpy as np
import pytest

import architect
from synapse import errors, from_networkx, load, record, save, to_edges, to_networkx
from synapse.readwrite import _graph_files
from tests.helpers.cases import all_hold, all_refused, every_case

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
    laughing = body.replace("tanh", "&l9;")
    cases = [
        (
            f"{head}\n{doctype}\n{laughing}".replace("utf-8", coding).encode(coding),
            "without a document type declaration",
        )
        for coding, doctype in itertools.product(("utf-8", "utf-16"), DOCTYPES)
    ]
    cases.append((f"{head}\n{laughing}".encode(), "undefined entity"))
    no_such = f"{head}\n{body}".replace("utf-8", "no-such")
    cases += [
        (other.encode(), "The file is not|of graphs in")
        for other in ("<svg/>", f"<{format}/>", "<a>" * 100_000, no_such)
    ]
    all_refused(
        [
            (partial(from_content, format, content), errors.FormatError, words)
            for content, words in cases
        ]
    )


def test_nodes_may_be_listed_in_any_order_and_edges_be_called_links():
    data = json.loads(content_of("node_link", used("named")))
    data["nodes"].reverse()
    data["links"] = data.pop("edges")
    assert_twins(used("named"), from_content("node_link", json.dumps(data).encode()))


VIZ = "{http://www.gexf.net/1.2draft/viz}"


def looks(net, tag):
    """The viz elements of neurons or of connections: attributes by tag."""
    return [
        {
            child.tag.removeprefix(VIZ): child.attrib
            for child in element
            if child.tag.startswith(VIZ)
        }
        for element in ElementTree.fromstring(content_of("gexf", net)).iter(
            "{http://www.gexf.net/1.2draft}" + tag
        )
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


def test_activations_or_a_log_are_the_timeline(tmp_path):
    net = NETWORKS["perceptron"]()
    with record(net, "state", "activation", neurons=list(net)[::-1]) as log:
        net.run(np.ones((3, len(net.input))))
    save(net, tmp_path / "net.gexf", activations=log)
    graph = nx.read_gexf(tmp_path / "net.gexf", node_type=int)
    assert graph.nodes[9]["activations"] == [
        (value, t, t + 1)
        for t, value in enumerate(log.of(net.output[-1], "activation").tolist())
    ]
    assert_twins(net, load(tmp_path / "net.gexf"))


def test_activations_that_do_not_fit(tmp_path):
    net = NETWORKS["perceptron"]()
    with record(net, neurons=net.output) as log:
        net.run(np.ones((3, len(net.input))))
    cases = [
        ([[0.5]], "10 numbers per step, got 1"),
        (np.full((2, 10), np.nan), "finite, got NaN or infinity in row 0"),
        (log, "is not recorded"),
    ]
    write = partial(save, net, tmp_path / "net.gexf")
    all_refused(
        [
            (partial(write, activations=given), errors.ArgumentError, words)
            for given, words in cases
        ]
    )
    assert list(tmp_path.iterdir()) == []


def test_dot_has_layers_gates_and_names_escaped():
    lines = content_of("dot", NETWORKS["named"]()).decode().splitlines()
    assert lines[0] == r'digraph "\"net\" <1>" {'
    assert {
        r'0 [label="say \"hi\"", tooltip="logistic, bias 0"];',
        r'3 [label="two\nlines \n and a tab ", tooltip="tanh, bias 0"];',
        r"""4 [label="it's &amp;amp; ]]> \\N", tooltip="tanh, bias 0"];""",
    } <= {*lines}
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
    read = partial(from_content, "node_link")
    all_refused(
        [
            (partial(read, json.dumps(data).encode()), errors.FormatError, sentence)
            for sentence, data in layouts.items()
        ]
    )
    twin = from_networkx(nx.adjacency_graph(json.loads(json.dumps(by_adjacency))))
    assert_twins(used("named"), twin)


def test_weights_in_files_of_graphs_are_without_the_gain(tmp_path):
    net = architect.LSTM(2, 3, 1, seed=0)
    net.run([[0.0, 1.0], [1.0, 0.5]])
    place, gated = next(
        (place, link)
        for place, link in enumerate(net.connections)
        if link.gater and abs(link.gain - 1) > 0.1
    )
    gated.weight = 0.75
    order = list(net)
    start, stop = order.index(gated.source), order.index(gated.target)
    data = {
        "to_networkx": to_networkx(net).edges[start, stop],
        "net.graph": net.graph.edges[gated.source, gated.target],
        "table": to_edges(net).edges.loc[place],
    }
    for kind, read in {"graphml": nx.read_graphml, "gexf": nx.read_gexf}.items():
        save(net, tmp_path / f"net.{kind}")
        data[kind] = read(tmp_path / f"net.{kind}").edges[str(start), str(stop)]
    for name, edge in data.items():
        assert (edge["weight"], edge["gain"]) == pytest.approx((0.75, gated.gain)), name
    drawn = content_of("dot", net).decode()
    assert re.search(rf"{start} -> gate_\d+ \[label=\"0.75\"", drawn)


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
        texts.setdefault(kinds[data.get("key")]["attr.type"], set()).add(data.text)
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

    def of_objects(graph):
        graph.graph.update(dtype="object")

    # networkx 3.7 writes no text as a number; there is no place for a dtype
    cases = (
        [(node(2, bias=0.8125), WRONG[0][1]), *WRONG[1:]]
        if format == "gexf"
        else [*WRONG, (of_objects, "The dtype must be float32 or float64")]
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
        ends = {end: str(element["data"][end]) for end in ("source", "target")}
        element["data"].update(ends)
    assert_twins(used("named"), from_content("cytoscape", json.dumps(data).encode()))


def by_pandas(graph):
    return nx.from_pandas_edgelist(
        nx.to_pandas_edgelist(graph), edge_attr=True, create_using=nx.DiGraph
    )


def by_pajek(graph):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of numbers that Pajek leaves out
        return nx.DiGraph(nx.parse_pajek([*nx.generate_pajek(graph)]))


def by_edgelist(graph):
    return nx.parse_edgelist(nx.generate_edgelist(graph), create_using=nx.DiGraph)


@every_case("again", [by_pajek, by_edgelist, by_pandas])
def test_graphs_that_have_lost_a_part_of_a_network_are_told(again):
    net = used("perceptron")
    net[0].project(net[4], weight=0.5, delay=2)
    graph = again(to_networkx(net))
    with pytest.raises(errors.ArgumentError, match="everything that .*Use GraphML"):
        from_networkx(graph)
