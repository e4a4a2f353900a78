"""The study of the online rule and the exact gradient: what its page says is what is measured."""

import json
import sys
from importlib import import_module
from itertools import product
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")

STUDIES = Path(__file__).parents[2] / "docs" / "studies"


@pytest.fixture(scope="module")
def study():
    sys.path.insert(0, str(STUDIES))
    try:
        yield import_module("gradients")
    finally:
        sys.path.remove(str(STUDIES))


@pytest.fixture(scope="module")
def rows():
    return json.loads((STUDIES / "gradients.json").read_text())["runs"]


@pytest.mark.parametrize("rule", ["online", "order 2", "exact"])
@pytest.mark.parametrize("name", ["LSTM, no peepholes", "LSTM, all to all", "Elman", "GRU", "Random"])
def test_measured_again_it_is_the_same(study, rows, name, rule):
    found = study.measure(name, rule, 1.0, "last step", 5)
    (kept,) = [row for row in rows if all(row[key] == found[key] for key in list(found)[:5])]
    assert found["all"] == pytest.approx(kept["all"], abs=1e-7)
    assert found["hidden"] == pytest.approx(kept["hidden"], abs=1e-7)


def test_the_page_has_the_table_and_what_it_claims(study, rows):
    assert study.table(rows) in study.PAGE.read_text()

    def middle(name, scale, targets):
        return np.median(study.cosines(rows, name, scale, targets), axis=1)

    for name in study.NETWORKS:
        for targets in study.TARGETS:
            small, large = (middle(name, scale, targets) for scale in study.SCALES)
            assert min(small[0], large[0]) > 1 - study.EXACT
            if name in ("Perceptron", "LSTM, no peepholes"):
                assert min(small.min(), large.min()) > 1 - study.EXACT
            else:
                assert large[-1] < small[-1]
            assert (large[-1] < 0.9) == (name in ("GRU", "LSTM, standard"))


def test_without_an_order_the_gradient_is_exact(study, rows):
    for name, scale, targets in product(study.NETWORKS, study.SCALES, study.TARGETS):
        assert (study.cosines(rows, name, scale, targets, rule="exact") > 1 - study.EXACT).all()

    exact = [row for row in rows if row["rule"] == "exact"]
    assert max(max(row["relative_error"]) for row in exact) < 5e-15


def test_the_page_has_the_tables_of_orders_and_what_it_claims(study, rows):
    page = study.PAGE.read_text()
    assert study.table_of_rules(rows) in page
    assert study.table_of_reach() in page
    for name, scale, targets in product(study.NETWORKS, study.SCALES, study.TARGETS):
        online, first = (
            np.median(study.cosines(rows, name, scale, targets, rule=rule), axis=1)
            for rule in ("online", "order 1")
        )
        assert (first[:2] > 1 - study.EXACT).all()
        assert (first >= online).all()
    for name, order in (("Jordan", "order 1"), ("NARX", "order 2")):
        for part, least in (("hidden", 1 - study.EXACT), ("all", 0.99999)):
            found = study.cosines(rows, name, 1.0, "every step", part, order)[-1]
            assert (found > least).all()


@pytest.mark.parametrize("name", ["gradients.png", "gradients_orders.png"])
def test_the_pictures_are_made(study, rows, name, tmp_path):
    panel = {"gradients.png": study.draw_scales, "gradients_orders.png": study.draw_rules}[name]
    study.picture(rows, tmp_path / "made.png", panel, "a rule")
    assert 10_000 < (tmp_path / "made.png").stat().st_size < 200_000
    assert (STUDIES / name).stat().st_size < 200_000
