"""Patterns of a projection: the pairs of neurons that it connects, and their initial weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._checks import MOST_CONNECTIONS, any_array, expected, fraction, is_number, shape_of
from .._typing import Floats, Indices
from ..errors import ArgumentError, ArgumentTypeError, TopologyError
from ..initializers import Initializer, draw

ALL_TO_ALL = "all_to_all"
"""Connect every source to every target; to itself only with ``self_connections=True``."""
ONE_TO_ONE = "one_to_one"
"""Connect source i to target i; in blocks if the size of one layer is a multiple of the other."""
ALL_TO_ELSE = "all_to_else"
"""Connect every source to every target except itself."""

DRAWN = 1 << 16
"""How many random numbers are drawn at a time."""


def pairs_of(
    kind: Any,
    source: Sequence[Any],
    target: Sequence[Any],
    rng: np.random.Generator,
    self_connections: bool = False,
) -> tuple[Indices, Indices]:
    """Return the indices of the sources and of the targets of a pattern, sorted by target, as new arrays.

    Pairs of a neuron with itself are left out unless `self_connections` is True or all are such pairs,
    see :func:`is_carousel`.

    Raises
    ------
    ArgumentError
        If the kind is not a pattern, or a mask or list contains a pair of a neuron with itself and
        `self_connections` is False.
    """
    if self_connections and is_named(kind, ALL_TO_ELSE):
        raise ArgumentError(
            f"The pattern {ALL_TO_ELSE!r} has no self-connections. Use {ALL_TO_ALL!r} with "
            "self_connections=True."
        )
    pairs = _every_pair(kind, len(source), len(target), rng)
    if self_connections or is_carousel(kind, source, target):
        return pairs
    own = _same_neuron(source, target, pairs)
    if own.any() and not isinstance(kind, str) and not is_number(kind):
        raise ArgumentError(
            f"The {'list' if is_listed(kind) else 'mask'} connects {own.sum()} neuron(s) to themselves. "
            "A self-connection carries a neuron's state to the next step: give self_connections=True to "
            "make them, or leave these pairs out."
        )
    return (pairs[0][~own], pairs[1][~own]) if own.any() else pairs


def is_named(kind: Any, *names: str) -> bool:
    """Whether a pattern has one of these names."""
    return isinstance(kind, str) and kind in names


def is_carousel(kind: Any, source: Sequence[Any], target: Sequence[Any]) -> bool:
    """Whether a pattern connects each neuron to itself only: one to one, to the same layer."""
    return is_named(kind, ONE_TO_ONE) and list(source) == list(target)


def _every_pair(
    kind: Any, n_sources: int, n_targets: int, rng: np.random.Generator
) -> tuple[Indices, Indices]:
    """Return all pairs of a pattern, including those of a neuron with itself."""
    whole = not is_listed(kind) and not is_named(kind, ONE_TO_ONE)
    if whole and n_sources * n_targets > MOST_CONNECTIONS:
        pairs = f"{n_sources} and {n_targets} neurons"
        raise ArgumentError(expected("A projection", f"of at most {MOST_CONNECTIONS} pairs", pairs))
    if isinstance(kind, str):
        return _named_pairs(kind, n_sources, n_targets)
    if is_number(kind):
        density = fraction("The density of a projection", kind)  # checked before anything is drawn
        return _random_pairs(density, n_sources, n_targets, rng)
    elif is_listed(kind):
        return _listed_pairs(kind, n_sources, n_targets)
    else:
        given = _array(kind)
        if given.dtype != bool or given.shape != (n_sources, n_targets):
            condition = (
                f"{ALL_TO_ALL!r}, {ONE_TO_ONE!r}, {ALL_TO_ELSE!r}, a density, a mask of booleans of shape "
                f"({n_sources}, {n_targets}), or a tuple of two lists of indices (sources, targets)"
            )
            raise ArgumentError(expected("The kind of a projection", condition, kind))
        mask = given.T
    targets, sources = np.nonzero(mask)
    return sources.astype(np.uint32), targets.astype(np.uint32)


def _random_pairs(
    density: float, n_sources: int, n_targets: int, rng: np.random.Generator
) -> tuple[Indices, Indices]:
    """Return each pair with the probability `density`."""
    parts, some = [], max(1, DRAWN // n_sources)
    for first in range(0, n_targets, some):  # some targets at a time: the draws need much memory
        targets, sources = np.nonzero(rng.random((min(some, n_targets - first), n_sources)) < density)
        parts.append((sources.astype(np.uint32), (targets + first).astype(np.uint32)))
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def is_listed(kind: Any) -> bool:
    """Whether a pattern is a tuple of two lists of indices."""
    return isinstance(kind, tuple) and len(kind) > 0 and _array(kind[0]).dtype.kind in "iu"


def _array(values: Any) -> NDArray[Any]:
    """Return `values` as an array; an empty array of objects if they cannot be one."""
    try:
        return any_array("The kind of a projection", values, "")
    except ArgumentTypeError:
        return np.empty(0, object)


def _listed_pairs(kind: tuple[Any, ...], n_sources: int, n_targets: int) -> tuple[Indices, Indices]:
    """Return the pairs of two lists of indices, checked."""
    what = "A list of pairs"
    condition = (
        f"two lists of equal length: indices of sources below {n_sources} and of targets below {n_targets}"
    )
    if len(kind) != 2:
        raise ArgumentError(expected(what, condition, kind))
    sources, targets = (_array(part) for part in kind)
    fits = sources.shape == targets.shape and sources.ndim == 1 and targets.dtype.kind in "iu"
    if not fits or not (_within(sources, n_sources) and _within(targets, n_targets)):
        raise ArgumentError(expected(what, condition, kind))
    sources, targets = sources.astype(np.int64), targets.astype(np.int64)
    if len(np.unique(sources * n_targets + targets)) < len(sources):
        raise TopologyError("Expected distinct pairs, got one twice. A pair of neurons has one connection.")
    return sources, targets


def _within(numbers: NDArray[Any], stop: int) -> bool:
    return not len(numbers) or bool(numbers.min() >= 0 and numbers.max() < stop)


def _named_pairs(kind: str, n_sources: int, n_targets: int) -> tuple[Indices, Indices]:
    if kind == ONE_TO_ONE:
        larger, smaller = max(n_sources, n_targets), min(n_sources, n_targets)
        if larger % smaller:
            raise ArgumentError(
                "Expected layers of the same size for a one-to-one projection, or one size a multiple of the "
                f"other, got {n_sources} and {n_targets}."
            )
        index = np.arange(larger)
        return index * n_sources // larger, index * n_targets // larger
    if kind not in (ALL_TO_ALL, ALL_TO_ELSE):
        raise ArgumentError(
            expected("The kind of a projection", f"{ALL_TO_ALL!r}, {ONE_TO_ONE!r} or {ALL_TO_ELSE!r}", kind)
        )
    sources = np.tile(np.arange(n_sources, dtype=np.uint32), n_targets)
    targets = np.repeat(np.arange(n_targets, dtype=np.uint32), n_sources)
    return sources, targets


def _same_neuron(source: Sequence[Any], target: Sequence[Any], pairs: tuple[Any, Any]) -> NDArray[np.bool_]:
    """Return a mask of the pairs that connect a neuron to itself."""
    if not set(source) & set(target):
        return np.zeros(len(pairs[0]), bool)
    number = {neuron: i for i, neuron in enumerate(source)}
    places = np.array([number.get(neuron, -1) for neuron in target])
    return np.asarray(places[pairs[1]] == pairs[0])


def drawn_weights(
    initializer: str | Initializer,
    rng: np.random.Generator,
    n_sources: int,
    n_targets: int,
    pairs: tuple[Any, Any],
    full: bool,
    dtype: Any,
) -> Floats:
    """Draw the weights of some pairs with an initializer."""
    if full:
        matrix = draw(initializer, rng, (n_sources, n_targets), n_sources, n_targets, dtype)
        return np.ascontiguousarray(matrix.T).ravel()
    count = len(pairs[0])
    return draw(initializer, rng, (count,), -(-count // n_targets), -(-count // n_sources), dtype)


def given_weights(
    values: Floats, n_sources: int, n_targets: int, pairs: tuple[Any, Any], all_to_all: bool = False
) -> Floats:
    """Return the weights of some pairs, from a number, a matrix, or one number per pair.

    With `all_to_all`, a matrix with a weight other than 0 for a pair that is left out raises an error.
    """
    if values.shape == (n_sources, n_targets):
        chosen: Floats = values[pairs]
        if all_to_all and np.count_nonzero(chosen) < np.count_nonzero(values):
            raise ArgumentError(
                "The matrix of weights is not 0 for some pairs of a neuron with itself, which are not "
                "connected. Set these weights to 0, or give self_connections=True."
            )
        return chosen
    if values.shape not in ((), (len(pairs[0]),)):
        raise ArgumentError(
            f"Expected the weights to be a number or an array of shape ({n_sources}, {n_targets}) or "
            f"({len(pairs[0])},), got {shape_of(values)}."
        )
    return np.broadcast_to(values, (len(pairs[0]),)).copy()
