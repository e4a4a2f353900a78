"""The tables of long lags: networks with the papers' weight counts, trials that repeat, complete rows."""

import inspect

import numpy as np
import pytest

from synapse.experiments import tables
from synapse.experiments.tables import _lags, long_lag
from synapse.experiments.tables._networks import weight_count
from synapse.tasks import Adding, NoisyLongLag, TemporalOrder

NAMES = ("adding", "temporal_order", "multiplication", "long_lag")


def two_blocks(task, **given):
    options = {
        key: _lags.DEFAULTS[key]
        for key in inspect.signature(_lags.network).parameters
        if key in _lags.DEFAULTS
    }
    return _lags.network(task, 0, **{**options, **given})


@pytest.mark.parametrize("linear", [False, True])
def test_weights_are_counted_as_in_the_paper(linear):
    assert weight_count(two_blocks(Adding(), linear=linear)) == 93
    assert weight_count(two_blocks(TemporalOrder(), linear=linear)) == 156
    assert weight_count(two_blocks(NoisyLongLag(), cells=1, biases=False, linear=linear)) == 364
    one = long_lag.one_cell(101, 0, linear=linear, output="logistic", gate=None, weights=0.2)
    assert weight_count(one) == 10_504


def test_gates():
    net = two_blocks(Adding(), gates=[-3.0, -6.0])
    np.testing.assert_array_equal(net["input gates"].biases, [-3.0, -6.0])
    assert (np.abs(net["output gates"].biases) < 0.1).all()
    net = long_lag.one_cell(5, 0, linear=True, output="softmax", gate=-3.0, weights=0.2)
    gated = [link for link in net.connections if link.gater is not None]
    assert len(gated) == 5
    assert {link.gater for link in gated} == set(net["input gate"])
    other = long_lag.one_cell(
        5, 0, linear=False, output="softmax", gate=None, weights=0.2, direct=np.full((5, 5), 0.5)
    )
    assert [str(link.source) for link in other.connections if link.gater is not None] == [
        str(other["candidate"][0])
    ]
    assert sum(link.weight == 0.5 for link in other.connections) == 25


@pytest.mark.parametrize("name", NAMES)
def test_rows_give_every_argument(name):
    """Rows are told apart by their arguments, so all must have the same ones, and those of the trial."""
    table = tables.get(name)
    first = table.rows[0].case
    assert all(row.case.keys() == first.keys() for row in table.rows)
    assert len({str(sorted(row.case.items(), key=str)) for row in table.rows}) == len(table.rows)


@pytest.mark.parametrize(
    ("name", "number"), [("adding", 0), ("adding", 1), ("adding", 4), ("temporal_order", 5)]
)
def test_a_trial_repeats(name, number):
    table = tables.get(name)
    case = {**table.rows[number].case, "every": 20, "most": 40}
    first, second = table.trial(3, **case), table.trial(3, **case)
    assert first == second
    assert first["trained"] == 40
    assert first["needed"] is None


def test_direct_connections_are_trained_alone_first():
    weights, trained = long_lag.without_cell(long_lag.TASKS["2a"], 0, 1.0, 200)
    assert trained in (100, 200)
    assert weights.shape == (101, 101)
    assert np.abs(weights).max() > 1  # they were random within 0.2
