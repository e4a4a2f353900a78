"""Draw an evolution, with its species as bands over generations, and its champions side
by side.
"""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import Annotated, Any

import networkx as nx
import numpy as np

from .._checks import boolean, instance, positive_integer, suggests_arguments
from .._typing import Ints
from ..errors import ArgumentError
from ..evolve import Evolution, Genome
from ._network import network
from ._style import BLACK, TICKS, Axes, canvas, count_along, mark_of

BANDS = ("#56b4e9", "#f7ecb0", "#e69f00", "#1f4e79", "#bdbdbd", "#a34700", "#00664b")
"""Colors of bands. Any two are at least 31 apart in CIELAB, even for people who cannot
see red or green (Machado and others 2009).
"""

TEXT = 8.0
"""Size of the text in points."""


@suggests_arguments("species")
def species(
    result: Annotated[
        Evolution, lambda title, value: instance(title, value, Evolution)
    ],
    ax: Axes | None = None,
    *,
    log: Annotated[bool, boolean] = False,
) -> Axes:
    """Draw the species of an evolution as bands, and the best fitness of each
    generation as a line.

    The width of a band is the number of genomes of the species. Older species are
    below. Adjacent bands have different colors, which color-blind people can
    distinguish, too, but species that never touch may share a color.

    Parameters
    ----------
    result : Evolution
        What :func:`synapse.evolve.neat` has returned.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on. Default: a new figure. The fitness has its own scale on the
        right.
    log : bool
        Whether the scale of the fitness is logarithmic, without values of 0 or below.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If it is not an evolution, or has no generation.

    Examples
    --------
    >>> from synapse import draw, evolve
    >>> result = evolve.neat(evolve.fitness.xor, seed=1)
    >>> ax = draw.species(result)
    >>> len(ax.collections) == len({name for one in result.species for name in one})
    True
    """
    if not result.generations:
        raise ArgumentError("`result` must have at least one generation, got none.")
    names = sorted({name for counts in result.species for name in counts})
    sizes = np.array(
        [[counts.get(name, 0) for counts in result.species] for name in names]
    )
    with canvas(ax, (6.0, 3.4)) as ax:
        from matplotlib.patheffects import Normal, Stroke

        generations = np.arange(1.0, result.generations + 1)
        best = np.array(result.history["best"])
        if len(best) == 1:  # bands of some width
            generations = np.array([0.5, 1.5])
            sizes = np.repeat(sizes, 2, axis=1)
            best = np.repeat(best, 2)
        ax.stackplot(generations, sizes, colors=_colors_of(sizes), lw=0.6, ec="white")
        ax.set(xlabel="generation", ylabel="genomes", ylim=(0, sizes.sum(axis=0).max()))
        ax.margins(x=0)
        scale = ax.twinx()
        scale.set_yscale("log" if log else "linear")
        scale.tick_params(**TICKS)
        # A white outline makes the line visible on dark bands.
        outline = [Stroke(linewidth=4.0, foreground="white"), Normal()]
        scale.plot(
            generations, best, color=BLACK, marker=mark_of(best), path_effects=outline
        )
        count_along(ax)
        scale.set_ylabel("best fitness (line)")
        return ax


def _colors_of(sizes: Ints) -> list[str]:
    """Return a color for each band, (bands, generations), other than those of its
    neighbors.
    """
    touching: nx.Graph[int] = nx.Graph()
    touching.add_nodes_from(range(len(sizes)))
    # Between two generations, bands of both are there.
    present = sizes > 0
    for column in (*(present[:, :-1] | present[:, 1:]).T, *present.T):
        touching.add_edges_from(pairwise(np.flatnonzero(column).tolist()))
    colors = nx.greedy_color(touching, strategy="DSATUR")
    return [BANDS[colors[band] % len(BANDS)] for band in range(len(sizes))]


@suggests_arguments("growth")
def growth(
    result: Annotated[
        Evolution, lambda title, value: instance(title, value, Evolution)
    ],
    ax: Axes | None = None,
    *,
    frames: Annotated[int, positive_integer] = 5,
) -> Axes:
    """Draw the champions of an evolution from left to right, each as a network.

    A champion with the same connections as the previous one is left out.

    Parameters
    ----------
    result : Evolution
        What :func:`synapse.evolve.neat` has returned.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on. Default: a new figure.
    frames : int
        Maximum number of champions, which always include the last one. Default 5.

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
    if not result.milestones:
        raise ArgumentError("`result` has no champion: all genomes failed.")
    grown = [
        next(same)
        for _, same in groupby(
            result.milestones, lambda milestone: _links(milestone[1])
        )
    ]
    chosen = np.unique(np.linspace(len(grown) - 1, 0, frames).round().astype(int))
    champions = [(grown[place][0], grown[place][1].network()) for place in chosen]
    for _, net in champions:
        for number, neuron in enumerate(net):
            # A number fits into a disc; names of genes would be too small to read.
            neuron.name = str(number)
    edges = np.cumsum([0, *(len(net.layers) for _, net in champions)], dtype=float)
    # A width for each layer: letters and discs have about one size in all frames.
    edges /= edges[-1]
    with canvas(ax, (2.8 * len(chosen), 2.6)) as ax:
        ax.axis("off")
        for (generation, net), left, right in zip(
            champions, edges[:-1], edges[1:], strict=True
        ):
            frame = ax.inset_axes((left, 0.0, 0.97 * (right - left), 0.92))
            network(net, ax=frame, color_bars=False)
            frame.set_title("")
            ax.text(
                (left + right) / 2,
                0.94,
                f"generation {generation + 1}",
                size=TEXT,
                ha="center",
                transform=ax.transAxes,
            )
        return ax


def _links(genome: Genome) -> Any:
    """Return the connections, to be compared."""
    return genome.genes[genome.genes["enabled"] != 0][
        ["source", "target", "gater"]
    ].tolist()
