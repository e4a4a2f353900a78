"""Activation functions as nodes of an ONNX graph; each is one line of the table.

They use nodes that runtimes support for both floats. LeakyRelu, Elu, Softplus and others often exist for
float32 only.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ._graph import Graph


SELU_SCALE, SELU_ALPHA = 1.0507009873554804934, 1.6732632423543772848


def _elu(graph: Graph, s: str) -> str:
    return graph.node("Add", graph.node("Max", s, graph.number(0.0)), _expm1_below(graph, s))


def _selu(graph: Graph, s: str) -> str:
    # Scaled before the sum: ONNX Runtime rounds a factor between sum and MatMul to float32.
    below = graph.node("Mul", _expm1_below(graph, s), graph.number(SELU_SCALE * SELU_ALPHA))
    above = graph.node("Mul", graph.node("Max", s, graph.number(0.0)), graph.number(SELU_SCALE))
    return graph.node("Add", above, below)


def _expm1_below(graph: Graph, s: str) -> str:
    """e^s - 1 below 0, 0 above."""
    return graph.node("Sub", graph.node("Exp", graph.node("Min", s, graph.number(0.0))), graph.number(1.0))


def _softplus(graph: Graph, s: str) -> str:
    shrunk = graph.node("Exp", graph.node("Neg", graph.node("Abs", s)))
    grown = graph.node("Log", graph.node("Add", shrunk, graph.number(1.0)))
    return graph.node("Add", graph.node("Max", s, graph.number(0.0)), grown)


def _within(graph: Graph, s: str, low: float, high: float) -> str:
    return graph.node("Min", graph.node("Max", s, graph.number(low)), graph.number(high))


def _above(graph: Graph, s: str, bound: float) -> str:
    return graph.cast(graph.node("Greater", s, graph.number(bound)))


def _bent_identity(graph: Graph, s: str) -> str:
    root = graph.node("Sqrt", graph.node("Add", graph.node("Mul", s, s), graph.number(1.0)))
    bend = graph.node("Mul", graph.node("Sub", root, graph.number(1.0)), graph.number(0.5))
    return graph.node("Add", s, bend)


def _bipolar(graph: Graph, s: str) -> str:
    doubled = graph.node("Mul", _above(graph, s, 0.0), graph.number(2.0))
    return graph.node("Sub", doubled, graph.number(1.0))


def _softsign(graph: Graph, s: str) -> str:
    return graph.node("Div", s, graph.node("Add", graph.node("Abs", s), graph.number(1.0)))


def _swish(graph: Graph, s: str) -> str:
    # Without Sigmoid: ONNX Runtime before 1.31 merges it and the product into a node for float32 alone.
    return graph.node("Div", s, graph.node("Add", graph.node("Exp", graph.node("Neg", s)), graph.number(1.0)))


def _gelu(graph: Graph, s: str) -> str:
    share = graph.single("Erf", graph.node("Mul", s, graph.number(math.sqrt(0.5))))
    share = graph.node("Mul", graph.node("Add", share, graph.number(1.0)), graph.number(0.5))
    return graph.node("Mul", s, share)


def _winner(graph: Graph, s: str) -> str:
    best = graph.node("ArgMax", s, axis=1, keepdims=1)
    return graph.cast(graph.node("Equal", graph.constant(np.arange(graph.width[s])), best))


SQUASHES: dict[str, Callable[[Graph, str], str]] = {
    "logistic": lambda graph, s: graph.node("Sigmoid", s),
    "tanh": lambda graph, s: graph.node("Tanh", s),
    "identity": lambda graph, s: s,
    "inverse": lambda graph, s: graph.node("Sub", graph.number(1.0), s),
    "bipolar_sigmoid": lambda graph, s: graph.node("Tanh", graph.node("Mul", s, graph.number(0.5))),
    "softplus": _softplus,
    "gaussian": lambda graph, s: graph.node("Exp", graph.node("Neg", graph.node("Mul", s, s))),
    "sinus": lambda graph, s: graph.node("Sin", s),
    "bent_identity": _bent_identity,
    "softsign": _softsign,
    "swish": _swish,
    "gelu": _gelu,
    "relu": lambda graph, s: graph.node("Relu", s),
    "leaky_relu": lambda graph, s: graph.node("Max", s, graph.node("Mul", s, graph.number(0.01))),
    "elu": _elu,
    "selu": _selu,
    "absolute": lambda graph, s: graph.node("Abs", s),
    "ramp": lambda graph, s: _within(graph, s, 0.0, 1.0),
    "hard_tanh": lambda graph, s: _within(graph, s, -1.0, 1.0),
    "soft_threshold": lambda graph, s: graph.node("Sub", s, _within(graph, s, -0.5, 0.5)),
    "step": lambda graph, s: _above(graph, s, 0.0),
    "sign": lambda graph, s: graph.node("Sign", s),
    "bipolar": _bipolar,
    "hard_threshold": lambda graph, s: graph.node("Mul", s, _above(graph, graph.node("Abs", s), 0.5)),
    "softmax": lambda graph, s: graph.node("Softmax", s, axis=1),
    "winner": _winner,
    "maxout": lambda graph, s: graph.node("Mul", s, _winner(graph, s)),
}
