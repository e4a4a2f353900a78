"""Simple methods and their statistics, beside the libraries of the field, on ten
tables."""

import numpy as np
import pandas as pd
import pytest

from synapse.tables import TrainingOptions, train_rows
from synapse.tables._row_comparison import (
    class_rows,
    logistic_regression,
    quality,
    simple_answers,
)
from tests.helpers.cases import all_hold


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


def class_tables():
    """Ten tables (x, classes): of scikit-learn, and made ones with units far apart,
    rare classes, many columns and columns that repeat others."""
    datasets = pytest.importorskip("sklearn.datasets")
    tables = {
        name: getattr(datasets, f"load_{name}")(return_X_y=True)
        for name in ("iris", "wine", "breast_cancer", "digits")
    }
    made = {"n_samples": 400, "random_state": 0, "flip_y": 0.2}
    make = datasets.make_classification
    tables["noisy"] = make(n_features=10, **made)
    tables["rare"] = make(weights=[0.93], **made)
    tables["five classes"] = make(n_classes=5, n_informative=6, **made)
    tables["wide"] = make(n_features=200, **made)
    tables["repeated"] = make(n_features=12, n_redundant=4, n_repeated=3, **made)
    x, kinds = make(n_features=6, n_informative=4, **made)
    tables["units"] = x * 10.0 ** np.arange(-9, 9, 3) + 5.0, kinds
    return tables


def number_tables():
    """Ten tables (x, y) of numbers."""
    datasets = pytest.importorskip("sklearn.datasets")
    tables = {
        "diabetes": datasets.load_diabetes(return_X_y=True, scaled=False),
        "linnerud": datasets.load_linnerud(return_X_y=True),
    }
    for seed in range(6):
        tables[f"made {seed}"] = datasets.make_regression(
            n_samples=100, n_features=3 * seed + 1, noise=30.0, random_state=seed
        )
    x, y = datasets.make_regression(n_samples=90, n_features=4, noise=9, random_state=7)
    tables["repeated"] = np.hstack([x, x[:, :2]]), y
    tables["units"] = x * 10.0 ** np.arange(-6, 6, 3) + 3.0, 1e6 * y
    return tables


@pytest.mark.full
def test_classes_are_compared_with_the_regression_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    from sklearn.dummy import DummyClassifier
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def check(table):
        x, kinds = table
        learned, tested = split(x, kinds)
        truth = np.eye(kinds.max() + 1)[kinds]
        parts = [[(x[rows], truth[rows])] for rows in (learned, tested)]
        answers = simple_answers(*parts, True)[0]
        scaled = make_pipeline(StandardScaler(), LogisticRegression(max_iter=10_000))
        peers = {
            "most common class": DummyClassifier(strategy="prior"),
            "logistic regression": scaled,
            "gradient boosting": HistGradientBoostingClassifier(random_state=0),
        }
        assert [*answers] == [*peers]
        for name, peer in peers.items():
            chances = peer.fit(x[learned], kinds[learned]).predict_proba(x[tested])
            np.testing.assert_allclose(answers[name], chances, atol=2e-3)
            expected = kinds[tested], chances.argmax(axis=1)
            assert quality(answers[name], truth[tested], True) == [
                metrics.accuracy_score(*expected)
            ]

    tables = class_tables()
    assert len(tables) == 10
    all_hold(check, {name: (table,) for name, table in tables.items()})


@pytest.mark.full
def test_numbers_are_compared_with_the_regression_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    from sklearn.dummy import DummyRegressor
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.linear_model import LinearRegression
    from sklearn.multioutput import MultiOutputRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def check(table):
        x, y = table
        y = y.reshape(len(y), -1)
        learned, tested = split(x, y)
        parts = [[(x[rows], y[rows])] for rows in (learned, tested)]
        answers = simple_answers(*parts, False)[0]
        peers = {
            "mean alone": DummyRegressor(),
            "linear regression": make_pipeline(StandardScaler(), LinearRegression()),
            "gradient boosting": MultiOutputRegressor(
                HistGradientBoostingRegressor(random_state=0)
            ),
        }
        for name, peer in peers.items():
            expected = peer.fit(x[learned], y[learned]).predict(x[tested])
            expected = expected.reshape(y[tested].shape)
            np.testing.assert_allclose(answers[name], expected, rtol=1e-6)
            errors = metrics.root_mean_squared_error(
                y[tested], expected, multioutput="raw_values"
            )
            assert quality(answers[name], y[tested], False) == pytest.approx(errors)

    tables = number_tables()
    assert len(tables) == 10
    all_hold(check, {name: (table,) for name, table in tables.items()})
