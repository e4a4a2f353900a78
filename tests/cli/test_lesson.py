"""What is learnt from a table and what is held out."""

import numpy as np
import pytest

from synapse.cli.lesson import Lesson, LessonOptions, joined, prepare
from synapse.cli.sheet import Sheet
from synapse.errors import ArgumentError


def lesson(*lengths, sequences=False):
    """Parts of such lengths, whose inputs count all rows."""
    column = np.arange(sum(lengths), dtype=float)[:, None]
    inputs = np.split(column, np.cumsum(lengths)[:-1])
    parts = [(part, np.zeros_like(part)) for part in inputs]
    return Lesson(["x"], ["y"], None, parts, sequences)


def rows(parts):
    return joined(parts)[0].ravel().tolist()


def test_of_a_stream_the_end_is_held_out():
    learnt, held_out = lesson(10).split(0.25, in_order=True, seed=0)
    assert rows(learnt) == list(range(8))
    assert rows(held_out) == [8, 9]


def test_of_samples_random_ones_are():
    learnt, held_out = lesson(100).split(0.2, in_order=False, seed=0)
    assert len(rows(held_out)) == 20
    assert rows(held_out) != list(range(80, 100))
    assert sorted(rows(learnt) + rows(held_out)) == list(range(100))
    again = lesson(100).split(0.2, in_order=False, seed=0)
    assert rows(again[1]) == rows(held_out)
    assert rows(lesson(100).split(0.2, in_order=False, seed=1)[1]) != rows(held_out)


@pytest.mark.parametrize("in_order", [False, True])
def test_sequences_are_held_out_whole(in_order):
    learnt, held_out = lesson(3, 1, 4, 2, 5, sequences=True).split(0.4, in_order, seed=0)
    assert (len(learnt), len(held_out)) == (3, 2)
    assert sorted(rows(learnt) + rows(held_out)) == list(range(15))
    assert {len(inputs) for inputs, _ in learnt + held_out} == {3, 1, 4, 2, 5}


def test_something_has_to_be_left():
    with pytest.raises(ArgumentError, match="leaves no training data"):
        lesson(1).split(0.1, in_order=False, seed=0)


ROWS = [["a", "1", "p"], ["a", "2", "q"], ["a", "3", "p"], ["b", "10", "q"], ["b", "20", "q"]]
SHEET = Sheet("t.csv", ["s", "x", "k"], ROWS, [2, 3, 4, 5, 6])


def wanted(*target, **options):
    usual = {"inputs": None, "ignore": [], "sequence": None, "classes": False, "ahead": 0}
    return LessonOptions(**{**usual, **options, "target": list(target)})


def test_ahead_stays_within_a_sequence():
    found = prepare(SHEET, wanted("x", ignore=["k"], sequence="s", ahead=1))
    assert (found.inputs, found.outputs, found.kind, found.sequences) == (["x"], ["x +1"], None, True)
    pairs = [(inputs.ravel().tolist(), targets.ravel().tolist()) for inputs, targets in found.parts]
    assert pairs == [([1.0, 2.0], [2.0, 3.0]), ([10.0], [20.0])]


def test_classes_are_sorted_and_one_hot():
    found = prepare(SHEET, wanted("k", ignore=["s"]))
    assert (found.inputs, found.outputs, found.kind, found.sequences) == (["x"], ["p", "q"], "k", False)
    assert found.parts[0][1].tolist() == [[1, 0], [0, 1], [1, 0], [0, 1], [0, 1]]
    numbers = prepare(SHEET, wanted("x", inputs=["x"], ignore=["s", "k"], classes=True, ahead=1))
    assert (numbers.outputs, numbers.kind) == (["1", "10", "2", "20", "3"], "x +1")


def test_several_targets_keep_their_order():
    sheet = Sheet("t.csv", ["a", "b", "c"], [["1", "2", "3"], ["4", "5", "6"]], [2, 3])
    found = prepare(sheet, wanted("c", "a"))
    assert (found.inputs, found.outputs) == (["b"], ["c", "a"])
    assert found.parts[0][1].tolist() == [[3.0, 1.0], [6.0, 4.0]]
