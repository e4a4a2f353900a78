"""A file of one door opens at another: estimators, the command, programs, Python."""

import re

import numpy as np
import pytest

pd = pytest.importorskip("pandas")
pytest.importorskip("sklearn")

import synapse
from synapse import Model
from synapse.cli import main
from synapse.errors import ArgumentTypeError
from synapse.sklearn import NetworkClassifier, NetworkRegressor
from tests.helpers.cases import Cases

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(RNG.normal(size=(60, 2)) * [1, 50], columns=["a", "b"])
Y = 3 * FRAME["a"] + FRAME["b"] / 10
KIND = np.where(FRAME["a"] > 0, "high", "low")


def command(*words):
    assert main([str(word) for word in words]) == 0


@pytest.mark.full
def test_the_command_runs_an_estimator(tmp_path):
    model = NetworkRegressor(epochs=20, random_state=0).fit(FRAME, Y)
    synapse.save(model.model_, tmp_path / "m.json")
    FRAME.to_csv(tmp_path / "d.csv", index=False)
    command("run", tmp_path / "m.json", tmp_path / "d.csv", "-o", tmp_path / "y.csv")
    answers = pd.read_csv(tmp_path / "y.csv").to_numpy()[:, -1]
    assert np.allclose(answers, model.predict(FRAME), rtol=1e-4)
    for name in ("m.npz", "m.c", "m.py"):
        command("convert", tmp_path / "m.json", tmp_path / name)
    twin = NetworkRegressor.from_model(synapse.load(tmp_path / "m.npz"))
    assert np.array_equal(twin.predict(FRAME), model.predict(FRAME))


@pytest.mark.full
@pytest.mark.parametrize("target", ["y", "kind"])
def test_an_estimator_opens_a_model_of_the_command(tmp_path, target):
    data, path = tmp_path / "d.csv", tmp_path / "m.json"
    FRAME.assign(y=Y, kind=KIND).to_csv(data, index=False)
    other = {"y": "kind", "kind": "y"}[target]
    options = ["--target", target, "--ignore", other, "--epochs", 30, "-q"]
    command("train", data, *options, "-o", path)
    command("run", path, data, "-o", tmp_path / "y.csv")
    answers = pd.read_csv(tmp_path / "y.csv")
    model = synapse.load(path)
    make = NetworkRegressor if target == "y" else NetworkClassifier
    estimator = make.from_model(model)
    assert estimator.feature_names_in_.tolist() == ["a", "b"]
    if target == "y":
        assert np.allclose(estimator.predict(FRAME), answers["y"], rtol=1e-4)
    else:
        probabilities = estimator.predict_proba(FRAME)
        assert np.allclose(probabilities, answers[["high", "low"]], atol=1e-4)
        assert (estimator.predict(FRAME) == answers["kind"]).mean() > 0.8
    before = model.scale.count[0]
    estimator.partial_fit(FRAME[:5], (Y if target == "y" else KIND)[:5])
    assert model.scale.count[0] == before + 5


def advised(message):
    """What a message says to use, and to save, of the thing that was given."""
    paths = re.findall(r"(?:Use|save|Save) \w+\.([\w.]+(?:\(\))?)", message)
    assert paths, message
    return paths


def reached(thing, path):
    """What ``thing.path`` is."""
    for name in path.split("."):
        thing = getattr(thing, name.removesuffix("()"))
        thing = thing() if name.endswith("()") else thing
    return thing


def things():
    """What users have instead of a network, with what it answers to rows."""
    rows, y = FRAME.to_numpy(), Y.to_numpy()
    regressor = NetworkRegressor(epochs=5, random_state=0).fit(rows, y)
    classifier = NetworkClassifier(epochs=5, random_state=0).fit(rows, KIND)
    yield regressor, lambda row: [regressor.predict([row])[0]]
    yield classifier, lambda row: classifier.predict_proba([row])[0]
    yield regressor.model_, lambda row: [regressor.predict([row])[0]]
    river = pytest.importorskip("synapse.river", exc_type=ImportError)
    stream = river.NetworkRegressor(seed=0)
    for x, target in zip(FRAME.to_dict("records"), y, strict=True):
        stream.learn_one(x, target)
    yield stream, lambda row: [stream.predict_one(dict(zip("ab", row, strict=True)))]


@pytest.mark.full
def test_advice_to_save_is_followed_with_the_same_numbers(tmp_path):
    row = FRAME.to_numpy()[7]
    with Cases() as case:
        for thing, answer in things():
            calls = [synapse.to_torch, synapse.to_networkx, synapse.Trainer]
            if not isinstance(thing, Model):
                calls.append(lambda other: synapse.save(other, tmp_path / "e.c"))
            for call in calls:
                with pytest.raises(ArgumentTypeError) as told:
                    call(thing)
                for path in advised(str(told.value)):
                    with case(type(thing).__name__, path):
                        followed(reached(thing, path), row, answer(row), tmp_path)


def followed(thing, row, expected, folder):
    """Save what has been advised, and compare the program with the estimator."""
    synapse.save(thing, folder / "e.py")
    program = {}
    exec((folder / "e.py").read_text(), program)
    assert np.allclose(program["Network"]().step(row.tolist()), expected)
    synapse.save(thing, folder / "e.json")
    assert np.allclose(synapse.load(folder / "e.json").run([row])[0], expected)


def test_a_forecaster_is_saved_as_its_model(tmp_path):
    sktime = pytest.importorskip("synapse.sktime", exc_type=ImportError)
    series = pd.Series(np.sin(np.arange(60) / 3.0))
    forecaster = sktime.NetworkForecaster(
        hidden=(2,), epochs=2, random_state=0, compared=("naive",)
    ).fit(series, fh=[1])
    with pytest.raises(ArgumentTypeError) as told:
        synapse.save(forecaster, tmp_path / "f.json")
    assert advised(str(told.value)) == ["model_"]
    synapse.save(forecaster.model_, tmp_path / "f.json")
    past = series.to_numpy()
    expected = forecaster.model_.forecast(past, 2)
    assert np.allclose(synapse.load(tmp_path / "f.json").forecast(past, 2), expected)
    for call in (synapse.Topology.of, synapse.to_networkx, synapse.draw.network):
        with pytest.raises(ArgumentTypeError, match=r"Save forecaster\.model_"):
            call(forecaster)
