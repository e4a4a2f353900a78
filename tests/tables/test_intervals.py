"""Errors from which intervals of series follow: in the units of each, and as large as
in the test."""

import numpy as np
import pandas as pd
import pytest

from synapse import tables
from synapse.tables import TrainingOptions

RNG = np.random.default_rng(3)
DATES = pd.date_range("2010-01-31", periods=160, freq="ME")
QUICK = TrainingOptions(epochs=2, seed=0)


def trained(series):
    return tables.train_series(
        series, ["sales"], QUICK, methods=["naive"], period=1, steps=3
    )


@pytest.mark.full
@pytest.mark.parametrize("relative", [False, True])
def test_intervals_of_several_series_are_in_the_units_of_each(relative):
    """One is a thousand times the other; of a positive one that grows, errors are
    relative to its level."""
    steps = RNG.normal(scale=0.02, size=160)
    values = (
        np.exp(0.02 * np.arange(160) + steps.cumsum()) if relative else steps.cumsum()
    )
    small = pd.DataFrame({"sales": values}, index=DATES)
    model = trained({"small": small, "large": 1000.0 * small})
    assert model.facts["relative"] is relative
    widths = []
    for series in (small, 1000.0 * small):
        forecast = tables.forecast_series(
            model.model, series, 3, method="naive", coverage=0.8
        )
        widths.append((forecast["sales upper"] - forecast["sales lower"]).to_numpy())
    np.testing.assert_allclose(widths[1], 1000.0 * widths[0])
    inner = np.abs(np.diff(values)[-40:]).mean()
    assert inner < widths[0][0] < 10 * inner


@pytest.mark.full
def test_errors_of_the_training_rows_are_enlarged_to_those_of_the_test():
    noise = RNG.normal(size=160)
    held_out = trained(pd.DataFrame({"sales": noise}, index=DATES)).facts[
        "held_out_rows"
    ]
    noise[-held_out:] *= 10.0
    model = trained(pd.DataFrame({"sales": noise}, index=DATES))
    assert not model.facts["relative"]
    squares = (np.array(model.facts["errors"]["naive"]) ** 2).mean(axis=(1, 2))
    late = held_out - 2  # origins in the test, each with three steps
    assert len(squares) > late + 10
    assert np.isclose(squares[:-late].mean(), squares[-late:].mean())
