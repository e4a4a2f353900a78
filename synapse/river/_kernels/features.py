"""The inputs that are not 0 in a sample, with their activations."""

from ...engine.functions.scale import take_value
from ...engine.language import inline, kernel

VALUE, INDICATOR, EXPECTED, SEEN, START = range(5)
"""Rows of the table of features: the two inputs; whether the indicator is 1 while the
feature is absent; the latest sample with the feature, and that from which on all have
it."""
CONSTANT, REPEATS = range(2)
"""Rows of the table of values without an input: the value, and its count."""
NONE = -1


@inline
def wanted_role(p, value, now, usual, table, constants):
    """Return what a feature needs before a sample is counted: an input, or EXPECTED for
    an indicator of the opposite; NONE if it needs nothing.
    """
    role = NONE
    if value != value:  # an absent feature, which is expected, or was until now
        if table[EXPECTED, p] == 0 or table[SEEN, p] == NONE:
            role = NONE
        elif table[INDICATOR, p] == NONE:
            role = INDICATOR
        elif now - table[SEEN, p] > usual:
            role = EXPECTED
    elif table[EXPECTED, p] == 0 and table[INDICATOR, p] == NONE:
        role = INDICATOR
    elif table[VALUE, p] == NONE and value != constants[CONSTANT, p]:
        role = VALUE
    elif (
        table[EXPECTED, p] == 0
        and table[SEEN, p] == now - 1
        and now - table[START, p] >= usual
    ):
        role = EXPECTED
    return role


@kernel
def list_inputs(
    places, values, now, usual, keep, table, constants, numbers, inputs, units
):
    """Write which inputs the features in these places have, and their activations;
    returns their number.

    A place below 0 is that of no feature; a value of NaN is that of an absent feature
    that is expected. If `now`, the number of the sample, is above 0, the values are
    counted, see ``take_rows``. If features need something first, see `wanted_role`,
    nothing is counted: `inputs` and `units` are their places and these roles, and minus
    their number is returned. `usual` is the number of samples after which presence or
    absence is expected.
    """
    if now > 0:
        wanted = 0
        for q in range(places.size):
            role = wanted_role(places[q], values[q], now, usual, table, constants)
            if role != NONE:
                inputs[wanted] = places[q]
                units[wanted] = role
                wanted += 1
        if wanted > 0:
            return -wanted
    weight = 1.0 if now > 0 else 0.0
    n = 0
    for q in range(places.size):
        p = places[q]
        if p < 0:
            continue
        absent = values[q] != values[q]
        i = table[VALUE, p]
        if not absent and i != NONE:
            inputs[n] = i
            units[n] = take_value(values[q], weight, keep, numbers, i)
            n += 1
        if not absent and now > 0:
            if i == NONE:
                constants[REPEATS, p] = keep * constants[REPEATS, p] + 1.0
            if table[SEEN, p] != now - 1:
                table[START, p] = now
            table[SEEN, p] = now
        i = table[INDICATOR, p]
        if i != NONE and absent == (table[EXPECTED, p] != 0):
            inputs[n] = i
            units[n] = 1.0
            n += 1
    return n
