"""Networks with a random topology."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, final

import numpy as np
from numpy.typing import NDArray

from synapse._checks import boolean, fraction, suggests_arguments, whole_number
from synapse._initializer import Initializer, Seed, given_back
from synapse._squash import Squash
from synapse.objects.architectures import register
from synapse.objects.layer import Layer
from synapse.objects.network import Network

from ._recipe import Recipe, checked_sizes

Mask = NDArray[np.bool_]


@final
@register
class Random(Network):
    """Neurons with random connections, which lead forward and optionally also backward
    or to themselves, and may be gated.

    Every hidden neuron is reached from an input and reaches an output. A forward pair
    leads from an input or hidden neuron to a hidden or output neuron that activates
    later. With I inputs, H hidden neurons and O outputs there are

        I (H + O) + H (H - 1) / 2 + H O

    forward pairs. The density is the fraction of these pairs that is connected. The
    first of them join each neuron to the rest, and further ones are random. Backward
    pairs lead from a hidden neuron to one that activates before it, or from an output
    to a hidden neuron. There are H (H - 1) / 2 + H O of them.

    Parameters
    ----------
    inputs, hidden, outputs : int
        Number of neurons of each kind.
    density : float
        Fraction of the forward pairs that is connected, above 0 and at most 1. The
        pairs that join every neuron to the rest are connected even if they exceed this
        fraction.
    gates : int
        Number of gated connections of any kind. If possible, the gater is a hidden
        neuron that activates before the target, so that it learns from the connections
        that it gates.
    self_connections : int
        Number of hidden neurons with a self-connection, whose weight is 1 and not
        trainable.
    backward : int
        Number of backward connections.
    squash, output_squash, initializer, bias_initializer, seed, dtype
        The same as for :class:`Perceptron`. The seed also determines the topology.
    synchronous : bool
        Whether all neurons except the inputs activate together, see
        :class:`synapse.Network`. Default: False.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a size or number is out of range, or there are fewer pairs or connections
        than requested.

    Examples
    --------
    >>> options = {"gates": 4, "self_connections": 2, "backward": 5}
    >>> net = Random(3, 10, 2, density=0.5, seed=0, **options)
    >>> net
    <Random 3-10-2, 15 neurons, 57 connections>
    >>> sum(connection.gater is not None for connection in net.connections)
    4
    """

    @suggests_arguments("architecture")
    def __init__(
        self,
        inputs: int,
        hidden: int,
        outputs: int,
        *,
        density: Annotated[float, fraction] = 0.5,
        gates: int = 0,
        self_connections: int = 0,
        backward: int = 0,
        squash: str | Squash = "logistic",
        output_squash: str | Squash | None = None,
        initializer: str | Initializer = "uniform",
        bias_initializer: str | Initializer = "uniform",
        seed: Seed = None,
        dtype: Any = np.float64,
        synchronous: Annotated[bool, boolean] = False,
    ) -> None:
        counts = checked_sizes(
            "Random", (inputs, hidden, outputs), 3, "inputs, hidden, outputs"
        )
        last = squash if output_squash is None else output_squash
        recipe = Recipe(seed, initializer, bias_initializer, dtype, squash, last)

        # A number that is refused gives the caller's generator back as it was.
        with given_back(recipe.rng):
            forward, back, loops = _allowed_pairs(*counts)
            mask = _forward(forward, counts, density, recipe.rng)
            _draw_more(mask, back, "backward", backward, recipe.rng)
            _draw_more(mask, loops, "self_connections", self_connections, recipe.rng)
            _check_number("gates", gates, int(mask.sum()), "connections")

        # Biases are drawn for the mean number of sources, rounded up.
        fan_ins = np.split(mask.sum(axis=0), np.cumsum(counts)[:-1])
        hidden_fan, output_fan = (-(-int(n.sum()) // len(n)) for n in fan_ins[1:])
        input_layer = recipe.inputs(counts[0])
        between = recipe.layer(counts[1], squash, "hidden", fan_in=hidden_fan)
        output = recipe.layer(counts[2], last, "output", fan_in=output_fan)

        neurons = Layer([*input_layer, *between, *output])
        links = list(recipe.connect(neurons, neurons, mask, self_connections=True))
        for link in links:
            if link.source is link.target:  # a constant error carousel
                link.weight = 1.0
                link.trainable = False

        place = {neuron: i for i, neuron in enumerate(between)}
        for i in recipe.rng.choice(len(links), gates, replace=False):
            # If possible, the gater activates before the target.
            before = place.get(links[i].target, len(between)) or len(between)
            between[int(recipe.rng.integers(before))].gate(links[i])
        super().__init__(input_layer, [between], output, synchronous=synchronous)


def _check_number(name: str, number: int, maximum: int, objects: str) -> None:
    """Raise an error if `number` is not a whole number from 0 to `maximum`."""
    condition = f"a whole number from 0 to {maximum}, the number of {objects}"
    whole_number(f"{name} of Random", number, condition, 0, maximum)


def _allowed_pairs(inputs: int, hidden: int, outputs: int) -> tuple[Mask, Mask, Mask]:
    """Return the masks of the forward pairs (source, target), of the backward pairs,
    and of the pairs of a hidden neuron with itself.
    """
    target = np.arange(inputs + hidden + outputs)
    source = target[:, None]
    inner = (inputs <= target) & (target < inputs + hidden)
    forward = (source < target) & (target >= inputs) & (source < inputs + hidden)
    return forward, (source > target) & inner, (source == target) & inner


def _forward(
    pairs: Mask, counts: Sequence[int], density: float, rng: np.random.Generator
) -> Mask:
    """Return the mask of the connected forward pairs, some of which join every neuron
    to the rest, while further ones are random.
    """
    mask = np.zeros_like(pairs)

    # One pair into each neuron that is not an input, then one out of those without.
    for target in range(counts[0], len(pairs)):
        mask[rng.choice(np.flatnonzero(pairs[:, target])), target] = True
    for source in range(len(pairs) - counts[2]):
        if not mask[source].any():
            mask[source, rng.choice(np.flatnonzero(pairs[source]))] = True

    missing = round(density * int(pairs.sum())) - int(mask.sum())
    _draw(mask, pairs & ~mask, max(0, missing), rng)
    return mask


def _draw_more(
    mask: Mask, pairs: Mask, name: str, number: int, rng: np.random.Generator
) -> None:
    """Connect random pairs of a mask, or raise an error if there are fewer."""
    _check_number(name, number, int(pairs.sum()), "pairs of neurons")
    _draw(mask, pairs, number, rng)


def _draw(mask: Mask, pairs: Mask, number: int, rng: np.random.Generator) -> None:
    mask.flat[rng.choice(np.flatnonzero(pairs), number, replace=False)] = True
