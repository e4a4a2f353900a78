"""Spikes: their distances, what the input tells of them, and the criterion."""

import numpy as np
import pytest

import architect
from synapse.errors import ArgumentError, KindError
from synapse.tasks import SpikeDelays, TimedSpikes

CHI_SQUARE = {1: 10.8, 2: 13.8}  # exceeded with probability 0.1 %


def distances(spikes):
    return np.diff(np.flatnonzero(spikes))


@pytest.mark.parametrize("delays", [(0, 1), (0, 2, 5), (3,)])
def test_measuring(delays):
    """The target at a spike is its distance from the spike before, without the period."""
    sample = SpikeDelays(7, delays, periods=3000).sample(0)
    spikes = sample.inputs[:, 0]
    assert set(spikes) == {0.0, 1.0}
    assert spikes[0] == spikes[-1] == 1.0
    found = distances(spikes)
    assert len(found) == 3000
    places = np.flatnonzero(spikes)[1:]
    np.testing.assert_array_equal(sample.targets[places, 0], found - 7)
    assert np.isnan(np.delete(sample.targets[:, 0], places)).all()
    counts = np.array([(found - 7 == delay).sum() for delay in delays])
    assert counts.sum() == 3000
    if len(delays) > 1:
        expected = 3000 / len(delays)
        assert ((counts - expected) ** 2 / expected).sum() < CHI_SQUARE[len(delays) - 1]
    pairs = np.corrcoef(found[:-1], found[1:])[0, 1] if len(delays) > 1 else 0.0
    assert abs(pairs) < 4 / np.sqrt(3000)  # independent of each other


@pytest.mark.parametrize("delays", [(0, 1), (0, 2, 5)])
def test_generating(delays):
    """A spike follows after the period and the delay that the input had at the spike before."""
    sample = TimedSpikes(7, delays, periods=2000).sample(1)
    spikes, told = sample.targets[:, 0].copy(), sample.inputs[:, 0]
    assert set(spikes) == {0.0, 1.0}
    assert spikes.sum() == 2000
    spikes[0] = 1.0  # time 0
    np.testing.assert_array_equal(distances(spikes), 7 + told[np.flatnonzero(spikes)[:-1]])
    assert (told[spikes == 0.0] == 0.0).all()
    counts = np.array([(told[spikes == 1.0] == delay).sum() for delay in delays])
    expected = 2001 / len(delays)
    assert ((counts - expected) ** 2 / expected).sum() < CHI_SQUARE[len(delays) - 1]


def test_one_delay_in_a_sequence():
    samples = SpikeDelays(10, continual=False).batch(400, 0)
    lengths = np.bincount(samples.lengths)
    assert lengths.sum() == lengths[11] + lengths[12] == 400
    assert abs(lengths[11] - 200) < 66  # 3.3 standard deviations
    for sample in samples:
        assert np.flatnonzero(sample.inputs).tolist() == [0, len(sample) - 1]
        assert sample.targets[-1, 0] == len(sample) - 11
        assert np.isnan(sample.targets[:-1]).all()


@pytest.mark.parametrize("task", [SpikeDelays(4), TimedSpikes(4), SpikeDelays(4, continual=False)])
def test_streams_continue_without_a_mark(task):
    stream = task.stream(3)
    parts = [stream.take(size) for size in (1, 700, 1000, 50)]
    whole = task.stream(3).take(1751)
    np.testing.assert_array_equal(whole.inputs, np.concatenate([part.inputs for part in parts]))
    np.testing.assert_array_equal(whole.targets, np.concatenate([part.targets for part in parts]))
    spikes = (whole.targets if isinstance(task, TimedSpikes) else whole.inputs)[:, 0]
    if getattr(task, "continual", True):
        assert set(distances(spikes)) == {4, 5}
    if isinstance(task, TimedSpikes):
        places = np.flatnonzero(spikes)
        np.testing.assert_array_equal(np.diff(places), 4 + whole.inputs[places[:-1], 0])
        assert places[0] == 4 + whole.inputs[0, 0]


@pytest.mark.parametrize("task", [SpikeDelays(), TimedSpikes(), SpikeDelays(continual=False)])
def test_seeds(task):
    first, same, other = (task.batch(3, seed) for seed in (1, np.random.default_rng(1), 2))
    np.testing.assert_array_equal(first.rows, same.rows)
    np.testing.assert_array_equal(first.goals, same.goals)
    assert first.rows.shape != other.rows.shape or (first.rows != other.rows).any()


def test_right():
    sample = TimedSpikes(periods=5).sample(0)
    assert sample.right(np.abs(sample.targets - 0.48))
    wrong = sample.targets.copy()
    wrong[20] += 0.49
    assert not sample.right(wrong)
    measured = SpikeDelays(periods=5).sample(0)
    assert measured.right(np.nan_to_num(measured.targets, nan=9.0))
    assert not measured.right(np.zeros_like(measured.targets) + 2.0)


def test_a_network_that_is_never_right():
    task = TimedSpikes(periods=3)
    assert not task.solved(architect.Perceptron(1, 1, seed=0), task.batch(10, 0))


def test_lists_of_delays_are_stored_as_tuples():
    assert TimedSpikes(delays=[0, 1]) == TimedSpikes()
    assert hash(SpikeDelays(delays=[0, 1])) == hash(SpikeDelays())


@pytest.mark.parametrize("kind", [SpikeDelays, TimedSpikes])
def test_errors(kind):
    name = kind.__name__
    for delays in ((), (-1,), (0.5,), (0, "1")):
        with pytest.raises(ArgumentError, match=f"the delays of {name}"):
            kind(delays=delays)
    with pytest.raises(KindError, match=f"the delays of {name}"):
        kind(delays=1)
    with pytest.raises(ArgumentError, match=f"the period of {name}"):
        kind(0)
    with pytest.raises(ArgumentError, match=f"the periods of {name}"):
        kind(periods=0)
