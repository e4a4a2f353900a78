"""What a layer does: its neurons fire and propagate in turn. :class:`synapse.Layer` inherits this."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from . import _ties, _wiring, cost as costs
from ._checks import FLOAT32, FLOAT64, class_row, integer, non_negative_number, vector
from ._random import Seed, random_generator
from ._typing import Floats, Ints
from .cost import Cost
from .engine.guard import InUse
from .engine.store import Store
from .errors import TopologyError
from .initializers import Initializer
from .neuron import Neuron


class LayerSteps(Sequence[Neuron]):
    """The methods of a layer by which its neurons fire and learn."""

    _neurons: list[Neuron]
    _name: str | None

    @property
    def label(self) -> str:
        """Its name, or its size if it has none."""
        return self._name or f"of {len(self)}"

    def activate(self, values: ArrayLike | None = None) -> Floats:
        """Let its neurons fire, one after the other, and return their activations, shape (n,).

        Parameters
        ----------
        values : array_like, shape (n,), optional
            Their activations, where they are inputs.
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
        """Let its neurons propagate, the last one first; see :meth:`Neuron.propagate`.

        With targets the neurons are the outputs that the cost is of, as in :meth:`Network.propagate`: a mean
        is over all of them. What they share, see :func:`synapse.tie`, moves when all have propagated.

        Parameters
        ----------
        rate, cost
            As :meth:`Neuron.propagate` takes them. The default cost goes with the squashes of the layer.
        targets : array_like, shape (n,), optional
            What their activations should have been; of softmax outputs also the number of a class, from 0.
        """
        step, code = non_negative_number("The rate", rate), 0
        aims = np.full(len(self), np.nan)
        if targets is not None:
            squash = [neuron.squash for neuron in self._neurons]
            measure = costs.matching(squash) if cost is None else costs.of_outputs(cost, len(self))
            measure.check(squash)
            if measure is costs.categorical_cross_entropy and integer(targets) is not None:
                targets = class_row("The target of a layer", targets, len(self))
            aims = self._vector("The targets of a layer", targets)
            measure.check_targets(aims[None])
            code = measure.code
        with InUse(*self._alive()), _ties.summed_moves(neuron._store for neuron in self._neurons):
            for neuron, aim in zip(reversed(self._neurons), reversed(aims.tolist()), strict=True):
                neuron._propagate(step, aim, code, len(self))

    def clear(self) -> None:
        """Forget the context of every neuron; weights stay."""
        for neuron in self._alive():
            neuron.clear()

    def reset(self, seed: Seed = None, initializer: str | Initializer = "uniform") -> None:
        """Forget context and learning: new random biases, and weights of incoming connections.

        What is not trainable keeps its value, see :meth:`Network.reset`.
        """
        rng = random_generator(seed)
        with InUse(*self._alive()):
            for store, connections, neurons in self._parameters():
                _ties.reset_parameters(store, connections, neurons, rng, initializer)
            self.clear()

    def freeze(self) -> None:
        """Let learning leave the layer alone: the weights of all connections into it, and its biases.

        These are the parameters that :meth:`reset` draws, too. They are no longer trainable until
        :meth:`unfreeze`. Connections that lead out of the layer belong to the layers that they lead to:
        they still learn, and errors still pass through the frozen layer to those before it. Connections
        that are made later, and neurons that are appended, are not frozen. What is tied to a frozen
        weight or bias is frozen with it, see :func:`synapse.tie`.

        Copies, pickles and files in the format "json" keep what :meth:`unfreeze` restores. Files in other
        formats keep what is trainable at most.

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
        """Let learning move again what :meth:`freeze` has frozen, and nothing else.

        What was not trainable before, such as the self-connections of memory cells, stays as it is. So
        does what has been set to be trainable or not since then.
        """
        with InUse(*self._alive()):
            for parameters in self._parameters():
                _ties.unfreeze(*parameters)

    def _parameters(self) -> Iterator[tuple[Store, Ints, Ints]]:
        """Each store of its neurons, the rows of the connections into them there, and their rows."""
        for store in {neuron._store: None for neuron in self._neurons}:
            store.ready()
            rows = _wiring.rows_of(neuron for neuron in self._neurons if neuron._store is store)
            yield store, np.flatnonzero(np.isin(store["target"], rows)), rows

    def _alive(self) -> list[Neuron]:
        """Its neurons, if none of them has been removed from its network.

        Raises
        ------
        TopologyError
            If one has been removed, or the layer has lost all of them.
        """
        if not self._neurons:
            raise TopologyError(
                f"The layer {self.label} has left its network with its last neuron. "
                "Add a new layer: network.add(Layer(...))."
            )
        for neuron in self._neurons:
            neuron._require()
        return self._neurons

    @property
    def _store(self) -> Store:
        return self._alive()[0]._store

    def _vector(self, what: str, values: ArrayLike) -> Floats:
        """One number for each of its neurons, within the range of their floats."""
        floats = {neuron._store.dtype for neuron in self._alive()}
        return vector(what, values, len(self), FLOAT32 if FLOAT32 in floats else FLOAT64)
