"""Single calls of kernels: refused values change nothing, results are new arrays, edits
between calls, and sparse inputs."""

import re
from functools import partial
from types import MappingProxyType, SimpleNamespace

import numpy as np
import pytest
from scipy import sparse

import architect
import synapse
from synapse import Layer, Network, costs
from synapse.errors import ArgumentError, ArgumentTypeError, DivergenceError
from tests.helpers.cases import Cases, all_refused
from tests.helpers.integrity import contents
from tests.helpers.processes import python

X = np.array([0.2, 0.7])
T = np.array([0.3])
NAN = float("nan")
INF = float("inf")


def perceptron(dtype="float64", outputs=1, squash="logistic"):
    a, b = Layer(2, dtype=dtype), Layer(3, dtype=dtype)
    c = Layer(outputs, squash, dtype=dtype)
    a.project(b, seed=1), b.project(c, seed=2)
    net = Network(a, b, c)
    net.activate(X)
    net.propagate(0.1, np.full(outputs, 1.0 / outputs))
    return net


def refused(net, sentence, call, *arguments):
    """The call raises an error that ends so, and changes no number of the store."""
    before = contents(net._store)
    with pytest.raises(
        (ArgumentError, ArgumentTypeError), match=f"{re.escape(sentence)}\\.$"
    ):
        call(*arguments)
    assert contents(net._store) == before


TEXT = "1 number, got text. Number classes by np.unique(labels, return_inverse=True)[1]"

BETWEEN = (
    "lie between 0 and 1, got {}. Scale them, or use linear outputs and squared error"
)
BAD_INPUTS = {
    "finite, got [0.5, nan] in step 0": np.array([0.5, NAN]),
    "finite, got [0.5, -inf] in step 0": np.array([0.5, -INF]),
    "2 inputs, got 1": np.array([0.5]),
    "2 inputs, got an array of shape (2, 1)": np.zeros((2, 1)),
    "2 inputs, got a single number": np.array(0.5),
    "2 numbers, got complex numbers": np.zeros(2, complex),
}
BAD_TARGETS = {
    "finite, got array([inf])": np.array([INF]),
    BETWEEN.format(1.5): np.array([1.5]),
    BETWEEN.format(-1e-300): np.array([-1e-300]),
    "1 target, got 2": np.zeros(2),
    TEXT: np.array(["a"]),
}
BAD_RATES = {
    "a finite number, got inf": INF,
    "a finite number, 0 or above, got -0.1": -0.1,
    "a number, got '0.1'": "0.1",
    "a number, got True": True,
    "a number, got array([0.])": np.zeros(1),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_refused_values_change_nothing(dtype):
    net = perceptron(dtype)
    neuron = net.output[0]
    propagating = {
        "a network": lambda rate: net.propagate(rate, T),
        "without targets": net.propagate,
        "a layer": net.output.propagate,
        "a neuron": neuron.propagate,
        "a neuron, to a target": lambda rate: neuron.propagate(rate, 0.5),
    }
    calls = {
        "inputs": (net.activate, BAD_INPUTS),
        "targets": (partial(net.propagate, 0.1), BAD_TARGETS),
        **{f"the rate of {of}": (call, BAD_RATES) for of, call in propagating.items()},
    }
    with Cases() as case:
        for name, (call, wrong) in calls.items():
            for sentence, values in wrong.items():
                with case(name, sentence):
                    refused(net, sentence, call, values)


def test_the_step_with_an_input_that_is_not_finite_is_named():
    net = perceptron()
    for row in (0, 1, 5, 6):
        rows = np.zeros((7, 2))
        for column in (0, 1):
            rows[row, column] = NAN
            sentence = f"finite, got {rows[row].tolist()} in step {row}."
            with pytest.raises(ArgumentError, match=re.escape(sentence)):
                net.run(rows)


def test_refused_targets_of_classes_change_nothing():
    net = perceptron(outputs=3, squash="softmax")
    before = contents(net._store)
    all_refused(
        (partial(net.propagate, 0.1, targets), ArgumentError, words)
        for targets, words in (
            (np.array([0.5, 0.6, 0.0]), "must add up to 1"),
            (np.array([0.5, 0.5, 2e-6]), "must add up to 1"),
            (np.array([1.5, -0.5, 0.0]), "to lie between 0 and 1"),
            (np.array([NAN, 1.0, 0.0]), "for all softmax outputs of a step"),
            (3, "must be classes from 0 to 2"),
            (-1, "must be classes from 0 to 2"),
        )
    )
    assert contents(net._store) == before


def test_all_forms_of_the_same_numbers_give_the_same():
    wide = np.repeat(X[:, None], 3, axis=1)
    locked = X.copy()
    locked.flags.writeable = False
    unaligned = np.frombuffer(b"x" + X.tobytes(), dtype=np.uint8)[1:].view(np.float64)
    expected = perceptron().activate(X)
    for inputs in (
        X.tolist(),
        wide[:, 0],
        X[::-1].copy()[::-1],
        locked,
        X.astype(">f8"),
        unaligned,
    ):
        assert (perceptron().activate(inputs) == expected).all()


def test_results_are_new_arrays():
    net = perceptron()
    outputs = net.activate(X)
    copy = outputs.copy()
    second = net.activate(X)
    assert not np.shares_memory(outputs, second)
    outputs[:] = 9.0
    assert net.activate(X).tolist() == second.tolist() == copy.tolist()
    assert net.output[0].activation == copy[0]
    net.input.activate(X)[:] = 5.0
    assert net.input[0].activation == X[0]


def test_costs_are_looked_up_again_after_an_edit():
    net = perceptron()
    net.activate(X)
    assert net.propagate(0.0, T) == pytest.approx(
        costs.cross_entropy(T, net.activate(X))
    )
    net.output[0].squash = "identity"
    y = net.activate(X)
    assert net.propagate(0.0, T) == pytest.approx(costs.squared_error(T, y))
    assert net.propagate(0.0, np.array([7.0])) > 1.0  # any number, with squared error
    assert net.propagate(0.0, T, "mse") == pytest.approx(costs.mean_squared_error(T, y))
    assert net.propagate(0.0, T) == pytest.approx(costs.squared_error(T, y))
    with pytest.raises(ArgumentError, match="needs logistic outputs"):
        net.propagate(0.0, T, "cross_entropy")
    assert net.propagate(0.0, T) == pytest.approx(costs.squared_error(T, y))


def test_a_cost_that_is_not_finite_is_an_error():
    net = perceptron(squash="identity")
    net.weights = np.full(9, 1e308)
    net.activate(np.array([1e300, 1e300]))
    before = net.weights
    with pytest.raises(DivergenceError, match="No weight has changed"):
        net.propagate(0.1, T)
    assert (net.weights == before).all()


SCRIPT = """
import numpy as np, architect
from synapse.errors import ArgumentError
for dtype in ("float64", "float32"):
    net = architect.Perceptron(2, 3, 1, seed=0, dtype=dtype)
    outputs = net.activate(np.array([0.2, 0.7]))
    costs = net.propagate(0.1, np.array([0.3]))
    neuron = net.hidden[0][0]
    value = neuron.activate()
    neuron.propagate(0.1), net.output[0].propagate(0.1, 0.5)
    for call in (
        lambda: net.activate(np.array([0.2, np.nan])),
        lambda: net.propagate(0.1, np.array([2.0])),
    ):
        try:
            call()
        except ArgumentError as error:
            print(error)
    print(type(value), type(costs), repr(round(float(net.weights.sum()), 5)))
"""


@pytest.mark.full
def test_python_without_compiling_gives_the_same():
    told = [python("-c", SCRIPT, SYNAPSE_COMPILE=compiles) for compiles in "10"]
    assert told[0] == told[1]
    assert told[0].count("<class 'float'> <class 'float'>") == 2


# --- sparse rows, and dicts of the inputs that are not 0: the same bits as arrays -----


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


def test_refused():
    net = architect.Perceptron(80, 20, 1, seed=0)
    net.input[0].name = "x"
    net.activate(np.ones(80))
    before = numbers(net)
    with Cases() as case:
        for name, (rows, sentence) in REFUSED.items():
            call = net.activate if isinstance(rows, dict) else net.run
            with case(name):
                with pytest.raises((ArgumentError, ArgumentTypeError), match=sentence):
                    call(rows)
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
    dense.hidden[0].project(dense.input, seed=1).trainable = trainable
    other = dense.clone()
    for row in np.where(np.random.default_rng(2).random((9, 1, 5)) < 0.4, 0.5, 0.0):
        assert np.array_equal(dense.run(row), other.run(sparse.csr_array(row)))
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
