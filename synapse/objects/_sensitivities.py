"""The sensitivities of a network that learns by real-time recurrent learning, through steps and edits."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from .. import engine
from .._checks import expected, positive_integer
from .._typing import Ints
from ..engine.reach import Layout, Plan, find_pattern
from ..engine.reach.kept import BIAS, Kept, identities_of, read, write
from ..engine.schema import FIRST, PLAN_CONTEXT, STOP, TURN_HALF, TURN_OPEN, TURN_STAMP
from ..engine.store import Store
from ..errors import ArgumentError, TopologyError
from .wiring import require_closed

if TYPE_CHECKING:
    from .network import Network
    from .neuron import Neuron

ONLINE, RTRL = "online", "rtrl"
ONE = np.uint64(1)
OTHER_CONTEXT = 2**62
"""In place of a stamp: the latest step was not by these sensitivities."""


class LearningRule(NamedTuple):
    """What :meth:`Network.propagate` learns by, see :attr:`Network.learning_rule`."""

    method: str = ONLINE
    order: int | None = None


def checked_rule(rule: Any) -> LearningRule:
    """Return a learning rule, given as a method or as a pair of method and order, or raise ArgumentError."""
    method, order = rule if isinstance(rule, tuple) and len(rule) == 2 else (rule, None)
    if not isinstance(method, str) or method not in (ONLINE, RTRL):
        kinds = '"online", "rtrl" or a pair such as ("rtrl", 2)'
        raise ArgumentError(expected("The learning_rule of a network", kinds, rule))
    return LearningRule(method, checked_order(method, order))


def checked_order(method: str, order: Any) -> int | None:
    """Return the order of a method, or raise ArgumentError."""
    if order is None:
        return None
    if method != RTRL:
        raise ArgumentError('The order is for method="rtrl". Omit it.')
    return positive_integer("The order of rtrl", order)


class Sensitivities:
    """The plan of a network, renewed after every edit, with the sensitivities that the edit did not touch."""

    def __init__(self, order: int | None) -> None:
        self.order = order
        self.plan: Plan | None = None
        # When the plan was made, or is renewed after a change:
        self._store: Store  # in which the neurons are now
        self._neurons: list[Neuron] = []
        self._identities: Ints  # of the parameters, by entry of ``direct``
        self._stamps: Ints  # of the neurons

    def follow(self, store: Store) -> None:
        """Follow a store through its changes, before the first plan is made, too."""
        self._store = store
        store.followers.add(self)

    def _moved(self, store: Store, offset: int) -> None:
        """Follow the store, which has been absorbed by another, whose clock continues."""
        later = int(store["clock"][0]) - int(self._store["clock"][0])
        self._store = store
        if self.plan is not None:
            self._identities = np.where(self._identities == BIAS, BIAS, self._identities + offset)
            self._stamps[self._stamps != 0] += later
            turn = self.plan.columns["turn"]
            if turn[TURN_STAMP]:
                turn[TURN_STAMP] += np.uint64(later)
        refuse_single_steps(store)

    def _renumbered(self, new: NDArray[np.uint32]) -> None:
        """Take over new identities of the connections."""
        if self.plan is not None:
            found = new[np.clip(self._identities, 0, len(new) - 1)].astype(np.int64)
            self._identities = np.where(self._identities == BIAS, BIAS, found)

    # --- the plan ----------------------------------------------------------------------------------

    def ready(self, network: Network) -> Plan:
        """Return the plan for the present topology. The caller has the network in use."""
        _, store, span = network._ready()
        plan = self.plan
        if plan is not None and plan.store is store and plan.topology == store.topology_version:
            if store.recorder is not None:
                store.recorder.follow_plan(network, plan)
            return plan
        kept, before = self.kept(), self._neurons
        other = self.plan is not None and not self.in_step
        plan = made_plan(network, store, span, self.order)
        self._neurons, self._identities = list(network), identities_of(plan)
        self.plan = plan
        self.follow(store)
        self._note_stamps(plan)
        if kept is not None:
            self.write(kept, before)
        elif other:
            plan.columns["turn"][TURN_STAMP] = OTHER_CONTEXT
        if store.recorder is not None:
            store.recorder.follow_plan(network, plan)
        return plan

    def current(self, network: Network) -> Plan | None:
        """The same, but None if there can be no plan: it is too large, or is connected with others."""
        try:
            return self.ready(network)
        except (ArgumentError, TopologyError):
            return None

    def kept(self) -> Kept | None:
        """The present sensitivities; None if there are none, or they are of another context."""
        plan = self.plan
        if plan is None or not plan.columns["turn"][TURN_OPEN] or not self.in_step:
            return None
        return read(plan, self._identities)

    def write(self, kept: Kept, neurons: Sequence[Neuron]) -> None:
        """Write sensitivities into a new plan, the only ones in it; `neurons` are those of `kept`."""
        plan = self.plan
        assert plan is not None
        first, size = plan.layout.first, plan.layout.pattern.size
        rows = np.array([neuron._row for neuron in neurons], np.int64) - first
        number = np.where((rows >= 0) & (rows < size), rows, -1)
        write(plan, self._identities, kept, number)
        engine.rtrl.renew_direct(plan.store_table(), plan.store.unit, plan.address, plan.span)

    # --- the step that they belong to --------------------------------------------------------------

    @property
    def in_step(self) -> bool:
        """Whether they include the latest activation of the network.

        The last neuron tells; if it has been removed, the last one that is left.
        """
        last = next((i for i in reversed(range(len(self._neurons))) if self._neurons[i]._row >= 0), None)
        if self.plan is None or last is None:
            return False
        stamp = self._store["stamp"][self._neurons[last]._row]
        return int(stamp) == int(self._stamps_then()[last])

    def _stamps_then(self) -> Ints:
        """The stamps of the neurons after the step that the sensitivities include."""
        assert self.plan is not None
        stamp = int(self.plan.columns["turn"][TURN_STAMP])
        if stamp != self._stamps[-1]:  # it was after the plan was made; the clock ticks at each neuron
            self._stamps = stamp - np.arange(len(self._neurons))[::-1]
        return self._stamps

    def _note_stamps(self, plan: Plan) -> None:
        """Let them belong to the present context."""
        rows = slice(int(plan.span[FIRST]), int(plan.span[STOP]))
        self._stamps = plan.store["stamp"][rows].astype(np.int64)
        plan.columns["turn"][TURN_STAMP] = self._stamps[-1]

    @contextmanager
    def unchanged(self, network: Network) -> Iterator[None]:
        """Let neurons that lead nowhere activate by themselves in the block: no recurrent state changes."""
        plan, store = self.current(network), network._store
        in_step, calls = self.in_step, store.calls
        store.calls = None
        try:
            yield
        finally:
            store.calls = calls
            if plan is not None and in_step:
                self._note_stamps(plan)

    def can_learn(self, plan: Plan) -> bool:
        """Whether there is a step to learn from: an activation since the context was cleared, with them."""
        turn, last = plan.columns["turn"], plan.span[STOP] - ONE
        return bool(turn[TURN_OPEN] and turn[TURN_STAMP] == plan.store.columns["stamp"][last])

    def forget(self) -> None:
        """Clear all sensitivities: the present context counts as given."""
        if self.plan is not None:
            for name in PLAN_CONTEXT:
                self.plan.columns[name][:] = 0

    def forget_root(self, neuron: Neuron) -> None:
        """Clear those of one neuron, whose context is cleared now."""
        if not self.in_step or neuron not in self._neurons:
            return
        assert self.plan is not None
        i, layout = self._neurons.index(neuron), self.plan.layout
        for line in np.flatnonzero(layout.roots[layout.line_root] == i):
            width = layout.width[layout.line_class[line]]
            for half in (0, layout.size):
                at = half + layout.line_at[line]
                self.plan.columns["sensitivity"][at : at + width] = 0.0
        self._stamps_then()[i] = 0
        self.plan.columns["turn"][TURN_STAMP] = self._stamps[-1]

    def of_parameter(self, target: Neuron, offset: int) -> dict[Neuron, float]:
        """d state / d parameter by neuron, of a trainable parameter into a neuron; the plan is current.

        Empty if the latest step was by another rule: they belong to another context.
        """
        plan = self.plan
        assert plan is not None
        layout = plan.layout
        i = target._row - layout.first
        which = int(layout.class_of[i])
        if which < 0 or offset >= layout.count_of(i) or not self.in_step:
            return {}
        column = int(layout.column[layout.direct_at[i] + offset])
        lines = slice(*np.searchsorted(layout.line_class, [which, which + 1]).tolist())
        at = int(plan.columns["turn"][TURN_HALF]) * layout.size + layout.line_at[lines] + column
        values = plan.columns["sensitivity"][at].tolist()
        return {
            self._neurons[layout.roots[r]]: value
            for r, value in zip(layout.line_root[lines].tolist(), values, strict=True)
        }


# --- making plans -----------------------------------------------------------------------------------


def made_plan(network: Network, store: Store, span: Any, order: int | None) -> Plan:
    """Make a plan, or raise TopologyError if the network is not closed or too large."""
    require_closed(network, "trained by rtrl")
    try:
        return Plan(store, span, order, most_bytes())
    except engine.reach.TooLarge as error:
        raise too_large(network, order, error.bytes) from None


def laid_out(network: Network, order: int | None) -> Layout:
    """The layout of the sensitivities of a network, or TooLarge; the caller has it in use."""
    require_closed(network, "trained by rtrl")
    _, store, span = network._ready()
    return Layout(store, find_pattern(store, span, order), most_bytes())


def most_bytes() -> float:
    """The memory of this machine."""
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):  # not a Unix system
        return float("inf")


def too_large(network: Network, order: int | None, needed: float) -> ArgumentError:
    """The error for sensitivities that do not fit into memory."""
    return ArgumentError(
        f"The sensitivities of {network!r} at order {order} need {needed / 1e9:.3g} GB, but this machine has "
        f"{most_bytes() / 1e9:.3g} GB. Give a lower order, such as 1; synapse.learning.reach lists what each "
        "needs."
    )


# --- which networks learn by them -------------------------------------------------------------------


class _WholeNetworks:
    """The kernels of a store in which some networks cannot be stepped neuron by neuron."""

    def __init__(self, store: Store) -> None:
        store.calls = None
        self._store, self._calls = store, engine.online.calls_for(store)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._calls, name)

    def activate_one(self, address: int, unit: Any, row: int) -> float | None:
        self._require_single(row)
        return self._calls.activate_one(address, unit, row)

    def clamp_one(self, address: int, unit: Any, row: int, value: float) -> None:
        self._require_single(row)
        self._calls.clamp_one(address, unit, row, value)

    def propagate_one(self, address: int, unit: Any, row: int, *rest: Any) -> int:
        self._require_single(row)
        return self._calls.propagate_one(address, unit, row, *rest)

    def _require_single(self, row: int) -> None:
        network = self._store.network_at(row)
        if network is not None and network._rtrl is not None:
            _refuse(self._store.views[row], network)


def _refuse(neuron: Neuron, network: Network) -> NoReturn:
    raise TopologyError(
        f"{neuron!r} cannot be stepped by itself, because {network!r} learns by rtrl, in steps of the whole "
        'network. Call network.activate and network.propagate, or set network.learning_rule = "online".'
    )


def refuse_single_steps(store: Store) -> None:
    """Let single neurons of networks that learn by rtrl refuse steps; others are not affected."""
    networks = [reference() for reference in store.networks.values()]
    if any(network is not None and network._rtrl is not None for network in networks):
        if not isinstance(store.calls, _WholeNetworks):
            store.calls = _WholeNetworks(store)
    else:
        store.calls = None
