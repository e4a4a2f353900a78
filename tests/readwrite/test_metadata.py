"""What a network's metadata may hold, and where it stays."""

import io
import pickle

import numpy as np
import pytest
from hypothesis import given, strategies as st

import architect
from synapse import errors, load, save
from synapse.readwrite import json_data

from .nets import OWN, WAYS, same

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
words = st.text(st.characters(), max_size=5)
leaves |= words
values = st.dictionaries(
    words,
    st.recursive(leaves, lambda one: st.lists(one) | st.dictionaries(words, one), max_leaves=8),
    max_size=4,
)


def small(**metadata):
    net = architect.Perceptron(1, 1, seed=0)
    net.metadata.update(metadata)
    return net


def in_bytes(net, format):
    stream = io.BytesIO()
    save(net, stream, format=format)
    return stream.getvalue()


@given(metadata=values)
def test_any_metadata_are_kept_in_their_order(metadata):
    for name, way in WAYS.items():
        net = small(**metadata)
        twin = way(net)
        assert repr(twin.metadata) == repr(metadata), name  # to the sign of 0, and whether 1 is a float
        assert same(net, twin)


def test_only_files_of_networks_with_metadata_have_them():
    for format in OWN:
        assert b"metadata" not in in_bytes(small(), format)
    twin = load(io.BytesIO(in_bytes(small(a=1), "graphml")), format="graphml")
    assert twin.metadata == {}


def nested(depth):
    return [] if depth == 1 else [nested(depth - 1)]


loop = {}
loop["loop"] = loop
WRONG = {
    "set": ({"a": {1}}, r"net.metadata\['a'\] to be a JSON value .*, got \{1\}"),
    "tuple": ({"a": [(1, 2)]}, r"net.metadata\['a'\]\[0\] to be a JSON value .*, got \(1, 2\)"),
    "array": ({"a": {"b": np.zeros(2)}}, r"net.metadata\['a'\]\['b'\] to be"),
    "NaN": ({"a": [0.0, float("nan")]}, r"net.metadata\['a'\]\[1\] to be .* got nan"),
    "huge": ({"a": 10**400}, r"net.metadata\['a'\] to be .* got"),
    "key": ({"a": {1: 2}}, r"the keys of net.metadata\['a'\] to be strings, got 1"),
    "deep": ({"a": nested(101)}, r"in net.metadata\['a'\] nested at most 100 deep"),
    "loop": (loop, r"in net.metadata\['loop'\] nested at most 100 deep"),
}


def test_what_is_not_json_is_refused_when_saved(tmp_path):
    path = tmp_path / "net.synapse"
    save(small(), path)
    before = path.read_bytes()
    for metadata, message in WRONG.values():
        net = small()
        net.metadata.update(metadata)
        ways = (lambda net=net: save(net, path), net.clone, lambda net=net: pickle.dumps(net))
        for write in (*ways, lambda net=net: json_data(net)):
            with pytest.raises(errors.ArgumentTypeError, match=message):
                write()
        net = small(a=1)
        with pytest.raises(errors.ArgumentTypeError, match=message):
            net.metadata = metadata
        assert net.metadata == {"a": 1}
    assert path.read_bytes() == before
