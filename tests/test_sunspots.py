"""The sunspot demo: its data, its yardsticks, and that it does what it says."""

import csv
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

import synapse
from demos import sunspots as demo

STUDY = Path(demo.__file__).parents[1] / "docs" / "studies"
MODELS = {model.name: model for model in demo.MODELS}


def by_period(forecast):
    return [demo.arv(forecast, demo.during(*years)) for years in demo.PERIODS.values()]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What the quick demo prints and writes."""
    out = tmp_path_factory.mktemp("sunspots")
    return quick(out, seed=3), out


def quick(out, seed):
    command = [sys.executable, "-m", "demos", "sunspots", "--quick", "--seed", str(seed), "--out", str(out)]
    done = subprocess.run(
        command, cwd=Path(demo.__file__).parents[1], capture_output=True, text=True, check=True
    )
    assert "Warning" not in done.stderr
    return done.stdout


# --- data ---------------------------------------------------------------------------------------


def test_every_year_from_1700_to_2008_has_its_number():
    assert demo.YEARS.tolist() == list(range(1700, 2009))
    assert np.isfinite(demo.SPOTS).all()
    assert demo.SPOTS.min() == 0.0
    assert demo.SPOTS.max() == 190.2
    assert demo.YEARS[demo.SPOTS.argmax()] == 1957
    assert demo.SPOTS[:3].tolist() == [5.0, 11.0, 16.0]


def test_periods_are_those_of_the_literature():
    assert abs(demo.VARIANCE - 1495.59) < 0.01
    assert [int(demo.during(*years).sum()) for years in demo.PERIODS.values()] == [209, 35, 24, 29]
    assert demo.TRAINING.sum() == 209


def test_scale_comes_back_and_knows_the_training_years_only():
    scale = demo.Scale.of(demo.SPOTS[demo.TRAINING])
    np.testing.assert_allclose(scale.back(scale.there(demo.SPOTS)), demo.SPOTS, atol=1e-9)
    learnt = scale.there(demo.SPOTS[demo.TRAINING])
    assert learnt.mean() == pytest.approx(0.0, abs=1e-12)
    assert learnt.std() == pytest.approx(1.0)
    assert scale.back(-10.0) == 0.0


def test_a_window_ends_the_year_before():
    np.testing.assert_array_equal(demo.windows(demo.YEARS)[0], np.arange(1700, 1712))
    np.testing.assert_array_equal(demo.windows(demo.YEARS)[-1], np.arange(1996, 2008))


# --- yardsticks ---------------------------------------------------------------------------------


def test_persistence():
    assert by_period(demo.persistence()) == pytest.approx([0.300, 0.427, 0.965, 0.566], abs=5e-4)


def test_linear_model_has_the_published_error():
    forecast = demo.linear(demo.SPOTS, demo.TRAINING)
    assert by_period(forecast) == pytest.approx([0.132, 0.130, 0.368, 0.198], abs=5e-4)
    assert np.isnan(forecast[:12]).all()


def test_always_the_mean_has_about_one():
    mean = np.full(len(demo.YEARS), demo.SPOTS[:280].mean())
    assert demo.arv(mean, demo.during(1700, 1979)) == pytest.approx(1.0)


# --- models -------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", demo.MODELS, ids=lambda model: model.name)
def test_no_forecast_knows_its_own_year_or_a_later_one(model):
    values = demo.Scale.of(demo.SPOTS[demo.TRAINING]).there(demo.SPOTS)
    changed = np.where(demo.YEARS >= 1900, 0.0, values)
    forecasts = []
    for series in (values, changed):
        net = model.build(0)
        demo.learn(net, series, demo.during(1712, 1899), model.rate, epochs=3, seed=0, progress=False)
        forecasts.append(demo.forecast(net, series))
    np.testing.assert_array_equal(*(forecast[demo.YEARS <= 1900] for forecast in forecasts))
    assert not np.allclose(*(forecast[demo.YEARS > 1900] for forecast in forecasts))


@pytest.mark.parametrize("model", demo.MODELS, ids=lambda model: model.name)
def test_settings_are_those_that_the_study_chose(model):
    """The demo spells out what docs/studies/sunspots.json says was chosen: the same numbers come out."""
    spec = importlib.util.spec_from_file_location("sunspots_study", STUDY / "sunspots.py")
    study = importlib.util.module_from_spec(spec)
    sys.modules["sunspots_study"] = study
    spec.loader.exec_module(study)
    chosen = json.loads((STUDY / "sunspots.json").read_text())["search"][model.name]["chosen"]
    assert (model.rate, model.epochs) == (chosen["rate"], chosen["epochs"])

    scale = demo.Scale.of(demo.SPOTS[demo.TRAINING])
    values, net = scale.there(demo.SPOTS), model.build(7)
    demo.learn(net, values, demo.TRAINING, model.rate, epochs=5, seed=7, progress=False)
    theirs = study.trained(model.name, {**chosen, "epochs": 5}, demo.TRAINING, seed=7)
    np.testing.assert_array_equal(scale.back(demo.forecast(net, values)), theirs)


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_networks_beat_the_linear_model_on_the_years_ahead(name):
    model, seeds = MODELS[name], range(5)
    runs = demo.runs_of(model, seeds, model.epochs, demo.Scale.of(demo.SPOTS[demo.TRAINING]))
    years = demo.during(1921, 1955)
    assert np.median([demo.arv(run.forecast, years) for run in runs]) < demo.arv(
        demo.linear(demo.SPOTS, demo.TRAINING), years
    )


# --- the demo -----------------------------------------------------------------------------------


def test_table_has_every_model_and_what_is_published(run):
    text, _ = run
    for name in ("persistence", "linear AR(12)", "perceptron", "Elman", "LSTM", "Weigend", "unverified"):
        assert name in text
    line = next(line for line in text.splitlines() if "persistence" in line)
    assert line.split()[1:] == ["0.300", "0.427", "0.965", "0.566"]
    assert "its numbers are not a result" in text


def test_networks_and_graph_are_written(run):
    _, out = run
    net = synapse.load(out / "lstm.synapse")
    assert len(net) == len(MODELS["LSTM"].build(0))
    assert nx.read_graphml(out / "lstm.graphml").number_of_edges() == len(net.connections)
    assert len(synapse.load(out / "perceptron.synapse").input) == demo.LAGS
    assert synapse.load(out / "elman.synapse").has_memory


def test_a_saved_network_forecasts_what_is_in_the_file(run):
    _, out = run
    with (out / "forecasts.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["year"]) for row in rows] == list(range(1712, 2009))
    scale = demo.Scale.of(demo.SPOTS[demo.TRAINING])
    for name in MODELS:
        again = demo.forecast(synapse.load(out / f"{name.lower()}.synapse"), scale.there(demo.SPOTS))
        written = [float(row[name]) for row in rows]
        np.testing.assert_allclose(scale.back(again)[demo.LAGS :], written, atol=0.0051)


def test_the_same_seed_gives_the_same_numbers(run, tmp_path):
    text, out = run
    again = quick(tmp_path, seed=3)
    assert again.split("Done in")[0] == text.split("Done in")[0]
    assert (tmp_path / "forecasts.csv").read_text() == (out / "forecasts.csv").read_text()
    other = quick(tmp_path, seed=4)
    assert other.split("Done in")[0] != text.split("Done in")[0]


def test_picture_is_written(run):
    pytest.importorskip("matplotlib")
    _, out = run
    assert (out / "sunspots.png").read_bytes()[:4] == b"\x89PNG"


def test_without_matplotlib_it_runs_and_says_what_brings_pictures(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr(demo, "MODELS", [demo.Model(m.name, m.build, m.rate, 20) for m in demo.MODELS])
    demo.main(quick=True, seed=0, out=tmp_path)
    assert "synapse-neurons[draw]" in capsys.readouterr().out
    assert not (tmp_path / "sunspots.png").exists()
    assert (tmp_path / "lstm.synapse").exists()
