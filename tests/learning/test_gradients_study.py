"""The study of the online rule and the exact gradient: what its page says is what is measured."""

import json
import sys
from importlib import import_module
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


@pytest.mark.parametrize("name", ["LSTM, no peepholes", "LSTM, all to all", "Elman", "GRU", "Random"])
def test_measured_again_it_is_the_same(study, rows, name):
    found = study.measure(name, 1.0, "last step", 5)
    (kept,) = [row for row in rows if all(row[key] == found[key] for key in list(found)[:4])]
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


def test_the_picture_is_made(study, rows, tmp_path, monkeypatch):
    monkeypatch.setattr(study, "PICTURE", tmp_path / "made.png")
    study.picture(rows)
    assert 10_000 < (tmp_path / "made.png").stat().st_size < 200_000
    assert (STUDIES / "gradients.png").stat().st_size < 200_000
