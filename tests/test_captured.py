import math
import types

import numba
import numpy as np
import pytest

from synapse._capture import frozen

gain = 2.0
table = np.arange(4.0)
settings = types.ModuleType("settings")
settings.gain, settings.other = 2.0, 1


def copy_of(function, modules=False):
    return frozen(function, lambda copy: copy, modules)


def key(function):
    return copy_of(function)[1]


def by_closure(value):
    def function(state):
        return value * state

    return function


def by_default(value):
    def function(state, factor=value):
        return factor * state

    return function


def by_keyword_default(value):
    def function(state, *, factor=value):
        return factor * state

    return function


def by_helper(value):
    def helper(state):
        return value * state

    def function(state):
        return helper(state)

    return function


def by_compiled_helper(value):
    @numba.njit
    def helper(state):
        return value * state

    def function(state):
        return helper(state)

    return function


def by_nested_code(value):
    def function(state):
        return max(value * s for s in (state,))

    return function


def by_tuple(value):
    pair = (value, {"list": [value]})

    def function(state):
        return pair[0] * state

    return function


def by_array(value):
    numbers = np.array([value])

    def function(state):
        return numbers[0] * state

    return function


MAKERS = [maker for name, maker in list(globals().items()) if name.startswith("by_")]


@pytest.mark.parametrize("maker", MAKERS)
def test_the_key_tells_captured_values_apart(maker):
    assert key(maker(2.0)) == key(maker(2.0)) != key(maker(3.0))


@pytest.mark.parametrize("pair", [(1, 1.0), (1, True), (0.0, -0.0), ("1", 1), (np.float32(1), np.float64(1))])
def test_equal_values_of_two_kinds_are_told_apart(pair):
    assert key(by_closure(pair[0])) != key(by_closure(pair[1]))


def test_nan_is_equal_to_itself():
    assert key(by_closure(math.nan)) == key(by_closure(math.nan))


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


def test_a_cell_run_again_has_the_same_key():
    def function(state):
        return [gain * s for s in (state,)]

    first = key(function)

    def function(state):
        return [gain * s for s in (state,)]

    assert key(function) == first


def test_globals_keep_their_values(monkeypatch):
    def function(state):
        return gain * state + table[1]

    copy, before = copy_of(function)
    monkeypatch.setitem(globals(), "gain", 5.0)
    table[1] = 7.0
    try:
        assert (function(1.0), copy(1.0)) == (12.0, 3.0)
        assert key(function) != before
    finally:
        table[1] = 1.0


def test_attributes_of_modules_keep_their_values(monkeypatch):
    def function(state):
        return settings.gain * state + math.floor(0.5)

    copy, before = copy_of(function, modules=True)
    monkeypatch.setattr(settings, "other", 2)  # not read
    assert key(function) == before
    monkeypatch.setattr(settings, "gain", 5.0)
    assert (function(1.0), copy(1.0)) == (5.0, 2.0)
    assert key(function) != before


def test_other_objects_are_compared_by_identity(monkeypatch):
    def function(state):
        return settings.kind.factor * state

    keys = []
    for factor in (2.0, 2.0):  # the key keeps the first alive, so that the second has another address
        monkeypatch.setattr(settings, "kind", type("Kind", (), {"factor": factor}), raising=False)
        keys.append(key(function))
        assert key(function) == keys[-1]
    assert keys[0] != keys[1]


def test_a_module_that_contains_itself(monkeypatch):
    monkeypatch.setattr(settings, "settings", settings, raising=False)

    def function(state):
        return settings.settings.gain * state

    copy, _ = copy_of(function, modules=True)
    assert copy(2.0) == 4.0


def test_functions_that_call_each_other():
    def even(state):
        return 1.0 if state < 1.0 else odd(state - 1.0)

    def odd(state):
        return 0.0 if state < 1.0 else even(state - 1.0)

    copy, first = copy_of(even)
    assert [copy(state) for state in (0.0, 1.0, 4.0)] == [1.0, 0.0, 1.0]
    assert key(even) == first != key(odd)


def test_a_name_that_has_no_value_yet():
    def function(state):
        return later * state

    copy, first = copy_of(function)
    with pytest.raises(NameError):
        copy(1.0)
    later = 2.0
    assert key(function) != first


def test_the_function_stays_as_it_is():
    function = by_closure([1, 2])
    copy, _ = copy_of(function)
    function.__closure__[0].cell_contents.append(3)
    assert (function(1), copy(1)) == ([1, 2, 3], [1, 2])
    assert copy.__name__ == function.__name__
    assert copy.__qualname__ == function.__qualname__
