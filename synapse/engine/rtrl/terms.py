"""What a renewal of sensitivities adds up, see ``sums.py``."""

from __future__ import annotations

from typing import Any, NamedTuple


class Lines(NamedTuple):
    """Lines of one class."""

    begin: int
    stop: int
    width: int  # number of columns, one for each parameter of the class


class Terms(NamedTuple):
    """The terms of some lines, sum_e x_ke Z_e: e is a line one step earlier."""

    line_offsets: Any  # column of where each such line is
    start: int  # the place of the first term
    length: int  # number of terms
    old: int  # where the sensitivities one step earlier begin
    # column of the factors: x_ke is at ``at + k * across + e * down``
    factors: Any
    at: int
    across: int
    down: int


class DirectTerms(NamedTuple):
    """What is direct in some steps, I of each, times its factor."""

    direct: int  # where the columns are among the numbers of a step in ``direct``
    factors: int  # where the factors of the first step are, in ``given``
    stride: int  # from the factors of a step to those of the next
    step: int  # the first step
    steps: int  # number of steps; 0: there are no such terms
