"""Compute with packs, which are numbers that a kernel processes at once.

From a column of lanes, a pack is one neuron of all samples. From a column of single
numbers, it contains as many numbers as fill a vector register, of which the first
`left` are valid. In Python, a pack is an array.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..schema import VECTOR_BYTES
from .plain import HAS_LLVM
from .tile_sizes import NARROW_TILE, TileSizes
from .tree import (
    INT,
    ColumnKind,
    Node,
    PackKind,
    TupleKind,
    column_of,
    convert,
    is_known,
    items_of,
    known,
    literal,
    load,
    read_from,
    statement,
    tuple_of,
)
from .words import word

if TYPE_CHECKING:
    from .translator import Translator

SHORT_PACK = 4
"""Numbers of a short pack. Its loads are not longer than the stores of a squash, for
which a longer load would wait.
"""


def _is_laned(column: Node) -> bool:
    return isinstance(column.kind.of, PackKind)


def wide(t: Translator, column: Node) -> Any:
    """Return the kind of a column's packs, or of a single number without packs."""
    of = column.kind.of
    if isinstance(of, PackKind):
        return of
    return _packed(t, of, VECTOR_BYTES // np.dtype(of).itemsize)


def _packed(t: Translator, of: str, count: int) -> Any:
    return PackKind(of, count) if t.program.packed else of


def _length(kind: Any) -> int:
    return kind.length if isinstance(kind, PackKind) else 1


def load_some(t: Translator, column: Node, at: Node, left: Node, kind: Any) -> Node:
    """Load the first numbers of a pack that starts at an index. The others are 0."""
    at = convert(at, INT)
    if isinstance(kind, PackKind):
        return Node("load_some", kind, (column, at, convert(left, INT)))
    test = t.compare(">", left, known(0))
    if is_known(test):
        return load(column, at) if test.kind.value else literal(kind, 0.0)
    return Node("choice", kind, (test, load(column, at), literal(kind, 0.0)))


def store_some(t: Translator, value: Node, column: Node, at: Node, left: Node) -> None:
    """Store the first numbers of a pack."""
    at = convert(at, INT)
    if isinstance(value.kind, PackKind):
        t.effect(statement("store_some", value, column, at, convert(left, INT)))
        return
    test = t.compare(">", left, known(0))
    before, t.out = t.out, []
    t.store(column, at, value)
    stored, t.out = t.out, before
    if is_known(test):
        t.out += stored if test.kind.value else []
    else:
        t.effect(statement("if", test, stored, []))


# --- in plain Python


def plain_width(column: Any) -> Any:
    """Return the number of neurons in a pack."""
    return np.int64(1 if column.ndim > 1 else VECTOR_BYTES // column.itemsize)


def _plain_pack(column: Any, at: Any, left: Any) -> Any:
    if column.ndim > 1:
        return column[at]
    return _plain_pack_like(range(int(plain_width(column))), column, at, left)


def _plain_pack_like(like: Any, column: Any, at: Any, left: Any) -> Any:
    numbers = np.zeros(len(like), column.dtype)
    here = column[int(at) : int(at) + min(int(left), len(numbers))]
    numbers[: len(here)] = here
    return numbers


def _plain_put_pack(column: Any, at: Any, left: Any, value: Any) -> None:
    if column.ndim > 1:
        column[at] = value
        return
    here = column[int(at) : int(at) + min(int(left), len(value))]
    here[:] = value[: len(here)]


def _plain_transpose(
    target: Any, to: Any, gap: Any, source: Any, at: Any, step: Any, like: Any
) -> None:
    for k in range(like.shape[1]):
        for i in range(like.shape[1]):
            target[int(to) + k * int(gap) + i] = source[int(at) + i * int(step) + k]


def _plain_update_rows(
    weight: Any,
    rows: Any,
    q: Any,
    steps: Any,
    column: Any,
    at: Any,
    left: Any,
    sums: Any,
) -> None:
    y = column[int(at) : int(at + left)]
    for row, step in zip(rows, steps, strict=True):
        weight[int(row + q) : int(row + q) + len(y)] += step * y


def _plain_add_rows_products(
    sums: Any, column: Any, at: Any, weight: Any, rows: Any, q: Any, left: Any
) -> Any:
    added = [total.copy() for total in sums]
    for total, row in zip(added, rows, strict=True):
        for k in range(int(left)):  # one after the other, as programs in C add
            total[0] += column[at + k] * weight[row + q + k]
    return tuple(added)


# --- numbers of packs


def _tile() -> TileSizes:
    if not HAS_LLVM:
        return NARROW_TILE
    from .machine import tile  # which loads LLVM

    return tile()


@word(_tile)
def tile(t: Translator) -> Node:
    """Return the `TileSizes` of the processor that kernels are compiled for."""
    return known(_tile())


@word(plain_width)
def width(t: Translator, column: Node) -> Node:
    """Return the number of neurons in a pack of this column."""
    return known(1 if _is_laned(column) else _length(wide(t, column)))


@word(lambda column: column.ndim > 1)
def is_laned(t: Translator, column: Node) -> Node:
    """Return whether a column has a number for each of several samples."""
    return known(_is_laned(column))


@word(lambda pack: np.int64(1 << 60))
def lanes_of(t: Translator, pack: Node) -> Node:
    """Return the length of a pack, which in plain Python is as long as a run."""
    return known(_length(pack.kind))


@word(lambda pack: np.int64(len(pack)))
def length_of(t: Translator, pack: Node) -> Node:
    """Return the length of a pack."""
    return known(_length(pack.kind))


def _zeros(kind: Any) -> Node:
    return Node("zeros", kind) if isinstance(kind, PackKind) else literal(kind, 0.0)


def _no_numbers(count: int) -> Any:
    """Return a word for zeros. It returns `count` of them, or a whole pack if `count`
    is 0.
    """

    def plain(column: Any) -> Any:
        whole = column.shape[1] if column.ndim > 1 else plain_width(column)
        return np.zeros(count or int(whole), column.dtype)

    @word(plain)
    def zeros(t: Translator, column: Node) -> Node:
        return _zeros(_packed(t, column.kind.of, count) if count else wide(t, column))

    return zeros


no_pack = _no_numbers(0)
no_short_pack = _no_numbers(SHORT_PACK)
no_single = _no_numbers(1)


@word(lambda rows, pack: (pack,) * len(rows))
def for_each(t: Translator, rows: Node, pack: Node) -> Node:
    """Return a tuple that repeats this pack for each row."""
    count = len(items_of(rows))
    return Node("tuple", TupleKind((pack.kind,) * count), (pack,) * count)


@word(lambda pack: np.split(pack, 2))
def halves(t: Translator, pack: Node) -> Node:
    """Return the two halves of a pack."""
    size = pack.kind.length // 2
    kind, pack = PackKind(pack.kind.of, size), t.temporary(pack)
    orders = tuple(range(size)), tuple(range(size, 2 * size))
    parts = tuple(Node("shuffle", kind, (pack, pack, order)) for order in orders)
    return Node("tuple", TupleKind((kind, kind)), parts)


@word(lambda value, column: np.full(column.shape[1:], value, column.dtype)[()])
def splat(t: Translator, value: Node, column: Node) -> Node:
    """Return a number in every lane, converted to the float type of a column."""
    return convert(value, read_from(column.kind.of))


@word(lambda error, pack: error)
def spread(t: Translator, number: Node, pack: Node) -> Node:
    """Return a pack that repeats a number."""
    return convert(number, pack.kind)


@word(lambda pack, column: pack.astype(column.dtype))
def in_float_of(t: Translator, pack: Node, column: Node) -> Node:
    """Convert a pack to the float type of a column."""
    if not isinstance(pack.kind, PackKind):
        return convert(pack, column.kind.of)
    return convert(pack, PackKind(column.kind.of, pack.kind.length))


@word(np.sum)
def total(t: Translator, value: Node) -> Node:
    """Return the sum over all samples."""
    if not isinstance(value.kind, PackKind):
        return value
    return Node("reduced", value.kind.of, (value,))


def _plain_flat(tapes: Any) -> Any:
    return tapes._make(
        column.reshape(-1) if column.ndim > 1 else column for column in tapes
    )


@word(_plain_flat)
def flat(t: Translator, tapes: Node) -> Node:
    """Return tapes in which columns of lanes are columns of single numbers."""
    return Node("retyped", tapes.kind._replace(lanes=1), (tapes,))


@word(
    lambda tapes: (
        tapes.transposed if tapes.activation.ndim > 1 else tapes.activation
    ).reshape(-1)
)
def by_sample(t: Translator, tapes: Node) -> Node:
    """Return activations with consecutive neurons. For one sample they are unchanged,
    and for several samples they are transposed.
    """
    column = column_of(tapes, "activation" if tapes.kind.lanes == 1 else "transposed")
    return Node("retyped", ColumnKind(tapes.kind.scalar, column.kind.family), (column,))


# --- reading and writing


@word(_plain_pack)
def pack(t: Translator, column: Node, at: Node, left: Node) -> Node:
    """Return the first `left` numbers of the pack that starts at an index, followed by
    zeros. In a column of lanes, the pack consists of the numbers of one neuron.
    """
    if _is_laned(column):
        return load(column, convert(at, INT))
    return load_some(t, column, at, left, wide(t, column))


@word(_plain_pack_like)
def pack_like(t: Translator, like: Node, column: Node, at: Node, left: Node) -> Node:
    """Return a pack as long as another, with the first `left` numbers of a column from
    an index on.
    """
    kind = _packed(t, column.kind.of, _length(like.kind))
    return load_some(t, column, at, left, kind)


@word(_plain_put_pack)
def put_pack(t: Translator, column: Node, at: Node, left: Node, value: Node) -> None:
    """Store the first `left` numbers of a pack, or the numbers of one neuron."""
    if _is_laned(column):
        t.store(column, convert(at, INT), value)
    else:
        store_some(t, value, column, at, left)


@word(lambda column, at: _plain_pack(column, at, 1))
def alone(t: Translator, column: Node, at: Node) -> Node:
    """Return a pack that starts with a single number of a column, or that has all
    numbers of one neuron.
    """
    number = load(column, convert(at, INT))
    if _is_laned(column) or not t.program.packed:
        return number
    return Node("first_lane", wide(t, column), (number,))


@word(lambda column, index: column[int(index) :])
def hidden(t: Translator, column: Node, index: Node) -> Node:
    """Return a column from an index on, with an address that the optimiser cannot
    analyse. Otherwise, a loop would start by computing the address of each row.
    """
    return Node("hidden", column.kind, (column, convert(index, INT)))


def _times_plus(t: Translator, a: Node, b: Node, c: Node) -> Node:
    """Return the pack a b + c, rounded only once if the processor supports this. LLVM
    alone would fuse the product and the sum in some loops and not in others.
    """
    if not isinstance(c.kind, PackKind):
        return t.binary("Add", c, t.binary("Mult", a, b))
    return Node("math", c.kind, ("fmuladd", convert(a, c.kind), convert(b, c.kind), c))


@word(lambda a, b, c: c + a * b)
def times_plus(t: Translator, a: Node, b: Node, c: Node) -> Node:
    """Return the pack a b + c. See `_times_plus`."""
    return _times_plus(t, a, b, c)


@word(_plain_update_rows)
def update_rows(
    t: Translator,
    weight: Node,
    rows: Node,
    q: Node,
    steps: Node,
    column: Node,
    at: Node,
    left: Node,
    sums: Node,
) -> None:
    """Add a pack of a column, multiplied by each row's step, to the numbers q of the
    rows. The pack is as long as the packs of `sums`.
    """
    kind = sums.kind.items[0]
    y = t.temporary(load_some(t, column, at, left, kind))
    for row, step in zip(items_of(rows), items_of(steps), strict=True):
        place = t.temporary(t.binary("Add", row, q))
        changed = _times_plus(t, step, y, load_some(t, weight, place, left, kind))
        store_some(t, changed, weight, place, left)


@word(_plain_add_rows_products)
def add_rows_products(
    t: Translator,
    sums: Node,
    column: Node,
    at: Node,
    weight: Node,
    rows: Node,
    q: Node,
    left: Node,
) -> Node:
    """Add a pack of a column, multiplied by the numbers q of each row, to the row's
    sum.

    Unlike `add_products`, this does not hide the address of the weights. Otherwise, a
    weight that `update_rows` has just stored would be loaded again.
    """
    kind = sums.kind.items[0]
    y = t.temporary(load_some(t, column, at, left, kind))
    added = []
    for before, row in zip(items_of(sums), items_of(rows), strict=True):
        w = load_some(t, weight, t.binary("Add", row, q), left, kind)
        added.append(_times_plus(t, y, w, before))
    return Node("tuple", sums.kind, tuple(added))


@word(
    lambda packs, others: tuple(
        (pack + other).sum() for pack, other in zip(packs, others, strict=True)
    )
)
def totals(t: Translator, packs: Node, others: Node) -> Node:
    """Return the sums of the numbers in two packs at a time."""
    pairs = zip(items_of(packs), items_of(others), strict=True)
    both = tuple(t.binary("Add", *pair) for pair in pairs)
    if not t.program.packed:
        return tuple_of(both)
    return Node("sums", TupleKind((both[0].kind.of,) * len(both)), both)


def _plain_put_totals(column: Any, at: Any, packs: Any) -> None:
    for k, numbers in enumerate(packs):
        column[at + k] = numbers if column.ndim > 1 else numbers.sum()


@word(_plain_put_totals)
def put_totals(t: Translator, column: Node, at: Node, packs: Node) -> None:
    """Store the sums of the packs consecutively. In a column of lanes, store the packs
    themselves.
    """
    values = items_of(packs)
    if _is_laned(column) or not t.program.packed:
        for k, value in enumerate(values):
            t.store(column, convert(t.binary("Add", at, known(k)), INT), value)
        return
    kind = wide(t, column)
    count = len(values)
    sums = Node("sums", kind, tuple(values))
    if kind.length > count:
        order = tuple(range(count))
        sums = Node("shuffle", PackKind(kind.of, count), (sums, sums, order))
    store_some(t, sums, column, at, literal(INT, count))


@word(_plain_transpose)
def transpose(
    t: Translator,
    target: Node,
    to: Node,
    gap: Node,
    source: Node,
    at: Node,
    step: Node,
    like: Node,
) -> None:
    """Transpose a square of numbers that is as wide as `like` has lanes. The rows of
    the source are `step` apart, and the rows of the target `gap`.
    """
    if not _is_laned(like):  # one sample: never called
        return
    count = like.kind.of.length
    kind = PackKind(source.kind.of, count)
    whole = literal(INT, count)

    def row_at(begin: Node, apart: Node, k: int) -> Node:
        return t.binary("Add", begin, t.binary("Mult", apart, known(k)))

    rows = [
        t.temporary(load_some(t, source, row_at(at, step, k), whole, kind))
        for k in range(count)
    ]
    half = 1
    while half < count:  # exchange the halves of blocks of 2, 4, 8, ...
        for i in (i for i in range(count) if not i & half):
            pair = rows[i], rows[i + half]
            lower = tuple(count + k - half if k & half else k for k in range(count))
            upper = tuple(count + k if k & half else k + half for k in range(count))
            for row, order in ((i, lower), (i + half, upper)):
                rows[row] = t.temporary(Node("shuffle", kind, (*pair, order)))
        half *= 2
    for k, made in enumerate(rows):
        store_some(t, made, target, row_at(to, gap, k), whole)
