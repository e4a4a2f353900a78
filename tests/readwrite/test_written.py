"""A registered squash says how it is written in programs, ONNX and PyTorch."""

import numpy as np
import pytest

import architect
import synapse
from synapse import errors, squash
from synapse.readwrite import onnx_model

from .programs import RUNNERS, SOURCES

WRITTEN = {
    "c": "fmin({s} * {s}, 4.0)",
    "javascript": "Math.min({s} * {s}, 4)",
    "python": "min({s} * {s}, 4.0)",
    "onnx": lambda graph, s: graph.node("Min", graph.node("Mul", s, s), graph.number(4.0)),
    "torch": lambda s: (s * s).clamp(max=4.0),
}
ROWS = np.array([[0.3, -1.0], [2.0, 0.5], [-0.2, 9.0]])


def capped(state):
    """A parabola that ends at 4."""
    if state * state > 4.0:
        return 4.0, 0.0
    return state * state, 2.0 * state


def network(written):
    own = squash.register(capped, written=written)
    return architect.Perceptron(2, 4, 1, squash=own, initializer="uniform", seed=3)


@pytest.mark.parametrize("run", RUNNERS.values(), ids=RUNNERS)
def test_an_expression_stands_in_a_program(run, tmp_path):
    net = network(WRITTEN)
    answered = run(net, ROWS.tolist(), tmp_path)
    net.clear()
    np.testing.assert_allclose(answered, net.run(ROWS), rtol=1e-12)


def test_a_function_makes_nodes_of_onnx():
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    net = network(WRITTEN)
    model = onnx_model(net, dtype="float64").SerializeToString()
    session = runtime.InferenceSession(model, providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(session.run(["y"], {"x": ROWS})[0], net.run(ROWS), rtol=1e-12)


def test_a_function_computes_in_torch():
    torch = pytest.importorskip("torch")
    net = network(WRITTEN)
    module = synapse.to_torch(net)
    outputs = module(torch.tensor(ROWS))
    np.testing.assert_allclose(outputs.detach().numpy(), net.run(ROWS), rtol=1e-12)
    outputs.sum().backward()
    assert module.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("key", SOURCES)
def test_a_missing_key_is_named(key):
    net = network({other: how for other, how in WRITTEN.items() if other != key})
    with pytest.raises(errors.FormatError, match=f"Register it with written={{'{key}': ...}}"):
        SOURCES[key](net)


def test_a_missing_key_is_named_of_onnx_and_torch():
    pytest.importorskip("onnx")
    pytest.importorskip("torch")
    net = network({})
    with pytest.raises(errors.FormatError, match=r"Register it with written={'onnx': ...}"):
        onnx_model(net)
    with pytest.raises(errors.ArgumentError, match=r'Register it with written={"torch": ...}'):
        synapse.to_torch(net)
