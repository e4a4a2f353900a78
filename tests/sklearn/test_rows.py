"""Estimators of rows: what they learn, what they refuse, and that no path of a call has
other numbers."""

import pickle
import re
from functools import partial

import networkx as nx
import numpy as np
import pytest

pd = pytest.importorskip("pandas")
pytest.importorskip("sklearn")
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_diabetes
from sklearn.exceptions import NotFittedError
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import architect
import synapse
from synapse import optimizers
from synapse._checks import ARGUMENTS, SYNONYMS
from synapse.errors import ArgumentError, ArgumentTypeError, DivergenceError
from synapse.sklearn import (
    NetworkClassifier,
    NetworkRegressor,
    SequenceClassifier,
    SequenceRegressor,
    _estimator,
)
from tests.helpers.cases import Cases

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 4)) * [1, 10, 100, 1] + [0, 5, 0, -7]
Y = np.where(X[:, 0] + (X[:, 1] - 5) / 10 > 0, "yes", "no")
V = 300 * X[:, 0] + X[:, 1] + 1000
FRAME = pd.DataFrame(X, columns=list("abcd"))


def classifier(**options):
    return NetworkClassifier(
        **{"hidden": (4,), "epochs": 30, "random_state": 0} | options
    )


def regressor(**options):
    return NetworkRegressor(
        **{"hidden": (4,), "epochs": 30, "random_state": 0} | options
    )


@pytest.mark.full
def test_they_work_in_the_tools_of_scikit_learn():
    assert make_pipeline(StandardScaler(), classifier()).fit(X, Y).score(X, Y) > 0.95
    assert searched(n_jobs=None) == 0.05
    assert min(cross_val_score(classifier(), X, Y, cv=3)) > 0.9
    assert CalibratedClassifierCV(classifier(), cv=2).fit(X, Y).score(X, Y) > 0.9
    important = permutation_importance(
        classifier().fit(X, Y), X, Y, n_repeats=2, random_state=0
    )
    assert set(important.importances_mean.argsort()[2:]) == {0, 1}


def searched(n_jobs):
    choices = {"hidden": [(2,), (4,)], "rate": [1e-6, 0.05]}
    grid = GridSearchCV(classifier(), choices, cv=2, n_jobs=n_jobs)
    return grid.fit(X, Y).best_params_["rate"]


@pytest.mark.slow
def test_they_are_searched_in_two_processes():
    assert searched(n_jobs=2) == 0.05


def test_what_is_learned_is_found_by_names_and_in_files(tmp_path):
    model = classifier(epochs=3).fit(FRAME, pd.Series(Y))
    network = model.network_
    assert list(model.feature_names_in_) == names_of(network.input) == list("abcd")
    assert list(model.classes_) == names_of(network.output) == ["no", "yes"]
    assert model.n_iter_ == 3 == len(model.loss_curve_)
    both = np.stack([V, -V], axis=1)
    number = regressor(epochs=3).fit(X, both)
    for fitted, rows, ask in (
        (model, FRAME, "predict_proba"),
        (model, FRAME, "predict"),
        (number, X, "predict"),
    ):
        reads = [pickle.loads(pickle.dumps(fitted))]
        for name in ("net.json", "net.npz"):
            synapse.save(fitted.model_, tmp_path / name)
            reads.append(type(fitted).from_model(synapse.load(tmp_path / name)))
        expected = getattr(fitted, ask)(rows)
        for read in reads:
            assert np.array_equal(getattr(read, ask)(rows), expected)
    # the scale goes on from where it was
    for each in (read, number):
        each.partial_fit(X[:5], both[:5])
    assert np.array_equal(read.predict(X), number.predict(X))
    with pytest.raises(ArgumentError, match="a model of numbers, got 'classes'"):
        NetworkRegressor.from_model(model.model_)


def names_of(layer):
    return [neuron.name for neuron in layer]


def test_the_scale_is_that_of_all_rows():
    """By parts and by rows, too, with weights; a constant column has deviation 1."""
    rows = np.column_stack([X, np.full(200, 0.1), np.full(200, 1e9)])
    whole = regressor(epochs=1).fit(rows, V)
    weights = RNG.integers(0, 3, 200).astype(float)
    weighted = regressor(epochs=1).fit(rows, V, sample_weight=weights)
    parts = regressor().partial_fit(rows[:50], V[:50])
    for i in range(50, 200):
        parts.partial_fit(rows[i : i + 1], V[i : i + 1])
    for model, counted in ((whole, None), (weighted, weights), (parts, None)):
        for name, values in (("scale", rows), ("target_scale", V[:, None])):
            scale = getattr(model.model_, name)
            mean = np.average(values, axis=0, weights=counted)
            variance = np.average((values - mean) ** 2, axis=0, weights=counted)
            variance[4:6] = 1
            assert np.allclose(scale.mean, mean)
            assert np.allclose(scale.deviation, np.sqrt(variance))
    for name in ("scale", "target_scale"):
        counts = [getattr(each.model_, name).count for each in (whole, parts)]
        assert np.allclose(*counts)


def test_the_short_path_has_the_numbers_of_the_checked_one():
    """One row as an array, as a list, as one of many, and in a network with memory."""
    for build in ("Perceptron", "Elman"):
        model = classifier(build=build, epochs=3).fit(X, Y)
        many = model.predict_proba(X[:8])
        for i in range(8):
            for row in (X[i : i + 1], X[i : i + 1].tolist()):
                assert np.allclose(model.predict_proba(row), many[[i]], atol=1e-12)
    short, checked = (
        classifier().partial_fit(X[:1], Y[:1], classes=["no", "yes"]) for _ in range(2)
    )
    for i in range(1, 40):
        row, label = X[i : i + 1], Y[i : i + 1]
        short.partial_fit(row, label)
        checked.partial_fit(row.tolist(), pd.Series(label), sample_weight=[1.0])
    assert np.allclose(short.network_.weights, checked.network_.weights, atol=1e-12)
    rows = regressor(hidden=(2,)).partial_fit(X[:2], [1.0, 2.0])
    before = rows.model_.scale._as_json()
    for row, target in (([[1e200, -1e200, 0.0, 0.0]], [1.0]), (X[:1] * 0, [1e200])):
        with pytest.raises(ArgumentError, match="whose squares are finite numbers"):
            rows.partial_fit(np.array(row), target)
    assert rows.model_.scale._as_json() == before
    unscaled = classifier(scale=False)
    # the squash is bounded
    unscaled.partial_fit([[1e308] * 4], ["yes"], classes=["no", "yes"])


def test_partial_fit_is_the_online_rule():
    model, start = (
        regressor(scale=False, online_rate=0.03).partial_fit(
            X[:1] / 100, [0.5], sample_weight=[weight]
        )
        for weight in (1.0, 1e-300)
    )
    start.network_.activate(X[0] / 100)
    start.network_.propagate(0.03, [0.5])
    assert np.allclose(model.network_.weights, start.network_.weights, atol=1e-12)


def test_the_default_penalty_follows_from_the_number_of_samples():
    rows, targets = load_diabetes(return_X_y=True)
    options = {"epochs": 3, "random_state": 0}
    model, two, none = (
        NetworkRegressor(l2=l2, **options).fit(rows[:60], targets[:60])
        for l2 in ("auto", 3 / 60, 0.0)
    )
    assert np.array_equal(model.network_.weights, two.network_.weights)
    assert not np.array_equal(model.network_.weights, none.network_.weights)
    kalman = synapse.optimizers.DEKF()  # refuses penalties
    NetworkRegressor(rule="rtrl", optimizer=kalman, epochs=1).fit(rows[:9], targets[:9])
    with pytest.raises(ArgumentError, match="`l2` must be"):
        NetworkRegressor(l2="much").fit(rows, targets)


def test_early_stopping_holds_samples_out_at_random():
    ordered = np.argsort(Y)  # the last part alone would be one class
    model = classifier(validation=0.2, patience=5, epochs=1000).fit(
        X[ordered], Y[ordered]
    )
    assert model.n_iter_ < 1000
    assert model.score(X, Y) > 0.9
    assert len(model.result_.history["validation_loss"]) == model.n_iter_


@pytest.mark.full
def test_the_default_penalty_fits_few_samples():
    rows, targets = load_diabetes(return_X_y=True)
    scores = cross_val_score(NetworkRegressor(random_state=0), rows, targets, cv=4)
    assert scores.mean() > 0.45  # 0.295 without a penalty, linear regression 0.485


@pytest.mark.full
@pytest.mark.parametrize("scale", [True, False])
def test_held_out_data_are_scaled_and_encoded_as_the_training_data_are(scale):
    """The errors on them are those of a trainer that gets both in standard units."""

    def standard(values):
        first = values[:150]
        later = values[150:]
        return (later - first.mean(axis=0)) / first.std(axis=0) if scale else later

    small = V / 1000
    for make, y, targets in (
        (classifier, Y, np.eye(2)[(Y[150:] == "yes").astype(int)]),
        (regressor, small, standard(small)[:, None]),
    ):
        options = {"validation": (FRAME[150:], y[150:]), "patience": 10, "epochs": 60}
        make_scaled = partial(make, scale=scale)
        model = make_scaled(**options).fit(FRAME[:150], y[:150])
        errors = model.result_.history["validation_loss"]
        assert len(errors) == model.n_iter_
        tested = synapse.Trainer(model.network_).test(standard(X), targets)
        assert tested.loss == pytest.approx(min(errors), rel=1e-9)
        alone = make_scaled(epochs=model.n_iter_).fit(FRAME[:150], y[:150])
        assert model.result_.history["loss"] == alone.result_.history["loss"], (
            "held-out data are neither counted nor learned"
        )
        weighted = make_scaled(**options)
        weighted.fit(FRAME[:150], y[:150], sample_weight=np.ones(150))
        assert weighted.result_.history["validation_loss"] == pytest.approx(errors)


@pytest.mark.full
def test_held_out_data_are_a_parameter_like_others():
    """In clones, pickles and searches; the network of a fold is tested on them."""
    held_out = X[150:], Y[150:]

    def errors(model, y=Y):
        return model.fit(X[:150], y[:150]).result_.history["validation_loss"]

    model = classifier(validation=held_out, patience=5)
    assert model.get_params()["validation"] is held_out
    assert "validation=" in repr(model)
    twin = clone(model)
    assert all(map(np.array_equal, twin.validation, held_out))
    assert errors(twin) == errors(pickle.loads(pickle.dumps(model)))
    choices = {"validation": [None, 0.2, held_out]}
    grid = GridSearchCV(classifier(patience=5), choices, cv=2).fit(X[:150], Y[:150])
    assert not np.isnan(grid.cv_results_["mean_test_score"]).any()
    labels = (X[:, :3] > [0, 5, 0]).astype(int)
    assert errors(classifier(validation=(X[150:], labels[150:])), labels)[-1] < 3.0
    assert len(errors(classifier(build="GRU", squash=None, validation=held_out))) == 30


def test_metrics_and_other_data_are_in_the_units_of_the_targets():
    """The values of the last epoch are those of the fitted estimator."""

    def largest(y, prediction):
        return np.abs(y - prediction).max()

    def wrong(y, prediction):
        return (y != prediction).mean()

    last = FRAME[150:], V[150:]
    model = regressor(
        epochs=5, metrics=[largest], eval_set={"test": last}, validation=last
    )
    history = clone(model).fit(FRAME[:150], V[:150]).result_.history
    model = model.set_params(restore_best=False).fit(FRAME[:150], V[:150])
    assert history.keys() == model.result_.history.keys()
    values = {name: each[-1] for name, each in model.result_.history.items()}
    assert values["largest"] == largest(V[:150], model.predict(FRAME[:150]))
    assert values["test_largest"] == largest(V[150:], model.predict(FRAME[150:]))
    assert values["test_loss"] == values["validation_loss"]

    sequences = RNG.normal(size=(20, 3, 2))
    labels = np.where(sequences[:, 0, 0] > 0, "a", "b")
    for make, x, y in ((classifier, X, Y), (SequenceClassifier, sequences, labels)):
        model = make(epochs=3, metrics=["accuracy", wrong], random_state=0).fit(x, y)
        last = [model.result_.history[name][-1] for name in ("accuracy", "wrong")]
        assert last == [model.score(x, y), wrong(y, model.predict(x))]


@pytest.mark.parametrize(("make", "y"), [(classifier, Y), (regressor, V)])
def test_a_warm_start_goes_on_from_the_network(make, y):
    model = make(warm_start=True, optimizer="sgd", shuffle=False, scale=False)
    model.set_params(rate=1e-6, epochs=3)
    fitted = model.fit(X, y).network_
    reached = fitted.weights.copy()
    errors = model.result_.history["loss"]
    again = model.fit(X, y)
    whole = clone(model).set_params(epochs=6).fit(X, y)
    assert errors + again.result_.history["loss"] == whole.result_.history["loss"]
    assert np.array_equal(again.predict(X), whole.predict(X))
    assert np.array_equal(fitted.weights, reached)
    with pytest.raises((ArgumentError, ArgumentTypeError)):
        model.fit(X, np.where(Y == "yes", "other", "one"))
    assert np.array_equal(model.predict(X), whole.predict(X))


def test_outputs_are_named_like_the_columns_of_the_targets():
    table = pd.DataFrame({"sum": V, "difference": -V})
    for make, y, names in (
        (regressor, table, ["sum", "difference"]),
        (classifier, (FRAME[["a", "b"]] > 0).astype(int), ["a", "b"]),
        (regressor, V[:, None], ["output 0"]),
    ):
        assert names_of(make(epochs=1).fit(FRAME, y).network_.output) == names


EVERY_OPTION = {
    "rate": 0.02,
    "cost": "mse",
    "rule": "rtrl",
    "reach": 1,
    "optimizer": "sgd",
    "batch_size": 8,
    "window": 2,
    "clip": 1.0,
    "clip_value": 0.5,
    "l1": 1e-3,
    "l2": 1e-3,
    "dropout": 0.1,
    "recurrent_dropout": 0.1,
    "threads": 2,
    "renewal": synapse.learning.ContinualBackprop(
        replacement_rate=0.01, maturity_threshold=5
    ),
    "only": ["output"],
}


@pytest.mark.full
@pytest.mark.parametrize("name", EVERY_OPTION)
def test_every_option_of_the_trainer_is_a_parameter(name, monkeypatch):
    received = []

    def trainer(network, **options):
        received.append(options[name])
        return synapse.Trainer(network, **options)

    monkeypatch.setattr(_estimator, "Trainer", trainer)
    assert EVERY_OPTION.keys() == _estimator.TRAINER.keys()
    sequences = RNG.normal(size=(20, 3, 2))
    begins = sequences[:, 0, 0]
    for make, x, y in (
        (NetworkClassifier, X[:40], Y[:40]),
        (NetworkRegressor, X[:40], V[:40]),
        (SequenceClassifier, sequences, np.where(begins > 0, "a", "b")),
        (SequenceRegressor, sequences, begins),
    ):
        options = {name: EVERY_OPTION[name]}
        if name == "reach":
            options["rule"] = "rtrl"
        if name == "cost" and y.dtype.kind == "U":
            options["cost"] = "cross_entropy"
        model = clone(make(hidden=(3,), epochs=2, random_state=0, **options)).fit(x, y)
        assert received[-1] == model.get_params()[name] == options[name]
        other = pickle.loads(pickle.dumps(model))
        assert np.array_equal(other.predict(x), model.predict(x))


def test_targets_of_every_form():
    labels = (X[:, :3] > [0, 5, 0]).astype(int)
    many = classifier(epochs=60).fit(X, labels)
    assert many.predict(X).shape == many.predict_proba(X).shape == labels.shape
    assert (many.predict(X) == labels).mean() > 0.9
    alone = classifier().fit(X, np.full(200, "a"))
    assert set(alone.predict(X)) == {"a"}
    assert np.allclose(alone.predict_proba(X), 1)
    both = np.stack([V, -V], axis=1)
    two = regressor().fit(X, both)
    assert two.predict(X[:3]).shape == (3, 2)
    assert two.score(X, both) > 0.9
    assert np.allclose(regressor().fit(X, np.full(200, 7.0)).predict(X), 7.0, atol=0.1)
    assert classifier().fit(X, Y == "yes").predict(X).dtype == bool


def test_any_topology_can_be_built():
    graph = nx.DiGraph()
    # another order than that of the columns
    graph.add_nodes_from("dcba", layer="input")
    graph.add_nodes_from(["yes", "no"], layer="output")  # and than that of the classes
    graph.add_edges_from(
        [("a", "h"), ("b", "h"), ("h", "no"), ("h", "yes"), ("a", "yes")]
    )
    wired = NetworkClassifier(build=graph, epochs=100, random_state=0)
    model = clone(wired).fit(FRAME, Y)
    assert model.score(FRAME, Y) > 0.9
    assert {(u.name, v.name) for u, v in model.network_.graph.edges} == set(graph.edges)
    with pytest.raises(ArgumentError, match="make a network of 2 inputs and 2 outputs"):
        wired.fit(FRAME.iloc[:, :2], Y)
    net = architect.Perceptron(4, 3, 2, output_squash="softmax", seed=0)
    before = net.weights
    for _ in range(2):
        assert classifier(build=lambda n, m, seed: net).fit(X, Y).network_ is not net
    assert np.array_equal(net.weights, before), (
        "a network that build returns twice has learned"
    )


def built(squash):
    """A function for build= whose network has outputs of this squash."""
    return lambda n, m, seed: architect.Perceptron(
        n, 3, m, squash="tanh", output_squash=squash, seed=seed
    )


@pytest.mark.parametrize("squash", ["logistic", "tanh", "softplus"])
def test_a_regressor_refuses_outputs_that_cannot_be_its_targets(squash):
    """With the squared error, these fitted a line with R² 0.03 without a word."""
    options = {"build": built(squash), "cost": "squared_error", "epochs": 1}
    for targets in (V, np.stack([V, -V], axis=1)):
        model = regressor(**options)
        with pytest.raises(ArgumentError, match='without bounds.*="identity"'):
            model.fit(X, targets)
        assert not hasattr(model, "network_")
        with pytest.raises(ArgumentError, match=f"outputs that reach.*{squash}"):
            regressor(**options, scale=False).fit(X, targets - 1e6)
    regressor(**options, scale=False).fit(X, (V - V.min()) / np.ptp(V))


def test_a_classifier_refuses_outputs_that_are_no_probabilities():
    for squash in ("identity", "tanh"):
        with pytest.raises(ArgumentError, match='logistic outputs.*="softmax"'):
            classifier(build=built(squash)).fit(X, Y)
        with pytest.raises(ArgumentError, match='must have logistic .*="logistic"'):
            classifier(build=built(squash)).fit(X, np.eye(2, dtype=int)[[0, 1] * 100])


def test_faults_are_one_sentence_and_change_nothing():
    holes = X.copy()
    holes[3, 1] = np.nan
    model = classifier().fit(X, Y)
    calls = {
        "contains NaN": lambda: model.fit(holes, Y),
        "Input X contains NaN": lambda: model.predict(holes),
        "X contains NaN": lambda: model.partial_fit(holes[3:4], Y[3:4]),
        "contains infinity": lambda: model.predict([[0, 0, 0, np.inf]]),
        "among ['no', 'yes'], got 'maybe'": lambda: model.partial_fit(X[:1], ["maybe"]),
        "got 'maybe'. Name all of them": lambda: model.partial_fit(
            X[:3], ["no", "yes", "maybe"]
        ),
        "all labels that will come": lambda: classifier().partial_fit(X, Y),
        "Use sklearn.multioutput": lambda: model.fit(X, RNG.integers(0, 3, (200, 2))),
        "Did you mean 'LSTM'?": lambda: model.set_params(build="LSTN").fit(X, Y),
        "`scale` must be": (
            lambda: model.set_params(build="LSTM", scale="yes").fit(X, Y)
        ),
        "`hidden` must be": (
            lambda: model.set_params(scale=True, hidden="five").fit(X, Y)
        ),
        "`optimizer` of Trainer must be": (
            lambda: model.set_params(hidden=(4,), optimizer="adm").fit(X, Y)
        ),
        "`validation` must be a number": (
            lambda: model.set_params(optimizer="adam", validation="some").fit(X, Y)
        ),
        "a fraction or a tuple (X, y)": (
            lambda: model.set_params(validation=(X, Y, Y)).fit(X, Y)
        ),
        "Did you mean 'AdamW'": lambda: classifier(optimizer="adamww").fit(X, Y),
        "a list of sizes": lambda: classifier(hidden="32").fit(X, Y),
        "a tuple (X, y)": lambda: classifier(eval_set={"test": X}).fit(X, Y),
        "`eval_set` must be a dict": lambda: classifier(eval_set=(X, Y)).fit(X, Y),
        "'accuracy'": lambda: classifier(metrics=["accuracies"]).fit(X, Y),
        "`warm_start` must be": lambda: classifier(warm_start="yes").fit(X, Y),
        "X has 3 features": (
            lambda: model.set_params(validation=(X[:, :3], Y)).fit(X, Y)
        ),
        "labels among ['no', 'yes'], got 'x'": (
            lambda: model.set_params(validation=(X[:1], ["x"])).fit(X, Y)
        ),
        "1 target per step": (
            lambda: regressor(validation=(X[:3], np.ones((3, 2)))).fit(X, V)
        ),
        "squares are finite": lambda: regressor().fit(X * 1e200, V),
        "weight": lambda: model.fit(X, Y, sample_weight=np.zeros(200)),
        "`class_weight` must be finite": (
            lambda: classifier(class_weight={"yes": -1, "no": 2}).fit(X, Y)
        ),
        "sizes that Convolutional takes": (
            lambda: classifier(build="Convolutional").fit(X, Y)
        ),
        "Fit the estimator again, and save its model": (
            lambda: NetworkClassifier.from_model(model.network_)
        ),
    }
    before = model.network_.weights, model.predict_proba(X)
    with Cases() as case:
        for words, call in calls.items():
            with (
                case(words),
                pytest.raises((ValueError, TypeError), match=re.escape(words)),
            ):
                call()
        advised = {
            name: f"Use {ours}=0.5."
            for name, ours in SYNONYMS.items()
            if ours in model.get_params()
        }
        for name, words in {**advised, **ARGUMENTS["estimator"]}.items():
            words = re.escape(words.replace("{value}", "0.5"))
            with case(name), pytest.raises(ArgumentTypeError, match=words):
                NetworkClassifier(**{name: 0.5})
    assert np.array_equal(model.network_.weights, before[0])
    assert np.array_equal(model.predict_proba(X), before[1])
    with pytest.raises(NotFittedError):
        classifier().predict(X)
    wild = regressor(scale=False, online_rate=1e3)
    with pytest.raises(DivergenceError, match="lower online_rate"):
        wild.partial_fit(np.repeat(X, 5, axis=0), np.repeat(V, 5))


@pytest.mark.slow
def test_a_million_rows():
    rows = np.random.default_rng(0).normal(size=(1_000_000, 5))
    positive = rows[:, 0] > 0
    model = NetworkClassifier(epochs=1, batch_size=256, random_state=0)
    assert model.fit(rows, positive).score(rows, positive) > 0.97


@pytest.mark.parametrize(
    ("name", "made"), [("adamw", optimizers.AdamW()), ("RMSprop", optimizers.RMSprop())]
)
def test_a_number_is_one_hidden_layer_and_any_optimizer_has_a_name(name, made):
    named, other = (
        classifier(epochs=2, hidden=hidden, optimizer=optimizer).fit(X[:40], Y[:40])
        for hidden, optimizer in ((4, name), ((4,), made))
    )
    assert (named.network_.weights == other.network_.weights).all()


@pytest.mark.parametrize("rate", [0.0, -1.0, np.nan, np.inf])
def test_a_rate_of_single_rows_that_cannot_be_is_refused(rate):
    model = regressor(online_rate=rate)
    with pytest.raises(ArgumentError, match="`?online_rate`?"):
        model.fit(X, V)
    assert not hasattr(model, "model_")


def test_weights_of_samples_are_repetitions():
    weights = np.tile([0, 1, 2], 10)
    for make, y in ((classifier, Y), (regressor, V)):
        weighted, other = (make(epochs=40, batch_size=100) for _ in range(2))
        weighted.fit(X[:30], y[:30], sample_weight=weights)
        other.fit(*(np.repeat(each[:30], weights, axis=0) for each in (X, y)))
        assert np.allclose(weighted.network_.weights, other.network_.weights, atol=1e-8)
    heavy = classifier(class_weight={"yes": 1000, "no": 0.001}, epochs=50).fit(X, Y)
    assert (heavy.predict(X) == "yes").mean() > 0.9
