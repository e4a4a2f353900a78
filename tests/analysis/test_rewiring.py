"""Null models: what every exchange keeps, and that all wirings are equally probable."""

from collections import Counter
from itertools import product

import numpy as np
import pandas as pd
import pytest

import synapse
from synapse import Layer, Network
from synapse.analysis import rewire
from synapse.errors import ArgumentError, ArgumentTypeError, TopologyError
from tests.helpers.cases import all_refused


def table(size=40, count=300, seed=0):
    """Connections of both signs, with weights and types, and some to oneself."""
    rng = np.random.default_rng(seed)
    pairs = rng.permutation(size * size)[:count]
    sign = rng.choice([1, -1, np.nan], count)
    return pd.DataFrame(
        {
            "source": [f"n{i}" for i in pairs // size],
            "target": [f"n{i}" for i in pairs % size],
            "sign": sign,
            "weight": rng.uniform(0.1, 1.0, count) * np.where(sign < 0, -1, 1),
            "kind": rng.choice(["a", "b"], count),
        },
        index=rng.permutation(count),
    )


def degrees(edges, *by):
    """Connections out of and into every neuron, by the values of these columns."""
    return [edges.groupby([end, *by]).size().to_dict() for end in ("source", "target")]


def test_the_degrees_of_each_sign_stay():
    edges = table()
    before = edges.copy()
    shuffled = rewire(edges, seed=0)
    pd.testing.assert_frame_equal(edges, before)
    signed = [frame.assign(sign=np.sign(frame.weight)) for frame in (edges, shuffled)]
    assert degrees(signed[1], "sign") == degrees(signed[0], "sign")
    assert not shuffled.duplicated(["source", "target"]).any()
    rest = ["source", "sign", "weight", "kind"]
    pd.testing.assert_frame_equal(shuffled[rest], edges[rest])
    loops = edges.source == edges.target
    assert (loops == (shuffled.source == shuffled.target)).all(), "they stay"
    assert (shuffled.target != edges.target).mean() > 0.8
    pd.testing.assert_frame_equal(rewire(edges, seed=0), shuffled)
    assert not rewire(edges, seed=1).equals(shuffled)
    lists = {name: edges[name].tolist() for name in edges}
    assert rewire(lists, seed=0)["target"] == shuffled.target.tolist()


def test_other_groups_than_the_sign():
    edges = table().fillna({"sign": 0})
    for within, lost in ((["sign", "kind"], None), ("kind", "sign"), ([], "kind")):
        shuffled = rewire(edges, within=within, seed=0)
        kept = [within] if isinstance(within, str) else within
        assert degrees(shuffled, *kept) == degrees(edges, *kept)
        assert lost is None or degrees(shuffled, lost) != degrees(edges, lost)


def test_a_mapping_and_a_categorical_column():
    edges = table()
    ends = ["source", "target"]
    numbers = edges.assign(**{end: edges[end].str[1:].astype(int) for end in ends})
    for each in (numbers, edges.astype({"target": "category"})):
        assert rewire(each, seed=3).target.dtype == each.target.dtype


def wirings(size, edges):
    """All wirings with the degrees of these signed edges, as bytes of a matrix."""
    cells = [(i, j) for i, j in product(range(size), repeat=2) if i != j]

    def described(matrix):
        return [
            (matrix == sign).sum(axis).tolist() for sign in (1, -1) for axis in (0, 1)
        ]

    start = np.zeros((size, size), np.int8)
    for source, target, sign in edges:
        start[source, target] = sign
    matrices = []
    for values in product((0, 1, -1), repeat=len(cells)):
        if values.count(0) == len(cells) - len(edges) and sum(values) == start.sum():
            matrix = np.zeros_like(start)
            matrix[tuple(zip(*cells, strict=True))] = values
            matrices.append(matrix)
    return [m.tobytes() for m in matrices if described(m) == described(start)]


CYCLE = [(0, 1, 1), (1, 2, 1), (2, 0, 1)]
"""Two exchanges of targets never turn it round."""
MIXED = [(0, 1, 1), (1, 2, 1), (2, 3, 1), (3, 0, 1), (0, 2, -1), (1, 3, -1), (2, 0, 1)]


def test_a_network_gets_other_targets_and_keeps_the_rest():
    edges = table()
    net = synapse.from_edges(
        edges[edges.target != "n0"], ["n0"], ["n1"], squash="tanh", synchronous=True
    )
    before = net.weights.copy()
    shuffled = rewire(net, seed=0)

    def rest_of(net):
        return net.synchronous, net.dtype, [neuron.name for neuron in net]

    assert rest_of(shuffled) == rest_of(net)
    tables = [synapse.to_edges(each).edges for each in (net, shuffled)]
    for frame in tables:
        frame["sign"] = np.sign(frame.weight)
    assert degrees(tables[1], "sign") == degrees(tables[0], "sign")
    rest = ["source", "weight", "kind", "trainable"]
    pd.testing.assert_frame_equal(tables[1][rest], tables[0][rest])
    assert (tables[1].target != tables[0].target).mean() > 0.7
    assert np.array_equal(net.weights, before)


def test_gates_delays_and_self_connections_of_a_network():
    cells, sources, outputs = Layer(6, "tanh"), Layer(2), Layer(1)
    projection = cells.project(cells, 0.5, seed=0)
    cells.project(cells, 0.5, seed=1, delay=2)
    sources.project(cells, seed=0)
    cells.project(outputs, seed=0)
    sources[1].gate(projection[3])
    net = Network(sources, [cells], outputs)

    def kept(net):
        links = net.connections
        return (
            [link.source.name for link in links if link.gater is not None],
            sum(link.source is link.target for link in links),
            sum(link.delay == 2 for link in links),
        )

    assert kept(rewire(net, seed=0)) == kept(net)
    assert kept(net)[0] == [projection[3].source.name]


def test_tables_of_few_rows():
    assert rewire({"source": [], "target": []}) == {"source": [], "target": []}
    assert rewire({"source": ["a"], "target": ["a"]})["target"] == ["a"]


def test_what_is_no_wiring():
    edges = {"source": ["a", "a"], "target": ["b", "b"]}
    assert len(rewire({**edges, "delay": [1, 2]})["target"]) == 2
    good = {"source": ["a"], "target": ["b"]}
    unhashable = {**good, "kind": [["x"]]}
    both = (ArgumentError, ArgumentTypeError)
    all_refused(
        [
            (
                lambda: rewire(edges),
                TopologyError,
                "from 'a' to 'b' is given several times",
            ),
            (lambda: rewire(5), both, "a Network, a data frame"),
            (lambda: rewire({"source": ["a"]}), both, "a column 'target'"),
            (lambda: rewire(good, within="kind"), both, "`within` must be among"),
            (lambda: rewire(unhashable, within="kind"), both, "numbers or texts"),
            (lambda: rewire({**good, "target": [None]}), both, "must have a name"),
            (lambda: rewire(good, swaps=0), both, "`swaps`"),
            (lambda: rewire(good, seed=-1), both, "`seed`"),
        ]
    )


BLOCKED = [(0, 1, 1), (2, 3, 1), (0, 3, -1), (2, 1, -1)]
"""Each of two signs blocks the other."""


@pytest.mark.full
@pytest.mark.parametrize(
    ("size", "edges", "count"), [(3, CYCLE, 2), (4, BLOCKED, 2), (4, MIXED, 8)]
)
def test_all_wirings_with_these_degrees_are_equally_probable(size, edges, count):
    every = wirings(size, edges)
    assert len(every) == count
    source, target, sign = map(np.array, zip(*edges, strict=True))
    columns = {"source": source, "target": target, "sign": sign}
    draws = 600
    counts = Counter()
    rng = np.random.default_rng(0)
    for _ in range(draws):
        matrix = np.zeros((size, size), np.int8)
        matrix[source, rewire(columns, swaps=30, seed=rng)["target"]] = sign
        counts[matrix.tobytes()] += 1
    assert set(counts) == set(every)
    share = draws / count
    chi_squared = sum((counts[each] - share) ** 2 / share for each in every)
    assert chi_squared < 24.3, "once in 1,000 with seven degrees of freedom"
