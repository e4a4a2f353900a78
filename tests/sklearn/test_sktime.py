"""The forecaster for sktime."""

import copy
import doctest
import itertools
import pickle

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("sktime")
from sktime.forecasting.naive import NaiveForecaster
from sktime.split import (
    CutoffSplitter,
    ExpandingWindowSplitter,
    SingleWindowSplitter,
    SlidingWindowSplitter,
)
from sktime.utils.estimator_checks import check_estimator

import synapse.sktime
from synapse.errors import ArgumentError, ArgumentTypeError
from synapse.optimizers import AdamW
from synapse.sktime import NetworkForecaster
from synapse.tables import TrainingOptions, forecast_series, train_series
from synapse.tables._updating import update_series

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]
QUICK = {"compared": ("naive", "seasonal", "ar"), "epochs": 60, "random_state": 0}


def sales(count=132):
    months = np.arange(count)
    noise = np.random.default_rng(0).normal(scale=5.0, size=count)
    values = 100 + 0.8 * months + 20 * np.sin(2 * np.pi * months / 12) + noise
    return pd.Series(
        values, index=pd.period_range("2010-01", periods=count, freq="M"), name="sales"
    )


def test_all_checks_of_sktime_pass():
    states = check_estimator(NetworkForecaster, verbose=False)
    assert not {name: state for name, state in states.items() if state != "PASSED"}
    assert len(states) >= 754


def frame_of(series):
    """The table that the command reads from a file of these values."""
    index = pd.RangeIndex(1, len(series) + 1, name="row")
    return pd.DataFrame({"y0": series.to_numpy()}, index=index)


SEED = int(np.random.RandomState(0).randint(2**31 - 1))


@pytest.mark.parametrize("known", [True, False])
def test_months_that_begin_on_the_first_are_those_of_periods(known):
    """An index of dates "MS", also one without a frequency, as from a CSV file."""
    series = sales(72)
    dates = series.index.to_timestamp()
    assert dates.freq == "MS"
    by_date = series.set_axis(dates if known else pd.DatetimeIndex(dates.to_numpy()))
    ahead, found = (
        NetworkForecaster(**QUICK).fit(y, fh=[1, 2, 13]).predict()
        for y in (series, by_date)
    )
    assert found.tolist() == ahead.tolist()
    assert found.index.tolist() == ahead.index.to_timestamp().tolist()
    with pytest.raises(ArgumentError, match=r"even steps, got .*asfreq"):
        NetworkForecaster(**QUICK).fit(by_date.drop(dates[30]), fh=[1])


def test_it_forecasts_what_the_command_forecasts():
    series = sales()
    forecaster = NetworkForecaster(**QUICK).fit(series[:120], fh=range(1, 13))
    frame = frame_of(series[:120])
    trained = train_series(
        frame,
        ["y0"],
        TrainingOptions(epochs=60, seed=SEED),
        steps=12,
        period=12,
        methods=QUICK["compared"],
    )
    ahead = forecast_series(trained.model, frame, 12, coverage=0.9)
    interval = forecaster.predict_interval(coverage=0.9)
    assert forecaster.predict().tolist() == ahead["y0"].tolist()
    assert (interval.to_numpy() == ahead[["y0 lower", "y0 upper"]].to_numpy()).all()
    assert forecaster.chosen_ == trained.facts["chosen"]
    assert trained.facts["reason"] in forecaster.notes_
    assert np.abs(forecaster.predict() - series[120:]).mean() < 10


@pytest.mark.parametrize(
    ("method", "chosen"), [("network", "gru"), ("ar", "ar"), ("combine", "combine")]
)
def test_a_method_can_be_named_and_new_rows_go_on(method, chosen):
    series = sales()
    forecaster = NetworkForecaster(method=method, **QUICK).fit(series[:108], fh=[1])
    assert forecaster.chosen_ == chosen
    before = forecaster.predict()
    weights = forecaster.model_.network.weights.copy()
    forecaster.update(series[108:120], update_params=False)
    assert (forecaster.model_.network.weights == weights).all()
    after = forecaster.predict()
    assert [*before.index, *after.index] == [*series.index[[108, 120]]]
    assert abs(after.iloc[0] - series.iloc[120]) < 25


def test_an_update_learns_new_rows_from_where_the_model_is():
    series = sales()
    forecaster = NetworkForecaster(method="network", **QUICK)
    forecaster.fit(series[:108], fh=[1])
    twin = copy.deepcopy(forecaster.model_)
    forecaster.update(series[108:120])
    assert update_series(twin, frame_of(series[:120]), seed=SEED).rows == 12
    assert np.array_equal(forecaster.model_.network.weights, twin.network.weights)
    assert abs(forecaster.predict().iloc[0] - series.iloc[120]) < 25


TIMES = {
    "counted": pd.RangeIndex(7, 29),
    "months": pd.period_range("2010-01", periods=22, freq="M"),
    "pairs of months": pd.period_range("2010-01", periods=22, freq="2M"),
    "ends of months": pd.date_range("2010-01-31", periods=22, freq="ME"),
    "days": pd.date_range("2010-01", periods=22),
}
SPLITTERS = [
    ExpandingWindowSplitter(fh=[1], initial_window=2, step_length=2),
    ExpandingWindowSplitter(fh=[1, 3], initial_window=3, step_length=2),
    SlidingWindowSplitter(fh=[1], window_length=3),
    SlidingWindowSplitter(fh=[2], window_length=1, step_length=3),
    SingleWindowSplitter(fh=[1, 2], window_length=3),
    CutoffSplitter(cutoffs=np.array([2, 4]), fh=[1, 2], window_length=2),
]
PARTS = {
    "moved back": (slice(0, 16), slice(0, 16)),
    "new": (slice(0, 12), slice(12, 22)),
    "some new": (slice(0, 12), slice(6, 22)),
    "earlier": (slice(10, 22), slice(0, 10)),
}
"""Rows to fit and to update with; some splitters leave a gap between them."""


@pytest.mark.parametrize("times", TIMES)
def test_forecasts_start_from_the_cutoff(times):
    """sktime's naive forecaster has the same times and, one step ahead, values; further
    ahead, it reads what is known after a cutoff that was moved back."""
    series = pd.Series(100.0 * np.arange(22), TIMES[times], name="y")
    options = {"method": "naive", "compared": ("naive",), "epochs": 1, "sp": 1}
    every = times == "counted"
    for part in PARTS if every else ("moved back", "new"):
        fitted, rows = (series[places] for places in PARTS[part])
        forecaster = NetworkForecaster(**options, random_state=0).fit(fitted)
        ahead = forecaster.predict(fh=[1])
        for splitter in SPLITTERS if every else SPLITTERS[2:4]:
            naive = NaiveForecaster("last").fit(fitted).update_predict(rows, splitter)
            ends = [rows.iloc[window[-1]] for window, _ in splitter.split(rows)]
            forecasts = forecaster.update_predict(rows, splitter, None, every)
            assert forecasts.index.equals(naive.index)
            if [*splitter.fh] == [1]:
                assert forecasts.equals(naive)
            if forecasts.ndim == 2:  # a column for each cutoff
                assert forecasts.max().tolist() == forecasts.min().tolist() == ends
            elif len(ends) == 1:
                assert {*forecasts} == {*ends}
            else:
                assert forecasts.tolist() == ends
        assert forecaster.predict(fh=[1]).equals(ahead)


def test_a_network_forecasts_from_the_cutoff_what_it_forecast_there():
    """With a season and known columns, by date and by number; a copy, a clone."""
    series = sales(60)
    exogenous = pd.DataFrame({"x": np.arange(60.0) % 5}, index=series.index)
    for index in (series.index, series.index.to_timestamp(), pd.RangeIndex(60)):
        y, x = series.set_axis(index), exogenous.set_axis(index)
        options = {**QUICK, "method": "network", "epochs": 10, "sp": 12}
        forecaster = NetworkForecaster(**options).fit(y[:48], X=x[:48], fh=[1, 2])
        there = [forecaster.predict(X=x[48:]), forecaster.predict_interval(X=x[48:])]
        forecaster.update(y[48:54], X=x[48:54], update_params=False)
        later = forecaster.predict(X=x[54:])
        assert not later.equals(there[0])
        for moved in (forecaster, pickle.loads(pickle.dumps(forecaster))):
            moved.update(y[40:48], X=x[40:48], update_params=False)
            assert moved.predict(X=x[48:]).equals(there[0])
            assert moved.predict_interval(X=x[48:]).equals(there[1])
            ahead = moved.update_predict_single(y[48:54], X=x, update_params=False)
            assert ahead.equals(later)


def test_what_repeats_is_learned_by_its_place():
    """Rows that have been learned are not learned again, and equal ones are new."""
    series = pd.Series(np.tile([1.0, 2.0, 3.0], 24))
    options = {**QUICK, "epochs": 2, "method": "network", "sp": 3}
    forecaster = NetworkForecaster(**options).fit(series[:48], fh=[1])
    weights = [forecaster.model_.network.weights.copy()]
    for rows in (series[:40], series[40:60], series[50:60], series[60:]):
        forecaster.update(rows)
        weights.append(forecaster.model_.network.weights.copy())
    changed = [not np.array_equal(*pair) for pair in itertools.pairwise(weights)]
    assert changed == [False, True, False, True]


def test_uneven_times_are_refused():
    for times in (pd.RangeIndex(0, 60, 2), TIMES["months"].union(TIMES["months"] + 30)):
        uneven = pd.Series(np.arange(float(len(times))), times)
        with pytest.raises(ArgumentError, match="`index` of y must be of times"):
            NetworkForecaster(**QUICK).fit(uneven, fh=[1])


def test_it_takes_an_optimizer_and_options_of_a_trainer():
    decaying = AdamW(weight_decay=0.5)
    options = {**QUICK, "epochs": 5, "method": "network"}
    forecaster = NetworkForecaster(
        optimizer=decaying, trainer_options={"clip": 0.1}, **options
    )
    trainer = forecaster.fit(sales(), fh=[1]).model_.trainer
    assert (trainer.optimizer, trainer.clip, trainer.rate) == (decaying, 0.1, 0.02)
    plain = NetworkForecaster(**options).fit(sales(), fh=[1]).model_.network
    assert np.abs(trainer.network.weights).sum() < np.abs(plain.weights).sum()
    with pytest.raises(ArgumentTypeError, match="`optimizer` .* Use optimizer=synapse"):
        NetworkForecaster(optimizer=AdamW, **options).fit(sales(), fh=[1])


def test_min_delta_ends_a_training_earlier():
    options = {**QUICK, "epochs": 300, "patience": 5, "method": "network"}
    long, short = (
        NetworkForecaster(min_delta=delta, **options).fit(sales(), fh=[1])
        for delta in (0.0, 0.05)
    )
    assert short.model_.metadata["epochs"] < long.model_.metadata["epochs"]


def test_values_known_in_advance_explain_their_own_row():
    holiday = np.array([0, 1, 0, 0, 1, 0, 1, 1, 0, 0] * 10)
    holidays = pd.DataFrame({"holiday": holiday})
    shop = pd.Series(1 + 0.5 * holiday)
    forecaster = NetworkForecaster(method="network", compared=("mean",), random_state=0)
    forecaster.fit(shop[:90], X=holidays[:90], fh=[1, 2, 5])
    ahead = forecaster.predict(X=holidays[90:])
    assert ahead.round(1).tolist() == shop[[90, 91, 94]].round(1).tolist()
    with pytest.raises(ValueError, match="Expected X up to 94, got rows up to 91"):
        forecaster.predict(X=holidays[90:92])


def test_an_update_may_know_rows_that_the_series_has_not_reached():
    times = pd.period_range("2000-01", periods=48, freq="M")
    season = pd.DataFrame({"season": np.sin(np.arange(48.0) / 2)}, index=times)
    series = 3.0 + season["season"].rename("y").to_frame()
    single, apart = (NetworkForecaster(epochs=2, random_state=0) for _ in range(2))
    for each in (single, apart):
        each.fit(series[:36], X=season[:36], fh=[1, 2])
    forecast = single.update_predict_single(series[36:40], X=season[36:44])
    apart.update(series[36:40], X=season[36:40])
    assert np.isfinite(forecast.to_numpy()).all()
    assert (forecast == apart.predict(X=season[40:44])).all(axis=None)


def test_a_mistake_is_said_by_fit():
    for options, said in (
        ({"build": "tree"}, "`build` must be"),
        ({"held_out": 1.5}, "validation"),
        ({"compared": ("croston",)}, "croston"),
        ({"method": "arima", "compared": ("ar",)}, "`method` must be"),
    ):
        with pytest.raises(ValueError, match=said):
            NetworkForecaster(**{**QUICK, **options}).fit(sales(), fh=[1])


def test_two_rows_of_one_time_are_named_with_their_series():
    months = pd.date_range("2020-01-01", periods=40, freq="MS")
    right = pd.DataFrame({"y": np.arange(40.0)}, months)
    wrong = pd.concat([right, right[5:6]])
    panel = pd.concat({"a": right, "b": wrong}, names=["shop", "date"])
    fitted = NetworkForecaster(**QUICK).fit(right[:30], fh=[1])
    new = pd.concat([right[30:], right[35:36]])
    again = "two of 2020-06-01 00:00:00"
    calls = (
        (NetworkForecaster().fit, (wrong,), again),
        (NetworkForecaster().fit, (wrong.sort_index(),), again),
        (NetworkForecaster().fit, ([right, wrong.sort_index()],), again),
        (NetworkForecaster().fit, (panel,), f"{again} in the series 'b'. Take one"),
        (NetworkForecaster().fit, (panel.sort_index(),), f"{again} in the series 'b'"),
        (NetworkForecaster().fit, (right, wrong), again),
        (fitted.update, (new,), "two of 2022-12-01 00:00:00"),
    )
    for call, tables, words in calls:
        with pytest.raises(ArgumentError, match=words):
            call(*tables)


def test_its_example_runs():
    assert doctest.testmod(synapse.sktime).failed == 0
