"""What there is to call, and the calls that are not in the table."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

from synapse import analysis

from .world import PARTS_OF_TASKS, World

PACKAGES = """squashes costs initializers learning optimizers tasks
tasks.reber experiments evolve evolve.fitness forecasting analysis draw readwrite
reward"""
MODULES = ["synapse", *(f"synapse.{name}" for name in PACKAGES.split()), "architect"]
PARTS = (
    "_steps",
    "reward._agent",
    "objects.neuron_rows",
    *(f"objects.{part}" for part in ("calling", "stepping", "propagating", "slopes")),
)
"""Modules of base classes that hold a part of a public class."""
OPERATORS = ("__getitem__", "__setitem__", "__delitem__", "__call__")


@dataclass(frozen=True)
class Public:
    """A public function, class, method, or assignment of a property."""

    owner: Any
    member: str = "__init__"

    @property
    def _static(self) -> Any:
        return inspect.getattr_static(self.owner, self.member, None)

    @cached_property
    def signature(self) -> inspect.Signature:
        """What a caller may pass; the value of a property is called so."""
        thing = self.owner if self.member == "__init__" else self._static
        parameters: list[inspect.Parameter] = []
        if isinstance(thing, property):
            *_, value = inspect.signature(thing.fset).parameters.values()  # type: ignore[arg-type]
            parameters = [value.replace(name="value")]
        else:
            with suppress(ValueError, TypeError):
                function = getattr(thing, "__func__", thing)
                parameters = [*inspect.signature(function).parameters.values()]
        return inspect.Signature(
            [p for p in parameters if p.name not in ("self", "cls")]
        )

    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """The parameters by name."""
        return self.signature.parameters

    def bound(self, world: World, on: str) -> Callable[..., Any]:
        """The callable itself; a method of what the world has under the name `on`, or
        that of its class."""
        if self.member == "__init__":
            return self.owner
        thing = (
            self.owner
            if isinstance(self._static, classmethod)
            else getattr(world, on or self.owner.__name__.lower())
        )
        if isinstance(self._static, property):
            return lambda value: setattr(thing, self.member, value)
        return getattr(thing, self.member)


def _public() -> Iterator[tuple[str, Public]]:
    seen: list[Any] = []
    for module_name in MODULES:
        module = import_module(module_name)
        prefix = module_name.removeprefix("synapse.").removeprefix("objects.")
        for name in module.__all__:
            thing = getattr(module, name)
            if not (inspect.isfunction(thing) or inspect.isclass(thing)) or any(
                thing is earlier for earlier in seen
            ):
                continue
            seen.append(thing)
            if inspect.isfunction(thing):
                yield f"{prefix}.{name}", Public(thing)
            elif not issubclass(thing, BaseException):
                yield from (
                    (f"{prefix}.{name}.{member}", Public(thing, member))
                    for member in _members(thing)
                )


def _parts(owner: type) -> Iterator[type]:
    """Its base classes that hold a part of it, those of a part before the part."""
    for base in owner.__bases__:
        if base.__module__.endswith(PARTS):
            yield from _parts(base)
            yield base


def _members(owner: type) -> Iterator[str]:
    yield "__init__"
    for name, member in {
        name: member
        for base_or_owner in (*_parts(owner), owner)
        for name, member in vars(base_or_owner).items()
    }.items():
        if name.startswith("_") and name not in OPERATORS:
            continue
        if (
            isinstance(member, property) and member.fset is not None
        ) or inspect.isfunction(getattr(member, "__func__", member)):
            yield name


PUBLIC = dict(_public())

MADE = """
synapse.Gradient synapse.Topology synapse.Connection synapse.Projection synapse.Log
draw.Explorer
learning.Batch learning.Evaluation learning.GradientCheck learning.GradientComparison
learning.Progress learning.RTRLCost learning.RTRLCostRow learning.Readout
learning.Result
experiments.Estimate experiments.Trials
forecasting.Forecast forecasting.RollingOrigin forecasting.Selection
optimizers.OptimizerState readwrite.FixedPointReport
squashes.Squash costs.Cost evolve.Evolution evolve.Genome reward.Run
"""
"""Classes whose objects the library makes: results and views."""
HOOKS = """
forecasting.NetworkForecaster.__init__ forecasting.NetworkForecaster.__call__
forecasting.NetworkForecaster.from_origins forecasting.NetworkForecaster.one_step
forecasting.Selection.mase
forecasting.Selection.verdict
draw.Explorer.update
synapse.every.__call__
evolve.fitness.Environment.evaluate evolve.fitness.Environment.episodes
"""
"""The library calls these, with arguments that it has checked."""
OTHERS = {
    "synapse.Connection.__getitem__": (
        "A mapping raises KeyError, as networkx expects of edge data."
    ),
    "forecasting.Forecast.__getitem__": "An index of an array, which NumPy checks.",
}
EXCLUDED = {*(f"{name}.__init__" for name in MADE.split()), *HOOKS.split(), *OTHERS}
# of every optimizer
EXCLUDED |= {name for name in PUBLIC if name.endswith(".find_change")}
EXCLUDED |= {
    f"{name} {key}"
    for name, public in PUBLIC.items()
    for key, parameter in public.parameters().items()
    if parameter.kind is inspect.Parameter.VAR_KEYWORD
}
EXCLUDED |= {
    name
    for name, public in PUBLIC.items()
    if name.endswith(".find_parts") or public.owner.__module__ in PARTS_OF_TASKS
}
EXCLUDED |= {
    f"analysis.{name}.__init__"
    for name in dir(analysis)
    if name != "Table" and isinstance(getattr(analysis, name), type)
}


def is_excluded(name: str, parameter: str) -> bool:
    """Whether a call, or one parameter of it, is none of the table's."""
    return name in EXCLUDED or f"{name} {parameter}" in EXCLUDED
