"""Every squash of the library in every export: written rightly, or refused with a
sentence."""

import math

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, errors, squashes
from synapse.readwrite import (
    c_source,
    javascript_source,
    onnx_model,
    python_source,
)

from .programs import RUNNERS, close, every_squash, expected

STATES = [
    [0.0],
    [0.3],
    [1.0],
    [-0.7],
    [2.5],
    [30.0],
    [-30.0],
    [800.0],
    [-800.0],
    [1e100],
]


@pytest.mark.full
@pytest.mark.parametrize("language", RUNNERS)
def test_every_squash_in_every_language(tmp_path, language):
    net = every_squash()
    there = RUNNERS[language](net, STATES, tmp_path)
    here = expected(net, STATES)
    wrong = {
        neuron.name: np.abs(there[:, i] - here[:, i]).max()
        for i, neuron in enumerate(net.output)
        if not np.allclose(there[:, i], here[:, i], rtol=1e-12, atol=1e-100)
    }
    assert not wrong, wrong


def in_onnx(net, rows, dtype="float64"):
    """The outputs of a network without memory in ONNX Runtime."""
    session = pytest.importorskip("onnxruntime").InferenceSession
    model = onnx_model(net, dtype=dtype).SerializeToString()
    return session(model, providers=["CPUExecutionProvider"]).run(
        ["y"], {"x": np.array(rows, dtype)}
    )[0]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_squash_in_onnx(dtype):
    net = every_squash()
    rows = STATES if dtype == "float64" else STATES[:-1]
    there = in_onnx(net, rows, dtype)
    wrong = {}
    here = expected(net, rows)
    for i, neuron in enumerate(net.output):
        exactly = 1e-14 if dtype == "float64" and "gelu" not in neuron.name else 2e-6
        if not np.allclose(there[:, i], here[:, i], rtol=100 * exactly, atol=exactly):
            wrong[neuron.name] = np.abs(there[:, i] - here[:, i]).max()
    assert not wrong, wrong


@squashes.register
def of_all_primitives(state):
    if state == 7.5 or state >= 9.5 or state <= -9.5:
        return 0.25, 0.0
    sign = 1.0 if state != 8.5 and not state < 0.0 else -1.0
    x = 0.25 + sign * state
    total = (
        math.log(x) + math.log1p(x) + math.pow(x, 1.5) + math.cos(x) + math.expm1(-x)
    )
    slope = 1 / x + 1 / (1 + x) + 1.5 * math.sqrt(x) - math.sin(x) - math.exp(-x)
    return total + math.tanh(state), slope * sign + 1 - math.tanh(state) ** 2


def test_every_primitive_in_onnx():
    """Also those that no built-in squash uses, and comparisons of every kind."""
    net = architect.Perceptron(
        1, 3, 1, squash=of_all_primitives, output_squash="identity", seed=0
    )
    rows = np.linspace(-9, 9, 13)[:, None]
    pytest.importorskip("onnxruntime", "1.29")  # before, it had no cosine of float64
    assert close(in_onnx(net, rows), net.run(rows))


def test_onnx_keeps_factors_beside_products_of_matrices():
    """ONNX Runtime rounds scalar factors before and after a MatMul to float32, also in
    float64."""

    @squashes.register
    def tenth(state):
        return 0.1 * state, 0.1

    rows = np.random.default_rng(0).normal(size=(5, 3))
    for width in (1, 4):
        net = architect.Perceptron(
            3, width, width, 2, squash=tenth, output_squash="identity", seed=0
        )
        assert close(in_onnx(net, rows), net.run(rows)), width


def test_neurons_that_draw_are_refused_by_name():
    for name in ("noise", "bernoulli"):
        net = Network(Layer(1), [], Layer(2, name, name="dice"))
        net.input.project(net.output, seed=0)
        for write in (python_source, c_source, onnx_model):
            with pytest.raises(
                errors.FormatError,
                match=f"'dice 0' is '{name}', whose random .*deterministic",
            ):
                write(net)
        net.deterministic = True
        assert "net.random" not in python_source(net)


@squashes.register
def arc(state):
    """Not every language has this function."""
    return math.atan(state), 1.0 / (1.0 + state * state)


def listed(state):
    """What kernels do not have."""
    return max([state, 0.0]), float(state > 0.0)


@pytest.mark.filterwarnings("ignore::synapse.errors.FunctionWarning")
def test_what_cannot_be_written_says_why_and_what_to_do():
    odd = squashes.register(listed)
    for squash, writers, reason in (
        (
            odd,
            {"python": python_source, "c": c_source, "javascript": javascript_source},
            "the language has no List",
        ),
        (arc, {"onnx": onnx_model}, "it calls atan"),
    ):
        net = Network(Layer(1), [], Layer(1, squash, name="odd"))
        net.input.project(net.output, seed=0)
        for key, write in writers.items():
            with pytest.raises(
                errors.FormatError,
                match=(
                    rf"neuron 'odd 0' is '{squash.name}', which cannot be written in"
                    rf" \w+: .*{reason}\. Register it with"
                    rf" written={{'{key}': \.\.\.}}, or set another squash"
                ),
            ):
                write(net)


@pytest.mark.full
def test_functions_of_the_language_stand_in_programs(tmp_path):
    net = Network(Layer(1), [], Layer(2, arc))
    net.input.project(net.output, seed=0)
    rows = [[-2.0], [0.5]]
    for run in RUNNERS.values():
        assert close(run(net, rows, tmp_path), net.run(rows))


WRITTEN = {
    "c": "fmin({s} * {s}, 4.0)",
    "javascript": "Math.min({s} * {s}, 4)",
    "python": "min({s} * {s}, 4.0)",
    "onnx": lambda graph, s: graph.node(
        "Min", graph.node("Mul", s, s), graph.number(4.0)
    ),
    "torch": lambda s: (s * s).clamp(max=4.0),
}
ROWS = np.array([[0.3, -1.0], [2.0, 0.5], [-0.2, 9.0]])


def capped(state):
    """A parabola that ends at 4."""
    if state * state > 4.0:
        return 4.0, 0.0
    return state * state, 2.0 * state


def network():
    custom = squashes.register(capped, written=WRITTEN)
    return architect.Perceptron(2, 4, 1, squash=custom, initializer="uniform", seed=3)


@pytest.mark.parametrize("language", [*RUNNERS, "onnx"])
def test_what_was_registered_to_be_written_stands_in_a_program(language, tmp_path):
    net = network()
    answered = (
        in_onnx(net, ROWS)
        if language == "onnx"
        else RUNNERS[language](net, ROWS.tolist(), tmp_path)
    )
    net.clear()
    np.testing.assert_allclose(answered, net.run(ROWS), rtol=1e-12)


def test_a_function_computes_in_torch():
    torch = pytest.importorskip("torch")
    net = network()
    module = synapse.to_torch(net)
    outputs = module(torch.tensor(ROWS))
    np.testing.assert_allclose(outputs.detach().numpy(), net.run(ROWS), rtol=1e-12)
    outputs.sum().backward()
    assert module.gradient()[0].abs().sum() > 0
