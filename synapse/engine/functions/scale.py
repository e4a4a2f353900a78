"""Update running means and deviations of columns, row by row."""

from functools import partial

from ..language import inline, kernel
from . import ROUNDING, SQUARABLE, VANISHING


@inline
def take_value(value, weight, keep, numbers, i):
    """Count a value of column i like `take_rows`, and return it in standard units."""
    count, deviation, mean, squares = numbers[0], numbers[1], numbers[2], numbers[3]
    if weight > 0.0:
        gap = value - mean[i]
        counted = keep * count[i]
        count[i] = counted + weight
        mean[i] += gap * (weight / count[i])
        squares[i] = keep * squares[i] + weight * gap * (value - mean[i])
        size = (squares[i] / count[i]) ** 0.5
        if squares[i] < VANISHING:
            before = deviation[i] if deviation[i] < 1.0 else 0.0
            fraction = weight / count[i]
            old = before * (counted / count[i]) ** 0.5
            new = abs(gap) * (fraction * (1.0 - fraction)) ** 0.5
            larger = max(old, new)
            ratio = min(old, new) / max(larger, 5e-324)  # the least above 0
            size = larger * (1.0 + ratio * ratio) ** 0.5
        deviation[i] = size if size > ROUNDING * abs(mean[i]) else 1.0
    return (value - mean[i]) / deviation[i]


@kernel
def take_rows(rows, weight, keep, centred, numbers, standard):
    """Count rows (Welford 1962), and write each in standard units. If numbers are too
    large, return False without changes.

    `numbers` are count, deviation, mean and squares of each column, shape (4, columns).
    NaN is not counted and becomes 0. The count of a column is multiplied by `keep`
    before another value is counted. Unless `centred`, values are only divided by the
    deviations.
    """
    for t in range(rows.shape[0]):
        for i in range(rows.shape[1]):
            if abs(rows[t, i]) >= SQUARABLE:
                return False
    for t in range(rows.shape[0]):
        for i in range(rows.shape[1]):
            value = rows[t, i]
            if value != value:
                standard[t, i] = 0.0
            else:
                unit = take_value(value, weight, keep, numbers, i)
                standard[t, i] = unit if centred else value / numbers[1, i]
    return True


@partial(kernel, fastmath=False)
def write_standard(rows, mean, deviation, standard):
    """Write rows in standard units, in the float type of `standard`. NumPy computes the
    same bits.
    """
    for t in range(rows.shape[0]):
        for i in range(rows.shape[1]):
            standard[t, i] = (rows[t, i] - mean[i]) / deviation[i]
