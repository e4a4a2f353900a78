"""Windows of a text, and text that a network writes."""

import numpy as np
import pytest

import architect
import synapse
from synapse.errors import ArgumentError
from synapse.tasks import Alphabet, TextWindows, sample

TEXT = "the cat sat on the mat; " * 30


def test_windows_are_letters_of_the_text_with_the_next_ones_as_targets():
    alphabet = Alphabet.of(TEXT)
    windows = TextWindows(TEXT, alphabet, steps=10, size=7, seed=3)
    seen = []
    for inputs, targets in windows:
        assert inputs.dtype == np.float32
        assert inputs.shape == (*targets.shape, len(alphabet))
        assert len(targets) <= 7
        for rows, following in zip(inputs, targets, strict=True):
            letters = alphabet.text(rows.argmax(axis=1))
            assert rows.sum() == 10
            assert letters + alphabet.letters[following[-1]] in TEXT
            assert alphabet.text(following[:-1]) == letters[1:]
            seen.append(letters)
    assert len(seen) in (len(TEXT) // 10 - 1, (len(TEXT) - 1) // 10)


def test_orders_follow_the_seed_and_are_new_in_each_epoch():
    alphabet = Alphabet.of(TEXT)

    def epochs():
        windows = TextWindows(TEXT, alphabet, steps=10, seed=3)
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
    alphabet = Alphabet.of(TEXT)
    n = len(alphabet)
    net = architect.Elman(n, 24, n, output_squash="softmax", seed=0)
    alphabet.attach(net)
    trainer = synapse.Trainer(net, rule="bptt", optimizer=synapse.optimizers.Adam(0.02))
    windows = TextWindows(TEXT, alphabet, steps=24, dtype=net.dtype, seed=0)
    trainer.train(windows, epochs=60, progress=False)
    net.activate(alphabet.one_hot("m")[0])
    before = [neuron.state for neuron in net]
    written = sample(net, "the c", 40, temperature=0.1, seed=0)
    assert [neuron.state for neuron in net] == before
    assert written == TEXT[:45]
    assert sample(net, "the c", 40, temperature=0.1, seed=0) == written
    synapse.save(net, tmp_path / "net.json")
    loaded = synapse.load(tmp_path / "net.json")
    assert sample(loaded, "the c", 40, temperature=0.1, seed=0) == written


@pytest.mark.full
def test_letters_are_drawn_by_their_probabilities():
    alphabet = Alphabet("abc")
    net = architect.Perceptron(3, 3, output_squash="softmax", seed=0)
    alphabet.attach(net)
    for connection in net.connections:
        connection.weight = 0.0
    for neuron, share in zip(net.output, [0.6, 0.3, 0.1], strict=True):
        neuron.bias = np.log(share)
    written = sample(net, "a", 6000, seed=1)[1:]
    shares = [written.count(letter) / 6000 for letter in "abc"]
    assert shares == pytest.approx([0.6, 0.3, 0.1], abs=0.02)
    colder = sample(net, "a", 6000, temperature=0.5, seed=1)[1:]
    squares = np.square([0.6, 0.3, 0.1])
    shares = [colder.count(letter) / 6000 for letter in "abc"]
    assert shares == pytest.approx((squares / squares.sum()).tolist(), abs=0.02)


def test_what_cannot_write():
    alphabet = Alphabet("ab")
    net = architect.Perceptron(2, 2, seed=0)
    with pytest.raises(ArgumentError, match="has no alphabet"):
        sample(net, "a")
    alphabet.attach(net)
    with pytest.raises(ArgumentError, match="softmax outputs"):
        sample(net, "a")
    speaking = architect.Perceptron(2, 2, output_squash="softmax", seed=0)
    alphabet.attach(speaking)
    for wrong in ({"prompt": ""}, {"prompt": "c"}, {"prompt": "a", "temperature": 0}):
        with pytest.raises(ArgumentError, match="Expected|must be|not one of"):
            sample(speaking, **wrong)
