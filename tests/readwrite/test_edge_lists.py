"""Networks from tables of connections: the same as from a graph of them, and what is refused."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from synapse import from_edges, from_networkx
from synapse.errors import ArgumentError, ArgumentTypeError, TopologyError, UnknownNameError

from .nets import same


def table(size, seed, names=str):
    rng = np.random.default_rng(seed)
    pairs = rng.permutation(np.unique(rng.integers(0, size, (4 * size, 2)), axis=0))
    pairs = pairs[(pairs[:, 0] != 1) & (pairs[:, 1] != 0)]  # 0 is an input, 1 an output
    weights = rng.normal(size=len(pairs))
    weights[::3] = np.nan
    kinds = np.array(["a", "b", None], object)[rng.integers(0, 3, len(pairs))]
    source, target = ([names(int(one)) for one in end] for end in pairs.T)
    return pd.DataFrame({"source": source, "target": target, "weight": weights, "kind": kinds})


@pytest.mark.parametrize("names", [str, int, lambda i: 10**12 * i, lambda i: i - 5])
@pytest.mark.parametrize("seed", range(3))
def test_a_table_makes_the_network_that_its_graph_makes(names, seed):
    edges = table(12, seed, names)
    nodes = list(dict.fromkeys([*edges["source"], *edges["target"]]))
    if names is not str:
        nodes.sort()
    graph = nx.DiGraph()
    graph.add_nodes_from(nodes)
    columns = ["source", "target", "weight", "kind"]
    for source, target, weight, kind in edges[columns].itertuples(index=False):
        known = {} if np.isnan(weight) else {"weight": weight}
        graph.add_edge(source, target, **known, kind=kind)
    ends = [names(0)], [names(1)]
    net = from_edges(edges, *ends, seed=seed)
    twin = from_edges({key: edges[key].to_numpy() for key in edges}, *ends, seed=seed)
    assert same(net, twin)
    other = from_networkx(graph, *ends, seed=seed)
    for one, another in ((net, twin), (net, other)):
        assert [neuron.name for neuron in one] == [neuron.name for neuron in another]
    facts = [
        {(link.source.name, link.target.name): (link.metadata, link.trainable) for link in one.connections}
        for one in (net, other)
    ]
    assert facts[0] == facts[1]
    given = edges["weight"].notna().to_numpy()
    assert np.array_equal(net.weights[given], edges["weight"][given])


def test_neurons_and_connections_have_their_columns():
    edges = {"source": ["x", "x"], "target": ["a", "y"], "gater": [None, "a"], "trainable": [False, True]}
    neurons = {
        "name": ["y", "a", "x", "b"],
        "squash": ["tanh"] * 4,
        "kind": ["motor", None, "sensory", "inter"],
    }
    net = from_edges(edges, ["x"], ["y"], neurons=neurons, seed=0)
    assert [(neuron.name, dict(neuron.metadata)) for neuron in net] == [
        ("x", {"kind": "sensory"}),
        ("b", {"kind": "inter"}),
        ("a", {}),
        ("y", {"kind": "motor"}),
    ]
    assert net.output[0].squash.name == "tanh"
    assert [(link.trainable, link.gater and link.gater.name) for link in net.connections] == [
        (False, None),
        (True, "a"),
    ]


EDGES = {"source": ["x", "a"], "target": ["a", "y"]}


@pytest.mark.parametrize(
    ("edges", "options", "error", "message"),
    [
        ([("x", "y")], {}, ArgumentTypeError, "a data frame or a mapping"),
        ({"source": ["x"]}, {}, ArgumentError, "a column 'target', got source"),
        ({"source": ["x"], "target": ["y", "z"]}, {}, ArgumentError, "of one length"),
        ({"source": [["x"]], "target": ["y"]}, {}, ArgumentTypeError, "numbers or strings"),
        ({"source": ["x", "x"], "target": ["y", "y"]}, {}, TopologyError, "from 'x' to 'y' is given several"),
        ({**EDGES, "weight": ["1", "b"]}, {}, ArgumentTypeError, "from 'x' to 'a' to be a number, got '1'"),
        ({**EDGES, "weight": [1, np.inf]}, {}, ArgumentError, "'a' to 'y' to be a finite number, got inf"),
        ({**EDGES, "sign": [1, 2]}, {}, ArgumentError, "sign of the edge from 'a' to 'y' to be .*got 2"),
        (EDGES, {"neurons": {"name": ["x", "a"]}}, TopologyError, "given neurons, got one of 'y'"),
        (EDGES, {"neurons": {"name": ["x", "a", "y", "y"]}}, ArgumentError, "distinct"),
        (EDGES, {"neurons": {"kind": ["x", "a", "y"]}}, ArgumentError, "column 'name'"),
        (EDGES, {"inputs": ["z"]}, TopologyError, "nodes of the graph"),
        (EDGES, {"squash": "tahn"}, UnknownNameError, "tanh"),
        ({"source": [], "target": []}, {}, TopologyError, "at least two"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_network_is_refused(edges, options, error, message):
    with pytest.raises(error, match=message):
        from_edges(edges, **options)
