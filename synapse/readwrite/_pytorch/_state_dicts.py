"""Build modules for a bare state dict, recognising their kinds by the names and shapes
of its tensors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ..._checks import must, require_type
from ...errors import ArgumentError
from ._layers import Peer, require_chain, require_plain

nn = torch.nn
KINDS = {4: nn.LSTM, 3: nn.GRU, 1: nn.RNN}
"""Recurrent modules by the number of sums that a hidden neuron has."""
NONLINEARITIES = ("tanh", "relu")


def peer_of_state(
    state: Mapping[str, Any],
    squash: str | Sequence[str] | None,
    output_squash: str,
    any_squash: bool,
) -> Peer:
    """Return modules that have a state dict.

    `squash` is the activation function of an RNN, or of all Linears except the last
    one. With `any_squash`, the functions of the receiving network are accepted.
    """
    require_type(
        squash is None or isinstance(squash, str | list | tuple),
        "squash",
        "a name or a list of names",
        squash,
    )
    recurrent: list[Any] = []
    linears: list[Any] = []
    for prefix, tensors in _groups(state).items():
        if "weight_hh_l0" in tensors and not linears:
            recurrent.append(_recurrent(prefix, tensors, squash))
            require_plain(recurrent[-1])
        elif {"weight"} <= tensors.keys() <= {"weight", "bias"} and tensors[
            "weight"
        ].ndim == 2:
            outputs, inputs = tensors["weight"].shape
            bias = "bias" in tensors
            linears.append(_filled(nn.Linear, tensors, inputs, outputs, bias=bias))
        else:
            names = ", ".join(repr(f"{prefix}.{name}".lstrip(".")) for name in tensors)
            shapes = ", ".join(str(tuple(each.shape)) for each in tensors.values())
            raise _unknown(f"{names} of shapes {shapes}")
    kinds = {type(module) for module in recurrent}
    if len(kinds) > 1 or (recurrent and len(linears) > 1):
        modules = [*recurrent, *linears]
        raise _unknown(", ".join(type(module).__name__ for module in modules))
    squashes: list[str | None] = [None] * len(linears)
    if not any_squash:
        squashes = _squashes(recurrent, linears, squash, output_squash)
    peer = Peer(recurrent, list(zip(linears, squashes, strict=True)), any_squash)
    require_chain(peer)
    return peer


def _groups(state: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the tensors of each module by their names in there."""
    groups: dict[str, dict[str, Any]] = {}
    for key, tensor in state.items():
        if not isinstance(tensor, torch.Tensor):
            raise ArgumentError(
                must(
                    "modules",
                    "be a state dict of tensors",
                    f"{type(tensor).__name__} for {key!r}",
                    "Pass the entry of a checkpoint that has the state dict.",
                )
            )
        prefix, _, name = str(key).rpartition(".")
        groups.setdefault(prefix, {})[name] = tensor
    if not groups:
        raise _unknown("no tensors")
    return groups


def _unknown(got: str) -> ArgumentError:
    return ArgumentError(
        must(
            "modules",
            "be the state dict of LSTMs, GRUs or RNNs of one kind (optionally followed"
            " by one Linear), or of Linears",
            got,
        )
    )


def _squashes(
    recurrent: list[Any],
    linears: list[Any],
    squash: str | Sequence[str] | None,
    output_squash: str,
) -> list[str | None]:
    """Return the squash of each Linear."""
    hidden = max(len(linears) - 1, 0)
    if recurrent:
        return [output_squash] * len(linears)
    if hidden and squash is None:
        raise ArgumentError(
            "A state dict has no activation functions. Name that of the hidden layers:"
            ' from_torch(state_dict, squash="relu").'
        )
    names = [squash] * hidden if isinstance(squash, str) else list(squash or ())
    if len(names) != hidden:
        raise ArgumentError(
            must(
                "squash",
                f"have one name for each of the hidden layers (here {hidden})",
                repr(names),
            )
        )
    return [*names, output_squash]


def _recurrent(
    prefix: str, tensors: Mapping[str, Any], squash: str | Sequence[str] | None
) -> Any:
    rows, hidden = tensors["weight_hh_l0"].shape
    module_class = KINDS.get(
        rows // max(hidden, 1) if rows % max(hidden, 1) == 0 else 0
    )
    if module_class is None or "weight_ih_l0" not in tensors:
        raise _unknown(f"{prefix}.weight_hh_l0 of shape {(rows, hidden)}".lstrip("."))
    settings: dict[str, Any] = {
        "num_layers": sum(
            name.startswith("weight_hh_l") and not name.endswith("_reverse")
            for name in tensors
        ),
        "bidirectional": "weight_hh_l0_reverse" in tensors,
        "bias": "bias_hh_l0" in tensors,
    }
    if module_class is nn.RNN:
        name = "tanh" if squash is None else squash
        if name not in NONLINEARITIES:
            raise ArgumentError(
                must("squash", "be 'tanh' or 'relu' for a torch.nn.RNN", repr(squash))
            )
        settings["nonlinearity"] = name
    inputs = tensors["weight_ih_l0"].shape[1]
    return _filled(module_class, tensors, inputs, hidden, **settings)


def _filled(
    module_class: Any, tensors: Mapping[str, Any], *sizes: int, **settings: Any
) -> Any:
    """Return a module that has the tensors, without drawing from a random generator."""
    tensor = next(iter(tensors.values()))
    module = module_class(*sizes, **settings, dtype=tensor.dtype, device="meta")
    try:
        module.load_state_dict(dict(tensors), assign=True)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise _unknown(f"tensors of another module: {reason}") from None
    return module
