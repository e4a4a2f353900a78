"""Proofs that a network remembers a cue for every length, by a box that its memory
never leaves.

After a cue, a network sees the same blank row again and again, and then a row that asks
for the answer. Its memory consists of the states and activations that the next step
reads. `remembered` looks for a box of memories around the one that the network reaches,
and for a number of steps after which a memory from the box is in the box again. Every
memory on the way must answer correctly. The lengths before the memory enters the box
are looked at one by one.

A set of memories is an affine form, c + S e + r: a center, symbols e between -1 and 1
that several numbers share, and an error up to r of each number alone. One step maps
these forms to others by the mean value theorem, with bounds of the derivatives over the
whole set. All bounds are widened by more than the rounding errors of any order of
summation and of squashes that are accurate to `ACCURACY`. They therefore hold for the
network in real numbers and for its compiled steps in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synapse import Network, Topology

from ._counters import NotProvedError

SEEN = tuple(12 * 2**k for k in range(12))
"""Blank rows after which memories are looked at, to choose a box: multiples of 12, so
that cycles of 2, 3, 4 or 6 rows look like one memory."""
WIDER = 1.5
"""Width of the box that is tried, relative to these memories."""
MARGIN = 0.02
"""What is added on each side, relative to the widest side or to 1."""
TRIED = 9
"""How many boxes are tried, each around the memories after more rows."""
LONGEST = 400
"""Most rows after which a memory from the box must be in it again."""
ROUNDING = 2.0**-50
"""Relative error of one operation; eight times what float64 has."""
UNDERFLOW = 1e-300
"""Absolute error of a sum whose terms are too small for ordinary floats."""
ACCURACY = 1e-14
"""Absolute error of a squash."""
FRESH = 16
"""Most symbols for each number of a memory until errors are put together again."""

Numbers = NDArray[np.float64]
Squash = Callable[[Any], Any]


def logistic(state: Any) -> Any:
    """1 / (1 + e^-s)."""
    return 0.5 + 0.5 * np.tanh(0.5 * state)


SQUASHES: dict[str, tuple[Squash, Squash]] = {
    "tanh": (np.tanh, lambda state: 1.0 - np.tanh(state) ** 2),
    "logistic": (logistic, lambda state: logistic(state) * logistic(-state)),
}
"""Squashes whose derivative falls with the distance from 0, and these derivatives."""


@dataclass(frozen=True)
class Forms:
    """Numbers that share symbols: for each a row of its center and its factors of the
    symbols, and an error of its own."""

    rows: Numbers
    errors: Numbers

    @property
    def centers(self) -> Numbers:
        """The middle of each number."""
        return self.rows[:, 0]

    @property
    def radii(self) -> Numbers:
        """How far each number may be from its center."""
        spread = np.abs(self.rows[:, 1:]).sum(axis=1) + self.errors
        return spread * (1.0 + ROUNDING * self.rows.shape[1])

    @classmethod
    def box(cls, centers: Numbers, radii: Numbers) -> Forms:
        """Numbers that vary on their own, each with a symbol if its radius is above
        0."""
        varied = np.diag(radii)[:, radii > 0.0]
        return cls(np.column_stack([centers, varied]), np.zeros(len(centers)))

    def with_symbols(self, kept: int) -> Forms:
        """The same set with a symbol in place of each error. If there are too many of
        them, only the first symbols are kept, and all others become one for each
        number."""
        first = self.rows[:, : 1 + kept]
        rest = self.rows[:, 1 + kept :]
        errors = self.errors
        if rest.shape[1] > FRESH * len(errors):
            errors = errors + np.abs(rest).sum(axis=1) * (1.0 + 1e-12)
            rest = rest[:, :0]
        own = np.diag(errors)[:, errors > 0.0]
        return Forms(np.column_stack([first, rest, own]), np.zeros(len(errors)))


@dataclass(frozen=True)
class Term:
    """A part of the sum of a neuron: connections with one gater, or none (-1)."""

    gater: int
    weights: Numbers
    sources: NDArray[np.int64]  # rows of the board


class Board:
    """A network neuron by neuron, whose numbers are forms.

    Its rows are the activations of this step, which at first are those of the step
    before, then those of the step before, then the states of the step before.
    """

    def __init__(self, net: Network) -> None:
        table = Topology.of(net)
        self.neurons = count = len(table.label)
        if table.delay.max(initial=0) > 1 or table.dtype != np.float64:
            raise NotProvedError("a delay of more than one step, or not float64")
        self.inputs, self.outputs = table.inputs, table.outputs
        self.squashes = ("identity",) * self.inputs + table.squash[self.inputs :]
        self.biases = table.bias
        if unknown := set(self.squashes) - {*SQUASHES, "identity"}:
            raise NotProvedError(f"no bounds of {', '.join(sorted(unknown))}")
        loops = (table.source == table.target) & (table.delay == 0)
        sources = table.source + count * (table.delay > 0) + 2 * count * loops
        self.terms: list[list[Term]] = [[] for _ in table.label]
        for target, gater in sorted({*zip(table.target, table.gater, strict=True)}):
            here = (table.target == target) & (table.gater == gater)
            term = Term(int(gater), table.weight[here], sources[here])
            self.terms[target].append(term)
        late = (table.source >= table.target) | (table.delay > 0)
        gates_late = table.gater[table.gater >= table.target]
        read = {*(count + table.source[late & ~loops]), *(count + gates_late)}
        self.memory = np.array(sorted({*read, *sources[loops]}), dtype=np.int64)
        """The rows that a step reads of the step before."""

    def reached(self, net: Network) -> Numbers:
        """The memory of a network after its latest step."""
        table = Topology.of(net)
        return np.concatenate([table.activation, table.activation, table.state])[
            self.memory
        ]

    def step(self, memory: Forms, row: Sequence[float]) -> tuple[Forms, Forms]:
        """The memory after a step on a row, and the outputs of this step."""
        count = self.neurons
        rows = np.zeros((3 * count, memory.rows.shape[1]))
        errors, sizes = np.zeros(3 * count), np.zeros(3 * count)
        largest = np.abs(memory.centers) + memory.radii
        copied = self.memory < 2 * count  # activations, which this step replaces
        for places, part in (
            (self.memory, slice(None)),
            (self.memory[copied] - count, copied),
        ):
            rows[places], errors[places] = memory.rows[part], memory.errors[part]
            sizes[places] = largest[part]
        states, state_errors = np.zeros((count, rows.shape[1])), np.zeros(count)
        for i in range(count):
            if i < self.inputs:
                total, error = np.zeros(rows.shape[1]), 0.0
                total[0] = row[i]
            else:
                total, error = self._summed(i, rows, errors, sizes)
            states[i], state_errors[i] = total, error
            rows[i], errors[i], sizes[i] = _squashed(self.squashes[i], total, error)
        after = np.concatenate([rows[:count], rows[:count], states])
        lost = np.concatenate([errors[:count], errors[:count], state_errors])
        last = slice(count - self.outputs, count)
        return (
            Forms(after[self.memory], lost[self.memory]),
            Forms(rows[last], errors[last]),
        )

    def _summed(
        self, i: int, rows: Numbers, errors: Numbers, sizes: Numbers
    ) -> tuple[Numbers, float]:
        """The state of a neuron, with its error."""
        total = np.zeros(rows.shape[1])
        total[0] = self.biases[i]
        error, size = 0.0, abs(self.biases[i])
        for term in self.terms[i]:
            absolute = np.abs(term.weights)
            part = term.weights @ rows[term.sources]
            part_size = float(absolute @ sizes[term.sources])
            lost = float(absolute @ errors[term.sources])
            lost += ROUNDING * len(absolute) * part_size
            if (g := term.gater) >= 0:
                part, lost = _product(part, lost, rows[g], errors[g])
                part_size *= sizes[g]
            total += part
            error += lost
            size += part_size
        error += ROUNDING * (1 + len(self.terms[i])) * size + UNDERFLOW
        return total, error


def _spread(row: Numbers, error: float) -> float:
    """How far a number may be from its center."""
    return float(np.abs(row[1:]).sum() + error) * (1.0 + ROUNDING * len(row))


def _product(a: Numbers, of_a: float, b: Numbers, of_b: float) -> tuple[Numbers, float]:
    """The product of two numbers, of which each has an error."""
    wide_a, wide_b = _spread(a, of_a), _spread(b, of_b)
    row = a[0] * b + b[0] * a
    row[0] = a[0] * b[0]
    error = abs(a[0]) * of_b + abs(b[0]) * of_a + wide_a * wide_b
    size = (abs(a[0]) + wide_a) * (abs(b[0]) + wide_b)
    return row, error + 4.0 * ROUNDING * size


def _squashed(squash: str, row: Numbers, error: float) -> tuple[Numbers, float, float]:
    """The activation of a neuron, with its error and its largest size."""
    wide = _spread(row, error)
    center = row[0]
    if squash == "identity":
        return row, error, abs(center) + wide
    function, derivative = SQUASHES[squash]
    ends = derivative(center - wide), derivative(center + wide)
    least, most = min(ends), max(ends)
    if abs(center) <= wide:
        most = derivative(0.0)
    slope = 0.5 * (least + most)
    squashed = slope * row
    squashed[0] = function(center)
    error = slope * error + 0.5 * (most - least) * wide
    error += ACCURACY * (1.0 + abs(center) + wide)
    return squashed, error, abs(squashed[0]) + _spread(squashed, error)


@dataclass(frozen=True)
class Task:
    """The rows of a chain: the cue, then any number of blank ones, then the question;
    and the output that must be the largest there."""

    cue: Sequence[float]
    blank: Sequence[float]
    question: Sequence[float]
    answer: int


@dataclass(frozen=True)
class Box:
    """Memories around a center, each number of which is within its radius."""

    center: Numbers
    radii: Numbers

    def holds(self, memory: Forms) -> bool:
        """Whether all memories of a set are within the box."""
        reach = np.abs(memory.centers - self.center) + memory.radii
        return bool((reach * (1.0 + 4.0 * ROUNDING) < self.radii).all())


@dataclass(frozen=True)
class Kept:
    """What has been proved."""

    enters: int
    """Blank rows after which the memory is in the box."""
    returns: int
    """Blank rows after which every memory from the box is in the box again."""
    box: Box


def remembered(net: Network, task: Task) -> Kept:
    """Prove that the answer is right after any number of blank rows.

    Raises NotProvedError where the argument does not hold.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # NaN is in no box
        return _remembered(net, task)


def _remembered(net: Network, task: Task) -> Kept:
    board = Board(net)
    memories = np.array(list(_seen(board, net, task)))
    reason = ""
    for first, rows in enumerate(SEEN[:TRIED]):
        low, high = memories[first:].min(axis=0), memories[first:].max(axis=0)
        radii = 0.5 * WIDER * (high - low)
        radii += MARGIN * min(1.0, radii.max() + MARGIN)
        box = Box(0.5 * (low + high), radii)
        try:
            inside = Forms.box(box.center, box.radii)
            returns = _rows_until(box, board, task, inside, 1, LONGEST)
            break
        except NotProvedError as error:
            reason = f"no box after {rows} rows: {error}"
    else:
        raise NotProvedError(reason)
    cleared = Forms.box(np.zeros(len(box.center)), np.zeros(len(box.center)))
    start = board.step(cleared, task.cue)[0].with_symbols(0)
    return Kept(_rows_until(box, board, task, start, 0, SEEN[-1]), returns, box)


def _seen(board: Board, net: Network, task: Task) -> Iterator[Numbers]:
    """The memory of a network after each number of blank rows in `SEEN`."""
    net.clear()
    net.activate(task.cue)
    before = 0
    for blanks in SEEN:
        net.run([task.blank] * (blanks - before), traces=False)
        yield board.reached(net)
        before = blanks
    net.clear()


def apart(net: Network, tasks: Sequence[Task]) -> float:
    """The largest difference between the memories of two tasks after the last number of
    blank rows in `SEEN`."""
    board = Board(net)
    first, second = (list(_seen(board, net, task))[-1] for task in tasks)
    return float(np.abs(first - second).max())


def _rows_until(
    box: Box, board: Board, task: Task, memory: Forms, first: int, most: int
) -> int:
    """The number of blank rows, `first` or more, after which all memories of a set are
    in the box; until then, they must answer correctly."""
    kept = memory.rows.shape[1] - 1
    for rows in range(most + 1):
        if rows >= first and box.holds(memory):
            return rows
        require_right(board, task, memory)
        memory = board.step(memory, task.blank)[0].with_symbols(kept)
    raise NotProvedError(f"not in the box after {most} rows")


def require_right(board: Board, task: Task, memory: Forms) -> None:
    """Raise NotProvedError unless every memory of a set answers correctly."""
    alone = Forms(memory.rows[:, :1], memory.radii)
    _, outputs = board.step(alone, task.question)
    lowest = outputs.centers - outputs.radii
    highest = outputs.centers + outputs.radii
    for other in range(board.outputs):
        if other != task.answer and not lowest[task.answer] > highest[other]:
            raise NotProvedError("an answer is wrong, or may be wrong")
