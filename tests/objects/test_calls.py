"""Single calls of kernels: refused values change nothing, results are new arrays, edits
between calls."""

import re

import numpy as np
import pytest

from synapse import Layer, Network, costs
from synapse.errors import ArgumentError, ArgumentTypeError, DivergenceError
from tests.helpers.cases import Cases
from tests.helpers.integrity import contents
from tests.helpers.processes import python

X = np.array([0.2, 0.7])
T = np.array([0.3])
NAN = float("nan")
INF = float("inf")


def perceptron(dtype="float64", outputs=1, squash="logistic"):
    a = Layer(2, dtype=dtype)
    b = Layer(3, dtype=dtype)
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
    with Cases() as case:
        for sentence, values in BAD_INPUTS.items():
            with case("inputs", sentence):
                refused(net, sentence, net.activate, values)
        for sentence, values in BAD_TARGETS.items():
            with case("targets", sentence):
                refused(net, sentence, net.propagate, 0.1, values)
        for sentence, rate in BAD_RATES.items():
            for of, propagate in propagating.items():
                with case("the rate of", of, sentence):
                    refused(net, sentence, propagate, rate)


@pytest.mark.parametrize("row", [0, 1, 5, 6])
def test_the_step_with_an_input_that_is_not_finite_is_named(row):
    net = perceptron()
    rows = np.zeros((7, 2))
    for column in (0, 1):
        rows[row, column] = NAN
        sentence = f"finite, got {rows[row].tolist()} in step {row}."
        with pytest.raises(ArgumentError, match=re.escape(sentence)):
            net.run(rows)


def test_refused_targets_of_classes_change_nothing():
    net = perceptron(outputs=3, squash="softmax")
    before = contents(net._store)
    for targets, message in (
        (np.array([0.5, 0.6, 0.0]), "must add up to 1"),
        (np.array([0.5, 0.5, 2e-6]), "must add up to 1"),
        (np.array([1.5, -0.5, 0.0]), "to lie between 0 and 1"),
        (np.array([NAN, 1.0, 0.0]), "for all softmax outputs of a step"),
        (3, "must be classes from 0 to 2"),
        (-1, "must be classes from 0 to 2"),
    ):
        with pytest.raises(ArgumentError, match=message):
            net.propagate(0.1, targets)
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
    assert (net.activate(X) == copy).all()
    assert (second == copy).all()
    assert net.output[0].activation == copy[0]
    values = net.input.activate(X)
    values[:] = 5.0
    assert net.input[0].activation == X[0]


def test_costs_are_looked_up_again_after_an_edit():
    net = perceptron()
    net.activate(X)
    cost_before = net.propagate(0.0, T)
    assert cost_before == pytest.approx(costs.cross_entropy(T, net.activate(X)))
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
