"""Steps of a neuron: it activates, propagates errors and learns. :class:`synapse.Neuron` inherits this."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from .. import cost as costs, engine
from .._checks import SAFE, finite_number, non_negative_number
from .._random import Seed, random_generator
from .._registration import error_of_call, require_sound
from ..cost import Cost
from ..engine.guard import steady, whole
from ..engine.status import DONE
from ..engine.store import Store
from ..errors import TopologyError
from ..initializers import Initializer
from ..squash import Squash
from . import _ties


class Error:
    """The error of a neuron at its last propagation: delta_j = P_j + G_j.

    ``responsibility`` is delta_j. ``projected`` is P_j, the error from its outgoing connections and its
    target. ``gated`` is G_j, the error from the connections that it gates. When the neuron activates,
    delta_j becomes 0.
    """

    __slots__ = ("_neuron",)

    def __init__(self, neuron: NeuronSteps) -> None:
        self._neuron = neuron

    def _read(self, name: str) -> float:
        return float(self._neuron._require()[name][self._neuron._row])

    responsibility = property(lambda self: self._read("responsibility"), doc="Error delta_j.")
    projected = property(lambda self: self._read("projected"), doc="Projected part P_j of the error.")
    gated = property(lambda self: self._read("gated"), doc="Gated part G_j of the error.")

    def __repr__(self) -> str:
        return (
            f"<error: responsibility {self.responsibility:.4g}, "
            f"projected {self.projected:.4g}, gated {self.gated:.4g}>"
        )


@lru_cache(maxsize=256)
def _cost_of(squash: Squash, cost: Cost | None) -> Cost:
    """Return the cost of a neuron, by default the one that matches its squash, checked."""
    measure = costs.matching([squash]) if cost is None else cost
    measure.check([squash])
    return measure


class NeuronSteps:
    """The methods of a neuron that run kernels."""

    __slots__ = ()

    _row: int
    _store: Store
    squash: Any

    def _require(self) -> Store:
        """Return its store; TopologyError if the neuron has been removed."""
        if self._row < 0:
            raise TopologyError("This neuron has been removed from its network and cannot be used.")
        return self._store

    @property
    def error(self) -> Error:
        """Error at the last propagation, with its parts."""
        return Error(self)

    def activate(self, value: float | None = None) -> float:
        """Compute the activation from the incoming connections, or set it.

        Parameters
        ----------
        value : float, optional
            Activation to set, for an input. The derivative is then 0, so the neuron does not learn.
            Default: the activation is computed.

        Returns
        -------
        float
            The activation.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the value is not a finite number.
        FunctionError
            If its registered activation function raises; the activation is NaN then.

        See Also
        --------
        propagate : Learn from the error of this activation.

        Examples
        --------
        >>> from synapse import Neuron
        >>> source, target = Neuron(), Neuron(squash="identity", bias=1.0)
        >>> link = source.project(target, weight=0.5)
        >>> source.activate(2.0), target.activate()
        (2.0, 2.0)
        """
        if value is not None and not (type(value) is float and -SAFE < value < SAFE):
            value = finite_number("The activation of a neuron", value, self._require().dtype)
        store = self._store
        with store.lock:
            row = self._row
            if store is self._store and row >= 0:
                if store.program.version != store.topology_version:
                    row = self._ready()
                calls = store.calls or engine.online.calls_for(store)
                activation = value
                if value is None:
                    activation = calls.activate_one(store.address, store.unit, row)
                else:
                    calls.clamp_one(store.address, store.unit, row, value)
                if store.recorder is not None:
                    store.recorder.activated(self)
                if activation is None:
                    raise error_of_call(store["failed"])
                return activation
        self._require()
        return self.activate(value)  # its store was absorbed by another during the wait

    def propagate(
        self, rate: float = 0.1, target: float | None = None, cost: str | Cost | None = None
    ) -> None:
        """Compute the error from the later neurons and the target, and update incoming weights and the bias.

        Call it in the reverse order of activation, so that the later neurons have their errors.

        Parameters
        ----------
        rate : float
            Learning rate, the factor of the updates; 0 only computes the errors. Default: 0.1.
        target : float, optional
            Target activation, for an output. Default: none, so that only later neurons contribute errors.
        cost : str or Cost, optional
            Cost that is minimized. Default: cross-entropy for a logistic neuron, otherwise squared error.
            The neuron counts as a single output; for several outputs see :meth:`Layer.propagate`.

        Raises
        ------
        ArgumentError, ArgumentTypeError, UnknownNameError
            If rate, target or cost cannot be used; no weight has changed then.
        FunctionError
            If a registered cost raises; no weight of this neuron has changed then.

        See Also
        --------
        activate : Activate the neuron first.

        Examples
        --------
        >>> from synapse import Neuron
        >>> source, target = Neuron(), Neuron(squash="identity")
        >>> link = source.project(target, weight=0.5)
        >>> source.activate(2.0), target.activate()
        (2.0, 1.0)
        >>> target.propagate(rate=0.25, target=2.0)
        >>> target.error.responsibility, link.weight
        (1.0, 1.0)
        """
        aim, code = None, 0
        if not (type(rate) is float and 0.0 <= rate < SAFE):
            rate = non_negative_number("The rate", rate, self._require().dtype)
        if target is not None:
            aim = finite_number("The target", target, self._require().dtype)
            measure = _cost_of(self.squash, None if cost is None else costs.get(cost))
            if not 0.0 <= aim <= 1.0:
                measure.check_targets(np.array([[aim]]))
            code = measure.code
        self._propagate(rate, aim, code, 1.0)

    def _propagate(self, rate: float, target: float | None, cost: int, outputs: float) -> None:
        """Propagate as one of `outputs` outputs; `cost` is a code."""
        store = self._store
        with store.lock:
            row = self._row
            if store is self._store and row >= 0:
                if store.program.version != store.topology_version:
                    row = self._ready()
                run = (store.calls or engine.online.calls_for(store)).propagate_one
                aimed = target is not None
                status = run(store.address, store.unit, row, aimed, target or 0.0, cost, outputs, rate)
                if store.recorder is not None:
                    store.recorder.propagated(self)
                if status != DONE:
                    require_sound(status, store["failed"], "The weights of this neuron have not changed.")
                return
        self._require()
        self._propagate(rate, target, cost, outputs)  # its store was absorbed by another during the wait

    def _ready(self) -> int:
        """Lower its store, which may move its row; returns the row."""
        self._store.ready()
        return self._row

    @whole
    def clear(self) -> None:
        """Clear the context: state, activation, errors and traces. No weight changes.

        See Also
        --------
        reset : Also draw new weights and a new bias.
        """
        store = self._require()
        network = store.network_at(self._row)
        if network is not None and network._sensitivities is not None:
            network._sensitivities.forget_root(self)
        engine.online.clear_rows(store.ready(), store.unit, np.array([self._row], np.uint64))
        if store.recorder is not None and store.recorder.owns(self):
            store.recorder.step_over()

    @whole
    def reset(self, seed: Seed = None, initializer: str | Initializer = "glorot") -> None:
        """Draw new weights of incoming connections and a new bias, and clear the context.

        Weights and biases that are not trainable do not change, see :meth:`Network.reset`.

        Parameters
        ----------
        seed : int or numpy.random.Generator, optional
            Seed for the new values. Default: an unrecorded random seed.
        initializer : str or callable
            Initializer of weights and bias, see :mod:`synapse.initializers`. Default: "glorot".

        See Also
        --------
        clear : Clear the context only.
        """
        store = self._require()
        store.ready()
        rows = np.flatnonzero(store["target"] == self._row)
        _ties.reset_parameters(store, rows, np.array([self._row]), random_generator(seed), initializer)
        self.clear()


def number(name: str, doc: str, settable: bool = False) -> Any:
    """Make a property that reads a column of the store and, if it is settable, writes it."""

    @steady
    def read(self: NeuronSteps) -> float:
        return float(self._require()[name][self._row])

    @whole
    def write(self: NeuronSteps, value: float) -> None:
        store = self._require()
        store[name][self._row] = finite_number(f"The {name} of a neuron", value, store.dtype)

    return property(read, write if settable else None, doc=doc)
