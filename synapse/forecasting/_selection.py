"""Compare forecasters by rolling origin, and select the one that should forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._checks import (
    is_among,
    require_type,
    suggests_arguments,
    unknown_name,
    whole_number,
)
from .._typing import Floats
from ..errors import ArgumentError, SynapseError
from ._checked_series import checked_series
from ._rolling import Forecaster, RollingOrigin, rolling_origin
from ._verdict import verdict

COMBINE = "combine"
"""The name that stands for the mean of the best forecasters."""
MEMBERS = 3
"""Number of forecasters whose mean is a candidate."""
MAX_CLEAR_RATIO = 0.9
"""Fraction of the combination's error below which a single forecaster is preferred. It
is below 1 because choosing a forecaster on few origins mostly chooses by chance."""


@dataclass(frozen=True)
class Selection:
    """The compared forecasters and the best one, as returned by :func:`select`.

    Attributes
    ----------
    rolled : dict of str to RollingOrigin
        The forecasts of each forecaster, with the best first. They include ``combine``,
        the mean of the best three.
    members : list of str
        The forecasters in the mean.
    failed : list of str
        Sentences on forecasters that raised an error.
    """

    rolled: dict[str, RollingOrigin]
    members: list[str]
    failed: list[str] = field(default_factory=list)

    def mase(self, name: str) -> float:
        """Return the mean absolute scaled error over all steps and columns."""
        if name not in self.rolled:
            raise unknown_name("forecaster", name, self.rolled)
        return float(_by_origin(self.rolled[name]).mean())

    @property
    def best(self) -> str:
        """The forecaster that should forecast. It is the mean of the best three, unless
        one of them has an error more than 10 % lower.
        """
        single = self._single()
        clearly = COMBINE not in self.rolled or self.mase(
            single
        ) < MAX_CLEAR_RATIO * self.mase(COMBINE)
        return single if clearly else COMBINE

    def _single(self) -> str:
        """Return the best of the single forecasters."""
        return min((name for name in self.rolled if name != COMBINE), key=self.mase)

    def verdict(self, network: str) -> str:
        """Return a sentence that states whether a network is better than all other
        forecasters, worse than one, or cannot be told apart from them on these origins.
        """
        if network not in self.rolled or set(self.rolled) <= {network, COMBINE}:
            return f"{network} could not be compared."
        rolled = self.rolled[network]
        end = rolled.origins[0] + rolled.forecasts.shape[1]
        overlapping = int(np.sum(rolled.origins < end))  # forecasts of neighbours
        losses = {
            name: _by_origin(each)
            for name, each in self.rolled.items()
            if name != COMBINE
        }
        return verdict(
            network,
            losses,
            "its error, MASE {:.3g},",
            "origin",
            overlapping,
        ).sentence

    def reason(self) -> str:
        """Return a sentence that states which forecaster is best, and why."""
        name = self.best
        single = self._single()
        if name == COMBINE:
            mean = (
                f"The mean of {', '.join(self.members)} forecasts: MASE"
                f" {self.mase(COMBINE):.3g}"
            )
            return (
                f"{mean}. No single one is more than 10 % better ({single}:"
                f" {self.mase(single):.3g})."
            )
        return f"{name} forecasts: it has the lowest error, MASE {self.mase(name):.3g}."


def _by_origin(rolled: RollingOrigin) -> Floats:
    """Return the absolute scaled error from each origin, the mean over steps and
    columns.
    """
    scale = np.where(rolled.scale > 0, rolled.scale, 1.0)
    errors = np.abs(rolled.errors / scale).reshape(len(rolled.origins), -1)
    return np.asarray(errors.mean(axis=1))


@suggests_arguments()
def select(
    forecasters: Mapping[str, Forecaster],
    series: ArrayLike,
    steps: int,
    *,
    start: int | None = None,
    every: int = 1,
    period: int = 1,
    targets: int | None = None,
    combine: Sequence[str] | None = None,
) -> Selection:
    """Compare forecasters on the end of a series, which they have not been fitted to.

    Parameters
    ----------
    forecasters : dict of str to callable
        Functions of the history and the steps, such as those that :func:`statistical`
        returns.
    series : array_like, shape (T,) or (T, m)
        The series, with the oldest step first.
    steps, start, every, period
        As for :func:`rolling_origin`.
    targets : int, optional
        Number of first columns whose errors count. Default: all.
    combine : sequence of str, optional
        The forecasters that may be in the mean of the best three, such as those that
        take holidays into account. Default: all.

    Returns
    -------
    Selection
        All forecasts, the best forecaster and the verdict on a network.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If no forecaster can forecast this series, one is called "combine", or `targets`
        is out of range.

    Examples
    --------
    >>> from synapse import forecasting
    >>> noise = np.random.default_rng(0).normal(size=48)
    >>> wave = np.tile([0.0, 3.0, 1.0, 2.0], 12) + 0.1 * noise
    >>> simple = {
    ...     name: forecasting.statistical(name, wave[:30], period=4)
    ...     for name in ("naive", "seasonal")
    ... }
    >>> selection = forecasting.select(simple, wave, 4, start=30, period=4)
    >>> selection.best, round(selection.mase("seasonal"), 1)
    ('seasonal', 0.8)
    """
    by_name: Any = forecasters
    require_type(
        isinstance(by_name, Mapping) and by_name,
        "forecasters",
        "a dict of names and functions",
        forecasters,
    )
    if COMBINE in by_name:
        raise ArgumentError(
            f"The name {COMBINE!r} is reserved for the mean. Rename the forecaster."
        )
    names: Any = () if combine is None else combine
    are_listed = isinstance(names, Sequence) and not isinstance(names, str)
    require_type(
        are_listed and all(is_among(name, by_name) for name in names),
        "combine",
        "a list of names of forecasters, or None",
        combine,
    )
    values = checked_series("series", series)
    width = values.shape[1] if values.ndim == 2 else 1
    condition = f"a whole number from 1 to {width}, the number of columns"
    count = (
        width
        if targets is None
        else whole_number("targets", targets, condition, 1, width)
    )
    rolled_by_name = dict[str, RollingOrigin]()
    failed = list[str]()
    for name, forecaster in forecasters.items():
        try:
            rolled = rolling_origin(
                forecaster, values, steps, start=start, every=every, period=period
            )
        except SynapseError as error:
            failed.append(f"{name} is left out: {error}")
            continue
        if values.ndim == 2:  # the errors of the first columns only
            parts = (
                rolled.forecasts[..., :count],
                rolled.truth[..., :count],
                rolled.scale[:count],
            )
            rolled = RollingOrigin(rolled.origins, *parts)
        rolled_by_name[name] = rolled
    if not rolled_by_name:
        raise ArgumentError(" ".join(["No method can forecast this series.", *failed]))
    return ranked(rolled_by_name, failed, combine)


def ranked(
    rolled: dict[str, RollingOrigin],
    failed: list[str],
    combine: Sequence[str] | None = None,
) -> Selection:
    """Return the selection among forecasters, given their forecasts, and add the mean
    of the best three.
    """
    allowed = (
        rolled if combine is None else [name for name in rolled if name in combine]
    )
    members = sorted(allowed, key=Selection(rolled, []).mase)[:MEMBERS]
    if len(members) > 1:
        mean = np.mean([rolled[name].forecasts for name in members], axis=0)
        rolled = {**rolled, COMBINE: replace(rolled[members[0]], forecasts=mean)}
    names = sorted(rolled, key=Selection(rolled, []).mase)
    return Selection({name: rolled[name] for name in names}, members, failed)
