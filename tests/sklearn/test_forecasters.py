"""Forecasts in skforecast and sktime."""

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytestmark = [
    pytest.mark.peers,
    pytest.mark.filterwarnings("ignore"),
]  # of packages that are older than pandas
STEPS = np.arange(200)
WAVE = np.sin(0.3 * STEPS)


def test_a_regressor_forecasts_in_skforecast():
    pytest.importorskip("skforecast")
    import pandas as pd
    from skforecast.direct import ForecasterDirect
    from skforecast.recursive import ForecasterRecursive

    from synapse.sklearn import NetworkRegressor

    series, model = pd.Series(WAVE), NetworkRegressor(hidden=(8,), random_state=0)
    for forecaster in (
        ForecasterRecursive(estimator=model, lags=8),
        ForecasterDirect(estimator=model, lags=8, steps=10),
    ):
        forecaster.fit(y=series[:190])
        assert np.abs(forecaster.predict(steps=10) - WAVE[190:]).max() < 0.2
    assert not hasattr(model, "network_"), "the parameter has been trained instead of a copy"


def sktime_forecaster(**options):
    pytest.importorskip("sktime")
    from synapse.sktime import SynapseForecaster

    return SynapseForecaster(random_state=0, **options)


def test_all_checks_of_sktime_pass():
    forecaster = sktime_forecaster()
    from sktime.utils.estimator_checks import check_estimator

    found = check_estimator(type(forecaster), verbose=False)
    assert not {name: state for name, state in found.items() if state != "PASSED"}
    assert len(found) >= 754


def test_values_known_in_advance_are_read_one_step_early():
    import pandas as pd

    holiday = np.array([0, 1, 0, 0, 1, 0, 1, 1, 0, 0] * 10)
    known, sales = pd.DataFrame({"holiday": holiday}), pd.Series(1 + 0.5 * holiday)
    forecaster = sktime_forecaster().fit(sales[:90], X=known[:90], fh=[1, 2, 5])
    assert forecaster.predict(X=known[90:]).round(1).tolist() == sales[[90, 91, 94]].round(1).tolist()
    with pytest.raises(ValueError, match="Expected X up to 94, got rows up to 91"):
        forecaster.predict(X=known[90:92])


def test_intervals_are_calibrated_on_held_out_or_learned_rows():
    import pandas as pd

    noisy = pd.Series(WAVE + np.random.default_rng(0).normal(scale=0.1, size=200))
    for options in ({}, {"held_out": 60}):
        forecaster = sktime_forecaster(**options).fit(noisy[:190], fh=range(1, 11))
        bounds = forecaster.predict_interval(coverage=[0.5, 0.9])
        half, most = (bounds[0, share, "upper"] - bounds[0, share, "lower"] for share in (0.5, 0.9))
        assert (half < most).all()
        assert 0.1 < most.mean() < 1.0
        assert (np.abs(forecaster.predict() - WAVE[190:]) < 0.4).all()


def test_a_trend_with_a_season_is_forecast_with_and_without_a_test():
    import pandas as pd

    from synapse.sklearn import SequenceRegressor

    months, noise = np.arange(132), np.random.default_rng(0).normal(scale=5.0, size=132)
    values = 100 + 0.8 * months + 20 * np.sin(2 * np.pi * months / 12) + noise
    dated = pd.Series(values, index=pd.period_range("2010-01", periods=132, freq="M"))
    gru = SequenceRegressor(hidden=(8,), build="GRU", epochs=200, l2="auto", random_state=0)
    for options, chosen in (
        ({}, "autoregression"), ({"held_out": 0.3}, "autoregression"), ({"held_out": 0}, "network"),
        ({"model": gru, "held_out": 0.3}, "network"), ({"model": gru, "held_out": 0.3, "sp": 12}, "network"),
    ):  # fmt: skip
        series = pd.Series(values) if "sp" in options else dated
        forecaster = sktime_forecaster(**options).fit(series[:120], fh=range(1, 13))
        assert forecaster.chosen_ == chosen
        assert np.abs(forecaster.predict() - series[120:]).mean() < 10  # 49.3 without the rows of the test
    steep = pd.Series(100.1 * np.arange(60) + np.random.default_rng(1).normal(scale=0.1, size=60))
    ahead = sktime_forecaster(held_out=0).fit(steep[:50], fh=range(1, 11)).predict()
    assert np.abs(ahead - steep[50:]).max() < 20  # a fifth of one step; the drift is a thousand deviations
    chaos = [0.3]
    for _ in range(150):
        chaos.append(3.8 * chaos[-1] * (1 - chaos[-1]))
    assert sktime_forecaster().fit(pd.Series(chaos), fh=[1]).chosen_ == "combine"


def test_its_example_runs():
    import doctest

    sktime_forecaster()
    import synapse.sktime

    assert doctest.testmod(synapse.sktime).failed == 0
