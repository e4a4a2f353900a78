"""The table of defaults and names, which every room reads."""

import re
from inspect import signature
from pathlib import Path

import numpy as np
import pytest

from synapse import _build, _defaults, reward, tables
from synapse.errors import ArgumentError

ROOT = Path(__file__).parents[2]


def test_each_page_that_chose_a_default_is_there():
    pages = re.findall(
        r"(?:docs|studies)/[\w/]+\.(?:md|py)", Path(_defaults.__file__).read_text()
    )
    assert len(pages) > 20
    assert [page for page in pages if not (ROOT / page).exists()] == []


def test_a_name_means_the_same_in_any_case_and_the_nearest_is_told_in_every_room():
    rows = np.random.default_rng(0).normal(size=(12, 2))
    for name in ("narx", "NARX", "Narx"):
        assert tables.TrainingOptions(build=name).build == "narx"
    with pytest.raises(ArgumentError, match="Did you mean 'Perceptron'"):
        tables.TrainingOptions(build="percepton")
    sklearn = pytest.importorskip("synapse.sklearn", exc_type=ImportError)
    fitted = sklearn.NetworkRegressor(build="Narx", hidden=(3,), epochs=1)
    assert type(fitted.fit(rows, rows[:, 0]).network_).__name__ == "NARX"
    with pytest.raises(ArgumentError, match="Did you mean 'Perceptron'"):
        sklearn.NetworkRegressor(build="percepton").fit([[1.0], [2.0]], [1, 2])


def test_networks_with_other_inputs_than_columns_are_refused():
    with pytest.raises(ArgumentError, match="whose inputs are 3 columns, got <CfC"):
        _build.built("CfC", 3, (4,), 1)


def test_rooms_read_the_table():
    for agent in (reward.TD, reward.QLearning, reward.ActorCritic):
        parameters = signature(agent).parameters
        assert parameters["discount"].default == _defaults.DISCOUNT
        assert parameters["trace_decay"].default == _defaults.TRACE
    for usual in (_defaults.SERIES, _defaults.ROWS_OF_TABLES):
        filled = tables.TrainingOptions(epochs=3)._filled(usual)
        assert filled.build == usual.build.lower()
        shown = filled.hidden, filled.rate, filled.optimizer
        assert shown == ([*usual.hidden], usual.rate, usual.optimizer)
    sklearn = pytest.importorskip("synapse.sklearn", exc_type=ImportError)
    assert sklearn.NetworkRegressor().rate == _defaults.ROWS.rate
    assert sklearn.SequenceRegressor().hidden == _defaults.SEQUENCES.hidden


@pytest.mark.peers
def test_river_reads_the_table_and_its_names():
    pytest.importorskip("river")
    from synapse.river import NetworkRegressor

    stream = NetworkRegressor(build="Narx", hidden=3)
    stream.learn_one({"x": 1.0}, 2.0)
    assert type(stream.network).__name__ == "NARX"
    assert NetworkRegressor().rate == _defaults.SAMPLES.rate
    with pytest.raises(ArgumentError, match="Did you mean 'Perceptron'"):
        NetworkRegressor(build="percepton")
