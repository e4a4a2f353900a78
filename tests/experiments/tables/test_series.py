"""The reservoir of Jaeger against a loop with matrices, and the parts of the tables of series."""

import numpy as np
import pytest

import architect
from synapse.experiments import tables
from synapse.experiments.tables import _forecast
from synapse.experiments.tables.letters import errors as letter_errors
from synapse.experiments.tables.mackey_glass import reservoir, trial as mackey_glass
from synapse.experiments.tables.narma10 import trial as narma10
from synapse.experiments.tables.temporal_xor import errors as xor_errors
from synapse.tasks import MackeyGlass


def test_the_reservoir_is_that_of_the_report():
    """x(t) = (1 - a C) x(t - 1) + C tanh(W x(t - 1) + v y(t) + constant), all units at once."""
    net = reservoir(40, seed=3)
    pool = {neuron: i for i, neuron in enumerate(net["pool"])}
    within, given = np.zeros((40, 40)), np.zeros(40)
    for i, neuron in enumerate(net["drive"]):
        for link in neuron.incoming:
            if link.source in pool:
                within[i, pool[link.source]] = link.weight
            else:
                given[i] = link.weight
    constant, readout = net["drive"].biases, np.array([link.weight for link in net.output[0].incoming])
    assert np.abs(np.linalg.eigvals(within)).max() == pytest.approx(0.79)
    assert len(np.unique(np.abs(within[within != 0]).round(12))) == 1
    assert (within != 0).sum() == 200
    assert np.abs(given).max() <= 0.56
    assert set(np.abs(constant).round(12)) == {0.0, 0.028}

    series = MackeyGlass(length=60).sample(1).inputs
    outputs, x = net.run(series)[:, 0], np.zeros(40)
    for t, point in enumerate(series[:, 0]):
        x = (1 - 0.9 * 0.44) * x + 0.44 * np.tanh(within @ x + given * point + constant)
        assert outputs[t] == pytest.approx(readout @ x + net.output[0].bias, abs=1e-12)


def test_the_reservoir_predicts_84_steps():
    case = {"network": "reservoir", "size": 100, "rule": "least squares", "rate": 1e-10}
    found, again = mackey_glass(1000, **case), mackey_glass(1000, **case)
    assert found == again
    assert found["nrmse84"] < 0.1
    assert found["one_step"] < 0.01
    assert mackey_glass(1000, "persistence", 0, "none")["nrmse84"] > 1.0


def test_narma10():
    found = narma10(1000, "Liquid", 50, "least squares", rate=1e-9, scale=0.1, spectral_radius=0.95)
    assert 0.1 < found["nmse"] < 0.25


def test_pieces_cover_a_series_once():
    rows = np.arange(240.0)[:, None]
    inputs, targets = _forecast.pieces(rows, rows + 1, 100)
    assert inputs.shape == targets.shape == (3, 100, 1)
    asked = targets[~np.isnan(targets)]
    np.testing.assert_array_equal(asked, np.arange(31, 241))


@pytest.mark.parametrize("rule", ["online", "exact online", "through time"])
def test_training_lowers_the_error(rule):
    series = MackeyGlass(length=600).sample(2)
    net = architect.Elman(1, 4, 1, output_squash="identity", seed=0)
    before = _forecast.nmse(net, series, 100)
    assert not _forecast.train_on(net, series, rule, 0.01, 40, washout=100)
    assert _forecast.nmse(net, series, 100) < 0.5 * before


def test_divergence_is_a_result():
    series = MackeyGlass(length=300).sample(2)
    net = architect.Elman(1, 4, 1, squash="identity", output_squash="identity", seed=0)
    assert _forecast.train_on(net, series, "online", 9.0, 20)


def test_errors_by_kind():
    """A constant network has errors that follow from the features of the letters and the bits alone."""
    net = architect.Elman(6, 2, 6, output_squash="identity", seed=0)
    for link in net.output[3].incoming:
        link.weight = 0.0
    net.output[3].bias = 1 / 3
    found = letter_errors(net, 5)
    assert found["high"] == pytest.approx(np.sqrt(2 / 9), abs=0.01)

    net = architect.Elman(1, 2, 1, output_squash="identity", seed=0)
    for link in net.output[0].incoming:
        link.weight = 0.0
    net.output[0].bias = 0.5
    found = xor_errors(net, 5)
    assert (found["xor"], found["others"]) == (0.25, 0.25)
    assert 0.4 < found["right"] < 0.6, "0.5 is below the threshold: right for every 0"


@pytest.mark.parametrize("name", ["letters", "mackey_glass", "narma10", "temporal_xor"])
def test_rows_do_not_include_each_other(name):
    """A trial belongs to one row: no case is a part of another."""
    rows = tables.get(name).rows
    for row in rows:
        inside = [other.label for other in rows if row.case.items() <= other.case.items()]
        assert inside == [row.label]
