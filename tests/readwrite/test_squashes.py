"""Every squash of the library in every export: written rightly, or refused with a
sentence."""

import math
from functools import partial

import numpy as np
import pytest

import architect
from synapse import Layer, Network, errors, squashes, to_torch
from synapse.readwrite import (
    c_source,
    javascript_source,
    onnx_model,
    python_source,
)
from tests.helpers.cases import all_refused

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


def wrong_outputs(net, here, there, tolerances):
    """By the name of an output: how far it is from the network's."""
    return {
        neuron.name: np.abs(theirs - ours).max()
        for neuron, ours, theirs in zip(net.output, here.T, there.T, strict=True)
        if not np.allclose(theirs, ours, *tolerances(neuron.name))
    }


@pytest.mark.full
@pytest.mark.parametrize("language", RUNNERS)
def test_every_squash_in_every_language(tmp_path, language):
    net = every_squash()
    there = RUNNERS[language](net, STATES, tmp_path)
    here = expected(net, STATES)
    assert wrong_outputs(net, here, there, lambda _: (1e-12, 1e-100)) == {}


def in_onnx(net, rows, dtype="float64"):
    """The outputs of a network without memory in ONNX Runtime."""
    session = pytest.importorskip("onnxruntime").InferenceSession
    return session(
        onnx_model(net, dtype=dtype).SerializeToString(),
        providers=["CPUExecutionProvider"],
    ).run(["y"], {"x": np.array(rows, dtype)})[0]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_squash_in_onnx(dtype):
    net = every_squash()
    rows = STATES if dtype == "float64" else STATES[:-1]
    there = in_onnx(net, rows, dtype)

    def tolerances(name):
        exactly = 1e-14 if dtype == "float64" and "gelu" not in name else 2e-6
        return 100 * exactly, exactly

    assert wrong_outputs(net, expected(net, rows), there, tolerances) == {}


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


def joined(squash):
    """An input and a layer of this squash."""
    net = Network(Layer(1), [], Layer(2, squash, name="odd"))
    net.input.project(net.output, seed=0)
    return net


def test_neurons_that_draw_are_refused_by_name():
    for name in ("noise", "bernoulli"):
        net = joined(name)
        words = f"'odd 0' is '{name}', whose random .*deterministic"
        writers = python_source, c_source, onnx_model
        all_refused([(partial(it, net), errors.FormatError, words) for it in writers])
        net.deterministic = True
        assert "net.random" not in python_source(net)


@squashes.register
def arc(state):
    """Not every language has this function."""
    return math.atan(state), 1.0 / (1.0 + state * state)


def listed(state):
    """A function that is no formula."""
    return sum([max(state, 0.0)]), float(state > 0.0)


@pytest.mark.filterwarnings("ignore::synapse.errors.FunctionWarning")
def test_what_cannot_be_written_says_why_and_what_to_do():
    nets = joined(squashes.register(listed)), joined(arc)
    summed = "it calls sum"
    for net, key, write, reason in (
        (nets[0], "python", python_source, summed),
        (nets[0], "c", c_source, summed),
        (nets[0], "javascript", javascript_source, summed),
        (nets[1], "onnx", onnx_model, "it calls atan"),
    ):
        words = (
            rf"neuron 'odd 0' is '{net.output.squash.name}', which cannot be written in"
            rf" \w+: .*{reason}\. Register it with"
            rf" written={{'{key}': \.\.\.}}, or set another squash"
        )
        with pytest.raises(errors.FormatError, match=words):
            write(net)


@pytest.mark.full
def test_functions_of_the_language_stand_in_programs(tmp_path):
    net = joined(arc)
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
    module = to_torch(net)
    outputs = module(torch.tensor(ROWS))
    np.testing.assert_allclose(outputs.detach().numpy(), net.run(ROWS), rtol=1e-12)
    outputs.sum().backward()
    assert module.gradient()[0].abs().sum() > 0
