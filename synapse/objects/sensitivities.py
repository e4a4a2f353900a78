"""The learning rule of a network, and the state of the rtrl rule through steps and
edits, for the objects.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import engine
from .._checks import expected, positive_integer, require
from .._typing import Floats, Ints
from ..engine.follower import IdentityObserver
from ..engine.locking import ExclusiveAccess
from ..engine.lowering.program import Placed
from ..engine.rtrl import BIAS, Plan, PortableSensitivities, TooLarge
from ..engine.rtrl.plan import KnownLayouts
from ..engine.rtrl.portable import identities_of, read, write
from ..engine.schema import ENDED
from ..engine.store import Store
from ..errors import ArgumentError, TopologyError
from .calling import Calling
from .connection import Connection
from .edits import require_closed
from .neuron import Neuron

ONLINE = "online"
RTRL = "rtrl"
OTHER_CONTEXT = 2**62
"""Replaces a step's number if the latest step did not update these sensitivities."""


class LearningRule(NamedTuple):
    """The rule by which :meth:`Network.propagate` learns, see :attr:`Network.rule`."""

    name: str = ONLINE
    reach: int | None = None


def checked_rule(rule: Any) -> LearningRule:
    """Return a learning rule that is given as a name or as a pair of name and reach, or
    raise ArgumentError.
    """
    name, reach = rule if isinstance(rule, tuple) and len(rule) == 2 else (rule, None)
    require(
        isinstance(name, str) and name in (ONLINE, RTRL),
        "rule of a network",
        '"online", "rtrl", a pair such as ("rtrl", 2) or a plasticity.Rule',
        rule,
    )
    return LearningRule(name, checked_reach(name, reach))


def checked_reach(rule: str, reach: Any) -> int | None:
    """Return the reach of a rule, or raise ArgumentError."""
    if reach is None:
        return None
    if rule != RTRL:
        raise ArgumentError('`reach` is for rule="rtrl". Remove it.')
    return positive_integer("reach of rtrl", reach)


class Sensitivities(IdentityObserver):
    """The plan of a network, renewed after every edit, with the sensitivities that the
    edit did not affect.
    """

    def __init__(self, reach: int | None) -> None:
        self.reach = reach
        self.plan: Plan | None = None
        # When the plan was made, or is renewed after a change:
        self._store: Store  # in which the neurons are now
        self._neurons: list[Neuron] = []
        self._identities: Ints  # of the parameters, by entry of ``direct``
        self._network: Callable[[], Calling | None] = lambda: None
        self._layouts: KnownLayouts = {}

    def follow(self, store: Store) -> None:
        """Follow a store through its changes, even before the first plan is made."""
        self._store = store
        store.follow(self)

    def _moved(self, store: Store, offset: int) -> None:
        """Follow the store into the store that absorbs it, whose clock continues."""
        later = int(store["clock"][0]) - int(self._store["clock"][0])
        self._store = store
        if self.plan is not None:
            self._identities = np.where(
                self._identities == BIAS, BIAS, self._identities + offset
            )
            if self.plan.step:
                self.plan.step += later

    def _renumbered(self, new: NDArray[np.uint32]) -> None:
        """Take over new identities of the connections."""
        if self.plan is not None:
            renumbered = new[np.clip(self._identities, 0, len(new) - 1)].astype(
                np.int64
            )
            self._identities = np.where(self._identities == BIAS, BIAS, renumbered)

    # --- the plan ---------------------------------------------------------------------

    def plan_for(self, network: Calling) -> Plan:
        """Return the plan for the present topology of the network, which is in use."""
        _, store, span = network._lowered()
        plan = self.plan
        if (
            plan is not None
            and plan.store is store
            and plan.topology == store.topology_version
        ):
            return plan
        kept = self.kept()
        before = self._neurons
        other = self.plan is not None and not self.in_step
        plan = made_plan(network, store, span, self.reach, self._layouts)
        self._neurons = list(network)
        self._identities = identities_of(plan)
        self.plan = plan
        self.follow(store)
        self._network = weakref.ref(network)
        plan.step = network._step_number
        if kept is not None:
            self.write(kept, before)
        elif other:
            plan.step = OTHER_CONTEXT
        return plan

    def current(self, network: Calling) -> Plan | None:
        """Return the plan for the present topology, or None if it is too large or the
        network is not closed.
        """
        try:
            return self.plan_for(network)
        except (ArgumentError, TopologyError):
            return None

    def kept(self) -> PortableSensitivities | None:
        """Return the present sensitivities, or None if there are none or they belong to
        another context.
        """
        plan = self.plan
        if plan is None or not plan.is_open or not self.in_step:
            return None
        plan.renew(before=True)
        return read(plan, self._identities)

    def write(
        self,
        kept: PortableSensitivities,
        neurons: Sequence[Neuron],
        placed: Placed | None = None,
    ) -> None:
        """Write sensitivities into a new plan, which contains no others. `neurons` are
        those of `kept`, and the positions of its rows are noted in `placed`.
        """
        plan = self.plan
        assert plan is not None
        first_row = plan.layout.origin
        size = plan.layout.pattern.size
        rows = np.array([neuron._row for neuron in neurons], np.int64) - first_row
        number = np.where((rows >= 0) & (rows < size), rows, -1)
        write(plan, self._identities, kept, number, placed)
        engine.rtrl.loops.renew_direct(
            plan.store_table(), plan.store.scalar, plan.address, plan.span
        )

    # --- the step that they belong to -------------------------------------------------

    @property
    def in_step(self) -> bool:
        """Whether the sensitivities include the network's latest step."""
        network = self._network()
        plan = self.plan
        return (
            plan is not None
            and network is not None
            and plan.step == network._step_number
        )

    @contextmanager
    def unchanged(self, network: Calling) -> Iterator[None]:
        """Allow neurons that lead nowhere to activate alone in the block, because no
        recurrent state changes.
        """
        rule = network._rtrl
        network._learn_by(None)  # so that its neurons may be stepped alone
        try:
            yield
        finally:
            network._learn_by(rule)

    def clear(self) -> None:
        """Clear all sensitivities, so that the present context counts as given."""
        if self.plan is not None:
            self.plan.clear()

    def clear_root(self, neuron: Neuron) -> None:
        """Clear the sensitivities of one neuron, whose context is cleared now."""
        if not self.in_step or neuron not in self._neurons:
            return
        assert self.plan is not None
        self.plan.renew(before=True)
        i = self._neurons.index(neuron)
        self.plan.clear_root(i)
        if i == 0:
            self.plan.step = 0  # its stamp is the number of the step

    def of_parameter(self, target: Neuron, offset: int) -> dict[Neuron, float]:
        """d state / d parameter by neuron, for a trainable parameter into a neuron,
        given a current plan.
        """
        plan = self.plan
        assert plan is not None
        if not self.in_step:
            return {}
        plan.renew(before=False)
        roots, values = plan.of_parameter(target._row - plan.layout.origin, offset)
        return {
            self._neurons[r]: value
            for r, value in zip(roots, values.tolist(), strict=True)
        }


# --- reading them ---------------------------------------------------------------------


def require_plan(network: Calling) -> Plan:
    """Return the plan of a network's sensitivities, or raise ArgumentError if it keeps
    none.
    """
    live = network._sensitivities
    if live is None:
        advice = 'Set network.rule = "rtrl", or train it by rule="rtrl".'
        raise ArgumentError(
            expected("network", "a network that keeps sensitivities", network, advice)
        )
    plan = live.plan_for(network)
    if not live.in_step:
        live.clear()
    plan.renew(before=False)
    return plan


class SensitivityMatrix(NamedTuple):
    """All sensitivities of a network, with a column for each parameter.

    It has a row for each recurrent neuron, and for each of its past activations that
    connections with delays will read.
    """

    rows: Ints  # recurrent neurons, by their number in the network
    steps: Ints  # how many steps ago the activation was; 0: the row is of the state
    owners: Ints  # by column: the neuron that the parameter leads into; ascending
    values: Floats  # NaN: not kept


def sensitivity_matrix(network: Calling) -> SensitivityMatrix:
    """Read the sensitivities of a network, or raise ArgumentError if it keeps none."""
    with ExclusiveAccess(network):
        plan = require_plan(network)
        pattern = plan.layout.pattern
        return SensitivityMatrix(pattern.roots, pattern.steps, *plan.matrix())


class SensitivityPairs:
    """Numbers of some connections, with the neurons whose states keep a sensitivity to
    their weights.
    """

    def __init__(self, network: Calling, connections: Sequence[Connection]) -> None:
        with ExclusiveAccess(network):
            plan = require_plan(network)
            roots = plan.layout.states
            neurons = [*network]
            rows = np.array([connection._at for connection in connections], np.int64)
            indices = plan.places_of(
                np.repeat(rows, len(roots)),
                np.tile(roots + plan.layout.origin, len(rows)),
            ).reshape(len(rows), len(roots))
        connection, root = np.nonzero(indices != ENDED)
        self.pairs = [
            (c, neurons[r])
            for c, r in zip(connection.tolist(), roots[root].tolist(), strict=True)
        ]
        self._network = network
        self._places = indices[connection, root]

    def read(self) -> Floats:
        """Return the sensitivities of the latest step, provided that the topology is
        unchanged.
        """
        with ExclusiveAccess(self._network):
            return require_plan(self._network).values[self._places].astype(np.float64)


def network_in_step(neuron: Neuron) -> Calling | None:
    """Return the neuron's network if its latest step was by rtrl, else None."""
    network: Calling | None = neuron._store.network_at(neuron._row)
    live = None if network is None else network._sensitivities
    return network if live is not None and live.in_step else None


# --- making plans ---------------------------------------------------------------------


def made_plan(
    network: Calling,
    store: Store,
    span: Any,
    reach: int | None,
    layouts: KnownLayouts | None = None,
) -> Plan:
    """Make a plan, or raise TopologyError if the network is not closed or too large."""
    require_closed(network, "trained by rtrl")
    try:
        return Plan(store, span, reach, most_bytes(), layouts)
    except TooLarge as error:
        raise ArgumentError(
            f"The sensitivities of {network!r} at reach {reach} need"
            f" {error.bytes / 1e9:.3g} GB, but this machine has"
            f" {most_bytes() / 1e9:.3g} GB. Pass a smaller reach, such as 1."
            " synapse.learning.rtrl_cost lists the memory for each reach."
        ) from None


def most_bytes() -> float:
    """Return the memory of this machine in bytes."""
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):  # not a Unix system
        return float("inf")
