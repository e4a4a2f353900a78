"""What there is to call, how each is called well, and what each of its parameters accepts."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import singledispatch
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

from synapse import learning, optimizers
from synapse.errors import ArgumentError, DivergenceError

from .excluded import is_excluded
from .kinds import Kind, usual
from .world import World

MODULES = [
    "synapse",
    "synapse.squash",
    "synapse.cost",
    "synapse.initializers",
    "synapse.architectures",
    "synapse.learning",
    "synapse.optimizers",
    "synapse.tasks.recall",
    "synapse.tasks.languages",
    "synapse.tasks.spikes",
    "synapse.tasks.periodic",
    "synapse.tasks.reber",
    *(f"synapse.tasks.{name}" for name in ("adding", "copying", "delayed_xor", "long_lag", "order")),
    "synapse.tasks.two_sequences",
    *(f"synapse.tasks.{name}" for name in ("laser", "letters", "mackey_glass", "narma", "temporal_xor")),
    "synapse.tasks.synaptic",
    "synapse.experiments",
    "synapse.forecasting",
    "synapse.analysis",
    "synapse.draw",
    "synapse.readwrite",
    "architect",
]
OPERATORS = ("__getitem__", "__setitem__", "__delitem__", "__call__")
Good = dict[str, Any] | Callable[[World], dict[str, Any]]

# --- what there is to call --------------------------------------------------------------------------


@dataclass(frozen=True)
class Public:
    """A public function, class, method, or assignment of a property."""

    owner: Any
    member: str = "__init__"

    @property
    def _static(self) -> Any:
        return inspect.getattr_static(self.owner, self.member, None)

    def parameters(self) -> dict[str, inspect.Parameter]:
        """The parameters by name, as the signature tells; the value of a property is called so."""
        thing = self.owner if self.member == "__init__" else self._static
        if isinstance(thing, property):
            *_, value = inspect.signature(thing.fset).parameters.values()  # type: ignore[arg-type]
            return {"value": value}
        with suppress(ValueError, TypeError):
            found = inspect.signature(getattr(thing, "__func__", thing)).parameters
            return {name: one for name, one in found.items() if name not in ("self", "cls")}
        return {}

    def bound(self, world: World, on: str) -> Callable[..., Any]:
        """The callable itself; a method of what the world has under the name `on`, or that of its class."""
        if self.member == "__init__":
            return self.owner
        of_class = isinstance(self._static, classmethod)
        thing = self.owner if of_class else getattr(world, on or self.owner.__name__.lower())
        if isinstance(self._static, property):
            return lambda value: setattr(thing, self.member, value)
        return getattr(thing, self.member)


def _public() -> Iterator[tuple[str, Public]]:
    seen: list[Any] = []
    for module_name in MODULES:
        module, prefix = import_module(module_name), module_name.removeprefix("synapse.")
        for name in getattr(module, "__all__", None) or [name for name in vars(module) if name[0] != "_"]:
            thing = getattr(module, name)
            home = getattr(thing, "__module__", "")
            passed_on = hasattr(module, "__path__") and home.startswith(f"{module_name}.")  # by a package
            listed = hasattr(module, "__all__") or home == module_name or passed_on
            if isinstance(thing, ModuleType) or not listed or any(thing is one for one in seen):
                continue
            if inspect.isfunction(thing):
                seen.append(thing)
                yield f"{prefix}.{name}", Public(thing)
            elif inspect.isclass(thing):
                seen.append(thing)
                if not issubclass(thing, BaseException):
                    yield from (
                        (f"{prefix}.{name}.{member}", Public(thing, member)) for member in _members(thing)
                    )


def _members(owner: type) -> Iterator[str]:
    yield "__init__"
    bases = [base for base in owner.__bases__ if base.__module__.endswith("_steps")]  # run kernels
    members = {name: member for one in (*bases, owner) for name, member in vars(one).items()}
    for name, member in members.items():
        if name.startswith("_") and name not in OPERATORS:
            continue
        settable = isinstance(member, property) and member.fset is not None
        if settable or inspect.isfunction(getattr(member, "__func__", member)):
            yield name


PUBLIC = dict(_public())

# --- what is made is used at once, so that what is accepted is also of use ---------------------------


@singledispatch
def used(made: Any) -> None:
    """Use what a call has made; most things need it not."""


@used.register
def _(optimizer: optimizers.Optimizer) -> None:
    parameters = np.array([1.0, 2.0])
    begun = optimizer.begin(parameters)
    for _ in range(2):
        with suppress(DivergenceError):
            begun.step(parameters, parameters * 2.0)


@used.register
def _(optimizer: optimizers.RecursiveOptimizer) -> None:
    parameters = np.array([1.0, 2.0])
    begun = optimizer.begin(parameters)
    for _ in range(2):
        with suppress(DivergenceError):
            begun.step(parameters, [[1.0, 0.5]], [0.5])


@used.register(learning.StepDecay)
@used.register(learning.Exponential)
@used.register(learning.Cosine)
def _(rate: Any) -> None:
    for epoch in range(3):
        rate(epoch)


@used.register
def _(rate: learning.AdaptiveSchedule) -> None:
    follow = rate.begin()
    for epoch in range(3):
        follow(epoch, 1.0 if epoch else None)


@used.register
def _(trainer: learning.Trainer) -> None:
    with suppress(DivergenceError, ArgumentError):
        trainer.train([[0.0, 1.0], [1.0, 1.0]], [[1.0], [0.0]], epochs=1, progress=False)


# --- the table --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """How a public function is called well, and what each of its parameters accepts."""

    public: Public
    good: Good
    on: str
    kinds: dict[str, Kind]

    def with_value(self, world: World, name: str, value: Any) -> Callable[[], Any]:
        """The call with one argument replaced; of several of a kind (``*sizes``), the second or only one."""
        function, good = self.public.bound(world, self.on), self.arguments(world)
        signature = inspect.signature(function)
        if signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL:
            given = list(good.get(name, ()))
            given[min(1, len(given)) : 2] = [value]
            value = tuple(given)
        good[name] = value
        arguments = {key: good[key] for key in signature.parameters if key in good}
        bound = inspect.BoundArguments(signature, arguments)  # type: ignore[arg-type]
        return lambda: used(function(*bound.args, **bound.kwargs))

    def arguments(self, world: World) -> dict[str, Any]:
        """Good arguments; what has no default, and a seed, may be what the world has by that name."""
        asked = [
            key for key, one in self.public.parameters().items() if one.default is one.empty or key == "seed"
        ]
        found = {key: getattr(world, key) for key in asked if hasattr(world, key)}
        return found | (self.good(world) if callable(self.good) else self.good)


TABLE: dict[str, Call] = {}


def row(name: str, good: Good | None = None, on: str = "", /, **kinds: Kind) -> None:
    """A row of the table: what is not as it usually is."""
    public = PUBLIC[name.rsplit(": ", maxsplit=1)[-1]]
    if ": " not in name:  # of the others, only what is given
        parameters = {key: one for key, one in public.parameters().items() if not is_excluded(name, key)}
        every = {key: kinds.get(key, usual(one)) for key, one in parameters.items()}
        kinds |= {key: kind for key, kind in every.items() if kind is not None}
    TABLE[name] = Call(public, good or {}, on, kinds)


def add_usual_rows() -> None:
    """A row for each call that has none: all its parameters are as usual."""
    for name in PUBLIC:
        if name not in TABLE:
            row(name)
