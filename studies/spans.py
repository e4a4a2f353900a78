"""Whether cells should remember for spread spans by default: lags, grammar, sums and
twelve series.

    python -m studies spans              # runs what is missing, writes spans.md

All networks have 8 cells and learn by exact gradients (``rule="bptt"``, Adam 0.01,
batches of 20)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

import architect
import synapse
from synapse import Network, tasks
from synapse.optimizers import Adam

from ._many_seeds import Row, fill, filled, table
from .choosing import latch
from .default_forecasts import AHEAD, windows

HERE = Path(__file__).resolve().parent
PAGE = HERE / "spans.md"
CELLS = 8
SPANS: dict[str, Any] = {
    "none": None,
    "1 to 10": (1, 10),
    "1 to 100": (1, 100),
    "1 to 1,000": (1, 1_000),
}
NETWORKS = "LSTM", "GRU"
EPOCHS = 60


def fitted(net: Network, inputs: Any, targets: Any, epochs: int, seed: int) -> None:
    """Train by exact gradients."""
    trainer = synapse.Trainer(
        net, rule="bptt", optimizer=Adam(0.01), batch_size=20, clip=1.0
    )
    trainer.train(inputs, targets, epochs=epochs, progress=False, seed=seed)


def lag(architecture: str, span: Any, seed: int, steps: int) -> float:
    """Return the share of new sequences whose first bit is right after `steps` steps
    of noise."""
    net = getattr(architect, architecture)(2, CELLS, 1, span=span, seed=seed)
    fitted(net, *latch(steps, [seed, 1]), EPOCHS, seed)
    rows, targets = latch(steps, [seed, 2])
    return float(np.mean((net.run(rows)[:, -1, 0] > 0.5) == targets[:, -1, 0]))


def grammar(architecture: str, span: Any, seed: int) -> float:
    """The share of 500 strings of the embedded Reber grammar that are right, after ten
    passes over 2,000."""
    net = getattr(architect, architecture)(
        7, CELLS, 7, span=span, output_squash="softmax", seed=seed
    )
    learned = tasks.EmbeddedReber().batch(2_000, seed=seed)
    new = tasks.EmbeddedReber().batch(500, seed=[seed, 1])
    fitted(net, learned.inputs, learned.targets, 10, seed)
    return float(new.score(net).fraction)


def series(architecture: str, span: Any, seed: int) -> float:
    """The mean R2 of predictions one step ahead, of the last rows of the twelve
    series."""
    scores = []
    for number, (_, _, values) in enumerate(windows()):
        if number % 10 != seed:
            continue
        history = values[:-AHEAD]
        scaled = ((values - history.mean()) / history.std())[:, None]
        net = getattr(architect, architecture)(
            1, CELLS, 1, span=span, output_squash="identity", seed=seed
        )
        past = len(history) - 1
        fitted(net, scaled[None, :past], scaled[None, 1 : past + 1], 300, seed)
        net.clear()
        errors = net.run(scaled[:-1])[past:, 0] - scaled[past + 1 :, 0]
        scores.append(1.0 - np.mean(errors**2) / scaled[past + 1 :, 0].var())
    return float(np.median(scores))


TASKS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "bit over 20 steps": (lag, (20,)),
    "bit over 100 steps": (lag, (100,)),
    "embedded Reber": (grammar, ()),
    "twelve series": (series, ()),
}
ROWS = {
    f"{task}, {kind}, {name}": (task, kind, span)
    for task in TASKS
    for kind in NETWORKS
    for name, span in SPANS.items()
}


def trial(row: str, seed: int) -> Row:
    """The score of one network on one task; 1 is the best."""
    task, architecture, span = ROWS[row]
    score, arguments = TASKS[task]
    return {
        "seed": seed,
        "score": round(score(architecture, span, seed, *arguments), 4),
    }


def report(results: dict[str, list[Row]]) -> str:
    """A row for each task and network: medians of the scores, lowest and highest."""
    lines = []
    for task in TASKS:
        for architecture in NETWORKS:
            cells = []
            for name in SPANS:
                scores = [
                    row["score"] for row in results[f"{task}, {architecture}, {name}"]
                ]
                cells.append(
                    f"{np.median(scores):.2f} ({min(scores):.2f} to {max(scores):.2f})"
                )
            lines.append([task, architecture, *cells])
    return table(["task", "network", *(f"span {name}" for name in SPANS)], lines)


def main() -> None:
    """Run what is missing."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, default=10)
    seeds = options.parse_args().seeds
    results = filled(HERE / "spans.json", ROWS, seeds, trial)
    fill("table", report(results), PAGE)


if __name__ == "__main__":
    main()
