"""Single calls of kernels: refused values change nothing, results are new arrays, edits between calls."""

import fractions
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from synapse import Layer, Network, Neuron, Trainer, cost as costs, squash as squashes
from synapse.errors import ArgumentError, FunctionError, KindError, TopologyError

X, T = np.array([0.2, 0.7]), np.array([0.3])
HUGE = 1e39  # beyond the range of float32
NAN, INF = float("nan"), float("inf")


def perceptron(dtype="float64", outputs=1, squash="logistic"):
    a, b, c = Layer(2, dtype=dtype), Layer(3, dtype=dtype), Layer(outputs, squash, dtype=dtype)
    a.project(b, seed=1), b.project(c, seed=2)
    net = Network(a, b, c)
    net.activate(X)
    net.propagate(0.1, np.full(outputs, 1.0 / outputs))
    return net


def columns(net):
    """All numbers of its store."""
    return {name: column.tobytes() for name, column in net._store.columns.items()}


def refused(net, call, error, sentence):
    before = columns(net)
    with pytest.raises(error) as raised:
        call()
    assert str(raised.value) == sentence
    assert columns(net) == before


BAD_INPUTS = {
    "nan": (
        np.array([0.5, NAN]),
        ArgumentError,
        "Expected the inputs to be finite, got [0.5, nan] in step 0.",
    ),
    "inf": (
        np.array([INF, 0.5]),
        ArgumentError,
        "Expected the inputs to be finite, got [inf, 0.5] in step 0.",
    ),
    "-inf": (
        np.array([0.5, -INF]),
        ArgumentError,
        "Expected the inputs to be finite, got [0.5, -inf] in step 0.",
    ),
    "short": (np.array([0.5]), ArgumentError, "Expected 2 inputs, got 1."),
    "long": (np.zeros(3), ArgumentError, "Expected 2 inputs, got 3."),
    "empty": (np.empty(0), ArgumentError, "Expected 2 inputs, got 0."),
    "matrix": (np.zeros((2, 1)), ArgumentError, "Expected 2 inputs, got an array of shape (2, 1)."),
    "row": (np.zeros((1, 2)), ArgumentError, "Expected 2 inputs, got an array of shape (1, 2)."),
    "single": (np.array(0.5), ArgumentError, "Expected 2 inputs, got a single number."),
    "complex": (np.zeros(2, complex), KindError, "Expected the inputs to be 2 numbers, got complex numbers."),
    "text": (np.array(["a", "b"]), KindError, "Expected the inputs to be 2 numbers, got text."),
    "string": ("ab", KindError, "Expected the inputs to be 2 numbers, got text."),
    "dates": (np.zeros(2, "M8[s]"), KindError, "Expected the inputs to be 2 numbers, got dates."),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", BAD_INPUTS)
def test_refused_inputs_change_nothing(name, dtype):
    net = perceptron(dtype)
    values, error, sentence = BAD_INPUTS[name]
    refused(net, lambda: net.activate(values), error, sentence)


BAD_TARGETS = {
    "nan": (np.array([NAN]), ArgumentError, "Expected the target to be finite, got array([nan])."),
    "inf": (np.array([INF]), ArgumentError, "Expected the target to be finite, got array([inf])."),
    "above": (
        np.array([1.5]),
        ArgumentError,
        "Expected targets of the cost cross_entropy to lie between 0 and 1, got 1.5. "
        "Scale them, or use linear outputs and squared error.",
    ),
    "below": (
        np.array([-1e-300]),
        ArgumentError,
        "Expected targets of the cost cross_entropy to lie between 0 and 1, got -1e-300. "
        "Scale them, or use linear outputs and squared error.",
    ),
    "long": (np.zeros(2), ArgumentError, "Expected the target to be 1 number, got 2."),
    "empty": (np.empty(0), ArgumentError, "Expected the target to be 1 number, got 0."),
    "matrix": (
        np.zeros((1, 1)),
        ArgumentError,
        "Expected the target to be 1 number, got an array of shape (1, 1).",
    ),
    "complex": (np.zeros(1, complex), KindError, "Expected the target to be 1 number, got complex numbers."),
    "text": (np.array(["a"]), KindError, "Expected the target to be 1 number, got text."),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", BAD_TARGETS)
def test_refused_targets_change_nothing(name, dtype):
    net = perceptron(dtype)
    values, error, sentence = BAD_TARGETS[name]
    refused(net, lambda: net.propagate(0.1, values), error, sentence)


BAD_RATES = {
    "nan": (NAN, ArgumentError, "Expected the rate to be a finite number, got nan."),
    "inf": (INF, ArgumentError, "Expected the rate to be a finite number, got inf."),
    "below": (-0.1, ArgumentError, "Expected the rate to be a finite number, 0 or above, got -0.1."),
    "int below": (-1, ArgumentError, "Expected the rate to be a finite number, 0 or above, got -1."),
    "string": ("0.1", KindError, "Expected the rate to be a number, got '0.1'."),
    "none": (None, KindError, "Expected the rate to be a number, got None."),
    "truth": (True, KindError, "Expected the rate to be a number, got True."),
    "complex": (1j, KindError, "Expected the rate to be a number, got 1j."),
    "array": (np.zeros(1), KindError, "Expected the rate to be a number, got array([0.])."),
}


@pytest.mark.parametrize("name", BAD_RATES)
def test_refused_rates_change_nothing(name):
    net = perceptron()
    values, error, sentence = BAD_RATES[name]
    neuron = net.output[0]
    for call in (
        lambda: net.propagate(values, T),
        lambda: net.propagate(values),
        lambda: neuron.propagate(values),
        lambda: neuron.propagate(values, 0.5),
        lambda: net.output.propagate(values),
    ):
        refused(net, call, error, sentence)


def test_numbers_beyond_float32_are_refused_by_stores_of_float32():
    net = perceptron("float32", squash="identity")
    most = "to fit float32, the dtype of the network: at most 3.4e+38, got"
    neuron = net.output[0]
    for call, what, number in (
        (lambda: net.activate(np.array([0.0, HUGE])), "the inputs", "1e+39"),
        (lambda: net.propagate(0.1, np.array([-HUGE])), "the target", "-1e+39"),
        (lambda: net.propagate(HUGE, T), "the rate", "1e+39"),
        (lambda: neuron.propagate(HUGE), "the rate", "1e+39"),
        (lambda: neuron.propagate(0.1, HUGE), "the target", "1e+39"),
        (lambda: net.input[0].activate(HUGE), "the activation of a neuron", "1e+39"),
    ):
        refused(net, call, ArgumentError, f"Expected {what} {most} {number}.")


def test_numbers_of_every_size_are_taken_by_stores_of_float64():
    net = perceptron(squash="identity")
    assert np.isfinite(net.activate(np.array([0.0, HUGE]))).all()
    assert net.propagate(0.0, np.array([HUGE])) == pytest.approx(HUGE**2 / 2)
    assert net.input[0].activate(HUGE) == HUGE


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (np.array([0.5, 0.6, 0.0]), "to add up to 1"),
        (np.array([0.5, 0.5, 2e-6]), "to add up to 1"),
        (np.array([1.5, -0.5, 0.0]), "to lie between 0 and 1"),
        (np.array([NAN, 1.0, 0.0]), "to be finite"),
        (3, "to be classes from 0 to 2"),
        (-1, "to be classes from 0 to 2"),
    ],
)
def test_refused_targets_of_classes_change_nothing(targets, message):
    net = perceptron(outputs=3, squash="softmax")
    before = columns(net)
    with pytest.raises(ArgumentError, match=message):
        net.propagate(0.1, targets)
    assert columns(net) == before


def test_classes_rows_and_lists_are_the_same_targets():
    nets = [perceptron(outputs=3, squash="softmax") for _ in range(4)]
    given = [1, np.array([0.0, 1.0, 0.0]), [0, 1, 0], np.array([0.0, 1.0, 1e-7])]
    costs_ = [net.propagate(0.1, target) for net, target in zip(nets, given, strict=True)]
    assert costs_[0] == costs_[1] == costs_[2] == pytest.approx(costs_[3], abs=1e-5)
    assert (nets[0].weights == nets[1].weights).all()
    assert (nets[0].weights == nets[2].weights).all()


class Sub(np.ndarray):
    pass


def forms(values):
    """The same numbers in other forms."""
    wide = np.zeros((len(values), 2))
    wide[:, 0] = values
    locked = values.copy()
    locked.flags.writeable = False
    shifted = np.frombuffer(b"\0" + values.tobytes(), np.uint8)[1:].view(np.float64)
    return {
        "list": values.tolist(),
        "tuple": tuple(values.tolist()),
        "gaps": wide[:, 0],
        "backward": values[::-1].copy()[::-1],
        "read-only": locked,
        "big-endian": values.astype(">f8"),
        "unaligned": shifted,
        "subclass": values.view(Sub),
        "view": np.concatenate([values, values])[len(values) :],
        "objects": values.astype(object).tolist(),
        "long": values.astype(np.longdouble),
    }


@pytest.mark.parametrize("form", forms(X))
def test_all_forms_of_the_same_numbers_give_the_same(form):
    net, twin = perceptron(), perceptron()
    given, aim = forms(X)[form], forms(T)[form]
    assert (net.activate(given) == twin.activate(X)).all()
    assert net.propagate(0.1, aim) == twin.propagate(0.1, T)
    assert (net.weights == twin.weights).all()


@pytest.mark.parametrize("rate", [1, np.float64(1.0), np.float32(1.0), np.array(1.0), fractions.Fraction(1)])
def test_all_forms_of_a_rate_give_the_same(rate):
    for dtype in ("float64", "float32"):
        net, twin = perceptron(dtype), perceptron(dtype)
        assert net.propagate(rate, T) == twin.propagate(1.0, T)
        net.hidden[0][0].propagate(rate), twin.hidden[0][0].propagate(1.0)
        assert (net.weights == twin.weights).all()


def test_results_are_new_arrays():
    net = perceptron()
    first = net.activate(X)
    copy = first.copy()
    second = net.activate(X)
    assert not np.shares_memory(first, second)
    first[:] = 9.0
    assert (net.activate(X) == copy).all()
    assert (second == copy).all()
    assert net.output[0].activation == copy[0]
    values = net.input.activate(X)
    values[:] = 5.0
    assert net.input[0].activation == X[0]


def test_inputs_and_targets_are_only_read():
    net = perceptron()
    given, aim = X.copy(), T.copy()
    net.activate(given), net.propagate(0.5, aim)
    assert (given == X).all()
    assert (aim == T).all()
    given[:] = 100.0  # the network does not refer to the array
    assert net.input[0].activation == X[0]


def test_an_output_may_be_the_next_input():
    net = perceptron(outputs=2)
    twin = perceptron(outputs=2)
    y = net.activate(X)
    assert (net.activate(y) == twin.activate(twin.activate(X).tolist())).all()


def test_costs_are_looked_up_again_after_an_edit():
    net = perceptron()
    net.activate(X)
    first = net.propagate(0.0, T)
    assert first == pytest.approx(costs.cross_entropy(T, net.activate(X)))
    net.output[0].squash = "identity"
    y = net.activate(X)
    assert net.propagate(0.0, T) == pytest.approx(costs.squared_error(T, y))
    assert net.propagate(0.0, np.array([7.0])) > 1.0  # any number, with squared error
    assert net.propagate(0.0, T, "mse") == pytest.approx(costs.mean_squared_error(T, y))
    assert net.propagate(0.0, T) == pytest.approx(costs.squared_error(T, y))
    with pytest.raises(ArgumentError, match="needs logistic outputs"):
        net.propagate(0.0, T, "cross_entropy")
    assert net.propagate(0.0, T) == pytest.approx(costs.squared_error(T, y))


def test_edits_between_calls():
    net = perceptron()
    for _ in range(3):
        net["hidden"].append(neuron := Neuron())
        net.input[0].project(neuron, weight=0.1), neuron.project(net.output[0], weight=0.5)
        net.activate(X), net.propagate(0.1, T)
        assert neuron.activate() == neuron.activation
    twin = net.clone()
    assert (net.activate(X) == twin.activate(X)).all()
    net.remove(neuron)
    for call in (neuron.activate, neuron.propagate, lambda: neuron.activate(0.5)):
        with pytest.raises(TopologyError, match="has been removed"):
            call()
    assert net.activate(X) != twin.activate(X)


def test_neurons_of_joined_networks():
    net, other = perceptron(), perceptron()
    net.output.project(other.input, weights=1.0)
    net.activate(X), other.activate()
    other.propagate(0.1, T), net.propagate(0.1)
    assert net._store is other._store
    assert net.output[0].error.responsibility != 0.0


@squashes.register
def failing_above(state):
    if state > 5.0:
        raise ValueError("too high")
    return state, 1.0


@costs.register
def failing_cost(target, output, derivative, outputs):
    if target > 50.0:
        raise ValueError("too far")
    error = target - output
    return 0.5 * error * error, error * derivative


def test_registered_functions_that_raise():
    net = perceptron(squash=failing_above)
    net.activate(X)
    assert net.propagate(0.1, np.array([40.0]), failing_cost) > 0.0
    before = net.weights
    with pytest.raises(FunctionError, match="too far"):
        net.propagate(0.1, np.array([60.0]), failing_cost)
    assert (net.weights == before).all()
    assert net.propagate(0.0, T, failing_cost) > 0.0
    net.output[0].bias = 100.0
    with pytest.raises(FunctionError, match="too high"):
        net.activate(X)
    with pytest.raises(FunctionError, match="too high"):
        net.output[0].activate()
    net.output[0].bias = 0.0
    net.clear()
    assert np.isfinite(net.activate(X)).all()


def test_a_cost_that_is_not_a_number_is_returned():
    net = perceptron(squash="identity")
    net.weights = np.full(9, 1e308)
    net.activate(np.array([1e300, 1e300]))
    before = net.weights
    assert not np.isfinite(net.propagate(0.1, T))
    assert (net.weights == before).all()


def test_calls_from_many_threads_are_whole():
    net, rounds = perceptron(squash="identity"), 300
    pairs = [(np.array([i / 4, 1.0]), np.array([i / 8])) for i in range(4)]
    expected = [net.activate(x).copy() for x, _ in pairs]
    problems = []

    def act(x, t, y):
        for _ in range(rounds):
            if net.activate(x) != y or not np.isfinite(net.propagate(0.0, t)):
                problems.append((x, t))
            net.hidden[0][0].propagate(0.0)
            with pytest.raises(ArgumentError):
                net.activate(np.array([NAN, 0.0]))

    threads = [threading.Thread(target=act, args=(*pair, y)) for pair, y in zip(pairs, expected, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not problems


def test_calls_agree_with_loops():
    net = perceptron()
    twin = net.clone()
    rng = np.random.default_rng(0)
    rows, targets = rng.random((50, 2)), rng.random((50, 1))
    for x, t in zip(rows, targets, strict=True):
        net.activate(x), net.propagate(0.1, t)
    Trainer(twin, rate=0.1).train(rows, targets, epochs=1, shuffle=False, progress=False)
    assert net.weights == pytest.approx(twin.weights, rel=1e-12)
    assert (twin.run(rows) == [twin.activate(x) for x in rows]).all()


SCRIPT = """
import numpy as np, architect
from synapse.errors import ArgumentError
for dtype in ("float64", "float32"):
    net = architect.Perceptron(2, 3, 1, seed=0, dtype=dtype)
    outputs, costs = net.activate(np.array([0.2, 0.7])), net.propagate(0.1, np.array([0.3]))
    neuron = net.hidden[0][0]
    value = neuron.activate()
    neuron.propagate(0.1), net.output[0].propagate(0.1, 0.5)
    for call in (lambda: net.activate(np.array([0.2, np.nan])), lambda: net.propagate(0.1, np.array([2.0]))):
        try:
            call()
        except ArgumentError as error:
            print(error)
    print(type(value), type(costs), repr(round(float(net.weights.sum()), 5)))
"""


def test_python_without_compiling_gives_the_same():
    told = []
    for disabled in ("0", "1"):
        command = [sys.executable, "-c", SCRIPT]
        environment = os.environ | {"NUMBA_DISABLE_JIT": disabled}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        told.append(done.stdout)
    assert told[0] == told[1]
    assert told[0].count("<class 'float'> <class 'float'>") == 2
