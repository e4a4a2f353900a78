"""The table of the continual Reber grammar: the network of the paper, and how long a stream is right."""

import numpy as np

from synapse.experiments.tables import continual_reber
from synapse.experiments.tables._networks import weight_count
from synapse.tasks import ContinualReber


def test_the_network_of_the_paper():
    net = continual_reber._network(continual_reber.PAPER, 0)
    assert weight_count(net) == 424
    np.testing.assert_array_equal(net["forget gates"].biases, [0.5, 1.0, 1.5, 2.0])
    np.testing.assert_array_equal(net["input gates"].biases, [-0.5, -1.0, -1.5, -2.0])


class Oracle:
    """A network that knows a stream, and errs once."""

    def __init__(self, stream, wrong):
        self.rows = stream.take(5000).targets
        self.rows[wrong] = 1 - self.rows[wrong]
        self.at = 0

    def run(self, rows):
        self.at += len(rows)
        return self.rows[self.at - len(rows) : self.at]


def test_right_symbols_are_those_before_the_first_error(monkeypatch):
    monkeypatch.setattr(continual_reber, "preserved_context", lambda network: np.errstate())
    monkeypatch.setattr(Oracle, "clear", lambda self: None, raising=False)
    for wrong in (0, 199, 200, 3456):
        oracle = Oracle(ContinualReber().stream(3), wrong)
        assert continual_reber.right_symbols(oracle, 3) == wrong
    assert continual_reber.right_symbols(Oracle(ContinualReber().stream(3), 3000), 3, 2500) == 2500


def test_trials_of_both_kinds():
    paper, default = continual_reber.TABLE.rows[-1].case, continual_reber.TABLE.rows[0].case
    found = continual_reber.trial(1000, **{**paper, "most": 20})
    assert (found["needed"], found["trained"]) == (None, 20)
    assert found["length"] < 100
    found = continual_reber.trial(1000, **{**default, "most": 100})
    assert (found["needed"], found["trained"], found["symbols"]) == (None, 100, None)
