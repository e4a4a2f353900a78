"""The tables of a program that learns: the lowered rows of a network, numbered anew."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..._squash import SINGLE
from ..._typing import Floats, Ints
from ...engine.lowering import flags as mark
from ...engine.lowering.ranges import concat_ranges
from ...engine.schema import NONE
from ...objects.network import Network
from ...objects.sensitivities import SensitivityMatrix, sensitivity_matrix
from .._formulas import kind_of

FOUR = 256
SELF_LEARNS = 512
SELF_TIED = 1024
BIAS_LEARNS = 2048
LATE_SELF_GATER = 4096
"""Flags of a neuron in a program, beside those of the engine; see ``learner.c.in``."""


class Past(NamedTuple):
    """The past activations that runs with a lag read, which follow those of the neurons
    in a program: frames of the step before, of two steps before, ..., each of the
    neurons from the first to the last of which some is read.

    A step moves all frames on by one. So a run has the places of its sources, as of
    present activations.
    """

    first: int
    width: int
    frames: int

    @property
    def size(self) -> int:
        """How many past activations there are."""
        return self.width * self.frames

    def offset(self, lag: Any, neurons: int) -> Any:
        """Return what is added to the number of a neuron for the place of its
        activation `lag` steps ago; an array for an array.
        """
        return np.where(lag, neurons + (lag - 1) * self.width - self.first, 0)


class Tables:
    """The tables of a lowered network, numbered for a program.

    Weights that learn are numbered apart from the others, in the order of their rows;
    neurons that are not inputs from 0. `network` must have its store to itself. By
    real-time recurrent learning (`exact`) every neuron keeps what its parameters
    multiply, and nothing else.
    """

    def __init__(self, network: Network, exact: bool = False) -> None:
        self.exact = exact
        _, store, _ = network._lowered()
        self._network = network
        self.neurons = len(network)
        self.inputs = len(network.input)
        self.outputs = len(network.output)
        self.computed = self.neurons - self.inputs
        self.connections = store.n_connections
        self.learns = self.column("trainable")[: self.connections] != 0
        self.place = np.where(
            self.learns, np.cumsum(self.learns), np.cumsum(~self.learns)
        )
        self.place -= 1

    def column(self, name: str) -> NDArray[Any]:
        """Return a column of the store as whole numbers with a sign, or as numbers."""
        values = self._network._column(name)
        if values.dtype.kind == "f":
            return values
        signed = values.astype(np.int64)
        return np.where(signed == NONE, -1, signed)

    def of_computed(self, name: str) -> NDArray[Any]:
        """Return a column of neurons, of those that are not inputs."""
        return self.column(name)[self.inputs : self.neurons]

    @cached_property
    def past(self) -> Past:
        """The past activations that the network has."""
        ring = int(self.column("ring")[0])
        if ring < 0:
            return Past(0, 0, 0)
        begin, stop, frames = (
            int(self.column(f"ring_{name}")[ring])
            for name in ("start", "stop", "frames")
        )
        return Past(begin, stop - begin, frames - 1)

    @cached_property
    def learning_weights(self) -> Ints:
        """Rows of the weights that learn."""
        return np.flatnonzero(self.learns)

    @cached_property
    def fixed_weights(self) -> Ints:
        """Rows of the weights that do not."""
        return np.flatnonzero(~self.learns)

    @property
    def places_in_order(self) -> Ints:
        """The place of each weight, in the order of ``net.weights``; those that do not
        learn follow the others.
        """
        identity = self.column("identity")[: self.connections]
        by_identity = np.argsort(identity)
        wanted = self._network._connection_identities
        rows = by_identity[np.searchsorted(identity[by_identity], wanted)]
        after = np.where(self.learns[rows], 0, len(self.learning_weights))
        return np.asarray(self.place[rows] + after)

    @cached_property
    def bias_learns(self) -> NDArray[np.bool_]:
        """Whether the bias of each computed neuron learns."""
        return np.asarray(self.of_computed("trainable_bias") != 0)

    @cached_property
    def traces(self) -> Ints:
        """Where the eligibilities of each computed neuron begin, and their number: of
        its connections that learn, then of its bias, if it is traced.
        """
        traced = (self.flags & mark.TRACED) != 0
        counts = np.where(traced, self.of_computed("learning") + 1, 0)
        return np.append(0, np.cumsum(counts))

    @cached_property
    def flags(self) -> Ints:
        """The engine's flags of each computed neuron that a program needs."""
        flags = self.of_computed("flags")
        # the engine has no pass for two traces along runs with lags
        lagged = (flags & mark.LAGGED) != 0
        flags = np.where(lagged, flags & ~mark.PLAIN_RUNS, flags)
        if self.exact:
            return (flags & (mark.MEMORY | mark.PLAIN_RUNS)) | mark.TRACED
        return flags & (mark.MEMORY | mark.TRACED | mark.GATES | mark.PLAIN_RUNS)

    @cached_property
    def sets(self) -> list[tuple[int, int]]:
        """Computed neurons whose states are all known before one of them fires."""
        synchronous = self.column("synchronous")
        stop = self.column("block_stop")
        sets = []
        j = self.inputs
        while j < self.neurons:
            last = self.neurons if synchronous[j] else int(stop[j])
            sets.append((j - self.inputs, last - self.inputs))
            j = last
        return sets

    @cached_property
    def blocks(self) -> list[tuple[int, int]]:
        """Computed neurons that do not read each other's present activations."""
        stop = self.column("block_stop")
        blocks = []
        j = self.inputs
        while j < self.neurons:
            blocks.append((j - self.inputs, int(stop[j]) - self.inputs))
            j = int(stop[j])
        return blocks

    @cached_property
    def fires(self) -> list[tuple[int, int, str]]:
        """Computed neurons that one call activates: of a block, or of a group."""
        network = self._network
        group_stop = self.column("group_stop")
        fires = []
        for start, stop in self.blocks:
            squash = network[self.inputs + start].squash.name
            single = kind_of(squash) == SINGLE
            j = start
            while j < stop:
                last = (
                    stop if single else int(group_stop[self.inputs + j] - self.inputs)
                )
                fires.append((j, last, squash))
                j = last
        return fires

    @cached_property
    def squashes(self) -> list[str]:
        """The squashes of computed neurons, each once."""
        return list(dict.fromkeys(squash for _, _, squash in self.fires))

    @cached_property
    def fours(self) -> set[int]:
        """Computed neurons that the engine computes together with the next three."""
        flags = self.column("flags")
        signed = self.signed
        if self.exact:
            return set()
        four = set()
        for start, stop in self.sets:
            j = start + self.inputs
            last = stop + self.inputs
            while j < last:
                if flags[j] & mark.FOUR:
                    four.add(j - self.inputs)
                    j += 4
                elif flags[j] & mark.WITH_GATES and not signed:
                    break  # it computes the others one by one
                else:
                    j += 1
        return four

    @cached_property
    def signed(self) -> bool:
        """Whether a weight that learns has a sign."""
        return bool(self.column("sign")[: self.connections].any())

    @cached_property
    def late_self_gater(self) -> NDArray[np.bool_]:
        """Whether the gater of each self-connection is read one step late, by the rule
        of ``engine/read_order.py``.
        """
        gater = self.of_computed("self_gater")
        synchronous = self.column("synchronous") != 0
        together = synchronous[self.inputs : self.neurons] & synchronous[gater]
        late = gater >= self.of_computed("group_first")
        return np.asarray(late | (together & (gater >= 0)))

    @cached_property
    def pairs(self) -> list[tuple[int, ...]]:
        """Gater, gated neuron, place of the traces, whether the gater gates the
        self-connection, and whether there are traces.
        """
        if self.exact:
            return []
        gater = self.column("influence_gater")
        trace = self.column("influence_trace")
        traced = (gater >= self.inputs) & (trace >= 0)
        columns = (
            gater,
            self.column("influence_gated"),
            np.where(traced, trace, 0),
            self.column("influence_self"),
            traced.astype(int),
        )
        return list(zip(*(column.tolist() for column in columns), strict=True))

    @property
    def extended(self) -> int:
        """Number of the extended traces."""
        return 0 if self.exact else len(self.column("extended"))

    @property
    def pulls(self) -> list[int]:
        """Pairs by their gaters."""
        return [] if self.exact else self.column("pull").tolist()

    def ties_of(self, j: int) -> list[int]:
        """Return the number of each parameter's tie, for the trainable weights and
        biases of computed neurons. That of a bias is negative; 0: none.
        """
        begin = int(self.of_computed("first_incoming")[j])
        weights = self.column("tie")[begin : begin + self.of_computed("learning")[j]]
        return [*weights.tolist(), -int(self.of_computed("bias_tie")[j])]

    def sensitivities(self) -> SensitivityMatrix:
        """Return those of the latest step, of a network that learns by rtrl."""
        return sensitivity_matrix(self._network)

    def context(self) -> dict[str, NDArray[Any]]:
        """Return states, activations and traces, by their names in a program."""
        context = {
            "activation": np.append(
                self.column("activation")[: self.neurons], self._past_activations()
            ),
            "before": self.column("old_activation")[: self.neurons],
            "state": self.of_computed("state"),
            "slope": self.of_computed("derivative"),
        }
        if self.exact:
            return context
        eligibility = np.zeros(int(self.traces[-1]))
        first_trace = self.of_computed("first_trace")
        learning = self.of_computed("learning")
        of_bias = self.of_computed("bias_eligibility")
        stored = self.column("eligibility")
        for j in np.flatnonzero(np.diff(self.traces)).tolist():
            begin = int(self.traces[j])
            end = begin + int(learning[j])
            eligibility[begin:end] = stored[
                first_trace[j] : first_trace[j] + learning[j]
            ]
            eligibility[end] = of_bias[j]
        return {
            **context,
            "eligibility": eligibility,
            "influence": self.column("influence"),
            "extended": self.column("extended"),
        }

    def _past_activations(self) -> Floats:
        """Return those that the latest step has read, frame by frame."""
        past = self.past
        if not past.size:
            return np.empty(0)
        ring = int(self.column("ring")[0])
        begin = int(self.column("ring_first")[ring])
        head = int(self.column("ring_head")[ring])
        frames = self.column("past")[begin : begin + past.size + past.width]
        frames = frames.reshape(past.frames + 1, past.width)
        return frames[head - np.arange(past.frames)].ravel()

    def nodes(self) -> Iterator[tuple[int, ...]]:
        """Yield the row of each computed neuron."""
        self_row = self.of_computed("self_row")
        none = [0] * self.computed
        runs = "run_start", "run_stop"
        ends = np.append(0, np.cumsum(self._joined))
        pairs = "influence_start", "influence_stop", "pull_start", "pull_stop"
        columns = [
            *(np.searchsorted(ends, self.of_computed(name)).tolist() for name in runs),
            *(
                none if self.exact else self.of_computed(name).tolist()
                for name in pairs
            ),
        ]
        tied = self.column("tie")[: self.connections] != 0
        for j, row in enumerate(zip(*columns, strict=True)):
            connection = int(self_row[j])
            bits = int(self.flags[j])
            bits |= FOUR if j in self.fours else 0
            bits |= BIAS_LEARNS if self.bias_learns[j] else 0
            bits |= LATE_SELF_GATER if self.late_self_gater[j] else 0
            place = 0  # that of the self-connection, if there is one
            offset = 0
            if connection >= 0:
                place = int(self.place[connection])
                offset = connection - int(self.of_computed("first_incoming")[j])
                bits |= SELF_LEARNS if self.learns[connection] else 0
                bits |= SELF_TIED if tied[connection] else 0
            yield (
                *row,
                place,
                int(self.of_computed("self_gater")[j]),
                offset,
                int(self.of_computed("learning")[j]),
                int(self.traces[j]),
                bits,
            )

    @cached_property
    def runs(self) -> list[tuple[int, ...]]:
        """The row of each run."""
        return self._runs_and_listed[0]

    @cached_property
    def listed(self) -> list[int]:
        """The sources and gaters that runs list."""
        return self._runs_and_listed[1]

    @property
    def longest_list(self) -> int:
        """The most sources without gaters that a run lists."""
        lengths = (row[1] for row in self.runs if row[6] == mark.LISTED)
        return max(lengths, default=0)

    @cached_property
    def _joined(self) -> Ints:
        """How many runs of the store each run of a program has: one, or a stretch of
        short runs with lags, which are summed together.
        """
        stretch = self.column("run_stretch").tolist()
        joined = []
        r = 0
        while r < len(stretch):
            joined.append(max(1, stretch[r]))
            r += joined[-1]
        return np.array(joined, np.int64)

    @cached_property
    def _runs_and_listed(self) -> tuple[list[tuple[int, ...]], list[int]]:
        gater = self.column("gater")
        runs = {
            name: self.column(f"run_{name}")
            for name in ("kind", "flags", "first", "length", "source", "gater", "lag")
        }
        influence = self.column("run_influence")
        first_incoming = self.column("first_incoming")
        target = self.column("target")
        lags = np.repeat(runs["lag"], runs["length"])
        covered = concat_ranges(runs["first"], runs["length"])
        place = np.zeros(self.connections, np.int64)  # of the source of each connection
        place[covered] = self.column("source")[covered] + self.past.offset(
            lags, self.neurons
        )
        listed: list[int] = []
        rows: list[tuple[int, ...]] = []
        firsts = np.cumsum(self._joined) - self._joined
        for r, joined in zip(firsts.tolist(), self._joined.tolist(), strict=True):
            run_kind, flags, first_link, _, _, gated_by, lag = (
                int(column[r]) for column in runs.values()
            )
            length = int(runs["length"][r : r + joined].sum())
            run = slice(first_link, first_link + length)
            begin = int(place[first_link])
            if joined > 1:
                run_kind = mark.LISTED
            if run_kind in (mark.LISTED, mark.PAIRED):
                begin = len(listed)
                listed += place[run].tolist()
            if run_kind == mark.PAIRED:
                gated_by = len(listed)
                listed += gater[run].tolist()
            place_among_learning = int(first_link - first_incoming[target[first_link]])
            rows.append(
                (
                    int(self.place[first_link]),
                    length,
                    begin,
                    gated_by,
                    -1 if self.exact else int(influence[r]),
                    place_among_learning,
                    run_kind,
                    flags & ~mark.DELAYED if lag else flags,
                )
            )
        return rows, listed

    def tied(self, weights: bool) -> tuple[list[tuple[int, int]], int]:
        """Return the place and the group of each tied trainable weight or bias, in the
        order in which the engine adds their updates; and the number of groups.
        """
        name = "tied" if weights else "bias_tied"
        members = []
        for row, length, group in zip(
            self.column(name).tolist(),
            self.column(f"{name}_length").tolist(),
            self.column(f"{name}_group").tolist(),
            strict=True,
        ):
            for t in range(length):
                if weights and self.learns[row + t]:
                    members.append((int(self.place[row + t]), group + t))
                if not weights:
                    members.append((row + t, group + t))
        return members, 1 + max((group for _, group in members), default=-1)
