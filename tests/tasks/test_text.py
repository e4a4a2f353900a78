"""Letters to indices and back, windows of a text, and text that a network writes."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, strategies as st

import architect
import synapse
from synapse.errors import ArgumentError, ArgumentTypeError
from synapse.tasks import Alphabet, TextWindows, sample
from tests.helpers.cases import all_refused
from tests.helpers.networks import unchanged

TEXT = "the cat sat on the mat; " * 30
LETTERS = Alphabet.of(TEXT)


def test_windows_are_letters_of_the_text_with_the_next_ones_as_targets():
    seen = 0
    for inputs, targets in TextWindows(TEXT, LETTERS, steps=10, size=7, seed=3):
        assert inputs.dtype == np.float32
        assert inputs.shape == (*targets.shape, len(LETTERS))
        assert len(targets) <= 7
        for rows, following in zip(inputs, targets, strict=True):
            letters = LETTERS.text(rows.argmax(axis=1))
            assert rows.sum() == 10
            assert letters + LETTERS.letters[following[-1]] in TEXT
            assert LETTERS.text(following[:-1]) == letters[1:]
        seen += len(targets)
    assert seen in (len(TEXT) // 10 - 1, (len(TEXT) - 1) // 10)


def test_orders_follow_the_seed_and_are_new_in_each_epoch():
    def epochs():
        windows = TextWindows(TEXT, LETTERS, steps=10, seed=3)
        return [[targets.tolist() for _, targets in windows] for _ in range(2)]

    first_epoch, second_epoch = epochs()
    assert first_epoch != second_epoch
    assert epochs() == [first_epoch, second_epoch]


@pytest.mark.parametrize("length", [3, 4, 7])
def test_the_shortest_texts_have_a_window_in_each_epoch(length):
    windows = TextWindows("abababab"[:length], Alphabet("ab"), steps=2, seed=0)
    for _ in range(20):
        assert sum(len(targets) for _, targets in windows) >= 1
    with pytest.raises(ArgumentError, match="at least 4 letters"):
        TextWindows("aba", Alphabet("ab"), steps=3)


def test_a_trained_network_writes_its_text_and_keeps_its_context(tmp_path):
    n = len(LETTERS)
    net = architect.Elman(n, 24, n, output_squash="softmax", seed=0)
    LETTERS.attach(net)
    windows = TextWindows(TEXT, LETTERS, steps=24, dtype=net.dtype, seed=0)
    trainer = synapse.Trainer(net, rule="bptt", optimizer=synapse.optimizers.Adam(0.02))
    trainer.train(windows, epochs=60, progress=False)
    net.activate(LETTERS.one_hot("m")[0])
    synapse.save(net, tmp_path / "net.json")
    with unchanged(net):
        for writer in (net, net, synapse.load(tmp_path / "net.json")):
            written = sample(writer, "the c", 40, temperature=0.1, seed=0)
            assert written == TEXT[:45]


@pytest.mark.full
def test_letters_are_drawn_by_their_probabilities():
    alphabet = Alphabet("abc")
    net = architect.Perceptron(3, 3, output_squash="softmax", seed=0)
    alphabet.attach(net)
    shares = np.array([0.6, 0.3, 0.1])
    net.weights, net.output.biases = np.zeros(9), np.log(shares)
    for temperature, expected in ((1.0, shares), (0.5, shares**2 / sum(shares**2))):
        written = sample(net, "a", 6000, temperature=temperature, seed=1)[1:]
        found = [written.count(letter) / 6000 for letter in "abc"]
        assert found == pytest.approx(expected.tolist(), abs=0.02)


def test_what_cannot_write():
    bare, logistic = (architect.Perceptron(2, 2, seed=0) for _ in range(2))
    net = architect.Perceptron(2, 2, output_squash="softmax", seed=0)
    for each in (logistic, net):
        Alphabet("ab").attach(each)
    wrong = "Expected|must be|not one of"
    all_refused(
        [
            (partial(sample, bare, "a"), ArgumentError, "has no alphabet"),
            (partial(sample, logistic, "a"), ArgumentError, "softmax outputs"),
            (partial(sample, net, ""), ArgumentError, wrong),
            (partial(sample, net, "c"), ArgumentError, wrong),
            (partial(sample, net, "a", temperature=0), ArgumentError, wrong),
        ]
    )


# --- alphabets ------------------------------------------------------------------------


def speaking(alphabet):
    n = len(alphabet)
    return architect.LSTM(n, 2, n, output_squash="softmax", seed=0)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_there_and_back(text):
    alphabet = Alphabet.of(text)
    assert sorted(set(text)) == list(alphabet.letters)
    numbers = alphabet.indices(text)
    assert alphabet.text(numbers) == text
    expected = np.eye(len(alphabet))[numbers]
    assert alphabet.one_hot(text).tolist() == expected.tolist()


@pytest.mark.parametrize("suffix", ["json", "npz", "synapse"])
def test_files_have_it(tmp_path, suffix):
    alphabet = Alphabet.of('Grüße,\n"№ 🙂"\t\\')
    net = speaking(alphabet)
    alphabet.attach(net)
    synapse.save(net, tmp_path / f"net.{suffix}")
    assert Alphabet.from_network(synapse.load(tmp_path / f"net.{suffix}")) == alphabet
    assert Alphabet.from_network(net.clone()) == alphabet


def test_unknown_letters_and_numbers_are_refused():
    alphabet = Alphabet.of("abc")
    letter = "letter 'x', at place 2 of the text, is not one of the 3"
    types = {
        ArgumentError: ([3], [-1]),
        ArgumentTypeError: ([0.5], [[0]], ["a"], [True]),
    }
    all_refused(
        [
            (partial(alphabet.indices, "abxa"), ArgumentError, letter),
            (partial(alphabet.one_hot, "abxa"), ArgumentError, letter),
            (partial(alphabet.indices, ["a"]), ArgumentTypeError, "a string"),
            *(
                (partial(alphabet.text, numbers), error, "from 0 to 2")
                for error, wrong in types.items()
                for numbers in wrong
            ),
        ]
    )


def test_an_alphabet_that_fits_nothing_is_refused():
    net, small = speaking("abc"), speaking("abc")
    small.metadata["alphabet"] = "ab"
    sizes = "Expected 2 inputs and outputs"
    all_refused(
        (call, ArgumentError, words)
        for call, words in [
            (partial(Alphabet, "aba"), "'a' twice"),
            (partial(Alphabet, ""), "at least one letter"),
            (partial(Alphabet.of, ""), "at least one letter"),
            (partial(Alphabet.from_network, net), "has no alphabet"),
            (partial(Alphabet("ab").attach, net), sizes),
            (partial(Alphabet.from_network, small), sizes),
        ]
    )
    assert net.metadata == {}
