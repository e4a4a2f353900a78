"""Recurrent layers that runtimes compute by one operator over whole sequences: LSTM,
GRU and Elman layers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .._typing import Floats, Ints
from ..squashes import ACTIVATIONS
from ._blocks import Block, Read, Term, blocks_of, components_of, gates_of
from ._plan import NOW, PAST, STATE, ExportPlan

ELMAN = ("Relu", "Sigmoid", "Tanh")
"""Activations of ONNX that every runtime has in an RNN."""


class RecurrentLayer(NamedTuple):
    """A layer as an operator of ONNX, with neurons as numbers of the plan.

    `weights` are W, R and B of the operator without their first axis, with gates in its
    order.
    """

    operator: str  # LSTM, GRU or RNN
    attributes: dict[str, object]
    sources: Ints  # neurons that it reads
    weights: tuple[Floats, Floats, Floats]
    hidden: Ints  # neurons whose activations it computes
    cells: Ints  # neurons whose states an LSTM has besides
    neurons: Ints  # all of its neurons


def recurrent_layers(plan: ExportPlan) -> list[RecurrentLayer] | None:
    """Return the recurrent layers of a plan; None if it has other recurrence."""
    blocks = blocks_of(plan)
    layers = []
    for members, recurs in components_of(blocks):
        if recurs:
            loop = _Loop(members, blocks, plan)
            layer = loop.lstm() or loop.gru() or loop.elman()
            if layer is None:
                return None
            layers.append(layer)
    return layers


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
        i, f, g, o = gates
        n = self.sizes[-1]
        order = np.concatenate([np.arange(k * n, (k + 1) * n) for k in (i, o, f, g)])
        into, sources = self.outside(a)
        bias = np.append(self.bias(a)[order], np.zeros(4 * n))
        weights = into[order], self.recurrent(a)[order], bias
        return self.as_layer("LSTM", sources, weights, h, self.numbers(c))

    def gru(self) -> RecurrentLayer | None:
        """Return the loop as a GRU, h = z h + (1 - z) tanh(W x + r (R h + b)); None if
        it is none.
        """
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
            into, sources = self.outside(gates)
            into_new, others = self.outside(new)
            if self.terms() == wanted and np.array_equal(sources, others):
                order = np.r_[update : update + n, reset : reset + n]
                constant = (
                    (self.matrix(t)[:, 0], self.bias(t.source.block)) for t in constants
                )
                inner = sum(
                    (column * biases[0] for column, biases in constant), np.zeros(n)
                )
                bias = [self.bias(gates)[order], self.bias(new), np.zeros(2 * n), inner]
                recurrent = np.append(
                    self.recurrent(gates)[order], self.recurrent(new), axis=0
                )
                weights = (
                    np.append(into[order], into_new, axis=0),
                    recurrent,
                    np.concatenate(bias),
                )
                return self.as_layer("GRU", sources, weights, h, linear_before_reset=1)
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
        squash = ACTIVATIONS.get(pieces[0][0])
        wanted = {
            (copy, "each", Read(PAST, h, 0, n), None),
            (h, "dense", Read(NOW, copy, 0, n), None),
        }
        if (
            self.terms() != wanted
            or not self.passes(copy)
            or self.blocks[copy].pieces[0][0] != "identity"
        ):
            return None
        if len(pieces) > 1 or squash is None or squash.onnx not in ELMAN:
            return None
        into, sources = self.outside(h)
        weights = into, self.recurrent(h), np.append(self.bias(h), np.zeros(n))
        return self.as_layer("RNN", sources, weights, h, activations=[squash.onnx])

    def as_layer(
        self,
        operator: str,
        sources: Ints,
        weights: tuple[Floats, Floats, Floats],
        h: int,
        cells: Ints | None = None,
        **attributes: object,
    ) -> RecurrentLayer | None:
        """Return the layer whose hidden neurons are a block; None if it reads nothing
        from outside.
        """
        neurons = np.concatenate([self.numbers(k) for k in self.members])
        hidden = self.numbers(h)
        cells = hidden[:0] if cells is None else cells
        attributes["hidden_size"] = len(hidden)
        layer = RecurrentLayer(
            operator, attributes, sources, weights, hidden, cells, neurons
        )
        return layer if len(sources) else None

    def numbers(self, k: int) -> Ints:
        """Return the numbers of the neurons of a block."""
        return np.arange(self.blocks[k].start, self.blocks[k].stop)

    def is_outside(self, term: Term) -> bool:
        """Return whether a term is a dense product with present activations of other
        blocks.
        """
        free = (
            term.source.block not in self.members
            and term.source.when == NOW
            and term.form == "dense"
        )
        return free and term.inner is None and term.outer is None

    def outside(self, k: int) -> tuple[Floats, Ints]:
        """Return the weights of a block from neurons outside of the loop, and these
        neurons.
        """
        terms = [term for term in self.blocks[k].terms if self.is_outside(term)]
        reads = [
            self.numbers(t.source.block)[t.source.start : t.source.stop] for t in terms
        ]
        size = self.blocks[k].size
        weights = np.concatenate(
            [np.zeros((size, 0)), *map(self.matrix, terms)], axis=1
        )
        return weights, np.concatenate([np.zeros(0, np.int64), *reads])

    def terms(self) -> set[tuple[object, ...]]:
        """Return the other terms of the loop; a term of another sort is None."""
        terms: set[tuple[object, ...]] = set()
        for k in self.members:
            for term in self.blocks[k].terms:
                plain = term.inner is None and all(pick is None for pick in term.picks)
                if not self.is_outside(term):
                    terms.add((k, term.form, term.source, term.outer) if plain else ())
        return terms

    def matrix(self, term: Term) -> Floats:
        """Return the weights of a dense term, of shape (targets, sources)."""
        return np.append(self.plan.topology.weight, 0.0)[term.weights].T

    def recurrent(self, k: int) -> Floats:
        """Return the weights of a block from the previous activations of the loop, or
        from their copy.
        """
        inside = (
            t
            for t in self.blocks[k].terms
            if t.source.block in self.members and t.form == "dense"
        )
        return self.matrix(next(inside))

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
