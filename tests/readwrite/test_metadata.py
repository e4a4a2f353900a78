"""What a network's metadata may hold, and where it stays."""

import copy
import io
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import architect
from synapse import errors, load, save
from synapse.readwrite import files, from_json_data, from_npz_data, json_data, npz_data

from .nets import every_way, run_python, same

GOLDEN = Path(__file__).parent / "golden"
META = {
    "columns": ["Ω", "é\n"],
    "scale": {"low": -0.0, "high": 1e300},
    "n": 12345678901234567890,
    "ok": [True, None, []],
}
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
leaves |= st.text(st.characters())
values = st.dictionaries(
    st.text(), st.recursive(leaves, lambda one: st.lists(one) | st.dictionaries(st.text(), one))
)


def small(**metadata):
    net = architect.Perceptron(1, 1, seed=0)
    net.metadata.update(metadata)
    return net


def in_bytes(net, format):
    stream = io.BytesIO()
    save(net, stream, format=format)
    return stream.getvalue()


@every_way
def test_every_way_keeps_metadata(twin_of):
    net = small(**META)
    twin = twin_of(net)
    assert repr(twin.metadata) == repr(META)  # to the sign of 0, and whether 1 is a float
    assert same(net, twin)


@settings(max_examples=30)
@given(metadata=values)
def test_any_metadata_are_kept_in_their_order(metadata):
    net = small(**metadata)
    for format in ("json", "npz"):
        assert repr(load(io.BytesIO(in_bytes(net, format))).metadata) == repr(metadata)


def test_copies_have_metadata_of_their_own():
    net = small(scale=[0, 1])
    for twin in (net.clone(), copy.copy(net), copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        twin.metadata["scale"][0] = 5
        twin.metadata["more"] = True
    given_ = {"scale": [2]}
    net.metadata = given_
    given_["scale"][0] = 3
    assert net.metadata == {"scale": [2]}


def test_documents_share_nothing_with_the_network():
    net = small(scale=[0, 1])
    data = json_data(net)
    twin = from_json_data(data)
    data["metadata"]["scale"][0] = 7
    assert net.metadata == twin.metadata == {"scale": [0, 1]}


@pytest.mark.parametrize("format", ["json", "npz"])
def test_files_without_metadata_have_not_changed(format):
    net = small()
    before = in_bytes(net, format)
    assert b"metadata" not in before
    net.metadata["a"] = 1
    assert b"metadata" in in_bytes(net, format)
    del net.metadata["a"]
    if format == "json":  # an archive has the time of its members
        assert in_bytes(net, format) == before


def test_versions():
    net = architect.Elman(1, 2, 1, seed=0)
    net.metadata["a"] = 1
    for rule in ("online", "rtrl"):
        net.learning_rule = rule
        assert json_data(net)["version"] == 3
        assert json.loads(npz_data(net)["document"].item())["version"] == 4


@pytest.mark.parametrize("name", ["version3.synapse", "version4.npz"])
def test_files_of_every_version_are_read_for_ever(name):
    """The golden files must not be written anew."""
    net = load(GOLDEN / name)
    assert repr(net.metadata) == repr(META)
    assert net.learning_rule.method == "rtrl"
    if name == "version3.synapse":
        assert files.to_text(json_data(net)) == (GOLDEN / name).read_text()


def test_another_process_reads_the_same(tmp_path):
    save(small(**META), tmp_path / "net.npz")
    done = run_python(
        "import sys, synapse; print(ascii(synapse.load(sys.argv[1]).metadata))", tmp_path / "net.npz"
    )
    assert done.stdout.strip() == ascii(META)


@pytest.mark.parametrize("format", ["graphml", "gexf", "node_link", "cytoscape"])
def test_other_formats_leave_metadata_out(format, tmp_path):
    save(small(a=1), tmp_path / "net", format=format)
    assert load(tmp_path / "net", format=format).metadata == {}


def nested(depth):
    return [] if depth == 1 else [nested(depth - 1)]


loop = {}
loop["loop"] = loop
WRONG = {
    "set": ({"a": {1}}, r"net.metadata\['a'\] to be a JSON value .*, got \{1\}"),
    "tuple": ({"a": [(1, 2)]}, r"net.metadata\['a'\]\[0\] to be a JSON value .*, got \(1, 2\)"),
    "array": ({"a": {"b": np.zeros(2)}}, r"net.metadata\['a'\]\['b'\] to be"),
    "integer of NumPy": ({"a": np.int64(3)}, r"net.metadata\['a'\] to be"),
    "NaN": ({"a": [0.0, float("nan")]}, r"net.metadata\['a'\]\[1\] to be .* got nan"),
    "infinite": ({"a": -np.inf}, r"net.metadata\['a'\] to be .* got -inf"),
    "huge": ({"a": 10**400}, r"net.metadata\['a'\] to be .* got"),
    "key": ({"a": {1: 2}}, r"the keys of net.metadata\['a'\] to be strings, got 1"),
    "first key": ({None: 2}, "the keys of net.metadata to be strings, got None"),
    "deep": ({"a": nested(101)}, r"in net.metadata\['a'\] nested at most 100 deep"),
    "loop": (loop, r"in net.metadata\['loop'\] nested at most 100 deep"),
    "bytes": ({"a": b"x"}, r"net.metadata\['a'\] to be .* got b'x'"),
}


@pytest.mark.parametrize(("metadata", "message"), WRONG.values(), ids=WRONG)
def test_what_is_not_json_is_refused_when_saved(metadata, message, tmp_path):
    path = tmp_path / "net.synapse"
    save(small(), path)
    before = path.read_bytes()
    net = small()
    net.metadata.update(metadata)
    for write in (lambda: save(net, path), net.clone, lambda: pickle.dumps(net), lambda: json_data(net)):
        with pytest.raises(errors.KindError, match=message):
            write()
    assert path.read_bytes() == before
    net = small(a=1)
    with pytest.raises(errors.KindError, match=message):
        net.metadata = metadata
    assert net.metadata == {"a": 1}


def test_only_a_dict_is_metadata():
    with pytest.raises(errors.KindError, match=r"Expected net.metadata to be a dict, got \['a'\]"):
        small().metadata = ["a"]


def test_the_deepest_and_numbers_of_numpy():
    net = small(a=nested(100), b=np.float64(0.5), c=np.str_("x"), d=np.float32(0.5).item())
    twin = from_npz_data(npz_data(net))
    assert repr(twin.metadata) == repr({"a": nested(100), "b": 0.5, "c": "x", "d": 0.5})


@pytest.mark.parametrize("metadata", [None, 3, "x", [], {"a": (1,)}, {"a": float("nan")}, {1: 2}])
def test_damaged_metadata_are_refused(metadata):
    data = json_data(small(a=1))
    data["metadata"] = metadata
    with pytest.raises(errors.FormatError, match="metadata"):
        from_json_data(data)


def test_a_file_edited_by_hand():
    text = in_bytes(small(a=1), "json").decode()
    for wrong in (
        '{"a": NaN}',
        '{"a": 1e999}',
        '{"a": 1, "a": 2}',
        "3",
        '{"a": ' + "[" * 101 + "]" * 101 + "}",
    ):
        with pytest.raises(errors.FormatError):
            load(io.StringIO(text.replace('{\n  "a": 1\n}', wrong)))
