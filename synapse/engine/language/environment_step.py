"""Compile the step of an environment of evolution from functions of users."""

from __future__ import annotations

import ctypes
import threading
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .decorators import COMPILES, strict_fp
from .memory import plain_address
from .source import STRICT_FLAGS, PartOptions
from .tree import (
    BOOL,
    FLOAT64,
    INT,
    NOTHING,
    ArrayKind,
    Node,
    RefusedError,
    TupleKind,
    items_of,
    known,
    statement,
)
from .words import word

if TYPE_CHECKING:
    from .translator import Translator

CHECKED = PartOptions(STRICT_FLAGS, of_user=True, checked=True)
"""A user's function, which has no value where Python may compute another one."""

raised: dict[int, Exception] = {}
"""The latest error of a function that was called in Python, by thread."""


class EnvironmentStep(NamedTuple):
    """The step of an environment as an address for kernels, and the address of the same
    step in Python. The second is used if the first reports that it cannot continue.
    """

    address: int
    in_python: int
    refused: str
    alive: Any


def compile_step(observe: FunctionType, step: FunctionType) -> EnvironmentStep:
    """Compile the step of an environment from two of a user's functions. It returns 1
    while the episode continues, otherwise 0, and -1 if a function has raised or must be
    called in Python.
    """
    array = ctypes.c_void_p, ctypes.c_int64
    of_step = ctypes.CFUNCTYPE(ctypes.c_int64, *array * 3, ctypes.c_uint8)
    moving, observing = _trying(step), _trying(observe)

    def both(world: Any, action: Any, observed: Any, begin: bool) -> int:
        goes_on = True
        if not begin:
            returned, goes_on = moving(world, action)
            if not returned:
                return -1
        returned, _ = observing(world, observed)
        if not returned:
            return -1
        return int(goes_on)

    def call(*passed: Any) -> int:
        *arrays, begin = passed
        world, action, observed = (
            np.ctypeslib.as_array((ctypes.c_double * size).from_address(at))
            for at, size in zip(arrays[::2], arrays[1::2], strict=True)
        )
        return both(world, action, observed, bool(begin & 1))

    if not COMPILES:
        return EnvironmentStep(plain_address(both), plain_address(both), "", None)
    from .entries import address_of

    kinds = *[ArrayKind(FLOAT64, 1)] * 3, BOOL
    in_python = of_step(call)
    again = ctypes.cast(in_python, ctypes.c_void_p).value or 0
    try:
        address = address_of(strict_fp(both), kinds, INT)
    except RefusedError as error:
        return EnvironmentStep(again, again, str(error), in_python)
    return EnvironmentStep(address, again, "", in_python)


def _trying(function: FunctionType) -> Any:
    """Return a word that calls a function of arrays. It returns whether the function
    has returned, and whether its value is true.
    """

    def plainly(*arrays: Any) -> tuple[bool, bool]:
        try:
            with np.errstate(all="ignore"):
                return True, bool(function(*arrays))
        except Exception as error:
            raised[threading.get_ident()] = error
            return False, False

    @word(plainly)
    def call(t: Translator, *arrays: Node) -> Node:
        made = t.program.instance(function, tuple(a.kind for a in arrays), CHECKED)
        outcome = made.constant or Node("call", made.result, (made, arrays))
        if made.result == NOTHING:
            t.effect(statement("do", outcome))
            outcome = known(None)
        else:
            outcome = t.result_of(outcome)
        there, *values = items_of(outcome) if made.fails else (known(True), outcome)
        goes_on = t.truth(values[0]) if values else known(False)
        return Node("tuple", TupleKind((there.kind, goes_on.kind)), (there, goes_on))

    return call
