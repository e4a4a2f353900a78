"""Methods that neurons, layers and networks share, because each is a set of neurons."""

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
    """Neurons as rows of stores, with the values that can be set or drawn together.

    A neuron has one row, and a network has rows of a single store. A layer can have
    rows of several stores as long as its neurons are not connected.
    """

    __slots__ = ()
    _noun: ClassVar[str]
    """Noun for the object in messages."""

    def _in_use(self) -> ExclusiveAccess:
        """Return the context in which the object's rows keep their positions."""
        return ExclusiveAccess(self)

    def _by_store(self) -> Iterable[tuple[Store, Ints]]:
        """Return each store with the rows of these neurons, or raise TopologyError if a
        neuron has been removed.
        """
        raise NotImplementedError

    def _parameters(self) -> Iterable[tuple[Store, Ints, Ints]]:
        """Yield each store with the rows of the connections whose weights belong to
        these neurons, and with the rows of the neurons.
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
        """Draw new weights for incoming connections and new biases as if everything had
        been newly made, and clear the context.

        Without an initializer, the values depend on how the network was made:

        - In an architecture, and in a registered class whose constructor has a `seed`,
          parameters get the values that the class draws with the arguments of this
          network and this seed. For example, ``net.reset_parameters(seed=0)`` restores
          the initial weights and biases of ``architect.LSTM(2, 3, 1, seed=0)``. The
          connections stay even if the class draws them, too. The network remembers its
          arguments, and copies and files include them unless one is an unnamed
          function.
        - All other weights are drawn for each pair of layers, as :meth:`Layer.project`
          does by default. This includes weights that you passed. To keep such a weight,
          make it untrainable. All other biases return to the values that the neurons
          had when they became part of a network, or else to 0.
        - Parts that were added to an architecture later follow the second rule, unless
          the class makes such parts. An example is a neuron that was added to one of
          its layers and is connected like the others.

        Weights and biases that are not trainable do not change. They include constant
        error carousels, fixed copies, and everything that :meth:`freeze` has frozen.
        The biases of a network's inputs do not change either. Tied parameters get one
        value, and weights keep their signs. The streams of random neurons continue, see
        :meth:`Network.reseed`.

        Parameters
        ----------
        seed : int or numpy.random.Generator, optional
            Seed for the new values. Default: an unrecorded random seed.
        initializer : str or callable, optional
            Initializer of all weights and biases, see :mod:`synapse.initializers`. It
            is scaled for the mean number of connections into a neuron. Default: the
            values described above.

        Raises
        ------
        ArgumentError
            If the network was read from a file without one of its arguments, because
            this is an unnamed function. Nothing has changed then, and you can pass an
            initializer instead.

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
        """Whether learning updates any of the parameters, which are the biases and the
        weights of incoming connections. Setting it to False calls :meth:`freeze`, and
        setting it to True calls :meth:`unfreeze`.

        To include only biases, use :attr:`Neuron.trainable_bias`, and for single
        weights :attr:`Connection.trainable`. Inputs have no parameters unless they have
        incoming connections.

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
        """Freeze the weights of incoming connections and the biases, so that learning
        no longer updates them.

        The frozen parameters are those that :meth:`reset_parameters` draws, which
        belong to the neuron, or to all neurons of the layer or network. They are not
        trainable until :meth:`unfreeze`. Connections from here to other neurons still
        learn, because their weights belong to these neurons, and errors still pass
        through to the sources. Connections and neurons that are added later are not
        frozen. Weights and biases tied to a frozen parameter are frozen with it, see
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
        freeze : Freeze the parameters.

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
        """Whether all random neurons output their mean instead of a random value.
        Settable. Default: False.

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
