"""Intervals from held-out errors: their arithmetic, and the share of future values that they cover."""

import numpy as np
import pytest

import architect
from synapse import Ensemble, forecast
from synapse.errors import ArgumentError, ArgumentTypeError, ForecastWarning
from synapse.forecasting import Calibration, calibrate
from synapse.forecasting.calibration import fewest_origins
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


def test_targets_of_outputs_that_are_not_fed_back():
    net, rng = gru(1, 2), np.random.default_rng(0)
    series, targets = rng.normal(size=(30, 1)), rng.normal(size=(30, 2))
    found = calibrate(net, series, 3, held_out=5, feedback={1: 0}, targets=targets)
    expected = [
        targets[t : t + 3] - forecast(net, series[: t + 1], 3, feedback={1: 0}) for t in range(25, 28)
    ]
    assert np.array_equal(found.errors, expected)


def test_an_ensemble_is_calibrated_as_a_whole():
    nets = [gru(seed=seed) for seed in range(3)]
    series = np.sin(np.arange(40))
    found = calibrate(Ensemble(nets), series, 2, held_out=10)
    assert found.errors == pytest.approx(
        np.mean([calibrate(net, series, 2, held_out=10).errors for net in nets], axis=0), abs=1e-15
    )


def test_half_widths_are_order_statistics():
    errors = np.array([3.0, -1.0, 4.0, -1.5, 5.0, -9.0, 2.0, 6.0, -5.5])[:, None, None]
    found = Calibration(errors)
    assert found.half_widths(0.9).tolist() == [[9.0]]  # the ninth of nine: ceil(10 * 0.9)
    assert found.half_widths(0.5).tolist() == [[4.0]]
    with pytest.raises(ArgumentError, match=r"of 0\.91 needs at least 11 origins, this calibration has 9"):
        found.half_widths(0.91)


def test_intervals_are_centred_on_a_constant_bias_and_still_cover():
    """Of 8 origins, each error is measured from the mean of the other 7; the outputs differ in their bias."""
    noise = np.array([0.5, -0.25, 1.0, -1.0, -0.5, 0.25, 0.75, -0.75])
    errors = np.stack([noise + 3, noise], axis=1)[:, None, :]
    found = Calibration(errors)
    assert found.bias.tolist() == [[3.0, 0.0]]
    assert found.half_widths(0.8) == pytest.approx(np.array([[8 / 7, 1.0]]))
    signs = np.repeat([1, -1], 4)[:, None, None]
    for unclear in (errors[:7], errors * signs, np.repeat(errors, 3, axis=1)):  # few origins for these steps
        assert not Calibration(unclear).bias.any()
    weak = np.tile(noise + 0.4, 2)[:, None, None]  # clear in 8 forecasts, but not in 8 that overlap
    assert Calibration(weak).bias.all()
    assert not Calibration(np.repeat(weak, 4, axis=1)).bias.any()
    rng, within = np.random.default_rng(0), []
    for _ in range(4000):
        *known, last = 5 + rng.normal(size=20)
        found = Calibration(np.array(known)[:, None, None])
        within.append(abs(last - found.bias[0, 0]) <= found.half_widths(0.9)[0, 0])
    assert np.mean(within) == pytest.approx(0.9, abs=0.015)


def test_a_later_step_has_no_narrower_interval():
    errors = np.array([[1.0, 3.0, 2.0, 4.0]] * 9)[:, :, None]
    assert Calibration(errors).half_widths().tolist() == [[1.0], [3.0], [3.0], [4.0]]


def test_errors_that_drift_warn():
    net, trend = gru(), 0.1 * np.arange(60)
    with pytest.warns(
        ForecastWarning, match=r"drift: the mean error of output 0 is .* Forecast the diff"
    ) as seen:
        calibrate(net, trend, 3, held_out=30)
    assert seen[0].filename == __file__
    calibrate(net, np.sin(trend * 20), 3, held_out=30)


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
    for options in ({"samples": 20, "seed": 0}, {"calibration": calibrate(net, series, 4)}):
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


def test_an_interval_is_the_forecast_and_its_half_width():
    net, series = gru(), np.sin(np.arange(80))
    calibration = calibrate(net, series, 6, held_out=30)
    found = forecast(net, series, 4, calibration=calibration, interval=0.8)
    assert np.array_equal(found.mean, forecast(net, series, 4) + calibration.bias[:4])
    half = calibration.half_widths(0.8)[:4]
    assert np.array_equal(found.upper, found.mean + half)
    assert np.array_equal(found.lower, found.mean - half)
    assert found.interval == 0.8
    one_too_low = Calibration(np.sin(np.arange(20))[:, None, None] + 1)
    mean = forecast(net, series, 1).mean + one_too_low.bias
    assert np.array_equal(forecast(net, series, 1, calibration=one_too_low).mean, mean)
    assert one_too_low.bias[0, 0] > 0.9


def test_as_many_rows_as_needed_are_enough():
    """Three steps from one origin, whose context is one row."""
    found = calibrate(gru(), np.zeros(4), 3, held_out=3)
    assert found.errors.shape == (1, 3, 1)
    shares = {0.25: 5, 0.19: 4, 0.01: 1}  # of 20 rows, rounded, but at least one
    found = {share: len(calibrate(gru(), np.zeros(20), 1, held_out=share).errors) for share in shares}
    assert found == shares
    one = Calibration((-np.ones(9)).cumprod()[:, None, None])
    assert one.half_widths().tolist() == [[1.0]]
    assert fewest_origins(0.9) == 9
    assert [fewest_origins(share) for share in (0.5, 0.8, 0.95, 0.99)] == [1, 4, 19, 99]


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
            (calibrated(targets=[[1.0]]), ArgumentError, "targets to have 20 rows, got 1"),
            (calibrated(net=3), ArgumentTypeError, "a Network or an Ensemble"),
            (
                lambda: calibrate(gru(1, 2), np.zeros(20), 3, feedback={0: 0}),
                ArgumentError,
                r"1 of 2 outputs are not fed back\. Give targets=",
            ),
            (
                lambda: forecast(net, series, 5, calibration=three),
                ArgumentError,
                "of 3 steps, got 5 to forecast",
            ),
            (
                lambda: forecast(net, series, 5, calibration=other),
                ArgumentError,
                "of 2 outputs, the network has 1",
            ),
            (
                lambda: forecast(gru(2, 2), np.zeros((40, 2)), 5, calibration=other, samples=3),
                ArgumentError,
                "Give samples or a calibration",
            ),
            (lambda: three.half_widths(1.0), ArgumentError, "between 0 and 1"),
            (lambda: forecast(net, series, 3, minimum=1, maximum=0), ArgumentError, "the lower one first"),
            (lambda: forecast(net, series, 3, minimum=np.nan), ArgumentError, "the minimum to be a finite"),
            (lambda: forecast(net, series, 3, maximum="1"), ArgumentTypeError, "the maximum to be a number"),
            (lambda: Calibration(three.errors, [1.0, 2.0]), ArgumentError, r"of shape \(2, n\)"),
        ]
    )
