"""How the names in the signatures of a rule's functions are bound."""

from __future__ import annotations

import inspect
from collections.abc import Hashable
from typing import Any

from .._checks import expected, is_number, known_names, suggestion
from ..engine.functions.capture import frozen
from ..errors import ArgumentError, ArgumentTypeError
from ._names import NAMES, SIDES
from ._trace import Trace

OPTIONS = ("bounds", "post", "modulator", "eligibility", "normalize")
"""What a rule is value by name beside the settings of its functions."""


def activation(value: float) -> float:
    """Return the activation that a trace of "pre" or "post" sums."""
    return value


class Signature:
    """The names that the functions of one rule ask for.

    Attributes
    ----------
    settings : dict
        Defaults of settings by name.
    traces : dict
        Traces by name, each after those that its own function reads.
    functions : list
        A copy of each function, the names of its arguments, and whose numbers they are.
    key : list
        What tells the functions apart: equal for equal code and captured values.
    """

    def __init__(self) -> None:
        self.settings: dict[str, float] = {}
        self.traces: dict[str, tuple[Trace, int]] = {}
        self.functions: dict[Any, tuple[Any, tuple[str, ...], int]] = {}
        self.key: list[Hashable] = []

    def add(self, function: Any) -> int:
        """Bind the names of a function; returns whose numbers they are."""
        if function in self.functions:
            return self.functions[function][2]
        where = require_named(function)
        names, side = [], 0
        for parameter in inspect.signature(function).parameters.values():
            name = parameter.name
            if parameter.kind is not parameter.POSITIONAL_OR_KEYWORD:
                raise ArgumentError(
                    f"{where}: a function of a rule has plain arguments, got"
                    f" {parameter}."
                )
            names.append(name)
            default = parameter.default
            side |= (
                self._side_of(name, where)
                if default is parameter.empty
                else self._add_default(name, default, where)
            )
        copy, key = frozen(function)
        self.functions[function] = copy, tuple(names), side
        self.key.append((key, tuple(names)))
        return side

    def _side_of(self, name: str, where: str) -> int:
        if name not in NAMES:
            raise ArgumentError(
                f"{where}: a synapse has no {name!r}.{suggestion(name, NAMES)} It has:"
                f" {known_names(NAMES)}. A setting has a number as its default, a trace"
                " has trace(...)."
            )
        return SIDES[name]

    def _add_default(self, name: str, default: Any, where: str) -> int:
        """Bind a setting or a trace; returns whose numbers it is made from."""
        if name in (*NAMES, *OPTIONS):
            taken = "an option of a rule" if name in OPTIONS else "what a synapse has"
            raise ArgumentError(
                f"{where}: {name!r} is {taken}, so it has no default here. Remove the"
                " default, or use another name."
            )
        before: Any = self.settings.get(name)
        if name in self.traces:
            before = self.traces[name][0]
        if isinstance(default, Trace):
            value: Any = default
        elif is_number(default):
            value = float(default)
        else:
            condition = "a number (a setting) or trace(...)"
            title = f"{where}: the default of {name!r}"
            raise ArgumentTypeError(expected(title, condition, default))
        if before is not None and before != value:
            raise ArgumentError(
                f"{where}: {name!r} is {value!r} here and {before!r} in another"
                " function of the rule. Give one of them another name."
            )
        if not isinstance(value, Trace):
            self.settings[name] = value
            return 0
        if name not in self.traces:
            self.traces[name] = value, self._side_of_trace(value, where)
        return self.traces[name][1]

    def _side_of_trace(self, value: Trace, where: str) -> int:
        if isinstance(value.of, str):
            self.functions[value.of] = activation, (value.of,), SIDES[value.of]
            return SIDES[value.of]
        side = self.add(value.of)
        if not side:
            raise ArgumentError(
                f"{where}: the trace of {value.of.__name__!r} reads nothing of a"
                " synapse. Name what it sums, such as pre or post."
            )
        return side


def require_named(function: Any) -> str:
    """Return file and line of a function for messages, or raise ArgumentTypeError."""
    title = "A function of a rule"
    if not inspect.isfunction(function):
        raise ArgumentTypeError(expected(title, "a Python function", function))
    if function.__name__ == "<lambda>":
        advice = "Write it with def: its arguments have names and defaults."
        raise ArgumentTypeError(expected(title, "a named function", function, advice))
    code = function.__code__
    return f"{code.co_filename}:{code.co_firstlineno}"
