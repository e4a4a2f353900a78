"""Compare rules that learn step by step with the exact gradient: eleven architectures,
1 to 50 steps.

    python -m studies gradients             # measures, writes gradients.json, reports
    python -m studies gradients report      # writes tables in gradients.md, pictures

The networks are not trained. Each is built from a seed and runs 8 random sequences; the
updates of the online rule, and of real-time recurrent learning at several orders,
summed over them with fixed weights, are compared with the gradient
(`compare_gradients`): over all weights and biases, and over those before the outputs,
because the gradients of the outputs are exact in any network."""

from __future__ import annotations

import argparse
import json
import time
from itertools import product
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import numpy as np
from matplotlib import pyplot as plt

HERE = Path(__file__).resolve().parent

import architect
from synapse import draw
from synapse.initializers import uniform
from synapse.learning import compare_gradients, rtrl_cost
from synapse.readwrite import _files

from . import _many_seeds as many

RESULTS = HERE / "gradients.json"
PAGE = HERE / "gradients.md"
PICTURE = HERE / "gradients.png"
ORDERS_PICTURE = HERE / "gradients_orders.png"
LENGTHS = (1, 2, 3, 5, 8, 12, 20, 30, 50)
SEEDS = 5
SEQUENCES = 8
SCALES = (0.1, 1.0)
TARGETS = ("every step", "last step")
RULES = {
    "online": {},
    **{f"order {order}": {"rule": "rtrl", "reach": order} for order in (1, 2, 3)},
    "exact": {"rule": "rtrl"},
}
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
    "LSTM, all to all": lambda **options: architect.LSTM(
        3, 8, 2, style="synaptic", **options
    ),
    "LSTM, two layers": lambda **options: architect.LSTM(
        3, 6, 6, 2, style="synaptic", **options
    ),
    "LSTM, standard": lambda **options: architect.LSTM(
        3,
        8,
        2,
        input_gate_bias=1.0,
        forget_gate_bias=1.0,
        output_gate_bias=1.0,
        **options,
    ),
    "GRU": lambda **options: architect.GRU(3, 8, 2, **options),
    "Random": lambda **options: architect.Random(
        3, 16, 2, density=0.3, gates=8, self_connections=4, backward=16, **options
    ),
}


# --- what is measured -----------------------------------------------------------------


def sequences(length, targets, seed):
    """Random inputs within ±1, and targets within 0..1, as for outputs that are
    probabilities."""
    rng = np.random.default_rng([seed, length])
    inputs = rng.uniform(-1, 1, (SEQUENCES, length, 3))
    aims = rng.random((SEQUENCES, length, 2))
    if targets == "last step":
        aims[:, :-1] = np.nan
    return inputs, aims


def before_outputs(comparison, outputs):
    """The cosine over the weights and biases of all neurons except the outputs."""
    last = len(comparison.biases) - outputs
    inner = (
        comparison.weights[comparison.weights["target"] < last],
        comparison.biases[:last],
    )
    ours, exact = (
        np.concatenate([values[side] for values in inner]) for side in ("rule", "exact")
    )
    return ours @ exact / np.sqrt((ours @ ours) * (exact @ exact))


def built(name, scale, seed):
    options = {
        "initializer": uniform(scale),
        "bias_initializer": uniform(scale),
        "seed": seed,
    }
    return NETWORKS[name](output_squash="logistic", **options)


def measure(name, rule, scale, targets, length):
    """Cosines and relative errors of one architecture, one number per seed."""
    comparisons = [
        compare_gradients(
            built(name, scale, seed), *sequences(length, targets, seed), **RULES[rule]
        )
        for seed in range(SEEDS)
    ]
    return {
        "network": name,
        "rule": rule,
        "scale": scale,
        "targets": targets,
        "length": length,
        "all": [round(comparison.cosine, 9) for comparison in comparisons],
        "hidden": [
            round(before_outputs(comparison, 2), 9) for comparison in comparisons
        ],
        "relative_error": [
            float(f"{comparison.relative_error:.4g}") for comparison in comparisons
        ],
    }


def run():
    begin = time.perf_counter()
    rows = [
        measure(*case) for case in product(NETWORKS, RULES, SCALES, TARGETS, LENGTHS)
    ]
    settings = {"seeds": SEEDS, "sequences": SEQUENCES, "lengths": LENGTHS}
    many.save(RESULTS, settings, rows, begin)


# --- what is shown --------------------------------------------------------------------


def cosines(rows, name, scale, targets, layers="hidden", rule="online"):
    """The results as an array, shape (lengths, seeds)."""
    case = {"network": name, "rule": rule, "scale": scale, "targets": targets}
    chosen = (
        row for row in rows if all(row[key] == value for key, value in case.items())
    )
    return np.array(
        [row[layers] for row in sorted(chosen, key=lambda row: row["length"])]
    )


def draw_line(panel, values, line, colour, label):
    """One minus the cosine: the median and the range of the seeds."""
    values = np.maximum(1 - values, EXACT)
    panel.plot(LENGTHS, np.median(values, axis=1), line, color=colour, label=label)
    panel.fill_between(
        LENGTHS, values.min(axis=1), values.max(axis=1), color=colour, alpha=0.12, lw=0
    )


def draw_scales(rows, name, panel):
    """The online rule, with small and large weights."""
    for (scale, colour), (targets, line) in product(
        zip(SCALES, ("C0", "C1")), zip(TARGETS, ("-", "--"))
    ):
        label = f"weights ±{scale:g}, targets: {targets}"
        draw_line(panel, cosines(rows, name, scale, targets), line, colour, label)


def draw_rules(rows, name, panel):
    """All rules, with large weights."""
    for rule, colour, line in zip(
        RULES, ("C1", "C0", "C2", "C3", "C4"), ("--", "-", "-", "-", ":")
    ):
        draw_line(
            panel, cosines(rows, name, 1.0, "every step", rule=rule), line, colour, rule
        )


def picture(rows, path, draw_panel, title):
    """Draw one panel per architecture."""
    with draw.style():
        figure, panels = plt.subplots(
            3, 4, figsize=(10, 6.6), sharex=True, sharey=True, layout="constrained"
        )
        for panel, name in zip(panels.flat, NETWORKS):
            draw_panel(rows, name, panel)
            panel.set_title(name)
            panel.set_xscale("log")
            panel.set_xticks([1, 3, 10, 50], ["1", "3", "10", "50"])
            panel.minorticks_off()
        panels[0, 0].set_yscale("log")
        panels[0, 0].set_ylim(2, EXACT / 2)  # nearly exact is at the top
        panels[0, 0].set_yticks(
            [1, 1e-3, 1e-6, EXACT], ["1", "0.001", "$10^{-6}$", "exact"]
        )
        panels[0, 0].minorticks_off()
        figure.supxlabel("steps of the sequence", size=9)
        figure.supylabel(
            f"1 - cosine of {title} to the exact gradient, before the outputs", size=9
        )
        panels.flat[-1].axis("off")
        panels.flat[-1].legend(
            *panels.flat[0].get_legend_handles_labels(), loc="center"
        )
    with _files.replacing(path) as file:
        figure.savefig(file, format="png", dpi=110)
    plt.close(figure)


def shown(values):
    """The median and the minimum over seeds, rounded down, so that only exact gradients
    give 1."""
    if values.min() > 1 - EXACT:
        return "1"
    digits = 5 if values.min() > 0.999 else 3
    median, lowest = (
        np.floor(value * 10**digits) / 10**digits
        for value in (np.median(values), values.min())
    )
    return f"{median:.{digits}f} ({lowest:.{digits}f})"


def table(rows):
    """The cosines at the longest sequences."""
    cases = [
        (scale, "every step", layers)
        for scale, layers in product(SCALES, ("all", "hidden"))
    ]
    cases += [(SCALES[1], "last step", "hidden")]
    head = [
        "",
        *(f"±{scale:g}, {targets}, {layers}" for scale, targets, layers in cases),
    ]
    lines = [
        [name, *(shown(cosines(rows, name, *case)[-1]) for case in cases)]
        for name in NETWORKS
    ]
    return many.table(head, lines)


def table_of_rules(rows):
    """The cosines of all rules at the longest sequences, weights within ±1."""
    lines = [
        [
            name,
            *(
                shown(cosines(rows, name, 1.0, "every step", rule=rule)[-1])
                for rule in RULES
            ),
        ]
        for name in NETWORKS
    ]
    return many.table(["", *RULES], lines)


def table_of_reach():
    """The number of sensitivities that each order keeps."""
    reaches = {name: rtrl_cost(built(name, 1.0, 0)) for name in NETWORKS}
    head = ["", "recurrent states", *(rule for rule in RULES if rule != "online")]
    lines = [
        [
            name,
            str(rows[None].recurrent),
            *(f"{row.sensitivities:,}" for row in rows.values()),
        ]
        for name, rows in reaches.items()
    ]
    return many.table(head, lines)


def report():
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["runs"]
    picture(rows, PICTURE, draw_scales, "the online rule")
    picture(rows, ORDERS_PICTURE, draw_rules, "each rule")
    many.fill("gradients", table(rows), PAGE)
    many.fill("rules", table_of_rules(rows), PAGE)
    many.fill("reach", table_of_reach(), PAGE)


def main():
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument(
        "what",
        nargs="?",
        choices=["report"],
        help="only write the tables and the pictures",
    )
    if options.parse_args().what is None:
        run()
    report()


if __name__ == "__main__":
    main()
