"""Random spike trains, lists of events, and statistics of firing."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .._checks import (
    choice,
    expected,
    numbers,
    positive_integer,
    positive_number,
    suggests_arguments,
)
from .._initializer import Seed, random_generator
from .._steps import to_steps
from .._typing import Floats, Ints
from ..errors import ArgumentError

MILLISECONDS = 1000.0
"""Milliseconds in a second."""
TOLERANCE = 1e-3
"""Fraction of a step by which a spike may come before its step, as in Brian2."""


class Events(NamedTuple):
    """Spikes as a list, sorted by time, then by neuron."""

    times: Floats
    """Time of each spike in milliseconds, shape (k,), which is its step times
    ``dt``."""
    neurons: Ints
    """Column of each spike, shape (k,)."""


@suggests_arguments("poisson")
def poisson(
    rates: ArrayLike,
    steps: Annotated[int, positive_integer],
    *,
    dt: Annotated[float, positive_number] = 1.0,
    seed: Seed = None,
) -> Floats:
    """Return random spikes at given rates, independent at every step.

    The probability of a spike in a step is 1 - exp(-rate dt), the probability that a
    Poisson process has at least one event.

    Parameters
    ----------
    rates : float or array_like, shape (n,) or (steps, n)
        Events per second of each source, at least 0. With two axes, the first one
        contains the rates of each step.
    steps : int
        Number of steps.
    dt : float, optional
        Duration of a step in milliseconds. Default: 1.
    seed : int, numpy.random.Generator, or None, optional
        Seed or generator of the spikes. Default: an unrecorded random seed.

    Returns
    -------
    ndarray, shape (steps, n)
        1 where a source fires, otherwise 0.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a rate is negative or not finite, or if there is not one row of rates for
        each step.

    Examples
    --------
    >>> poisson(50.0, 4, dt=20.0, seed=0).ravel()
    array([0., 1., 1., 1.])
    """
    table = numbers("rates", rates, "a rate for each source")
    if table.ndim < 2:
        table = np.broadcast_to(table.reshape(1, -1), (steps, table.size))
    if table.ndim != 2 or len(table) != steps:
        raise ArgumentError(
            "`rates` must be a number, a row of one for each source, or such a"
            f" row for each of {steps:,} steps, got the shape {table.shape}."
        )
    if not (np.isfinite(table) & (table >= 0.0)).all():
        raise ArgumentError(
            expected("rates", "finite numbers, 0 or above", table.min())
        )
    drawn = random_generator(seed).random(table.shape)
    return (drawn < -np.expm1(-table * dt / MILLISECONDS)).astype(np.float64)


@suggests_arguments("events")
def events(spikes: ArrayLike, *, dt: Annotated[float, positive_number] = 1.0) -> Events:
    """Return the spikes of a train as a list of times and neurons.

    Parameters
    ----------
    spikes : array_like, shape (T, n) or (T,)
        The spike train, consisting of 0 and 1.
    dt : float, optional
        Duration of a step in milliseconds. Default: 1.

    Returns
    -------
    Events
        The times in milliseconds and the neurons of the spikes.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the train contains other numbers than 0 and 1.

    Examples
    --------
    >>> events([[0, 1], [1, 1]], dt=0.1)
    Events(times=array([0. , 0.1, 0.1]), neurons=array([1, 0, 1]))
    """
    steps, neurons = np.nonzero(_train(spikes))
    times: Floats = dt * steps.astype(np.float64)
    return Events(times, neurons)


@suggests_arguments("from_events")
def from_events(
    times: ArrayLike,
    neurons: ArrayLike,
    steps: Annotated[int, positive_integer],
    count: Annotated[int, positive_integer],
    *,
    dt: Annotated[float, positive_number] = 1.0,
    merge: Annotated[
        Literal["sum", "first"] | None, partial(choice, options=("sum", "first"))
    ] = None,
) -> Floats:
    """Return the spike train with given spikes, the inverse of :func:`events`.

    Parameters
    ----------
    times : array_like, shape (k,)
        Times of the spikes in milliseconds. Each belongs to the step in which it lies.
        Step k begins at k ``dt``, or a thousandth of a step earlier, because times such
        as 0.3 may be rounded. Brian2's ``SpikeGeneratorGroup`` has the same rule.
    neurons : array_like of int, shape (k,)
        The column of each spike.
    steps, count : int
        Number of steps, and of columns.
    dt : float, optional
        Duration of a step in milliseconds. Default: 1.
    merge : {"sum", "first"}, optional
        Way to merge several spikes of a neuron in one step, into their number ("sum"),
        so that each of them acts, or into one spike ("first"). Default: they raise
        ArgumentError, as in Brian2.

    Returns
    -------
    ndarray, shape (steps, count)
        The spike train.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If times and neurons differ in number, if one lies outside the train, or if a
        neuron has several spikes in one step without `merge`.

    Examples
    --------
    >>> from_events([0.1, 0.29], [1, 0], steps=3, count=2, dt=0.1)
    array([[0., 0.],
           [0., 1.],
           [1., 0.]])
    """
    at = numbers("times", times, "a list of milliseconds").ravel()
    who = numbers("neurons", neurons, "a list of columns").ravel()
    if len(at) != len(who):
        raise ArgumentError(
            f"Expected a time for each of {len(who)} neurons, got {len(at)} times."
        )
    rows = np.floor(at / dt + TOLERANCE)
    outside = ~((rows >= 0) & (rows < steps))
    if outside.any():
        raise ArgumentError(
            f"Expected times from 0 to less than {steps * dt:g} ms ({steps:,} steps of"
            f" {dt:g} ms), got {at[outside][0]:g}."
        )
    outside = ~((who >= 0) & (who < count) & (who % 1 == 0))
    if outside.any():
        raise ArgumentError(
            f"Expected neurons from 0 to {count - 1}, got {who[outside][0]:g}."
        )
    train = np.zeros((steps, count))
    np.add.at(train, (rows.astype(np.int64), who.astype(np.int64)), 1.0)
    if merge == "first":
        np.minimum(train, 1.0, out=train)
    elif merge is None and train.max() > 1.0:
        step, neuron = divmod(int(train.argmax()), count)
        raise ArgumentError(
            f"Expected at most one spike of a neuron in a step of {dt:g} ms, got"
            f" {train.max():g} of neuron {neuron} in step {step:,}. Pass a smaller dt,"
            " or merge='sum' for their number or merge='first' for one spike."
        )
    return train


@suggests_arguments("rates")
def rates(
    spikes: ArrayLike,
    *,
    dt: Annotated[float, positive_number] = 1.0,
    window: float | None = None,
) -> Floats:
    """Return the mean rate of each neuron, in spikes per second.

    Parameters
    ----------
    spikes : array_like, shape (T, n) or (T,)
        The spike train, consisting of 0 and 1.
    dt : float, optional
        Duration of a step in milliseconds. Default: 1.
    window : float, optional
        Duration in milliseconds of consecutive windows, each of which has a rate. Steps
        after the last whole window are left out. Default: one window for the whole
        train.

    Returns
    -------
    ndarray, shape (n,), or (windows, n) with `window`
        The rates in spikes per second.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the train contains other numbers than 0 and 1, or if the window is shorter
        than a step or longer than the train.

    Examples
    --------
    >>> rates([[1, 0], [0, 0], [1, 1], [1, 0]], dt=10.0)
    array([75., 25.])
    >>> rates([[1, 0], [0, 0], [1, 1], [1, 0]], dt=10.0, window=20.0)
    array([[ 50.,   0.],
           [100.,  50.]])
    """
    train = _train(spikes)
    if window is None:
        return train.mean(axis=0) * (MILLISECONDS / dt)
    steps = to_steps(positive_number("window", window), dt)
    if not 1 <= steps <= len(train):
        raise ArgumentError(
            f"Expected a window from {dt:g} ms, a step, to {len(train) * dt:g} ms, the"
            f" whole train, got {window:g}."
        )
    windows = len(train) // steps
    parts = train[: windows * steps].reshape(windows, steps, -1)
    return parts.mean(axis=1) * (MILLISECONDS / dt)


@suggests_arguments("intervals")
def intervals(
    spikes: ArrayLike, *, dt: Annotated[float, positive_number] = 1.0
) -> list[Floats]:
    """Return the intervals between successive spikes of each neuron, in milliseconds.

    Parameters
    ----------
    spikes : array_like, shape (T, n) or (T,)
        The spike train, consisting of 0 and 1.
    dt : float, optional
        Duration of a step in milliseconds. Default: 1.

    Returns
    -------
    list of ndarray
        An array for each neuron, which is empty if it has fewer than two spikes.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the train contains other numbers than 0 and 1.

    Examples
    --------
    >>> intervals([[1, 0], [0, 0], [1, 1], [1, 0]], dt=10.0)
    [array([20., 10.]), array([], dtype=float64)]
    """
    return [np.diff(np.flatnonzero(column)) * dt for column in _train(spikes).T]


def cv(spikes: ArrayLike) -> Floats:
    """Return the coefficient of variation of each neuron's intervals.

    It is their standard deviation divided by their mean, which is 0 for a clock, and 1
    for a Poisson process with a low rate.

    Parameters
    ----------
    spikes : array_like, shape (T, n) or (T,)
        The spike train, consisting of 0 and 1.

    Returns
    -------
    ndarray, shape (n,)
        The coefficients, or NaN for neurons with fewer than three spikes, and therefore
        fewer than two intervals.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the train contains other numbers than 0 and 1.

    Examples
    --------
    >>> cv([[1, 1], [0, 0], [1, 0], [0, 1], [1, 1]])
    array([0. , 0.5])
    """
    return np.array(
        [
            gaps.std() / gaps.mean() if len(gaps) > 1 else np.nan
            for gaps in intervals(spikes)
        ]
    )


def _train(spikes: ArrayLike) -> Floats:
    """Return a spike train as an array with two axes."""
    train = numbers("spikes", spikes, "an array of 0 and 1")
    if train.ndim == 1:
        train = train[:, None]
    if train.ndim != 2 or not len(train):
        raise ArgumentError(
            "`spikes` must have the shape (T, n), a row of 0 and 1 for each"
            f" step, got the shape {train.shape}."
        )
    others = train[(train != 0.0) & (train != 1.0)]
    if len(others):
        raise ArgumentError(
            f"Expected spikes that are 0 or 1, got {others[0]:g}. Of a recording, pass"
            ' the layer that fires: log.of(net["spikes"]).'
        )
    return train
