"""Exact gradients through time, against numbers from elsewhere, differences and PyTorch."""

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

import architect
import synapse
from synapse import Neuron, gradient

from ..networks import GOLDEN, from_golden
from ..strategies import SMOOTH, Twin, specs
from .helpers import both, built, by_sort, differences, learning, loss, one_sequence, same_bits, sequences

COSTS = ("squared_error", "mean_squared_error", "cross_entropy")

# --- golden numbers -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", GOLDEN)
@pytest.mark.parametrize(("part", "cost"), [("bptt_squared", "squared_error"), ("bptt_ce", "cross_entropy")])
def test_golden_gradients(name, part, cost):
    (net, _), golden = from_golden(name), GOLDEN[name]
    result = gradient(net, golden["inputs"], golden["targets"], cost)
    place = {neuron: i for i, neuron in enumerate(net)}
    slopes = {
        (place[c.source], place[c.target]): w for c, w in zip(net.connections, result.weights, strict=True)
    }
    ours = [slopes[i, j] for i, j in golden["connection_order"]]
    assert result.loss == pytest.approx(golden[part]["loss"], abs=1e-10)
    assert ours == pytest.approx(golden[part]["weight_gradient"], abs=1e-10)
    assert result.biases == pytest.approx(golden[part]["bias_gradient"], abs=1e-10)


# --- differences --------------------------------------------------------------------------------


def assert_slopes(net, inputs, targets, cost, within=1e-6):
    result = gradient(net, inputs, targets, cost)
    weights, biases = learning(net)
    biases[: len(net.input)] = False
    assert result.loss == pytest.approx(loss(net, inputs, targets, cost), rel=1e-12)
    for name, learn in (("weights", weights), ("biases", biases)):
        slopes = differences(net, name, learn, inputs, targets, cost)
        assert getattr(result, name) == pytest.approx(slopes, abs=within)


@by_sort
@pytest.mark.parametrize("cost", COSTS)
def test_finite_differences(sort, cost):
    net = built(sort, output_squash="logistic")
    assert_slopes(net, *sequences(net, (4, 1, 7)), cost)


@settings(max_examples=25)
@given(specs(squashes=SMOOTH, most=4))
def test_finite_differences_of_any_gated_graph(spec):
    net = Twin(spec).net
    inputs, targets = sequences(net, (5, 3), spec.seed)
    with np.errstate(all="ignore"):
        assume(np.abs([state for rows in inputs for state in net.run(rows)]).max() < 10)
    net.clear()
    assume(np.abs(both(gradient(net, inputs, targets, "squared_error"))).max() < 100)
    assert_slopes(net, inputs, targets, "squared_error", within=1e-5)


@pytest.mark.parametrize("loops", ["ungated", "gated"])
def test_a_trained_self_connection_has_a_slope(loops):
    net = built("lstm")
    for cell in net["cells"] if loops == "gated" else net["input gates"]:
        own = cell.self_connection or cell.project(cell, weight=0.7)
        own.trainable = True
    assert_slopes(net, *sequences(net, (5, 7)), "cross_entropy")
    slopes = gradient(net, *sequences(net, (5, 7))).weights
    own = [c.source is c.target and c.trainable for c in net.connections]
    assert np.abs(slopes[own]).min() > 1e-6


def test_softmax_outputs():
    net = architect.LSTM(3, 4, 5, output_squash="softmax", style="synaptic", seed=1)
    inputs, _ = sequences(net, (4, 6))
    rng = np.random.default_rng(2)
    targets = [rng.dirichlet(np.ones(5), len(rows)) for rows in inputs]
    targets[0][1] = np.nan
    assert_slopes(net, inputs, targets, "categorical_cross_entropy")
    same_bits(gradient(net, inputs, targets), gradient(net, inputs, targets, "cross_entropy"))


def test_classes_that_no_target_names():
    net = architect.Perceptron(2, 3, 4, output_squash="softmax", seed=1)
    net.output[3].bias = -2000.0  # its probability is nothing
    targets = np.eye(4)[[0, 1, 0]]
    result = gradient(net, [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], targets)
    assert np.isfinite(both(result)).all()
    assert abs(result.biases[-1]) < 1e-300  # the class without a chance
    assert result.biases[-2] > 0  # the other unused one is pushed away


def test_groups_compete():
    net = architect.Perceptron(3, 6, 2, seed=3)
    net.hidden[0].squash = "maxout"
    assert_slopes(net, *sequences(net, (9, 4)), "cross_entropy")


def test_a_winner_passes_no_error():
    net = architect.Perceptron(3, 6, 2, seed=3)
    net.hidden[0].squash = "winner"
    result = gradient(net, *one_sequence(net))
    entering = [c.target in net.hidden[0]._neurons for c in net.connections]
    assert not result.weights[entering].any()
    assert result.weights[np.logical_not(entering)].any()


@synapse.squash.register
def wavy_here(state):
    return state + 0.25 * state * state, 1.0 + 0.5 * state


@synapse.cost.register
def quartic_here(target, output, derivative, outputs):
    error = target - output
    return error**4 / outputs, 4.0 * error**3 * derivative / outputs


def test_a_squash_and_a_cost_of_ones_own():
    net = architect.Elman(2, 3, 2, squash=wavy_here, output_squash=wavy_here, seed=0)
    assert_slopes(net, *sequences(net, (5, 2, 4)), "quartic_here")
    assert_slopes(net, *sequences(net, (5,)), "quartic_here")


def test_random_neurons_that_are_calm():
    net = built("lstm")
    net.hidden[0].squash = "bernoulli"
    net.deterministic = True
    assert_slopes(net, *sequences(net, (4, 3)), "cross_entropy")


def test_after_the_topology_changed():
    net = built("random")
    data = sequences(net, (5, 3))
    gradient(net, *data)
    neuron = Neuron("tanh", 0.1)
    net.add(neuron)
    net.input[0].project(neuron, weight=0.5)
    neuron.project(net.output[0], weight=-0.4)
    neuron.project(net.hidden[0][0], weight=0.3)
    leaving = net.hidden[0][1]
    leaving.ungate(*leaving.gated)
    net.remove(leaving)
    assert_slopes(net, *data, "squared_error")


# --- automatic differentiation ------------------------------------------------------------------


def torch_loss(torch, outputs, aims, cost):
    error = aims - outputs
    if cost == "cross_entropy":
        return -(aims * outputs.log() + (1 - aims) * (1 - outputs).log()).sum()
    if cost == "categorical_cross_entropy":
        return -(aims * outputs.log()).sum()
    scale = {"squared_error": 0.5, "mean_squared_error": 1 / outputs.shape[-1]}[cost]
    return scale * error.square().sum()


def torch_gradient(net, inputs, targets, cost, window=None, context=False):
    """Loss and slopes by PyTorch, in double precision; windows have their context detached."""
    torch = pytest.importorskip("torch")
    module = synapse.to_torch(net)
    total = 0.0
    for rows, aims in zip(inputs, targets, strict=True):
        carried = module.context if context else None
        for first in range(0, len(rows), window or len(rows)):
            here = slice(first, first + (window or len(rows)))
            outputs, carried = module.unroll(torch.tensor(rows[here]), carried)
            aimed = ~np.isnan(aims[here]).all(axis=1)
            total = total + torch_loss(torch, outputs[aimed], torch.tensor(aims[here][aimed]), cost)
            carried = type(carried)(*(part.detach() for part in carried))
    total = total / len(inputs)
    if total.requires_grad:
        total.backward()
    slopes = [
        np.zeros(p.shape) if p.grad is None else p.grad.numpy().copy() for p in (module.weight, module.bias)
    ]
    weights, biases = learning(net)
    slopes[0][~weights], slopes[1][~biases] = 0.0, 0.0
    slopes[1][: len(net.input)] = 0.0
    return np.concatenate([[total.item()], *slopes])


def agrees(net, inputs, targets, cost, within=1e-9, **options):
    ours = both(gradient(net, inputs, targets, cost, **options))
    theirs = torch_gradient(net, inputs, targets, cost, **options)
    assert np.abs(ours - theirs).max() <= within * max(1e-3, np.abs(theirs).max())


def marked(function):
    """Compares with torch, whose own warnings are none of ours."""
    return pytest.mark.torch(pytest.mark.filterwarnings("default")(function))


def tame(net, inputs):
    """Whether numbers stay where a difference of 1e-9 means something."""
    with np.errstate(all="ignore"):
        for rows in inputs:
            net.clear()
            if not np.abs(net.run(rows)).max() < 30 or not np.abs([n.state for n in net]).max() < 30:
                return False
    net.clear()
    return True


@marked
@settings(max_examples=120)
@given(specs(), st.sampled_from(COSTS[:2]), st.sampled_from([1, 2, 3, 9]))
def test_any_gated_graph_as_torch(spec, cost, count):
    net = Twin(spec).net
    lengths = np.random.default_rng(spec.seed).integers(1, 7, count)
    inputs, targets = sequences(net, lengths, spec.seed)
    assume(tame(net, inputs))
    agrees(net, inputs, targets, cost)


@marked
@settings(max_examples=40)
@given(specs(squashes=SMOOTH, logistic_outputs=True), st.sampled_from([None, 1, 2, 4]), st.booleans())
def test_any_gated_graph_with_windows_and_context_as_torch(spec, window, context):
    net = Twin(spec).net
    inputs, targets = sequences(net, (7, 3), spec.seed)
    targets[0][2] = np.nan
    assume(tame(net, inputs))
    net.run(inputs[1])
    agrees(net, inputs, targets, "cross_entropy", window=window, context=context)


@marked
@by_sort
def test_architectures_over_fifty_steps_as_torch(sort):
    net = built(sort, output_squash="logistic")
    agrees(net, *sequences(net, (50, 41, 1)), "cross_entropy")


@marked
def test_softmax_as_torch():
    net = architect.GRU(3, 4, 5, output_squash="softmax", seed=1)
    inputs, _ = sequences(net, (8, 3))
    targets = [np.eye(5)[np.arange(len(rows)) % 3] for rows in inputs]
    agrees(net, inputs, targets, "categorical_cross_entropy")
