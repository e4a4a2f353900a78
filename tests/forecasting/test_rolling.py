"""Errors by rolling origin: what a forecaster is given, and the errors by hand."""

from __future__ import annotations

import numpy as np
import pytest

from synapse import forecasting
from synapse.errors import ArgumentError, KindError
from synapse.forecasting import persistence, rolling_origin

SQUARES = np.arange(6.0) ** 2  # 0 1 4 9 16 25


def test_errors_by_hand():
    """Origins 3 and 4: forecasts 4 4 of 9 16, and 9 9 of 16 25; persistence was wrong by 1 and 3."""
    rolled = rolling_origin(persistence, SQUARES, 2, start=3)
    assert rolled.origins.tolist() == [3, 4]
    assert rolled.forecasts.tolist() == [[4, 4], [9, 9]]
    assert rolled.truth.tolist() == [[9, 16], [16, 25]]
    assert rolled.errors.tolist() == [[-5, -12], [-7, -16]]
    assert rolled.mae.tolist() == [6, 14]
    np.testing.assert_allclose(rolled.rmse, np.sqrt([(25 + 49) / 2, (144 + 256) / 2]))
    assert rolled.scale == 2
    assert rolled.mase.tolist() == [3, 7]


def test_the_scale_is_of_the_season():
    rolled = rolling_origin(persistence, SQUARES, 1, start=4, period=2)
    assert rolled.scale == np.mean([4 - 0, 9 - 1])


def test_columns():
    both = np.column_stack([SQUARES, -2 * SQUARES])
    rolled = rolling_origin(persistence, both, 2, start=3)
    alone = rolling_origin(persistence, SQUARES, 2, start=3)
    assert rolled.forecasts.shape == rolled.truth.shape == (2, 2, 2)
    np.testing.assert_allclose(rolled.rmse, np.column_stack([alone.rmse, 2 * alone.rmse]))
    np.testing.assert_allclose(rolled.mase, np.column_stack([alone.mase, alone.mase]))


def test_a_forecaster_sees_nothing_of_the_future():
    seen = []

    def forecaster(history, steps):
        seen.append(history.copy())
        history[:] = 0  # a copy of its own: the next history is as it was
        assert history.base is None
        return np.zeros(steps)

    rolling_origin(forecaster, SQUARES, 1, start=2, every=2)
    assert [one.tolist() for one in seen] == [SQUARES[:2].tolist(), SQUARES[:4].tolist()]


def test_the_first_origin_is_half_of_the_series_or_after_a_period():
    assert rolling_origin(persistence, np.arange(20), 3).origins.tolist() == list(range(10, 18))
    assert rolling_origin(persistence, np.arange(20), 3, period=12).origins[0] == 13


def test_a_constant_column_has_no_mase():
    rolled = rolling_origin(persistence, np.ones(8), 2)
    assert np.isnan(rolled.mase).all()
    assert rolled.rmse.tolist() == [0, 0]


def test_autoregression_is_better_than_persistence_on_a_sine():
    wave = np.sin(np.arange(80))
    best, naive = (rolling_origin(one, wave, 5, every=7) for one in (forecasting.autoregression, persistence))
    assert (best.rmse < 1e-6).all()
    assert (naive.rmse > 0.1).all()


def test_repr():
    assert repr(rolling_origin(persistence, SQUARES, 2, start=3)) == (
        "<RollingOrigin 2 origins, 2 steps, RMSE 10.89>"
    )
    both = np.column_stack([SQUARES, SQUARES])
    assert repr(rolling_origin(persistence, both, 2, start=3)) == (
        "<RollingOrigin 2 origins, 2 steps, 2 columns, RMSE 10.89, 10.89>"
    )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"steps": 0}, "Expected the steps to be a whole number above 0, got 0"),
        ({"steps": 4}, "to have 7 steps or more, 3 up to the first origin and 4 to forecast, got 6"),
        ({"every": 0}, "whole number above 0, got 0"),
        ({"period": 0}, "whole number above 0, got 0"),
        ({"start": 1}, "a whole number above the period, 1, got 1"),
        ({"series": [1, 2, 3, float("nan"), 5, 6]}, "finite, got nan at step 3"),
        ({"forecaster": lambda history, steps: np.zeros(3)}, r"the shape \(2,\), got \(3,\)"),
    ],
)
def test_what_cannot_be_rolled(options, sentence):
    usual = {"forecaster": persistence, "series": SQUARES, "steps": 2, "start": 3}
    with pytest.raises(ArgumentError, match=sentence):
        rolling_origin(**usual | options)


def test_a_forecaster_that_is_no_function():
    with pytest.raises(KindError, match=r"a function of \(history, steps\), got 'naive'"):
        rolling_origin("naive", SQUARES, 2)
