"""The learning rule and the sensitivities are saved and copied with a network, to the
last bit."""

from functools import partial

import numpy as np
import pytest

import architect
from synapse import Trainer, errors, tie
from synapse.engine.rtrl import Layout
from synapse.readwrite import from_json_data, json_data
from tests.helpers.cases import all_hold, all_refused

from .mutation import all_damage_refused, drop, put
from .nets import WAYS

NETWORKS = {
    "elman": lambda: architect.Elman(3, 5, 2, seed=0),
    "lstm": lambda: architect.LSTM(3, 4, 2, seed=0),
    "random": lambda: architect.Random(
        3, 9, 2, gates=8, self_connections=3, backward=9, seed=1
    ),
    "perceptron": lambda: architect.Perceptron(3, 4, 2, seed=0),
}
RNG = np.random.default_rng(0)
ROWS = RNG.uniform(-1, 1, (12, 3))
TARGETS = RNG.random((12, 2))


def steps(net, start, last):
    """Outputs of some steps from which a network learns, as bytes."""
    outputs = []
    for row, target in zip(ROWS[start:last], TARGETS[start:last], strict=True):
        outputs.append(net.activate(row))
        net.propagate(0.1, target)
    return np.array(outputs).tobytes()


def bits(net):
    return net.weights.tobytes(), net.biases.tobytes()


def test_a_copy_of_a_cleared_network_has_the_rule_only():
    for way in WAYS.values():
        net = NETWORKS["elman"]()
        net.rule = ("rtrl", 2)
        steps(net, 0, 3)
        net.clear()
        twin = way(net)
        assert twin.rule == ("rtrl", 2)
        unfit = errors.TopologyError
        all_refused(
            [
                (
                    partial(twin.propagate, 0.1, TARGETS[0]),
                    unfit,
                    r"has not been activated.*Call network.activate",
                ),
                (twin.hidden[0][0].activate, unfit, "cannot be stepped by itself"),
            ]
        )
        assert "sensitivity" not in json_data(net)
        assert steps(net, 0, 5) == steps(twin, 0, 5)


def test_a_stream_that_a_trainer_has_begun_goes_on_in_a_copy():
    """The network learns online by itself; the trainer has left sensitivities."""

    def train(net, part):
        trainer = Trainer(net, rule="rtrl", reach=3)
        trainer.train(ROWS[part], TARGETS[part], epochs=1, progress=False)

    net = NETWORKS["lstm"]()
    train(net, slice(6))
    twin = WAYS["npz"](net)
    assert twin.rule == ("online", None)
    for network in (net, twin):
        train(network, slice(6, 12))
    assert bits(net) == bits(twin)


def document():
    net = architect.Elman(2, 2, 1, seed=0)
    net.rule = "rtrl"
    net.run([[0.1, 0.2], [0.3, 0.4]])
    return json_data(net)


OTHERS = "must have only .*, got 'recurrent' too"
rule, parameters, lines = (
    partial(put, name) for name in ("learning_rule", "parameters", "lines")
)
values = partial(put, "sensitivity")
roots = partial(put, "recurrent")
BAD = {
    "rule": (
        put("learning_rule", "rtrl"),
        "learning_rule must be an object, got 'rtrl'",
    ),
    "method": (
        rule("method", "bptt"),
        'of the learning_rule must be "online" or "rtrl", got .bptt',
    ),
    "order": (
        rule("order", 0),
        "learning_rule must be null or a whole number above 0, got 0",
    ),
    "stepped": (
        rule("stepped", 1),
        "stepped of the learning_rule must be true or false, got 1",
    ),
    "unstepped": (rule("stepped", False), OTHERS),
    "no rule": (drop("learning_rule"), OTHERS),
    "root": (
        roots("neuron", 0, 99),
        "neuron of recurrent neuron 0 must be the number of a neuron",
    ),
    "infinity": (
        values("previous", 2, float("inf")),
        "previous of sensitivity 2 must be a finite",
    ),
    "owner": (
        parameters("neuron", 0, 0),
        "neuron of parameter 0 must be the target of its connection",
    ),
    "column": (
        parameters("column", 0, 10**9),
        "column of parameter 0 must be a whole number from 0",
    ),
    "length": (
        lines("length", 1, 10**9),
        "length of line 1 must be a whole number from 1 to",
    ),
    "beyond": (
        lines("first", 1, 1),
        "Line 1 must be of columns up to 9, got 10 from column 1 on",
    ),
    "lengths": (
        lines("length", 1, 5),
        "lengths of the lines must add up to 20 values, got 15",
    ),
}


def test_one_clear_error_says_what_is_wrong():
    all_damage_refused(BAD, document, from_json_data)


@pytest.mark.full
@pytest.mark.parametrize("sort", NETWORKS)
def test_a_copy_goes_on_as_the_network_would(sort, monkeypatch):
    monkeypatch.setattr(Layout, "_choose_depth", lambda *_: 1 + len(sort) % 3)

    def begun(rule):
        """With connections in another order than new ones, and a tie."""
        net = NETWORKS[sort]()
        for layer in net.hidden:
            layer[0].trainable_bias = False
        source = net.input[1]
        link, *others = source.outgoing
        target = link.target
        source.disconnect(target)
        source.project(target, weight=0.3)
        tie(others[:2])
        net.rule = rule
        steps(net, 0, 4)
        net.activate(ROWS[4])
        return net

    def check(way, rule):
        net, alone = begun(rule), begun(rule)
        twin = WAYS[way](net)
        assert twin.rule == net.rule
        assert json_data(net) == json_data(twin)
        for network in (net, twin, alone):  # between activation and propagation
            network.propagate(0.1, TARGETS[4])
        assert np.abs(net.weights - alone.weights).max() < 1e-14
        assert steps(net, 5, 12) == steps(twin, 5, 12)
        assert bits(net) == bits(twin)
        ours, theirs = (
            [list(link.sensitivity.values()) for link in both.connections]
            for both in (net, WAYS[way](twin))
        )
        assert ours == theirs

    all_hold(check, [(way, rule) for way in WAYS for rule in ("rtrl", ("rtrl", 1))])
