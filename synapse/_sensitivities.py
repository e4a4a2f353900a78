"""The sensitivities of a network that learns by real-time recurrent learning, through steps and edits."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from . import engine
from ._checks import expected, positive_integer
from ._typing import Floats, Ints
from ._wiring import require_closed
from .engine.reach import Layout, Plan, find_pattern
from .engine.schema import PLAN_CONTEXT, STOP, TURN_HALF, TURN_OPEN, TURN_STAMP
from .engine.store import Store
from .errors import ArgumentError, TopologyError

if TYPE_CHECKING:
    from ._network_steps import NetworkSteps
    from .neuron import Neuron

ONLINE, RTRL = "online", "rtrl"
BIAS = -1
"""In place of the identity of a connection: the bias of a neuron."""


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


@dataclass
class Kept:
    """Sensitivities by neurons and parameters instead of places in a plan, so that they survive lowering.

    Neurons are objects, or numbers in files. A parameter is a pair of a connection (its identity, or BIAS) and
    the neuron it leads into. Every line has a class of parameters and a root.
    """

    roots: Sequence[Any]
    slopes: Floats  # of the roots, one step earlier
    line_class: Ints
    line_root: Ints
    widths: Ints  # number of parameters of each class
    connection: Ints  # of the parameters of all classes, one class after the other; BIAS
    owner: Sequence[Any]  # the neuron that each parameter belongs to
    now: NDArray[Any]  # the lines, one after the other
    before: NDArray[Any]  # the same, one step earlier
    open: bool  # whether a step can be propagated


class Sensitivities:
    """The plan of a network, renewed after every edit, with the sensitivities that the edit did not touch."""

    def __init__(self, order: int | None) -> None:
        self.order = order
        self.plan: Plan | None = None
        self._neurons: list[Neuron] = []  # of the network, when the plan was made
        self._identities = np.empty(0, np.int64)  # of the parameters, by entry of ``direct``
        self._pending: Kept | None = None  # from a file
        self._moved_in_step: bool | None = None  # `_in_step` before another store absorbed that of the plan

    # --- following the store -----------------------------------------------------------------------

    def _moved(self, store: Store, offset: int) -> None:
        """Follow the store, which has been absorbed by another."""
        if self.plan is not None and self._moved_in_step is None:
            row = int(self.plan.span[STOP]) - 1
            stamp = int(self.plan.store.columns["stamp"][row])  # unchanged in the absorbed store
            self._moved_in_step = int(self.plan.columns["turn"][TURN_STAMP]) == stamp
        self._identities = np.where(self._identities == BIAS, BIAS, self._identities + offset)
        refuse_single_steps(store)

    def _renumbered(self, new: NDArray[np.uint32]) -> None:
        """Take over new identities of the connections."""
        found = new[np.clip(self._identities, 0, len(new) - 1)].astype(np.int64)
        self._identities = np.where(self._identities == BIAS, BIAS, found)

    def ready(self, network: NetworkSteps) -> Plan:
        """Return the plan for the present topology. The caller has the network in use."""
        _, store, span = network._ready()
        plan = self.plan
        if plan is not None and plan.store is store and plan.topology == store.topology_version:
            return plan
        kept = self.kept()
        new = made_plan(network, store, span, self.order)
        self._neurons = list(network)
        layout = new.layout
        rows = layout.entry_row
        identities = store["identity"][np.where(layout.entry_is_bias, 0, rows)].astype(np.int64)
        self._identities = np.where(layout.entry_is_bias, BIAS, identities)
        self.plan, self._pending, self._moved_in_step = new, None, None
        store.followers.add(self)
        if kept is not None:
            self._restore(kept)
            new.columns["turn"][TURN_STAMP] = store["stamp"][int(span[STOP]) - 1]
            engine.rtrl.renew_direct(new.store_table(), store.unit, new.address, new.span)
        return new

    # --- reading and restoring ---------------------------------------------------------------------

    def forget(self) -> None:
        """Clear all sensitivities: the present context counts as given."""
        self._pending = None
        if self.plan is not None:
            for name in PLAN_CONTEXT:
                self.plan.columns[name][:] = 0

    @property
    def _in_step(self) -> bool:
        """Whether they include the network's latest activation."""
        if self._moved_in_step is not None:
            return self._moved_in_step
        assert self.plan is not None
        last = self._neurons[-1]
        return int(self.plan.columns["turn"][TURN_STAMP]) == int(self.plan.store["stamp"][last._row])

    def forget_root(self, neuron: Neuron) -> None:
        """Clear those of one neuron, whose context has been cleared."""
        plan = self.plan
        if plan is None:
            return
        layout = plan.layout
        number = {row: k for k, row in enumerate(layout.roots.tolist())}.get(neuron._row - layout.first)
        for line in np.flatnonzero(layout.line_root == number) if number is not None else ():
            width = layout.width[layout.line_class[line]]
            for half in (0, layout.size):
                at = half + layout.line_at[line]
                plan.columns["sensitivity"][at : at + width] = 0.0

    def kept(self) -> Kept | None:
        """The present sensitivities; None if there are none. Identities of removed connections are NONE."""
        plan = self.plan
        if plan is None or not self._in_step:
            return self._pending
        layout = plan.layout
        size, half = layout.size, int(plan.columns["turn"][TURN_HALF])
        values = plan.columns["sensitivity"]
        now, before = (values[h * size : (h + 1) * size].copy() for h in (half, 1 - half))
        owned = layout.columns_entries
        return Kept(
            roots=[self._neurons[i] for i in layout.roots],
            slopes=plan.columns["old_derivative"].astype(float),
            line_class=layout.line_class,
            line_root=layout.line_root,
            widths=layout.width,
            connection=self._identities[owned],
            owner=[self._neurons[i] for i in layout.entry_owner[owned]],
            now=now,
            before=before,
            open=bool(plan.columns["turn"][TURN_OPEN]),
        )

    def _restore(self, kept: Kept) -> None:
        """Write preserved sensitivities into a new plan; new ones stay 0."""
        plan = self.plan
        assert plan is not None
        layout, c = plan.layout, plan.columns
        number = {neuron: i for i, neuron in enumerate(kept.roots)}
        roots = np.array([number.get(self._neurons[i], -1) for i in layout.roots], np.int64)
        there = roots >= 0
        c["old_derivative"][there] = np.asarray(kept.slopes)[roots[there]]
        c["turn"][TURN_OPEN] = kept.open
        old = {
            (owner, connection): place
            for place, (owner, connection) in enumerate(
                zip(kept.owner, np.asarray(kept.connection).tolist(), strict=True)
            )
        }
        owned = layout.columns_entries
        keys = zip(layout.entry_owner[owned].tolist(), self._identities[owned].tolist(), strict=True)
        columns = np.array([old.get((self._neurons[i], one), -1) for i, one in keys], np.int64)
        widths = np.asarray(kept.widths)
        ends = np.cumsum(widths)
        old_class = np.searchsorted(ends, columns, "right")  # of each new column
        old_column = columns - np.append(0, ends)[np.minimum(old_class, len(ends))]
        old_lines = widths[np.asarray(kept.line_class)] if len(widths) else np.empty(0, np.int64)
        old_at = np.cumsum(old_lines) - old_lines
        line = {
            key: at
            for key, at in zip(
                zip(np.asarray(kept.line_class).tolist(), np.asarray(kept.line_root).tolist(), strict=True),
                old_at.tolist(),
                strict=True,
            )
        }
        half = int(c["turn"][TURN_HALF])
        new_first = np.cumsum(layout.width) - layout.width
        for which, root, at in zip(
            layout.line_class.tolist(), layout.line_root.tolist(), layout.line_at.tolist(), strict=True
        ):
            mine = slice(int(new_first[which]), int(new_first[which] + layout.width[which]))
            for one in np.unique(old_class[mine][columns[mine] >= 0]) if roots[root] >= 0 else ():
                begin = line.get((int(one), int(roots[root])))
                if begin is None:
                    continue
                chosen = np.flatnonzero((columns[mine] >= 0) & (old_class[mine] == one))
                take = begin + old_column[mine][chosen]
                c["sensitivity"][half * layout.size + at + chosen] = kept.now[take]
                c["sensitivity"][(1 - half) * layout.size + at + chosen] = kept.before[take]

    def of_parameter(self, target: Neuron, offset: int) -> dict[Neuron, float]:
        """d state / d parameter by neuron, of a trainable parameter into a neuron; the plan is current."""
        plan = self.plan
        assert plan is not None
        layout = plan.layout
        i = target._row - layout.first
        which = int(layout.class_of[i])
        if which < 0 or offset >= layout.count_of(i):
            return {}
        column = int(layout.column[layout.direct_at[i] + offset])
        if not self._in_step:
            self.forget()
        lines = slice(*np.searchsorted(layout.line_class, [which, which + 1]).tolist())
        at = int(plan.columns["turn"][TURN_HALF]) * layout.size + layout.line_at[lines] + column
        values = plan.columns["sensitivity"][at].tolist()
        return {
            self._neurons[layout.roots[r]]: value
            for r, value in zip(layout.line_root[lines].tolist(), values, strict=True)
        }


# --- making plans -----------------------------------------------------------------------------------


def made_plan(network: NetworkSteps, store: Store, span: Any, order: int | None) -> Plan:
    """Make a plan, or raise TopologyError if the network is not closed or too large."""
    require_closed(network, "trained by rtrl")
    try:
        return Plan(store, span, order, most_bytes())
    except engine.reach.TooLarge as error:
        raise too_large(network, order, error.bytes) from None


def laid_out(network: NetworkSteps, order: int | None) -> Layout:
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


def too_large(network: NetworkSteps, order: int | None, needed: float) -> ArgumentError:
    """The error for sensitivities that do not fit into memory."""
    return ArgumentError(
        f"The sensitivities of {network!r} at order {order} need {needed / 1e9:.3g} GB, but this machine has "
        f"{most_bytes() / 1e9:.3g} GB. Give a lower order, such as 1; synapse.learning.reach lists what each needs."
    )


# --- which networks learn by them -------------------------------------------------------------------


class _WholeNetworks:
    """The kernels of a store in which some networks cannot be stepped neuron by neuron."""

    def __init__(self, store: Store) -> None:
        store.calls = None
        self._store, self._calls = store, engine.online.calls_for(store)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._calls, name)

    def activate_one(self, address: int, unit: Any, row: int) -> float:
        self._require_single(row)
        activation: float = self._calls.activate_one(address, unit, row)
        return activation

    def clamp_one(self, address: int, unit: Any, row: int, value: float) -> None:
        self._require_single(row)
        self._calls.clamp_one(address, unit, row, value)

    def propagate_one(self, address: int, unit: Any, row: int, *rest: Any) -> float:
        self._require_single(row)
        cost: float = self._calls.propagate_one(address, unit, row, *rest)
        return cost

    def _require_single(self, row: int) -> None:
        number = int(self._store["network"][row])
        reference = self._store.networks.get(number)
        network = None if reference is None else reference()
        if network is not None and network._rtrl is not None:
            _refuse(self._store.views[row], network)


def _refuse(neuron: Neuron, network: NetworkSteps) -> NoReturn:
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
