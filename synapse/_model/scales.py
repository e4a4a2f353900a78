"""Manage the standard units of a model's inputs and targets."""

from __future__ import annotations

from copy import copy
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _checks
from .._scale import Scale
from .._typing import Floats
from ..errors import ArgumentError


def checked_scale(title: str, scale: Any) -> Any:
    if isinstance(scale, Scale):
        return scale
    condition = "a Scale, True for a new one, or False for none"
    _checks.require_type(isinstance(scale, bool), title, condition, scale)
    return scale


def scale_of(title: str, scale: Scale | bool, columns: int) -> Scale | None:
    """Return a scale of these columns, or None for False, or raise ArgumentError."""
    if not isinstance(scale, Scale):
        return Scale(columns) if scale else None
    _checks.require(
        len(scale) == columns,
        title,
        f"one of {_checks.pluralize(columns, 'column')}",
        scale,
    )
    return scale


class StandardRows:
    """Rows in standard units, which are computed when some are read."""

    dtype = None

    def __init__(self, scale: Scale, rows: NDArray[Any], dtype: np.dtype[Any]) -> None:
        self._given = scale, rows, dtype

    def __len__(self) -> int:
        return len(self._given[1])

    def __getitem__(self, some: slice) -> Any:
        scale, rows, dtype = self._given
        return scale._standard(rows[some], dtype)


class Sequences(NamedTuple):
    """Inputs and targets of some sequences, or rows that are alone, as one part."""

    inputs: list[Any]  # arrays, or sparse rows
    targets: list[Floats]
    is_single: bool


class Scales(NamedTuple):
    """The scales of inputs and of targets. None means that the units of the data are
    those of the network.
    """

    inputs: Scale | None
    targets: Scale | None

    def anew(self) -> Scales:
        """Return scales of the same columns that have counted nothing."""
        return Scales(
            *(
                None if each is None else Scale(len(each), each.half_life, each.lags)
                for each in self
            )
        )

    def copies(self) -> Scales:
        """Return copies, which count on."""
        return Scales(*map(copy, self))

    def standard(self, data: Sequences) -> tuple[Any, Any]:
        """Return inputs and targets in standard units, as a trainer takes them."""
        x, y = (
            side if scale is None else [scale.standard(rows) for rows in side]
            for scale, side in zip(self, data[:2], strict=True)
        )
        return (x[0], y[0]) if data.is_single else (x, y)

    def add(
        self, data: Sequences, weights: ArrayLike | None, relative: bool = False
    ) -> Floats | None:
        """Count inputs and targets, except those that are NaN, by the weights of
        samples or sequences, and return the weight of each row. `relative` weights are
        divided by their mean.
        """
        for each in self:
            if each is not None and each.lost:
                condition = "without lags, to learn rows that are given as such"
                raise ArgumentError(_checks.expected("scales", condition, each.lags))
        by_row = None
        if weights is not None:
            parts = data.inputs
            rows = [1] * len(parts[0]) if data.is_single else [*map(len, parts)]
            lengths = np.array(rows)
            condition = _checks.pluralize(len(lengths), "number")
            factors = _checks.numbers("sample_weight", weights, condition)
            _checks.require(
                factors.shape == (len(lengths),),
                "sample_weight",
                condition,
                factors.shape,
            )
            _checks.require(
                (np.isfinite(factors) & (factors >= 0.0)).all(),
                "sample_weight",
                "finite numbers, 0 or above",
                weights,
            )
            if relative and factors.any():
                factors = factors / factors.max()  # their sum could be infinite
                factors /= factors.mean()
            by_row = np.repeat(factors, lengths)
        if self.inputs is not None:
            self.inputs.add(_checks.joined_rows(data.inputs), by_row)
        if self.targets is not None:
            targets = np.concatenate(data.targets)
            has_target = ~np.isnan(targets).any(axis=1)
            counted = None if by_row is None else by_row[has_target]
            self.targets.add(targets[has_target], counted)
        return by_row
