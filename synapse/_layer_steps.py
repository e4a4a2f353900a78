"""What a layer does: its neurons fire and propagate in turn. :class:`synapse.Layer` inherits this."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from . import _ties, _wiring, cost as costs
from ._checks import FLOAT32, FLOAT64, class_row, integer, non_negative_number, vector
from ._random import Seed, random_generator
from ._typing import Floats
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

        What learning does not move keeps its value, see :meth:`Network.reset`.
        """
        rng = random_generator(seed)
        with InUse(*self._alive()):
            for store in {neuron._store: None for neuron in self._neurons}:
                store.ready()
                rows = _wiring.rows_of(neuron for neuron in self._neurons if neuron._store is store)
                _ties.reset_parameters(
                    store, np.flatnonzero(np.isin(store["target"], rows)), rows, rng, initializer
                )
            self.clear()

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
