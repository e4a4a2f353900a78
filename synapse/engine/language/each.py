"""An integer for each turn of a loop, all known before the call."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import cache
from typing import Any

from .kinds import INT

TURN = "turn"
"""The variable that counts the turns."""


class UnevenError(Exception):
    """The turns of a loop do not all answer the same."""


class Each:
    """Integers that are not all equal, of which a loop has one in each turn. What is
    computed of them is one number where it is the same in all turns. Equal ones are the
    same object.
    """

    def __init__(self, numbers: tuple[int, ...]) -> None:
        self.numbers = numbers

    def at_run_time(self, node: Callable[..., Any]) -> Any:
        """Return the number of this turn as an expression, made by `node`."""
        begin, after = self.numbers[:2]
        step = after - begin
        number = node("variable", INT, (TURN,))
        if self.numbers != tuple(begin + step * k for k in range(len(self.numbers))):
            return node("table", INT, (self.numbers, number))
        for operation, by, none in (("Mult", step, 1), ("Add", begin, 0)):
            if by != none:
                parts = operation, node("literal", INT, (by,)), number
                number = node("binary", INT, parts)
        return number

    def _with(self, function: Callable[..., Any], *others: Any) -> Any:
        """Return what a function gives in all turns."""
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

    def __eq__(self, other: object) -> Any:
        return self._with(operator.eq, self, other)

    def __ne__(self, other: object) -> Any:
        return self._with(operator.ne, self, other)

    def __lt__(self, other: Any) -> Any:
        return self._with(operator.lt, self, other)

    def __le__(self, other: Any) -> Any:
        return self._with(operator.le, self, other)

    def __gt__(self, other: Any) -> Any:
        return self._with(operator.gt, self, other)

    def __ge__(self, other: Any) -> Any:
        return self._with(operator.ge, self, other)

    def __add__(self, other: Any) -> Any:
        return self._with(operator.add, self, other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self._with(operator.sub, self, other)

    def __rsub__(self, other: Any) -> Any:
        return self._with(operator.sub, other, self)

    def __mul__(self, other: Any) -> Any:
        return self._with(operator.mul, self, other)

    __rmul__ = __mul__

    def __and__(self, other: Any) -> Any:
        return self._with(operator.and_, self, other)

    __rand__ = __and__


def each(numbers: Any) -> Any:
    """Return numbers of turns: one, if they are the same."""
    numbers = tuple(map(int, numbers))
    return numbers[0] if len({*numbers}) == 1 else _made(numbers)


_made = cache(Each)
