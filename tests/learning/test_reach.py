"""What exact online gradients need, by order."""

import gc
import tracemalloc

import numpy as np
import pytest

import architect
import synapse
from synapse import _sensitivities
from synapse.errors import ArgumentError, KindError, TopologyError
from synapse.learning import reach

from ..networks import perceptron, unchanged, used


def test_an_elman_network_needs_what_the_textbook_says():
    hidden, parameters = 15, 15 * (7 + 15 + 1)
    found = reach(architect.Elman(7, hidden, 7, seed=0))
    assert [row.order for row in found] == [1, 2, 3, None]
    assert [row.sensitivities for row in found] == [parameters, *[hidden * parameters] * 3]
    assert [row.products for row in found] == [parameters, *[hidden * hidden * parameters] * 3]
    assert [row.direct for row in found] == 4 * [parameters]
    assert {row.recurrent for row in found} == {hidden}
    # back along the weights from the context, and along its copies: of the whole layer, or of one neuron
    assert [row.sweeps for row in found] == [hidden * (hidden + 1), *[hidden * 2 * hidden] * 3]
    for row in found:
        assert row.multiply_adds == row.sweeps + row.products + row.direct


def test_blocks_without_connections_between_them_keep_what_the_online_rule_keeps():
    net = architect.LSTM(7, 15, 7, peepholes=None, style="synaptic", seed=0)
    rows = reach(net).rows
    assert len({row._replace(order=None) for row in rows}) == 1
    gates_and_cell = 3 * (7 + 1)  # of its own block: the cell, its input gate and its forget gate
    assert rows[0].sensitivities == 15 * gates_and_cell


def test_a_network_without_memory_needs_nothing():
    for row in reach(perceptron(3, 4, 2)):
        assert (row.recurrent, row.sensitivities, row.multiply_adds) == (0, 0, 0)


def test_shared_parameters_count_once():
    net = architect.Elman(3, 5, 2, seed=0)
    once = reach(net)[None].sensitivities
    synapse.tie([c for c in net.connections if c.target is net.hidden[1][0]][:4])
    assert reach(net)[None].sensitivities == once - 5 * 3


def test_frozen_parameters_do_not_count():
    net = architect.Elman(3, 5, 2, seed=0)
    for neuron in net.hidden[1]:
        neuron.trainable = False
    assert reach(net)[1].sensitivities == 5 * (3 + 5)


@pytest.mark.parametrize(("dtype", "size"), [("float64", 8), ("float32", 4)])
@pytest.mark.parametrize("order", [1, None])
def test_memory_is_what_a_plan_takes(dtype, size, order):
    net = architect.Elman(7, 60, 7, seed=0, dtype=dtype)
    row = reach(net, [order])[order]
    assert row.bytes >= 2 * size * row.sensitivities
    _, store, span = net._ready()
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        plan = _sensitivities.made_plan(net, store, span, order)
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert plan.layout.size == row.sensitivities
    assert row.bytes == pytest.approx(taken, rel=0.1)


def test_what_does_not_fit_into_memory_is_a_row_with_its_size(monkeypatch):
    monkeypatch.setattr(_sensitivities, "most_bytes", lambda: 50_000.0)
    found = reach(architect.Elman(7, 15, 7, seed=0), (1, None))
    assert not found[1].too_large
    large = found[None]
    assert large.too_large
    assert large.bytes > 2 * 8 * 15 * 345
    assert large[1:3] == (None, None)
    assert large.multiply_adds is None
    assert repr(found).splitlines()[-1].split()[:3] == ["None", "too", "large"]


def test_it_prints_a_table():
    lines = repr(reach(architect.Elman(7, 15, 7, seed=0), [2])).splitlines()
    assert lines[0] == "<Reach of <Elman 7-15-7, 44 neurons, 450 connections>; multiply-adds of one step"
    head = "order recurrent sensitivities memory sweeps product direct multiply-adds"
    assert lines[1].split() == head.split()
    cells = lines[2].split()
    assert cells[:3] == ["2", "15", "5175"]
    assert cells[4] in ("kB", "MB")
    assert cells[5:] == ["450", "77625", "345", "78420>"]
    assert len(lines) == 3


def test_rows_are_found_by_order():
    found = reach(architect.GRU(2, 3, 1, seed=0), (1, np.int64(2), None))
    assert found[2] is found.rows[1]
    assert [found[row.order] for row in found] == list(found)
    assert len(found) == 3
    with pytest.raises(ArgumentError, match="to be one of 1, 2, None, got 5"):
        found[5]


def test_nothing_changes():
    net = used(architect.GRU(2, 3, 1, seed=0))
    with unchanged(net):
        reach(net)
    net.learning_rule = "rtrl"
    net.activate([0.1, 0.2])
    before = dict(net.connections[0].sensitivity)
    reach(net, (1,))
    assert dict(net.connections[0].sensitivity) == before


def test_what_cannot_be_used_is_refused():
    net = architect.GRU(2, 3, 1, seed=0)
    with pytest.raises(KindError, match="a Network"):
        reach([net])
    for orders in (0, [0], ["2"], "12", [1.5]):
        with pytest.raises((KindError, ArgumentError), match="orders? of reach"):
            reach(net, orders)
    net.project(perceptron(1, 1))
    with pytest.raises(TopologyError, match="Disconnect"):
        reach(net)
