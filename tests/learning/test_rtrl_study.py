"""The study of exact online learning: its tasks, its runner, and that its page says what was measured."""

import json
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import architect
from synapse import Trainer
from synapse.tasks import EmbeddedReber, reber

pytest.importorskip("matplotlib")

STUDIES = Path(__file__).parents[2] / "docs" / "studies"
GRU = {"network": "GRU 7-8-7"}


@pytest.fixture(scope="module")
def study():
    sys.path.insert(0, str(STUDIES))
    try:
        yield import_module("rtrl")
    finally:
        sys.path.remove(str(STUDIES))


@pytest.fixture(scope="module")
def tasks(study):
    return study.tasks


def solved(study, name, rule, **fields):
    """The number of seeds that solved a task."""
    rows = [row for row in study.rows_of(name) if fields.items() <= row.items() and row["rule"] == rule]
    assert rows
    return sum(row["needed"] is not None for row in rows)


# --- tasks --------------------------------------------------------------------------------------


def test_the_target_of_xor_is_that_of_the_two_marked_signs(tasks):
    inputs, targets = tasks.xor_sequences(200, 0)
    for rows, wanted in zip(inputs, targets):
        places = np.flatnonzero(rows[:, 1])
        assert len(places) == 2
        assert places[0] < tasks.XOR_STEPS // 2 <= places[1] < tasks.XOR_STEPS - 1
        first, second = rows[places, 0]
        assert wanted[-1, 0] == (first != second)
        assert np.isnan(wanted[:-1]).all()
    assert 0.4 < targets[:, -1].mean() < 0.6


def test_bits_are_to_be_copied_in_their_order(tasks):
    inputs, targets = tasks.copy_sequences(50, 8, np.random.default_rng(0))
    assert {len(rows) for rows in inputs} == {6, 8, 10, 12, 14, 16}
    for rows, wanted in zip(inputs, targets):
        half = len(rows) // 2
        np.testing.assert_array_equal(wanted[half:, 0], rows[:half, 1])
        assert np.isnan(wanted[:half]).all()
        np.testing.assert_array_equal(rows[:, 2], np.arange(len(rows)) >= half)


class Oracle:
    """A network that knows the grammar, and errs at some steps."""

    def __init__(self, strings, wrong=()):
        legal = [np.vstack([reber.legal_mask(s), np.eye(7)[0] > 0]) for s in strings]
        self.outputs = np.concatenate(legal).astype(float)
        self.outputs[list(wrong)] = 1 - self.outputs[list(wrong)]

    def clone(self):
        return self

    def clear(self):
        pass

    def run(self, rows):
        assert len(rows) == len(self.outputs)
        return self.outputs


def test_an_illegal_prediction_of_a_stream_is_found_except_in_the_first_string(tasks):
    strings = reber.strings(30, seed=0)
    assert not tasks.illegal(Oracle(strings), strings).any()
    first = len(strings[0])
    found = tasks.illegal(Oracle(strings, [0, first - 1, first, first + 9]), strings)
    assert np.flatnonzero(found).tolist() == [0, 9]


def test_a_sparse_gru_has_about_the_given_fraction_of_recurrent_connections(tasks):
    dense, sparse = tasks.sparse_gru(0, 24, 1.0), tasks.sparse_gru(0, 24, 0.1)
    assert 0.85 < (len(dense.connections) - len(sparse.connections)) / (3 * 24 * 24) < 0.95
    assert len(sparse) == len(dense)


@pytest.mark.parametrize(
    "build", [lambda: architect.Elman(7, 5, 7, seed=0), lambda: architect.GRU(7, 4, 7, seed=0)]
)
def test_order_2_is_exact_where_every_unit_reads_every_other(build):
    """So the study has no rows of order 2 for these."""
    found = []
    for order in (2, None):
        net = build()
        strings = EmbeddedReber().batch(20, 0)
        Trainer(net, 0.1, method="rtrl", order=order).train(
            strings.inputs, strings.targets, epochs=1, shuffle=False, progress=False
        )
        found.append(net.weights)
    np.testing.assert_array_equal(*found)


def test_a_gru_learns_recall_over_24_steps_online_by_exact_gradients(study, tasks):
    case = {"rule": "exact", "network": "GRU 10-8-4", "rate": 0.1}
    (row,) = [row for row in study.rows_of("recall") if {**case, "seed": 1}.items() <= row.items()]
    assert row["needed"] is not None
    assert tasks.recall_24(case, 1, 30_000)["needed"] is not None


# --- runner -------------------------------------------------------------------------------------


def test_a_study_continues_where_it_stopped(study, tmp_path, monkeypatch, capsys):
    asked = []

    def work(case, seed, most):
        asked.append((case["rule"], seed))
        return {"needed": most * seed or None}

    cases = study.rules("exact", "online", rate=0.1)
    monkeypatch.setattr(study, "TASKS", {"some": study.Task(work, cases, 10)})
    monkeypatch.setattr(study, "results", lambda name: tmp_path / f"{name}.json")
    monkeypatch.setattr(study, "library", lambda: "abc")
    study.run("some", range(2))
    study.run("some", range(3))
    assert asked == [(rule, seed) for seed in range(3) for rule in ("exact", "online")]
    rows = study.rows_of("some")
    assert [row["needed"] for row in rows] == [None, None, 10, 10, 20, 20]
    assert {row["commit"] for row in rows} == {"abc"}
    saved = json.loads((tmp_path / "some.json").read_text())
    assert saved["settings"] == {"most": 10, "cases": cases}
    assert "abc" not in capsys.readouterr().err


# --- page ---------------------------------------------------------------------------------------


def test_the_page_has_every_table(study):
    page = study.PAGE.read_text(encoding="utf-8")
    for name, table in study.TABLES.items():
        assert f"<!-- {name} -->" in page
        assert table() in page


def test_the_picture_is_made(study, tmp_path, monkeypatch):
    monkeypatch.setattr(study, "PICTURE", tmp_path / "made.png")
    study.picture()
    assert 10_000 < (tmp_path / "made.png").stat().st_size < 200_000
    assert (STUDIES / "rtrl.png").stat().st_size < 200_000


def test_what_the_page_says_of_the_rules(study):
    assert [solved(study, "reber", "exact", outputs=each) for each in ("softmax", "logistic")] == [7, 4]
    assert solved(study, "reber", "online") == solved(study, "recall", "online", network="GRU 10-8-4") == 0
    assert solved(study, "continual", "online", **GRU) == 1
    assert solved(study, "reber", "order 1") == 0
    assert solved(study, "recall", "exact") == solved(study, "recall", "order 1") == 10
    assert solved(study, "continual", "exact", **GRU) == 10
    lstm = {"network": "LSTM 2-8-1"}
    assert [solved(study, "xor", rule, **lstm) for rule in ("exact", "order 1", "online")] == [10, 10, 4]
    assert max(row["length"] for row in study.rows_of("copy")) == 7


def test_every_case_has_ten_seeds(study):
    for name in study.TABLES:
        seeds = [100, 101] if name == "sunspot_rates" else list(range(10))
        cases = study.cases_of(name)
        assert len(cases) == len(study.TASKS[name].cases)
        for _, rows in cases:
            assert [row["seed"] for row in rows] == seeds
