"""Decorate functions as kernels, or as parts of kernels.

A part remains a Python function, and stores how it is compiled. A kernel is compiled
for the types of its arguments when it is first called.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any, TypeVar

import numpy as np

from . import source
from .memory import RECORDS, plain_address, read_plainly
from .plain import HAS_LLVM
from .source import FAST_FLAGS, IN_ORDER_FLAGS, STRICT_FLAGS, PartOptions
from .tree import BOOL

COMPILES = HAS_LLVM and os.environ.get("SYNAPSE_COMPILE", "1") not in ("", "0")
"""Whether kernels are compiled; with SYNAPSE_COMPILE=0 they run in Python."""
if not HAS_LLVM:
    warnings.warn(
        "Kernels are not compiled, because llvmlite is not installed. They run in"
        " Python, which takes much longer. Install llvmlite, if your platform has it.",
        RuntimeWarning,
        stacklevel=2,
    )

F = TypeVar("F", bound=Callable[..., Any])


def _part(options: PartOptions) -> Callable[[F], F]:
    def declare(function: F) -> F:
        assert isinstance(function, FunctionType)
        source.remember(function)
        function.options = options  # type: ignore[attr-defined]
        return function

    return declare


inline = _part(PartOptions(FAST_FLAGS))
"""Decorate a part of kernels that is inlined into every caller."""
in_order = _part(PartOptions(IN_ORDER_FLAGS))
"""Decorate an inlined part without reassociation: sums stay in order; a product and a
sum may be fused.

For arithmetic whose order of operations matters, and for loops over scattered memory,
whose loads stay single: gathers, which vectorised loops would use, are no faster on any
machine measured.
"""
noinline = _part(PartOptions(FAST_FLAGS, inlined=False))
"""Decorate a part with few arguments that is large, or rarely run: it stays a function
of its own, because the time to optimise one grows faster than its size.
"""
strict_fp = _part(PartOptions(STRICT_FLAGS))
"""Decorate an inlined part that computes the same bits in every kernel."""
strict_fp_call = _part(PartOptions(STRICT_FLAGS, inlined=False))
"""Decorate a part of the same bits that is too large to be inlined."""


class Kernel:
    """A function that Python calls as machine code, compiled for each combination of
    argument types.

    Arrays must be contiguous. With SYNAPSE_COMPILE=0, the Python function itself is
    called.
    """

    def __init__(self, function: Any, options: PartOptions) -> None:
        self.part = _part(options)(function)
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        self.__wrapped__ = function
        self.entries: dict[Any, Callable[..., Any]] = {}
        self.addresses: dict[Any, int] = {}
        self.in_python: Any = None  # calls functions of users, see user_functions.py

    def __call__(self, *arguments: Any) -> Any:
        """Call the machine code for the types of these arguments."""
        return self.for_types(arguments)(*arguments)

    def for_types(self, examples: tuple[Any, ...]) -> Callable[..., Any]:
        """Return the machine code for arguments of these types, and compile it on the
        first request.
        """
        types = _types_of(examples)
        entry = self.entries.get(types)
        if entry is None:
            entry = self.entries[types] = self.entry(examples)
        return entry

    def entry(self, examples: tuple[Any, ...]) -> Callable[..., Any]:
        """Return the machine code for arguments with the types of the examples."""
        if not COMPILES:
            return _uncompiled(self.part)
        from .entries import entry, kinds_of

        return entry(self.part, kinds_of(examples))

    def address(self, examples: tuple[Any, ...], result: Any = BOOL) -> int:
        """Return the address by which other kernels call this kernel with arguments of
        these types, expecting a result of this kind.
        """
        key = _types_of(examples)
        if key not in self.addresses:
            if COMPILES:
                from .entries import address_of, kinds_of

                kinds = kinds_of(examples)
                address = address_of(self.part, kinds, result, self.in_python)
            else:
                address = plain_address(_uncompiled(self.part))
            self.addresses[key] = address
        return self.addresses[key]


def _types_of(values: tuple[Any, ...]) -> Any:
    """Return a key that distinguishes arguments of different kinds."""
    return (type(values), *[_type_of(value) for value in values])


def _type_of(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.dtype, value.ndim, value.flags.c_contiguous
    return _types_of(value) if isinstance(value, tuple) else type(value)


def kernel(function: Any, fastmath: bool = True) -> Kernel:
    """Convert a function to a kernel that Python calls, usually with a table of
    addresses.

    Without `fastmath`, the results have the same bits for every caller.
    """
    flags = FAST_FLAGS if fastmath else STRICT_FLAGS
    return Kernel(function, PartOptions(flags, records=RECORDS))


def _uncompiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function to behave like machine code: it returns numbers of Python's types
    and does not warn.
    """

    @np.errstate(all="ignore")
    def entry(*arguments: Any) -> Any:
        result = function(*read_plainly(function, arguments))
        return tuple(map(_number, result)) if type(result) is tuple else _number(result)

    return entry


def _number(result: Any) -> Any:
    return result.item() if isinstance(result, np.generic) else result


def for_python(function: Any) -> Callable[..., Any]:
    """Convert a kernel part with numbers as arguments to a function that Python can
    call. It is compiled on the first call.
    """
    if not COMPILES:
        return function
    made = Kernel(function, function.options)
    entries: dict[Any, Callable[..., Any]] = {}

    def call(*numbers: Any) -> Any:
        types = tuple(map(type, numbers))
        if types not in entries:
            passed = (n if isinstance(n, np.float32) else float(n) for n in numbers)
            entries[types] = made.for_types(tuple(passed))
        return entries[types](*numbers)

    call.__name__ = function.__name__
    return call


def parts_of(
    scope: dict[str, Any], functions: Iterable[Any], part: Callable[..., Any] = inline
) -> list[Any]:
    """Return kernel parts with the code of plain functions, which remain unchanged.

    Each part is a new function whose global names are looked up in `scope`. Because the
    parts replace the plain functions there, they call each other. To use another
    function for a name in kernels, such as ``exp``, pass it in `scope`.
    """
    functions = list(functions)
    for function in functions:
        name = function.__name__
        scope[name] = part(FunctionType(function.__code__, scope, name))
    return [scope[function.__name__] for function in functions]


def by_type(single: Any, double: Any) -> Any:
    """Return a kernel part that calls `single` for float32 numbers and `double` for all
    others.
    """

    @inline
    def chosen(x: Any) -> Any:
        return single(x) if isinstance(x, np.float32) else double(x)

    return chosen


WEYL = np.uint64(0x1E3779B97F4A7D)
WORD_BITS = np.uint64((1 << 53) - 1)  # integers that floats and JSON represent
MULTIPLIER = np.uint64(0xBF58476D1CE4E5B9)
LAST_MULTIPLIER = np.uint64(0x94D049BB133111EB)


@inline
def stream(word: Any) -> Any:
    """Return the next word of a stream of random numbers, and the number in [0, 1)
    computed from it.

    Adding an odd number reaches all 2^53 words; the mixer of Steele, Lea and Flood
    (SplitMix64, 2014) decorrelates consecutive words.
    """
    word = (np.uint64(word) + WEYL) & WORD_BITS
    mixed = (word ^ (word >> np.uint64(30))) * MULTIPLIER
    mixed = (mixed ^ (mixed >> np.uint64(27))) * LAST_MULTIPLIER
    return word, ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(11)) * 2.0**-53
