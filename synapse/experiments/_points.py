"""Points of a sweep: all combinations of a grid, and random draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import numpy as np

from .._checks import expected, listed, positive_integer, shown
from ..errors import ArgumentError, ArgumentTypeError
from ..initializers import Seed, random_generator
from ._records import Point, plain_value, point_text

KINDS = "booleans, numbers, strings, None, or lists of these"
MOST_POINTS = 10_000_000
"""Largest number of points of a sweep."""


def points_of(grid: Any, random: Any, count: Any, seed: Seed) -> list[Point]:
    """Check the arguments of a sweep; returns its points."""
    if grid is None and random is None:
        raise ArgumentError("Expected a grid or random distributions of the parameters, got neither.")
    if (random is None) != (count is None):
        raise ArgumentError("Expected `random` and `points` together: distributions, and how many to draw.")
    values = {} if grid is None else _grid(grid)
    rng = random_generator(seed)
    draws = [{}] if random is None else _draws(random, count, rng)
    both = values.keys() & draws[0].keys()
    if both:
        raise ArgumentError(f"The parameter {sorted(both)[0]!r} is in the grid and random. Choose one.")
    total = len(draws)
    for several in values.values():
        total *= len(several)
    if total > MOST_POINTS:
        raise ArgumentError(expected("The points", f"at most {MOST_POINTS}", total))
    combined = [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]
    points = [point | draw for draw in draws for point in combined]
    return list({point_text(point): point for point in points}.values())  # each one once


def _named(what: str, given: Any) -> Mapping[str, Any]:
    condition = "a dict of parameters by name, at least one"
    if not isinstance(given, Mapping) or not given or not all(isinstance(name, str) for name in given):
        raise ArgumentTypeError(expected(what, condition, given))
    for name in ("seed", "failed"):
        if name in given:
            raise ArgumentError(f"A parameter of a sweep cannot have the name {name!r}. Rename it.")
    return given


def _value(name: str, value: Any) -> Any:
    try:
        return plain_value(value)
    except (TypeError, RecursionError):
        raise ArgumentTypeError(expected(f"The values of {name!r}", KINDS, value)) from None


def _grid(given: Any) -> dict[str, list[Any]]:
    """Values by name, each a list."""
    found = {}
    for name, values in _named("The grid", given).items():
        several = listed(f"The values of {name!r}", values, f"a list of {KINDS}")
        found[name] = [_value(name, one) for one in several]
        if not found[name]:
            raise ArgumentError(expected(f"The values of {name!r}", "at least one", values))
    return found


def _draws(given: Any, count: Any, rng: np.random.Generator) -> list[Point]:
    """Random points, drawn one after the other: more points begin with the same ones."""
    distributions = {name: _drawing(name, one) for name, one in _named("The random", given).items()}
    number = positive_integer("The points", count, MOST_POINTS)
    return [{name: _value(name, draw(rng)) for name, draw in distributions.items()} for _ in range(number)]


def _drawing(name: str, distribution: Any) -> Callable[[np.random.Generator], Any]:
    """A function of a generator that draws from a distribution."""
    if isinstance(distribution, list | tuple) and distribution:
        return lambda rng: distribution[rng.integers(len(distribution))]
    if hasattr(distribution, "rvs"):  # of scipy.stats
        return lambda rng: distribution.rvs(random_state=rng)
    if callable(distribution) and not isinstance(distribution, type):
        drawing: Callable[[np.random.Generator], Any] = distribution
        return drawing
    condition = "a list, a function of a generator, or a distribution of scipy.stats"
    raise ArgumentTypeError(expected(f"The distribution of {shown(name)}", condition, distribution))
