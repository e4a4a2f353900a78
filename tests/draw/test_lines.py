"""Learning curves, returns, traces, forecasts, trials and the flow of errors: what
their lines and dots show."""

from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, analysis, draw, forecasting
from synapse.errors import ArgumentError, ArgumentTypeError, SynapseError
from synapse.reward import Run
from tests.helpers.cases import all_refused

from .helpers import assert_readable, legend, shown

XOR = [[0, 0], [0, 1], [1, 0], [1, 1]] * 3, [[0], [1], [1], [0]] * 3
INPUTS = np.random.default_rng(0).normal(size=(7, 2))
HISTORY = np.array([5.0, 1.0, 2.0, 4.0, 2.0, 3.0])


def result(seed=0, **options):
    return synapse.Trainer(architect.Perceptron(2, 3, 1, seed=seed), rate=0.5).train(
        *XOR, epochs=12, progress=False, **{"seed": 0} | options
    )


@pytest.mark.full
def test_a_result_shows_its_errors_by_epoch():
    trained = result(validation=0.25)
    ax = draw.learning(trained)
    training, validation = ax.lines
    assert (training.get_xdata().tolist(), training.get_ydata().tolist()) == (
        list(range(1, 13)),
        trained.history["loss"],
    )
    assert validation.get_ydata().tolist() == trained.history["validation_loss"]
    assert (training.get_linestyle(), validation.get_linestyle()) == ("-", "--")
    assert (legend(ax), ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == (
        ["training", "validation"],
        "epoch",
        "loss",
        "linear",
    )


def test_several_trainings_have_colours_and_names():
    ax = draw.learning(
        {"three": result(validation=0.25), "_six $": result(1).history}, log=True
    )
    assert legend(ax) == ["three", "three validation", r" _six \$"]
    colours = [line.get_color() for line in ax.lines]
    assert colours[0] == colours[1] != colours[2]
    assert ax.get_yscale() == "log"
    assert_readable(ax)


@pytest.mark.full
def test_errors_that_a_scale_cannot_show():
    ax = draw.learning({"loss": [1.0, 0.0, np.nan, 0.1]}, log=True)
    ax.figure.canvas.draw()
    assert ax.get_ylim()[0] > 0.01  # 0 and NaN are gaps
    assert draw.learning({"loss": [1.0, -2.0]}).get_ylim()[0] < -2.0


def test_trainings_of_several_seeds_are_a_mean_with_its_interval():
    losses = np.random.default_rng(0).uniform(1.0, 2.0, (30, 5))
    runs = [{"loss": row, "validation_loss": row + 1.0} for row in losses]
    runs[0]["loss"] = np.append(runs[0]["loss"], 9.0)  # it went on for longer
    ax = draw.learning({"many": runs, "one": {"loss": [1.0, 0.5]}})
    assert legend(ax) == ["many (30 runs)", "many validation (30 runs)", "one"]
    mean, validation, single = (line.get_ydata() for line in ax.lines)
    np.testing.assert_allclose(mean, losses.mean(axis=0))
    np.testing.assert_allclose(validation, losses.mean(axis=0) + 1.0)
    assert single.tolist() == [1.0, 0.5]
    band, _ = ax.collections
    error = 1.96 * losses.std(axis=0) / np.sqrt(30)
    np.testing.assert_allclose(
        band.get_paths()[0].vertices[1:6, 1], mean - error, atol=0.15 * error.max()
    )
    with pytest.raises(ArgumentError, match="validation loss of all trainings of 'a'"):
        draw.learning({"a": [runs[0], {"loss": [1.0]}]})
    assert len(draw.learning(runs[:3]).lines) == 6  # a list compares its trainings


def test_many_traces_can_be_told_apart_and_read():
    ax = draw.traces(
        np.zeros((3, 32)) + np.arange(32), [f"_neuron {i} $x$" for i in range(32)]
    )
    assert [line.get_ydata()[0] for line in ax.lines] == list(range(32))
    looks = {(line.get_color(), line.get_linestyle()) for line in ax.lines}
    assert len(looks) == len(legend(ax)) == 32
    assert_readable(ax)
    assert " _neuron 31 $x$" in [text for text, _ in shown(ax.figure)]
    ax = draw.traces(np.zeros((3, 2)), Layer(2, name="cells"), what="state")
    assert (legend(ax), ax.get_ylabel()) == (["cells 0", "cells 1"], "state")


def interval(mean, half):
    """As a forecast with intervals."""
    mean = np.asarray(mean)
    return SimpleNamespace(
        mean=mean, lower=mean - half, upper=mean + half, coverage=0.9
    )


@pytest.mark.full
def test_the_forecast_begins_at_the_last_known_value():
    times = np.arange("2020-01", "2020-11", dtype="datetime64[M]")
    for options, places in (({}, np.arange(10)), ({"times": times}, times)):
        ax = draw.forecast(HISTORY, [4.0] * 4, **options)
        history, later = ax.lines
        assert history.get_ydata().tolist() == HISTORY.tolist()
        assert later.get_ydata().tolist() == [3, 4, 4, 4, 4]
        assert history.get_xdata().tolist() == places[:6].tolist()
        assert later.get_xdata().tolist() == places[5:].tolist()
        assert (history.get_linestyle(), later.is_dashed()) == ("-", True)
        assert legend(ax) == ["known", "forecast"]
        assert_readable(ax)
    assert np.isnan(draw.forecast([1.0, np.nan, 3.0], [4.0]).lines[0].get_ydata()[1])
    missing = draw.forecast([1.0, 2.0, np.nan], interval([4.0], [1.0]))
    assert [line.tolist() for line in missing.lines[1].get_data()] == [
        [1, 3],
        [2.0, 4.0],
    ]
    assert missing.collections[0].get_paths()[0].vertices[:, 0].min() == 1
    lone = (
        draw.forecast([np.nan, np.nan], [4.0]).lines
        + draw.traces([[np.nan, 1.0], [1.0, np.inf]]).lines
    )
    assert [line.get_marker() for line in lone] == ["o"] * 4


def test_an_interval_is_shaded():
    ax = draw.forecast(HISTORY, interval([[4.0], [5.0]], [[1.0], [2.0]]))
    (band,) = ax.collections
    corners = {tuple(point) for point in band.get_paths()[0].vertices.tolist()}
    assert corners == {(5, 3), (6, 3), (6, 5), (7, 3), (7, 7)}
    assert legend(ax) == ["known", "forecast", "90 % interval"]


@pytest.mark.full
def test_columns_have_colours_and_names():
    ax = draw.forecast(
        np.column_stack([HISTORY, -HISTORY]),
        interval(np.zeros((2, 2)), [[1.0, 2.0], [3.0, 6.0]]),
        names=["_up", "$"],
    )
    assert legend(ax)[:3] == [" _up known", " _up forecast", " _up 90 % interval"]
    assert [line.get_color() for line in ax.lines[:2]] != [
        line.get_color() for line in ax.lines[2:]
    ]
    assert [line.get_ydata()[0] for line in ax.lines] == [5.0, 3.0, -5.0, -3.0]
    bands = [np.ptp(band.get_paths()[0].vertices[:, 1]) for band in ax.collections]
    assert bands == [6.0, 12.0]
    assert_readable(ax)


def elman_by_hand(net, inputs):
    """|d s_T / d s_t| of the hidden layer, by the chain rule."""
    hidden, context, source = net["hidden"], net["context"], net.input
    w = np.array([[a.connection_to(b).weight for a in source] for b in hidden])
    u = np.array([[a.connection_to(b).weight for a in context] for b in hidden])
    y = np.zeros(len(hidden))
    states = []
    for x in inputs:
        states.append(w @ x + u @ y + hidden.biases)
        y = 1 / (1 + np.exp(-states[-1]))
    jacobian = np.eye(len(hidden))
    norms = []
    for before in [*states[-2::-1], states[0]]:
        norms.append(np.sqrt((jacobian**2).sum() / len(hidden)))
        # a state depends on that of the step before through its activation
        f = 1 / (1 + np.exp(-before))
        jacobian = jacobian @ u @ np.diag(f * (1 - f))
    return np.array(norms)


def test_tiny_errors_have_their_digits_too_and_the_axis_ends_where_they_have_vanished():
    net = architect.Elman(
        2, 4, 1, initializer="uniform", bias_initializer="uniform", seed=0
    )
    inputs = np.random.default_rng(1).normal(size=(60, 2))
    ax = draw.error_flow(net, inputs, "hidden")
    drawn = ax.lines[0].get_ydata()
    assert drawn[-1] < 1e-60
    np.testing.assert_allclose(drawn, elman_by_hand(net, inputs), rtol=1e-6)
    low, high = ax.get_ylim()
    assert (low, 1.0 < high < 10.0) == (1e-12, True)
    assert draw.error_flow(net, inputs[:4], "hidden").get_ylim()[0] > 1e-12


@pytest.mark.full
def test_several_networks_in_one_picture():
    lstm = architect.LSTM(
        2, 3, 1, seed=0, forget_gates=False, peepholes=None, style="synaptic"
    )
    elman = architect.Elman(
        2, 6, 1, initializer="uniform", bias_initializer="uniform", seed=0
    )
    ax = draw.error_flow(
        {"cells": (lstm, "cells"), "Elman unit": (elman, elman["hidden"])}, INPUTS
    )
    cells, units = (line.get_ydata() for line in ax.lines)
    np.testing.assert_allclose(cells, 1.0, rtol=1e-8)
    assert (np.diff(np.log10(units)) < -1).all()
    assert (ax.get_yscale(), legend(ax)) == ("log", ["cells", "Elman unit"])
    assert_readable(ax)


def test_what_cannot_be_drawn():
    uneven = SimpleNamespace(mean=np.ones(2), lower=np.ones(3), upper=np.ones(3))
    net, other = (architect.Elman(2, 3, 1, seed=0) for _ in range(2))
    layer = "`layer` must be a layer of"
    wrong = [
        *(
            ("", draw.learning, [errors])
            for errors in (3, {"three": 3}, {"loss": "abc"}, {"loss": [[1], [2, 3]]})
        ),
        ("Expected 1 to 8 trainings", draw.learning, [[{"loss": [1.0]}] * 9]),
        (
            r"at most 32 neurons.* got 33\. Use draw\.raster for more\.",
            draw.traces,
            [np.zeros((3, 33))],
        ),
        ("a row for each step and a column for each neuron", draw.traces, [[1.0, 2.0]]),
        ("got 1", draw.traces, [[[1.0, 2.0]], ["a"]]),
        (
            r"`history` must be of the shape \(T,\) or \(T, m\), got \(0,\)",
            draw.forecast,
            [[], [1.0]],
        ),
        (
            "`history` must be finite, got inf",
            draw.forecast,
            [[1.0, np.inf], [1.0]],
        ),
        (
            r"1 column, as the history, got \(2, 3\)",
            draw.forecast,
            [HISTORY, np.ones((2, 3))],
        ),
        (r"got \(2, 1\) and \(3, 1\)", draw.forecast, [HISTORY, uneven]),
        ("at most 8 columns", draw.forecast, [np.ones((3, 9)), np.ones((2, 9))]),
        (layer, analysis.error_flow, [net, INPUTS, other["hidden"]]),
        (
            "no layer and no neuron named 'cells'",
            draw.error_flow,
            [net, INPUTS, "cells"],
        ),
        ("at least one step", analysis.error_flow, [net, np.empty((0, 2))]),
        ("Expected 1 to 8 networks, got 0", draw.error_flow, [{}, INPUTS]),
        (
            "`layer` must be a layer or its name, got .*Targets are not needed",
            draw.error_flow,
            [net, INPUTS, INPUTS],
        ),
    ]
    calls = [
        (lambda call=call, values=values: call(*values), SynapseError, words)
        for words, call, values in wrong
    ]
    times = partial(draw.forecast, HISTORY, [1.0, 2.0])
    calls += [
        (
            lambda: times(times=[1, 2, 3]),
            ArgumentError,
            r"Expected 8 times, .* got the shape \(3,\)",
        ),
        (
            lambda: times(times=list("abcdefgh")),
            ArgumentTypeError,
            "`times` must be dates or numbers",
        ),
        (
            lambda: times(names=["a", "b"]),
            ArgumentError,
            "Expected 1 name, one for each column, got 2",
        ),
    ]
    all_refused(calls)


@pytest.mark.full
def test_a_frame_names_the_axis_and_continues_its_dates():
    pd = pytest.importorskip("pandas")
    days = pd.DataFrame(
        {"sales": HISTORY}, pd.date_range("2024-01-01", periods=6, name="Day")
    )
    years = days.set_axis(pd.Index(range(2000, 2006), name="Year"))
    dated = forecasting.Forecast(
        np.ones((2, 1)), dates=pd.date_range("2024-01-07", periods=2, name="Day")
    )
    berlin = pd.date_range("2024-03-30 22:00", periods=6, freq="h", tz="Europe/Berlin")
    shown_as = {  # history, forecast, name of the axis, last place
        "frame": (days, [1.0, 2.0], "Day", "2024-01-08"),
        "column": (days["sales"], [1.0, 2.0], "Day", "2024-01-08"),
        "periods": (
            days.to_period("M").set_axis(
                pd.period_range("2024-01", periods=6, freq="M")
            ),
            [1.0],
            "date",
            "2024-07-01",
        ),
        "dates of the forecast": (HISTORY, dated, "Day", "2024-01-08"),
        "clocks": (days.set_axis(berlin), [1.0], "date", "2024-03-31T05"),
        "years": (years, [1.0, 2.0], "Year", 2007),
        "uneven": (days.iloc[[0, 1, 5]], [1.0, 2.0], "step", 4),
        "array": (HISTORY, [1.0, 2.0], "step", 7),
    }  # fmt: skip
    for case, (history, ahead, label, last) in shown_as.items():
        ax = draw.forecast(history, ahead)
        place = ax.lines[1].get_xdata()[-1]
        assert ax.get_xlabel() == label, case
        assert place == (np.datetime64(last) if isinstance(last, str) else last), case
        assert legend(ax) == ["known", "forecast"], case
        assert_readable(ax)
    assert draw.forecast(HISTORY, dated).lines[0].get_xdata()[0] == np.datetime64(
        "2024-01-01"
    )
    assert draw.forecast(days, [1.0]).get_ylabel() == "sales"
    ax = draw.forecast(
        days.assign(costs=1.0, holiday=0.0),
        replace(dated, mean=np.ones((2, 2)), names=["costs", "sales"]),
    )
    assert (legend(ax), ax.lines[2].get_ydata().tolist()) == (
        [
            "costs known",
            "costs forecast",
            "sales known",
            "sales forecast",
        ],
        HISTORY.tolist(),
    )


def run_of(returns, length=10, **tests):
    lengths = np.full(len(returns), length)
    return Run(np.array(returns), lengths, int(lengths.sum()), 1.0, "steps", **tests)


def test_the_line_is_the_mean_of_seeds_and_the_band_the_interval_of_this_mean():
    rng = np.random.default_rng(0)
    runs = [run_of(np.repeat(rng.normal(size=5), 4)) for _ in range(30)]
    ax = draw.returns({"a": runs, "b": runs[0]}, points=5)
    values = np.array([run.returns[::4] for run in runs])
    line, single = ax.lines
    assert line.get_xdata().tolist() == [40.0, 80.0, 120.0, 160.0, 200.0]
    np.testing.assert_allclose(line.get_ydata(), values.mean(axis=0))
    np.testing.assert_allclose(single.get_ydata(), values[0])
    assert legend(ax) == ["a (30 runs)", "b (1 run)"]
    (band,) = ax.collections
    corners = band.get_paths()[0].vertices[1:6, 1]  # the lower side
    error = 1.96 * values.std(axis=0) / np.sqrt(30)
    np.testing.assert_allclose(
        corners, values.mean(axis=0) - error, atol=0.15 * error.max()
    )


def test_a_part_without_the_end_of_an_episode_has_the_return_before():
    ax = draw.returns(run_of([1.0, 5.0], length=40), points=8)
    assert (ax.lines[0].get_xdata().tolist(), ax.lines[0].get_ydata().tolist()) == (
        [40.0, 50.0, 60.0, 70.0, 80.0],
        [1.0, 1.0, 1.0, 1.0, 5.0],
    )


def test_evaluations_are_drawn_where_they_were_made():
    evaluated = {
        "test_steps": np.array([5, 10]),
        "test_returns": np.array([[1.0, 3.0], [4.0, 6.0]]),
    }
    ax = draw.returns([run_of([0.0], **evaluated)] * 2, tests=True)
    assert (ax.lines[0].get_xdata().tolist(), ax.lines[0].get_ydata().tolist()) == (
        [5.0, 10.0],
        [2.0, 5.0],
    )


@pytest.mark.parametrize(
    ("wrong", "options", "error"),
    [
        ([], {}, ArgumentError),
        ({}, {}, ArgumentError),
        ([1.0, 2.0], {}, ArgumentTypeError),
        (run_of([]), {}, ArgumentError),
        (run_of([1.0]), {"tests": True}, ArgumentError),
        (run_of([1.0]), {"points": 0}, ArgumentError),
    ],
)
def test_faults_are_one_sentence(wrong, options, error):
    with pytest.raises(error):
        draw.returns(wrong, **options)
