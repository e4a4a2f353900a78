"""A file of one door opens at another: estimators, the command, programs, Python."""

import numpy as np
import pytest

pd = pytest.importorskip("pandas")
pytest.importorskip("sklearn")

import synapse
from synapse.cli import main
from synapse.sklearn import NetworkClassifier, NetworkRegressor

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(RNG.normal(size=(60, 2)) * [1, 50], columns=["a", "b"])
Y = 3 * FRAME["a"] + FRAME["b"] / 10
KIND = np.where(FRAME["a"] > 0, "high", "low")


def command(*words):
    assert main([str(word) for word in words]) == 0


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
    estimator.partial_fit(FRAME[:5], Y[:5] if target == "y" else KIND[:5])
    assert model.scale.count[0] == before + 5
