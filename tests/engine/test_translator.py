"""Loops over integers are the same in Python and as machine code."""

from __future__ import annotations

import numpy as np
import pytest

from synapse.engine.compiler import jit
from synapse.engine.lowering import compiled, runner
from synapse.engine.lowering.loops.ranges import Pair
from synapse.engine.lowering.translator import translate
from synapse.engine.schema import NONE
from tests.engine.test_store import store_of

pytestmark = pytest.mark.skipif(jit.DEBUGGING, reason="nothing is compiled")

LARGE = 1 << 40


def numbers(store, n, count, work) -> Pair:
    """Arithmetic, comparisons and conditions of a and b."""
    a = work[0]
    b = work[1]
    work[2], work[3] = pair(a, b)
    work[4] = a & b | LARGE ^ 5
    work[5] = a << 3
    work[6] = a >> 1
    work[7] = a < b
    work[8] = (a <= b) + (a > b) * 2 + (a >= b) * 4 + (a == b) * 8 + (a != b) * 16
    work[9] = min(a, b)
    work[10] = max(a, -1)
    work[11] = a > 0 and (b > 0 or not a & 3)
    work[12] = not (a > 0 or b > 0)
    work[13] = a if a > b and b != 2 else b
    work[14] += a
    work[14] |= 1
    return a, b


def pair(a, b) -> Pair:
    """Two numbers."""
    return a + b - 2, a - 3 * b


def loops(store, n, count, work) -> Pair:
    """Loops of every kind, with calls."""
    number = 0
    for i in range(n):
        if i == 3:
            continue
        for j in range(2, i):
            if j > 5:
                break
            number += odd(j)
    for k in range(count, -1, -1):
        work[k] += k
    i = 0
    while i < 10 and work[i] >= 0:
        i = following(i)
    clear(work, 1)
    return number, i


def odd(i) -> int:
    """1 for odd numbers."""
    if i & 1:
        return 1
    return 0


def following(i) -> int:
    """The next number."""
    return i + 1


def clear(work, i) -> None:
    """Set a number to 0, if it is not."""
    if work[i] == 0:
        return
    work[i] = 0


def columns(store, n, count, work) -> Pair:
    """Read and write integers of every width; signs stay."""
    store.target[1] = store.target[0] - 1
    store.trainable[0] = store.trainable[0] + 199
    store.sign[1] = store.sign[0]
    work[0] = store.sign[1]
    work[1] = store.identity[0] == 0xFFFFFFFF
    return store.target[1], store.trainable[0]


def chained(store, n, count, work) -> Pair:
    """Not translated: a comparison of three numbers."""
    return 0 < n < 3, 0


def listed(store, n, count, work) -> Pair:
    """Not translated: what no loop of lowering needs."""
    return len([n]), 0


def inverted(store, n, count, work) -> Pair:
    """Not translated: an operator that no loop of lowering needs."""
    return ~n, 0


def outcome(loop, debugging, work, n_neurons=2):
    """The results of a loop, the memory and the columns after it."""
    store = store_of(n_neurons, (0, 1), (1, 0))
    store.columns["sign"][:2] = -1, 0
    store.columns["identity"][0] = NONE
    memory = work.copy()
    before = runner.DEBUGGING
    runner.DEBUGGING = debugging
    try:
        results = runner.run(loop, store, memory)
    finally:
        runner.DEBUGGING = before
    c = store.columns
    names = ("target", "trainable", "sign")
    return (
        [*map(int, results)],
        memory.tolist(),
        [c[name][:2].tolist() for name in names],
    )


@pytest.mark.parametrize("loop", [numbers, loops, columns])
@pytest.mark.parametrize(
    ("a", "b"), [(3, 2), (0, 0), (-7, 5), (5, 5), (3, -4), (LARGE, -LARGE)]
)
def test_a_loop_computes_the_same_in_python_and_as_machine_code(loop, a, b):
    work = np.zeros(20, np.int64)
    work[:2] = a, b
    assert outcome(loop, False, work) == outcome(loop, True, work)


def test_loops_end_where_they_end_in_python():
    work = np.zeros(20, np.int64)
    for n in (2, 3, 4, 9):
        assert outcome(loops, False, work, n) == outcome(loops, True, work, n)


@pytest.mark.parametrize("loop", [chained, listed, inverted])
def test_what_is_not_translated_is_refused_by_name(loop):
    with pytest.raises(NotImplementedError, match=loop.__name__):
        translate(loop)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty directory for machine code."""
    path = tmp_path / "new" / "cache"
    monkeypatch.setattr(compiled, "_FOLDER", path)
    return path


def results_of(loop):
    """The results of newly loaded machine code."""
    entry = compiled.entry_of(loop)
    results = np.zeros(2, np.int64)
    work = np.arange(20)
    store = store_of(2, (0, 1))
    store.renew_table()
    entry(store.address, 2, 1, work.ctypes.data, results.ctypes.data)
    return results.tolist()


def test_machine_code_is_compiled_once_and_damaged_files_are_replaced(
    folder, monkeypatch
):
    expected = results_of(numbers)
    (file,) = folder.iterdir()
    content = file.read_bytes()
    with monkeypatch.context() as patch:
        patch.delattr(compiled, "_compile")
        assert results_of(numbers) == expected
    file.write_bytes(content[:-1] + b"x")
    assert results_of(numbers) == expected
    assert file.read_bytes() == content
    assert [*folder.iterdir()] == [file]


def test_without_a_place_for_files_loops_are_compiled_in_every_process(
    folder, monkeypatch
):
    folder.parent.write_text("a file, where the directory would be")
    assert results_of(numbers) == results_of(numbers)
