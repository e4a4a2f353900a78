"""The forecaster of `synapse.river` with the season that it finds, with a given one and
without, beside the seasonal naive forecast and exponential smoothing.

    python -m studies stream_forecasts

It needs the extra "river", and statsmodels. Each series has 600 steps, or those of its
file. After a third of them, and from then on after every 20, each method forecasts
twelve steps. The network has learned each value once by then, in order; the smoothing
of Holt and Winters (statsmodels, with an additive trend and season) has the parameters
that fit the first third best, and reads all values so far."""

from __future__ import annotations

import csv
import sys
import warnings
from pathlib import Path

import numpy as np
from river import datasets

from synapse.forecasting import seasonal_naive
from synapse.river import NetworkForecaster

DATA = Path(__file__).resolve().parents[1] / "demos" / "data"
STEPS, EVERY, AHEAD = 600, 20, 12


def column(name):
    """The last column of a file of `demos/data`."""
    with open(DATA / name, encoding="utf-8") as lines:
        rows = [row for row in csv.reader(lines) if row and not row[0].startswith("#")]
    return np.array([float(row[-1]) for row in rows[1:]])


def wave(steps, period):
    """A sine of this period."""
    return np.sin(2 * np.pi * steps / period)


MADE = {
    "sine of 12": (12, lambda t, e: wave(t, 12) + 0.3 * e),
    "sine of 24": (24, lambda t, e: wave(t, 24) + 0.3 * e),
    "sine of 7": (7, lambda t, e: wave(t, 7) + 0.3 * e),
    "saw of 12": (12, lambda t, e: (t % 12) / 6 - 1 + 0.3 * e),
    "two peaks in 24": (
        24,
        lambda t, e: 3.0 * (t % 24 == 5) + (t % 24 == 17) + 0.3 * e,
    ),
    "trend and sine": (12, lambda t, e: 0.02 * t + wave(t, 12) + 0.3 * e),
    "random walk and sine": (12, lambda t, e: np.cumsum(0.3 * e) + wave(t, 12)),
    "growing season": (
        12,
        lambda t, e: (1 + t / 100) * (1 + 0.3 * wave(t, 12)) * np.exp(0.05 * e),
    ),
}
"""Seasons, and series of the steps and of standard noise."""
RECORDED = {
    "AirlinePassengers": (12, lambda: [y for _, y in datasets.AirlinePassengers()]),
    "Niño 1+2": (12, lambda: column("nino12.csv")),
    "sunspots": (1, lambda: column("sunspots.csv")),
}


def series_of(name, seed):
    """The steps of a season, and the values."""
    if name in RECORDED:
        period, values = RECORDED[name]
        return period, np.array(values(), float)
    period, values = MADE[name]
    noise = np.random.default_rng(seed).normal(size=STEPS)
    return period, values(np.arange(STEPS), noise)


def of_network(values, origins, **options):
    """Forecasts of a network from these origins."""
    model = NetworkForecaster(**options)
    forecasts = []
    for step in range(origins[-1] + 1):
        if step in origins:
            forecasts.append(model.forecast(AHEAD))
        model.learn_one(float(values[step]))
    return np.array(forecasts)


def of_smoothing(values, origins, period):
    """Forecasts of exponential smoothing."""
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    season = {"seasonal": "add", "seasonal_periods": period} if period > 1 else {}
    known = {"trend": "add", **season, "initialization_method": "heuristic"}
    names = ["smoothing_level", "smoothing_trend", "smoothing_seasonal"][
        : 2 + len(season)
    ]
    forecasts = []
    with warnings.catch_warnings(action="ignore"):
        first = ExponentialSmoothing(values[: origins[0]], **known).fit().params
        fixed = {name: first[name] for name in names if np.isfinite(first[name])}
        for origin in origins:
            model = ExponentialSmoothing(values[:origin], **known)
            fit = model.fit(**fixed, optimized=False)
            forecasts.append(fit.forecast(AHEAD))
    return np.array(forecasts)


def errors(name, seed):
    """The mean absolute error of each method."""
    period, values = series_of(name, seed)
    origins = [*range(len(values) // 3, len(values) - AHEAD + 1, EVERY)]
    truth = np.array([values[origin : origin + AHEAD] for origin in origins])
    naive = [seasonal_naive(values[:origin], AHEAD, period) for origin in origins]
    forecasts = [
        np.array(naive),
        of_smoothing(values, origins, period),
        of_network(values, origins, seed=seed, period=1),
        of_network(values, origins, seed=seed, period=period),
        of_network(values, origins, seed=seed),
    ]
    return [float(np.abs(each - truth).mean()) for each in forecasts]


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print the table."""
    seeds = int((arguments or sys.argv[1:] or [5])[0])
    networks = ("network, period=1", "network, period=", "network")
    methods = ("seasonal naive", "Holt-Winters", *networks)
    print("| series | " + " | ".join(methods) + " |")
    print("| --- |" + " ---: |" * len(methods))
    for name in (*MADE, *RECORDED):
        means = np.mean([errors(name, seed) for seed in range(seeds)], axis=0)
        cells = [
            f"**{mean:.4g}**" if mean == means.min() else f"{mean:.4g}"
            for mean in means
        ]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
