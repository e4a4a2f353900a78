"""Random neurons: noise and bernoulli, each with a stream of its own."""

import numpy as np
import pytest
from scipy import stats

import synapse
from synapse import Layer, Network, Neuron, Trainer, squash


def drawn(name, count=4000, bias=0.0, seed=1):
    neuron = Neuron(name, bias=bias)
    neuron.reseed(seed)
    return np.array([neuron.activate() for _ in range(count)])


def noisy(count, seed):
    """A network with so many noisy neurons between its layers."""
    source, middle, output = Layer(2), Layer(count, "noise"), Layer(1)
    source.project(middle, seed=0)
    middle.project(output, seed=1)
    net = Network(source, [middle], output)
    net.reseed(seed)
    return net


def test_noise_is_standard_normal_around_the_state():
    assert stats.kstest(drawn("noise", bias=0.7) - 0.7, "norm").pvalue > 0.01


@pytest.mark.parametrize("bias", [-2.0, 0.0, 1.0])
def test_bernoulli_says_1_with_its_chance(bias):
    numbers = drawn("bernoulli", bias=bias)
    assert set(numbers) == {0.0, 1.0}
    assert stats.binomtest(int(numbers.sum()), len(numbers), squash.logistic(bias)).pvalue > 0.01


def test_steps_do_not_depend_on_each_other():
    numbers = drawn("noise")
    assert abs(np.corrcoef(numbers[1:], numbers[:-1])[0, 1]) < 0.05


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_streams_of_neighbours_do_not_depend_on_each_other():
    layer = Layer(2, "noise")
    net = Network(Layer(1), [], layer)
    net.reseed(3)
    numbers = net.run(np.zeros((4000, 1)))
    assert abs(np.corrcoef(numbers.T)[0, 1]) < 0.05
    assert stats.kstest(numbers[:, 1], "norm").pvalue > 0.01


def test_a_seed_gives_the_same_numbers():
    assert np.array_equal(drawn("noise", 5), drawn("noise", 5))
    assert not np.array_equal(drawn("noise", 5), drawn("noise", 5, seed=2))
    # On any machine, in any process:
    assert drawn("noise", 2)[0] == pytest.approx(0.2524157387469357, abs=1e-15)


def test_without_a_seed_two_neurons_differ():
    assert Neuron("noise").activate() != Neuron("noise").activate()


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_calm_neurons_give_the_mean():
    layer = Layer(2, "noise", bias=0.3)
    layer[1].squash = "bernoulli"
    net = Network(Layer(1), [], layer)
    assert not net.deterministic
    net.deterministic = True
    assert net.run(np.zeros((3, 1))).tolist() == [[0.3, squash.logistic(0.3)]] * 3
    assert layer.deterministic
    assert all(neuron.deterministic for neuron in net)
    layer.deterministic = False
    assert not net.deterministic
    assert net.input.deterministic


def test_clamped_random_neurons_draw_nothing():
    neuron = Neuron("noise")
    neuron.reseed(0)
    neuron.activate(0.5)
    first = neuron.activate()
    neuron.reseed(0)
    assert (neuron.activation, neuron.activate()) == (first, first)


def test_a_saved_network_goes_on_with_the_same_numbers(tmp_path):
    net = noisy(3, seed=5)
    net.run(np.ones((4, 2)))
    synapse.save(net, tmp_path / "net")
    twin, clone = synapse.load(tmp_path / "net"), net.clone()
    expected = net.run(np.ones((6, 2)))
    assert np.array_equal(twin.run(np.ones((6, 2))), expected)
    assert np.array_equal(clone.run(np.ones((6, 2))), expected)


def test_dropout_by_a_gate():
    """A connection that a bernoulli neuron gates is there or not; the deterministic gate passes its mean."""
    source, gate, target = Neuron("identity"), Neuron("bernoulli", bias=1.0), Neuron("identity")
    link = source.project(target, weight=2.0)
    source.project(gate, weight=0.0)
    gate.gate(link)
    gate.reseed(0)
    seen = set()
    for _ in range(50):
        source.activate(1.0), gate.activate()
        seen.add(target.activate())
    assert seen == {0.0, 2.0}
    gate.deterministic = True
    source.activate(1.0), gate.activate()
    assert target.activate() == pytest.approx(2.0 * squash.logistic(1.0))


def test_bernoulli_learns_its_chance():
    """The straight-through estimator: a biased coin learns to fall as often as it should."""
    coin = Layer(1, "bernoulli")
    net = Network(Layer(1), [], coin)
    net.reseed(0)
    targets = np.full((4000, 1), 0.8)
    Trainer(net, 0.02, cost="squared_error").train(np.zeros((4000, 1)), targets, epochs=1, seed=0)
    assert squash.logistic(coin[0].bias) == pytest.approx(0.8, abs=0.1)


def test_the_same_seed_trains_the_same_network():
    def trained():
        net, rng = noisy(4, seed=7), np.random.default_rng(0)
        Trainer(net, 0.1).train(rng.random((50, 2)), rng.random((50, 1)), epochs=2, seed=0)
        return net.weights

    assert np.array_equal(trained(), trained())
