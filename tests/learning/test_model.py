"""A model is one thing: network, scales, names, how it learns, in every file."""

import copy
import json
import pickle

import numpy as np
import pytest

import architect
import synapse
from synapse import Model, Scale, Trainer
from synapse.errors import ArgumentError, FormatError, IncompleteWarning, SynapseError
from tests.helpers.cases import all_refused

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 2)) * [1.0, 50.0] + [3.0, 900.0]
Y = X @ [2.0, 0.1] + 7.0
PARTS = [RNG.normal(size=(steps, 1)) for steps in RNG.integers(3, 7, 40)]
LABELS = ["up" if rows[0, 0] > 0 else "down" for rows in PARTS]


def numbers(**options):
    return Model.build("Perceptron", ["a", "b"], ["y"], hidden=(4,), seed=0, **options)


def kinds():
    return Model.build("LSTM", ["x"], ["kind"], ["down", "up"], (4,), seed=0)


def fitted():
    model = numbers()
    model.fit(X, Y, epochs=40, seed=0, progress=False)
    return model


@pytest.mark.full
@pytest.mark.parametrize("name", ["m.json", "m.npz", "m.synapse", "m"])
def test_a_file_has_all_and_goes_on_with_the_same_bits(tmp_path, name):
    """Scales, names, facts, the trainer with the state of Adam; a pickle, too."""
    model = fitted()
    model.metadata["unit"] = "kWh"
    synapse.save(model, tmp_path / name)
    twins = [synapse.load(tmp_path / name), pickle.loads(pickle.dumps(model))]
    for twin in [*twins, copy.deepcopy(model)]:
        assert np.array_equal(twin.predict(X), model.predict(X))
        assert (twin.inputs, twin.outputs) == (["a", "b"], ["y"])
        assert (twin.metadata, twin.task) == ({"unit": "kWh"}, "numbers")
        assert twin.trainer.optimizer == model.trainer.optimizer
        again = copy.deepcopy(model)
        for one in (twin, again):
            one.update(X[:9], Y[:9], epochs=3, seed=1, progress=False)
        assert np.array_equal(twin.network.weights, again.network.weights)
        assert np.array_equal(twin.scale.count, [89.0, 89.0])
        assert np.array_equal(twin.scale.mean, again.scale.mean)


def test_classes_of_any_kind_are_in_the_file(tmp_path):
    for labels in (["b", "a"], [3, 1], [True, False], [0.5, "x"]):
        model = Model.build("Perceptron", ["a"], ["kind"], labels, (2,), seed=0)
        for name in ("m.json", "m.npz"):
            synapse.save(model, tmp_path / name)
            twin = synapse.load(tmp_path / name)
            assert twin.classes == labels
            assert twin.predict([[1.0]]).tolist() == model.predict([[1.0]]).tolist()
            assert twin.network.output.name == "kind"


def test_other_formats_get_the_network_in_the_units_of_the_data(tmp_path):
    model = fitted()
    expected = model.predict(X)
    assert np.allclose(model.whole().run(X), expected)
    synapse.save(model, tmp_path / "m.graphml")
    assert np.allclose(synapse.load(tmp_path / "m.graphml").run(X), expected)
    synapse.save(model, tmp_path / "m.py")
    program = {}
    exec((tmp_path / "m.py").read_text(), program)
    assert np.allclose(program["Network"]().step(X[0].tolist()), expected[0])
    with pytest.warns(IncompleteWarning, match=r"standard units.*model\.whole\(\)"):
        synapse.save(model.network, tmp_path / "bare.json")
    synapse.save(model.whole(), tmp_path / "whole.json")


def test_targets_of_sequences_by_step_or_at_the_end():
    """And a prediction leaves the context of a network as it was."""
    model = kinds()
    model.fit(PARTS, LABELS, epochs=60, seed=0, progress=False)
    last = [steps[-1] for steps in model.predict(PARTS)]
    assert np.mean(np.array(last) == LABELS) > 0.9
    steps = kinds()
    by_step = [
        np.vstack([np.full((len(rows) - 1, 2), np.nan), np.eye(2)[int(label == "up")]])
        for rows, label in zip(PARTS, LABELS, strict=True)
    ]
    steps.fit(PARTS, by_step, epochs=60, seed=0, progress=False)
    assert np.array_equal(steps.network.weights, model.network.weights)
    model.network.activate([1.0])
    state = [neuron.state for neuron in model.network]
    assert model.run(PARTS[0]).shape == (len(PARTS[0]), 2)
    assert state == [neuron.state for neuron in model.network]
    total = Model.build("GRU", ["x"], ["sum"], hidden=(4,), seed=0)
    array = RNG.normal(size=(30, 4, 1))
    total.fit(array, array.sum(axis=(1, 2)), epochs=2, seed=0, progress=False)
    assert total.target_scale.count == 30
    assert total.predict(array).shape == (30, 4, 1)


def test_rows_one_by_one_are_those_of_the_online_rule():
    model = numbers()
    twin, scale, target_scale = numbers().network, Scale(2), Scale(1)
    for row, target in zip(X, Y, strict=True):
        model.learn_one(row, target, 0.05)
        twin.activate(scale.follow(row))
        twin.propagate(0.05, target_scale.follow([target]))
    assert np.array_equal(model.network.weights, twin.weights)
    assert np.allclose(model.scale.mean, X.mean(axis=0))


def test_it_forecasts_by_its_own_outputs():
    wave = 50 + 10 * np.sin(np.arange(120.0) / 5)
    model = Model.build("GRU", ["v"], ["v +1"], hidden=(4,), seed=0)
    model.fit(wave[:99], wave[1:100], epochs=300, seed=0, progress=False)
    assert np.allclose(model.forecast(wave[:100], 5), wave[100:105], atol=1.5)
    line = architect.Perceptron(1, 1, output_squash="identity", seed=0)
    line.weights, line.biases = [0.0], [0.0, 2.0]
    steps = Model(line, scale=Scale(1, lags=[(1,)]), target_scale=Scale(1, lags=[(1,)]))
    assert steps.forecast(np.arange(5.0), 2).tolist() == [6.0, 8.0]
    with pytest.raises(ArgumentError, match="neurons cannot compute differences"):
        steps.whole()


def test_metrics_and_held_out_sets_are_in_units_of_the_data():
    def largest(y, prediction):
        return np.abs(y - prediction).max()

    model = numbers()
    result = model.fit(
        X[:60],
        Y[:60],
        epochs=5,
        seed=0,
        progress=False,
        eval_set={"test": (X[60:], Y[60:])},
        metrics=[largest],
    )
    error = np.abs(model.predict(X[60:])[:, 0] - Y[60:]).max()
    assert result.history["test_largest"][-1] == pytest.approx(error)


def test_many_rows_are_learned_once_and_weighted():
    model, twin = numbers(), numbers()
    model.learn_many(X, Y, 0.05, np.r_[np.ones(40), np.zeros(40)])
    assert np.allclose(model.scale.mean, X[:40].mean(axis=0))
    twin.learn_many(X[:40], Y[:40], 0.05)
    assert np.allclose(model.network.weights, twin.network.weights, atol=1e-12)


def test_what_cannot_be_used_is_one_sentence_and_changes_nothing(tmp_path):
    model = fitted()
    before = model.network.weights, model.scale.count, model.predict(X)
    wide = architect.Perceptron(3, 1, output_squash="identity")
    bounded = architect.Perceptron(2, 1, output_squash="tanh")
    refused = [
        (lambda: model.fit(X, Y[:5]), "as many targets as inputs, got 5 and 80"),
        (lambda: model.update(X, Y, epochs=0), "epochs"),
        (lambda: model.update(X, Y, rates=1), "no argument 'rates'"),
        (lambda: model.fit(X * 1e200, Y), "squares are finite"),
        (lambda: kinds().fit(PARTS, ["x"] * 40), r"'up'\], got 'x'"),
        (lambda: kinds().fit(PARTS, LABELS[:3]), "of 40 sequences, got 3"),
        (lambda: Model(model.network, classes=["a"]), "softmax or logistic"),
        (lambda: Model(bounded), "outputs without bounds, got tanh"),
        (lambda: Model(model.network, scale=Scale(3)), "one of 2 columns"),
        (lambda: Model(model.network, trainer=Trainer(wide)), "must be one of <"),
        (lambda: Model.build("LSTN", ["a"], ["b"]), "Did you mean 'LSTM'?"),
        (lambda: setattr(model, "trainer", Trainer(wide)), "a network like <"),
    ]
    all_refused([(call, SynapseError, words) for call, words in refused])
    assert np.array_equal(model.network.weights, before[0])
    assert np.array_equal(model.scale.count, before[1])
    assert np.array_equal(model.predict(X), before[2])
    path = tmp_path / "m.json"
    synapse.save(model, path)
    document = json.loads(path.read_text())
    for change, words in (
        ({"task": "classes"}, "The model in the file is not valid"),
        ({"version": 9}, "newer version"),
        ({"scale": {**document["scale"], "mean": [1.0, 2.0]}}, "digest does not"),
        ({"more": 1}, "must have only"),
        ({"network": None}, "an object"),
    ):
        path.write_text(json.dumps(document | change))
        with pytest.raises(FormatError, match=words):
            synapse.load(path)
    del document["digest"]
    path.write_text(json.dumps(document | {"scale": {"mean": [1.0]}}))
    with pytest.raises(FormatError, match="The model in the file is not valid"):
        synapse.load(path)
