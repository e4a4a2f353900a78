"""A digest of all that the machine code of a kernel follows from.

A kernel reaches its function and all that the bytecode names: parts, intrinsics,
enumerations, numbers, arrays, and what these name in turn. Everything is read as it is
in memory, so the digest is that of what this process compiles, whatever has happened to
the files since. Comments, docstrings and line numbers are left out.

The modules that translate kernels are called by Numba, so names do not lead to all of
their code. Such a module says so (`writes_code`): who reaches anything of it depends on
its whole body, and on what it imports. The body of a lazy part is not reached: it is a
kernel of its own, which others call by its name.
"""

from __future__ import annotations

import dis
import functools
import hashlib
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

import llvmlite
import numba
import numpy as np

_OTHERS = {*sys.stdlib_module_names, "llvmlite", "numba", "numpy"}
"""Packages whose code is known by their version."""
_SILENT = {
    "synapse.engine.compiler.cache",
    "synapse.engine.compiler.digest",
    "synapse.engine.compiling",
    "synapse.engine.locking",
}
"""Modules that the compiler uses, but not for the code of kernels."""


class UnknownValueError(TypeError):
    """A kernel reaches a value that cannot be described."""


def digest_of(kernel: Any, arguments: Iterable[Any] = ()) -> bytes:
    """Return a digest of all that the machine code of a kernel, or of its function,
    follows from, for arguments of these types.

    The types of bundles have the slots of columns, which the code of a kernel need not
    name: they stand for the modules that write them.
    """
    texts, reached = _reach([kernel])
    of_types = (type(argument).__module__ for argument in arguments)
    writers = dict.fromkeys([*filter(_bodies.__contains__, of_types), *reached])
    for name in [*writers]:
        writers.update(dict.fromkeys(_writer(name).reached))
    versions = [package.__version__ for package in (llvmlite, numba, np)]
    whole = versions, texts, [_writer(name).digest for name in sorted(writers)]
    return hashlib.sha256(repr(whole).encode()).digest()


class _Body(NamedTuple):
    """The body of a module that writes code."""

    code: CodeType
    scope: dict[str, Any]


class _Writer(NamedTuple):
    """What kernels that reach such a module depend on."""

    digest: bytes  # of its body and what it imports
    reached: list[str]  # names of other such modules that it uses, and of those of them


_bodies: dict[str, _Body] = {}


def writes_code() -> None:
    """Mark the module that calls this, in its body, as a translator of kernels."""
    frame: Any = inspect.currentframe()
    frame = frame.f_back
    _bodies[frame.f_globals["__name__"]] = _Body(frame.f_code, frame.f_globals)


@functools.cache
def _writer(name: str) -> _Writer:
    code, scope = _bodies[name]
    reading = _read(code)
    imported = [chain for chain in reading.read if chain[0] in reading.imported]
    texts, reached = _reach(_values_of(imported, scope))
    others = dict.fromkeys(reached)
    for other in reached:
        if other != name:
            others.update(dict.fromkeys(_writer(other).reached))
    digest = hashlib.sha256(repr((name, reading.digest, texts)).encode()).digest()
    return _Writer(digest, [*others])


class _Reading(NamedTuple):
    """What code says."""

    digest: str  # of its instructions, with the constants that they use
    read: Iterable[tuple[str, ...]]  # global names, each with the attributes read of it
    imported: set[str]  # names that it imports from modules of this package


_CONSTANT = frozenset(dis.hasconst)
# operations that read a global name, or an attribute, and by how many bits the index of
# the name is shifted
_GLOBAL = {dis.opmap["LOAD_GLOBAL"]: 1, dis.opmap["LOAD_NAME"]: 0}
_ATTRIBUTE = {dis.opmap["LOAD_ATTR"]: int(sys.version_info >= (3, 12))}
if "LOAD_METHOD" in dis.opmap:
    _ATTRIBUTE[dis.opmap["LOAD_METHOD"]] = 0
_CACHE = dis.opmap["CACHE"]  # room for the interpreter after an operation
_EXTENDED = dis.EXTENDED_ARG
_STORE = dis.opmap["STORE_NAME"]
_IMPORT = dis.opmap["IMPORT_NAME"]
_IMPORT_FROM = dis.opmap["IMPORT_FROM"]
_INTEGER = dis.opmap.get("LOAD_SMALL_INT", -1)  # since Python 3.14
_READ = {*_CONSTANT, _INTEGER, *_GLOBAL, _STORE, _IMPORT}
# names in the body of a class or module that Python binds for readers
_ASIDE = {"__doc__", "__firstlineno__", "__static_attributes__"}
_DOCUMENTED = 0x4000000  # the flag of functions with a docstring, since Python 3.13


@functools.cache
def _read(code: CodeType) -> _Reading:
    """Read code, and the code within it."""
    raw = code.co_code
    operations, arguments = raw[::2], bytearray(raw[1::2])
    constants: list[str] = []
    chains: list[tuple[str, ...]] = []
    imported: set[str] = set()
    ours = False  # whether the latest import is of this package

    def argument(at: int) -> int:
        whole, shift = arguments[at], 8
        while operations[at - 1] == _EXTENDED and at > 0:
            at -= 1
            whole |= arguments[at] << shift
            shift += 8
        return whole

    for at in [at for at, operation in enumerate(operations) if operation in _READ]:
        operation = operations[at]
        if operation in _CONSTANT:
            constant = code.co_consts[argument(at)]
            # its index depends on whether there is a docstring, which nobody uses
            arguments[at] = 0
            constants.append(_constant(constant))
            if isinstance(constant, CodeType):
                inner = _read(constant)
                chains += inner.read
                imported |= inner.imported
        elif operation == _INTEGER:
            constants.append(_constant(argument(at)))
        elif operation in _GLOBAL:
            chains.append(_chain(code, operations, at, argument))
        elif operation == _IMPORT:
            # its level and the names were loaded before; a relative import has a level
            name = code.co_names[argument(at)]
            ours = constants[-2] != _constant(0) or not _is_known(name)
        else:
            name = code.co_names[argument(at)]
            before = at - 1
            while operations[before] == _EXTENDED:
                before -= 1
            if operations[before] == _IMPORT_FROM and ours:
                imported.add(name)
            elif operations[before] in _CONSTANT and name in _ASIDE:
                constants[-1] = ""
    head = (
        code.co_name,
        (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount),
        code.co_flags & ~_DOCUMENTED,
        code.co_names,
        (code.co_varnames, code.co_cellvars, code.co_freevars),
        code.co_exceptiontable,
    )
    said = hashlib.sha256(
        repr((head, operations, bytes(arguments), constants)).encode()
    ).hexdigest()
    return _Reading(said, dict.fromkeys(chains), imported)


def _chain(
    code: CodeType, operations: bytes, at: int, argument: Callable[[int], int]
) -> tuple[str, ...]:
    """Return a global name and the attributes that are read of it at once."""
    shifts = _GLOBAL
    chain = []
    while operations[at] in shifts:
        chain.append(code.co_names[argument(at) >> shifts[operations[at]]])
        shifts = _ATTRIBUTE
        at += 1
        while operations[at] in (_CACHE, _EXTENDED):
            at += 1
    return tuple(chain)


def _constant(value: Any) -> str:
    """Describe a constant of code; 1, 1.0 and True are different ones."""
    if isinstance(value, CodeType):
        return _read(value).digest
    if isinstance(value, tuple):
        return f"({', '.join(map(_constant, value))})"
    if isinstance(value, frozenset):
        return f"{{{', '.join(sorted(map(_constant, value)))}}}"
    return repr(value)


_SIMPLE = {type(None), type(...), bool, int, float, complex, str, bytes}
"""Types whose representations differ for all values of any of them."""


def _reach(roots: Iterable[Any]) -> tuple[list[str], list[str]]:
    """Describe all that is reached from these values, and name the modules among it
    with translators. What is described apart is referred to by its number.
    """
    numbers: dict[int, int] = {}
    waiting: list[Any] = []
    writers: dict[str, None] = {}

    def described(value: Any) -> str:
        kind = type(value)
        if kind in _SIMPLE:
            return repr(value)
        if isinstance(value, (tuple, list)):
            # most of them are simple
            items = [repr(x) if type(x) in _SIMPLE else described(x) for x in value]
            return f"{described(kind)}({', '.join(items)})"
        if isinstance(value, dict):
            return f"dict {described([*value.items()])}"
        if isinstance(value, Enum):
            return f"{described(kind)}.{value.name}"
        module = _module_of(value)
        if module in _bodies:
            writers[module] = None
        if isinstance(value, type):
            return _class(value)
        if numba.types.Type in kind.__mro__:
            return f"{described(kind)} {value}"
        text = _value(value)
        if text:
            return text
        if id(value) not in numbers:
            numbers[id(value)] = len(waiting)
            waiting.append(value)
        return f"#{numbers[id(value)]}"

    texts = [described([*roots])]
    texts.extend(described([*_parts_of(value)]) for value in waiting)
    return texts, [*writers]


def _parts_of(value: Any) -> Iterator[Any]:
    """Yield what describes a value: texts, and other values."""
    if isinstance(value, FunctionType):
        yield from _parts_of_function(value)
    elif hasattr(value, "targetoptions"):  # a dispatcher of Numba
        yield from (value.targetoptions, value.py_func)
    elif hasattr(value, "__wrapped__"):  # an intrinsic
        yield value.__wrapped__
    else:
        raise UnknownValueError(
            f"Expected functions, numbers, arrays and enumerations in the reach of a"
            f" kernel, got {value!r}. Let {__name__} describe such values."
        )


def _parts_of_function(function: FunctionType) -> Iterator[Any]:
    reading = _read(function.__code__)
    yield reading.digest
    for cell in function.__closure__ or ():
        yield cell.cell_contents
    # the attributes of a lazy part are its name and the kinds of its arguments
    yield from (function.__defaults__, function.__kwdefaults__, vars(function))
    if function.__module__ in _bodies:
        return  # the names that it reads are those of the body
    yield from _values_of(reading.read, function.__globals__)


def _values_of(
    chains: Iterable[tuple[str, ...]], scope: dict[str, Any]
) -> Iterator[Any]:
    """Yield the values of global names, or of their attributes if they are modules,
    each after its name.
    """
    for name, *attributes in chains:
        if name not in scope:
            continue  # of Python itself, or for annotations only
        value = scope[name]
        for attribute in attributes:
            if not isinstance(value, ModuleType) or _is_known(value.__name__):
                break
            value = vars(value)[attribute]
        yield name
        yield value


def _is_known(module: str) -> bool:
    return module in _SILENT or module.partition(".")[0] in _OTHERS


def _module_of(value: Any) -> str:
    if isinstance(value, ModuleType):
        return value.__name__
    module = getattr(value, "__module__", None) or type(value).__module__
    # a function from `exec` without a name for its module
    return "" if isinstance(value, FunctionType) and module == "builtins" else module


def _value(value: Any) -> str:
    """Return the description of a value that names nothing else, or is known; "" for
    others.
    """
    if isinstance(value, (set, frozenset)) and {*map(type, value)} <= _SIMPLE:
        return f"{{{', '.join(sorted(map(repr, value)))}}}"
    if isinstance(value, (np.ndarray, np.generic)) and not value.dtype.hasobject:
        return f"{type(value)} {value.dtype!r} {value.shape} {value.tobytes()!r}"
    if isinstance(value, np.dtype):
        return repr(value)
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    if name and _is_known(_module_of(value)):
        return f"{_module_of(value)}.{name}"
    return ""


@functools.cache
def _class(described: type) -> str:
    """Describe a class: an enumeration by its members, a named tuple by its fields.
    Kernels read nothing else of a class.
    """
    name = described.__qualname__
    if _is_known(described.__module__):
        return f"{described.__module__}.{name}"
    members = (
        [(member.name, member.value) for member in described]
        if issubclass(described, Enum)
        else getattr(described, "_fields", ())
    )
    return f"{name} {hashlib.sha256(repr(members).encode()).hexdigest()[:16]}"
