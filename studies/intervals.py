"""What share of future values do calibrated 90 % intervals cover, and which warnings appear?

    python -m studies intervals    # takes two minutes; prints the table of intervals.md
    python -m studies intervals "linear trend" "random walk"

Each series has 400 rows. A GRU learns the first 240; the next 100 calibrate; then 20 steps are forecast from
each of 41 origins, the context being all rows before. Series are scaled by the range of the first 240 rows.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np

import architect
import synapse
from synapse.forecasting import calibrate

ROWS, TRAINED, KNOWN, STEPS, SEEDS = 400, 240, 340, 20, 8


def autoregressive(rng, noise, phi=0.7):
    """A stationary AR(1) series."""
    values = [0.0]
    for shock in noise:
        values.append(phi * values[-1] + shock)
    return np.array(values[1:])


SERIES = {
    "stationary AR(1)": autoregressive,
    "seasonal": lambda rng, noise: np.sin(2 * np.pi * np.arange(ROWS) / 12) + 0.2 * noise,
    "constant bias": lambda rng, noise: (
        np.sin(2 * np.pi * np.arange(ROWS) / 12) + 0.2 * noise + 0.5 * (np.arange(ROWS) >= TRAINED)
    ),
    "random walk": lambda rng, noise: np.cumsum(noise),
    "linear trend": lambda rng, noise: 0.05 * np.arange(ROWS) + 0.2 * noise,
    "differences of that walk": lambda rng, noise: noise,
    "differences of that trend": lambda rng, noise: 0.05 + 0.2 * np.diff(noise, prepend=0.0),
}
"""The third has a shift of level right after the rows that the network learns."""


def measure(kind, seed):
    """Share covered, mean width in deviations of the series, warnings of calibration and of forecasts."""
    rng = np.random.default_rng(seed)
    series = SERIES[kind](rng, rng.normal(size=ROWS))
    learnt = series[:TRAINED]
    series = 2 * (series - learnt.min()) / np.ptp(learnt) - 1
    net = architect.GRU(1, 8, 1, output_squash="identity", seed=seed)
    trainer = synapse.Trainer(net, rate=0.01, method="bptt", optimizer=synapse.optimizers.Adam())
    trainer.train(series[: TRAINED - 1], series[1:TRAINED], epochs=200, seed=seed, progress=False)
    with warnings.catch_warnings(record=True) as drifts:
        warnings.simplefilter("always")
        calibration = calibrate(net, series[:KNOWN], STEPS, held_out=KNOWN - TRAINED)
    covered, widths, outside = [], [], 0
    for origin in range(KNOWN, ROWS - STEPS + 1):
        with warnings.catch_warnings(record=True) as shown:
            warnings.simplefilter("always")
            ahead = synapse.forecast(net, series[:origin], STEPS, calibration=calibration)
        truth = series[origin : origin + STEPS, None]
        covered.append((ahead.lower <= truth) & (truth <= ahead.upper))
        widths.append(ahead.upper - ahead.lower)
        outside += bool(shown)
    return np.mean(covered), np.mean(widths) / np.std(series), len(drifts), outside / len(covered)


def main():
    print("| series | covered | of single seeds | width / deviation | drift reported | context outside |")
    print("| --- | ---: | --- | ---: | ---: | ---: |")
    for kind in sys.argv[1:] or SERIES:
        covered, widths, drifts, outside = np.transpose([measure(kind, seed) for seed in range(SEEDS)])
        each = " ".join(f"{100 * one:.0f}" for one in sorted(covered))
        cells = [kind, f"{covered.mean():.0%}", each, f"{widths.mean():.2f}"]
        print("|", " | ".join([*cells, f"{drifts.mean():.0%}", f"{outside.mean():.0%}"]), "|", flush=True)


if __name__ == "__main__":
    main()
