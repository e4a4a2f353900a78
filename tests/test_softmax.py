"""Softmax outputs: a group of neurons normalised together."""

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, Neuron, cost, squash
from synapse.errors import ArgumentError, TopologyError


def net(seed=0, **options):
    return architect.Perceptron(4, 5, 3, output_squash="softmax", seed=seed, **options)


INPUTS = np.random.default_rng(1).normal(size=(6, 4))
TARGETS = np.eye(3)[[0, 1, 2, 0, 1, 2]]


def test_outputs_are_the_normalised_exponentials_of_their_states():
    one = net()
    for row in INPUTS:
        outputs = one.activate(row)
        exponentials = np.exp(one.output.states)
        assert outputs == pytest.approx(exponentials / exponentials.sum(), rel=1e-14)
        assert outputs.sum() == pytest.approx(1.0, abs=1e-15)


def test_neurons_one_by_one_give_the_same_outputs():
    one, other = net(), net()
    for row in INPUTS:
        expected = one.activate(row)
        other.input.activate(row)
        for layer in other.layers[1:]:
            layer.activate()
        assert other.output.activations == pytest.approx(expected, abs=1e-15)


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")  # nothing leads to the outputs
def test_large_states_do_not_overflow():
    outputs = Layer(3, squash="softmax")
    network = Network(Layer(1), [], outputs)
    outputs.biases = [800.0, 0.0, -800.0]
    assert network.activate([0.0]) == pytest.approx([1.0, 0.0, 0.0], abs=1e-300)


def test_the_cost_is_categorical_cross_entropy_unless_told():
    one = net()
    outputs = one.activate(INPUTS[0])
    value = one.propagate(0.0, TARGETS[0])
    assert value == pytest.approx(-np.log(outputs[0]))
    assert one.propagate(0.0, TARGETS[0], "cross_entropy") == value
    assert [n.error.responsibility for n in one.output] == pytest.approx(TARGETS[0] - outputs)


@pytest.mark.torch
def test_learning_follows_the_gradient_of_pytorch():
    torch = pytest.importorskip("torch")
    one = net(seed=3)
    first, second = (np.asarray(p.reshape(-1)) for p in np.split(one.weights, [20]))
    w1 = torch.tensor(first.reshape(5, 4), requires_grad=True)
    w2 = torch.tensor(second.reshape(3, 5), requires_grad=True)
    b1 = torch.tensor(one.biases[4:9], requires_grad=True)
    b2 = torch.tensor(one.biases[9:], requires_grad=True)
    hidden = torch.sigmoid(w1 @ torch.tensor(INPUTS[0]) + b1)
    loss = -torch.log_softmax(w2 @ hidden + b2, 0)[1]
    loss.backward()
    before, biases = one.weights, one.biases
    one.activate(INPUTS[0])
    assert one.propagate(1.0, TARGETS[1]) == pytest.approx(loss.item(), rel=1e-14)
    gradient = torch.cat([w1.grad.reshape(-1), w2.grad.reshape(-1)]).numpy()
    assert before - one.weights == pytest.approx(gradient, abs=1e-14)
    assert (biases - one.biases)[4:] == pytest.approx(torch.cat([b1.grad, b2.grad]).numpy(), abs=1e-14)


def test_it_learns_classes():
    one = net(seed=2)
    result = synapse.Trainer(one, rate=0.5).train(INPUTS, TARGETS, epochs=500, progress=False, seed=0)
    assert result.error < 0.05
    assert (one.run(INPUTS).argmax(axis=1) == TARGETS.argmax(axis=1)).all()


def test_it_is_saved_by_name(tmp_path):
    one = net()
    synapse.save(one, tmp_path / "model.json")
    again = synapse.load(tmp_path / "model.json")
    assert again.output.squash is squash.softmax
    assert again.run(INPUTS).tolist() == one.run(INPUTS).tolist()


def test_a_neuron_alone_is_a_group_of_one():
    neuron = Neuron("softmax")
    assert neuron.activate() == 1.0
    assert squash.softmax(3.0) == 1.0


def test_targets_must_be_probabilities():
    one = net()
    one.activate(INPUTS[0])
    before = one.weights
    with pytest.raises(ArgumentError, match="add up to 1"):
        one.propagate(0.1, [1.0, 1.0, 0.0])
    with pytest.raises(ArgumentError, match="add up to 1"):
        synapse.Trainer(one).train(INPUTS, np.ones((6, 3)), progress=False)
    assert (one.weights == before).all()


def test_other_costs_are_refused():
    with pytest.raises(ArgumentError, match="categorical_cross_entropy"):
        synapse.Trainer(net(), cost="squared_error")
    with pytest.raises(ArgumentError, match="needs softmax"):
        synapse.Trainer(architect.Perceptron(2, 1), cost=cost.categorical_cross_entropy)
    with pytest.raises(ArgumentError, match="needs logistic"):
        synapse.Trainer(architect.Perceptron(2, 1, output_squash="tanh"), cost="cross_entropy")


def test_it_is_for_outputs_only():
    with pytest.raises(TopologyError, match="not an output"):
        architect.Perceptron(2, 3, 1, squash="softmax")
    one = net()
    with pytest.raises(TopologyError, match="not an output"):
        one.hidden[0].squash = "softmax"
    with pytest.raises(TopologyError, match="not an output"):
        one.add(Neuron("softmax"))
    assert one.hidden[0].squash is squash.logistic
