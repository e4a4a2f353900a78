"""What the ``forward`` of a user's module computes, by torch.fx: modules in a row, or a
network of Linears whose outputs are added.
"""

from __future__ import annotations

import inspect
import operator
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from ...errors import ArgumentError
from ...objects.layer import Layer
from ...objects.network import Network
from ._squashes import MODULES

nn = torch.nn

FUNCTIONS = {
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "leaky_relu": nn.LeakyReLU,
    "relu": nn.ReLU,
    "relu_": nn.ReLU,
    "selu": nn.SELU,
    "sigmoid": nn.Sigmoid,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "tanh": nn.Tanh,
}
"""Modules that functions and methods of these names are; without further arguments."""
ADDITIONS = (operator.add, operator.iadd, torch.add)


@dataclass
class ForwardCall:
    """A call within a ``forward``: of a module, or with None the sum of two values.

    `sources` are the calls whose values it takes; -1 stands for the inputs.
    """

    module: Any
    sources: tuple[int, ...]


def has_own_forward(module: Any) -> bool:
    """Return whether a module is of a user's class, with a ``forward`` of its own."""
    module_class = type(module)
    if issubclass(module_class, nn.Sequential):
        return bool(module_class.forward is not nn.Sequential.forward)
    return not module_class.__module__.startswith("torch.nn.") and "forward" in dir(
        module_class
    )


def calls_of(module: Any) -> list[ForwardCall]:
    """Return the calls of the ``forward`` of a module in order, the last of which gives
    its outputs; ArgumentError if it calls anything unknown.
    """
    calls: list[ForwardCall] = []
    number: dict[Any, int] = {}
    of_tuple: dict[Any, int] = {}  # of a recurrent module, of which the first is read
    *inside, output = _graph_of(module)
    for node in inside:
        if node.op == "placeholder":
            number[node] = -1
        elif node.target is operator.getitem and node.args[0] in of_tuple:
            if node.args[1] == 0:
                number[node] = of_tuple[node.args[0]]
            elif node.users:
                raise _refused(module, "reads the last state of a recurrent module")
        else:
            made = _call(module, node)
            tensors = [each for each in node.args if isinstance(each, torch.fx.Node)]
            sources = [number[each] for each in tensors if each in number]
            if made is None or len(sources) + node.args.count(None) != len(node.args):
                raise _refused(module, f"calls {_name(node)}")
            numbers = made.parameters() if isinstance(made, nn.Module) else ()
            if any(True for _ in numbers) and any(
                each.module is made for each in calls
            ):
                raise _refused(module, f"calls {_name(node)} twice")
            calls.append(
                ForwardCall(None if made is ADDITIONS else made, tuple(sources))
            )
            is_tuple = isinstance(made, nn.RNNBase)
            (of_tuple if is_tuple else number)[node] = len(calls) - 1
    if not calls or number.get(output.args[0]) != len(calls) - 1:
        raise _refused(module, "has several outputs, or calls after its outputs")
    return calls


def _graph_of(module: Any) -> list[Any]:
    """Return the nodes of a ``forward``, with defaults for what is optional."""
    optional = {
        name: parameter.default
        for name, parameter in inspect.signature(module.forward).parameters.items()
        if parameter.default is not parameter.empty
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of defaults that fx does not check
            tracer = torch.fx.Tracer()
            graph = tracer.trace(module, concrete_args=optional or None)
    except Exception as error:  # whatever the user's code raises for a symbol
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise _refused(module, f"cannot be traced by torch.fx ({reason})") from None
    # Defaults are nodes that only checks of theirs read.
    nodes: list[Any] = []
    checks: set[Any] = set()
    for node in graph.nodes:
        read = set(node.all_input_nodes)
        if (node.op == "placeholder" and nodes) or (read and read <= checks):
            checks.add(node)
        else:
            nodes.append(node)
    return nodes


def _call(module: Any, node: Any) -> Any:
    """Return the module that a node calls, `ADDITIONS` for a sum, None if unknown."""
    if node.op == "call_module":
        return None if node.kwargs else module.get_submodule(node.target)
    if node.target in ADDITIONS or (
        node.op == "call_method" and node.target in ("add", "add_")
    ):
        return None if node.kwargs else ADDITIONS
    name = getattr(node.target, "__name__", node.target)
    if name == "dropout":
        return nn.Dropout()
    if name in FUNCTIONS and set(node.kwargs) <= {"inplace"}:
        return FUNCTIONS[name]()
    return None


def _name(node: Any) -> str:
    """Return a call as text."""
    target = node.target if isinstance(node.target, str) else node.target.__name__
    return f"{target}({', '.join(map(str, node.args))})"


def _refused(module: Any, reason: str) -> ArgumentError:
    parts = ", ".join(f"model.{name}" for name, _ in module.named_children())
    advice = f" Pass its submodules as a list if that is the same: [{parts}]."
    return ArgumentError(
        f"from_torch knows no network for {type(module).__name__}: its forward"
        f" {reason}.{advice if parts else ''}"
    )


def in_a_row(calls: list[ForwardCall]) -> bool:
    """Return whether each call takes the value of the one before, and no other."""
    return all(
        call.module is not None and call.sources == (k - 1,)
        for k, call in enumerate(calls)
    )


def modules_in_a_row(module: Any) -> list[Any]:
    """Return the modules that the ``forward`` of a module calls one after the other;
    ArgumentError if it computes anything else.
    """
    calls = calls_of(module)
    if not in_a_row(calls):
        raise _refused(module, "adds values or uses them twice")
    return [call.module for call in calls]


@dataclass
class _Sum:
    """What is added up, before it is squashed: Linears of layers, and layers."""

    linears: list[tuple[Any, Layer]] = field(default_factory=list)
    copies: list[Layer] = field(default_factory=list)


def _as_sum(value: Layer | _Sum) -> _Sum:
    return _Sum(copies=[value]) if isinstance(value, Layer) else value


class LinearGraph:
    """The network of Linears, activations and additions."""

    def __init__(self, module: Any, calls: list[ForwardCall], dtype: Any) -> None:
        self.module = module
        self.dtype = dtype
        entry: Any = next((each.module for each in calls if each.sources == (-1,)), 0)
        if type(entry) is not nn.Linear:
            raise _refused(module, "does not begin with one Linear of its inputs")
        self.layers = [Layer(entry.in_features, "identity", dtype=dtype)]
        values: list[Layer | _Sum] = []
        readers = np.bincount([k + 1 for call in calls for k in call.sources])
        for number, call in enumerate(calls):
            value = self._value(call, [self._of(k, values) for k in call.sources])
            read_twice = number + 2 <= len(readers) - 1 and readers[number + 1] > 1
            last = number == len(calls) - 1
            if isinstance(value, _Sum) and (read_twice or last):
                value = self._layer(value, "identity")
            values.append(value)
        if self._of(len(calls) - 1, values) is not self.layers[-1]:
            raise _refused(module, "uses its outputs again")

    def network(self) -> Network:
        """Return the network."""
        inputs, *hidden, output = self.layers
        return Network(inputs, hidden, output)

    def _of(self, k: int, values: list[Layer | _Sum]) -> Layer | _Sum:
        return self.layers[0] if k < 0 else values[k]

    def _value(self, call: ForwardCall, inputs: list[Layer | _Sum]) -> Layer | _Sum:
        if call.module is None:
            a, b = map(_as_sum, inputs)
            return _Sum(a.linears + b.linears, a.copies + b.copies)
        if type(call.module) is nn.Linear:
            (source,) = inputs
            if isinstance(source, _Sum):
                source = self._layer(source, "identity")
            if len(source) != call.module.in_features:
                raise _refused(self.module, "broadcasts values")
            return _Sum([(call.module, source)])
        if type(call.module) in (nn.Dropout, nn.Identity):
            return inputs[0]
        name, settings = MODULES.get(type(call.module), ("", {}))
        class_name = type(call.module).__name__
        others = {k: v for k, v in settings.items() if getattr(call.module, k, v) != v}
        if not name or others:
            raise _refused(
                self.module, f"adds values beside {class_name} {others or ''}".rstrip()
            )
        (value,) = inputs
        return self._layer(_as_sum(value), name)

    def _layer(self, value: _Sum, squash: str) -> Layer:
        """Add the layer of a sum: weights of its Linears, and fixed copies."""
        sizes = {linear.out_features for linear, _ in value.linears}
        sizes |= {len(layer) for layer in value.copies}
        if len(sizes) > 1:
            raise _refused(self.module, "broadcasts values")
        value = self._apart(value)
        (size,) = sizes
        layer = Layer(size, squash, dtype=self.dtype)
        biases = [linear.bias for linear, _ in value.linears if linear.bias is not None]
        if biases:
            layer.biases = sum(map(_array, biases))
        else:
            layer.trainable_bias = False
        for linear, source in value.linears:
            source.project(layer, weights=_array(linear.weight).T)
        for source in value.copies:
            source.project(layer, "one_to_one", weights=1.0, trainable=False)
        self.layers.append(layer)
        return layer

    def _apart(self, value: _Sum) -> _Sum:
        """Return a sum that reads each layer once; a second Linear of a layer gets a
        layer of its own.
        """
        read = [id(layer) for layer in value.copies]
        if len(set(read)) < len(read):
            raise _refused(self.module, "adds a value to itself")
        linears = []
        copies = list(value.copies)
        for linear, source in value.linears:
            if id(source) in read:
                alone = _Sum([(linear, source)])
                copies.append(self._layer(alone, "identity"))
            else:
                linears.append((linear, source))
                read.append(id(source))
        return _Sum(linears, copies)


def _array(tensor: Any) -> Any:
    values = tensor.detach().cpu().to(torch.float64).numpy()
    if not np.isfinite(values).all():
        raise ArgumentError(
            "The weights of a module must be finite to be read, got NaN or infinity."
        )
    return values


def computed(modules: Any, rows: Any) -> Any:
    """Return the outputs of modules one after the other, without their dropout."""
    if isinstance(modules, list | tuple):
        for module in modules:
            rows = computed(module, rows)
        return rows
    training = [(module, module.training) for module in modules.modules()]
    modules.eval()
    try:
        with torch.no_grad():
            outputs = modules(rows)
    finally:
        for module, was in training:
            module.training = was
    return outputs[0] if isinstance(outputs, tuple) else outputs
