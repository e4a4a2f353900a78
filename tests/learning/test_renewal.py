"""Renewal of the least useful neurons, against a plain program of the paper's
algorithm."""

import numpy as np
import pytest

import architect
import synapse
from synapse.errors import ArgumentError, ArgumentTypeError
from synapse.learning import ContinualBackprop
from synapse.optimizers import LBFGS, SGD
from tests.helpers.cases import all_refused

STEPS = 600
HIDDEN = 5
RATE = 0.05
RNG = np.random.default_rng(0)
INPUTS = RNG.integers(0, 2, (STEPS, 3)).astype(float)
TARGETS = INPUTS.sum(axis=1, keepdims=True) - 1.5
RENEWAL = ContinualBackprop(replacement_rate=0.02, maturity_threshold=20, decay=0.9)
NEVER = ContinualBackprop(replacement_rate=0.0)


def make():
    """A network with signs and a frozen weight, and its parameters as arrays."""
    net = architect.Perceptron(
        3, HIDDEN, 1, squash="tanh", output_squash="identity", seed=3
    )
    for link in net.input[0].outgoing:
        link.sign = 1 if link.weight > 0 else -1
    net.hidden[0][1].incoming[2].trainable = False
    return net


def parameters(net):
    return [
        of_links(net, "weight"),
        net.hidden[0].biases,
        np.array([link.weight for link in net.output[0].incoming]),
    ]


def of_links(net, name):
    """A number of each connection into the hidden neurons, shape (neurons, inputs)."""
    into = [neuron.incoming for neuron in net.hidden[0]]
    return np.array([[getattr(link, name) or 0 for link in row] for row in into])


def ages(net):
    """The number of updates since each hidden neuron was renewed."""
    return net._store["age"][net._rows()][3:-1]


def uniform(positions, j):
    """The next number of a neuron's stream: SplitMix64 on words of 53 bits."""
    bits = (1 << 64) - 1
    word = positions[j] = (positions[j] + 0x1E3779B97F4A7D) & ((1 << 53) - 1)
    mixed = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & bits
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & bits
    return ((mixed ^ (mixed >> 31)) >> 11) * 2.0**-53


def program(net):
    """The algorithm in plain NumPy; returns the parameters, ages and the number of
    renewals."""
    into, bias, out = parameters(net)
    signs, learns = of_links(net, "sign"), of_links(net, "trainable")
    offset = net.output[0].bias
    utility = np.zeros(HIDDEN)
    age = np.zeros(HIDDEN, int)
    renewed = 0
    positions = np.random.default_rng(0).integers(1, 1 << 53, HIDDEN).tolist()
    for x, (target,) in zip(INPUTS, TARGETS, strict=True):
        y = np.tanh(into @ x + bias)
        error = target - (out @ y + offset)
        delta = error * out * (1 - y**2)
        out, offset = out + RATE * error * y, offset + RATE * error
        into, bias = into + RATE * np.outer(delta, x) * learns, bias + RATE * delta
        into[signs * into < 0] = 0.0
        utility, age = 0.9 * utility + 0.1 * np.abs(y) * np.abs(out), age + 1
        mature = np.flatnonzero(age > 20)
        if len(mature) and uniform(positions, 0) < 0.02 * len(mature):
            least, renewed = mature[np.argmin(utility[mature])], renewed + 1
            scale = 1 / np.sqrt(learns[least].sum())
            for i in np.flatnonzero(learns[least]):
                weight = scale * (2 * uniform(positions, least) - 1)
                sign = signs[least, i]
                into[least, i] = abs(weight) * sign if sign else weight
            bias[least] = scale * (2 * uniform(positions, least) - 1)
            out[least] = utility[least] = age[least] = 0
    return [into, bias, out], age, renewed


def train(net, **options):
    trainer = synapse.Trainer(net, rate=RATE, **{"renewal": RENEWAL, **options})
    trainer.train(INPUTS, TARGETS, epochs=1, seed=0, shuffle=False, progress=False)
    return trainer


@pytest.mark.full
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"rule": "rtrl"},
        {"optimizer": SGD(RATE)},
        {"rule": "rtrl", "optimizer": SGD(RATE)},
        {"rule": "bptt", "batch_size": 1},
    ],
)
def test_every_rule_renews_the_neurons_that_a_plain_program_renews(options):
    net = make()
    expected, age, renewed = program(net)
    train(net, **options)
    for ours, theirs in zip(parameters(net), expected, strict=True):
        assert np.allclose(ours, theirs, rtol=0, atol=1e-10)
    assert (ages(net) == age).all()
    assert renewed > 20


def test_batches_of_a_stream_and_a_file_go_on_with_the_same_bits(tmp_path):
    whole, parts = (make() for _ in range(2))
    train(whole)
    trainer = synapse.Trainer(parts, rate=RATE, renewal=RENEWAL)
    batches = [(INPUTS[cut], TARGETS[cut]) for cut in (slice(100), slice(100, 300))]
    trainer.train(batches, seed=0, progress=False)
    synapse.save(trainer, tmp_path / "trainer.synapse")
    trainer = synapse.load(tmp_path / "trainer.synapse")
    assert trainer.renewal == RENEWAL
    trainer.train(INPUTS[300:], TARGETS[300:], epochs=1, shuffle=False, progress=False)
    assert (trainer.network.weights == whole.weights).all()


def test_no_bits_change_if_nothing_is_renewed():
    nets = [make(), make()]
    for net, renewal in zip(nets, [None, NEVER], strict=True):
        train(net, renewal=renewal)
    assert (nets[0].weights == nets[1].weights).all()


def test_neurons_may_be_added_and_removed_between_trainings():
    net = make()
    trainer = train(net)
    before = dict(zip(net.hidden[0], ages(net).tolist(), strict=True))
    net.remove(net.hidden[0][2])
    new = synapse.Neuron("tanh")
    net.hidden[0].append(new)
    net.input.project(new)
    new.project(net.output[0])
    trainer.renewal = NEVER
    trainer.train(INPUTS[:10], TARGETS[:10], epochs=1, seed=0, progress=False)
    after = dict(zip(net.hidden[0], ages(net).tolist(), strict=True))
    assert after.pop(new) == 10
    assert all(age == before[neuron] + 10 for neuron, age in after.items())


def test_what_cannot_be_renewed_is_refused_and_tied_neurons_are_left_out():
    tied, net = (make() for _ in range(2))
    synapse.tie([neuron.incoming[1] for neuron in tied.hidden[0]])
    net.hidden[0][0].outgoing[0].trainable = False
    synapse.tie([neuron.incoming[1] for neuron in net.hidden[0][1:3]])
    train(net)
    assert (ages(net) > 0).tolist() == [False, False, False, True, True]
    all_refused(
        [
            (lambda: train(tied), ArgumentError, "can be renewed"),
            (
                *(lambda: train(make(), optimizer=LBFGS(), rule="bptt"), ArgumentError),
                "Remove the renewal",
            ),
            (
                *(lambda: train(make(), renewal=0.1), ArgumentTypeError),
                "ContinualBackprop",
            ),
            (lambda: ContinualBackprop(replacement_rate=2.0), ArgumentError, "0 to 1"),
            (
                *(lambda: ContinualBackprop(maturity_threshold=0), ArgumentError),
                "`maturity_threshold`",
            ),
        ]
    )


@pytest.mark.full
def test_it_follows_batches_of_float32():
    net = architect.Perceptron(
        3, HIDDEN, 1, squash="tanh", output_squash="identity", seed=3, dtype="float32"
    )
    trainer = synapse.Trainer(
        net,
        0.05,
        rule="bptt",
        batch_size=20,
        renewal=ContinualBackprop(
            replacement_rate=0.5, maturity_threshold=2, decay=0.9
        ),
    )
    trainer.train(INPUTS, TARGETS, epochs=2, progress=False)
    assert ages(net).min() < 60  # there have been 60 updates
