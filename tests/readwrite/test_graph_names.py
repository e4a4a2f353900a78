"""Attributes of graphs that are called like the library's own, and metadata of these
names: nothing is read for what it is not, and nothing is lost."""

import io
import itertools
import json

import hypothesis
import networkx as nx
import pandas as pd
import pytest
from hypothesis import strategies as st

from synapse import Layer, Network, from_edges, from_networkx, initializers, to_networkx
from synapse.engine.schema import COLUMNS
from synapse.errors import UnknownNameError
from synapse.objects.graph_attributes import COMPOSED, EDGE_NAMES, NODE_NAMES, OWN_NAMES
from tests.helpers.networks import lstm

from .formats import content_of, from_content

OF_FORMATS = (
    *("id", "value", "name", "source", "target", "key", "networkx_key", "viz"),
    *("activations", "start", "end", "type", "pid", "parents", "slices", "spells"),
)
"""What nodes or edges of some format have themselves."""
SHORT = {name for name in NODE_NAMES | EDGE_NAMES if not name.startswith("activation_")}
NAMES = sorted(
    {
        *SHORT,
        "activation_1",
        "activation_10000",
        *(column.name for column in COLUMNS),
        *OF_FORMATS,
    }
)
values = st.integers(-3, 3) | st.booleans() | st.sampled_from(["", "a", "neuron", "1"])


def rows(names, values=values):
    """For three nodes and two edges, a few attributes, some with the prefix of
    metadata.
    """
    some = st.sampled_from(sorted(names))
    prefixed = st.tuples(st.sampled_from(["", "metadata_", "metadata_" * 2]), some)
    row = st.dictionaries(prefixed.map("".join), values, max_size=6)
    return st.lists(row, min_size=5, max_size=5)


def chain(of_nodes=({}, {}, {}), of_edges=({}, {})):
    graph = nx.DiGraph()
    for name, data in zip("xay", of_nodes, strict=True):
        graph.add_node(name, **data)
    for (source, target), data in zip((("x", "a"), ("a", "y")), of_edges, strict=True):
        graph.add_edge(source, target, **data)
    return graph


def metadata_of(net):
    """The metadata of neurons and connections, as Python writes them: 1 is no True."""
    return (
        {neuron.name: _written(neuron.metadata) for neuron in net},
        {
            (link.source.name, link.target.name): _written(link.metadata)
            for link in net.connections
        },
    )


def _written(metadata):
    return sorted((name, repr(value)) for name, value in metadata.items())


@pytest.mark.parametrize(
    ("ages", "is_own"),
    [
        (["1", "7", "10000"], True),
        (["", "0", "01", "+1", "1_0", "1.0", "1\n", "²", "10001", "9" * 5000], False),
    ],
)
def test_the_graph_has_a_name_for_each_possible_age_of_a_past_activation(ages, is_own):
    for names, age in itertools.product((NODE_NAMES, OWN_NAMES), ages):
        assert (f"activation_{age}" in names) is is_own


FOREIGN = {*NAMES, *OWN_NAMES} - COMPOSED - {"activation_7"}


@hypothesis.given(rows(FOREIGN))
def test_attributes_of_other_graphs_are_metadata_whatever_their_names(rows):
    graph = chain(rows[:3], rows[3:])
    table = {"name": list(graph), **_columns(rows[:3])}
    edges = {"source": ["x", "a"], "target": ["a", "y"], **_columns(rows[3:])}
    expected = (
        {name: _written(data) for name, data in graph.nodes.items()},
        {ends: _written(data) for ends, data in graph.edges.items()},
    )
    for net in (from_networkx(graph), from_networkx(nx.MultiDiGraph(graph))):
        assert repr(net) == "<Network 1-1-1, 3 neurons, 2 connections>"
        assert metadata_of(net) == expected
    if not {"name", "source", "target"} & {name for row in rows for name in row}:
        assert metadata_of(from_edges(edges, neurons=table)) == expected


def _columns(rows):
    names = {name for row in rows for name in row}
    return {
        name: pd.Series([row.get(name) for row in rows], dtype=object) for name in names
    }


def through_networkx(write, read):
    def copy(net):
        stream = io.BytesIO()
        write(to_networkx(net), stream)
        stream.seek(0)
        return from_networkx(read(stream))

    return copy


def tables_of(graph):
    """Data frames of the edges and the nodes, for `from_edges`."""
    nodes = pd.DataFrame.from_dict(dict(graph.nodes(data=True)), orient="index")
    nodes = nodes.rename_axis("name").reset_index().astype({"name": str})
    edges = nx.to_pandas_edgelist(graph).astype({"source": str, "target": str})
    return {"edges": edges, "neurons": nodes}


COPIES = {
    "live graph": lambda net: from_networkx(net.graph),
    "copy": lambda net: from_networkx(net.graph.copy()),
    "plain graph": lambda net: from_networkx(to_networkx(net)),
    "relabelled": lambda net: from_networkx(
        nx.convert_node_labels_to_integers(net.graph)
    ),
    "composed": lambda net: from_networkx(nx.compose(net.graph, nx.DiGraph())),
    "clone": lambda net: net.clone(),
    **{
        form: lambda net, form=form: from_content(form, content_of(form, net))
        for form in ("node_link", "cytoscape", "json", "npz", "graphml", "gexf")
    },
}
IN_XML = ("graphml", "gexf")


def annotated(rows):
    layers = [Layer(1, name=name) for name in ("in", "mid", "out")]
    layers[0].project(layers[1], weights=0.5)
    layers[1].project(layers[2], weights=0.25)
    net = Network(*layers)
    for item, row in zip((*net, *net.connections), rows, strict=True):
        item.metadata.update(row)
    return net


def assert_kept(rows, ways):
    net = annotated(rows)
    expected = metadata_of(net)
    for way in ways:
        assert metadata_of(COPIES[way](net)) == expected, way


@pytest.mark.full
@hypothesis.given(rows(NAMES))
def test_metadata_of_any_name_survive_every_copy(rows):
    assert_kept(rows, [way for way in COPIES if way not in IN_XML])


@hypothesis.given(
    rows({*NAMES} - {"x", "y"}, st.integers(-3, 3))
    | rows({*NAMES} - {"x", "y"}, st.sampled_from(["", "a", "1"]))
)
@hypothesis.example([{}, {}, {"x": 0.0, "y": -2.5}, {}, {}])
def test_metadata_of_any_name_survive_in_xml(rows):
    """Where the metadata of one name have one type: positions of other nodes, x and y,
    are real numbers."""
    assert_kept(rows, IN_XML)


PLAIN = {*NAMES} - {*OF_FORMATS, "x", "y"}


def read_gexf(stream):
    graph = nx.read_gexf(stream)
    for *_, data in graph.edges(data=True):
        del data["id"]  # which networkx adds
    return graph


@pytest.mark.full
@hypothesis.given(rows(PLAIN, st.sampled_from(["a", "neuron", "gate"])))
def test_metadata_of_any_name_survive_what_networkx_and_pandas_write(rows):
    net = annotated(rows)
    adjacency = json.loads(json.dumps(nx.adjacency_data(to_networkx(net))))
    twins = {
        "adjacency": from_networkx(nx.adjacency_graph(adjacency)),
        "tables": from_edges(**tables_of(to_networkx(net))),
    }
    for write, read in {
        nx.write_gml: lambda file: nx.read_gml(file, None),
        nx.write_gexf: read_gexf,
        nx.write_graphml: nx.read_graphml,
    }.items():
        twins[write.__name__] = through_networkx(write, read)(net)
    for way, twin in twins.items():
        for ours, theirs in zip(metadata_of(net), metadata_of(twin), strict=True):
            assert sorted(theirs.values()) == sorted(ours.values()), way


def test_groups_of_other_graphs_do_not_decide_who_competes():
    graph = nx.DiGraph((("x", winner) for winner in "abcd"), name="two communities")
    communities = {"a": 1, "b": 1, "c": 2, "d": 2}
    nx.set_node_attributes(graph, communities, "group")
    options = {"output_squash": "winner", "initializer": initializers.zeros}
    net = from_networkx(graph, **options)
    assert net.activate([1.0]).tolist() == [1.0, 0.0, 0.0, 0.0]
    assert {neuron.name: neuron.metadata["group"] for neuron in net.output} == (
        communities
    )
    net = from_networkx(graph, attributes={"group": "group"}, **options)
    assert net.activate([1.0]).tolist() == [1.0, 0.0, 1.0, 0.0]
    assert not net.output[0].metadata


def test_an_edge_with_the_word_gate_is_a_connection_and_a_drawn_gate_is_none():
    graph = chain()
    graph.add_edge("x", "y", gate=True, gates=3)
    net = from_networkx(graph)
    assert dict(net["x"].connection_to(net["y"]).metadata) == {"gate": True, "gates": 3}
    net = lstm(1, 2, 1)
    graph = to_networkx(net, gates=True)
    for twin in (from_networkx(graph), from_edges(**tables_of(graph))):
        assert len(twin.connections) == len(net.connections) < graph.size()
        assert metadata_of(twin)[1] == metadata_of(net)[1]


def test_what_is_added_to_the_graph_of_a_network_is_not_of_the_network():
    graph = to_networkx(annotated([{}, {"group": 7}, {}, {}, {"number": 9}]))
    graph.add_node("new", group="added", layer="somewhere", subset=1)
    graph.add_edge(0, "new", weight=1.0, number=-5, gain=2.0)
    graph.add_edge("new", 2, weight=1.0, eligibility=0.5)
    twin = from_networkx(graph)
    assert dict(twin["new"].metadata) == {"group": "added", "layer": "somewhere"}
    assert twin.select(group=7)
    assert sorted((dict(link.metadata) for link in twin.connections), key=str) == [
        {"eligibility": 0.5},
        {"number": -5, "gain": 2.0},
        {"number": 9},
        {},
    ]


def test_attributes_that_are_not_read_are_metadata():
    """Under the names with which people compose networks, too."""
    first = {"weight": 7.0, "synapses": 0.5}
    graph = chain(
        [{"state": "Ohio", "layer": "V1"}, {}, {"label": "Y"}],
        [first, {"weight": 8.0, "synapses": 0.25}],
    )
    net = from_networkx(
        graph, weight="synapses", attributes={"state": None, "label": None}
    )
    assert net.weights.tolist() == [0.5, 0.25]
    assert [
        dict(item.metadata) for item in (net["x"], net["y"], net.connections[0])
    ] == [
        {"state": "Ohio", "layer": "V1"},
        {"label": "Y"},
        first,
    ]


def test_the_name_of_a_layer_is_metadata_of_the_neurons_whose_layer_has_another():
    graph = chain(
        [{"subset": i, "layer": f"layer of {node}"} for i, node in enumerate("xay")]
    )
    graph.add_node("b", subset=1, layer="other")
    graph.add_edges_from(["xb", "by"])
    net = from_networkx(graph)
    assert [layer.name for layer in net.layers] == [
        "layer of x",
        "hidden",
        "layer of y",
    ]
    assert {neuron.name: dict(neuron.metadata) for neuron in net} == {
        "x": {},
        "a": {"layer": "layer of a"},
        "b": {"layer": "other"},
        "y": {},
    }


@pytest.mark.full
@pytest.mark.parametrize("way", COPIES)
def test_positions_of_neurons_are_kept_and_those_of_drawings_are_not(way):
    """Also a position that is the usual one, as that of each input at x = 0."""
    rows = [{"x": 0.0, "y": 7.0}, {"x": 50.0}, {"y": 3.5}, {}, {"x": 1.5}]
    assert_kept(rows, [way])
    net = annotated(rows)
    assert to_networkx(net).nodes[0]["y"] == net.graph.nodes[net[0]]["y"] == 7.0
    drawn = to_networkx(annotated([{}] * 5)).nodes[1]
    assert (drawn["x"], drawn["y"]) == (50.0, 0.0)


def test_metadata_in_a_live_graph_have_a_prefix_where_a_field_has_their_name():
    net = annotated([{"group": "a"}, {}, {}, {"weight": "heavy"}, {}])
    node, edge = net.graph.nodes[net[0]], net.graph.edges[net[0], net[1]]
    assert (node["metadata_group"], edge["metadata_weight"]) == ("a", "heavy")
    assert (edge["weight"], node.get("group")) == (0.5, None)
    edge["metadata_number"] = 5
    edge["metadata_of_mine"] = 6
    del edge["metadata_weight"]
    assert dict(net.connections[0].metadata) == {"number": 5, "metadata_of_mine": 6}
    with pytest.raises(
        UnknownNameError,
        match=r"cannot be set here.*connection.metadata\['number'\]",
    ):
        edge["number"] = 5
