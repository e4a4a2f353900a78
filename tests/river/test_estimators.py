"""Estimators of River: all of its checks, features and classes that come and go, and
what a pickle keeps."""

import copy
import doctest
import importlib
import itertools
import pickle
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import networkx as nx
import numpy as np
import pytest

pytestmark = pytest.mark.peers
pytest.importorskip("river")

from river import checks, datasets, evaluate, metrics, preprocessing

import architect
import synapse
from synapse import forecasting
from synapse.errors import ArgumentError, ArgumentTypeError, SynapseError
from synapse.learning import ContinualBackprop
from synapse.river import NetworkClassifier, NetworkForecaster, NetworkRegressor
from tests.helpers.cases import all_refused
from tests.river.test_absent_features import bits

ALL = (NetworkClassifier, NetworkRegressor, NetworkForecaster)
RNG = np.random.default_rng(0)


def single_layer(inputs, outputs, seed):
    return architect.Perceptron(inputs, 3, outputs, output_squash="identity", seed=seed)


ROWS = [
    dict(zip("abc", row.tolist(), strict=True)) for row in RNG.normal(size=(300, 3))
]


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
    needed = "softmax" if estimator is NetworkClassifier else "identity"
    samples = [({"a": 1.0}, 1.0)]
    if estimator is NetworkForecaster:
        samples = [(1.0,), (2.0,)]

    def made(squash):
        build = partial(architect.Perceptron, output_squash=squash)
        return estimator(
            build=lambda inputs, outputs, seed: build(inputs, 3, outputs, seed=seed),
            seed=0,
        )

    def learn(model):
        for sample in samples:
            model.learn_one(*sample)

    learn(made(needed))
    for wrong in ("logistic", "tanh", "softplus"):
        model = made(wrong)
        with pytest.raises(ArgumentError, match=f'{wrong}.*="{needed}"'):
            learn(model)
        assert model.network is None


def test_a_graph_is_a_topology():
    graph = nx.DiGraph([("b", "h"), ("a", "h"), ("h", "y"), ("a", "y")])
    nx.set_node_attributes(graph, {"a": "input", "b": "input", "y": "output"}, "layer")
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


def test_a_class_may_come_late():
    """Weights stay, and the new class has an output of its own."""
    model = NetworkClassifier(hidden=(4,), seed=0)
    for x in ROWS[:100]:
        model.learn_one({"a": x["a"], "b": x["b"]}, x["a"] > 0)
    weights = model.network.weights
    model.learn_one({"a": 0.1}, "third", w=0.0)
    assert {*model.predict_proba_one({"a": 0.3})} == {True, False, "third"}
    assert np.isin(weights, model.network.weights).all()


def test_a_feature_gets_an_input_for_its_value_when_this_varies():
    model = NetworkRegressor(hidden=(4,), seed=0)
    for count, x in enumerate(ROWS[:80]):
        model.learn_one(x | ({"word": 1.0, "d": x["b"]} if count >= 50 else {}), x["a"])
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
    links = model.network.input[-1].outgoing
    assert [bool(link.weight) for link in links] == [True] * (4 + 1)


def test_a_step_with_a_new_feature_costs_little_more_than_one_without():
    """At most ten times as much at 1,000 features; an edit of such a network takes
    longer than a hundred steps."""
    model = NetworkClassifier(seed=0)
    x = {f"f{i:04}": 0.5 for i in range(1000)}
    for step in range(3):
        model.learn_one({name: float(step) for name in x}, step % 2)

    def seconds(samples):
        times = []
        for sample in samples:
            begun = time.process_time()
            model.learn_one(sample, 1)
            times.append(time.process_time() - begun)
        return np.median(times)

    usual = seconds([{**x}] * 25)
    assert seconds([{**x, f"new {i}": 1.0} for i in range(25)]) < 10 * usual
    assert len(model.network.input) == 1025


def test_an_input_that_returns_has_what_it_learned():
    def wrong(unseen):
        rng = np.random.default_rng(0)
        model = NetworkClassifier(unseen=unseen, seed=0)
        factors = rng.normal(size=10)
        errors = 0
        for step in range(6000):
            row = rng.normal(size=10)
            # each is absent for 600 of 2,400 steps
            present = [i for i in range(10) if (step + 400 * i) // 600 % 4]
            x = {f"f{i}": float(row[i]) for i in present}
            y = factors[present] @ row[present] > 0
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
    frame = pytest.importorskip("pandas").DataFrame(ROWS, index=range(1000, 1300))
    labels = frame["a"] > 0.0
    numbers = frame["a"] - frame["b"]
    classifier = NetworkClassifier(seed=0)
    assert classifier.predict_proba_many(frame).shape == (300, 0)
    for model, y in ((classifier, labels), (NetworkRegressor(seed=0), numbers)):
        twin = model.clone()
        assert len(model.predict_many(frame)) == len(frame)
        model.learn_many(frame, y, w=[2.0] * 300)
        for x, target in zip(ROWS, y, strict=True):
            twin.learn_one(x, target, 2.0)
        before = bits(model)
        assert before == bits(twin)
        answers = model.predict_many(frame)
        assert answers.tolist() == [twin.predict_one(x) for x in ROWS]
        assert (answers.index == frame.index).all()
        words = frame.assign(word=["x"] * 300)
        for data, targets, error, says in (
            (words, y, ArgumentTypeError, "OneHotEncoder"),
            (frame, y[:-1], ArgumentError, "300 values"),
            (ROWS, y, ArgumentTypeError, "DataFrame"),
        ):
            with pytest.raises(error, match=says):
                model.learn_many(data, targets)
        assert bits(model) == before
    records = classifier.predict_proba_many(frame).to_dict("records")
    assert records == [classifier.predict_proba_one(x) for x in ROWS]


def test_an_old_sample_counts_half_after_its_half_life():
    model = NetworkRegressor(half_life=10, seed=0)
    for step in range(400):
        model.learn_one({"a": float(step >= 390)}, 0.0)
    assert model.model.scale.mean[0] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("period", [None, 4])
def test_a_forecast_goes_on_without_leaving_a_trace(period):
    """Also in a copy; a season is counted from the first value."""
    model = NetworkForecaster(period=period, seed=0)
    assert model.forecast(2) == [0.0, 0.0]
    series = [10 + step + [0.0, 3.0, 1.0, 5.0][step % 4] for step in range(1012)]
    for y in series[:1000]:
        model.learn_one(y, {"known": 1.0})
    before = bits(model)
    ahead = [{"known": 1.0}] * 12
    answers = model.forecast(12, ahead)
    assert np.allclose(answers, series[1000:], rtol=0, atol=0.2), answers
    assert (bits(model), answers) == (before, model.forecast(12, ahead))
    twin = pickle.loads(pickle.dumps(model))
    for each in (model, twin):
        each.learn_one(series[1000], {"known": 1.0})
    assert twin.forecast(12, ahead) == model.forecast(12, ahead)


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
                naive = forecasting.seasonal_naive(series[:step], 12, period)
                both = np.array([model.forecast(12), naive])
                errors.append(np.abs(both - series[step : step + 12]).mean(axis=1))
            model.learn_one(float(y))
    ours, naive = np.mean(errors, axis=0)
    assert ours < 0.9 * naive


STEPS = np.arange(150)


SIGNALS = {
    "season": (12, lambda e: np.sin(2 * np.pi * STEPS / 12) + 0.05 * STEPS + 0.3 * e),
    "large": (7, lambda e: 1e100 * np.sin(2 * np.pi * STEPS / 7)),
    "noise": (1, lambda e: e),
    "walk": (1, np.cumsum),
    "trend": (1, lambda e: 3.0 * STEPS),
    "constant": (1, lambda e: 0.0 * STEPS),
}
"""The season, and 150 values as a function of noise."""


@pytest.mark.parametrize("signal", SIGNALS)
def test_after_96_values_it_is_the_forecaster_with_the_season_of_them(signal):
    """Bit by bit, also if it was copied before; the rows are learned again."""
    period, values_of = SIGNALS[signal]
    for seed in range(3):
        searching, seasonal, none = (
            NetworkForecaster(period=each, seed=seed, hidden=4)
            for each in (None, period, 1)
        )
        values = values_of(np.random.default_rng(seed).normal(size=150))
        for step, value in enumerate(values):
            if step == 50:
                searching = pickle.loads(pickle.dumps(searching))
            assert step != 95 or bits(searching) == bits(none), "no season yet"
            for model in (searching, seasonal, none):
                model.learn_one(float(value), {"known": float(step % 5)})
        ahead = [{"known": 1.0}] * 5
        assert searching.forecast(5, ahead) == seasonal.forecast(5, ahead)
        assert (bits(searching), searching.period) == (bits(seasonal), None)


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
    x = {"b": 1.0}

    def state():
        return [
            (model.network.weights.tobytes(), model.model.scale.count.tolist())
            for model in (number, label, ahead)
        ]

    before = state()
    of_type = [
        (lambda: number.learn_one({"b": "word"}, 1.0), "OneHotEncoder"),
        (lambda: number.learn_one({"a": "1.0"}, 1.0), "'1.0' for 'a'"),
        (lambda: number.predict_one({"a": "word"}), "OneHotEncoder"),
        (lambda: number.learn_one({"a": 1.0, "b": np.inf}, 1.0), "inf for 'b'"),
        (lambda: number.learn_one({"a": -np.inf}, 1.0), "-inf for 'a'"),
        (lambda: number.learn_one({"a": 10**400}, 1.0), "numbers between"),
        (lambda: number.learn_one({"b": 1j}, 1.0), "numbers"),
        (lambda: number.learn_one([1.0], 1.0), "a dict of numbers"),
        (lambda: NetworkRegressor(bound="wide"), "`bound`"),
        (lambda: NetworkRegressor(hidden="8").learn_one(x, 1.0), "a size"),
    ]
    of_value = [
        (lambda: NetworkForecaster(period=0), "`period` must be"),
        (lambda: number.learn_one(x, np.nan), "`y`"),
        (lambda: number.learn_one(x, 1e300), "`y`"),
        (lambda: number.learn_one(x, 1.0, w=-1), "`w`"),
        (lambda: NetworkRegressor().learn_one({}, 1.0), "a feature"),
        (lambda: label.learn_one(x, None), "a label"),
        (lambda: label.learn_one(x, [1]), "a label"),
        (lambda: ahead.learn_one(np.nan), "`y`"),
        (lambda: ahead.forecast(2, [{}]), "2 dicts"),
        (lambda: NetworkRegressor(build="Percepton"), "Perceptron"),
        (lambda: NetworkRegressor(unseen=0), "`unseen`"),
        (lambda: NetworkRegressor(time_constant=0.5), "`time_constant`"),
    ]
    all_refused(
        [
            *((call, ArgumentTypeError, says) for call, says in of_type),
            *((call, ArgumentError, says) for call, says in of_value),
            (lambda: number.learn_one(x, None), SynapseError, "`y`"),
        ]
    )
    assert state() == before


def test_two_threads_may_predict_and_learn():
    model = NetworkClassifier(hidden=(4,), unseen=64, seed=0)

    def sums():
        for step in range(300):
            answers = model.predict_proba_one({f"f{step % 9}": 1.0})
            assert not answers or sum(answers.values()) == pytest.approx(1.0)

    with ThreadPoolExecutor(1) as other:
        predicted = other.submit(sums)
        for step, x in enumerate(ROWS):
            model.learn_one({f"f{step // 30}": x["a"]}, step // 20)
        predicted.result()


def test_they_work_in_pipelines_and_mutate():
    model = preprocessing.StandardScaler() | NetworkClassifier(hidden=(8,), seed=0)
    stream, metric = datasets.Phishing(), metrics.Accuracy()
    assert evaluate.progressive_val_score(stream, model, metric).get() > 0.87
    regressor = NetworkRegressor(seed=0)
    regressor.learn_one({"a": 1.0}, 1.0)
    mutated = regressor.clone({"rate": 0.5})
    assert (mutated.rate, mutated.network) == (0.5, None)


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
    synapse.save(number.model, tmp_path / "model.json")
    model = synapse.load(tmp_path / "model.json")
    assert model.inputs == ["a", "b", "c", "always present"]
    rows = np.array([[*x.values(), 1.0] for x in ROWS[:20]])
    answers = [number.predict_one({**x, "always": 1.0}) for x in ROWS[:20]]
    assert model.predict(rows)[:, 0] == pytest.approx(answers, rel=1e-9)
    assert model.whole().run(rows)[:, 0] == pytest.approx(answers, rel=1e-9)
    labels = [label.predict_one(x) for x in ROWS[:20]]
    assert label.model.predict(rows[:, :3]).tolist() == labels
    assert label.model.network is label.network
    for estimator in (number, pickle.loads(pickle.dumps(label))):
        with pytest.warns(synapse.errors.IncompleteWarning, match="standard units"):
            synapse.save(estimator.network, tmp_path / "alone.json")
    assert ahead.model.target_scale.lags == [(1,)]
