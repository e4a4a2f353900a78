"""Letter sequences: features, syllables, exact probabilities, streams and the judge."""

import re

import numpy as np
import pytest

import architect
from synapse import Trainer
from synapse.errors import ArgumentError
from synapse.optimizers import Adam
from synapse.tasks import Letters

TABLE = {"b": "101001", "d": "101101", "g": "101011", "a": "010011", "i": "010101", "u": "010111"}
"""As in the paper, table 2."""
NAMES = {tuple(map(float, features)): letter for letter, features in TABLE.items()}


def spelled(rows):
    return "".join(NAMES[tuple(row)] for row in rows)


def test_samples_are_syllables():
    for sample in Letters(400).batch(10, 0):
        text = spelled(sample.inputs)
        assert spelled(sample.targets)[:-1] == text[1:]
        assert re.fullmatch("(ba|dii|guuu)*(|b|d|di|g|gu|guu)", text)


def test_syllables_are_equally_frequent_and_independent():
    text = spelled(Letters(60_000).sample(1).inputs)
    found = re.findall("[bdg]", text)
    pairs = np.array([[f"{a}{b}" for a in "bdg"] for b in "bdg"])
    seen = [a + b for a, b in zip(found[::2], found[1::2], strict=False)]
    counts = np.array([seen.count(pair) for pair in pairs.ravel()])
    each = len(seen) / 9
    assert ((counts - each) ** 2 / each).sum() < 26.1, "chi squared of 8 degrees, one in a thousand"


def test_what_can_be_predicted():
    sample = Letters(300).sample(2)
    following = spelled(sample.targets)
    for letter, allowed in zip(following, sample.allowed, strict=True):
        expected = "111111" if letter in "aiu" else "111001"
        assert "".join(map(str, allowed.astype(int))) == expected


def test_the_judge():
    sample = Letters(200).sample(3)
    outputs = np.where(sample.allowed, sample.targets, 0.4)
    assert sample.right(outputs)
    for column in range(6):
        step = int(np.flatnonzero(sample.allowed[:, column])[5])
        changed = outputs.copy()
        changed[step, column] = 1 - changed[step, column]
        assert np.flatnonzero(~sample.right_steps(changed)).tolist() == [step]


def test_streams_go_on():
    stream = Letters(7).stream(4)
    text = spelled(np.concatenate([stream.take(n).inputs for n in (3, 20, 40)]))
    assert re.fullmatch("(ba|dii|guuu)*(|b|d|di|g|gu|guu)", text)


def test_the_criterion():
    """A network solves it after training, and not before."""
    net = architect.Elman(6, 20, 6, seed=0)
    task = Letters(1000)
    assert not task.solved(net, 0)
    learner = Trainer(net, 0.01, method="bptt", optimizer=Adam(), cost="cross_entropy", batch_size=4)
    learner.train(*data(Letters(100).batch(300, 1)), epochs=10, progress=False, seed=0)
    assert task.solved(net, 0)


def data(samples):
    return samples.inputs, samples.targets


def test_arguments():
    with pytest.raises(ArgumentError, match="Expected the length of Letters to be a whole number above 0"):
        Letters(0)
