"""The modules of PyTorch itself that compute parts of a network, and where each weight
and bias is among all parameters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch

from ..._typing import Bools, Floats, Ints
from ...objects import parameters
from .._blocks import Block
from .._operator_layers import OperatorLayer, layer_of
from .._plan import ExportPlan

Tensor = Any  # torch may not be installed where types are checked
Of = Callable[[Tensor], Tensor]
"""A function that returns a tensor with the size of a parameter, which is the parameter
itself or its gradient."""

CONSTANTS = (0.0, 1.0, -1.0)
"""Numbers that torch's modules imply without a parameter."""
ZERO, ONE = range(2)
NONLINEARITIES = ("tanh", "relu")
"""Squashes that `torch.nn.RNN` has."""


class ParameterTraits(NamedTuple):
    """Traits of weights, or of biases, in the order of a plan's table or of its
    neurons.

    They end with one that is absent, which the index -1 finds.
    """

    values: Floats
    trained: Bools
    alone: Bools  # neither tied nor with a sign
    number: Ints

    @classmethod
    def of(
        cls, values: Floats, trained: Bools, tie: Ints, sign: Ints, number: Ints
    ) -> ParameterTraits:
        """Return the column of weights or biases that have these ties and signs."""
        alone = (tie == 0) & (sign == 0)
        columns = [np.append(column, 0) for column in (values, trained, alone)]
        return cls(*[*columns, np.append(number, -1)])

    def fit_one_tensor(self, rows: Ints) -> bool:
        """Return whether numbers are all trained or all fixed, and each is its own."""
        trained = self.trained[rows]
        same = bool(trained.all() or not trained.any())
        owned = self.alone[rows] & (self.number[rows] >= 0)
        return same and bool(owned.all())

    def are_fixed(self, rows: Ints, *values: float) -> bool:
        """Return whether numbers have one of some values and are not trained."""
        fixed = not self.trained[rows].any() and bool(self.alone[rows].all())
        return fixed and bool(np.isin(self.values[rows], values).all())


@dataclass
class ModulePart:
    """Layer that one module of torch computes, and the numbers that it has.

    `weights` and `biases` are connections and neurons in the order in which
    :meth:`weights_in` and :meth:`biases_in` return them. The weights or biases of
    `implied` connections and neurons are `CONSTANTS`.
    """

    layer: OperatorLayer
    settings: dict[str, Any]
    members: list[int]  # its blocks, and those of constants that only it reads
    weights: Ints
    biases: Ints
    implied: tuple[Ints, Ints]
    tensors: dict[str, Floats] = field(default_factory=dict)
    fixed: set[str] = field(default_factory=set)
    within: slice | None = None  # where bias_hh_l0 has weights of connections
    name: str = ""

    @property
    def recurs(self) -> bool:
        """Whether its blocks depend on each other."""
        return self.layer.kind != "Linear"

    def store(self, name: str, column: ParameterTraits, rows: Ints) -> None:
        """Store some numbers in a tensor of the module."""
        self.tensors[name] = column.values[rows]
        if not column.trained[rows].any():
            self.fixed.add(name)

    def module(self, dtype: Any) -> Any:
        """Return the module, without drawing from a random generator."""
        module_class = getattr(torch.nn, self.layer.kind)
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
        """Hold the fixed entries of trained tensors constant."""
        if self.within is not None and "bias_hh_l0" not in self.fixed:
            module.bias_hh_l0.register_hook(partial(_only, self.within))

    def tensors_in(self, module: Any) -> dict[str, Tensor]:
        """Return the tensors of its module by name."""
        return {name: getattr(module, name) for name in self.tensors}

    def weights_in(self, tensors: Mapping[str, Tensor], of: Of) -> list[Tensor]:
        """Return the module's weights, or a value for each, as flat tensors."""
        names = (name for name in tensors if name.startswith("weight"))
        weights = [of(tensors[name]).flatten() for name in names]
        if self.within is not None:
            weights.append(of(tensors["bias_hh_l0"])[self.within])
        return weights

    def biases_in(self, tensors: Mapping[str, Tensor], of: Of) -> list[Tensor]:
        """Return the module's biases, or a value for each. Torch has two for a sum."""
        biases = [of(tensors[name]) for name in tensors if name.startswith("bias")]
        if self.within is not None:
            second = biases[1][: self.within.start]
            biases[1] = torch.cat([second, torch.zeros_like(biases[1][self.within])])
        return biases if len(biases) < 2 else [biases[0] + biases[1]]

    def copy_from(self, module: Any, weights: Floats, biases: Floats) -> None:
        """Set the module's numbers to those of the network, in their orders."""
        rest = weights
        for name in self.tensors:
            tensor = getattr(module, name)
            if name.startswith("weight"):
                values, rest = np.split(rest, [tensor.numel()])
            else:
                values, biases = biases, np.zeros(len(biases))
            tensor.copy_(torch.tensor(values).view(tensor.shape))
        if self.within is not None:
            module.bias_hh_l0[self.within] = torch.tensor(rest)


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
    layers = (layer_of(*component, blocks, plan) for component in components)
    submodules = [layer and _part(layer, blocks, weights, biases) for layer in layers]
    present = [submodule for submodule in submodules if submodule is not None]
    _take_constants(present, blocks)
    for submodule in present:
        kind = submodule.layer.kind
        same = [other for other in present if other.layer.kind == kind]
        number = f"_{same.index(submodule) + 1}" if len(same) > 1 else ""
        submodule.name = kind.lower() + number
    return submodules


def _take_constants(submodules: list[ModulePart], blocks: list[Block]) -> None:
    """Add the constants that only these submodules read to their members.

    PyTorch's modules imply them.
    """
    readers: dict[int, list[ModulePart]] = defaultdict(list)
    for submodule in submodules:
        for constant, _ in submodule.layer.constants:
            readers[constant].append(submodule)
    for constant, parts in readers.items():
        inside = {k for submodule in parts for k in submodule.members}
        read_by = {
            k
            for k, block in enumerate(blocks)
            if any(read.block == constant for read in block.reads())
        }
        if not read_by <= inside or constant == len(blocks) - 1:
            continue
        for submodule in parts:
            links, neurons = submodule.implied
            submodule.members = [constant, *submodule.members]
            submodule.implied = links, np.append(neurons, blocks[constant].start)


def _part(
    layer: OperatorLayer,
    blocks: list[Block],
    weights: ParameterTraits,
    biases: ParameterTraits,
) -> ModulePart | None:
    """Return the module of a layer, or None if torch has no module with these
    parameters.
    """
    gates, n, sources = layer.into.shape
    inner = np.array([links for _, links in layer.constants], np.int64).ravel()
    summed = layer.summed.ravel()
    others = np.concatenate([blocks[k].numbers for k in layer.members])
    others = np.setdiff1d(others, summed)
    constants = np.array([blocks[k].start for k, _ in layer.constants], np.int64)
    fits = (
        all(map(weights.fit_one_tensor, (layer.into, layer.recurrent, inner)))
        and biases.fit_one_tensor(summed)
        and weights.are_fixed(layer.passing, 1.0, -1.0)
        and biases.are_fixed(others, 0.0, 1.0)
        and len(constants) <= 1
        and biases.are_fixed(constants, 1.0)
        and (layer.kind != "RNN" or layer.squash in NONLINEARITIES)
    )
    if not fits:
        return None
    bias = not (biases.are_fixed(summed, 0.0) and weights.are_fixed(inner, 0.0))
    recurs = layer.kind != "Linear"
    settings = dict(
        zip(
            ("input_size", "hidden_size")
            if recurs
            else ("in_features", "out_features"),
            (sources, n),
            strict=True,
        )
    )
    if layer.kind == "RNN":
        settings["nonlinearity"] = layer.squash
    matrices = np.append(layer.into, layer.recurrent)
    submodule = ModulePart(
        layer,
        settings | {"bias": bias},
        layer.members,
        np.append(matrices, inner) if bias else matrices,
        summed if bias else summed[:0],
        (layer.passing, others)
        if bias
        else (np.append(layer.passing, inner), np.append(others, summed)),
    )
    suffixes = ("_ih_l0", "_hh_l0") if recurs else ("",)
    for suffix, rows in zip(suffixes, (layer.into, layer.recurrent), strict=False):
        submodule.store(f"weight{suffix}", weights, rows.reshape(gates * n, -1))
    if bias:
        submodule.store(f"bias{suffixes[0]}", biases, summed)
    if bias and recurs:
        # One bias is enough. A second one that is trained would double its steps.
        second = np.zeros(gates * n)
        if len(inner):
            submodule.within = slice((gates - 1) * n, gates * n)
            second[submodule.within] = weights.values[inner]
        submodule.tensors["bias_hh_l0"] = second
        if not weights.trained[inner].any():
            submodule.fixed.add("bias_hh_l0")
    return submodule


class NumberPlaces:
    """Where each weight, or each bias, of a network is in one vector of all numbers.

    The vector contains the `CONSTANTS`, the trained and the fixed numbers outside of
    submodules, with tied ones once, and finally the numbers of the submodules.
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
