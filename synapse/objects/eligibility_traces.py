"""Eligibility traces of a network's gradient, for temporal-difference learning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .. import engine
from .._typing import Floats
from ..engine.follower import IdentityArray
from ..engine.language import Kernel
from ..engine.locking import ExclusiveAccess
from ..engine.online import learn_by_traces
from ..engine.online.step_formulas import (
    COUNT,
    KEPT,
    PLAIN_STEP,
    Chain,
    step_of_chain,
    temporal_difference,
    weight_in_mean,
)
from ..engine.schema import NONE, SHARED_BY
from ..engine.status import DIVERGED
from ..engine.store import Store
from ..errors import DivergenceError
from . import parameters
from .calling import locked
from .facts import Facts
from .network import Network
from .neuron import Neuron
from .propagating import Slopes

NOTHING = np.empty(0)
LEARNED = ("weight", "trainable"), ("bias", "trainable_bias")
PARTS = "trace_weight", "trace_bias", "square_weight", "square_bias"
NUMBERS = "means"


class EligibilityTraces(IdentityArray):
    """The traces e <- decay e + slopes of the outputs, for all parameters of a network.

    A chain (`step_formulas.Chain`) defines how the traces change the parameters. If it
    scales by mean squares of slopes, they are stored beside the traces, and so are some
    further values. All of them follow the network through edits, which leave the values
    of remaining parameters unchanged and begin with 0 for new ones.
    """

    chain = PLAIN_STEP
    temporal_difference = staticmethod(temporal_difference)  # for agents

    def __init__(self, network: Network) -> None:
        self.network = network
        self._numbers = np.zeros(len(KEPT))
        with ExclusiveAccess(network):
            self._begin()

    def use(self, chain: Chain) -> None:
        """Set the chain. Its means start afresh unless they are already stored."""
        before, self.chain = self.chain, chain
        if (before[:5], before.keep < 1.0) != (chain[:5], chain.keep < 1.0):
            self._numbers = np.zeros(len(KEPT))
            with ExclusiveAccess(self.network):
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
        # traces and mean squares, by connection and by neuron
        sizes = self._sizes if self.chain.separate or self._tied else np.zeros(2, int)
        of_weights, of_biases = (
            (np.zeros(size, store.dtype), np.zeros(size, store.dtype)) for size in sizes
        )
        self._memory = of_weights, of_biases, self._numbers
        # By these the sums are found after an edit: those of row i, and of neuron i.
        self._identities = store["identity"][: store.n_connections].copy()
        self._neurons = list(network)
        self._rows = network._rows()
        store.follow(self)

    @property
    def _places(self) -> tuple[parameters.ParameterRows, ...]:
        """Positions of the parameters, in the order of the network."""
        return self.network._parameter_places

    def _lowered_store(self) -> Store:
        """Lower the store and return it, with sums for its topology. The caller has the
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
        there = identities < len(store.row_of)
        row = np.full(len(identities), NONE, np.int64)
        row[there] = store.row_of[identities[there]]
        stays = row != NONE
        if store.n_neurons > len(self._neurons):
            stays &= np.isin(row, self._places[0].every)
        now = np.array(
            [neuron._row if neuron._store is store else -1 for neuron in neurons],
            np.int64,
        )
        here = now >= 0
        moves = (row[stays], np.flatnonzero(stays)), (now[here], rows[here])
        # a tie can have come or gone, with which mean squares come and go
        for (to, of), sums, old in zip(moves * 2, self._sums, before, strict=False):
            sums[to] = old[of]
        return store

    @property
    def _sums(self) -> tuple[Floats, ...]:
        """Arrays that are kept between steps, alternately by row of connections and of
        neurons.
        """
        of_weights, of_biases, _ = self._memory
        if len(of_biases[0]):
            return *(of_weights[0], of_biases[0]), *(of_weights[1], of_biases[1])
        return self._updates.weights, self._updates.biases

    def read(self) -> Slopes:
        """Return the traces, in the order of ``network.weights`` and
        ``network.biases``.
        """
        arrays = self.arrays()
        return Slopes(*(arrays[part] for part in PARTS[:2]))

    def arrays(self) -> dict[str, Floats]:
        """Return all arrays by name, in the order of the network, for :meth:`load`."""
        with ExclusiveAccess(self.network):
            self._lowered_store()
            parts = zip(PARTS, self._places * 2, self._sums, strict=False)
            read = {name: at.read(sums) for name, at, sums in parts}
        return read | {NUMBERS: self._numbers.copy()}

    def load(self, arrays: Mapping[str, Floats]) -> None:
        """Restore all arrays from the result of :meth:`arrays`."""
        with ExclusiveAccess(self.network):
            self._lowered_store()
            for name, at, sums in zip(
                PARTS, self._places * 2, self._sums, strict=False
            ):
                sums[at.every] = arrays[name]
        self._numbers[:] = arrays[NUMBERS]

    def clear(self) -> None:
        """Set all traces to 0."""
        for sums in self._sums[:2]:
            sums[:] = 0.0

    @locked
    def learn(self, errors: Floats | None, delta: float) -> float:
        """Decay the traces, add the slopes of the last step, and update the parameters
        by the chain.

        Returns the step. If a trace or an update is not finite, no parameter has
        changed.
        """
        store = self._lowered_store()
        if self._tied:
            return self._learn_tied(store, errors, delta)
        chain = self.chain
        status, step = self._call(
            learn_by_traces,
            0,
            NOTHING if errors is None else errors,
            0.0 if chain.separate else chain.decay,
            delta,
            chain,
            self._memory,
            self._sizes,
        )
        self.require_done(status)
        return float(step)

    def add(self, changes: Sequence[Floats]) -> None:
        """Add changes of weights and of biases, in the order of the network, to the
        parameters that can change. If one is not finite, no parameter changes.
        """
        with ExclusiveAccess(self.network):
            store = self._lowered_store()
            self.require_finite(changes)
            for (name, mask), at, change in zip(
                LEARNED, self._places, changes, strict=True
            ):
                rows = at.every
                moved = store[name][rows] + store[mask][rows] * change
                parameters.assign_first(store, name, rows, moved)

    def _call(self, kernel: Kernel, steps: int, *arguments: Any) -> Any:
        """Call a kernel of the network's learning rule, with the sums as destinations.
        The caller interprets the status.
        """
        return self.network._call(kernel, steps, arguments, self._adding, False)

    def _adding(self, network: Network) -> engine.online.Kernels:
        """Return the learning rule's kernels that add updates to the sums, for the
        facts of the present topology.
        """
        if self._facts is not network._facts or self._kernels is None:
            self._facts = network._facts
            self._kernels = network._kernels(self._updates)
        return self._kernels

    def require_done(self, status: int) -> None:
        """Raise the error for a kernel call that is not complete."""
        if status == DIVERGED:
            raise DivergenceError(
                f"The traces of {self.network!r} are no longer finite. No weight has"
                " changed. Use a lower rate, a bound on the step, or bounded squashes."
            )
        self.network._require_sound(status)

    def require_finite(self, changes: Sequence[Floats]) -> None:
        """Raise the error for changes of parameters unless all are finite."""
        if not all(np.isfinite(change).all() for change in changes):
            self.require_done(DIVERGED)

    @property
    def can_stream(self) -> bool:
        """Whether :meth:`learn_stream` is possible, because nothing has to be done
        between steps.
        """
        with ExclusiveAccess(self.network):
            return self._lowered_store().recorder is None and not self._tied

    def learn_stream(
        self, rows: Floats, gains: Floats, values: Floats, discount: float
    ) -> tuple[int, int]:
        """Learn from rows of inputs and their rewards, in one call that writes
        `values`.

        The network has one output, and has just been activated. Returns the number of
        complete steps, and the status for :meth:`require_done`.
        """
        network, chain = self.network, self.chain
        with ExclusiveAccess(network):
            self._lowered_store()
            tapes = network._tapes
            stream = rows.reshape(-1), gains, values, tapes.rows
            factors = discount, 0.0 if chain.separate else chain.decay
            of_chain = factors, chain, self._memory
            arguments = tapes.address, stream, *of_chain, self._sizes
            status, done = network._call(
                engine.exact.learn_stream,
                len(gains),
                arguments,
                lambda network: engine.exact.kernels_of_streams(
                    network._store, self._adding(network)
                ),
                False,
            )
            return int(done), status

    @np.errstate(over="ignore", invalid="ignore")
    def _learn_tied(self, store: Store, errors: Floats | None, delta: float) -> float:
        """Learn as above where parameters are shared. The slope of each parameter is
        the sum over its members, which counts once. See
        ``gradient_traces.update_by_traces``.
        """
        chain, numbers = self.chain, self._numbers
        slopes = self.network._find_slopes(errors, None)
        numbers[COUNT] += 1.0
        weight = 1.0 - chain.keep
        if chain.unbiased:
            weight = weight_in_mean(chain.keep, numbers[COUNT])
        totals = np.zeros(3)
        changes = []
        for name, at, slope, (trace, mean) in zip(
            ("weight", "bias"), self._places, slopes, self._memory[:2], strict=True
        ):
            rows = at.every
            trace[rows] = chain.decay * trace[rows] + slope
            mean[rows] += weight * (slope**2 - mean[rows])
            root = np.sqrt(mean[rows]) + chain.epsilon
            scaled = trace[rows] / root
            terms = np.array([slope**2 / root, trace[rows] * scaled, abs(scaled)])
            members = parameters.distinct(store[SHARED_BY[name]][rows])[0]
            totals += terms[:, members].sum(axis=1)
            changes.append(scaled)
        slope_sum, square, size = totals.tolist()
        sums = slope_sum, square, size
        error, step = step_of_chain(chain, numbers, delta, sums)
        self.add([step * error * scaled for scaled in changes])
        return step
