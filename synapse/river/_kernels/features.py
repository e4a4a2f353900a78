"""The inputs that are not 0 in a sample, with their activations."""

import math

from ...engine.functions.scale import take_value
from ...engine.language import inline, kernel

VALUE, INDICATOR, EXPECTED, SEEN, START, WIDTH = range(6)
"""Columns of the table of features. They contain the two inputs, whether the indicator
is 1 while the feature is absent, the latest sample with the feature, the sample from
which on all have it, and finally the number of columns."""
CONSTANT, REPEATS = range(2)
"""Columns of the table of values without an input, which contain the value and its
count."""
NONE = -1


@inline
def sort_by_place(places, values, n):
    """Sort n features, without a change if they are in order (Shell 1959)."""
    gap = 1
    while 3 * gap < n:
        gap = 3 * gap + 1
    while gap > 0:
        for k in range(gap, n):
            place = places[k]
            value = values[k]
            at = k
            while at >= gap and places[at - gap] > place:
                places[at] = places[at - gap]
                values[at] = values[at - gap]
                at -= gap
            places[at] = place
            values[at] = value
        gap //= 3


@inline
def add_absent(places, values, expected, n):
    """Add the expected features that are absent, whose values are NaN, to n sorted
    ones, and return their number.
    """
    count = n
    q = 0
    for k in range(expected.size):
        while q < n and places[q] < expected[k]:
            q += 1
        if q == n or places[q] != expected[k]:
            places[count] = expected[k]
            values[count] = math.nan
            count += 1
    return count


@inline
def wanted_role(p, value, now, usual, table, constants):
    """Return the role that a feature needs before a sample is counted, which is an
    input, EXPECTED for an indicator of the opposite, or NONE.
    """
    role = NONE
    if value != value:  # an absent feature, which is expected
        seen = table[p, SEEN]
        if seen != NONE and table[p, INDICATOR] == NONE:
            role = INDICATOR
        elif seen != NONE and now - seen > usual:
            role = EXPECTED
    elif table[p, EXPECTED] == 0 and table[p, INDICATOR] == NONE:
        role = INDICATOR
    elif table[p, VALUE] == NONE and value != constants[p, CONSTANT]:
        role = VALUE
    elif (
        table[p, EXPECTED] == 0
        and table[p, SEEN] == now - 1
        and now - table[p, START] >= usual
    ):
        role = EXPECTED
    return role


@kernel
def list_inputs(
    present,
    places,
    values,
    expected,
    now,
    usual,
    keep,
    table,
    constants,
    numbers,
    sample,
):
    """Write the inputs of a sample as a sparse row, and return 0. Because sums depend
    on the order of inputs, this order does not depend on the order of the keys.

    The first `present` places and values belong to the sample's features, where a place
    below 0 belongs to no feature. `expected` contains the places of expected features,
    in order, and the arrays must have room for them, too. If `now`, the number of the
    sample, is above 0, the values are counted, see ``take_rows``. If features need
    something first, see `wanted_role`, nothing is counted. Instead, their number is
    returned, and the row contains their places and roles. `usual` is the number of
    samples after which presence or absence is expected.
    """
    units, inputs, starts = sample
    sort_by_place(places, values, present)
    count = add_absent(places, values, expected, present)
    if now > 0:
        wanted = 0
        for q in range(count):
            role = wanted_role(places[q], values[q], now, usual, table, constants)
            if role != NONE:
                inputs[wanted] = places[q]
                units[wanted] = role
                wanted += 1
        if wanted > 0:
            return wanted
    weight = 1.0 if now > 0 else 0.0
    n = 0
    for q in range(count):
        p = places[q]
        if p < 0:
            continue
        absent = values[q] != values[q]
        i = table[p, VALUE]
        if not absent and i != NONE:
            inputs[n] = i
            units[n] = take_value(values[q], weight, keep, numbers, i)
            n += 1
        if not absent and now > 0:
            if i == NONE:
                constants[p, REPEATS] = keep * constants[p, REPEATS] + 1.0
            if table[p, SEEN] != now - 1:
                table[p, START] = now
            table[p, SEEN] = now
        i = table[p, INDICATOR]
        if i != NONE and absent == (table[p, EXPECTED] != 0):
            inputs[n] = i
            units[n] = 1.0
            n += 1
    starts[1] = n
    return 0
