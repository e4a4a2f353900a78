"""Arrays in kernels as plain addresses."""

import numba
import numpy as np
import pytest

from synapse.engine.compiler.bare import bare
from synapse.engine.compiler.jit import inline, kernel


@inline
def shifted(numbers, i):
    numbers[i] = numbers[i] + numbers.size
    return numbers[i]


@kernel
def shift_all(array):
    numbers, total = bare(array), 0.0
    for i in range(np.uint64(numbers.size)):
        total += shifted(numbers, i)
    return total


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.uint64, np.uint8])
def test_it_has_the_items_and_the_size_of_the_array(dtype):
    array = np.arange(5).astype(dtype)
    assert shift_all(array) == 35.0
    assert array.tolist() == [5, 6, 7, 8, 9]
    assert shift_all(np.empty(0, dtype)) == 0.0


def test_it_needs_contiguous_numbers():
    for array in (np.zeros((2, 2)), np.zeros(4)[::2]):
        with pytest.raises(numba.TypingError):
            shift_all(array)
