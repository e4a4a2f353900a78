"""Represent an integer that differs in each iteration of a loop, but is known before
the call.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import cache
from typing import Any

TURN = "turn"
"""The variable that counts the turns."""


class UnevenError(Exception):
    """Raised if the iterations of a loop give different answers."""


def _by(function: Callable[[Any, Any], Any]) -> Any:
    """Return an operator of `Each` that applies a function in every iteration."""
    return lambda number, other: number._with(function, number, other)


class Each:
    """Integers that are not all equal, one for each iteration of a loop. A value
    computed from them becomes a single number if it is the same in all iterations.
    Equal objects of this class are the same object.
    """

    def __init__(self, numbers: tuple[int, ...]) -> None:
        self.numbers = numbers

    def _with(self, function: Callable[..., Any], *others: Any) -> Any:
        """Return the results of a function in all iterations."""
        count = len(self.numbers)
        columns = (getattr(other, "numbers", (other,) * count) for other in others)
        results = list(map(function, *columns))
        if not isinstance(results[0], bool):
            return each(results)
        if len({*results}) > 1:
            raise UnevenError
        return results[0]

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        return bool(self != 0)

    __eq__ = _by(operator.eq)
    __ne__ = _by(operator.ne)
    __lt__ = _by(operator.lt)
    __le__ = _by(operator.le)
    __gt__ = _by(operator.gt)
    __ge__ = _by(operator.ge)
    __add__ = __radd__ = _by(operator.add)
    __sub__ = _by(operator.sub)
    __rsub__ = _by(lambda number, other: other - number)
    __mul__ = __rmul__ = _by(operator.mul)
    __and__ = __rand__ = _by(operator.and_)


def each(numbers: Any) -> Any:
    """Return one number for each iteration, or a single number if all are equal."""
    numbers = tuple(map(int, numbers))
    return numbers[0] if len({*numbers}) == 1 else _made(numbers)


_made = cache(Each)
