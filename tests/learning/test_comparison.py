"""The online rule beside the exact gradient."""

import numpy as np
import pytest

import architect
from synapse import gradient, initializers
from synapse.errors import DivergenceError, KindError, SynapseError, TopologyError
from synapse.learning import compare_gradients

from ..networks import GOLDEN, from_golden, lstm, perceptron, unchanged, used
from .helpers import by_steps, sequences

WIDE = initializers.uniform(0.8)


def data(net, lengths=(6, 3)):
    return sequences(net, lengths)


@pytest.mark.parametrize(
    "build",
    [
        lambda: perceptron(3, 5, 4, 2, seed=1),
        lambda: architect.Perceptron(3, 5, 4, output_squash="softmax", seed=1),
        lambda: lstm(2, 3, 2, seed=1, cell="tanh"),
        lambda: architect.LSTM(3, 4, 2, peepholes=None, initializer=WIDE, style="synaptic", seed=1),
    ],
)
def test_where_nothing_is_left_out_they_are_equal(build):
    net = build()
    inputs, targets = data(net)
    targets = [aims / aims.sum(axis=1, keepdims=True) for aims in targets]
    found = compare_gradients(net, inputs, targets)
    assert found.cosine == pytest.approx(1.0, abs=1e-12)
    assert found.relative_error < 1e-12


@pytest.mark.parametrize("name", GOLDEN)
def test_both_are_what_they_are_called(name):
    (net, _), golden = from_golden(name), GOLDEN[name]
    for cost in ("squared_error", "cross_entropy"):
        found = compare_gradients(net, golden["inputs"], golden["targets"], cost)
        exact = gradient(net, golden["inputs"], golden["targets"], cost)
        weights, biases = by_steps(net, [golden["inputs"]], [golden["targets"]], cost)
        assert found.weights["exact"].tolist() == exact.weights.tolist()
        assert found.biases["exact"].tolist() == exact.biases.tolist()
        assert found.weights["rule"] == pytest.approx(weights, abs=1e-13)
        assert found.biases["rule"] == pytest.approx(biases, abs=1e-13)


def test_with_peepholes_the_rule_points_along_the_gradient():
    (net, _), golden = from_golden("lstm_3_4_2"), GOLDEN["lstm_3_4_2"]
    found = compare_gradients(net, golden["inputs"], golden["targets"], "cross_entropy")
    assert 0.9999 < found.cosine < 1.0
    assert 1e-4 < found.relative_error < 0.02


def test_it_leaves_out_what_an_elman_network_brings_back():
    net = architect.Elman(3, 5, 2, initializer=initializers.uniform(2.0), seed=0)
    found = compare_gradients(net, *data(net, (20,)))
    assert 0.5 < found.cosine < 0.999
    assert found.relative_error > 0.05


def test_cosine_and_error_are_those_of_the_columns():
    net = architect.Elman(3, 5, 2, initializer=WIDE, seed=0)
    found = compare_gradients(net, *data(net))
    ours, theirs = (np.append(found.weights[side], found.biases[side]) for side in ("rule", "exact"))
    assert found.cosine == pytest.approx(ours @ theirs / np.sqrt((ours @ ours) * (theirs @ theirs)))
    assert found.relative_error == pytest.approx(np.sqrt(((ours - theirs) ** 2).sum() / (theirs @ theirs)))


def test_several_sequences_count_by_their_mean():
    net = architect.GRU(2, 3, 1, initializer=WIDE, seed=0)
    inputs, targets = data(net, (5, 2, 7))
    found = compare_gradients(net, inputs, targets)
    each = [compare_gradients(net, x, t).weights["rule"] for x, t in zip(inputs, targets)]
    assert found.weights["rule"] == pytest.approx(np.mean(each, axis=0), abs=1e-14)


def test_rows_name_their_neurons():
    net = architect.Random(3, 9, 2, gates=5, self_connections=2, backward=5, seed=1)
    found = compare_gradients(net, *data(net))
    ends = [(net[row["source"]], net[row["target"]]) for row in found.weights]
    assert ends == [(c.source, c.target) for c in net.connections]
    assert found.biases["neuron"].tolist() == list(range(len(net)))
    assert found.names == tuple(neuron.name for neuron in net)


def test_the_worst_come_first():
    net = architect.Elman(3, 5, 2, initializer=WIDE, seed=0)
    found = compare_gradients(net, *data(net))
    apart = np.abs(found.weights["rule"] - found.weights["exact"])
    worst = found.worst(4)
    assert len(worst) == 4
    assert np.abs(worst["rule"] - worst["exact"]).tolist() == sorted(apart, reverse=True)[:4]
    assert len(found.worst(1000)) == len(net.connections)
    lines = repr(found).splitlines()
    assert lines[0].startswith(f"<GradientComparison of online: cosine {found.cosine:.9g}, relative error ")
    first = worst[0]
    assert lines[1].startswith(f"  {net[first['source']].name} -> {net[first['target']].name}: rule ")
    assert len(lines) == 4


def test_pandas_takes_it():
    pandas = pytest.importorskip("pandas")
    net = perceptron(2, 3, 1)
    frame = pandas.DataFrame(compare_gradients(net, *data(net)).weights)
    assert list(frame) == ["source", "target", "rule", "exact"]


def test_steps_without_a_target_do_not_count():
    net = lstm(2, 3, 2)
    inputs, targets = data(net, (7,))
    targets[0][[0, 3]] = np.nan
    assert compare_gradients(net, inputs, targets).relative_error < 1e-12


def test_nothing_to_compare():
    net = lstm(2, 3, 2)
    inputs, targets = data(net, (3,))
    found = compare_gradients(net, inputs, [np.full_like(targets[0], np.nan)])
    assert np.isnan(found.cosine)
    assert np.isnan(found.relative_error)
    assert "nan" in repr(found)


def test_what_is_not_trained_is_0_on_both_sides():
    net = architect.LSTM(2, 3, 1, initializer=WIDE, style="synaptic", seed=0)
    fixed = np.zeros(len(net.connections), bool)
    fixed[::4] = True
    for connection in net.connections[::4]:
        connection.trainable = False
    found = compare_gradients(net, *data(net))
    assert not found.weights["rule"][fixed].any()
    assert not found.weights["exact"][fixed].any()


def test_single_precision():
    net = architect.LSTM(2, 3, 1, peepholes=None, initializer=WIDE, dtype="float32", style="synaptic", seed=0)
    assert compare_gradients(net, *data(net)).relative_error < 1e-5


def test_the_network_stays_as_it_is():
    net = used(architect.LSTM(2, 3, 1, style="synaptic", seed=0))
    net.hidden[0].squash = "bernoulli"
    with unchanged(net):
        first = compare_gradients(net, *data(net))
        again = compare_gradients(net, *data(net))
    assert first.weights.tobytes() == again.weights.tobytes()
    assert not net.deterministic


def test_what_cannot_be_used_is_refused():
    net, other = perceptron(2, 3, 1), perceptron(1, 2)
    inputs, targets = data(net)
    with unchanged(net):
        with pytest.raises(KindError, match="a Network"):
            compare_gradients([1, 2], inputs, targets)
        with pytest.raises(SynapseError, match="(to be|Expected) 1 number per step"):
            compare_gradients(net, inputs, inputs)
        with pytest.raises(SynapseError, match="nonsense"):
            compare_gradients(net, inputs, targets, "nonsense")
    linear = architect.Perceptron(1, 1, output_squash="identity", seed=0)
    with pytest.raises(DivergenceError):
        compare_gradients(linear, [[1e200]], [[0.0]])
    net.project(other)
    with pytest.raises(TopologyError):
        compare_gradients(net, inputs, targets)
