"""A network written as an ONNX model answers in ONNX Runtime as it does here."""

import json
import sys

import numpy as np
import pytest
from hypothesis import assume

import architect
from synapse import Layer, Network, errors, save, to_torch
from synapse.engine.functions.activations import ACTIVATIONS
from synapse.readwrite import onnx_model
from tests.helpers.cases import all_hold, all_refused, every_case
from tests.helpers.learners import learns
from tests.helpers.strategies import Twin, given_graphs, specs

from .programs import NETS, close, random_steps, shaken
from .test_squashes import arc

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

TOLERANCES = {"float64": 1e-12, "float32": 1e-5}  # relative to outputs of up to 100


class Session:
    """A checked model in ONNX Runtime, and its state from step to step."""

    def __init__(self, model, batch=1):
        onnx.checker.check_model(model, full_check=True)
        self.model = model
        self.batch = batch
        self.session = runtime.InferenceSession(
            model.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        self.shapes = {value.name: value.shape for value in self.session.get_inputs()}
        self.dtype = (
            np.float64
            if self.session.get_inputs()[0].type == "tensor(double)"
            else np.float32
        )
        self.facts = {prop.key: json.loads(prop.value) for prop in model.metadata_props}
        self.state = None
        if "state" in self.shapes:
            self.state = np.tile(np.array(self.facts["start"], self.dtype), (batch, 1))

    def step(self, rows):
        return self.call(
            np.reshape(rows, (*(1,) * (len(self.shapes["x"]) - 2), self.batch, -1))
        ).reshape(self.batch, -1)

    def call(self, x):
        feed = {"x": np.asarray(x, self.dtype)}
        if self.state is None:
            (outputs,) = self.session.run(["y"], feed)
        else:
            outputs, self.state = self.session.run(
                ["y", "next_state"], {**feed, "state": self.state}
            )
        assert outputs.dtype == self.dtype
        return outputs

    def run(self, rows):
        return np.concatenate([self.step(row) for row in rows])


def agrees(net, steps, tolerance=1e-12, form="auto", **options):
    """Whether a model answers as the network does."""
    there = Session(onnx_model(net, form, **options)).run(steps)
    return close(there, net.run(steps), tolerance)


@pytest.mark.full
@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
@every_case("name", NETS)
def test_every_step_is_the_network_s_own(dtype, name):
    net = NETS[name]()
    assert agrees(net, random_steps(net), TOLERANCES[dtype], dtype=dtype)


LAYERED = {
    "LSTM": lambda: architect.LSTM(3, 5, 2, input_to_output=True),
    "LSTM, two layers": lambda: architect.LSTM(3, 4, 5, 2),
    "GRU": lambda: architect.GRU(3, 5, 2),
    "GRU, two layers": lambda: architect.GRU(3, 4, 5, 2, output_squash="softmax"),
    "RNN": lambda: architect.Elman(3, 5, 2),
    "RNN, two layers": lambda: architect.Elman(3, 4, 5, 2, squash="tanh"),
    "GRU, one of one neuron": lambda: architect.GRU(3, 5, 1, 2),
}


def layered(name):
    """A standard network with weights of learning, and the rest of its weights as they
    must be."""
    net = LAYERED[name]()
    rng = np.random.default_rng(0)
    for parameter in (*net.connections, *net.neurons[len(net.input) :]):
        if learns(parameter):
            setattr(
                parameter,
                "weight" if hasattr(parameter, "weight") else "bias",
                rng.normal(scale=0.5),
            )
    return net


@pytest.mark.full
@pytest.mark.parametrize("name", LAYERED)
def test_standard_layers_are_operators_over_sequences(name):
    """In one call, in several, and step by step, with several sequences, from a
    context."""
    net = layered(name)
    operator, *several = name.split(", ")
    model = onnx_model(net, "sequence")
    assert [node.op_type for node in model.graph.node].count(operator) == 1 + len(
        several
    )
    x = np.random.default_rng(1).normal(size=(20, 2, 3))
    here = np.stack([(net.clear(), net.run(x[:, b]))[1] for b in range(2)], axis=1)
    whole, parts, single = (Session(model, batch=2) for _ in range(3))
    assert whole.shapes["x"] == ["length", "batch", 3]
    assert close(whole.call(x), here, 1e-6)
    assert close(np.concatenate([parts.call(x[:7]), parts.call(x[7:])]), here, 1e-6)
    assert close(np.stack([single.step(rows) for rows in x]), here, 1e-6)
    with_context = Session(onnx_model(net, "sequence", keep_context=True), batch=1)
    assert close(with_context.run(x[:, 0]), net.run(x[:, 0]), 1e-6)
    # no runtime has these operators for it
    assert "state" in Session(onnx_model(net, dtype="float64")).shapes


def operators(model):
    return {node.op_type for node in model.graph.node}


def test_a_layer_that_reads_itself_by_a_delay_of_one_step_is_an_operator():
    """Unless it also reads itself two steps before."""
    inputs, hidden, output = Layer(3), Layer(5, "tanh"), Layer(2, "identity")
    inputs.project(hidden, seed=0)
    hidden.project(hidden, "all_to_all", delay=1, seed=1)
    hidden.project(output, seed=2)
    net = Network(inputs, [hidden], output)
    x = np.random.default_rng(1).normal(size=(9, 3))
    net.run(x[:4])
    assert "RNN" in operators(onnx_model(net, keep_context=True))
    assert agrees(net, x, 1e-6, keep_context=True)
    net.clear()
    assert agrees(net, x, 1e-6)
    hidden[0].project(hidden[1], delay=2)
    assert "RNN" not in operators(onnx_model(net))


def test_an_elman_layer_is_an_operator_by_default_if_all_runtimes_compute_it():
    """Some ignore or refuse the attribute that other squashes than tanh need."""
    for squash in ("logistic", "relu", "tanh"):
        model = onnx_model(architect.Elman(3, 5, 2, squash=squash, seed=0))
        assert ("RNN" in operators(model)) is (squash == "tanh")


@pytest.mark.full
@pytest.mark.parametrize("name", LAYERED)
def test_layers_that_differ_anywhere_are_not_those_operators(name):
    """Each neuron's bias and each kind of connection in turn; a new connection or
    gate."""
    x = np.random.default_rng(1).normal(size=(6, 3))
    net = layered(name)
    labels = {neuron: layer.name for layer in net.layers for neuron in layer}
    ends = {
        (labels[connection.source], labels[connection.target]): number
        for number, connection in enumerate(net.connections)
    }

    def check(edit, *numbers):
        net = layered(name)
        if edit == "connect":
            source, target = (net.neurons[number] for number in numbers)
            if not source.connection_to(target):
                source.project(target, weight=0.4)
        elif edit == "bias":
            net.neurons[numbers[0]].bias = 0.3
        else:
            net.connections[numbers[0]].weight = 0.7
        net.clear()
        assert agrees(net, x, 1e-6)

    n = len(net.neurons)
    pairs = (n - 4, n - 1), (4, n - 1), (n - 1, 5), (9, 4)
    all_hold(check, [("weight", number) for number in ends.values()])
    all_hold(check, [("bias", number) for number in range(3, n, 2)])
    all_hold(check, [("connect", *pair) for pair in pairs])


@pytest.mark.full
@given_graphs(specs(most=12))
def test_any_graph(spec):
    net = Twin(spec).net
    steps = random_steps(net)
    here = net.run(steps)
    assume(np.isfinite(here).all() and np.abs(here).max() < 100)
    assert close(Session(onnx_model(net, dtype="float64")).run(steps), here, 1e-10)


@pytest.mark.full
def test_every_squash_of_float64_has_its_digits():
    """From the far tails to tiny states, where runtimes that know a function in float32
    only differ."""
    tiny = np.linspace(-1e-3, 1e-3, 201)
    states = np.concatenate(
        [np.linspace(-12.0, 12.0, 801), tiny, [-700.0, 700.0, -1e6, 1e6]]
    )[:, None]

    def check(name):
        source, output = Layer(1), Layer(1, name)
        source.project(output, weights=1.0)
        net = Network(source, [], output)
        net.deterministic = True
        answers = Session(onnx_model(net, dtype="float64")).run(states)
        expected = net.run(states)
        bounds = 2e-15 * np.maximum(1.0, np.abs(expected))
        assert (np.abs(answers - expected) <= bounds).all()

    all_hold(check, list(ACTIVATIONS))


def test_the_context_is_the_start():
    net = shaken(architect.LSTM(2, 5, 3, style="synaptic"), width=0.5)
    net.run(random_steps(net, seed=1))
    session = Session(onnx_model(net, dtype="float64", keep_context=True))
    state = session.facts["state"]
    assert [attribute for attribute, _ in state].count("state") == 5
    assert session.facts["start"] == [
        getattr(net.neurons[number], attribute) for attribute, number in state
    ]
    steps = random_steps(net, 5)
    assert close(session.run(steps), net.run(steps))


def test_delays_are_past_activations_of_the_state():
    """No neurons stand for them, and the model goes on from the middle."""
    net = architect.Elman(2, 3, 2, seed=0)
    net.input[1].project(net.output[0], weight=0.5, delay=3)
    net.output[1].project(net["hidden"][0], weight=-0.5, delay=1)
    net.run(random_steps(net, seed=1))
    session = Session(onnx_model(net, dtype="float64", keep_context=True))
    assert len(session.facts["neurons"]) == len(net)
    delayed = [value[1:] for value in session.facts["state"] if len(value) == 3]
    assert sorted(delayed) == [[1, 1], [1, 2], [1, 3], [len(net) - 1, 1]]
    steps = random_steps(net, 6)
    assert close(session.run(steps), net.run(steps))


def test_networks_without_memory_are_plain_models():
    for squashing in ("logistic", "softmax", "winner"):
        net = architect.Perceptron(3, 4, 2, output_squash=squashing, seed=0)
        steps = random_steps(net)
        for form, inputs in (
            ("auto", {"x"}),
            ("plain", {"x"}),
            ("step", {"x", "state"}),
        ):
            session = Session(onnx_model(net, form))
            assert session.shapes.keys() == inputs
            assert session.shapes["x"] == ["batch", 3]
            assert close(session.run(steps), net.run(steps), 1e-6)
        whole = Session(onnx_model(net), batch=20)
        assert close(whole.step(steps), net.run(steps), 1e-6)


@pytest.mark.full
def test_nodes_follow_layers_not_neurons():
    def count(net):
        return len(onnx_model(net).graph.node)

    for sizes in ((4, 40), (50, 100)):  # peepholes as matrices, and as lists
        small, large = (
            count(architect.LSTM(5, n, 3, style="synaptic", seed=0)) for n in sizes
        )
        assert small == large < 40
    assert count(architect.Perceptron(*[4] * 30, seed=0)) <= 4 * 30


@pytest.mark.parametrize(("name", "write"), [("onnx", onnx_model), ("torch", to_torch)])
def test_without_a_package_the_command_is_named(monkeypatch, name, write):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(
        errors.MissingExtraError,
        match=f"{name}.*, which is not installed. Install it: pip",
    ):
        write(architect.Perceptron(2, 1, seed=0))


def test_what_cannot_be_written(tmp_path):
    path = tmp_path / "net.onnx"
    large, net = (architect.Perceptron(1, 1, seed=0) for _ in range(2))
    large.weights = [1e39]
    custom = Network(Layer(1), [], Layer(1, arc))
    form = "`form` must be 'auto' or 'plain' or 'step' or 'sequence', got 'scan'"
    no_layers = "standard LSTM, GRU or Elman layers"
    memory = architect.Elman(3, 4, 2, seed=0)
    assert all(
        Session(onnx_model(memory, form)).shapes.keys() == {"x", "state"}
        for form in ("auto", "step")
    )
    refused = [
        (lambda: onnx_model(memory, "plain"), errors.TopologyError, "has memory"),
        (
            lambda: save(custom, path),
            errors.FormatError,
            "'arc', which cannot be written in ONNX",
        ),
        (lambda: save(net, path, form="sequence"), errors.TopologyError, no_layers),
        (lambda: save(net, path, form="scan"), errors.ArgumentError, form),
        (
            lambda: save(large, path),
            errors.ArgumentError,
            "within the range of float32",
        ),
    ]
    all_refused(refused)
    assert not path.exists()
    Session(onnx_model(large, dtype="float64"))
