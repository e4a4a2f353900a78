"""Make entries, which are machine code that Python calls in its own convention, after
releasing the lock of the interpreter.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from . import code_files as files, machine
from .llvm import PYTHON, FunctionWriter, Module, Writer, quoted, type_of
from .program import Instance, TypedProgram
from .source import PartOptions, place_of
from .tree import (
    BOOL,
    FLOAT32,
    FLOAT64,
    INT,
    NOTHING,
    WORD,
    ArrayKind,
    BundleKind,
    KnownKind,
    RecordKind,
    RefusedError,
    TupleKind,
    known,
    of_dtype,
    scalar_kind,
)

ENTRY = "synapse_entry"
"""The name of the function that others find in an object file."""

_HEAD = object.__basicsize__
"""Where the fields of an array begin, of which NumPy promises the places. The text of
an entry contains this number, which a Python without the interpreter's lock increases.
"""
_METH_FASTCALL = 0x0080


def kinds_of(examples: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the kinds of several arguments."""
    return tuple(map(kind_of, examples))


def kind_of(example: Any) -> Any:
    """Return the kind of one argument."""
    if isinstance(example, np.ndarray):
        return _kind_of_array(example)
    if isinstance(example, tuple):
        return TupleKind(kinds_of(example), getattr(example, "_fields", ()))
    if example is None:
        return known(None).kind
    kind = scalar_kind(example)
    if kind is None:
        raise TypeError(f"A kernel cannot take {example!r}.")
    return kind


def _kind_of_array(example: Any) -> ArrayKind:
    dtype = example.dtype
    if not example.flags.c_contiguous:
        raise TypeError("A kernel only takes contiguous arrays.")
    if example.ndim == 0:
        raise TypeError("A kernel only takes arrays with at least one dimension.")
    if dtype.fields is None:
        kind: Any = INT if dtype == np.int64 else of_dtype(dtype)
    else:
        fields = [dtype.fields[name] for name in dtype.names]
        members = tuple((of_dtype(of), int(offset)) for of, offset, *_ in fields)
        kind = RecordKind(dtype.names, members, dtype.itemsize)
    return ArrayKind(kind, example.ndim)


def entry(function: Any, kinds: tuple[Any, ...], speed: int = 3) -> Callable[..., Any]:
    """Compile a function for arguments of the given kinds and return it as a Python
    function.

    `speed` is LLVM's optimisation level. Because the types are not checked, the caller
    must pass arguments of these kinds.
    """
    address = _loaded(function, kinds, None, speed)
    method = _Method(function.__name__.encode(), address, _METH_FASTCALL, None)
    machine.keep(method)
    new = ctypes.pythonapi.PyCFunction_NewEx
    new.restype = ctypes.py_object
    new.argtypes = [ctypes.c_void_p] * 3
    return new(ctypes.addressof(method), None, None)


def address_of(
    function: Any, kinds: tuple[Any, ...], result: Any, in_python: Any = None
) -> int:
    """Return the address by which kernels call a function with arguments of the given
    kinds, expecting a result of this kind. `in_python` is the ctypes function that
    calls users' functions.
    """
    return _loaded(function, kinds, result, 3, in_python)


def _loaded(
    function: Any,
    kinds: tuple[Any, ...],
    result: Any,
    speed: int,
    in_python: Any = None,
) -> int:
    """Return the address of machine code, which is read from a file or compiled."""
    code = files.code_of(
        function,
        repr((kinds, result, speed, _HEAD)),
        lambda: text_of(function, kinds, result),
        lambda text: machine.object_code(text, speed),
    )
    slots = {}
    if in_python is not None:
        machine.keep(in_python)
        slots[PYTHON] = ctypes.cast(in_python, ctypes.c_void_p).value or 0
    return machine.load(code, ENTRY, slots)


def text_of(function: Any, kinds: tuple[Any, ...], result: Any = None) -> str:
    """Return a function and its callees as text for LLVM. If a kind of result is given,
    kernels can call the function. Otherwise, an entry for Python is added.
    """
    program = TypedProgram()
    made = program.instance(function, kinds, PartOptions())
    if result not in (None, made.result):
        place = place_of(function)
        raise RefusedError(f"it returns {made.result}, not {result}", place)
    module = Module(machine.processor().is_x86)
    for instance in program.instances.values():
        if instance.constant is None or instance is made:
            is_root = instance is made and result is not None
            FunctionWriter(module, instance, ENTRY if is_root else "")
    if result is None:
        _Entry(module, made, kinds)
    return module.text()


class _Method(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("code", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


class _Number(NamedTuple):
    """How Python passes a number: the function that reads an object, the type of its
    result, the conversions to the kind and back, and the function that creates an
    object.
    """

    read: str
    of: str
    take: str
    give: str
    make: str


_NUMBERS = {
    INT: _Number("PyLong_AsLongLong", "i64", "", "", "PyLong_FromLongLong"),
    WORD: _Number(
        *("PyLong_AsUnsignedLongLongMask", "i64", "", ""),
        "PyLong_FromUnsignedLongLong",
    ),
    BOOL: _Number(
        *("PyObject_IsTrue", "i32", "icmp eq {}, 1", "zext {} to i64"),
        "PyBool_FromLong",
    ),
    FLOAT32: _Number(
        *("PyFloat_AsDouble", "double", "fptrunc {} to float", "fpext {} to double"),
        "PyFloat_FromDouble",
    ),
    FLOAT64: _Number("PyFloat_AsDouble", "double", "", "", "PyFloat_FromDouble"),
}


class _Entry(Writer):
    """Writes a kernel's entry, which converts the arguments from Python objects, calls
    the kernel without the interpreter's lock, and converts the result to an object.
    """

    def __init__(self, module: Module, made: Instance, kinds: tuple[Any, ...]) -> None:
        super().__init__(module)
        passed = []
        for k, kind in enumerate(kinds):
            at = self.let(f"getelementptr ptr, ptr %given, i64 {k}")
            passed.append(self.taken(kind, self.let(f"load ptr, ptr {at}")))
        self.check()
        state = self.call("ptr", "PyEval_SaveThread")
        result = type_of(made.result)
        call = f"call {result} {quoted(made.name)}({', '.join(passed)})"
        value = self.let_call(result, call)
        self.call("void", "PyEval_RestoreThread", f"ptr {state}")
        self.finish(made.result, value)
        body = "\n".join(self.lines)
        module.functions.append(
            f"define dso_local ptr @{ENTRY}(ptr %self, ptr %given, i64 %count)"
            f" nounwind {{\n{body}\n}}"
        )

    def check(self) -> None:
        """Return to Python if an argument had a wrong type."""
        error = self.call("ptr", "PyErr_Occurred")
        wrong = self.let(f"icmp ne ptr {error}, null")
        self.put(f"""\
br i1 {wrong}, label %wrong, label %run
wrong:
ret ptr null
run:""")

    def taken(self, kind: Any, passed: str) -> str:
        """Return the value of an object together with its type."""
        if kind in _NUMBERS:
            number = _NUMBERS[kind]
            value = f"{number.of} {self.call(number.of, number.read, f'ptr {passed}')}"
            if not number.take:
                return value
            made = self.let(number.take.format(value))
        elif isinstance(kind, BundleKind):
            made = self.let(f"inttoptr {self.taken(INT, passed)} to ptr")
        elif isinstance(kind, KnownKind):
            made = "0"  # nobody reads it
        else:
            array = isinstance(kind, ArrayKind)
            parts = (self._fields if array else self._items)(kind, passed)
            made = self.packed(type_of(kind), parts)
        return f"{type_of(kind)} {made}"

    def _items(self, kind: TupleKind, passed: str) -> list[str]:
        """Return the items of a tuple."""
        parts = []
        for k, element in enumerate(kind.items):
            item = self.call("ptr", "PyTuple_GetItem", f"ptr {passed}", f"i64 {k}")
            parts.append(self.taken(element, item))
        return parts

    def _fields(self, kind: ArrayKind, passed: str) -> list[str]:
        """Return the address of an array's numbers, and its sizes."""

        def read(of: str, base: str, unit: str, place: int) -> str:
            at = self.let(f"getelementptr {unit}, {base}, i64 {place}")
            return f"{of} {self.let(f'load {of}, ptr {at}')}"

        data, sizes = (
            read("ptr", f"ptr {passed}", "i8", _HEAD + place) for place in (0, 16)
        )
        return [data, *(read("i64", sizes, "i64", k) for k in range(kind.dimensions))]

    def finish(self, kind: Any, value: str) -> None:
        """Return an object, which is None if there is no value."""
        if getattr(kind, "names", ())[:1] == ("there",):
            there = self.let(f"extractvalue {type_of(kind)} {value}, 0")
            self.put(f"br i1 {there}, label %some, label %none\nnone:")
            self.finish(NOTHING, "")
            self.put("some:")
            last = len(kind.items) - 1  # without a value: that it is there
            value = self.let(f"extractvalue {type_of(kind)} {value}, {last}")
            kind = kind.items[last]
        self.put(f"ret ptr {self.passed(kind, value)}")

    def passed(self, kind: Any, value: str) -> str:
        """Convert a value to a new object, or to None if there is no value."""
        if kind == NOTHING or isinstance(kind, KnownKind):
            line = "@synapse_none = external global i8"
            if line not in self.module.globals:
                self.module.globals.append(line)
            self.call("void", "Py_IncRef", "ptr @synapse_none")
            return "@synapse_none"
        typed = f"{type_of(kind)} {value}"
        if kind in _NUMBERS:
            number = _NUMBERS[kind]
            if number.give:
                given = self.let(number.give.format(typed))
                typed = f"{number.give.rpartition(' ')[2]} {given}"
            return self.call("ptr", number.make, typed)
        new = self.call("ptr", "PyTuple_New", f"i64 {len(kind.items)}")
        for k, element in enumerate(kind.items):
            item = self.passed(element, self.let(f"extractvalue {typed}, {k}"))
            self.call("i32", "PyTuple_SetItem", f"ptr {new}", f"i64 {k}", f"ptr {item}")
        return new
