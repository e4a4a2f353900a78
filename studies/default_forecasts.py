"""Forecasts of the command's default and of statistical methods, on series that are
shipped or generated.

    python -m studies default_forecasts    # needs the extra "forecast"; 15 minutes

From every origin, `synapse.tables.train_series` sees the rows before it only: it
chooses, fits and tests there, and the method that it chooses forecasts. The other
methods are fitted to the same rows. Intervals are those of nominal 90 %."""

from __future__ import annotations

import csv
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from synapse import forecasting, tables
from synapse._typing import Floats
from synapse.readwrite import _files
from synapse.tables._series_task import fit_together, series_tasks

HERE = Path(__file__).resolve().parent
DATA = HERE.parent / "demos" / "data"
REPORT = HERE / "default_forecasts.md"
STEPS = 12
SEEDS = 10
SHARE = 0.9
LATER = range(0, 49, 4)
"""Rows after the last one that methods are fitted to from which they forecast, too."""
AHEAD = LATER[-1] + STEPS
METHODS = ("naive", "seasonal", "ridge", "ar", "ets", "theta", "arima")
CANDIDATES = ("default", "network", "combine", *METHODS)
HYBRIDS = ("best simple", "residuals", "both")
"""The statistical method that was best in the test, a network of its residuals, and its
mean with the GRU."""
LENGTH = 120
"""Rows of a generated series before the first origin."""


HYBRID = """
## Networks compared with the best simple method

To find out whether a network can improve a simple method, this table starts from *best
simple*, the statistical method with the lowest error in the test. *residuals* adds a
GRU's forecast of the method's residuals (Zhang 2003), and *both* averages this sum and
the GRU's own forecast. Neither of them is a candidate of the command. Averaged over all
series, they are not better than *best simple*, or than the default, whose mean of three
already includes a network if this helps.
"""
COVERAGE = """
Intervals are computed from the errors in the test and in the second half of the
training rows. Because parameters were fitted to the training rows, these errors are
scaled up to the size of the errors in the test. If it gives a larger likelihood, errors
are taken relative to the level of the series.

Two series have intervals that are too wide. In the first one, the level changes within
the test, and many errors in the test are therefore about 20. The intervals allow for
such errors, although they do not occur later. In the second one, the chaotic logistic
map, errors stop growing after some steps. The intervals, however, continue to grow,
because their width is a power of the number of steps.
"""


def generated(series_name: str, seed: int, count: int) -> Floats:
    """A series of months."""
    rng = np.random.default_rng(seed)
    t = np.arange(count)
    noise = rng.normal(size=count)
    season = np.sin(2 * np.pi * t / 12)
    chaos = [0.3]
    for _ in range(count - 1):
        chaos.append(3.8 * chaos[-1] * (1 - chaos[-1]))
    made: dict[str, Any] = {
        "level": 50 + 5 * noise,
        "trend": 50 + 0.8 * t + 8 * noise,
        "season": 100 + 20 * season + 5 * noise,
        "random walk": 100 + np.cumsum(5 * noise),
        "heavy tails": 100 + 10 * season + 4 * rng.standard_t(3, size=count),
        "trend and season": 100 + 0.8 * t + 20 * season + 5 * noise,
        "growing season": (100 + t) * (1 + 0.3 * season) * np.exp(0.05 * noise),
        "autoregression": 100 + np.convolve(5 * noise, 0.8 ** np.arange(30))[:count],
        "change of level": 50 + 20 * (t > count // 2) + 5 * noise,
        "logistic map": 10 * np.array(chaos),
    }
    values: Floats = made[series_name]
    return values


GENERATED = (
    *("level", "trend", "season", "random walk", "heavy tails", "trend and season"),
    *("growing season", "autoregression", "change of level", "logistic map"),
)
SHIPPED = {"sunspots": ("sunspots.csv", 1), "Niño 1+2": ("nino12.csv", 12)}
"""Files of demos/data, which name their sources, and the rows of a season."""


def shipped(file: str) -> Floats:
    """The last column of a file."""
    with open(DATA / file, encoding="utf-8") as lines:
        rows = [row for row in csv.reader(lines) if row and not row[0].startswith("#")]
    return np.array([float(row[-1]) for row in rows[1:]])


def windows() -> Iterator[tuple[str, int, Floats]]:
    """Name, rows of a season, and values, of which the last 60 are to be forecast."""
    for series_name in GENERATED:
        for seed in range(SEEDS):
            yield (
                series_name,
                1 if series_name == "logistic map" else 12,
                generated(series_name, seed, LENGTH + AHEAD),
            )
    for name, (file, period) in SHIPPED.items():
        values = shipped(file)
        last = len(values) - AHEAD
        for origin in np.linspace(last // 2, last, SEEDS).astype(int):
            yield name, period, values[max(0, origin - 240) : origin + AHEAD]


def forecasts(values: Floats, period: int) -> dict[str, tuple[Floats, Floats, float]]:
    """Forecasts, half widths and seconds of each method, fitted to the rows before the
    last 60."""
    count = len(values) - AHEAD
    past = values[:count, None]
    series = pd.DataFrame({"y": past[:, 0]})
    begun = time.perf_counter()
    (task,), _ = series_tasks(series, ["y"], steps=STEPS, period=period)
    trained = tables.train_series(
        series, ["y"], tables.TrainingOptions(), steps=STEPS, period=period
    )
    training = time.perf_counter() - begun
    facts = trained.facts
    whole = replace(task, start=count)
    forecasters: dict[str, Any] = {
        "gru": task.forecaster(trained.model, AHEAD),
        "mean": forecasting.statistical("mean", past),
    }
    seconds = {}
    for name in METHODS:
        begun = time.perf_counter()
        forecasters |= whole.statistical([name])[0]
        seconds[name] = time.perf_counter() - begun
    forecasters.setdefault("seasonal", forecasters["naive"])  # without a season
    made = {
        name: np.array(
            [forecaster(values[: count + later, None], STEPS)[:, 0] for later in LATER]
        )
        for name, forecaster in forecasters.items()
    }
    made["combine"] = np.mean([made[name] for name in facts["members"]], axis=0)
    best = next(name for name in facts["mase"] if name in (*METHODS, "mean"))
    made["best simple"] = made[best]
    made["both"] = (made[best] + made["gru"]) / 2
    made["residuals"] = made[best] + of_residuals(
        forecasters[best], values, count, period
    )
    later = replace(task, y=values[:, None])
    levels = np.array(
        [later.level(count + after) if facts["relative"] else [1.0] for after in LATER]
    )
    by_method = {}
    for name, forecast in made.items():
        errors = facts["errors"].get(name, facts["errors"]["naive"])
        half = forecasting.Calibration(np.array(errors)).half_widths(SHARE, STEPS)[:, 0]
        by_method[name] = forecast, levels * half, seconds.get(name, training)
    return {
        **by_method,
        "network": by_method["gru"],
        "default": (*by_method[facts["chosen"]][:2], training),
    }


def of_residuals(forecaster: Any, values: Floats, count: int, period: int) -> Floats:
    """Forecasts of the residuals of a method by a network that is trained on those
    before `count`.

    G. P. Zhang, "Time series forecasting using a hybrid ARIMA and neural network
    model", Neurocomputing 50 (2003), 159-175."""
    start = 4 * max(period, 4)
    left = [
        values[t] - forecaster(values[:t, None], 1)[0, 0]
        for t in range(start, count + LATER[-1])
    ]
    residuals = np.array(left)[:, None]
    begun = count - start
    series = pd.DataFrame({"y": residuals[:begun, 0]})
    (task,), _ = series_tasks(series, ["y"], steps=STEPS, period=period)
    learning = tables.TrainingOptions()
    _, result = fit_together([task], learning)
    model = learning.refit(lambda: task.make(learning), [task.whole().lesson()], result)
    forecast = task.forecaster(model, AHEAD)
    return np.array(
        [forecast(residuals[: begun + later], STEPS)[:, 0] for later in LATER]
    )


def main() -> None:
    """Measure and write the report."""
    errors: dict[str, dict[str, list[float]]] = {}
    covered: dict[str, dict[str, list[float]]] = {}
    seconds: dict[str, list[float]] = {name: [] for name in (*CANDIDATES, *HYBRIDS)}
    for name, period, values in windows():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            by_method = forecasts(values, period)
        past = values[:-AHEAD]
        count = len(values) - AHEAD
        truth = np.array(
            [values[count + later : count + later + STEPS] for later in LATER]
        )
        scale = np.abs(past[period:] - past[:-period]).mean()
        for method in (*CANDIDATES, *HYBRIDS):
            made, half, took = by_method[method]
            errors.setdefault(name, {}).setdefault(method, []).append(
                float(np.abs(made - truth).mean() / scale)
            )
            inside = np.abs(made - truth) <= half
            covered.setdefault(name, {}).setdefault(method, []).append(
                float(inside.mean())
            )
            seconds[method].append(took)
        if len(errors[name]["default"]) == SEEDS:
            print(
                name,
                {
                    method: round(float(np.mean(scores)), 2)
                    for method, scores in errors[name].items()
                },
                flush=True,
            )
    _files.write(REPORT, report(errors, covered, seconds))


def ranked(errors: Any, methods: Sequence[str]) -> list[str]:
    """The rows of a table of errors; the lowest of each series is bold."""
    lines = [
        "| series | " + " | ".join(methods) + " |",
        "| --- |" + " ---: |" * len(methods),
    ]
    for name, row in errors.items():
        means = [np.mean(row[method]) for method in methods]
        cells = [
            f"**{mean:.3f}**" if mean == min(means) else f"{mean:.3f}" for mean in means
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    means = [
        np.mean([np.mean(row[method]) for row in errors.values()]) for method in methods
    ]
    return [*lines, "| all | " + " | ".join(f"{mean:.3f}" for mean in means) + " |"]


def report(errors: Any, covered: Any, seconds: Any) -> str:
    """The page."""
    took = sum(seconds["default"])
    head = f"""# The command's forecasts compared with statistical methods

    python -m studies default_forecasts    # {took:.0f} s for trainings and tests

This study compares the forecasts of `synapse train` and `synapse forecast` with
statistical methods, to show how far you can trust the default. The column *default* is
the choice of these commands: they average the best three methods in the test, unless
one method is more than 10 % better there. *network* is the GRU alone, while ets, theta
and arima are AutoETS, AutoTheta and AutoARIMA from statsforecast. The ridge regression
is not included, because it became one of the methods after this measurement.

Each row is the mean of {SEEDS} fits and {len(LATER)} forecasts of {STEPS} steps by
each. Generated series have {LENGTH} known rows, and each of them has its own seed.
Series in `demos/data` are fitted at {SEEDS} places in their later half, to up to 240
rows. Methods keep their parameters for 48 rows, from which they forecast. Seconds were
measured on a machine with other work.

## Mean absolute scaled error
"""
    lines = [head, *ranked(errors, CANDIDATES)]
    alone = {
        m: f"{np.median(seconds[m]):.2g}"
        for m in CANDIDATES
        if m not in ("network", "combine")
    }
    lines += [
        "| seconds, median | "
        + " | ".join(alone.get(m, "") for m in CANDIDATES)
        + " |",
        "",
    ]
    worse = {
        n: np.mean(r["default"]) / np.mean(r["seasonal"]) for n, r in errors.items()
    }
    worst = max(worse, key=worse.__getitem__)
    change = 100 * (worse[worst] - 1)
    lines += [
        (
            "Against seasonal naive (naive without a season), the default is worst on"
            f" {worst}: {change:+.0f} %."
        ),
        "",
        HYBRID.strip(),
        "",
        *ranked(errors, ("default", *HYBRIDS)),
        "",
        "## Share of future values within the intervals of nominal 90 %",
        "",
        "| series | default |",
        "| --- | ---: |",
        *(
            f"| {name} | {100 * np.mean(row['default']):.1f} % |"
            for name, row in covered.items()
        ),
        COVERAGE,
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
