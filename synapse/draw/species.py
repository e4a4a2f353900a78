"""Species of an evolution as bands over generations, with the fitness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._checks import boolean, instance
from ..errors import ArgumentError
from ..evolve import Evolution
from ._style import BLACK, CYCLE, TICKS, canvas, count_along, mark_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def species(result: Evolution, ax: Axes | None = None, *, log: bool = False) -> Axes:
    """Draw the species of an evolution as bands, and the best fitness of each generation as a line.

    The width of a band is the number of genomes of the species. Older species are below.

    Parameters
    ----------
    result : Evolution
        What :func:`synapse.evolve.neat` has returned.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on. Default: a new figure. The fitness has its own scale on the right.
    log : bool
        Whether the scale of the fitness is logarithmic; values of 0 or below are not shown then.

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
    instance("What is drawn", result, Evolution)
    log = boolean("The log", log)
    if not result.generations:
        raise ArgumentError("Expected an evolution of at least one generation, got none.")
    names = sorted({name for counts in result.species for name in counts})
    sizes = np.array([[counts.get(name, 0) for counts in result.species] for name in names])
    with canvas(ax, (6.0, 3.4)) as ax:
        from matplotlib.patheffects import Normal, Stroke

        generations, best = np.arange(1.0, result.generations + 1), np.array(result.history["best"])
        if len(best) == 1:  # bands of some width
            generations, sizes, best = np.array([0.5, 1.5]), np.repeat(sizes, 2, axis=1), np.repeat(best, 2)
        colours = [CYCLE[i % len(CYCLE)] for i in range(len(names))]
        ax.stackplot(generations, sizes, colors=colours, alpha=0.45, lw=0.4, ec="white")
        ax.set(xlabel="generation", ylabel="genomes", ylim=(0, sizes.sum(axis=0).max()))
        ax.margins(x=0)
        scale = ax.twinx()
        scale.set_yscale("log" if log else "linear")
        scale.tick_params(**TICKS)
        outline = [Stroke(linewidth=4.0, foreground="white"), Normal()]  # visible on dark bands
        scale.plot(generations, best, color=BLACK, marker=mark_of(best), path_effects=outline)
        count_along(ax)
        scale.set_ylabel("best fitness (line)")
        return ax
