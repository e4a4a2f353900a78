"""How squashes are written in exports, and the one place that says which cannot be."""

from __future__ import annotations

from functools import cache
from typing import Any

from .. import squash as squashes
from .._checks import shown
from ..errors import FormatError
from ..squash import ACTIVATIONS, CHANCE, SINGLE
from ._formulas import Tree, UnreadableError, only, read


def kind_of(squash: str) -> str:
    """The kind of a squash, as an exporter sees it: a random one is written as its mean."""
    kind = ACTIVATIONS[squash].kind if squash in ACTIVATIONS else SINGLE
    return SINGLE if kind == CHANCE else kind


def given(squash: str, format: str) -> Any:
    """How a squash was registered to be written in a format; None if that was not given."""
    return squashes.get(squash).written.get(format)


def tree_of(squash: str, place: int) -> Tree:
    """The value (0) or slope (1) of a squash as a tree of the state ``s``; UnreadableError if it has none."""
    return _tree(squashes.get(squash), place)


@cache
def _tree(squash: squashes.Squash, place: int) -> Tree:
    entry = ACTIVATIONS.get(squash.name)
    return only(read(entry.formula if entry else squash.function, "s"), place)


def require_written(neuron: str, squash: str, format: str, language: str) -> None:
    """Raise FormatError if a squash can be written neither as it was registered nor by its formula."""
    if given(squash, format) is None:
        try:
            tree_of(squash, 0)
        except UnreadableError as error:
            raise FormatError(
                f"The squash of neuron {shown(neuron)} is {squash!r}, which cannot be written in {language}: "
                f"{error}. Register it with written={{{format!r}: ...}}, or set another squash."
            ) from error


def require_mean(neuron: str, squash: str, deterministic: bool, language: str) -> None:
    """Raise FormatError if a neuron draws random numbers."""
    if squashes.get(squash).random and not deterministic:
        raise FormatError(
            f"The squash of neuron {shown(neuron)} is {squash!r}, whose random numbers no program in "
            f"{language} can draw. Set deterministic = True on the network to write the means."
        )
