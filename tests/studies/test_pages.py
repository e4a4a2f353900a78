"""The studies of gradients and of exact online learning: their pages say what was measured."""

import json
from itertools import product

import numpy as np
import pytest

pytest.importorskip("matplotlib")
from studies import gradients, rtrl


def test_the_page_of_gradients_has_its_tables_and_what_it_claims():
    study, page = gradients, gradients.PAGE.read_text()
    rows = json.loads(study.RESULTS.read_text())["runs"]
    assert all(one in page for one in (study.table(rows), study.table_of_rules(rows), study.table_of_reach()))

    for name, targets, scale in product(study.NETWORKS, study.TARGETS, study.SCALES):
        assert (study.cosines(rows, name, scale, targets, rule="exact") > 1 - study.EXACT).all()
        last = np.median(study.cosines(rows, name, scale, targets), axis=1)[-1]
        if name in ("Perceptron", "LSTM, no peepholes"):
            assert last > 1 - study.EXACT
        elif scale == max(study.SCALES):
            assert (last < 0.9) == (name in ("GRU", "LSTM, standard"))


def test_the_page_of_online_learning_has_its_tables_of_ten_seeds():
    page = rtrl.PAGE.read_text(encoding="utf-8")
    for name, table in rtrl.TABLES.items():
        assert f"<!-- {name} -->" in page
        assert table() in page
        seeds = [100, 101] if name == "sunspot_rates" else list(range(10))
        assert len(rtrl.cases_of(name)) == len(rtrl.TASKS[name].cases)
        for _, rows in rtrl.cases_of(name):
            assert [row["seed"] for row in rows] == seeds
