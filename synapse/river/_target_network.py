"""Implement the common part of classification and regression of a stream, which are
samples with a target.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import pandas as pd

from .. import _checks as checks
from .._typing import Floats
from ._features import Features, dicts_of
from ._stream_network import StreamNetwork


class TargetNetwork(StreamNetwork):
    """A network that learns samples with a target each, singly or in frames."""

    @staticmethod
    @abstractmethod
    def _checked(y: Any) -> Any:
        """Return a target as it is learned, or ArgumentError."""

    @abstractmethod
    def _standard(self, target: Any) -> Floats:
        """Return a target as the network learns it, after it is counted."""

    def learn_one(self, x: Features, y: Any, w: float = 1.0) -> None:
        """Learn a sample.

        Parameters
        ----------
        x : dict of feature names to numbers
            The present features; a value that is None or NaN is absent.
        y : float or hashable
            The target, which is a number, or the label for a classifier.
        w : float
            Factor of the step. Default 1.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If a feature or the target is not a number, the label is None or NaN, or the
            weight is below 0. Nothing has changed in this case.
        """
        target = self._checked(y)
        weight = w if w == 1.0 else checks.non_negative_number("w", w)
        with self._lock:
            self._learn(self._counted(x), self._standard(target), weight)

    def learn_many(self, X: pd.DataFrame, y: pd.Series, w: Any = None) -> None:
        """Learn the rows of a frame, one after the other, like :meth:`learn_one`.

        Parameters
        ----------
        X : pandas.DataFrame
            A table with a row for each sample, and a column for each feature.
        y : pandas.Series
            The targets or labels.
        w : array_like, optional
            Factors of the steps. Default 1 for all.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            As for :meth:`learn_one`, for any row. In this case, none of the rows has
            been learned.
        """
        rows = dicts_of(X)
        targets = _column("y", y, len(rows))
        weights = [1.0] * len(rows)
        if w is not None:
            weights = _column("w", w, len(rows))

        # all are checked before the first is learned
        for target, weight in zip(targets, weights, strict=True):
            self._checked(target)
            checks.non_negative_number("w", weight)
        with self._lock:
            for row, target, weight in zip(rows, targets, weights, strict=True):
                self.learn_one(row, target, weight)


def _column(column: str, values: Any, count: int) -> list[Any]:
    """Return the values of a series, one for each row."""
    condition = f"a column of {count} values"
    checks.require(getattr(values, "ndim", 1) == 1, column, condition, values)
    listed: list[Any] = pd.Series(values).tolist()
    checks.require(len(listed) == count, column, condition, len(listed))
    return listed
