"""Intervals from held-out errors: their arithmetic, and the share of future values that they cover."""

import numpy as np
import pytest

import architect
from synapse import Ensemble, forecast
from synapse.errors import ArgumentError, ArgumentTypeError
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


def test_an_interval_is_the_forecast_and_its_half_width():
    net, series = gru(), np.sin(np.arange(80))
    calibration = calibrate(net, series, 6, held_out=30)
    found = forecast(net, series, 4, calibration=calibration, interval=0.8)
    assert np.array_equal(found.mean, forecast(net, series, 4))
    half = calibration.half_widths(0.8)[:4]
    assert np.array_equal(found.upper, found.mean + half)
    assert np.array_equal(found.lower, found.mean - half)
    assert found.interval == 0.8


def test_as_many_rows_as_needed_are_enough():
    """Three steps from one origin, whose context is one row."""
    found = calibrate(gru(), np.zeros(4), 3, held_out=3)
    assert found.errors.shape == (1, 3, 1)
    shares = {0.25: 5, 0.19: 4, 0.01: 1}  # of 20 rows, rounded, but at least one
    found = {share: len(calibrate(gru(), np.zeros(20), 1, held_out=share).errors) for share in shares}
    assert found == shares
    one = Calibration(np.ones((9, 1, 1)))
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
        ]
    )
