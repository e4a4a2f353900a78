"""The table of precise timing: its networks and its trials."""

import pytest

from synapse.experiments import tables
from synapse.experiments.tables import timing
from synapse.experiments.tables._networks import weight_count


def test_weights():
    assert weight_count(timing.network(True, "paper", "logistic", 0)) == 17
    assert weight_count(timing.network(False, "closed", "identity", 0)) == 14


def test_the_bias_of_a_cell_passes_its_input_gate():
    net = timing.network(True, "paper", "logistic", 0)
    net["input gates"].biases = [-50.0]
    net.run([[1.0], [1.0]])
    assert abs(net["cells"][0].state) < 1e-15


def case(**changes):
    usual = dict(tables.get("timing").rows[0].case)
    return {**usual, "period": 2, "most": 300, **changes}


def test_the_same_seed_has_the_same_result():
    first, second, other = (timing.trial(seed, **case(period=4, rate=0.05)) for seed in (1000, 1000, 1001))
    assert first == second
    assert first["trained"] == other["trained"] == 300


def test_an_easy_period_is_learnt():
    """The target is 1 after the first step."""
    found = timing.trial(1000, **case(period=1, rate=0.3, decay=1.0, start="paper", most=2000))
    assert found["needed"] == found["trained"] < 2000
    assert found["longest"] == 100


@pytest.mark.parametrize("changes", [{"rule": "exact online"}, {"rule": "through time"}, {"shape": "cosine"}])
def test_other_rules_and_tasks(changes):
    found = timing.trial(1000, **case(period=6, **changes))
    assert found["needed"] is None or found["needed"] <= 300
    assert found["trained"] <= 400


def test_divergence_is_recorded():
    found = timing.trial(1000, **case(shape="cosine", rate=1e200, decay=1.0))
    assert found["diverged"]
