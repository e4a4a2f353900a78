"""Kernels that call others by their address, and arithmetic with the same bits everywhere."""

import numba
import numpy as np
import pytest
from numba.core.errors import TypingError

from synapse.engine.compiler.calls import address_of, call_equation, strict


@numba.njit(nogil=True)
def is_large(values, limit):
    return values.sum() > limit


@numba.njit
def asked(address, arguments, alike):
    return call_equation(address, arguments, alike)


def test_a_kernel_is_called_by_its_address():
    address = address_of(is_large, (np.ones(3), 2.0))
    assert asked(address, (np.ones(3), 2.0), (np.ones(3), 2.0)) is True
    assert asked(address, (np.ones(3), 4.0), (np.ones(3), 2.0)) is False


def test_arguments_of_other_types_are_refused():
    address = address_of(is_large, (np.ones(3), 2.0))
    with pytest.raises(TypingError, match="Expected arguments of the types"):
        asked(address, (np.ones(3, np.float32), 2.0), (np.ones(3), 2.0))


def test_a_result_of_another_type_is_refused():
    with pytest.raises(TypeError, match="int64"):
        address_of(numba.njit(lambda number: number), (1,))


@strict
def both(a, b, c):
    return a * b + c


def test_strict_arithmetic_is_not_fused_whoever_calls_it():
    a = 1.0 + 2.0**-30
    fast = numba.njit(fastmath=True)(lambda a: both(a, a, -1.0))
    assert fast(a) == a * a - 1.0
