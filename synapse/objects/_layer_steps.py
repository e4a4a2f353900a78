"""Steps of a layer: its neurons activate and propagate in turn. :class:`synapse.Layer` inherits this."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from .. import cost as costs
from .._checks import FLOAT32, FLOAT64, class_row, integer, non_negative_number, vector
from .._random import Seed, random_generator
from .._typing import Floats, Ints
from ..cost import Cost
from ..engine.guard import InUse
from ..engine.store import Store
from ..errors import TopologyError
from ..initializers import Initializer
from . import _ties, _wiring
from .neuron import Neuron


class LayerSteps(Sequence[Neuron]):
    """The methods of a layer by which its neurons activate and learn."""

    _neurons: list[Neuron]
    _name: str | None

    @property
    def label(self) -> str:
        """Name, or a description by its size if it has none."""
        return self._name or f"of {len(self)}"

    def activate(self, values: ArrayLike | None = None) -> Floats:
        """Activate its neurons, one after the other.

        Parameters
        ----------
        values : array_like, shape (n,), optional
            Activations to set, for a layer of inputs. Default: the neurons compute their activations from
            their incoming connections.

        Returns
        -------
        ndarray, shape (n,)
            The activations.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the values are not n finite numbers; no neuron is activated then.

        See Also
        --------
        propagate : Learn from the error of this activation.
        Network.activate : Run a step of a whole network, in one compiled call.

        Examples
        --------
        >>> from synapse import Layer
        >>> inputs, outputs = Layer(2), Layer(1, "identity")
        >>> projection = inputs.project(outputs, weights=0.5)
        >>> inputs.activate([1.0, 3.0]), outputs.activate()
        (array([1., 3.]), array([2.]))
        """
        self._alive()
        if values is None:
            return np.array([neuron.activate() for neuron in self._neurons])
        row = self._vector("The values of a layer", values)
        return np.array(
            [neuron.activate(value) for neuron, value in zip(self._neurons, row.tolist(), strict=True)]
        )

    def propagate(
        self, rate: float = 0.1, targets: ArrayLike | None = None, cost: str | Cost | None = None
    ) -> None:
        """Propagate errors through its neurons, the last one first; see :meth:`Neuron.propagate`.

        If there are targets, the neurons are treated as the outputs of a network, see
        :meth:`Network.propagate`: a mean cost is the mean over all of them. Tied weights and biases, see
        :func:`synapse.tie`, are updated after all neurons have propagated.

        Parameters
        ----------
        rate : float
            Learning rate; 0 only computes the errors. Default: 0.1.
        targets : array_like, shape (n,), optional
            Target activations, NaN for a neuron without a target; for softmax outputs also the number of a
            class, counted from 0. Default: the errors come from the neurons that these are connected to.
        cost : str or Cost, optional
            Cost that is minimized. Default: the cost that matches the activation functions of the layer,
            see :func:`synapse.cost.matching`.

        Raises
        ------
        ArgumentError, ArgumentTypeError, UnknownNameError
            If rate, targets or cost cannot be used; no weight changes then.

        See Also
        --------
        activate : Activate the neurons first.
        """
        step, code = non_negative_number("The rate", rate), 0
        aims: list[float | None] = [None] * len(self)
        if targets is not None:
            squash = [neuron.squash for neuron in self._neurons]
            measure = costs.matching(squash) if cost is None else costs.of_outputs(cost, len(self))
            measure.check(squash)
            if measure is costs.categorical_cross_entropy and integer(targets) is not None:
                targets = class_row("The target of a layer", targets, len(self))
            row = self._vector("The targets of a layer", targets, nan=True)
            measure.check_targets(row[None])
            aims = [None if math.isnan(aim) else aim for aim in row.tolist()]
            code = measure.code
        with InUse(*self._alive()), _ties.summed_updates(neuron._store for neuron in self._neurons):
            for neuron, aim in zip(reversed(self._neurons), reversed(aims), strict=True):
                neuron._propagate(step, aim, code, float(len(self)))

    def clear(self) -> None:
        """Clear the context of every neuron: state, activation, errors and traces. No weight changes.

        See Also
        --------
        reset : Also draw new weights and biases.
        """
        for neuron in self._alive():
            neuron.clear()

    def reset(self, seed: Seed = None, initializer: str | Initializer = "glorot") -> None:
        """Draw new biases and new weights of incoming connections, and clear the context.

        Weights and biases that are not trainable do not change, see :meth:`Network.reset`.

        Parameters
        ----------
        seed : int or numpy.random.Generator, optional
            Seed for the new values. Default: an unrecorded random seed.
        initializer : str or callable
            Initializer of weights and biases, see :mod:`synapse.initializers`. Default: "glorot".

        See Also
        --------
        clear : Clear the context only.
        """
        rng = random_generator(seed)
        with InUse(*self._alive()):
            for store, connections, neurons in self._parameters():
                _ties.reset_parameters(store, connections, neurons, rng, initializer)
            self.clear()

    def freeze(self) -> None:
        """Freeze the layer: learning no longer updates its biases and the weights of incoming connections.

        These are the parameters that :meth:`reset` draws. They are not trainable until :meth:`unfreeze`.
        Outgoing connections still learn, as they belong to the layers they lead to, and errors still pass
        through the frozen layer to the layers before it. Connections that are made later, and neurons that
        are appended, are not frozen. Weights and biases tied to a frozen one are frozen with it, see
        :func:`synapse.tie`.

        Copies, pickles and files in the format "json" include the information that :meth:`unfreeze` needs.
        Files in other formats at most store what is trainable.

        See Also
        --------
        unfreeze : Make the frozen parameters trainable again.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(2, 3, 1, seed=0)
        >>> net["hidden"].freeze()
        >>> [connection.trainable for connection in net.connections]
        [False, False, False, False, False, False, True, True, True]
        """
        with InUse(*self._alive()):
            for parameters in self._parameters():
                _ties.freeze(*parameters)

    def unfreeze(self) -> None:
        """Make the parameters that :meth:`freeze` has frozen trainable again.

        Parameters that were not trainable before, such as the self-connections of memory cells, do not
        change. The same holds for parameters whose ``trainable`` has been set since then.

        See Also
        --------
        freeze : Freeze the layer.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(2, 3, 1, seed=0)
        >>> net["hidden"].freeze()
        >>> net["hidden"].unfreeze()
        >>> all(connection.trainable for connection in net.connections)
        True
        """
        with InUse(*self._alive()):
            for parameters in self._parameters():
                _ties.unfreeze(*parameters)

    def _parameters(self) -> Iterator[tuple[Store, Ints, Ints]]:
        """Iterate over its stores; yields the store, the rows of incoming connections and of its neurons."""
        for store in {neuron._store: None for neuron in self._neurons}:
            store.ready()
            rows = _wiring.rows_of(neuron for neuron in self._neurons if neuron._store is store)
            yield store, np.flatnonzero(np.isin(store["target"], rows)), rows

    def _alive(self) -> list[Neuron]:
        """Return its neurons, none of which has been removed.

        Raises
        ------
        TopologyError
            If a neuron has been removed from its network, or the layer has no neurons left.
        """
        if not self._neurons:
            raise TopologyError(
                f"The layer {self.label} has no neurons left and was removed from its network with the last "
                "one. Add a new layer: network.add(Layer(...))."
            )
        for neuron in self._neurons:
            neuron._require()
        return self._neurons

    @property
    def _store(self) -> Store:
        return self._alive()[0]._store

    def _vector(self, what: str, values: ArrayLike, nan: bool = False) -> Floats:
        """Return one number per neuron, checked to be within the range of their dtype, or NaN if `nan`."""
        floats = {neuron._store.dtype for neuron in self._alive()}
        return vector(what, values, len(self), FLOAT32 if FLOAT32 in floats else FLOAT64, nan)
