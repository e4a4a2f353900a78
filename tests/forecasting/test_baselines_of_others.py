"""Baselines, scaled errors and intervals, beside the libraries of the field, on ten
series."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synapse import forecasting
from synapse.forecasting import autoregression, rolling_origin, seasonal_naive
from synapse.forecasting._baselines import best_order
from tests.helpers.cases import all_hold

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
        estimated = {
            "ets": models.AutoETS(season_length=period),
            "theta": models.AutoTheta(season_length=period),
        }
        for name, model in estimated.items():
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
        rmse = np.sqrt(np.mean(rolled.errors**2))
        assert rmse == pytest.approx(losses.rmse(**made)["made"].item())

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
            rolled = rolling_origin(made, values, 6, start=140, period=period)
            half = rolled.calibration.half_widths(0.9)[:, 0]
            ratios.append(half / (1.6449 * deviation))
        np.testing.assert_allclose(np.median(ratios, axis=0), 1, atol=tolerance)

    all_hold(check, {title: (title, *case) for title, case in INTERVALS.items()})


@pytest.mark.peers
def test_formulas_of_intervals_are_those_of_statsforecast():
    models = pytest.importorskip("statsforecast.models")
    made = {
        "level": models.HistoricAverage(),
        "random walk": models.Naive(),
        "seasonal walk": models.SeasonalNaive(4),
    }
    for title, model in made.items():
        values, _ = simulated(title, np.random.default_rng(0), 140)
        bounds = model.forecast(y=values, h=6, level=[90])
        half = (bounds["hi-90"] - bounds["lo-90"]) / 2
        _, deviation, _ = INTERVALS[title]
        np.testing.assert_allclose(half / half[0], deviation / deviation[0], rtol=1e-6)
