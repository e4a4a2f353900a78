"""Methods compared by rolling origin: the tables agree with `rolling_origin`, the
command with Python. Simple methods and their statistics, beside the libraries of the
field, on ten tables."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

import synapse
from synapse import forecasting, tables
from synapse.errors import ArgumentError
from synapse.tables import (
    TrainingOptions,
    compare_series,
    read_table,
    train_rows,
    train_series,
)
from synapse.tables._row_comparison import (
    class_rows,
    logistic_regression,
    quality,
    simple_answers,
)
from synapse.tables._series import read_several
from tests.cli.command import args, months, run_cli, told, write
from tests.helpers.cases import all_hold

RNG = np.random.default_rng(0)
SALES = (
    100 + 20 * np.sin(2 * np.pi * np.arange(72) / 12) + RNG.normal(0, 3, 72)
).round(1)
COSTS = (0.5 * SALES + RNG.normal(0, 1, 72)).round(1)
SIMPLE = {"build": (), "methods": ["naive", "seasonal", "ar"]}


def frame(**columns):
    index = pd.date_range("2018-01-01", periods=72, freq="MS", name="date")
    return pd.DataFrame(columns or {"Sales": SALES}, index=index)


def test_errors_are_those_of_rolling_origin():
    comparison = compare_series(frame(), ["Sales"], **SIMPLE, steps=4)
    origins, near = comparison.by_origin.index, pytest.approx
    start = int(np.flatnonzero(frame().index == origins[0])[0]) + 1
    apart = np.abs(SALES[12:start] - SALES[: start - 12]).mean()
    for name in SIMPLE["methods"]:
        fitted = forecasting.statistical(name, SALES[:start], period=12)
        rolled = forecasting.rolling_origin(fitted, SALES, 4, start=start, period=12)
        assert origins.tolist() == frame().index[rolled.origins - 1].tolist()
        errors = np.abs(rolled.errors)
        assert (
            comparison.by_origin[name].to_numpy(),
            comparison.by_step[name].to_numpy(),
        ) == (near(errors.mean(axis=1)), near(rolled.mae))
        row = comparison.summary.loc[name]
        assert row["MASE"] == near(rolled.mase.mean()) == near(row["MAE"] / apart)
        assert row["RMSE"] == near(np.sqrt(np.mean(rolled.errors**2)))
        assert comparison.forecasts[name].to_numpy() == near(rolled.forecasts.ravel())
    assert comparison.summary["MASE"].is_monotonic_increasing
    assert comparison.summary["best"].sum() == near(1)
    assert f"<Comparison of 4 methods from {len(origins)} ori" in repr(comparison)


def test_ctrl_c_in_a_network_ends_the_comparison(monkeypatch, capsys, tmp_path):
    """A network trained for a part of its epochs is not compared with the others."""
    whole = synapse.Trainer.train

    def interrupted(trainer, *data, **settings):
        def end(progress):
            raise KeyboardInterrupt

        return whole(trainer, *data, **{**settings, "callbacks": [end]})

    monkeypatch.setattr(synapse.Trainer, "train", interrupted)
    sheet = write(tmp_path / "d.csv", date=months(72, 2018), Sales=SALES)
    assert run_cli(capsys, "compare", sheet, *args("--target Sales --methods ar")) == (
        130,
        "",
        "synapse: Interrupted.\n",
    )


@pytest.mark.full
def test_a_network_has_the_errors_of_its_training():
    data = frame(Sales=SALES, Costs=COSTS)
    learning = TrainingOptions(epochs=30, hidden=[4])
    trained = train_series(data, ["Sales", "Costs"], learning, methods=["ar"])
    comparison = compare_series(
        data, ["Sales", "Costs"], learning, build="gru", methods=["ar"]
    )
    for name in ("gru", "ar", "combine"):
        assert comparison.summary.loc[name, "MASE"] == pytest.approx(
            trained.facts["mase"][name], rel=1e-3
        )
    assert (comparison.verdicts, comparison.by_step.index.names) == (
        [trained.facts["verdict"], trained.facts["reason"]],
        ["target", "step"],
    )
    assert {"MAE Sales", "RMSE Costs"} <= set(comparison.summary.columns)


def test_networks_continue_from_checkpoints_of_their_own(tmp_path):
    learning = TrainingOptions(epochs=5, hidden=[2], checkpoint=str(tmp_path / "run"))
    options = {"build": ["GRU", "elman"], "methods": [], "steps": 3}
    fresh, resumed = (
        compare_series(frame(), ["Sales"], learning, **options) for _ in range(2)
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.elman", "run.gru"]
    assert fresh.by_origin.equals(resumed.by_origin)


def test_several_series_and_few_origins():
    several = {"North": frame(), "South": frame(Sales=SALES + 50)}
    comparison = compare_series(
        several, ["Sales"], build=(), methods=["naive", "ar"], origins=5
    )
    assert comparison.by_origin.index.names == ["series", "date"]
    north, south = (comparison.by_origin.loc[name] for name in several)
    assert 5 <= len(north) == len(south) < 12
    # their difference is constant
    assert north["ar"].to_numpy() == pytest.approx(south["ar"].to_numpy())


@pytest.mark.full
def test_a_test_of_a_long_series_says_what_the_methods_use():
    """The time of a test does not grow with the number of rows then."""
    long = pd.DataFrame({"Sales": np.tile(SALES, 22)}, index=range(72 * 22))
    options = {**SIMPLE, "steps": 4, "origins": 2}
    sentence = "The test gives ar only the last 1000 rows before each origin."
    assert (
        compare_series(long, ["Sales"], **options).notes,
        compare_series(long[:1200], ["Sales"], **options).notes,
    ) == ([sentence], [])
    learning = TrainingOptions(build="Perceptron", epochs=1)
    assert train_series(long, ["Sales"], learning, methods=["naive", "ar"]).notes == [
        sentence
    ]


def test_what_cannot_be_compared_is_refused():
    for options, said in (
        ({"methods": ["prophet"]}, "Each of the methods|each of the methods"),
        ({"methods": ["ar", "ar"]}, "different methods"),
        ({"build": [], "methods": []}, "one or more"),
        ({"build": "tree"}, "'GRU' or 'Jordan' or 'LSTM'"),
        ({"build": ["gru", "GRU"], "methods": []}, "different methods"),
        ({"methods": ["gru"]}, "'arima', got 'gru'"),
        ({"origins": 0}, "origins"),
    ):
        with pytest.raises(ArgumentError, match=said):
            compare_series(frame(), ["Sales"], **options)


@pytest.mark.full
def test_the_command_prints_and_writes_what_python_returns(tmp_path, capsys):
    shops = {"date": months(72, 2018) * 2, "Shop": ["North"] * 72 + ["South"] * 72}
    data = write(tmp_path / "d.csv", **shops, Sales=[*SALES, *(SALES + 50).round(1)])
    output = tmp_path / "errors.csv"
    picture = tmp_path / "errors.png"
    line = ["compare", data, *args("--target Sales --sequence Shop --build none")]
    simple = args("--methods naive,seasonal,ar")
    code, printed, said = run_cli(
        capsys, *line, *simple, "--steps", 4, "-o", output, "--plot", picture
    )
    assert (code, said) == (0, "")
    comparison = compare_series(
        read_several(read_table(data), ["Sales"], "Shop"), ["Sales"], **SIMPLE, steps=4
    )
    assert pd.read_csv(output, index_col=["Shop", "date"]).to_numpy() == pytest.approx(
        comparison.by_origin.to_numpy(), rel=1e-5
    )
    names = [line.split()[0] for line in printed.splitlines()[:5]]
    assert names == ["method", *comparison.summary.index]
    assert comparison.verdicts[-1] in printed
    assert picture.stat().st_size > 1000
    _, printed, _ = run_cli(capsys, *line, *simple, "--origins", 3)
    assert "Mean absolute error by origin:" in printed
    line += simple
    cases = [
        ([*line, "--methods", "prophet"], 1, "methods"),
        ([*line, "--build", "tree"], 1, "'GRU' or 'Jordan'"),
        ([*line, "-o", tmp_path / "x.xls"], 2, "be .csv, .txt, .parquet or .xlsx"),
        ([*line, "--plot", tmp_path / "x.txt"], 2, "must be .png, .svg or .pdf"),
        (["compare", data], 2, "--target"),
    ]
    told(capsys, cases)


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
    trained = train_rows(
        table, ["kind"], None, TrainingOptions(epochs=1, hidden=[2]), classes=True
    )
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
    rows = [(x, np.eye(3)[(x[:, 0] > 0).astype(int)])]
    answers = simple_answers(rows, rows, True)[0]["logistic regression"]
    assert answers[:, 2].max() == 0
    np.testing.assert_allclose(answers.sum(axis=1), 1)
    alone = [(x, np.eye(2)[np.zeros(60, int)])]
    np.testing.assert_array_equal(
        simple_answers(alone, alone, True)[0]["logistic regression"], alone[0][1]
    )


def class_tables():
    """Ten tables (x, classes): of scikit-learn, and made ones with units far apart,
    rare classes, many columns and columns that repeat others."""
    datasets = pytest.importorskip("sklearn.datasets")
    make = partial(
        datasets.make_classification, n_samples=400, random_state=0, flip_y=0.2
    )
    x, kinds = make(n_features=6, n_informative=4)
    return {
        **{
            name: getattr(datasets, f"load_{name}")(return_X_y=True)
            for name in ("iris", "wine", "breast_cancer", "digits")
        },
        "noisy": make(n_features=10),
        "rare": make(weights=[0.93]),
        "five classes": make(n_classes=5, n_informative=6),
        "wide": make(n_features=200),
        "repeated": make(n_features=12, n_redundant=4, n_repeated=3),
        "units": (x * 10.0 ** np.arange(-9, 9, 3) + 5.0, kinds),
    }


def number_tables():
    """Ten tables (x, y) of numbers."""
    datasets = pytest.importorskip("sklearn.datasets")
    x, y = datasets.make_regression(n_samples=90, n_features=4, noise=9, random_state=7)
    return {
        "diabetes": datasets.load_diabetes(return_X_y=True, scaled=False),
        "linnerud": datasets.load_linnerud(return_X_y=True),
        **{
            f"made {seed}": datasets.make_regression(
                n_samples=100, n_features=3 * seed + 1, noise=30.0, random_state=seed
            )
            for seed in range(6)
        },
        "repeated": (np.hstack([x, x[:, :2]]), y),
        "units": (x * 10.0 ** np.arange(-6, 6, 3) + 3.0, 1e6 * y),
    }


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
        answers = simple_answers(
            *[[(x[rows], truth[rows])] for rows in (learned, tested)], True
        )[0]
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
        answers = simple_answers(
            *[[(x[rows], y[rows])] for rows in (learned, tested)], False
        )[0]
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
    steps = np.random.default_rng(3).normal(scale=0.02, size=160)
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
    noise = np.random.default_rng(3).normal(size=160)
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
