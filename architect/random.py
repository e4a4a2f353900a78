"""Networks of random topology."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from synapse import Connection, Layer, Network, Neuron
from synapse._checks import ARCHITECTURE, fraction, understands, whole_number
from synapse._random import Seed, given_back
from synapse.architectures import register
from synapse.initializers import Initializer
from synapse.squash import Squash

from ._recipe import Recipe, checked_sizes

Mask = NDArray[np.bool_]


@final
@register
class Random(Network):
    """Neurons connected at random, forward and, where asked, to themselves and backward, and gated.

    Every hidden neuron is reached from an input and reaches an output. The forward pairs are those
    of a neuron that is no output and one, no input, that fires later: with I inputs, H hidden
    neurons and O outputs

        I (H + O) + H (H - 1) / 2 + H O

    of them. Of these the density is the part that is connected: first, for each neuron, one pair
    that joins it to the rest, then others as they are drawn. Backward pairs lead from a hidden neuron
    to one that fires before it, or from an output to a hidden neuron: H (H - 1) / 2 + H O.

    Parameters
    ----------
    inputs, hidden, outputs : int
        How many neurons of each kind.
    density : float
        Which part of the forward pairs is connected, above 0 and at most 1. What joins every neuron
        to the rest is connected even where that is more.
    gates : int
        How many connections are gated, of whatever kind, each by a hidden neuron: one that fires
        before the target, where there is one, so that it learns from what it gates.
    self_connections : int
        How many hidden neurons keep their state; the weight is 1 and not trained.
    backward : int
        How many connections lead backward.
    squash, output_squash, initializer, bias_initializer, seed, dtype
        As those of :class:`Perceptron`; the topology is drawn from the seed, too.

    Raises
    ------
    ArgumentError, KindError
        If a size or number is out of range, or there are fewer pairs or connections than asked for.

    Examples
    --------
    >>> net = Random(3, 10, 2, density=0.5, gates=4, self_connections=2, backward=5, seed=0)
    >>> net
    <Random 3-10-2, 15 neurons, 57 connections>
    >>> sum(connection.gater is not None for connection in net.connections)
    4
    """

    @understands(ARCHITECTURE)
    def __init__(
        self,
        inputs: int,
        hidden: int,
        outputs: int,
        *,
        density: float = 0.5,
        gates: int = 0,
        self_connections: int = 0,
        backward: int = 0,
        squash: str | Squash = "logistic",
        output_squash: str | Squash | None = None,
        initializer: str | Initializer = "uniform",
        bias_initializer: str | Initializer = "uniform",
        seed: Seed = None,
        dtype: Any = np.float64,
    ) -> None:
        counts = checked_sizes("Random", (inputs, hidden, outputs), 3, "inputs, hidden, outputs")
        part = fraction("The density of Random", density)
        last = squash if output_squash is None else output_squash
        recipe = Recipe(seed, initializer, bias_initializer, dtype, squash, last)
        with given_back(recipe.rng):
            mask = _forward(counts, part, recipe.rng)
            _draw_more(mask, _backward_pairs(counts), "backward", backward, recipe.rng)
            _draw_more(mask, _self_pairs(counts), "self_connections", self_connections, recipe.rng)
            _check_number("gates", gates, int(mask.sum()), "connections")
        first = recipe.inputs(counts[0])
        between = recipe.layer(counts[1], squash, "hidden")
        output = recipe.layer(counts[2], last, "output")
        every = Layer([*first, *between, *output])
        links = list(recipe.connect(every, every, mask))
        _gate_some(links, gates, between, recipe.rng)
        super().__init__(first, [between], output)


def _check_number(name: str, number: int, most: int, what: str) -> None:
    """Raise where `number` is not a whole number from 0 to `most`."""
    condition = f"a whole number from 0 to {most}, all the {what} there are"
    whole_number(f"The {name} of Random", number, condition, 0, most)


def _forward_pairs(counts: Sequence[int]) -> Mask:
    """Which pairs (source, target) lead from no output to a later neuron that is no input."""
    n = sum(counts)
    pairs = np.triu(np.ones((n, n), bool), 1)
    pairs[:, : counts[0]] = False
    pairs[n - counts[2] :] = False
    return pairs


def _backward_pairs(counts: Sequence[int]) -> Mask:
    """Which pairs lead from a hidden neuron or an output back to a hidden neuron."""
    n, end = sum(counts), counts[0] + counts[1]
    pairs = np.tril(np.ones((n, n), bool), -1)
    pairs[:, : counts[0]] = False
    pairs[:, end:] = False
    return pairs


def _self_pairs(counts: Sequence[int]) -> Mask:
    """The pairs of each hidden neuron and itself."""
    place = np.arange(sum(counts))
    return np.diag((counts[0] <= place) & (place < counts[0] + counts[1]))


def _forward(counts: Sequence[int], density: float, rng: np.random.Generator) -> Mask:
    """Which forward pairs are connected: those that join every neuron to the rest, and more by chance."""
    pairs = _forward_pairs(counts)
    mask = np.zeros_like(pairs)
    for target in range(counts[0], len(pairs)):
        mask[rng.choice(np.flatnonzero(pairs[:, target])), target] = True
    for source in range(len(pairs) - counts[2]):
        if not mask[source].any():
            mask[source, rng.choice(np.flatnonzero(pairs[source]))] = True
    missing = round(density * int(pairs.sum())) - int(mask.sum())
    _draw(mask, pairs & ~mask, max(0, missing), rng)
    return mask


def _draw_more(mask: Mask, pairs: Mask, name: str, number: int, rng: np.random.Generator) -> None:
    """Connect a number of pairs of a kind, or raise where there are fewer."""
    _check_number(name, number, int(pairs.sum()), "pairs of neurons")
    _draw(mask, pairs, number, rng)


def _draw(mask: Mask, pairs: Mask, number: int, rng: np.random.Generator) -> None:
    mask.flat[rng.choice(np.flatnonzero(pairs), number, replace=False)] = True


def _gate_some(links: list[Connection], number: int, hidden: Layer, rng: np.random.Generator) -> None:
    """Let hidden neurons gate some connections, each one that fires before the target where it can."""
    place = {neuron: i for i, neuron in enumerate(hidden)}
    for i in rng.choice(len(links), number, replace=False):
        before = place.get(links[i].target, len(hidden)) or len(hidden)
        gater: Neuron = hidden[int(rng.integers(before))]
        gater.gate(links[i])
