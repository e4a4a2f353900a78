"""Compute exp, expm1, log and log1p in plain arithmetic, which lets loops over a
layer's neurons vectorise.

A call of the C library takes 5-10 ns and prevents vectorisation. These functions are
within 1 ulp of it, expm1 and log1p within 2 (``tests/engine/test_elementary.py``), and
return NaN for NaN. They are compiled without reassociation, which would undo the split
of ln 2.
"""

import numpy as np

from ..language import from_bits, in_order, table, to_bits

STEPS = 64  # to a factor of 2: e^x = 2^(k/64) e^r
PER_STEP = STEPS * 1.4426950408889634  # 64 / ln 2
# ln 2 / 64 in two parts: multiples of the first are exact
STEP_HIGH = 6.93147180369123816490e-01 / STEPS
STEP_LOW = 1.90821492927058770002e-10 / STEPS
ROUNDER = 6755399441055744.0  # 1.5 * 2^52: adding it rounds to a whole number
# the bits of 2^(i/64)
power_bits = table(np.exp2(np.arange(STEPS) / STEPS).view(np.int64))
LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10
# beyond, results would not be normal numbers
LOWEST = -708.0
HIGHEST = 709.0
PER_LN2 = 1.4426950408889634
ONE_BITS = 0x3FF0000000000000
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
SQRT_TWO = 1.4142135623730951


@in_order
def whole(shifted):
    """Return the whole number to which adding `ROUNDER` has rounded."""
    return shifted - ROUNDER


@in_order
def exp(x):
    """e^x for x within -708 .. 709, and the value at the bound beyond."""
    x = np.float64(x)
    x = LOWEST if x < LOWEST else x
    x = HIGHEST if x > HIGHEST else x
    shifted = x * PER_STEP + ROUNDER
    bits = to_bits(shifted)
    k = whole(shifted)
    r = (x - k * STEP_HIGH) - k * STEP_LOW
    r2 = r * r
    tail = r + r2 * ((1 / 2 + r * (1 / 6)) + r2 * (1 / 24 + r * (1 / 120)))
    power = from_bits(power_bits(bits & (STEPS - 1)) + ((bits >> 6) << 52))
    return power + power * tail


@in_order
def expm1(x):
    """e^x - 1 for x within -708 .. 709, accurate also near 0, and the value at the
    bound beyond.
    """
    x = np.float64(x)
    x = LOWEST if x < LOWEST else x
    x = HIGHEST if x > HIGHEST else x
    shifted = x * PER_LN2 + ROUNDER
    k = whole(shifted)
    r = (x - k * LN2_HIGH) - k * LN2_LOW  # e^x = 2^k e^r, |r| < 0.347
    r2 = r * r
    r4 = r2 * r2
    low = (1 / 2 + r * (1 / 6)) + r2 * (1 / 24 + r * (1 / 120))
    middle = (1 / 720 + r * (1 / 5040)) + r2 * (1 / 40320 + r * (1 / 362880))
    high = (1 / 3628800 + r * (1 / 39916800)) + r2 * (
        1 / 479001600 + r * (1 / 6227020800)
    )
    power = from_bits((to_bits(shifted) << 52) + ONE_BITS)
    return (power - 1.0) + power * (r + r2 * (low + r4 * (middle + r4 * high)))


@in_order
def log(x):
    """ln x for normal x > 0."""
    x = np.float64(x)
    bits = to_bits(x)
    # x = m 2^exponent, m within sqrt 1/2 .. sqrt 2, no branch
    exponent = (bits - SQRT_HALF_BITS) >> 52
    m = from_bits(bits - (exponent << 52))
    return _log_of(m - 1.0, np.float64(exponent))


@in_order
def log1p(x):
    """ln(1 + x) for x from 0 to 1, accurate also near 0."""
    x = np.float64(x)
    upper = x > SQRT_TWO - 1.0
    return _log_of(0.5 * (x - 1.0) if upper else x, 1.0 if upper else 0.0)


@in_order
def _log_of(events, k):
    """ln(2^k (1 + f)), 1 + f within sqrt 1/2 .. sqrt 2."""
    s = events / (2.0 + events)
    z = s * s
    # ln(1 + f) = f - (f^2/2 - s (f^2/2 + R)), R = z (2/3 + 2/5 z + 2/7 z^2 + ...), |s|
    # < 0.1716
    z2 = z * z
    z4 = z2 * z2
    low = (2 / 3 + z * (2 / 5)) + z2 * (2 / 7 + z * (2 / 9))
    high = (2 / 11 + z * (2 / 13)) + z2 * (2 / 15 + z * (2 / 17))
    rest = z * (low + z4 * (high + z4 * (2 / 19 + z * (2 / 21))))
    half = 0.5 * events * events
    return k * LN2_HIGH - ((half - (s * (half + rest) + k * LN2_LOW)) - events)
