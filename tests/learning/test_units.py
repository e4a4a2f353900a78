"""What is learned does not depend on the unit of the data, which predictions have."""

import warnings

import numpy as np
import pytest

import architect
from synapse import Model, forecasting, reward
from synapse.errors import ArgumentError
from tests.helpers.cases import Cases

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 2)) * [1.0, 50.0] + [3.0, 900.0]
Y = X @ [2.0, 0.1] + 7.0
SERIES = 10.0 + np.sin(np.arange(90) / 4.0) + 0.1 * RNG.normal(size=90)
UNITS = [2.0**exponent for exponent in (-1010, -700, -480, 300, 450)]
QUIET = {"progress": False, "seed": 0}


def model():
    return Model.build("Perceptron", ["a", "b"], ["y"], hidden=(3,), seed=0)


def fitted(x, y):
    made = model()
    made.fit(x, y, epochs=5, **QUIET)
    made.update(x, y, epochs=2, **QUIET)
    return np.hstack([made.predict(x), made.whole().run(x)])


def many(x, y):
    made = model()
    made.learn_many(x, y)
    return made.predict(x)


def one(x, y):
    made = model()
    for row, target in zip(x, y, strict=True):
        made.learn_one(row, target)
    return made.predict(x)


def estimator(x, y):
    sklearn = pytest.importorskip("synapse.sklearn", exc_type=ImportError)
    made = sklearn.NetworkRegressor(epochs=5, random_state=0).fit(x, y)
    before = made.predict(x)
    return np.array([before, made.partial_fit(x, y).predict(x)])


def sequences(x, y):
    sklearn = pytest.importorskip("synapse.sklearn", exc_type=ImportError)
    parts = [x[i : i + 5] for i in range(0, 50, 5)]
    made = sklearn.SequenceRegressor(epochs=5, random_state=0, hidden=(3,))
    return made.fit(parts, y[:10]).predict(parts)


def ahead(series):
    net = architect.GRU(1, 3, 1, seed=0, output_squash="identity")
    made = Model(net)
    made.fit(series[:-1], series[1:], epochs=5, **QUIET)
    return made.forecast(series, 4)


def rolled(series):
    result = forecasting.rolling_origin(forecasting.seasonal_naive, series, 3)
    return np.array([result.mae, result.rmse])


def widths(series):
    result = forecasting.rolling_origin(forecasting.seasonal_naive, series, 3)
    return result.calibration.half_widths(0.8)


def of_method(method):
    def forecast(series):
        return forecasting.statistical(method, series)(series, 3)

    return forecast


DOORS = (fitted, many, one, estimator, sequences)


def test_predictions_of_other_libraries_scale_with_the_unit():
    pytest.importorskip("statsforecast")
    with Cases() as case:
        for method in ("ets", "theta", "arima"):
            plain = of_method(method)(SERIES)
            for unit in (2.0**-1010, 2.0**-600, 2.0**600):
                with case(method, unit):
                    answers = of_method(method)(SERIES * unit) / unit
                    assert np.allclose(answers, plain, rtol=1e-3)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("unit", [2.0**520, 2.0**1000])
def test_numbers_whose_squares_overflow_are_refused(unit):
    with Cases() as case:
        for door in (*DOORS, ahead):
            with (
                case(door.__name__),
                pytest.raises((ArgumentError, ValueError)) as told,
            ):
                door(SERIES * unit) if door is ahead else door(X * unit, Y)
            assert "squares" in str(told.value)


@pytest.mark.full
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("unit", UNITS)
def test_agents_see_standard_units(unit):
    def values(observations):
        net = architect.Perceptron(2, 3, 1, output_squash="identity", seed=0)
        return reward.TD(net).run(observations, Y)

    assert np.allclose(values(X * unit), values(X), rtol=1e-9)


FORECASTS = (
    *(ahead, rolled, widths, of_method("ar"), of_method("mean")),
    lambda series: forecasting.autoregression(series, 3),
)


@pytest.mark.full
@pytest.mark.parametrize("unit", UNITS)
def test_predictions_scale_with_the_unit(unit):
    with warnings.catch_warnings(), Cases() as case:
        warnings.simplefilter("error")
        for door in DOORS:
            plain = door(X, Y)
            for x, y in ((unit, 1.0), (1.0, unit), (unit, unit)):
                with case(door.__name__, x, y):
                    answers = door(X * x, Y * y) / y
                    assert np.allclose(answers, plain, rtol=1e-9)
        for door in FORECASTS:
            with case(door.__name__):
                answers = door(SERIES * unit) / unit
                assert np.allclose(answers, door(SERIES), rtol=1e-9)
