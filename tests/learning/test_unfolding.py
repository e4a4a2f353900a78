"""Exact gradients through time, against numbers from elsewhere, differences and PyTorch."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import architect
import synapse
from synapse import Layer, Network, Neuron, gradient, initializers
from synapse.errors import ArgumentError, DivergenceError, KindError, SynapseError, TopologyError

from ..networks import GOLDEN, from_golden, lstm, perceptron, unchanged, used
from ..strategies import SMOOTH, Twin, specs

COSTS = ("squared_error", "mean_squared_error", "cross_entropy")
SORTS = {
    "perceptron": lambda **options: architect.Perceptron(3, 5, 4, 2, **options),
    "elman": lambda **options: architect.Elman(3, 5, 2, **options),
    "lstm": lambda **options: architect.LSTM(3, 4, 2, **options),
    "two layers": lambda **options: architect.LSTM(3, 4, 3, 2, hidden_to_hidden=True, **options),
    "gru": lambda **options: architect.GRU(3, 4, 2, **options),
    "random": lambda **options: architect.Random(3, 9, 2, gates=8, self_connections=3, backward=9, **options),
}
by_sort = pytest.mark.parametrize("sort", SORTS)


def built(sort, seed=0, **options):
    return SORTS[sort](seed=seed, initializer=initializers.uniform(0.8), **options)


def sequences(net, lengths=(6,), seed=0):
    """Inputs and targets of several sequences."""
    rng = np.random.default_rng(seed)
    inputs = [rng.uniform(-1, 1, (length, len(net.input))) for length in lengths]
    return inputs, [rng.random((length, len(net.output))) for length in lengths]


def one_sequence(net, length=6, seed=0):
    (inputs,), (targets,) = sequences(net, (length,), seed)
    return inputs, targets


def both(result):
    """Loss and slopes as one vector."""
    return np.concatenate([[result.loss], result.weights, result.biases])


def same(ours, theirs, within=1e-12):
    assert np.abs(both(ours) - both(theirs)).max() < within * max(1.0, np.abs(both(theirs)).max())


def same_bits(ours, theirs):
    assert both(ours).tobytes() == both(theirs).tobytes()


def mean(results):
    return sum(both(result) for result in results) / len(results)


def learning(net):
    """Which weights and which biases are trained."""
    weights = [connection.trainable for connection in net.connections]
    return np.array(weights, bool), np.array([neuron.trainable for neuron in net], bool)


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


def loss(net, inputs, targets, cost):
    """The mean over sequences of the summed cost, by running the network."""
    total = 0.0
    for rows, aims in zip(inputs, targets, strict=True):
        net.clear()
        outputs = net.run(rows)
        total += sum(
            synapse.cost.get(cost)(t, y) for t, y in zip(aims, outputs, strict=True) if not np.isnan(t).all()
        )
    return total / len(inputs)


def differences(net, name, learn, *data, width=1e-5):
    """dE / d(weights or biases) by central differences; 0 of those that are not trained."""
    values, slopes = getattr(net, name), np.zeros(len(learn))
    for i in np.flatnonzero(learn):
        ends = []
        for sign in (1, -1):
            moved = values.copy()
            moved[i] += sign * width
            setattr(net, name, moved)
            ends.append(loss(net, *data))
        slopes[i] = (ends[0] - ends[1]) / (2 * width)
    setattr(net, name, values)
    return slopes


def assert_slopes(net, inputs, targets, cost, within=1e-6):
    result = gradient(net, inputs, targets, cost)
    weights, biases = learning(net)
    biases[: len(net.input)] = False
    assert result.loss == pytest.approx(loss(net, inputs, targets, cost), rel=1e-12)
    assert result.weights == pytest.approx(
        differences(net, "weights", weights, inputs, targets, cost), abs=within
    )
    assert result.biases == pytest.approx(
        differences(net, "biases", biases, inputs, targets, cost), abs=within
    )


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
    net = architect.LSTM(3, 4, 5, output_squash="softmax", seed=1)
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
def distance_here(target, output, derivative, outputs):
    """Grows so slowly that activations overflow before it does."""
    error = target - output
    root = (1.0 + error * error) ** 0.5 if abs(error) < 1e100 else abs(error)
    return root, error / root * derivative


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
    net.calm = True
    assert_slopes(net, *sequences(net, (4, 3)), "cross_entropy")


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


with_torch = [pytest.mark.torch, pytest.mark.filterwarnings("default")]


def marked(function):
    for mark in with_torch:
        function = mark(function)
    return function


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


# --- several sequences --------------------------------------------------------------------------


@by_sort
@pytest.mark.parametrize("count", [1, 2, 8, 9, 17])
def test_several_sequences_are_the_mean_of_each(sort, count):
    """One is computed in one lane, several are in eight."""
    net = built(sort)
    inputs, targets = sequences(net, [3 + (5 * i) % 7 for i in range(count)])
    for aims in targets:
        aims[len(aims) // 2] = np.nan
    together = gradient(net, inputs, targets)
    apart = mean([gradient(net, x, t) for x, t in zip(inputs, targets, strict=True)])
    if sort == "perceptron":  # its rows are as many sequences of one step
        apart = mean([gradient(net, [x], [t]) for x, t in zip(inputs, targets, strict=True)])
    assert both(together) == pytest.approx(apart, rel=1e-12, abs=1e-14)


@by_sort
def test_an_array_is_a_list(sort):
    net = built(sort)
    inputs, targets = sequences(net, (5,) * 4)
    expected = gradient(net, inputs, targets)
    same_bits(gradient(net, np.array(inputs), np.array(targets)), expected)
    same_bits(gradient(net, [x.tolist() for x in inputs], [t.tolist() for t in targets]), expected)
    same_bits(gradient(net, tuple(map(tuple, inputs)), tuple(map(tuple, targets))), expected)


def test_the_order_of_sequences_is_nothing_but_rounding():
    net = built("lstm")
    inputs, targets = sequences(net, (5, 9, 1, 2, 7, 3, 3, 8, 6, 4))
    same(gradient(net, inputs[::-1], targets[::-1]), gradient(net, inputs, targets))


def test_a_sequence_without_a_step_counts_and_adds_nothing():
    net = built("elman")
    inputs, targets = sequences(net, (5, 0))
    alone = gradient(net, inputs[:1], targets[:1])
    assert both(gradient(net, inputs, targets)) == pytest.approx(both(alone) / 2, rel=1e-12)


def test_no_target_no_slope():
    net = built("lstm")
    inputs, targets = one_sequence(net)
    result = gradient(net, inputs, np.full_like(targets, np.nan))
    assert not both(result).any()


def test_steps_after_the_last_target_do_not_matter():
    net = built("lstm")
    inputs, targets = one_sequence(net, 9)
    targets[5:] = np.nan
    same(gradient(net, inputs, targets), gradient(net, inputs[:5], targets[:5]))


def test_rows_of_a_network_with_memory_are_one_sequence():
    net = built("elman")
    inputs, targets = one_sequence(net)
    same_bits(gradient(net, inputs, targets), gradient(net, [inputs], [targets]))


def test_rows_of_a_network_without_memory_are_one_sequence_too():
    """Its loss is their sum, as everywhere: not their mean."""
    net = built("perceptron")
    inputs, targets = one_sequence(net, 21)
    same(gradient(net, inputs, targets), gradient(net, [inputs], [targets]))
    singles = mean([gradient(net, inputs[i : i + 1], targets[i : i + 1]) for i in range(21)])
    assert both(gradient(net, inputs, targets)) == pytest.approx(21 * singles, rel=1e-12)


# --- bits ---------------------------------------------------------------------------------------


@by_sort
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_same_call_gives_the_same_bits_whatever_the_threads(sort, dtype):
    net = built(sort, dtype=dtype)
    inputs, targets = sequences(net, [1 + i % 5 for i in range(70)])
    first = gradient(net, inputs, targets)
    same_bits(gradient(net, inputs, targets), first)
    for threads in (2, 3):
        same_bits(gradient(net, inputs, targets, threads=threads), first)


def bits():
    """The gradient of an LSTM over ten sequences, in hexadecimal."""
    net = built("lstm")
    return both(gradient(net, *sequences(net, range(1, 11)))).tobytes().hex()


def test_another_process_gives_the_same_bits():
    root = Path(__file__).parents[2]
    paths = os.pathsep.join([str(Path(synapse.__file__).parents[1]), str(root)])
    code = "from tests.learning.test_unfolding import bits; print(bits(), end='')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == bits()


@by_sort
@pytest.mark.parametrize("count", [1, 5, 20])
def test_single_precision(sort, count):
    """Sixteen samples side by side, where there are several."""
    net, twin = (built(sort, dtype=dtype) for dtype in ("float32", "float64"))
    twin.weights, twin.biases = net.weights, net.biases
    data = sequences(net, [2 + i % 6 for i in range(count)])
    ours, theirs = both(gradient(net, *data)), both(gradient(twin, *data))
    assert ours.dtype == np.float64
    assert np.abs(ours - theirs).max() < 1e-5 * np.abs(theirs).max()


# --- windows and context ------------------------------------------------------------------------


@by_sort
@pytest.mark.parametrize("window", [1, 2, 3, 5])
def test_a_window_cuts_the_sequence_and_carries_the_context(sort, window):
    net = built(sort)
    inputs, targets = one_sequence(net, 11)
    cuts = [*range(0, 11, window), 11]
    parts = 0.0
    for first, last in pairwise(cuts):
        net.clear()
        net.run(inputs[:first])
        parts = parts + both(gradient(net, inputs[first:last], targets[first:last], context=True))
    assert both(gradient(net, inputs, targets, window=window)) == pytest.approx(parts, rel=1e-11, abs=1e-13)


def test_a_window_is_exact_from_the_length_of_the_sequence_on():
    net = built("gru")
    data = sequences(net, (7, 5))
    exact = gradient(net, *data)
    for window in (7, 8, 1000):
        same_bits(gradient(net, *data, window=window), exact)
    assert np.abs(gradient(net, *data, window=6).weights - exact.weights).max() > 1e-6


def test_every_sequence_begins_with_the_context():
    net = used(built("lstm"))
    inputs, targets = sequences(net, (4, 6))
    warm = gradient(net, inputs, targets, context=True)
    apart = mean([gradient(net, x, t, context=True) for x, t in zip(inputs, targets, strict=True)])
    assert both(warm) == pytest.approx(apart, rel=1e-12, abs=1e-14)
    cold = gradient(net, inputs, targets)
    assert np.abs(warm.weights - cold.weights).max() > 1e-6
    net.clear()
    same_bits(gradient(net, inputs, targets, context=True), cold)


# --- what it leaves alone ------------------------------------------------------------------------


@by_sort
def test_the_network_stays_as_it_is(sort, tmp_path):
    net = used(built(sort))
    synapse.save(net, tmp_path / "before.json")
    with unchanged(net):
        for options in ({}, {"context": True}, {"window": 2}, {"threads": 2}):
            gradient(net, *sequences(net, (5,) * 9), **options)
    synapse.save(net, tmp_path / "after.json")
    assert (tmp_path / "before.json").read_bytes() == (tmp_path / "after.json").read_bytes()


def test_what_is_not_trained_has_no_slope_and_passes_errors_on():
    net, free = built("lstm"), built("lstm")
    for connection in net.connections[::3]:
        connection.trainable = False
    for neuron in net.neurons[::4]:
        neuron.trainable = False
    data = sequences(net, (5, 8))
    ours, theirs = gradient(net, *data), gradient(free, *data)
    weights, biases = learning(net)
    assert not ours.weights[~weights].any()
    assert not ours.biases[~biases].any()
    assert ours.weights[weights] == pytest.approx(theirs.weights[weights], rel=1e-12, abs=1e-15)
    assert ours.biases[biases] == pytest.approx(theirs.biases[biases], rel=1e-12, abs=1e-15)


def test_two_networks_of_one_store():
    nets = [perceptron(2, 3, 1, seed=1), lstm(2, 3, 2, seed=2)]
    data = [sequences(net, (4, 3)) for net in nets]
    alone = [gradient(net, *d) for net, d in zip(nets, data, strict=True)]
    bridge = nets[0].output[0].project(nets[1].input[0])
    assert nets[0]._store is nets[1]._store
    for net in nets:
        with pytest.raises(TopologyError, match="outside of it"):
            gradient(net, *sequences(net))
    bridge.source.disconnect(bridge.target)
    for net, d, expected in zip(nets, data, alone, strict=True):
        same(gradient(net, *d), expected)


def test_a_gater_outside_is_refused():
    net, other = perceptron(2, 3, 1), Neuron()
    other.gate(net.connections[0])
    with unchanged(net), pytest.raises(TopologyError, match="outside of it"):
        gradient(net, *one_sequence(net))


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


# --- what is refused -----------------------------------------------------------------------------


def test_how_it_is_shown():
    net = built("perceptron")
    result = gradient(net, *one_sequence(net))
    assert repr(result).startswith(f"<Gradient: loss {result.loss:.6g}, norm ")
    assert repr(result).endswith(f" {len(net.connections)} weights>")


BAD = {
    "inputs of another size": (lambda x, t: gradient(net_of(), x[:, :2], t), "3 numbers"),
    "targets of another size": (lambda x, t: gradient(net_of(), x, t[:, :1]), "2 numbers"),
    "fewer targets": (lambda x, t: gradient(net_of(), x, t[:-1]), "as many"),
    "one row": (lambda x, t: gradient(net_of(), x[0], t[0]), "dimension"),
    "two forms": (lambda x, t: gradient(net_of(), [x], t), "one form"),
    "fewer sequences": (lambda x, t: gradient(net_of(), [x, x], [t]), "one form"),
    "a shorter sequence": (lambda x, t: gradient(net_of(), [x, x], [t, t[1:]]), "sequence 1"),
    "nothing": (lambda x, t: gradient(net_of(), x[:0], t[:0]), "at least one"),
    "an input of NaN": (lambda x, t: gradient(net_of(), x * np.nan, t), "finite"),
    "half a target": (lambda x, t: gradient(net_of(), x, np.where([[True, False]], np.nan, t)), "all NaN"),
    "no number": (lambda x, t: gradient(net_of(), [["a"] * 3] * 6, t), "numbers"),
    "an unknown cost": (lambda x, t: gradient(net_of(), x, t, "nonsense"), "nonsense"),
    "a linear output": (
        lambda x, t: gradient(net_of(output_squash="identity"), x, t, "cross_entropy"),
        "logistic",
    ),
    "a target out of range": (lambda x, t: gradient(net_of(), x, 1.5 + t, "cross_entropy"), "0 and 1"),
    "no window": (lambda x, t: gradient(net_of(), x, t, window=0), "window"),
    "a window backward": (lambda x, t: gradient(net_of(), x, t, window=-3), "window"),
    "half a window": (lambda x, t: gradient(net_of(), x, t, window=1.5), "window"),
    "no thread": (lambda x, t: gradient(net_of(), x, t, threads=0), "threads"),
    "no network": (lambda x, t: gradient([1, 2], x, t), "Network"),
}


def net_of(**options):
    return built("lstm", **options)


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_used_is_refused(what):
    call, words = BAD[what]
    x, t = one_sequence(net_of())
    with pytest.raises(SynapseError, match=words) as caught:
        call(x, t)
    assert isinstance(caught.value, ArgumentError | KindError | LookupError)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("row", [[1.0, 1.0, 0.0], [2.0, -1.0, 0.0]])
def test_targets_of_softmax_are_probabilities(row):
    net = architect.Perceptron(2, 3, 3, output_squash="softmax", seed=0)
    with pytest.raises(ArgumentError, match="Targets of softmax"):
        gradient(net, [[0.0, 1.0]], [row])


def line(weight=1.0, loop=None):
    """An input, and a linear output that may carry itself on."""
    source, sink = Neuron(), Neuron("identity")
    source.project(sink, weight=weight)
    if loop is not None:
        sink.project(sink, weight=loop)
    return Network(Layer([source]), [], Layer([sink], name="sum"))


def test_an_activation_that_overflows_is_named_with_its_step():
    net = line(loop=10.0)
    states, value = 0, 1.0
    while np.isfinite(value):
        states, value = states + 1, 10.0 * value + 1.0
    with unchanged(net), pytest.raises(DivergenceError, match=rf"sum 0.* in step {states}\b"):
        gradient(net, np.ones((400, 1)), np.zeros((400, 1)), "distance_here")


def test_an_activation_that_overflows_where_no_target_is_leaves_no_nan():
    targets = np.full((400, 1), np.nan)
    targets[0] = 0.0
    try:
        result = gradient(line(loop=10.0), np.ones((400, 1)), targets)
    except DivergenceError:
        return
    assert np.isfinite(both(result)).all()


def test_a_sample_that_overflows_is_named_by_its_row():
    inputs = np.ones((60, 1))
    inputs[20] = 1e300
    with pytest.raises(DivergenceError, match=r"\b20\b"):
        gradient(line(1e100), inputs, np.zeros((60, 1)))


@pytest.mark.parametrize("count", [1, 3])
def test_an_error_that_overflows_is_named_with_its_step(count):
    """Nothing is in the network, so that nothing overflows forward; 10^10 a step is 10^310 after 31."""
    net, steps = line(loop=1e10), 60
    inputs, targets = np.zeros((count, steps, 1)), np.full((count, steps, 1), np.nan)
    targets[:, -1] = 1.0
    with unchanged(net), pytest.raises(DivergenceError, match=r"exploded.*sum 0.* in step 28\b"):
        gradient(net, inputs, targets)
    assert np.isfinite(both(gradient(net, inputs, targets, window=10))).all()


def test_a_cost_that_overflows_is_told():
    with pytest.raises(DivergenceError, match="cost"):
        gradient(line(), [[1e200]], [[0.0]])


def test_a_slope_that_overflows_is_told():
    """The error is finite and so is the input, their product is not."""
    with pytest.raises(DivergenceError):
        gradient(line(1e-50), [[1e200]], [[0.0]])
