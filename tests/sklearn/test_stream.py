"""One dict at a time, as in River: neurons are added while the stream runs."""

import numpy as np
import pytest

pytest.importorskip("sklearn")

import synapse
from synapse.errors import ArgumentError, ArgumentTypeError
from synapse.sklearn import NetworkClassifier, NetworkRegressor

from ..cases import all_refused

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 3))


def dicts(rows):
    return [dict(zip("abc", row.tolist(), strict=True)) for row in rows]


def test_a_stream_learns_as_partial_fit_does():
    one, other = (NetworkRegressor(random_state=0) for _ in range(2))
    y = X[:, 0] * 50 + 3
    for x, row, target in zip(dicts(X), X, y, strict=True):
        one.learn_one(x, target)
        other.partial_fit(row[None], [target])
    assert np.allclose(one.network_.weights, other.network_.weights)
    assert one.predict_one(dicts(X)[0]) == pytest.approx(other.predict(X[:1])[0])
    assert list(one.feature_names_in_) == list("abc")


def test_weights_of_classes_and_of_samples_are_factors_of_the_rate():
    options = {"hidden": (3,), "random_state": 0, "scale": False}
    one = NetworkClassifier(online_rate=0.02, **options)
    two = NetworkClassifier(online_rate=0.01, class_weight={1: 2.0}, **options)
    three = NetworkClassifier(online_rate=0.01, **options)
    for x in dicts(X[:20]):
        one.learn_one(x, 1)
        two.learn_one(x, 1)
        three.learn_one(x, 1, w=2)
    assert np.array_equal(one.network_.weights, two.network_.weights)
    assert np.array_equal(one.network_.weights, three.network_.weights)


def test_weights_count_in_the_scale():
    model, weights = NetworkRegressor(hidden=(2,), random_state=0), RNG.integers(0, 4, 40)
    for x, row, weight in zip(dicts(X[:40]), X, weights.tolist(), strict=False):
        model.learn_one(x, row[0] + 3.0, w=weight)
    scale, rows = model.network_.metadata["estimator"]["scale"], np.column_stack([X[:40], X[:40, 0] + 3.0])
    mean = np.average(rows, axis=0, weights=weights)
    assert scale["count"] == pytest.approx([weights.sum()] * 4)
    assert scale["mean"] == pytest.approx(mean)
    assert scale["deviation"] == pytest.approx(
        np.sqrt(np.average((rows - mean) ** 2, axis=0, weights=weights))
    )


def test_large_numbers_are_learned_or_refused_for_what_they_are():
    """Their sum is infinite, none of them is; a scale would have infinite deviations."""
    large = {"a": 1e308, "b": 1e308}
    unscaled = NetworkClassifier(hidden=(2,), scale=False, random_state=0)
    unscaled.learn_one(large, True)
    assert unscaled.predict_one(large) is True
    scaled = NetworkRegressor(hidden=(2,), random_state=0)
    scaled.learn_one({"a": 1.0, "b": 2.0}, 3.0)
    before = {**scaled.network_.metadata["estimator"]["scale"]}
    words = "whose squares are finite numbers"
    all_refused(
        [
            (lambda: scaled.learn_one({**large, "c": 1.0}, 1.0), ArgumentError, words),
            (lambda: scaled.learn_one({"c": 1.0}, -1e308), ArgumentError, words),
            (lambda: scaled.learn_one({"a": 10**400}, 1.0), ArgumentError, "a dict of finite numbers"),
            (lambda: NetworkRegressor().fit(X, X[:, 0] * 1e200), ArgumentError, words),
        ]
    )
    rows = NetworkRegressor(hidden=(2,), random_state=0).partial_fit(X[:2], [1.0, 2.0])
    for row, target in (([[1e200, -1e200, 0.0]], [1.0]), (X[:1] * 0, [1e200])):
        with pytest.raises(ArgumentError, match=words):
            rows.partial_fit(np.array(row), target)
    assert scaled.network_.metadata["estimator"]["scale"] == before
    assert len(scaled.network_.input) == 2


def test_before_the_first_sample_there_is_an_answer():
    assert NetworkRegressor().predict_one({"a": 1}) == 0.0
    assert NetworkClassifier().predict_one({"a": 1}) is None
    assert NetworkClassifier().predict_proba_one({"a": 1}) == {}


def test_features_and_classes_appear_and_vanish():
    model = NetworkClassifier(hidden=(4,), online_rate=0.1, random_state=0)
    for x, row in zip(dicts(X[:100]), X, strict=False):
        model.learn_one({"a": x["a"], "b": x["b"]}, bool(row[0] > 0))
    probe, hidden = {"a": 0.3, "b": -0.2}, len(model.network_["hidden"])
    before = model.predict_proba_one(probe)
    model.learn_one({"a": 0.0, "c": 2.0}, True, w=0)  # b is missing, c is new, nothing is learned
    assert model.predict_proba_one(probe) == pytest.approx(before), "a new feature changes old predictions"
    assert model.predict_proba_one({**probe, "unknown": 5.0}) == model.predict_proba_one(probe)
    assert model.predict_proba_one({**probe, "c": None}) == model.predict_proba_one(probe)
    assert model.predict_proba_one({**probe, "c": float("nan")}) == model.predict_proba_one(probe)
    assert (len(model.network_.input), len(model.network_["hidden"])) == (3, hidden)
    for x in dicts(X):
        model.learn_one(x, "third" if x["c"] > 0 else x["a"] > 0)
    assert [neuron.name for neuron in model.network_.output] == ["True", "False", "third"]
    found = [model.predict_one(x) == ("third" if x["c"] > 0 else x["a"] > 0) for x in dicts(X)]
    assert np.mean(found) > 0.75
    assert sum(model.predict_proba_one(probe).values()) == pytest.approx(1)
    notes = model.network_.metadata["estimator"]
    assert notes["features"] == list("abc")
    assert notes["classes"] == [True, False, "third"]
    assert model.predict_one(probe) == NetworkClassifier.from_network(model.network_).predict_one(probe)


def test_numbers_as_names_are_known_again_from_a_file(tmp_path):
    model = NetworkClassifier(hidden=(2,), random_state=0)
    for row in X[:20]:
        model.learn_one(dict(enumerate(row.tolist())), bool(row[0] > 0))
    synapse.save(model.network_, tmp_path / "net.json")
    read = NetworkClassifier.from_network(synapse.load(tmp_path / "net.json"))
    for one in (model, read):
        one.learn_one({2: 1.0, 0: 0.5}, True)
    assert len(read.network_.input) == 3
    assert np.array_equal(read.network_.weights, model.network_.weights)


def test_a_missing_feature_is_silent_and_does_not_move_its_scale():
    model = NetworkRegressor(hidden=(3,), random_state=0)
    for x, row in zip(dicts(X), X, strict=True):
        model.learn_one(x, row[0])
    means = model.network_.metadata["estimator"]["scale"]["mean"]
    assert model.predict_one({"a": 1.0}) == pytest.approx(
        model.predict_one({"a": 1.0, "b": means[1], "c": means[2]})
    )
    model.learn_one({"a": 1.0}, 1.0)
    after = model.network_.metadata["estimator"]["scale"]
    assert after["mean"][1:3] == means[1:3]
    assert after["count"] == [301, 300, 300, 301]


def test_faults_change_nothing():
    model = NetworkRegressor(random_state=0)
    model.learn_one({"a": 1.0}, 2.0)
    before = model.network_.metadata["estimator"]
    balanced = NetworkClassifier(class_weight="balanced")
    labels = NetworkClassifier(class_weight={"wrong": -1}, random_state=0)
    labels.learn_one({"a": 1.0}, "old")
    pair = NetworkRegressor(epochs=1).fit(X, X[:, :2])
    all_refused(
        [
            (lambda: model.learn_one({"b": "word"}, 1.0), ArgumentError, "OneHotEncoder"),
            (lambda: model.learn_one([1.0], 1.0), ArgumentError, r"a dict of finite numbers, got \[1.0\]"),
            (lambda: model.learn_one({"b": np.inf}, 1.0), ArgumentError, "finite numbers"),
            (lambda: model.learn_one({"b": np.complex64(1j)}, 1.0), ArgumentError, "finite numbers"),
            (lambda: model.learn_one({"b": 1.0}, np.nan), ArgumentError, "the target"),
            (lambda: model.learn_one({"b": 1.0}, "x"), ArgumentTypeError, "the target"),
            (lambda: model.learn_one({"b": 1.0}, 1.0, w=-1), ArgumentError, "the w to be a finite number, 0"),
            (lambda: NetworkRegressor().learn_one({}, 1.0), ArgumentError, "a feature"),
            (lambda: NetworkRegressor.from_network(model), ArgumentTypeError, "to be a Network"),
            (lambda: NetworkClassifier().learn_one({"a": 1.0}, None), ArgumentError, "a label, got None"),
            (lambda: NetworkClassifier().learn_one({"a": 1.0}, [1]), ArgumentError, r"a label, got \[1\]"),
            (lambda: labels.learn_one({"a": 1.0}, "new", w=-1), ArgumentError, "the w to be"),
            (lambda: labels.learn_one({"a": 1.0}, "wrong"), ArgumentError, "the class_weight to be"),
            (lambda: balanced.learn_one({"a": 1.0}, 1), ArgumentError, "class_weight to be a dict"),
            (lambda: pair.learn_one({0: 1.0}, 1.0), ArgumentError, "one column of targets"),
        ]
    )
    assert model.network_.metadata["estimator"] is before
    assert len(model.network_.input) == len(labels.network_.output) == 1
    fresh = model.clone({"online_rate": 0.5})
    assert not hasattr(fresh, "network_")
    assert fresh.online_rate == 0.5
    copied = model.clone(include_attributes=True)
    copied.learn_one({"a": 9.0}, 9.0)
    assert model.network_.metadata["estimator"] is before
    assert model.predict_one({"a": 9.0}) != copied.predict_one({"a": 9.0})


@pytest.mark.peers
def test_they_are_estimators_of_river():
    river = pytest.importorskip("river")
    from river import compose, datasets, evaluate, metrics, preprocessing

    model = compose.Pipeline(preprocessing.StandardScaler(), NetworkClassifier(hidden=(8,), random_state=0))
    metric = evaluate.progressive_val_score(datasets.Phishing(), model, metrics.ROCAUC())
    assert metric.get() > 0.85, river.__version__
    words = preprocessing.StandardScaler() | NetworkRegressor(hidden=(8,), random_state=0)
    assert evaluate.progressive_val_score(datasets.TrumpApproval(), words, metrics.MAE()).get() < 2
    assert evaluate.progressive_val_score(datasets.TrumpApproval(), words.clone(), metrics.MAE()).get() < 2
