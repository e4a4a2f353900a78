"""The table of the embedded Reber grammar: its networks, and its trial."""

import numpy as np
import pytest

from synapse.experiments.tables import reber
from synapse.experiments.tables._networks import weight_count
from synapse.tasks import EmbeddedReber


@pytest.mark.parametrize(("name", "count"), [("3 blocks of 2", 276), ("4 blocks of 1", 264)])
def test_the_networks_of_the_paper(name, count):
    net = reber.NETWORKS[name](0)
    assert weight_count(net) == count
    blocks = int(name[0])
    np.testing.assert_array_equal(net["output gates"].biases, [-1.0, -2.0, -3.0, -4.0][:blocks])
    assert (np.abs(net["input gates"].biases) <= 0.2).all()
    assert np.abs(net.weights[[link.trainable for link in net.connections]]).max() <= 0.2
    assert (net.output.biases == 0).all()


def test_every_row_fits_the_task_and_has_the_same_arguments():
    for row in reber.TABLE.rows:
        assert row.case.keys() == reber.TABLE.rows[0].case.keys()
        EmbeddedReber().require_fit(reber.NETWORKS[row.case["network"]](1))


def test_a_trial_ends_when_all_strings_are_right():
    (row,) = [
        row for row in reber.TABLE.rows if row.case["rule"] == "through time" and row.case["batch"] == 4
    ]
    found = reber.trial(1000, **row.case)
    assert found["needed"] == found["trained"] < 8440
    assert found["wrong"] < 30
    again = reber.trial(1000, **{**row.case, "most": 100})
    assert (again["needed"], again["trained"]) == (None, 100)
    assert again["wrong"] > 2000
