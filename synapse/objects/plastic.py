"""Rules of synapses in a network, with their steps, and with traces that follow
edits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import get_ident
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _checks as checks
from .._typing import Floats, Ints
from ..engine.follower import IdentityArray
from ..engine.functions.user_functions import raised
from ..engine.locking import ExclusiveAccess
from ..engine.status import DIVERGED, REFUSED
from ..errors import ArgumentError, DivergenceError, FunctionError, TopologyError
from ..plasticity._names import (
    CONTEXT,
    COUNT,
    FRAMES,
    HEAD,
    KEEP,
    OF_BOTH,
    OF_SOURCE,
    RATE,
    ROWS,
    SHIFTS,
    STEP,
    TRIES,
)
from ..plasticity._rule import Rule
from .edits import require_closed
from .layer import Layer
from .neuron import Neuron
from .parameters import are_finite

NOTHING = np.empty(0)
NO_PLACES = np.empty(0, np.int64)
GROUPS = "lags", "outgoing", "outgoing_pairs"
EVENT_SQUASHES = "step", "bernoulli", "winner"
"""Squashes beside declared spikes whose value is 0 unless an event happens."""


class KeptTraces(NamedTuple):
    """The traces of a rule in an order that no edit changes."""

    units: Floats  # by trace of neurons, delay, and neuron
    synapses: Floats  # by trace of synapses, the eligibility last, and connection
    ages: Ints  # by connection: how many steps ago its eligibility was this


class Plasticity(IdentityArray):
    """The rule of a network, with its traces.

    Traces follow the network through edits, which leave the traces of remaining neurons
    and connections unchanged and begin with 0 for new ones.
    """

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._arrays: Any = None  # of a pass; None: not laid out yet
        self._topology = 0
        self._store: Any = None
        self._neurons: list[Neuron] = []
        self._identities: Ints = NO_PLACES
        self._rows: Ints = NO_PLACES

    def _moved(self, store: Any, offset: int) -> None:
        """Follow the store into the store that absorbs it, whose clock continues."""
        super()._moved(store, offset)
        if self.latest:
            self.latest += int(store["clock"][0]) - int(self._store["clock"][0])
        self._store = store

    # --- the arrays for a topology ----------------------------------------------------

    def ready(self, network: Any) -> None:
        """Arrange the traces for the present topology. The caller has the network in
        use.
        """
        store = network._lowered()[1]
        if self._topology == store.topology_version and self._store is store:
            return
        require_closed(network, "trained by a rule of synapses")
        state = dict(vars(self))
        try:
            self._lay_out(network)
        except BaseException:  # the rule does not fit the network any more
            vars(self).update(state)
            raise

    def _lay_out(self, network: Any) -> None:
        """Make the arrays for the present topology, and restore the traces."""
        store = network._store
        before, neurons, latest = self.kept(), self._neurons, self.latest
        identities = self._identities
        self._store = store
        self._neurons = list(network)
        self._rows = network._connection_rows()
        self._identities = store["identity"][self._rows].astype(np.int64)
        self._require_fit(network)
        self._make(network)
        store.follow(self)
        if before is not None:
            self._restore(before, neurons, identities)
            self.latest = latest
        self._topology = store.topology_version

    def _make(self, network: Any) -> None:
        """Make the arrays of a pass, with traces of 0."""
        from ..plasticity._kernels import calls, learning

        rule, store = self.rule, self._store
        start, n = self._neurons[0]._row, len(self._neurons)
        rows = len(self._rows)
        frames = 2 * (1 + max(1, int(store["delay"][self._rows].max(initial=0))))
        sides = [side for side, _ in rule._by_side.values()]
        of_synapses = sides.count(OF_BOTH)
        is_late = rule._by_events and rule._options["eligibility"] is not None
        learns = self._rows[store["trainable"][self._rows] != 0]
        outgoing = dict.fromkeys(GROUPS, NO_PLACES)
        if rule._by_events:
            outgoing = self._outgoing(network, start, learns)
        self._targets = np.unique(store["target"][learns].astype(np.int64)) - start
        self._modulators = self._modulator_rows(network, start)
        self._arrays = learning.PassArrays(
            numbers=np.array(rule._numbers(), store.dtype),
            post_row=self._post_rows(network, start),
            third=np.zeros(n if rule._needs_modulator else 0, store.dtype),
            clock=np.array([0, frames, n, rows, 0, 0, 0, 0], np.int64),
            units=np.zeros((len(sides) - of_synapses) * frames * n, store.dtype),
            synapses=np.zeros(of_synapses * rows, store.dtype),
            due=np.zeros(rows if is_late else 0, np.int64),
            **outgoing,
        )
        longest = np.maximum(store["longest_delay"][start : start + n], 1)
        self._carried = np.arange(frames // 2)[:, None] <= longest
        self._place = self._rows - int(store.columns["first_incoming"][start])
        self._range = slice(self._rows.min(initial=0), self._rows.max(initial=-1) + 1)
        # what is shared or scaled is only known to be finite once it is written
        shares = rule._options["normalize"] or store["tie"][self._rows].any()
        self._tries = rule._by_events and not shares
        self._kernels = calls.kernels_for(store, network._lowered()[2])
        self._address = calls.address_of(rule, store.scalar)

    def _shaped(self) -> tuple[Floats, Floats]:
        """Return the traces as views. Those of neurons are indexed by trace, frame and
        neuron, and those of synapses by trace and row.
        """
        frames, n, rows = self._arrays.clock[FRAMES : ROWS + 1].tolist()
        units, synapses = self._arrays.units, self._arrays.synapses
        return (
            units.reshape(len(units) // (frames * n), frames, n),
            synapses.reshape(len(synapses) // max(1, rows), rows),
        )

    def _ages(self, places: Ints) -> Ints:
        """Return the age in steps of the eligibilities in the arrays."""
        due = self._arrays.due
        if not due.size:
            return np.zeros(len(places), np.int64)
        return self._arrays.clock[COUNT] - due[places]

    def kept(self) -> KeptTraces | None:
        """Return copies of the traces by neuron and connection, or None if there are no
        traces.
        """
        if self._arrays is None:
            return None
        units, synapses = self._shaped()
        head, frames = self._arrays.clock[:2].tolist()
        steps = (head - np.arange(frames // 2)) % frames
        place = self._place
        carried = units[:, steps] * self._carried  # what no connection reads is 0
        return KeptTraces(carried, synapses[:, place], self._ages(place))

    @property
    def latest(self) -> int:
        """Number of the latest step from which the network learned, or 0."""
        return 0 if self._arrays is None else int(self._arrays.clock[STEP])

    @latest.setter
    def latest(self, step: int) -> None:
        self._arrays.clock[STEP] = step

    def _outgoing(self, network: Any, start: int, rows: Ints) -> dict[str, Ints]:
        """Return the connections that learn by lag and source."""
        store = self._store
        loops = (store["source"] == store["target"])[rows] & (store["delay"][rows] == 0)
        rows = rows[~loops]
        lags, group = np.unique(self._lags(network, rows), return_inverse=True)
        n = len(self._neurons)
        key = group * n + (store["source"][rows].astype(np.int64) - start)
        order = np.argsort(key, kind="stable")
        targets = store["target"][rows].astype(np.int64)
        begins = np.searchsorted(key[order], np.arange(len(lags) * n + 1))
        sources = key[order] % n
        ends = np.searchsorted(key[order], n * np.arange(len(lags) + 1))
        groups = zip(lags, sources[ends[:-1]], sources[ends[1:] - 1] + 1, strict=True)
        return {
            "lags": np.array([*groups], np.int64).reshape(-1),
            "outgoing": begins.astype(np.int64),
            "outgoing_pairs": np.stack([rows, targets], axis=1)[order].reshape(-1),
        }

    def _lags(self, network: Any, rows: Ints) -> Ints:
        """Return how many steps back each connection reads its source. It is -1 if the
        connection is one step late because of the order of activation or the clock.
        """
        store = self._store
        source, target = (store[end][rows].astype(np.int64) for end in ENDS)
        inputs = self._neurons[0]._row + network._n_inputs
        late = (source >= target) | (network.synchronous & (source >= inputs))
        delay = store["delay"][rows].astype(np.int64)
        return np.where(delay > 0, delay, -1 * late)

    def _restore(
        self, before: KeptTraces, neurons: list[Neuron], identities: Ints
    ) -> None:
        """Write the traces from before an edit to the present rows of their neurons and
        connections.
        """
        place = {neuron: i for i, neuron in enumerate(self._neurons)}
        now = np.array([place.get(neuron, -1) for neuron in neurons], np.int64)
        order = np.argsort(self._identities)
        stays = np.isin(identities, self._identities)
        at = np.full(len(identities), -1, np.int64)
        left = identities[stays]
        at[stays] = order[np.searchsorted(self._identities, left, sorter=order)]
        self.write(before, now, at)

    def write(
        self, traces: KeptTraces, neurons: Ints | None = None, rows: Ints | None = None
    ) -> None:
        """Write traces by neuron and connection, in the network's order or into the
        given positions, where -1 stands for removed ones.
        """
        units, synapses = self._shaped()
        if neurons is None or rows is None:
            neurons = np.arange(len(self._neurons))
            rows = np.arange(len(self._rows))
        present, stay = neurons >= 0, rows >= 0
        self._arrays.clock[[HEAD, SHIFTS]] = 0
        steps = np.arange(min(units.shape[1], traces.units.shape[1]))
        earlier = traces.units[:, steps][..., present]
        units[:, (-steps % units.shape[1])[:, None], neurons[present]] = earlier
        place = self._place[rows[stay]]
        synapses[:, place] = traces.synapses[:, stay]
        if self._arrays.due.size:
            self._arrays.due[place] = self._arrays.clock[COUNT] - traces.ages[stay]

    def take_over(self, network: Any, other: Plasticity) -> None:
        """Copy the traces of a network with the same structure."""
        self.ready(network)
        kept = other.kept()
        if kept is not None:
            self.write(kept)
            self.latest = other.latest

    def context(self) -> dict[str, NDArray[Any]]:
        """Return the arrays that belong to the context."""
        if self._arrays is None:
            return {}
        return {f"{name} of the rule": getattr(self._arrays, name) for name in CONTEXT}

    def clear(self) -> None:
        """Clear all traces."""
        if self._arrays is not None:
            self._arrays.units[:] = 0.0
            self._arrays.synapses[:] = 0.0

    def clear_neuron(self, neuron: Neuron) -> None:
        """Clear the traces of one neuron and of its incoming synapses."""
        if self._arrays is None or neuron not in self._neurons:
            return
        if self._topology == self._store.topology_version:
            units, synapses = self._shaped()
            units[..., self._neurons.index(neuron)] = 0.0
            into = self._store["target"][self._rows] == neuron._row
            synapses[:, self._place[into]] = 0.0

    # --- traces that are looked at ----------------------------------------------------

    def traces_of(self, network: Any, rows: Ints) -> dict[str, Floats]:
        """Return the traces that connections in these rows read in the next step, by
        name.
        """
        with ExclusiveAccess(network):
            names = self.rule._by_side
            return {name: self.trace_of(network, name, rows) for name in names}

    def trace_of(self, network: Any, name: str, rows: Ints) -> Floats:
        """Return a trace of :meth:`traces_of`. The caller has the network in use."""
        self.ready(network)
        return self._read(*self._at(network, name, rows))

    def _at(self, network: Any, name: str, rows: Ints) -> tuple[Ints, Ints]:
        """Return the positions of connections' traces without the frame, and how many
        frames back they are. For traces of synapses, the latter is -1.
        """
        side, place = self.rule._by_side[name]
        store, start = self._store, self._neurons[0]._row
        frames, n, count = self._arrays.clock[FRAMES : ROWS + 1].tolist()
        if side == OF_BOTH:
            at = place * count + rows - int(store.columns["first_incoming"][start])
            return at, np.full(len(rows), -1, np.int64)
        of_source = side == OF_SOURCE
        i = store["source" if of_source else "target"][rows].astype(np.int64) - start
        return place * frames * n + i, of_source * np.abs(self._lags(network, rows))

    def _read(self, at: Ints, back: Ints) -> Floats:
        """Return traces by their positions."""
        arrays = self._arrays
        head, frames, n, count = arrays.clock[: ROWS + 1].tolist()
        if (back < 0).any():
            decay = arrays.numbers[KEEP] ** self._ages(at % count)
            return arrays.synapses[at] * decay
        return arrays.units[at + (head - back) % frames * n]

    # --- what fits a network ----------------------------------------------------------

    def _require_fit(self, network: Any) -> None:
        """Raise ArgumentError if the rule would be wrong for this network."""
        store, rule = self._store, self.rule
        learns = self._rows[store["trainable"][self._rows] != 0]
        source, target = store["source"][learns], store["target"][learns]
        loops = (source == target) & (store["delay"][learns] == 0)
        if loops.any() and any(side == OF_SOURCE for side, _ in rule._by_side.values()):
            neuron = store.handles[int(target[loops][0])]
            raise ArgumentError(
                f"{rule!r} has traces of sources, which the self-connection of"
                f" {neuron!r} does not have, because it carries a state. Set its"
                " trainable to False, or give it delay=1."
            )
        if rule._options["normalize"] and store["tie"][learns].any():
            raise ArgumentError(
                f"{rule!r} scales the weights of each target separately, and"
                " therefore cannot train tied weights. Untie them, or leave out"
                " `normalize`."
            )
        if rule._functions[2] is None:
            return
        posts = self._post_rows(network, self._neurons[0]._row)
        for row in np.unique(posts[target - self._neurons[0]._row]).tolist():
            squash = store.handles[row].squash
            if not (squash.surrogate or squash.name in EVENT_SQUASHES):
                raise ArgumentError(
                    f"{rule!r} learns when a target fires, but {store.handles[row]!r}"
                    " is no spike. If other neurons are its spikes, name them:"
                    " rule(post={layer: spikes}). To leave connections out, use"
                    " Trainer(only=[...]) or freeze()."
                )

    def _post_rows(self, network: Any, start: int) -> Ints:
        """Return the row whose activation counts as the target's, for each neuron."""
        rows = start + np.arange(len(self._neurons), dtype=np.int64)
        for layer, other in (self.rule._options["post"] or {}).items():
            mine = self._members(network, "post", layer)
            others = self._members(network, "post", other)
            if len(mine) != len(others):
                raise ArgumentError(
                    f"`post` of {self.rule!r} must map layers of one size, got"
                    f" {checks.pluralize(len(mine), 'neuron')} and {len(others)}."
                )
            rows[mine - start] = others
        return rows

    def _modulator_rows(self, network: Any, start: int) -> Ints:
        """Return the position of each neuron's modulator, as -2 minus a row, or -1."""
        places = np.full(len(self._neurons), -1, np.int64)
        wanted = self.rule._options["modulator"]
        if wanted is None:
            return places
        if not isinstance(wanted, Mapping):
            wanted = {None: wanted}
        for layer, other in wanted.items():
            mine = (
                start + np.arange(len(places))
                if layer is None
                else self._members(network, "modulator", layer)
            )
            others = self._members(network, "modulator", other)
            if len(others) not in (1, len(mine)):
                raise ArgumentError(
                    f"`modulator` of {self.rule!r} must be one neuron, or one for each"
                    f" of {len(mine)} targets, got {len(others)}."
                )
            places[mine - start] = -2 - others
        return places

    def _members(self, network: Any, name: str, member: Any) -> Ints:
        """Return the rows of a layer or a neuron in the network."""
        if isinstance(member, str):
            member = network[member]
        checks.require_type(
            isinstance(member, Layer | Neuron),
            f"`{name}` of a rule",
            "layers or neurons of the network",
            member,
        )
        neurons = [member] if isinstance(member, Neuron) else list(member)
        inside = set(self._neurons)
        for neuron in neurons:
            if neuron not in inside:
                raise ArgumentError(
                    f"`{name}` of {self.rule!r} must be layers or neurons of"
                    f" {network!r}, got {member!r}."
                )
        return np.array([neuron._row for neuron in neurons], np.int64)

    # --- steps ------------------------------------------------------------------------

    def learn(
        self,
        network: Any,
        inputs: Floats | None,
        steps: int,
        targets: Floats = NOTHING,
        cost: int = 0,
        modulator: Any = None,
        rate: float = 1.0,
        currents: tuple[Ints, Floats] | None = None,
    ) -> tuple[Floats, float]:
        """Activate and learn once for each row of inputs, and return the outputs and
        the summed cost.

        Without inputs (None), learn from the latest step. If a change is not finite,
        no learning has happened.
        """
        # compiled: imported when it is used
        from ..plasticity._kernels.learning import learn_rows

        with ExclusiveAccess(network):
            self.ready(network)
            outputs = np.empty((steps, network._n_outputs))
            if not steps:
                return outputs, 0.0
            modulators, places = self._modulated(network, modulator, steps)
            self._require_errors(targets)
            now = network._step_number
            if inputs is None and (not now or now == self.latest):
                raise TopologyError(
                    f"{network!r} has no step that {self.rule!r} has not learned from."
                    " Call network.activate first."
                )
            recorder = network._recorder
            self._arrays.numbers[RATE] = rate
            of_steps = [a.reshape(steps, -1) for a in (outputs, targets, modulators)]
            total = 0.0

            def run(part: slice, rows: Floats) -> None:
                nonlocal total
                results, aims, third = (a[part].reshape(-1) for a in of_steps)
                inputs_of = rows.reshape(-1)
                data = inputs_of, results, aims, cost, third, places, inputs is not None
                of = self._address, data, tuple(self._arrays)
                count = 0 if inputs is None else part.stop - part.start
                ended = network._call(learn_rows, count, of, lambda _: self._kernels)
                if ended[0] == REFUSED:
                    network._refuse_inputs(inputs_of)
                if ended[0] == DIVERGED:
                    self._refuse_change()
                if recorder is not None:
                    recorder.propagated()
                total += ended[1]

            with self._undone_if_it_diverges(self._tries and steps == 1):
                if currents is None:
                    rows = NOTHING if inputs is None else inputs
                    for start, stop in network._divided(rows, [(0, steps)]):
                        run(slice(start, stop), rows[start:stop])
                else:
                    network._run_with_currents(inputs, *currents, run)
            return outputs, float(total)

    @contextmanager
    def _undone_if_it_diverges(self, tries: bool) -> Iterator[None]:
        """Undo all learning from steps within the block if they diverge.

        If `tries` is True, a single step is tried first, because it visits few
        synapses, and a failure leaves nothing to undo.
        """
        self._arrays.clock[TRIES] = tries
        raised.pop(get_ident(), None)
        weights = self._store.columns["weight"][self._range]
        changing = [] if tries else [weights, *self.context().values()]
        before = [array.copy() for array in changing]
        try:
            yield
            if not all(are_finite(a) for a in changing if a.dtype.kind == "f"):
                self._refuse_change()
        except (DivergenceError, FunctionError):
            for array, values in zip(changing, before, strict=True):
                array[:] = values
            raise

    def _refuse_change(self) -> NoReturn:
        """Raise the error for a step that has diverged, or for a function of the
        rule.
        """
        if error := raised.pop(get_ident(), None):
            reason = f"{type(error).__name__}: {error}".rstrip(": .")
            raise FunctionError(
                f"A function of {self.rule!r} failed: {reason}. No weight has changed."
            ) from error
        raise DivergenceError(
            f"A change of a weight or a trace by {self.rule!r} was not finite. No"
            " weight has changed. Use lower rates, `bounds`, or smaller inputs."
        )

    def _require_errors(self, targets: Floats) -> None:
        """Raise ArgumentError unless targets are given exactly when the rule uses
        errors.
        """
        if self.rule._asks_for("post_error") == bool(targets.size):
            return
        raise ArgumentError(
            f"{self.rule!r} does not use targets, because none of its functions has"
            " the argument post_error. Leave them out."
            if targets.size
            else f"{self.rule!r} computes post_error from targets. Pass targets."
        )

    def _modulated(
        self, network: Any, modulator: Any, steps: int
    ) -> tuple[Floats, Ints]:
        """Return the modulators of all steps, and the position of each neuron's
        modulator.
        """
        rule, places = self.rule, self._modulators
        if not rule._needs_modulator:
            if modulator is not None:
                raise ArgumentError(
                    f"{rule!r} has no modulator. Give it an eligibility, or a"
                    " function with the argument `modulator`."
                )
            return NOTHING, NO_PLACES
        if modulator is None:
            if (places == -1).all():
                raise ArgumentError(
                    f"{rule!r} needs a modulator: pass modulator=, an array with one"
                    " number for each step, or rule(modulator=neuron)."
                )
            return NOTHING, places
        places = places.copy()
        if not isinstance(modulator, Mapping):
            rows = self._modulator_array(modulator, steps, self._targets)
            places[:] = 0
            if rows.shape[1] > 1:
                places[self._targets] = np.arange(rows.shape[1])
            return rows.reshape(-1), places
        start = self._neurons[0]._row
        columns: list[Floats] = []
        for layer, values in modulator.items():
            mine = self._members(network, "modulator", layer) - start
            rows = self._modulator_array(values, steps, mine)
            width = sum(c.shape[1] for c in columns)
            places[mine] = width + np.arange(len(mine)) * (rows.shape[1] > 1)
            columns.append(rows)
        return np.concatenate(columns, axis=1).reshape(-1), places

    def _modulator_array(self, values: ArrayLike, steps: int, of: Ints) -> Floats:
        """Check modulators and return them in shape (steps, 1) or (steps, targets)."""
        rows = checks.finite_array("modulator", values).astype(float)
        rows = rows.reshape(-1, 1) if rows.ndim < 2 else rows
        if rows.ndim != 2 or len(rows) != steps or rows.shape[1] not in (1, len(of)):
            raise ArgumentError(
                f"`modulator` must have one number for each of"
                f" {checks.pluralize(steps, 'step')}, or one for each of"
                f" {checks.pluralize(len(of), 'target')} too, got an array of shape"
                f" {np.shape(values)}."
            )
        return rows


ENDS = "source", "target"
