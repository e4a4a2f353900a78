"""Connections that delay an activation by any number of steps."""

from functools import partial
from itertools import product

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, strategies as st

import architect
import synapse
from synapse import Layer, Network, Neuron, Topology
from synapse.analysis import late_connections
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    TopologyError,
    TopologyWarning,
)
from tests.helpers.cases import all_refused
from tests.helpers.relays import with_plain_relays
from tests.helpers.strategies import delay_some
from tests.readwrite.formats import GRAPHS, content_of, from_content
from tests.readwrite.nets import WAYS

ROWS = [[1.0], [2.0], [3.0], [4.0], [5.0]]


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("late", [False, True])
@given(delay=st.integers(1, 5), other=st.integers(1, 5))
def test_a_delay_is_exact_in_every_network(together, late, delay, other):
    """Along two connections, made before or after the network, whose clock may
    change."""
    x, a, y = layers = [Layer(1, "identity") for _ in range(3)]

    def connect():
        return [
            x.project(a, weights=1.0, delay=delay),
            a.project(y, weights=1.0, delay=other),
            x.project(y, weights=100.0, delay=other),
        ]

    links = [] if late else connect()
    net = Network(*layers, synchronous=together)
    links = links or connect()
    for _ in range(2):
        assert net.run(np.arange(1.0, 13.0)[:, None]).ravel().tolist() == [
            max(t - delay - other, 0) + 100 * max(t - other, 0) for t in range(1, 13)
        ]
        net.synchronous = not net.synchronous
        net.clear()
    assert [projection[0].delay for projection in links] == [delay, other, other]
    assert [layer.name for layer in net.layers] == ["input", "hidden", "output"]


def test_copies_graphs_and_files_keep_delays():
    """A graph without gates is read in an order by depth, too."""
    net = architect.Random(2, 8, 2, gates=3, backward=4, seed=0)
    forward = architect.Perceptron(2, 4, 2, seed=0)  # any order fits it
    rows = np.random.default_rng(0).normal(size=(9, 2))
    for kept in (net, forward):
        delay_some(kept, 1, 8)
        expected = kept.run(rows)
        kept.clear()
        graph = synapse.to_networkx(kept, multigraph=True)
        for other in (
            kept.clone(),
            synapse.from_networkx(kept.graph),
            synapse.from_networkx(graph),
            synapse.readwrite.from_json_data(synapse.readwrite.json_data(kept)),
        ):
            assert np.array_equal(other.run(rows), expected)
    by_depth = synapse.from_networkx(
        graph, [0, 1], list(graph)[-2:], attributes={"subset": None}
    )
    assert by_depth.run(rows) == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
@given(
    seed=st.integers(0, 10**6),
    steps=st.integers(0, 4),
    parallel=st.booleans(),
    way=st.sampled_from(["networkx", "multigraph", "graphml", "copy", "plain"]),
)
def test_graphs_show_delays(seed, steps, parallel, way):
    """In the middle of a run, too; a pair with several connections has one edge, the
    shortest delay, in graphs that are no multigraphs."""
    rng = np.random.default_rng(seed)
    ends = [(i, j) for i in range(6) for j in range(2, 6) if i != 5]
    links = {
        (i, j, int(rng.integers(int(i >= j), 5))): float(rng.normal())
        for i, j in (ends[k] for k in rng.permutation(len(ends))[:9].tolist())
    }
    if parallel:
        links |= {(0, 4, delay): 0.3 for delay in (0, 2, 3)}
    net, neurons = built(links, range(6), seed)
    net.run(rng.normal(size=(steps, 2)))
    shortest = {
        (str(i), str(j)): delay or None for i, j, delay in sorted(links, reverse=True)
    }
    graph = net.graph
    assert shortest == {
        (source.name, target.name): data.get("delay")
        for source, target, data in graph.edges(data=True)
    }
    assert dict(graph.in_degree()) == {
        neurons[j]: sum(target == str(j) for _, target in shortest) for j in range(6)
    }
    assert all(node in graph.pred[after] for node, after in graph.edges)
    table = Topology.of(net)
    plain = synapse.to_networkx(table)
    assert [
        each.size()
        for each in (graph, plain, synapse.to_networkx(table, multigraph=True))
    ] == [len(shortest), len(shortest), len(links)]
    kept = {str(i) + str(j) + str(d) for i, j, d in links}
    if way in GRAPH_WAYS:
        other = GRAPH_WAYS[way](net)
    else:
        other = synapse.from_networkx(graph.copy() if way == "copy" else plain)
        kept = {i + j + str(delay or 0) for (i, j), delay in shortest.items()}
    assert {"".join(map(str, _ends(link))) for link in other.connections} == kept
    if len(kept) == len(links):
        rows = rng.normal(size=(7, 2))
        assert other.run(rows) == pytest.approx(net.run(rows), rel=1e-12, abs=1e-12)


def test_a_live_graph_follows_delays_that_come_and_go():
    net, neurons = built({(0, 3, 0): 1.0, (3, 5, 0): 1.0}, range(6), 0)
    graph = net.graph
    x, a, y = neurons[0], neurons[3], neurons[5]
    assert [data.get("delay") for *_, data in graph.edges(data=True)] == [None, None]
    link = x.project(y, weight=0.5, delay=3)
    assert (len(graph), graph.edges[x, y]["delay"]) == (6, 3)
    assert list(graph.pred[y]) == [a, x]
    assert nx.shortest_path_length(graph, x, y) == 1
    near = x.project(y, weight=0.5, delay=1)
    assert graph.edges[x, y] is near
    assert y.incoming == (a.connection_to(y), link, near)
    link.delay = 0
    assert graph.edges[x, y] is link
    assert "delay" not in link
    link.delay = 3
    x.disconnect(y, delay=1)
    assert graph.edges[x, y] is link
    y.gate(link)
    assert graph.edges[x, y]["gater"] == "5"
    x.disconnect(y)
    assert (len(graph), graph.size()) == (6, 2)
    loop, delayed = a.project(a), a.project(a, delay=2)
    assert graph.edges[a, a] is a.self_connection is loop
    assert delayed in a.outgoing


def test_graphs_and_tables_say_delays():
    """A delayed edge closes no cycle within a step, and keeps its sign, gater and
    metadata."""
    graph = nx.DiGraph([("x", "a", {"delay": 2}), ("a", "b"), ("b", "y")])
    graph.add_edge("b", "a", delay=1, sign=1, gater="x", receptor="fast")
    nx.set_edge_attributes(graph, 1.0, "weight")
    graph.edges["b", "a"]["weight"] = 0.5
    net = synapse.from_networkx(graph, squash="identity")
    assert (len(net), len(late_connections(net).connections)) == (4, 2)
    assert net.run(ROWS).ravel().tolist() == [0, 0, 1, 4, 13]
    (link,) = (link for link in net.connections if link.gater)
    assert (link.delay, link.sign, link.metadata["receptor"]) == (1, 1, "fast")
    near = nx.DiGraph([("x", "b"), ("a", "b"), ("b", "y"), ("b", "a", {"delay": 1})])
    nx.set_edge_attributes(near, 1.0, "weight")
    assert synapse.from_networkx(near, squash="identity").run(
        ROWS
    ).ravel().tolist() == [1, 3, 6, 10, 15]
    links = nx.to_pandas_edgelist(graph).drop(columns=["gater"])
    nx.set_edge_attributes(graph, dict.fromkeys(graph.edges), "gater")
    assert np.array_equal(
        synapse.from_edges(links, squash="identity").run(ROWS),
        synapse.from_networkx(graph, squash="identity").run(ROWS),
    )
    numbers = np.arange(4980)
    large = synapse.from_edges(
        {"source": numbers % 60, "target": 60 + numbers % 83, "delay": 1 + numbers % 4},
        seed=0,
    )
    assert (len(large), len(large.connections)) == (143, 4980)


def test_edits():
    net = Network(*(Layer(1, "identity", name=name) for name in "xay"))
    x, a, y = net

    def outputs():
        net.clear()
        return net.run(ROWS).ravel().tolist()

    x.project(a, weight=1.0)
    a.sign = -1
    link = a.project(y, weight=-2.0, delay=2)
    assert link.sign == -1
    a.sign = None
    link.weight = 2.0
    a.sign = 1
    # feedback of the activation, not a self-connection
    loop = a.project(a, weight=0.5, delay=1)
    assert (link.sign, loop.sign, a.self_connection) == (1, 1, None)
    net.sort_layers()
    assert [layer.name for layer in net.layers] == ["x", "a", "y"]
    assert outputs() == [0, 0, 2, 5, 8.5]
    middle = Neuron("identity")
    a.project(middle, weight=1.0, delay=1)
    middle.project(y, weight=100.0, delay=1)
    net.add(middle)
    assert outputs() == [0, 0, 102, 255, 433.5]
    a.disconnect(y)
    assert outputs() == [0, 0, 100, 250, 425]
    assert synapse.analysis.lesions(
        net, np.ones((1, 4, 1)), np.ones((1, 4, 1))
    ).change.shape == (4,)
    net.remove(a)
    assert outputs() == [0] * 5


@pytest.mark.parametrize("composed", [False, True], ids=["in a network", "before it"])
def test_a_delay_changes_at_any_time(composed):
    """The weight stays; a source remembers as many steps as it has ever been read
    back."""
    x, y = Neuron("identity"), Neuron("identity")
    link = x.project(y, weight=0.5)
    if composed:
        link.delay = 2
    net = Network(Layer([x]), Layer([y]))
    link.delay = 2
    assert (link.delay, link.weight, x.connection_to(y, delay=2)) == (2, 0.5, link)
    for delay, rows, expected in (
        (2, ROWS, [0, 0, 0.5, 1, 1.5]),
        (1, [[6.0]], [2.5]),
        # what was before the two steps that it remembers is forgotten
        (4, [[7.0], [8.0], [9.0]], [0, 2, 2.5]),
        (3, [], []),
        (0, [[10.0]], [5.0]),
    ):
        link.delay = delay
        assert net.run(np.reshape(rows, (-1, 1))).ravel().tolist() == expected
    other = x.project(y, weight=1.0, delay=4)
    loop = y.project(y, weight=0.5, delay=1)
    memory = y.project(y, weight=0.1)
    all_refused(
        (partial(setattr, changed, "delay", delay), error, words)
        for changed, delay, error, words in (
            (link, 4, TopologyError, "already with the del"),
            (other, 0, TopologyError, "already without a d"),
            (loop, 0, TopologyError, "carries the state"),
            (memory, 2, TopologyError, "carries the state"),
            (link, -1, ArgumentError, "0 to 10,000"),
            (link, None, ArgumentTypeError, "got None"),
        )
    )
    assert [link.delay, other.delay, loop.delay, memory.delay] == [0, 4, 1, 0]
    loop.delay = 3
    assert y.connection_to(y, delay=3) is loop


def built(links, present, seed, composed=True):
    """A network of two inputs, three hidden neurons and an output, or what it is to
    consist of, with some of them and their links."""
    biases = np.random.default_rng(seed).normal(size=6).tolist()
    neurons = {i: Neuron("tanh", bias=biases[i], name=str(i)) for i in present}
    layers = [
        Layer([neurons[i] for i in group if i in present])
        for group in ((0, 1), (2, 3, 4), (5,))
    ]
    net = Network(*layers) if composed else None
    for (source, target, delay), weight in links.items():
        if {source, target} <= set(present):
            neurons[source].project(
                neurons[target], weight=weight, **({"delay": delay} if delay else {})
            )
    return net, neurons


@pytest.mark.filterwarnings(
    "ignore::synapse.errors.TopologyWarning", "ignore::synapse.errors.TrainingWarning"
)
@given(seed=st.integers(0, 10**6), rule=st.sampled_from(["online", "rtrl"]))
def test_what_is_left_of_a_network_is_one_built_without_the_rest(seed, rule):
    """Also in all that it learns then."""
    rng = np.random.default_rng(seed)
    every = [
        (i, j, int(delay))
        for i in range(6)
        for j in range(2, 6)
        for delay in rng.integers(0, 4, 2)
    ]
    every = [link for link in dict.fromkeys(every) if link[0] < link[1] or link[2]]
    chosen = [every[i] for i in rng.permutation(len(every))[:14].tolist()]
    links = dict(zip(chosen, rng.uniform(-0.8, 0.8, len(chosen)).tolist(), strict=True))
    net, neurons = built(links, range(6), seed)
    net.rule = rule
    trainer = synapse.Trainer(net, optimizer=synapse.optimizers.Adam(0.01), rule=rule)
    rows = rng.normal(size=(6, 2))
    targets = rng.random((6, 1))
    trainer.train(rows, targets, epochs=2, progress=False)
    gone = [i for i in rng.permutation(range(6))[:2].tolist() if i in (1, 2, 3)]
    cut = [link for link in links if not {*gone} & {*link[:2]}][::3]
    net.run(rows)
    for i in gone:
        net.remove(neurons[i])
    for i, j, delay in cut:
        neurons[i].disconnect(neurons[j], delay=delay)
    inputs = rows[:, : len(net.input)]
    left = {link: weight for link, weight in links.items() if link not in cut}
    other, _ = built(left, [i for i in range(6) if i not in gone], seed)
    weights = {_ends(link): link.weight for link in net.connections}
    biases = {neuron.name: neuron.bias for neuron in net}
    assert weights.keys() == {_ends(link) for link in other.connections}
    assert biases.keys() == {neuron.name for neuron in other}
    other.weights = [weights[_ends(link)] for link in other.connections]
    other.biases = [biases[neuron.name] for neuron in other]
    for network in (net, other):
        network.clear()
        network.rule = rule
        written = synapse.readwrite.npz_data(network)
        assert isinstance(synapse.readwrite.from_npz_data(written), Network)
        for row, target in zip(inputs, targets, strict=True):
            network.activate(row)
            network.propagate(0.1, target)
    assert net.run(inputs) == pytest.approx(other.run(inputs), rel=1e-12, abs=1e-12)
    trainer.train(inputs, targets, epochs=1, progress=False)


def _ends(link):
    """Names of the neurons that a connection leads from and to, and its delay."""
    return link.source.name, link.target.name, link.delay


def test_what_is_no_delay_is_refused():
    x, y, single = Layer(1), Layer(2), Layer(1, dtype=np.float32)
    either = ArgumentError, ArgumentTypeError
    in_graph = r"delay.*attributes=\{'delay': None\}"
    all_refused(
        [
            case
            for wrong, error in (
                (1.5, ArgumentTypeError),
                (-1, ArgumentError),
                ("2", ArgumentTypeError),
            )
            for graph in [nx.DiGraph([("x", "y", {"delay": wrong})])]
            for case in (
                (partial(x.project, y, delay=wrong), error, "delay"),
                (partial(x[0].project, y[0], delay=wrong), error, "delay"),
                (partial(x[0].project, y, delay=wrong), error, "delay"),
                (partial(synapse.from_networkx, graph), either, in_graph),
            )
        ]
    )
    tables = [
        {"source": ["x"], "target": ["y"], "delay": [wrong]}
        for wrong in (1.5, -1, 1e9, np.inf, "soon")
    ]
    all_refused(
        (partial(synapse.from_edges, table), either, "delay") for table in tables
    )
    with pytest.raises(ArgumentError, match="weights"):
        x.project(y, weights=[1.0, 2.0, 3.0], delay=2)
    x.project(y, delay=2)
    net = Network(x, y)
    refused = (
        ("already", lambda: x[0].project(y[1], delay=2)),
        ("float32", lambda: x.project(single, delay=5)),
        ("float32", lambda: x[0].project(single[0], delay=5)),
        ("already", lambda: Layer([*y, x[0]]).project(y, ((2, 0), (0, 1)), delay=2)),
    )
    all_refused((call, TopologyError, words) for words, call in refused)
    assert (len(net), len(y[0].outgoing)) == (3, 0)


def test_which_of_several_connections_is_removed_has_to_be_said():
    """But for the one without a delay, which starts at the neuron itself."""
    net, neurons = built({(0, 3, 0): 0.1, (0, 3, 2): 0.2, (0, 3, 5): 0.3}, range(6), 0)
    a, b = neurons[0], neurons[3]
    weights = [a.connection_to(b, delay=delay).weight for delay in (0, 2, 5)]
    assert weights == [0.1, 0.2, 0.3]
    assert a.connection_to(b).delay == 0
    a.disconnect(b)
    assert a.connection_to(b).delay == 2
    all_refused(
        [
            (lambda: a.disconnect(b), TopologyError, "delays 2 and 5.*delay=5"),
            (lambda: a.disconnect(b, delay=3), TopologyError, r"\(2 or 5\), got 3"),
            (lambda: a.disconnect(b, delay=0), TopologyError, r"\(2 or 5\), got 0"),
            (lambda: a.disconnect(b, delay=-1), ArgumentError, "0 to 10,000, got -1"),
            (lambda: a.connection_to(b, delay=1.5), ArgumentTypeError, "got 1.5"),
        ]
    )
    assert len(net.connections) == 2
    a.disconnect(b, delay=5)
    assert a.connection_to(b).weight == 0.2
    a.disconnect(b)
    assert (len(net), len(net.connections)) == (6, 0)


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
@given(seed=st.integers(0, 10**6), composed=st.booleans())
def test_ends_and_delay_find_every_connection(seed, composed):
    """Also in a store that was just edited, or lowered, and before there is a
    network. The ends are enough where they have one connection."""
    rng = np.random.default_rng(seed)
    links = {
        (int(rng.integers(6)), int(rng.integers(2, 6)), int(rng.integers(1, 5)))
        for _ in range(12)
    }
    net, neurons = built(dict.fromkeys(links, 0.5), range(6), seed, composed)
    while links:
        if rng.random() < 0.3 and composed:
            net.activate([0.1, 0.2])
        for (i, a), (j, b) in product(neurons.items(), repeat=2):
            delays = [delay for delay in range(6) if (i, j, delay) in links]
            every = [a.connection_to(b, delay=delay) for delay in range(6)]
            assert [link.delay for link in every if link] == delays
            assert a.connection_to(b) is next(filter(None, every), None)
            assert a.self_connection is None
        i, j, delay = links.pop()
        a, b = neurons[i], neurons[j]
        link = a.connection_to(b, delay=delay)
        if any(other[:2] == (i, j) for other in links):
            a.disconnect(b, delay=delay)
        else:
            a.disconnect(b)
            with pytest.raises(TopologyError, match="nothing to disconnect"):
                a.disconnect(b)
        assert repr(link) == "<Connection, removed>"
    assert not any(neuron.outgoing for neuron in neurons.values())


def beside(late, together):
    """A connection, and one with a delay of 1 between the same neurons; the first one
    leads backward, or forward."""
    x, a, y = layers = [Layer(2, "identity", name=name) for name in "xay"]
    x.project(a, weights=1.0)
    a.project(y, weights=1.0)
    source, target = (y, a) if late else (a, y)
    if late:
        source.project(target, "one_to_one", weights=0.25)
    source.project(target, "one_to_one", weights=0.25, delay=1)
    return Network(*layers, synchronous=together)


@pytest.mark.parametrize("together", [False, True], ids=["in order", "synchronous"])
def test_a_delay_of_1_beside_a_connection_that_is_late_anyway_is_told_once(together):
    """It is known with the first step; both act, as the sentence says."""
    net = beside(True, together)
    reason = "the network is synchronous" if together else "the order of activation"
    with pytest.warns(TopologyWarning, match=f"(?s){reason}.*both act.*2 such pairs.*"):
        net.activate([0.0, 0.0])
    net.activate([1.0, 0.0])
    net["x"][0].disconnect(net["a"][1])
    net.activate([1.0, 0.0])  # an edit elsewhere changes nothing
    net.clone().activate([1.0, 0.0])
    for source, target in zip(net["y"], net["a"], strict=True):
        source.disconnect(target, delay=1)
        source.connection_to(target).weight = 0.5
    other = beside(True, together)
    net.clear()
    other["x"][0].disconnect(other["a"][1])
    rows = np.random.default_rng(0).normal(size=(6, 2))
    with pytest.warns(TopologyWarning, match="both act"):
        expected = other.run(rows)
    assert net.run(rows) == pytest.approx(expected)
    net["y"][0].project(net["a"][0], weight=0.5, delay=1)
    with pytest.warns(TopologyWarning, match="1 such pair"):
        net.run(rows)


def test_a_delay_of_1_beside_a_connection_of_the_same_step_is_a_second_one():
    net = beside(False, False)  # warnings are errors here
    net.activate([1.0, 1.0])
    a, y = net["a"][0], net["y"][0]
    assert [a.connection_to(y).delay, a.connection_to(y, delay=1).delay] == [0, 1]
    net.synchronous = True
    with pytest.warns(TopologyWarning, match="synchronous.*2 such pairs"):
        net.activate([1.0, 1.0])
    for delay in (2, 1):  # alone, or one step later
        x, y = Layer(1), Layer(1)
        x.project(y, seed=0)
        y[0].project(y[0])  # carries the state, not the activation
        y[0].project(y[0], delay=delay)
        x.project(y, seed=0, delay=1)
        Network(x, y).activate([1.0])


GRAPH_WAYS = {
    "networkx": lambda net: synapse.from_networkx(net.graph),
    "multigraph": lambda net: synapse.from_networkx(
        synapse.to_networkx(net, multigraph=True)
    ),
} | {
    form: lambda net, form=form: from_content(form, content_of(form, net))
    for form in GRAPHS
}
"""By which a network comes back without the traces of its connections."""


@pytest.mark.full
@pytest.mark.filterwarnings(
    "ignore::synapse.errors.TopologyWarning", "ignore::synapse.errors.TrainingWarning"
)
@given(
    seed=st.integers(0, 10**6),
    rule=st.sampled_from(["online", "rtrl", "bptt"]),
    together=st.booleans(),
    way=st.sampled_from([*WAYS, *GRAPH_WAYS]),
)
def test_delays_are_chains_of_linear_neurons(seed, rule, together, way):
    """Networks with delays, in which an example goes on, in the middle of a run, in a
    copy or a file.

    Plain neurons that copy one another compute and learn the same: the outputs of
    steps, of runs and of copies in the middle of them, and all weights."""
    net = random_network(seed, together)
    net.rule = "rtrl" if rule == "rtrl" else "online"
    relayed = with_plain_relays(net)
    others = dict(zip(map(_ends, net.connections), relayed.links, strict=True))
    rng = np.random.default_rng(seed)
    within = 1e-10 if rule == "rtrl" else 1e-12
    for k in range(3):
        learn(net, rule, seed + k)
        learn(relayed.net, rule, seed + k)
        rows = rng.normal(size=(4, 2))
        assert_near(net.run(rows), relayed.net.run(rows), within)
        theirs = [others[_ends(link)].weight for link in net.connections]
        assert_near(net.weights, theirs, within)
        assert_near(net.biases, [neuron.bias for neuron in relayed.neurons], within)
        if k == 0 and way in WAYS:
            net = WAYS[way](net)
        elif k == 0:
            net = GRAPH_WAYS[way](net)
            assert_near(net.run(rows), relayed.net.run(rows), within)
            net.clear()
            relayed.net.clear()
            net.rule = relayed.net.rule


def random_network(seed, together):
    """A gated network with self-connections, ties, signs, a clamp, layers that read
    others with a delay, and several delays of a pair."""
    rng = np.random.default_rng(seed)
    net = architect.Random(
        2,
        int(rng.integers(3, 10)),
        2,
        gates=3,
        self_connections=2,
        backward=3,
        seed=seed,
        density=0.5,
        squash=rng.choice(["logistic", "tanh", "gaussian"]),
    )
    for place, neuron in enumerate(net):
        neuron.name = str(place)
    net.synchronous = together
    links = list(delay_some(net, seed, int(rng.integers(4, 16))).values())
    hidden = list(net.hidden[0])
    links += [
        hidden[0].project(hidden[-1], weight=0.2, delay=delay)
        for delay in (2, 3, 4, int(rng.integers(5, 13)))
        if hidden[0].connection_to(hidden[-1], delay=delay) is None
    ]
    if rng.random() < 0.5:
        whole = [net.input, net.output][rng.integers(2)]
        weights = rng.uniform(-0.3, 0.3, (2, len(hidden)))
        whole.project(net.hidden[0], weights=weights, delay=int(rng.integers(5, 9)))
    for link in [link for link in links if together and link.delay == 1]:
        link.source.disconnect(link.target, delay=1)  # beside none, or to itself
        links.remove(link)
    synapse.tie([links[i] for i in rng.permutation(len(links))[:2].tolist()])
    free = next(link for link in links if not link.tied)
    free.sign = 1 if free.weight > 0 else -1
    if rng.random() < 0.3:
        hidden[1].clamp(0.4)
    return net


def learn(net, rule, seed):
    """Some steps of learning by a rule."""
    rng = np.random.default_rng(seed)
    rows, targets = rng.normal(size=(2, 5, 2)), rng.random((2, 5, 2))
    if rule == "bptt":
        synapse.Trainer(net, rate=0.05, rule="bptt", batch_size=2).train(
            rows, targets, epochs=1, progress=False
        )
        return
    for row, target in zip(rows[0], targets[0], strict=True):
        net.activate(row)
        net.propagate(0.1, target)


def assert_near(ours, theirs, within):
    assert np.asarray(ours) == pytest.approx(np.asarray(theirs), rel=within, abs=within)


@pytest.mark.parametrize("cleared", [None, 0, 1])
def test_a_cleared_neuron_begins_the_next_step_when_it_activates_alone(cleared):
    source, target = Neuron("identity"), Neuron("identity")
    source.project(target, weight=1.0, delay=1)
    net = Network(Layer([source]), Layer([target]))
    net.activate([1.0])
    if cleared is not None:
        net[cleared].clear()
    steps = [(source.activate(value), target.activate()) for value in (3.0, 4.0)]
    assert steps == [(3.0, 0.0 if cleared == 0 else 1.0), (4.0, 3.0)]


# --- delays given as arrays, and in units of time -------------------------------------


def pools():
    """Two layers with a connection for each pair."""
    a, b = Layer(3, "tanh"), Layer(4, "tanh")
    a.project(b, seed=0)
    return a, b


def test_of_one_delay_a_pair_has_one_connection():
    a, b = pools()
    a.project(b, delay=np.full((3, 4), 2))
    for composed in (False, True):
        if composed:
            Network(a, [], b)
        with pytest.raises(TopologyError, match="already with the delay 2"):
            a.project(b, delay=np.where(np.eye(3, 4), 2, 3))
    a.project(b, delay=np.full((3, 4), 3))
    with pytest.raises(TopologyError, match="already."):
        a.project(b, delay=np.array([[5, 5, 5, 5], [5, 5, 5, 5], [5, 5, 5, 0]]))
    assert sum(len(neuron.outgoing) for neuron in a) == 3 * 12


@pytest.mark.parametrize(
    ("delay", "message"),
    [
        (np.ones((4, 3)), r"of shape \(3, 4\) or \(12,\), got .*4 rows of 3|4, 3"),
        (np.full(12, 1.8), r"whole number of steps.*got 1.8.*to_steps"),
        (np.full(12, -1), "got -1"),
        (np.full(12, 20_000), "got 20,?000"),
        (np.full((3, 4), np.nan), "got nan"),
    ],
)
def test_what_are_no_delays_is_refused(delay, message):
    a, b = pools()
    with pytest.raises(ArgumentError, match=message):
        a.project(b, delay=delay)
    with pytest.raises(ArgumentError, match="itself needs a delay of 1"):
        b.project(b, delay=np.zeros((4, 4)))
    assert sum(len(neuron.outgoing) for neuron in a) == 12


def test_a_table_has_delays_in_milliseconds():
    edges = {
        "source": ["x", "x", "a", "a"],
        "target": ["a", "b", "b", "a"],
        "weight": [1.0, 0.5, -1.0, 0.2],
        "delay": [1.8, np.nan, 0.26, 0.1],
    }
    net = synapse.from_edges(edges, dt=0.1)
    assert {(c.source.name, c.target.name): c.delay for c in net.connections} == {
        ("x", "a"): 18,
        ("x", "b"): 0,
        ("a", "b"): 3,
        ("a", "a"): 1,
    }
    tuples = [("x", "a", {"delay": 1.8}), ("a", "y", 0.5)]
    assert synapse.from_edges(tuples, dt=0.1)["x"].outgoing[0].delay == 18
    with pytest.raises(ArgumentError, match="needs a column 'delay'"):
        synapse.from_edges([("x", "a")], dt=0.1)
    with pytest.raises(ArgumentError, match="dt"):
        synapse.from_edges(edges, dt=0.0)
