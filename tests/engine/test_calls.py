"""Kernels that call others by their address, strict arithmetic, and functions of a user
that raise."""

import numba
import numpy as np

from synapse.engine.compiler.calls import (
    address_of,
    call_at,
    call_equation,
    compile_function,
    helper,
    strict_fp,
)
from synapse.engine.compiler.jit import to_machine_code


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


@strict_fp
def both(a, b, c):
    return a * b + c


def test_strict_arithmetic_is_not_fused_whoever_calls_it():
    a = 1.0 + 2.0**-30
    fast = numba.njit(fastmath=True)(lambda a: both(a, a, -1.0))
    assert fast(a) == a * a - 1.0


def fails_from_one_on(number):
    if number >= 1.0:
        raise ValueError
    return number, 2.0 * number


@to_machine_code
def call_both(failed, address, second, number):
    answer = call_at(failed, address, (number,))
    other = call_at(failed, second, (number + 1.0,))
    return answer[1], other[1]


def test_the_first_function_that_raises_is_recorded_and_none_is_called_after_it():
    failing, second = (compile_function(helper(fails_from_one_on), 1) for _ in range(2))
    failed = np.zeros(6)
    assert call_both(failed, failing.address, second.address, -1.0) == (-2.0, 0.0)
    assert not failed.any()
    assert np.isnan(call_both(failed, failing.address, second.address, 3.0)).all()
    assert failed.tolist() == [1.0, failing.address, 3.0, 0.0, 0.0, 0.0]
