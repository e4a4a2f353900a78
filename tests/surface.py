"""Everything public, with signatures: ``python -m tests.surface`` writes what
`test_house` compares."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent
from typing import Any

from synapse._checks import migration_hints

from .arguments.public import MODULES, OPERATORS

WRITTEN = Path(__file__).with_name("golden") / "public.txt"
MORE = ["errors", "learning.rules", "plasticity", "sklearn", "spikes", "tables"]
"""Rooms without rows in the table of arguments."""
EXTRAS = ["river", "sktime"]
"""Rooms that need a package of this name, which the README's command does not install:
without it, their lines are those that are written."""
FORMS = dict(zip(OPERATORS, ("get", "set", "del", "call"), strict=True))
"""How an operator is written here: ``get(index)`` for ``x[index]``."""


def surface() -> Iterator[str]:
    """A line for each name, with what has none of its own behind it.

    A callable has its parameters and defaults; "also" are its other places. Behind a
    class are its fields and what is called as a parameter of its constructor ("has"),
    and its operators ("with"), which nobody named. What it has of a base class of ours
    is listed once, with the base or, if that is not public, with the first class that
    has it. A module is named by the lines of what it has.
    """
    yield from _lines([*MODULES, *(f"synapse.{name}" for name in MORE)])
    written = WRITTEN.read_text(encoding="utf-8").splitlines()
    for name in EXTRAS:
        module = f"synapse.{name}"
        lines = _lines([module]) if (find_spec(name) is not None) else written
        yield from (line for line in lines if line.startswith(f"{module}."))


def _lines(modules: list[str]) -> Iterator[str]:
    """The lines of `surface` for these modules."""
    places: dict[int, list[str]] = {}
    things: dict[str, Any] = {}
    for module_name in modules:
        module = import_module(module_name)
        for name in sorted(module.__all__):
            full = f"{module_name}.{name}"
            if full not in modules:
                things[full] = getattr(module, name)
                places.setdefault(id(things[full]), []).append(full)
    public = {value for value in things.values() if inspect.isclass(value)}
    listed: set[tuple[type, str]] = set()
    for full, value in things.items():
        is_class = inspect.isclass(value)
        if not is_class and not inspect.isfunction(value):
            yield full
            continue
        first, *others = places[id(value)]
        if full != first:
            continue
        also = f" also {', '.join(others)}" if others else ""
        if is_class and not issubclass(value, BaseException):
            yield from _class(full, value, also, public, listed)
        else:
            yield full + _signature(value) + also


def _class(
    full: str,
    of_class: type,
    also: str,
    public: set[type],
    listed: set[tuple[type, str]],
) -> Iterator[str]:
    """The constructor of a class, and its members that no earlier line has."""
    ours = [
        base
        for base in of_class.__mro__
        if base.__module__.startswith(("synapse", "architect"))
    ]
    members: dict[str, Any] = {}
    for base in ours:
        for name, value in _members(base).items():
            shared = [
                other
                for other in ours[ours.index(base) :]
                if other is not of_class and name in _members(other)
            ]
            keys = {(other, name) for other in shared}
            if name in members or keys & listed or {*shared} & public:
                continue
            members[name] = value
            listed |= keys
    fields = [*getattr(of_class, "__dataclass_fields__", ())]
    fields += [*getattr(of_class, "_fields", ()), *(_parameters(of_class) or ())]
    attributes = sorted({*fields} & members.keys())
    has = f" has {', '.join(attributes)}" if attributes else ""
    operators = [
        form + _signature(getattr(of_class, name))
        for name, form in FORMS.items()
        if name in members
    ]
    with_ = f" with {', '.join(operators)}" if operators else ""
    yield full + _signature(of_class) + has + with_ + also
    for name in sorted(members.keys() - {*attributes} - FORMS.keys()):
        value = members[name]
        is_method = inspect.isfunction(getattr(value, "__func__", value))
        yield f"{full}.{name}" + (
            _signature(getattr(of_class, name)) if is_method else ""
        )


@cache
def _members(owner: type) -> dict[str, Any]:
    """The public members that a class itself defines or sets in its methods."""
    annotations = dict.fromkeys(vars(owner).get("__annotations__", ()))
    return {
        name: value
        for name, value in (_set_in(owner) | annotations | {**vars(owner)}).items()
        if (not name.startswith("_") or name in OPERATORS) and not _is_of_others(value)
    }


def _is_of_others(value: Any) -> bool:
    """Whether it only tells what a name is called here, or scikit-learn makes it of the
    parameters of a method (``set_fit_request``)."""
    is_made = type(value).__module__.startswith("sklearn.")
    return is_made or isinstance(value, migration_hints.MissingAttributeHint)


def _set_in(owner: type) -> dict[str, Any]:
    """The attributes that its methods set, as by ``self.name = value``."""
    try:
        source = ast.parse(dedent(inspect.getsource(owner)))
    except (OSError, TypeError):
        return {}
    return {
        node.attr: None
        for node in ast.walk(source)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }


def _parameters(thing: Any) -> list[str] | None:
    """The names of its parameters; None if they are none of ours."""
    try:
        return list(inspect.signature(thing).parameters)
    except (TypeError, ValueError):
        return None


def _signature(thing: Any) -> str:
    if _parameters(thing) is None:
        return "(...)"
    signature = inspect.signature(thing)
    parameters = [
        parameter.replace(annotation=parameter.empty)
        for name, parameter in signature.parameters.items()
        if name not in ("self", "cls")
    ]
    return str(
        signature.replace(parameters=parameters, return_annotation=signature.empty)
    )


if __name__ == "__main__":
    lines = list(surface())
    WRITTEN.write_text("\n".join(lines) + "\n", encoding="utf-8")
