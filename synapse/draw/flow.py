"""Error flow: how much of an error at the last step reaches earlier ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .._checks import as_matrix, expected
from .._typing import Floats, Ints
from ..errors import ArgumentError
from ..objects.layer import Layer
from ..objects.network import Network, require_network
from ..objects.state import deterministic, preserved_context, read_numbers, write_numbers
from ._style import CYCLE, canvas, check_axes, count_along, entry

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST = 1e-12
"""Lower end of the axis of :func:`error_flow`, at most."""

CONTEXT = ("state", "activation")
"""The numbers that one step hands to the next."""


def sensitivity(net: Network, inputs: ArrayLike, layer: str | Layer | None = None) -> Floats:
    r"""Measure how strongly the last step of a sequence depends on each earlier step, by finite differences.

    Without a layer, it returns how the outputs depend on the inputs: ``|∂y_T/∂x_t|``. With a layer, it
    returns how the states of the layer depend on their own earlier values: ``|∂s_T/∂s_t|``. This is 1 at
    every lag if the states are preserved exactly, as in the constant error carousel (Hochreiter and
    Schmidhuber 1997). By the chain rule it is also the factor by which an error at step T reaches step t with
    an exact gradient.

    The norm of an n by m matrix J is ``sqrt(Σ J² / n)``, which is 1 for the identity. J is a product of
    Jacobians of single steps, each computed by central
    differences of ``net.activate``. In double precision it is accurate to about 8 digits, even if the
    product is tiny; only a single step with a derivative below about 1e-9 is lost in rounding.
    A state is changed by changing the bias of its neuron for one step. Random neurons output their means.

    Parameters
    ----------
    net : Network
        The network. It is not changed.
    inputs : array_like, shape (T, n)
        One row per step; the context is cleared first.
    layer : str or Layer, optional
        The layer, or its name.

    Returns
    -------
    ndarray, shape (T,)
        One value per lag: index 0 is the last step itself, T - 1 the first one.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If `net` is not a network, the layer is not one of its layers, or the inputs do not fit.

    Examples
    --------
    >>> from synapse import Layer, Network, draw
    >>> source, cell, sink = Layer(1), Layer(1, "identity"), Layer(1)
    >>> for projection in (source.project(cell, weights=1.0), cell.project(cell), cell.project(sink)):
    ...     pass
    >>> net = Network(source, [cell], sink)
    >>> draw.sensitivity(net, [[0.1]] * 4, cell).round(6).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    require_network("What errors flow through", net)
    measured = None if layer is None else _layer_of(net, layer)
    rows = as_matrix("The inputs", inputs, len(net.input), net.dtype)
    if not len(rows):
        raise ArgumentError("Expected inputs of at least one step, got none.")
    with _borrowed(net), deterministic(net):
        return _sensitivity(_Stepper(net), rows, measured)


def _layer_of(net: Network, layer: str | Layer) -> Layer:
    """Return a layer of the network, given itself or its name."""
    measured = net[layer] if isinstance(layer, str) else layer
    if not any(measured is own for own in net.layers):
        raise ArgumentError(expected("The layer that errors flow through", f"a layer of {net!r}", layer))
    return measured


@contextmanager
def _borrowed(net: Network) -> Iterator[None]:
    """Restore the context and the biases at the end."""
    biases = net.biases
    with preserved_context(net):
        try:
            yield
        finally:
            net.biases = biases


class _Stepper:
    """Single steps of a network from given contexts: states and activations, shape (2 n,)."""

    def __init__(self, net: Network) -> None:
        self.net = net
        self.small = float(np.cbrt(np.finfo(net.dtype).eps))

    def step(self, context: Floats, row: Floats) -> Floats:
        """The context after a step."""
        for name, values in zip(CONTEXT, np.split(context, 2), strict=True):
            write_numbers(self.net, name, values)
        self.net.activate(row)
        return np.concatenate([read_numbers(self.net, name) for name in CONTEXT])

    def by_context(self, context: Floats, row: Floats) -> Floats:
        """Derivatives of the context after a step with respect to that before, shape (2 n, 2 n)."""
        return self._derivatives(context, lambda moved: self.step(moved, row))

    def by_inputs(self, context: Floats, row: Floats) -> Floats:
        """Derivatives of the context after a step with respect to its inputs, shape (2 n, inputs)."""
        return self._derivatives(row, lambda moved: self.step(context, moved))

    def by_states(self, places: Ints, context: Floats, row: Floats) -> Floats:
        """Derivatives of the context after a step with respect to states within it, shape (2 n, places)."""
        before = self.net.biases

        def moved(biases: Floats) -> Floats:
            changed = before.copy()
            changed[places] = biases
            write_numbers(self.net, "bias", changed)  # each by itself, also where they are tied
            after = self.step(context, row)
            write_numbers(self.net, "bias", before)
            return after

        return self._derivatives(before[places], moved)

    def _derivatives(self, point: Floats, function: Any) -> Floats:
        columns = []
        for i, value in enumerate(point):
            h = self.small * max(1.0, abs(value))
            high, low = point.copy(), point.copy()
            high[i], low[i] = value + h, value - h
            columns.append((function(high) - function(low)) / (2 * h))
        return np.stack(columns, axis=1)


def _sensitivity(steps: _Stepper, rows: Floats, layer: Layer | None) -> Floats:
    """Go backwards from the last step with the derivatives of the measured numbers."""
    n = len(steps.net)
    steps.net.clear()
    contexts = [np.zeros(2 * n)]
    for row in rows:
        contexts.append(steps.step(contexts[-1], row))
    if layer is None:
        seen = n + np.arange(n - len(steps.net.output), n)
        derivatives = steps.by_inputs
    else:
        number = {neuron: i for i, neuron in enumerate(steps.net)}
        seen = np.array([number[neuron] for neuron in layer])
        derivatives = partial(steps.by_states, seen)
    by_context = np.eye(2 * n)[seen]
    norms = []
    for context, row in zip(contexts[-2::-1], rows[::-1], strict=True):
        now = by_context @ derivatives(context, row)
        norms.append(np.sqrt((now**2).sum() / len(seen)))
        by_context = by_context @ steps.by_context(context, row)
    return np.array(norms)


def error_flow(networks: Any, inputs: ArrayLike, ax: Axes | None = None) -> Axes:
    """Draw how much of an error at the last step reaches earlier ones, by lag, on a logarithmic scale.

    Values below 1e-12 are not shown.

    Parameters
    ----------
    networks : Network, pair of Network and layer, or mapping of str to them
        The networks that errors flow through, see :func:`sensitivity`; give several by name to compare them.
    inputs : array_like, shape (T, n)
        The sequence, one row per step.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on. Default: a new figure.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        As :func:`sensitivity` does, or if there are more networks than can be distinguished.
    MissingExtraError
        Without matplotlib.

    Examples
    --------
    >>> import architect
    >>> from synapse import draw
    >>> from matplotlib import pyplot
    >>> lstm, elman = architect.LSTM(2, 2, 1, seed=0), architect.Elman(2, 3, 1, seed=0)
    >>> ax = draw.error_flow({"cells": (lstm, "cells"), "Elman": (elman, "hidden")}, [[0, 1]] * 5)
    >>> [line.get_label() for line in ax.lines], ax.get_yscale()
    (['cells', 'Elman'], 'log')
    >>> pyplot.close(ax.figure)
    """
    check_axes(ax, "Targets are not needed: draw.error_flow(net, inputs) follows an error of 1 back.")
    named = networks if isinstance(networks, Mapping) else {"": networks}
    if not 0 < len(named) <= len(CYCLE):
        raise ArgumentError(f"Expected 1 to {len(CYCLE)} networks, got {len(named)}.")
    pairs = {str(name): _pair(part) for name, part in named.items()}
    flows = {name: sensitivity(net, inputs, layer) for name, (net, layer) in pairs.items()}
    with canvas(ax, (6.0, 3.6)) as ax:
        ax.set_yscale("log", nonpositive="mask")
        for (name, flow), colour in zip(flows.items(), CYCLE, strict=False):
            ax.plot(flow, "o-", ms=3, color=colour, label=entry(name or pairs[name][0].name))
        _limit(ax, np.concatenate(list(flows.values())))
        ax.set_xlabel("lag T - t, in steps")
        ax.set_ylabel(_what([layer is not None for _, layer in pairs.values()]))
        count_along(ax)
        ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.2)
        return ax


def _limit(ax: Axes, values: Floats) -> None:
    """Cut the axis at LEAST: what is smaller has vanished, and would press the rest together."""
    seen = values[np.isfinite(values) & (values > 0)]
    if len(seen) and seen.min() < LEAST:
        ax.set_ylim(LEAST, 5.0 * max(float(seen.max()), LEAST))


def _pair(part: Any) -> tuple[Any, Any]:
    """A network, and the layer that is measured."""
    return part if isinstance(part, tuple) and len(part) == 2 else (part, None)


def _what(layers: list[bool]) -> str:
    """The label of the vertical axis."""
    states, outputs = r"$|\partial s_T / \partial s_t|$", r"$|\partial y_T / \partial x_t|$"
    return states if all(layers) else f"{states} or {outputs}" if any(layers) else outputs
