"""The reservoir: a pool of randomly connected neurons, of which only the readout
learns.
"""

from __future__ import annotations

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from synapse._checks import (
    boolean,
    fraction,
    pluralize,
    positive_number,
    suggests_arguments,
    whole_number,
)
from synapse._initializer import Initializer, Seed, given_back
from synapse._squash import Squash
from synapse.errors import ArgumentError
from synapse.objects.architectures import register
from synapse.objects.network import Network
from synapse.objects.projection import Projection

from ._recipe import Recipe, checked_sizes

USUAL_CONNECTIONS = 10
"""Default number of connections per pool neuron."""


@final
@register
class Liquid(Network):
    """A pool of neurons with random connections and gates, read by trained outputs.

    These are the liquid state machine of Maass, Natschläger and Markram 2002 and the
    echo state network of Jaeger 2001, in Synaptic's form. ::

        input => pool => output
                 |  ^
                 +--+  at random, some of them gated by neurons of the pool

    Only connections to the outputs, and the biases of the outputs, are trainable: all
    at once with :func:`synapse.learning.fit_readout`, or step by step.

    Parameters
    ----------
    inputs, pool, outputs : int
        Number of neurons of each layer; the pool has at least 2.
    connections : int, optional
        Number of connections within the pool. Default: ten per neuron, or all pairs of
        a small pool.
    gates : int
        Number of these connections that are gated, each by a random pool neuron.
    spectral_radius : float, optional
        Weights within the pool are scaled to this largest absolute eigenvalue of their
        matrix (with open gates and without the leak). Default: weights are not scaled.
    leak : float
        Leak of the pool neurons, above 0 and at most 1. With 1 no state is carried
        over. Below 1 each neuron has a self-connection of weight 1 - leak: s = (1 -
        leak) s_old + bias + weighted inputs.
    squash, output_squash : str or Squash
        Activation functions of the pool and of the outputs.
    train_pool : bool
        Whether the weights and biases of the pool are trainable, too (except
        self-connections).
    initializer, bias_initializer, seed, dtype
        As for :class:`Perceptron`. With `spectral_radius`, the scale of the initializer
        matters for the inputs and outputs only.
    synchronous : bool
        Whether all neurons but the inputs activate together, see
        :class:`synapse.Network`. Default: False.

    Notes
    -----
    Pool neurons activate one after the other, as in every network of this library: a
    neuron reads the activations of the same step from the neurons before it, unless it
    is `synchronous`. In the papers all activate at once. A spectral radius below 1
    usually gives a memory that fades; it does not guarantee it.

    Examples
    --------
    >>> from synapse.learning import fit_readout
    >>> net = Liquid(1, 50, 1, connections=200, gates=20, spectral_radius=0.9, seed=0)
    >>> net
    <Liquid 1-50-1, 52 neurons, 300 connections>
    >>> wave = np.sin(0.3 * np.arange(300.0))[:, None]
    >>> fit_readout(net, wave[:-1], wave[1:], washout=50).loss < 1e-6
    True
    """

    @suggests_arguments("architecture")
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
        synchronous: bool = False,
    ) -> None:
        counts = checked_sizes(
            "Liquid", (inputs, pool, outputs), 3, "inputs, pool, outputs"
        )
        maximum = counts[1] * (counts[1] - 1)
        if not maximum:
            raise ArgumentError(
                "The pool of Liquid must have at least 2 neurons, got 1."
            )
        usual = min(USUAL_CONNECTIONS * counts[1], maximum)
        links = _count(
            "connections", usual if connections is None else connections, 1, maximum
        )
        gated = _count("gates", gates, 0, links)
        carried = 1.0 - fraction("leak of Liquid", leak)
        learns = boolean("train_pool of Liquid", train_pool)
        together = boolean("synchronous of Liquid", synchronous)
        radius = spectral_radius
        if radius is not None:
            radius = positive_number("spectral_radius of Liquid", radius)
        recipe = Recipe(
            seed, initializer, bias_initializer, dtype, squash, output_squash
        )
        options: Any = {
            "initializer": initializer,
            "trainable": learns,
            "seed": recipe.rng,
        }

        # A pool that cannot be scaled gives the caller's generator back as it was.
        with given_back(recipe.rng):
            fan_in = counts[0] - (-links // counts[1])
            input_layer = recipe.inputs(counts[0])
            middle = recipe.layer(counts[1], squash, "pool", fan_in=fan_in)
            output = recipe.layer(counts[2], output_squash, "output", fan_in=counts[1])
            if not learns:
                middle.trainable_bias = False
            input_layer.project(middle, **options)

            # All pairs of the pool, less as many random ones as are too many.
            mask = ~np.eye(counts[1], dtype=bool)
            pairs = np.flatnonzero(mask)
            mask.flat[recipe.rng.choice(pairs, maximum - links, replace=False)] = False
            within = middle.project(middle, mask, **options)
            if radius is not None:
                _scale(within, mask, radius)

        inner = list(within)
        for i in recipe.rng.choice(links, gated, replace=False):
            middle[int(recipe.rng.integers(len(middle)))].gate(inner[i])
        if carried:
            middle.project(middle, weights=carried)
        recipe.connect(middle, output)
        super().__init__(input_layer, [middle], output, synchronous=together)


def _count(option: str, value: Any, minimum: int, maximum: int) -> int:
    condition = f"a whole number from {minimum} to {maximum}"
    return whole_number(f"{option} of Liquid", value, condition, minimum, maximum)


def _scale(within: Projection, mask: NDArray[np.bool_], radius: float) -> None:
    """Scale the weights of a pool to a spectral radius."""
    weights = np.zeros(mask.shape)
    weights.T[mask.T] = within.weights  # connections are sorted by target
    present = np.abs(np.linalg.eigvals(weights)).max()

    # Exactly 0 without cycles: LAPACK permutes such a matrix to a triangular one.
    if present == 0:
        raise ArgumentError(
            f"A pool with {pluralize(len(within), 'connection')} has no cycle of"
            " weights other than 0: the spectral radius is 0 and cannot be scaled."
            " Pass more connections, or no spectral_radius."
        )
    within.weights *= radius / present
