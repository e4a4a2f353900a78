"""Neurons that switch where a stretch begins and ends."""

import numpy as np
import pytest

import synapse
from synapse import Layer, Network
from synapse.analysis import switching
from synapse.errors import ArgumentError


def drifting():
    """A cell that follows its input, one that adds up steps, and one that is still."""
    inputs = Layer(2)
    cells = Layer(3, squash="identity", name="cell")
    inputs.project(cells, weights=[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    cells[1].project(cells[1], weight=1.0)
    return Network(inputs, [], cells)


OF = ("state", "activation")
MARK = np.isin(np.arange(60), [10, 11, 12, 40, 41, 42, 43])
ROWS = np.column_stack([np.where(MARK, 2.0, 0.5), np.ones(60)])


def test_the_neuron_that_follows_the_mark_is_first_and_a_drift_is_none():
    table = switching(drifting(), ROWS, MARK)
    assert table.name[0] == "cell 0"
    assert table.correlation[0] == pytest.approx(1.0)
    assert (table.inside[0], table.outside[0]) == (2.0, 0.5)
    others = dict(zip(table.name, table.correlation, strict=True))
    assert abs(others["cell 1"]) < 1e-12, "it rises as much before as after"
    assert others["cell 2"] == 0


def test_a_log_is_read_as_the_run_and_the_network_keeps_its_context():
    net = drifting()
    net.activate([3.0, 1.0])
    before = [neuron.state for neuron in net]
    table = switching(net, ROWS, MARK, what="activation")
    assert [neuron.state for neuron in net] == before
    net.clear()
    with synapse.record(net, "activation") as log:
        net.run(ROWS)
    read = switching(net, log, MARK, what="activation")
    assert np.array_equal(read.neuron, table.neuron)
    assert read.correlation == pytest.approx(table.correlation, abs=1e-12)
    assert np.array_equal(read.inside, table.inside)
    assert set(table.neuron.tolist()) == set(range(5)), "inputs have an activation"


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (MARK[1:], "for each step: 60"),
        (np.zeros(60), "both True and False, got only False"),
        (np.ones(60), "both True and False, got only True"),
    ],
)
def test_masks_that_mark_nothing_or_do_not_fit(mask, words):
    with pytest.raises(ArgumentError, match=words):
        switching(drifting(), ROWS, mask)


def test_a_delay_is_no_neuron_that_switches():
    inputs, cell = Layer(2, name="in"), Layer(1, "identity", name="cell")
    inputs[0].project(cell[0], weight=1.0, delay=3)
    net = Network(inputs, cell)
    names = {of: switching(net, ROWS, MARK, what=of).name.tolist() for of in OF}
    assert names["state"] == ["cell 0"]
    assert sorted(names["activation"]) == ["cell 0", "in 0", "in 1"]
