"""Every entry of the table of activation functions: its formula, its declarations, and
its compiled forms."""

import numpy as np
import pytest

import synapse
from synapse import Layer, Network, Neuron, _squash
from synapse.engine.functions.activations import ACTIVATIONS, CHANCE, LARGEST, SINGLE
from tests.helpers.reference import SQUASHES

ALONE = [
    activation
    for activation in ACTIVATIONS.values()
    if activation.family in (SINGLE, CHANCE)
]
STATES = [
    -7.2,
    -3.9,
    -1.1,
    -0.6,
    -0.05,
    0.05,
    0.4,
    1.7,
    5.3,
    0.0,
    0.5,
    -0.5,
    1.0,
    -1.0,
    0.7,
    2.1,
    -2.4,
]
WIDE = np.unique(
    [*np.linspace(-6, 6, 601), -1e4, -750.0, -40.0, 40.0, 750.0, 1e4]
).tolist()
# biases alone
pytestmark = pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")


def fired(network):
    return np.array(
        [(neuron.activation, neuron.derivative) for neuron in network.output]
    )


def online(name, states, dtype="float64"):
    """What a network computes of these states: neurons side by side, several at a
    time."""
    net = Network(Layer(1, dtype=dtype), [], Layer(len(states), name, dtype=dtype))
    net.deterministic = True
    net.output.biases = states
    net.activate([0.0])
    return fired(net)


def exact(name, states, dtype="float64", samples=1):
    """What exact gradients compute: with an error of 1, the gradient of a bias is the
    slope."""
    net = Network(Layer(1, dtype=dtype), [], Layer(len(states), name, dtype=dtype))
    net.deterministic = True
    net.output.biases = states
    values = net.run([[0.0]])[0]
    inputs = np.zeros((samples, 1, 1))
    targets = np.tile(values - 1.0, (samples, 1, 1))
    gradients = synapse.gradient(net, inputs, targets, "squared_error")
    assert gradients.loss == pytest.approx(0.5 * len(states), rel=1e-5)
    return np.column_stack([values, gradients.biases[1:]])


def by_neurons(name, states):
    neurons = [Neuron(name, bias=state) for state in states]
    for neuron in neurons:
        neuron.deterministic = True
        neuron.activate()
    return np.array([(neuron.activation, neuron.derivative) for neuron in neurons])


FORMS = {
    "formula": lambda name, states: np.array(
        [ACTIVATIONS[name].formula(state) for state in states]
    ),
    "neurons": by_neurons,
    **{
        f"network of {size}": lambda name, states, size=size: np.concatenate(
            [online(name, states[i : i + size]) for i in range(0, len(states), size)]
        )
        for size in (3, len(STATES))
    },
    "exact, one sample": exact,
    "exact, many samples": lambda name, states: exact(name, states, samples=9),
}


@pytest.mark.parametrize("form", FORMS)
def test_values_and_slopes_are_those_of_the_oracle(form):
    wrong = {}
    for activation in ALONE:
        pairs = FORMS[form](activation.name, STATES)
        expected = np.array([SQUASHES[activation.name](state) for state in STATES])
        if not np.allclose(pairs, expected, rtol=1e-13, atol=1e-15):
            wrong[activation.name] = np.abs(pairs - expected).max()
    assert not wrong, wrong


@pytest.mark.full
def test_values_and_slopes_in_single_precision():
    wrong = {}
    states = np.float32(STATES).astype(float).tolist()
    for activation in ALONE:
        expected = np.array([SQUASHES[activation.name](state) for state in states])
        for form in (online, exact):
            pairs = form(activation.name, states, "float32")
            if not np.allclose(pairs, expected, rtol=3e-6, atol=1e-6):
                wrong[activation.name, form.__name__] = np.abs(pairs - expected).max()
    assert not wrong, wrong


@pytest.mark.full
@pytest.mark.parametrize("form", [FORMS["formula"], online])
def test_slopes_are_central_differences_of_the_values(form):
    """Of each form by itself: no oracle is asked, so a wrong one excuses nothing."""
    wrong = {}
    grid = np.array([*np.linspace(-6, 6, 162), 0.0, 0.5, -0.5, 1.0, -1.0])
    width = 1e-6
    for activation in ALONE:
        if activation.surrogate:
            continue  # its slope is declared
        states = grid[
            [
                all(abs(state - kink) > 1e-3 for kink in activation.kinks)
                for state in grid
            ]
        ]
        here, above, below = (
            form(activation.name, (states + shift).tolist())
            for shift in (0.0, width, -width)
        )
        misses = np.abs(here[:, 1] - (above[:, 0] - below[:, 0]) / (2 * width))
        if misses.max() > 1e-5:
            wrong[activation.name] = (
                f"state {states[misses.argmax()]}: off by {misses.max()}"
            )
    assert not wrong, wrong


FAR = [-1e12, 1e12]


def extremes(name):
    """The least and the largest value, and that all are finite: on a grid, and on finer
    ones around both."""
    pairs = online(name, [*WIDE, *FAR])
    states = np.array([*WIDE, *FAR])
    least_and_most = []
    for pick in (np.argmin, np.argmax):
        grid = states
        values = pairs[:, 0]
        for width in (1e-2, 1e-4, 1e-6):
            best = grid[pick(values)]
            grid = best + np.linspace(-width, width, 401)
            values = online(name, grid.tolist())[:, 0]
        least_and_most.append(values[pick(values)])
    return *least_and_most, np.isfinite(pairs).all()


@pytest.mark.full
def test_bounds_hold_and_are_reached():
    wrong = {}
    for activation in ALONE:
        least, most, finite = extremes(activation.name)
        if not finite:
            wrong[activation.name] = "not finite"
        elif least < activation.low - 1e-15 or most > activation.high + 1e-15:
            wrong[activation.name] = (
                f"{least, most} is beyond {activation.low, activation.high}"
            )
        elif abs(least - max(activation.low, -50)) > 1e-11 and not least < max(
            activation.low, -50
        ):
            wrong[activation.name] = f"the least value is {least}, not {activation.low}"
        elif abs(most - min(activation.high, 50)) > 1e-11 and not most > min(
            activation.high, 50
        ):
            wrong[activation.name] = (
                f"the largest value is {most}, not {activation.high}"
            )
        elif (
            _squash.get(activation.name).low,
            _squash.get(activation.name).high,
        ) != (
            activation.low,
            activation.high,
        ):
            wrong[activation.name] = "the registry has other bounds"
    assert not wrong, wrong


@np.errstate(under="ignore")
def shares(states):
    value = np.exp(states - np.max(states))
    return np.column_stack(
        [value / value.sum(), value / value.sum() * (1 - value / value.sum())]
    )


def largest(name, states):
    pairs = np.zeros((len(states), 2))
    pairs[np.argmax(states)] = SQUASHES[name](np.max(states))
    return pairs


@pytest.mark.full
@pytest.mark.parametrize(
    "dtype", ["float64", pytest.param("float32", marks=pytest.mark.slow)]
)
def test_groups_compete(dtype):
    """Of a group the first of the largest states has the value of the formula, or all
    have shares."""
    wrong = {}
    exactly = 1e-14 if dtype == "float64" else 1e-6
    for activation in ACTIVATIONS.values():
        for states in (
            [0.5, 1.25, -2.0, 1.25],
            [-3.0, -1.5, -2.0],
            [800.0, 799.0, -800.0],
            [0.25],
        ):
            if activation not in ALONE:
                expected = (
                    largest(activation.name, states)
                    if activation.family == LARGEST
                    else shares(np.array(states))
                )
                computed = [online(activation.name, states, dtype)]
                # softmax has its own cost: tests/engine/test_costs.py
                if activation.family == LARGEST:
                    computed += [
                        exact(activation.name, states, dtype, samples)
                        for samples in (1, 9)
                    ]
                if not all(
                    np.allclose(activation, expected, rtol=exactly, atol=exactly)
                    for activation in computed
                ):
                    wrong[activation.name, len(states)] = computed, expected.tolist()
    assert not wrong, wrong
