"""A model is one thing: network, scales, names, how it learns, in every file; what is
learned does not depend on the unit of the data, which predictions have."""

import copy
import json
import pickle
import warnings
from functools import partial

import numpy as np
import pytest

import architect
import synapse
from synapse import Model, Scale, Trainer, forecasting, reward
from synapse.errors import ArgumentError, FormatError, IncompleteWarning, SynapseError
from tests.helpers.cases import Cases, all_refused, every_case
from tests.helpers.networks import unchanged

RNG = np.random.default_rng(0)
QUIET = {"progress": False, "seed": 0}
X = RNG.normal(size=(80, 2)) * [1.0, 50.0] + [3.0, 900.0]
Y = X @ [2.0, 0.1] + 7.0
PARTS = [RNG.normal(size=(steps, 1)) for steps in RNG.integers(3, 7, 40)]
LABELS = ["up" if rows[0, 0] > 0 else "down" for rows in PARTS]


numbers = partial(Model.build, "Perceptron", ["a", "b"], ["y"], hidden=(4,), seed=0)
kinds = partial(Model.build, "LSTM", ["x"], ["kind"], ["down", "up"], (4,), seed=0)


def fitted():
    model = numbers()
    model.fit(X, Y, epochs=40, **QUIET)
    return model


@pytest.mark.full
@pytest.mark.parametrize("name", ["m.json", "m.npz", "m.synapse", "m"])
def test_a_file_has_all_and_goes_on_with_the_same_bits(tmp_path, name):
    """Scales, names, facts, the trainer with the state of Adam; a pickle, too."""
    model = fitted()
    model.metadata["unit"] = "kWh"
    synapse.save(model, tmp_path / name)
    twins = synapse.load(tmp_path / name), pickle.loads(pickle.dumps(model))

    def told(model):
        named = model.inputs, model.outputs, model.metadata, model.task
        scale = model.scale.count.tolist(), model.scale.mean.tolist()
        numbers = model.predict(X).tolist(), model.network.weights.tolist()
        return *named, model.trainer.optimizer, scale, numbers

    assert told(model)[:4] == (["a", "b"], ["y"], {"unit": "kWh"}, "numbers")
    for twin in [*twins, copy.deepcopy(model)]:
        again = copy.deepcopy(model)
        assert told(twin) == told(again)
        for one in (twin, again):
            one.update(X[:9], Y[:9], epochs=3, seed=1, progress=False)
        assert told(twin) == told(again)
        assert twin.scale.count.tolist() == [89.0, 89.0]


@every_case("labels", [["b", "a"], [3, 1], [True, False], [0.5, "x"]])
@every_case("name", ["m.json", "m.npz"])
def test_classes_of_any_kind_are_in_the_file(labels, name, tmp_path):
    model = Model.build("Perceptron", ["a"], ["kind"], labels, (2,), seed=0)
    synapse.save(model, tmp_path / name)
    twin = synapse.load(tmp_path / name)
    assert (twin.classes, twin.network.output.name) == (labels, "kind")
    assert twin.predict([[1.0]]).tolist() == model.predict([[1.0]]).tolist()


def test_other_formats_get_the_network_in_the_units_of_the_data(tmp_path):
    model = fitted()
    expected = model.predict(X)
    program = {}
    for name in ("m.graphml", "m.py"):
        synapse.save(model, tmp_path / name)
    exec((tmp_path / "m.py").read_text(), program)
    assert np.allclose(model.whole().run(X), expected)
    assert np.allclose(synapse.load(tmp_path / "m.graphml").run(X), expected)
    assert np.allclose(program["Network"]().step(X[0].tolist()), expected[0])
    with pytest.warns(IncompleteWarning, match=r"standard units.*model\.whole\(\)"):
        synapse.save(model.network, tmp_path / "bare.json")
    synapse.save(model.whole(), tmp_path / "whole.json")


def test_targets_of_sequences_by_step_or_at_the_end():
    """And a prediction leaves the context of a network as it was."""
    model, steps = (kinds() for _ in range(2))
    model.fit(PARTS, LABELS, epochs=60, **QUIET)
    last = [labels[-1] for labels in model.predict(PARTS)]
    assert np.mean(np.array(last) == LABELS) > 0.9
    by_step = [np.full((len(rows), 2), np.nan) for rows in PARTS]
    for aims, label in zip(by_step, LABELS, strict=True):
        aims[-1] = np.eye(2)[int(label == "up")]
    steps.fit(PARTS, by_step, epochs=60, **QUIET)
    assert np.array_equal(steps.network.weights, model.network.weights)
    model.network.activate([1.0])
    with unchanged(model.network):
        assert model.run(PARTS[0]).shape == (len(PARTS[0]), 2)
    total = Model.build("GRU", ["x"], ["sum"], hidden=(4,), seed=0)
    array = RNG.normal(size=(30, 4, 1))
    total.fit(array, array.sum(axis=(1, 2)), epochs=2, **QUIET)
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
    model.fit(wave[:99], wave[1:100], epochs=300, **QUIET)
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
    measured = {"eval_set": {"test": (X[60:], Y[60:])}, "metrics": [largest]}
    result = model.fit(X[:60], Y[:60], epochs=5, **QUIET, **measured)
    error = largest(Y[60:], model.predict(X[60:])[:, 0])
    assert result.history["test_largest"][-1] == pytest.approx(error)


def test_many_rows_are_learned_once_and_weighted():
    model, twin = numbers(), numbers()
    model.learn_many(X, Y, 0.05, np.r_[np.ones(40), np.zeros(40)])
    assert np.allclose(model.scale.mean, X[:40].mean(axis=0))
    twin.learn_many(X[:40], Y[:40], 0.05)
    assert np.allclose(model.network.weights, twin.network.weights, atol=1e-12)


def test_what_cannot_be_used_is_one_sentence_and_changes_nothing(tmp_path):
    model = fitted()

    def told():
        scale, outputs = model.scale.count.tolist(), model.predict(X).tolist()
        return model.network.weights.tolist(), scale, outputs

    before = told()
    wide = architect.Perceptron(3, 1, output_squash="identity")
    bounded = architect.Perceptron(2, 1, output_squash="tanh")
    refused = (
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
    )
    all_refused((call, SynapseError, words) for call, words in refused)
    assert told() == before
    path = tmp_path / "m.json"
    synapse.save(model, path)
    document = json.loads(path.read_text())
    edited = {**document, "scale": {"mean": [1.0]}}
    del edited["digest"]
    invalid = "The model in the file is not valid"
    for change, words in (
        (edited, invalid),
        (document | {"task": "classes"}, invalid),
        (document | {"version": 9}, "newer version"),
        (
            document | {"scale": {**document["scale"], "mean": [1.0, 2.0]}},
            "digest does not",
        ),
        (document | {"more": 1}, "must have only"),
        (document | {"network": None}, "an object"),
    ):
        path.write_text(json.dumps(change))
        with pytest.raises(FormatError, match=words):
            synapse.load(path)


# --- units ----------------------------------------------------------------------------


SERIES = 10.0 + np.sin(np.arange(90) / 4.0) + 0.1 * RNG.normal(size=90)
UNITS = [2.0**exponent for exponent in (-1010, -700, -480, 300, 450)]


def by_epochs(x, y):
    made = numbers()
    made.fit(x, y, epochs=5, **QUIET)
    made.update(x, y, epochs=2, **QUIET)
    return np.hstack([made.predict(x), made.whole().run(x)])


def many(x, y):
    made = numbers()
    made.learn_many(x, y)
    return made.predict(x)


def one(x, y):
    made = numbers()
    for row, target in zip(x, y, strict=True):
        made.learn_one(row, target)
    return made.predict(x)


def estimator(x, y):
    made = (
        pytest.importorskip("synapse.sklearn", exc_type=ImportError)
        .NetworkRegressor(epochs=5, random_state=0)
        .fit(x, y)
    )
    return np.array([made.predict(x), made.partial_fit(x, y).predict(x)])


def sequences(x, y):
    sklearn = pytest.importorskip("synapse.sklearn", exc_type=ImportError)
    parts = x[:50].reshape(10, 5, 2)
    made = sklearn.SequenceRegressor(epochs=5, random_state=0, hidden=(3,))
    return made.fit(parts, y[:10]).predict(parts)


def ahead(series):
    made = Model(architect.GRU(1, 3, 1, seed=0, output_squash="identity"))
    made.fit(series[:-1], series[1:], epochs=5, **QUIET)
    return made.forecast(series, 4)


def rolled(series):
    result = forecasting.rolling_origin(forecasting.seasonal_naive, series, 3)
    widths = np.ravel(result.calibration.half_widths(0.8))
    return np.hstack([result.mae, result.rmse, widths])


def of_method(method):
    return lambda series: forecasting.statistical(method, series)(series, 3)


DOORS = (by_epochs, many, one, estimator, sequences)


def test_predictions_of_other_libraries_scale_with_the_unit():
    pytest.importorskip("statsforecast")
    with Cases() as case:
        for method in map(of_method, ("ets", "theta", "arima")):
            plain = method(SERIES)
            for unit in (2.0**-1010, 2.0**-600, 2.0**600):
                with case(plain, unit):
                    assert np.allclose(method(SERIES * unit) / unit, plain, rtol=1e-3)


@pytest.mark.filterwarnings("error")
@every_case("unit", [2.0**520, 2.0**1000])
@every_case("door", [*DOORS, ahead])
def test_numbers_whose_squares_overflow_are_refused(unit, door):
    data = [SERIES * unit] if door is ahead else [X * unit, Y]
    with pytest.raises((ArgumentError, ValueError), match="squares"):
        door(*data)


@pytest.mark.full
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("unit", UNITS)
def test_agents_see_standard_units(unit):
    def values(observations):
        return reward.TD(
            architect.Perceptron(2, 3, 1, output_squash="identity", seed=0)
        ).run(observations, Y)

    assert np.allclose(values(X * unit), values(X), rtol=1e-9)


FORECASTS = (
    *(ahead, rolled, of_method("ar"), of_method("mean")),
    lambda series: forecasting.autoregression(series, 3),
)


@pytest.mark.full
@pytest.mark.parametrize("unit", UNITS)
def test_predictions_scale_with_the_unit(unit):
    with warnings.catch_warnings(), Cases() as case:
        warnings.simplefilter("error")
        for door in DOORS:
            plain = door(X, Y)
            for x, y in ((unit, 1.0), (1.0, unit), (unit, unit)):
                with case(door.__name__, x, y):
                    answers = door(X * x, Y * y) / y
                    assert np.allclose(answers, plain, rtol=1e-9)
        for door in FORECASTS:
            with case(door.__name__):
                answers = door(SERIES * unit) / unit
                assert np.allclose(answers, door(SERIES), rtol=1e-9)
