"""What a neuron, a layer and a network have in common: they are rows of neurons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from .. import _checks as checks
from .._initializer import Initializer, Seed, random_generator
from .._typing import Ints
from ..engine.locking import ExclusiveAccess, consistent_read
from ..engine.schema import INPUT
from ..engine.store import Store
from . import anew, parameters


class NeuronRows:
    """Neurons as rows of stores, and what is set or drawn for all of them at once.

    A neuron has one row, a network those of one store. A layer may have rows of several
    stores, as long as its neurons are not connected.
    """

    __slots__ = ()
    _noun: ClassVar[str]
    """What it is called in messages."""

    def _in_use(self) -> ExclusiveAccess:
        """Return the context in which its rows stay where they are."""
        return ExclusiveAccess(self)

    def _by_store(self) -> Iterable[tuple[Store, Ints]]:
        """Return its stores, with the rows of its neurons in each; TopologyError if a
        neuron has been removed.
        """
        raise NotImplementedError

    def _parameters(self) -> Iterable[tuple[Store, Ints, Ints]]:
        """Yield its stores, with the rows of the connections whose weights belong to
        its neurons, and the rows of the neurons.
        """
        for store, _ in list(self._by_store()):
            store.ensure_lowered()  # may move rows
        for store, rows in self._by_store():
            chosen = np.zeros(store.n_neurons, bool)
            chosen[rows] = True
            yield store, np.flatnonzero(chosen[store["target"]]), rows

    def clear(self) -> None:
        """Clear the context: states, activations, errors and traces. No weight
        changes.
        """
        raise NotImplementedError

    def reset_parameters(
        self, seed: Seed = None, initializer: str | Initializer | None = None
    ) -> None:
        """Draw new weights of incoming connections and new biases as if everything was
        made anew, and clear the context.

        Without an initializer:

        - In an architecture, and in a registered class whose constructor has a `seed`,
          parameters get the values that the class draws with the arguments of this
          network and this seed: ``net.reset_parameters(seed=0)`` gives
          ``architect.LSTM(2, 3, 1, seed=0)`` its first weights and biases again. The
          connections stay even if the class draws them, too. The network remembers its
          arguments; so do copies, and files unless one is a function without a name.
        - All other weights are drawn by pair of layers as :meth:`Layer.project` does by
          default, also those that were given: to keep a weight, make it untrainable.
          All other biases are those that the neurons had when they became part of a
          network, else 0.
        - Parts that were added to an architecture later follow the second rule, unless
          the class makes such parts, for example a neuron of one of its layers that is
          connected like the others.

        Weights and biases that are not trainable do not change: constant error
        carousels, fixed copies, and everything that :meth:`freeze` has frozen.
        Neither do the biases of a network's inputs. Tied parameters get one value, and
        weights keep their signs. The streams of random neurons continue, see
        :meth:`Network.reseed`.

        Parameters
        ----------
        seed : int or numpy.random.Generator, optional
            Seed for the new values. Default: an unrecorded random seed.
        initializer : str or callable, optional
            Initializer of all weights and biases, see :mod:`synapse.initializers`, for
            the mean number of connections into a neuron. Default: as described above.

        Raises
        ------
        ArgumentError
            If the file that the network was read from lacks an argument, a function
            without a name; nothing has changed. Give an initializer then.

        See Also
        --------
        clear : Clear the context only.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(2, 3, 1, seed=0)
        >>> first = net.weights
        >>> net.reset_parameters(seed=1)
        >>> net.reset_parameters(seed=0)
        >>> bool((net.weights == first).all())
        True
        >>> net.reset_parameters(seed=1, initializer="zeros")
        >>> net.activate([0.0, 1.0])
        array([0.5])
        """
        rng = random_generator(seed)
        with self._in_use():
            for store, connections, neurons in self._parameters():
                if initializer is None:
                    anew.reset(store, connections, neurons, rng)
                else:
                    parameters.reset(store, connections, neurons, rng, initializer)
            self.clear()

    @property
    @consistent_read
    def trainable(self) -> bool:
        """Whether learning updates any of its parameters: the weights of incoming
        connections, and biases. Settable: False is :meth:`freeze`, True
        :meth:`unfreeze`.

        For biases alone there is :attr:`Neuron.trainable_bias`, for single weights
        :attr:`Connection.trainable`. Inputs have no parameters unless something is
        connected to them.

        >>> import architect
        >>> net = architect.Perceptron(2, 3, 1)
        >>> net["hidden"].trainable = False
        >>> [layer.trainable for layer in net.layers], net.trainable
        ([False, False, True], True)
        """
        for store, connections, neurons in self._parameters():
            biases = store["role"][neurons] != INPUT
            if store["trainable"][connections].any() or (
                store["trainable_bias"][neurons[biases]].any()
            ):
                return True
        return False

    @trainable.setter
    def trainable(self, value: bool) -> None:
        if checks.boolean(f"trainable of a {self._noun}", value):
            self.unfreeze()
        else:
            self.freeze()

    def freeze(self) -> None:
        """Freeze it: learning no longer updates the weights of incoming connections and
        the biases.

        These are the parameters that :meth:`reset_parameters` draws: of a neuron its
        own, of a layer or network those of all its neurons. They are not trainable
        until :meth:`unfreeze`. Connections from it to other neurons still learn, as
        their weights belong to those neurons, and errors still pass through it to its
        sources. Connections that are made later, and neurons that are added, are not
        frozen. Weights and biases tied to a frozen one are frozen with it, see
        :func:`synapse.tie`.

        Copies, pickles and files in the format "json" include the information that
        :meth:`unfreeze` needs. Files in other formats store the trainable flags only,
        if at all.

        See Also
        --------
        unfreeze : Make the frozen parameters trainable again.
        Projection.freeze : Freeze the weights of some connections.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(2, 3, 1, seed=0)
        >>> net["hidden"].freeze()
        >>> [connection.trainable for connection in net.connections]
        [False, False, False, False, False, False, True, True, True]
        """
        with self._in_use():
            for mine in self._parameters():
                parameters.freeze(*mine)

    def unfreeze(self) -> None:
        """Make the parameters that :meth:`freeze` has frozen trainable again.

        Parameters that were not trainable before, such as the self-connections of
        memory cells, do not change. The same holds for weights and biases for which
        ``connection.trainable`` or ``neuron.trainable_bias`` has been set since then.

        See Also
        --------
        freeze : Freeze it.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(2, 3, 1, seed=0)
        >>> net.freeze()
        >>> net["output"].unfreeze()
        >>> [layer.trainable for layer in net.layers]
        [False, False, True]
        """
        with self._in_use():
            for mine in self._parameters():
                parameters.freeze(*mine, frozen=False)

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
        flag = checks.boolean(f"deterministic of a {self._noun}", value)
        with self._in_use():
            for store, rows in self._by_store():
                store["deterministic"][rows] = flag
