"""Labels that differ are classes of their own on every way in, or are refused."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

import architect
import synapse
from synapse.errors import ArgumentError
from synapse.sklearn import NetworkClassifier, SequenceClassifier
from tests.helpers.cases import every_case

ROWS = np.random.default_rng(0).normal(size=(12, 2))


def of(*labels):
    return [labels[i % len(labels)] for i in range(len(ROWS))]


KEPT = {
    "equal numbers": (of(1, True, 1.0, 0), [0, 1]),
    "leading zero": (of("007", "7"), ["007", "7"]),
    "composed letters": (of("\u00e9", "e\u0301"), ["e\u0301", "\u00e9"]),
    "blank": (of("a", "a "), ["a", "a "]),
    "case": (of("a", "A"), ["A", "a"]),
    "empty": (of("a", ""), ["", "a"]),
    "large": (of(2**53, 2**53 + 1), [2**53, 2**53 + 1]),
    "text of NumPy": (of(np.str_("a"), "a", "b"), ["a", "b"]),
    "a series": (pd.Series(of("a", "b")), ["a", "b"]),
    "categories": (pd.Categorical(of("b", "a")), ["a", "b"]),
    "nan as text": (of("nan", "a"), ["a", "nan"]),
}
REFUSED = {
    "number and its digits": of(1, "1"),
    "number and text": of(1, "a"),
    "truth and its word": of(True, "True"),
    "bytes": of(b"a", "a"),
    "None": of("a", None),
    "NaN": of("a", float("nan")),
    "NA": pd.Series(of("a", pd.NA)),
    "objects": pd.Series(of(1, "1")),
}


def by_rows(labels):
    return NetworkClassifier(epochs=1, random_state=0).fit(ROWS, labels)


def by_sequence(labels):
    sequences = ROWS.reshape(len(ROWS), 1, 2)
    return SequenceClassifier(epochs=1, random_state=0).fit(sequences, labels)


def by_step(labels):
    answers = [labels[:5], labels[5:]]
    model = SequenceClassifier(epochs=1, per="step", random_state=0)
    return model.fit([ROWS[:5], ROWS[5:]], answers)


DOORS = {"rows": by_rows, "sequences": by_sequence, "steps": by_step}


def cases_of(table):
    """A door with each of the labels that it takes: sequences take lists."""
    return [
        (door, kind)
        for door, (kind, labels) in product(DOORS, table.items())
        if door == "rows" or isinstance(labels, list)
    ]


@pytest.mark.full
@every_case(
    "door, kind", cases_of({kind: labels for kind, (labels, _) in KEPT.items()})
)
def test_labels_that_differ_are_classes(door, kind):
    labels, classes = KEPT[kind]
    assert DOORS[door](labels).classes_.tolist() == classes


@every_case("door, kind", cases_of(REFUSED))
def test_labels_of_two_kinds_are_refused(door, kind):
    with pytest.raises(ArgumentError, match="all text or all numbers, without missing"):
        DOORS[door](REFUSED[kind])


def test_a_model_has_labels_of_any_kind():
    """Its classes are given, so that none has to be sorted."""
    net = architect.Perceptron(2, 3, seed=0, output_squash="softmax")
    model = synapse.Model(net, classes=[1, "1", "01"])
    encoded = model._targets.encoded("targets", [1, "1", "01", True], 3)
    assert encoded.argmax(axis=1).tolist() == [0, 1, 2, 0]
    for classes in (
        [1, True, 2],
        [1.0, 1, 2],
        ["a", float("nan"), "b"],
        ["a", None, 1],
    ):
        with pytest.raises(ArgumentError, match="different strings, numbers"):
            synapse.Model(net, classes=classes)
