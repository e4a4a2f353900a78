"""The built-in functions, compiled: each by itself, and all of a kind selected by code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from ..compiler.jit import for_python, inline
from ..compiler.rare import INDEX, by_code, column
from ..compiler.registered import called
from . import activations, costs
from .activations import ACTIVATIONS, FIRST_CUSTOM
from .costs import COSTS, FIRST_CUSTOM_COST
from .elementary import exp, expm1, log


def _compiled(module: ModuleType, table: Mapping[str, Any]) -> dict[str, Any]:
    """The formulas of a module, compiled to call each other and the elementary functions."""
    scope = {**vars(module), "exp": exp, "expm1": expm1, "log": log}
    for one in table.values():
        scope[one.name] = inline(FunctionType(one.formula.__code__, scope, one.name))
    return {name: scope[name] for name in table}


def _by_code(functions: Mapping[str, Any], arguments: str) -> Callable[..., Any]:
    """Make ``built_in(code, ...)``, which calls the function with this code, its index in the table."""
    *others, last = functions
    lines = [f"    if code == {code}: return {name}({arguments})" for code, name in enumerate(others)]
    source = "\n".join([f"def built_in(code, {arguments}):", *lines, f"    return {last}({arguments})"])
    scope: dict[str, Any] = dict(functions)
    exec(compile(source, __file__, "exec"), scope)
    built_in: Callable[..., Any] = scope["built_in"]
    return built_in


_SQUASHES, _ERRORS = _compiled(activations, ACTIVATIONS), _compiled(costs, COSTS)
logistic, tanh, identity = (_SQUASHES[name] for name in ("logistic", "tanh", "identity"))
maxout, winner = _SQUASHES["maxout"], _SQUASHES["winner"]
cross_entropy = _ERRORS["cross_entropy"]

SQUASHES = {name: for_python(part) for name, part in _SQUASHES.items()}
ERRORS = {name: for_python(part) for name, part in _ERRORS.items()}
"""The built-in functions for Python, by name."""


def _stretch(name: str) -> Callable[..., None]:
    """Make a loop over ``n`` consecutive neurons with this squash."""
    source = f"""
def stretch_of_{name}(m, state, at, activation, slope, to, n):
    for q in range(n):
        activation[to + q], slope[to + q] = {name}(state[at + q])
"""
    scope = {"__name__": __name__, name: _SQUASHES[name]}
    exec(compile(source, __file__, "exec"), scope)
    stretch: Callable[..., None] = scope[f"stretch_of_{name}"]
    return stretch


STRETCH = column("state"), INDEX, column("activation"), column("slope"), INDEX
"""Kinds of arguments: states and their first index, activations, derivatives and their first index."""

squash_stretch = by_code([_stretch(name) for name in _SQUASHES], *STRETCH, INDEX)
"""``(code, m, state, at, activation, slope, to, n)``: activations and slopes of n consecutive neurons."""

cost_of = inline(_by_code(_ERRORS, "target, output, derivative, outputs"))
"""``(code, target, output, derivative, outputs)``: cost and error signal under a built-in cost."""


@inline
def custom(m, failed, code, state):
    """The same for a registered function; NaN if it raises, recorded in `failed`. reads: functions"""
    return called(failed, m.functions[code - FIRST_CUSTOM], (np.float64(state),))


@inline
def judge(failed, code, target, output, derivative, outputs):
    """The same for any cost; a user's is called by its address, and is NaN if it raises. writes: failed"""
    if code < FIRST_CUSTOM_COST:
        return cost_of(code, target, output, derivative, outputs)
    return called(
        failed, np.uint64(code), (np.float64(target), np.float64(output), np.float64(derivative), outputs)
    )
