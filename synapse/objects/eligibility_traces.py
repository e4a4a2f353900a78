"""Decaying sums of the slopes of a network, by which temporal differences learn."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import engine
from .._typing import Floats
from ..engine.follower import IdentityArray
from ..engine.language import Kernel
from ..engine.locking import ExclusiveAccess
from ..engine.online import learn_by_traces
from ..engine.online.step_formulas import (
    bounded_step,
    temporal_difference,
)
from ..engine.schema import NONE, SHARED_BY
from ..engine.status import DIVERGED, DONE
from ..engine.store import Store
from ..errors import DivergenceError
from . import parameters
from .calling import locked
from .facts import Facts
from .network import Network
from .neuron import Neuron
from .propagating import Slopes

NOTHING = np.empty(0)


class EligibilityTraces(IdentityArray):
    """The traces e <- decay e + slopes of the outputs, for all parameters of a network.

    They follow the network through edits: those of parameters that stay do not change,
    those of new ones are 0.
    """

    temporal_difference = staticmethod(temporal_difference)  # for agents

    def __init__(self, network: Network) -> None:
        self.network = network
        with ExclusiveAccess(network):
            self._begin()

    @property
    def _anchor(self) -> Neuron:
        return self.network._anchor

    def _begin(self) -> None:
        """Make the sums for the present topology, all 0."""
        network = self.network
        _, store, _ = network._lowered()
        self._updates = engine.online.Accumulator(store)
        self._kernels: engine.online.Kernels | None = None
        self._facts: Facts | None = None  # of the network, for which these are
        self._sizes = np.array([store.n_connections, store.n_neurons], np.int64)
        self._tied = any(store[name].any() for name in SHARED_BY.values()) and any(
            at.tied for at in self._places
        )
        # By these the sums are found after an edit: those of row i, and of neuron i.
        self._identities = store["identity"][: store.n_connections].copy()
        self._neurons = list(network)
        self._rows = network._rows()
        store.follow(self)

    @property
    def _places(self) -> tuple[parameters.ParameterRows, ...]:
        """Where the parameters are, in the order of the network."""
        return self.network._parameter_places()

    def _lowered_store(self) -> Store:
        """Return the store, lowered, with sums for its topology. The caller has the
        network in use.
        """
        store: Store = self.network._lowered()[1]
        if self._updates.topology == store.topology_version:
            return store
        before = self._sums
        neurons = self._neurons
        rows = self._rows
        identities = self._identities
        self._begin()
        by_weight = self._sums[0]
        there = identities < len(store.row_of)
        row = np.full(len(identities), NONE, np.int64)
        row[there] = store.row_of[identities[there]]
        stays = row != NONE
        if store.n_neurons > len(self._neurons):
            stays &= np.isin(row, self._places[0].every)
        by_weight[row[stays]] = before[0][stays]
        now = np.array(
            [neuron._row if neuron._store is store else -1 for neuron in neurons],
            np.int64,
        )
        self._sums[1][now[now >= 0]] = before[1][rows[now >= 0]]
        return store

    @property
    def _sums(self) -> tuple[Floats, Floats]:
        """What is left between steps, by row of connections and of neurons."""
        return self._updates.weights, self._updates.biases

    def _read(self) -> Slopes:
        weights, biases = self._places
        by_weight, by_bias = self._sums
        return Slopes(weights.read(by_weight), biases.read(by_bias))

    def read(self) -> Slopes:
        """Return the sums, in the order of ``network.weights`` and
        ``network.biases``.
        """
        with ExclusiveAccess(self.network):
            self._lowered_store()
            return self._read()

    def write(self, sums: Slopes) -> None:
        """Set the sums, in the order of ``network.weights`` and ``network.biases``."""
        with ExclusiveAccess(self.network):
            self._lowered_store()
            weights, biases = self._places
            weights.write(self._updates.weights, sums.weights)
            biases.write(self._updates.biases, sums.biases)

    def clear(self) -> None:
        """Set all sums to 0."""
        for sums in self._sums:
            sums[:] = 0.0

    @locked
    def learn(
        self,
        errors: Floats | None,
        delta: float,
        decay: float,
        rate: float,
        bound: float,
    ) -> float:
        """Decay the sums, add the slopes of the last step, and change the parameters by
        step * delta * sums.

        Returns the step: the rate, or less so that an output changes less than by the
        error, as `bound` says (Elsayed, Vasan and Mahmood 2024, algorithm 3, ``κ``). If
        a sum or the change is not finite, no parameter has changed.
        """
        store = self._lowered_store()
        row = NOTHING if errors is None else errors
        status, step = self._call(
            learn_by_traces,
            0,
            row,
            decay,
            0.0 if self._tied else delta,
            rate,
            bound,
            self._sizes,
        )
        if status == DONE and self._tied:
            status, step = self._move_tied(store, delta, rate, bound)
        self.require_done(status)
        return float(step)

    def _call(self, kernel: Kernel, steps: int, *arguments: Any) -> Any:
        """Call a kernel of the learning rule of the network, with the sums as
        destinations; the caller reads the status.
        """
        return self.network._call(kernel, steps, arguments, self._adding, False)

    def _adding(self, network: Network) -> engine.online.Kernels:
        """Return the kernels of its learning rule that add updates to the sums, for the
        facts of the present topology.
        """
        if self._facts is not network._facts or self._kernels is None:
            self._facts = network._facts
            self._kernels = network._kernels(self._updates)
        return self._kernels

    def _learning_streams(self, network: Network) -> engine.online.Kernels:
        """Return the kernels that learn streams."""
        return engine.exact.kernels_of_streams(network._store, self._adding(network))

    def require_done(self, status: int) -> None:
        """Raise the error for a call of a kernel that is not complete."""
        if status == DIVERGED:
            raise DivergenceError(
                f"The traces of {self.network!r} are no longer finite. No weight has"
                " changed. Use a lower rate, a bound on the step, or bounded squashes."
            )
        self.network._require_sound(status)

    @property
    def can_stream(self) -> bool:
        """Whether :meth:`learn_stream` is possible: nothing has to be done between
        steps.
        """
        with ExclusiveAccess(self.network):
            return self._lowered_store().recorder is None and not self._tied

    def learn_stream(
        self, rows: Floats, gains: Floats, values: Floats, *factors: float
    ) -> tuple[int, int]:
        """Learn from rows of inputs and their rewards, in one call that writes
        `values`.

        The factors are the discount, decay, rate and bound. The network has one output,
        and has just been activated. Returns the number of complete steps, and the
        status, for :meth:`require_done`.
        """
        network = self.network
        with ExclusiveAccess(network):
            self._lowered_store()
            tapes = network._tapes
            stream = rows.reshape(-1), gains, values, tapes.rows
            arguments = tapes.address, stream, factors, self._sizes
            kernel, by = engine.exact.learn_stream, self._learning_streams
            status, done = network._call(kernel, len(gains), arguments, by, False)
            return int(done), status

    def _move_tied(
        self, store: Store, delta: float, rate: float, bound: float
    ) -> tuple[int, float]:
        """Return the change of parameters of which some are shared: these change by the
        sum of their members.
        """
        size = 0.0
        changes = []
        for name, at, sums in zip(
            ("weight", "bias"), self._places, self._read(), strict=True
        ):
            tie = store[SHARED_BY[name]]
            rows = at.every
            shared = parameters.sum_of_group(tie, rows, sums)
            size += float(
                np.abs(shared[np.unique(parameters.distinct(tie[rows])[0])]).sum()
            )
            changes.append((name, rows, shared))
        step = bounded_step(rate, bound, delta, size)
        if not np.isfinite(size * delta):
            return DIVERGED, step
        for name, rows, shared in changes:
            parameters.assign_first(
                store, name, rows, store[name][rows] + step * delta * shared
            )
        return DONE, step
