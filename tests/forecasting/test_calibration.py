"""Intervals from held-out errors: their arithmetic, and the share of future values that they cover."""

import numpy as np
import pytest

import architect
from synapse import forecast
from synapse.errors import ArgumentError, ArgumentTypeError, ForecastWarning
from synapse.forecasting import Calibration, calibrate
from tests.cases import all_refused


def gru(n=1, m=1, seed=0):
    return architect.GRU(n, 4, m, output_squash="identity", seed=seed)


def test_errors_are_those_of_a_forecast_from_every_held_out_origin():
    net, series, steps = gru(2, 2), np.random.default_rng(0).normal(size=(40, 2)), 4
    found = calibrate(net, series, steps, held_out=12)
    origins = range(27, 36)  # the first forecast is of row 28, the last value of row 39
    expected = [series[t + 1 : t + 5] - forecast(net, series[: t + 1], steps) for t in origins]
    assert np.array_equal(found.errors, expected)
    assert np.array_equal(calibrate(net, series, steps, held_out=0.3).errors, expected)
    assert repr(found) == "<Calibration of 4 steps from 9 origins>"


def test_inputs_from_outside_are_those_of_the_series():
    net, series = gru(3, 1), np.random.default_rng(0).normal(size=(30, 3))
    found = calibrate(net, series, 3, held_out=5, feedback={0: 1})
    expected = [
        series[t + 1 : t + 4, 1:2]
        - forecast(net, series[: t + 1], 3, feedback={0: 1}, future=series[t + 1 : t + 3][:, [0, 2]])
        for t in range(24, 27)
    ]
    assert np.array_equal(found.errors, expected)


def test_half_widths_are_a_quantile_of_the_errors_in_their_size():
    """The size grows as a power of the step: 2 h^0.5 here, exactly; then |errors| / size are uniform."""
    rng = np.random.default_rng(0)
    signs, uniform = rng.choice([-1.0, 1.0], 400), np.linspace(0, np.sqrt(3), 400)
    unit = rng.permutation(uniform / np.sqrt(np.mean(uniform**2))) * signs
    errors = unit[:, None] * 2 * np.sqrt([1, 2, 3, 4])
    found = Calibration(errors[:, :, None])
    np.testing.assert_allclose(found.scale(4)[:, 0], 2 * np.sqrt([1, 2, 3, 4]))
    alike = max(0, np.sum(unit[1:] * unit[:-1]) / np.sum(unit**2))
    independent = 400 * (1 - alike) / (1 + alike)
    expected = np.quantile(np.repeat(np.abs(unit), 4), 0.8 * (1 + 1 / (3 * independent)))
    np.testing.assert_allclose(found.half_widths(0.8)[:, 0], expected * 2 * np.sqrt([1, 2, 3, 4]))
    further = found.half_widths(0.8, 9)[:, 0]
    np.testing.assert_allclose(further, expected * 2 * np.sqrt(np.arange(1, 10)))
    with pytest.raises(ArgumentError, match=r"of 0\.91 needs at least 11 errors, this calibration has 10"):
        Calibration(errors[:10, :1, None]).half_widths(0.91)


def test_widths_of_a_level_do_not_shrink_and_of_two_outputs_differ():
    errors = (
        np.random.default_rng(0).normal(size=(60, 6, 2)) * [[[1.0, 10.0]]] / np.sqrt(np.arange(1, 7))[:, None]
    )
    half = Calibration(errors).half_widths(0.9)
    np.testing.assert_allclose(half, np.tile(half[:1], (6, 1)), err_msg="errors fall, so the exponent is 0")
    assert 8 < half[0, 1] / half[0, 0] < 12


def test_errors_of_neighbouring_origins_that_are_alike_widen():
    noise = np.random.default_rng(0).normal(size=(40, 1, 1))
    slow = np.sort(noise, axis=0)  # the same errors
    assert Calibration(slow).half_widths(0.8) > Calibration(noise).half_widths(0.8)


def test_a_context_that_ends_outside_of_the_known_range_warns():
    net, series = gru(2, 2), np.random.default_rng(0).uniform(-1, 1, (60, 2))
    found = calibrate(net, series, 3, held_out=20)
    assert found.ranges.tolist() == [series[:40].min(axis=0).tolist(), series[:40].max(axis=0).tolist()]
    for rows, outside in ((3, 1), (2, 1), (3, 0), (1, None)):
        context = series.copy()
        context[60 - rows :, outside or 0] = 1.5
        if outside is None:  # a single row of three is an outlier
            forecast(net, context, 3, calibration=found)
            continue
        with pytest.warns(ForecastWarning, match=rf"range: input {outside} is 1\.5 in the last row"):
            forecast(net, context, 3, calibration=found)
    forecast(net, series * 9, 3, calibration=Calibration(found.errors))  # whose ranges are not known


def test_forecasts_and_bounds_are_clipped_to_a_range():
    net, series = gru(), np.random.default_rng(0).normal(size=60)
    options = {"calibration": calibrate(net, series, 4)}
    free = forecast(net, series, 4, **options)
    low, high = (float(np.mean(one)) for one in (free.lower, free.mean))
    found = forecast(net, series, 4, **options, minimum=low, maximum=high)
    for name in ("lower", "mean", "upper"):
        assert np.array_equal(getattr(found, name), np.clip(getattr(free, name), low, high))
    assert not np.array_equal(found.lower, free.lower)
    assert forecast(net, series, 4, minimum=9).mean.tolist() == [[9.0]] * 4


@pytest.mark.slow
def test_intervals_of_a_stationary_series_cover_their_share():
    """An ideal forecaster's: an autoregression, whose one neuron has the true weight."""
    net, covered, phi = architect.Perceptron(1, 1, output_squash="identity", seed=0), [], 0.7
    net.weights, net.biases = [phi], [0.0, 0.0]
    for seed in range(60):
        series = np.zeros(400)
        for t, shock in enumerate(np.random.default_rng(seed).normal(size=399)):
            series[t + 1] = phi * series[t] + shock
        calibration = calibrate(net, series[:390], 10, held_out=190)
        ahead = forecast(net, series[:390], 10, calibration=calibration)
        truth = series[390:, None]
        covered.append((ahead.lower <= truth) & (truth <= ahead.upper))
    assert np.mean(covered) == pytest.approx(0.9, abs=0.03)


def test_as_many_rows_as_needed_are_enough():
    """Three steps from one origin, whose context is one row."""
    found = calibrate(gru(), np.zeros(4), 3, held_out=3)
    assert found.errors.shape == (1, 3, 1)
    shares = {0.25: 5, 0.19: 4, 0.01: 1}  # of 20 rows, rounded, but at least one
    found = {share: len(calibrate(gru(), np.zeros(20), 1, held_out=share).errors) for share in shares}
    assert found == shares
    one = Calibration((-np.ones(9)).cumprod()[:, None, None])
    assert one.half_widths() == pytest.approx(1)
    for share, needed in ((0.9, 9), (0.5, 1), (0.8, 4), (0.95, 19), (0.99, 99)):
        Calibration(np.ones((needed, 1, 1))).half_widths(share)


def test_what_cannot_be_calibrated_is_one_sentence():
    def calibrated(**options):
        return lambda: calibrate(**{"net": gru(), "series": np.zeros(20), "steps": 3, **options})

    net, series = gru(), np.zeros(40)
    three = calibrate(net, series, 3, held_out=20)
    other = calibrate(gru(2, 2), np.zeros((40, 2)), 5, held_out=20)
    all_refused(
        [
            (calibrated(held_out=2), ArgumentError, "at least 3 held-out rows"),
            (calibrated(held_out=20), ArgumentError, "leaves no row before them"),
            (calibrated(held_out=1.5), ArgumentError, "held_out"),
            (calibrated(net=3), ArgumentTypeError, "a Network or an Ensemble"),
            (
                lambda: calibrate(gru(1, 2), np.zeros(20), 3, feedback={0: 0}),
                ArgumentError,
                "1 of 2 outputs are not fed back",
            ),
            (
                lambda: forecast(net, series, 5, calibration=other),
                ArgumentError,
                "of 2 outputs, the network has 1",
            ),
            (lambda: three.half_widths(1.0), ArgumentError, "between 0 and 1"),
            (lambda: forecast(net, series, 3, minimum=1, maximum=0), ArgumentError, "the lower one first"),
            (lambda: forecast(net, series, 3, minimum=np.nan), ArgumentError, "the minimum to be a finite"),
            (lambda: forecast(net, series, 3, maximum="1"), ArgumentTypeError, "the maximum to be a number"),
            (lambda: Calibration(three.errors, [1.0, 2.0]), ArgumentError, r"of shape \(2, n\)"),
        ]
    )
