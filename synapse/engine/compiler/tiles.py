"""Tiles: eight neurons whose sums stay in registers, so that each activation is loaded
once for all.

A pack is what a kernel processes at once: from a column of lanes, one neuron of all
samples; from a column of single numbers, as many as fill a vector register, of which
the first `left` are valid. The sums of a tile are a tuple of one pack, or two, for each
of its neurons. Four neurons are not enough for a processor that starts two
multiply-adds per cycle, because each takes four cycles. Loops over packs are at the
end: the compiler does not vectorise the end of a loop, which in short rows is most of
it, so the last pack is masked.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from ..schema import TILE, VECTOR_BYTES
from .digest import writes_code
from .jit import inline, intrinsic_or, set_tbaa
from .lanes import FLAGS, LanesType, opaque_value, spread

writes_code()

SHORT_PACK = 4
"""Numbers of a short pack. Its loads are not longer than the stores of a squash, for
which a longer load would wait.
"""

# --- memory ---------------------------------------------------------------------------


def _wide(column: Any) -> Any:
    """Return the type of a pack of this column."""
    dtype = column.dtype
    return (
        dtype
        if isinstance(dtype, LanesType)
        else LanesType(dtype, VECTOR_BYTES * 8 // dtype.bitwidth)
    )


def _masked(
    builder: Any, address: Any, at: Any, n: Any, vector: Any
) -> tuple[Any, Any, Any, str]:
    """Return the pointer of a vector, its alignment, the mask of its first n numbers,
    LLVM's suffix for its type.
    """
    pointer = builder.bitcast(builder.gep(address, [at]), vector.as_pointer())
    double = isinstance(vector.element, ir.DoubleType)
    suffix = f"v{vector.count}f{64 if double else 32}"
    numbers = ir.VectorType(ir.IntType(64), vector.count)
    there = builder.icmp_unsigned(
        "<",
        ir.Constant(numbers, list(range(vector.count))),
        spread(builder, n, numbers),
    )  # compiled away if n is constant
    return (
        pointer,
        ir.Constant(ir.IntType(32), 8 if double else 4),
        there,
        f"{suffix}.p0{suffix}",
    )


def _load_some(
    builder: Any, address: Any, at: Any, n: Any, vector: Any, family: tuple[str, ...]
) -> Any:
    """Return the first n numbers of a vector, which need not be aligned; 0 for the
    others.
    """
    pointer, aligned, there, suffix = _masked(builder, address, at, n, vector)
    function_type = ir.FunctionType(
        vector, [pointer.type, aligned.type, there.type, vector]
    )
    function = cgutils.get_or_insert_function(
        builder.module, function_type, f"llvm.masked.load.{suffix}"
    )
    value = builder.call(
        function, [pointer, aligned, there, ir.Constant(vector, [0.0] * vector.count)]
    )
    set_tbaa(builder, value, family)
    return value


def _store_some(
    builder: Any, value: Any, address: Any, at: Any, n: Any, family: tuple[str, ...]
) -> None:
    """Store the first n numbers of a vector."""
    pointer, aligned, there, suffix = _masked(builder, address, at, n, value.type)
    function_type = ir.FunctionType(
        ir.VoidType(), [value.type, pointer.type, aligned.type, there.type]
    )
    function = cgutils.get_or_insert_function(
        builder.module, function_type, f"llvm.masked.store.{suffix}"
    )
    set_tbaa(builder, builder.call(function, [value, pointer, aligned, there]), family)


def _load_one(builder: Any, column: Any, address: Any, at: Any) -> Any:
    """Return an element of a column."""
    value = builder.load(builder.gep(address, [at]))
    set_tbaa(builder, value, column.family)
    return value


def _store_one(builder: Any, column: Any, value: Any, address: Any, at: Any) -> None:
    """Set an element of a column."""
    set_tbaa(builder, builder.store(value, builder.gep(address, [at])), column.family)


def _load_pack(
    context: Any, builder: Any, column: Any, address: Any, at: Any, left: Any
) -> Any:
    """Return the pack of a column that begins at an index."""
    if isinstance(column.dtype, LanesType):
        return _load_one(builder, column, address, at)
    return _load_some(
        builder, address, at, left, context.get_value_type(_wide(column)), column.family
    )


def _load_weights(
    builder: Any,
    column: Any,
    address: Any,
    at: Any,
    left: Any,
    vector: Any,
    laned: bool,
) -> Any:
    """Return weights for a pack: one for all samples, or one for each consecutive
    number.
    """
    if laned:
        return spread(builder, _load_one(builder, column, address, at), vector)
    return _load_some(builder, address, at, left, vector, column.family)


def _times_plus(builder: Any, factor: Any, number: Any, added: Any) -> Any:
    """Return a fused product and sum, by the flags of the function that calls it."""
    return builder.fadd(added, builder.fmul(factor, number))


def _parts(builder: Any, values: Any) -> list[Any]:
    """Return the elements of a tuple."""
    return [builder.extract_value(values, k) for k in range(values.type.count)]


def _totals(builder: Any, values: list[Any]) -> Any:
    """Return the sum of each of some vectors, as one vector: halves are added, those of
    two vectors at a time.
    """
    half = count = values[0].type.count
    while half > 1:
        half //= 2
        low = [k for k in range(2 * count) if not k & half]
        masks = [
            ir.Constant(ir.VectorType(ir.IntType(32), count), [k + by for k in low])
            for by in (0, half)
        ]
        pairs = (
            list(zip(values[::2], values[1::2], strict=True))
            if len(values) > 1
            else [2 * values]
        )
        halves = [
            [builder.shuffle_vector(*pair, mask) for mask in masks] for pair in pairs
        ]
        values = [builder.fadd(*both) for both in halves]
    return values[0]


def _offset(at: Any, by: int) -> Any:
    """Return an index as a constant of the type of another."""
    return ir.Constant(at.type, by)


# --- the parts of dense products with NUMBA_DISABLE_JIT=1, and as they are compiled
# -----------------


def _plain_width(column: Any) -> Any:
    return np.int64(1 if column.ndim > 1 else VECTOR_BYTES // column.itemsize)


def _plain_pack(column: Any, at: Any, left: Any) -> Any:
    if column.ndim > 1:
        return column[at]
    pack = np.zeros(int(_plain_width(column)), column.dtype)
    here = column[int(at) : int(at) + min(int(left), len(pack))]
    pack[: len(here)] = here
    return pack


def _plain_weights(weight: Any, at: Any, left: Any, like: Any) -> Any:
    return weight[at] if like.ndim > 1 else _plain_pack(weight, at, left)


def _plain_no_sums(column: Any, packs: Any) -> Any:
    size = column.shape[1] if column.ndim > 1 else int(_plain_width(column))
    return tuple(np.zeros(size, column.dtype) for _ in range(TILE * len(packs)))


def _plain_spaced(begin: Any, gap: Any, count: Any) -> Any:
    return tuple(begin + gap * np.int64(min(k, int(count) - 1)) for k in range(TILE))


def _plain_add_products(
    sums: Any, column: Any, at: Any, weight: Any, row: Any, gaps: Any, left: Any
) -> Any:
    y = _plain_pack(column, at, left)
    return tuple(
        total + y * _plain_weights(weight, row + gap, left, column)
        for total, gap in zip(sums, gaps, strict=True)
    )


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


def _plain_load_sums(column: Any, at: Any) -> Any:
    return tuple(_plain_pack(column, at + k, 1) for k in range(TILE))


def _plain_store_sums(column: Any, at: Any, sums: Any) -> None:
    for k, total in enumerate(sums):
        column[at + k] = total if column.ndim > 1 else total.sum()


def _plain_push_products(
    column: Any, at: Any, errors: Any, weight: Any, rows: Any, q: Any, left: Any
) -> None:
    value = _plain_pack(column, at, left)
    for error, row in zip(errors, rows, strict=True):
        value = value + error * _plain_weights(weight, row + q, left, column)
    if column.ndim > 1:
        column[at] = value
    else:
        column[int(at) : int(at) + min(int(left), len(value))] = value[: int(left)]


def _plain_add_outer(
    sums: Any, activation: Any, at: Any, left: Any, error: Any, begin: Any, gap: Any
) -> Any:
    packs = len(sums) // TILE
    wide = _plain_width(activation)
    values = [
        _plain_pack(
            activation, at + np.int64(p) * wide, left if p == packs - 1 else wide
        )
        for p in range(packs)
    ]
    return tuple(
        sums[k * packs + p] + y * error[begin + np.int64(k) * gap]
        for k in range(TILE)
        for p, y in enumerate(values)
    )


def _plain_add_rows(
    column: Any, rows: Any, q: Any, sums: Any, left: Any, count: Any, fresh: Any
) -> None:
    packs = len(sums) // len(rows)
    for k, row in enumerate(rows[: int(count)]):
        values = np.concatenate(sums[k * packs : (k + 1) * packs])
        here = column[int(row + q) :][: len(values) - len(sums[0]) + int(left)]
        here[:] = values[: len(here)] + (0.0 if fresh else here)


def _plain_transpose(
    target: Any, to: Any, gap: Any, source: Any, at: Any, step: Any, like: Any
) -> None:
    for k in range(like.shape[1]):
        for i in range(like.shape[1]):
            target[int(to) + k * int(gap) + i] = source[int(at) + i * int(step) + k]


def _plain_put_pack(column: Any, at: Any, left: Any, value: Any) -> None:
    here = column[int(at) : int(at) + min(int(left), len(value))]
    here[:] = value[: len(here)]


def _plain_add_rest(column: Any, at: Any, left: Any, value: Any) -> None:
    column[int(at) : int(at) + int(left)] += value[: int(left)]


@intrinsic_or(_plain_width)
def width(typingctx: Any, column: Any) -> Any:
    """Return the number of neurons in a pack of this column."""
    count = 1 if isinstance(column.dtype, LanesType) else _wide(column).count

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return ir.Constant(ir.IntType(64), count)

    return types.int64(column), codegen


@intrinsic_or(_plain_no_sums)
def no_sums(typingctx: Any, column: Any, packs: Any) -> Any:
    """Return zeros: for each neuron of a tile, as many packs as the tuple `packs` is
    long.
    """
    pack = _wide(column)
    result_type = types.UniTuple(pack, TILE * len(packs))

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vector = context.get_value_type(pack)
        return context.make_tuple(
            builder,
            result_type,
            [ir.Constant(vector, [0.0] * pack.count)] * result_type.count,
        )

    return result_type(column, packs), codegen


@intrinsic_or(_plain_spaced)
def spaced(typingctx: Any, first: Any, gap: Any, count: Any) -> Any:
    """Return the indices first, first + gap, ...; beyond the first `count`, the last of
    these again.
    """
    result_type = types.UniTuple(types.int64, TILE)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        at, gap, count = args
        offsets = [at]
        for k in range(1, TILE):
            there = builder.icmp_unsigned("<", _offset(count, k), count)
            at = builder.select(there, builder.add(at, gap), at)
            offsets.append(at)
        return context.make_tuple(builder, result_type, offsets)

    return result_type(types.int64, types.int64, types.int64), codegen


@intrinsic_or(_plain_add_products)
def add_products(
    typingctx: Any,
    sums: Any,
    column: Any,
    at: Any,
    weight: Any,
    row: Any,
    gaps: Any,
    left: Any,
) -> Any:
    """Add a pack of activations, times the weights from `row` on, to the sums of a
    tile; those of its neurons are apart by `gaps` from the first one's.
    """
    laned = isinstance(column.dtype, LanesType)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        sums, address, at, weights, row, gaps, left = args
        y = _load_pack(context, builder, column, address, at, left)
        # hidden: a loop would begin with the address of each of the rows
        weights = opaque_value(builder, builder.gep(weights, [row]))
        added = []
        for total, gap in zip(
            _parts(builder, sums), _parts(builder, gaps), strict=True
        ):
            w = _load_weights(builder, weight, weights, gap, left, y.type, laned)
            added.append(_times_plus(builder, y, w, total))
        return context.make_tuple(builder, sig.return_type, added)

    return sums(
        sums, column, types.int64, weight, types.int64, gaps, types.int64
    ), codegen


@intrinsic_or(_plain_load_sums)
def load_sums(typingctx: Any, column: Any, at: Any) -> Any:
    """Return the sums of a tile that a column has from an index on, to be added to."""
    pack = _wide(column)
    result_type = types.UniTuple(pack, TILE)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        address, at = args
        zero = ir.Constant(context.get_value_type(pack), [0.0] * pack.count)
        sums = []
        for k in range(TILE):
            offset = builder.add(at, _offset(at, k))
            value = _load_one(builder, column, address, offset)
            if not isinstance(column.dtype, LanesType):
                value = builder.insert_element(zero, value, ir.IntType(32)(0))
            sums.append(value)
        return context.make_tuple(builder, result_type, sums)

    return result_type(column, types.int64), codegen


@intrinsic_or(_plain_store_sums)
def store_sums(typingctx: Any, column: Any, at: Any, sums: Any) -> Any:
    """Store the sums of a tile in a column from an index on; a pack of single numbers
    is summed.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        address, at, _ = args
        values = _parts(builder, args[2])
        if isinstance(column.dtype, LanesType):
            for k, value in enumerate(values):
                offset = builder.add(at, _offset(at, k))
                _store_one(builder, column, value, address, offset)
        else:
            total = _half(builder, _totals(builder, values), 0, TILE)
            _store_some(builder, total, address, at, _offset(at, TILE), column.family)
        return context.get_dummy_value()

    return types.none(column, types.int64, sums), codegen


@intrinsic_or(lambda column: tuple(column[k] for k in range(TILE)))
def load_tile(typingctx: Any, column: Any) -> Any:
    """Return the first elements of a column, one for each neuron of a tile."""
    result_type = types.UniTuple(column.dtype, TILE)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        offsets = [ir.Constant(ir.IntType(64), k) for k in range(TILE)]
        return context.make_tuple(
            builder,
            result_type,
            [_load_one(builder, column, args[0], at) for at in offsets],
        )

    return result_type(column), codegen


@intrinsic_or(_plain_push_products)
def push_products(
    typingctx: Any,
    column: Any,
    at: Any,
    errors: Any,
    weight: Any,
    rows: Any,
    q: Any,
    left: Any,
) -> Any:
    """Add the errors of a tile, times the weights q of each neuron's row, to a pack of
    a column.
    """
    laned = isinstance(column.dtype, LanesType)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        address, at, errors, weights, rows, q, left = args
        value = _load_pack(context, builder, column, address, at, left)
        vector = value.type
        for error, row in zip(
            _parts(builder, errors), _parts(builder, rows), strict=True
        ):
            w = _load_weights(
                builder, weight, weights, builder.add(row, q), left, vector, laned
            )
            value = _times_plus(
                builder, error if laned else spread(builder, error, vector), w, value
            )
        if laned:
            _store_one(builder, column, value, address, at)
        else:
            _store_some(builder, value, address, at, left, column.family)
        return context.get_dummy_value()

    return types.none(
        column, types.int64, errors, weight, rows, types.int64, types.int64
    ), codegen


@intrinsic_or(_plain_add_outer)
def add_outer(
    typingctx: Any,
    sums: Any,
    activation: Any,
    at: Any,
    left: Any,
    error: Any,
    first: Any,
    gap: Any,
) -> Any:
    """Add errors, at first + k gap, times packs to the sums of neuron k; the last pack
    has `left` numbers.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        sums, address, at, left, errors, begin, gap = args
        vector = context.get_value_type(_wide(activation))
        packs = sums.type.count // TILE
        whole = _offset(at, vector.count)
        values = []
        for p in range(packs):
            offset = builder.add(at, _offset(at, p * vector.count))
            some = left if p == packs - 1 else whole
            values.append(
                _load_some(builder, address, offset, some, vector, activation.family)
            )
        added = []
        parts = _parts(builder, sums)
        for k in range(TILE):
            offset = builder.add(begin, builder.mul(gap, _offset(gap, k)))
            e = spread(builder, _load_one(builder, error, errors, offset), vector)
            added += [
                _times_plus(builder, y, e, parts[k * packs + p])
                for p, y in enumerate(values)
            ]
        return context.make_tuple(builder, sig.return_type, added)

    i64 = types.int64
    return sums(sums, activation, i64, i64, error, i64, i64), codegen


@intrinsic_or(_plain_add_rows)
def add_rows(
    typingctx: Any,
    column: Any,
    rows: Any,
    q: Any,
    sums: Any,
    left: Any,
    count: Any,
    fresh: Any,
) -> Any:
    """Add the packs of the first `count` neurons to their rows of a column; if `fresh`,
    overwrite these.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        address, rows, q, sums, left, count, fresh = args
        parts = _parts(builder, sums)
        packs = sums.type.count // rows.type.count
        vector = ir.VectorType(
            context.get_value_type(column.dtype), parts[0].type.count
        )
        whole = _offset(q, vector.count)
        for k, row in enumerate(_parts(builder, rows)):
            with builder.if_then(builder.icmp_unsigned("<", _offset(count, k), count)):
                for p in range(packs):
                    offset = builder.add(
                        builder.add(row, q), _offset(q, p * vector.count)
                    )
                    some = left if p == packs - 1 else whole
                    value = parts[k * packs + p]
                    if vector != value.type:
                        value = builder.fpext(value, vector)
                    filled = builder.select(fresh, _offset(q, 0), some)
                    stored = _load_some(
                        builder, address, offset, filled, vector, column.family
                    )
                    value = builder.fadd(stored, value, flags=FLAGS)
                    _store_some(builder, value, address, offset, some, column.family)
        return context.get_dummy_value()

    return types.none(
        column, rows, types.int64, sums, types.int64, types.int64, types.boolean
    ), codegen


@intrinsic_or(_plain_transpose)
def transpose(
    typingctx: Any,
    target: Any,
    to: Any,
    gap: Any,
    source: Any,
    at: Any,
    step: Any,
    like: Any,
) -> Any:
    """Transpose a square of numbers, as wide as `like` has lanes. Rows are `step`
    apart, then `gap`.
    """
    # one sample: never called
    count = like.dtype.count if isinstance(like.dtype, LanesType) else 0

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        target_address, to, gap, address, at, step, _ = args
        vector = ir.VectorType(context.get_value_type(source.dtype), count)
        whole = _offset(at, count)
        rows = []
        for k in range(count):
            offset = builder.add(at, builder.mul(step, _offset(step, k)))
            rows.append(
                _load_some(builder, address, offset, whole, vector, source.family)
            )
        half = 1
        while half < count:  # exchange the halves of blocks of 2, 4, 8, ...
            for i in (i for i in range(count) if not i & half):
                upper = rows[i]
                lower = rows[i + half]
                lower_half = [count + k - half if k & half else k for k in range(count)]
                upper_half = [count + k if k & half else k + half for k in range(count)]
                for row, order in ((i, lower_half), (i + half, upper_half)):
                    mask = ir.Constant(ir.VectorType(ir.IntType(32), count), order)
                    rows[row] = builder.shuffle_vector(upper, lower, mask)
            half *= 2
        for k, row in enumerate(rows):
            offset = builder.add(to, builder.mul(gap, _offset(gap, k)))
            _store_some(builder, row, target_address, offset, whole, target.family)
        return context.get_dummy_value()

    i64 = types.int64
    return types.none(target, i64, i64, source, i64, i64, like), codegen


@intrinsic_or(_plain_pack)
def pack(typingctx: Any, column: Any, at: Any, left: Any) -> Any:
    """Return the first `left` numbers of the pack that begins at an index; 0 for the
    others.
    """
    result_type = _wide(column)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        address, at, left = args
        return _load_some(
            builder,
            address,
            at,
            left,
            context.get_value_type(result_type),
            column.family,
        )

    return result_type(column, types.int64, types.int64), codegen


@intrinsic_or(_plain_put_pack)
def put_pack(typingctx: Any, column: Any, at: Any, left: Any, value: Any) -> Any:
    """Store the first `left` numbers of a pack."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        address, at, left, value = args
        _store_some(builder, value, address, at, left, column.family)
        return context.get_dummy_value()

    return types.none(column, types.int64, types.int64, value), codegen


@intrinsic_or(lambda column: np.zeros(int(_plain_width(column)), column.dtype))
def no_pack(typingctx: Any, column: Any) -> Any:
    """Return a pack of zeros."""
    result_type = _wide(column)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vector = context.get_value_type(result_type)
        return ir.Constant(vector, [0.0] * vector.count)

    return result_type(column), codegen


def _no_numbers(count: int) -> Any:
    """Return a primitive that returns a pack of `count` zeros."""

    @intrinsic_or(lambda column: np.zeros(count, column.dtype))
    def zeros(typingctx: Any, column: Any) -> Any:
        result_type = LanesType(column.dtype, count)

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return ir.Constant(context.get_value_type(result_type), [0.0] * count)

        return result_type(column), codegen

    return zeros


no_short_pack: Any = _no_numbers(SHORT_PACK)
no_single: Any = _no_numbers(1)


@intrinsic_or(lambda rows, pack: (pack,) * len(rows))
def for_each(typingctx: Any, rows: Any, pack: Any) -> Any:
    """Return a tuple with this pack for each of some rows."""
    result_type = types.UniTuple(pack, rows.count)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return context.make_tuple(builder, result_type, [args[1]] * result_type.count)

    return result_type(rows, pack), codegen


@intrinsic_or(lambda pack: np.int64(1 << 60))
def lanes_of(typingctx: Any, pack: Any) -> Any:
    """Return how many numbers a pack has; in plain Python it has room for a whole
    run.
    """
    count = pack.count

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return ir.Constant(ir.IntType(64), count)

    return types.int64(pack), codegen


@intrinsic_or(_plain_update_rows)
def update_rows(
    typingctx: Any,
    weight: Any,
    rows: Any,
    q: Any,
    steps: Any,
    column: Any,
    at: Any,
    left: Any,
    sums: Any,
) -> Any:
    """Add a pack of a column, times the step of each row, to the numbers q of the
    rows. It is as long as those of `sums`.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        weights, rows, q, steps, address, at, left, _ = args
        vector = context.get_value_type(sums.dtype)
        y = _load_some(builder, address, at, left, vector, column.family)
        for row, step in zip(
            _parts(builder, rows), _parts(builder, steps), strict=True
        ):
            offset = builder.add(row, q)
            w = _load_some(builder, weights, offset, left, vector, weight.family)
            w = _times_plus(builder, spread(builder, step, vector), y, w)
            _store_some(builder, w, weights, offset, left, weight.family)
        return context.get_dummy_value()

    i64 = types.int64
    return types.none(weight, rows, i64, steps, column, i64, i64, sums), codegen


@intrinsic_or(_plain_add_rows_products)
def add_rows_products(
    typingctx: Any,
    sums: Any,
    column: Any,
    at: Any,
    weight: Any,
    rows: Any,
    q: Any,
    left: Any,
) -> Any:
    """Add a pack of a column, times the numbers q of each row, to its sum.

    `add_products` hides the address of the weights, so a weight that `update_rows` has
    just stored would be loaded again.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        sums, address, at, weights, rows, q, left = args
        vector = context.get_value_type(sig.return_type.dtype)
        y = _load_some(builder, address, at, left, vector, column.family)
        added = []
        for total, row in zip(
            _parts(builder, sums), _parts(builder, rows), strict=True
        ):
            offset = builder.add(row, q)
            w = _load_some(builder, weights, offset, left, vector, weight.family)
            added.append(_times_plus(builder, y, w, total))
        return context.make_tuple(builder, sig.return_type, added)

    i64 = types.int64
    return sums(sums, column, i64, weight, rows, i64, i64), codegen


@intrinsic_or(
    lambda packs, others: tuple(
        (pack + other).sum() for pack, other in zip(packs, others, strict=True)
    )
)
def totals(typingctx: Any, packs: Any, others: Any) -> Any:
    """Return the sum of the numbers of each two packs."""
    result = types.UniTuple(packs.dtype.scalar, packs.count)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pairs = zip(*(_parts(builder, values) for values in args), strict=True)
        sums = [builder.fadd(*pair) for pair in pairs]
        word = ir.IntType(32)
        if packs.dtype.count == 1:
            values = [builder.extract_element(value, word(0)) for value in sums]
        else:
            both = _totals(builder, sums)
            values = [builder.extract_element(both, word(k)) for k in range(len(sums))]
        return context.make_tuple(builder, result, values)

    return result(packs, others), codegen


@intrinsic_or(_plain_add_rest)
def add_rest(typingctx: Any, column: Any, at: Any, left: Any, value: Any) -> Any:
    """Add the first `left` numbers of a pack, fewer than all, to a column.

    A load waits for a masked store nearby, even if they do not overlap. So this adds a
    half, a quarter, ... each of which is stored whole.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        address, at, left, value = args
        size = value.type.count // 2
        while size:
            vector = ir.VectorType(value.type.element, size)
            low, high = (_half(builder, value, start, size) for start in (0, size))
            there = builder.icmp_unsigned(
                "!=", builder.and_(left, _offset(left, size)), _offset(left, 0)
            )
            with builder.if_then(there):
                pointer = builder.bitcast(
                    builder.gep(address, [at]), vector.as_pointer()
                )
                alignment = 8 if isinstance(vector.element, ir.DoubleType) else 4
                loaded = builder.load(pointer, align=alignment)
                set_tbaa(builder, loaded, column.family)
                stored = builder.store(
                    builder.fadd(loaded, low, flags=FLAGS), pointer, align=alignment
                )
                set_tbaa(builder, stored, column.family)
            value = builder.select(there, high, low)
            at = builder.select(there, builder.add(at, _offset(at, size)), at)
            size //= 2
        return context.get_dummy_value()

    return types.none(column, types.int64, types.int64, value), codegen


def _half(builder: Any, value: Any, start: int, size: int) -> Any:
    """Return some neighbouring numbers of a vector."""
    mask = ir.Constant(
        ir.VectorType(ir.IntType(32), size), list(range(start, start + size))
    )
    return builder.shuffle_vector(value, ir.Constant(value.type, ir.Undefined), mask)


@inline
def add_pack(target: Any, to: Any, left: Any, value: Any) -> None:
    """Add the first `left` numbers of a pack to a column, or all of them."""
    step = width(target)
    if left >= step:
        put_pack(target, to, step, pack(target, to, step) + value)
    else:
        add_rest(target, to, left, value)


@inline
def add_scaled(target: Any, to: Any, scale: Any, source: Any, at: Any, n: Any) -> None:
    """target[to + t] += scale * source[at + t] for n numbers, which do not overlap."""
    step = width(target)
    whole = n - n % step
    for q in range(0, whole, step):
        put_pack(
            target,
            to + q,
            step,
            pack(target, to + q, step) + scale * pack(source, at + q, step),
        )
    if whole < n:
        add_rest(
            target, to + whole, n - whole, scale * pack(source, at + whole, n - whole)
        )


@inline
def set_scaled(target: Any, to: Any, scale: Any, source: Any, at: Any, n: Any) -> None:
    """target[to + t] = scale * source[at + t] for n numbers."""
    step = width(target)
    whole = n - n % step
    for q in range(0, whole, step):
        put_pack(target, to + q, step, scale * pack(source, at + q, step))
    if whole < n:
        put_pack(
            target, to + whole, n - whole, scale * pack(source, at + whole, n - whole)
        )
