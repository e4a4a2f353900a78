"""Estimators of River: all of its checks, features and classes that come and go, and
what a pickle keeps."""

import copy
import doctest
import importlib
import itertools
import pickle
import threading
import time

import networkx as nx
import numpy as np
import pytest

pytestmark = pytest.mark.peers
pytest.importorskip("river")

from river import checks, compose, datasets, evaluate, metrics, preprocessing

import architect
import synapse
from synapse import forecasting
from synapse.errors import ArgumentError, ArgumentTypeError, SynapseError
from synapse.learning import ContinualBackprop
from synapse.river import NetworkClassifier, NetworkForecaster, NetworkRegressor
from tests.helpers.cases import all_refused

ALL = (NetworkClassifier, NetworkRegressor, NetworkForecaster)
RNG = np.random.default_rng(0)


def single_layer(inputs, outputs, seed):
    return architect.Perceptron(inputs, 3, outputs, output_squash="identity", seed=seed)


ROWS = [
    dict(zip("abc", row.tolist(), strict=True)) for row in RNG.normal(size=(300, 3))
]


def bits(model):
    return model.network.weights.tobytes() + model.network.biases.tobytes()


@pytest.mark.parametrize("estimator", ALL)
def test_all_checks_of_river_pass(estimator):
    assert not estimator()._unit_test_skips()
    every = list(checks.yield_checks(estimator()))
    for check in every:
        check(estimator())
    assert len(every) > 12


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"build": "GRU", "hidden": (4,)},
        {"build": "LSTM", "hidden": (3,), "rule": "rtrl"},
        {"build": "Elman", "hidden": (3,), "rule": "rtrl", "reach": 1},
        {"build": single_layer},
        {"renewal": ContinualBackprop(replacement_rate=0.01, maturity_threshold=20)},
    ],
)
def test_any_network_learns_and_a_pickle_goes_on_with_the_same_bits(options):
    model = NetworkRegressor(seed=0, **options)
    errors = [
        abs(model.predict_one(x) - x["a"]) * (model.learn_one(x, x["a"]) is None)
        for x in ROWS
    ]
    assert np.mean(errors[-50:]) < np.mean(errors[:50])
    cloned = model.clone(include_attributes=True)
    twins = (model, pickle.loads(pickle.dumps(model)), copy.deepcopy(model), cloned)
    for twin in twins:
        for x in ROWS[:20]:
            twin.learn_one({**x, "d": 1.0}, 2.0)
    assert len({bits(twin) for twin in twins}) == 1


@pytest.mark.parametrize("estimator", ALL)
def test_outputs_that_build_returns_are_those_that_the_model_needs(estimator):
    """Numbers were learned with logistic outputs, and labels had "probabilities" of any
    size, without a word."""
    squash = "softmax" if estimator is NetworkClassifier else "identity"

    def build(squash):
        return lambda inputs, outputs, seed: architect.Perceptron(
            inputs, 3, outputs, output_squash=squash, seed=seed
        )

    def learn(model):
        samples = (
            ((1.0,), (2.0,)) if estimator is NetworkForecaster else (({"a": 1.0}, 1.0),)
        )
        for sample in samples:
            model.learn_one(*sample)

    learn(estimator(build=build(squash), seed=0))
    for wrong in ("logistic", "tanh", "softplus"):
        model = estimator(build=build(wrong), seed=0)
        with pytest.raises(ArgumentError, match=f'{wrong}.*="{squash}"'):
            learn(model)
        assert model.network is None


def test_a_graph_is_a_topology():
    graph = nx.DiGraph([("b", "h"), ("a", "h"), ("h", "y"), ("a", "y")])
    for name, layer in (("a", "input"), ("b", "input"), ("y", "output")):
        graph.nodes[name]["layer"] = layer
    model = NetworkRegressor(build=graph, seed=0)
    for x in ROWS[:50]:
        model.learn_one({"a": x["a"], "b": x["b"]}, x["a"])
    assert model.model.inputs == ["a", "b"]
    assert [len(layer) for layer in model.network.layers] == [2, 1, 1]
    assert len(model.network.connections) == 4
    with pytest.raises(ArgumentError, match="network of 1 input and 1 output, got"):
        NetworkRegressor(build=graph).learn_one({"a": 1.0}, 1.0)


def test_a_recurrent_network_remembers():
    series = RNG.choice([-1.0, 1.0], 3000).tolist()

    def error(**options):
        model = NetworkRegressor(seed=0, **options)
        wrong = []
        for before, now in itertools.pairwise(series):
            wrong.append(abs(model.predict_one({"x": now}) - before))
            model.learn_one({"x": now}, before)
        return np.mean(wrong[-300:])

    assert error(build="GRU", hidden=8, rule="rtrl") < 0.1 < 0.8 < error()


def test_features_and_classes_appear_and_vanish():
    model = NetworkClassifier(hidden=(4,), unseen=100, seed=0)
    for x in ROWS[:100]:
        model.learn_one({"a": x["a"], "b": x["b"]}, x["a"] > 0)
    probe = {"a": 0.3, "b": -0.2}
    before = model.predict_proba_one(probe)
    assert model.predict_proba_one({**probe, "unknown": 5.0}) == before
    model.learn_one({"a": 0.1, "c": 2.0}, True, w=0.0)
    weights = model.network.weights
    assert model.predict_proba_one({**probe, "c": None}) == model.predict_proba_one(
        probe
    )
    assert model.predict_proba_one(
        {**probe, "c": float("nan")}
    ) == model.predict_proba_one(probe)
    model.learn_one({"a": 0.1}, "third", w=0.0)
    assert [neuron.name for neuron in model.network.output] == [
        "True",
        "False",
        "third",
    ] or len(before) == 2
    assert np.isin(weights, model.network.weights).all()
    for x in ROWS:
        model.learn_one({"a": x["a"]}, x["a"] > 0)
    assert [neuron.name for neuron in model.network.input] == ["a"], (
        "b and c were let go"
    )


def test_a_feature_gets_an_input_for_its_value_when_this_varies():
    model = NetworkRegressor(hidden=(4,), seed=0)
    for x in ROWS[:50]:
        model.learn_one(x, x["a"])
    for x in ROWS[50:80]:
        model.learn_one({**x, "word": 1.0, "d": x["b"]}, x["a"])
    names = ["a", "b", "c", "d present", "word present", "d"]
    assert model.model.inputs == names
    model = pickle.loads(pickle.dumps(model))
    prediction = model.predict_one(ROWS[0])
    assert model.predict_one({**ROWS[0], "unknown": -1.0}) == prediction
    word = model.predict_one({**ROWS[0], "word": 1.0})
    assert model.predict_one({**ROWS[0], "word": 3.0}) == word != prediction
    model.learn_one({**ROWS[80], "word": 2.0}, 1.0)
    assert model.model.inputs == [*names, "word"]
    assert model.model.scale.mean[6] == pytest.approx((30 * 1.0 + 2.0) / 31)
    assert all(link.weight for link in model.network.input[-1].outgoing)
    assert len(model.network.input[-1].outgoing) == 4 + 1


def test_a_step_with_a_new_feature_costs_little_more_than_one_without():
    """At most ten times as much at 1,000 features; an edit of such a network takes
    longer than a hundred steps."""
    model = NetworkClassifier(seed=0)
    x = {f"f{i:04}": 0.5 for i in range(1000)}
    for step in range(3):
        model.learn_one({name: float(step) for name in x}, step % 2)

    def seconds(sample):
        begun = time.process_time()
        model.learn_one(sample, 1)
        return time.process_time() - begun

    usual = np.median([seconds({**x}) for _ in range(25)])
    new = np.median([seconds({**x, f"new {i}": 1.0}) for i in range(25)])
    assert new < 10 * usual
    assert len(model.network.input) == 1025


def test_memory_is_flat_while_features_come_and_go():
    model = NetworkRegressor(hidden=(4,), unseen=64, seed=0)
    sizes = []
    for step in range(4000):
        alive = {f"f{(step // 20 + i) % 200}": float(RNG.normal()) for i in range(20)}
        model.learn_one(alive, sum(alive.values()))
        if step % 500 == 499:
            sizes.append(model._raw_memory_usage)
    assert len(model.network.input) < 60
    assert max(sizes[3:]) < 1.5 * sizes[2]


def test_an_input_that_returns_has_what_it_learned():
    def wrong(unseen):
        rng = np.random.default_rng(0)
        model = NetworkClassifier(unseen=unseen, seed=0)
        errors = 0
        factors = rng.normal(size=10)
        for step in range(6000):
            x = {f"f{i}": float(rng.normal()) for i in range(10)}
            # for 600 of 2,400 steps
            absent = [i for i in range(10) if (step + 400 * i) // 600 % 4 == 0]
            for i in absent:
                del x[f"f{i}"]
            y = sum(factors[int(name[1:])] * value for name, value in x.items()) > 0
            errors += model.predict_one(x) != y
            model.learn_one(x, y)
        return errors / 6000

    assert wrong(500) < wrong(None) + 0.01 < 0.06


@pytest.mark.parametrize("seed", range(3))
def test_the_default_uses_its_hidden_neurons_on_bananas(seed):
    stream = datasets.Bananas()
    metric = metrics.Accuracy()
    assert (
        evaluate.progressive_val_score(
            stream, NetworkClassifier(seed=seed), metric
        ).get()
        > 0.83
    )


def test_rows_of_a_frame_are_learned_as_dicts_are():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(ROWS, index=range(1000, 1300))
    labels = frame["a"] > 0.0
    numbers = frame["a"] - frame["b"]
    for make, y in ((NetworkClassifier, labels), (NetworkRegressor, numbers)):
        model = make(seed=0)
        twin = make(seed=0)
        predictions = model.predict_many(frame)
        assert len(predictions) == len(frame)
        model.learn_many(frame, y, w=[2.0] * 300)
        for x, target in zip(ROWS, y, strict=True):
            twin.learn_one(x, target, 2.0)
        assert bits(model) == bits(twin)
        told = model.predict_many(frame)
        assert told.tolist() == [twin.predict_one(x) for x in ROWS]
        assert (told.index == frame.index).all()
        before = bits(model)
        with pytest.raises(ArgumentTypeError, match="OneHotEncoder"):
            model.learn_many(frame.assign(word=["x"] * 300), y)
        with pytest.raises(ArgumentError, match="300 values"):
            model.learn_many(frame, y[:-1])
        with pytest.raises(ArgumentTypeError, match="DataFrame"):
            model.learn_many(ROWS, y)
        assert bits(model) == before
    classifier = NetworkClassifier(seed=0)
    assert classifier.predict_proba_many(frame).shape == (300, 0)
    classifier.learn_many(frame, labels)
    told = classifier.predict_proba_many(frame)
    assert told.to_dict("records") == [classifier.predict_proba_one(x) for x in ROWS]


def test_a_missing_feature_does_not_move_its_scale():
    model = NetworkRegressor(hidden=(3,), seed=0)
    for x in ROWS:
        model.learn_one(x, x["a"])
    mean = model.model.scale.mean.copy()
    count = model.model.scale.count.copy()
    full = {"a": 1.0, "b": mean[1], "c": mean[2]}
    assert model.predict_one({"a": 1.0}) == pytest.approx(model.predict_one(full))
    model.learn_one({"a": 1.0}, 1.0)
    assert (model.model.scale.mean[1:3] == mean[1:]).all()
    assert (model.model.scale.count[:3] - count).tolist() == [1, 0, 0]


def test_an_old_sample_counts_half_after_its_half_life():
    model = NetworkRegressor(half_life=10, seed=0)
    for step in range(400):
        model.learn_one({"a": float(step >= 390)}, 0.0)
    assert model.model.scale.mean[0] == pytest.approx(0.5, abs=0.01)


def test_a_forecast_goes_on_without_leaving_a_trace():
    model = NetworkForecaster(seed=0)
    assert model.forecast(2) == [0.0, 0.0]
    series = [10 + step + [0.0, 3.0, 1.0, 5.0][step % 4] for step in range(1012)]
    for y in series[:1000]:
        model.learn_one(y, {"known": 1.0})
    before = bits(model)
    told = model.forecast(12, [{"known": 1.0}] * 12)
    assert np.allclose(told, series[1000:], rtol=0, atol=0.2), told
    assert (bits(model), told) == (before, model.forecast(12, [{"known": 1.0}] * 12))


@pytest.mark.parametrize("lags", [1, 12])
@pytest.mark.parametrize("seed", range(3))
def test_forecasts_of_a_series_without_noise_return_to_it_for_a_hundred_steps(
    seed, lags
):
    model = NetworkForecaster(lags=lags, seed=seed)
    for step in range(800):
        model.learn_one([3.0, 5.0][step % 2])
    assert np.allclose(model.forecast(100), [3.0, 5.0] * 50, rtol=0, atol=0.02)


@pytest.mark.parametrize("period", [7, 24])
def test_with_its_season_a_forecaster_is_better_than_the_season_before(period):
    """A sine with noise: the season before has two noises in each error."""
    errors = []
    for seed in range(3):
        noise = np.random.default_rng(seed).normal(size=400)
        series = np.sin(2 * np.pi * np.arange(400) / period) + 0.3 * noise
        model = NetworkForecaster(period=period, seed=seed)
        for step, y in enumerate(series):
            if step >= 200 and step % 10 == 0 and step + 12 <= 400:
                truth = series[step : step + 12]
                naive = forecasting.seasonal_naive(series[:step], 12, period)
                ours = model.forecast(12)
                errors.append([np.abs(each - truth).mean() for each in (ours, naive)])
            model.learn_one(float(y))
    ours, naive = np.mean(errors, axis=0)
    assert ours < 0.9 * naive


def test_a_season_is_counted_from_the_first_value_and_goes_on_in_a_copy():
    model = NetworkForecaster(period=4, hidden=4, seed=0)
    for step in range(600):
        model.learn_one([0.0, 3.0, 1.0, 5.0][step % 4])
    assert np.allclose(model.forecast(5), [0.0, 3.0, 1.0, 5.0, 0.0], atol=0.2)
    twin = pickle.loads(pickle.dumps(model))
    for each in (model, twin):
        each.learn_one(0.0)
    assert twin.forecast(6) == model.forecast(6)


def values_of(signal, seed):
    """150 values with what was known of them."""
    noise = np.random.default_rng(seed).normal(size=150)
    steps = np.arange(150)
    values = {
        "season": np.sin(2 * np.pi * steps / 12) + 0.05 * steps + 0.3 * noise,
        "large": 1e100 * np.sin(2 * np.pi * steps / 7),
        "noise": noise,
        "walk": noise.cumsum(),
        "trend": 3.0 * steps,
        "constant": 0.0 * steps,
    }[signal]
    return [(float(y), {"known": float(step % 5)}) for step, y in enumerate(values)]


@pytest.mark.parametrize(
    ("signal", "period"),
    [
        ("season", 12),
        ("large", 7),
        ("noise", 1),
        ("walk", 1),
        ("trend", 1),
        ("constant", 1),
    ],
)
def test_after_96_values_it_is_the_forecaster_with_the_season_of_them(signal, period):
    """Bit by bit, also if it was copied before; the rows are learned again."""
    for seed in range(3):
        values = values_of(signal, seed)
        searching, seasonal, none = (
            NetworkForecaster(period=each, seed=seed, hidden=4)
            for each in (None, period, 1)
        )
        for step, value in enumerate(values):
            if step == 50:
                searching = pickle.loads(pickle.dumps(searching))
            if step == 95:
                assert bits(searching) == bits(none), "no season yet"
            for model in (searching, seasonal, none):
                model.learn_one(*value)
        ahead = [{"known": 1.0}] * 5
        assert searching.forecast(5, ahead) == seasonal.forecast(5, ahead)
        assert bits(searching) == bits(seasonal)
        assert searching.period is None


@pytest.mark.parametrize(("hidden", "left"), [((), 0.002), (32, 0.05), ((8, 8), 0.1)])
def test_a_regression_without_noise_has_hardly_an_error_left(hidden, left):
    model = NetworkRegressor(hidden=hidden, seed=0)
    errors = []
    for x in ROWS * 10:
        y = x["a"] - 2.0 * x["b"]
        errors.append(abs(model.predict_one(x) - y))
        model.learn_one(x, y)
    assert np.mean(errors[-300:]) < left


def test_faults_are_told_and_change_nothing():
    number = NetworkRegressor(seed=0)
    label = NetworkClassifier(seed=0)
    ahead = NetworkForecaster(seed=0)
    for step in range(3):
        number.learn_one({"a": 1.0 * step}, 2.0)
        label.learn_one({"a": 1.0 * step}, "old")
        ahead.learn_one(1.0 * step)
    before = [pickle.dumps(model.network.weights) for model in (number, label, ahead)]
    counts = [model.model.scale.count.tolist() for model in (number, label, ahead)]
    all_refused(
        [
            (lambda: NetworkForecaster(period=0), ArgumentError, "`period` must be"),
            (
                lambda: number.learn_one({"b": "word"}, 1.0),
                ArgumentTypeError,
                "OneHotEncoder",
            ),
            (
                lambda: number.learn_one({"a": "1.0"}, 1.0),
                ArgumentTypeError,
                "'1.0' for 'a'",
            ),
            (
                lambda: number.predict_one({"a": "word"}),
                ArgumentTypeError,
                "OneHotEncoder",
            ),
            (
                lambda: number.learn_one({"a": 1.0, "b": np.inf}, 1.0),
                ArgumentTypeError,
                "inf for 'b'",
            ),
            (
                lambda: number.learn_one({"a": -np.inf}, 1.0),
                ArgumentTypeError,
                "-inf for 'a'",
            ),
            (
                lambda: number.learn_one({"a": 10**400}, 1.0),
                ArgumentTypeError,
                "numbers between",
            ),
            (lambda: number.learn_one({"b": 1j}, 1.0), ArgumentTypeError, "numbers"),
            (
                lambda: number.learn_one([1.0], 1.0),
                ArgumentTypeError,
                "a dict of numbers",
            ),
            (lambda: number.learn_one({"b": 1.0}, np.nan), ArgumentError, "`y`"),
            (lambda: number.learn_one({"b": 1.0}, None), SynapseError, "`y`"),
            (lambda: number.learn_one({"b": 1.0}, 1e300), ArgumentError, "`y`"),
            (lambda: number.learn_one({"b": 1.0}, 1.0, w=-1), ArgumentError, "`w`"),
            (lambda: NetworkRegressor().learn_one({}, 1.0), ArgumentError, "a feature"),
            (lambda: label.learn_one({"b": 1.0}, None), ArgumentError, "a label"),
            (lambda: label.learn_one({"b": 1.0}, [1]), ArgumentError, "a label"),
            (lambda: ahead.learn_one(np.nan), ArgumentError, "`y`"),
            (lambda: ahead.forecast(2, [{}]), ArgumentError, "2 dicts"),
            (lambda: NetworkRegressor(build="Percepton"), ArgumentError, "Perceptron"),
            (lambda: NetworkRegressor(unseen=0), ArgumentError, "`unseen`"),
            (lambda: NetworkRegressor(bound="wide"), ArgumentTypeError, "`bound`"),
            (
                lambda: NetworkRegressor(time_constant=0.5),
                ArgumentError,
                "`time_constant`",
            ),
            (
                lambda: NetworkRegressor(hidden="8").learn_one({"a": 1.0}, 1.0),
                ArgumentTypeError,
                "a size",
            ),
        ]
    )
    assert [
        pickle.dumps(model.network.weights) for model in (number, label, ahead)
    ] == before
    assert [
        model.model.scale.count.tolist() for model in (number, label, ahead)
    ] == counts


def test_two_threads_may_predict_and_learn():
    model = NetworkClassifier(hidden=(4,), unseen=64, seed=0)
    errors = []

    def predict():
        try:
            for step in range(300):
                told = model.predict_proba_one({f"f{step % 9}": 1.0})
                assert not told or sum(told.values()) == pytest.approx(1.0)
        except BaseException as error:
            errors.append(error)

    other = threading.Thread(target=predict)
    other.start()
    for step, x in enumerate(ROWS):
        model.learn_one({f"f{step // 30}": x["a"]}, step // 20)
    other.join()
    assert not errors


def test_they_work_in_pipelines_and_mutate():
    model = compose.Pipeline(
        preprocessing.StandardScaler(), NetworkClassifier(hidden=(8,), seed=0)
    )
    assert (
        evaluate.progressive_val_score(
            datasets.Phishing(), model, metrics.Accuracy()
        ).get()
        > 0.87
    )
    regressor = NetworkRegressor(seed=0)
    regressor.learn_one({"a": 1.0}, 1.0)
    assert regressor.clone({"rate": 0.5}).rate == 0.5
    assert regressor.clone({"rate": 0.5}).network is None


@pytest.mark.parametrize("module", ["_classifier", "_regressor", "_forecaster"])
def test_the_examples_print_what_they_show(module):
    tried = doctest.testmod(importlib.import_module(f"synapse.river.{module}"))
    assert (tried.failed, tried.attempted > 2) == (0, True)


def test_the_model_of_a_stream_predicts_elsewhere(tmp_path):
    """It has names, classes and scales, is saved in every format, and the network alone
    warns."""
    number = NetworkRegressor(hidden=(4,), seed=0)
    label = NetworkClassifier(hidden=(4,), seed=0)
    ahead = NetworkForecaster(hidden=(4,), lags=2, seed=0)
    assert number.model is label.model is ahead.model is None
    for count, x in enumerate(ROWS[:100]):
        later = {"always": 1.0} if count else {}
        number.learn_one({**x, **later}, 100.0 + 30.0 * x["a"])
        label.learn_one(x, "high" if x["a"] > 0 else "low")
        ahead.learn_one(10.0 + x["a"])
    rows = np.array([[x[name] for name in "abc"] for x in ROWS[:20]])
    path = tmp_path / "model.json"
    synapse.save(number.model, path)
    model = synapse.load(path)
    assert model.inputs == ["a", "b", "c", "always present"]
    rows = np.column_stack([rows, np.ones(20)])
    told = [number.predict_one({**x, "always": 1.0}) for x in ROWS[:20]]
    assert model.predict(rows)[:, 0] == pytest.approx(told, rel=1e-9)
    assert model.whole().run(rows)[:, 0] == pytest.approx(told, rel=1e-9)

    assert label.model.predict(rows[:, :3]).tolist() == [
        label.predict_one(x) for x in ROWS[:20]
    ]
    assert label.model.network is label.network
    for estimator in (number, pickle.loads(pickle.dumps(label))):
        with pytest.warns(synapse.errors.IncompleteWarning, match="standard units"):
            synapse.save(estimator.network, tmp_path / "alone.json")
    assert ahead.model.target_scale.lags == [(1,)]
