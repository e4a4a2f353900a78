"""Correspondence between the parameters of PyTorch modules and of the architectures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch

import architect

from ..._checks import expected
from ..._typing import Floats, Ints
from ...errors import ArgumentError, ArgumentTypeError, TopologyError
from ...objects.layer import Layer
from ...objects.network import Network
from ...objects.snapshots import set_numbers
from ...objects.topology import Topology
from ._forward import (
    LinearGraph,
    calls_of,
    computed,
    has_own_forward,
    in_a_row,
    modules_in_a_row,
)
from ._squashes import MODULES

Tensor = Any  # torch may not be installed where types are checked
nn = torch.nn


class CellKind(NamedTuple):
    """A recurrent module: names of the corresponding layers of an architecture.

    ``summed`` are the targets of its matrices, in torch's order; ``recurrent`` has h of
    the previous step, ``shown`` is h.
    """

    summed: tuple[str, ...]
    squashes: tuple[str, ...]
    recurrent: str
    shown: str


GATES = ("logistic", "logistic")
KINDS = {
    nn.LSTM: CellKind(
        ("input gates", "forget gates", "candidates", "output gates"),
        (*GATES, "tanh", "logistic"),
        "hidden",
        "hidden",
    ),
    nn.GRU: CellKind(
        ("reset gates", "update gates", "candidates"),
        (*GATES, "tanh"),
        "cells",
        "cells",
    ),
    nn.RNN: CellKind(("hidden",), ("tanh",), "context", "hidden"),
}
PLAIN_SETTINGS = {"bidirectional": False, "proj_size": 0}
"""Settings for which recurrent modules are equal to the architectures."""
PASSED_OVER = (nn.Dropout, nn.Flatten, nn.Identity)
"""Modules without parameters that change nothing after training; inputs of a network
are flat rows."""


class Peer(NamedTuple):
    """Modules of torch: recurrent ones of one kind, or none, then matrices, each with a
    squash; None if any squash will do, because a state dict has none.
    """

    recurrent: list[Any]
    linears: list[tuple[Any, str | None]]
    any_squash: bool = False  # of an RNN

    @property
    def layers(self) -> list[tuple[Any, int]]:
        """The recurrent layers: the module of each, and its number in there."""
        return [(each, i) for each in self.recurrent for i in range(each.num_layers)]

    @property
    def kind(self) -> CellKind:
        """The kind of its recurrent modules."""
        return KINDS[type(self.recurrent[0])]


class Portion(NamedTuple):
    """Portion of a tensor and its counterpart in a network: the matrix (targets,
    sources), or the biases.

    Torch has two biases for one sum: `extra` is added when it is read, and set to 0
    when it is written. A module that has no biases has zeros in their place, which are
    `implied`.
    """

    tensor: Tensor
    target: Layer
    source: Layer | None = None
    extra: Tensor = None
    implied: bool = False


# --- what torch has -------------------------------------------------------------------


def peer_of(modules: Any) -> Peer:
    """Return the modules in order; ArgumentTypeError or ArgumentError if no
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
    """Return the error for a module of another kind; of one with parts it names
    these.
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
        if has != wanted:
            subject = f"The setting {name!r} of torch.nn.{type(module).__name__}"
            raise ArgumentError(
                expected(subject, f"{wanted!r}, the only one known here", has)
            )


# --- the network that is the same -----------------------------------------------------


def network_of(peer: Peer) -> Network:
    """Make a new network for the modules, with all weights 0."""
    bottom = peer.recurrent[0] if peer.recurrent else peer.linears[0][0]
    options: dict[str, Any] = {
        "initializer": "zeros",
        "bias_initializer": "zeros",
        "dtype": _dtype(bottom),
    }
    if not peer.recurrent:
        sizes = [
            bottom.in_features,
            *(linear.out_features for linear, _ in peer.linears),
        ]
        net: Network = architect.Perceptron(
            *sizes, output_squash=peer.linears[-1][1], **options
        )
        for layer, (_, name) in zip(net.hidden, peer.linears, strict=False):
            layer.squash = str(name)
    else:
        net = _recurrent_network(peer, options)
    for portion in parts_of(peer, net):
        if portion.implied:
            _fix(net, portion)
    return net


def network_of_graph(modules: Any) -> Network | None:
    """Return the network of a module in which a ``forward`` adds values, as a residual
    does; None for other modules.
    """
    if not isinstance(modules, nn.Module):
        return None
    if not any(map(has_own_forward, modules.modules())):
        return None
    calls = calls_of(modules)
    if in_a_row(calls):
        return None
    return LinearGraph(modules, calls, _dtype(modules)).network()


def require_outputs(modules: Any, net: Network, module: Any) -> None:
    """Raise ArgumentError if modules do not compute what the `module` of a network
    does, on some random rows: hooks are in no structure.
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
            "The modules do not compute what their weights compute one after the other;"
            f" they differ by up to {largest:.3g} on random rows: they have hooks, or"
            " inputs that are not rows. Build the network with architect, and read its"
            " modules."
        )


def _recurrent_network(peer: Peer, options: dict[str, Any]) -> Network:
    bottom = peer.recurrent[0]
    sizes = [bottom.input_size, *(module.hidden_size for module, _ in peer.layers)]
    top, options["output_squash"] = (
        peer.linears[0] if peer.linears else (None, "identity")
    )
    sizes.append(top.out_features if top is not None else sizes[-1])
    if isinstance(bottom, nn.LSTM):
        net: Network = architect.LSTM(*sizes, style="standard", **options)
    elif isinstance(bottom, nn.GRU):
        net = architect.GRU(*sizes, **options)
    else:
        net = architect.Elman(*sizes, squash=bottom.nonlinearity, **options)
    if top is None:
        _pass_on(net, _layer(net, peer.kind.shown, peer, len(peer.layers) - 1))
    return net


def _fix(net: Network, portion: Portion) -> None:
    """Make numbers that modules lack untrainable."""
    if portion.source is None:
        portion.target.trainable_bias = False
        return
    connections = net.connections
    for number in _between(net, portion.source, portion.target).flat:
        connections[number].trainable = False


def _dtype(module: Any) -> Any:
    torch_dtype = next(module.parameters()).dtype
    numpy_dtypes = {torch.float64: np.float64, torch.float32: np.float32}
    if torch_dtype not in numpy_dtypes:
        raise ArgumentError(
            expected("The dtype of a module", "float64 or float32", torch_dtype)
        )
    return numpy_dtypes[torch_dtype]


def _pass_on(net: Network, shown: Layer) -> None:
    """Make the outputs a fixed copy of a layer."""
    between = _between(net, shown, net.output)
    weights = net.weights.copy()
    connections = net.connections
    weights[between] = np.eye(len(shown))
    net.weights = weights
    for number in between.flat:
        connections[number].trainable = False
    net.output.trainable_bias = False


def _layer(net: Network, name: str, peer: Peer, i: int) -> Layer:
    layer: Layer = net[architect._recipe.numbered(name, i, len(peer.layers))]
    return layer


# --- which numbers are the same -------------------------------------------------------


def parts_of(peer: Peer, net: Network) -> list[Portion]:
    """Return places of the modules' parameters in a network; ArgumentError if the
    network does not match.
    """
    parts = []
    layers = list(net.layers)
    if peer.recurrent:
        parts = list(_recurrent_parts(peer, net))
        last = _layer(net, peer.kind.shown, peer, len(peer.layers) - 1)
        layers = [last, *([net.output] if peer.linears else [])]
    if len(layers) != 1 + len(peer.linears):
        wanted = f"of {1 + len(peer.linears)} layers, inputs and outputs among them"
        raise ArgumentError(expected("The network for these Linears", wanted, net))
    for (source, target), (linear, squash) in zip(
        pairwise(layers), peer.linears, strict=True
    ):
        if squash is not None:
            _require_squash(target, squash)
        parts.append(Portion(linear.weight.detach(), target, source))
        if linear.bias is None:
            parts.append(_no_bias(linear.weight, target))
        else:
            parts.append(Portion(linear.bias.detach(), target))
    for portion in parts:
        has = (
            (len(portion.target),)
            if portion.source is None
            else (len(portion.target), len(portion.source))
        )
        if has != tuple(portion.tensor.shape):
            origin = "" if portion.source is None else f" from {portion.source!r}"
            subject = f"The numbers of {portion.target!r}{origin}"
            raise ArgumentError(
                expected(subject, f"of shape {has}", tuple(portion.tensor.shape))
            )
    return parts


def _no_bias(weight: Tensor, target: Layer, source: Layer | None = None) -> Portion:
    """Return the zeros that stand for biases of a module without them."""
    shape = (len(target),) if source is None else (len(target), len(source))
    return Portion(weight.new_zeros(shape).detach(), target, source, implied=True)


def _recurrent_parts(peer: Peer, net: Network) -> Iterator[Portion]:
    cell_kind = peer.kind
    source = net.input
    count = len(cell_kind.summed)
    for i, (module, at) in enumerate(peer.layers):
        squashes = (
            (module.nonlinearity,) if isinstance(module, nn.RNN) else cell_kind.squashes
        )
        weights = [
            getattr(module, f"{name}_l{at}").detach().chunk(count)
            for name in ("weight_ih", "weight_hh")
        ]
        biases: list[tuple[Any, ...]] = [(None,) * count] * 2
        if module.bias:
            biases = [
                getattr(module, f"{name}_l{at}").detach().chunk(count)
                for name in ("bias_ih", "bias_hh")
            ]
        recurrent = _layer(net, cell_kind.recurrent, peer, i)
        for name, squash, enter, recur, bias, extra in zip(
            cell_kind.summed, squashes, *weights, *biases, strict=True
        ):
            layer = _layer(net, name, peer, i)
            if not peer.any_squash:
                _require_squash(layer, squash)
            yield Portion(enter, layer, source)
            yield Portion(recur, layer, recurrent)
            # The second bias of a GRU's candidates, b_hn, stands within the reset gate.
            within = None
            if isinstance(module, nn.GRU) and name == "candidates":
                within = net["constant"]
            if bias is None:
                yield _no_bias(enter, layer)
                if within is not None:
                    yield _no_bias(enter, layer, within)
            elif within is not None:
                yield Portion(bias, layer)
                yield Portion(extra[:, None], layer, within)
            else:
                yield Portion(bias, layer, extra=extra)
        if isinstance(module, nn.LSTM):
            _require_squash(_layer(net, "squashed cells", peer, i), "tanh")
        source = _layer(net, cell_kind.shown, peer, i)


def _require_squash(layer: Layer, name: str) -> None:
    squash = layer.squash
    if squash is None or squash.name != name:
        raise ArgumentError(
            expected(
                f"The squash of {layer!r}", f"{name!r}, that of the module", squash
            )
        )


def _neurons(net: Network, layer: Layer) -> Ints:
    """Return indices of the neurons of a layer."""
    sizes = [len(each_layer) for each_layer in net.layers]
    return np.arange(len(layer)) + sum(sizes[: net.layers.index(layer)])


def _between(net: Network, source: Layer, target: Layer) -> Ints:
    """Return indices of the connections between two layers, shape (targets,
    sources).
    """
    topology = Topology.of(net)
    i = topology.source - _neurons(net, source)[0]
    j = topology.target - _neurons(net, target)[0]
    connections = np.flatnonzero(
        (i >= 0)
        & (i < len(source))
        & (j >= 0)
        & (j < len(target))
        & (topology.delay == 0)
    )
    if len(connections) < len(source) * len(target):
        raise TopologyError(
            f"{source!r} must be fully connected to {target!r} to have the weights of a"
            " module."
        )
    numbers = np.empty((len(target), len(source)), np.int64)
    numbers[j[connections], i[connections]] = connections
    return numbers


def _place(portion: Portion, net: Network) -> Ints:
    """Return indices of the connections whose weights, or of the neurons whose biases,
    a part contains.
    """
    return (
        _neurons(net, portion.target)
        if portion.source is None
        else _between(net, portion.source, portion.target)
    )


def read(peer: Peer, net: Network) -> None:
    """Read weights and biases from the modules; nothing has changed if an error is
    raised.
    """
    portions = parts_of(peer, net)
    places = [_place(portion, net) for portion in portions]
    values = [
        portion.tensor if portion.extra is None else portion.tensor + portion.extra
        for portion in portions
    ]
    if any(value.is_meta for value in values):
        raise ArgumentError(
            "The weights of a module must be on a device, got none: meta."
        )
    numbers = [value.cpu().to(torch.float64).numpy() for value in values]
    if not all(np.isfinite(array).all() for array in numbers):
        raise ArgumentError(
            "The weights of a module must be finite to be read, got NaN or infinity."
        )
    columns: tuple[list[Any], list[Any]] = ([], [])  # of weights, and of biases
    for portion, place, array in zip(portions, places, numbers, strict=True):
        columns[portion.source is None].append((place.reshape(-1), array.reshape(-1)))
    weights, biases = (
        [np.concatenate(column) for column in zip(*pairs, strict=True)]
        for pairs in columns
    )
    set_numbers(net, (weights[0], weights[1]), (biases[0], biases[1]))


def write(peer: Peer, net: Network) -> None:
    """Write weights and biases into the modules; nothing has changed if an error is
    raised.
    """
    portions = parts_of(peer, net)
    places = [_place(portion, net) for portion in portions]
    clone = network_of(peer)
    if not peer.linears:
        _require_squash(net.output, "identity")
    if not all(
        map(np.array_equal, _rest(portions, net), _rest(parts_of(peer, clone), clone))
    ):
        raise TopologyError(
            f"{net!r} has connections or biases without a counterpart in the modules,"
            " such as peepholes or a read-out without a Linear. to_torch(network)"
            " alone makes a module of any topology."
        )
    weights = net.weights
    biases = net.biases
    for portion, place in zip(portions, places, strict=True):
        numbers = biases if portion.source is None else weights
        if portion.implied and numbers[place].any():
            raise TopologyError(
                f"{net!r} has biases of {portion.target!r}, and the modules have none"
                " (bias=False)."
            )
    for portion, place in zip(portions, places, strict=True):
        portion.tensor.copy_(
            torch.tensor((biases if portion.source is None else weights)[place])
        )
        if portion.extra is not None:
            portion.extra.zero_()


def _rest(portions: list[Portion], net: Network) -> list[Floats]:
    """Return the weights and the biases of a network that are in none of the parts, in
    ascending order.
    """
    left = []
    for values, biases in ((net.weights, False), (net.biases, True)):
        in_portions = [
            _place(portion, net).ravel()
            for portion in portions
            if (portion.source is None) == biases
        ]
        # Nothing reads the biases of inputs.
        inputs = np.arange(len(net.input) if biases else 0)
        left.append(np.sort(np.delete(values, np.concatenate([inputs, *in_portions]))))
    return left
