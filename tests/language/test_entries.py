"""What Python can pass to kernels, what it gets, and what calls leave behind."""

import gc
import sys
import threading
import time
import tracemalloc
from contextlib import suppress
from typing import NamedTuple

import numpy as np
import pytest

from synapse.engine.language.decorators import COMPILES, Kernel, kernel, strict_fp
from synapse.engine.language.memory import (
    DESCENT,
    call_descent,
    call_equation,
    load_word,
    store_word,
)
from synapse.engine.language.source import STRICT_FLAGS, PartOptions
from synapse.engine.language.tree import INT, RefusedError
from tests.helpers.cases import every_case

pytestmark = pytest.mark.skipif(not COMPILES, reason="nothing is compiled")


class Pair(NamedTuple):
    """A named tuple."""

    leading: object
    second: object


ROW = np.dtype(
    [("n", "i4"), ("x", "f8"), ("small", "u1"), ("single", "f4")], align=True
)


@kernel
def same(value):
    return value


@kernel
def nothing(value):
    pass


@kernel
def size(array):
    return len(array)


@kernel
def sum_of(array):
    total = array[0] * 0
    for i in range(len(array)):
        total += array[i]
    return total


# --- arguments ------------------------------------------------------------------------


@every_case(
    "value, returned",
    [
        (0, 0),
        (-1, -1),
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
        (True, True),
        (False, False),
        (np.bool_(True), True),
        (np.int8(-3), -3),
        (np.int64(-3), -3),
        (np.uint32(2**32 - 1), 2**32 - 1),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (1.5, 1.5),
        (-0.0, -0.0),
        (np.float64(0.1), 0.1),
        (np.float32(0.1), float(np.float32(0.1))),
        ((), ()),
        (None, None),
        ((1, None), (1, None)),
        ((1, 2.5, True), (1, 2.5, True)),
        ((1, (2.0, ())), (1, (2.0, ()))),
        (Pair(1, (0.5, np.float32(2.0))), (1, (0.5, 2.0))),
    ],
)
def test_a_value_comes_back(value, returned):
    matching = same(value)
    assert repr(matching) == repr(returned)


@every_case("value", [2**63, -(2**63) - 1, 10**30, (1, 2**64)])
def test_an_integer_beyond_64_bits_is_an_error(value):
    with pytest.raises(OverflowError):
        same(value)


REFUSED = [
    *("text", b"bytes", [1.0], {1: 2.0}, 1j, object(), (1, "text"), print),
    np.void(b"a"),
]
DTYPES = "f2", "c16", ">f8", ">i4", "O", "U3", "S3", "M8[s]"


@every_case(
    "value, words",
    [
        *((value, "A kernel cannot take") for value in REFUSED),
        *((np.zeros(3, t), "kernel takes no numbers of the type") for t in DTYPES),
        *(
            (np.zeros(3, [("member", t)]), "kernel takes no numbers of the type")
            for t in DTYPES
        ),
        (np.array(1.0), "arrays with at least one dimension"),
    ],
)
def test_what_is_neither_a_number_nor_an_array_of_such_is_refused(value, words):
    with pytest.raises(TypeError, match=words):
        size(value) if isinstance(value, np.ndarray) else same(value)


def test_members_of_rows_are_read_and_written():
    @kernel
    def change(rows, i):
        row = rows[i]
        row.x += row.n + row.small
        rows[i + 1] = row
        rows[i].n = -7
        return row.n, row.single

    rows = np.array([(-5, 0.25, 200, 0.1), (0, 0, 0, 0), (0, 0, 0, 0)], ROW)
    assert change(rows, 0) == (-7, float(np.float32(0.1)))
    assert rows[["n", "x", "small"]].tolist() == [
        *((-7, 195.25, 200), (-5, 195.25, 200), (0, 0.0, 0))
    ]


def test_a_view_is_no_copy_and_an_empty_array_has_no_memory():
    whole = np.arange(10.0)
    assert sum_of(whole[4:6]) == 9.0
    assert size(np.zeros(0)) == size(np.zeros((0, 3))) == 0


def test_each_type_has_its_own_machine_code():
    kinds = 1, 1.5, True, np.float32(1.5), (1, 2), (1, 2.0)
    for _ in range(2):
        for value in kinds:
            assert type(same(value)) is type(same.part(value)) or value is kinds[3]
    arrays = [np.ones(3), np.ones(3, np.float32), np.ones(3, int), np.ones((3, 1))]
    assert [size(array) for array in arrays] == [3] * 4
    assert len(size.entries) >= len(arrays)


def test_another_number_of_arguments_is_refused():
    for arguments in ((), (1, 2)):
        with pytest.raises(RefusedError, match="same takes 1 arguments, got"):
            same(*arguments)


def test_arguments_of_other_types_than_the_examples_are_errors_of_python():
    """Entries that are made for examples check no types, but numbers are converted."""
    whole, real = same.entry((1,)), same.entry((1.5,))
    assert real(2) == 2.0
    for entry, value in ((whole, 1.5), (whole, "1"), (whole, None), (real, "1.5")):
        with pytest.raises(TypeError):
            entry(value)
    with pytest.raises(OverflowError):
        whole(2**63)
    assert same.entry((True,))([]) is False


# --- results --------------------------------------------------------------------------


def test_none_or_a_value():
    assert nothing(1) is None

    def half(x):
        if x < 0.0:
            return None
        return 0.5 * x, x > 1.0

    machine_code = kernel(half)
    assert [*map(machine_code, (-1.0, 0.5, 3.0))] == [*map(half, (-1.0, 0.5, 3.0))]


# --- calls by address -----------------------------------------------------------------


@kernel
def is_large(values, limit):
    return values[0] + values[1] > limit


@kernel
def asked(address, arguments, alike):
    return call_equation(address, arguments, alike)


@kernel
def three(x):
    return 3, 2.0 * x, int(x)


@kernel
def by_descent(address, x):
    return call_descent(address, (x,), (x,))[1]


def test_a_kernel_is_called_by_its_address():
    pair = np.array([1.0, 2.0])
    address = is_large.address((pair, 2.0))
    assert address == is_large.address((pair, 7.0))
    assert asked(address, (pair, 2.0), (pair, 2.0)) is True
    assert asked(address, (pair, 4.0), (pair, 2.0)) is False
    assert by_descent(three.address((1.5,), DESCENT), 1.5) == 3.0


def test_a_kernel_of_another_result_has_no_address():
    with pytest.raises(RefusedError, match="it returns int, not bool"):
        same.address((1,))
    assert same.address((1,), INT) != 0


# --- what calls leave behind ----------------------------------------------------------

CALLS = 20_000


@strict_fp
def plus(x):
    return x + 1.0


@kernel
def all_kinds(integer, real, flag, array, rest):
    array[0] = plus(array[0])
    if flag:
        return integer, (real, flag), rest[0] + rest[1][0]
    return integer, (real, flag), real


@pytest.mark.full
def test_a_call_takes_and_leaves_no_reference_and_no_memory():
    array, rest = np.zeros(3), (1.5, (2.5, np.zeros(2)))
    integer, real = 2**40, 0.125
    watched = [integer, real, True, array, rest, rest[1], rest[1][1], None]
    arguments = integer, real, True, array, rest
    for _ in range(100):
        all_kinds(*arguments), nothing(array)
    gc.collect()
    before = list(map(sys.getrefcount, watched))
    tracemalloc.start()
    for _ in range(CALLS):
        all_kinds(*arguments), nothing(array)
        with suppress(OverflowError):
            same(2**64)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    after = list(map(sys.getrefcount, watched))
    assert array[0] == CALLS + 100
    assert max(abs(a - b) for a, b in zip(before, after, strict=True)) < 20
    assert size < CALLS


# --- the lock of the interpreter ------------------------------------------------------


BEGUN, GO_ON, ENDED = 0, 1, 2
MOST_TURNS = 10**10  # many seconds, should nothing end the call before


@kernel
def wait(words):
    store_word(words, BEGUN, 1)
    turns = 0
    while load_word(words, GO_ON) == 0 and turns < MOST_TURNS:
        turns += 1
    store_word(words, ENDED, 1)
    return turns < MOST_TURNS


def during_a_call(act):
    """A thread that acts while `wait` waits for it, and the words of both."""
    words = np.zeros(3, np.int64)

    def run():
        while not words[BEGUN]:
            time.sleep(0.001)
        act()
        words[GO_ON] = 1

    return threading.Thread(target=run), words


def test_other_threads_run_during_a_call():
    numbers = []
    thread, words = during_a_call(lambda: numbers.extend(range(100_000)))
    wait(np.ones(3, np.int64))
    thread.start()
    assert wait(words)
    thread.join()
    assert len(numbers) == 100_000


def test_ctrl_c_during_a_call_is_raised_after_it(ctrl_c):
    thread, words = during_a_call(ctrl_c)
    wait(np.ones(3, np.int64))
    thread.start()

    def act():
        wait(words)
        time.sleep(60)

    with pytest.raises(KeyboardInterrupt):
        act()
    thread.join()
    assert words[ENDED] == 1


def test_threads_make_the_same_kernel_at_once():
    element = Kernel(same.part, PartOptions(STRICT_FLAGS))
    matching = []
    threads = [
        threading.Thread(target=lambda k=k: matching.append(element((k, 0.5))))
        for k in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(matching) == [(k, 0.5) for k in range(8)]
