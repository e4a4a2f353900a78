"""The modules of PyTorch itself that compute parts of a network, and where each weight
and bias is among all parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch

from ..._typing import Bools, Floats, Ints
from ...objects import parameters
from .._blocks import Block, Read
from .._plan import ExportPlan
from .._recurrent import (
    RecurrentLayer,
    is_dense_read,
    numbers_of,
    outside_reads,
    recurrent_layer,
)

Tensor = Any  # torch may not be installed where types are checked
Of = Callable[[Tensor], Tensor]
"""A tensor of the size of a parameter: itself, or its gradient."""

CONSTANTS = (0.0, 1.0, -1.0)
"""Numbers that are none of a module's parameters: torch's modules imply them."""
ZERO, ONE = range(2)
NONLINEARITIES = ("tanh", "relu")
"""Squashes that `torch.nn.RNN` has."""


class ParameterTraits(NamedTuple):
    """Weights, or biases, in the order of a plan's table or of its neurons.

    They end with one that is absent, which the index -1 finds.
    """

    values: Floats
    trained: Bools
    alone: Bools  # neither tied nor with a sign

    @classmethod
    def of(
        cls, values: Floats, trained: Bools, tie: Ints, sign: Ints
    ) -> ParameterTraits:
        """Return the column of weights or biases that have these ties and signs."""
        alone = (tie == 0) & (sign == 0)
        return cls(*(np.append(column, 0) for column in (values, trained, alone)))

    def fit_one_tensor(self, rows: Ints) -> bool:
        """Return whether numbers are all trained or all fixed, and each is its own."""
        trained = self.trained[rows]
        same = bool(trained.all() or not trained.any())
        return same and bool(self.alone[rows].all())

    def are_fixed(self, rows: Ints, *values: float) -> bool:
        """Return whether numbers have one of some values and are not trained."""
        fixed = not self.trained[rows].any() and bool(self.alone[rows].all())
        return fixed and bool(np.isin(self.values[rows], values).all())


@dataclass
class ModulePart:
    """Blocks that one module of torch computes, and the numbers that it has.

    `weights` and `biases` are connections and neurons in the order in which
    :meth:`weights_in` and :meth:`biases_in` return them; `implied` connections and
    neurons have one of the `CONSTANTS` as their weight or bias.
    """

    class_name: str  # LSTM, GRU, RNN or Linear
    reads: list[Read]
    members: list[int]
    block: int  # the one whose activations, of a Linear states, the module computes
    cells: int | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    tensors: dict[str, Floats] = field(default_factory=dict)
    fixed: set[str] = field(default_factory=set)
    weights: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    biases: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    implied: tuple[Ints, Ints] = (np.zeros(0, np.int64), np.zeros(0, np.int64))
    constants: list[int] = field(default_factory=list)  # blocks that a GRU reads
    within: slice | None = None  # where bias_hh_l0 has weights of connections
    name: str = ""

    @property
    def recurs(self) -> bool:
        """Whether its blocks depend on each other."""
        return self.class_name != "Linear"

    def module(self, dtype: Any) -> Any:
        """Return the module; no number of a generator is drawn."""
        module_class = getattr(torch.nn, self.class_name)
        module = module_class(**self.settings, dtype=dtype, device="meta").to_empty(
            device=torch.empty(0).device
        )
        for name, values in self.tensors.items():
            tensor = torch.tensor(values, dtype=dtype)
            if name in self.fixed:  # no optimizer may change it
                delattr(module, name)
                module.register_buffer(name, tensor)
            else:
                getattr(module, name).data.copy_(tensor)
        return module

    def mask(self, module: Any) -> None:
        """Keep what is fixed of a tensor that is trained otherwise."""
        if self.within is not None and "bias_hh_l0" not in self.fixed:
            module.bias_hh_l0.register_hook(partial(_only, self.within))

    def tensors_in(self, module: Any) -> dict[str, Tensor]:
        """Return the tensors of its module by name."""
        return {name: getattr(module, name) for name in self.tensors}

    def weights_in(self, tensors: Mapping[str, Tensor], of: Of) -> list[Tensor]:
        """Return its weights, or something of each, as flat tensors."""
        if not self.recurs:
            return [of(tensors["weight"]).flatten()]
        names = ("weight_ih_l0", "weight_hh_l0")
        weights = [of(tensors[name]).flatten() for name in names]
        if self.within is not None:
            weights.append(of(tensors["bias_hh_l0"])[self.within])
        return weights

    def biases_in(self, tensors: Mapping[str, Tensor], of: Of) -> list[Tensor]:
        """Return its biases, or something of each; torch has two for a sum."""
        if not self.settings["bias"]:
            return []
        if not self.recurs:
            return [of(tensors["bias"])]
        second = of(tensors["bias_hh_l0"])
        if self.within is not None:
            second = torch.cat(
                [second[: self.within.start], torch.zeros_like(second[self.within])]
            )
        return [of(tensors["bias_ih_l0"]) + second]

    def copy_from(self, module: Any, weights: Floats, biases: Floats) -> None:
        """Set the numbers of its module to those of the network, in their orders."""
        tensors = [module.weight_ih_l0, module.weight_hh_l0] if self.recurs else []
        tensors = tensors or [module.weight]
        sizes = np.cumsum([tensor.numel() for tensor in tensors])
        for tensor, values in zip(tensors, np.split(weights, sizes), strict=False):
            tensor.copy_(torch.tensor(values).view(tensor.shape))
        if len(biases):
            bias = module.bias_ih_l0 if self.recurs else module.bias
            bias.copy_(torch.tensor(biases))
        if len(biases) and self.recurs:
            module.bias_hh_l0.zero_()
        if self.within is not None:
            module.bias_hh_l0[self.within] = torch.tensor(weights[sizes[-1] :])


def _only(rows: slice, slopes: Tensor) -> Tensor:
    """Return slopes that are 0 outside of some rows."""
    kept = torch.zeros_like(slopes)
    kept[rows] = slopes[rows]
    return kept


def parts_of(
    plan: ExportPlan,
    blocks: list[Block],
    components: list[tuple[list[int], bool]],
    weights: ParameterTraits,
    biases: ParameterTraits,
) -> list[ModulePart | None]:
    """Return the submodule that computes each component of a plan, or None."""
    submodules: list[ModulePart | None] = []
    for members, recurs in components:
        submodule = None
        if recurs:
            layer = recurrent_layer(members, blocks, plan)
            if layer is not None and _only_hidden_is_read(layer, blocks, plan):
                submodule = _recurrent(layer, blocks, weights, biases)
        else:
            submodule = _linear(members[0], blocks, weights, biases)
        submodules.append(submodule)
    present = [submodule for submodule in submodules if submodule is not None]
    _take_constants(present, blocks)
    for submodule in present:
        same = [other for other in present if other.class_name == submodule.class_name]
        number = f"_{same.index(submodule) + 1}" if len(same) > 1 else ""
        submodule.name = submodule.class_name.lower() + number
    return submodules


def _take_constants(submodules: list[ModulePart], blocks: list[Block]) -> None:
    """Add the constants that only these submodules read to their members.

    PyTorch's modules imply them.
    """
    for constant in {k for submodule in submodules for k in submodule.constants}:
        readers = [
            submodule for submodule in submodules if constant in submodule.constants
        ]
        inside = {k for submodule in readers for k in submodule.members}
        read_by = {
            k
            for k, block in enumerate(blocks)
            if any(read.block == constant for read in block.reads())
        }
        if not read_by <= inside or constant == len(blocks) - 1:
            continue
        for submodule in readers:
            links, neurons = submodule.implied
            submodule.members = [constant, *submodule.members]
            submodule.implied = links, np.append(neurons, blocks[constant].start)


def _linear(
    k: int, blocks: list[Block], weights: ParameterTraits, biases: ParameterTraits
) -> ModulePart | None:
    block = blocks[k]
    if not block.terms or not all(is_dense_read(term, [k]) for term in block.terms):
        return None
    reads, connections = outside_reads(block, [k])
    neurons = numbers_of(block)
    if not (weights.fit_one_tensor(connections) and biases.fit_one_tensor(neurons)):
        return None
    bias = not biases.are_fixed(neurons, 0.0)
    targets, sources = connections.shape
    submodule = ModulePart("Linear", reads, [k], k)
    submodule.settings = {"in_features": sources, "out_features": targets, "bias": bias}
    submodule.weights = connections.ravel()
    _store(submodule, "weight", weights, connections)
    if bias:
        submodule.biases = neurons
        _store(submodule, "bias", biases, neurons)
    else:
        submodule.implied = submodule.implied[0], neurons
    return submodule


def _store(
    submodule: ModulePart, name: str, column: ParameterTraits, rows: Ints
) -> None:
    """Store some numbers in a tensor of the module."""
    submodule.tensors[name] = column.values[rows]
    if not column.trained[rows].any():
        submodule.fixed.add(name)


def _only_hidden_is_read(
    layer: RecurrentLayer, blocks: list[Block], plan: ExportPlan
) -> bool:
    """Return whether no other block, and no output, is what the module does not
    give.
    """
    inside = [k for k in layer.members if k != layer.hidden]
    read = {
        read.block
        for k, block in enumerate(blocks)
        if k not in layer.members
        for read in block.reads()
    }
    outputs = plan.neurons - plan.outputs
    return not any(k in read or blocks[k].stop > outputs for k in inside)


def _recurrent(
    layer: RecurrentLayer,
    blocks: list[Block],
    weights: ParameterTraits,
    biases: ParameterTraits,
) -> ModulePart | None:
    gates, n, sources = layer.into.shape
    inner = np.array([links for _, links in layer.constants], np.int64).ravel()
    others = np.setdiff1d(
        np.concatenate([numbers_of(blocks[k]) for k in layer.members]), layer.summed
    )
    constants = np.array([blocks[k].start for k, _ in layer.constants], np.int64)
    fits = (
        all(map(weights.fit_one_tensor, (layer.into, layer.recurrent, inner)))
        and biases.fit_one_tensor(layer.summed)
        and weights.are_fixed(layer.passing, 1.0, -1.0)
        and biases.are_fixed(others, 0.0, 1.0)
        and len(constants) <= 1
        and biases.are_fixed(constants, 1.0)
        and (layer.kind != "RNN" or layer.squash in NONLINEARITIES)
    )
    if not fits:
        return None
    bias = not (biases.are_fixed(layer.summed, 0.0) and weights.are_fixed(inner, 0.0))
    submodule = ModulePart(
        layer.kind, layer.reads, layer.members, layer.hidden, layer.cells
    )
    submodule.settings = {"input_size": sources, "hidden_size": n, "bias": bias}
    if layer.kind == "RNN":
        submodule.settings["nonlinearity"] = layer.squash
    _store(submodule, "weight_ih_l0", weights, layer.into.reshape(gates * n, sources))
    _store(submodule, "weight_hh_l0", weights, layer.recurrent.reshape(gates * n, n))
    submodule.weights = np.append(layer.into, layer.recurrent)
    passing = layer.passing
    if bias:
        submodule.biases = layer.summed.ravel()
        _store(submodule, "bias_ih_l0", biases, submodule.biases)
        # One bias is enough. A second one that is trained would double its steps.
        second = np.zeros(gates * n)
        if len(inner):
            submodule.within = slice((gates - 1) * n, gates * n)
            submodule.weights = np.append(submodule.weights, inner)
            second[submodule.within] = weights.values[inner]
        submodule.tensors["bias_hh_l0"] = second
        if not weights.trained[inner].any():
            submodule.fixed.add("bias_hh_l0")
    else:
        passing = np.append(passing, inner)
        others = np.append(others, layer.summed)
    submodule.constants = [k for k, _ in layer.constants]
    submodule.implied = passing, others
    return submodule


class NumberPlaces:
    """Where each weight, or each bias, of a network is in one vector of all numbers.

    The vector has the `CONSTANTS`, then the trained and the fixed numbers of no
    submodule, tied ones once, then those of the submodules.
    """

    def __init__(
        self,
        values: Floats,
        trained: Bools,
        tie: Ints,
        read: Bools,
        implied: Ints,
        owned: list[Ints],
    ) -> None:
        rows, number = parameters.distinct(tie)
        self.owned = owned
        self.implied = implied
        owned_rows = np.concatenate([*owned, implied[:0]])
        rest = read.copy()
        rest[implied] = rest[owned_rows] = False
        rest = np.bincount(number, rest) > 0
        trains = np.bincount(number, trained) > 0
        free, fixed = np.flatnonzero(rest & trains), np.flatnonzero(rest & ~trains)
        self.free, self.fixed = rows[free], rows[fixed]
        place = np.zeros(len(rows), np.int64)
        self.rest = len(CONSTANTS) + len(free) + len(fixed)
        place[np.append(free, fixed)] = np.arange(len(CONSTANTS), self.rest)
        self.place = place[number]
        self.place[implied] = [CONSTANTS.index(value) for value in values[implied]]
        self.place[owned_rows] = self.rest + np.arange(len(owned_rows))
        self.read = read
