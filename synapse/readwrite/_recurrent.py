"""Recurrent layers that runtimes compute by one operator over whole sequences: LSTM,
GRU and Elman layers.
"""

from __future__ import annotations

from itertools import permutations
from typing import NamedTuple

import numpy as np

from .._typing import Floats, Ints
from ._blocks import Block, Read, Term
from ._plan import NOW, PAST, STATE, ExportPlan


class RecurrentLayer(NamedTuple):
    """A layer that is one operator, with neurons as numbers of the plan, and
    connections as numbers of the table; -1 stands for no connection.

    Gates are input, forget, candidate and output of an LSTM, and reset, update and
    candidate of a GRU; an RNN has one sum. x are the sources, h the hidden neurons::

        LSTM  c_t = f c_{t-1} + i g,  h_t = o tanh(c_t)
        GRU   h_t = z h_{t-1} + (1 - z) g,  g = tanh(W x + b + r (R h_{t-1} + a))
        RNN   h_t = squash(W x + R h_{t-1} + b)
    """

    kind: str  # LSTM, GRU or RNN
    squash: str  # of the hidden neurons of an RNN, otherwise ""
    reads: list[Read]  # what it reads, side by side
    sources: Ints  # the neurons of these
    into: Ints  # connections, shape (gates, hidden, sources)
    recurrent: Ints  # connections, shape (gates, hidden, hidden)
    summed: Ints  # neurons whose biases it has, shape (gates, hidden)
    constants: list[tuple[int, Ints]]  # blocks of one neuron each, of which the sums
    # a of a GRU consist, and the connections from these
    passing: Ints  # connections whose weight is 1, or -1 for the complement of a gate
    hidden: int  # the block whose activations it computes
    cells: int | None  # the block whose states an LSTM has besides
    members: list[int]  # all of its blocks


def recurrent_layer(
    members: list[int], blocks: list[Block], plan: ExportPlan
) -> RecurrentLayer | None:
    """Return blocks that depend on each other as a layer; None if they are none."""
    loop = _Loop(members, blocks, plan)
    return loop.lstm() or loop.gru() or loop.elman()


def numbers_of(block: Block) -> Ints:
    """Return the numbers of the neurons of a block."""
    return np.arange(block.start, block.stop)


def outside_reads(block: Block, members: list[int]) -> tuple[list[Read], Ints]:
    """Return what a block reads of present activations of other blocks by dense
    products, and the connections, shape (targets, sources).
    """
    terms = [term for term in block.terms if is_dense_read(term, members)]
    connections = [np.zeros((block.size, 0), np.int64), *map(matrix, terms)]
    return [term.source for term in terms], np.concatenate(connections, axis=1)


def is_dense_read(term: Term, members: list[int]) -> bool:
    """Return whether a term is a dense product with present activations of blocks
    outside of a loop.
    """
    free = term.source.block not in members and term.source.when == NOW
    return free and term.form == "dense" and term.inner is None and term.outer is None


def matrix(term: Term) -> Ints:
    """Return the connections of a dense term, of shape (targets, sources)."""
    return term.weights.T


class _Loop:
    """Blocks that depend on each other from step to step."""

    def __init__(
        self, members: list[int], blocks: list[Block], plan: ExportPlan
    ) -> None:
        self.members = members
        self.blocks = blocks
        self.plan = plan
        self.sizes = [blocks[k].size for k in members]

    def lstm(self) -> RecurrentLayer | None:
        """Return the loop as an LSTM; None if it is none."""
        gates = gates_of(self.members, self.blocks)
        if gates is None or not all(self.passes(k) for k in self.members[1:]):
            return None
        a, c, _, h = self.members
        n = self.sizes[-1]
        reads, into = self.outside(a)
        return self.as_layer(
            "LSTM",
            reads,
            into.reshape(4, n, -1)[gates],
            self.recurrent(a).reshape(4, n, n)[gates],
            self.numbers(a).reshape(4, n)[gates],
            h,
            cells=c,
            passing=self.members[1:],
        )

    def gru(self) -> RecurrentLayer | None:
        """Return the loop as a GRU; None if it is none."""
        n = self.sizes[-1]
        if self.sizes != [2 * n, n, n, n]:
            return None
        gates, rest, new, h = self.members
        pieces = [
            [("logistic", 0, 2 * n)],
            [("identity", 0, n)],
            [("tanh", 0, n)],
            [("identity", 0, n)],
        ]
        if [self.blocks[k].pieces for k in self.members] != pieces:
            return None
        if not (self.passes(rest, weight=-1.0, bias=1.0) and self.passes(h)):
            return None
        constants = [
            term for term in self.blocks[new].terms if self.is_constant(term.source)
        ]
        for update, reset in ((0, n), (n, 0)):
            z = Read(NOW, gates, update, update + n)
            r = Read(NOW, gates, reset, reset + n)
            wanted = {
                (gates, "dense", Read(PAST, h, 0, n), None),
                (rest, "each", z, None),
                *(
                    (new, "dense", read, r)
                    for read in (Read(PAST, h, 0, n), *(t.source for t in constants))
                ),
                (h, "each", Read(NOW, new, 0, n), Read(NOW, rest, 0, n)),
                (h, "each", Read(STATE, h, 0, n), z),
            }
            reads, into = self.outside(gates)
            reads_of_new, into_new = self.outside(new)
            if self.terms() == wanted and reads == reads_of_new:
                order = np.r_[reset : reset + n, update : update + n]
                both = (
                    np.append(of_gates[order], of_new, axis=0)
                    for of_gates, of_new in (
                        (into, into_new),
                        (self.recurrent(gates), self.recurrent(new)),
                        (self.numbers(gates), self.numbers(new)),
                    )
                )
                into, recurrent, summed = both
                return self.as_layer(
                    "GRU",
                    reads,
                    into.reshape(3, n, -1),
                    recurrent.reshape(3, n, n),
                    summed.reshape(3, n),
                    h,
                    constants=[(t.source.block, matrix(t)[:, 0]) for t in constants],
                    passing=[rest, h],
                )
        return None

    def elman(self) -> RecurrentLayer | None:
        """Return the loop as a layer that reads a copy of its previous activations;
        None if it is none.
        """
        if len(self.members) != 2:
            return None
        copy, h = self.members
        n = self.sizes[1]
        pieces = self.blocks[h].pieces
        wanted = {
            (copy, "each", Read(PAST, h, 0, n), None),
            (h, "dense", Read(NOW, copy, 0, n), None),
        }
        if (
            self.terms() != wanted
            or not self.passes(copy)
            or self.blocks[copy].pieces[0][0] != "identity"
            or len(pieces) > 1
        ):
            return None
        reads, into = self.outside(h)
        return self.as_layer(
            "RNN",
            reads,
            into[None],
            self.recurrent(h)[None],
            self.numbers(h)[None],
            h,
            squash=pieces[0][0],
            passing=[copy],
        )

    def as_layer(
        self,
        kind: str,
        reads: list[Read],
        into: Ints,
        recurrent: Ints,
        summed: Ints,
        hidden: int,
        *,
        passing: list[int],
        cells: int | None = None,
        squash: str = "",
        constants: list[tuple[int, Ints]] | None = None,
    ) -> RecurrentLayer | None:
        """Return the layer; None if it reads nothing from outside."""
        if not reads:
            return None
        sources = [self.numbers(block)[start:stop] for _, block, start, stop in reads]
        terms = (term for k in passing for term in self.blocks[k].terms)
        return RecurrentLayer(
            kind,
            squash,
            reads,
            np.concatenate(sources),
            into,
            recurrent,
            summed,
            constants or [],
            np.concatenate([term.weights.ravel() for term in terms]),
            hidden,
            cells,
            self.members,
        )

    def numbers(self, k: int) -> Ints:
        """Return the numbers of the neurons of a block."""
        return numbers_of(self.blocks[k])

    def outside(self, k: int) -> tuple[list[Read], Ints]:
        """Return what a block reads outside of the loop, and by which connections."""
        return outside_reads(self.blocks[k], self.members)

    def terms(self) -> set[tuple[object, ...]]:
        """Return the other terms of the loop; a term of another sort is None."""
        terms: set[tuple[object, ...]] = set()
        for k in self.members:
            for term in self.blocks[k].terms:
                plain = term.inner is None and all(pick is None for pick in term.picks)
                if not is_dense_read(term, self.members):
                    terms.add((k, term.form, term.source, term.outer) if plain else ())
        return terms

    def recurrent(self, k: int) -> Ints:
        """Return the connections into a block from the previous activations of the
        loop, or from their copy.
        """
        inside = (
            t
            for t in self.blocks[k].terms
            if t.source.block in self.members and t.form == "dense"
        )
        return matrix(next(inside))

    def bias(self, k: int) -> Floats:
        """Return the biases of a block."""
        biases: Floats = self.plan.biases[self.numbers(k)]
        return biases

    def passes(self, k: int, weight: float = 1.0, bias: float = 0.0) -> bool:
        """Return whether all connections into a block have one weight, and its neurons
        one bias.
        """
        numbers = np.concatenate(
            [term.weights.ravel() for term in self.blocks[k].terms]
        )
        return bool(
            (self.plan.topology.weight[numbers] == weight).all()
            and (self.bias(k) == bias).all()
        )

    def is_constant(self, read: Read) -> bool:
        """Return whether a single neuron without incoming connections is read, whose
        activation is its bias.
        """
        block = self.blocks[read.block]
        constant = (
            read.block != 0 and not block.terms and block.pieces[0][0] == "identity"
        )
        return constant and read.when == NOW and read.stop - read.start == 1


def gates_of(members: list[int], blocks: list[Block]) -> list[int] | None:
    """Return where the first block of a loop has torch's gates of an LSTM: input,
    forget, candidate, output.

    None if the loop computes anything but c = f c + i g, h = o tanh(c), with i, f, o by
    the logistic function and g by tanh, of sums of h of the step before and of values
    known before the loop.
    """
    if len(members) != 4:
        return None
    a, c, squashed, h = members
    n = blocks[h].size
    outside = [term for term in blocks[a].terms if term.source.block not in members]
    gates = [("logistic", 0, 3 * n), ("tanh", 3 * n, 4 * n)]
    same = [("identity", 0, n)]
    if [blocks[k].pieces for k in members] != [
        gates,
        same,
        [("tanh", 0, n)],
        same,
    ] or not outside:
        return None
    terms = [(k, term) for k in members for term in blocks[k].terms]
    present = {
        (k, t.form, t.source, t.outer)
        for k, t in terms
        if not t.inner and t.picks[2] is None
    }
    gate = [Read(NOW, a, k * n, (k + 1) * n) for k in range(4)]
    for i, f, o in permutations(range(3)):
        wanted = {
            *((a, "dense", term.source, None) for term in outside),
            (a, "dense", Read(PAST, h, 0, n), None),
            (c, "each", gate[3], gate[i]),
            (c, "each", Read(STATE, c, 0, n), gate[f]),
            (squashed, "each", Read(NOW, c, 0, n), None),
            (h, "each", Read(NOW, squashed, 0, n), gate[o]),
        }
        if present == wanted and len(terms) == len(wanted):
            return [i, f, 3, o]
    return None
