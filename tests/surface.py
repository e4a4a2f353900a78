"""Everything public, with signatures: ``python -m tests.surface`` writes what
`test_house` compares."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from synapse._checks import foreign

from .arguments.public import MODULES, OPERATORS

WRITTEN = Path(__file__).with_name("golden") / "public.txt"
# they tell what a name is called here
OF_OTHERS = (foreign.ForeignAttribute, foreign.ForeignNamespace)


def surface() -> Iterator[str]:
    """A line each: a callable with its parameters and defaults, another name of it by
    "is"."""
    things = [
        (f"{module_name}.{name}", getattr(import_module(module_name), name))
        for module_name in (
            *MODULES,
            "synapse.errors",
            "synapse.plain",
            "synapse.sklearn",
            "synapse.tables",
        )
        for name in sorted(import_module(module_name).__all__)
    ]
    classes = {value for _, value in things if inspect.isclass(value)}
    names: dict[int, str] = {}
    for full, value in things:
        if not inspect.isfunction(value) and not inspect.isclass(value):
            yield full
        elif names.setdefault(id(value), full) != full:
            yield f"{full} is {names[id(value)]}"
        else:
            yield full + _signature(value)
            if inspect.isclass(value) and not issubclass(value, BaseException):
                bases = value.__mro__[1:]
                listed = tuple(base for base in bases if base in classes)
                without_name = [
                    base
                    for base in bases
                    if not any(issubclass(other, base) for other in listed)
                ]
                yield from _members(full, value, [value, *without_name])


def _members(full: str, of_class: type, owners: list[type]) -> Iterator[str]:
    """The members of a class, each once, those of its first owner that is ours."""
    ours = [
        vars(owner)
        for owner in owners
        if owner.__module__.startswith(("synapse", "architect"))
    ]
    members: dict[str, Any] = {}
    for members_of_class in ours:
        members |= {
            name: value
            for name, value in sorted(members_of_class.items())
            if name not in members
        }
    for name, value in members.items():
        if (not name.startswith("_") or name in OPERATORS) and not isinstance(
            value, OF_OTHERS
        ):
            is_method = inspect.isfunction(getattr(value, "__func__", value))
            yield f"{full}.{name}" + (
                _signature(getattr(of_class, name)) if is_method else ""
            )


def _signature(thing: Any) -> str:
    try:
        signature = inspect.signature(thing)
    except (TypeError, ValueError):  # a class whose parameters are none of ours
        return "(...)"
    parameters = [
        parameter.replace(annotation=parameter.empty)
        for name, parameter in signature.parameters.items()
        if name not in ("self", "cls")
    ]
    return str(
        signature.replace(parameters=parameters, return_annotation=signature.empty)
    )


if __name__ == "__main__":
    WRITTEN.write_text("\n".join(surface()) + "\n", encoding="utf-8")
