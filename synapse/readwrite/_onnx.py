"""Write networks as models for ONNX Runtime and other runtimes, in which one call
computes a step or a whole sequence.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Annotated, Any, Literal, get_args

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .._checks import (
    choice,
    float_type,
    imported,
    require,
    suggests_arguments,
)
from .._squash import ACTIVATIONS, LARGEST
from .._typing import Ints
from ..engine.functions.formula import computed
from ..errors import TopologyError
from ..objects.network import Network
from ..objects.topology import NO_GATER
from . import _files
from ._blocks import Block, blocks_of, components_of, gater_of
from ._formats import Format
from ._formulas import as_registered, kind_of, tree_of
from ._operator_layers import OperatorLayer, layer_of
from ._plan import NOW, ExportPlan, Fire, Stage, written_plan

Form = Literal["auto", "plain", "step", "sequence"]


@suggests_arguments("onnx_model")
def onnx_model(
    network: Network,
    form: Annotated[Form, partial(choice, options=get_args(Form))] = "auto",
    *,
    dtype: DTypeLike = np.float32,
    keep_context: bool = False,
) -> Any:
    """Write a network as an ONNX model of one step, or of sequences.

    A step model maps ``x`` of shape (batch, inputs) to ``y`` of shape (batch, outputs).
    For a network with memory, it also has an input ``state`` and an output
    ``next_state``, both of shape (batch, values), which contain the activations and
    states that the next step reads. Start with zeros (or with ``start`` of the
    metadata), and pass each ``next_state`` as ``state`` with the next ``x``.

    A sequence model maps ``x`` of shape (length, batch, inputs) to ``y`` of shape
    (length, batch, outputs), with ``state`` before the first step and ``next_state``
    after the last one. In this form, standard LSTM, GRU and Elman layers become ONNX's
    operators LSTM, GRU and RNN, which runtimes compute fast. For single steps, the
    length may be 1. All models have opset 17, and you can choose batch and length at
    every call.

    The metadata contain, as JSON, the names of ``neurons``, the ``layers`` with their
    sizes, the meaning of each value of ``state``, and ``start``. A meaning is
    ``["activation" or "state", number of the neuron]`` for a value of the previous
    step, or ``["activation", number, k]`` for a delayed value of k steps before the
    next one.

    Parameters
    ----------
    network : Network
        The network, which is not changed. Its squashes must be built in, have a formula
        that can be written, or be registered with ``written=``. Random neurons must be
        deterministic, and the model computes their means.
    form : {"auto", "plain", "step", "sequence"}
        "plain" has no state, and requires a network without memory. "step" has a state,
        possibly empty. "sequence" requires that all memory is in such layers, and
        float32. "auto" is "plain" for a network without memory, otherwise "sequence" if
        every runtime computes its operators correctly, otherwise "step". An Elman layer
        therefore needs the squash "tanh" to be a sequence by default, because tract
        ignores the attribute ``activations``, which the operator RNN needs for
        "logistic" and "relu", and computes other outputs without an error.
    dtype : numpy dtype
        float32, which every runtime supports, or float64, to compute as the network
        does. (The error function of `gelu` is always float32, because runtimes have no
        other.)
    keep_context : bool
        Whether ``start`` is the network's present context. Default: False, for zeros as
        after ``clear``.

    Returns
    -------
    onnx.ModelProto

    Raises
    ------
    MissingExtraError
        If the package onnx is not installed.
    ArgumentError
        If `form` or `dtype` has another value, or a weight exceeds the range of the
        dtype.
    FormatError, ArgumentTypeError, TopologyError, DivergenceError
        As for :func:`python_source`, and if `form` is "plain" for a network with
        memory, or "sequence" for a network without memory or with memory outside these
        layers.

    Examples
    --------
    >>> import architect
    >>> from synapse import readwrite
    >>> model = readwrite.onnx_model(architect.Perceptron(2, 3, 1, seed=0))
    >>> [node.name for node in model.graph.input]
    ['x']
    """
    plan = written_plan(network, "onnx", "ONNX", keep_context)
    float_dtype = float_type("dtype", dtype)
    kept = plan.memory()
    numbers = np.concatenate([plan.weights, plan.biases, plan.start])
    largest = float(np.abs(numbers).max(initial=0.0))
    require(
        largest <= float(np.finfo(float_dtype).max),
        "A weight, bias or state",
        f"within the range of {float_dtype}",
        largest,
        'Use dtype="float64".',
    )
    if form == "plain" and len(kept):
        raise TopologyError(
            f"{network!r} has memory, and a plain model has no state for it. Use"
            ' form="step".'
        )
    steps = None
    if form == "sequence" or (
        form == "auto" and len(kept) and float_dtype == np.float32
    ):
        steps = _steps_of_sequences(plan, ELMAN if form == "sequence" else ("Tanh",))
        if form == "sequence" and (steps is None or float_dtype != np.float32):
            raise TopologyError(
                "Expected a network whose memory is in standard LSTM, GRU or Elman"
                " layers, and float32, for "
                f"a model of sequences, got {network!r} and {float_dtype}. Use"
                ' form="step".'
            )
    if steps:
        return SequenceGraph(plan, float_dtype, *steps).model()
    with_state = form == "step" or len(kept) > 0
    return Graph(plan, float_dtype, kept, plan.stages, with_state=with_state).model()


def _steps_of_sequences(
    plan: ExportPlan, of_elman: Sequence[str]
) -> tuple[list[OperatorLayer | Stage], list[Block]] | None:
    """Return the recurrent layers of a plan and its other blocks as stages, in an order
    of computation, and all blocks. Return None if operators cannot represent all of its
    memory. Elman layers must have one of these activations of ONNX.
    """
    blocks = blocks_of(plan)
    steps: list[OperatorLayer | Stage] = []
    for members, recurs in components_of(blocks):
        block = blocks[members[0]]
        if recurs:
            layer = layer_of(members, recurs, blocks, plan)
            if layer is None:
                return None
            squash = getattr(ACTIVATIONS.get(layer.squash), "onnx", None)
            if layer.kind == "RNN" and squash not in of_elman:
                return None
            steps.append(layer)
        elif any(read.when != NOW for read in block.reads()):
            return None
        else:
            fires = [
                Fire(squash, block.start + start, block.start + stop)
                for squash, start, stop in block.pieces
            ]
            steps.append(Stage(block.start, block.stop, fires))
    has_layers = any(isinstance(step, OperatorLayer) for step in steps)
    return (steps, blocks) if has_layers else None


ELMAN = ("Relu", "Sigmoid", "Tanh")
"""Activations of ONNX that ONNX Runtime has in an RNN."""
ORDER = {"LSTM": [0, 3, 1, 2], "GRU": [1, 0, 2], "RNN": [0]}
"""ONNX's order of the gates in an :class:`OperatorLayer`."""


# supported by runtimes since 2022
OPSET = 17
IR_VERSION = 8
SPARSE = 40
"""Above this ratio of sources to connections per neuron, connections are not written as
a matrix, which takes 4 bytes for each pair; a list takes 12 for each connection.
``python -m benchmarks.variants _onnx.SPARSE``: rows take 0.99 to 13.68 times as long
with a tenth, 0.99 times with ten times."""


class Graph:
    """An ONNX graph under construction, with the tensor that has the latest version of
    every value.

    Tensors are referred to by their names. Each contains several values, shape (batch,
    width).
    """

    axes: tuple[str, ...] = ("batch",)

    def __init__(
        self,
        plan: ExportPlan,
        dtype: np.dtype[Any],
        kept: Ints,
        steps: Sequence[Stage | OperatorLayer],
        with_state: bool,
    ) -> None:
        self.onnx = imported("onnx", "ONNX models need")
        self.plan = plan
        self.dtype = dtype
        self.kept = kept
        self.with_state = with_state
        self.nodes: list[Any] = []
        self.constants: dict[tuple[Any, ...], Any] = {}
        self.width: dict[str, int] = {}
        self._joined: dict[tuple[str, ...], str] = {}
        self._tensor = np.full(len(plan.start), "", object)
        self._column = np.zeros(len(plan.start), np.int64)
        self.rows = self.input()
        self._place(self.rows, np.arange(plan.topology.inputs))
        if with_state:
            self._place("state", kept)
        for step in steps:
            self.compute(step)

    def input(self) -> str:
        """Return the tensor of the inputs, of shape (batch, inputs)."""
        return "x"

    def output(self, rows: str) -> None:
        """Add the outputs of the model, from the outputs of shape (batch, outputs)."""
        self.node("Identity", rows, output="y")

    def next_state(self) -> str:
        """Return the values of the state after the step."""
        if not len(self.kept):
            return "state"
        return self.values(self.plan.handed_on(self.kept))

    def node(
        self, operator: str, *sources: str, output: str = "", **attributes: Any
    ) -> str:
        """Add a node and return the name of its output."""
        name = output or f"{operator.lower()}_{len(self.nodes)}"
        # Old versions of ONNX Runtime name what they fuse by the names of nodes, which
        # have to differ then.
        self.nodes.append(
            self.onnx.helper.make_node(
                operator, sources, [name], name=name, **attributes
            )
        )
        return name

    def constant(self, values: NDArray[Any]) -> str:
        """Add a constant tensor, unless one with the same values exists, and return its
        name.
        """
        array = np.ascontiguousarray(
            values, None if values.dtype == np.int64 else self.dtype
        )
        key = array.dtype.str, array.shape, array.tobytes()
        if key not in self.constants:
            name = f"constant_{len(self.constants)}"
            self.constants[key] = self.onnx.numpy_helper.from_array(array, name)
        return str(self.constants[key].name)

    def number(self, value: float) -> str:
        """Add a constant number; returns its name."""
        return self.constant(np.array(value))

    def cast(self, source: str, dtype: Any = None) -> str:
        """Cast a tensor, by default to the float type of the model. Booleans become 0
        and 1.
        """
        target_dtype = np.dtype(dtype or self.dtype)
        return self.node(
            "Cast", source, to=self.onnx.helper.np_dtype_to_tensor_dtype(target_dtype)
        )

    def _place(self, tensor: str, values: Ints) -> None:
        """Register the columns of a tensor as the latest versions of these values."""
        self._tensor[values] = tensor
        self._column[values] = np.arange(len(values))
        self.width[tensor] = len(values)

    def values(self, wanted: Ints) -> str:
        """Return the latest versions of some values, shape (batch, *wanted.shape)."""
        tensors = tuple(dict.fromkeys(self._tensor[wanted.ravel()]))
        widths = [self.width[tensor] for tensor in tensors]
        offsets = dict(zip(tensors, np.cumsum([0, *widths[:-1]]).tolist(), strict=True))
        place = np.array(
            [offsets[tensor] for tensor in self._tensor[wanted.ravel()]], np.int64
        )
        place = (place + self._column[wanted.ravel()]).reshape(wanted.shape)
        base = self._together(tensors)
        if np.array_equal(place, np.arange(sum(widths))):
            return base
        gathered = self.node("Gather", base, self.constant(place), axis=1)
        self.width[gathered] = wanted.shape[-1]
        return gathered

    def _together(self, tensors: tuple[str, ...]) -> str:
        """Concatenate tensors along the second axis."""
        if len(tensors) == 1:
            return tensors[0]
        if tensors not in self._joined:
            joined = self._joined[tensors] = self.node("Concat", *tensors, axis=1)
            self.width[joined] = sum(self.width[tensor] for tensor in tensors)
        return self._joined[tensors]

    def compute(self, stage: Any) -> None:
        """Compute the states of a stage, then its activations."""
        plan = self.plan
        neurons = np.arange(stage.start, stage.stop)
        self._place(self._weighed(stage), neurons + plan.neurons)
        for squash, start, stop in stage.fires:
            neurons = np.arange(start, stop)
            self._place(
                fire(self, squash, self.values(neurons + plan.neurons)), neurons
            )

    def _weighed(self, stage: Stage) -> str:
        """Compute the states of a stage from its biases and the weighted inputs of
        gated and other connections.
        """
        plan = self.plan
        rows = self.plan.rows(stage.start, stage.stop)
        biases = self.constant(plan.biases[stage.start : stage.stop])
        is_self = plan.source[rows] // plan.neurons == 1
        open_ = plan.gater[rows] == NO_GATER
        total = ""
        for sort in (
            rows[open_ & ~is_self],
            rows[~open_ & ~is_self],
            rows[is_self & open_],
            rows[is_self & ~open_],
        ):
            if len(sort):
                inputs = self._weighted_inputs(stage, sort)
                total = self.node("Add", total or biases, inputs)
        return total or self._repeated(biases, stage.stop - stage.start)

    def _repeated(self, row: str, width: int) -> str:
        """Repeat a row for every element of the batch."""
        batch = self.node("Shape", self.rows, start=0, end=1)
        shape = self.node("Concat", batch, self.constant(np.array([width])), axis=0)
        return self.node("Expand", row, shape)

    def _weighted_inputs(self, stage: Stage, rows: Ints) -> str:
        """Return weighted inputs of a stage from connections that are all gated, or all
        not.

        Connections are written as a product with a weight matrix if they are dense and
        each source, or each neuron, has one gater, and as sums over lists otherwise.
        """
        plan = self.plan
        neurons = np.arange(stage.start, stage.stop)
        sources, column = np.unique(plan.source[rows], return_inverse=True)
        target = plan.target[rows] - stage.start
        gater = plan.gater[rows]
        if len(sources) > SPARSE * np.bincount(target).max():
            return self._listed(rows, target, len(neurons))
        matrix = np.zeros((len(sources), len(neurons)))
        matrix[column, target] = plan.weights[rows]
        if gater[0] == NO_GATER:
            return self.node("MatMul", self.values(sources), self.constant(matrix))
        of_source = gater_of(column, gater, len(sources))
        of_target = gater_of(target, gater, len(neurons))
        if of_source is not None:
            gated = self.node("Mul", self.values(sources), self.values(of_source))
            return self.node("MatMul", gated, self.constant(matrix))
        if of_target is not None:
            summed = self.node("MatMul", self.values(sources), self.constant(matrix))
            return self.node("Mul", summed, self.values(of_target))
        return self._listed(rows, target, len(neurons))

    def _listed(self, rows: Ints, target: Ints, neurons: int) -> str:
        """Compute weighted inputs of sparse connections, using lists of equal length
        padded with weights of 0.
        """
        count = np.bincount(target, minlength=neurons)
        place = target, np.arange(len(rows)) - (np.cumsum(count) - count)[target]
        table = np.full((neurons, count.max()), rows[0])
        weights = np.zeros(table.shape)
        table[place] = rows
        weights[place] = self.plan.weights[rows]
        inputs = self.node(
            "Mul", self.values(self.plan.source[table]), self.constant(weights)
        )
        if self.plan.gater[rows[0]] != NO_GATER:
            inputs = self.node("Mul", inputs, self.values(self.plan.gater[table]))
        return self.node("ReduceSum", inputs, self.constant(np.array([2])), keepdims=0)

    def model(self) -> Any:
        """Make the model, after all stages have been added."""
        plan = self.plan
        helper = self.onnx.helper
        outputs = np.arange(plan.neurons - plan.topology.outputs, plan.neurons)
        self.output(self.values(outputs))
        ends = (
            [("x", [*self.axes, plan.topology.inputs])],
            [("y", [*self.axes, plan.topology.outputs])],
        )
        if self.with_state:
            self.node("Identity", self.next_state(), output="next_state")
            ends[0].append(("state", ["batch", len(self.kept)]))
            ends[1].append(("next_state", ["batch", len(self.kept)]))
        element_type = helper.np_dtype_to_tensor_dtype(self.dtype)
        infos = [
            [
                helper.make_tensor_value_info(name, element_type, shape)
                for name, shape in side
            ]
            for side in ends
        ]
        graph = helper.make_graph(
            self.nodes, "step", *infos, list(self.constants.values())
        )
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, producer_name="synapse", opset_imports=opsets)
        model.ir_version = IR_VERSION
        helper.set_model_props(
            model, {name: json.dumps(value) for name, value in self._metadata().items()}
        )
        return model

    def _metadata(self) -> dict[str, Any]:
        plan = self.plan
        facts = {
            "name": plan.topology.name,
            "neurons": plan.names,
            "layers": plan.layers,
        }
        if not self.with_state:
            return facts
        state: list[tuple[str | int, ...]] = []
        for value in self.kept.tolist():
            steps, place = divmod(value, plan.neurons)
            kind = "state" if steps == 1 else "activation"
            state.append((kind, int(plan.order[place]), *[steps - 1] * (steps > 1)))
        return {**facts, "state": state, "start": plan.start[self.kept].tolist()}


class SequenceGraph(Graph):
    """An ONNX graph of whole sequences: layers as operators, other neurons for all
    steps at once.

    Tensors of values have shape (length * batch, width).
    """

    axes = ("length", "batch")

    def __init__(
        self,
        plan: ExportPlan,
        dtype: np.dtype[Any],
        steps: Sequence[Stage | OperatorLayer],
        blocks: list[Block],
    ) -> None:
        self.last: list[str] = []
        self.blocks = blocks
        kept = [
            values
            for step in steps
            if isinstance(step, OperatorLayer)
            for values in self.states_of(step, plan)
        ]
        super().__init__(plan, dtype, np.concatenate(kept), steps, with_state=True)

    def input(self) -> str:
        """Return the tensor of the inputs, of shape (length * batch, inputs)."""
        self.times = self.node("Shape", "x", start=0, end=2)
        return self.node(
            "Reshape", "x", self.constant(np.array([-1, self.plan.topology.inputs]))
        )

    def output(self, rows: str) -> None:
        """Add the outputs of the model, of shape (length, batch, outputs)."""
        self.in_steps(rows, self.plan.topology.outputs, output="y")

    def next_state(self) -> str:
        """Return the states of the layers after the last step."""
        return self.node("Concat", *self.last, axis=1)

    def in_steps(self, rows: str, width: int, **name: str) -> str:
        """Return rows as a tensor of shape (length, batch, width)."""
        shape = self.node(
            "Concat", self.times, self.constant(np.array([width])), axis=0
        )
        return self.node("Reshape", rows, shape, **name)

    def compute(self, step: Any) -> None:
        """Add a layer, or the neurons of a stage."""
        if isinstance(step, OperatorLayer):
            self.recur(step)
        else:
            super().compute(step)

    def states_of(self, layer: OperatorLayer, plan: ExportPlan) -> list[Ints]:
        """Return the values that a layer keeps between steps, which belong to hidden
        neurons and cells.
        """
        values = [self.blocks[layer.hidden].numbers]
        if layer.cells is not None:
            values.append(self.blocks[layer.cells].numbers + plan.neurons)
        return values

    def recur(self, layer: OperatorLayer) -> None:
        """Add a layer, together with its inputs for all steps."""
        plan = self.plan
        states = self.states_of(layer, plan)
        n = len(states[0])
        attributes: dict[str, object] = {"hidden_size": n}
        if layer.kind == "RNN":
            attributes["activations"] = [ACTIVATIONS[layer.squash].onnx]
        elif layer.kind == "GRU":
            attributes["linear_before_reset"] = 1
        order = ORDER[layer.kind]
        weight = np.append(plan.topology.weight, 0.0)  # -1: no connection
        within = np.zeros(layer.summed.shape)
        for block, connections in layer.constants:
            within[-1] += weight[connections] * plan.biases[self.blocks[block].start]
        matrices = [
            weight[connections[order]].reshape(len(order) * n, -1)
            for connections in (layer.into, layer.recurrent)
        ]
        biases = np.append(plan.biases[layer.summed[order]], within[order])
        number = len(self.nodes)
        whole = np.array_equal(layer.sources, np.arange(plan.topology.inputs))
        inputs = (
            "x"
            if whole
            else self.in_steps(self.values(layer.sources), len(layer.sources))
        )
        axis = self.constant(np.array([0]))
        begin = [self.node("Unsqueeze", self.values(values), axis) for values in states]
        weights = [self.constant(values[None]) for values in (*matrices, biases)]
        results = [
            f"{name}_{number}"
            for name in ("hidden", "last_hidden", "last_cells")[: 1 + len(states)]
        ]
        sources = [inputs, *weights, "", *begin]
        node = self.onnx.helper.make_node(
            layer.kind, sources, results, results[0], **attributes
        )
        self.nodes.append(node)
        last = self.node("Concat", *results[1:], axis=2)
        self.last.append(self.node("Squeeze", last, axis))
        self._place(
            self.node("Reshape", results[0], self.constant(np.array([-1, n]))),
            states[0],
        )


SAME = "abs cos exp log max min pow sin sqrt tanh where"
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
    **{name: name.title() for name in SAME.split()},
}
"""Nodes that compute the primitives of formulas."""


def fire(graph: Graph, squash: str, states: str) -> str:
    """Add the nodes of a squash, and return the tensor of the activations of the
    neurons, or of a group.
    """
    build = as_registered(squash, "onnx")
    if build is not None:
        return str(build(graph, states))
    entry = ACTIVATIONS.get(squash)
    if entry is not None and entry.onnx:
        return graph.node(entry.onnx, states)
    values: str = computed(
        tree_of(squash, 0), {"state": states}, _functions(graph, states)
    )
    if kind_of(squash) != LARGEST:
        return values
    best = graph.node("ArgMax", states, axis=1, keepdims=1)  # the first in a tie
    places = graph.constant(np.arange(graph.width[states]))
    return graph.node("Mul", values, graph.cast(graph.node("Equal", places, best)))


ERFC = (
    *(
        -0.6717940840566922,
        0.6726432239776583,
        0.047343306841863525,
        -0.04689561023132892,
    ),
    *(
        -0.009872689364099222,
        0.008824938561312326,
        0.0017589335074028032,
        -0.002345812552995894,
    ),
    *(
        -0.00014624628742128406,
        0.0006736791352568864,
        -9.373894767667295e-05,
        -0.00017430412986925938,
    ),
    *(
        7.141810433422301e-05,
        3.174693542327236e-05,
        -3.023784054007137e-05,
        1.3989370477611051e-07,
    ),
    *(
        8.662535397475538e-06,
        -2.963484230959699e-06,
        -1.409445991433531e-06,
        1.283394915356199e-06,
    ),
    *(
        -4.146853754663641e-08,
        -2.895626567435524e-07,
        7.745572408758512e-08,
        2.980513364515168e-08,
    ),
    -1.2776086554968677e-08,
)
"""Chebyshev coefficients that interpolate ln(e^(x^2) erfc(x) / t) for x >= 0 with t = 2
/ (2 + x).

These are the coefficients of a polynomial in 2t - 1. 1 - erfc(x) differs from erf(x) by
at most 5e-16."""


def _error_function(graph: Graph, x: str, number: Callable[[float], str]) -> str:
    """Add nodes of the error function in float64, which runtimes have in float32
    only.
    """
    if graph.dtype == np.float32:
        return graph.node("Erf", x)
    size = graph.node("Abs", x)
    t = graph.node("Div", number(2.0), graph.node("Add", size, number(2.0)))
    u = graph.node("Sub", graph.node("Add", t, t), number(1.0))
    power = number(ERFC[-1])
    for factor in reversed(ERFC[:-1]):
        power = graph.node("Add", graph.node("Mul", power, u), number(factor))
    rest = graph.node("Exp", graph.node("Sub", power, graph.node("Mul", size, size)))
    value = graph.node("Sub", number(1.0), graph.node("Mul", t, rest))
    return graph.node("Mul", graph.node("Sign", x), value)


def _functions(graph: Graph, states: str) -> Mapping[str, Callable[..., str]]:
    def number(value: float) -> str:
        # One for each neuron, because ONNX Runtime (1.26, not 1.24 or 1.32) rounds a
        # single factor before a MatMul to float32. For one neuron it must not see that
        # the factor is constant.
        constant = graph.constant(np.full((1, graph.width[states]), value))
        return (
            constant
            if graph.width[states] > 1
            else graph.node("Expand", constant, shape())
        )

    @cache
    def shape() -> str:
        return graph.node("Shape", states)

    def copysign(size: str, sign: str) -> str:
        size = graph.node("Abs", size)
        return graph.node(
            "Where",
            graph.node("Less", sign, number(0.0)),
            graph.node("Neg", size),
            size,
        )

    return {
        **{name: partial(graph.node, operator) for name, operator in NODES.items()},
        "number": number,
        "!=": lambda a, b: graph.node("Not", graph.node("Equal", a, b)),
        "copysign": copysign,
        "erf": lambda x: _error_function(graph, x, number),
        "expm1": lambda x: graph.node("Sub", graph.node("Exp", x), number(1.0)),
        "log1p": lambda x: graph.node("Log", graph.node("Add", x, number(1.0))),
    }


FORMAT = Format(
    name="onnx",
    purpose="a model for ONNX Runtime and others",
    kept="the outputs of a network, one step per call",
    lost="learning",
    link="https://onnx.ai/onnx/repo-docs/IR.html",
    data=onnx_model,
    write=lambda path, model: _files.write(path, model.SerializeToString()),
    extra="onnx",
)
