"""Find layers that runtimes compute by one operator, which are dense layers, and LSTM,
GRU and Elman layers over whole sequences.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import NamedTuple

import numpy as np

from .._typing import Ints
from ._blocks import INPUT, Block, Read, Term
from ._plan import LATE, NOW, PAST, STATE, ExportPlan


class OperatorLayer(NamedTuple):
    """A layer that one operator computes. Neurons are numbered as in the plan, and
    connections as in the table, with -1 for a missing connection.

    The gates of an LSTM are input, forget, candidate and output, and those of a GRU are
    reset, update and candidate. Other layers have one sum. x are the sources, h the
    hidden neurons::

        Linear  s_t = W x + b, the states of the hidden neurons
        RNN     h_t = squash(W x + R h_{t-1} + b)
        LSTM    c_t = f c_{t-1} + i g,  h_t = o tanh(c_t)
        GRU     h_t = z h_{t-1} + (1 - z) g,  g = tanh(W x + b + r (R h_{t-1} + a))
    """

    kind: str  # Linear, LSTM, GRU or RNN
    squash: str  # of the hidden neurons of an RNN
    reads: list[Read]  # what it reads, side by side
    sources: Ints  # the neurons of these
    into: Ints  # connections, shape (gates, hidden, sources)
    recurrent: Ints  # connections, shape (gates, hidden, hidden), or 0 of a Linear
    summed: Ints  # neurons whose biases it has, shape (gates, hidden)
    constants: list[tuple[int, Ints]]  # blocks of one neuron each, of which the sums
    # a of a GRU consist, and the connections from these
    passing: Ints  # connections whose weight is 1, or -1 for the complement of a gate
    hidden: int  # the block whose activations it computes
    cells: int | None  # the block whose states an LSTM has besides
    members: list[int]  # all of its blocks


Terms = dict[tuple[int, Read, Read | None], str]


class LayerPattern(NamedTuple):
    """A kind of layer described by its blocks. It contains their squashes, the forms of
    the terms by block, source and gate of the sums, the positions of the gates within
    blocks, and the weight and the bias of blocks that have no other terms. In addition,
    gates read outside neurons.
    """

    kind: str
    pieces: list[list[tuple[str, int, int]]]
    terms: Terms
    gates: list[tuple[int, int]]
    passing: dict[int, tuple[float, float]]


def layer_of(
    members: list[int], recurs: bool, blocks: list[Block], plan: ExportPlan
) -> OperatorLayer | None:
    """Return a component of blocks as a layer, or None if it is not a layer, or if
    neurons other than its hidden ones are read.
    """
    inside = members[:-1]
    read = {
        r.block for k, b in enumerate(blocks) if k not in members for r in b.reads()
    }
    first_output = plan.neurons - plan.topology.outputs
    if any(k in read or blocks[k].stop > first_output for k in inside):
        return None
    patterns = _patterns(members, recurs, blocks)
    return next(
        (
            _layer(each, members, blocks)
            for each in patterns
            if _fits(each, members, blocks, plan)
        ),
        None,
    )


def _patterns(
    members: list[int], recurs: bool, blocks: list[Block]
) -> Iterator[LayerPattern]:
    """Yield the possible patterns for this number of blocks."""
    h = members[-1]
    n = blocks[h].size
    own = blocks[h].pieces
    same = [("identity", 0, n)]
    terms: Terms
    past = Read(PAST, h, 0, n)
    whole = [Read(NOW, k, 0, n) for k in members]
    if not recurs:
        yield LayerPattern("Linear", [own], {}, [(h, 0)], {})
    elif len(members) == 1:
        terms = {(h, past._replace(when=LATE), None): "dense"}
        yield LayerPattern("RNN", [own[:1]], terms, [(h, 0)], {})
    elif len(members) == 2:
        copy = members[0]
        terms = {(copy, past, None): "each", (h, whole[0], None): "dense"}
        yield LayerPattern("RNN", [same, own[:1]], terms, [(h, 0)], {copy: (1.0, 0.0)})
    elif len(members) == 4:
        a, c, new, _ = members
        gate = [Read(NOW, a, k * n, (k + 1) * n) for k in range(4)]
        pieces = [
            [("logistic", 0, 3 * n), ("tanh", 3 * n, 4 * n)],
            *(same, [("tanh", 0, n)], same),
        ]
        passing = dict.fromkeys(members[1:], (1.0, 0.0))
        for i, f, o in permutations(range(3)):
            terms = {
                (a, past, None): "dense",
                (c, gate[3], gate[i]): "each",
                (c, Read(STATE, c, 0, n), gate[f]): "each",
                (new, whole[1], None): "each",
                (h, whole[2], gate[o]): "each",
            }
            gates = [(a, i), (a, f), (a, 3), (a, o)]
            yield LayerPattern("LSTM", pieces, terms, gates, passing)
        rest = c
        pieces = [[("logistic", 0, 2 * n)], *pieces[1:]]
        within = [past, *(term.source for term in _constants(blocks[new], blocks))]
        for update, reset in permutations(range(2)):
            terms = {
                (a, past, None): "dense",
                (rest, gate[update], None): "each",
                **{(new, each, gate[reset]): "dense" for each in within},
                (h, whole[2], whole[1]): "each",
                (h, Read(STATE, h, 0, n), gate[update]): "each",
            }
            gates = [(a, reset), (a, update), (new, 0)]
            passing = {rest: (-1.0, 1.0), h: (1.0, 0.0)}
            yield LayerPattern("GRU", pieces, terms, gates, passing)


def _fits(
    pattern: LayerPattern, members: list[int], blocks: list[Block], plan: ExportPlan
) -> bool:
    """Return whether blocks have the squashes, the terms, and the fixed weights and
    biases of a pattern, and all gates read the same outside.
    """
    gates = {k for k, _ in pattern.gates}
    reads = [[term.source for term in _outside(blocks[k], members)] for k in gates]
    inner = {
        (k, term.source, term.outer): term
        for k in members
        for term in blocks[k].terms
        if not (k in gates and _is_outside(term, members))
    }
    return (
        [blocks[k].pieces for k in members] == pattern.pieces
        and bool(reads[0])
        and all(each == reads[0] for each in reads)
        and inner.keys() == pattern.terms.keys()
        and all(_is(term, pattern.terms[key]) for key, term in inner.items())
        and all(
            (plan.topology.weight[_incoming(blocks[k])] == weight).all()
            and (plan.biases[blocks[k].numbers] == bias).all()
            for k, (weight, bias) in pattern.passing.items()
        )
    )


def _layer(
    pattern: LayerPattern, members: list[int], blocks: list[Block]
) -> OperatorLayer:
    """Return the layer of blocks that fit a pattern."""
    h = members[-1]
    n = blocks[h].size
    gates = []
    for k, place in pattern.gates:
        block = blocks[k]
        inside = [t for t in block.terms if t.source.block in members]
        columns = (
            _matrix(_outside(block, members), block),
            _matrix(inside, block),
            block.numbers,
        )
        gates.append([column[place * n : (place + 1) * n] for column in columns])
    into, recurrent, summed = map(np.array, zip(*gates, strict=True))
    reads = [term.source for term in _outside(blocks[pattern.gates[0][0]], members)]
    new = blocks[pattern.gates[-1][0]]
    constants = _constants(new, blocks) if pattern.kind == "GRU" else []
    passing = [_incoming(blocks[k]) for k in pattern.passing]
    return OperatorLayer(
        pattern.kind,
        pattern.pieces[-1][0][0],
        reads,
        np.concatenate([blocks[k].numbers[low:high] for _, k, low, high in reads]),
        into,
        recurrent,
        summed,
        [(term.source.block, _matrix([term], new)[:, 0]) for term in constants],
        np.concatenate([np.zeros(0, np.int64), *passing]),
        h,
        members[1] if pattern.kind == "LSTM" else None,
        members,
    )


def _is(term: Term, form: str) -> bool:
    """Return whether a term without a gate for each source has a form. A single
    connection has both.
    """
    plain = term.inner is None and all(pick is None for pick in term.picks)
    return plain and (term.form == form or term.weights.size == 1)


def _is_outside(term: Term, members: list[int]) -> bool:
    """Return whether a term is a dense product with present activations of blocks
    outside a component.
    """
    free = term.source.block not in members and term.source.when == NOW
    return free and term.outer is None and _is(term, "dense")


def _outside(block: Block, members: list[int]) -> list[Term]:
    return [term for term in block.terms if _is_outside(term, members)]


def _incoming(block: Block) -> Ints:
    """Return the connections into a block."""
    return np.concatenate([term.weights.ravel() for term in block.terms])


def _matrix(terms: list[Term], block: Block) -> Ints:
    """Return the connections of dense terms, shape (neurons of the block, sources)."""
    columns = [np.zeros((block.size, 0), np.int64)]
    for term in terms:
        width = term.source.stop - term.source.start
        columns.append(np.full((block.size, width), -1))
        columns[-1][term.start : term.stop] = term.weights.reshape(width, -1).T
    return np.concatenate(columns, axis=1)


def _constants(block: Block, blocks: list[Block]) -> list[Term]:
    """Return gated terms of single neurons without incoming connections, whose
    activation is their bias.
    """
    return [
        term
        for term in block.terms
        if term.outer is not None
        and term.source.when == NOW
        and term.source.block != INPUT
        and not blocks[term.source.block].terms
        and blocks[term.source.block].pieces[0][0] == "identity"
        and term.source.stop - term.source.start == 1
    ]
