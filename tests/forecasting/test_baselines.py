"""Simple forecasts against calculations by hand, and their errors by rolling origin."""

import numpy as np
import pytest

from synapse import forecasting
from synapse.errors import ArgumentError, ArgumentTypeError, DivergenceError
from synapse.forecasting import rolling_origin, seasonal_naive
from tests.helpers.cases import all_refused

METHODS = [
    forecasting.seasonal_naive,
    lambda history, steps: forecasting.seasonal_naive(history, steps, 2),
    forecasting.autoregression,
    lambda history, steps: forecasting.autoregression(history, steps, order=1),
]


@pytest.fixture
def noisy():
    """An autoregression of order 2 with noise, 300 steps."""
    rng = np.random.default_rng(5)
    values = np.zeros(350)
    for t in range(2, 350):
        values[t] = 10 + 1.2 * values[t - 1] - 0.5 * values[t - 2] + rng.normal()
    return values[50:]


def test_seasonal_naive_repeats_the_last_period(noisy):
    made = {
        steps: forecasting.seasonal_naive([1, 2, 3, 4, 5], steps, 3).tolist()
        for steps in (1, 3, 7)
    }
    assert made == {1: [3], 3: [3, 4, 5], 7: [3, 4, 5, 3, 4, 5, 3]}
    np.testing.assert_array_equal(
        forecasting.seasonal_naive(noisy, 4), noisy[-1:].repeat(4)
    )


def test_autoregression_of_several_lags_is_least_squares(noisy):
    design = np.column_stack([np.ones(297), noisy[2:-1], noisy[1:-2], noisy[:-3]])
    c, *weights = np.linalg.solve(design.T @ design, design.T @ noisy[3:])
    past = noisy.tolist()
    for _ in range(5):
        past.append(c + sum(w * v for w, v in zip(weights, past[::-1])))
    made = forecasting.autoregression(noisy, 5, order=3)
    np.testing.assert_allclose(made, past[-5:], rtol=1e-9)


def test_columns_are_forecast_each_by_itself(noisy):
    both = np.column_stack([noisy, noisy[::-1] * 1e6])
    for method in METHODS:
        made = method(both, 4)
        np.testing.assert_array_equal(
            made, np.column_stack([method(column, 4) for column in both.T])
        )


def test_a_sine_is_continued_exactly():
    wave = 5 + np.sin(2 * np.pi * np.arange(130) / 11)
    np.testing.assert_allclose(
        forecasting.autoregression(wave[:100], 30), wave[100:], atol=1e-8
    )


def test_a_constant_stays():
    for history in ([7.0], [7.0, 7.0], [7.0] * 50):
        for method in (seasonal_naive, forecasting.autoregression):
            assert method(history, 3).tolist() == [7, 7, 7]


def test_what_cannot_be_forecast_is_one_sentence():
    histories = [
        (
            [],
            ArgumentError,
            r"`history` must be of \d steps? or more.*, got 0\.",
        ),
        (
            [[1, 2], [float("inf"), 3], [1, 2]],
            ArgumentError,
            r"finite, got inf at step 1\. Fill in missing",
        ),
        (
            np.zeros((3, 0)),
            ArgumentTypeError,
            r"shape \(T,\) or \(T, m\), got \(3, 0\)\.",
        ),
        (
            ["a", "b", "c"],
            ArgumentTypeError,
            r"`history` must be a number or a row of numbers for each step",
        ),
    ]
    cases = [
        (lambda method=method, history=history: method(history, 2), error, sentence)
        for method in METHODS
        for history, error, sentence in histories
    ]
    cases += [
        *(
            (lambda method=method: method([1.0, 2.0, 3.0], 0), ArgumentError, "got 0")
            for method in METHODS
        ),
        (
            lambda: forecasting.seasonal_naive(np.arange(11), 1, 12),
            ArgumentError,
            "must be of 12 steps or more, as many as the period, got 11",
        ),
        (
            lambda: forecasting.autoregression(np.arange(6), 1, order=3),
            ArgumentError,
            "must be of 7 steps or more for the order 3, got 6",
        ),
        (
            lambda: forecasting.autoregression(np.arange(6), 1, order=-1),
            ArgumentError,
            "0 or above",
        ),
        (
            lambda: forecasting.seasonal_naive(np.arange(6), 1, 0),
            ArgumentError,
            "period",
        ),
    ]
    all_refused(cases)
    assert len(forecasting.autoregression(np.arange(7.0), 1, order=3)) == 1
    assert len(forecasting.seasonal_naive(np.arange(12.0), 1, 12)) == 1


def test_an_unstable_autoregression_says_so():
    doubling = 2.0 ** np.arange(20)
    assert forecasting.autoregression(doubling, 2, order=1).round(3).tolist() == [
        2.0**20,
        2.0**21,
    ]
    with pytest.raises(
        DivergenceError,
        match="order 1 is unstable: .* no longer finite after 10.. steps",
    ):
        forecasting.autoregression(doubling, 2000, order=1)


SQUARES = np.arange(6.0) ** 2  # 0 1 4 9 16 25


def test_errors_by_hand():
    """Origins 3 and 4: forecasts 4 4 of 9 16, and 9 9 of 16 25; persistence was wrong
    by 1 and 3."""
    rolled = rolling_origin(seasonal_naive, SQUARES, 2, start=3)
    assert rolled.origins.tolist() == [3, 4]
    assert rolled.forecasts.tolist() == [[4, 4], [9, 9]]
    assert rolled.truth.tolist() == [[9, 16], [16, 25]]
    assert rolled.errors.tolist() == [[-5, -12], [-7, -16]]
    assert rolled.mae.tolist() == [6, 14]
    np.testing.assert_allclose(rolled.rmse, np.sqrt([(25 + 49) / 2, (144 + 256) / 2]))
    assert rolled.scale == 2
    assert rolled.mase.tolist() == [3, 7]


def test_columns():
    both = np.column_stack([SQUARES, -2 * SQUARES])
    rolled = rolling_origin(seasonal_naive, both, 2, start=3)
    alone = rolling_origin(seasonal_naive, SQUARES, 2, start=3)
    assert rolled.forecasts.shape == rolled.truth.shape == (2, 2, 2)
    np.testing.assert_allclose(
        rolled.rmse, np.column_stack([alone.rmse, 2 * alone.rmse])
    )
    np.testing.assert_allclose(rolled.mase, np.column_stack([alone.mase, alone.mase]))


def test_a_forecaster_sees_nothing_of_the_future():
    seen = []

    def forecaster(history, steps):
        seen.append(history.copy())
        history[:] = 0  # a copy of its own: the next history is as it was
        assert history.base is None
        return np.zeros(steps)

    rolling_origin(forecaster, SQUARES, 1, start=2, every=2)
    assert [rows.tolist() for rows in seen] == [
        SQUARES[:2].tolist(),
        SQUARES[:4].tolist(),
    ]


def test_the_first_origin_is_half_of_the_series_or_after_a_period():
    assert rolling_origin(seasonal_naive, np.arange(20), 3).origins.tolist() == list(
        range(10, 18)
    )
    assert rolling_origin(seasonal_naive, np.arange(20), 3, period=12).origins[0] == 13
    assert rolling_origin(seasonal_naive, SQUARES[:5], 2, start=3).origins.tolist() == [
        3
    ], "just long enough"
    assert rolling_origin(
        seasonal_naive, np.arange(20), 3, start=10, every=3
    ).origins.tolist() == [
        10,
        13,
        16,
    ]


def test_what_cannot_be_rolled():
    usual = {"forecaster": seasonal_naive, "series": SQUARES, "steps": 2, "start": 3}
    told = [
        (
            {"steps": 0},
            ArgumentError,
            "`steps` must be a whole number above 0, got 0",
        ),
        (
            {"steps": 4},
            ArgumentError,
            "7 steps or more, 3 up to the first origin and 4 to forecast, got 6",
        ),
        ({"period": 0}, ArgumentError, "whole number above 0, got 0"),
        ({"start": 1}, ArgumentError, "a whole number above the period, 1, got 1"),
        (
            {"series": [1, 2, 3, float("nan"), 5, 6]},
            ArgumentError,
            "finite, got nan at step 3",
        ),
        (
            {"forecaster": lambda history, steps: np.zeros(3)},
            ArgumentError,
            r"shape \(2,\), got \(3,\)",
        ),
        (
            {"forecaster": "naive"},
            ArgumentTypeError,
            r"a function of \(history, steps\), got 'naive'",
        ),
    ]
    all_refused(
        [
            (lambda options=options: rolling_origin(**usual | options), error, sentence)
            for options, error, sentence in told
        ]
    )
