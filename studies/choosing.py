"""Measure the numbers of the pages "How much history, which rule, which architecture"
(docs/choosing.md) and "Fitting" (docs/fitting.md).

    python -m studies choosing            # measures, writes choosing.json and pages
    python -m studies choosing costs      # measures one part only, or several
    python -m studies choosing report     # the tables of both pages, from the JSON

Five small experiments, from five seeds each: a bit that has to be remembered over a
lag, the same by four LSTMs (twenty seeds) and with gradients cut to a window, the
units of inputs and targets, and the rate and size of a perceptron. The last measures
the time of a step by rule."""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent

import architect
import synapse
from synapse.optimizers import Adam
from synapse.readwrite import _files

RESULTS = HERE / "choosing.json"
DOCS = HERE.parent / "docs"
PAGES = {
    "choosing.md": ("histories", "gates", "windows", "costs"),
    "fitting.md": ("units", "rates", "sizes"),
}
"""The tables of each page."""
SEEDS = (0, 1, 2, 3, 4)
GATE_SEEDS = range(20)
GATE_LAGS = (9, 20, 50)
LAGS = (2, 5, 9, 20, 50, 100)
CUT_LAG = 100
WINDOWS = (1, 5, 20, 50, 100, 101)
RATES = (0.001, 0.01, 0.1, 1.0, 10.0)
SIZES = (1, 2, 4, 8, 16, 32, 64)
SEQUENCES = 200
EPOCHS = 200
DELAY = 9
GOAL = 0.95


# --- 1. A bit over a lag --------------------------------------------------------------


def latch(lag, seed):
    """The first row has a bit, ±1, the others have noise; the target after the lag is
    the bit, 0 or 1."""
    rng = np.random.default_rng(seed)
    inputs = np.zeros((SEQUENCES, lag + 1, 2))
    inputs[:, 0, 0] = rng.choice([-1.0, 1.0], SEQUENCES)
    inputs[:, 1:, 1] = rng.uniform(-1, 1, (SEQUENCES, lag))
    targets = np.full((SEQUENCES, lag + 1, 1), np.nan)
    targets[:, -1, 0] = inputs[:, 0, 0] > 0
    return inputs, targets


def windowed(inputs, width):
    """Append the previous rows to each row: the inputs of a perceptron with a
    window."""
    padded = np.pad(inputs, ((0, 0), (width - 1, 0), (0, 0)))
    rows = np.lib.stride_tricks.sliding_window_view(padded, width, axis=1)
    return rows.reshape(*inputs.shape[:2], -1)


def linear_lstm(seed, **options):
    return architect.LSTM(
        2,
        8,
        1,
        style="synaptic",
        cell_squash="identity",
        peepholes=None,
        seed=seed,
        **options,
    )


def lstm(seed):
    return architect.LSTM(2, 8, 1, seed=seed)


MODELS = {
    "perceptron, window of 10 rows": (
        lambda seed: architect.Perceptron(20, 8, 1, seed=seed),
        "bptt",
    ),
    "NARX, `input_delay=9`": (
        lambda seed: architect.NARX(2, 8, 1, input_delay=DELAY, seed=seed),
        "bptt",
    ),
    "Elman": (lambda seed: architect.Elman(2, 8, 1, seed=seed), "online"),
    "Elman  ": (lambda seed: architect.Elman(2, 8, 1, seed=seed), "rtrl"),
    "Elman ": (lambda seed: architect.Elman(2, 8, 1, seed=seed), "bptt"),
    "LSTM, linear cells, no peepholes": (linear_lstm, "online"),
    "LSTM": (lstm, "online"),
    "LSTM  ": (lstm, "rtrl"),
    "LSTM ": (lstm, "bptt"),
    "GRU": (lambda seed: architect.GRU(2, 8, 1, seed=seed), "rtrl"),
    "GRU ": (lambda seed: architect.GRU(2, 8, 1, seed=seed), "bptt"),
}


LSTMS = {
    "default": (lstm, "online"),
    "without peepholes": (
        lambda seed: architect.LSTM(2, 8, 1, peepholes=None, seed=seed),
        "online",
    ),
    "linear cells, no peepholes": (linear_lstm, "online"),
    "the same, `forget_gate_bias=3.0`": (
        lambda seed: linear_lstm(seed, forget_gate_bias=3.0),
        "online",
    ),
}
"""The LSTMs of the second table, all of which learn by the online rule."""


def trainer(net, rule, window=None):
    """Rate 0.1 for "online" and "rtrl"; Adam, batches of 20 and clipping for exact
    gradients of sequences."""
    if rule != "bptt":
        return synapse.Trainer(net, rate=0.1, rule=rule)
    adam = Adam(0.01)
    return synapse.Trainer(
        net, rule="bptt", optimizer=adam, batch_size=20, clip=1.0, window=window
    )


def remembers(name, lag, seed, window=None):
    """The fraction of 200 new sequences that are right, and microseconds per step of
    training."""
    build, rule = (MODELS | LSTMS)[name]
    net = build(seed)
    inputs, targets = latch(lag, [seed, 1])
    new, wanted = latch(lag, [seed, 2])
    if "window" in name:
        inputs, new = windowed(inputs, DELAY + 1), windowed(new, DELAY + 1)
    learner = trainer(net, rule, window)
    learner.train(inputs, targets, epochs=1, progress=False, seed=seed)  # compiles
    begin = time.perf_counter()
    learner.train(inputs, targets, epochs=EPOCHS - 1, progress=False, seed=seed)
    seconds = time.perf_counter() - begin
    right = 0
    for rows, target in zip(new, wanted, strict=True):
        net.clear()
        right += (net.run(rows)[-1, 0] > 0.5) == target[-1, 0]
    return right / SEQUENCES, 1e6 * seconds / ((EPOCHS - 1) * SEQUENCES * (lag + 1))


def solved(name, lag, window=None):
    """The number of seeds with 95 % of the new sequences right, and the median time of
    a step."""
    runs = [remembers(name, lag, seed, window) for seed in SEEDS]
    return int(sum(right >= GOAL for right, _ in runs)), float(
        np.median([step for _, step in runs])
    )


def histories():
    """The rule, the number of seeds that solve each lag, and the median time of a step,
    by model."""
    by_case = {}
    for name, (_, rule) in MODELS.items():
        counts, times = zip(*(solved(name, lag) for lag in LAGS), strict=True)
        by_case[name] = [rule, counts, round(float(np.median(times)), 2)]
        print(name, *by_case[name], flush=True)
    return by_case


def gates():
    """The number of twenty seeds that solve each lag by the online rule, by LSTM."""
    return {
        name: [
            int(sum(remembers(name, lag, seed)[0] >= GOAL for seed in GATE_SEEDS))
            for lag in GATE_LAGS
        ]
        for name in LSTMS
    }


def windows():
    """The number of seeds with which the LSTM solves a lag of 100, by window of the
    exact gradients."""
    return {str(width): solved("LSTM ", CUT_LAG, width)[0] for width in WINDOWS}


# --- 2. Units, rates and sizes --------------------------------------------------------


def table(count, seed):
    """Two inputs of mean 0 and deviation 1, and a smooth function of them with noise of
    deviation 0.1."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(count, 2))
    clean = np.sin(1.5 * inputs[:, :1]) + 0.5 * inputs[:, 1:] ** 2
    clean = (clean - 0.5) / 1.0
    return inputs, clean + rng.normal(scale=0.1, size=clean.shape)


def fit(
    seed,
    hidden=16,
    rate=0.01,
    rule="bptt",
    scale=1.0,
    shift=0.0,
    out=1.0,
    epochs=300,
    count=100,
):
    """Root mean square errors in the units of the table, on its rows and on 1000 new
    ones."""
    net = architect.Perceptron(
        2, hidden, 1, squash="tanh", output_squash="identity", seed=seed
    )
    x, y = table(count, [seed, 3])
    new, wanted = table(1000, [seed, 4])
    if rule == "online":
        learner = synapse.Trainer(net, rate=rate)
    else:
        learner = synapse.Trainer(net, rule="bptt", optimizer=Adam(rate), batch_size=10)
    try:
        learner.train(
            x * scale + shift, y * out, epochs=epochs, progress=False, seed=seed
        )
    except synapse.errors.DivergenceError:
        return [np.inf, np.inf]
    pairs = ((x, y), (new, wanted))
    return [
        float(np.sqrt(((net.run(a * scale + shift) / out - b) ** 2).mean()))
        for a, b in pairs
    ]


UNITS = {
    "mean 0, deviation 1": {},
    "inputs with mean 100": {"shift": 100.0},
    "inputs with deviation 100": {"scale": 100.0},
    "inputs with deviation 0.01": {"scale": 0.01},
    "targets with deviation 100": {"out": 100.0},
}


def medians(**settings):
    """The median errors of the seeds; None where the training diverged."""
    errors = np.median([fit(seed, **settings) for seed in SEEDS], axis=0)
    return [round(float(value), 3) if np.isfinite(value) else None for value in errors]


def rates():
    """The errors on new rows, by rate: of the online rule and of exact gradients."""
    return {
        f"{rate:g}": [medians(rate=rate, rule=rule)[1] for rule in ("online", "bptt")]
        for rate in RATES
    }


# --- 3. The time of a step ------------------------------------------------------------

NETWORKS = {
    "`Elman(7, 15, 7)`": lambda: architect.Elman(7, 15, 7, seed=0),
    "`Elman(7, 100, 7)`": lambda: architect.Elman(7, 100, 7, seed=0),
    '`LSTM(30, 72, 30, style="synaptic", peepholes=None)`': lambda: architect.LSTM(
        30, 72, 30, style="synaptic", peepholes=None, seed=0
    ),
}
METHODS = {
    "online": {"rule": "online"},
    "rtrl": {"rule": "rtrl"},
    "rtrl, `reach=1`": {"rule": "rtrl", "reach": 1},
    "bptt, one sequence": {"rule": "bptt", "batch_size": 1},
    "bptt, batches of 32": {"rule": "bptt", "batch_size": 32},
}


def costs():
    """Microseconds of processor time per step of training, by network and rule: the
    fastest of five."""
    return {
        name: [step_time(make(), options) for options in METHODS.values()]
        for name, make in NETWORKS.items()
    }


def step_time(net, options, length=50):
    """The time of one step, in sequences from which weights hardly change."""
    count = 32 if options["rule"] == "bptt" else 4
    rng = np.random.default_rng(0)
    inputs = rng.uniform(-1, 1, (count, length, len(net.input)))
    targets = rng.random((count, length, len(net.output)))
    learner = synapse.Trainer(net, rate=1e-6, **options)
    learner.train(inputs, targets, epochs=1, progress=False)  # compiles
    epochs = 1
    times = []
    for _ in range(6):
        begin = time.process_time()
        learner.train(inputs, targets, epochs=epochs, progress=False)
        times.append((time.process_time() - begin) / (epochs * count * length))
        # after the first, each takes a tenth of a second
        epochs = max(1, int(0.1 / (times[0] * count * length)))
    return float(f"{1e6 * min(times[1:]):.3g}")


PARTS = {
    "gates": gates,
    "histories": histories,
    "windows": windows,
    "units": lambda: {name: medians(**settings) for name, settings in UNITS.items()},
    "rates": rates,
    "sizes": lambda: {
        str(hidden): medians(hidden=hidden, epochs=1000) for hidden in SIZES
    },
    "costs": costs,
}


def measure(parts):
    """Run some experiments, and write their results over the earlier ones."""
    # high rates are intended
    warnings.simplefilter("ignore", synapse.errors.RateWarning)
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    for name in parts or PARTS:
        results[name] = PARTS[name]()
    _files.write(RESULTS, json.dumps(results, indent=1) + "\n")


# --- 4. The page ----------------------------------------------------------------------


def cells(values):
    return " | ".join("diverged" if value is None else f"{value:g}" for value in values)


def report(results):
    """Write the tables into the pages, between their markers."""
    rows = [f"| network | rule | {' | '.join(f'lag {lag}' for lag in LAGS)} |"]
    rows += ["| --- | --- |" + " ---: |" * len(LAGS)]
    for name, (rule, right, _) in results[
        "histories"
    ].items():  # times: on a machine with other jobs
        shown = " | ".join(f"{n} of {len(SEEDS)}" for n in right)
        rows.append(f"| {name.strip()} | {rule} | {shown} |")
    gates_ = [
        f"| LSTM | {' | '.join(f'lag {lag}' for lag in GATE_LAGS)} |",
        "| --- |" + " ---: |" * len(GATE_LAGS),
    ]
    for name, counts in results["gates"].items():
        shown = " | ".join(f"{n} of {len(GATE_SEEDS)}" for n in counts)
        gates_.append(f"| {name} | {shown} |")
    windows_ = [
        f"| window | {' | '.join(results['windows'])} (all) |",
        "| --- |" + " ---: |" * len(WINDOWS),
    ]
    windows_.append(
        "| solved | "
        + " | ".join(f"{n} of {len(SEEDS)}" for n in results["windows"].values())
        + " |"
    )
    units = ["| units | training rows | new rows |", "| --- | ---: | ---: |"]
    units += [
        f"| {name} | {cells(values)} |" for name, values in results["units"].items()
    ]
    rates = [
        "| rate | " + " | ".join(results["rates"]) + " |",
        "| --- |" + " ---: |" * len(RATES),
    ]
    for i, name in enumerate(("online", "exact gradients, Adam")):
        rates.append(
            f"| {name} | "
            + cells(values[i] for values in results["rates"].values())
            + " |"
        )
    sizes = [
        "| hidden neurons | " + " | ".join(results["sizes"]) + " |",
        "| --- |" + " ---: |" * len(SIZES),
    ]
    for i, name in enumerate(("training rows", "new rows")):
        sizes.append(
            f"| {name} | "
            + cells(values[i] for values in results["sizes"].values())
            + " |"
        )
    times = [
        f"| network | {' | '.join(METHODS)} |",
        "| --- |" + " ---: |" * len(METHODS),
    ]
    times += [
        f"| {name} | {' | '.join(f'{t:,.4g}' for t in row)} |"
        for name, row in results["costs"].items()
    ]
    tables = {
        "histories": rows,
        "gates": gates_,
        "windows": windows_,
        "units": units,
        "rates": rates,
        "sizes": sizes,
    }
    tables["costs"] = times
    for page, marks in PAGES.items():
        text = (DOCS / page).read_text(encoding="utf-8")
        for mark in marks:
            before, _, rest = text.partition(f"<!-- {mark} -->")
            text = (
                f"{before}<!-- {mark} -->\n\n"
                + "\n".join(tables[mark])
                + "\n\n<!-- end -->"
                + rest.partition("<!-- end -->")[2]
            )
        _files.write(DOCS / page, text)


if __name__ == "__main__":
    if sys.argv[1:] != ["report"]:
        measure(sys.argv[1:])
    report(json.loads(RESULTS.read_text(encoding="utf-8")))
