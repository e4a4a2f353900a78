"""Letters to indices and back, and the alphabet in the file of a network."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

import architect
import synapse
from synapse.errors import ArgumentError, ArgumentTypeError
from synapse.tasks import Alphabet


def speaking(alphabet, **options):
    return architect.LSTM(
        len(alphabet), 2, len(alphabet), output_squash="softmax", seed=0, **options
    )


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_there_and_back(text):
    alphabet = Alphabet.of(text)
    assert sorted(set(text)) == list(alphabet.letters)
    numbers = alphabet.indices(text)
    assert alphabet.text(numbers) == text
    rows = alphabet.one_hot(text)
    assert rows.shape == (len(text), len(alphabet))
    assert np.array_equal(rows.argmax(axis=1), numbers)
    assert (rows.sum(axis=1) == 1).all()


@pytest.mark.parametrize("suffix", ["json", "npz", "synapse"])
def test_files_have_it(tmp_path, suffix):
    alphabet = Alphabet.of('Grüße,\n"№ 🙂"\t\\')
    net = speaking(alphabet)
    alphabet.attach(net)
    synapse.save(net, tmp_path / f"net.{suffix}")
    loaded = Alphabet.from_network(synapse.load(tmp_path / f"net.{suffix}"))
    assert loaded == alphabet
    assert Alphabet.from_network(net.clone()) == alphabet


def test_unknown_letters_and_numbers_are_refused():
    alphabet = Alphabet.of("abc")
    for call in (alphabet.indices, alphabet.one_hot):
        with pytest.raises(
            ArgumentError,
            match=r"letter 'x', at place 2 of the text, is not one of the 3",
        ):
            call("abxa")
    with pytest.raises(ArgumentTypeError, match="a string"):
        alphabet.indices(["a"])
    for wrong in ([3], [-1]):
        with pytest.raises(ArgumentError, match="from 0 to 2"):
            alphabet.text(wrong)
    for wrong in ([0.5], [[0]], ["a"], [True]):
        with pytest.raises(ArgumentTypeError, match="from 0 to 2"):
            alphabet.text(wrong)


def test_an_alphabet_that_fits_nothing_is_refused():
    with pytest.raises(ArgumentError, match="'a' twice"):
        Alphabet("aba")
    for empty in (lambda: Alphabet(""), lambda: Alphabet.of("")):
        with pytest.raises(ArgumentError, match="at least one letter"):
            empty()
    net = speaking("abc")
    with pytest.raises(ArgumentError, match="has no alphabet"):
        Alphabet.from_network(net)
    with pytest.raises(ArgumentError, match="Expected 2 inputs and outputs"):
        Alphabet("ab").attach(net)
    assert net.metadata == {}
    net.metadata["alphabet"] = "ab"
    with pytest.raises(ArgumentError, match="Expected 2 inputs and outputs"):
        Alphabet.from_network(net)
