"""Map the parameters of PyTorch modules to those of the architectures."""

from __future__ import annotations

import inspect
import operator
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch

import architect

from ..._checks import expected, pluralize, require
from ..._typing import Ints
from ...errors import ArgumentError, ArgumentTypeError, TopologyError
from ...objects.layer import Layer
from ...objects.network import Network
from ...objects.snapshots import set_numbers
from ...objects.topology import NO_GATER, Topology
from ._parts import ModulePart
from ._squashes import MODULES
from .module import SequenceModule

Tensor = Any  # torch may not be installed where types are checked
nn = torch.nn


class CellKind(NamedTuple):
    """A kind of recurrent module, described by the names of the architecture's layers
    that have the biases, and of the layer whose activations the module returns.
    """

    summed: tuple[str, ...]
    shown: str


GATES = ("input gates", "forget gates", "candidates", "output gates")
KINDS = {
    nn.LSTM: CellKind(GATES, "hidden"),
    nn.GRU: CellKind(("reset gates", "update gates", "candidates"), "cells"),
    nn.RNN: CellKind(("hidden",), "hidden"),
}
PLAIN_SETTINGS = {"bidirectional": False, "proj_size": 0}
"""Settings for which recurrent modules are equal to the architectures."""
PASSED_OVER = (nn.Dropout, nn.Flatten, nn.Identity)
"""Modules without parameters that change nothing after training. Flattening has no
effect because a network's inputs are flat rows."""


class Peer(NamedTuple):
    """Modules of torch in order: recurrent modules of one kind, if any, followed by
    matrices, each with a squash. A state dict has no squashes, and None accepts any.
    """

    recurrent: list[Any]
    linears: list[tuple[Any, str | None]]
    any_squash: bool = False  # of an RNN

    @property
    def layers(self) -> list[tuple[Any, int]]:
        """The recurrent layers, each with its module and its number within the
        module.
        """
        return [(each, i) for each in self.recurrent for i in range(each.num_layers)]

    @property
    def kind(self) -> CellKind:
        """The kind of the recurrent modules."""
        return KINDS[type(self.recurrent[0])]


# --- what torch has -------------------------------------------------------------------


def peer_of(modules: Any) -> Peer:
    """Return the modules in order, or raise ArgumentTypeError or ArgumentError if no
    architecture corresponds to them.
    """
    try:
        flat = list(_flat(modules))
    except RecursionError:
        raise _unknown([]) from None
    recurrent = []
    while flat and type(flat[0]) in KINDS:
        recurrent.append(flat.pop(0))
    linears: list[tuple[Any, str]] = []
    for module in flat:
        if type(module) is nn.Linear:
            linears.append((module, ""))
        elif type(module) in MODULES and linears and not linears[-1][1]:
            name, settings = MODULES[type(module)]
            _require(module, settings)
            linears[-1] = (linears[-1][0], name)
        else:
            raise _unknown(module)
    if not recurrent and not linears:
        raise _unknown([])
    for module in recurrent:
        require_plain(module)
    if len({(type(each), getattr(each, "nonlinearity", "")) for each in recurrent}) > 1:
        kinds = " and ".join(type(module).__name__ for module in recurrent)
        raise ArgumentError(
            f"Expected recurrent modules of one kind and nonlinearity, got {kinds}."
        )
    if len(linears) > 1 and recurrent:
        raise ArgumentError(
            f"Expected one Linear after a recurrent module, got {len(linears)}."
        )
    peer = Peer(recurrent, [(linear, name or "identity") for linear, name in linears])
    require_chain(peer)
    return peer


def require_chain(peer: Peer) -> None:
    """Raise ArgumentError if a module has another number of inputs than the one before
    has outputs.
    """
    ends = [(each.input_size, each.hidden_size) for each in peer.recurrent]
    ends += [(each.in_features, each.out_features) for each, _ in peer.linears]
    for (_, before), (after, _) in pairwise(ends):
        if before != after:
            raise ArgumentError(
                f"Each module must have as many inputs as the one before it has"
                f" outputs, got {after} inputs after {before} outputs."
            )


def _unknown(module: Any) -> ArgumentError:
    """Return the error for an unsupported module, which names the parts of a composed
    one.
    """
    parts = (
        []
        if isinstance(module, list | tuple)
        else [f"model.{name}" for name, _ in module.named_children()]
    )
    advice = f" Pass submodules as a list: [{', '.join(parts[:4])}]." if parts else ""
    return ArgumentError(
        "Expected LSTMs, GRUs or RNNs (optionally followed by one Linear), or a stack"
        " of Linears, each with at most one activation, got"
        f" {type(module).__name__}.{advice}"
    )


def _flat(modules: Any) -> Iterator[Any]:
    if isinstance(modules, nn.Module) and has_own_forward(modules):
        yield from _flat(modules_in_a_row(modules))
    elif isinstance(modules, list | tuple | nn.Sequential):
        for module in modules:
            yield from _flat(module)
    elif isinstance(modules, nn.Module):
        if type(modules) not in PASSED_OVER:
            yield modules
    else:
        raise ArgumentTypeError(
            expected("modules", "a module or a list of them", modules)
        )


def require_plain(recurrent: Any) -> None:
    """Raise ArgumentError if a recurrent module has a setting of no architecture."""
    _require(recurrent, PLAIN_SETTINGS)


def _require(module: Any, settings: Mapping[str, Any]) -> None:
    """Raise if a module has a setting that the architectures do not support."""
    for name, wanted in settings.items():
        has = getattr(module, name, wanted)
        require(
            has == wanted,
            f"The setting {name!r} of torch.nn.{type(module).__name__}",
            f"{wanted!r}, the only supported value",
            has,
        )


# --- the network that is the same -----------------------------------------------------


def network_of(peer: Peer, dtype: Any = None) -> Network:
    """Build a network for the modules with all weights 0. Its dtype is by default that
    of the modules.
    """
    bottom = peer.recurrent[0] if peer.recurrent else peer.linears[0][0]
    options: dict[str, Any] = {
        "initializer": "zeros",
        "bias_initializer": "zeros",
        "dtype": dtype or _dtype(bottom),
    }
    if peer.recurrent:
        net = _recurrent_network(peer, options)
    else:
        sizes = [linear.out_features for linear, _ in peer.linears]
        net = architect.Perceptron(bottom.in_features, *sizes, **options)
    for layer, (linear, squash) in zip(
        net.layers[::-1], peer.linears[::-1], strict=False
    ):
        layer.squash = squash or "identity"
        layer.trainable_bias = linear.bias is not None
    return net


def network_of_graph(modules: Any) -> Network | None:
    """Return the network of a module whose ``forward`` adds values, as a residual does,
    or None for other modules.
    """
    if not isinstance(modules, nn.Module):
        return None
    if not any(map(has_own_forward, modules.modules())):
        return None
    calls = calls_of(modules)
    if in_a_row(calls):
        return None
    inputs, *hidden, output = LinearGraph(modules, calls, _dtype(modules)).layers
    return Network(inputs, hidden, output)


def require_outputs(modules: Any, net: Network, module: Any) -> None:
    """Raise ArgumentError if the outputs of modules differ from those of a network's
    `module` on some random rows. This detects hooks, which cannot be found in the
    structure.
    """
    listed = nn.ModuleList(modules) if isinstance(modules, list | tuple) else modules
    like = next(listed.parameters())
    rows = np.random.default_rng(0).normal(size=(5, len(net.input)))
    inputs = torch.tensor(rows, dtype=like.dtype, device=like.device)
    wanted = computed(modules, inputs).cpu()
    with torch.no_grad():
        outputs = module(inputs.cpu())
    largest = float((outputs - wanted).abs().max())
    bound = 1e3 * torch.finfo(like.dtype).eps * max(1.0, float(wanted.abs().max()))
    if not largest <= bound:
        raise ArgumentError(
            "Expected modules that only apply their weights one after the other, but"
            f" on random rows the outputs differ by up to {largest:.3g}, because of"
            " hooks or of inputs that are not rows. Build the network with architect,"
            " and read its modules."
        )


def _recurrent_network(peer: Peer, options: dict[str, Any]) -> Network:
    bottom = peer.recurrent[0]
    sizes = [bottom.input_size, *(module.hidden_size for module, _ in peer.layers)]
    sizes.append(peer.linears[0][0].out_features if peer.linears else sizes[-1])
    options["output_squash"] = "identity"
    if isinstance(bottom, nn.LSTM):
        net: Network = architect.LSTM(*sizes, style="standard", **options)
    elif isinstance(bottom, nn.GRU):
        net = architect.GRU(*sizes, **options)
    else:
        net = architect.Elman(*sizes, squash=bottom.nonlinearity, **options)
    for i, (module, _) in enumerate(peer.layers):
        summed = [_layer(net, name, peer, i) for name in peer.kind.summed]
        for layer in () if module.bias else summed:
            layer.biases = np.zeros(len(layer))
            layer.trainable_bias = False
        if isinstance(module, nn.GRU) and not module.bias:
            # The second bias of the candidates, b_hn, stands within the reset gate.
            for link in net["constant"][0].outgoing:
                link.trainable &= link.target not in summed[-1]
    if not peer.linears:
        shown = _layer(net, peer.kind.shown, peer, len(peer.layers) - 1)
        net.output.trainable_bias = False
        for neuron, copied in zip(net.output, shown, strict=True):
            for link in neuron.incoming:
                link.weight = float(link.source == copied)
                link.trainable = False
    return net


def _dtype(module: Any) -> Any:
    torch_dtype = next(module.parameters()).dtype
    numpy_dtypes = {torch.float64: np.float64, torch.float32: np.float32}
    require(
        torch_dtype in numpy_dtypes,
        "The dtype of a module",
        "float64 or float32",
        torch_dtype,
    )
    return numpy_dtypes[torch_dtype]


def _layer(net: Network, name: str, peer: Peer, i: int) -> Layer:
    return net[architect._recipe.numbered(name, i, len(peer.layers))]


# --- which numbers are the same -------------------------------------------------------


def read_new(peer: Peer, dtype: Any = None) -> tuple[Network, SequenceModule]:
    """Return a new network with the numbers of the modules, and its module."""
    net = network_of(peer, dtype)
    module = SequenceModule(net)
    with torch.no_grad():
        for theirs, ours in _tensors(peer, module):
            if theirs.is_meta:
                raise ArgumentError(
                    "The weights of a module must be on a device, got none: meta."
                )
            ours.copy_(theirs)
    module.write(net)
    return net, module


def read(peer: Peer, net: Network) -> None:
    """Read weights and biases from the modules. If an error is raised, nothing has
    changed.
    """
    like, module = read_new(peer, np.float64)
    neurons, connections = _counterparts(
        like, net, _matching_layers(peer, like, net, outputs=bool(peer.linears))
    )
    rows, places = _learned(peer, like, module, net, connections)
    set_numbers(
        net,
        (connections[rows], like.weights[rows]),
        (neurons[places], like.biases[places]),
    )


def write(peer: Peer, net: Network) -> None:
    """Write weights and biases into the modules. If an error is raised, nothing has
    changed.
    """
    like = network_of(peer, np.float64)
    module = SequenceModule(like)
    neurons, connections = _counterparts(
        like, net, _matching_layers(peer, like, net, outputs=True)
    )
    _learned(peer, like, module, net, connections)
    parts = _parts(peer, module)
    ours, theirs = Topology.of(like), Topology.of(net)
    # Nothing reads the biases of inputs.
    free = [
        np.arange(ours.inputs),
        *(_order(module)[submodule.biases] for submodule in parts),
    ]
    fixed = np.delete(np.arange(len(neurons)), np.concatenate(free))
    for neuron in neurons[fixed][ours.bias[fixed] != theirs.bias[neurons[fixed]]]:
        layer = theirs.layers[theirs.layer[neuron]]
        raise TopologyError(
            f"{net!r} has biases of {layer!r}, and the modules have none (bias=False),"
            " or none for such neurons."
        )
    fixed = np.delete(
        np.arange(len(connections)),
        np.concatenate([submodule.weights for submodule in parts]),
    )
    if not (
        (ours.neurons, len(connections)) == (theirs.neurons, len(theirs.source))
        and (connections >= 0).all()
        and np.array_equal(
            np.append(neurons, NO_GATER)[ours.gater], theirs.gater[connections]
        )
        and np.array_equal(ours.weight[fixed], theirs.weight[connections[fixed]])
    ):
        raise TopologyError(
            f"{net!r} has connections or biases without a counterpart in the modules,"
            " such as peepholes or a read-out without a Linear. to_torch(network)"
            " alone makes a module of any topology."
        )
    like.weights, like.biases = net.weights[connections], net.biases[neurons]
    module.read(like)
    for tensor, values in _tensors(peer, module):
        tensor.copy_(values.detach())


def _tensors(peer: Peer, module: SequenceModule) -> list[tuple[Tensor, Tensor]]:
    """Return each tensor of the modules with the corresponding tensor of their
    network's module.
    """
    layers = [*peer.layers, *((linear, 0) for linear, _ in peer.linears)]
    return [
        (getattr(theirs, name.replace("_l0", f"_l{at}")).detach(), ours)
        for (theirs, at), submodule in zip(layers, _parts(peer, module), strict=True)
        for name, ours in submodule.tensors_in(getattr(module, submodule.name)).items()
    ]


def _parts(peer: Peer, module: SequenceModule) -> list[ModulePart]:
    """Return the parts of our module that correspond to the modules, in their order."""
    return module._parts[: len(peer.layers) + len(peer.linears)]


def _order(module: SequenceModule) -> Ints:
    """Return the number in the network for each neuron of the plan."""
    return module._order.numpy()


def _matching_layers(
    peer: Peer, like: Network, net: Network, *, outputs: bool
) -> list[Layer]:
    """Return the layers of a network that correspond to those of the modules' network,
    or raise ArgumentError if they differ.

    Layers correspond by their names, but layers of Linears by their order. `outputs`
    states whether the outputs must correspond, too.
    """
    layers = list(net.layers)
    if peer.recurrent:
        hidden = (net[str(layer.name)] for layer in like.hidden)
        layers = [net.input, *hidden, *([net.output] if outputs else [])]
    elif len(layers) != len(like.layers):
        wanted = f"of {len(like.layers)} layers, inputs and outputs among them"
        raise ArgumentError(expected("The network for these Linears", wanted, net))
    for ours, theirs in zip(like.layers, layers, strict=False):
        _require_alike(peer, like, ours, theirs)
    return layers


def _require_alike(peer: Peer, like: Network, ours: Layer, theirs: Layer) -> None:
    """Raise ArgumentError unless `theirs` has the size and the squash of `ours`, a
    layer of the modules' network `like`.
    """
    require(
        len(ours) == len(theirs),
        repr(theirs),
        f"of {pluralize(len(ours), 'neuron')}, as in the modules",
        len(theirs),
        "Pass the Linear of the read-out, too."
        if ours is like.output and not peer.linears
        else "",
    )
    has_squash = not peer.any_squash or (
        ours is not like.output and isinstance(like, architect.LSTM | architect.GRU)
    )
    if has_squash and ours is not like.input and ours.squash != theirs.squash:
        wanted = f"{ours.squash}, that of the module"
        subject = f"The squash of {theirs!r}"
        raise ArgumentError(expected(subject, wanted, theirs.squash))


def _counterparts(
    like: Network, net: Network, layers: list[Layer]
) -> tuple[Ints, Ints]:
    """Return the neurons of these layers and the connections of a network that
    correspond to the modules' network, with -1 for missing ones.
    """
    starts = np.cumsum([0, *map(len, net.layers)])
    rows = [starts[net.layers.index(layer)] + np.arange(len(layer)) for layer in layers]
    # if the outputs have no counterparts, they are missing at the end
    missing = np.full(len(like.output), -1)
    neurons = np.concatenate([*rows, missing])[: len(like.neurons)]
    ours, receiver = Topology.of(like), Topology.of(net)
    prompt = np.flatnonzero(receiver.delay == 0)
    keys = receiver.source[prompt] * receiver.neurons + receiver.target[prompt]
    prompt, keys = prompt[np.argsort(keys)], np.sort(keys)
    source, target = neurons[ours.source], neurons[ours.target]
    wanted = source * receiver.neurons + target
    places = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
    exists = (keys[places] == wanted) & (source >= 0) & (target >= 0)
    return neurons, np.where(exists, prompt[places], -1)


def _learned(
    peer: Peer, like: Network, module: SequenceModule, net: Network, connections: Ints
) -> tuple[Ints, Ints]:
    """Return the connections and the neurons of the modules' network whose weights and
    biases the modules have; TopologyError if a network lacks a connection.
    """
    layers = [submodule.layer for submodule in _parts(peer, module)]
    links = [links for layer in layers for _, links in layer.constants]
    for layer in layers:
        links += [layer.into.ravel(), layer.recurrent.ravel()]
    rows = np.concatenate(links)
    table = Topology.of(like)
    for row in rows[connections[rows] < 0]:
        ends = (
            table.layers[table.layer[end[row]]] for end in (table.source, table.target)
        )
        source, target = (like[name] for name in ends)
        raise TopologyError(
            f"{source!r} must be fully connected to {target!r} in {net!r} to have the"
            " weights of a module."
        )
    return rows, _order(module)[
        np.concatenate([layer.summed.ravel() for layer in layers])
    ]


# --- what a user's forward computes ---------------------------------------------------


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
"""Modules that are equal to the functions and methods with these names, if these are
called without further arguments."""
ADDITIONS = (operator.add, operator.iadd, torch.add)


@dataclass
class ForwardCall:
    """A call within a ``forward``, of a module, or with None the sum of two values.

    `sources` are the calls whose values it takes, with -1 for the inputs.
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
    """Return the calls in the ``forward`` of a module in order, ending with the call
    that gives its outputs, or raise ArgumentError if it calls anything unknown.
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
    """Return the nodes of a ``forward``, with defaults for optional attributes."""
    optional = {
        name: parameter.default
        for name, parameter in inspect.signature(module.forward).parameters.items()
        if parameter.default is not parameter.empty
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of defaults that fx does not check
            graph = torch.fx.Tracer().trace(module, concrete_args=optional or None)
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
        f"from_torch cannot build a network for {type(module).__name__}: its forward"
        f" {reason}.{advice if parts else ''}"
    )


def in_a_row(calls: list[ForwardCall]) -> bool:
    """Return whether each call takes the value of the one before, and no other."""
    return all(
        call.module is not None and call.sources == (k - 1,)
        for k, call in enumerate(calls)
    )


def modules_in_a_row(module: Any) -> list[Any]:
    """Return the modules that the ``forward`` of a module calls one after the other, or
    raise ArgumentError if it computes anything else.
    """
    calls = calls_of(module)
    if not in_a_row(calls):
        raise _refused(module, "adds values or uses them twice")
    return [call.module for call in calls]


Sum = list[tuple[Any, Layer]]
"""The terms that are added up before the squash: Linears of layers, and layers
(None)."""


class LinearGraph:
    """The layers that represent Linears, activations and additions, in order."""

    def __init__(self, module: Any, calls: list[ForwardCall], dtype: Any) -> None:
        self.module = module
        self.dtype = dtype
        entry: Any = next((each.module for each in calls if each.sources == (-1,)), 0)
        if type(entry) is not nn.Linear:
            raise _refused(module, "does not begin with one Linear of its inputs")
        self.layers = [Layer(entry.in_features, "identity", dtype=dtype)]
        values: list[Sum] = [[(None, self.layers[0])]]
        read = [k + 1 for call in calls for k in call.sources]
        for number, call in enumerate(calls, 1):
            value = self._value(call, [values[k + 1] for k in call.sources])
            if read.count(number) > 1 or number == len(calls):
                value = [(None, self._layer(value))]
            values.append(value)
        if values[-1][0][1] is not self.layers[-1]:
            raise _refused(module, "uses its outputs again")

    def _value(self, call: ForwardCall, inputs: list[Sum]) -> Sum:
        if call.module is None:
            return inputs[0] + inputs[1]
        (value,) = inputs
        if type(call.module) is nn.Linear:
            source = self._layer(value)
            if len(source) != call.module.in_features:
                raise _refused(self.module, "broadcasts values")
            return [(call.module, source)]
        if type(call.module) in (nn.Dropout, nn.Identity):
            return value
        name, settings = MODULES.get(type(call.module), ("", {}))
        class_name = type(call.module).__name__
        others = {k: v for k, v in settings.items() if getattr(call.module, k, v) != v}
        if not name or others:
            raise _refused(
                self.module, f"adds values beside {class_name} {others or ''}".rstrip()
            )
        return [(None, self._layer(value, name))]

    def _layer(self, value: Sum, squash: str = "") -> Layer:
        """Return the layer of a sum, which is a new one unless the sum is a layer
        already. It has the weights of the Linears, and fixed copies.
        """
        if not squash and len(value) == 1 and value[0][0] is None:
            return value[0][1]
        sizes = {
            len(source) if linear is None else linear.out_features
            for linear, source in value
        }
        if len(sizes) > 1:
            raise _refused(self.module, "broadcasts values")
        value = self._apart(value)
        layer = Layer(sizes.pop(), squash or "identity", dtype=self.dtype)
        biases = [getattr(linear, "bias", None) for linear, _ in value]
        biases = [bias for bias in biases if bias is not None]
        if biases:
            layer.biases = sum(map(_array, biases))
        else:
            layer.trainable_bias = False
        for linear, source in value:
            if linear is None:
                source.project(layer, "one_to_one", weights=1.0, trainable=False)
            else:
                source.project(layer, weights=_array(linear.weight).T)
        self.layers.append(layer)
        return layer

    def _apart(self, value: Sum) -> Sum:
        """Return a sum that reads each layer once, by adding a layer for each further
        Linear of a layer.
        """
        read = [id(layer) for linear, layer in value if linear is None]
        if len(set(read)) < len(read):
            raise _refused(self.module, "adds a value to itself")
        apart: Sum = []
        for linear, source in value:
            if linear is not None and id(source) in read:
                apart.append((None, self._layer([(linear, source)])))
            else:
                apart.append((linear, source))
                read.append(id(source))
        return apart


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
