"""The chart of the page of performance: how many times as long each peer takes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from synapse.readwrite import _files

from .comparison import Comparison

AHEAD = "#0072B2"
BEHIND = "#D55E00"
MARKS = "oDs^v"  # of runs
LANES = 7  # points of one peer are spread over as many heights
LINE = 0.34  # inches for each peer
BY_HAND = "PyTorch by hand"
FAMILIES = {
    "PyTorch eager": "PyTorch",
    "PyTorch, `DataLoader`": "PyTorch",
    "PyTorch, tensors ready": "PyTorch",
    "import torch": "PyTorch",
    "torch ops by hand": BY_HAND,
    "torch ops by hand, float64": BY_HAND,
    "torch, dense": BY_HAND,
    "loop by hand": BY_HAND,
    "by hand": BY_HAND,
    "NumPy by hand, float32": "NumPy by hand",
    "NumPy, dense": "NumPy by hand",
    "nn.LSTM": "PyTorch's nn.LSTM",
    "ONNX Runtime, its LSTM node alone": "ONNX Runtime, its LSTM alone",
    "torch.compile": "PyTorch, compiled",
    "brain.js 1.6": "brain.js",
    "brain.js 2 beta": "brain.js",
    "Synaptic, V8 limit raised": "Synaptic",
    "numpy.savez": "numpy.savez, arrays alone",
}
"""Peers that share a line of the chart."""


def by_family(subjects: dict[str, list[Comparison]]) -> dict[str, list[float]]:
    """Sorted ratios of each family of peers."""
    families: dict[str, list[float]] = {}
    for rows in subjects.values():
        for row in rows:
            if row.theirs is not None:
                family = FAMILIES.get(row.peer, row.peer)
                families.setdefault(family, []).append(row.ratio)
    return {family: sorted(ratios) for family, ratios in families.items()}


def draw(runs: dict[str, dict[str, list[Comparison]]], path: Path) -> None:
    """Draw the ratios of all rows on a logarithmic scale, a line for each peer, and in
    it a lane with a mark of its own for each run."""
    families_of = {name: by_family(subjects) for name, subjects in runs.items()}
    lines = Counter[str]()  # by the rows of the run that has most
    for families in families_of.values():
        lines |= Counter({family: len(rows) for family, rows in families.items()})
    labels = [label for label, _ in lines.most_common()]
    share = 1 / len(families_of)
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "performance"}):
        height = LINE * len(labels) * (0.4 + 0.6 * len(families_of))
        figure = Figure(figsize=(9, 1.3 + height), layout="constrained")
        axes = figure.subplots()
        for place, (name, families) in enumerate(families_of.items()):
            mark = {"marker": MARKS[place % len(MARKS)], "ms": 4.5, "ls": "none"}
            axes.plot([], [], **mark, color="none", mec="black", label=name)
            for line, label in enumerate(labels):
                ratios = np.array(families.get(label, []))
                middle = line + share * (place + 0.5) - 0.5
                # Neighbours stand at other heights, so that each can be seen
                lanes = (np.arange(len(ratios)) % LANES - LANES // 2) / LANES
                heights = middle + 0.6 * share * lanes
                is_ahead = ratios >= 1
                for colour, shown in ((AHEAD, is_ahead), (BEHIND, ~is_ahead)):
                    axes.plot(ratios[shown], heights[shown], **mark, color=colour)
                axes.annotate(
                    f"{is_ahead.sum()} of {len(ratios)}" if len(ratios) else "-",
                    (1.01, middle),
                    xycoords=("axes fraction", "data"),
                    va="center",
                    fontsize=9,
                )
        axes.axvline(1, color="black", lw=1)
        axes.set(xscale="log", ylim=(len(labels) - 0.4, -0.6))
        axes.xaxis.set_major_formatter(lambda ratio, _: f"{ratio:g}")
        axes.xaxis.set_minor_formatter("")
        axes.set_yticks(range(len(labels)), labels)
        axes.set_xlabel(
            "time of the other library / time of Synapse (right of the line: Synapse"
            " is ahead)"
        )
        axes.grid(axis="x", which="major", alpha=0.3)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.set_title("rows in which Synapse is ahead", loc="right", fontsize=9)
        axes.legend(loc="lower right", bbox_to_anchor=(0.6, 1), ncols=2, frameon=False)
        with _files.replacing(path) as picture:
            figure.savefig(picture, format="svg", metadata={"Date": None})
