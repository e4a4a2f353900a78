"""What is written is read by the programs that it is for."""

import io
import json
import shutil
import subprocess
import sys

import networkx as nx
import numpy as np
import pytest

import architect
from synapse import errors
from synapse.readwrite import (
    dot_data,
    from_node_link_data,
    gexf_data,
    graphml_data,
    read_graphml,
    sparse_data,
)

from .formats import NETWORKS, data_of, used
from .nets import feed


def of_graphml(net):
    return nx.read_graphml(io.BytesIO(graphml_data(net).encode()), node_type=int)


def of_gexf(net):
    return nx.read_gexf(io.BytesIO(gexf_data(net).encode()), node_type=int)


def of_node_link(net):
    return nx.node_link_graph(json.loads(json.dumps(data_of("node_link", net))), edges="edges")


def of_cytoscape(net):
    return nx.cytoscape_graph(json.loads(json.dumps(data_of("cytoscape", net))))


READERS = {read.__name__: read for read in (of_graphml, of_gexf, of_node_link, of_cytoscape)}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_networkx_reads_the_same_graph(read, name):
    net = used(name)
    graph, number = read(net), {neuron: i for i, neuron in enumerate(net)}
    assert graph.is_directed()
    assert not graph.is_multigraph()
    assert sorted(graph) == list(range(len(net)))
    told = {(number[link.source], number[link.target]): link for link in net.connections}
    assert {ends: data["weight"] for *ends, data in graph.edges(data=True) for ends in [tuple(ends)]} == {
        ends: link.weight for ends, link in told.items()
    }
    for source, target, data in graph.edges(data=True):
        link = told[source, target]
        assert data.get("gater") == number.get(link.gater)
        assert data["trainable"] is link.trainable
    for i, neuron in enumerate(net):
        assert graph.nodes[i]["bias"] == neuron.bias
        assert graph.nodes[i]["squash"] == neuron.squash.name
        assert graph.nodes[i]["label"] == (neuron.name or f"neuron {i}")


@pytest.mark.parametrize("name", NETWORKS)
def test_what_went_through_networkx_comes_back(name, tmp_path):
    net = used(name)
    nx.write_graphml_xml(of_graphml(net), tmp_path / "net")
    document = nx.node_link_data(of_node_link(net), edges="links")
    for twin in (read_graphml(tmp_path / "net"), from_node_link_data(document)):
        told, answered = (feed(one, 9, seed=1, learn=False) for one in (net.clone(), twin))
        assert np.abs(told - answered).max() < (1e-12 if net._store.dtype == "float64" else 1e-6)


def test_networkx_reads_activations_over_time():
    net = NETWORKS["perceptron"]()
    steps = np.arange(20.0).reshape(2, 10)
    graph = nx.read_gexf(io.BytesIO(gexf_data(net, steps).encode()), node_type=int)
    assert graph.nodes[3]["activations"] == [(3.0, 0.0, 1.0), (13.0, 1.0, 2.0)]


def test_the_float_and_the_name_are_told_to_networkx():
    graph = nx.parse_graphml(graphml_data(NETWORKS["named"]()))
    assert graph.graph["dtype"] == "float64"
    assert graph.graph["name"] == '"net" <1>'


@pytest.mark.parametrize("name", NETWORKS)
def test_scipy_gets_every_connection(name):
    net = used(name)
    matrix, number = sparse_data(net), {neuron: i for i, neuron in enumerate(net)}
    assert matrix.format == "csr"
    assert matrix.nnz == len(net.connections)
    assert matrix.dtype == net._store.dtype
    for link in net.connections:
        assert matrix[number[link.source], number[link.target]] == link.weight


def test_connections_of_weight_0_are_stored():
    net = architect.Perceptron(2, 1, seed=0)
    net.connections[0].weight = 0.0
    assert sparse_data(net).nnz == 2


def test_without_scipy_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(errors.MissingExtraError, match="pip install scipy"):
        sparse_data(NETWORKS["perceptron"]())


def test_dot_has_layers_gates_and_names_escaped():
    text = dot_data(NETWORKS["named"]())
    lines = text.splitlines()
    assert lines[0] == r'digraph "\"net\" <1>" {'
    assert r'0 [label="say \"hi\"", tooltip="logistic, bias 0"];' in lines
    assert r'3 [label="two\nlines\n and a tab ", tooltip="tanh, bias 0"];' in lines
    assert r"""4 [label="it's &amp;amp; ]]> \\N", tooltip="tanh, bias 0"];""" in lines
    assert [line for line in lines if "gate_1" in line] == [
        "gate_1 [shape=point];",
        '1 -> gate_1 [label="-0.4", arrowhead=none];',
        "gate_1 -> 2;",
        "3 -> gate_1 [style=dotted, constraint=false];",
    ]
    assert sum(line.startswith("subgraph cluster_") for line in lines) == 3
    assert "style=dashed" in dot_data(NETWORKS["frozen"]())


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("name", NETWORKS)
def test_graphviz_draws_every_neuron(name):
    net = NETWORKS[name]()
    drawn = subprocess.run(["dot", "-Tjson"], input=dot_data(net).encode(), capture_output=True, check=True)
    objects = json.loads(drawn.stdout)["objects"]
    layers = [one for one in objects if one["name"].startswith("cluster_")]
    assert [len(one["nodes"]) for one in layers] == [len(layer) for layer in net.layers]
