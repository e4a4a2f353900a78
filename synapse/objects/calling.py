"""Calling: the only way from a network into the kernels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import _checks as checks, engine
from .._registration import require_sound
from ..engine.functions.activations import RANDOM
from ..engine.locking import ExclusiveAccess, consistent_read
from ..engine.lowering.flags import DELAYED, DELAYED_GATE
from ..engine.records import Span, Ties
from ..engine.schema import COUNTING, NONE
from ..engine.status import DIVERGED, DONE, FAILED, LARGE, RESIZED, UNSTEPPED
from ..engine.store import Store
from ..errors import TopologyError, TopologyWarning
from . import edits, order, parameters
from .facts import Facts, fact
from .layer import Layer
from .neuron import Neuron
from .parameters import ParameterRows

if TYPE_CHECKING:
    from ..engine.language import Kernel
    from ..engine.online import Accumulator, Kernels  # compiled: imported when used
    from .plastic import Plasticity
    from .sensitivities import Sensitivities

R = TypeVar("R")


def locked(method: Callable[..., R]) -> Callable[..., R]:
    """Hold the lock of the store while a method makes several related calls. Ctrl-C is
    not deferred.
    """

    @wraps(method)
    def held(self: Any, *given: Any) -> R:
        store = self._anchor._store
        if (store.busy or store.turns) and not store.lock._is_owned():
            with ExclusiveAccess(self._anchor):
                return held(self, *given)
        with store.lock:
            if store is self._anchor._store:
                return method(self, *given)
        return held(self, *given)  # the store was absorbed by another meanwhile

    return held


class Calling(Sequence[Neuron]):
    """The methods by which Python calls kernels for a network. Every step, propagation
    and training passes through :meth:`_call`.
    """

    _layers: list[Layer]
    _unplaced: list[Layer]  # new layers without a fixed place, until the next step
    _anchor: Neuron  # the first input
    # that of the first input, read without a call in Python, as in every step
    _store: Store = property(attrgetter("_anchor._store"))  # type: ignore[assignment]
    _n_inputs: int
    _n_outputs: int
    _facts = Facts()  # of no topology
    _rtrl: Sensitivities | None = None  # what it learns by; None: the online rule
    # Those of `_rtrl`, or of its latest training by rtrl
    _sensitivities: Sensitivities | None = None
    _plastic: Plasticity | None = None  # or by this rule of synapses
    _gradients_until: int | None = None  # the time after its latest training by bptt

    @property
    def output(self) -> Layer:
        """Output layer."""
        return self._layers[-1]

    @property
    def _step_number(self) -> int:
        """Number of the network's latest step, in which its first neuron activated. It
        is 0 if no step was made since the context was cleared.
        """
        return int(self._store["stamp"][self._anchor._row])

    def _keep_step_number(self, removed: Sequence[Neuron]) -> None:
        """Keep the step number when neurons are removed, because another neuron
        may become the first.
        """
        gone = set(removed)
        left = [neuron for neuron in self._layers[0] if neuron not in gone]
        if left:
            self._store["stamp"][left[0]._row] = self._step_number

    @fact
    def _parameter_places(self) -> tuple[ParameterRows, ...]:
        """Positions of the weights and the biases."""
        store: Store = self._store
        return (
            ParameterRows.of(store, "weight", self._connection_rows()),
            ParameterRows.of(store, "bias", self._rows()),
        )

    @property
    def has_memory(self) -> bool:
        """Whether the outputs can depend on earlier inputs."""
        return self._has_memory

    @fact
    @consistent_read
    def _has_memory(self) -> bool:
        """Whether a connection arrives late, or a neuron has a self-connection."""
        late = self._of_runs("run_flags") & (DELAYED | DELAYED_GATE)
        loops = self._store.columns["self_row"][self._rows()] != NONE
        return bool(late.any() or loops.any())

    def _of_runs(self, name: str) -> NDArray[Any]:
        """Return the entries of the network's runs in a column."""
        _, store, span = self._lowered()
        start, stop = (store.columns[f"run_{end}"] for end in ("start", "stop"))
        runs = slice(int(start[span[Span.START]]), int(stop[span[Span.STOP] - 1]))
        return store.columns[name][runs]

    @property
    @consistent_read
    def _is_random(self) -> bool:
        """Whether a neuron draws random numbers, which it does if its squash is random
        and the neuron is not deterministic.
        """
        drawing = self._drawing
        return bool(len(drawing) and (self._store["deterministic"][drawing] == 0).any())

    @fact
    def _drawing(self) -> NDArray[np.intp]:
        """Rows of the neurons with a random squash."""
        _, store, span = self._lowered()
        start = span[Span.START]
        squashes = store["squash"][start : span[Span.STOP]]
        return start + np.flatnonzero(np.isin(squashes, RANDOM))

    @property
    def _number_now(self) -> int:
        return int(self._store["network"][self._anchor._row])

    def _rows(self) -> NDArray[np.int64]:
        """Return the rows of the neurons, which are contiguous after lowering."""
        return edits.rows_of(self)

    @consistent_read
    def _connection_rows(self) -> NDArray[np.int64]:
        """Return the rows of the connections within the network, in the order of
        creation.
        """
        store = self._store
        store.ensure_lowered()
        return edits.rows_within(
            store, np.append(store["network"] == self._number_now, False)
        )

    def _call(
        self,
        kernel: Kernel,
        steps: int,
        arguments: tuple[Any, ...],
        by: Callable[[Any], Kernels] | None = None,
        raises: bool = True,
    ) -> Any:
        """Call a kernel for `steps` steps and return its result, which is a status, or
        a tuple that begins with one.

        The caller holds the lock of the store, which is lowered. While the network is
        recorded, there is at most one step (`Stepping._divided`), and the recorder is
        notified of a step or a propagation. `kernel` is the function of the online
        rule. The learning rule, or the kernels that `by` returns for the network, may
        replace it with a function of its own. For rtrl, this happens at the end of
        ``engine/rtrl/loops.py``, and for steps by events in
        ``engine/exact/events.py``. Errors of the network are raised here, unless the
        caller calls :meth:`_require_sound`, whereas the caller reports errors of the
        arguments. A propagation whose numbers are LARGE is undone if an update is not
        finite.

        Callers pass all arguments by position, because Python calls such a function a
        tenth of a microsecond faster than one with names or ``*arguments``.
        """
        store = self._anchor._store
        if (store.busy or store.turns or store.recorder) and not store.lock._is_owned():
            with ExclusiveAccess(self):
                return self._call(kernel, steps, arguments, by, raises)
        with store.lock:
            if store is self._anchor._store:
                facts = self._facts
                if facts.version != store.topology_version:
                    self._lowered()
                    facts = self._facts
                kernels = facts.kernels if by is None else by(self)
                if kernels is None:
                    kernels = facts.kernels = self._kernels()
                busy = store.busy
                store.busy = True
                try:
                    ended = kernels[kernel](*arguments)
                finally:
                    store.busy = busy
                status = DONE
                if ended:  # not DONE, or a tuple
                    status = ended if type(ended) is int else ended[0]
                    if status == LARGE:
                        ended = self._call_large(kernels[kernel], arguments, kernels)
                        status = ended[0]
                    if raises and status != DONE:
                        self._require_sound(status)
                if store.recorder is not None and status == DONE:
                    self._record(steps, by is None, kernels)
                return ended
        # The store was absorbed by another meanwhile. A decorator or a context of ours
        # that checks this would add a tenth to the time of a single step.
        return self._call(kernel, steps, arguments, by, raises)

    def _call_in_use(self, kernels: Kernels, kernel: Kernel, *arguments: Any) -> Any:
        """Call a kernel for a training as `_call` does. The training has the network in
        use and runs in its own thread, so that it notices Ctrl-C meanwhile.
        """
        ended = kernels[kernel](*arguments)
        status = ended if type(ended) is int else ended[0]
        if status != DONE:
            self._require_sound(status)
        return ended

    @property
    def _recorder(self) -> Any:
        """Recorder of the network, or None."""
        recorder = self._store.recorder
        return recorder if recorder and recorder.owns(self._anchor) else None

    def _record(self, steps: int, learned: bool, kernels: Kernels) -> None:
        """Record a step, or learning from the latest step if `learned` is True."""
        recorder = self._recorder
        if recorder is not None and steps:
            recorder.stepped(kernels.plan)
        elif recorder is not None and learned:
            recorder.propagated()

    def _count_steps(self, steps: int) -> None:
        """Count steps that bptt made on its own tapes, as kernels count all other
        steps.
        """
        _, store, span = self._lowered()
        start, stop = int(span[Span.START]), int(span[Span.STOP])
        for column in COUNTING:
            rows = store.counted_rows(column, start, stop)
            store[column.name][rows] += np.uint64(steps)

    def _call_large(
        self, kernel: Any, arguments: tuple[Any, ...], kernels: Kernels
    ) -> tuple[int, float]:
        """Propagate although numbers are large. Returns DIVERGED without changing
        anything if an update is not finite.
        """
        unchecked = *arguments[:-1], 0
        updates = kernels.updates
        if updates is not None:
            status, cost = kernel(*unchecked)
            finite = all(map(parameters.are_finite, (updates.weights, updates.biases)))
        else:
            store = self._store
            before = parameters.copied(store)
            status, cost = kernel(*unchecked)
            finite = not parameters.undone(store, before)
        return status if finite else DIVERGED, cost

    def _require_sound(self, status: int) -> None:
        """Raise the error of a call that ended because of the network."""
        if status == UNSTEPPED:
            raise TopologyError(
                f"{self!r} cannot learn yet, because it has not been activated by"
                " rtrl since its context was cleared or changed. Call"
                " network.activate first."
            )
        if status == RESIZED:
            self._refuse_size()
        if status == FAILED:
            require_sound(status, self._store["failed"])

    def _refuse_size(self) -> NoReturn:
        """Raise the error for data whose size dates from before another thread's
        edit.
        """
        raise TopologyError(
            f"Another thread has changed the inputs or outputs of {self!r} during this"
            " call. Call again with data of the new size."
        )

    def _kernels(self, updates: Accumulator | None = None) -> Kernels:
        """Return the kernels of the learning rule, which add updates to `updates` if
        given.
        """
        _, store, span = self._lowered()
        if self._rtrl is None:
            return engine.online.kernels_for(store, span, updates)
        return engine.rtrl.loops.kernels_for(self._rtrl.plan_for(self), updates)

    def _learn_by(
        self, rtrl: Sensitivities | None, plastic: Plasticity | None = None
    ) -> None:
        """Set the sensitivities, or the rule of synapses, by which the network learns.
        With None for both, it learns by the online rule.
        """
        self._rtrl = rtrl
        self._plastic = plastic
        self._facts = Facts(doubled=self._facts.doubled)  # its kernels are others
        self._store.clear_single_calls()

    def _present_facts(self) -> Facts:
        """Return the facts that are cached for the present topology, or new ones that
        are not cached if another thread has the network in use.
        """
        facts = self._facts
        version = self._anchor._store.topology_version
        if facts.version == version:
            return facts
        if self._is_used_elsewhere:
            return Facts(version, facts.doubled)
        with ExclusiveAccess(self, columns=False):
            return self._renewed_facts()

    def _renewed_facts(self) -> Facts:
        """Return the facts for the present topology, which are new ones after an edit.
        The caller has the network in use.
        """
        version = self._anchor._store.topology_version
        if self._facts.version != version:
            self._facts = Facts(version, self._facts.doubled)
        return self._facts

    @property
    def _is_used_elsewhere(self) -> bool:
        """Whether another thread has the network in use, so that this one can read it
        but not cache anything.
        """
        store = self._anchor._store
        if store.turns and not store.lock._is_owned():
            return True
        is_free = store.lock.acquire(blocking=False)
        if is_free:
            store.lock.release()
        return not is_free

    def _lowered(self) -> tuple[int, Store, NDArray[np.int64]]:
        """Return the arguments of kernels, which are the address of the store's table,
        the store, and the network's span.
        """
        store = self._anchor._store
        facts = self._facts
        version = store.topology_version
        if facts.span is not None and facts.version == version == store.program.version:
            return store.address, store, facts.span
        if self._is_used_elsewhere:
            return store.ensure_lowered(), store, self._found_span(store)
        with ExclusiveAccess(self):
            store = self._anchor._store
            address = store.lower_in_use()
            facts = self._renewed_facts()
            span = self._placed(store, facts) if facts.span is None else facts.span
        return address, store, span

    def _placed(self, store: Store, facts: Facts) -> NDArray[np.int64]:
        """Note where lowering has placed the network, give advice on its connections,
        and return its span. Called once for each topology.
        """
        facts.span = self._found_span(store)
        self._unplaced.clear()
        self._warn_of_unreached(store, facts.span.item(Span.STOP))
        if store.columns["ties"][Ties.DELAYS]:
            self._warn_of_doubled(store, facts)
        else:
            facts.doubled = 0
        return facts.span

    def _found_span(self, store: Store) -> NDArray[np.int64]:
        """Return the network's rows in a lowered store, see ``records.Span``."""
        start = self._anchor._row
        inputs = self._n_inputs
        stop = start + len(self)
        incoming = store.columns["first_incoming"]
        # something leads to inputs
        led_to = incoming[start] != incoming[start + inputs]
        learning = start if led_to else start + inputs
        return np.array([start, inputs, self._n_outputs, stop, learning], np.int64)

    def _warn_of_unreached(self, store: Store, stop: int) -> None:
        """Warn if no connection leads into any output. The network's rows end at
        `stop`.
        """
        columns = store.columns
        first_output = stop - self._n_outputs
        if (
            columns["run_start"][first_output] == columns["run_stop"][stop - 1]
            and (columns["self_row"][first_output:stop] == NONE).all()
        ):
            checks.warn(
                f"{self!r}: no connection leads into its outputs, which therefore do"
                " not depend on the inputs. Connect a layer to them with project().",
                TopologyWarning,
            )

    def _warn_of_doubled(self, store: Store, facts: Facts) -> None:
        """Warn of delays of 1 beside connections that are late anyway. The warning
        appears once for each number of them.
        """
        named = facts.doubled
        start = self._anchor._row
        before, after = order.doubled_pairs(store, start, start + len(self))
        facts.doubled = len(before)
        if facts.doubled > named:
            order.warn_of_doubled(repr(self), store, before, after)
