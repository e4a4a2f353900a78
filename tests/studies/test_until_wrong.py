"""Learning up to the first wrong step: the weights are those of a loop that stops
there."""

import numpy as np
import pytest

import architect
from studies.papers._until_wrong import FIRST_STEPS, learn_until_wrong
from studies.tasks import ContinualReber, PeriodicFunction, SpikeDelays, TimedSpikes
from synapse.errors import DivergenceError
from tests.helpers.cases import every_case


def by_single_steps(net, stream, rate, most, decay):
    net.clear()
    for step in range(most):
        sample = stream.take(1)
        right = sample.right(net.activate(sample.inputs[0])[None])
        if not np.isnan(sample.targets).any():
            net.propagate(rate * decay**step, sample.targets[0])
        if not right:
            return step
    return most


@pytest.mark.full
@every_case("rule", ["online", "rtrl"])
@every_case(
    ("task", "decay"),
    [
        (TimedSpikes(12), 1.0),
        (TimedSpikes(12), 0.99),
        (SpikeDelays(6), 1.0),
        (ContinualReber(), 1.0),
    ],
)
def test_the_weights_are_those_of_single_steps(task, decay, rule):
    outcomes = []
    for learn in (learn_until_wrong, by_single_steps):
        net = architect.LSTM(task.inputs, 2, task.outputs, style="synaptic", seed=3)
        net.rule = rule
        steps = [learn(net, task.stream(seed), 0.2, 100, decay) for seed in range(40)]
        outcomes.append(
            (steps, net.weights, net.biases, net.activate(np.ones(task.inputs)))
        )
    (steps, *numbers), (expected, *others) = outcomes
    assert steps == expected
    for ours, theirs in zip(numbers, others, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.full
@every_case("rule", ["online", "rtrl"])
def test_long_right_streams(rule):
    """Several compiled calls, and a first error far from the begin."""
    task = PeriodicFunction("rectangle", period=200)
    outcomes = []
    for learn in (learn_until_wrong, by_single_steps):
        net = architect.Elman(1, 4, 1, seed=0)
        net.rule = rule
        net.output.biases = [1.5]
        steps = [
            learn(net, task.stream(), 0.03, 300, decay) for decay in (1.0, 0.999) * 5
        ]
        outcomes.append((steps, net.weights))
    assert outcomes[0][0] == outcomes[1][0]
    assert max(outcomes[0][0]) > 2 * FIRST_STEPS
    np.testing.assert_array_equal(outcomes[0][1], outcomes[1][1])


def test_no_more_than_the_most():
    net = architect.Perceptron(1, 1, seed=0)
    task = PeriodicFunction("rectangle", period=100)
    net.output.biases = [5.0]
    assert learn_until_wrong(net, task.stream(), 0.0, 40) == 40
    assert learn_until_wrong(net, task.stream(), 0.0, 70) == 50


def test_divergence():
    net = architect.Perceptron(1, 1, seed=0, output_squash="identity")
    net.output.biases = [np.finfo(float).max]
    with pytest.raises(DivergenceError, match="not finite"):
        learn_until_wrong(net, PeriodicFunction().stream(), 0.1, 40)
