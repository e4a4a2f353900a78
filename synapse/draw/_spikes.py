"""Draw spikes over time, with a band for each layer of a recorded network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._checks import (
    instance,
    listed,
    numbers,
    pluralize,
    positive_number,
    suggests_arguments,
)
from .._typing import Floats
from ..errors import ArgumentError
from ..objects.layer import Layer
from ..objects.neuron import Neuron
from ..objects.recording import Log
from ..spikes._trains import MILLISECONDS
from ._style import BLUE, CYCLE, INK, RED, Axes, canvas, label

LINES = 5
"""Most neurons of a layer of which lines are drawn."""
ROW = 0.16
"""Height of a neuron's row of spikes, where a band of lines has the height 1."""
GAP = 0.35
MIN_ROW_HEIGHT = 0.5
BELOW_AXIS = 0.42
"""Inches from the axis to the legend, below ticks and the name of the axis."""


@suggests_arguments()
def spikes(
    log: Log,
    targets: ArrayLike | None = None,
    ax: Axes | None = None,
    *,
    groups: Mapping[str, Iterable[Neuron]] | Iterable[Layer] | None = None,
    dt: float | None = None,
) -> Axes:
    """Draw a recording of a spiking network over time, with layers below each other.

    A layer whose activations are 0 and 1 only has a row of marks for each neuron. In
    other layers, such as voltages, adaptation and outputs, up to five evenly chosen
    neurons are drawn as lines. The numbers at the right are the smallest and the
    largest value, with 0 between them. A legend explains marks and lines.

    Parameters
    ----------
    log : Log
        A recording of activations by :func:`synapse.record`, of a whole network unless
        `groups` are given.
    targets : array_like, shape (T, m), optional
        Targets of the outputs, with NaN where there is none. They are drawn in red.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on. Default: a new figure.
    groups : mapping of str to neurons, or iterable of Layer, optional
        The bands from top to bottom: neurons, such as ``net["spikes"][:20]``, by the
        label of their band, or layers. Default: all layers.
    dt : float, optional
        Duration of a step in milliseconds. The axis then shows milliseconds, and a band
        of spikes the mean rate of its neurons in Hz. Default: the axis shows steps.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If `log` has no activations of these neurons, or no step; if the targets have
        another shape; or if `dt` is not above 0.

    See Also
    --------
    raster : All activations as an image.

    Examples
    --------
    >>> import architect, synapse
    >>> from synapse import draw
    >>> net = architect.Spiking(2, 6, 1, seed=0)
    >>> with synapse.record(net) as log:
    ...     outputs = net.run([[1.0, 0.5]] * 40)
    >>> ax = draw.spikes(log)
    >>> [text.get_text() for text in ax.get_yticklabels()]
    ['input', 'voltages', 'spikes', 'adaptation', 'output']
    >>> ax = draw.spikes(log, groups={"cell 0": net["spikes"][:1]}, dt=0.5)
    >>> ax.get_xlabel()
    'time (ms)'
    """
    bands = _bands_of(log, groups)
    aims = _checked_targets(targets, bands[-1][1])
    step_length = 1.0 if dt is None else positive_number("dt", dt)
    spiking = [_are_spikes(values) for _, values in bands]
    heights = [
        max(MIN_ROW_HEIGHT, ROW * values.shape[1]) if marks else 1.0
        for (_, values), marks in zip(bands, spiking, strict=True)
    ]
    steps = len(bands[0][1])
    size = (
        float(np.clip(0.03 * steps + 3.5, 5.0, 11.0)),
        float(np.clip(0.75 * sum(heights) + 0.35 * len(bands) + 0.6, 2.5, 10.0)),
    )
    with canvas(ax, size) as ax:
        top = 0.0
        middles: list[float] = []
        for (_, values), marks, height in zip(bands, spiking, heights, strict=True):
            last = len(middles) == len(bands) - 1
            if marks:
                _draw_marks(ax, values, top, height)
                if dt is not None:
                    rate = values.mean() * MILLISECONDS / step_length
                    shown = f"{rate:,.0f}" if rate >= 100.0 else f"{rate:.2g}"
                    _write_beside(ax, top, f"{shown} Hz", "top")
            else:
                _draw_lines(ax, values, aims if last else None, top, height)
            middles.append(top + height / 2)
            top += height + GAP
        _explain(ax, spiking, targets is not None)
        ax.set_ylim(top - GAP / 2, -GAP / 2)
        ax.set_xlim(-0.5, steps - 0.5)
        ax.set_yticks(middles, [label(name, 20) for name, _ in bands])
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        if dt is None:
            ax.set_xlabel("step")
        else:
            ax.xaxis.set_major_formatter(
                lambda step, _: f"{round(step * step_length, 9):g}"
            )
            ax.set_xlabel("time (ms)")
        return ax


def _bands_of(log: Log, groups: Any) -> list[tuple[str, Floats]]:
    """Return the labels and activations of chosen neurons, by default of all layers."""
    instance("log", log, Log)
    if isinstance(groups, Mapping):
        named = [(str(name), group) for name, group in groups.items()]
    else:
        layers = log.network.layers if groups is None else groups
        layers = listed("groups", layers, "a list of Layers, or a dict of neurons")
        for layer in layers:
            instance("A group", layer, Layer)
        named = [(layer._label, layer) for layer in layers]
    bands = []
    for name, group in named:
        neurons = listed(f"The group {name}", group, "a list of neurons")
        bands.append((name, log.of(neurons, "activation")))
    if not bands or not len(bands[0][1]):
        raise ArgumentError("Expected groups with some recorded steps, got none.")
    return bands


def _checked_targets(targets: Any, outputs: Floats) -> Floats | None:
    if targets is None:
        return None
    aims = numbers("targets", targets, "a row of numbers for each step")
    if aims.shape != outputs.shape:
        rows, columns = outputs.shape
        due = f"{pluralize(rows, 'row')} of {pluralize(columns, 'number')}"
        raise ArgumentError(f"Expected targets of {due}, got the shape {aims.shape}.")
    return aims


def _are_spikes(values: Floats) -> bool:
    """Return whether a layer has spikes: 0 and 1 only, and both."""
    ones = values == 1.0
    return bool(ones.any() and (ones | (values == 0.0)).all())


def _draw_marks(ax: Axes, values: Floats, top: float, height: float) -> None:
    """Draw a row of marks for each neuron."""
    count = values.shape[1]
    row = height / count
    step, neuron = np.nonzero(values == 1.0)
    begins = top + row * neuron
    ax.vlines(step, begins + 0.1 * row, begins + 0.9 * row, colors=INK, lw=1.0)


def _draw_lines(
    ax: Axes, values: Floats, targets: Floats | None, top: float, height: float
) -> None:
    """Draw lines of some neurons, within the band, and their least and largest
    number.
    """
    count = values.shape[1]
    chosen: NDArray[np.int64] = np.unique(
        np.linspace(0, count - 1, min(LINES, count)).round().astype(np.int64)
    )
    shown = values[:, chosen]
    if targets is not None:
        shown = np.concatenate([shown, targets], axis=1)
    finite = shown[np.isfinite(shown)]
    minimum = float(finite.min(initial=0.0))
    largest = float(finite.max(initial=0.0))
    scale = height / max(largest - minimum, 1e-12)
    steps = np.arange(len(values))
    for place, number in enumerate(chosen):
        color = CYCLE[place % len(CYCLE)] if count > 1 else BLUE
        ax.plot(steps, top + scale * (largest - values[:, number]), color=color, lw=1.1)
    if targets is not None:
        ax.plot(steps, top + scale * (largest - targets), color=RED, lw=2.2, alpha=0.8)
    _write_beside(ax, top, f"{largest:.3g}", "top")
    _write_beside(ax, top + height, f"{minimum:.3g}", "bottom")


def _explain(ax: Axes, are_spikes: list[bool], has_targets: bool) -> None:
    """Add a legend below the axis, which explains marks and lines."""
    from matplotlib.lines import Line2D
    from matplotlib.transforms import ScaledTranslation

    signs: list[Line2D] = []
    if any(are_spikes):
        mark = Line2D([], [], ls="", marker="|", ms=8.0, color=INK, label="spike")
        signs.append(mark)
    if not all(are_spikes):
        name = f"activation, of up to {LINES} neurons"
        signs.append(Line2D([], [], color=BLUE, lw=1.1, label=name))
    if has_targets:
        signs.append(Line2D([], [], color=RED, lw=2.2, alpha=0.8, label="target"))
    below = ScaledTranslation(0.0, -BELOW_AXIS, ax.figure.dpi_scale_trans)
    ax.legend(
        handles=signs,
        ncols=len(signs),
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        bbox_transform=ax.transAxes + below,
    )


def _write_beside(ax: Axes, y: float, text: str, va: str) -> None:
    """Write at the right of a band."""
    ax.text(
        1.005,
        y,
        text,
        va=va,
        transform=ax.get_yaxis_transform(),
        fontsize=7.0,
        color=INK,
    )
