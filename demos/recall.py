"""Recall: an LSTM names two symbols in the order in which they appeared, after
distraction.

    python -m demos recall

Task: Ten symbols are shown: two targets (A or B) among distractors (x or y), then two
prompts. At the first prompt the network must name the first target, at the second
prompt the second; at every other step both outputs must be 0.

So the network must distinguish targets from distractors, store two of them, and keep
their order: the same A means one thing when it comes first and another when it comes
second. Monner and Reggia (2012) use this task to compare memory networks.

Lesson 11 of `synapse play` shows in a browser how a memory block of an LSTM is wired.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import architect
import synapse
from demos._common import (
    check,
    heading,
    ink,
    lesson,
    progress_bar,
    save_figure,
    with_pyplot,
)
from synapse.tasks import Recall

SYMBOLS = "ABxy12"
TASK = Recall()

# --- 1. The task ----------------------------------------------------------------------
#
# synapse.tasks.Recall generates sequences: six inputs, one per symbol, of which one is
# 1 at each step, and two targets, one per target symbol, which are 0 except at the
# prompts.


def show_some(task, symbols, seed):
    heading("Five sequences, and the targets at prompts 1 and 2")
    for sample in task.batch(5, [seed, 1]):
        shown = " ".join(symbols[i] for i in sample.inputs.argmax(axis=1))
        # Targets are the first symbols.
        answers = " ".join(symbols[row.argmax()] for row in sample.targets[-2:])
        print(f"  {shown}    {answers}")


# --- 2. Two networks ------------------------------------------------------------------
#
# Both are LSTMs with seven memory cells. The cells of the first are linear: they add
# up, without bounds, their inputs scaled by the input gates. The second has the
# defaults of Synaptic (JavaScript): logistic cells, and connections from all cells to
# all gates (peepholes). Initial weights are within ±0.1, gate biases 1.

START = {"style": "synaptic", "initializer": "uniform"}


def linear(seed):
    return architect.LSTM(
        6, 7, 2, cell_squash="identity", peepholes=None, **START, seed=seed
    )


def logistic(seed):
    return architect.LSTM(
        6, 7, 2, cell_squash="logistic", peepholes="all_to_all", **START, seed=seed
    )


# --- 3. Learning ----------------------------------------------------------------------
#
# Every sequence is new; weights change at every step; the context is cleared before
# each sequence. After every 500 the network is tested on 500 others. The task is solved
# if 95 % of them are right at all ten steps.

CHUNK = 500
GOAL = 0.95


def learn(trainer, task, seed, most, name, chunk=CHUNK):
    """Train until solved, or on `most` sequences; returns the fraction right after
    every chunk."""
    rng = np.random.default_rng([seed, 2])
    fresh = task.batch(500, [seed, 3])
    curve = []
    with progress_bar(most, "sequences", name) as bar:
        while len(curve) * chunk < most and (not curve or curve[-1] < GOAL):
            batch = task.batch(chunk, rng)
            trainer.train(
                batch.inputs, batch.targets, epochs=1, shuffle=False, progress=False
            )
            curve.append(fresh.score(trainer.network).fraction)
            bar.set_postfix_str(f"{curve[-1]:.1%} right")
            bar.update(chunk)
    return curve


# Initial weights are random, so a single run proves little. Each network is trained
# with several seeds. (Other networks and rules: studies/papers/recall.md.)


NETWORKS = {
    "linear cells, no peepholes": linear,
    "logistic cells, peepholes": logistic,
}


def compare(seed, quick):
    seeds = range(seed, seed + (1 if quick else 5))
    heading(
        f"Sequences until 95 % are right, {len(seeds)}"
        f" seed{'s' if len(seeds) > 1 else ''} each"
    )
    curves = {}
    nets = {}
    for name, build in NETWORKS.items():
        curves[name] = []
        needed = []
        for number in seeds:
            net = build(number)
            nets.setdefault(name, net)
            trainer = synapse.Trainer(net, rate=0.1)
            curve = learn(trainer, TASK, number, 40_000, f"{name}, seed {number}")
            curves[name].append(curve)
            sequences = f"{len(curve) * CHUNK:6}"
            needed.append(sequences if curve[-1] >= GOAL else "not solved")
        print(f"  {name:28}{'  '.join(needed)}", flush=True)
    name = "linear cells, no peepholes"
    solved = all(curve[-1] >= GOAL for curve in curves[name])
    check("linear cells without peepholes solve the task", solved)
    return curves, nets[name]


# --- 4. A sequence, step by step ------------------------------------------------------


def step_by_step(net, seed):
    heading("A sequence, step by step")
    fresh = TASK.batch(200, [seed, 4])
    print(
        f"Of 200 new sequences {fresh.score(net).fraction:.1%} are right. One of"
        " them:\n"
    )
    print("   read   target       output A   output B")
    net.clear()
    for row, target in zip(fresh[0].inputs, fresh[0].targets, strict=True):
        a, b = net.activate(row)
        name = "AB"[target.argmax()] if target.any() else "-"
        print(f"   {SYMBOLS[row.argmax()]:4}   {name:10}   {a:8.3f}   {b:8.3f}")


# --- 5. How it keeps two things in order ----------------------------------------------
#
# The sequences have the same distractors and all four pairs of targets. For each cell
# we measure the difference of its states, before the prompts, between two first
# targets, and between two second targets. A network that stores both must store them
# differently. The last column shows how: a forget gate that closes when a target is
# read clears the first target from its cell, so that only the second one remains.

PAIRS = ("AA", "AB", "BA", "BB")
PATTERN = "xy*xxy*x12"


def states(net, pair):
    """The cells' states after each symbol, shape (10, 7), and the fraction they retain
    at a target."""
    letters = iter(pair)
    net.clear()
    seen = []
    forgets = []
    for symbol in PATTERN:
        symbol = next(letters) if symbol == "*" else symbol
        net.activate(np.eye(6)[SYMBOLS.index(symbol)])
        seen.append(net["cells"].states)
        if symbol in "AB":
            forgets.append(net["forget gates"].activations)
    return np.array(seen), np.mean(forgets, axis=0)


def look_inside(net):
    heading(
        f"{PATTERN} with all pairs of targets: the states of the cells before the"
        " prompts"
    )
    seen = {pair: states(net, pair) for pair in PAIRS}
    runs = {pair: run for pair, (run, _) in seen.items()}
    forgets = np.mean([kept for _, kept in seen.values()], axis=0)
    before = {pair: run[PATTERN.index("1") - 1] for pair, run in runs.items()}
    by_first = (before["AA"] + before["AB"] - before["BA"] - before["BB"]) / 2
    by_second = (before["AA"] + before["BA"] - before["AB"] - before["BB"]) / 2
    print("          A instead of B      A instead of B       kept when a")
    print("   cell   as first target     as second target     target is read")
    for cell, kept in enumerate(forgets):
        differences = f"{by_first[cell]:+15.2f}   {by_second[cell]:+18.2f}"
        print(f"   {cell:4}   {differences}   {kept:16.0%}")
    best = int(np.abs(by_first).argmax())
    print(
        f"\nCell {best} separates the first targets best: its state differs by"
        f" {by_first[best]:+.2f}."
    )
    return runs, best, by_first[best]


# --- 6. A picture ---------------------------------------------------------------------


@with_pyplot
def picture(plt, curves, runs, best, path):
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.2), layout="constrained")
    looks = zip(curves.items(), (ink.BLUE, ink.RED), ("-", "--"), strict=True)
    for (name, by_seed), colour, style in looks:
        for i, curve in enumerate(by_seed):
            seen = CHUNK * np.arange(1, len(curve) + 1) / 1000
            label = name if i == 0 else None
            left.plot(seen, curve, style, color=colour, lw=1.3, label=label)
    left.axhline(GOAL, color=ink.GRAY, lw=1, ls=":")
    left.set(
        xlabel="thousand training sequences",
        ylabel="fraction entirely right",
        ylim=(0, 1.02),
    )
    left.set_title("Learning, one line a seed (dotted: 95 %)")
    left.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)

    looks = zip(
        PAIRS,
        (ink.BLUE, ink.GREEN, ink.ORANGE, ink.PURPLE),
        ("o-", "s-", "o--", "s--"),
        strict=True,
    )
    for pair, colour, style in looks:
        right.plot(runs[pair][:, best], style, color=colour, label=pair)
    right.set_xticks(range(len(PATTERN)), PATTERN, family="monospace")
    right.set(xlabel="symbol read (*: a target)", ylabel="state")
    right.set_title(f"State of cell {best}, by the pair of targets")
    right.legend(title="targets", loc="upper left", bbox_to_anchor=(1.0, 1.0))
    save_figure(figure, path)


def main(quick: bool, seed: int, out: Path) -> None:
    show_some(TASK, SYMBOLS, seed)
    curves, net = compare(seed, quick)
    step_by_step(net, seed)
    runs, best, gap = look_inside(net)
    picture(curves, runs, best, out / "recall.png")
    synapse.save(net, out / "recall.synapse")
    medians = {
        name: int(np.median([len(curve) * CHUNK for curve in by_seed]))
        for name, by_seed in curves.items()
    }
    lesson(
        f"Memory cells can store several things in order: in cell {best} the first"
        f" target alone moves the state by {gap:+.1f}, many steps later. Sequences seen"
        " until the task was solved or the limit was reached, median: "
        + "; ".join(f"{name} {count:,}" for name, count in medians.items())
        + "."
    )


# To try: Recall(length=20), with longer delays before the prompts; three prompts.
