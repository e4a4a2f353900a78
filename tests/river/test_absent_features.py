"""Features that come and go: a missing one is absent, whatever says so, and an
indicator of it learns like any other input."""

import itertools
import math
import os
import pickle
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pytest

pytestmark = pytest.mark.peers
pytest.importorskip("river")
pd = pytest.importorskip("pandas")

from river import feature_extraction, linear_model

import synapse
from synapse.errors import ArgumentError, ArgumentTypeError
from synapse.objects.online_adagrad import OnlineAdaGrad
from synapse.river import (
    NetworkClassifier,
    NetworkForecaster,
    NetworkRegressor,
    _features,
)
from synapse.river._features import NEVER

ALL = (NetworkClassifier, NetworkRegressor, NetworkForecaster)
MISSING = (None, math.nan, np.float32("nan"), pd.NA, pd.NaT, Decimal("NaN"))
ABSENT = object()


def learn(model, x, y):
    """Learn a number, or whether it is positive."""
    if isinstance(model, NetworkForecaster):
        model.learn_one(y, x)
    else:
        model.learn_one(x, y > 0 if isinstance(model, NetworkClassifier) else y)


def told(model, x):
    """What a model predicts for a sample."""
    if isinstance(model, NetworkForecaster):
        return model.forecast(1, [x])
    if isinstance(model, NetworkClassifier):
        return model.predict_proba_one(x)
    return model.predict_one(x)


def bits(model):
    return model.network.weights.tobytes() + model.network.biases.tobytes()


def inputs(model):
    return [neuron.name for neuron in model.network.input]


def stream(seed, count=120, names="abcdef"):
    """Samples with values and constants that come late, stop and come back; the
    targets depend on what is present, too.
    """
    rng = np.random.default_rng(seed)
    rates = dict(zip(names, rng.uniform(0.2, 1.0, len(names)), strict=True))
    constants = {name: float(rng.integers(3)) for name in names[::3]}
    starts = dict(zip(names, rng.integers(0, count // 3, len(names)), strict=True))
    starts[names[0]] = 0
    for step in range(count):
        values = {
            name: constants.get(name, float(rng.normal()))
            for name, rate in rates.items()
            if step >= starts[name] and rng.random() < rate
        }
        values = values if step else {names[0]: 1.0} | values
        yield values, float(sum(values.values()) - 2.0 * ("b" in values) + rng.normal())


# --- which inputs there are -----------------------------------------------------------

HISTORIES = {
    "constant from the first sample on": ([{}, {}], []),
    "constant, late": ([{}, {"w": 1}, {"w": 1}], ["w present"]),
    "once": ([{}, {"w": 1}, {}, {}], ["w present"]),
    "a word": ([{}, {"w": 1}, {}, {"w": 1}, {}], ["w present"]),
    "of the first sample, then absent": ([{"w": 1}, {"w": 1}, {}], ["w", "w absent"]),
    "of the first sample, and back": (
        [{"w": 1}, {}, {"w": 1}, {}],
        ["w", "w absent"],
    ),
    "a late value": ([{}, {"w": 1}, {"w": 2}], ["w present", "w"]),
    "a late value that stops": ([{}, {"w": 1}, {"w": 2}, {}], ["w present", "w"]),
    "a late value that comes back": (
        [{}, {"w": 1}, {"w": 2}, {}, {"w": 2}],
        ["w present", "w"],
    ),
    "a word, then a count": (
        [{}, {"w": 1}, {}, {"w": 1}, {"w": 2}],
        ["w present", "w"],
    ),
    "a count of its second time": ([{}, {"w": 1}, {}, {"w": 2}], ["w present", "w"]),
    "0 and 1": ([{}, {"w": 0}, {"w": 1}], ["w present", "w"]),
    "booleans": ([{}, {"w": False}, {"w": True}], ["w present", "w"]),
    "always missing": ([{"w": None}, {"w": math.nan}, {"w": None}], []),
    "missing at first": ([{"w": None}, {"w": 1}, {"w": 1}], ["w present"]),
    "missing between": ([{}, {"w": 1}, {"w": None}, {"w": 1}], ["w present"]),
    "missing at the end": ([{"w": 1}, {"w": 1}, {"w": math.nan}], ["w", "w absent"]),
    # from its first sample on, and with all others
    "all missing": ([{"a": None, "w": math.nan}, {"w": 1}, {"w": 1}], ["w"]),
}


@pytest.mark.parametrize("estimator", [NetworkClassifier, NetworkRegressor])
@pytest.mark.parametrize("history", HISTORIES)
def test_a_feature_has_an_input_for_what_has_varied(estimator, history):
    samples, expected = HISTORIES[history]
    model = estimator(hidden=(2,), seed=0)
    for step, x in enumerate(samples):
        learn(model, {"a": float(step), **x}, 1.0 * step)
        model.predict_one({"a": 0.0, "w": 5.0, "unknown": 1.0})
    assert inputs(model) == ["a", *expected]
    scale = model.model.scale
    of_indicators = [" " in name for name in inputs(model)]
    assert set(scale.mean[of_indicators]) <= {0.0}
    assert set(scale.deviation[of_indicators]) <= {1.0}


def test_a_forecaster_has_an_indicator_of_what_it_knows_but_not_of_its_changes():
    model = NetworkForecaster(lags=3, period=1, hidden=(2,), seed=0)
    changes = [f"Δy[t-{ago}]" for ago in range(3)]
    for step in range(12):
        model.learn_one(float(step % 5), {"known": step % 3} if step % 4 else {})
    assert inputs(model) == sorted(["known", "y[t]", *changes]) + ["known absent"]


# --- what is missing ------------------------------------------------------------------


@pytest.mark.parametrize("estimator", ALL)
@pytest.mark.parametrize("seed", range(3))
def test_a_missing_value_is_a_missing_key(estimator, seed):
    """In all samples, the first one included, and in predictions."""
    samples = list(stream(seed))

    def marked(x, mark):
        return x if mark is ABSENT else dict.fromkeys("abcdef", mark) | x

    models = {mark: estimator(hidden=(3,), seed=0) for mark in (*MISSING, ABSENT)}
    for x, y in samples:
        for mark, model in models.items():
            learn(model, marked(x, mark), y)
    for x, _ in samples[-20:]:
        answers = [
            told(model, marked(x, mark))
            for model, mark in itertools.product(models.values(), models)
        ]
        assert answers == answers[:1] * len(answers)
    assert len({bits(model) for model in models.values()}) == 1
    assert any(" " in name for name in inputs(models[ABSENT]))


@pytest.mark.parametrize("estimator", ALL)
@pytest.mark.parametrize("options", [{}, {"unseen": 10}, {"half_life": 20}])
def test_a_key_that_is_never_present_and_the_order_of_keys_change_nothing(
    estimator, options
):
    rng = np.random.default_rng(0)
    plain, marked, shuffled = (
        estimator(hidden=(3,), seed=0, **options) for _ in range(3)
    )
    for x, y in stream(1, count=200):
        learn(plain, x, y)
        learn(marked, {"never": None, **x, 7: math.nan}, y)
        items = list(x.items())
        learn(shuffled, dict(items[at] for at in rng.permutation(len(items))), y)
    assert bits(plain) == bits(marked) == bits(shuffled)
    assert inputs(plain) == inputs(marked) == inputs(shuffled)
    assert told(plain, {"a": 1.0}) == told(marked, {"a": 1.0, "never": 5.0})


# --- what is learned ------------------------------------------------------------------


def hand_built(samples, seed):
    """Learn the samples by a network that has all inputs from the beginning, in
    standard units by their definition; returns the weights by the name of the source
    and the place of the target after the inputs, and the outputs.
    """
    first_sample = samples[0][0]
    twin = NetworkRegressor(hidden=(3,), seed=seed)
    twin._begin(first_sample)
    network = twin.network
    names = sorted({name for x, _ in samples for name in x})
    late = [name for name in names if name not in first_sample]
    roles = [(name, "") for name in (*sorted(first_sample), *late)]
    roles += [(name, " present" if name in late else " absent") for name in names]
    readers = [*network.hidden[0], *network.output]
    for _ in roles[len(first_sample) :]:
        neuron = synapse.Neuron("identity")
        network.input.append(neuron)
        for reader in readers:
            neuron.project(reader, weight=0.0)
    steps = OnlineAdaGrad(network)
    settings = 1.0, twin.rate, 1 - 1 / twin.time_constant, 1.0, True

    def standard(value, values):
        return (value - np.mean(values)) / (np.std(values) or 1.0)

    for step, (x, y) in enumerate(samples):
        seen = samples[: step + 1]
        row = np.zeros(len(roles))
        for place, (name, state) in enumerate(roles):
            if state:
                row[place] = (name in x) != (name in first_sample)
            elif name in x:
                row[place] = standard(
                    x[name], [each[name] for each, _ in seen if name in each]
                )
        sample = row, np.arange(len(row)), np.array([0, len(row)])
        target = standard(y, [each for _, each in seen])
        steps.learn_sample(sample, False, np.array([target]), *settings)
    return weights_of(network, [name + state for name, state in roles])


def weights_of(network, titles):
    inside = len(network.input)
    return {
        (titles[place], network.neurons.index(link.target) - inside): link.weight
        for place, neuron in enumerate(network.input)
        for link in neuron.outgoing
    }


@pytest.mark.parametrize("lists", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_an_absent_feature_learns_like_the_inputs_of_a_hand_built_network(
    seed, lists, monkeypatch
):
    """Inputs that are added when they are first not 0 have the weights of inputs that
    were there all the time, also where steps list inputs.
    """
    monkeypatch.setattr(_features, "USUAL", NEVER)
    monkeypatch.setattr(_features, "MIN_LISTED", 5 if lists else NEVER)
    samples = list(stream(seed, count=60))
    model = NetworkRegressor(hidden=(3,), seed=seed)
    for x, y in samples:
        model.learn_one(x, y)
    weights = weights_of(model.network, inputs(model))
    states = {name.split()[1] for name, _ in weights if " " in name}
    assert states == {"absent", "present"}
    expected = hand_built(samples, seed)
    found = {key: weights.get(key, 0.0) for key in expected}
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_an_absent_feature_adds_the_weight_of_its_indicator():
    """A linear model by hand: the mean of a value, and 1 for what differs from the
    first sample.
    """
    model = NetworkRegressor(hidden=(), seed=0)
    for step in range(300):
        x = {"a": float(step % 7)}
        x |= {"b": float(step % 3)} if step % 5 else {}
        x |= {"w": 1} if step % 4 == 1 else {}
        model.learn_one(x if step else x | {"b": 0.0}, x["a"] + 3.0 * ("w" in x))
    assert inputs(model) == ["a", "b", "w present", "b absent"]
    scale = model.model.scale
    for x in ({"a": 2.0}, {"a": 2.0, "w": 1}, {"a": 1.0, "b": 2.0}, {}):
        values = np.array([x.get(name, scale.mean[i]) for i, name in enumerate("ab")])
        standard = (values - scale.mean[:2]) / scale.deviation[:2]
        row = [*standard, "w" in x, "b" not in x]
        output = model.network.output.biases[0] + model.network.weights @ row
        expected = model.model.target_scale.original([output])[0]
        assert model.predict_one(x) == pytest.approx(expected, rel=1e-9)
    with_word = model.predict_one({"a": 2.0, "b": 1.0, "w": 1})
    assert with_word - model.predict_one({"a": 2.0, "b": 1.0}) == pytest.approx(3, 0.1)


def texts(seed, count=600):
    """Texts of two topics, with words of their own and words of both."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        topic = int(rng.integers(2))
        of_topic = [f"topic{topic}_{word}" for word in rng.integers(30, size=4)]
        of_both = [f"both_{word}" for word in rng.integers(40, size=6)]
        yield " ".join(of_topic + of_both), topic


def rows_of_words(seed):
    rng = np.random.default_rng(seed)
    effects = rng.normal(size=(8, 10))
    for row in rng.integers(10, size=(2000, 8)).tolist():
        x = {f"{field}={value}": 1 for field, value in enumerate(row)}
        yield x, sum(effects[field][value] for field, value in enumerate(row)) > 0.0


def right(model, samples):
    answers = []
    for x, y in samples:
        answers.append(model.predict_one(x) == y)
        model.learn_one(x, y)
    return np.mean(answers)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("samples", "least", "better"),
    [(rows_of_words, 0.85, 0.02), (texts, 0.9, -0.04)],
)
def test_words_are_learned_as_by_a_linear_model(seed, samples, least, better):
    """One-hot rows, whose effects add up, are learned better."""
    ours, theirs = NetworkClassifier(seed=seed), linear_model.LogisticRegression()
    if samples is texts:
        ours = feature_extraction.BagOfWords() | ours
        theirs = feature_extraction.BagOfWords() | theirs
    shares = [right(model, samples(seed)) for model in (ours, theirs)]
    assert shares[0] > max(least, shares[1] + better)


# --- names that are let go ------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"build": "LSTM", "hidden": (3,)}])
def test_outputs_stay_while_features_are_let_go_and_come_back(options):
    """Samples of weight 0 do not change a weight. `b` is of the first sample, `c` came
    later, and both have indicators.
    """
    rng = np.random.default_rng(0)

    def sample(names):
        return {name: float(rng.normal()) for name in names}

    letting = NetworkRegressor(unseen=70, seed=0, **options)
    staying = NetworkRegressor(seed=0, **options)
    for step in range(200):
        x = sample("ad" + "b" * (step % 5 > 0 or not step) + "c" * (step % 3 > 0))
        for each in (letting, staying):
            each.learn_one(x, x["a"] + 2.0 * ("b" in x) - ("c" in x))
    every = ["a", "b", "b absent", "c", "c present", "d"]
    assert sorted(inputs(letting)) == sorted(inputs(staying)) == every
    back = "abcd", "acd", "bad", "ad", "abcd"
    for step, names in enumerate((*["ad"] * 200, *back)):
        assert step != 200 or inputs(letting) == ["a", "d"]
        x = sample(names)
        for each in (letting, staying):
            each.learn_one(x, 0.0, w=0.0)
        assert letting.predict_one(x) == pytest.approx(staying.predict_one(x), rel=1e-9)
    assert sorted(inputs(letting)) == ["a", "b", "b present", "c", "c present", "d"]


@pytest.mark.parametrize("unseen", [1, 3, 70])
def test_a_feature_loses_its_input_after_exactly_so_many_samples(unseen):
    model = NetworkRegressor(unseen=unseen, seed=0)
    for step in range(6):
        model.learn_one({"a": math.sin(step), "b": math.cos(step)}, 0.0)
    for step in range(unseen):
        model.learn_one({"a": math.sin(step)}, 0.0)
    assert "b" in inputs(model)
    model.learn_one({"a": 1.0}, 0.0)
    assert inputs(model) == ["a"]


@pytest.mark.parametrize("names", ["bcd", "dcb"])
def test_features_go_in_the_same_order_whatever_that_of_their_dicts(names):
    model = NetworkRegressor(unseen=5, seed=0)
    rng = np.random.default_rng(0)
    for _ in range(20):
        x = dict(zip("abcdefg", rng.normal(size=7), strict=True))
        model.learn_one({name: x[name] for name in "aefg" + names}, x["a"])
    for _ in range(6):
        model.learn_one(dict.fromkeys("aefg", 1.0), 0.0)
    assert inputs(model) == [*"aefg"]
    assert [*model._inputs._removed] == ["b", "c", "d"]


# --- copies, files and frames ---------------------------------------------------------


@pytest.mark.parametrize("estimator", ALL)
@pytest.mark.parametrize("unseen", [None, 10])
def test_a_copy_in_mid_stream_goes_on_with_the_same_bits(estimator, unseen):
    model = estimator(hidden=(3,), unseen=unseen, seed=0)
    samples = list(stream(2, count=150))
    for x, y in samples[:75]:
        learn(model, x, y)
    copied = pickle.loads(pickle.dumps(model))
    twins = model, copied, model.clone(include_attributes=True)
    for twin, (x, y) in itertools.product(twins, samples[75:]):
        learn(twin, x, y)
    assert len({bits(twin) for twin in twins}) == 1
    assert inputs(twins[0]) == inputs(twins[1]) == inputs(twins[2])


def test_another_process_has_the_same_bits():
    """Whatever the order of a set of names is there."""
    command = (
        "from tests.river.test_absent_features import *\n"
        "model = NetworkClassifier(hidden=(3,), unseen=20, seed=0)\n"
        "for x, y in stream(3, names='abcdefghijkl'): learn(model, x, y)\n"
        "print(inputs(model), hash(bits(model).hex()) and bits(model).hex())\n"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", command],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(answers) == 1


def test_the_model_in_a_file_has_the_indicators(tmp_path):
    model = NetworkRegressor(hidden=(3,), seed=0)
    samples = list(stream(0))
    for x, y in samples:
        model.learn_one(x, y)
    path = tmp_path / "model.json"
    synapse.save(model.model, path)
    again = synapse.load(path)
    mean = dict(zip(again.inputs, again.scale.mean, strict=True))
    for x, _ in samples[-10:]:
        row = []
        for name in again.inputs:
            feature, *state = name.split()
            if state:
                row.append(float((feature in x) == (state == ["present"])))
            else:
                row.append(x.get(name, mean[name]))
        assert again.predict([row])[0, 0] == pytest.approx(model.predict_one(x))


@pytest.mark.parametrize("estimator", [NetworkClassifier, NetworkRegressor])
def test_frames_that_lack_columns_or_values_are_dicts_that_lack_keys(estimator):
    samples = list(stream(4))
    model, twin = (estimator(hidden=(3,), seed=0) for _ in range(2))
    for start in range(0, len(samples), 10):
        chunk = samples[start : start + 10]
        frame = pd.DataFrame([x for x, _ in chunk])[::-1][::-1]
        if start % 20:
            frame = frame[sorted(frame, reverse=True)].convert_dtypes()  # with pd.NA
        targets = [y > 0 if estimator is NetworkClassifier else y for _, y in chunk]
        model.learn_many(frame, pd.Series(targets))
        for x, y in chunk:
            learn(twin, x, y)
        answers = model.predict_many(frame).tolist()
        assert answers == [twin.predict_one(x) for x, _ in chunk]
    assert bits(model) == bits(twin)


BAD = ("1.0", b"1", np.str_("word"), 1j, math.inf, 10**400, 1e150, [1.0], object())


@pytest.mark.parametrize("estimator", ALL)
def test_a_refused_sample_changes_nothing(estimator):
    """A feature that is no number, in each role: known, constant, absent, new."""
    model = estimator(hidden=(3,), seed=0)
    calls = [lambda x: learn(model, x, 1.0)]
    if estimator is not NetworkForecaster:
        calls.append(model.predict_one)
    for step in range(8):
        x = {"a": float(step), "same": 1.0} | ({"b": 1.0} if step % 2 else {})
        learn(model, x, 1.0 * step)
    before = pickle.dumps(model)
    for value, name, call in itertools.product(BAD, ("a", "same", "b", "new"), calls):
        with pytest.raises(ArgumentTypeError, match=f"for '{name}'"):
            call({"a": 1.0, "earlier": 2.0, "same": 5.0, name: value})
    for x in ([1.0], "a", 1.0):
        with pytest.raises(ArgumentTypeError, match="a dict of numbers"):
            calls[-1](x)
    assert pickle.dumps(model) == before


@pytest.mark.parametrize("estimator", [NetworkClassifier, NetworkRegressor])
def test_frames_and_columns_that_are_not_clear_are_refused(estimator):
    model = estimator(hidden=(2,), seed=0)
    frame = pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], columns=["a", "b"])
    y = pd.Series([1.0, 2.0])
    twice = frame.set_axis(["a", "a"], axis=1)
    for call, says in (
        (lambda: model.learn_many(twice, y), "got 'a' twice"),
        (lambda: model.predict_many(twice), "got 'a' twice"),
        (lambda: model.learn_many(frame, y.to_frame()), "a column of 2 values"),
        (lambda: model.learn_many(frame, pd.Series([1, pd.NA])), "<NA>"),
        (lambda: model.learn_one({"a": 1.0}, pd.NA), "<NA>"),
    ):
        with pytest.raises((ArgumentError, ArgumentTypeError), match=says):
            call()
    assert model.network is None
