"""Temporal XOR: the third bit, exact probabilities, streams and the judge."""

import numpy as np
import pytest

from synapse.errors import ArgumentError
from synapse.tasks import TemporalXor


def test_every_third_bit_is_the_xor():
    samples = TemporalXor(40).batch(30, 0)
    for sample in samples:
        bits = np.append(sample.inputs[:, 0], sample.targets[-1, 0]).astype(int)
        np.testing.assert_array_equal(sample.inputs[1:], sample.targets[:-1])
        triples = bits[:-1].reshape(-1, 3)
        np.testing.assert_array_equal(triples[:, 0] ^ triples[:, 1], triples[:, 2])
        np.testing.assert_array_equal(np.flatnonzero(sample.allowed), np.arange(1, 120, 3))


def test_the_two_others_are_fair():
    bits = TemporalXor(1000).batch(40, 1).rows.reshape(-1, 3).astype(int)
    counts = np.bincount(bits @ [4, 2, 1], minlength=8)
    assert counts[[0b001, 0b010, 0b100, 0b111]].sum() == 0
    even = counts[[0b000, 0b011, 0b101, 0b110]]
    assert ((even - 10_000) ** 2 / 10_000).sum() < 16.3, "chi squared of 3 degrees, one in a thousand"


def test_streams_go_on():
    stream, whole = TemporalXor(3).stream(5), TemporalXor(30).stream(5)
    parts = [stream.take(n) for n in (7, 1, 19)]
    joined = np.concatenate([part.inputs for part in parts])[:, 0].astype(int)
    triples = joined.reshape(-1, 3)
    np.testing.assert_array_equal(triples[:, 0] ^ triples[:, 1], triples[:, 2])
    allowed = np.concatenate([part.allowed for part in parts])[:, 0]
    np.testing.assert_array_equal(np.flatnonzero(allowed) % 3, 1)
    assert len(whole.take(27)) == len(joined)


def test_only_predictable_bits_are_judged():
    sample = TemporalXor(10).sample(2)
    outputs = np.where(sample.allowed, sample.targets, 0.5)
    assert sample.right(outputs)
    outputs[4] = 1 - outputs[4]
    assert not sample.right(outputs)
    assert np.flatnonzero(~sample.right_steps(outputs)).tolist() == [4]


def test_seeds_and_arguments():
    np.testing.assert_array_equal(TemporalXor(9).sample(3).inputs, TemporalXor(9).sample(3).inputs)
    with pytest.raises(ArgumentError, match="the triples of TemporalXor to be a whole number above 0"):
        TemporalXor(0)
