"""Tasks of papers: the formula or the grammar of each."""

import itertools
import re

import numpy as np
import pytest
import scipy

from studies.tasks import (
    Letters,
    LongLag,
    Narma10,
    NoisyLongLag,
    PeriodicFunction,
    SpikeDelays,
    TemporalOrder,
    TemporalXor,
    TimedSpikes,
    Timing,
    TwoSequences,
)
from studies.tasks.mnist1d import CHECKSUMS, checksum, mnist1d

from ..tasks.chances import as_often, binomial, distributed, uniform


def test_letters():
    """Syllables, features as in table 2 of the paper, and what can be predicted."""
    table = ["b101001", "d101101", "g101011", "a010011", "i010101", "u010111"]
    names = {tuple(map(float, features)): letter for letter, *features in table}
    sample = Letters(30_000).sample(1)
    text, following = (
        "".join(names[tuple(row)] for row in rows)
        for rows in (sample.inputs, sample.targets)
    )
    assert following[:-1] == text[1:]
    assert re.fullmatch("(ba|dii|guuu)*(|b|d|di|g|gu|guu)", text)
    symbols = ["bdg".index(letter) for letter in text if letter in "bdg"]
    pairs = np.reshape(symbols[: len(symbols) // 2 * 2], (-1, 2))
    assert uniform(pairs @ [3, 1], 0, 8), "independent syllables"
    is_vowel = [letter in "aiu" for letter in following[:300]]
    allowed = [[True, True, True, vowel, vowel, True] for vowel in is_vowel]
    assert sample.allowed[:300].tolist() == allowed
    outputs = np.where(sample.allowed, sample.targets, 0.4)
    assert sample.right(outputs)
    outputs[7, 0] = 1 - outputs[7, 0]
    assert np.flatnonzero(~sample.right_steps(outputs)).tolist() == [7]


def narma(u):
    """The series of an input, from the equation with a history of zeros."""
    u, y = np.concatenate([np.zeros(9), u]), np.zeros(len(u) + 10)
    for t in range(9, len(y) - 1):
        y[t + 1] = (
            0.3 * y[t]
            + 0.05 * y[t] * y[t - 9 : t + 1].sum()
            + 1.5 * u[t - 9] * u[t]
            + 0.1
        )
    return y[10:]


def test_narma():
    """Across pieces of 1,000 steps and in streams; none diverges, though some by the
    equation do."""
    sample = Narma10(2500).sample(0)
    np.testing.assert_allclose(
        sample.targets[:, 0], narma(sample.inputs[:, 0]), rtol=1e-9
    )
    assert distributed(2 * sample.inputs[:, 0], "uniform")
    stream = Narma10(30).stream(7)
    batches = [stream.take(n) for n in (5, 100, 45)]
    u, y = (
        np.concatenate([getattr(batch, name)[:, 0] for batch in batches])
        for name in ("inputs", "targets")
    )
    np.testing.assert_allclose(y, narma(u), rtol=1e-9)
    assert 0.0 < Narma10(4000).batch(100, 12).goals.max() <= 1.2


def test_periodic_functions():
    t = np.arange(75)
    for period in (10, 25):
        phase = t % period / period
        expected = {
            "cosine": 0.5 * (1 - np.cos(2 * np.pi * phase)),
            "triangle": 2 * np.minimum(phase, 1 - phase),
            "rectangle": 1.0 * (2 * (t % period) < period),
        }
        for shape, values in expected.items():
            sample = PeriodicFunction(shape, period, periods=8).stream(5).take(75)
            np.testing.assert_allclose(sample.targets[:, 0], values, atol=1e-14)
            assert not sample.inputs.any()


@pytest.mark.parametrize("delays", [(0, 1), (0, 2, 5)])
def test_spikes(delays):
    """The distance from the spike before is the period and a delay: measured, or
    given."""
    measured = SpikeDelays(7, delays, periods=2000).sample(0)
    places = np.flatnonzero(measured.inputs[:, 0])
    intervals = np.diff(places) - 7
    np.testing.assert_array_equal(measured.targets[places[1:], 0], intervals)
    assert np.isnan(np.delete(measured.targets[:, 0], places[1:])).all()
    assert as_often([(intervals == delay).sum() for delay in delays])
    stream = TimedSpikes(7, delays).stream(1)
    parts = [stream.take(steps) for steps in (1, 700, 5000)]
    spikes, delays_shown = (
        np.concatenate([getattr(p, name)[:, 0] for p in parts])
        for name in ("targets", "inputs")
    )
    spikes[0] = 1.0  # time 0
    places = np.flatnonzero(spikes)
    np.testing.assert_array_equal(np.diff(places), 7 + delays_shown[places[:-1]])
    assert (delays_shown[spikes == 0.0] == 0.0).all()
    for sample in SpikeDelays(7, delays, continual=False).batch(20, 0):
        assert np.flatnonzero(sample.inputs).tolist() == [0, len(sample) - 1]
        assert sample.targets[-1, 0] == len(sample) - 8


def test_temporal_xor():
    stream = TemporalXor(3).stream(5)
    batches = [stream.take(n) for n in (7, 1, 8992)]
    triples = np.concatenate([batch.inputs for batch in batches])
    triples = triples[:, 0].astype(int).reshape(-1, 3)
    np.testing.assert_array_equal(triples[:, 0] ^ triples[:, 1], triples[:, 2])
    assert uniform(triples[:, :2] @ [2, 1], 0, 3)
    sample = TemporalXor(40).sample(0)
    np.testing.assert_array_equal(np.flatnonzero(sample.allowed), np.arange(1, 120, 3))


def test_timing_of_synaptic():
    sample = Timing(30_000).sample(0)
    marks = [*np.flatnonzero(sample.inputs[:, 0]), 30_000]
    for begin, end in itertools.pairwise(marks):
        n = round(20 * sample.inputs[begin, 1])
        np.testing.assert_array_equal(sample.inputs[begin:end, 1], n / 20)
        expected = 0.5 * (np.arange(begin, end) <= begin + n)
        np.testing.assert_array_equal(sample.targets[begin:end, 0], expected)
        assert end == 30_000 or n <= end - begin <= n + 20


@pytest.mark.full
@pytest.mark.parametrize(
    ("marked", "ranges"),
    [(2, [(10, 20), (50, 60)]), (3, [(10, 20), (33, 43), (66, 76)])],
)
def test_temporal_order(marked, ranges):
    samples = TemporalOrder(marked).batch(5000, 4)
    others = np.zeros(4)
    found = []
    for sample in samples:
        text = "".join("EBabcdXY"[row.index(1.0)] for row in sample.inputs.tolist())
        assert (text[0], text[-1], sample.inputs.sum()) == ("E", "B", len(text))
        at = [t for t, letter in enumerate(text) if letter in "XY"]
        kind = int("".join(str("XY".index(text[t])) for t in at), 2)
        assert sample.targets[-1].tolist() == np.eye(2**marked)[kind].tolist()
        found.append((kind, *at))
        others += [text.count(letter) for letter in "abcd"]
    kinds, *places = zip(*found, strict=True)
    assert others.sum() == samples.lengths.sum() - 5000 * (2 + marked)
    assert as_often(others)
    assert uniform(samples.lengths, 100, 110)
    assert uniform(kinds, 0, 2**marked - 1)
    for column, (low, high) in zip(places, ranges, strict=True):
        assert uniform(column, low, high)


def test_long_lags():
    samples = LongLag(6).batch(2000, 0)
    texts = [
        (*row.inputs.argmax(axis=1).tolist(), int(row.targets[-1].argmax()))
        for row in samples
    ]
    assert set(texts) == {(5, 0, 1, 2, 3, 4, 5), (6, 0, 1, 2, 3, 4, 6)}
    assert binomial(sum(text[0] == 5 for text in texts), 2000)
    middle = []
    for sample in LongLag(6, regular=False).batch(4000, 0):
        symbols = sample.inputs.argmax(axis=1)
        assert symbols[0] == sample.targets[-1].argmax() in (5, 6)
        np.testing.assert_array_equal(sample.inputs[1:], sample.targets[:-1])
        middle.extend(symbols[1:])
        allowed = np.zeros((6, 7), bool)
        allowed[:-1, :5] = True
        allowed[-1, symbols[0]] = True
        np.testing.assert_array_equal(sample.allowed, allowed)
    assert uniform(middle, 0, 4)
    for regular in (True, False):
        sample = LongLag(6, regular).sample(0)
        outputs = np.array(sample.targets)
        outputs[2] = 1 - outputs[2]
        assert sample.right(outputs) is not regular, "random symbols are not judged"


def test_noisy_long_lag():
    samples = NoisyLongLag(4, 3).batch(8000, 2)
    counts = np.zeros(3)
    seconds = 0
    more = []
    for sample in samples:
        symbols = sample.inputs.argmax(axis=1).tolist()
        # b and e, behind the distractors 0, 1, 2
        assert (symbols[0], symbols[-1]) == (4, 3)
        assert sample.targets[-1].tolist() == np.eye(2)[symbols[1] - 5].tolist()
        seconds += symbols[1] == 5
        counts += np.bincount(symbols[2:-1], minlength=3)
        more.append(len(symbols) - 3 - 4)
    assert binomial(seconds, 8000)
    assert as_often(counts)
    chances = 0.1 * 0.9 ** np.arange(41)
    chances[-1] = 0.9**40
    assert as_often(np.bincount(np.minimum(more, 40), minlength=41), 8000 * chances)


@pytest.mark.parametrize(
    ("variant", "target_of_first", "target_of_second"),
    [("a", 1.0, 0.0), ("b", 1.0, 0.0), ("c", 0.2, 0.8)],
)
def test_two_sequences(variant, target_of_first, target_of_second):
    task = TwoSequences(50, informative=2, variant=variant)
    samples = task.batch(4000, 9)
    tested = task.tested.batch(4000, 9)
    targets, clean = (
        np.array([drawn_sample.targets[-1, 0] for drawn_sample in some])
        for some in (samples, tested)
    )
    head = np.array([sample.inputs[:2, 0] for sample in samples])
    rest = np.concatenate([sample.inputs[2:, 0] for sample in samples[:1000]])
    assert uniform(samples.lengths, 50, 55)
    assert distributed(rest, scipy.stats.norm(0, np.sqrt(0.2)).cdf)
    assert set(clean) == {target_of_first, target_of_second}
    assert binomial((clean == target_of_first).sum(), 4000)
    noise = head - np.where(clean == target_of_first, 1.0, -1.0)[:, None]
    if variant == "b":
        assert distributed(noise.ravel(), scipy.stats.norm(0, np.sqrt(0.2)).cdf)
    else:
        assert not noise.any()
    if variant == "c":
        assert distributed(targets - clean, scipy.stats.norm(0, np.sqrt(0.1)).cdf)
    else:
        np.testing.assert_array_equal(targets, clean)


@pytest.mark.full
def test_mnist1d_is_the_published_data_set():
    """The checksums are those of the package mnist1d 0.0.2."""
    data, shuffled = mnist1d(), mnist1d(shuffled=True)
    assert {False: checksum(data), True: checksum(shuffled)} == CHECKSUMS
    assert data.digits.tolist() == shuffled.digits.tolist()
    assert np.bincount(np.append(data.digits, data.test_digits)).tolist() == [500] * 10
    order = (
        np.abs(data.inputs[:5, :, None] - shuffled.inputs[:5, None]).max(0).argmin(1)
    )
    assert sorted(order) == list(range(40))
    differences = data.inputs[:, np.argsort(order)] - shuffled.inputs
    assert abs(differences).max() < 1e-12, "another order of steps, and no more"
