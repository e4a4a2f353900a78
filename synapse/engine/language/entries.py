"""Entries: machine code that Python calls in its own convention, with the lock of the
interpreter released.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

from . import code_files as files, machine
from .kinds import (
    BOOL,
    FLOAT32,
    FLOAT64,
    FLOATS,
    INT,
    NOTHING,
    WORD,
    ArrayKind,
    BundleKind,
    RecordKind,
    TupleKind,
    of_dtype,
)
from .llvm import FunctionWriter, Module, quoted, type_of
from .program import Instance, PartOptions, TypedProgram
from .source import place_of
from .tree import RefusedError, scalar_kind

ENTRY = "synapse_entry"
"""The name of the function that others find in an object file."""

_HEAD = object.__basicsize__
"""Where the fields of an array begin, of which NumPy promises the places."""
_METH_FASTCALL = 0x0080


def kind_of(example: Any) -> Any:
    """Return the kind of an argument."""
    if isinstance(example, np.ndarray):
        if not example.flags.c_contiguous:
            raise TypeError("A kernel takes contiguous arrays.")
        dtype = example.dtype
        dimensions = example.ndim
        if dimensions == 0:
            raise TypeError("A kernel takes arrays of one dimension or several.")
        if dtype.fields is None:
            return ArrayKind(INT if dtype == np.int64 else of_dtype(dtype), dimensions)
        names: Any = dtype.names
        members = tuple(
            (of_dtype(dtype.fields[name][0]), int(dtype.fields[name][1]))
            for name in names
        )
        return ArrayKind(RecordKind(names, members, dtype.itemsize), dimensions)
    if isinstance(example, tuple):
        return TupleKind(tuple(map(kind_of, example)), getattr(example, "_fields", ()))
    kind = scalar_kind(example)
    if kind is None:
        raise TypeError(f"A kernel cannot take {example!r}.")
    return kind


def entry_of(function: Any, examples: tuple[Any, ...]) -> Callable[..., Any]:
    """Return a kernel for arguments of the types of the examples, as Python calls it.

    No types are checked: the caller must pass those of the examples.
    """
    return entry(function, tuple(map(kind_of, examples)))


def entry(function: Any, kinds: tuple[Any, ...], speed: int = 3) -> Callable[..., Any]:
    """Return a function for arguments of some kinds, as Python calls it; `speed` is how
    much LLVM optimises.
    """
    code = code_of(function, kinds, True, speed)
    return _python_function(machine.load(code, ENTRY), function.__name__)


def address_of(function: Any, examples: tuple[Any, ...], result: Any) -> int:
    """Return the address of a kernel for arguments of the types of the examples."""
    return part_of(function, tuple(map(kind_of, examples)), result)


def part_of(function: Any, kinds: tuple[Any, ...], result: Any) -> int:
    """Return the address of a function for arguments of some kinds, for kernels, which
    expect a result of this kind.
    """
    return machine.load(code_of(function, kinds, False, result=result), ENTRY)


def code_of(
    function: Any,
    kinds: tuple[Any, ...],
    for_python: bool,
    speed: int = 3,
    result: Any = None,
) -> bytes:
    """Return the object code of a function, from a file or compiled."""
    key = repr((kinds, for_python, speed, result))
    return files.code_of(
        function,
        key,
        lambda: text_of(function, kinds, for_python, result),
        lambda text: machine.object_code(text, speed),
    )


def text_of(
    function: Any, kinds: tuple[Any, ...], for_python: bool, result: Any = None
) -> str:
    """Return a function, and all that it reaches, in the language of LLVM."""
    program = TypedProgram()
    made = program.instance(function, kinds, PartOptions())
    if not for_python and made.result != result:
        place = place_of(function)
        raise RefusedError(f"it returns {made.result}, not {result}", place)
    module = Module(machine.pauses)
    for instance in program.instances.values():
        if instance.constant is None or instance is made:
            is_root = instance is made and not for_python
            FunctionWriter(module, instance, ENTRY if is_root else "")
    if for_python:
        _Entry(module, made, kinds)
    return module.text()


class _Method(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("code", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


def _python_function(address: int, name: str) -> Callable[..., Any]:
    method = _Method(name.encode(), address, _METH_FASTCALL, None)
    machine.keep(method)
    new = ctypes.pythonapi.PyCFunction_NewEx
    new.restype = ctypes.py_object
    new.argtypes = [ctypes.c_void_p] * 3
    return new(ctypes.addressof(method), None, None)  # type: ignore[no-any-return]


class _Entry:
    """Writes the entry of a kernel: arguments from objects, the call without the lock
    of the interpreter, the result as an object.
    """

    def __init__(self, module: Module, made: Instance, kinds: tuple[Any, ...]) -> None:
        self.module = module
        self.lines: list[str] = []
        self.count = 0
        passed = []
        for k, kind in enumerate(kinds):
            at = self.let(f"getelementptr ptr, ptr %given, i64 {k}")
            taken = self.taken(kind, self.let(f"load ptr, ptr {at}"))
            passed.append(f"{type_of(kind)} {taken}")
        self.check()
        state = self.call("ptr", "PyEval_SaveThread")
        call = f"call {type_of(made.result)} {quoted(made.name)}({', '.join(passed)})"
        is_nothing = made.result == NOTHING
        result = "" if is_nothing else self.let(call)
        if is_nothing:
            self.lines.append(call)
        self.call("void", "PyEval_RestoreThread", f"ptr {state}")
        self.finish(made.result, result)
        body = "\n".join(self.lines)
        module.functions.append(
            f"define dso_local ptr @{ENTRY}(ptr %self, ptr %given, i64 %count)"
            f" nounwind {{\n{body}\n}}"
        )

    def let(self, instruction: str) -> str:
        """Add an instruction; returns the name of its value."""
        self.count += 1
        self.lines.append(f"%e{self.count} = {instruction}")
        return f"%e{self.count}"

    def call(self, result: str, name: str, *passed: str) -> str:
        """Call a function of Python with typed arguments."""
        kinds = [argument.rpartition(" ")[0] for argument in passed]
        callee = self.module.declare(name, result, *kinds)
        call = f"call {result} {callee}({', '.join(passed)})"
        if result == "void":
            self.lines.append(call)
            return ""
        return self.let(call)

    def check(self) -> None:
        """Return to Python if an argument was of another type."""
        error = self.call("ptr", "PyErr_Occurred")
        self.lines += [
            f"{(test := f'%e{self.count}.wrong')} = icmp ne ptr {error}, null",
            f"br i1 {test}, label %wrong, label %run",
            "wrong:",
            "ret ptr null",
            "run:",
        ]

    def taken(self, kind: Any, passed: str) -> str:
        """Return the value of an object."""
        if kind == INT:
            return self.call("i64", "PyLong_AsLongLong", f"ptr {passed}")
        if kind == WORD:
            return self.call("i64", "PyLong_AsUnsignedLongLongMask", f"ptr {passed}")
        if kind == BOOL:
            truth = self.call("i32", "PyObject_IsTrue", f"ptr {passed}")
            return self.let(f"icmp eq i32 {truth}, 1")
        if kind in FLOATS:
            value = self.call("double", "PyFloat_AsDouble", f"ptr {passed}")
            if kind == FLOAT64:
                return value
            return self.let(f"fptrunc double {value} to float")
        if isinstance(kind, BundleKind):
            address = self.call("i64", "PyLong_AsLongLong", f"ptr {passed}")
            return self.let(f"inttoptr i64 {address} to ptr")
        if isinstance(kind, ArrayKind):
            return self._array(kind, passed)
        parts = []
        for k, element in enumerate(kind.items):
            item = self.call("ptr", "PyTuple_GetItem", f"ptr {passed}", f"i64 {k}")
            parts.append(f"{type_of(element)} {self.taken(element, item)}")
        return self.packed(type_of(kind), parts)

    def _array(self, kind: ArrayKind, passed: str) -> str:
        fields = []
        for place in (0, 16):  # the data, the sizes
            at = self.let(f"getelementptr i8, ptr {passed}, i64 {_HEAD + place}")
            fields.append(self.let(f"load ptr, ptr {at}"))
        parts = [f"ptr {fields[0]}"]
        for k in range(kind.dimensions):
            at = self.let(f"getelementptr i64, ptr {fields[1]}, i64 {k}")
            parts.append(f"i64 {self.let(f'load i64, ptr {at}')}")
        return self.packed(type_of(kind), parts)

    def packed(self, kind: str, parts: list[str]) -> str:
        """Return a structure of typed values."""
        made = "zeroinitializer"
        for k, part in enumerate(parts):
            made = self.let(f"insertvalue {kind} {made}, {part}, {k}")
        return made

    def finish(self, kind: Any, value: str) -> None:
        """Return an object; None for nothing."""
        if getattr(kind, "names", ())[:1] == ("there",):
            there = self.let(f"extractvalue {type_of(kind)} {value}, 0")
            self.lines += [f"br i1 {there}, label %some, label %none", "none:"]
            self._return_none()
            self.lines.append("some:")
            if len(kind.items) == 1:
                kind = BOOL
                value = "true"
            else:
                value = self.let(f"extractvalue {type_of(kind)} {value}, 1")
                kind = kind.items[1]
        if kind == NOTHING:
            self._return_none()
        else:
            self.lines.append(f"ret ptr {self.passed(kind, value)}")

    def _return_none(self) -> None:
        line = "@synapse_none = external global i8"
        if line not in self.module.globals:
            self.module.globals.append(line)
        self.call("void", "Py_IncRef", "ptr @synapse_none")
        self.lines.append("ret ptr @synapse_none")

    def passed(self, kind: Any, value: str) -> str:
        """Return a new object of a value."""
        if kind == BOOL:
            value = self.let(f"zext i1 {value} to i64")
            return self.call("ptr", "PyBool_FromLong", f"i64 {value}")
        if kind == FLOAT32:
            kind, value = FLOAT64, self.let(f"fpext float {value} to double")
        if kind == FLOAT64:
            return self.call("ptr", "PyFloat_FromDouble", f"double {value}")
        if not isinstance(kind, TupleKind):
            signed = "Unsigned" if kind == WORD else ""
            return self.call("ptr", f"PyLong_From{signed}LongLong", f"i64 {value}")
        new = self.call("ptr", "PyTuple_New", f"i64 {len(kind.items)}")
        for k, element in enumerate(kind.items):
            item = self.passed(
                element, self.let(f"extractvalue {type_of(kind)} {value}, {k}")
            )
            self.call("i32", "PyTuple_SetItem", f"ptr {new}", f"i64 {k}", f"ptr {item}")
        return new
