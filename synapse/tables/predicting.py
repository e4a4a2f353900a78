"""Predict with the networks of `train_series` and `train_rows`, as their files say."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._typing import Floats
from ..errors import ArgumentError
from ..forecasting import Calibration, Differences, Forecast, NetworkForecaster
from ..forecasting.selection import COMBINE
from ..forecasting.statistical import METHODS
from ..objects.network import Network
from .encoding import Encoding
from .series import Series
from .training import covariates, fitted


def series_facts(network: Network) -> dict[str, Any]:
    """What the file of a network from :func:`train_series` has; ArgumentError if it is another network."""
    facts: dict[str, Any] = network.metadata
    fed = [*facts.get("targets", []), *facts.get("observed", [])]
    if not {"differences", "period", "chosen", "known"} <= set(facts) or len(fed) != len(network.output):
        raise ArgumentError(
            f"{network!r} does not forecast a series. Make such a model by `synapse train` or train_series."
        )
    return facts


def _forecaster(network: Network, series: Series, known: Floats | None, count: int) -> NetworkForecaster:
    """The network as a forecaster of so many rows of a series."""
    facts = network.metadata
    differences = [Differences(tuple(lags)) for lags in facts["differences"]]
    phase = series.phase(facts.get("first_date"))
    rows = covariates(known, count, facts["period"], differences[0], phase)
    return NetworkForecaster(network, differences, rows)


def forecast_series(
    network: Network,
    series: Series,
    steps: int,
    future: Floats | None = None,
    *,
    method: str | None = None,
    interval: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
) -> tuple[Forecast, list[str]]:
    """Forecast the rows that follow a series, by the method that was best in the test of the network.

    Parameters
    ----------
    network : Network
        From :func:`train_series`.
    series : Series
        Its columns are the targets, the observed and the known ones of the network, in this order.
    steps : int
        Number of rows to forecast.
    future : ndarray, shape (steps, k), optional
        The known columns in these rows.
    method : str, optional
        "network", "combine", or a method of :func:`synapse.forecasting.statistical`.
    interval : float, optional
        Add bounds for this share of future values.
    minimum, maximum : float, optional
        The range to which the forecast and its bounds are clipped.

    Returns
    -------
    Forecast
        Of shape (steps, targets).
    list of str
        Sentences: which method forecasts and why, and whether the network is worth it.

    Raises
    ------
    ArgumentError
        If there is no such method, or no errors for an interval.
    """
    facts = series_facts(network)
    own = next(one for one in facts.get("mase", [facts["chosen"]]) if one not in (COMBINE, *METHODS))
    name = own if method == "network" else method or facts["chosen"]
    members = facts.get("members", []) if name == COMBINE else [name]
    if not members or not set(members) <= {own, *METHODS}:
        raise ArgumentError(
            f"Expected the method to be {own}, {COMBINE} or one of {', '.join(METHODS)}, got {name!r}."
        )
    targets = len(facts["targets"])
    y = series.values[:, : targets + len(facts["observed"])]
    x = None if future is None else np.vstack([series.values[:, y.shape[1] :], future])
    forecasters, notes = fitted([one for one in members if one != own], y, facts["period"], x)
    if own in members:
        forecasters[own] = _forecaster(network, series, x, len(y) + steps)
    if len(forecasters) < len(members):
        raise ArgumentError(" ".join(notes))
    mean = np.mean([one(y, steps) for one in forecasters.values()], axis=0)[:, :targets]
    low, high = (-np.inf if minimum is None else minimum), (np.inf if maximum is None else maximum)
    why = facts.get("reason") if method is None else None
    notes += [why or f"{name} forecasts.", *filter(None, [facts.get("verdict")])]
    if interval is None:
        return Forecast(mean.clip(low, high)), notes
    errors = facts.get("errors", {}).get(name)
    if errors is None:
        raise ArgumentError(
            f"The model has no errors of {name} on held-out rows, from which an interval follows. Train it "
            "with --validation above 0, on more rows."
        )
    half = Calibration(np.array(errors)).half_widths(interval, steps)
    bounds = (mean - half).clip(low, high), (mean + half).clip(low, high)
    return Forecast(mean.clip(low, high), *bounds, interval), notes


def predict_series(network: Network, series: Series) -> Floats:
    """Forecast each row of a series from those before it, shape (T, targets) or, without known columns,
    (T + 1, targets); NaN where too few rows are known.
    """
    facts = series_facts(network)
    targets = len(facts["targets"])
    y = series.values[:, : targets + len(facts["observed"])]
    x = series.values[:, y.shape[1] :] if facts["known"] else None
    return _forecaster(network, series, x, len(y) + (x is None)).one_step(y)[:, :targets]


def encoding_of(network: Network) -> Encoding | None:
    """How the columns of a table become the inputs of a network from :func:`train_rows`; None for others."""
    facts = network.metadata.get("encoding")
    return None if facts is None else Encoding(dict(facts["medians"]), dict(facts["words"]))
