"""Copy functions together with the values they refer to, and make keys that compare
such functions.

A function refers to values by closures, defaults, global names and attributes of
modules, objects and classes, and so do the functions that it calls. Two functions are
the same if their code and all of these values are equal.
"""

from __future__ import annotations

import builtins
import dis
from array import array
from collections import UserDict, UserList, deque
from collections.abc import Callable, Hashable
from copy import copy
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

CONTAINERS = set, frozenset, bytearray, array, deque, UserDict, UserList
"""Types of values that are copied without their items."""
Frozen = tuple[Any, Hashable]
"""A copy of a value, and its key. The keys of values with equal contents are equal."""

PLAIN = (type(None), bool, int, float, complex, str, bytes, np.generic)
"""Types of values that cannot change."""


def frozen(function: FunctionType) -> Frozen:
    """Copy a function together with all values to which it refers, including functions,
    and modules with the attributes that it reads.

    The keys of two functions are equal if they have the same code and refer to equal
    values.
    """
    return Freezer().function(function)


class _Same:
    """A key that equals only keys of the same object. It holds a reference to the
    object.
    """

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


class Freezer:
    """Copies values, each of them once. A subclass may copy some values in another
    way.
    """

    def __init__(
        self, helper: Callable[[FunctionType], FunctionType] = lambda clone: clone
    ) -> None:
        self.helper = helper  # placeholders for the copies of functions
        self.builtins: Any = builtins  # where copies find `abs`
        self.seen: dict[int, Frozen] = {}

    def value(self, value: Any, attributes: set[str]) -> Frozen:
        """Return the copy and the key of any value. A module is only copied with these
        attributes.
        """
        # if Numba has compiled a function, its source is compiled
        original = getattr(value, "py_func", value)
        if isinstance(original, FunctionType):
            return self.function(original)
        if isinstance(value, PLAIN):
            return value, (type(value), repr(value))
        if isinstance(value, np.ndarray):
            fixed = value.copy(order="K")
            fixed.setflags(write=False)
            return fixed, (
                type(value),
                value.dtype.str,
                value.shape,
                value.strides,
                value.tobytes(),
            )
        if isinstance(value, (tuple, list)):
            return self.sequence(value, attributes)
        if isinstance(value, dict):
            items = {name: self.value(item, attributes) for name, item in value.items()}
            keys = tuple(
                (type(name), repr(name), key) for name, (_, key) in items.items()
            )
            return {name: copy for name, (copy, _) in items.items()}, (dict, keys)
        if isinstance(value, CONTAINERS):
            return copy(value), (type(value), repr(value))
        if isinstance(value, ModuleType):
            return self.module(value, attributes)
        return self.thing(value, attributes)

    def sequence(self, value: Any, attributes: set[str]) -> Frozen:
        """Return the copy and the key of a tuple, named tuple or list."""
        items = [self.value(item, attributes) for item in value]
        copies = [copy for copy, _ in items]
        clone = (
            type(value)(*copies) if hasattr(value, "_fields") else type(value)(copies)
        )
        return clone, (type(value), tuple(key for _, key in items))

    def module(self, module: ModuleType, attributes: set[str]) -> Frozen:
        """Return the copy and the key of a module with the attributes that a function
        reads.
        """
        if id(module) in self.seen:  # it contains itself
            return self.seen[id(module)]
        copy = ModuleType(module.__name__)
        self.seen[id(module)] = copy, (ModuleType, module.__name__)
        read = [name for name in sorted(attributes) if hasattr(module, name)]
        items = {name: self.value(getattr(module, name), attributes) for name in read}
        del self.seen[id(module)]  # another function reads other attributes
        vars(copy).update({name: item for name, (item, _) in items.items()})
        return copy, (
            ModuleType,
            module.__name__,
            tuple((name, key) for name, (_, key) in items.items()),
        )

    def thing(self, value: Any, attributes: set[str]) -> Frozen:
        """Return the copy and the key of an object or a class. The copy keeps the
        numbers and functions among the attributes that are read. An object that cannot
        be copied is returned itself.
        """
        kind = value if isinstance(value, type) else type(value)
        found = {name: getattr(value, name, None) for name in attributes}
        # neither missing, a method nor a descriptor
        read = {
            name: each
            for name, each in sorted(found.items())
            if isinstance(each, FunctionType)
            or not (callable(each) or hasattr(each, "__get__") or each is None)
        }
        if not read or id(value) in self.seen:
            return self.seen.get(id(value), (value, _Same(value)))
        try:
            scope = {"__slots__": (), "__module__": kind.__module__}
            made: Any = type(kind)(kind.__name__, (kind,), scope)
            clone = made if value is kind else copy(value)
            if value is not kind:
                object.__setattr__(clone, "__class__", made)
        except Exception:  # such as an enumeration, or an object of C
            return value, _Same(value)
        self.seen[id(value)] = clone, _Same(value)  # it contains itself
        items = {name: self.value(item, attributes) for name, item in read.items()}
        del self.seen[id(value)]  # another function reads other attributes
        for name, (item, _) in items.items():
            is_function = isinstance(item, FunctionType)
            setattr(made, name, staticmethod(item) if is_function else item)
            if value is not kind:
                getattr(clone, "__dict__", {}).pop(name, None)
        keys = tuple((name, key) for name, (_, key) in items.items())
        return clone, (_Same(value), keys)

    def function(self, function: FunctionType) -> Frozen:
        """Return the copy and the key of a function, including all values that it
        refers to.
        """
        if id(function) in self.seen:  # it calls itself, or is called twice
            return self.seen[id(function)]
        namespace = {"__builtins__": self.builtins, "__name__": function.__module__}
        cells = tuple(CellType() for _ in function.__closure__ or ())
        clone = FunctionType(
            function.__code__, namespace, function.__name__, None, cells
        )
        clone.__qualname__ = function.__qualname__
        copy = self.helper(clone)
        self.seen[id(function)] = copy, ("again", len(self.seen))
        names, attributes = _names(function.__code__)
        keys = [_code_key(function.__code__)]
        for name in sorted(names & function.__globals__.keys()):
            namespace[name], key = self.value(function.__globals__[name], attributes)
            keys.append((name, key))
        for cell, original in zip(cells, function.__closure__ or (), strict=True):
            if original != CellType():  # an empty cell has no value to copy
                cell.cell_contents, key = self.value(original.cell_contents, attributes)
                keys.append(key)
        for defaults in ("__defaults__", "__kwdefaults__"):
            values, key = self.value(getattr(function, defaults), attributes)
            as_dict = dict if defaults == "__kwdefaults__" else tuple
            setattr(clone, defaults, values and as_dict(values))
            keys.append(key)
        self.seen[id(function)] = copy, tuple(keys)
        return self.seen[id(function)]


def _names(code: CodeType) -> tuple[set[str], set[str]]:
    """Return the global names that code reads, and the names of attributes."""
    names: set[str] = set()
    attributes: set[str] = set()
    # most rules of synapses use neither, and disassembling takes long
    for instruction in dis.get_instructions(code) if code.co_names else ():
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            names.add(instruction.argval)
        elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            attributes.add(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            more_names, more_attributes = _names(constant)
            names, attributes = names | more_names, attributes | more_attributes
    return names, attributes


def _code_key(code: CodeType) -> Hashable:
    """Make a key of code that ignores its location: running a notebook cell again gives
    an equal key.
    """
    constants = tuple(_constant_key(constant) for constant in code.co_consts)
    arguments = (
        code.co_argcount,
        code.co_kwonlyargcount,
        code.co_flags,
        code.co_exceptiontable,
    )
    return code.co_code, constants, code.co_names, arguments


def _constant_key(constant: Any) -> Hashable:
    if isinstance(constant, CodeType):
        return _code_key(constant)
    if isinstance(constant, tuple):
        return tuple(_constant_key(item) for item in constant)
    if isinstance(constant, frozenset):
        return frozenset(_constant_key(item) for item in constant)
    # 1, 1.0 and True are equal, but not the same constant
    return type(constant), repr(constant)
