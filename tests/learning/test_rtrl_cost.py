"""What exact online gradients need, by reach."""

import gc
import tracemalloc

import pytest

import architect
from synapse.errors import ArgumentError, ArgumentTypeError, TopologyError
from synapse.learning import rtrl_cost
from synapse.objects import sensitivities
from tests.helpers.cases import every_case
from tests.helpers.networks import perceptron


def test_an_elman_network_needs_what_the_textbook_says():
    hidden = 15
    parameters = 15 * (7 + 15 + 1)
    rows = rtrl_cost(architect.Elman(7, hidden, 7, seed=0))
    reaches = rows.values()
    assert [*rows] == [row.reach for row in reaches] == [1, 2, 3, None]
    assert [row.sensitivities for row in reaches] == [
        parameters,
        *[hidden * parameters] * 3,
    ]
    assert [row.products for row in reaches] == [
        parameters,
        *[hidden * hidden * parameters] * 3,
    ]
    assert [row.direct for row in reaches] == 4 * [parameters]
    assert {row.recurrent for row in reaches} == {hidden}
    # back along the weights from the context, and along its copies: of the whole layer,
    # or of one neuron
    assert [row.sweeps for row in reaches] == [
        hidden * (hidden + 1),
        *[hidden * 2 * hidden] * 3,
    ]
    for row in reaches:
        assert row.multiply_adds == row.sweeps + row.products + row.direct


@pytest.mark.full
@every_case("dtype", ["float64", "float32"])
@every_case("reach", [1, None])
def test_memory_is_what_a_plan_takes(dtype, reach):
    net = architect.Elman(7, 60, 7, seed=0, dtype=dtype)
    row = rtrl_cost(net, [reach])[reach]
    _, store, span = net._lowered()
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        plan = sensitivities.made_plan(net, store, span, reach)
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert plan.layout.size == row.sensitivities
    assert row.bytes == pytest.approx(taken, rel=0.1)


def test_what_does_not_fit_into_memory_is_a_row_with_its_size(monkeypatch):
    monkeypatch.setattr(sensitivities, "most_bytes", lambda: 50_000.0)
    table = rtrl_cost(architect.Elman(7, 15, 7, seed=0), (1, None))
    assert not table[1]._too_large
    assert f" {table[1].bytes / 1e3:.3g} kB " in repr(table)
    large = table[None]
    assert large._too_large
    assert large.bytes > 2 * 8 * 15 * 345
    assert large[1:3] == (None, None)
    assert large.multiply_adds is None
    assert repr(table).splitlines()[-1].split()[:3] == ["None", "too", "large"]


def test_what_cannot_be_used_is_refused():
    net = architect.GRU(2, 3, 1, seed=0)
    with pytest.raises(ArgumentTypeError, match="a Network"):
        rtrl_cost([net])
    for reaches in (0, [0], ["2"], "12", [1.5]):
        with pytest.raises(
            (ArgumentTypeError, ArgumentError), match="reach(es)?`? of rtrl_cost"
        ):
            rtrl_cost(net, reaches)
    net.project(perceptron(1, 1))
    with pytest.raises(TopologyError, match="Disconnect"):
        rtrl_cost(net)
