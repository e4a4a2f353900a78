"""Intervals from held-out errors: their arithmetic, and the share of future values that
they cover."""

import numpy as np
import pytest

import architect
from synapse import forecast
from synapse.errors import ArgumentError, ArgumentTypeError
from synapse.forecasting import Calibration, rolling_origin
from tests.helpers.cases import all_refused


def gru(n=1, m=1, seed=0):
    return architect.GRU(n, 4, m, output_squash="identity", seed=seed)


def test_half_widths_are_a_quantile_of_the_errors_in_their_size():
    """The size grows as a power of the step: 2 h^0.5 here, exactly; then |errors| /
    size are uniform."""
    rng = np.random.default_rng(0)
    signs = rng.choice([-1.0, 1.0], 400)
    uniform = np.linspace(0, np.sqrt(3), 400)
    unit = rng.permutation(uniform / np.sqrt(np.mean(uniform**2))) * signs
    errors = unit[:, None] * 2 * np.sqrt([1, 2, 3, 4])
    calibration = Calibration(errors[:, :, None])
    np.testing.assert_allclose(
        calibration._scale_of_steps(4)[:, 0], 2 * np.sqrt([1, 2, 3, 4])
    )
    alike = max(0, np.sum(unit[1:] * unit[:-1]) / np.sum(unit**2))
    independent = 400 * (1 - alike) / (1 + alike)
    expected = np.quantile(
        np.repeat(np.abs(unit), 4), 0.8 * (1 + 1 / (3 * independent))
    )
    np.testing.assert_allclose(
        calibration.half_widths(0.8)[:, 0], expected * 2 * np.sqrt([1, 2, 3, 4])
    )
    further = calibration.half_widths(0.8, 9)[:, 0]
    np.testing.assert_allclose(further, expected * 2 * np.sqrt(np.arange(1, 10)))
    with pytest.raises(
        ArgumentError,
        match=r"of 0\.91 needs at least 11 errors, but this calibration has 10",
    ):
        Calibration(errors[:10, :1, None]).half_widths(0.91)


def test_widths_of_a_level_do_not_shrink_and_of_two_outputs_differ():
    errors = (
        np.random.default_rng(0).normal(size=(60, 6, 2))
        * [[[1.0, 10.0]]]
        / np.sqrt(np.arange(1, 7))[:, None]
    )
    half = Calibration(errors).half_widths(0.9)
    np.testing.assert_allclose(
        half, np.tile(half[:1], (6, 1)), err_msg="errors fall, so the exponent is 0"
    )
    assert 8 < half[0, 1] / half[0, 0] < 12


def test_errors_of_neighbouring_origins_that_are_alike_widen():
    noise = np.random.default_rng(0).normal(size=(40, 1, 1))
    slow = np.sort(noise, axis=0)  # the same errors
    assert Calibration(slow).half_widths(0.8) > Calibration(noise).half_widths(0.8)


def test_forecasts_and_bounds_are_clipped_to_a_range():
    net = gru()
    series = np.random.default_rng(0).normal(size=60)
    rolled = rolling_origin(
        lambda *arguments: forecast(net, *arguments)[:, 0], series, 4, start=40
    )
    options = {"calibration": rolled.calibration}
    free = forecast(net, series, 4, **options)
    low, high = (float(np.mean(values)) for values in (free.lower, free.mean))
    clipped = forecast(net, series, 4, **options, minimum=low, maximum=high)
    for name in ("lower", "mean", "upper"):
        assert np.array_equal(
            getattr(clipped, name), np.clip(getattr(free, name), low, high)
        )
    assert not np.array_equal(clipped.lower, free.lower)
    assert forecast(net, series, 4, minimum=9).mean.tolist() == [[9.0]] * 4


@pytest.mark.slow
def test_intervals_of_a_stationary_series_cover_their_share():
    """An ideal forecaster's: an autoregression, whose one neuron has the true
    weight."""
    net = architect.Perceptron(1, 1, output_squash="identity", seed=0)
    covered = []
    phi = 0.7
    net.weights = [phi]
    net.biases = [0.0, 0.0]
    for seed in range(60):
        series = np.zeros(400)
        for t, shock in enumerate(np.random.default_rng(seed).normal(size=399)):
            series[t + 1] = phi * series[t] + shock
        rolled = rolling_origin(
            lambda *arguments: forecast(net, *arguments)[:, 0],
            series[:390],
            10,
            start=200,
            every=2,
        )
        ahead = forecast(net, series[:390], 10, calibration=rolled.calibration)
        truth = series[390:, None]
        covered.append((ahead.lower <= truth) & (truth <= ahead.upper))
    assert np.mean(covered) == pytest.approx(0.9, abs=0.03)


def test_as_many_errors_as_needed_are_enough():
    calibration = Calibration((-np.ones(9)).cumprod()[:, None, None])
    assert calibration.half_widths() == pytest.approx(1)
    for share, needed in ((0.9, 9), (0.5, 1), (0.8, 4), (0.95, 19), (0.99, 99)):
        Calibration(np.ones((needed, 1, 1))).half_widths(share)


def test_what_cannot_be_calibrated_is_one_sentence():
    net = gru()
    series = np.zeros(40)
    three = Calibration(np.ones((20, 3, 1)))
    other = {"calibration": Calibration(np.ones((20, 5, 2)))}
    all_refused(
        [
            (
                lambda: forecast(net, series, 5, **other),
                ArgumentError,
                "calibration of 1 output, like the network, got one of 2",
            ),
            (lambda: three.half_widths(1.0), ArgumentError, "above 0 and below 1"),
            (
                lambda: Calibration(np.ones((20, 3))),
                ArgumentError,
                r"of shape \(origins, steps, m\)",
            ),
            (
                lambda: forecast(3, series, 3),
                ArgumentTypeError,
                "a Network or an Ensemble",
            ),
            (
                lambda: forecast(net, series, 3, minimum=1, maximum=0),
                ArgumentError,
                "the lower one first",
            ),
            (
                lambda: forecast(net, series, 3, minimum=np.nan),
                ArgumentError,
                "`minimum` must be a finite",
            ),
            (
                lambda: forecast(net, series, 3, maximum="1"),
                ArgumentTypeError,
                "`maximum` must be a number",
            ),
        ]
    )
