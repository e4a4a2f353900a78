"""The champions of an evolution side by side: how the topology has grown."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from .._checks import instance, positive_integer
from ..errors import ArgumentError
from ..evolve import Evolution, Genome
from ._style import canvas
from .network import network

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TEXT = 8.0
"""Size of the text in points."""


def growth(result: Evolution, ax: Axes | None = None, *, frames: int = 5) -> Axes:
    """Draw the champions of an evolution from left to right, each as a network.

    A champion whose connections are those of the one before is left out.

    Parameters
    ----------
    result : Evolution
        What :func:`synapse.evolve.neat` has returned.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on. Default: a new figure.
    frames : int
        Largest number of champions, of which the last is always one. Default 5.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If it is not an evolution, or has no champion.

    Examples
    --------
    >>> from synapse import draw, evolve
    >>> ax = draw.growth(evolve.neat(evolve.fitness.xor, seed=1), frames=3)
    >>> len(ax.child_axes)
    3
    """
    instance("What is drawn", result, Evolution)
    most = positive_integer("The frames", frames)
    if not result.milestones:
        raise ArgumentError("Expected an evolution that has a champion, got one in which all genomes failed.")
    grown = [next(same) for _, same in groupby(result.milestones, lambda milestone: structure(milestone[1]))]
    chosen = np.unique(np.linspace(len(grown) - 1, 0, most).round().astype(int))
    champions = [(generation, genome.network()) for generation, genome in (grown[place] for place in chosen)]
    for _, net in champions:
        for number, neuron in enumerate(net):
            neuron.name = str(number)  # fits into a disc; names of genes would be too small to read
    edges = np.cumsum([0, *(len(net.layers) for _, net in champions)], dtype=float)
    edges /= edges[-1]  # a width for each layer: letters and discs have about the same size in all frames
    with canvas(ax, (2.8 * len(chosen), 2.6)) as ax:
        ax.axis("off")
        for (generation, net), left, right in zip(champions, edges[:-1], edges[1:], strict=True):
            frame = ax.inset_axes((left, 0.0, 0.97 * (right - left), 0.92))
            network(net, ax=frame, colour_bars=False)
            frame.set_title("")
            heading = f"generation {generation + 1}"
            ax.text((left + right) / 2, 0.94, heading, size=TEXT, ha="center", transform=ax.transAxes)
        return ax


def structure(genome: Genome) -> list[Any]:
    """The connections, to be compared."""
    return list(genome.genes[genome.genes["enabled"] != 0][["source", "target", "gater"]].tolist())
