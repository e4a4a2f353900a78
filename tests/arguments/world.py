"""Odd values, what each kind of parameter makes of them, and a small world to call everything in."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import architect
import synapse
from synapse import Layer, Neuron
from synapse.graph import of

MODULES = [
    "synapse",
    "synapse.squash",
    "synapse.cost",
    "synapse.initializers",
    "synapse.architectures",
    "synapse.learning",
    "synapse.optimizers",
    "synapse.tasks.recall",
    "synapse.tasks.reber",
    "synapse.experiments",
    "synapse.analysis",
    "synapse.draw",
    "synapse.readwrite",
    "architect",
]
OPERATORS = ("__init__", "__getitem__", "__setitem__", "__delitem__", "__call__")


class Text(str):
    """A class of a caller's that is a string."""


class Opaque:
    """A class of a caller's that cannot even be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("no repr")


def _recursive() -> list[Any]:
    values: list[Any] = []
    values.append(values)
    return values


ODD: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "True": lambda: True,
    "False": lambda: False,
    "numpy True": lambda: np.True_,
    "word": lambda: "no",
    "digit": lambda: "1",
    "empty": lambda: "",
    "bytes": lambda: b"1",
    "0": lambda: 0,
    "-1": lambda: -1,
    "0.5": lambda: 0.5,
    "50": lambda: 50,
    "10**9": lambda: 10**9,
    "1e39": lambda: 1e39,
    "10**400": lambda: 10**400,
    "10**5000": lambda: 10**5000,
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "-inf": lambda: -np.inf,
    "complex": lambda: 1 + 2j,
    "numpy complex": lambda: np.complex128(0.5),
    "masked": lambda: np.ma.masked,
    "masked array": lambda: np.ma.array([0.5, 0.5], mask=[False, True]),
    "masked number": lambda: np.ma.array(0.5, mask=True),
    "objects": lambda: np.array([object(), object()]),
    "[]": list,
    "{}": dict,
    "ragged": lambda: [[1.0], [1.0, 2.0]],
    "words": lambda: ["0.5", "0.5"],
    "recursive": _recursive,
    "object": object,
    "opaque": Opaque,
    "class": lambda: int,
    "function": lambda: lambda: 0,
    "generator": lambda: (i for i in range(2)),
    "numpy float": lambda: np.float32(0.5),
    "numpy int": lambda: np.int64(3),
    "decimal": lambda: Decimal("0.5"),
    "fraction": lambda: Fraction(1, 2),
    "0-d float": lambda: np.array(0.5),
    "0-d int": lambda: np.array(3),
    "0-d bool": lambda: np.array(True),
    "text": lambda: Text("tanh"),
    "neuron": lambda: Neuron(name="odd"),
    "layer": lambda: Layer(2, name="odd"),
    "network": lambda: architect.Perceptron(2, 1, seed=0),
}

# --- what a kind of parameter accepts: all else is refused --------------------------------------------

NOTHING: frozenset[str] = frozenset()
NONE = frozenset({"None"})
BOOLEAN = frozenset({"True", "False", "numpy True"})
UNIT = frozenset({"0", "0.5", "numpy float", "decimal", "fraction", "0-d float"})
NUMBER32 = UNIT | {"-1", "50", "10**9", "numpy int", "0-d int"}
NUMBER = NUMBER32 | {"1e39"}
NOT_NEGATIVE = NUMBER - {"-1"}
POSITIVE = NOT_NEGATIVE - {"0"}
FRACTION = UNIT - {"0"}
INDEX = frozenset({"0", "-1"})
COUNT = frozenset({"50", "10**9", "numpy int", "0-d int"})
WHOLE = COUNT | {"0"}
SMALL = frozenset({"numpy int", "0-d int"})
SIZE = SMALL | {"50"}
SEED = WHOLE | {"None", "10**400", "10**5000"}
TEXT = frozenset({"word", "digit", "empty", "text"})
WORD = frozenset({"text"})  # tanh, by a string of another class
NEURON, LAYER, NETWORK = frozenset({"neuron"}), frozenset({"layer"}), frozenset({"network"})
EITHER = frozenset({"either"})
"""Data, documents and files, whose own tests say what they accept: here either is right, so long as a
refusal is a sentence that changes nothing."""
HIGH = frozenset({"50", "10**9", "1e39"})
"""Rates of a training that are accepted with a warning."""


# --- a world ----------------------------------------------------------------------------------------


@dataclass
class World:
    """One of everything, small and in use."""

    folder: Path
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))
    extra: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.a, self.b, self.c, self.d = (Neuron(name=name) for name in "abcd")
        self.link = self.a.project(self.b, weight=0.5)
        self.bare = self.a.project(self.c, weight=0.5)
        self.d.project(self.b, weight=0.25)
        self.c.gate(self.link)
        for neuron in (self.a, self.c, self.d, self.b):
            neuron.activate()
        self.first, self.second = Layer(2, name="first"), Layer(2, name="second")
        self.projection = self.first.project(self.second, seed=0)
        self.second.activate()
        self.wide = Layer(20, name="wide")
        self.net = architect.Perceptron(2, 3, 1, seed=0)
        self.net.graph.number_of_edges()
        self.lstm = architect.LSTM(2, 2, 1, seed=0)
        for net in (self.net, self.lstm):
            net.activate([0.5, 0.25])
            net.propagate(0.1, [1.0])
        self.small = Neuron(name="small", dtype=np.float32)
        self.narrow = Layer(2, name="narrow", dtype=np.float32)
        self.narrow_projection = self.narrow.project(Layer(2, dtype=np.float32), seed=0)
        self.narrow_net = architect.Perceptron(2, 3, 1, seed=0, dtype=np.float32)
        self.inputs = [[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]]
        self.targets = [[1.0], [0.0], [1.0], [0.0]]
        self.parameters = np.array([1.0, 2.0])
        self.gradient = np.array([0.5, -0.5])

    def network(self) -> Any:
        """A network that nothing else holds."""
        return architect.Perceptron(2, 3, 1, seed=0)

    def seen(self) -> list[Any]:
        """All that a refused call must leave as it is."""
        owners = (self.a, self.first, self.second, self.wide, self.net, self.lstm, self.small, self.narrow)
        stores = [owner._store for owner in (*owners, self.narrow_net, *self.extra.get("owners", ()))]
        return [
            *(_of_store(store) for store in {id(store): store for store in stores}.values()),
            [layer.name for layer in (self.first, self.second, self.narrow)],
            [(net.name, [layer.name for layer in net.layers]) for net in (self.net, self.lstm)],
            self.rng.bit_generator.state,
            self.parameters.tolist(),
            self.gradient.tolist(),
            repr({name: repr(vars(one)) for name, one in self.extra.items() if hasattr(one, "__dict__")}),
            (synapse.squash.names(), synapse.cost.names(), synapse.initializers.names()),
            sorted((file.name, file.read_bytes()) for file in self.folder.iterdir()),
        ]


def _of_store(store: Any) -> tuple[Any, ...]:
    store.ready()  # a layout that is made anew is no change
    columns = [(name, column.tobytes()) for name, column in sorted(store.columns.items())]
    graph = of(store)
    return (
        id(store),
        columns,
        list(store.names),
        list(store.views),
        sorted(store.networks),
        store.n_neurons,
        store.n_connections,
        store.topology_version,
        store.recorder,
        list(graph.nodes),
        list(graph.edges),
    )


# --- calls ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """How a public function is called well, and what each of its parameters accepts."""

    function: Callable[[World], Callable[..., Any]]
    good: Callable[[World], dict[str, Any]]
    kinds: dict[str, frozenset[str]]
    warns: dict[str, frozenset[str]] = field(default_factory=dict)
    skipped: dict[str, frozenset[str]] = field(default_factory=dict)
    """Values that are meaningful, but with which a call would run for days."""

    def with_value(self, world: World, name: str, value: Any) -> Callable[[], Any]:
        """The call with one argument replaced; of several of a kind (``*sizes``), the second or only one."""
        function, good = self.function(world), self.good(world)
        parameters = inspect.signature(function).parameters
        if parameters[name].kind is inspect.Parameter.VAR_POSITIONAL:
            given = list(good.get(name, ()))
            given[min(1, len(given)) : 2] = [value]
            good[name] = tuple(given)
        else:
            good[name] = value
        positional, named, several = [], {}, False
        for key, parameter in parameters.items():
            if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                positional += good.get(key, ())
                several = True
            elif key in good:
                if not several and parameter.kind is not inspect.Parameter.KEYWORD_ONLY and not named:
                    positional.append(good[key])
                else:
                    named[key] = good[key]
            else:
                named[key] = parameter.default
                if parameter.default is inspect.Parameter.empty:
                    named.pop(key)
        return lambda: function(*positional, **named)


# --- what there is to call --------------------------------------------------------------------------


def public() -> Iterator[tuple[str, str]]:
    """Every public callable by name, and its parameters, as their signatures tell."""
    for name, thing in _things():
        if inspect.isclass(thing):
            if issubclass(thing, BaseException):
                continue
            for member, function in _methods(thing):
                yield from ((f"{name}.{member}", parameter) for parameter in _parameters(function))
        else:
            yield from ((name, parameter) for parameter in _parameters(thing))


def _things() -> Iterator[tuple[str, Any]]:
    seen = []
    for module_name in MODULES:
        module = __import__(module_name, fromlist=["_"])
        names = getattr(module, "__all__", None) or [name for name in vars(module) if name[0] != "_"]
        for name in names:
            thing = getattr(module, name)
            own = getattr(thing, "__module__", "") == module_name
            if hasattr(module, "__path__"):  # a package passes on what its modules define
                own = getattr(thing, "__module__", "").startswith(f"{module_name}.")
            listed = hasattr(module, "__all__") or own
            if isinstance(thing, ModuleType) or not listed or any(thing is one for one in seen):
                continue
            if inspect.isclass(thing) or inspect.isfunction(thing):
                seen.append(thing)
                prefix = {"synapse": "synapse", "architect": "architect"}.get(
                    module_name, module_name.removeprefix("synapse.")
                )
                yield f"{prefix}.{name}", thing


def _methods(owner: type) -> Iterator[tuple[str, Any]]:
    yield "__init__", owner
    members = dict(vars(owner))
    for base in owner.__bases__:
        if base.__module__.endswith("_steps"):  # where the methods are that run kernels
            members = vars(base) | members
    for name, member in members.items():
        if name.startswith("_") and name not in OPERATORS[1:]:
            continue
        if isinstance(member, property):
            if member.fset is not None:
                yield name, _setter(name)
            continue
        function = getattr(member, "__func__", member)
        if inspect.isfunction(function):
            yield name, function


def _setter(name: str) -> Callable[..., None]:
    def put(self: Any, value: Any) -> None:
        setattr(self, name, value)

    return put


def _parameters(function: Any) -> list[str]:
    with suppress(ValueError, TypeError):
        return [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]
    return []
