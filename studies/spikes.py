"""Spiking networks: five tasks, learned backward and forward in time.

    python -m studies spikes        # runs what is missing, writes spikes.md

The tasks are those of Bellec and others 2020, shorter: a bit that is recalled after a
silence, the exclusive or of two bits, the majority of seven cues, and a pattern. Each
is learned by exact gradients backward in time (bptt), forward in time (rtrl), by rtrl
of order 1, which is e-prop with two terms more, and by the online rule; and by bptt
without adaptation. All updates are made after each sequence, by Adam."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import architect
import synapse
from synapse.optimizers import Adam

from . import _many_seeds as many

PATH = many.HERE / "spikes.json"
PAGE = many.HERE / "spikes.md"
CUE = 5  # steps
QUESTION = 10  # the second half of it has a target
TESTED = 200  # sequences
ENOUGH = 0.95
RATE = 0.005

Sequences = tuple[np.ndarray, np.ndarray]
"""Inputs and targets, by sequence, step and number."""


def recall(count: int, rng: np.random.Generator, silence: int = 40) -> Sequences:
    """One of two inputs is on for a cue; after the silence the answer is which."""
    bits = rng.integers(0, 2, count)
    inputs = np.zeros((count, CUE + silence + QUESTION, 3))
    inputs[np.arange(count), :CUE, bits] = 1.0
    return asked(inputs, bits)


def long_recall(count: int, rng: np.random.Generator) -> Sequences:
    """The same over 200 steps, ten times as long as a voltage takes to fade."""
    return recall(count, rng, silence=200)


def exclusive_or(count: int, rng: np.random.Generator) -> Sequences:
    """Two such cues with ten steps between; after twenty, whether they differ."""
    bits = rng.integers(0, 2, (count, 2))
    inputs = np.zeros((count, 2 * CUE + 30 + QUESTION, 3))
    every = np.arange(count)
    inputs[every, :CUE, bits[:, 0]] = 1.0
    inputs[every, CUE + 10 : 2 * CUE + 10, bits[:, 1]] = 1.0
    return asked(inputs, bits[:, 0] ^ bits[:, 1])


def asked(inputs: np.ndarray, bits: np.ndarray) -> Sequences:
    """The last input is on in the question; its second half has the target +-1."""
    inputs[:, -QUESTION:, -1] = 1.0
    targets = np.full((*inputs.shape[:2], 1), np.nan)
    targets[:, -QUESTION // 2 :, 0] = (2 * bits - 1)[:, None]
    return inputs, targets


def evidence(count: int, rng: np.random.Generator) -> Sequences:
    """Seven cues from the left or the right; after a delay of 30 steps, which were
    more.

    Groups of ten inputs spike: left, right, the question, and noise.
    """
    sides = rng.integers(0, 2, (count, 7))
    steps = 7 * (CUE + 3) + 30 + QUESTION
    chances = np.zeros((count, steps, 4))
    for number in range(7):
        begin = number * (CUE + 3)
        chances[np.arange(count), begin : begin + CUE, sides[:, number]] = 0.4
    chances[:, -QUESTION:, 2] = 0.4
    chances[:, :, 3] = 0.1
    spikes = rng.random((count, steps, 40)) < np.repeat(chances, 10, axis=2)
    targets = np.full((count, steps, 1), np.nan)
    more = 2 * (sides.sum(axis=1) > 3) - 1
    targets[:, -QUESTION // 2 :, 0] = more[:, None]
    return spikes.astype(float), targets


def pattern(count: int, rng: np.random.Generator) -> Sequences:
    """One sequence of 200 steps, always the same for a generator's seed: frozen spikes,
    and a sum of four sines to produce.
    """
    frozen = np.random.default_rng(int(rng.bit_generator.seed_seq.entropy[0]))  # type: ignore[attr-defined]
    inputs = (frozen.random((200, 20)) < 0.05).astype(float)
    t = np.arange(200)
    phases = frozen.uniform(0.0, 2.0 * np.pi, 4)
    periods = np.array([200.0, 100.0, 66.7, 40.0])
    target = np.sin(2.0 * np.pi * t[:, None] / periods + phases).sum(axis=1) / 2.0
    return np.tile(inputs, (count, 1, 1)), np.tile(target[None, :, None], (count, 1, 1))


@dataclass(frozen=True)
class Task:
    """A task: its sequences, the size of its network, and after how many sequences it
    is tested, and given up."""

    draw: Callable[[int, np.random.Generator], Sequences]
    sizes: tuple[int, int, int]
    chunk: int
    most: int


TASKS = {
    "recall": Task(recall, (3, 20, 1), 16, 3200),
    "long recall": Task(long_recall, (3, 20, 1), 16, 3200),
    "delayed XOR": Task(exclusive_or, (3, 40, 1), 16, 3200),
    "evidence": Task(evidence, (40, 100, 1), 64, 3200),
    "pattern": Task(pattern, (20, 60, 1), 50, 1000),
}
RULES: dict[str, dict[str, Any]] = {
    "bptt": {"rule": "bptt", "batch_size": 1},
    "rtrl, exact": {"rule": "rtrl", "batch_size": "sequence"},
    "rtrl, order 1": {"rule": "rtrl", "reach": 1, "batch_size": "sequence"},
    "online rule": {"rule": "online", "batch_size": "sequence"},
    "bptt, no adaptation": {"rule": "bptt", "batch_size": 1},
}
CASES = [f"{task}: {rule}" for task in TASKS for rule in RULES]


def score(net: synapse.Network, inputs: np.ndarray, targets: np.ndarray) -> float:
    """The share of right answers; of a pattern, the part of its variance that is
    produced.
    """
    outputs = np.array(net.run(list(inputs)))
    aimed = ~np.isnan(targets)
    if aimed.all():
        error = np.mean((outputs - targets) ** 2)
        return float(1.0 - error / np.var(targets))
    said = np.where(aimed, outputs, 0.0).sum(axis=(1, 2)) > 0.0
    wanted = np.where(aimed, targets, 0.0).sum(axis=(1, 2)) > 0.0
    return float(np.mean(said == wanted))


def trial(case: str, seed: int) -> many.Row:
    """One network: sequences until the criterion, and the score at the end."""
    name, _, rule = case.partition(": ")
    task = TASKS[name]
    options = {"adaptive": 0} if rule.endswith("no adaptation") else {}
    net = architect.Spiking(*task.sizes, **options, seed=seed)
    trainer = synapse.Trainer(net, RATE, optimizer=Adam(), clip=1.0, **RULES[rule])
    rng = np.random.default_rng([seed, 1])
    tested = 1 if name == "pattern" else TESTED
    begin = time.process_time()
    learned = 0
    needed = None
    best = -np.inf
    while learned < task.most and needed is None:
        sequences = task.draw(task.chunk, rng)
        trainer.train(*sequences, epochs=1, progress=False, seed=rng)
        learned += task.chunk
        net.clear()
        at_end = score(net, *task.draw(tested, rng))
        best = max(best, at_end)
        if at_end >= ENOUGH:
            needed = learned
    seconds = round(time.process_time() - begin, 3)
    command = shlex.join(["python", "-m", "studies", "spikes", *sys.argv[1:]])
    return {
        "seed": seed,
        "needed": needed,
        "best": best,
        "learned": learned,
        "seconds": seconds,
        "command": command,
    }


def report(results: dict[str, list[many.Row]], name: str) -> str:
    """The table of one task: sequences until the criterion, and how many got there."""
    head = [
        "",
        "reached",
        "sequences, median",
        "quartiles",
        "best score",
        "ms a sequence",
    ]
    lines = []
    for rule in RULES:
        rows = results.get(f"{name}: {rule}", [])
        if not rows:
            continue
        needed = [row["needed"] or np.inf for row in rows]
        low, middle, high = np.quantile(needed, [0.25, 0.5, 0.75], method="lower")
        best = np.median([row["best"] for row in rows])
        # The median: the first network of a process waits for compiled code.
        spent = np.median([1000 * row["seconds"] / row["learned"] for row in rows])
        lines.append(
            [
                rule,
                f"{np.isfinite(needed).sum()} of {len(rows)}",
                _shown(middle),
                f"{_shown(low)} to {_shown(high)}",
                f"{best:.2f}",
                f"{spent:.1f}",
            ]
        )
    return many.table(head, lines)


def _shown(count: float) -> str:
    return f"{count:,.0f}" if np.isfinite(count) else "-"


def main(chosen: argparse.Namespace) -> None:
    """Run what is missing, and write the tables."""
    results = many.filled(PATH, chosen.cases, chosen.seeds, trial)
    for name in TASKS:
        many.fill(f"spikes {name}", report(results, name), PAGE)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("cases", nargs="*", default=CASES, help="rows (all)")
    options.add_argument("--seeds", type=int, default=20, help="number of seeds (20)")
    main(options.parse_args())
