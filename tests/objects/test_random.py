"""Random neurons: noise and bernoulli, each with a stream of its own."""

import numpy as np
import pytest
import scipy

from synapse import Layer, Network, Neuron, squashes


def drawn(name, count=4000, bias=0.0, seed=1):
    neuron = Neuron(name, bias=bias)
    neuron.reseed(seed)
    return np.array([neuron.activate() for _ in range(count)])


def test_noise_is_standard_normal_around_the_state():
    assert scipy.stats.kstest(drawn("noise", bias=0.7) - 0.7, "norm").pvalue > 0.01


@pytest.mark.parametrize("bias", [-2.0, 0.0, 1.0])
def test_bernoulli_says_1_with_its_chance(bias):
    numbers = drawn("bernoulli", bias=bias)
    assert set(numbers) == {0.0, 1.0}
    assert (
        scipy.stats.binomtest(
            int(numbers.sum()), len(numbers), squashes.logistic(bias)
        ).pvalue
        > 0.01
    )


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_streams_of_neighbours_do_not_depend_on_each_other():
    layer = Layer(2, "noise")
    net = Network(Layer(1), [], layer)
    net.reseed(3)
    numbers = net.run(np.zeros((4000, 1)))
    assert abs(np.corrcoef(numbers.T)[0, 1]) < 0.05
    assert scipy.stats.kstest(numbers[:, 1], "norm").pvalue > 0.01


def test_a_seed_gives_the_same_numbers():
    assert np.array_equal(drawn("noise", 5), drawn("noise", 5))
    assert not np.array_equal(drawn("noise", 5), drawn("noise", 5, seed=2))
    # On any machine, in any process:
    assert drawn("noise", 2)[0] == pytest.approx(0.2524157387469357, abs=1e-15)


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_calm_neurons_give_the_mean():
    layer = Layer(2, "noise", bias=0.3)
    layer[1].squash = "bernoulli"
    net = Network(Layer(1), [], layer)
    assert not net.deterministic
    net.deterministic = True
    assert net.run(np.zeros((3, 1))).tolist() == [[0.3, squashes.logistic(0.3)]] * 3
    assert layer.deterministic
    assert all(neuron.deterministic for neuron in net)
    layer.deterministic = False
    assert not net.deterministic
    assert net.input.deterministic
