"""Compute blocks of neurons in PyTorch: all steps at once where nothing recurs, otherwise step by step."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from ..._typing import Bools
from ._blocks import NOW, PAST, Block, Read, Term

Tensor = Any  # torch may not be installed where types are checked
Take = Callable[[Read], Tensor]


def _found(answer: Tensor) -> bool:
    """Whether numbers are such that work can be left out; a compiled graph must not depend on them."""
    return not torch.compiler.is_compiling() and bool(answer)


class TermModule(torch.nn.Module):  # type: ignore[misc]  # torch need not be installed
    """The connections of a term. Its index tensors move to a device with it; they are not in a state dict."""

    def __init__(self, term: Term, size: int, fixed: Bools) -> None:
        super().__init__()
        self.form, self.source, self.inner, self.outer = term.form, term.source, term.inner, term.outer
        self.fixed = bool(fixed[term.weights].all()) and term.form == "each"
        self.padding = (term.first, size - term.stop) if term.stop - term.first < size else None
        self.shape = term.weights.shape
        flat = term.weights.T.reshape(-1)
        in_order = flat[0] >= 0 and np.array_equal(flat, flat[0] + np.arange(len(flat)))
        self.stretch = int(flat[0]) if in_order else None
        names = ("picked", "targets", "gaters")
        arrays = dict(zip(names, (*term.picks, None, None), strict=False))
        places = np.where(term.weights < 0, len(fixed), term.weights).reshape(-1)
        arrays["weights"] = None if in_order else places
        for name, array in arrays.items():
            self.register_buffer(name, None if array is None else torch.tensor(array), persistent=False)
        self.width, self.picks = term.stop - term.first, term.picks[0] is not None

    def number(self, weight: Tensor) -> Tensor:
        """Gather its weights from all, which end with a 0; None if all of them are 1 and stay so."""
        if self.stretch is not None:
            own = weight[self.stretch : self.stretch + math.prod(self.shape)].view(self.shape[::-1])
            own = own.T if len(self.shape) == 2 else own
        else:
            own = weight.index_select(0, self.weights).view(self.shape)
        return None if self.fixed and _found((own == 1).all()) else own

    def pad(self, values: Tensor) -> Tensor:
        """Extend sums of some neurons to all neurons of the block, by zeros."""
        return values if self.padding is None else torch.nn.functional.pad(values, self.padding)

    def gate(self, values: Tensor) -> Tensor:
        """The gains of each source or of each sum, from those of the neurons that are read."""
        return values.index_select(1, self.picked) if self.picks else values

    def add_to(self, sums: Tensor | None, take: Take, number: Tensor) -> Tensor:
        """Add what its sources contribute, before the gates of the sums."""
        values = take(self.source)
        if self.form == "dense":
            if self.inner is not None:
                values = values * self.gate(take(self.inner))
            if sums is not None:
                return torch.addmm(sums, values, number)
            values = values @ number
        elif self.form == "each":
            values = values if number is None else values * number
        else:
            values = values.index_select(1, self.picked) * number
            if self.inner is not None:
                values = values * take(self.inner).index_select(1, self.gaters)
            values = values.new_zeros(len(values), self.width).index_add(1, self.targets, values)
        if self.outer is None:
            values = self.pad(values)
        return values if sums is None else sums + values


class BlockModule(torch.nn.Module):  # type: ignore[misc]  # torch need not be installed
    """A block: its neurons, and its terms by the gates of their sums."""

    def __init__(self, block: Block, fixed: Bools, biased: Bools, function: Callable[[str], Any]) -> None:
        super().__init__()
        self.biased = bool(biased[block.neurons].any())
        self.size, self.pieces = len(block.neurons), block.pieces
        self.functions = [function(name) for name, _, _ in self.pieces]
        self.sizes = [b - a for _, a, b in self.pieces]
        self.register_buffer("neurons", torch.tensor(block.neurons), persistent=False)
        groups = defaultdict(list)
        for term in block.terms:
            picked = term.picks[0]
            key = (term.outer, term.first, term.stop, None if picked is None else picked.tobytes())
            groups[key if term.outer else None].append(TermModule(term, self.size, fixed))
        self.plain = torch.nn.ModuleList(groups.pop(None, []))
        self.gated = torch.nn.ModuleList(torch.nn.ModuleList(terms) for terms in groups.values())

    def numbers(self, weight: Tensor) -> dict[TermModule, Tensor]:
        """Gather the weights of all terms."""
        return {term: term.number(weight) for terms in (self.plain, *self.gated) for term in terms}

    def split(self, known: Callable[[Read | None], bool]) -> Split:
        """Divide the terms into those whose sources and inner gaters are known before, and the others."""

        def divided(terms: Any) -> tuple[list[TermModule], list[TermModule]]:
            before = [term for term in terms if known(term.source) and known(term.inner)]
            return before, [term for term in terms if term not in before]

        return Split(*divided(self.plain), [divided(terms) for terms in self.gated])

    def cut_at(self, places: Sequence[int]) -> None:
        """Say where its activations are cut, so that what is read need not be copied."""
        self.units = []
        for _, a, b in self.pieces:
            inside = [a, *(place for place in places if a < place < b), b]
            self.units.append(np.diff(inside).tolist())
        self.bounds = np.cumsum([0, *(size for sizes in self.units for size in sizes)]).tolist()

    def fire(self, states: Tensor) -> list[Tensor]:
        """The activations of its pieces."""
        parts = states.split_with_sizes(self.sizes, 1) if len(self.sizes) > 1 else [states]
        return [function(part) for function, part in zip(self.functions, parts, strict=True)]

    def place_of(self, read: Read) -> tuple[int, int]:
        """Where its units are that are read, or its states."""
        if read.kind > PAST:
            return read.first, read.stop
        return self.bounds.index(read.first), self.bounds.index(read.stop)

    def divided_whole(self, values: Tensor) -> list[Tensor]:
        """Activations of all neurons in units."""
        sizes = np.diff(self.bounds).tolist()
        return [values] if len(sizes) == 1 else list(values.split(sizes, 1))

    def divided(self, fired: list[Tensor]) -> list[Tensor]:
        """The activations of its pieces, cut into units."""
        units: list[Tensor] = []
        for tensor, sizes in zip(fired, self.units, strict=True):
            units += [tensor] if len(sizes) == 1 else tensor.split_with_sizes(sizes, 1)
        return units


class Split(NamedTuple):
    """The terms of a block whose values are known for all steps, and the others; the gated ones by gate."""

    before: list[TermModule]
    later: list[TermModule]
    gated: list[tuple[list[TermModule], list[TermModule]]]


def summed(terms: Sequence[TermModule], sums: Tensor | None, take: Take, numbers: Any) -> Any:
    """Add what terms contribute to some sums, if there are any yet."""
    for term in terms:
        sums = term.add_to(sums, take, numbers[term])
    return sums


def gated(states: Tensor | None, sums: Tensor, term: TermModule, take: Take) -> Tensor:
    """Add sums times the gains of a term's gates."""
    assert term.outer is not None
    gains = term.gate(take(term.outer))
    if term.padding is not None:
        sums = term.pad(sums * gains)
        return sums if states is None else states + sums
    return sums * gains if states is None else torch.addcmul(states, sums, gains)


class Unrolling:
    """The values of all blocks through one sequence, or several of one length.

    Values of all steps have shape (steps * sequences, neurons of the block), step by step.
    """

    def __init__(self, steps: int, inputs: Tensor, start: list[tuple[Tensor, Tensor]]) -> None:
        self.steps, self.start = steps, start
        self.values: dict[int, Tensor] = {0: inputs}
        sequences = len(inputs) // steps
        self.last_values = [inputs[len(inputs) - sequences :]] * len(start)
        self.last_states = [states for _, states in start]
        self._shifted: dict[int, Tensor] = {}
        self._sliced: dict[Read, Any] = {}

    def take(self, read: Read) -> Tensor:
        """Values of all steps, of blocks that have been computed."""
        whole = self.values[read.block] if read.kind == NOW else self._past(read.block)
        return whole if read.stop - read.first == whole.shape[1] else whole[:, read.first : read.stop]

    def _past(self, block: int) -> Tensor:
        if block not in self._shifted:
            begin, values = self.start[block][0], self.values[block]
            self._shifted[block] = torch.cat([begin, values[: len(values) - len(begin)]])
        return self._shifted[block]

    def rows(self, read: Read) -> Any:
        """The values that are read, step by step."""
        if read not in self._sliced:
            self._sliced[read] = self.by_step(self.take(read))
        return self._sliced[read]

    def by_step(self, values: Tensor) -> Any:
        """Values of all steps, step by step."""
        return values.view(self.steps, -1, values.shape[1]).unbind(0)

    def at_once(self, number: int, block: BlockModule, bias: Tensor, numbers: Any) -> None:
        """Compute a block that does not depend on itself, for all steps."""
        rows = len(self.values[0])
        states = summed(block.plain, bias.expand(rows, -1), self.take, numbers)
        for terms in block.gated:
            states = gated(states, summed(terms, None, self.take, numbers), terms[0], self.take)
        fired = block.fire(states)
        self.values[number] = fired[0] if len(fired) == 1 else torch.cat(fired, 1)
        last = rows - rows // self.steps
        self.last_values[number], self.last_states[number] = self.values[number][last:], states[last:]

    def step_by_step(self, loop: Recurrence, blocks: Any, bias: dict[int, Tensor], numbers: Any) -> None:
        """Compute the blocks of a loop, each step from the one before."""
        known = {k: self._before(blocks[k], loop.splits[k], bias[k], numbers) for k in loop.members}
        units = {k: blocks[k].divided_whole(self.start[k][0]) for k in loop.members}
        states = {k: self.start[k][1] for k in loop.members}
        fired: dict[int, list[list[Tensor]]] = {k: [] for k in loop.read_later}
        past, past_states = units, states

        def take(read: Read) -> Tensor:
            place = loop.places.get(read)
            if place is None:
                return self.rows(read)[t]
            a, b = place
            if read.kind > PAST:
                own = past_states[read.block]
                return own if b - a == own.shape[1] else own[:, a:b]
            found = (units if read.kind == NOW else past)[read.block]
            return found[a] if b == a + 1 else torch.cat(found[a:b], 1)

        work = [(k, blocks[k], loop.splits[k], *known[k]) for k in loop.members]
        for t in range(self.steps):
            past, past_states, units, states = units, states, {}, {}
            for k, block, split, base, sums in work:
                own = summed(split.later, None if base is None else base[t], take, numbers)
                for (before, later), part in zip(split.gated, sums, strict=True):
                    part = summed(later, None if part is None else part[t], take, numbers)
                    own = gated(own, part, (before or later)[0], take)
                states[k], pieces = own, block.fire(own)
                units[k] = block.divided(pieces)
                if k in fired:
                    fired[k].append(pieces)
        for k in loop.members:
            self.last_values[k], self.last_states[k] = torch.cat(units[k], 1), states[k]
        for k, column_of in fired.items():
            pieces = [torch.stack(column).flatten(0, 1) for column in zip(*column_of, strict=True)]
            self.values[k] = pieces[0] if len(pieces) == 1 else torch.cat(pieces, 1)

    def _before(self, block: BlockModule, split: Split, bias: Tensor, numbers: Any) -> tuple[Any, list[Any]]:
        """What is known of the sums of a block before its loop runs, step by step; None: nothing."""
        rows = len(self.values[0])
        begins = bool(split.before) or not (split.later or split.gated)
        begins = begins or block.biased or not _found((bias == 0).all())
        base = summed(split.before, bias.expand(rows, -1) if split.before else bias[None], self.take, numbers)
        known = self.by_step(base) if split.before else [base.expand(rows // self.steps, -1)] * self.steps
        sums = [summed(before, None, self.take, numbers) for before, _ in split.gated]
        return known if begins else None, [None if part is None else self.by_step(part) for part in sums]


class Recurrence:
    """Blocks that depend on each other from step to step."""

    def __init__(self, members: list[int], blocks: list[Block], modules: Any, answering: list[int]) -> None:
        self.members = members
        others = (block for k, block in enumerate(blocks) if k not in members)
        read = {read.block for block in others for read in block.reads()}
        self.read_later = [k for k in members if k in read or k in answering]
        reads = {read for k in members for read in blocks[k].reads() if read.block in members}
        for k in members:
            modules[k].cut_at(
                sorted({end for read in reads if read.block == k and read.kind <= PAST for end in read[2:]})
            )
        self.places = {read: modules[read.block].place_of(read) for read in reads}
        known = lambda read: read is None or read.block not in members  # noqa: E731
        self.splits = {k: modules[k].split(known) for k in members}
