import math
import types
import warnings
from array import array
from collections import UserDict, UserList, deque
from dataclasses import dataclass

import numpy as np
import pytest

from synapse import Layer, Network, errors, squashes
from synapse.engine.functions.capture import frozen
from synapse.readwrite import python_source

gain = 2.0
settings = types.ModuleType("settings")
settings.gain = 2.0
settings.other = 1


def key(function):
    return frozen(function)[1]


def by_closure(value):
    return lambda state: value * state


def test_constants_and_code_are_told_apart():
    functions = [
        lambda state: 2 * state,
        lambda state: 2.0 * state,
        lambda state: 2.0 + state,
        lambda state: 1.0 + math.sin(state),
        lambda state: 1.0 + math.cos(state),
        lambda state: [2 * s for s in (state,)],
        lambda state: [3 * s for s in (state,)],
    ]
    assert len({key(function) for function in functions}) == len(functions)


def test_attributes_of_modules_keep_their_values(monkeypatch):
    def function(state):
        return settings.gain * state + math.floor(0.5)

    copy, before = frozen(function)
    monkeypatch.setattr(settings, "other", 2)  # not read
    assert key(function) == before
    monkeypatch.setattr(settings, "gain", 5.0)
    assert (function(1.0), copy(1.0)) == (5.0, 2.0)
    assert key(function) != before


def test_functions_that_call_each_other():
    def even(state):
        return 1.0 if state < 1.0 else odd(state - 1.0)

    def odd(state):
        return 0.0 if state < 1.0 else even(state - 1.0)

    copy, original_key = frozen(even)
    assert [copy(state) for state in (0.0, 1.0, 4.0)] == [1.0, 0.0, 1.0]
    assert key(even) == original_key != key(odd)


def test_a_name_that_has_no_value_yet():
    def function(state):
        return later * state

    copy, original_key = frozen(function)
    with pytest.raises(NameError):
        copy(1.0)
    later = 2.0
    assert key(function) != original_key


def test_the_function_stays_as_it_is():
    function = by_closure([1, 2])
    copy, _ = frozen(function)
    function.__closure__[0].cell_contents.append(3)
    assert (function(1), copy(1)) == ([1, 2, 3], [1, 2])
    names = function.__name__, function.__qualname__
    assert (copy.__name__, copy.__qualname__) == names


class Settings:
    shift = 1.0

    def __init__(self, gain):
        self.gain = gain
        self.inner = self

    @property
    def double(self):
        return 2.0 * self.gain

    def scaled(self, state):
        return self.gain * state


@dataclass(frozen=True, slots=True)
class Pair:
    gain: float


def test_attributes_of_objects_and_classes_keep_their_values():
    """As those of modules do: the engine, SYNAPSE_COMPILE=0 and programs read them at
    registration.
    """
    held, pair = Settings(2.0), Pair(0.5)

    def function(state):
        inner = held.inner.gain * Settings.shift + held.double + pair.gain
        return inner * state + held.scaled(state)

    copy, before = frozen(function)
    assert key(function) == before
    assert (function(1.0), copy(1.0)) == (8.5, 8.5)
    held.gain = 5.0
    Settings.shift = 3.0
    object.__setattr__(pair, "gain", 1.0)
    try:
        assert (function(1.0), copy(1.0)) == (31.0, 8.5)
        assert key(function) != before
    finally:
        Settings.shift = 1.0
    assert type(held) is Settings


# what a function captures, how it reads it, and how the value changes later
CAPTURED = {
    "namespace": (types.SimpleNamespace(a=4.0), "x.a", "x.a = 40.0"),
    "class": (type("Held", (), {"a": 4.0}), "x.a", "x.a = 40.0"),
    "module": (types.ModuleType("held"), "x.a", "x.a = 40.0"),
    "list": ([4.0], "x[0]", "x[0] = 40.0"),
    "nested list": (([4.0],), "x[0][0]", "x[0][0] = 40.0"),
    "dict": ({"a": 4.0}, "x['a']", "x['a'] = 40.0"),
    "NumPy array": (np.array([4.0]), "x[0]", "x[0] = 40.0"),
    "array": (array("d", [4.0]), "x[0]", "x[0] = 40.0"),
    "deque": (deque([4.0]), "x[0]", "x[0] = 40.0"),
    "UserDict": (UserDict(a=4.0), "x['a']", "x['a'] = 40.0"),
    "UserList": (UserList([4.0]), "x[0]", "x[0] = 40.0"),
    "set": ({4.0}, "max(x)", "x.add(40.0)"),
    "default": ([4.0], "y[0]", "x[0] = 40.0"),
}
CAPTURED["module"][0].a = 4.0


@pytest.mark.parametrize("kind", CAPTURED)
def test_every_way_computes_with_the_values_of_the_registration(kind):
    value, read, change = CAPTURED[kind]
    scope = {"x": value, "__name__": "captured"}
    name = f"captured_{kind.replace(' ', '_')}"
    passed = "state" if kind != "default" else "state, *, y=x"
    exec(f"def {name}({passed}):\n    return {read} * state, {read}\n", scope)
    if kind == "default":  # of a function that it calls
        exec(
            "def outer(state):\n    return inner(state)", made := {"inner": scope[name]}
        )
        scope[name] = made["outer"]
        scope[name].__name__ = name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", errors.FunctionWarning)
        squash = squashes.register(scope[name])
    net = Network(Layer(1), [], Layer(1, squash))
    net.input.project(net.output, weights=[[1.0]])
    exec(change, scope)
    assert squash(1.0) == net.activate([1.0])[0] == 4.0
    if squash._function.formula is not None:
        program = {}
        exec(python_source(net), program)
        assert program["Network"]().step([1.0]) == [4.0]
