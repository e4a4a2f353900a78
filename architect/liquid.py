"""The reservoir: a pool of neurons linked at random, of which only the read-out learns."""

from __future__ import annotations

from typing import Any, final

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from synapse import Layer, Network, Projection
from synapse._checks import ARCHITECTURE, boolean, fraction, positive_number, understands, whole_number
from synapse._random import Seed
from synapse.architectures import register
from synapse.errors import ArgumentError
from synapse.initializers import Initializer
from synapse.squash import Squash

from ._recipe import Recipe, checked_sizes

MANY = 10
"""Connections a pool neuron, where their number is not given."""


@final
@register
class Liquid(Network):
    """A pool linked and gated at random, read by trained outputs: the liquid state machine of Maass,
    Natschläger and Markram 2002 and the echo state network of Jaeger 2001, in the form of Synaptic. ::

        input => pool => output
                 |  ^
                 +--+  at random, some of them gated by neurons of the pool

    Only what leads to the outputs, and their biases, is trainable: all at once by
    :func:`synapse.learning.fit_readout`, or step by step.

    Parameters
    ----------
    inputs, pool, outputs : int
        Neurons of each layer; at least 2 in the pool.
    connections : int, optional
        How many pairs of pool neurons are connected. Default: ten a neuron, or all of a small pool.
    gates : int
        How many of these are gated, each by a pool neuron drawn at random.
    spectral_radius : float, optional
        Weights within the pool are scaled so that the largest absolute eigenvalue of their matrix
        (gates open, leak left out) is this. Default: weights as drawn.
    leak : float
        Of pool neurons, from 1 (no state is carried over) to just above 0. Below 1 each has a
        self-connection of weight 1 - leak: s = (1 - leak) s_old + bias + what comes in.
    squash, output_squash : str or Squash
        Of the pool, and of the outputs.
    train_pool : bool
        Let learning move all weights and biases of the pool, too (self-connections excepted).
    initializer, bias_initializer, seed, dtype
        As those of :class:`Perceptron`. Where `spectral_radius` is given, the scale of weights matters for
        the inputs and outputs only.

    Notes
    -----
    Pool neurons fire one after the other, as in every network here: in a step a neuron sees
    what those before it have just done. In the papers all fire at once. A radius below 1 is the
    customary guide to a memory that fades, here as there; it is no proof.

    Examples
    --------
    >>> from synapse.learning import fit_readout
    >>> net = Liquid(1, 50, 1, connections=200, gates=20, spectral_radius=0.9, seed=0)
    >>> net
    <Liquid 1-50-1, 52 neurons, 300 connections>
    >>> wave = np.sin(0.3 * np.arange(300.0))[:, None]
    >>> fit_readout(net, wave[:-1], wave[1:], washout=50).error < 1e-6
    True
    """

    @understands(ARCHITECTURE)
    def __init__(
        self,
        inputs: int,
        pool: int,
        outputs: int,
        *,
        connections: int | None = None,
        gates: int = 0,
        spectral_radius: float | None = None,
        leak: float = 1.0,
        squash: str | Squash = "tanh",
        output_squash: str | Squash = "identity",
        train_pool: bool = False,
        initializer: str | Initializer = "uniform",
        bias_initializer: str | Initializer = "uniform",
        seed: Seed = None,
        dtype: Any = np.float64,
    ) -> None:
        counts = checked_sizes("Liquid", (inputs, pool, outputs), 3, "inputs, pool, outputs")
        most = counts[1] * (counts[1] - 1)
        if not most:
            raise ArgumentError("Expected the pool of Liquid to have at least 2 neurons, got 1.")
        links = _count(
            "connections", min(MANY * counts[1], most) if connections is None else connections, 1, most
        )
        gated = _count("gates", gates, 0, links)
        carried = 1.0 - fraction("The leak of Liquid", leak)
        learns = boolean("The train_pool of Liquid", train_pool)
        if spectral_radius is not None:
            positive_number("The spectral_radius of Liquid", spectral_radius)
        recipe = Recipe(seed, initializer, bias_initializer, dtype, squash, output_squash)
        drawn: Any = {"initializer": initializer, "trainable": learns, "seed": recipe.rng}
        first = recipe.inputs(counts[0])
        middle = recipe.layer(counts[1], squash, "pool")
        last = recipe.layer(counts[2], output_squash, "output")
        if not learns:
            middle.trainable = False
        first.project(middle, **drawn)
        within = middle.project(middle, _pairs(recipe.rng, counts[1], links), **drawn)
        if spectral_radius is not None:
            _scale(within, spectral_radius)
        _gate(recipe.rng, middle, within, gated)
        if carried:
            middle.project(middle, weights=carried)
        recipe.connect(middle, last)
        super().__init__(first, [middle], last)


def _count(what: str, value: Any, least: int, most: int) -> int:
    return whole_number(f"The {what} of Liquid", value, f"a whole number from {least} to {most}", least, most)


def _pairs(rng: np.random.Generator, size: int, count: int) -> NDArray[np.bool_]:
    """Which of `size` neurons project to which others: a mask with `count` of them."""
    mask = ~np.eye(size, dtype=bool)
    places = np.flatnonzero(mask)
    mask.flat[rng.choice(places, len(places) - count, replace=False)] = False
    return mask


def _scale(within: Projection, radius: Any) -> None:
    """Scale the weights of a pool to a spectral radius."""
    largest = float(radius)
    place = {neuron: i for i, neuron in enumerate(within.source)}
    pairs = [(place[link.source], place[link.target]) for link in within]
    weights = np.zeros((len(place), len(place)))
    weights[tuple(np.transpose(pairs))] = within.weights
    now = np.abs(np.linalg.eigvals(weights)).max()
    if now == 0 or nx.is_directed_acyclic_graph(nx.DiGraph(pairs)):  # without cycles now is rounding only
        raise ArgumentError(
            f"The {len(pairs)} connections of the pool make no cycle of weights other than 0: "
            "the spectral radius is 0 and cannot be scaled. Give more connections, or no spectral_radius."
        )
    within.weights *= largest / now


def _gate(rng: np.random.Generator, pool: Layer, within: Projection, count: int) -> None:
    """Let random neurons of the pool gate `count` connections within it."""
    links = list(within)
    for i in rng.choice(len(links), count, replace=False):
        pool[int(rng.integers(len(pool)))].gate(links[i])
