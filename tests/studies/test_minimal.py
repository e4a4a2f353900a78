"""The champions of the languages: their files are right and proved, and the program
that proves finds mistakes."""

import numpy as np
import pytest

import synapse
from studies import _counters, minimal
from synapse import Layer, Network, Neuron


def counter():
    """a^n b^n by three rectified outputs, of which the one for # counts."""
    inputs = Layer([Neuron(name=name) for name in "#ab"])
    outputs = Layer(3, "relu")
    for source, target, weight in [
        (0, 0, 1.0),
        (1, 0, -1.0),
        (2, 0, 1.0),
        (0, 1, 2.0),
        (1, 1, 2.0),
    ]:
        inputs[source].project(outputs[target], weight=weight)
    outputs[0].project(outputs[2], weight=-1.0)
    outputs[0].project(outputs[0], weight=1.0)
    outputs[2].bias = 1.0
    return Network(inputs, outputs)


def test_a_network_that_counts_is_proved():
    assert _counters.proved(counter(), _counters.MACHINES["anbn"]) > 20


@pytest.mark.parametrize(
    "change",
    [
        lambda net: setattr(net.input[1].outgoing[0], "weight", -0.99),
        lambda net: setattr(net.input[2].outgoing[0], "weight", 0.5),
        lambda net: setattr(net.output[2], "bias", 0.0),
        lambda net: setattr(net.output[0].self_connection, "weight", 0.9),
        lambda net: setattr(net.output[0], "squash", "tanh"),
    ],
)
def test_mistakes_are_found(change):
    """Also one that a test up to n = 50 would not see."""
    net = counter()
    change(net)
    with pytest.raises(_counters.NotProvedError):
        _counters.proved(net, _counters.MACHINES["anbn"])


def test_a_network_that_forgets_the_carry_does_not_add():
    inputs = Layer(2)
    output = Layer(1, "relu")
    inputs.project(output, weights=1.0)
    with pytest.raises(_counters.NotProvedError):
        _counters.adds_right(Network(inputs, output))


@pytest.mark.parametrize("name", minimal.LANGUAGES)
def test_a_champion_is_right_and_proved(name):
    """By its file alone, on strings up to 2,000 letters of a kind, and by proof."""
    net = synapse.load(minimal.CHAMPIONS / f"{name}.json")
    language = minimal.LANGUAGES[name]
    rng = np.random.default_rng(1)

    def run(rows):
        net.clear()
        return net.run(rows, traces=False)

    for n in (*range(1, 31), 300, 2000):
        for text in language.examples(n, rng):
            assert minimal.is_right(run, text), n
    assert not minimal.proof_of(name, net).startswith("no:")
    assert len(net) <= 16
