"""Forecast in a closed loop, in which a network first runs on the known rows, and then
on its own outputs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import ArrayLike

from .. import _html
from .._checks import (
    as_matrix,
    attribute_error,
    bounds,
    finite_number,
    index_within,
    instance,
    pandas,
    parts_of,
    pluralize,
    require_type,
    suggests_arguments,
)
from .._typing import Floats
from ..errors import ArgumentError
from ..objects.ensemble import Ensemble
from ..objects.network import Network
from ..objects.snapshots import preserved_context
from ._checked_series import horizon
from ._frames import fed_names, labels_beside, labels_of
from ._rolling import Calibration

Model = Network | Ensemble
NOT_FED = -1


@dataclass(frozen=True, eq=False, repr=False)
class Forecast(NDArrayOperatorsMixin):
    """A forecast, and a prediction interval for each of its numbers if one was
    requested.

    You can use a forecast like the array `mean`: in arithmetic, in functions of NumPy,
    with indices and with the methods of arrays. The exception is ``mean()``, for which
    you call ``numpy.mean``.

    Attributes
    ----------
    mean : ndarray, shape (steps, m)
        The forecast itself.
    lower, upper : ndarray, shape (steps, m), or None
        The bounds of the intervals.
    coverage : float or None
        The fraction of future values that should be within the bounds.
    dates : pandas.Index or None
        The dates of the steps, or the numbers of their rows, if the forecast continues
        a data frame.
    names : sequence of str or None
        The names of the m columns in that data frame.

    Examples
    --------
    >>> ahead = Forecast(np.array([[1.0], [2.0]]))
    >>> ahead, ahead.shape, ahead[-1]
    (<Forecast of 2 steps of 1 value>, (2, 1), array([2.]))
    >>> ahead - 1, float(np.mean(ahead))
    (array([[0.],
           [1.]]), 1.5)
    """

    mean: Floats
    lower: Floats | None = None
    upper: Floats | None = None
    coverage: float | None = None
    dates: Any = None
    names: Sequence[str] | None = None

    def to_pandas(self) -> Any:
        """Return the forecast and its bounds as a data frame, by date or, without
        dates, by the number of the step.

        Returns
        -------
        pandas.DataFrame
            For each value its forecast and, if there are bounds, "NAME lower" and "NAME
            upper".

        Raises
        ------
        MissingExtraError
            If pandas is not installed.

        Examples
        --------
        >>> sales = Forecast(np.array([[1.0], [2.0]]), names=["sales"])
        >>> sales.to_pandas()  # doctest: +NORMALIZE_WHITESPACE
              sales
        step
        1       1.0
        2       2.0
        """
        names = self.names or [f"value {place}" for place in range(self.mean.shape[1])]
        parts = {"": self.mean, " lower": self.lower, " upper": self.upper}
        columns = {
            f"{name}{end}": values[:, place]
            for place, name in enumerate(names)
            for end, values in parts.items()
            if values is not None
        }
        steps = pandas.RangeIndex(1, len(self) + 1, name="step")
        return pandas.DataFrame(
            columns, index=steps if self.dates is None else self.dates
        )

    def __len__(self) -> int:
        return len(self.mean)

    def __getitem__(self, places: Any) -> Any:
        return self.mean[places]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.mean)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "mean":  # while it is unpickled
            raise attribute_error(f"A Forecast has no attribute {name!r}.")
        return getattr(self.mean, name)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Floats:
        return np.array(self.mean, dtype, copy=copy)

    def __array_ufunc__(
        self, function: np.ufunc, method: str, *inputs: Any, **options: Any
    ) -> Any:
        return getattr(function, method)(*map(_plain, inputs), **options)

    def __array_function__(
        self, function: Any, types: Any, inputs: Any, options: Any
    ) -> Any:
        return function(
            *map(_plain, inputs),
            **{name: _plain(value) for name, value in options.items()},
        )

    def __repr__(self) -> str:
        steps, m = self.mean.shape
        share = (
            "" if self.coverage is None else f", with intervals of {self.coverage:.4g}"
        )
        size = f"{pluralize(steps, 'step')} of {pluralize(m, 'value')}"
        return f"<Forecast of {size}{share}>"

    def _repr_html_(self) -> str:
        """Return the first value and its interval as curves, and the whole forecast as
        a table, for notebooks.
        """
        parts = {"mean": self.mean, "lower": self.lower, "upper": self.upper}
        present = {name: values for name, values in parts.items() if values is not None}
        curves = {name: values[:, 0].tolist() for name, values in present.items()}
        columns: dict[str, Any] = {"step": range(1, len(self) + 1)}
        for j in range(self.mean.shape[1]):
            after = f" {j}" if self.mean.shape[1] > 1 else ""
            columns |= {
                f"{name}{after}": values[:, j] for name, values in present.items()
            }
        return _html.view(
            repr(self), _html.curves(curves, "step"), _html.table(columns, len(self))
        )


def _plain(value: Any) -> Any:
    """Return a value with arrays in place of forecasts, in lists too, as NumPy passes
    them to its functions.
    """
    if isinstance(value, Forecast):
        return value.mean
    return type(value)(map(_plain, value)) if type(value) in (list, tuple) else value


@suggests_arguments("forecast")
def forecast(
    network: Model,
    history: ArrayLike,
    steps: Annotated[int, horizon],
    *,
    feedback: Mapping[int, int] | None = None,
    future: ArrayLike | None = None,
    calibration: Calibration | None = None,
    coverage: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Forecast:
    """Forecast the next values of a series, in a closed loop.

    The context of the network is cleared, and the rows of `history` are run. The
    outputs after the last row are the first forecast. They become the next inputs,
    whose outputs are the second forecast, and so on. Therefore, the network must have
    learnt to map each row of a stream to (parts of) the next one, as with
    ``trainer.train(series[:-1], series[1:])``. Afterwards, the network's previous
    context is restored.

    Parameters
    ----------
    network : Network or Ensemble
        The network. If you pass an ensemble, each of its networks forecasts on its own,
        and the result is their mean.
    history : array_like, shape (T, n), or (T,) with one input
        The known rows, with the oldest first. If it is a data frame, the forecast
        continues its dates, or numbers of rows, if they step evenly, and has the names
        of its columns.
    steps : int
        Number of rows to forecast.
    feedback : dict of int to int, optional
        Which output becomes which input, counted from 0: ``{0: 2}`` feeds the first
        output to the third input. Default: every output becomes the input with its
        number.
    future : array_like, shape (steps - 1, k), optional
        The inputs to which no output is fed, in their order, for the steps after the
        history. Row k is read together with forecast k, and therefore affects forecast
        k + 1, whereas forecast 1 follows from the history. You may pass a last row, of
        index `steps`, but it is not used.
    calibration : Calibration, optional
        Errors on held-out steps, such as ``rolling_origin(...).calibration``, from
        which the bounds of the forecast are computed. Default: no bounds.
    coverage : float, optional
        The fraction of future values that should be within the bounds. Default: 0.9.
    minimum, maximum : float, optional
        The range of the series, such as ``minimum=0`` for sales. The forecast and its
        bounds are clipped to it, but the values that are fed back are not. Default: no
        limit.

    Returns
    -------
    Forecast
        The forecasts, which can be used as an array of shape (steps, m), and their
        bounds ``lower`` and ``upper``, which are None without `calibration`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the history is empty or not finite, an output cannot be fed back, the future
        has other numbers of rows or columns, there are too few errors for an interval,
        or the minimum is not below the maximum.
    DivergenceError
        If the values that are fed back grow beyond the largest number.

    See Also
    --------
    synapse.forecasting.rolling_origin : Errors on held-out steps, for intervals.
    synapse.forecasting.NetworkForecaster : Scales, and values known in advance.

    Examples
    --------
    >>> import architect, synapse
    >>> series = np.sin(0.3 * np.arange(200))
    >>> net = architect.GRU(1, 6, 1, output_squash="identity", seed=0)
    >>> trainer = synapse.Trainer(net, rate=0.01, rule="bptt", optimizer="adam")
    >>> data = series[:-1], series[1:]
    >>> result = trainer.train(*data, epochs=300, seed=0, progress=False)
    >>> ahead = synapse.forecast(net, series, 20)
    >>> ahead.shape
    (20, 1)
    >>> bool(np.abs(ahead[:, 0] - np.sin(0.3 * np.arange(200, 220))).max() < 0.1)
    True
    """
    n, m = len(members(network)[0].input), len(members(network)[0].output)
    loop = fed_back(feedback, n, m)
    if calibration is None and coverage is not None:
        raise ArgumentError(
            "An interval needs calibration=, such as rolling_origin(...).calibration."
        )
    share = 0.9 if coverage is None else coverage
    half = None
    limits = clipping(minimum, maximum)
    if calibration is not None:
        width = instance("calibration", calibration, Calibration).errors.shape[2]
        if width != m:
            raise ArgumentError(
                f"Expected a calibration of {pluralize(m, 'output')}, like the"
                f" network, got one of {width}."
            )
        half = calibration.half_widths(share, steps)
    mean = forecasts_from(network, history, [None], steps, loop, [future])[0]
    ahead = bounded(mean, half, share, limits)
    index = labels_of(history)
    dates = None if index is None else labels_beside(index, steps)
    fed, into = zip(*loop, strict=True)
    return replace(ahead, dates=dates, names=fed_names(history, [*fed], [*into], m))


def forecasts_from(
    network: Model,
    history: Any,
    origins: Sequence[int | None],
    steps: int,
    loop: Sequence[tuple[int, int]],
    futures: Iterable[Any],
) -> Floats:
    """Return forecasts from several origins of a history, shape (k, steps, m).

    The network runs the history once, continuing from each origin to the next.
    Afterwards, its previous context is restored.

    Parameters
    ----------
    origins : sequence of int or None
        The number of rows before each forecast, in ascending order, or None for all
        rows.
    loop : sequence of (int, int)
        Each output that is fed back, and its input.
    futures : iterable
        For each origin, the inputs to which no output is fed, as for :func:`forecast`.
    """
    networks = members(network)
    n, m, dtype = len(networks[0].input), len(networks[0].output), networks[0].dtype
    parts, together = parts_of("history", history, n)
    if not together:
        raise ArgumentError(
            "`history` must be one series (T, n), got several sequences."
        )
    rows = as_matrix("history", parts[0], n, dtype)
    if not len(rows):
        raise ArgumentError(
            "The history has no row. Pass at least one, after which the forecast"
            " begins."
        )
    fed, into = (np.array(side, np.intp) for side in zip(*loop, strict=True))
    by_output = np.full(m, NOT_FED)
    by_output[fed] = into
    outside = np.setdiff1d(np.arange(n), into)
    known = [_outside(each, len(outside), steps, network, dtype) for each in futures]
    forecasts = np.empty((len(networks), len(known), steps, m))
    for network, from_each in zip(networks, forecasts, strict=True):
        with preserved_context(network):
            network.clear()
            begin = None
            for place, end in enumerate(origins):
                outputs = from_each[place]
                outputs[0] = network.run(rows[begin:end], traces=False)[-1]
                if steps > 1:
                    inputs = np.zeros((steps - 1, n))
                    inputs[:, outside] = known[place]
                    inputs[0, into] = outputs[0, fed]
                    # The block around restores the context after the last one.
                    is_last = place == len(known) - 1
                    with nullcontext() if is_last else preserved_context(network):
                        network._feed(inputs, outputs[1:], by_output)
                begin = end
    return np.asarray(forecasts.mean(axis=0))


def members(model: Any) -> Sequence[Network]:
    """Return the networks of an ensemble, or a network alone."""
    require_type(isinstance(model, Model), "network", "a Network or an Ensemble", model)
    return model if isinstance(model, Ensemble) else [model]


def fed_back(feedback: Any, n: int, m: int) -> list[tuple[int, int]]:
    """Return pairs of an output and the input that it is fed to."""
    if feedback is None:
        if m > n:
            raise ArgumentError(
                f"The {m} outputs cannot be fed back to {pluralize(n, 'input')}."
                " Pass feedback={output: input} for those that can."
            )
        return [(o, o) for o in range(m)]
    require_type(
        isinstance(feedback, Mapping),
        "feedback",
        "a dict {output: input} of numbers from 0",
        feedback,
    )
    pairs = [
        (
            index_within("An output of the feedback", o, m) % m,
            index_within("An input of the feedback", i, n) % n,
        )
        for o, i in feedback.items()
    ]
    if not pairs:
        raise ArgumentError(
            "Expected at least one output in the feedback, got none. Omit `feedback`"
            " to feed back all outputs."
        )
    if len({i for _, i in pairs}) < len(pairs):
        raise ArgumentError(
            f"Two outputs cannot be fed to one input, as in {feedback!r}."
        )
    return pairs


def _outside(future: Any, k: int, steps: int, model: Model, dtype: Any) -> Floats:
    """Return the k inputs that no output is fed to, in the steps after the history,
    shape (steps - 1, k).
    """
    if future is None:
        if k and steps > 1:
            raise ArgumentError(
                f"No output feeds back into {pluralize(k, 'input')} of {model!r}. Pass"
                f" {'its' if k == 1 else 'their'} values in the"
                f" {pluralize(steps - 1, 'step')} after the history as future=."
            )
        return np.empty((steps - 1, k))
    if not k:
        raise ArgumentError(
            f"Every input of {model!r} is fed by an output. Remove future."
        )
    parts, together = parts_of("future", future, k)
    if not together:
        raise ArgumentError(
            f"`future` must be one series (T, {k}), got several sequences."
        )
    ahead = as_matrix("future", parts[0], k, dtype)
    if len(ahead) not in (steps - 1, steps):
        raise ArgumentError(
            f"`future` must have {pluralize(steps - 1, 'row')}, one for every"
            f" step after the history but the last, or {steps}, got {len(ahead)}."
        )
    return ahead[: steps - 1]


def clipping(minimum: Any, maximum: Any) -> tuple[float, float]:
    """Return the range to which forecasts are clipped, or raise ArgumentError if the
    minimum is not below the maximum.
    """
    low = -math.inf if minimum is None else finite_number("minimum", minimum)
    high = math.inf if maximum is None else finite_number("maximum", maximum)
    return bounds("`minimum` and `maximum`", low, high)


def bounded(
    mean: Floats, half: Floats | None, coverage: float, limits: tuple[float, float]
) -> Forecast:
    """Return a forecast, with bounds of this half width, clipped to a range."""
    if half is None:
        return Forecast(mean.clip(*limits))
    lower, upper = (mean + side * half for side in (-1, 1))
    return Forecast(
        mean.clip(*limits), lower.clip(*limits), upper.clip(*limits), coverage
    )
