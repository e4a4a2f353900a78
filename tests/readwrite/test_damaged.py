"""Damaged and malicious files of any format are refused, and nothing in them is run."""

import io
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given, strategies as st

from synapse import errors

from .formats import FORMATS, NETWORKS, XML, assert_twins, data_of, from_data, read, used, write
from .mutation import mutate


@pytest.mark.parametrize("format", FORMATS)
def test_a_part_of_a_file_is_refused(format, tmp_path):
    write(format, NETWORKS["perceptron"](), tmp_path / "net")
    content = (tmp_path / "net").read_bytes()
    for length in (0, 1, 7, len(content) // 3, len(content) // 2, len(content) - 9):
        with pytest.raises(errors.FormatError) as caught:
            read(format, io.BytesIO(content[:length]))
        assert "while reading" in caught.value.__notes__[0]


@pytest.mark.parametrize("format", FORMATS)
@given(place=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255))
def test_a_wrong_byte_is_refused_or_harmless(format, place, byte):
    stream = io.BytesIO()
    write(format, NETWORKS["no hidden"](), stream)
    content = bytearray(stream.getvalue())
    content[int(place * len(content))] = byte
    try:
        twin = read(format, io.BytesIO(content))
    except errors.FormatError:
        return
    assert np.isfinite(twin.weights).all()


@pytest.mark.parametrize("format", ["cytoscape", "node_link"])
@given(data=st.data())
def test_any_change_of_a_document_is_refused_or_harmless(format, data):
    document = data_of(format, NETWORKS["named"]())
    mutate(data, document)
    try:
        twin = from_data(format, document)
    except errors.FormatError:
        return
    assert np.isfinite(twin.weights).all()


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "data", [None, 3, [], "", "x", {}, {"nodes": 3}, {"elements": {"nodes": [3]}, "data": {}}]
)
def test_what_is_no_network_is_refused(format, data):
    with pytest.raises(errors.FormatError):
        from_data(format, data)


LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
DOCTYPES = {
    "laughs": f'<!DOCTYPE graphml [<!ENTITY l0 "ha">{LAUGHS}]>',
    "file": '<!DOCTYPE graphml [<!ENTITY file SYSTEM "file:///etc/passwd">]>',
    "dtd": '<!DOCTYPE graphml SYSTEM "http://127.0.0.1:9/none.dtd">',
}


@pytest.mark.parametrize("doctype", DOCTYPES.values(), ids=DOCTYPES)
@pytest.mark.parametrize("format", XML)
def test_xml_with_entities_is_refused(format, doctype):
    head, body = data_of(format, NETWORKS["named"]()).split("\n", 1)
    with pytest.raises(errors.FormatError, match="without a document type declaration"):
        from_data(format, f"{head}\n{doctype}\n{body.replace('tanh', '&l9;')}")
    with pytest.raises(errors.FormatError, match="undefined entity"):
        from_data(format, f"{head}\n{body.replace('tanh', '&l9;')}")


@pytest.mark.parametrize("format", XML)
def test_xml_of_another_kind_is_refused(format):
    for text in ("<svg/>", f"<{format}/>", f"<{format}><graph/><graph/></{format}>", "<a>" * 100_000):
        with pytest.raises(errors.FormatError):
            from_data(format, text)


@pytest.mark.parametrize("format", XML)
def test_xml_in_other_encodings(format):
    text = data_of(format, used("named"))
    assert_twins(used("named"), from_data(format, text.replace("UTF-8", "UTF-16").encode("utf-16")))
    with pytest.raises(errors.FormatError, match="not XML"):
        from_data(format, text.replace("UTF-8", "no-such").encode())


class Touch:
    """Unpickled, it would make a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("format", FORMATS)
def test_pickles_are_not_opened(format, tmp_path):
    touched = tmp_path / "touched"
    with pytest.raises(errors.FormatError):
        read(format, io.BytesIO(pickle.dumps(Touch(touched))))
    assert not touched.exists()


def test_arrays_of_objects_are_not_opened(tmp_path):
    touched = tmp_path / "touched"
    data = {
        **data_of("npz", NETWORKS["perceptron"]()),
        "connection_weight": np.array([Touch(touched)], object),
    }
    stream = io.BytesIO()
    np.savez(stream, **data)
    stream.seek(0)
    with pytest.raises(errors.FormatError, match="pickle"):
        read("npz", stream)
    assert not touched.exists()


def test_compressed_arrays_are_refused():
    stream = io.BytesIO()
    np.savez_compressed(stream, name=np.zeros(10**6))
    with pytest.raises(errors.FormatError, match="uncompressed"):
        read("npz", io.BytesIO(stream.getvalue()))


def archive_with(name, header):
    """An archive of a network in which one array is another one."""
    data = data_of("npz", NETWORKS["perceptron"]())
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for key, array in data.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array)
            if key == name:
                member = io.BytesIO()
                np.lib.format.write_array_header_1_0(member, header)
            archive.writestr(f"{key}.npy", member.getvalue())
    return stream.getvalue()


@pytest.mark.parametrize("descr", ["<U0", "|V0", "|S0", "<f8", "<U1000", [("a", "<U0")], ("<f8", (0,))])
@pytest.mark.parametrize("shape", [(10**9,), (2**63,), (10**9, 10**9), (3,)])
def test_an_array_is_no_larger_than_its_bytes(descr, shape):
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    with pytest.raises(errors.FormatError, match="to have the bytes that its header declares"):
        read("npz", io.BytesIO(archive_with("connection_weight", header)))


@pytest.mark.parametrize(
    ("format", "before", "again"),
    [
        ("graphml", '<data key="node_bias">', '<data key="node_bias">7.0</data>'),
        ("gexf", '<attvalue for="bias"', '<attvalue for="bias" value="7.0"/>'),
    ],
)
def test_a_number_that_is_there_twice_is_refused(format, before, again):
    text = data_of(format, NETWORKS["perceptron"]())
    with pytest.raises(errors.FormatError, match="Expected each node to have its bias once, got '7.0' and"):
        from_data(format, text.replace(before, again + before))
