"""Activation functions as nodes of an ONNX graph.

They use nodes that runtimes support for both floats. LeakyRelu, Elu, Softplus and others often exist for
float32 only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ...squash import ACTIVATIONS, LARGEST
from .._formulas import computed
from .._squashes import given, kind_of, tree_of

if TYPE_CHECKING:
    from ._graph import Graph

NODES = {
    "+": "Add",
    "-": "Sub",
    "*": "Mul",
    "/": "Div",
    "negative": "Neg",
    "<": "Less",
    "<=": "LessOrEqual",
    ">": "Greater",
    ">=": "GreaterOrEqual",
    "==": "Equal",
    "abs": "Abs",
    "cos": "Cos",
    "exp": "Exp",
    "log": "Log",
    "max": "Max",
    "min": "Min",
    "pow": "Pow",
    "sin": "Sin",
    "sqrt": "Sqrt",
    "tanh": "Tanh",
    "where": "Where",
}
"""Nodes that compute the primitives of formulas."""


def fire(graph: Graph, squash: str, states: str) -> str:
    """Add the nodes of a squash; returns the tensor of the activations of the neurons, or of a group."""
    build = given(squash, "onnx")
    if build is not None:
        activations: str = build(graph, states)
        return activations
    entry = ACTIVATIONS.get(squash)
    if entry is not None and entry.onnx:
        return graph.node(entry.onnx, states)
    values = computed(tree_of(squash, 0), {"s": states}, _functions(graph, states))
    return graph.node("Mul", values, _largest(graph, states)) if kind_of(squash) == LARGEST else values


def _functions(graph: Graph, states: str) -> Mapping[str, Callable[..., str]]:
    def made(kind: str) -> Callable[..., str]:
        return lambda *sources: graph.node(kind, *sources)

    def number(value: float) -> str:
        # One for each neuron, because ONNX Runtime rounds a single factor before a MatMul to float32. For one
        # neuron it must not see that the factor is constant.
        constant = graph.constant(np.full((1, graph.width[states]), value))
        return constant if graph.width[states] > 1 else graph.node("Expand", constant, shape())

    @cache
    def shape() -> str:
        return graph.node("Shape", states)

    def copysign(size: str, sign: str) -> str:
        size = graph.node("Abs", size)
        return graph.node("Where", graph.node("Less", sign, number(0.0)), graph.node("Neg", size), size)

    return {
        **{name: made(kind) for name, kind in NODES.items()},
        "number": number,
        "!=": lambda a, b: graph.node("Not", graph.node("Equal", a, b)),
        "copysign": copysign,
        "erf": lambda x: graph.single("Erf", x),
        "expm1": lambda x: graph.node("Sub", graph.node("Exp", x), number(1.0)),
        "log1p": lambda x: graph.node("Log", graph.node("Add", x, number(1.0))),
    }


def _largest(graph: Graph, states: str) -> str:
    """1 for the neuron of a group with the largest state (the first in a tie), 0 for the others."""
    best = graph.node("ArgMax", states, axis=1, keepdims=1)
    return graph.cast(graph.node("Equal", graph.constant(np.arange(graph.width[states])), best))
