"""Rows and sequences side by side: what single steps compute, with bits that depend
neither on the rows beside nor on threads; and what they leave."""

import signal
import warnings
from itertools import product

import numpy as np
import pytest
from hypothesis import settings, strategies as st

import architect
from synapse import Layer, Network, Trainer, record, squashes
from synapse.errors import ArgumentError, FunctionError, TopologyWarning
from synapse.objects import side_by_side
from synapse.objects.side_by_side import kernel_rows
from tests.helpers.called_in_python import in_python
from tests.helpers.cases import every_case
from tests.helpers.strategies import Twin, delay_some, given_graphs, specs
from tests.learning.helpers import built


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """Few samples are a part, which another thread can take; a group is converted."""
    monkeypatch.setattr(side_by_side, "PART", 1)
    monkeypatch.setattr(side_by_side, "CONVERTED", 1)


def in_steps(net, sequences):
    """The outputs of single steps."""
    outputs = []
    for rows in sequences:
        net.clear()
        outputs.append([net.activate(row) for row in rows])
    return [np.reshape(answer, (-1, len(net.output))) for answer in outputs]


def drawn(net, lengths, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.uniform(-1, 1, (length, len(net.input))) for length in lengths]


@pytest.mark.full
@settings(max_examples=60)
@given_graphs(
    specs(), st.lists(st.integers(0, 4), min_size=2, max_size=20), st.booleans()
)
def test_random_graphs_run_as_the_reference_does(spec, lengths, traces):
    twin = Twin(spec)
    if twin.net is None:
        return
    inputs = drawn(twin.net, lengths)
    for rows, answer in zip(inputs, twin.net.run(inputs, traces=traces), strict=True):
        for unit in twin.reference.units.values():
            unit.forget()
        for row, output in zip(rows, answer, strict=True):
            twin.reference.step(twin.order, list(row), twin.net.synchronous)
            expected = [twin.reference.units[j].y for j in twin.order[-len(output) :]]
            np.testing.assert_allclose(output, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.full
@settings(max_examples=40)
@given_graphs(
    st.integers(0, 10_000),
    st.lists(st.integers(1, 4), min_size=2, max_size=40),
    st.randoms(use_true_random=False),
    st.sampled_from(["float64", "float32"]),
    st.booleans(),
)
def test_no_bit_depends_on_the_rows_beside(seed, lengths, random, dtype, traces):
    counts = {"gates": 8, "self_connections": 3, "backward": 9}
    net = architect.Random(3, 5 + seed % 40, 2, **counts, seed=seed, dtype=dtype)
    if seed % 2:
        delay_some(net, seed, 8)
    inputs = drawn(net, lengths)
    whole = net.run(inputs, traces=traces)
    precise = 1e-12 if dtype == "float64" else 1e-4
    for answer, expected in zip(whole, in_steps(net, inputs), strict=True):
        np.testing.assert_allclose(answer, expected, rtol=precise, atol=precise)
    for threads in (1, 2, 3):
        count = random.randint(2, len(inputs))
        chosen = random.sample(range(len(inputs)), count)
        some = net.run([inputs[i] for i in chosen], traces=traces, threads=threads)
        for i, answer in zip(chosen, some, strict=True):
            np.testing.assert_array_equal(answer, whole[i])


PERCEPTRONS = {
    "dense": lambda dtype: architect.Perceptron(20, 30, 9, 3, seed=0, dtype=dtype),
    "small": lambda dtype: architect.Perceptron(2, 3, 1, seed=0, dtype=dtype),
    "lists": lambda dtype: architect.Perceptron(130, 37, 2, seed=0, dtype=dtype),
    "classes": lambda dtype: architect.Perceptron(
        5, 17, 4, seed=0, output_squash="softmax", dtype=dtype
    ),
}


@every_case("make", PERCEPTRONS)
@every_case("dtype", ["float64", "float32"])
def test_any_number_of_rows_has_the_bits_of_many(make, dtype):
    """A row alone is a single step, whose sums have another order."""
    net = PERCEPTRONS[make](dtype)
    rows = np.random.default_rng(0).normal(size=(37, len(net.input)))
    rows[20:] *= np.random.default_rng(1).random(rows[20:].shape) < 0.01
    rows = rows.astype(dtype)
    whole = net.run(rows)
    precise = 1e-12 if dtype == "float64" else 1e-5
    np.testing.assert_allclose(whole, [net.activate(row) for row in rows], atol=precise)
    np.testing.assert_array_equal(net.run(rows[:1])[0], net.activate(rows[0]))
    for same in (
        net.run(rows.astype(float)),
        net.run(rows.tolist()),
        net.run(rows[::-1])[::-1],
        net.run(rows[:, None], traces=False)[:, 0],
    ):
        np.testing.assert_array_equal(same, whole)
    for start, length in product((0, 5, 19), (2, 3, 4, 7, 8, 9, 15, 16, 17, 18)):
        stop = start + length
        for traces in (False, True):
            answer = net.run(rows[start:stop], traces=traces, threads=1 + stop % 3)
            np.testing.assert_array_equal(answer, whole[start:stop])


def in_one_store(dtype):
    """A network that reads another one, which does not step."""
    other, net = built("perceptron", dtype=dtype), built("perceptron", 1, dtype=dtype)
    with warnings.catch_warnings(action="ignore", category=TopologyWarning):
        other.output.project(net.hidden[0], seed=0)
    other.activate([0.1, 0.2, 0.3])
    assert net.input[0]._row > 0
    return net


COSTED = {
    **{
        sort: lambda sort=sort: built(sort) for sort in ("perceptron", "lstm", "delays")
    },
    "two in a store": lambda: in_one_store("float64"),
}


@every_case("make", COSTED)
def test_a_test_computes_the_costs_of_single_steps(make):
    net = COSTED[make]()
    lengths = [3, 1, 4, 2, 6, 5, 3, 2, 1, 4]
    inputs = drawn(net, lengths)
    targets = [np.random.default_rng(1).random((n, 2)) for n in lengths]
    targets[3][:] = targets[4][1, 0] = np.nan
    costs = []
    for rows, aims in zip(in_steps(net, inputs), targets, strict=True):
        with np.errstate(invalid="ignore"):
            cost = -aims * np.log(rows) - (1 - aims) * np.log1p(-rows)
        costs += [
            np.nansum(c) for c, t in zip(cost, aims, strict=True) if (t == t).any()
        ]
    result = Trainer(net).test(inputs, targets)
    assert result.steps == len(costs)
    np.testing.assert_allclose(result.loss, np.mean(costs), rtol=1e-12)
    weights = np.arange(10.0)
    weighted = Trainer(net).test(inputs, targets, sample_weight=weights)
    by_row = np.repeat(weights, lengths)[~np.isnan(np.concatenate(targets)).all(1)]
    assert weighted.steps == np.count_nonzero(by_row)
    np.testing.assert_allclose(
        weighted.loss, np.average(costs, weights=by_row), rtol=1e-12
    )


@pytest.mark.parametrize("sort", ["lstm", "perceptron"])
def test_a_recording_changes_no_bit_and_has_every_step(sort):
    """Also of rows of a network without memory."""
    net = built(sort)
    inputs = drawn(net, [3] * 20) if sort == "lstm" else drawn(net, [60])[0]
    whole = np.array(net.run(inputs))
    with record(net, neurons=net.output) as log:
        recorded = net.run(inputs)
    np.testing.assert_array_equal(np.array(recorded), whole)
    np.testing.assert_allclose(log.activation, whole.reshape(60, -1), atol=1e-12)


@in_python(squashes.register)
def fails_above(state):
    if state > 50.0:
        raise ValueError("too large")
    return state, 1.0


@every_case("traces", [True, False])
def test_a_failure_is_that_of_single_steps(traces):
    net = architect.Perceptron(3, 4, 1, seed=0, squash="fails_above")
    (rows,) = drawn(net, [40])
    np.testing.assert_allclose(net.run(rows), [net.activate(row) for row in rows])
    rows[31] = 1e4
    errors = []
    for call in (
        lambda: net.run(rows, traces=traces, threads=3),
        lambda: [net.run(row[None], traces=traces) for row in rows],
    ):
        net.clear()
        with pytest.raises(FunctionError, match="fails_above") as raised:
            call()
        errors.append(str(raised.value))
    assert errors[0] == errors[1]


def test_ctrl_c_is_noticed_between_parts_and_nothing_has_changed(monkeypatch):
    net = architect.Perceptron(3, 4, 2, seed=0)
    (rows,) = drawn(net, [200])
    expected = net.run(rows)
    net.activate(rows[7])
    before = [neuron.activation for neuron in net]
    converted = []

    def pressed(some, *others):
        converted.append(len(some))
        if len(converted) == 3:
            signal.raise_signal(signal.SIGINT)
        return kernel_rows(some, *others)

    monkeypatch.setattr(side_by_side, "MAX_PART", 1)
    monkeypatch.setattr(side_by_side, "kernel_rows", pressed)
    with pytest.raises(KeyboardInterrupt):
        net.run(rows, threads=1)
    assert len(converted) == 3
    assert [neuron.activation for neuron in net] == before
    assert np.array_equal(net.run(rows), expected)


@every_case("dtype", ["float64", "float32"])
def test_inputs_that_are_not_finite_are_refused(dtype):
    net = architect.Perceptron(3, 4, 1, seed=0, dtype=dtype)
    (rows,) = drawn(net, [40])
    net.activate(rows[0])
    columns = [net._store[name] for name in ("activation", "clock")]
    before = [column.tolist() for column in columns]
    for wrong in (np.nan, np.inf, *([1e300] if dtype == "float32" else [])):
        rows[31, 1] = wrong
        for values in (rows, rows[:, None], rows.tolist()):
            with pytest.raises(ArgumentError, match="finite|range|float32"):
                net.run(values)
    assert [column.tolist() for column in columns] == before


def test_random_neurons_draw_in_the_order_of_the_rows():
    net = architect.Perceptron(3, 8, 2, squash="bernoulli", seed=0)
    (rows,) = drawn(net, [20])
    net.reseed(0)
    whole = net.run(rows)
    net.reseed(0)
    np.testing.assert_array_equal(whole, [net.activate(row) for row in rows])


def test_a_network_that_synchronously_steps():
    x, h, y = Layer(3), Layer(6, "tanh"), Layer(2)
    x.project(h, seed=0), h.project(h, seed=1), h.project(y, seed=2)
    net = Network(x, h, y, synchronous=True)
    inputs = drawn(net, [4, 2, 7, 7, 1] * 5)
    for answer, expected in zip(net.run(inputs), in_steps(net, inputs), strict=True):
        np.testing.assert_allclose(answer, expected, atol=1e-12)
