"""Simple forecasts against calculations by hand and other libraries, and their errors
by rolling origin."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synapse import forecasting
from synapse.errors import ArgumentError, ArgumentTypeError, DivergenceError
from synapse.forecasting import autoregression, rolling_origin, seasonal_naive
from synapse.forecasting._baselines import best_order
from tests.helpers.cases import all_hold, all_refused

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
    assert {
        steps: forecasting.seasonal_naive([1, 2, 3, 4, 5], steps, 3).tolist()
        for steps in (1, 3, 7)
    } == {1: [3], 3: [3, 4, 5], 7: [3, 4, 5, 3, 4, 5, 3]}
    np.testing.assert_array_equal(
        forecasting.seasonal_naive(noisy, 4), noisy[-1:].repeat(4)
    )


def test_autoregression_of_several_lags_is_least_squares(noisy):
    design = np.column_stack([np.ones(297), noisy[2:-1], noisy[1:-2], noisy[:-3]])
    c, *weights = np.linalg.solve(design.T @ design, design.T @ noisy[3:])
    past = noisy.tolist()
    for _ in range(5):
        past.append(c + sum(w * v for w, v in zip(weights, past[::-1])))
    np.testing.assert_allclose(
        forecasting.autoregression(noisy, 5, order=3), past[-5:], rtol=1e-9
    )


def test_columns_are_forecast_each_by_itself(noisy):
    both = np.column_stack([noisy, noisy[::-1] * 1e6])
    for method in METHODS:
        np.testing.assert_array_equal(
            method(both, 4), np.column_stack([method(column, 4) for column in both.T])
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
    assert (
        rolled.origins.tolist(),
        rolled.forecasts.tolist(),
        rolled.truth.tolist(),
    ) == ([3, 4], [[4, 4], [9, 9]], [[9, 16], [16, 25]])
    assert (rolled.errors.tolist(), rolled.mae.tolist()) == (
        [[-5, -12], [-7, -16]],
        [6, 14],
    )
    np.testing.assert_allclose(rolled.rmse, np.sqrt([(25 + 49) / 2, (144 + 256) / 2]))
    assert (rolled.scale, rolled.mase.tolist()) == (2, [3, 7])


def test_columns():
    rolled = rolling_origin(
        seasonal_naive, np.column_stack([SQUARES, -2 * SQUARES]), 2, start=3
    )
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
    assert (
        rolling_origin(seasonal_naive, np.arange(20), 3).origins.tolist(),
        rolling_origin(seasonal_naive, np.arange(20), 3, period=12).origins[0],
    ) == (list(range(10, 18)), 13)
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


def hours(count, seed=0):
    """Hours with a day, a weekend, and heating below 15 degrees; and degrees."""
    rng = np.random.default_rng(seed)
    t = np.arange(count)
    degrees = 10 + 8 * np.sin(t / 500) + rng.normal(size=count)
    load = 60 * np.sin(2 * np.pi * t / 24) - 50 * (t // 24 % 7 >= 5)
    return load + 4 * np.maximum(0, 15 - degrees) + rng.normal(size=count), degrees


def test_it_knows_the_day_the_week_and_what_is_known():
    load, degrees = hours(1500)
    ridge = forecasting.statistical(
        "ridge", load[:1200], period=24, known=degrees[:, None]
    )
    error = np.abs(ridge(load[:1300], 24) - load[1300:1324]).mean()
    without = forecasting.statistical("ridge", load[:1200], period=24)
    assert error < 3
    assert np.abs(without(load[:1300], 24) - load[1300:1324]).mean() > error


def test_a_history_that_it_cannot_read_is_refused():
    """It reads two seasons back, and a week if there is one."""
    ridge = forecasting.statistical("ridge", hours(400)[0], period=24)
    for count in (5, 30, 47):
        with pytest.raises(ArgumentError, match="48 steps or more, as the regressors"):
            ridge(hours(count)[0], 3)
    assert ridge(hours(48)[0], 3).shape == (3,)
    ridge = forecasting.statistical("ridge", hours(600)[0], period=24)
    with pytest.raises(ArgumentError, match="168 steps or more"):
        ridge(hours(100)[0], 3)
    with pytest.raises(ArgumentError, match="A ridge regression 24 rows ahead needs"):
        forecasting.statistical("ridge", hours(60)[0], period=24)(hours(60)[0], 3)


def test_a_season_of_many_steps_has_no_indicators():
    """Those of the minutes of a week would take gigabytes."""
    minutes = np.sin(2 * np.pi * np.arange(32_005) / 1440)
    ridge = forecasting.statistical("ridge", minutes[:-5], period=1440)
    np.testing.assert_allclose(ridge(minutes[:-5], 5), minutes[-5:], atol=0.01)


DATA = Path(__file__).resolve().parents[2] / "demos" / "data"


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def all_series():
    """Ten series (values, period)."""
    sunspots = pd.read_csv(DATA / "sunspots.csv").iloc[:, -1]
    nino = pd.read_csv(DATA / "nino12.csv").iloc[:, -1]
    series = {
        "sunspots": (sunspots.to_numpy(float), 1),
        "nino": (nino.to_numpy(float)[-300:], 12),
    }
    for seed in range(8):
        rng = np.random.default_rng(seed)
        period = (1, 4, 12, 7)[seed % 4]
        steps = np.arange(90 + 10 * seed)
        wave = 5 * np.sin(2 * np.pi * steps / max(period, 2)) + 0.1 * seed * steps
        noise = rng.normal(size=len(steps))
        level = noise.cumsum() if seed % 2 else noise
        series[f"made {seed}"] = 20 + wave + level, period
    return series


@pytest.mark.peers
def test_series_are_compared_with_the_methods_of_statsforecast_and_statsmodels():
    models = pytest.importorskip("statsforecast.models")
    autoregressive = pytest.importorskip("statsmodels.tsa.ar_model")

    def check(values, period):
        past = values[:-12]

        def peer(model):
            return model.forecast(y=past, h=6)["mean"]

        seasonal = peer(models.SeasonalNaive(period))
        np.testing.assert_allclose(seasonal_naive(past, 6, period), seasonal)
        simple = {"mean": models.HistoricAverage(), "naive": models.Naive()}
        for name, model in simple.items():
            made = forecasting.statistical(name, past, period=period)(past, 6)
            np.testing.assert_allclose(made, peer(model))
        highest = min(int(10 * np.log10(len(past))), (len(past) - 4) // 2)
        criteria = [
            autoregressive.AutoReg(past, order, hold_back=highest).fit().aicc
            for order in range(highest + 1)
        ]
        order = best_order(past)
        assert order == np.argmin(criteria)
        fitted = autoregressive.AutoReg(past, order).fit().forecast(6)
        np.testing.assert_allclose(autoregression(past, 6), fitted, rtol=1e-6)
        for name, model in {
            "ets": models.AutoETS(season_length=period),
            "theta": models.AutoTheta(season_length=period),
        }.items():
            made = forecasting.statistical(name, past, period=period)(past, 6)
            np.testing.assert_allclose(made, peer(model), rtol=1e-4)

    series = all_series()
    assert len(series) == 10
    all_hold(check, series)


@pytest.mark.peers
def test_errors_are_scaled_as_libraries_scale_them():
    losses = pytest.importorskip("utilsforecast.losses")

    def check(values, period):
        start = len(values) - 12
        rolled = rolling_origin(
            lambda past, steps: seasonal_naive(past, steps, period),
            values,
            6,
            start=start,
            every=6,
            period=period,
        )
        frame = pd.DataFrame(
            {
                "unique_id": 0,
                "y": rolled.truth.ravel(),
                "made": rolled.forecasts.ravel(),
            }
        )
        past = pd.DataFrame({"unique_id": 0, "y": values[:start]})
        made = {"df": frame, "models": ["made"]}
        mase = losses.mase(**made, seasonality=period, train_df=past)
        assert rolled.mase.mean() == pytest.approx(mase["made"].item())
        assert rolled.mae.mean() == pytest.approx(losses.mae(**made)["made"].item())
        assert np.sqrt(np.mean(rolled.errors**2)) == pytest.approx(
            losses.rmse(**made)["made"].item()
        )

    all_hold(check, all_series())


def simulated(title, rng, count=200):
    """A series of this title from noise of deviation 1, and its season."""
    values = rng.normal(size=count)
    weight, lag = {
        "level": (0.0, 1),
        "random walk": (1.0, 1),
        "seasonal walk": (1.0, 4),
        "autoregression": (0.8, 1),
    }[title]
    for step in range(lag, count):
        values[step] += weight * values[step - lag]
    return 20 + values, lag


AHEAD = np.arange(1, 7)
INTERVALS = {
    # method, the deviation of its errors at each step ahead (Hyndman and
    # Athanasopoulos, "Forecasting: principles and practice", 3rd edition, sections 5.5
    # and 9.8), and the largest difference of the medians from it
    "level": ("mean", np.sqrt(1 + 1 / 140) * np.ones(6), 0.03),
    "random walk": ("naive", np.sqrt(AHEAD), 0.06),
    # Steps of 4, and an end of the growth: a power of the step goes between.
    "seasonal walk": ("seasonal", np.sqrt((AHEAD - 1) // 4 + 1), 0.3),
    "autoregression": ("ar", np.sqrt(np.cumsum(0.64 ** (AHEAD - 1))), 0.2),
}


@pytest.mark.full
def test_intervals_are_as_wide_as_the_formulas_of_the_field(rng):
    """Half widths of 90 % from 60 held-out origins, medians of 40 series: 1.5 % from
    that of a level, 5 % from that of a random walk. statsforecast has the same formulas
    (for another deviation: that of errors on the training rows)."""

    def check(title, method, deviation, tolerance):
        ratios = []
        for _ in range(40):
            values, period = simulated(title, rng)
            made = forecasting.statistical(method, values[:140], period=period)
            half = rolling_origin(
                made, values, 6, start=140, period=period
            ).calibration.half_widths(0.9)[:, 0]
            ratios.append(half / (1.6449 * deviation))
        np.testing.assert_allclose(np.median(ratios, axis=0), 1, atol=tolerance)

    all_hold(check, {title: (title, *case) for title, case in INTERVALS.items()})


@pytest.mark.peers
def test_formulas_of_intervals_are_those_of_statsforecast():
    models = pytest.importorskip("statsforecast.models")
    for title, model in {
        "level": models.HistoricAverage(),
        "random walk": models.Naive(),
        "seasonal walk": models.SeasonalNaive(4),
    }.items():
        values, _ = simulated(title, np.random.default_rng(0), 140)
        bounds = model.forecast(y=values, h=6, level=[90])
        half = (bounds["hi-90"] - bounds["lo-90"]) / 2
        _, deviation, _ = INTERVALS[title]
        np.testing.assert_allclose(half / half[0], deviation / deviation[0], rtol=1e-6)
