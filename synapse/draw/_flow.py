"""Draw the error flow, which shows how much of an error at the last step reaches
earlier steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import analysis
from .._checks import require_type, suggests_arguments
from ..errors import ArgumentError
from ..objects.layer import Layer
from ..objects.network import require_network
from ._style import CYCLE, Axes, canvas, check_axes, count_along, entry

MIN_AXIS = 1e-12
"""Lower end of the axis of :func:`error_flow`, at most."""
STATES = r"$|\partial s_T / \partial s_t|$"
OUTPUTS = r"$|\partial y_T / \partial x_t|$"
"""Labels of the vertical axis."""


@suggests_arguments()
def error_flow(
    networks: Any,
    inputs: ArrayLike,
    layer: str | Layer | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw how much of an error at the last step reaches earlier ones, by lag, on a
    logarithmic scale.

    Values below 1e-12 are not shown.

    Parameters
    ----------
    networks : Network, or mapping of str to Network or to pair of Network and layer
        The networks that errors flow through. To compare several, pass them by name.
    inputs : array_like, shape (T, n)
        The sequence, one row per step.
    layer : str or Layer, optional
        The layer whose states the picture shows, see
        :func:`~synapse.analysis._contribution.error_flow`, which returns the numbers. A
        pair in a mapping has its own layer.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on. Default: a new figure.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        As :func:`~synapse.analysis._contribution.error_flow` does, or if there are more
        networks than can be distinguished.

    Examples
    --------
    >>> import architect
    >>> from synapse import draw
    >>> lstm, elman = architect.LSTM(2, 2, 1, seed=0), architect.Elman(2, 3, 1, seed=0)
    >>> networks = {"cells": (lstm, "cells"), "Elman": (elman, "hidden")}
    >>> ax = draw.error_flow(networks, [[0, 1]] * 5)
    >>> [line.get_label() for line in ax.lines], ax.get_yscale()
    (['cells', 'Elman'], 'log')
    """
    require_type(
        layer is None or isinstance(layer, str | Layer),
        "layer",
        "a layer or its name",
        layer,
        "Targets are not needed, because the flow of an error of 1 is drawn.",
    )
    check_axes(ax)
    named = networks if isinstance(networks, Mapping) else {"": networks}
    if not 0 < len(named) <= len(CYCLE):
        raise ArgumentError(f"Expected 1 to {len(CYCLE)} networks, got {len(named)}.")
    pairs = {
        str(name): piece if isinstance(piece, tuple) else (piece, layer)
        for name, piece in named.items()
    }
    flows = {
        name: analysis.error_flow(require_network("networks", net), inputs, chosen)
        for name, (net, chosen) in pairs.items()
    }
    quantities = {
        STATES if chosen is not None else OUTPUTS for _, chosen in pairs.values()
    }
    values = np.concatenate(list(flows.values()))
    shown = values[np.isfinite(values) & (values > 0)]
    with canvas(ax, (6.0, 3.6)) as ax:
        ax.set_yscale("log", nonpositive="mask")
        for (name, flow), color in zip(flows.items(), CYCLE, strict=False):
            ax.plot(
                flow, "o-", ms=3, color=color, label=entry(name or pairs[name][0].name)
            )
        # What has vanished would press the rest together.
        if shown.min(initial=np.inf) < MIN_AXIS:
            ax.set_ylim(MIN_AXIS, 5.0 * max(float(shown.max()), MIN_AXIS))
        ax.set(xlabel="lag T - t, in steps", ylabel=" or ".join(sorted(quantities)))
        count_along(ax)
        ax.legend(
            loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.2
        )
        return ax
