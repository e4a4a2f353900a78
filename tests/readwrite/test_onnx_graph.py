"""A network written as an ONNX model answers in ONNX Runtime as it does here."""

import builtins
import json

import numpy as np
import pytest
from hypothesis import assume, given, settings

import architect
from synapse import Layer, Network, errors
from synapse.readwrite import onnx_model, write_onnx

from ..strategies import Twin, specs
from .nets import bump
from .programs import BUILT_IN, NETS, close, random_steps, scattered, shaken

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

TOLERANCES = {"float64": 1e-12, "float32": 1e-5}  # relative to outputs of up to 100


class Session:
    """A checked model in ONNX Runtime, and its state from step to step."""

    def __init__(self, model, batch=1):
        onnx.checker.check_model(model, full_check=True)
        self.model, self.batch = model, batch
        self.session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        self.shapes = {value.name: value.shape for value in self.session.get_inputs()}
        self.dtype = np.float64 if self.session.get_inputs()[0].type == "tensor(double)" else np.float32
        self.facts = {prop.key: json.loads(prop.value) for prop in model.metadata_props}
        self.state = None
        if "state" in self.shapes:
            self.state = np.tile(np.array(self.facts["start"], self.dtype), (batch, 1))

    def step(self, rows):
        feed = {"x": np.asarray(rows, self.dtype).reshape(self.batch, -1)}
        if self.state is None:
            (outputs,) = self.session.run(["y"], feed)
        else:
            outputs, self.state = self.session.run(["y", "next_state"], {**feed, "state": self.state})
        assert outputs.dtype == self.dtype
        return outputs

    def run(self, rows):
        return np.concatenate([self.step(row) for row in rows])


# --- the same outputs --------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("name", NETS)
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_every_step_is_the_network_s_own(dtype, name):
    net = NETS[name]()
    steps = random_steps(net)
    there = Session(onnx_model(net, dtype=dtype)).run(steps)
    assert close(there, net.run(steps), 1e-6 if "gelu" in name else TOLERANCES[dtype])


@settings(max_examples=40)
@given(specs(most=12))
def test_any_graph(spec):
    net = Twin(spec).net
    steps = random_steps(net)
    here = net.run(steps)
    assume(np.isfinite(here).all() and np.abs(here).max() < 100)
    assert close(Session(onnx_model(net, dtype="float64")).run(steps), here, 1e-10)


@pytest.mark.parametrize("name", ["perceptron, tanh", "lstm, all links", "no connections", "competing"])
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_a_batch_is_as_many_networks_side_by_side(name):
    net, batch = NETS[name](), 3
    sequences = np.random.default_rng(0).normal(size=(batch, 7, len(net.input)))
    session = Session(onnx_model(net, dtype="float64"), batch)
    there = np.array([session.step(sequences[:, t]) for t in range(7)])
    for i, sequence in enumerate(sequences):
        net.clear()
        assert close(there[:, i], net.run(sequence))


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("name", BUILT_IN)
def test_far_states_do_not_overflow(dtype, name):
    net = Network(Layer(1), [], Layer(3, name))
    net.input.project(net.output, weights=[[1.0, -1.0, 0.5]])
    steps = [[0.0], [0.25], [30.0], [-30.0], [800.0], [-800.0]]
    there = Session(onnx_model(net, dtype=dtype)).run(steps)
    assert there == pytest.approx(net.run(steps), rel=1e-6, abs=2e-6)


def test_the_context_is_the_start():
    net = shaken(architect.LSTM(2, 5, 3, style="synaptic"), width=0.5)
    net.run(random_steps(net, seed=1))
    session = Session(onnx_model(net, dtype="float64", context=True))
    assert [kind for kind, _ in session.facts["state"]].count("state") == 5
    now = {"activation": net.neurons, "state": net.neurons}
    for (kind, number), value in zip(session.facts["state"], session.facts["start"]):
        assert getattr(now[kind][number], kind) == value
    steps = random_steps(net, 5)
    assert close(session.run(steps), net.run(steps))


# --- its form ----------------------------------------------------------------------------------


@pytest.mark.parametrize("squashing", ["logistic", "softmax", "winner"])
def test_networks_without_memory_are_plain_models(squashing):
    net = architect.Perceptron(3, 4, 2, output_squash=squashing, seed=0)
    steps = random_steps(net)
    for form, inputs in (("auto", {"x"}), ("plain", {"x"}), ("step", {"x", "state"})):
        session = Session(onnx_model(net, form))
        assert session.shapes.keys() == inputs
        assert session.shapes["x"] == ["batch", 3]
        assert close(session.run(steps), net.run(steps), 1e-6)
    whole = Session(onnx_model(net), batch=20)
    assert close(whole.step(steps), net.run(steps), 1e-6)


def test_networks_with_memory_have_a_state():
    net = architect.Elman(3, 4, 2, seed=0)
    for form in ("auto", "step"):
        assert Session(onnx_model(net, form)).shapes.keys() == {"x", "state"}
    with pytest.raises(errors.TopologyError, match="has memory"):
        onnx_model(net, "plain")


def test_the_state_is_what_a_step_reads_of_the_one_before():
    net = architect.LSTM(2, 5, 3, style="synaptic", seed=0)
    kept = Session(onnx_model(net)).facts["state"]
    cells = list(range(12, 17))
    assert kept == [["activation", j] for j in cells] + [["state", j] for j in cells]


def test_nodes_follow_layers_not_neurons():
    nets = (architect.LSTM(5, n, 3, style="synaptic", seed=0) for n in (10, 80))
    small, large = (len(onnx_model(net).graph.node) for net in nets)
    assert small == large < 40
    sizes = [4] * 30
    assert len(onnx_model(architect.Perceptron(*sizes, seed=0)).graph.node) <= 4 * len(sizes)


def test_thin_connections_are_not_written_as_a_matrix():
    rng = np.random.default_rng(0)
    a, b, c = Layer(400), Layer(400), Layer(1)
    a.project(b, "one_to_one", seed=rng)
    b.project(c, seed=rng)
    net = Network(a, [b], c)
    assert len(onnx_model(net).SerializeToString()) < 30_000
    steps = random_steps(net, 3)
    assert close(Session(onnx_model(net)).run(steps), net.run(steps), 1e-6)


def test_what_the_model_tells_of_itself():
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    net.neurons[4].name = 'a "quoted" </name> é\n'
    session = Session(onnx_model(net))
    assert session.model.producer_name == "synapse"
    assert session.facts["name"] == "LSTM"
    assert session.facts["neurons"] == [neuron.name for neuron in net]
    assert session.facts["layers"] == [[layer.name, len(layer)] for layer in net.layers]
    assert session.facts["start"] == [0.0] * len(session.facts["state"]) == [0.0] * session.shapes["state"][1]


# --- files and errors --------------------------------------------------------------------------


def test_a_file_holds_the_model(tmp_path):
    net = scattered()
    write_onnx(net, tmp_path / "net.onnx", dtype="float64")
    assert onnx.load(tmp_path / "net.onnx") == onnx_model(net, dtype="float64")
    assert list(tmp_path.iterdir()) == [tmp_path / "net.onnx"]


def test_what_cannot_be_written(tmp_path):
    path = tmp_path / "net.onnx"
    path.write_text("before")
    large = architect.Perceptron(1, 1, seed=0)
    large.weights = [1e39]
    net = architect.Perceptron(1, 1, seed=0)
    own = Network(Layer(1), [], Layer(1, bump))
    for arguments, error, words in [
        ((None,), errors.KindError, "(to be|Expected) a Network, got None"),
        ((own,), errors.FormatError, "'bump', which cannot be written in ONNX"),
        ((net, "scan"), errors.ArgumentError, "form to be 'auto' or 'plain' or 'step', got 'scan'"),
        ((large,), errors.ArgumentError, "beyond the range of float32"),
    ]:
        with pytest.raises(error, match=words):
            write_onnx(arguments[0], path, *arguments[1:])
    for dtype in ("float16", int, "nonsense", [1]):
        with pytest.raises(errors.ArgumentError, match="dtype to be float64 or float32"):
            write_onnx(net, path, dtype=dtype)
    assert path.read_text() == "before"
    with pytest.raises(FileNotFoundError):
        write_onnx(net, tmp_path / "missing" / "net.onnx")
    Session(onnx_model(large, dtype="float64"))


def test_without_the_package_the_extra_is_named(monkeypatch):
    original = builtins.__import__

    def without(name, *arguments, **options):
        if name == "onnx":
            raise ImportError(name)
        return original(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(errors.MissingExtraError, match=r"synapse-neurons\[onnx\]"):
        onnx_model(architect.Perceptron(2, 1, seed=0))
