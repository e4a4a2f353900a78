"""The table of recall: the wiring of two layers, and its trials."""

import numpy as np
import pytest

from synapse.experiments.tables import recall
from synapse.tasks import Recall


@pytest.fixture
def net():
    return recall.two_layers(6, 4, 2, "logistic", "one_to_one", seed=0)


def into(net, source, target):
    targets = {neuron: i for i, neuron in enumerate(net[target])}
    sources = {neuron: i for i, neuron in enumerate(net[source])}
    return [
        (sources[link.source], targets[link.target], link)
        for link in net.connections
        if link.source in sources and link.target in targets
    ]


def test_a_second_cell_is_reached_through_two_gated_layers(net):
    first, second = into(net, "cells 1", "hidden 1"), into(net, "hidden 1", "cells 2")
    assert [(i, j) for i, j, _ in first] == [(i, i) for i in range(4)]
    assert all(link.gater is net["output gates 1"][i] for i, _, link in first)
    assert len(second) == 16
    assert all(link.gater is net["input gates 2"][j] for _, j, link in second)


def test_inputs_reach_both_layers_and_outputs_see_both(net):
    for layer in (1, 2):
        inward = into(net, "input", f"cells {layer}")
        assert len(inward) == 24
        assert all(link.gater is net[f"input gates {layer}"][j] for _, j, link in inward)
        assert len(into(net, f"hidden {layer}", "output")) == 8
        loops = into(net, f"cells {layer}", f"cells {layer}")
        assert [(i, j, link.weight, link.trainable) for i, j, link in loops] == [
            (i, i, 1.0, False) for i in range(4)
        ]
        assert all(link.gater is net[f"forget gates {layer}"][i] for i, _, link in loops)
    assert len(into(net, "input", "output")) == 12


def test_peepholes_stay_in_a_layer(net):
    for kind, count in ((None, 0), ("one_to_one", 4), ("all_to_all", 16)):
        some = recall.two_layers(6, 4, 2, "identity", kind, seed=0)
        for layer in (1, 2):
            for gate in ("input", "forget", "output"):
                assert len(into(some, f"cells {layer}", f"{gate} gates {layer}")) == count
        assert not into(some, "cells 1", "input gates 2")


def test_the_curriculum_has_9625_sequences_of_growing_length(monkeypatch):
    drawn = []
    batch = Recall.batch
    monkeypatch.setattr(
        Recall, "batch", lambda self, *a: drawn.append((self.length, a[0])) or batch(self, *a)
    )
    (row,) = [row for row in recall.TABLE.rows if row.case["curriculum"] and row.case["cells"] == "identity"]
    found = recall.trial(1000, **row.case)
    assert drawn[:7] == [(length, 1375) for length in range(4, 11)]
    assert found["trained"] == 9625
    assert found["needed"] == 9625
    assert found["wrong"] <= 50


def test_every_row_has_a_network_that_fits():
    for row in recall.TABLE.rows:
        task = recall.LONG if row.case["steps"] == 24 else recall.SHORT
        names = ("network", "cells", "peepholes")
        task.require_fit(recall._network(task, *(row.case[name] for name in names), 1))
    assert np.isin([row.case["steps"] for row in recall.TABLE.rows], [10, 24]).all()
