"""Sunspots: a perceptron, an Elman network and an LSTM forecast the number of sunspots.

    python -m demos sunspots

Task: Forecast the yearly number of sunspots one year ahead. Three networks learn from
1712-1920 and are tested on 1921-1955, 1956-1979 and 1980-2008.

Sunspots come and go in cycles of about eleven years, no two of them the same. The
yearly numbers are known from 1700 on, and have been forecast for a century: Yule
invented the autoregressive model for this series in 1927. In 1990 Weigend, Huberman and
Rumelhart forecast it with a neural network; their split of the years is used here. The
sun was more active in 1956-1979 than in the years before, so this is the hard part. The
years 1980-2008 were not known then."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import networkx as nx
import numpy as np

import architect
import synapse
from demos._common import (
    CLEAR,
    heading,
    ink,
    lesson,
    on_terminal,
    save_figure,
    with_pyplot,
)
from synapse.initializers import uniform
from synapse.learning import Cosine
from synapse.readwrite import _files

# --- 1. The numbers -------------------------------------------------------------------
#
# There is one number per year. The first twelve years are used as inputs only, never as
# targets: a model with a window of twelve years needs them, and all models forecast the
# same years.

DATA = Path(__file__).parent / "data" / "sunspots.csv"
LINES = [line for line in DATA.read_text().splitlines() if line[0].isdigit()]
YEARS, SPOTS = np.loadtxt(LINES, delimiter=",").T

LAGS = 12
SPANS = ((1712, 1920), (1921, 1955), (1956, 1979), (1980, 2008))
PERIODS = {f"{start}-{end}": (start, end) for start, end in SPANS}


def during(start, end):
    """Booleans by year: whether it lies between two years, both included."""
    return (start <= YEARS) & (end >= YEARS)


TRAINING = during(*PERIODS["1712-1920"])

# The error of a forecast is its mean squared error divided by the variance of the
# series: the average relative variance, ARV. Always forecasting the mean gives about 1,
# a perfect forecast 0.

VARIANCE = SPOTS[during(1700, 1979)].var()


def arv(forecast, years):
    """Mean squared error over the variance of 1700-1979."""
    return float(np.mean((forecast[years] - SPOTS[years]) ** 2) / VARIANCE)


# Networks learn best from numbers around 0. Spots are counts: their variance grows with
# their number, but the variance of their square roots is nearly constant. So we take
# roots and standardise them. Mean and standard deviation come from the training years
# only: the future must not leak in.


@dataclass(frozen=True)
class Scale:
    """Converts spots to inputs of networks, and back."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, spots):
        return cls(np.sqrt(spots).mean(), np.sqrt(spots).std())

    def there(self, spots):
        return (np.sqrt(spots) - self.mean) / self.deviation

    def back(self, z):
        return np.maximum(z * self.deviation + self.mean, 0.0) ** 2


# --- 2. Baselines ---------------------------------------------------------------------
#
# Persistence forecasts this year's number for the next year. The autoregressive model
# AR(12) is a weighted sum of the last twelve years and a constant, fitted by least
# squares. A network that is not better has learnt no more than a linear model.


def persistence():
    return np.concatenate([[np.nan], SPOTS[:-1]])


def windows(values):
    """Row by row, the twelve values before each year; the first twelve years have no
    row."""
    return np.lib.stride_tricks.sliding_window_view(values[:-1], LAGS)


def linear(values, learnt):
    """Fit AR(12) by least squares to the training years; returns its forecast of every
    possible year."""
    rows = np.column_stack([windows(values), np.ones(len(values) - LAGS)])
    fitted = learnt[LAGS:]
    weights, *_ = np.linalg.lstsq(rows[fitted], values[LAGS:][fitted])
    return np.concatenate([np.full(LAGS, np.nan), rows @ weights])


# --- 3. A perceptron looks through a window -------------------------------------------
#
# It has the same twelve years as AR(12) as inputs, but its hidden neurons make the
# forecast nonlinear. The output is linear (identity), which makes squared error the
# cost. Every setting of this network and of the next two (sizes, rates, epochs, initial
# weights) was chosen on years held out within 1712-1920, never on the test years: see
# studies/sunspots.md.


def within(scale):
    return {"initializer": uniform(scale), "bias_initializer": "uniform"}


def perceptron(seed):
    return architect.Perceptron(
        LAGS,
        6,
        1,
        squash="logistic",
        output_squash="identity",
        **within(0.1),
        seed=seed,
    )


# --- 4. An Elman network remembers ----------------------------------------------------
#
# Its input is one year at a time, but its hidden neurons also read their own
# activations of the previous year from the context layer. All its information about
# earlier years is in these activations.


def elman(seed):
    return architect.Elman(
        1, 10, 1, squash="tanh", output_squash="identity", **within(0.1), seed=seed
    )


# --- 5. An LSTM with gates ------------------------------------------------------------
#
# Its input is also one year at a time. Its twelve cells hold their states until a
# forget gate reduces them; input gates scale the inputs of the cells, output gates
# their outputs. The gates begin half open (bias 0) or less (bias -1). The previous
# forecast is also an input of cells and gates, so that they can compare it with the
# observed number.


def lstm(seed):
    return architect.LSTM(
        1,
        12,
        1,
        peepholes="one_to_one",
        output_to_gates=True,
        output_to_hidden=True,
        cell_squash="tanh",
        output_squash="identity",
        input_gate_bias=-1.0,
        forget_gate_bias=0.0,
        output_gate_bias=-1.0,
        initializer=uniform(0.1),
        seed=seed,
        style="synaptic",
    )


@dataclass(frozen=True)
class Model:
    """The function that builds a network, and its training settings."""

    name: str
    build: object
    rate: float
    epochs: int


MODELS = [
    Model("perceptron", perceptron, rate=0.0061, epochs=300),
    Model("Elman", elman, rate=0.029, epochs=300),
    Model("LSTM", lstm, rate=0.011, epochs=1000),
]

# --- 6. Learning ----------------------------------------------------------------------
#
# All three learn online: the weights change a little after every year. The perceptron
# uses its windows in a new random order in each epoch. The others read the series from
# its beginning in each epoch, with a cleared context. A target of NaN means no target:
# the years before 1712 are only read. The rate falls along half a cosine, from large
# steps to small ones.


def inputs_for(net, values):
    """The inputs of a network for each year, and the number of years without a
    forecast."""
    if len(net.input) == LAGS:
        return windows(values), LAGS
    return values[:-1, None], 1


def learn(net, values, learnt, rate, epochs, seed):
    """Train on the training years."""
    inputs, skipped = inputs_for(net, values)
    targets = np.where(learnt, values, np.nan)[skipped:, None]
    rows = np.flatnonzero(learnt[skipped:])
    if net.has_memory:
        history = slice(rows[-1] + 1)
        data = (inputs[None, history], targets[None, history])
    else:
        data = (inputs[rows], targets[rows])
    trainer = synapse.Trainer(net, Cosine(rate, epochs=epochs))
    return trainer.train(*data, epochs=epochs, seed=seed, progress=on_terminal())


# To forecast, a network runs through all years from the beginning. Its weights do not
# change; the context continues from year to year, and each forecast uses only earlier
# years.


def forecast(net, values):
    inputs, skipped = inputs_for(net, values)
    net.clear()
    return np.concatenate([np.full(skipped, np.nan), net.run(inputs).ravel()])


# --- 7. Five times each ---------------------------------------------------------------
#
# Initial weights are random, so a single run proves little. Each network is trained
# with five seeds; the table gives the median and, in brackets, the lowest and the
# highest.


@dataclass(frozen=True)
class Run:
    """A trained network, and its forecast of every year, in spots."""

    net: synapse.Network
    forecast: np.ndarray


def runs_of(model, seeds, epochs, scale):
    values = scale.there(SPOTS)
    runs = []
    for seed in seeds:
        net = model.build(seed)
        print(f"{model.name}, seed {seed}: {net!r}", flush=True)
        learn(net, values, TRAINING, model.rate, epochs, seed)
        runs.append(Run(net, scale.back(forecast(net, values))))
    return runs


def middle(runs):
    """The run with the median fit of the training years, which is drawn and saved."""
    return sorted(runs, key=lambda run: arv(run.forecast, TRAINING))[len(runs) // 2]


def scores(forecasts):
    """The ARV in each period: a number, or the median, lowest and highest of
    several."""
    cells = []
    for period in PERIODS.values():
        errors = [arv(forecast, during(*period)) for forecast in forecasts]
        spread = f" ({min(errors):.3f}-{max(errors):.3f})" if len(errors) > 1 else ""
        cells.append(f"{np.median(errors):.3f}{spread}")
    return cells


def table(simple, networks):
    """Print a table: names on the left, one column per period."""

    def line(name, cells):
        return f"  {name:34}" + "".join(f"{cell:21}" for cell in cells).rstrip()

    lines = [line("", PERIODS)]
    lines.append(line("", ["training", "forecast", "forecast", "forecast"]))
    for name, forecast in simple.items():
        lines.append(line(name, scores([forecast])))
    for name, runs in networks.items():
        lines.append(line(name, scores([run.forecast for run in runs])))
    return "\n".join(lines)


ROOTS = "AR(12), roots"


def by_model(simple, networks):
    """All forecasts of the linear model, from numbers and from their roots, and of each
    network."""
    forecasts = {
        "AR(12)": [simple["linear AR(12)"]],
        ROOTS: [simple["linear AR(12) on square roots"]],
    }
    for name, runs in networks.items():
        forecasts[name] = [run.forecast for run in runs]
    return forecasts


def median_errors(forecasts, period):
    """The median ARV of each model in a period."""
    years = during(*PERIODS[period])
    return {
        name: np.median([arv(forecast, years) for forecast in by_seed])
        for name, by_seed in forecasts.items()
    }


def verdict(forecasts):
    """Print which networks are better than the linear model, which may take roots, as
    they do."""
    for period in ("1921-1955", "1956-1979"):
        errors = median_errors(forecasts, period)
        plain = errors.pop("AR(12)")
        roots = errors.pop(ROOTS)
        limit = min(plain, roots)
        names = [name for name, error in errors.items() if error < limit]
        better = ", ".join(names) or "none"
        print(
            f"On {period} AR(12) has {plain:.3f}, on square roots {roots:.3f}; better"
            f" networks: {better}."
        )


# --- 8. The states of the cells -------------------------------------------------------
#
# The numbers of all neurons can be read at every step. The LSTM reads the series once
# more, and after every year we record the states of its cells.


def states(net, values):
    net.clear()
    by_year = []
    for value in values:
        net.activate([value])
        by_year.append(net["cells"].states)
    return np.array(by_year)


@with_pyplot
def picture(plt, forecasts, chosen, cells, path):
    """Plot the LSTM's forecast above; below, the errors of all runs and the states of
    the cells."""
    figure, panels = plt.subplot_mosaic(
        [["forecast", "forecast"], ["errors", "cells"]],
        figsize=(8.4, 5.9),
        layout="constrained",
    )
    panel_forecast(panels["forecast"], chosen.forecast)
    panel_errors(panels["errors"], forecasts)
    panel_cells(panels["cells"], cells)
    save_figure(figure, path)


SHOWN = during(1912, 2008)


def mark_periods(axes):
    for start, _ in list(PERIODS.values())[1:]:
        axes.axvline(start - 0.5, color=ink.GRAY, lw=0.8)
    axes.set(xlim=(1911, 2009), xlabel="year")


def panel_forecast(axes, forecast):
    area = axes.fill_between(
        YEARS[SHOWN], SPOTS[SHOWN], color=ink.PALE, alpha=0.6, lw=0
    )
    (dots,) = axes.plot(YEARS[SHOWN], SPOTS[SHOWN], "o", ms=2.5, color=ink.BLACK)
    (line,) = axes.plot(YEARS[SHOWN], forecast[SHOWN], color=ink.RED, lw=1.4)
    for name, (start, end) in PERIODS.items():
        middle = (max(start, 1912) + end) / 2
        label = "learnt" if start < 1920 else name
        axes.text(middle, 245, label, ha="center", va="top")
    names = {"observed, grey below": (area, dots), "LSTM, one year ahead": line}
    axes.legend(
        [*names.values()], [*names], loc="upper left", bbox_to_anchor=(0.11, 0.9)
    )
    mark_periods(axes)
    axes.set(ylabel="sunspots, yearly mean", ylim=(0, 250), title="Forecast")


def panel_errors(axes, forecasts):
    """A dot for each run, and a line at the median, by period; lower is better."""
    colours = (ink.ORANGE, ink.GRAY, ink.BLUE, ink.GREEN, ink.RED)
    for i, (name, by_seed) in enumerate(forecasts.items()):
        dots = {"ms": 3.5, "alpha": 0.6, "mew": 0, "color": colours[i]}
        for place, period in enumerate(PERIODS.values()):
            errors = [arv(forecast, during(*period)) for forecast in by_seed]
            across = place + 0.16 * (i - 2)
            axes.plot([across] * len(errors), errors, "o", **dots)
            ends = [across - 0.07, across + 0.07]
            middle = np.median(errors)
            (line,) = axes.plot(ends, [middle, middle], color=colours[i], lw=2)
        line.set_label(name)
    axes.set_xticks(range(len(PERIODS)), ["learnt", *list(PERIODS)[1:]])
    axes.set(
        ylabel="ARV (0: perfect, 1: the mean)",
        ylim=(0, None),
        title="Error: runs and their median",
    )
    axes.legend(loc="upper left")


def panel_cells(axes, cells):
    """The three cells whose states change most, and the others."""
    swing = np.argsort(-np.ptp(cells[SHOWN], axis=0))
    others = axes.plot(YEARS[SHOWN], cells[SHOWN][:, swing[3:]], color=ink.PALE, lw=1)
    others[0].set_label("others")
    for i, colour in zip(swing, (ink.BLUE, ink.PURPLE, ink.GREEN), strict=False):
        axes.plot(
            YEARS[SHOWN], cells[SHOWN, i], color=colour, lw=1.4, label=f"cell {i}"
        )
    mark_periods(axes)
    axes.set(ylabel="state after seeing the year", title="The LSTM's memory cells")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.2 * (high - low))
    axes.legend(loc="upper left", ncols=4, columnspacing=0.9, handlelength=1.2, **CLEAR)


# --- 9. All parts together ------------------------------------------------------------


def main(quick: bool, seed: int, out: Path) -> None:
    scale = Scale.of(SPOTS[TRAINING])
    simple = {
        "persistence": persistence(),
        "linear AR(12)": linear(SPOTS, TRAINING),
        "linear AR(12) on square roots": scale.back(
            linear(scale.there(SPOTS), TRAINING)
        ),
    }
    seeds = range(seed, seed + (2 if quick else 5))  # one run per seed
    networks = {}
    for model in MODELS:
        heading(f"{model.name}: {len(seeds)} runs")
        epochs = model.epochs // 10 if quick else model.epochs
        networks[model.name] = runs_of(model, seeds, epochs, scale)

    heading(
        "Average relative variance: lower is better; median (lowest-highest) of"
        f" {len(seeds)} seeds"
    )
    print(table(simple, networks))
    print()
    forecasts = by_model(simple, networks)
    verdict(forecasts)
    if quick:
        print(
            "This quick run has two seeds and a tenth of the epochs, so its numbers are"
            " not a result."
        )

    print(
        "For each network, the run with the median fit on 1712-1920 is saved, and"
        " plotted for the LSTM."
    )

    chosen = {name: middle(runs) for name, runs in networks.items()}
    save(chosen, simple | {name: run.forecast for name, run in chosen.items()}, out)
    cells = states(chosen["LSTM"].net, scale.there(SPOTS))
    picture(forecasts, chosen["LSTM"], cells, out / "sunspots.png")
    near = median_errors(forecasts, "1921-1955")
    far = median_errors(forecasts, "1956-1979")
    errors = [f"{near[name]:.3f} and {far[name]:.3f} ({name})" for name in near]
    worse = sum(far[name] > near[name] for name in networks)
    lesson(
        "Compare with a linear model first, on the same numbers. Median errors on"
        f" 1921-1955 and 1956-1979: {', '.join(errors)}. {worse} of the {len(networks)}"
        " networks are worse on 1956-1979, which is outside of the range seen in"
        " training: the highest year has"
        f" {SPOTS[during(*PERIODS['1956-1979'])].max():.0f} sunspots, in training"
        f" {SPOTS[TRAINING].max():.0f}."
    )


# The networks are saved completely: synapse.load restores them. The graph of the LSTM
# is also written as GraphML, which Gephi, yEd and Cytoscape open: one node per neuron,
# one edge per connection.


def save(chosen, forecasts, out):
    for name, run in chosen.items():
        synapse.save(run.net, out / f"{name.lower()}.synapse")
    graph = synapse.to_networkx(chosen["LSTM"].net)
    _files.write(out / "lstm.graphml", "\n".join(nx.generate_graphml(graph)))
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["year", "observed", *forecasts])
    for i in np.flatnonzero(during(1712, 2008)):
        cells = [f"{forecast[i]:.2f}" for forecast in forecasts.values()]
        writer.writerow([int(YEARS[i]), SPOTS[i], *cells])
    _files.write(out / "forecasts.csv", text.getvalue())


# To try: plain numbers instead of their roots; LAGS = 2, which shows the value of the
# ten other years for AR and the perceptron; a forecast of the years after 2008, with
# each forecast of the LSTM as the next input.
