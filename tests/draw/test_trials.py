"""Trials as dots: every result, medians, unsolved trials and published figures."""

import numpy as np
import pytest

from synapse import draw
from synapse.errors import ArgumentError, KindError

from .helpers import outside, overlapping, shown

FOUND = {"LSTM": [8000, 9500, 7600, 8100], "Elman": [None, 41000.0, None], "none": [None, None]}


def test_a_dot_for_every_solved_trial():
    ax = draw.trials(FOUND, {"LSTM": 8440})
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [sorted(line.get_xdata()) for line in dots] == [[7600, 8000, 8100, 9500], [41000]]
    names = [text for text, _ in shown(ax.figure)]
    assert {"LSTM", "Elman", "none", "2 of 3 unsolved", "2 of 2 unsolved", "published"} <= set(names)
    assert not overlapping(ax.figure)
    assert not outside(ax.figure)


def test_the_median_counts_unsolved_trials():
    ax = draw.trials({"a": [1.0, 2.0, None], "b": [1.0, None], "c": [1.0, 3.0]}, log=False)
    medians = [
        line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 2 and line.get_lw() == 1.8
    ]
    assert medians == [2.0, 2.0]


def test_the_same_trials_give_the_same_picture():
    heights = [[line.get_ydata().tolist() for line in draw.trials(FOUND).lines[1:2]] for _ in range(2)]
    assert heights[0] == heights[1]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([1, 2],), KindError, "groups"),
        (({},), ArgumentError, "at least one group"),
        (({"a": [0.0]},), ArgumentError, "logarithmic"),
        (({"a": [1.0]}, {"b": 2.0}), ArgumentError, "one of the groups"),
        (({"a": ["x"]},), KindError, "result"),
        (({"a": [np.nan]},), ArgumentError, "result"),
    ],
)
def test_what_cannot_be_drawn(arguments, error, words):
    with pytest.raises(error, match=words):
        draw.trials(*arguments)
