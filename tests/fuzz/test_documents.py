"""Each reader says in a sentence of ours what is wrong with a document, with a value of
each kind in each place."""

import io
import itertools
import re

import numpy as np
import pytest

import synapse
from synapse.errors import FormatError, SynapseError
from synapse.readwrite import formats, read_graph
from tests.readwrite import test_odd_graphs

from .documents import (
    ARCHIVES,
    DOCUMENTS,
    archive_of,
    arrays_of,
    load_arrays,
    variants,
    variants_of_archive,
)

pytestmark = pytest.mark.filterwarnings("ignore")  # rates and so on that are read
OF_PYTHON = re.compile(r"\b(?!Topology|Format|Argument)[A-Z]\w+Error\b|object has no")
"""Words of Python's own errors."""


def read_all(read, several):
    """Read each; a failure is one that has not been refused in a sentence."""
    told = {}
    with np.errstate(all="ignore"):
        for content, change in several:
            try:
                read(content)
                told[change] = ""
            except SynapseError as refusal:
                told[change] = str(refusal)
            except Exception as error:
                raise AssertionError(change) from error
    assert not {key: text for key, text in told.items() if OF_PYTHON.search(text)}
    return set(map(bool, told.values()))


@pytest.mark.full
@pytest.mark.parametrize("kind", DOCUMENTS)
@pytest.mark.parametrize("share", [23, pytest.param(3, marks=pytest.mark.slow)])
def test_any_value_in_any_place_of_a_document(kind, share):
    make, read = DOCUMENTS[kind]
    document = make()
    read(document)
    either = read_all(read, itertools.islice(variants(document), 0, None, share))
    assert either == {True, False}


@pytest.mark.full
@pytest.mark.parametrize("kind", ARCHIVES)
@pytest.mark.parametrize("share", [23, pytest.param(3, marks=pytest.mark.slow)])
def test_any_array_and_any_value_in_an_archive(kind, share):
    arrays = arrays_of(archive_of(ARCHIVES[kind]()))
    load_arrays(arrays)
    several = itertools.islice(variants_of_archive(arrays), 0, None, share)
    assert read_all(load_arrays, several) == {True, False}


@pytest.mark.parametrize("value", [[], [0], {}, {"x": 0}, None, 1, True, "", "x"])
def test_a_format_of_any_kind_is_refused(value):
    """`{"format": []}` raised TypeError."""
    read = DOCUMENTS["network"][1]
    for content in ({"format": value}, {**DOCUMENTS["model"][0](), "format": value}):
        with pytest.raises(FormatError):
            read(content)


TOKENS = re.compile(r'"[^"]*"|>[^<>]+<|</?[\w:]+|[\w.+-]+|\[|\]')
TEXTS = ('""', '"x"', '"-1"', '"1e400"', '"nan"', "", "[", "]", "<", ">x<", "\u00e9")


def texts(text):
    """Yield a text with each token replaced, dropped or doubled, and its beginnings."""
    for token in TOKENS.finditer(text):
        begin, end = text[: token.start()], text[token.end() :]
        for other in (*TEXTS, f"{token.group()} {token.group()}"):
            yield f"{begin}{other}{end}", f"{other} for {token.group()}"
    for length in range(0, len(text), 29):
        yield text[:length], f"the first {length}"


@pytest.mark.parametrize("program", test_odd_graphs.FILES)
@pytest.mark.parametrize("share", [29, pytest.param(3, marks=pytest.mark.slow)])
def test_any_text_in_any_place_of_a_graph(program, share):
    name, text, _ = test_odd_graphs.FILES[program]
    form = test_odd_graphs.format_of(name, text)

    def read(content):
        graph = read_graph(io.BytesIO(content.encode()), form)
        synapse.from_networkx(graph, [next(iter(graph), 0)], [*graph][-1:])

    read_all(read, itertools.islice(texts(text), 0, None, share))


def test_what_is_no_file_is_refused(tmp_path):
    """Folders, files that are not there, and empty ones, by each suffix."""
    suffixes = {suffix for form in formats() if form.read for suffix in form.suffixes}
    for suffix in {*suffixes, ".json", ""}:
        empty = tmp_path / f"empty{suffix}"
        empty.write_bytes(b"")
        folder = tmp_path / f"folder{suffix}"
        folder.mkdir()
        with pytest.raises(FormatError):
            synapse.load(empty)
        with pytest.raises(IsADirectoryError):
            synapse.load(folder)
        with pytest.raises(FileNotFoundError):
            synapse.load(tmp_path / f"none{suffix}")
