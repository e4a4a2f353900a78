"""Compute tiles of neurons whose sums stay in registers, to load each activation only
once for all of them.

The sums of a tile are a tuple of one pack, or several, for each of its neurons. The
number of neurons depends on the registers of the machine, see `TileSizes`. Four
neurons are not enough for a processor that starts two multiply-adds per cycle, because
each takes four cycles. Loops over packs are at the end. Because the compiler does not
vectorise the end of a loop, which in short rows is most of it, the last pack is masked.
"""

from .decorators import inline
from .packs import (
    alone,
    halves,
    hidden,
    in_float_of,
    is_laned,
    length_of,
    no_pack,
    pack,
    pack_like,
    put_pack,
    put_totals,
    spread,
    tile,
    times_plus,
    width,
)

# mypy: disable-error-code="no-untyped-def, no-untyped-call"


@inline
def no_sums(column, packs):
    """Return zeros as the sums of a tile. Each neuron has as many packs as the tuple
    `packs` has items.
    """
    return tuple(no_pack(column) for _ in range(tile().neurons * len(packs)))


@inline
def spaced(begin, gap, count):
    """Return the indices first, first + gap, ... The indices beyond the first `count`
    repeat the last of them.
    """
    at1 = begin + gap if count > 1 else begin
    at2 = at1 + gap if count > 2 else at1
    at3 = at2 + gap if count > 3 else at2
    at4 = at3 + gap if count > 4 else at3
    at5 = at4 + gap if count > 5 else at4
    at6 = at5 + gap if count > 6 else at5
    at7 = at6 + gap if count > 7 else at6
    return (begin, at1, at2, at3, at4, at5, at6, at7)[: tile().neurons]


@inline
def weights_at(column, weight, at, left):
    """Return a pack of weights: one weight for all samples, or one for each of
    consecutive numbers.
    """
    return weight[at] if is_laned(column) else pack(weight, at, left)


@inline
def add_products(sums, column, at, weight, row, gaps, left):
    """Add the products of a pack of activations and the weights from `row` on to the
    sums of a tile. `gaps` are the distances of the neurons' weights from the first
    neuron's weights.
    """
    y = pack(column, at, left)
    rows = hidden(weight, row)
    return tuple(
        times_plus(y, weights_at(column, rows, gap, left), before)
        for before, gap in zip(sums, gaps, strict=True)
    )


@inline
def load_tile(column):
    """Return the first elements of a column, one for each neuron of a tile."""
    return tuple(column[k] for k in range(tile().neurons))


@inline
def load_sums(column, at, count):
    """Load the sums of a tile from a column, in order to add to them. If `count` is not
    None, only the first `count` neurons are loaded.
    """
    return tuple(
        alone(column, at + k if count is None or k < count else at)
        for k in range(tile().neurons)
    )


@inline
def store_sums(column, at, sums, count):
    """Store the sums of a tile in a column. If `count` is None, all neurons are stored,
    and packs of single numbers are summed. Otherwise, the sums have lanes, and only the
    first `count` neurons are stored.
    """
    if count is None:
        put_totals(column, at, sums)
    else:
        for k, value in enumerate(sums):
            if k < count:
                put_pack(column, at + k, 1, value)


@inline
def push_products(column, at, errors, weight, rows, q, left):
    """Add the errors of a tile, multiplied by the weights q of each neuron's row, to a
    pack of a column.
    """
    value = pack(column, at, left)
    for error, row in zip(errors, rows, strict=True):
        value = value + spread(error, value) * weights_at(column, weight, row + q, left)
    put_pack(column, at, left, value)


@inline
def add_outer(sums, activation, at, left, error, begin, gap):
    """Add the products of packs and the error at first + k gap to the sums of neuron k.
    The last pack has `left` numbers.
    """
    step = width(activation)
    packs = len(sums) // tile().neurons
    values = tuple(
        pack(activation, at + p * step, left if p == packs - 1 else step)
        for p in range(packs)
    )
    errors = tuple(
        spread(error[begin + gap * k], values[0]) for k in range(tile().neurons)
    )
    return tuple(
        sums[i] + values[i % packs] * errors[i // packs] for i in range(len(sums))
    )


@inline
def add_rows(column, rows, q, sums, left, count, fresh):
    """Add the packs of the first `count` neurons to their rows of a column, or
    overwrite the rows if `fresh`.
    """
    packs = len(sums) // len(rows)
    step = length_of(sums[0])
    for k, row in enumerate(rows):
        if k < count:
            for p, part in enumerate(sums[k * packs : (k + 1) * packs]):
                at = row + q + p * step
                some = left if p == packs - 1 else step
                added = in_float_of(part, column)
                if tile().masks or some < step:
                    before = pack_like(added, column, at, 0 if fresh else some)
                    put_pack(column, at, some, before + added)
                elif fresh:
                    put_pack(column, at, step, added)
                else:
                    before = pack_like(added, column, at, step)
                    put_pack(column, at, step, before + added)


@inline
def add_rest(column, at, left, value):
    """Add the first `left` numbers of a pack, but not all of them, to a column.

    A load waits for a masked store nearby, even if the two do not overlap. To avoid
    this, a half, a quarter and so on are added, and each is stored as a whole.
    """
    size = length_of(value) // 2
    if size > 0:
        low, high = halves(value)
        has_half = left & size != 0
        if has_half:
            put_pack(column, at, size, pack_like(low, column, at, size) + low)
        further = at + size if has_half else at
        add_rest(column, further, left, high if has_half else low)


@inline
def add_pack(target, to, left, value):
    """Add the first `left` numbers of a pack to a column, or all of them."""
    step = width(target)
    if left >= step:
        put_pack(target, to, step, pack(target, to, step) + value)
    else:
        add_rest(target, to, left, value)


@inline
def add_scaled(target, to, scale, source, at, n):
    """Compute target[to + t] += scale * source[at + t] for n numbers that do not
    overlap.
    """
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
def set_scaled(target, to, scale, source, at, n):
    """Compute target[to + t] = scale * source[at + t] for n numbers."""
    step = width(target)
    whole = n - n % step
    for q in range(0, whole, step):
        put_pack(target, to + q, step, scale * pack(source, at + q, step))
    if whole < n:
        put_pack(
            target, to + whole, n - whole, scale * pack(source, at + whole, n - whole)
        )


# --- for any numbers, compiled with the flags of the caller ---------------------------


def sum_in_four(none, row, n, term, *of):
    """Return the sum of ``term(c, *of)`` over n connections from `row` on, in four
    parts, so that no sum waits for the previous one; `none` is 0.
    """
    total = total1 = total2 = total3 = none
    whole = row + n - n % 4
    for c in range(row, whole, 4):
        total = total + term(c, *of)
        total1 = total1 + term(c + 1, *of)
        total2 = total2 + term(c + 2, *of)
        total3 = total3 + term(c + 3, *of)
    for c in range(whole, row + n):
        total = total + term(c, *of)
    return (total + total1) + (total2 + total3)


def by_case(function, case, *arguments):
    """Call a function with a condition as the last argument, which is known in the call
    because the function is compiled for both cases.
    """
    if case:
        return function(*arguments, True)
    return function(*arguments, False)
