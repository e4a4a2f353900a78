"""Sentences for rules of synapses that cannot be, or do not fit a network."""

import numpy as np
import pytest

import architect
from synapse import Layer, Network, Trainer
from synapse.errors import ArgumentError, SynapseError
from synapse.plasticity import BCM, Hebb, Oja, Rule, trace


def of_unknown_name(pre, voltage):
    return pre * voltage


def of_text(pre, rate="fast"):
    return pre


def beyond_the_language(pre):
    return float(str(pre))


def of_pre(pre):
    return pre


def follows(pre, x=trace("pre", 5.0)):
    return pre * x


REFUSED = [
    (lambda: Rule(lambda pre: pre), "a named function"),
    (
        lambda: Rule(of_unknown_name),
        r"test_mistakes.py:\d+: a synapse has no 'voltage'",
    ),
    (lambda: Rule(of_text), "a number .* or trace"),
    (lambda: Rule(beyond_the_language), r"cannot be compiled.*test_mistakes.py:\d+"),
    (Rule, "got none"),
    (lambda: Rule(follows, on_pre=follows), "got both"),
    (lambda: Oja(speed=1.0), "speed"),
    (lambda: Oja(bounds=(1, 0)), "bounds"),
    (lambda: BCM(theta=0.0), "theta"),
    (lambda: trace("pre", -1.0), "tau"),
    (lambda: trace("both", 1.0), "of"),
    (lambda: trace("pre", 1.0, kind="newest"), "latest"),
]


@pytest.mark.parametrize(("make", "sentence"), REFUSED)
def test_a_rule_that_cannot_be_is_refused(make, sentence):
    with pytest.raises(SynapseError, match=sentence):
        make()


def test_a_rule_that_does_not_fit_a_network_changes_nothing():
    net = architect.Perceptron(2, 2, 1, seed=0)
    neuron = net.layers[1][0]
    neuron.project(neuron, weight=0.5).trainable = True
    before = net.weights
    fires = Rule(on_post=of_pre)
    for rule, sentence in ((Rule(follows), "carries a state"), (fires, "no spike")):
        with pytest.raises(SynapseError, match=sentence):
            net.rule = rule
        assert net.rule.name == "online"
    net.run(np.ones((2, 2)))
    net.propagate(targets=[1.0])
    assert (net.weights != before).any()


def test_options_that_need_a_gradient_and_needless_modulators_are_refused():
    rows = np.ones((3, 2))
    net = Network(Layer(2), Layer(1))
    net.input.project(net.output, seed=0)
    for options in ({"optimizer": "adam"}, {"batch_size": 4}, {"l2": 0.1}):
        with pytest.raises(SynapseError, match=next(iter(options))):
            Trainer(net, rule=Oja, **options).train(rows, epochs=1, progress=False)
    net.rule = Oja
    before = net.weights
    for refused in (
        lambda: net.run(rows, learn=True, modulator=[1.0, 0.0, 1.0]),
        lambda: net.run(rows, learn=True, threads=2),
        lambda: net.run(rows, modulator=[1.0, 0.0, 1.0]),
    ):
        with pytest.raises(SynapseError, match="modulator|threads"):
            refused()
    assert (net.weights == before).all()


def test_a_trainer_by_another_rule_is_not_saved_and_both_are_named(tmp_path):
    """As they are set, and not as the objects that hold them."""
    net = architect.Perceptron(2, 1, seed=0)
    trainer = Trainer(net, rule=Oja)
    for rule, named in (("online", "'online'"), ("rtrl", "'rtrl'"), (Hebb, "Hebb")):
        net.rule = rule
        with pytest.raises(ArgumentError) as refused:
            trainer.train([[0, 1]], epochs=1, checkpoint=tmp_path / "t.npz")
        text = str(refused.value)
        assert named in text
        assert "Oja" in text
        assert "LearningRule" not in text
