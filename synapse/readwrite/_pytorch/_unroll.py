"""Compute blocks of neurons in PyTorch, for all steps at once outside recurrences, and
otherwise step by step.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from operator import getitem, itemgetter
from typing import Any

import numpy as np
import torch

from ..._typing import Bools, Ints
from .._blocks import Block, Read, Term
from .._plan import NOW, PAST
from ._parts import ONE, ModulePart

Tensor = Any  # torch may not be installed where types are checked


def _found(answer: Tensor) -> bool:
    """Return whether the values of numbers allow work to be left out. A compiled graph
    must not depend on them.
    """
    return not torch.compiler.is_compiling() and bool(answer)


# Torch need not be installed where types are checked.
class TermModule(torch.nn.Module):  # type: ignore[misc]
    """The connections of a term. Its index tensors move to a device with it, but are
    not in a state dict.
    """

    def __init__(self, term: Term, size: int, fixed: Bools, place: Ints) -> None:
        super().__init__()
        self.repeats = 1
        if _is_repeated(term):  # as peepholes to several gates: mostly 0 as a matrix
            self.repeats = size // len(term.weights)
            term = replace(term, form="each", weights=term.weights.max(0))
        self.form = term.form
        self.source = term.source
        self.inner = term.inner
        self.outer = term.outer
        self.fixed = bool(fixed[term.weights].all()) and term.form == "each"
        self.padding = (
            (term.start, size - term.stop) if term.stop - term.start < size else None
        )
        self.shape = term.weights.shape
        flat = place[term.weights.T.reshape(-1)]
        in_order = np.array_equal(flat, flat[0] + np.arange(len(flat)))
        self.stretch = int(flat[0]) if in_order else None
        self.ones = bool((flat == ONE).all()) and term.form == "each"
        places = place[term.weights.reshape(-1)]
        arrays = (*term.picks, None if in_order else places)
        for name, array in zip(
            ("sources", "targets", "gaters", "weights"), arrays, strict=True
        ):
            self.register_buffer(
                name, None if array is None else torch.tensor(array), persistent=False
            )
        self.width = term.stop - term.start
        self.is_matrix = term.form == "dense" or math.prod(self.shape) == 1

    def number(self, weight: Tensor) -> Tensor:
        """Gather the term's weights from the vector of all numbers, or return None if
        all of them are 1 and stay constant.
        """
        if self.ones:
            return None
        if self.stretch is not None:
            weights = weight[self.stretch : self.stretch + math.prod(self.shape)].view(
                self.shape[::-1]
            )
            weights = weights.T if len(self.shape) == 2 else weights
        else:
            weights = weight.index_select(0, self.weights).view(self.shape)
        return None if self.fixed and _found((weights == 1).all()) else weights

    def scatter(self, values: Tensor) -> Tensor:
        """Add each connection's contribution to its target."""
        return values.new_zeros(len(values), self.width).index_add(
            1, self.targets, values
        )

    def pad(self, sums: Any, on: Any) -> Any:
        """Extend sums of some neurons to all neurons of the block, by zeros."""
        if self.padding is None:
            return sums
        return on.do(partial(torch.nn.functional.pad, pad=self.padding), sums)

    def add_to(self, sums: Any, on: Any) -> Any:
        """Add the contributions of the sources, before the gates of the sums."""
        values = self.gained(chosen(on.take(self.source), self.sources, on), on)
        if self.repeats > 1:
            values = on.do(beside, *[values] * self.repeats)
        number = on.numbers[self]
        if self.form == "dense" and sums is not None:
            return on.do(torch.addmm, sums, values, number)
        whole = not self.outer and self.padding is None and number is not None
        if self.form == "each" and sums is not None and whole:
            return on.do(torch.addcmul, sums, values, number)
        if number is not None:
            values = on.do(
                torch.mm if self.form == "dense" else torch.mul, values, number
            )
        if self.form == "sparse":
            values = on.do(self.scatter, values)
        values = values if self.outer else self.pad(values, on)
        return values if sums is None else on.do(torch.add, sums, values)

    def gained(self, values: Any, on: Any) -> Any:
        """Multiply the sources' values by their gains, if there are any."""
        if self.inner is None:
            return values
        gains = chosen(on.take(self.inner), self.gaters, on)
        return on.do(torch.mul, values, gains)

    def matrix(self, run: Unrolling) -> Tensor:
        """Return the weights of a term that is a matrix, to the neurons of its sums."""
        number = run.numbers[self]
        if self.form == "dense":
            return number
        one = run.values[0].new_ones(1, 1) if number is None else number.view(1, 1)
        padding = None if self.outer else self.padding
        return one if padding is None else torch.nn.functional.pad(one, padding)

    def gate(self, states: Any, sums: Any, on: Any) -> Any:
        """Add sums times their gains to some states, if there are any yet."""
        gains = chosen(on.take(self.outer), self.gaters, on)
        if self.padding is None and states is not None:
            return on.do(torch.addcmul, states, sums, gains)
        sums = self.pad(on.do(torch.mul, sums, gains), on)
        return sums if states is None else on.do(torch.add, states, sums)


def _is_repeated(term: Term) -> bool:
    """Return whether a matrix without gates is one-to-one projections side by side,
    some of which may be absent.
    """
    if term.form != "dense" or term.inner or term.outer:
        return False
    rows, columns = term.weights.shape
    apart = np.arange(rows)[:, None] != np.arange(columns) % rows
    return (
        1 < rows < columns and columns % rows == 0 and (term.weights[apart] < 0).all()
    )


# Torch need not be installed where types are checked.
class BlockModule(torch.nn.Module):  # type: ignore[misc]
    """A block, with its terms grouped by the gates of their sums. ``on`` either
    computes at once, or records operations.
    """

    def __init__(
        self,
        block: Block,
        fixed: Bools,
        biased: Bools,
        place: Ints,
        function: Callable[[str], Any],
    ) -> None:
        super().__init__()
        self.biased = bool(biased[block.start : block.stop].any())
        self.size = block.size
        self.pieces = block.pieces
        self.functions = [function(name) for name, _, _ in self.pieces]
        self.sizes = [b - a for _, a, b in self.pieces]
        self.terms = torch.nn.ModuleList(
            TermModule(term, self.size, fixed, place) for term in block.terms
        )
        groups = defaultdict(list)
        for term, module in zip(block.terms, self.terms, strict=True):
            gaters = term.picks[2]
            key = (
                term.outer,
                term.start,
                term.stop,
                None if gaters is None else gaters.tobytes(),
            )
            groups[key if term.outer else None].append(module)
        self.plain = groups.pop(None, [])
        self.gated = list(groups.values())

    def cut_at(self, places: Sequence[int]) -> None:
        """Choose where the activations are cut, to avoid copies when they are read."""
        self.units = []
        for _, a, b in self.pieces:
            inside = [a, *(place for place in places if a < place < b), b]
            self.units.append(np.diff(inside).tolist())
        self.widths = list(chain.from_iterable(self.units))
        self.bounds = np.cumsum([0, *self.widths]).tolist()

    def compute(self, bias: Tensor | None, on: Any) -> tuple[Any, list[Any]]:
        """Return the block's states, and the activations of its pieces."""
        states = on.add(self.plain, bias)
        for terms in self.gated:
            states = terms[0].gate(states, on.add(terms), on)
        return states, self.fire(states, on)

    def fire(self, states: Any, on: Any) -> list[Any]:
        """Return the activations of its pieces."""
        parts = cut(states, self.sizes, on)
        return [
            part if squash == "identity" else on.do(function, part)
            for (squash, _, _), function, part in zip(
                self.pieces, self.functions, parts, strict=True
            )
        ]


# Torch need not be installed where types are checked.
class Blocks(torch.nn.ModuleList):  # type: ignore[misc]
    """All blocks of a network, with a short repr because they have no parameters."""

    def __repr__(self) -> str:
        return f"Blocks of neurons: {len(self)}"


def chosen(values: Any, columns: Tensor | None, on: Any) -> Any:
    """Return the used columns of values. None means all in order."""
    return (
        values
        if columns is None
        else on.do(partial(torch.index_select, dim=1, index=columns), values)
    )


def cut(values: Any, sizes: list[int], on: Any) -> list[Any]:
    """Divide the neurons of a block."""
    if len(sizes) == 1:
        return [values]
    columns = on.do(partial(torch.split_with_sizes, split_sizes=sizes, dim=1), values)
    return [on.do(itemgetter(i), columns) for i in range(len(sizes))]


def beside(*values: Tensor) -> Tensor:
    """Join the values of several parts of a block."""
    return values[0] if len(values) == 1 else torch.cat(values, 1)


def can_recur(inputs: Tensor, training: bool) -> bool:
    """Return whether recurrent modules can be called with these inputs.

    Recurrent modules have no derivatives in forward mode and no vmap, are not compiled,
    and on a GPU only have gradients while they are in training.
    """
    return not (
        torch.compiler.is_compiling()
        or torch.autograd.forward_ad._current_level >= 0
        or torch._C._are_functorch_transforms_active()
        or (torch.is_grad_enabled() and not training and inputs.is_cuda)
    )


class Start:
    """The activations and the states of each block before the first step, which are 0
    unless given.
    """

    def __init__(
        self,
        values: Sequence[tuple[Tensor, Tensor]] | None,
        rows: Tensor,
        sequences: int,
        sizes: list[int],
    ) -> None:
        self.values = values
        self.rows = rows
        self.sequences = sequences
        self.sizes = sizes
        self.replaced: dict[int, tuple[Tensor, Tensor]] = {}

    def __getitem__(self, k: int) -> tuple[Tensor, Tensor]:
        if k in self.replaced:
            return self.replaced[k]
        if self.values is not None:
            return self.values[k]
        zeros = self.rows.new_zeros(self.sequences, self.sizes[k])
        return zeros, zeros

    def after(self, replaced: dict[int, tuple[Tensor, Tensor]]) -> Start:
        """Return the same with other values of some blocks."""
        start = Start(self.values, self.rows, self.sequences, self.sizes)
        start.replaced = self.replaced | replaced
        return start


class Unrolling:
    """The values of all blocks through one sequence, or several of one length.

    Values of all steps have shape (steps * sequences, neurons of the block), step by
    step. ``bias`` and ``numbers`` belong to blocks that are not computed by a module of
    torch. With `context`, the values of all blocks at the last step are available
    afterwards.
    """

    def __init__(
        self,
        steps: int,
        inputs: Tensor,
        start: Start,
        context: bool,
    ) -> None:
        self.steps = steps
        self.sequences = len(inputs) // steps
        self.start = start
        self.context = context
        self.bias: dict[int, Tensor] = {}
        self.numbers: dict[TermModule, Tensor] = {}
        self.values: dict[int, Tensor] = {0: inputs}
        self.last_values = {0: self.of_last(inputs)} if context else {}
        self.last_states = {0: start[0][1]} if context else {}

    def do(self, function: Callable[..., Tensor], *operands: Tensor) -> Tensor:
        """Compute a value of all steps."""
        return function(*operands)

    def add(self, terms: Sequence[TermModule], bias: Tensor | None = None) -> Any:
        """Add the contributions of terms to a bias, if any."""
        sums = None if bias is None else bias.expand(len(self.values[0]), -1)
        for term in terms:
            sums = term.add_to(sums, self)
        return sums

    def take(self, read: Read) -> Tensor:
        """Return values of all steps, of blocks that have been computed."""
        values = self.values[read.block]
        if read.when == PAST:
            values = torch.cat(
                [self.start[read.block][0], values[: len(values) - self.sequences]]
            )
        return (
            values
            if read.stop - read.start == values.shape[1]
            else values[:, read.start : read.stop]
        )

    def _keep(self, number: int, states: Tensor, fired: list[Tensor]) -> None:
        values = beside(*fired)
        self.values[number] = values
        if self.context:  # otherwise the memory of the states is free
            self.last_values[number] = self.of_last(values)
            self.last_states[number] = self.of_last(states)

    def compute(self, steps: Sequence[Any], blocks: Any) -> None:
        """Compute a component: its recurrence, or its blocks."""
        for step in steps:
            if isinstance(step, Recurrence):
                UnrolledStep(self, step).run()
            else:
                # It does not depend on itself: all steps are computed at once.
                self._keep(step, *blocks[step].compute(self.bias[step], self))

    def by_linear(self, submodule: ModulePart, module: Any, block: BlockModule) -> None:
        """Compute a block by a Linear, for all steps."""
        states = module(beside(*map(self.take, submodule.layer.reads)))
        self._keep(submodule.layer.hidden, states, block.fire(states, self))

    def by_module(
        self, submodule: ModulePart, module: Any, steps: Sequence[Any], blocks: Any
    ) -> None:
        """Compute a loop by a recurrent module of torch.

        The result contains the activations of the hidden neurons. If the context is
        wanted, the last step is computed by the blocks, which gives all neurons their
        values.
        """
        layer = submodule.layer
        inputs = beside(*map(self.take, layer.reads)).view(
            self.steps, self.sequences, -1
        )
        before_last = self.steps - 1 if self.context else self.steps
        states = {layer.hidden: self.start[layer.hidden][0]}
        if layer.cells is not None:
            states[layer.cells] = self.start[layer.cells][1]
        rows = []
        if before_last:
            begin = [values[None] for values in states.values()]
            answered, last = module(
                inputs[:before_last], begin[0] if layer.cells is None else tuple(begin)
            )
            rows.append(answered.flatten(0, 1))
            after = last if layer.cells is None else [values[0] for values in last]
            states = dict(zip(states, after, strict=True))
        if self.context:
            replaced = {k: (values, values) for k, values in states.items()}
            step = Unrolling(1, self.last_values[0], self.start.after(replaced), True)
            step.bias, step.numbers = self.bias, self.numbers
            step.values = {k: self.of_last(values) for k, values in self.values.items()}
            step.compute(steps, blocks)
            for k in submodule.members:
                self.last_values[k] = step.last_values[k]
                self.last_states[k] = step.last_states[k]
            rows.append(self.last_values[layer.hidden])
        self.values[layer.hidden] = rows[0] if len(rows) == 1 else torch.cat(rows)

    def of_last(self, values: Tensor) -> Tensor:
        """Return values of all steps at the last one."""
        return values[len(values) - self.sequences :]

    def fits(self, submodule: ModulePart, training: bool) -> bool:
        """Return whether a submodule can be called here."""
        if not submodule.recurs:
            return True
        if not can_recur(self.values[0], training):
            return False
        if submodule.layer.kind != "GRU" or self.start.values is None:
            return True
        # A GRU of torch has one number for both.
        activations, states = self.start[submodule.layer.hidden]
        return activations is states or bool((activations == states).all())


class UnrolledStep:
    """The operations of one step in a loop, recorded once and repeated at each step.

    Operands are places in ``memory``. The first places belong to the previous step, and
    contain the units and the states of each block.
    """

    def __init__(self, run: Unrolling, loop: Recurrence) -> None:
        self.whole = run
        self.loop = loop
        self.memory: list[Any] = []
        self.work: list[tuple[Any, itemgetter[Any], int]] = []
        self.past = {}
        self.now = {}
        self.pieces = {}
        for k, block in loop.blocks.items():
            values = (
                *run.start[k][0].split_with_sizes(block.widths, 1),
                run.start[k][1],
            )
            self.past[k] = [self.keep(value) for value in values]
        self.step = self.keep(0)
        numbers = {
            term: run.numbers[term]
            for block in loop.blocks.values()
            for term in block.terms
        }
        self.numbers = {
            term: None if number is None else self.keep(self.of_sequences(number))
            for term, number in numbers.items()
        }
        for k, block in loop.blocks.items():
            bias = run.bias[k]
            idle = len(block.terms) and not block.biased and _found((bias == 0).all())
            states, self.pieces[k] = block.compute(None if idle else bias, self)
            units = zip(self.pieces[k], block.units, strict=True)
            self.now[k] = [
                unit for piece, sizes in units for unit in cut(piece, sizes, self)
            ] + [states]

    def add(
        self, terms: Sequence[TermModule], bias: Tensor | None = None
    ) -> int | None:
        """Add the contributions of terms to a bias, if any. Values that are known
        before the loop are added at once.
        """
        later, before = self.loop.divided(terms)
        sums = None
        if before:
            sums = self.of_step(self.whole.add(before, bias))
        elif bias is not None:
            sums = self.keep(bias.expand(self.whole.sequences, -1))
        matrices = [term for term in later if term.is_matrix]
        if len(matrices) > 1:
            sums = self.add_product(sums, matrices)
            later = [term for term in later if not term.is_matrix]
        for term in later:
            sums = term.add_to(sums, self)
        return sums

    def add_product(self, sums: int | None, terms: Sequence[TermModule]) -> int:
        """Add the contributions of several matrices by one product."""
        values: list[int] = []
        for term in terms:
            units = self.units(term.source)
            if term.inner is not None:
                units = [term.gained(self.joined(units), self)]
            values += units
        number = self.keep(torch.cat([term.matrix(self.whole) for term in terms]))
        if sums is None:
            return self.do(torch.mm, self.joined(values), number)
        return self.do(torch.addmm, sums, self.joined(values), number)

    def of_sequences(self, number: Tensor) -> Tensor:
        """Return a vector for each sequence, whose gradients are added up after all
        steps, but a matrix unchanged.
        """
        return number if number.ndim > 1 else number.expand(self.whole.sequences, -1)

    def keep(self, value: Any) -> int:
        """Return the place of a value that does not change, or of one to come."""
        self.memory.append(value)
        return len(self.memory) - 1

    def do(self, function: Callable[..., Tensor], *operands: int) -> int:
        """Record an operation and return the place of its result."""
        # of one place, what is taken is a list, too
        places = operands if operands[1:] else [slice(operands[0], operands[0] + 1)]
        taken = itemgetter(*places)
        self.work.append((function, taken, self.keep(None)))
        return len(self.memory) - 1

    def of_step(self, values: Tensor) -> int:
        """Return the place of a value that is known for all steps."""
        rows = values.view(self.whole.steps, self.whole.sequences, -1).unbind(0)
        return self.do(partial(getitem, rows), self.step)

    def take(self, read: Read) -> int:
        """Return the place of the values that are read."""
        return self.joined(self.units(read))

    def joined(self, units: Sequence[int]) -> int:
        """Return the place of several values as one."""
        return units[0] if len(units) == 1 else self.do(beside, *units)

    def units(self, read: Read) -> list[int]:
        """Return the places of the parts that are read."""
        when, k, start, stop = read
        if k not in self.past:
            return [self.of_step(self.whole.take(read))]
        if when > PAST:
            narrow = partial(torch.narrow, dim=1, start=start, length=stop - start)
            whole = stop - start == self.loop.blocks[k].size
            states = self.past[k][-1]
            return [states if whole else self.do(narrow, states)]
        a, b = map(self.loop.blocks[k].bounds.index, (start, stop))
        return (self.now if when == NOW else self.past)[k][a:b]

    def run(self) -> None:
        """Do all steps."""
        memory = self.memory
        later = self.loop.read_later
        run = self.whole
        last = [place for k in self.past for place in self.now[k]]
        fired: dict[int, list[Any]] = {k: [] for k in later}
        for t in range(run.steps):
            memory[self.step] = t
            for function, taken, result in self.work:
                memory[result] = function(*taken(memory))
            for k in later:
                fired[k].append([memory[place] for place in self.pieces[k]])
            memory[: len(last)] = [memory[place] for place in last]
        for k, rows in fired.items():
            run.values[k] = beside(
                *(torch.cat(column) for column in zip(*rows, strict=True))
            )
        for k, (*units, states) in self.past.items():
            run.last_values[k] = beside(*(memory[place] for place in units))
            run.last_states[k] = memory[states]


class Recurrence:
    """Blocks that depend on each other from step to step."""

    def __init__(
        self,
        members: list[int],
        blocks: list[Block],
        modules: Any,
        answering: list[int],
    ) -> None:
        self.blocks: dict[int, BlockModule] = {k: modules[k] for k in members}
        others = (block for k, block in enumerate(blocks) if k not in members)
        read = {read.block for block in others for read in block.reads()}
        self.read_later = [k for k in members if k in read or k in answering]
        reads = {
            read for k in members for read in blocks[k].reads() if read.when <= PAST
        }
        for k, block in self.blocks.items():
            block.cut_at(
                sorted({end for read in reads if read.block == k for end in read[2:]})
            )

    def divided(
        self, terms: Sequence[TermModule]
    ) -> tuple[list[TermModule], list[TermModule]]:
        """Split terms into those that read, or are gated by, the blocks of the loop
        before their sums, and the remaining terms.
        """
        later = [
            t
            for t in terms
            if any(read and read.block in self.blocks for read in (t.source, t.inner))
        ]
        return later, [term for term in terms if term not in later]
