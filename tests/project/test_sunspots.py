"""The sunspot demo: its data, its yardsticks, and that it does what it says."""

import sys

import networkx as nx
import numpy as np
import pytest

import synapse
from demos import sunspots as demo
from tests.helpers.cases import all_hold

MODELS = {model.name: model for model in demo.MODELS}


def by_period(forecast):
    return [demo.arv(forecast, demo.during(*years)) for years in demo.PERIODS.values()]


def test_data_and_yardsticks_are_those_of_the_literature():
    assert demo.YEARS.tolist() == list(range(1700, 2009))
    assert (demo.SPOTS.min(), demo.SPOTS.max(), demo.SPOTS[257]) == (0.0, 190.2, 190.2)
    assert abs(demo.VARIANCE - 1495.59) < 0.01
    assert by_period(demo.persistence()) == pytest.approx(
        [0.300, 0.427, 0.965, 0.566], abs=5e-4
    )
    forecast = demo.linear(demo.SPOTS, demo.TRAINING)
    assert by_period(forecast) == pytest.approx([0.132, 0.130, 0.368, 0.198], abs=5e-4)
    assert np.isnan(forecast[:12]).all()


def test_no_forecast_knows_its_own_year_or_a_later_one():
    values = demo.Scale.of(demo.SPOTS[demo.TRAINING]).there(demo.SPOTS)
    changed = np.where(demo.YEARS >= 1900, 0.0, values)

    def check(model):
        forecasts = []
        for series in (values, changed):
            net = model.build(0)
            demo.learn(
                net, series, demo.during(1712, 1899), model.rate, epochs=3, seed=0
            )
            forecasts.append(demo.forecast(net, series))
        np.testing.assert_array_equal(
            *(forecast[demo.YEARS <= 1900] for forecast in forecasts)
        )
        assert not np.allclose(*(forecast[demo.YEARS > 1900] for forecast in forecasts))

    all_hold(check, MODELS)


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_networks_beat_the_linear_model_on_the_years_ahead(name):
    model = MODELS[name]
    seeds = range(5)
    runs = demo.runs_of(
        model, seeds, model.epochs, demo.Scale.of(demo.SPOTS[demo.TRAINING])
    )
    years = demo.during(1921, 1955)
    assert np.median([demo.arv(run.forecast, years) for run in runs]) < demo.arv(
        demo.linear(demo.SPOTS, demo.TRAINING), years
    )


def test_without_matplotlib_a_seed_makes_the_same_run_and_all_files_but_pictures(
    monkeypatch, tmp_path, capsys
):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr(
        demo, "MODELS", [demo.Model(m.name, m.build, m.rate, 20) for m in demo.MODELS]
    )
    written = []
    for number, seed in enumerate((3, 3, 4)):
        (tmp_path / str(number)).mkdir()
        demo.main(quick=True, seed=seed, out=tmp_path / str(number))
        assert 'pip install -e ".[draw]"' in capsys.readouterr().out
        written.append((tmp_path / str(number) / "forecasts.csv").read_text())
    assert written[0] == written[1] != written[2]
    assert not list(tmp_path.glob("*/*.png"))
    net = synapse.load(tmp_path / "0" / "lstm.synapse")
    assert nx.read_graphml(tmp_path / "0" / "lstm.graphml").number_of_edges() == len(
        net.connections
    )
