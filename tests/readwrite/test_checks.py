"""A file that cannot be trusted gets one clear error, or is read as it says."""

from contextlib import suppress
from functools import partial

import numpy as np
import pytest
from hypothesis import given, strategies as st

from synapse import errors, load
from synapse.readwrite import files, from_json_data, json_data

from .mutation import drop, mutate, put
from .nets import feed, memory, same


def document():
    net = memory(blocks=1)
    feed(net, 3)
    return json_data(net)


DEEP = [0]
for _ in range(100_000):
    DEEP = [DEEP]

in_neurons, in_links = partial(put, "neurons"), partial(put, "connections")
BAD = {
    "another format": (put("format", "other"), "not a network that Synapse has saved.*got 'other'"),
    "no format": (drop("format"), 'not a network that Synapse has saved.*"format".*Synaptic'),
    "newer": (put("version", 4), "newer version of Synapse, in version 4.*reads up to 3.*Install a newer"),
    "odd version": (put("version", True), "Expected the version to be a whole number above 0, got True"),
    "missing table": (drop("neurons"), "'neurons' is missing"),
    "unknown member": (put("more", 1), "got 'more' too"),
    "missing column": (drop("neurons", "state"), "Expected the table 'neurons' to have.*'state' is missing"),
    "unknown column": (in_neurons("more", []), "got 'more' too"),
    "name": (put("name", None), "Expected the name of the network to be a string, got None"),
    "dtype": (put("dtype", "float16"), "Expected the dtype to be float32 or float64, got 'float16'"),
    "unhashable dtype": (put("dtype", []), "Expected the dtype to be.* got a list"),
    "clock": (put("clock", -1), "Expected the clock to be a whole number, got -1"),
    "endless clock": (put("clock", 10**5000), "Expected the clock to be.* got a number of many digits"),
    "table": (put("connections", []), "Expected the table 'connections' to be an object, got a list"),
    "column": (in_links("weight", 1), "Expected the column 'weight' of 'connections' to be a list, got 1"),
    "short column": (in_neurons("bias", []), "of 'neurons' to be of one length, got 12.* and 0 .*'bias'"),
    "lying size": (
        put("layers", "size", 0, 10**12),
        "Expected the size of layer 0 to be a whole number from 1 to 12",
    ),
    "empty layer": (put("layers", "size", 0, 0), "Expected the size of layer 0 to be"),
    "sizes": (put("layers", "size", 0, 1), "sizes of the layers to add up to 12 neurons, got 11"),
    "layers": (
        put("layers", {"name": ["a"], "size": [12]}),
        "Expected the number of layers to be 2 or more, got 1",
    ),
    "text for a number": (
        in_neurons("state", 3, "x"),
        "Expected the state of neuron 3 to be a finite.*got 'x'",
    ),
    "true for a number": (in_neurons("state", 3, True), "the state of neuron 3 .* got True"),
    "NaN": (in_links("weight", 17, float("nan")), "the weight of connection 17 .*finite.* got nan"),
    "infinity": (in_links("weight", 17, float("inf")), "the weight of connection 17 .* got inf"),
    "endless number": (in_neurons("bias", 1, 10**400), "the bias of neuron 1 .* many digits"),
    "nested": (
        in_neurons("bias", 1, DEEP),
        "Expected the bias of neuron 1 to be a finite number, got a list",
    ),
    "stamp": (in_neurons("stamp", 2, 10**6), "Expected the stamp of neuron 2 to be a whole number from 0 to"),
    "flag": (
        in_links("trainable", 2, 1),
        "Expected the trainable of connection 2 to be true or false, got 1",
    ),
    "neuron name": (in_neurons("name", 2, 2), "Expected the name of neuron 2 to be a string or null"),
    "squash": (in_neurons("squash", 2, "soft"), "The squash of neuron 2 is 'soft', .*registered.*logistic"),
    "source": (
        in_links("source", 5, 12),
        "Expected the source of connection 5 to be .*neuron, 0 to 11, got 12",
    ),
    "negative": (in_links("target", 5, -1), "the target of connection 5 .* got -1"),
    "float index": (in_links("target", 5, 1.0), "the target of connection 5 .* got 1.0"),
    "null source": (in_links("source", 5, None), "the source of connection 5 .* got None"),
    "gater": (in_links("gater", 5, 2**32 - 1), "the gater of connection 5 .*null .not gated.* got 429"),
    "trace": (put("eligibility", "connection", 0, 999), "Expected the connection of eligibility 0 to be"),
    "influence": (put("influence", "gater", 0, 999), "Expected the gater of influence 0 to be"),
    "extended": (put("extended", "influence", 0, 999), "Expected the influence of extended trace 0 to be"),
}


@pytest.mark.parametrize(("change", "sentence"), BAD.values(), ids=BAD)
def test_one_clear_error_says_what_and_where(change, sentence):
    data = document()
    change(data)
    with pytest.raises(errors.FormatError, match=sentence):
        from_json_data(data)


def test_a_pair_of_neurons_twice():
    data = document()
    for end in ("source", "target"):
        data["connections"][end][9] = data["connections"][end][4]
    pair = data["connections"]["source"][4], data["connections"]["target"][4]
    sentence = f"connections 4 and 9 both lead from neuron {pair[0]} to neuron {pair[1]}"
    with pytest.raises(errors.FormatError, match=sentence):
        from_json_data(data)


def test_float32_has_a_smaller_range():
    data = {**document(), "dtype": "float32"}
    data["connections"]["weight"][0] = 1e300
    sentence = r"Expected the weight of connection 0 to be a finite number, got 1e"
    with pytest.raises(errors.FormatError, match=sentence):
        from_json_data(data)


@pytest.mark.parametrize("data", [None, [], "text", 1, [[]]])
def test_what_is_no_document(data):
    with pytest.raises(errors.FormatError, match="Expected a saved network to be an object"):
        from_json_data(data)


TEXTS = {
    "empty": (b"", "not JSON, or only a part of it: Expecting value at line 1, column 1"),
    "binary": (b"\x80\x04\x95", "not text in UTF-8: byte 0"),
    "utf-16": ("{}".encode("utf-16"), "not text in UTF-8"),
    "foreign": (b"weight,bias\n1,2\n", "not JSON"),
    "nested lists": (b"[" * 10**6, "nested too deeply"),
    "nested objects": (b'{"a":' * 10**6, "nested too deeply"),
    "many digits": (b"9" * 10**5, "a number that cannot be read"),
    "NaN": (b'{"format": NaN}', "Expected numbers to be finite, got NaN"),
    "infinity": (b'{"format": -Infinity}', "Expected numbers to be finite, got -Infinity"),
    "key twice": (b'{"format": "synapse", "format": "synapse"}', "has the key 'format' twice"),
}


@pytest.mark.parametrize(("content", "sentence"), TEXTS.values(), ids=TEXTS)
def test_what_is_no_text_of_ours(tmp_path, content, sentence):
    (tmp_path / "net").write_bytes(content)
    with pytest.raises(errors.FormatError, match=sentence) as caught:
        load(tmp_path / "net")
    assert "net" in caught.value.__notes__[0]


def test_a_number_beyond_the_range_of_floats(tmp_path):
    text = files.to_text(document()).replace('"bias": [', '"bias": [1e999, ', 1)
    (tmp_path / "net").write_text(text)
    with pytest.raises(errors.FormatError):
        load(tmp_path / "net")


def test_a_truncated_file(tmp_path):
    content = files.to_text(document()).encode()
    for end in range(0, len(content) - 3, 97):
        (tmp_path / "net").write_bytes(content[:end])
        with pytest.raises(errors.FormatError, match="not JSON, or only a part of it"):
            load(tmp_path / "net")


def test_a_file_of_windows_has_a_mark_in_front(tmp_path):
    (tmp_path / "net").write_bytes(b"\xef\xbb\xbf" + files.to_text(document()).replace("\n", "\r\n").encode())
    assert len(load(tmp_path / "net")) == 12


@given(st.data())
def test_a_changed_document_is_refused_or_read_as_it_says(data):
    changed = document()
    for _ in range(data.draw(st.integers(1, 3))):
        mutate(data, changed)
    try:
        net = from_json_data(changed)
    except errors.FormatError:
        return
    written = json_data(net)
    for table in ("layers", "neurons", "connections"):
        assert written[table] == changed[table]
    assert same(net, from_json_data(written))
    with np.errstate(all="ignore"):
        net.activate([0.0] * len(net.input))


@given(st.data())
def test_changed_characters_are_refused_or_read(tmp_path_factory, data):
    content = bytearray(files.to_text(document()).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=3))
    path = tmp_path_factory.mktemp("changed") / "net"
    path.write_bytes(content)
    with suppress(errors.FormatError):
        assert same(load(path), load(path))
