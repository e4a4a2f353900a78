"""Calls for exact gradients: several sequences, bits, windows, context, what is refused."""

from itertools import pairwise

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, Neuron, gradient
from synapse.errors import ArgumentError, DivergenceError, KindError, SynapseError, TopologyError
from synapse.learning._data import prepare_sequences
from synapse.learning._exact import ExactGradient

from ..engine.test_jit import run
from ..networks import lstm, perceptron, unchanged, used
from .helpers import both, built, by_sort, learning, mean, one_sequence, same, same_bits, sequences

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


def test_random_neurons_draw_the_same_whatever_the_threads():
    found = []
    for threads in (1, 2, 2, 2):
        net = built("lstm")
        net.hidden[0].squash = "noise"
        net.reseed(3)
        found.append(gradient(net, *sequences(net, (20,) * 64), threads=threads).loss)
    assert len(set(found)) == 1


@by_sort
def test_tapes_that_are_used_again_have_forgotten(sort):
    net = built(sort)
    inputs, targets = sequences(net, (8, 7, 6, 5, 8, 5, 1))
    exact = ExactGradient(net, prepare_sequences(net, inputs, targets))
    for chosen in ([0, 1, 2], [3], [4, 5], [2], [5, 3, 6], [0, 4], [6], [1, 0, 2, 3, 4, 5, 6]):
        share = np.full(len(chosen), 1 / len(chosen))
        descent = exact.descent(np.array(chosen), share, synapse.cost.squared_error, 2**62)
        parts = [[part[i] for i in chosen] for part in (inputs, targets)]
        expected = gradient(net, *parts, "squared_error")
        assert descent[0] == expected.loss
        assert (-descent[1][net._connection_rows()] == expected.weights).all()
        assert (-descent[2] == expected.biases).all()


def bits():
    """The gradient of an LSTM over ten sequences, in hexadecimal."""
    net = built("lstm")
    return both(gradient(net, *sequences(net, range(1, 11)))).tobytes().hex()


def test_another_process_gives_the_same_bits():
    code = "from tests.learning.test_exact_calls import bits; print(bits(), end='')"
    assert run("-c", code, PYTHONHASHSEED="1") == bits()


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


def test_a_window_may_be_longer_than_any_sequence():
    net = built("gru")
    data = sequences(net, (7, 5))
    same_bits(gradient(net, *data, window=10**30), gradient(net, *data))


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


# --- what is refused -----------------------------------------------------------------------------


def test_how_it_is_shown():
    net = built("perceptron")
    result = gradient(net, *one_sequence(net))
    assert repr(result).startswith(f"<Gradient: loss {result.loss:.6g}, norm ")
    assert repr(result).endswith(f" {len(net.connections)} weights>")


BAD = {
    "inputs of another size": (lambda x, t: gradient(net_of(), x[:, :2], t), "3 inputs"),
    "targets of another size": (lambda x, t: gradient(net_of(), x, t[:, :1]), "2 targets"),
    "fewer targets": (lambda x, t: gradient(net_of(), x, t[:-1]), "as many"),
    "one row": (lambda x, t: gradient(net_of(), x[0], t[0]), "dimension"),
    "two forms": (lambda x, t: gradient(net_of(), [x], t), "the same form"),
    "fewer sequences": (lambda x, t: gradient(net_of(), [x, x], [t]), "the same form"),
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
    with pytest.raises(ArgumentError, match="argets of softmax"):
        gradient(net, [[0.0, 1.0]], [row])


def line(weight=1.0, loop=None):
    """An input, and a linear output that may carry itself on."""
    source, sink = Neuron(), Neuron("identity")
    source.project(sink, weight=weight)
    if loop is not None:
        sink.project(sink, weight=loop)
    return Network(Layer([source]), [], Layer([sink], name="sum"))


@synapse.cost.register
def distance_here(target, output, derivative, outputs):
    """Grows so slowly that activations overflow before it does."""
    error = target - output
    root = (1.0 + error * error) ** 0.5 if abs(error) < 1e100 else abs(error)
    return root, error / root * derivative


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
