"""The formulas of squashes, which exporters write in other languages."""

from __future__ import annotations

from functools import cache
from typing import Any

from .. import _squash
from .._checks import short_repr
from .._registration import SQUASH
from .._squash import ACTIVATIONS, CHANCE, SINGLE
from .._ways import RANDOM_SQUASH
from ..engine.functions.formula import (
    Tree,
    UnreadableError,
    only,
    require_primitives,
)
from ..engine.functions.formula_reader import read
from ..errors import FormatError


def kind_of(squash: str) -> str:
    """Return the kind of a squash for exporters, in which a random squash counts as its
    mean.
    """
    squash_kind = ACTIVATIONS[squash].family if squash in ACTIVATIONS else SINGLE
    return SINGLE if squash_kind == CHANCE else squash_kind


def as_registered(squash: str, format: str) -> Any:
    """Return the text under which a squash was registered for a format, or None without
    one.
    """
    return _squash.get(squash).written.get(format)


def tree_of(squash: str, place: int) -> Tree:
    """Return the value (0) or derivative (1) of a squash as a tree of the state,
    or raise UnreadableError if it has none.
    """
    return only(both_of(_squash.get(squash)), place)


@cache
def both_of(squash: _squash.Squash) -> Tree:
    """Return the value and the derivative of a squash as a tree of the state, or
    raise UnreadableError if it has none.
    """
    if squash._function is not None:
        return squash._function.require_formula().tree
    return read(ACTIVATIONS[squash.name].formula, *SQUASH)


def require_written(neuron: str, squash: str, format: str, language: str) -> None:
    """Raise FormatError if a squash has neither a registered text nor a formula that
    can be written.
    """
    if as_registered(squash, format) is None:
        try:
            tree = tree_of(squash, 0)
            if format == "onnx":
                require_primitives(tree)
        except UnreadableError as error:
            raise FormatError(
                f"The squash of neuron {short_repr(neuron)} is {squash!r}, which cannot"
                f" be written in {language}: {error}. Register it with"
                f" written={{{format!r}: ...}}, or set another squash."
            ) from error


def require_mean(neuron: str, squash: str, deterministic: bool, language: str) -> None:
    """Raise FormatError if a neuron draws random numbers."""
    if _squash.get(squash)._random and not deterministic:
        name = short_repr(neuron)
        raise RANDOM_SQUASH.error(neuron=name, squash=squash, language=language)
