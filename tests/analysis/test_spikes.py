"""Spike trains: sources have their rates, lists and trains are inverse, statistics are
those of the definitions."""

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, errors, from_edges, spikes


def test_sources_fire_at_their_rates_and_by_chance():
    rates = np.array([5.0, 40.0, 0.0])
    train = spikes.poisson(rates, 200_000, dt=0.1, seed=0)
    expected = rates * 20.0  # in 20 seconds
    deviation = np.sqrt(expected)
    assert (np.abs(train.sum(axis=0) - expected) <= 4.0 * deviation).all()
    assert np.abs(spikes.cv(train)[:2] - 1.0).max() < 0.15
    assert (train == spikes.poisson(rates, 200_000, dt=0.1, seed=0)).all()


def test_rates_of_each_step():
    rates = np.zeros((1000, 2))
    rates[500:, 1] = 1e9  # fires at every step
    train = spikes.poisson(rates, 1000, seed=0)
    assert not train[:, 0].any()
    assert (train[:, 1] == (np.arange(1000) >= 500)).all()


@pytest.mark.parametrize("dt", [0.1, 1.0, 3.7])
def test_a_list_of_events_gives_the_train_back(dt):
    train = spikes.poisson([100.0, 300.0, 20.0], 400, dt=dt, seed=1)
    times, neurons = spikes.events(train, dt=dt)
    assert (np.diff(times) >= 0).all()
    assert (spikes.from_events(times, neurons, 400, 3, dt=dt) == train).all()


def test_statistics_of_a_recording_are_those_of_its_spikes():
    net = architect.Spiking(2, 6, 1, seed=0)
    with synapse.record(net) as log:
        net.run(np.full((300, 2), 0.9))
    train = log.of(net["spikes"])
    times, neurons = spikes.events(train, dt=0.5)
    for i, gaps in enumerate(spikes.intervals(train, dt=0.5)):
        assert np.allclose(gaps, np.diff(times[neurons == i]))
    counts = np.bincount(neurons, minlength=6)
    assert np.allclose(spikes.rates(train, dt=0.5), counts / 0.15)
    windows = spikes.rates(train, dt=0.5, window=50.0)
    assert np.allclose(windows.mean(axis=0), counts / 0.15)
    with pytest.raises(errors.ArgumentError, match=r"0 or 1.*log\.of"):
        spikes.rates(log.activation)


HALVES = np.array([0.25, 0.05, 0.45, 1.25, 0.35, 0.15])


def test_half_a_step_goes_up():
    """Of any length, although quotients of decimals may be less than a half."""
    steps = np.arange(2_000)
    for dt in (0.1, 0.05, 0.2, 0.25, 0.025, 0.01, 0.3, 0.7, 1.0):
        halves = np.array([round(float(k + 0.5) * dt, 9) for k in steps])
        assert (spikes.to_steps(halves, dt) == steps + 1).all()
        assert (spikes.to_steps(halves * (1 - 1e-10), dt) == steps).all()
        assert (spikes.to_steps(steps * dt, dt) == steps).all()
    table = {"source": range(6), "target": [6] * 6, "weight": [1.0] * 6}
    net = from_edges({**table, "delay": HALVES}, dt=0.1)
    delays = [c.delay for c in net.connections]
    assert spikes.to_steps(HALVES, 0.1).tolist() == delays == [3, 1, 5, 13, 4, 2]
    assert spikes.rates(np.ones((6, 1)), window=2.5).tolist() == [[1000.0]] * 2


def test_spikes_between_steps_belong_to_the_step_in_which_they_are():
    times = [0.19, 0.2998, 0.2999999, 0.34]
    for merge, twice in (("sum", 2), ("first", 1)):
        train = spikes.from_events(times, [1, 0, 1, 1], 5, 2, dt=0.1, merge=merge)
        assert train.tolist() == [[0, 0], [0, 1], [1, 0], [0, twice], [0, 0]]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: spikes.poisson(-1.0, 5), "0 or above"),
        (lambda: spikes.poisson([[1.0, 2.0]], 5), r"5 steps, got the shape \(1, 2\)"),
        (lambda: spikes.from_events([0.0], [0, 1], 5, 2), "each of 2 neurons, got 1"),
        (
            lambda: spikes.from_events([7.0], [0], 5, 2),
            "from 0 to less than 5 ms .* got 7",
        ),
        (lambda: spikes.from_events([1.0], [2], 5, 2), "from 0 to 1, got 2"),
        (lambda: spikes.to_steps([1.0, -0.01], 0.1), r"0 or above, .* got -0\.01\."),
        (lambda: spikes.to_steps(np.nan, 0.1), "finite, got nan"),
        (lambda: spikes.to_steps(1.0, 0.0), "`dt` must be a finite number above 0"),
        (lambda: spikes.to_steps("soon", 0.1), "numbers, got text"),
        (lambda: Layer(1).project(Layer(1), delay=1.8), r"spikes\.to_steps"),
        (lambda: Layer(1).project(Layer(2), delay=HALVES[:2]), r"spikes\.to_steps"),
        (lambda: spikes.from_events([1, 1.5], [0, 0], 5, 2), "2 of neuron 0 in step 1"),
        (lambda: spikes.rates([[1.0], [0.0]], window=3.0), "1 ms, a step, to 2 ms"),
        (lambda: spikes.rates(np.zeros((0, 2))), r"the shape \(0, 2\)"),
    ],
)
def test_a_mistake_gets_a_sentence(call, sentence):
    with pytest.raises(errors.SynapseError, match=sentence):
        call()
