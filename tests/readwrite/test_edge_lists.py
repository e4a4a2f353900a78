"""Networks from tables of connections: the same as from a graph of them, and what is
refused."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from synapse import from_edges, from_networkx
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    TopologyError,
    UnknownNameError,
)

from .nets import same


def table(size, seed, names=str):
    rng = np.random.default_rng(seed)
    pairs = rng.permutation(np.unique(rng.integers(0, size, (4 * size, 2)), axis=0))
    pairs = pairs[(pairs[:, 0] != 1) & (pairs[:, 1] != 0)]  # 0 is an input, 1 an output
    weights = rng.normal(size=len(pairs))
    weights[::3] = np.nan
    kinds = np.array(["a", "b", None], object)[rng.integers(0, 3, len(pairs))]
    source, target = ([names(int(number)) for number in end] for end in pairs.T)
    return pd.DataFrame(
        {"source": source, "target": target, "weight": weights, "kind": kinds}
    )


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
    for source, target, weight, neuron_kind in edges[columns].itertuples(index=False):
        attributes = {} if np.isnan(weight) else {"weight": weight}
        graph.add_edge(source, target, **attributes, kind=neuron_kind)
    ends = [names(0)], [names(1)]
    net = from_edges(edges, *ends, seed=seed)
    twin = from_edges({key: edges[key].to_numpy() for key in edges}, *ends, seed=seed)
    assert same(net, twin)
    other = from_networkx(graph, *ends, seed=seed)
    for network, another in ((net, twin), (net, other)):
        assert [neuron.name for neuron in network] == [
            neuron.name for neuron in another
        ]
    facts = [
        {
            (link.source.name, link.target.name): (link.metadata, link.trainable)
            for link in network.connections
        }
        for network in (net, other)
    ]
    assert facts[0] == facts[1]
    weighted = edges["weight"].notna().to_numpy()
    assert np.array_equal(
        net.weights[: len(weighted)][weighted], edges["weight"][weighted]
    )  # then relays


def test_neurons_and_connections_have_their_columns():
    edges = {
        "source": ["x", "x"],
        "target": ["a", "y"],
        "gater": [None, "a"],
        "trainable": [False, True],
    }
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
    assert [
        (link.trainable, link.gater and link.gater.name) for link in net.connections
    ] == [
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
        (
            {"source": [["x"]], "target": ["y"]},
            {},
            ArgumentTypeError,
            "numbers or strings",
        ),
        (
            {"source": ["x", "x"], "target": ["y", "y"]},
            {},
            TopologyError,
            "from 'x' to 'y' is given several",
        ),
        (
            {**EDGES, "weight": ["1", "b"]},
            {},
            ArgumentTypeError,
            "from 'x' to 'a' to be a number, got '1'",
        ),
        (
            {**EDGES, "weight": [1, np.inf]},
            {},
            ArgumentError,
            "'a' to 'y' to be a finite number, got inf",
        ),
        (
            {**EDGES, "sign": [1, 2]},
            {},
            ArgumentError,
            "sign of the edge from 'a' to 'y' to be .*got 2",
        ),
        (
            EDGES,
            {"neurons": {"name": ["x", "a"]}},
            TopologyError,
            "given neurons, got one of 'y'",
        ),
        (EDGES, {"neurons": {"name": ["x", "a", "y", "y"]}}, ArgumentError, "distinct"),
        (EDGES, {"neurons": {"kind": ["x", "a", "y"]}}, ArgumentError, "column 'name'"),
        (EDGES, {"inputs": ["z"]}, TopologyError, "nodes of the graph"),
        (EDGES, {"squash": "tahn"}, UnknownNameError, "tanh"),
        ({"source": [], "target": []}, {}, TopologyError, "at least two"),
    ],
)
def test_what_cannot_be_a_network_is_refused(edges, options, error, message):
    with pytest.raises(error, match=message):
        from_edges(edges, **options)


PARALLEL = {
    "source": ["x", "a", "x", "a", "a", "x"],
    "target": ["a", "y", "a", "y", "a", "y"],
    "weight": [1.0, 3.0, 2.0, -1.0, 0.5, np.nan],
    "sign": [1, np.nan, 1, -1, np.nan, -1],
    "transmitter": ["ACh", "Glu", "ACh", "GABA", None, None],
    "synapses": [3, 1, 4, 2, 6, 1],
}


@pytest.mark.parametrize(
    ("way", "weights"),
    [("sum", [3, 2]), ("mean", [1.5, 1]), ("first", [1, 3]), ("last", [2, -1])],
)
@pytest.mark.parametrize("form", ["a data frame", "lists", "a multigraph"])
def test_parallel_edges_are_merged(form, way, weights):
    table = pd.DataFrame(PARALLEL)
    if form == "a multigraph":
        graph = nx.from_pandas_edgelist(
            table, edge_attr=True, create_using=nx.MultiDiGraph, edge_key=None
        )
        graph.edges["x", "y", 0].pop("weight")  # NaN is no weight of a graph
        net = from_networkx(graph, ["x"], ["y"], merge=way, seed=0)
    else:
        edges = table if form == "a data frame" else PARALLEL
        net = from_edges(edges, ["x"], ["y"], merge=way, seed=0)
    into = net["x"].connected(net["a"])
    out = net["a"].connected(net["y"])
    assert [into.weight, out.weight] == weights
    assert into.sign == 1
    assert out.sign == (-1 if way == "last" else None)
    assert net["x"].connected(net["y"]).weight < 0  # it has a sign and no weight
    assert (into.metadata["transmitter"], into.metadata["synapses"]) == (
        "ACh", {"sum": 7, "mean": 3.5, "first": 3, "last": 4}[way],
    )  # fmt: skip
    texts = {"first": "Glu", "last": "GABA"}
    assert out.metadata["transmitter"] == texts.get(way, "Glu, GABA")


def test_what_parallel_edges_must_share():
    gated = {**PARALLEL, "gater": ["x", None, "y", None, None, None]}
    with pytest.raises(
        TopologyError,
        match="edges of the edge from 'x' to 'a' to have the same gater.*'x' and 'y'",
    ):
        from_edges(gated, ["x"], ["y"], merge="sum")
    with pytest.raises(
        TopologyError, match="edge from 'x' to 'a' is given several times. Pass merge="
    ):
        from_edges(PARALLEL, ["x"], ["y"])
    late = {**PARALLEL, "delay": [0, 0, 2, 3, 0, 0]}
    net = from_edges(late, ["x"], ["y"], seed=0)  # other delays are other connections
    assert sorted(link.delay for link in net["a"].incoming) == [0, 1, 2]


@pytest.mark.parametrize("carried", ["activation", "state", None])
@pytest.mark.parametrize("make", ["from_edges", "from_networkx"])
def test_what_a_connection_of_a_neuron_to_itself_carries(make, carried):
    """An autapse is no perfect integrator: by default it is a connection with delay
    1."""
    edges = {
        "source": ["x", "a", "a"],
        "target": ["a", "a", "y"],
        "weight": [1.0, 0.5, 1.0],
    }
    table = edges if make == "from_edges" else nx.from_pandas_edgelist(
        pd.DataFrame(edges), edge_attr=True, create_using=nx.DiGraph
    )  # fmt: skip
    call = from_edges if make == "from_edges" else from_networkx
    options = {} if carried == "activation" else {"self_connections": carried}
    net = call(table, squash="relu", **options)
    assert net.run([[2.0], [-3.0], [0.0]]).ravel().tolist() == [2, 0, 0]
    states = {"activation": 0.0, "state": -1.0, None: 0.0}
    assert net["a"].state == states[carried]
    assert len(net) == (4 if carried == "activation" else 3)
    inhibitory = {**edges, "weight": [1.0, np.nan, 1.0], "sign": [1, -1, 1]}
    net = from_edges(inhibitory, seed=0, **options)
    self_connections = [
        link
        for link in net.connections
        if link.target is net["a"] and link.source is not net["x"]
    ]
    assert all(link.sign == -1 and link.weight < 0 for link in self_connections)
    assert len(self_connections) == (carried is not None)


def test_signs_of_neurons_are_those_of_their_connections():
    edges = {"source": ["x", "x", "a", "a"], "target": ["a", "y", "a", "y"]}
    net = from_edges(
        edges, neurons={"name": ["x", "a", "y"], "outgoing_sign": [1, -1, 0]}, seed=0
    )
    assert [
        (link.source.name, link.sign) for link in net.connections if link.trainable
    ] == [
        ("x", 1),
        ("x", 1),
        ("a delayed 1", -1),
        ("a", -1),
    ]
    wrong = {**edges, "weight": [1.0, 1.0, 1.0, 1.0], "sign": [1, 1, 1, -1]}
    with pytest.raises(
        ArgumentError,
        match=r"weight of the edge from 'a' to 'y' to have its sign -1, got 1",
    ):
        from_edges(wrong)


@pytest.mark.parametrize("missing", [np.nan, None, "", pd.NA, float("nan")])
def test_missing_names_are_refused(missing):
    for edges, where in (
        (
            {"source": ["x", missing], "target": ["a", "y"]},
            "the source of edge 1, to 'y'",
        ),
        (
            {"source": ["x", "a"], "target": ["a", missing]},
            "the target of edge 1, from 'a'",
        ),
    ):
        for table in (edges, pd.DataFrame(edges)):
            with pytest.raises(
                ArgumentError,
                match=f"Expected {where}, to have a name.*keep_default_na",
            ):
                from_edges(table)
    with pytest.raises(ArgumentError, match="every neuron to have a name"):
        from_edges(EDGES, neurons={"name": ["x", "a", "y", missing]})
    if missing is not None:
        with pytest.raises(ArgumentError, match="every node to have a name"):
            from_networkx(nx.DiGraph([("x", missing)]))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint64])
def test_neurons_have_the_numbers_of_columns_of_any_integer(dtype):
    """Numbers may lie further apart than their type can say."""
    lowest = -100 if np.issubdtype(dtype, np.signedinteger) else 3
    edges = {
        "source": np.array([lowest, lowest, 5, 100], dtype),
        "target": np.array([5, 100, 100, 7], dtype),
        "weight": np.ones(4),
    }
    net = from_edges(edges, [lowest], [7])
    assert [neuron.name for neuron in net] == [str(lowest), "5", "100", "7"]


def test_a_delay_of_zero_is_none():
    for delay in ([0, 1], [0.0, 1.0], [np.nan, 1.0], [None, 1]):
        net = from_edges({**EDGES, "delay": delay}, seed=0)
        assert [link.delay for link in net.connections][:2] == [0, 1]


def test_neurons_are_found_by_name():
    net = from_edges({"source": ["ASH", "AVA"], "target": ["AVA", "VA01"]}, seed=0)
    assert net["AVA"] is net.hidden[0][0]
    net["VA01"].name = "AVA"
    with pytest.raises(ArgumentError, match="2 neurons named 'AVA'"):
        net["AVA"]
    with pytest.raises(
        ArgumentError, match="no layer and no neuron named 'ASHL'. Did you mean 'ASH'"
    ):
        net["ASHL"]
    net.input[0].name = "output"
    assert net["output"] is net.output


def test_an_output_that_is_no_neuron_gets_the_name_that_is_meant():
    with pytest.raises(
        TopologyError, match=r"outputs to be nodes.*'VA1'\. Did you mean 'VA01'"
    ):
        from_edges(
            {"source": ["ASH", "AVA"], "target": ["AVA", "VA01"]}, ["ASH"], ["VA1"]
        )
