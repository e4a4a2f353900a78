"""What a neuron, a layer and a network have in common: they are rows of neurons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from .. import _checks as checks
from .._typing import Ints
from ..engine.guard import InUse, consistent_read
from ..initializers import Initializer, Seed, random_generator
from . import parameters

if TYPE_CHECKING:
    from ..engine.store import Store


class NeuronRows:
    """Neurons as rows of stores, and what is set or drawn for all of them at once.

    A neuron has one row, a network those of one store. A layer may have rows of several
    stores, as long as its neurons are not connected.
    """

    __slots__ = ()
    _noun: ClassVar[str]
    """What it is called in messages."""

    def _in_use(self) -> InUse:
        """The context in which its rows stay where they are."""
        return InUse(self)

    def _by_store(self) -> Iterable[tuple[Store, Ints]]:
        """Its stores, with the rows of its neurons in each; TopologyError if a neuron
        has been removed.
        """
        raise NotImplementedError

    def _parameters(self) -> Iterable[tuple[Store, Ints, Ints]]:
        """Its stores, with the rows of the connections whose weights belong to its
        neurons, and the rows of the neurons.
        """
        for store, _ in list(self._by_store()):
            store.ready()  # may move rows
        for store, rows in self._by_store():
            yield store, np.flatnonzero(np.isin(store["target"], rows)), rows

    def clear(self) -> None:
        """Clear the context: states, activations, errors and traces. No weight
        changes.
        """
        raise NotImplementedError

    def reset(
        self, seed: Seed = None, initializer: str | Initializer = "glorot"
    ) -> None:
        """Draw new biases and new weights of incoming connections, and clear the
        context.

        Weights and biases that are not trainable do not change: constant error
        carousels, fixed copies, and everything that :meth:`Layer.freeze` has frozen.
        Neither do the biases of a network's inputs. A trainable self-connection gets a
        random weight like any other connection. The streams of random neurons continue,
        see :meth:`Network.reseed`.

        Parameters
        ----------
        seed : int or numpy.random.Generator, optional
            Seed for the new values. Default: an unrecorded random seed.
        initializer : str or callable
            Initializer of weights and biases, see :mod:`synapse.initializers`. Default:
            "glorot".

        See Also
        --------
        clear : Clear the context only.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(2, 3, 1, seed=0)
        >>> net.reset(seed=1, initializer="zeros")
        >>> net.activate([0.0, 1.0])
        array([0.5])
        """
        rng = random_generator(seed)
        with self._in_use():
            for store, connections, neurons in self._parameters():
                parameters.reset(store, connections, neurons, rng, initializer)
            self.clear()

    @property
    @consistent_read
    def deterministic(self) -> bool:
        """Whether random neurons output their mean instead of a random value: all of
        a layer or network. Settable. Default: False.

        The mean is the state for the activation function `noise`, and the probability
        for `bernoulli`. Set it to True to test a network with random neurons, and to
        False to train it.

        >>> from synapse import Neuron
        >>> neuron = Neuron(squash="bernoulli")
        >>> neuron.deterministic = True
        >>> neuron.activate()
        0.5
        """
        return all(
            bool(store["deterministic"][rows].all()) for store, rows in self._by_store()
        )

    @deterministic.setter
    def deterministic(self, value: bool) -> None:
        flag = checks.boolean(f"The deterministic of a {self._noun}", value)
        with self._in_use():
            for store, rows in self._by_store():
                store["deterministic"][rows] = flag
