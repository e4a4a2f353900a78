"""The chart of the page of performance: how many times as long each peer takes."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from synapse.readwrite import _files

from .comparison import Comparison

AHEAD = "#0072B2"
BEHIND = "#D55E00"
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
    """Sorted ratios of each family of peers, those with most rows first."""
    families: dict[str, list[float]] = {}
    for rows in subjects.values():
        for row in rows:
            if row.theirs is not None:
                family = FAMILIES.get(row.peer, row.peer)
                families.setdefault(family, []).append(row.ratio)
    most_first = sorted(families.items(), key=lambda item: -len(item[1]))
    return {family: sorted(ratios) for family, ratios in most_first}


def draw(subjects: dict[str, list[Comparison]], path: Path) -> None:
    """Draw the ratios of all rows on a logarithmic scale, one line for each peer."""
    families = by_family(subjects)
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "performance"}):
        figure = Figure(figsize=(9, 1.3 + LINE * len(families)), layout="constrained")
        axes = figure.subplots()
        for height, ratios in enumerate(families.values()):
            for i, ratio in enumerate(ratios):
                # Neighbours stand at other heights, so that each can be seen
                lane = (i % LANES - LANES // 2) / LANES
                colour = AHEAD if ratio >= 1 else BEHIND
                axes.plot(ratio, height + 0.6 * lane, "o", ms=4.5, color=colour)
            ahead = sum(ratio >= 1 for ratio in ratios)
            axes.annotate(
                f"{ahead} of {len(ratios)}",
                (1.01, height),
                xycoords=("axes fraction", "data"),
                va="center",
                fontsize=9,
            )
        axes.axvline(1, color="black", lw=1)
        axes.set(xscale="log", ylim=(len(families) - 0.4, -0.6))
        axes.xaxis.set_major_formatter(lambda ratio, _: f"{ratio:g}")
        axes.xaxis.set_minor_formatter("")
        axes.set_yticks(range(len(families)), list(families))
        axes.set_xlabel(
            "time of the other library / time of Synapse (right of the line: Synapse"
            " is ahead)"
        )
        axes.grid(axis="x", which="major", alpha=0.3)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.set_title("rows in which Synapse is ahead", loc="right", fontsize=9)
        with _files.replacing(path) as picture:
            figure.savefig(picture, format="svg", metadata={"Date": None})
