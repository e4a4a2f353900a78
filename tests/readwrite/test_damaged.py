"""Damaged and malicious files of any format are refused in clear words, and nothing in
them is run."""

import io
import itertools
import json
import pickle
import zipfile
from contextlib import suppress
from functools import partial

import numpy as np
import pytest
from hypothesis import given, strategies as st

import architect
from synapse import errors, load
from synapse.readwrite import (
    _files,
    from_json_data,
    from_neataptic_data,
    from_npz_data,
    from_synaptic_data,
    json_data,
    npz_data,
    synaptic_data,
)
from synapse.readwrite._document import TABLES
from tests.helpers.cases import all_hold, all_refused

from . import test_neataptic, test_sensitivities, test_synaptic
from .formats import FORMATS, NETWORKS, content_of, from_content, used
from .mutation import all_damage_refused, drop, mutate, put
from .nets import feed, memory


def document():
    net = memory(blocks=1)
    feed(net, 3)
    return json_data(net)


in_neurons = partial(put, "neurons")
in_links = partial(put, "connections")
BAD = {
    "no format": (
        drop("format"),
        'not a network that Synapse has saved.*"format".*Synaptic',
    ),
    "newer": (
        put("version", 3),
        "newer version of Synapse, in version 3.*reads version 2.*Install a newer",
    ),
    "older": (
        put("version", 1),
        "an older version .* in version 1 .*reads version 2. Make the file",
    ),
    "unknown member": (put("more", 1), "got 'more' too"),
    "missing column": (
        drop("neurons", "squash"),
        "table 'neurons' must have.*'squash' is missing",
    ),
    "name": (put("name", None), "The name of the network must be a string, got None"),
    "unhashable dtype": (
        put("dtype", []),
        "The dtype of the network must be.* got a list",
    ),
    "endless clock": (
        put("clock", 10**5000),
        "The clock of the network must be.* got a number of many digits",
    ),
    "column": (
        in_links("weight", 1),
        "The column 'weight' of 'connections' must be a list, got 1",
    ),
    "short column": (
        in_neurons("bias", []),
        "of 'neurons' must be of one length, got 12.* and 0 .*'bias'",
    ),
    "lying size": (
        put("layers", "size", 0, 10**12),
        "size of layer 0 must be a whole number from 1 to 12",
    ),
    "sizes": (
        put("layers", "size", 0, 1),
        "sizes of the layers must add up to 12 neurons, got 11",
    ),
    "layers": (
        put("layers", {"name": ["a"], "size": [12]}),
        "number of layers must be 2 or more, got 1",
    ),
    "true for a number": (
        in_neurons("state", 3, True),
        "The state of neuron 3 must be a finite.* got True",
    ),
    "infinity": (
        in_links("weight", 17, float("inf")),
        "The weight of connection 17 .* got inf",
    ),
    "endless number": (
        in_neurons("bias", 1, 10**400),
        "The bias of neuron 1 .* many digits",
    ),
    "stamp": (
        in_neurons("stamp", 2, 10**6),
        "The stamp of neuron 2 must be a whole number from 0 to",
    ),
    "flag": (
        in_links("trainable", 2, 1),
        "trainable of connection 2 must be true or false, got 1",
    ),
    "neuron name": (
        in_neurons("name", 2, 2),
        "The name of neuron 2 must be a string or null",
    ),
    "squash": (
        in_neurons("squash", 2, "soft"),
        "The squash of neuron 2 is 'soft', .*registered.*logistic",
    ),
    "source": (
        in_links("source", 5, 12),
        "The source of connection 5 must be .*neuron, 0 to 11, got 12",
    ),
    "twice": (
        lambda data: [
            in_links(end, 7, data["connections"][end][3])(data)
            for end in ("source", "target")
        ],
        "connections 3 and 7 both lead",
    ),
    "no null": (
        in_links("gater", 5, -1),
        "The gater of connection 5 .*null .not gated.* got -1",
    ),
    "trace": (
        put("eligibility", "connection", 0, 999),
        "The connection of eligibility 0 must be",
    ),
    "no influence": (
        drop("influence"),
        "number of an influence, of which there are none, got 0",
    ),
    "runs and ends": (
        put("runs", {"source": [0], "target": [2], "length": [1]}),
        "got 'source' too",
    ),
    "random": (
        in_neurons("random", [2**53] + [0] * 11),
        "random of neuron 0 must be a whole number from 0 to",
    ),
    "tie": (
        in_links("tie", [99] + [0] * 27),
        "The tie of connection 0 must be a whole number from 0 to",
    ),
}


def test_one_clear_error_says_what_and_where():
    all_damage_refused(BAD, document, from_json_data)
    words = "A saved network must be an object"
    calls = [partial(from_json_data, data) for data in (None, [], "text", 1, [[]])]
    all_refused([(call, errors.FormatError, words) for call in calls])


TEXTS = {
    "empty": (
        b"",
        "not JSON, or only a part of it: Expecting value at line 1, column 1",
    ),
    "utf-16": ("{}".encode("utf-16"), "not text in UTF-8: byte 0"),
    "nested objects": (b'{"a":' * 10**6, "nested too deeply"),
    "many digits": (b"9" * 10**5, "a number that cannot be read"),
    "infinity": (
        b'{"format": -Infinity}',
        "Numbers must be finite, got -Infinity",
    ),
    "key twice": (
        b'{"format": "synapse", "format": "synapse"}',
        "has the key 'format' twice",
    ),
}


def test_what_is_no_text_of_ours(tmp_path):
    path = tmp_path / "net"

    def check(content, sentence):
        path.write_bytes(content)
        with pytest.raises(errors.FormatError, match=sentence) as caught:
            load(path)
        assert "net" in caught.value.__notes__[0]

    all_hold(check, TEXTS)
    path.write_bytes(
        b"\xef\xbb\xbf" + _files.to_text(document()).replace("\n", "\r\n").encode()
    )
    assert len(load(path)) == 12  # a file of Windows has a mark in front


def test_a_changed_number_is_refused_unless_the_digest_is_deleted():
    net = used("no hidden")
    net.metadata["scale"] = [1, {"a": 2}]
    text = content_of("json", net).decode()
    for place in (i for i, character in enumerate(text) if character.isdigit()):
        changed = f"{text[:place]}{(int(text[place]) + 1) % 10}{text[place + 1 :]}"
        with suppress(errors.FormatError):  # or it is a digit beyond the precision
            assert json_data(from_content("json", changed.encode())) == json_data(net)
    changed = json.loads(text)
    changed["neurons"]["bias"][2] = 0.125
    with pytest.raises(
        errors.FormatError, match='was on purpose, delete the member "digest"'
    ):
        from_json_data(changed)
    del changed["digest"]
    assert from_json_data(changed).output[0].bias == 0.125
    elsewhere = json.dumps(json.loads(text), indent=1, sort_keys=True).replace(
        ".0,", ","
    )
    assert json_data(from_content("json", elsewhere.encode())) == json_data(net)


DOCUMENTS = {
    "json": (document, from_json_data, json_data),
    "rule": (test_sensitivities.document, from_json_data, json_data),
    "synaptic": (test_synaptic.small, from_synaptic_data, synaptic_data),
    "neataptic": (test_neataptic.small, from_neataptic_data, json_data),
    **{
        format: (
            lambda format=format: json.loads(content_of(format, NETWORKS["named"]())),
            lambda document, format=format: from_content(
                format, json.dumps(document).encode()
            ),
            json_data,
        )
        for format in ("cytoscape", "node_link")
    },
}
"""How a document is made, read and written, by its format."""


@pytest.mark.full
@pytest.mark.parametrize("format", DOCUMENTS)
@given(data=st.data())
@pytest.mark.filterwarnings("ignore::synapse.readwrite.SynapticWarning")
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_a_changed_document_is_refused_or_read_as_it_says(format, data):
    make, read, write = DOCUMENTS[format]
    changed = make()
    for _ in range(data.draw(st.integers(1, 3))):
        mutate(data, changed)
    try:
        net = read(changed)
    except errors.FormatError:
        return
    written = write(net)
    if read is from_json_data:
        assert [written[it] for it in TABLES] == [changed[it] for it in TABLES]
    again = (from_synaptic_data if write is synaptic_data else from_json_data)(written)
    rows = np.full((3, len(net.input)), 0.5)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(again.run(rows), net.run(rows))


def content():
    net = used("gated")
    feed(net, 2)
    data = npz_data(net)
    return data, json.loads(data["document"].item())


def read_content(content):
    data, document = content
    if "document" in data:
        data["document"] = np.array(json.dumps(document).encode())
    return from_npz_data(data)


def become(name, make):
    def change(content):
        content[0][name] = make(content[0][name])

    return change


def place(name, row, value):
    def placed(array):
        array = array.astype(np.result_type(array.dtype, np.asarray(value).dtype))
        array[row] = value
        return array

    return become(name, placed)


ARRAYS = {
    "no document": (
        lambda content: content[0].pop("document"),
        "'document' of a network, which is missing",
    ),
    "missing": (
        lambda content: content[0].pop("neurons/state"),
        "The arrays must be those that the document names",
    ),
    "unknown": (
        lambda content: [
            content[0].update(more=np.zeros(2)),
            content[1]["arrays"].insert(2, "more"),
        ],
        "The arrays must be those that the document names",
    ),
    "short": (
        become("neurons/state", lambda array: array[:-1]),
        "must be of one length, got 28 .* and 27",
    ),
    "matrix": (
        become("neurons/state", lambda array: array[None]),
        "column 'state' of 'neurons' must be a list",
    ),
    "float index": (
        become("connections/gater", lambda array: array * 1.0),
        "got an array of float64",
    ),
    "whole flags": (
        become("connections/trainable", lambda array: array * 1),
        "true or false, got an array",
    ),
    "far": (
        place("runs/source", 1, 99),
        "source of run 1 must be the number of a neuron, 0 to 27, got 99",
    ),
    "low gater": (
        place("connections/gater", 5, -2),
        "gater of connection 5 must be the number .* got -2",
    ),
    "no length": (
        place("runs/length", 0, 0),
        "length of run 0 must be a whole number from 1 to 28, got 0",
    ),
    "long": (
        place("runs/length", 0, 28),
        "lengths of the runs must add up to 156 connections, got 18",
    ),
}


def test_one_clear_error_says_what_is_wrong_with_arrays():
    all_damage_refused(ARRAYS, content, read_content)


def test_runs_that_overlap_or_reach_too_far_are_refused():
    data = npz_data(architect.Perceptron(4, 2, seed=0))

    def dense(*columns):
        """Four inputs, two outputs, with other runs."""
        names = "runs/source", "runs/target", "runs/length"
        runs = dict(zip(names, map(np.array, columns), strict=True))
        return from_npz_data({**data, **runs})

    assert len(dense([0, 0], [5, 4], [4, 4]).connections) == 8
    all_refused(
        [
            (
                lambda: dense([0, 3, 0], [4, 4, 5], [4, 1, 3]),
                errors.FormatError,
                "connections 3 and 4 both lead from neuron 3 to neuron 4",
            ),
            (
                lambda: dense([0, 3], [4, 5], [4, 4]),
                errors.FormatError,
                "Run 1 must be of neurons up to 5, got 4 from neuron 3",
            ),
        ]
    )


def archive(*members, **options):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", **options) as made:
        for name, body in members:
            made.writestr(name, body)
    stream.seek(0)
    return stream


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_array_twice_and_a_bomb_are_refused():
    twice = archive(("document.npy", b"x"), ("document.npy", b"y"))
    bomb = archive(("document.npy", b"0" * 10**7), compression=zipfile.ZIP_DEFLATED)
    all_refused(
        [
            (
                partial(load, twice, "npz"),
                errors.FormatError,
                "each array once, got one of them twice",
            ),
            (partial(load, bomb, "npz"), errors.FormatError, "must be uncompressed"),
        ]
    )


def test_arrays_larger_than_the_file_are_refused():
    content = bytearray(content_of("npz", architect.Perceptron(3, 3, 1, seed=0)))
    # in the directory, which is at the end
    entry = content.rindex(b"connections/weight.npy") - 46
    content[entry + 24 : entry + 28] = (10**9).to_bytes(4, "little")
    with pytest.raises(
        errors.FormatError,
        match="only a part of one: its arrays are larger than the file",
    ):
        from_content("npz", content)


def test_an_array_is_no_larger_than_its_bytes():
    data = npz_data(NETWORKS["perceptron"]())

    def check(shape, descr):
        members = {name: io.BytesIO() for name in data}
        for name, member in members.items():
            np.lib.format.write_array(member, data[name])
        members["connections/weight"] = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            members["connections/weight"],
            {"descr": descr, "fortran_order": False, "shape": shape},
        )
        contents = [(f"{name}.npy", file.getvalue()) for name, file in members.items()]
        with pytest.raises(
            errors.FormatError, match="must have the bytes that its header declares"
        ):
            load(archive(*contents), "npz")

    descriptions = ("<U0", "<f8", "<U1000", [("a", "<U0")], ("<f8", (0,)))
    all_hold(check, itertools.product(((10**9,), (2**63,), (3,)), descriptions))


class Touch:
    """Unpickled, it would make a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_parts_of_files_pickles_and_other_things_are_refused(tmp_path):
    odd = [
        b"3",
        b"[]",
        b"{}",
        b'{"nodes": 3}',
        b'{"elements": {"nodes": [3]}, "data": {}}',
        pickle.dumps(Touch(tmp_path / "touched")),
    ]

    def check(format):
        content = content_of(format, NETWORKS["perceptron"]())
        lengths = (0, 1, 7, len(content) // 2, len(content) - 9)
        for refused in (*(content[:length] for length in lengths), *odd):
            with pytest.raises(errors.FormatError) as caught:
                from_content(format, refused)
            assert "while reading" in caught.value.__notes__[0]

    all_hold(check, FORMATS)
    assert list(tmp_path.iterdir()) == []


def test_arrays_of_objects_are_not_opened(tmp_path):
    data = npz_data(NETWORKS["perceptron"]())
    data["connections/weight"] = np.array([Touch(tmp_path / "touched")], object)
    stream = io.BytesIO()
    np.savez(stream, **data)
    with pytest.raises(errors.FormatError, match="pickle"):
        from_content("npz", stream.getvalue())
    assert list(tmp_path.iterdir()) == []


@given(place=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255))
def test_a_wrong_byte_is_refused_or_harmless(place, byte):
    for format in FORMATS:
        content = bytearray(content_of(format, NETWORKS["no hidden"]()))
        content[int(place * len(content))] = byte
        with suppress(errors.FormatError):
            assert np.isfinite(from_content(format, bytes(content)).weights).all(), (
                format
            )


def test_a_number_beyond_the_float_of_the_network_is_refused():
    """A file of a float32 network may have a number that is finite in float64 alone."""
    document = json_data(architect.Perceptron(2, 1, seed=0, dtype="float32"))
    weights = document["connections"]["weight"]
    weights[0] = 3.4e38
    assert from_json_data(document).weights[0] == np.float32(3.4e38)
    for beyond in (3.5e38, -1e300, float("inf"), float("nan")):
        weights[0] = beyond
        with pytest.raises(errors.FormatError, match="weight"):
            from_json_data(document)
