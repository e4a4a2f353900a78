"""The ridge regression among the methods of a series."""

import numpy as np
import pytest

from synapse import forecasting
from synapse.errors import ArgumentError


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
