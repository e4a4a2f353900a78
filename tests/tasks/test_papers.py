"""Tasks of papers: the formula or the grammar of each."""

import itertools
import re

import numpy as np
import pytest

from synapse.tasks import (
    Laser,
    Letters,
    MackeyGlass,
    Narma10,
    PeriodicFunction,
    SpikeDelays,
    SynapticReber,
    SynapticRecall,
    TemporalXor,
    TimedSpikes,
    Timing,
    Xor,
    reber,
)

from .chances import as_often, distributed, uniform


def test_letters():
    """Syllables, features as in table 2 of the paper, and what can be predicted."""
    table = {"b": "101001", "d": "101101", "g": "101011", "a": "010011", "i": "010101", "u": "010111"}
    names = {tuple(map(float, features)): letter for letter, features in table.items()}
    sample = Letters(30_000).sample(1)
    text, following = ("".join(names[tuple(row)] for row in rows) for rows in (sample.inputs, sample.targets))
    assert following[:-1] == text[1:]
    assert re.fullmatch("(ba|dii|guuu)*(|b|d|di|g|gu|guu)", text)
    found = ["bdg".index(letter) for letter in text if letter in "bdg"]
    assert uniform(np.reshape(found[: len(found) // 2 * 2], (-1, 2)) @ [3, 1], 0, 8), "independent syllables"
    for letter, allowed in zip(following[:300], sample.allowed, strict=False):
        assert allowed.tolist() == [True, True, True, letter in "aiu", letter in "aiu", True]
    outputs = np.where(sample.allowed, sample.targets, 0.4)
    assert sample.right(outputs)
    outputs[7, 0] = 1 - outputs[7, 0]
    assert np.flatnonzero(~sample.right_steps(outputs)).tolist() == [7]


def test_laser():
    """An independent loop over every Runge-Kutta step, from the same random state, has the same points."""

    def slope(s):
        return np.array([2.0 * (s[1] - s[0]), s[0] * (15.0 - s[2]) - s[1], s[0] * s[1] - s[2] / 4.0])

    state, points, h = np.random.default_rng(0).uniform([1, 1, 10], [4, 4, 14]), [], 0.06
    for _ in range(270 * 8):
        a = slope(state)
        b = slope(state + h / 2 * a)
        c = slope(state + h / 2 * b)
        state = state + h / 6 * (a + 2 * (b + c) + slope(state + h * c))
        points.append(state[0] ** 2 / 32)
    found = Laser(length=20).sample(0).inputs[:, 0]
    np.testing.assert_allclose(found, points[250 * 8 + 7 :: 8], atol=1e-6)
    plain, rounded = Laser(length=300).sample(2).inputs, Laser(length=300, levels=256).sample(2).inputs
    np.testing.assert_array_equal(np.rint(255 * plain) / 255, rounded)
    sample, stream = Laser(length=150, horizon=5).sample(4), Laser(length=40, horizon=5).stream(4)
    np.testing.assert_array_equal(sample.inputs[5:], sample.targets[:-5])
    found = np.concatenate([stream.take(n).inputs for n in (30, 70, 50)])
    np.testing.assert_array_equal(found, sample.inputs)


def test_mackey_glass():
    """An independent loop over every Euler step, from the same random history, has the same points."""
    y = (1.1 + 0.2 * np.random.default_rng(3).random(170)).tolist()
    for _ in range((1000 + 50) * 10):
        y.append(y[-1] + 0.1 * (0.2 * y[-170] / (1.0 + y[-170] ** 10) - 0.1 * y[-1]))
    expected = np.tanh(np.array(y[170 + 9 :: 10]) - 1.0)[1000:]
    found = MackeyGlass(length=50).sample(3).inputs[:, 0]
    np.testing.assert_allclose(found[:20], expected[:20], atol=1e-6)  # chaos enlarges the last bit
    points = MackeyGlass(length=2000).batch(40, 1).rows
    assert points.var() == pytest.approx(0.0468, abs=0.002), "of 200,000 points of another program"
    whole, later = MackeyGlass(length=500).sample(4).inputs, MackeyGlass(length=200, horizon=300).sample(4)
    np.testing.assert_array_equal(later.inputs, whole[:200])
    np.testing.assert_array_equal(later.targets, whole[300:])
    task, rng = MackeyGlass(length=120), np.random.default_rng(5)
    for sample, alone in zip(task.batch(20, 5), [task.sample(rng) for _ in range(20)], strict=True):
        np.testing.assert_array_equal(sample.inputs, alone.inputs)


def narma(u):
    """The series of an input, from the equation with a history of zeros."""
    u, y = np.concatenate([np.zeros(9), u]), np.zeros(len(u) + 10)
    for t in range(9, len(y) - 1):
        y[t + 1] = 0.3 * y[t] + 0.05 * y[t] * y[t - 9 : t + 1].sum() + 1.5 * u[t - 9] * u[t] + 0.1
    return y[10:]


def test_narma():
    """Across pieces of 1,000 steps and in streams; none diverges, though some by the equation do."""
    sample = Narma10(2500).sample(0)
    np.testing.assert_allclose(sample.targets[:, 0], narma(sample.inputs[:, 0]), rtol=1e-9)
    assert distributed(2 * sample.inputs[:, 0], "uniform")
    stream = Narma10(30).stream(7)
    parts = [stream.take(n) for n in (5, 100, 45)]
    u, y = (np.concatenate([getattr(part, name)[:, 0] for part in parts]) for name in ("inputs", "targets"))
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
    """The distance from the spike before is the period and a delay: measured, or given."""
    measured = SpikeDelays(7, delays, periods=2000).sample(0)
    places = np.flatnonzero(measured.inputs[:, 0])
    found = np.diff(places) - 7
    np.testing.assert_array_equal(measured.targets[places[1:], 0], found)
    assert np.isnan(np.delete(measured.targets[:, 0], places[1:])).all()
    assert as_often([(found == delay).sum() for delay in delays])
    stream = TimedSpikes(7, delays).stream(1)
    parts = [stream.take(steps) for steps in (1, 700, 5000)]
    spikes, given = (
        np.concatenate([getattr(p, name)[:, 0] for p in parts]) for name in ("targets", "inputs")
    )
    spikes[0] = 1.0  # time 0
    places = np.flatnonzero(spikes)
    np.testing.assert_array_equal(np.diff(places), 7 + given[places[:-1]])
    assert (given[spikes == 0.0] == 0.0).all()
    for sample in SpikeDelays(7, delays, continual=False).batch(20, 0):
        assert np.flatnonzero(sample.inputs).tolist() == [0, len(sample) - 1]
        assert sample.targets[-1, 0] == len(sample) - 8


def test_temporal_xor():
    stream = TemporalXor(3).stream(5)
    parts = [stream.take(n) for n in (7, 1, 8992)]
    triples = np.concatenate([part.inputs for part in parts])[:, 0].astype(int).reshape(-1, 3)
    np.testing.assert_array_equal(triples[:, 0] ^ triples[:, 1], triples[:, 2])
    assert uniform(triples[:, :2] @ [2, 1], 0, 3)
    sample = TemporalXor(40).sample(0)
    np.testing.assert_array_equal(np.flatnonzero(sample.allowed), np.arange(1, 120, 3))


def test_xor_of_synaptic():
    samples = Xor().batch(8, 0)
    for begin in (0, 4):
        assert {tuple(row) for row in samples.rows[begin : begin + 4]} == {(0, 0), (0, 1), (1, 0), (1, 1)}
    np.testing.assert_array_equal(samples.goals[:, 0], samples.rows.sum(axis=1) == 1)
    assert len({tuple(map(tuple, Xor().batch(4, seed).rows)) for seed in range(300)}) == 24


def test_recall_of_synaptic():
    samples = SynapticRecall().batch(2000, 0)
    symbols = samples.rows.reshape(2000, 24, 10).argmax(axis=2)
    goals = samples.goals.reshape(2000, 24, 4)
    assert not goals[:, :22].any()
    first = []
    for shown, goal in zip(symbols.tolist(), goals[:, 22:], strict=True):
        targets = [symbol for symbol in shown[:22] if symbol in (2, 4, 7, 8)]
        assert [(2, 4, 7, 8)[i] for i in goal.argmax(axis=1)] == targets, "in the order of the steps"
        assert shown[22:] == [0, 1]
        first.append(targets[0])
    assert uniform(np.searchsorted([2, 4, 7, 8], first), 0, 3)
    three = SynapticRecall(targets=[1], distractors=[0], prompts=[4, 3, 2], length=6)
    assert three.sample(0).inputs.argmax(axis=1).tolist() == [1, 1, 1, 4, 3, 2]


def test_reber_of_synaptic():
    """With V, which is missing there, and with equal outer letters."""
    for sample in SynapticReber().batch(200, 0):
        text = "".join("BPTXSEV"[i] for i in sample.inputs.argmax(axis=1)) + "E"
        expected = [{"BPTXSEV".index(symbol) for symbol in legal} for legal in reber.legal(text)]
        assert [set(np.flatnonzero(row)) for row in sample.allowed] == expected


def test_timing_of_synaptic():
    sample = Timing(30_000).sample(0)
    marks = [*np.flatnonzero(sample.inputs[:, 0]), 30_000]
    for begin, end in itertools.pairwise(marks):
        n = round(20 * sample.inputs[begin, 1])
        np.testing.assert_array_equal(sample.inputs[begin:end, 1], n / 20)
        held = 0.5 * (np.arange(begin, end) <= begin + n)
        np.testing.assert_array_equal(sample.targets[begin:end, 0], held)
        assert end == 30_000 or n <= end - begin <= n + 20
