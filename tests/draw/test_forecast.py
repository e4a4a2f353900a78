"""Pictures of forecasts."""

from types import SimpleNamespace

import numpy as np
import pytest

from synapse import draw, forecasting
from synapse.errors import ArgumentError, KindError

from .helpers import outside, overlapping

HISTORY = np.array([3.0, 1.0, 2.0, 4.0, 2.0, 3.0])


def interval(mean, half):
    """As a forecast with intervals."""
    mean = np.asarray(mean)
    return SimpleNamespace(mean=mean, lower=mean - half, upper=mean + half, interval=0.9)


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_the_forecast_begins_at_the_last_known_value():
    ax = draw.forecast(HISTORY, forecasting.persistence(HISTORY, 4) + 1)
    known, later = ax.lines
    assert known.get_xydata().tolist() == list(map(list, enumerate(HISTORY)))
    assert later.get_xdata().tolist() == [5, 6, 7, 8, 9]
    assert later.get_ydata().tolist() == [3, 4, 4, 4, 4]
    assert (known.get_linestyle(), ax.get_xlabel()) == ("-", "step")
    assert later.is_dashed()
    assert legend(ax) == ["known", "forecast"]


def test_an_interval_is_shaded():
    ax = draw.forecast(HISTORY, interval([[4.0], [5.0]], [[1.0], [2.0]]))
    (band,) = ax.collections
    corners = {tuple(point) for point in band.get_paths()[0].vertices.tolist()}
    assert corners == {(5, 3), (6, 3), (6, 5), (7, 3), (7, 7)}
    assert legend(ax) == ["known", "forecast", "90 % interval"]
    assert overlapping(ax.figure) == outside(ax.figure) == []


def test_dates():
    times = np.arange("2020-01", "2020-11", dtype="datetime64[M]")
    ax = draw.forecast(HISTORY, np.ones(4), times=times)
    assert ax.lines[0].get_xdata().tolist() == times[:6].tolist()
    assert ax.lines[1].get_xdata().tolist() == times[5:].tolist()
    ax.figure.canvas.draw()
    assert "Apr" in [text.get_text() for text in ax.get_xticklabels()]
    assert overlapping(ax.figure) == outside(ax.figure) == []


def test_columns_have_colours_and_names():
    both = np.column_stack([HISTORY, -HISTORY])
    ax = draw.forecast(both, interval(both[:2], np.ones((2, 2))), names=["_up", "$"])
    assert legend(ax)[:3] == [" _up known", " _up forecast", " _up 90 % interval"]
    assert [line.get_color() for line in ax.lines[:2]] != [line.get_color() for line in ax.lines[2:]]
    assert legend(draw.forecast(both, both))[0] == "0 known"
    assert overlapping(ax.figure) == outside(ax.figure) == []


def test_missing_values_are_gaps():
    ax = draw.forecast([1.0, np.nan, 3.0], [4.0])
    assert np.isnan(ax.lines[0].get_ydata()[1])


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"history": []}, KindError, r"the history to have the shape \(T,\) or \(T, m\), got \(0,\)"),
        ({"history": ["a"]}, KindError, "Expected the history to be a number a step"),
        ({"history": [1.0, np.inf]}, ArgumentError, "the history to be finite, got infinity"),
        (
            {"forecast": np.ones((2, 3))},
            ArgumentError,
            r"a forecast of 1 column, as the history, got \(2, 3\)",
        ),
        ({"forecast": None}, KindError, "Expected the forecast to be a number a step"),
        (
            {"forecast": SimpleNamespace(mean=np.ones(2), lower=np.ones(3), upper=np.ones(3))},
            ArgumentError,
            r"got \(2, 1\) and \(3, 1\)",
        ),
        ({"times": [1, 2, 3]}, ArgumentError, r"Expected 8 times, .* got the shape \(3,\)"),
        ({"times": list("abcdefgh")}, KindError, "Expected the times to be dates or numbers"),
        ({"names": ["a", "b"]}, ArgumentError, "Expected 1 names, one for each column, got 2"),
        (
            {"history": np.ones((3, 9)), "forecast": np.ones((2, 9))},
            ArgumentError,
            "at most 8 columns, got 9",
        ),
        ({"ax": 3}, KindError, "a matplotlib Axes"),
    ],
)
def test_what_cannot_be_drawn(arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        draw.forecast(**{"history": HISTORY, "forecast": [1.0, 2.0]} | arguments)
