"""Define the grammar, its strings, and the task to predict their next symbols."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from .._checks import (
    MAX_SEQUENCES,
    choice,
    positive_integer,
    require,
    suggests_arguments,
    text,
)
from .._initializer import Seed, random_generator
from ._samples import Ranked, SampleBatch
from ._task import Criterion, Task

SYMBOLS = "BTPSXVE"
"""The seven symbols, in the order of inputs and outputs."""

ARCS = {
    0: {"B": 1},
    1: {"T": 2, "P": 3},
    2: {"S": 2, "X": 4},
    3: {"T": 3, "V": 5},
    4: {"S": 6, "X": 3},
    5: {"V": 6, "P": 4},
    6: {"E": 7},
}
"""The grammar, as the next node by symbol for each node. Walks start at node 0 and end
at node 7."""

OUTER = "TP"
NEXT = "next"
LEGAL = "legal"
TARGETS = (NEXT, LEGAL)


@suggests_arguments()
def strings(count: int, seed: Seed = None) -> list[str]:
    """Generate `count` embedded Reber strings, independent of each other."""
    rng = random_generator(seed)
    count = positive_integer("count", count, MAX_SEQUENCES)
    symbols, _, lengths = walk(count, rng)
    text = "".join(map(SYMBOLS.__getitem__, symbols))
    return [text[a:b] for a, b in pairwise([0, *np.cumsum(lengths).tolist()])]


class Walk(NamedTuple):
    """Random strings, one after the other, with their symbols, the nodes after them,
    and the length of each string.
    """

    symbols: list[int]
    nodes: list[int]
    lengths: list[int]


def _embedded() -> list[list[tuple[int, int]]]:
    """Return the arcs of the embedded grammar, as (symbol, next node) by node, with one
    graph for each outer letter.
    """
    number = SYMBOLS.index
    inner = len(ARCS)

    # Node 0 starts with B; node 1 forks to one inner graph for each letter.
    nodes: list[list[tuple[int, int]]] = [[(number("B"), 1)], []]
    for letter in OUTER:
        start = len(nodes)
        nodes[1].append((number(letter), start))
        nodes += [
            [(number(symbol), start + node) for symbol, node in arcs.items()]
            for arcs in ARCS.values()
        ]
        # After the inner string: the same letter again, then E.
        nodes.append([(number(letter), start + inner + 1)])
        nodes.append([(number("E"), 0)])
    return nodes


NODES = _embedded()
FOLLOWING = [{SYMBOLS[symbol]: node for symbol, node in arcs} for arcs in NODES]
LEGAL_AFTER = list(map("".join, FOLLOWING))
ALLOWED = np.array(
    [[symbol in dict(arcs) for symbol in range(len(SYMBOLS))] for arcs in NODES]
)


def walk(count: int, rng: np.random.Generator) -> Walk:
    """Walk along the arcs. Every fork draws one random number, in the order of the
    symbols.
    """
    walked = Walk([], [], [])
    for _ in range(count):
        node = 0
        start = len(walked.symbols)
        while node or len(walked.symbols) == start:  # a string ends at node 0 again
            arcs = NODES[node]
            symbol, node = arcs[len(arcs) == 2 and rng.random() >= 0.5]
            walked.symbols.append(symbol)
            walked.nodes.append(node)
        walked.lengths.append(len(walked.symbols) - start)
    return walked


@suggests_arguments()
def legal(string: str) -> list[str]:
    """List the symbols that can come next, after each symbol but the last.

    Parameters
    ----------
    string : str
        An embedded Reber string.

    Returns
    -------
    list of str
        One entry per step. The number of steps is the length of the string minus 1.

    Raises
    ------
    ArgumentError
        If the grammar does not generate this string.

    Examples
    --------
    >>> legal("BTBTXSETE")
    ['TP', 'B', 'TP', 'SX', 'SX', 'E', 'T', 'E']
    """
    nodes = list[int]()
    following = FOLLOWING[0]
    for symbol in text("An embedded Reber string", string):
        if symbol not in following:
            break
        nodes.append(following[symbol])
        following = FOLLOWING[nodes[-1]]
    require(
        0 in nodes and nodes.index(0) == len(string) - 1,
        "An embedded Reber string",
        "B, T or P, a Reber string, that letter again, E",
        string,
    )
    return [LEGAL_AFTER[node] for node in nodes[:-1]]


@suggests_arguments("task")
@dataclass(frozen=True)
class EmbeddedReber(Task):
    """Embedded Reber grammar: predict the symbols that can come next.

    Strings are described at :mod:`synapse.tasks.reber`. To predict the last symbol but
    one, a network must store one bit during the whole inner string.

    As in Hochreiter and Schmidhuber 1997, experiment 1, a string is right if, at every
    step, all possible next symbols have higher outputs than all others. In the paper,
    256 training and 256 test strings were drawn once, and both had to be right, whereas
    here, the test has 512 fresh strings.

    Parameters
    ----------
    targets : {"next", "legal"}
        Whether the targets of a step are the next symbol of the string, one-hot, as in
        the paper, or all symbols that can come next.

    Examples
    --------
    >>> task = EmbeddedReber()
    >>> sample = task.sample(0)
    >>> sample.inputs.shape, sample.right(1.0 * sample.allowed)
    ((16, 7), True)
    """

    targets: Annotated[str, partial(choice, options=TARGETS)] = NEXT

    inputs: ClassVar[int] = len(SYMBOLS)
    """Number of inputs, one per symbol in ``synapse.tasks.reber.SYMBOLS``."""
    outputs: ClassVar[int] = len(SYMBOLS)
    criterion: ClassVar[Criterion] = Criterion(512)
    """All of 512 fresh strings are right."""
    paper: ClassVar[str] = (
        "Hochreiter and Schmidhuber, Neural Computation 9 (1997), experiment 1."
    )

    def _draw(self, count: int, rng: np.random.Generator) -> SampleBatch:
        one_hot = np.eye(len(SYMBOLS))
        symbols, nodes, lengths = map(np.array, walk(count, rng))

        # Inputs are all symbols but the last of a string, targets all but its first.
        last = np.cumsum(lengths) - 1
        inputs = one_hot[np.delete(symbols, last)]
        following = np.delete(symbols, np.r_[0, last[:-1] + 1])
        allowed = ALLOWED[np.delete(nodes, last)]
        targets = allowed.astype(np.float64)
        if self.targets == NEXT:
            targets = one_hot[following]
        return SampleBatch(inputs, targets, lengths - 1, Ranked(), allowed)
