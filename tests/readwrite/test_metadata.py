"""What a network's metadata may hold, and where it stays."""

import pickle
from functools import partial

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, strategies as st

import architect
from synapse import errors, from_networkx, save
from synapse.readwrite import from_json_data, json_data
from tests.helpers.cases import all_hold, all_refused

from .formats import content_of, from_content
from .nets import WAYS, same

words = st.text(st.characters(), max_size=5)
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | words
)
values = st.dictionaries(
    words,
    st.recursive(
        leaves,
        lambda inner: st.lists(inner) | st.dictionaries(words, inner),
        max_leaves=8,
    ),
    max_size=4,
)


def small(**metadata):
    net = architect.Perceptron(1, 1, seed=0)
    net.metadata.update(metadata)
    return net


@pytest.mark.full
@given(metadata=values)
def test_any_metadata_are_kept_in_their_order(metadata):
    for name, way in WAYS.items():
        net = small(**metadata)
        twin = way(net)
        # to the sign of 0, and whether 1 is a float
        assert repr(twin.metadata) == repr(metadata), name
        assert same(net, twin)


nested = []
for _ in range(100):
    nested = [nested]


loop = {}
loop["loop"] = loop
WRONG = {
    "set": ({"a": {1}}, r"`net.metadata\['a'\]` must be a JSON value .*, got \{1\}"),
    "tuple": (
        {"a": [(1, 2)]},
        r"`net.metadata\['a'\]\[0\]` must be a JSON value .*, got \(1, 2\)",
    ),
    "array": ({"a": {"b": np.zeros(2)}}, r"`net.metadata\['a'\]\['b'\]` must be"),
    "NaN": (
        {"a": [0.0, float("nan")]},
        r"`net.metadata\['a'\]\[1\]` must .* got nan",
    ),
    "huge": ({"a": 10**400}, r"`net.metadata\['a'\]` must be .* got"),
    "key": (
        {"a": {1: 2}},
        r"The keys of `net.metadata\['a'\]` must be strings, got 1",
    ),
    "deep": (
        {"a": nested},
        r"in `net.metadata\['a'\]` must be nested at most 100",
    ),
    "loop": (loop, r"in `net.metadata\['loop'\]` must be nested at most 100"),
}


def test_what_is_not_json_is_refused_when_saved(tmp_path):
    path = tmp_path / "net.synapse"
    save(small(), path)
    before = path.read_bytes()
    for metadata, message in WRONG.values():
        net, kept = small(**metadata), small(a=1)
        ways = (
            partial(save, net, path),
            net.clone,
            partial(pickle.dumps, net),
            partial(json_data, net),
            partial(setattr, kept, "metadata", metadata),
        )
        all_refused([(write, errors.ArgumentTypeError, message) for write in ways])
        assert kept.metadata == {"a": 1}
    assert path.read_bytes() == before


def annotated(**of_the_neuron):
    graph = nx.DiGraph(name="worm")
    graph.add_node("AVA", kind="inter", cells=2, known=True, **of_the_neuron)
    graph.add_node("ASH", kind="sensory", x=1.5, y=-2.0)
    graph.add_edge(
        "ASH",
        "AVA",
        weight=0.5,
        transmitter="Glu",
        synapses=7,
        unread=float("nan"),
        none=None,
    )
    graph.add_edge("ASH", "VA01", weight=1.5, share=0.25)
    graph.add_edge("VA01", "VA01", share=1)
    return from_networkx(graph, outputs=["VA01"], seed=0, self_connections="state")


def metadata_of(net):
    links = {
        (link.source.name, link.target.name): dict(link.metadata)
        for link in net.connections
    }
    return {neuron.name: dict(neuron.metadata) for neuron in net}, links


COPIES = {
    **WAYS,
    **{
        name: lambda net, name=name: from_content(name, content_of(name, net))
        for name in ("graphml", "gexf", "cytoscape")
    },
    "live graph": lambda net: from_networkx(net.graph),
}


@pytest.mark.parametrize("way", COPIES)
def test_attributes_of_a_graph_are_metadata_in_every_copy(way):
    net = annotated()
    neurons, links = metadata_of(net)
    assert neurons == {
        "AVA": {"kind": "inter", "cells": 2, "known": True},
        "ASH": {"kind": "sensory", "x": 1.5, "y": -2.0},
        "VA01": {},
    }
    assert links["ASH", "AVA"] == {"transmitter": "Glu", "synapses": 7}
    twin = COPIES[way](net)
    assert metadata_of(twin) == (neurons, links)
    twin.select(kind="inter")[0].metadata["kind"] = "motor"
    twin.select("connections", transmitter="Glu")[0].metadata["transmitter"] = "GABA"
    assert metadata_of(net) == (neurons, links)


KEPT = {
    "numpy": (
        np.float32(0.5),
        np.int64(3),
        np.bool_(True),
        np.str_("a"),
    ),
    "text": ("", "  a ", "\r", "a\r\nb", "\ta\nb", "神経 🧠", "True", "1"),
    "numbers": (2**70, -0.0, 5e-324, 7, True),
}
REFUSED = {
    **dict.fromkeys(("graphml", "gexf"), (None, [0, 1], {"a": 1}, "\0", "\ud800")),
    **dict.fromkeys(("cytoscape", "node_link"), (None,)),
}


@pytest.mark.full
@pytest.mark.parametrize("format", [*REFUSED, "json", "npz"])
def test_metadata_of_neurons_and_connections_are_kept_or_refused_by_name(format):
    places = {
        r"net\[('AVA'|\d)\]\.metadata\['place'\]": lambda net: net["AVA"].metadata,
        r"net\.connections\[1\]\.metadata\['place'\]": lambda net: (
            net.connections[1].metadata
        ),
    }

    def check(value):
        for name, metadata_of_part in places.items():
            net = annotated()
            metadata_of_part(net)["place"] = value
            if any(value is unfit for unfit in REFUSED.get(format, ())):
                with pytest.raises(
                    errors.FormatError, match=f"{name}.*as .json or .syn"
                ):
                    content_of(format, net)
            else:
                twin = from_content(format, content_of(format, net))
                loaded = metadata_of_part(twin)["place"]
                plain = value.item() if hasattr(value, "item") else value
                assert (loaded, type(loaded)) == (plain, type(plain))

    values = [value for some in KEPT.values() for value in some]
    unfit = [value for some in REFUSED.values() for value in some]
    all_hold(check, [(value,) for value in (*values, *unfit[:5])])


def test_metadata_of_one_name_and_two_kinds_are_refused_by_name_in_xml():
    two_kinds, beside, of_set = annotated(place=1), annotated(), annotated(place={1})
    two_kinds["ASH"].metadata["place"] = "left"
    beside.connections[1].metadata["k"] = float("nan")
    no_json = errors.ArgumentTypeError
    all_refused(
        [
            *(
                (
                    partial(content_of, format, two_kinds),
                    errors.FormatError,
                    r"\]\.metadata\['place'\], .*one of",
                )
                for format in ("graphml", "gexf")
            ),
            (
                partial(content_of, "json", beside),
                no_json,
                r"connections\[1\].metadata\['k'\]",
            ),
            (
                partial(content_of, "json", of_set),
                no_json,
                r"net\['AVA'\].metadata\['place",
            ),
        ]
    )


@pytest.mark.parametrize(
    "column",
    [
        3,
        [[0], []],
        [[0, 0], [1, 2]],
        [[9], [1]],
        [[0.5], [1]],
        [["a"], [1]],
        [[0], [1], [2]],
    ],
)
def test_damaged_metadata_are_refused(column):
    data = json_data(annotated())
    data["neuron_metadata"]["kind"] = column
    with pytest.raises(errors.FormatError, match="kind of 'neuron_metadata'"):
        from_json_data(data)
