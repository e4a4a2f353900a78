"""Simple forecasts against calculations by hand, and against statsmodels where it is installed."""

from __future__ import annotations

import numpy as np
import pytest

from synapse import forecasting
from synapse.errors import ArgumentError, DivergenceError, KindError

METHODS = [
    forecasting.persistence,
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


# --- by hand -------------------------------------------------------------------------------------


def test_persistence_is_the_last_row():
    made = forecasting.persistence([[1, 2], [3, 4]], 3)
    assert made.tolist() == [[3, 4]] * 3


@pytest.mark.parametrize(("steps", "made"), [(1, [3]), (3, [3, 4, 5]), (7, [3, 4, 5, 3, 4, 5, 3])])
def test_seasonal_naive_repeats_the_last_period(steps, made):
    assert forecasting.seasonal_naive([1, 2, 3, 4, 5], steps, 3).tolist() == made


def test_seasonal_naive_of_period_1_is_persistence(noisy):
    made = forecasting.seasonal_naive(noisy, 4, 1)
    np.testing.assert_array_equal(made, forecasting.persistence(noisy, 4))


def test_autoregression_of_order_0_is_the_mean():
    np.testing.assert_allclose(forecasting.autoregression([1, 2, 6], 2, order=0), [3, 3])


def test_autoregression_of_order_1_is_the_regression_line():
    """Values 1 2 4 3, so the points (1, 2) (2, 4) (4, 3): slope 3/14, intercept 2.5 (normal equations)."""
    slope, intercept = 3 / 14, 2.5
    first = intercept + slope * 3
    made = forecasting.autoregression([1, 2, 4, 3], 2, order=1)
    np.testing.assert_allclose(made, [first, intercept + slope * first], rtol=1e-12)


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
        np.testing.assert_array_equal(made, np.column_stack([method(one, 4) for one in both.T]))


def test_a_large_offset_changes_nothing(noisy):
    plain = forecasting.autoregression(noisy, 6)
    np.testing.assert_allclose(forecasting.autoregression(noisy + 1e6, 6) - 1e6, plain, atol=1e-6)


# --- the order -------------------------------------------------------------------------------------


def _aicc(values, order, most):
    """AICc on the steps that `most` lags can be fitted to, by one least squares an order."""
    targets = values[most:]
    lags = [values[most - lag : len(values) - lag] for lag in range(1, order + 1)]
    design = np.column_stack([np.ones(len(targets)), *lags])
    left = targets - design @ np.linalg.lstsq(design, targets)[0]
    n, k = len(targets), order + 2
    return n * np.log(left @ left / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1)


@pytest.mark.parametrize("count", [9, 20, 60, 300])
def test_the_order_is_that_of_the_least_aicc(noisy, count):
    values = noisy[:count]
    most = min(int(10 * np.log10(count)), (count - 4) // 2)
    order = int(np.argmin([_aicc(values, p, most) for p in range(most + 1)]))
    made = forecasting.autoregression(values, 3)
    np.testing.assert_array_equal(made, forecasting.autoregression(values, 3, order=order))


def test_a_sine_is_continued_exactly():
    wave = 5 + np.sin(2 * np.pi * np.arange(130) / 11)
    np.testing.assert_allclose(forecasting.autoregression(wave[:100], 30), wave[100:], atol=1e-8)


@pytest.mark.parametrize("history", [[7.0], [7.0, 7.0], [7.0] * 50])
def test_a_constant_stays(history):
    for method in (forecasting.persistence, forecasting.autoregression):
        assert method(history, 3).tolist() == [7, 7, 7]


def test_the_same_as_statsmodels(noisy):
    models = pytest.importorskip("statsmodels.tsa.ar_model")
    for order in (1, 2, 7):
        fitted = models.AutoReg(noisy, lags=order, trend="c").fit()
        made = forecasting.autoregression(noisy, 20, order=order)
        np.testing.assert_allclose(made, fitted.forecast(20), rtol=1e-8)


# --- what is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("history", "error", "sentence"),
    [
        ([], ArgumentError, r"Expected the history to have \d steps? or more.*, got 0\."),
        ([1, 2, float("nan")], ArgumentError, r"finite, got nan at step 2\. Fill in missing values\."),
        ([[1, 2], [float("inf"), 3], [1, 2]], ArgumentError, r"finite, got inf at step 1\."),
        (np.zeros((3, 2, 1)), KindError, r"shape \(T,\) or \(T, m\), got \(3, 2, 1\)\."),
        (np.zeros((3, 0)), KindError, r"shape \(T,\) or \(T, m\), got \(3, 0\)\."),
        (3.0, KindError, r"shape \(T,\) or \(T, m\), got \(\)\."),
        (["a", "b", "c"], KindError, r"Expected the history to be a number a step"),
    ],
)
def test_a_history_that_cannot_be_used(method, history, error, sentence):
    with pytest.raises(error, match=sentence):
        method(history, 2)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("steps", [0, -1])
def test_no_steps(method, steps):
    with pytest.raises(ArgumentError, match=f"Expected the steps to be a whole number above 0, got {steps}"):
        method([1.0, 2.0, 3.0], steps)


def test_a_history_shorter_than_a_period():
    with pytest.raises(ArgumentError, match="to have 12 steps or more, as many as the period, got 11"):
        forecasting.seasonal_naive(np.arange(11), 1, 12)


def test_a_history_too_short_for_an_order():
    with pytest.raises(ArgumentError, match="to have 7 steps or more for the order 3, got 6"):
        forecasting.autoregression(np.arange(6), 1, order=3)


def test_an_unstable_autoregression_says_so():
    doubling = 2.0 ** np.arange(20)
    assert forecasting.autoregression(doubling, 2, order=1).round(3).tolist() == [2.0**20, 2.0**21]
    with pytest.raises(DivergenceError, match="order 1 is unstable: .* no longer finite after 10.. steps"):
        forecasting.autoregression(doubling, 2000, order=1)
