"""A network written as an ONNX model answers in ONNX Runtime as it does here."""

import json
import sys

import numpy as np
import pytest
from hypothesis import assume, given

import architect
from synapse import Layer, Network, errors, save
from synapse.readwrite import onnx_model

from ..cases import accepted, failures
from ..strategies import Twin, specs
from .programs import NETS, close, random_steps, shaken
from .test_squashes import arc

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


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_every_step_is_the_network_s_own(dtype):
    def check(name):
        net = NETS[name]()
        steps = random_steps(net)
        assert close(Session(onnx_model(net, dtype=dtype)).run(steps), net.run(steps), TOLERANCES[dtype])

    assert not failures(list(NETS), check)


@given(specs(most=12))
def test_any_graph(spec):
    net = Twin(spec).net
    steps = random_steps(net)
    here = net.run(steps)
    assume(np.isfinite(here).all() and np.abs(here).max() < 100)
    assert close(Session(onnx_model(net, dtype="float64")).run(steps), here, 1e-10)


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


def test_networks_without_memory_are_plain_models():
    for squashing in ("logistic", "softmax", "winner"):
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


def test_nodes_follow_layers_not_neurons():
    nets = (architect.LSTM(5, n, 3, style="synaptic", seed=0) for n in (10, 80))
    small, large = (len(onnx_model(net).graph.node) for net in nets)
    assert small == large < 40
    sizes = [4] * 30
    assert len(onnx_model(architect.Perceptron(*sizes, seed=0)).graph.node) <= 4 * len(sizes)


def test_what_cannot_be_written(tmp_path):
    path = tmp_path / "net.onnx"
    large = architect.Perceptron(1, 1, seed=0)
    large.weights = [1e39]
    net = architect.Perceptron(1, 1, seed=0)
    own = Network(Layer(1), [], Layer(1, arc))
    form = "form to be 'auto' or 'plain' or 'step', got 'scan'"
    refused = [
        (errors.FormatError, "'arc', which cannot be written in ONNX", lambda: save(own, path)),
        (errors.ArgumentError, form, lambda: save(net, path, form="scan")),
        (errors.ArgumentError, "beyond the range of float32", lambda: save(large, path)),
    ]
    assert not accepted(refused)
    assert not path.exists()
    Session(onnx_model(large, dtype="float64"))


def test_without_the_package_the_command_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(errors.MissingExtraError, match="need onnx, which is not installed. Install it: pip"):
        onnx_model(architect.Perceptron(2, 1, seed=0))
