"""Forecasts in skforecast."""

import numpy as np
import pytest

pytest.importorskip("sklearn")
# of packages that are older than pandas
pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]
STEPS = np.arange(200)
WAVE = np.sin(0.3 * STEPS)


def test_a_regressor_forecasts_in_skforecast():
    pytest.importorskip("skforecast")
    import pandas as pd
    from skforecast.direct import ForecasterDirect
    from skforecast.recursive import ForecasterRecursive

    from synapse.sklearn import NetworkRegressor

    series = pd.Series(WAVE)
    model = NetworkRegressor(hidden=(8,), random_state=0)
    for forecaster in (
        ForecasterRecursive(estimator=model, lags=8),
        ForecasterDirect(estimator=model, lags=8, steps=10),
    ):
        forecaster.fit(y=series[:190])
        assert np.abs(forecaster.predict(steps=10) - WAVE[190:]).max() < 0.2
    assert not hasattr(model, "network_"), (
        "the parameter has been trained instead of a copy"
    )
