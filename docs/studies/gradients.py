"""Compare the online rule with the exact gradient: eleven architectures, sequences of 1 to 50 steps.

    python docs/studies/gradients.py             # measures, writes gradients.json, then reports
    python docs/studies/gradients.py report      # makes the table in gradients.md and the picture

The networks are not trained. Each is built from a seed and runs 8 random sequences; the rule's updates,
summed over them with fixed weights, are compared with the gradient (`compare_gradients`): over all weights
and biases, and over those before the outputs, because the gradients of the outputs are exact in any network.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from itertools import product
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import numpy as np
from matplotlib import pyplot as plt

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import many_seeds as many

import architect
from synapse import draw
from synapse.initializers import uniform
from synapse.learning import compare_gradients
from synapse.readwrite import files

RESULTS, PAGE, PICTURE = HERE / "gradients.json", HERE / "gradients.md", HERE / "gradients.png"
LENGTHS = (1, 2, 3, 5, 8, 12, 20, 30, 50)
SEEDS, SEQUENCES = 5, 8
SCALES = (0.1, 1.0)
TARGETS = ("every step", "last step")
EXACT = 1e-9  # cosines are rounded to this precision

NETWORKS = {
    "Perceptron": lambda **options: architect.Perceptron(3, 8, 2, **options),
    "NARX": lambda **options: architect.NARX(3, 8, 2, **options),
    "Elman": lambda **options: architect.Elman(3, 8, 2, **options),
    "Jordan": lambda **options: architect.Jordan(3, 8, 2, **options),
    "LSTM, no peepholes": lambda **options: architect.LSTM(
        3, 8, 2, peepholes=None, style="synaptic", **options
    ),
    "LSTM, one to one": lambda **options: architect.LSTM(
        3, 8, 2, peepholes="one_to_one", style="synaptic", **options
    ),
    "LSTM, all to all": lambda **options: architect.LSTM(3, 8, 2, style="synaptic", **options),
    "LSTM, two layers": lambda **options: architect.LSTM(3, 6, 6, 2, style="synaptic", **options),
    "LSTM, standard": lambda **options: architect.LSTM(3, 8, 2, style="standard", **options),
    "GRU": lambda **options: architect.GRU(3, 8, 2, **options),
    "Random": lambda **options: architect.Random(
        3, 16, 2, density=0.3, gates=8, self_connections=4, backward=16, **options
    ),
}


# --- what is measured ---------------------------------------------------------------------------


def sequences(length, targets, seed):
    """Random inputs within ±1, and targets within 0..1, as for outputs that are probabilities."""
    rng = np.random.default_rng([seed, length])
    inputs = rng.uniform(-1, 1, (SEQUENCES, length, 3))
    aims = rng.random((SEQUENCES, length, 2))
    if targets == "last step":
        aims[:, :-1] = np.nan
    return inputs, aims


def before_outputs(found, outputs):
    """The cosine over the weights and biases of all neurons except the outputs."""
    last = len(found.biases) - outputs
    inner = found.weights[found.weights["target"] < last], found.biases[:last]
    ours, exact = (np.concatenate([part[side] for part in inner]) for side in ("rule", "exact"))
    return ours @ exact / np.sqrt((ours @ ours) * (exact @ exact))


def measure(name, scale, targets, length):
    """Cosines and relative errors of one architecture, one number per seed."""
    found = []
    for seed in range(SEEDS):
        net = NETWORKS[name](
            initializer=uniform(scale), bias_initializer=uniform(scale), output_squash="logistic", seed=seed
        )
        found.append(compare_gradients(net, *sequences(length, targets, seed)))
    return {
        "network": name,
        "scale": scale,
        "targets": targets,
        "length": length,
        "all": [round(one.cosine, 9) for one in found],
        "hidden": [round(before_outputs(one, 2), 9) for one in found],
        "relative_error": [float(f"{one.relative_error:.4g}") for one in found],
    }


def run():
    begin = time.perf_counter()
    rows = [measure(*case) for case in product(NETWORKS, SCALES, TARGETS, LENGTHS)]
    settings = {"seeds": SEEDS, "sequences": SEQUENCES, "lengths": LENGTHS}
    many.save(RESULTS, settings, rows, begin)


# --- what is shown ------------------------------------------------------------------------------


def cosines(rows, name, scale, targets, part="hidden"):
    """The results as an array, shape (lengths, seeds)."""
    chosen = (row for row in rows if (row["network"], row["scale"], row["targets"]) == (name, scale, targets))
    return np.array([row[part] for row in sorted(chosen, key=lambda row: row["length"])])


def picture(rows):
    """Draw one panel per architecture, with the median and the range of the seeds."""
    with draw.style():
        figure, panels = plt.subplots(3, 4, figsize=(10, 6.6), sharex=True, sharey=True, layout="constrained")
        for panel, name in zip(panels.flat, NETWORKS):
            for (scale, colour), (targets, line) in product(
                zip(SCALES, ("C0", "C1")), zip(TARGETS, ("-", "--"))
            ):
                values = np.maximum(1 - cosines(rows, name, scale, targets), EXACT)
                label = f"weights ±{scale:g}, targets: {targets}"
                panel.plot(LENGTHS, np.median(values, axis=1), line, color=colour, label=label)
                panel.fill_between(
                    LENGTHS, values.min(axis=1), values.max(axis=1), color=colour, alpha=0.12, lw=0
                )
            panel.set_title(name)
            panel.set_xscale("log")
            panel.set_xticks([1, 3, 10, 50], ["1", "3", "10", "50"])
            panel.minorticks_off()
        panels[0, 0].set_yscale("log")
        panels[0, 0].set_ylim(2, EXACT / 2)  # nearly exact is at the top
        panels[0, 0].set_yticks([1, 1e-3, 1e-6, EXACT], ["1", "0.001", "$10^{-6}$", "exact"])
        panels[0, 0].minorticks_off()
        figure.supxlabel("steps of the sequence", size=9)
        figure.supylabel("1 - cosine of the online rule to the exact gradient, before the outputs", size=9)
        panels.flat[-1].axis("off")
        panels.flat[-1].legend(*panels.flat[0].get_legend_handles_labels(), loc="center")
    with files.replacing(PICTURE) as file:
        figure.savefig(file, format="png", dpi=110)
    plt.close(figure)


def shown(values):
    """The median and the minimum over seeds, rounded down, so that only exact gradients give 1."""
    if values.min() > 1 - EXACT:
        return "1"
    digits = 5 if values.min() > 0.999 else 3
    median, lowest = (
        np.floor(value * 10**digits) / 10**digits for value in (np.median(values), values.min())
    )
    return f"{median:.{digits}f} ({lowest:.{digits}f})"


def table(rows):
    """The cosines at the longest sequences."""
    cases = [(scale, "every step", part) for scale, part in product(SCALES, ("all", "hidden"))]
    cases += [(SCALES[1], "last step", "hidden")]
    head = ["", *(f"±{scale:g}, {targets}, {part}" for scale, targets, part in cases)]
    lines = [[name, *(shown(cosines(rows, name, *case)[-1]) for case in cases)] for name in NETWORKS]
    return many.table(head, lines)


def report():
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["runs"]
    picture(rows)
    many.fill("gradients", table(rows), PAGE)


def main():
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("what", nargs="?", choices=["report"], help="only write the table and the picture")
    if options.parse_args().what is None:
        run()
    report()


if __name__ == "__main__":
    main()
