"""Every entry of the table of activation functions: its formula, its declarations, and
its compiled forms."""

import numpy as np
import pytest

import synapse
from synapse import Layer, Network, Neuron, _squash
from synapse.engine.functions.activations import ACTIVATIONS, CHANCE, LARGEST, SINGLE
from tests.helpers.cases import Cases
from tests.helpers.reference import SQUASHES

ALONE = [
    activation
    for activation in ACTIVATIONS.values()
    if activation.family in (SINGLE, CHANCE)
]
STATES = [
    *(-7.2, -3.9, -1.1, -0.6, -0.05, 0.05, 0.4, 1.7, 5.3),
    *(0.0, 0.5, -0.5, 1.0, -1.0, 0.7, 2.1, -2.4),
]
WIDE = np.unique(
    [*np.linspace(-6, 6, 601), -1e4, -750.0, -40.0, 40.0, 750.0, 1e4]
).tolist()
# biases alone
pytestmark = pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")


def pairs_of(neurons):
    return np.array([(neuron.activation, neuron.derivative) for neuron in neurons])


def network(name, states, dtype):
    net = Network(Layer(1, dtype=dtype), [], Layer(len(states), name, dtype=dtype))
    net.deterministic = True
    net.output.biases = states
    return net


def online(name, states, dtype="float64"):
    """What a network computes of these states: neurons side by side, several at a
    time."""
    net = network(name, states, dtype)
    net.activate([0.0])
    return pairs_of(net.output)


def exact(name, states, dtype="float64", samples=1):
    """What exact gradients compute: with an error of 1, the gradient of a bias is the
    slope."""
    net = network(name, states, dtype)
    values = net.run([[0.0]])[0]
    targets = np.tile(values - 1.0, (samples, 1, 1))
    gradients = synapse.gradient(
        net, np.zeros((samples, 1, 1)), targets, "squared_error"
    )
    assert gradients.loss == pytest.approx(0.5 * len(states), rel=1e-5)
    return np.column_stack([values, gradients.biases[1:]])


def by_neurons(name, states):
    neurons = [Neuron(name, bias=state) for state in states]
    for neuron in neurons:
        neuron.deterministic = True
        neuron.activate()
    return pairs_of(neurons)


def in_threes(name, states):
    parts = np.split(np.array(states), range(3, len(states), 3))
    return np.concatenate([online(name, part) for part in parts])


def by_formula(name, states):
    return np.array([ACTIVATIONS[name].formula(state) for state in states])


FORMS = {
    "formula": by_formula,
    "neurons": by_neurons,
    "network": online,
    "networks of three": in_threes,
    "exact, one sample": exact,
    "exact, many samples": lambda name, states: exact(name, states, samples=9),
}
IN_SINGLE = {
    "online in float32": lambda *case: online(*case, "float32"),
    "exact in float32": lambda *case: exact(*case, "float32"),
}


@pytest.mark.parametrize(
    "form",
    [*FORMS, *(pytest.param(form, marks=pytest.mark.full) for form in IN_SINGLE)],
)
def test_values_and_slopes_are_those_of_the_oracle(form):
    compute = (FORMS | IN_SINGLE)[form]
    single = form in IN_SINGLE
    states = np.float32(STATES).astype(float).tolist() if single else STATES
    close = {"rtol": 3e-6, "atol": 1e-6} if single else {"rtol": 1e-13, "atol": 1e-15}
    with Cases() as case:
        for activation in ALONE:
            with case(activation.name):
                expected = [SQUASHES[activation.name](state) for state in states]
                pairs = compute(activation.name, states)
                np.testing.assert_allclose(pairs, expected, **close)


def extremes(name):
    """The least and the largest value, and that all are finite: on a grid, and on finer
    ones around both."""
    states = np.array([*WIDE, -1e12, 1e12])
    pairs = online(name, states.tolist())
    assert np.isfinite(pairs).all()
    least_and_most = []
    for pick in (np.argmin, np.argmax):
        grid = states
        values = pairs[:, 0]
        for width in (1e-2, 1e-4, 1e-6):
            best = grid[pick(values)]
            grid = best + np.linspace(-width, width, 401)
            values = online(name, grid.tolist())[:, 0]
        least_and_most.append(values[pick(values)])
    return least_and_most


@pytest.mark.full
def test_bounds_hold_and_are_reached():
    """Bounds beyond 50 count as reached by values beyond 50."""
    with Cases() as case:
        for activation in ALONE:
            with case(activation.name):
                bounds = activation.low, activation.high
                least, most = extremes(activation.name)
                assert activation.low - 1e-15 <= least
                assert most <= activation.high + 1e-15
                low, high = np.clip(bounds, -50, 50) + (1e-11, -1e-11)
                assert least <= low
                assert most >= high
                registered = _squash.get(activation.name)
                assert (registered.low, registered.high) == bounds


@np.errstate(under="ignore")
def shares(states):
    share = np.exp(states - np.max(states))
    share /= share.sum()
    return np.column_stack([share, share * (1 - share)])


def largest(name, states):
    pairs = np.zeros((len(states), 2))
    pairs[np.argmax(states)] = SQUASHES[name](np.max(states))
    return pairs


@pytest.mark.full
@pytest.mark.parametrize(
    "dtype", ["float64", pytest.param("float32", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize(
    "states",
    [[0.5, 1.25, -2.0, 1.25], [-3.0, -1.5, -2.0], [800.0, 799.0, -800.0], [0.25]],
)
def test_groups_compete(states, dtype):
    """Of a group the first of the largest states has the value of the formula, or all
    have shares."""
    exactly = 1e-14 if dtype == "float64" else 1e-6
    for activation in ACTIVATIONS.values():
        if activation in ALONE:
            continue
        name = activation.name
        computed = [online(name, states, dtype)]
        expected = shares(np.array(states))
        if activation.family == LARGEST:
            expected = largest(name, states)
            # softmax has its own cost: tests/engine/test_costs.py
            computed += [exact(name, states, dtype, samples) for samples in (1, 9)]
        for pairs in computed:
            np.testing.assert_allclose(
                pairs, expected, rtol=exactly, atol=exactly, err_msg=name
            )
