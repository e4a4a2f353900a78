"""The reservoir, a pool of randomly connected neurons with a readout that learns."""

from __future__ import annotations

from typing import Annotated, Any, final

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

    This is the liquid state machine of Maass, Natschläger and Markram 2002, and the
    echo state network of Jaeger 2001, in Synaptic's form. ::

        input => pool => output
                 |  ^
                 +--+  at random, some of them gated by neurons of the pool

    Only the outputs' incoming connections and biases are trainable. You can train them
    all at once with :func:`synapse.learning.fit_readout`, or step by step.

    Parameters
    ----------
    inputs, pool, outputs : int
        Number of neurons in each layer. The pool has at least 2.
    connections : int, optional
        Number of connections within the pool. Default: ten per neuron, or all pairs of
        a small pool.
    gates : int
        Number of these connections that are gated, each by a random pool neuron.
    spectral_radius : float, optional
        Spectral radius of a step. The pool then steps as a whole, and its weights are
        scaled so that the largest absolute eigenvalue of (1 - leak) I + W is this
        number, where W contains the weights within the pool, each with a gain of 1. It
        must be above 1 - leak. Default: neurons step in order, and weights are not
        scaled.
    leak : float
        Leak of the pool neurons, above 0 and at most 1. With 1, no state is carried
        over. Below 1, each neuron has a self-connection of weight 1 - leak: s = (1 -
        leak) s_old + bias + weighted inputs.
    squash, output_squash : str or Squash
        Activation functions of the pool and of the outputs.
    train_pool : bool
        Whether the weights and biases of the pool are trainable, too (except
        self-connections).
    initializer, bias_initializer, seed, dtype
        The same as for :class:`Perceptron`. With `spectral_radius`, the scale of the
        initializer only matters for the inputs and outputs.
    synchronous : bool
        Whether all neurons except the inputs activate together, see
        :class:`synapse.Network`. Default: False.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is out of range, or the weights cannot be scaled to the spectral
        radius.

    Notes
    -----
    With `spectral_radius`, the connections within the pool have a delay of 1, see
    :attr:`synapse.Connection.delay`. As in the papers, all of them therefore carry
    activations of the previous step, and the outputs read the pool of the present
    step::

        s(t) = (1 - leak) s(t-1) + W f(s(t-1)) + V x(t) + b

    Where f has the slope 1, as tanh has at 0, (1 - leak) I + W is the Jacobian of this
    step. Inputs and biases move the states from there. A radius below 1 usually gives a
    memory that fades, but does not guarantee it.

    A delay does not affect gains. A gated connection carries the source's activation of
    the previous step times the gater's activation. The gater's activation belongs to
    the present step if the gater comes before the target in the pool, and to the
    previous step otherwise. Because a tanh gater is near 0 at rest, its connections
    carry almost nothing, and the Jacobian is that of the other connections.

    Without `spectral_radius`, neurons of the pool activate one after the other, as in
    Synaptic and its files. A neuron then reads the activations of the same step from
    the neurons before it. Such a pool remembers less, and the eigenvalues of its step
    differ from those of W. To compute the radius of the step, call
    :func:`synapse.analysis.spectral_radius`.

    :meth:`synapse.Network.reset_parameters` draws the weights of a trainable pool as if
    for another pool with the same radius. Its own radius then differs. With 50 neurons
    and a radius of 0.9, it was 0.75 to 1.02 for 40 seeds.

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
        spectral_radius: Annotated[float | None, positive_number] = None,
        leak: Annotated[float, fraction] = 1.0,
        squash: str | Squash = "tanh",
        output_squash: str | Squash = "identity",
        train_pool: Annotated[bool, boolean] = False,
        initializer: str | Initializer = "uniform",
        bias_initializer: str | Initializer = "uniform",
        seed: Seed = None,
        dtype: Any = np.float64,
        synchronous: Annotated[bool, boolean] = False,
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
        carried = 1.0 - leak
        recipe = Recipe(
            seed, initializer, bias_initializer, dtype, squash, output_squash
        )
        options: Any = {
            "initializer": initializer,
            "trainable": train_pool,
            "seed": recipe.rng,
        }

        # A pool that cannot be scaled gives the caller's generator back as it was.
        with given_back(recipe.rng):
            fan_in = counts[0] - (-links // counts[1])
            input_layer = recipe.inputs(counts[0])
            middle = recipe.layer(counts[1], squash, "pool", fan_in=fan_in)
            output = recipe.layer(counts[2], output_squash, "output", fan_in=counts[1])
            if not train_pool:
                middle.trainable_bias = False
            input_layer.project(middle, **options)

            # All pairs of the pool, less as many random ones as are too many.
            mask = ~np.eye(counts[1], dtype=bool)
            pairs = np.flatnonzero(mask)
            mask.flat[recipe.rng.choice(pairs, maximum - links, replace=False)] = False
            delay = 0 if spectral_radius is None else 1
            within = middle.project(middle, mask, delay=delay, **options)
            if spectral_radius is not None:
                _scale(within, mask, spectral_radius, carried)

        inner = list(within)
        for i in recipe.rng.choice(links, gated, replace=False):
            middle[int(recipe.rng.integers(len(middle)))].gate(inner[i])
        if carried:
            middle.project(middle, weights=carried)
        recipe.connect(middle, output)
        super().__init__(input_layer, [middle], output, synchronous=synchronous)


def _count(option: str, value: Any, minimum: int, maximum: int) -> int:
    condition = f"a whole number from {minimum} to {maximum}"
    return whole_number(f"{option} of Liquid", value, condition, minimum, maximum)


def _scale(
    within: Projection, mask: NDArray[np.bool_], radius: float, carried: float
) -> None:
    """Scale the weights W of a pool so that `carried` I + W has a spectral radius."""
    if radius <= carried:  # the eigenvalues of W have the mean 0
        raise ArgumentError(
            f"A leak of {1.0 - carried:g} carries {carried:g} of each state over, so"
            f" the spectral radius must be above {carried:g}, got {radius:g}. Pass a"
            " larger spectral_radius or leak."
        )
    weights = np.zeros(mask.shape)
    weights.T[mask.T] = within.weights  # connections are sorted by target
    values = np.linalg.eigvals(weights)
    largest = np.abs(values).max()

    # Exactly 0 without cycles: LAPACK permutes such a matrix to a triangular one.
    if largest == 0:
        raise ArgumentError(
            f"A pool with {pluralize(len(within), 'connection')} has no cycle of"
            " weights other than 0: the spectral radius is 0 and cannot be scaled."
            " Pass more connections, or no spectral_radius."
        )

    # The smallest factor g with |carried + g v| = radius for an eigenvalue v.
    values /= largest
    kept = carried / radius
    along = kept * values.real
    beyond = (1.0 - kept) * (1.0 + kept)
    root = np.sqrt(along**2 + beyond * np.abs(values) ** 2)
    within.weights *= radius * beyond / (along + root).max() / largest
