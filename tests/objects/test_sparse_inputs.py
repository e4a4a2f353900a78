"""Sparse rows of inputs, and dicts of those that are not 0: the same bits as arrays."""

from types import MappingProxyType, SimpleNamespace

import numpy as np
import pytest
from scipy import sparse

import architect
import synapse
from synapse.errors import ArgumentError, ArgumentTypeError

MAKERS = {
    "lists": lambda d: architect.Perceptron(300, 40, 2, seed=0, dtype=d),
    "small": lambda d: architect.Perceptron(20, 4, 2, seed=0, dtype=d),
    "memory": lambda d: architect.Elman(200, 20, 2, seed=1, dtype=d),
    "delays": lambda d: architect.NARX(70, 20, 2, seed=1, dtype=d),
    "gates": lambda d: architect.LSTM(70, 5, 2, seed=1, dtype=d),
}


def numbers(net):
    names = [
        "weight",
        "bias",
        "activation",
        "old_activation",
        "stamp",
        "state",
        "derivative",
    ]
    return [net._store[name].tobytes() for name in names]


def gap(targets, outputs):
    return float(np.abs(targets - outputs).sum())


def pair(architecture, dtype):
    net = MAKERS[architecture](dtype)
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(60, len(net.input)))
    rows = np.where(rng.random(rows.shape) < 0.02, rows, 0.0)
    rows[5] = rng.normal(size=rows.shape[1])
    return net, net.clone(), rows, rng.random((60, 2))


@pytest.mark.full
@pytest.mark.parametrize("rule", ["online", "rtrl", "bptt"])
@pytest.mark.parametrize("architecture", MAKERS)
def test_training(architecture, rule):
    dense, other, rows, targets = pair(architecture, "float64")
    csr_rows = sparse.csr_array(rows)
    for options in ({}, {"optimizer": "adam", "batch_size": 7}):
        ended = []
        for net, inputs in ((dense, rows), (other, csr_rows)):
            trainer = synapse.Trainer(net, rule=rule, rate=0.01, **options)
            held_out = inputs[:9], targets[:9]
            trainer.train(
                inputs, targets, epochs=2, seed=0, validation=held_out, progress=False
            )
            ended.append(trainer.test(inputs, targets, metrics=[gap]))
        assert ended[0] == ended[1]
        assert numbers(dense) == numbers(other)
    of_dense, of_sparse = (
        synapse.gradient(net, inputs, targets)
        for net, inputs in ((dense, rows), (other, csr_rows))
    )
    assert np.array_equal(of_dense.weights, of_sparse.weights)


def test_names_of_inputs_may_change():
    net = architect.Perceptron(80, 20, 1, seed=0)
    row = np.zeros(80)
    row[4] = 0.5
    expected = net.activate(row)
    for name in ("rain", "snow"):
        net.input[4].name = name
        assert net.activate({name: 0.5}) == expected
        assert net.activate(MappingProxyType({name: 0.5})) == expected
        assert net.activate({np.int64(4): 0.5}, inject={"output": 0.0}) == expected
    with pytest.raises(ArgumentError, match="names or indices"):
        net.activate({"rain": 1.0})
    net.input[7].name = "snow"
    with pytest.raises(ArgumentError, match="'snow', which several have"):
        net.activate({"snow": 1.0})


def csr(**parts):
    usual = {
        "indptr": np.array([0, 2]),
        "indices": np.array([1, 5]),
        "data": np.array([1.0, 2.0]),
        "shape": (1, 80),
    }
    return SimpleNamespace(**(usual | parts))


REFUSED = {
    "wider": (csr(shape=(1, 81)), "Expected 80 inputs per step, got"),
    "negative": (csr(indices=np.array([-1, 5])), "from 0 to 79, got -1"),
    "twice": (csr(indices=np.array([5, 5])), "each index once, got 5 twice"),
    "beyond": (csr(indices=np.array([5, 80])), "from 0 to 79, got 80"),
    "no whole number": (csr(indices=np.array([1.5, 2.0])), "whole numbers in `ind"),
    "too many": (csr(indptr=np.array([0, 3])), "2 offsets from 0 to 2"),
    "a later first offset": (csr(indptr=np.array([1, 2])), "from 0 to 2 in"),
    "descending": (csr(indptr=np.array([2, 0])), "ascending"),
    "no offsets": (csr(indptr=np.array([0])), "2 offsets"),
    "not finite": (csr(data=np.array([1.0, np.nan])), "finite"),
    "text": (csr(data=np.array(["a", "b"])), "numbers"),
    "by column": (SimpleNamespace(**vars(csr()), format="csc"), "CSR"),
    "a negative index": ({-1: 1.0}, "from 0 to 79, got -1"),
    "an index beyond": ({80: 1.0}, "from 0 to 79, got 80"),
    "no name": ({"rain": 1.0}, "names or indices"),
    "a boolean": ({True: 1.0}, "names or indices"),
    "a name and its index": ({"x": 1.0, 0: 1.0}, "each index once, got 0 twice"),
    "NaN": ({1: np.nan}, "finite"),
    "an array": ({1: [2.0]}, "a dict of numbers"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    csr_rows, sentence = REFUSED[case]
    net = architect.Perceptron(80, 20, 1, seed=0)
    net.input[0].name = "x"
    net.activate(np.ones(80))
    before = numbers(net)
    call = net.activate if isinstance(csr_rows, dict) else net.run
    with pytest.raises((ArgumentError, ArgumentTypeError), match=sentence):
        call(csr_rows)
    assert numbers(net) == before


def test_arrays_are_copied():
    """A callback that changes the arrays changes nothing that kernels read."""
    net = architect.Perceptron(80, 20, 1, seed=0)
    csr_rows = sparse.random_array((20, 80), density=0.1, rng=1, format="csr")
    trainer = synapse.Trainer(net, rule="online", rate=0.01)

    def spoil(*_):
        csr_rows.indices[:] = 1 << 30
        csr_rows.data[:] = np.nan

    trainer.train(
        csr_rows, np.ones((20, 1)), epochs=3, callbacks=[spoil], progress=False
    )
    assert np.isfinite(net._store["weight"]).all()


@pytest.mark.parametrize("trainable", [True, False])
def test_connections_into_inputs_see_sparse_rows_as_they_see_dense_ones(trainable):
    """An input that has connections of its own is a neuron that is set, with traces."""
    dense = architect.Perceptron(5, 3, 2, seed=0)
    feedback = dense.hidden[0].project(dense.input, seed=1)
    feedback.trainable = trainable
    other = dense.clone()
    rows = np.where(np.random.default_rng(2).random((9, 5)) < 0.4, 0.5, 0.0)
    for row in range(len(rows)):
        part = slice(row, row + 1)
        outputs = dense.run(rows[part]), other.run(sparse.csr_array(rows[part]))
        assert np.array_equal(*outputs)
        assert numbers(dense) == numbers(other)
        for net in (dense, other):
            net.propagate(0.1, [0.3, 0.7])
    assert numbers(dense) == numbers(other)


@pytest.mark.full
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("architecture", MAKERS)
def test_runs_and_steps(architecture, dtype):
    dense, other, rows, _ = pair(architecture, dtype)
    csr_rows = sparse.csr_array(rows)
    assert np.array_equal(dense.run(rows), other.run(csr_rows))
    assert numbers(dense) == numbers(other)
    assert np.array_equal(dense.peek(rows[0]), other.peek(rows[0]))
    outputs = dense.run(rows, traces=False)
    assert np.array_equal(outputs, other.run(sparse.coo_array(rows), traces=False))
    halves = dense.run([rows[:7], rows[7:]]), other.run([csr_rows[:7], csr_rows[7:]])
    assert all(map(np.array_equal, *halves))
    for row in rows[:4]:
        numbers_by_index = {int(i): float(row[i]) for i in np.flatnonzero(row)}
        assert np.array_equal(dense.peek(row), other.peek(numbers_by_index))
        assert np.array_equal(dense.activate(row), other.activate(numbers_by_index))
    assert numbers(dense) == numbers(other)
    many = np.tile(rows, (20, 1))
    outputs = other.run(sparse.csr_matrix(many), threads=3)
    assert np.array_equal(dense.run(many), outputs)
