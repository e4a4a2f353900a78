"""The log-log plot: time per step against connections."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

from synapse.readwrite import _files

from .cases import LSTM, Case

# Okabe and Ito's colours, which colour-blind people can distinguish; markers differ,
# too.
STYLES = {
    "synapse": ("#D55E00", "o"),
    "synapse-f32": ("#D55E00", "*"),
    "numpy": ("#009E73", "s"),
    "numpy-f32": ("#009E73", "D"),
    "torch": ("#0072B2", "^"),
    "torch-ops": ("#0072B2", "v"),
    "torch-ops-f64": ("#0072B2", "<"),
    "synaptic": ("#CC79A7", "P"),
    "synaptic-v8": ("#CC79A7", "h"),
    "neataptic": ("#E69F00", "X"),
    "brain": ("#56B4E9", "p"),
    "brain-beta": ("#56B4E9", "d"),
}
DASHED = {"synapse-f32", "numpy-f32", "torch-ops-f64", "brain-beta", "synaptic-v8"}
APART = 0.035  # minimum distance of two labels, relative to the height of the axes


def spread(
    heights: list[float], apart: float, lowest: float = 0.0, highest: float = 1.0
) -> list[float]:
    """Move labels as little as needed so that none is nearer than `apart` to the next.

    >>> [round(y, 2) for y in spread([0.5, 0.5], 0.1)]
    [0.5, 0.6]
    """
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    placed: list[float] = []
    for i in order:
        placed.append(
            max(heights[i], lowest, *[placed[-1] + apart] if placed else [lowest])
        )
    top = highest
    for position in range(len(placed) - 1, -1, -1):
        placed[position] = min(placed[position], top)
        top = placed[position] - apart
    result = [0.0] * len(heights)
    for i, height in zip(order, placed):
        result[i] = height
    return result


Line = tuple[str, list[tuple[int, float, float, float]]]


def lines_of(cells: list[dict[str, Any]], network: str) -> dict[str, Line]:
    """By library: its label, and connections, median, minimum and maximum of every
    network of a kind."""
    lines: dict[str, Line] = {}
    for cell in cells:
        if Case.named(cell["row"]).kind == network and "median" in cell:
            label = cell["label"] + (" (learns less)" if cell["learns_less"] else "")
            point = (cell["connections"], cell["median"], cell["least"], cell["most"])
            lines.setdefault(cell["peer"], (label, []))[1].append(point)
    for _, points in lines.values():
        points.sort()
    return lines


def draw(run: dict[str, Any], path: Path) -> None:
    """Draw perceptrons on the left, LSTMs on the right."""
    networks = [
        network for network in ("perceptron", LSTM) if lines_of(run["steps"], network)
    ]
    if not networks:
        return
    size = (8 * len(networks), 6.6)
    figure, axes = plt.subplots(
        1, len(networks), figsize=size, squeeze=False, layout="constrained"
    )
    for ax, network in zip(axes[0], networks):
        ends = [
            _line(ax, peer, *line)
            for peer, line in lines_of(run["steps"], network).items()
        ]
        ends += _growth(
            ax, run.get("growth", []), "lstm" if network == LSTM else "dense"
        )
        ax.set(xscale="log", yscale="log", xlabel="connections")
        ax.set_title(
            "perceptrons" if network == "perceptron" else "LSTMs, all-to-all peepholes",
            loc="left",
        )
        ax.grid(which="major", alpha=0.25)
        ax.spines[["top", "right"]].set_visible(False)
        _label(ax, ends)
    axes[0][0].set_ylabel("µs per online step (activate + propagate one sample)")
    with _files.replacing(path) as picture:
        figure.savefig(picture, format="png", dpi=130)
    plt.close(figure)


ORDERS = {"1": "#56B4E9", "2": "#009E73", "3": "#E69F00", "None": "#D55E00"}


def draw_orders(graphs: list[dict[str, Any]], path: Path) -> None:
    """Draw the time of real-time recurrent learning against density, one line for each
    order."""
    measured = [graph for graph in graphs if "orders" in graph]
    figure, ax = plt.subplots(figsize=(7, 5), layout="constrained")
    densities = [graph["density"] for graph in measured]
    lines = {
        f"order {order}" if order != "None" else "exact": (order, "synapse")
        for order in ORDERS
    }
    for label, (order, name) in {**lines, "online rule": ("None", "online")}.items():
        times = [graph["orders"][order][name] for graph in measured]
        colour = ORDERS[order] if name == "synapse" else "black"
        ax.plot(
            densities,
            times,
            marker="o",
            color=colour,
            ls="-" if name == "synapse" else "--",
            label=label,
        )
    ax.set(xscale="log", yscale="log", xlabel="density", ylabel="µs per step")
    ax.set_title("Elman-like random graphs of 60 neurons", loc="left")
    ax.grid(which="major", alpha=0.25)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False)
    with _files.replacing(path) as picture:
        figure.savefig(picture, format="png", dpi=130)
    plt.close(figure)


def _line(
    ax: Any, peer: str, label: str, points: list[tuple[int, float, float, float]]
) -> tuple[Any, ...]:
    colour, marker = STYLES[peer]
    connections, medians, least, most = zip(*points)
    ours = peer.startswith("synapse")
    style = {
        "color": colour,
        "marker": marker,
        "lw": 2.6 if ours else 1.3,
        "zorder": 4 if ours else 3,
    }
    ax.plot(connections, medians, ls="--" if peer in DASHED else "-", **style)
    ax.fill_between(connections, least, most, color=colour, alpha=0.15, lw=0)
    return connections[-1], medians[-1], label, colour, ours


def _growth(
    ax: Any, growth: list[dict[str, Any]], pattern: str
) -> list[tuple[Any, ...]]:
    """Draw Synapse's square networks, up to the largest, and the limit by memory
    bandwidth."""
    ends = []
    colour = STYLES["synapse"][0]
    points = [
        (g["made"], g["median"])
        for g in growth
        if g["kind"] == pattern and "median" in g
    ]
    if points:
        ax.plot(*zip(*points), color=colour, ls=":", marker=".", lw=1.6, zorder=3)
        label = (
            "Synapse, as it grows" if pattern == LSTM else "Synapse, square networks"
        )
        ends.append((*points[-1], label, colour, False))
    copied = [g for g in growth if "copy_bandwidth" in g]
    limits = [(g["made"], 1e6 * 16 * g["made"] / g["copy_bandwidth"]) for g in copied]
    # smaller copies measure the call only
    limits = [point for point in limits if point[0] > 5_000]
    if limits and pattern != LSTM:
        ax.plot(*zip(*limits), color="black", ls=(0, (1, 1)), lw=1.2, zorder=2)
        ends.append((*limits[-1], "memory bandwidth: float64 copied", "black", False))
    return ends


def _label(ax: Any, ends: list[tuple[Any, ...]]) -> None:
    """Write names on the right, without overlap, with a thin line to each curve."""
    ax.margins(x=0.04, y=0.05)
    low, high = (math.log10(limit) for limit in ax.get_ylim())
    heights = [(math.log10(end[1]) - low) / (high - low) for end in ends]
    for end, height in zip(ends, spread(heights, APART, 0.01, 0.99)):
        x, y, label, colour, ours = end
        ax.annotate(
            label,
            (x, y),
            xytext=(1.06, height),
            textcoords="axes fraction",
            va="center",
            color=colour,
            fontsize=9.5,
            fontweight="bold" if ours else "normal",
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "lw": 0.5,
                "alpha": 0.5,
                "shrinkA": 0,
                "shrinkB": 4,
                "relpos": (0, 0.5),
            },
            annotation_clip=False,
        )
