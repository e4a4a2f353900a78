"""Networks from tables of connections: the same as from a graph of them, and what is
refused."""

from functools import partial

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from synapse import from_edges, from_networkx, to_edges
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    TopologyError,
    TopologyWarning,
    UnknownNameError,
)
from tests.helpers.cases import all_refused

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


@pytest.mark.full
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
    options = {"seed": seed, "missing_weights": "draw"}
    net = from_edges(edges, *ends, **options)
    assert same(
        net, from_edges({key: edges[key].to_numpy() for key in edges}, *ends, **options)
    )
    facts = [
        (
            [neuron.name for neuron in network],
            {
                (link.source.name, link.target.name): (link.metadata, link.trainable)
                for link in network.connections
            },
        )
        for network in (net, from_networkx(graph, *ends, **options))
    ]
    assert facts[0] == facts[1]
    weighted = edges["weight"].notna().to_numpy()
    assert np.array_equal(net.weights[weighted], edges["weight"][weighted])


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
    links = [(link.trainable, link.gater) for link in net.connections]
    assert links == [(False, None), (True, net["a"])]


EDGES = {"source": ["x", "a"], "target": ["a", "y"]}
NUMBERS = {"source": [1, 2], "target": [2, 3]}


@pytest.mark.parametrize(
    ("edges", "options", "error", "message"),
    [
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
            "from 'x' to 'a' must be a number, got '1'",
        ),
        (
            {**EDGES, "weight": [1, np.inf]},
            {},
            ArgumentError,
            "'a' to 'y' must be a finite number, got inf",
        ),
        (
            {**EDGES, "sign": [1, 2]},
            {},
            ArgumentError,
            "sign of the edge from 'a' to 'y' must be .*got 2",
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
        (
            {"source": ["ASH", "AVA"], "target": ["AVA", "VA01"]},
            {"inputs": ["ASH"], "outputs": ["VA1"]},
            TopologyError,
            r"`outputs` must be nodes.*'VA1'\. Did you mean 'VA01'",
        ),
        # no list of edges
        (
            [("x", "y"), ("x",)],
            {},
            ArgumentError,
            r"Edge 1 must be \(source, target\), ",
        ),
        ([("x", "y", "z")], {}, ArgumentError, "attributes.*got .*'z'"),
        ([("x", "y", float("nan"))], {}, ArgumentError, "Edge 0"),
        ([("x", "y", {"source": 1})], {}, ArgumentError, "Edge 0"),
        (["xy"], {}, ArgumentError, "Edge 0"),
        ([], {}, TopologyError, "at least two"),
        ([("x", "y"), ("x", "y")], {}, TopologyError, 'Pass merge="sum"'),
        ("xy", {}, ArgumentTypeError, "a list of tuples, a data frame or a mapping"),
        (nx.DiGraph([(0, 1)]), {}, ArgumentTypeError, r"from_networkx\(graph\)"),
        (nx.MultiDiGraph([(0, 1)]).edges, {}, ArgumentTypeError, "from_networkx"),
        # text beside whole numbers
        (
            {"source": [1, 2], "target": ["2", "3"]},
            {},
            ArgumentError,
            "got both 2 and '2'.*astype",
        ),
        (
            NUMBERS,
            {"neurons": {"name": ["1", "2", "3"]}},
            TopologyError,
            "between the given neurons, got one of 1. The names .* are text: '1'",
        ),
        (
            {"source": ["1", "2"], "target": ["2", "3"]},
            {"outputs": [3]},
            TopologyError,
            "text: '3'",
        ),
        (
            {**NUMBERS, "gater": [None, "2 0"]},
            {},
            TopologyError,
            "gater of the edge from 2 to 3 must be a node.* got '2 0'",
        ),
    ],
)
def test_what_cannot_be_a_network_is_refused(edges, options, error, message):
    with pytest.raises(error, match=message):
        from_edges(edges, **options)


def test_a_list_of_edges_is_as_networkx_has_it():
    """Tuples with and without weights or attributes, pairs of an array, edges of a
    graph."""
    attributes = {"weight": 0.5, "delay": 2, "kind": "chemical"}
    edges = [("x", "a"), ("x", "y", None), ("a", "b", 2), ("b", "y", attributes)]
    *_, link, last = from_edges(edges, seed=0).connections
    assert (link.weight, last.weight, last.delay) == (2.0, 0.5, 2)
    assert last.metadata == {"kind": "chemical"}
    pairs = [(edge[0], edge[1]) for edge in edges]
    graph = nx.DiGraph(pairs)
    drawn = from_networkx(graph, seed=0)
    for twin in (pairs, zip(*zip(*pairs, strict=True), strict=True), graph.edges):
        assert same(from_edges(twin, seed=0), drawn)
    graph.edges["x", "a"]["weight"] = -1.0
    for view in (graph.edges(data=True), graph.edges(data="weight")):
        twin = from_networkx(graph, seed=0, missing_weights="draw")
        assert same(from_edges(view, seed=0), twin)
    net = from_edges(np.array([[3, 5], [5, 4]]))
    assert [neuron.name for neuron in net] == ["3", "5", "4"]


PARALLEL = {
    "source": ["x", "a", "x", "a", "a", "x"],
    "target": ["a", "y", "a", "y", "a", "y"],
    "weight": [1.0, 3.0, 2.0, -1.0, 0.5, np.nan],
    "sign": [1, np.nan, 1, -1, np.nan, -1],
    "transmitter": ["ACh", "Glu", "ACh", "GABA", None, None],
    "synapses": [3, 1, 4, 2, 6, 1],
}


def multigraph(table):
    """A graph of the edges; a missing weight is none there."""
    graph = nx.from_pandas_edgelist(
        pd.DataFrame(table), edge_attr=True, create_using=nx.MultiDiGraph, edge_key=None
    )
    for *_, data in graph.edges(data=True):
        if np.isnan(data["weight"]):
            del data["weight"]
    return graph


@pytest.mark.parametrize(
    ("way", "weights", "synapses", "transmitter"),
    [
        ("sum", [3, 2], 7, "Glu, GABA"),
        ("mean", [1.5, 1], 3.5, "Glu, GABA"),
        ("first", [1, 3], 3, "Glu"),
        ("last", [2, -1], 4, "GABA"),
    ],
)
@pytest.mark.parametrize(
    ("make", "form"),
    [
        (from_edges, pd.DataFrame),
        (from_edges, dict),
        (from_networkx, multigraph),
    ],
)
def test_parallel_edges_are_merged(make, form, way, weights, synapses, transmitter):
    options = {"merge": way, "missing_weights": "draw", "seed": 0}
    net = make(form(PARALLEL), ["x"], ["y"], **options)
    into = net["x"].connection_to(net["a"])
    out = net["a"].connection_to(net["y"])
    assert [into.weight, out.weight] == weights
    assert (into.sign, out.sign) == (1, -1 if way == "last" else None)
    assert net["x"].connection_to(net["y"]).weight < 0  # it has a sign and no weight
    assert into.metadata == {"transmitter": "ACh", "synapses": synapses}
    assert out.metadata["transmitter"] == transmitter


@pytest.mark.parametrize("way", ["sum", "mean", "first", "last"])
def test_a_weight_of_text_among_parallel_edges_is_told_as_it_stands(way):
    """Not their texts joined by a comma, which stand nowhere."""
    ends = {"source": ["x", "x"], "target": ["y", "y"]}
    graph = nx.MultiDiGraph([("x", "y", {"weight": "5"}), ("x", "y", {"weight": "7"})])
    said = "edge from 'x' to 'y' must be a number, got '7'" if way == "last" else "'5'"
    for make, given in (
        (from_edges, {**ends, "weight": ["5", "7"]}),
        (from_networkx, graph),
    ):
        with pytest.raises(ArgumentTypeError, match=said) as caught:
            make(given, merge=way)
        assert "5, 7" not in str(caught.value)
    if way in ("sum", "mean"):
        with pytest.raises(ArgumentError, match="sign of the edge from 'x' to 'y'"):
            from_edges({**ends, "sign": [1, 7]}, merge=way)


def test_what_parallel_edges_must_share():
    gated = {**PARALLEL, "gater": ["x", None, "y", None, None, None]}
    all_refused(
        [
            (
                partial(from_edges, gated, merge="sum"),
                TopologyError,
                "of the edge from 'x' to 'a' must have the same gater.*'x' and 'y'",
            ),
            (
                partial(from_edges, PARALLEL),
                TopologyError,
                "edge from 'x' to 'a' is given several times. Pass merge=",
            ),
        ]
    )
    late = {**PARALLEL, "delay": [0, 0, 2, 3, 0, 0]}
    # Other delays are other connections.
    net = from_edges(late, ["x"], ["y"], seed=0, missing_weights="draw")
    assert sorted(link.delay for link in net["a"].incoming) == [0, 1, 2]


NT = {"ACh": 1, "GABA": -1, "dopamine": 0}


@pytest.mark.parametrize("of_neurons", [False, True])
def test_signs_by_a_column_of_transmitters(of_neurons):
    edges = {"source": ["x", "a", "b", "c"], "target": ["a", "y", "y", "y"]}
    nts = ["ACh", "GABA", "dopamine", None]
    neurons = {"name": ["x", "a", "b", "c", "y"], "nt": [*nts, None]}
    column = {} if of_neurons else {"nt": nts}
    options = {"neurons": neurons if of_neurons else None, "signs": {"nt": NT}}

    def net_of(weights):
        return from_edges({**edges, **column, **weights}, ["x", "b", "c"], **options)

    for last in (2, -2.0):
        net = net_of({"weight": [3, 4 * last, 5, last]})
        links = [(link.source.name, link.weight, link.sign) for link in net.connections]
        expected = {("x", 3, 1), ("a", -8, -1), ("b", 5, None), ("c", last, None)}
        assert {*links} == expected
    drawn = net_of({})["a"].outgoing[0]
    assert drawn.weight < 0 > drawn.sign
    with pytest.raises(ArgumentError, match="edge from 'x' to 'a' must have its sign"):
        net_of({"weight": [-3, -8, 5, 2]})


@pytest.mark.parametrize(
    ("signs", "message"),
    [
        ({"nt": {"ACh": 1}}, "a sign for 'GABA' in the column 'nt'"),
        ({"nt": {"ACh": 2, "GABA": -1}}, r"must be \+1, -1 or 0"),
        ({"other": NT}, "need a column 'other' of edges or neurons"),
        ({"nt": NT, "other": NT}, "must be like"),
        ({"ACh": 1}, "must be like"),
        (NT, "must be like"),
        ("nt", "must be like"),
    ],
)
def test_signs_that_say_too_little_are_refused(signs, message):
    edges = {"source": ["x", "a"], "target": ["a", "y"], "nt": ["ACh", "GABA"]}
    with pytest.raises((ArgumentError, ArgumentTypeError), match=message):
        from_edges(edges, signs=signs)
    with pytest.raises(ArgumentError, match="no column 'sign'"):
        from_edges({**edges, "sign": [1, -1]}, signs={"nt": NT})


@pytest.mark.parametrize("missing", [np.nan, None, "", pd.NA, float("nan")])
def test_missing_names_are_refused(missing):
    nowhere = {"source": ["x", missing], "target": ["a", "y"]}
    to_none = {"source": ["x", "a"], "target": ["a", missing]}
    of_source = "The source of edge 1, to 'y', must have a name.*keep_default_na"
    of_target = "The target of edge 1, from 'a', must have a name.*keep_default_na"
    neurons = {"name": ["x", "a", "y", missing]}
    calls = [
        (partial(from_edges, nowhere), of_source),
        (partial(from_edges, pd.DataFrame(nowhere)), of_source),
        (partial(from_edges, to_none), of_target),
        (partial(from_edges, pd.DataFrame(to_none)), of_target),
        (partial(from_edges, EDGES, neurons=neurons), "Every neuron must have a name"),
    ]
    if missing is not None:
        graph = nx.DiGraph([("x", missing)])
        calls.append((partial(from_networkx, graph), "Every node must have a name"))
    all_refused([(call, ArgumentError, words) for call, words in calls])


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


PUBLISHED = {
    # as their downloads and clients call the columns; the ends, and the weight if any
    "Codex": ("pre_root_id post_root_id neuropil syn_count nt_type", "0 1 3"),
    "CAVE": ("id pre_pt_supervoxel_id pre_pt_root_id post_pt_root_id size", "2 3"),
    "FlyWire 783": ("pre_pt_root_id post_pt_root_id neuropil syn_count gaba", "0 1 3"),
    "neuprint": ("type_pre type_post bodyId_pre bodyId_post roi weight", "2 3 5"),
    "neuPrint, Cypher": ("a.type a.bodyId b.bodyId w.weight", "1 2 3"),
    "male CNS": ("body_pre body_post weight", "0 1 2"),
    "pymaid": ("source_skid target_skid weight", "0 1 2"),
    "CATMAID": ("connector_id pre_skid post_skid pre_x post_x", "1 2"),
    "fafbseg": ("pre post weight neuropil", "0 1 2"),
    "SONATA": ("source_node_id target_node_id syn_weight", "0 1 2"),
    "Brian2": ("i j w", "0 1 2"),
    "worm": ("Origin,Target,Number of Connections,Neurotransmitter", "0 1 2"),
}


def test_a_delay_of_zero_is_none():
    for delay in ([0, 1], [0.0, 1.0], [np.nan, 1.0], [None, 1]):
        net = from_edges({**EDGES, "delay": delay}, seed=0)
        assert [link.delay for link in net.connections][:2] == [0, 1]


@pytest.mark.parametrize("form", [dict, pd.DataFrame])
@pytest.mark.parametrize("empty", [np.nan, None])
def test_a_weight_that_is_missing_among_others_is_refused(form, empty):
    """Unless it is to be drawn: no number comes from nowhere."""
    ends = {"source": ["x", "a", "x"], "target": ["a", "y", "y"]}
    edges = form({**ends, "weight": [1.0, empty, -3.0]})
    none = (
        "of all connections or of none, got none of 1 of 3: the edge from 'a' to 'y'"
        ' has none.*missing_weights="draw"'
    )
    zero = partial(from_edges, edges, missing_weights="zero")
    all_refused(
        [
            (partial(from_edges, edges, seed=0), ArgumentError, none),
            (zero, ArgumentError, "`missing_weights` must be"),
        ]
    )
    nets = [from_edges(edges, seed=seed, missing_weights="draw") for seed in (0, 1)]
    assert [net.weights[[0, 2]].tolist() for net in nets] == [[1.0, -3.0]] * 2
    assert nets[0].weights[1] != nets[1].weights[1]
    without = from_edges(form({**ends, "weight": [empty] * 3}), seed=0)
    assert np.array_equal(without.weights, from_edges(ends, seed=0).weights)


@pytest.mark.parametrize("way", ["sum", "mean"])
def test_a_weight_and_none_are_not_merged(way):
    edges = {"source": ["x"] * 3, "target": ["y"] * 3, "weight": [1.0, np.nan, 2.0]}
    of_none = {**edges, "weight": [1.0, None, 2.0]}
    words = "of the edge from 'x' to 'y' must have a weight to be merged, got 2 weights"
    calls = [
        partial(from_edges, edges, merge=way),
        partial(from_edges, edges, merge=way, missing_weights="draw"),
        partial(from_edges, of_none, merge=way),
        partial(from_networkx, multigraph(edges), merge=way),
    ]
    all_refused([(call, ArgumentError, f"{words} for 3 edges") for call in calls])
    assert from_edges(edges, merge="last").weights.tolist() == [2.0]


def test_blanks_around_names_are_removed_with_one_warning():
    edges = {"source": ["x ", "a", " x"], "target": ["\ta", "y", "y\n"]}
    table = {"name": ["x", " a ", "y"], "squash": ["identity"] * 3, "kind": list("xay")}
    with pytest.warns(
        TopologyWarning, match=r"Removed the blanks around 5 names.*such as '\\ta'"
    ) as warned:
        net = from_edges({**edges, "gater": [None, None, "a "]}, [" x"], neurons=table)
    assert len(warned) == 1
    assert [neuron.name for neuron in net] == ["x", "a", "y"]
    assert net.connections[2].gater is net["a"]
    assert net.select(kind="a") == [net["a"]]
    with pytest.warns(TopologyWarning, match="Removed the blanks around 4 names"):
        assert len(from_edges(edges)) == 3


def test_nodes_that_differ_by_blanks_are_told():
    graph = nx.DiGraph([("x", "a"), ("a ", "y"), ("x", "a ")])
    with pytest.warns(TopologyWarning, match="1 node, such as 'a', and.*relabel_nodes"):
        from_networkx(graph, outputs=["y", "a"])


def test_connections_into_inputs_are_counted_in_one_warning():
    edges = {"source": ["x", "a", "a", "z"], "target": ["a", "y", "x", "x"]}
    graph = nx.from_pandas_edgelist(pd.DataFrame(edges), create_using=nx.DiGraph)
    words = "2 of 4 connections lead into inputs.*never act.*new"
    for make, given in ((from_edges, edges), (from_networkx, graph)):
        with pytest.warns(TopologyWarning, match=words) as warned:
            make(given, ["x", "z"])
        assert [warning.filename for warning in warned] == [__file__]
    remedy = {"source": [*edges["source"], "in"], "target": [*edges["target"], "x"]}
    net = from_edges(remedy, ["in", "z"])  # without a warning
    assert len(net["x"].incoming) == 3


def test_the_tables_of_a_network_are_those_it_is_made_of():
    edges = pd.DataFrame(
        {
            "source": ["NA", "007", "NA", "NA"],
            "target": ["007", "y", "y", "y"],
            "weight": [1.0, -0.5, 0.25, 0.75],
            "delay": [0, 0, 2, 3],
            "sign": [1, -1, np.nan, np.nan],
            "transmitter": ["Glu", None, "ACh", None],
        }
    )
    net = from_edges(edges, squash="tanh")
    tables = to_edges(net)
    assert tables.neurons["name"].tolist() == ["NA", "007", "y"]
    columns = ["source", "target", "weight"]
    pd.testing.assert_frame_equal(tables.edges[columns], edges[columns])
    assert tables.edges.fillna({"delay": 0}).delay.tolist() == [0, 0, 2, 3]
    absent, given = (
        [value is None for value in each.transmitter] for each in (tables.edges, edges)
    )
    assert absent == given
    twin = from_edges(tables.edges, neurons=tables.neurons)
    rows = np.arange(8.0).reshape(8, 1)
    assert np.array_equal(twin.run(rows), net.run(rows))
    assert [link.sign for link in twin.connections] == [1, -1, None, None]


def test_tables_need_names():
    net = from_edges([("a", "b"), ("b", "c")])
    net[0].name = "b"
    all_refused(
        [
            (partial(to_edges, net), ArgumentError, "different names, got 2 named 'b'"),
            (partial(to_edges, [1]), ArgumentTypeError, "`network` must be a Network"),
        ]
    )


@pytest.mark.parametrize("where", PUBLISHED)
def test_published_tables_are_answered_by_the_line_that_renames_them(where):
    columns, places = PUBLISHED[where]
    names = columns.split("," if "," in columns else None)
    edges = pd.DataFrame({name: [i + 10, i + 20] for i, name in enumerate(names)})
    with pytest.raises(ArgumentError, match="Rename them: ") as raised:
        from_edges(edges)
    line = str(raised.value).partition("Rename them: edges = ")[2][:-1]
    renamed = eval(line, {"edges": edges})
    roles = ("source", "target", "weight")
    for role, place in zip(roles, map(int, places.split()), strict=False):
        assert renamed[role].tolist() == [place + 10, place + 20]
        if role == "weight":
            assert from_edges(renamed).weights.tolist() == [place + 10, place + 20]
