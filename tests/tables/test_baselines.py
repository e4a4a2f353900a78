"""Simple methods and their statistics, beside the libraries of the field, on ten
tables."""

import numpy as np
import pandas as pd
import pytest

from synapse.tables import TrainingOptions, train_rows
from synapse.tables._row_comparison import (
    class_rows,
    logistic_regression,
    simple_answers,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def split(x, y):
    """Training rows and held-out rows, as parts."""
    order = np.random.default_rng(0).permutation(len(x))
    count = round(0.8 * len(x))
    return order[:count], order[count:]


def test_the_table_of_classes_has_recalls_and_areas(rng):
    """By their definitions: the area is the probability that a row of the class has a
    higher chance of it than another row, and ties count half."""
    truth = np.eye(4)[rng.choice(3, 200, p=[0.9, 0.07, 0.03])]
    for decimals in (1, 12):  # with ties and without
        made = {"a": (truth + 2 * rng.random((200, 4))).round(decimals), "b": truth}
        by_name = {cells[0]: cells[1:] for cells in class_rows(made, truth, [*"wxyz"])}
        assert [*by_name] == ["recall of y", "recall of x", "recall of w", "AUC"]
        areas = []
        for place, name in enumerate("wxy"):
            chances = made["a"][:, place]
            is_class = truth[:, place] > 0
            hits = made["a"][is_class].argmax(axis=1) == place
            assert by_name[f"recall of {name}"] == [f"{hits.mean():.1%}", "100.0%"]
            gaps = chances[is_class][:, None] - chances[~is_class]
            areas.append(np.mean((gaps > 0) + (gaps == 0) / 2))
        assert by_name["AUC"] == [f"{np.mean(areas):.3f}", "1.000"]
    alone = class_rows({"a": truth[:9]}, np.eye(4)[np.zeros(9, int)], [*"wxyz"])
    assert alone[-1] == ["AUC", "nan"]


@pytest.mark.full
def test_the_report_has_the_figures_of_a_regression_that_has_converged(rng):
    """Three classes, of which a linear rule explains a block: with 300 epochs of Adam,
    the regression beside the network was 6 points worse than it is."""
    metrics = pytest.importorskip("sklearn.metrics")
    x = rng.normal(size=(500, 8)) * 10.0 ** np.arange(-4, 4)
    score = x @ (10.0 ** -np.arange(-4, 4) * rng.normal(size=8))
    kinds = np.digitize(score + 2 * rng.normal(size=500), [-2, 2])
    table = pd.DataFrame(x, columns=[*"abcdefgh"]).assign(kind=kinds)
    learning = TrainingOptions(epochs=1, hidden=[2])
    trained = train_rows(table, ["kind"], None, learning, classes=True)
    ((inputs, truth),) = trained.facts["test"]
    held_out = {tuple(row) for row in inputs}
    is_learned = np.array([tuple(row) not in held_out for row in x])
    regression = logistic_regression()
    mean = x[is_learned].mean(axis=0)
    deviation = x[is_learned].std(axis=0)
    regression.fit((x[is_learned] - mean) / deviation, kinds[is_learned])
    chances = regression.predict_proba((np.array(inputs) - mean) / deviation)
    share = np.mean(chances.argmax(axis=1) == np.argmax(truth, axis=1))
    area = metrics.roc_auc_score(np.array(truth), chances, average="macro")
    column = trained.table[0].index("logistic regression")
    cells = {row[0]: row[column] for row in trained.table}
    assert (cells["accuracy"], cells["AUC"]) == (f"{share:.1%}", f"{area:.3f}")
    assert trained.facts["baselines"]["logistic regression"]["kind"] == share


def test_a_class_that_was_not_learned_has_no_chance(rng):
    x = rng.normal(size=(60, 2))
    truth = np.eye(3)[(x[:, 0] > 0).astype(int)]
    rows = [(x, truth)]
    answers = simple_answers(rows, rows, True)[0]["logistic regression"]
    assert answers[:, 2].max() == 0
    np.testing.assert_allclose(answers.sum(axis=1), 1)
    alone = [(x, np.eye(2)[np.zeros(60, int)])]
    made = simple_answers(alone, alone, True)[0]
    np.testing.assert_array_equal(made["logistic regression"], alone[0][1])
