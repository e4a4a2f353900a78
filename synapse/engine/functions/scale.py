"""Running means and deviations of columns, a row at a time."""

from __future__ import annotations

from ..compiler.jit import kernel

MOST = 1e150  # larger values have squares that a deviation cannot count
ROUNDING = 64 * 2.0**-52  # a deviation below this share of the mean is a rounding error


@kernel
def take_row(row, weight, keep, count, mean, squares, deviation, standard):
    """Count a row (Welford 1962), write it in standard units; False, and nothing changes, if too large.

    NaN is not counted and becomes 0. What a column has counted is multiplied by `keep` before one more.
    """
    for i in range(len(row)):
        if abs(row[i]) >= MOST:
            return False
    for i in range(len(row)):
        value = row[i]
        if value != value:
            standard[i] = 0.0
            continue
        if weight > 0.0:
            gap = value - mean[i]
            count[i] = keep * count[i] + weight
            mean[i] += gap * (weight / count[i])
            squares[i] = keep * squares[i] + weight * gap * (value - mean[i])
            size = (squares[i] / count[i]) ** 0.5
            deviation[i] = size if size > ROUNDING * abs(mean[i]) else 1.0
        standard[i] = (value - mean[i]) / deviation[i]
    return True
