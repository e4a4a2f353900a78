"""Connections that delay an activation by any number of steps."""

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
from tests.helpers.strategies import Twin, delay_some, given_graphs, specs
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
    rows = np.arange(1.0, 13.0)[:, None]
    for _ in range(2):
        expected = [
            max(t - delay - other, 0) + 100 * max(t - other, 0) for t in range(1, 13)
        ]
        assert net.run(rows).ravel().tolist() == expected
        net.synchronous = not net.synchronous
        net.clear()
    assert [projection[0].delay for projection in links] == [delay, other, other]
    assert [layer.name for layer in net.layers] == ["input", "hidden", "output"]


@given_graphs(specs(), st.integers(0, 999), st.booleans())
def test_steps_and_the_online_rule_agree_with_the_reference(spec, seed, together):
    twin = Twin(spec)
    twin.net.synchronous = together
    named = {neuron: j for j, neuron in twin.ours.items()}
    links = delay_some(twin.net, seed, 6)
    for (i, j, delay), link in links.items():
        key = (named[i], delay), named[j]
        twin.reference.connect(*key, link.weight, True)
        twin.reference.links[key].delay = delay
        if link.gater is not None:
            twin.reference.gate(named[link.gater], *key)
    for _ in range(5):
        assert twin.activate() == pytest.approx(
            [twin.reference.units[j].y for j in twin.order[-spec.outputs :]]
        )
        twin.propagate()
        for (i, j, delay), link in links.items():
            learned = twin.reference.links[(named[i], delay), named[j]].weight
            assert link.weight == pytest.approx(learned, rel=1e-9, abs=1e-9)


def test_copies_graphs_and_files_keep_delays():
    net = architect.Random(2, 8, 2, gates=3, backward=4, seed=0)
    delay_some(net, 1, 8)
    rows = np.random.default_rng(0).normal(size=(9, 2))
    expected = net.run(rows)
    net.clear()
    graph = synapse.to_networkx(net, multigraph=True)
    for other in (
        net.clone(),
        synapse.from_networkx(net.graph),
        synapse.from_networkx(graph),
        synapse.readwrite.from_json_data(synapse.readwrite.json_data(net)),
    ):
        assert np.array_equal(other.run(rows), expected)
        assert sorted(map(_ends, other.connections)) == sorted(
            map(_ends, net.connections)
        )
    forward = architect.Perceptron(2, 4, 2, seed=0)  # any order fits it
    delay_some(forward, 1, 8)
    expected = forward.run(rows)
    graph = synapse.to_networkx(forward, multigraph=True)
    by_depth = synapse.from_networkx(
        graph, [0, 1], list(graph)[-2:], attributes={"subset": None}
    )
    by_depth.clear()
    assert by_depth.run(rows) == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
@given(
    seed=st.integers(0, 10**6),
    steps=st.integers(0, 4),
    parallel=st.booleans(),
    way=st.sampled_from(["live", "copy", "plain", "multigraph", "graphml"]),
)
def test_graphs_show_delays(tmp_path_factory, seed, steps, parallel, way):
    """In the middle of a run, too; a pair with several connections has one edge, the
    shortest delay, in graphs that are no multigraphs."""
    rng = np.random.default_rng(seed)
    ends = [(i, j) for i in range(6) for j in range(2, 6) if i != 5]
    chosen = [ends[k] for k in rng.permutation(len(ends))[:9].tolist()]
    links = {
        (i, j, int(rng.integers(int(i >= j), 5))): float(rng.normal())
        for i, j in chosen
    }
    if parallel:
        links |= {(0, 4, delay): 0.3 for delay in (0, 2, 3)}
    net, neurons = built(links, range(6), seed)
    net.run(rng.normal(size=(steps, 2)))
    shortest = {}
    for i, j, delay in sorted(links, reverse=True):
        shortest[str(i), str(j)] = delay or None
    graph = net.graph
    assert shortest == {
        (source.name, target.name): data.get("delay")
        for source, target, data in graph.edges(data=True)
    }
    assert (len(graph), graph.size()) == (6, len(shortest))
    assert dict(graph.in_degree()) == {
        neurons[j]: sum(target == str(j) for _, target in shortest) for j in range(6)
    }
    assert all(node in graph.pred[after] for node, after in graph.edges)
    table = Topology.of(net)
    multigraph = synapse.to_networkx(table, multigraph=True)
    assert multigraph.size() == len(links)
    assert synapse.to_networkx(table).size() == len(shortest)
    kept = {str(i) + str(j) + str(d) for i, j, d in links}
    if way == "live":
        other = synapse.from_networkx(graph)
    elif way == "graphml":
        path = tmp_path_factory.mktemp("delays") / "net.graphml"
        synapse.save(net, path)
        other = synapse.load(path)
    elif way == "multigraph":
        other = synapse.from_networkx(multigraph)
    else:
        other = synapse.from_networkx(
            graph.copy() if way == "copy" else synapse.to_networkx(table)
        )
        kept = {i + j + str(delay or 0) for (i, j), delay in shortest.items()}
    assert {"".join(map(str, _ends(link))) for link in other.connections} == kept
    if len(kept) == len(links):
        rows = rng.normal(size=(7, 2))
        assert other.run(rows) == pytest.approx(net.run(rows), rel=1e-12, abs=1e-12)


def test_a_live_graph_follows_delays_that_come_and_go():
    net, neurons = built({(0, 3, 0): 1.0, (3, 5, 0): 1.0}, range(6), 0)
    graph = net.graph
    assert [data.get("delay") for *_, data in graph.edges(data=True)] == [None, None]
    link = neurons[0].project(neurons[5], weight=0.5, delay=3)
    assert (len(graph), graph.edges[neurons[0], neurons[5]]["delay"]) == (6, 3)
    assert list(graph.pred[neurons[5]]) == [neurons[3], neurons[0]]
    assert nx.shortest_path_length(graph, neurons[0], neurons[5]) == 1
    near = neurons[0].project(neurons[5], weight=0.5, delay=1)
    assert graph.edges[neurons[0], neurons[5]] is near
    assert neurons[5].incoming == (neurons[3].connection_to(neurons[5]), link, near)
    link.delay = 0
    assert graph.edges[neurons[0], neurons[5]] is link
    assert "delay" not in link
    link.delay = 3
    neurons[0].disconnect(neurons[5], delay=1)
    assert graph.edges[neurons[0], neurons[5]] is link
    neurons[5].gate(link)
    assert graph.edges[neurons[0], neurons[5]]["gater"] == "5"
    neurons[0].disconnect(neurons[5])
    assert (len(graph), graph.size()) == (6, 2)
    with_loop = neurons[3].project(neurons[3]), neurons[3].project(neurons[3], delay=2)
    assert graph.edges[neurons[3], neurons[3]] is with_loop[0]
    assert (neurons[3].self_connection, with_loop[1] in neurons[3].outgoing) == (
        with_loop[0],
        True,
    )


def test_graphs_and_tables_say_delays():
    """A delayed edge closes no cycle within a step, and keeps its sign, gater and
    metadata."""
    graph = nx.DiGraph()
    graph.add_edge("x", "a", weight=1.0, delay=2)
    graph.add_edge("a", "b", weight=1.0)
    graph.add_edge("b", "a", weight=0.5, delay=1, sign=1, gater="x", receptor="fast")
    graph.add_edge("b", "y", weight=1.0)
    net = synapse.from_networkx(graph, squash="identity")
    assert (len(net), len(late_connections(net).connections)) == (4, 2)
    assert net.run([[1.0], [2.0], [3.0], [4.0], [5.0]]).ravel().tolist() == [
        0,
        0,
        1,
        4,
        13,
    ]
    link = next(link for link in net.connections if link.gater)
    assert (link.delay, link.sign, link.metadata["receptor"]) == (1, 1, "fast")
    near = nx.DiGraph([("x", "b"), ("a", "b"), ("b", "y")])
    near.add_edge("b", "a", delay=1)
    nx.set_edge_attributes(near, 1.0, "weight")
    assert synapse.from_networkx(near, squash="identity").run(
        ROWS
    ).ravel().tolist() == [1, 3, 6, 10, 15]
    links = nx.to_pandas_edgelist(graph).drop(columns=["gater"])
    other = synapse.from_edges(links, squash="identity")
    nx.set_edge_attributes(graph, dict.fromkeys(graph.edges), "gater")
    assert np.array_equal(
        other.run(ROWS), synapse.from_networkx(graph, squash="identity").run(ROWS)
    )
    large = synapse.from_edges(
        {
            "source": np.arange(4980) % 60,
            "target": 60 + np.arange(4980) % 83,
            "delay": 1 + np.arange(4980) % 4,
        },
        seed=0,
    )
    assert (len(large), len(large.connections)) == (143, 4980)


def test_edits():
    net = Network(*(Layer(1, "identity", name=name) for name in "xay"))
    x, a, y = (layer[0] for layer in net.layers)
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
    assert net.run(ROWS).ravel().tolist() == [0, 0, 2, 5, 8.5]
    net.clear()
    middle = Neuron("identity")
    a.project(middle, weight=1.0, delay=1)
    middle.project(y, weight=100.0, delay=1)
    net.add(middle)
    assert net.run(ROWS).ravel().tolist() == [0, 0, 102, 255, 433.5]
    net.clear()
    a.disconnect(y)
    assert net.run(ROWS).ravel().tolist() == [0, 0, 100, 250, 425]
    lesions = synapse.analysis.lesions(net, np.ones((1, 4, 1)), np.ones((1, 4, 1)))
    assert lesions.change.shape == (4,)
    net.remove(a)
    net.clear()
    assert net.run(ROWS).ravel().tolist() == [0] * 5


@pytest.mark.parametrize("composed", [False, True], ids=["in a network", "before it"])
def test_a_delay_changes_at_any_time(composed):
    """The weight stays; a source remembers as many steps as it has ever been read
    back."""
    x = Neuron("identity")
    y = Neuron("identity")
    link = x.project(y, weight=0.5)
    if composed:
        link.delay = 2
    net = Network(Layer([x]), Layer([y]))
    link.delay = 2
    assert (link.delay, link.weight, x.connection_to(y, delay=2)) == (2, 0.5, link)
    assert net.run(ROWS).ravel().tolist() == [0, 0, 0.5, 1, 1.5]
    link.delay = 1
    assert net.run([[6.0]]).ravel().tolist() == [2.5]
    link.delay = 4  # what was before the two steps that it remembers is forgotten
    assert net.run([[7.0], [8.0], [9.0]]).ravel().tolist() == [0, 2, 2.5]
    link.delay = 3
    link.delay = 0
    assert net.run([[10.0]]).ravel().tolist() == [5.0]
    other = x.project(y, weight=1.0, delay=4)
    loop = y.project(y, weight=0.5, delay=1)
    memory = y.project(y, weight=0.1)
    all_refused(
        [
            (lambda: setattr(link, "delay", 4), TopologyError, "already with the del"),
            (lambda: setattr(other, "delay", 0), TopologyError, "already without a d"),
            (lambda: setattr(loop, "delay", 0), TopologyError, "carries the state"),
            (lambda: setattr(memory, "delay", 2), TopologyError, "carries the state"),
            (lambda: setattr(link, "delay", -1), ArgumentError, "0 to 10,000"),
            (lambda: setattr(link, "delay", None), ArgumentTypeError, "got None"),
        ]
    )
    assert [link.delay, other.delay, loop.delay, memory.delay] == [0, 4, 1, 0]
    loop.delay = 3
    assert y.connection_to(y, delay=3) is loop


def built(links, present, seed):
    """A network of two inputs, three hidden neurons and an output, with some of them
    and their links."""
    rng = np.random.default_rng(seed)
    biases = rng.normal(size=6).tolist()
    neurons = {i: Neuron("tanh", bias=biases[i], name=str(i)) for i in present}
    layers = [
        Layer([neurons[i] for i in group if i in present])
        for group in ((0, 1), (2, 3, 4), (5,))
    ]
    net = Network(*layers)
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
    gone = rng.permutation(range(6))[:2].tolist()
    gone = [i for i in gone if i in (1, 2, 3)]
    with synapse.record(net, "activation", neurons=[net.output[0]]) as log:
        net.run(rows)
        for i in gone:
            net.remove(neurons[i])
        cut = [link for link in links if not {*gone} & {*link[:2]}][::3]
        for i, j, delay in cut:
            link = next(
                link
                for link in net.connections
                if _ends(link) == (str(i), str(j), delay)
            )
            link.source.disconnect(link.target, delay=delay)
        net.run(rows[:, : len(net.input)])
    assert len(log) == 12
    present = [i for i in range(6) if i not in gone]
    left = {link: weight for link, weight in links.items() if link not in cut}
    other, _ = built(left, present, seed)
    assert sorted(neuron.name for neuron in net) == sorted(
        neuron.name for neuron in other
    )
    weights = {_ends(link): link.weight for link in net.connections}
    assert weights.keys() == {_ends(link) for link in other.connections}
    for link in other.connections:
        link.weight = weights[_ends(link)]
    of = {neuron.name: neuron.bias for neuron in net}
    for neuron in other:
        neuron.bias = of[neuron.name]
    inputs = rows[:, : len(net.input)]
    for network in (net, other):
        network.clear()
        network.rule = rule
        assert isinstance(
            synapse.readwrite.from_npz_data(synapse.readwrite.npz_data(network)),
            Network,
        )
        for row, target in zip(inputs, targets, strict=True):
            network.activate(row)
            network.propagate(0.1, target)
    assert net.run(inputs) == pytest.approx(other.run(inputs), rel=1e-12, abs=1e-12)
    trainer.train(inputs, targets, epochs=1, progress=False)


def _ends(link):
    """Names of the neurons that a connection leads from and to, and its delay."""
    return link.source.name, link.target.name, link.delay


def test_what_is_no_delay_is_refused():
    x = Layer(1)
    y = Layer(2)
    for wrong, error in (
        (1.5, ArgumentTypeError),
        (-1, ArgumentError),
        ("2", ArgumentTypeError),
    ):
        for source, target in ((x, y), (x[0], y[0]), (x[0], y)):
            with pytest.raises(error, match="delay"):
                source.project(target, delay=wrong)
        with pytest.raises(
            (ArgumentError, ArgumentTypeError),
            match=r"delay.*attributes=\{'delay': None\}",
        ):
            synapse.from_networkx(nx.DiGraph([("x", "y", {"delay": wrong})]))
    for wrong in (1.5, -1, 1e9, np.inf, "soon"):
        with pytest.raises((ArgumentError, ArgumentTypeError), match="delay"):
            synapse.from_edges({"source": ["x"], "target": ["y"], "delay": [wrong]})
    with pytest.raises(ArgumentError, match="weights"):
        x.project(y, weights=[1.0, 2.0, 3.0], delay=2)
    x.project(y, delay=2)
    net = Network(x, y)
    single = Layer(1, dtype=np.float32)
    refused = (
        ("already", lambda: x[0].project(y[1], delay=2)),
        ("float32", lambda: x.project(single, delay=5)),
        ("float32", lambda: x[0].project(single[0], delay=5)),
        ("already", lambda: Layer([*y, x[0]]).project(y, ((2, 0), (0, 1)), delay=2)),
    )
    all_refused([(call, TopologyError, words) for words, call in refused])
    assert (len(net), len(y[0].outgoing)) == (3, 0)


@pytest.mark.parametrize("before", [False, True], ids=["in a network", "before it"])
@pytest.mark.parametrize("seen", [False, True], ids=["no graph", "with a graph"])
def test_a_delayed_connection_is_found_and_removed_by_its_ends(before, seen):
    """As the graph shows it."""
    x, h, y = (Neuron("identity", name=name) for name in "xhy")
    links = {
        (x, y, 4): x.project(y, weight=0.5, delay=4),
        (x, h, 0): x.project(h, weight=0.5),
        (h, h, 2): h.project(h, weight=0.5, delay=2),
        (h, y, 1): h.project(y, weight=0.5, delay=1),
    }
    net = Network(Layer([x]), Layer([h]), Layer([y])) if not before else None
    if seen and net is not None:
        assert {(a, b, data.get("delay", 0)) for a, b, data in net.graph.edges.data()}
    for (a, b, delay), link in links.items():
        assert a.connection_to(b) is a.connection_to(b, delay=delay) is link
        assert a.connection_to(b, delay=delay + 1) is None
        assert link.delay == delay
    assert (h.self_connection, y.connection_to(x), y.connection_to(h)) == (
        None,
        None,
        None,
    )
    for a, b, _ in links:
        a.disconnect(b)
        assert a.connection_to(b) is None
        with pytest.raises(TopologyError, match="nothing to disconnect"):
            a.disconnect(b)
    assert {repr(link) for link in links.values()} == {"<Connection, removed>"}
    net = net or Network(Layer([x]), Layer([h]), Layer([y]))
    assert (list(net), len(net.connections)) == ([x, h, y], 0)


def test_which_of_several_connections_is_removed_has_to_be_said():
    """But for the one without a delay, which starts at the neuron itself."""
    net, neurons = built({(0, 3, 0): 0.1, (0, 3, 2): 0.2, (0, 3, 5): 0.3}, range(6), 0)
    a = neurons[0]
    b = neurons[3]
    weights = {delay: a.connection_to(b, delay=delay).weight for delay in (0, 2, 5)}
    assert weights == {0: 0.1, 2: 0.2, 5: 0.3}
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
@given(seed=st.integers(0, 10**6))
def test_ends_and_delay_find_every_connection(seed):
    """Also in a store that was just edited, or lowered."""
    rng = np.random.default_rng(seed)
    ends = [(i, j) for i in range(6) for j in range(2, 6)]
    chosen = {
        (*ends[int(rng.integers(len(ends)))], int(rng.integers(1, 5)))
        for _ in range(12)
    }
    links = dict.fromkeys(chosen, 0.5)
    net, neurons = built(links, range(6), seed)
    while links:
        if rng.random() < 0.3:
            net.activate([0.1, 0.2])
        for i, a in neurons.items():
            for j, b in neurons.items():
                delays = [delay for delay in range(6) if (i, j, delay) in links]
                found = [d for d in range(6) if a.connection_to(b, delay=d) is not None]
                assert found == delays
                nearest = a.connection_to(b)
                assert (nearest and nearest.delay) == min(delays, default=None)
        i, j, delay = list(links)[int(rng.integers(len(links)))]
        neurons[i].disconnect(neurons[j], delay=delay)
        del links[i, j, delay]
    assert (len(net), len(net.connections)) == (6, 0)


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
    link = net["a"][0].connection_to(net["y"][0])
    assert (link.delay, net["a"][0].connection_to(net["y"][0], delay=1).delay) == (0, 1)
    net.synchronous = True
    with pytest.warns(TopologyWarning, match="synchronous.*2 such pairs"):
        net.activate([1.0, 1.0])
    for options in ({"delay": 2}, {"delay": 1}):  # alone, or one step later
        x = Layer(1)
        y = Layer(1)
        x.project(y, seed=0)
        y[0].project(y[0])  # carries the state, not the activation
        y[0].project(y[0], **options)
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
        assert_near(
            [link.weight for link in net.connections],
            [others[_ends(link)].weight for link in net.connections],
            within,
        )
        assert_near(
            [neuron.bias for neuron in net],
            [neuron.bias for neuron in relayed.neurons],
            within,
        )
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
    source = hidden[0]
    target = hidden[-1]
    delays = [2, 3, 4, int(rng.integers(5, 13))]
    lacking = [d for d in delays if source.connection_to(target, delay=d) is None]
    links += [source.project(target, weight=0.2, delay=delay) for delay in lacking]
    if rng.random() < 0.5:
        whole = [net.input, net.output][rng.integers(2)]
        weights = rng.uniform(-0.3, 0.3, (2, len(hidden)))
        whole.project(net.hidden[0], weights=weights, delay=int(rng.integers(5, 9)))
    for link in [link for link in links if together and link.delay == 1]:
        link.source.disconnect(link.target, delay=1)  # beside none, or to itself
        links.remove(link)
    chosen = rng.permutation(len(links))[:2].tolist()
    synapse.tie([links[i] for i in chosen])
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
        trainer = synapse.Trainer(net, rate=0.05, rule="bptt", batch_size=2)
        trainer.train(rows, targets, epochs=1, progress=False)
        return
    for row, target in zip(rows[0], targets[0], strict=True):
        net.activate(row)
        net.propagate(0.1, target)


def assert_near(ours, theirs, within):
    assert np.asarray(ours) == pytest.approx(np.asarray(theirs), rel=within, abs=within)


@pytest.mark.parametrize("cleared", [None, 0, 1])
def test_a_cleared_neuron_begins_the_next_step_when_it_activates_alone(cleared):
    source = Neuron("identity")
    target = Neuron("identity")
    source.project(target, weight=1.0, delay=1)
    net = Network(Layer([source]), Layer([target]))
    net.activate([1.0])
    if cleared is not None:
        net[cleared].clear()
    steps = [(source.activate(value), target.activate()) for value in (3.0, 4.0)]
    before = 0.0 if cleared == 0 else 1.0
    assert steps == [(3.0, before), (4.0, 3.0)]
