"""The table of counting languages: its networks and its trials."""

import pytest

from synapse.experiments import tables
from synapse.experiments.tables import languages
from synapse.experiments.tables._networks import weight_count


@pytest.mark.parametrize(("letters", "paper", "counters"), [("ab", 38, 27), ("abc", 90, 58)])
def test_weights(letters, paper, counters):
    assert weight_count(languages.network(letters, "paper", 0)) == paper
    assert weight_count(languages.network(letters, "counters", 0)) == counters


def test_counters_generalise(monkeypatch):
    monkeypatch.setattr(languages, "MOST", 40)
    case = {"letters": "ab", "kind": "counters", "rule": "online", "rates": [0.1, 0.01], "strings": 2000}
    found = languages.trial(1000, **case)
    assert found == languages.trial(1000, **case)
    assert found["needed"] <= 2000
    assert found["longest"] > 10
    assert not found["diverged"]


@pytest.mark.parametrize("rule", ["exact online", "through time", "Kalman filter"])
def test_rules(rule):
    rates = None if rule == "Kalman filter" else [0.03, 0.01]
    found = languages.trial(1000, "abc", "counters", rule, rates, 1000, every_n=True)
    assert set(found) == {"needed", "longest", "diverged"}


def test_divergence_is_recorded():
    found = languages.trial(1000, "abc", "paper", "online", [1e6, 1e6], 1000)
    assert found["longest"] == 0


def test_rows():
    table = tables.get("languages")
    assert len(table.rows) == 14
    assert all(row.case["kind"] in ("paper", "counters") for row in table.rows)
