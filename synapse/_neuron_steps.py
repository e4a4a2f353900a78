"""What a neuron does: it fires, propagates errors and learns. :class:`synapse.Neuron` inherits this."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import _ties, cost as costs, engine
from ._checks import finite_number, non_negative_number
from ._random import Seed, random_generator
from ._registration import require_sound
from .cost import Cost
from .engine.guard import steady, whole
from .engine.store import Store
from .errors import TopologyError
from .initializers import Initializer


class Error:
    """The error of a neuron at its last propagation: delta_j = P_j + G_j; delta_j is 0 after it fires.

    ``responsibility`` is delta_j, ``projected`` is P_j, what came back along its connections (and
    from its target), ``gated`` is G_j, what came through the connections that it gates.
    """

    __slots__ = ("_neuron",)

    def __init__(self, neuron: NeuronSteps) -> None:
        self._neuron = neuron

    def _read(self, name: str) -> float:
        return float(self._neuron._require()[name][self._neuron._row])

    responsibility = property(lambda self: self._read("responsibility"), doc="delta_j.")
    projected = property(lambda self: self._read("projected"), doc="P_j.")
    gated = property(lambda self: self._read("gated"), doc="G_j.")

    def __repr__(self) -> str:
        return (
            f"<error: responsibility {self.responsibility:.4g}, "
            f"projected {self.projected:.4g}, gated {self.gated:.4g}>"
        )


class NeuronSteps:
    """The methods of a neuron that run kernels."""

    __slots__ = ()

    _row: int
    _store: Store
    squash: Any

    def _require(self) -> Store:
        """Its store, if it has not been removed."""
        if self._row < 0:
            raise TopologyError("This neuron has been removed from its network.")
        return self._store

    @property
    def error(self) -> Error:
        """Its error at the last propagation."""
        return Error(self)

    def activate(self, value: float | None = None) -> float:
        """Fire: from its incoming connections or, as an input, with a value that you set.

        Parameters
        ----------
        value : float, optional
            The activation of an input. Its derivative is then 0: it does not learn.

        Returns
        -------
        float
            The activation.

        Raises
        ------
        FunctionError
            If its registered squash raises; the activation is NaN then.
        """
        store = self._store if self._row >= 0 else self._require()
        number = 0.0 if value is None else finite_number("The activation of a neuron", value, store.dtype)
        with store.lock:
            if store is self._store and self._row >= 0:
                address = store.ready()
                activation = number
                if value is not None:
                    engine.online.clamp_one(address, store.unit, self._row, number)
                else:
                    activation = float(engine.online.activate_one(address, store.unit, self._row))
                if store.recorder is not None:
                    store.recorder.activated(self)
                if activation != activation:
                    require_sound(store["failed"])
                return activation
        return self.activate(value)  # while this waited, it has been joined or removed

    def propagate(
        self, rate: float = 0.1, target: float | None = None, cost: str | Cost | None = None
    ) -> None:
        """Take the error that later neurons have sent, pass it on to earlier ones, and learn.

        Parameters
        ----------
        rate : float
            How far weights move; 0 only computes the errors.
        target : float, optional
            What its activation should have been.
        cost : str or Cost, optional
            By what measure. Default: cross-entropy for a logistic neuron, else squared error. It is taken
            as that of a single output: for several, see :meth:`Layer.propagate`.

        Raises
        ------
        ArgumentError
            If rate or target is not finite; no weight has moved then.
        FunctionError
            If a registered cost raises; no weight of this neuron has moved then.
        """
        store = self._require()
        step = non_negative_number("The rate", rate, store.dtype)
        aim, code = math.nan, 0
        if target is not None:
            aim = finite_number("The target", target, store.dtype)
            measure = costs.matching([self.squash]) if cost is None else costs.get(cost)
            measure.check([self.squash])
            if not 0.0 <= aim <= 1.0:
                measure.check_targets(np.array([[aim]]))
            code = measure.code
        self._propagate(step, aim, code, 1)

    def _propagate(self, rate: float, target: float, cost: int, outputs: int) -> None:
        """Propagate as one of `outputs` outputs; `cost` is a code, and a target of NaN means none."""
        store = self._store if self._row >= 0 else self._require()
        with store.lock:
            if store is self._store and self._row >= 0:
                ready, step = store.ready(), store.dtype.type(rate)
                value = engine.online.propagate_one(
                    ready, store.unit, self._row, target, cost, float(outputs), step
                )
                if store.recorder is not None:
                    store.recorder.propagated(self)
                if value != value:
                    require_sound(store["failed"], "The weights of this neuron are as before.")
                return
        self._propagate(rate, target, cost, outputs)  # while this waited, it has been joined or removed

    @whole
    def clear(self) -> None:
        """Forget the context: state, activation, errors and traces. Weights stay."""
        store = self._require()
        engine.online.clear_rows(store.ready(), store.unit, np.array([self._row], np.uint64))
        if store.recorder is not None and store.recorder.owns(self):
            store.recorder.step_over()

    @whole
    def reset(self, seed: Seed = None, initializer: str | Initializer = "uniform") -> None:
        """Forget the context and learning: new random weights of incoming connections, and a new bias.

        What is not trainable keeps its value, see :meth:`Network.reset`.
        """
        store = self._require()
        store.ready()
        rows = np.flatnonzero(store["target"] == self._row)
        _ties.reset_parameters(store, rows, np.array([self._row]), random_generator(seed), initializer)
        self.clear()


def number(name: str, doc: str, settable: bool = False) -> Any:
    """A property that reads a column of the store and, if it is settable, writes it."""

    @steady
    def read(self: NeuronSteps) -> float:
        return float(self._require()[name][self._row])

    @whole
    def write(self: NeuronSteps, value: float) -> None:
        store = self._require()
        store[name][self._row] = finite_number(f"The {name} of a neuron", value, store.dtype)

    return property(read, write if settable else None, doc=doc)
