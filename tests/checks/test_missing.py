"""What a call says first if an argument is missing and another one is wrong."""

import inspect
import re

import pytest

import architect
import synapse
from synapse import Layer, Model, Trainer
from synapse._checks import extras
from synapse.errors import ArgumentTypeError
from tests.arguments.public import HOOKS, MADE, PUBLIC
from tests.helpers.cases import Cases

PLAIN = """
costs.Cost.signal evolve.Genome.activate evolve.Genome.run squashes.Squash.derivative
synapse.load synapse.Model.run synapse.Network.run synapse.Network.remove
synapse.Neuron.connection_to synapse.Neuron.project
reward.TD.begin reward.TD.act reward.TD.run reward.QLearning.begin reward.QLearning.act
reward.ActorCritic.begin reward.ActorCritic.act
"""
"""Calls of a microsecond, and one with overloads, without a function around them:
Python refuses what they do not have."""
OWN_KINDS = """synapse.Scale optimizers.Optimizer optimizers.OptimizerState
optimizers.RecursiveOptimizer tasks. architect.Layer"""
"""What the library calls more often than a person does."""


def needed(public):
    """The names of arguments without a default."""
    return [
        name
        for name, parameter in public.parameters().items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]


def calls():
    """Public calls that need arguments, by name."""
    excluded = {*HOOKS.split(), *PLAIN.split()}
    for name, public in PUBLIC.items():
        owner = name.rpartition(".")[0]
        member = inspect.getattr_static(public.owner, public.member, None)
        if (
            name in excluded
            or isinstance(member, property)
            or owner in MADE.split()
            or owner in OWN_KINDS.split()
            or name.startswith("tasks.")
            or public.member == "find_parts"
            or (public.member.startswith("__") and public.member != "__init__")
            or "__dataclass_fields__" in vars(public.owner)
            or (inspect.isclass(public.owner) and issubclass(public.owner, tuple))
        ):
            continue
        if needed(public):
            yield name, public, member


def test_what_is_missing_is_named_before_what_is_wrong():
    with Cases() as case:
        for name, public, member in calls():
            call, of = public.owner, ()
            if inspect.isclass(call) and public.member != "__init__":
                call = getattr(call, public.member)
                of = () if isinstance(member, classmethod) else (None,)
            with case(name):
                with pytest.raises(ArgumentTypeError, match=" is missing `") as raised:
                    call(*of, no_such_argument=1)
                said = str(raised.value).partition(" is missing ")[2]
                assert re.findall(r"`(\w+)`", said.partition(".")[0]) == needed(public)
    assert case.count > 100


@pytest.fixture
def net():
    return architect.Perceptron(2, 3, 1, seed=0)


def test_advice_does_what_it_says(net, tmp_path):
    """Each wrong call, the end of its message, and the same with the advice."""
    torch_like = type("MSELoss", (), {"__module__": "torch.nn.modules.loss"})()
    tanh_like = type("Tanh", (), {"__module__": "torch.nn.modules.activation"})()
    drawn_like = type("xavier_uniform_", (), {})
    a, b, c = Layer(2, name="a"), Layer(3, name="b"), Layer(1, name="c")
    path = tmp_path / "net.json"
    inputs, outputs = ["a", "b"], ["y"]
    cases = {
        "Use net.add(synapse.Layer(1)), then project its neurons.": (
            lambda: net.add_neuron(synapse.Neuron()),
            lambda: net.input.project(net.add(synapse.Layer(1))),
        ),
        "Use synapse.save(net, path): the suffix says in which form.": (
            lambda: net.export(path),
            lambda: synapse.save(net, path),
        ),
        "Use connection.source.disconnect(connection.target).": (
            lambda: next(iter(net.connections)).remove(),
            lambda: (each := net.connections[0]).source.disconnect(each.target),
        ),
        "Use net['output'].": (
            lambda: net.neurons["output"],
            lambda: net["output"],
        ),
        "Pass them one by one: for each in targets: layer.project(each).": (
            lambda: a.project([b, c]),
            lambda: [a.project(each) for each in (b, c)],
        ),
        "Use draw.matrix(net), which shows all layers.": (
            lambda: synapse.draw.hinton(net),
            lambda: synapse.draw.matrix(net),
        ),
        "Trainer() has no argument 'criterion'. Use cost='mse'.": (
            lambda: Trainer(net, criterion="mse"),
            lambda: Trainer(net, cost="mse"),
        ),
        "Trainer() has no argument 'criterion'. Use cost=.": (
            lambda: Trainer(net, criterion=torch_like),
            lambda: Trainer(net, cost="mse"),
        ),
        "Use cost='mean_squared_error'.": (
            lambda: Trainer(net, cost=torch_like),
            lambda: Trainer(net, cost="mean_squared_error"),
        ),
        "Use squash='tanh'. Register your own function first,": (
            lambda: synapse.Neuron(squash=tanh_like),
            lambda: synapse.Neuron(squash="tanh"),
        ),
        "Use initializer='glorot'.": (
            lambda: architect.Perceptron(2, 3, 1, initializer=drawn_like),
            lambda: architect.Perceptron(2, 3, 1, initializer="glorot"),
        ),
        "build() is missing `outputs`.": (
            lambda: Model.build("Perceptron", inputs, classes=["x", "y"], seed=0),
            lambda: Model.build("Perceptron", inputs, outputs, ["x", "y"], seed=0),
        ),
        "LSTM() has no argument 'units'. Use hidden=3.": (
            lambda: Model.build("LSTM", inputs, outputs, units=3),
            lambda: Model.build("LSTM", inputs, outputs, hidden=3),
        ),
        "LSTM() has no argument 'hidden_units'. Use hidden=3.": (
            lambda: Model.build("LSTM", inputs, outputs, hidden_units=3),
            lambda: Model.build("LSTM", inputs, outputs, hidden=3),
        ),
        "Convolutional() is missing `outputs`.": (
            lambda: architect.Convolutional((8, 8)),
            lambda: architect.Convolutional((8, 8), outputs=2),
        ),
        "NetworkClassifier() has no argument 'n_hidden'. Use hidden=3.": (
            lambda: synapse.sklearn.NetworkClassifier(n_hidden=3),
            lambda: synapse.sklearn.NetworkClassifier(hidden=3),
        ),
        "learn_one() is missing `target`. learn_one() has no argument 'lr'. Use ": (
            lambda: Model(net).learn_one([0, 1], lr=0.1),
            lambda: Model(net).learn_one([0, 1], 1.0, rate=0.1),
        ),
    }
    with Cases() as case:
        for words, (wrong, right) in cases.items():
            with case(words):
                with pytest.raises((TypeError, AttributeError), match=re.escape(words)):
                    wrong()
                right()


def test_what_installs_a_package_names_the_versions_that_fit(monkeypatch):
    lines = ["numpy>=2.0", 'river>=0.26; extra == "river"']
    monkeypatch.setattr(extras, "_required", lambda: lines)
    assert extras.install("River") == 'Install it: pip install "river>=0.26".'
    assert extras.install("other") == 'Install it: pip install "other".'
