"""Proofs that a network is right on every string of a language, in exact fractions.

A language is a machine with counters: modes, each with counters from 0 on, and what a
letter makes of them. The claim is that the memory of the network (all states and
activations) follows from the mode and is an affine function of the counters, where each
counter is either a small number or any number from there on. `proved` finds these
functions by running the network on two strings that differ by one, and proves them by
induction: for every mode, and every letter that may come, one step from the claimed
memory leads to the claimed memory of the next mode, for all counters at once. A
rectifier or a threshold is decided only where its argument has one sign for all
counters. Then the outputs are compared in the same way: each possible symbol is above
each impossible one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from synapse import Network, Topology

SMALL = 3
"""Counters below this are looked at one by one."""
LARGEST = 1000
"""Largest denominator of a weight."""

Form = tuple[Fraction, ...]
"""A number that depends on counters from 0 on: a constant, and a factor of each."""
Memory = tuple[tuple[Form, Form], ...]
"""State and activation of every neuron."""
Place = tuple[str, tuple[int, ...]]
"""A mode and its counters."""


class NotProvedError(Exception):
    """Why a proof has failed; the network may be right nevertheless."""


@dataclass(frozen=True)
class Machine:
    """A language: its alphabet, letters that may come, and a string to any place.

    ``follow(mode, counters)`` returns the place after each letter that may come; for
    "#", which ends a string, None. ``word`` returns a string that leads to a place.
    """

    alphabet: str
    modes: dict[str, int]  # how many counters each has
    follow: Callable[[str, tuple[int, ...]], dict[str, Place | None]]
    word: Callable[[str, tuple[int, ...]], str]

    def row(self, letter: str) -> list[int]:
        """A letter as inputs."""
        return [int(other == letter) for other in self.alphabet]


@dataclass(frozen=True)
class Link:
    """A connection as the proof reads it."""

    weight: Fraction
    source: int
    gater: int | None
    carries: bool
    late: bool


class Exact:
    """A network whose weights are fractions, neuron by neuron."""

    def __init__(self, net: Network) -> None:
        table = Topology.of(net)
        if table.delay.max(initial=0) > 1:
            raise ValueError("Expected a network whose delays are of one step.")
        self.inputs = table.inputs
        self.outputs = table.outputs
        self.squashes = list(table.squash)
        self.biases = [fraction(bias) for bias in table.bias.tolist()]
        self.links: list[list[Link]] = [[] for _ in table.label]
        columns = table.source, table.target, table.gater, table.weight, table.delay
        for source, target, gater, weight, delay in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            carries = source == target and not delay
            gated = gater if gater >= 0 else None
            link = Link(fraction(weight), source, gated, carries, delay > 0)
            self.links[target].append(link)

    def empty(self, counters: int) -> Memory:
        """The memory before the first symbol."""
        none = constant(0, counters)
        return ((none, none),) * len(self.squashes)

    def step(self, memory: Memory, inputs: Sequence[int]) -> Memory:
        """One step on a row of inputs, for all counters at once."""
        counters = len(memory[0][0]) - 1
        now: list[tuple[Form, Form]] = []
        for i, (squash, bias) in enumerate(
            zip(self.squashes, self.biases, strict=True)
        ):
            if i < self.inputs:
                shown = constant(inputs[i], counters)
                now.append((shown, shown))
                continue
            total = constant(bias, counters)
            for link in self.links[i]:
                fired = () if link.late else now
                activation = read(fired, memory, link.source)
                value = memory[i][0] if link.carries else activation
                term = times(value, constant(link.weight, counters))
                if link.gater is not None:
                    term = times(term, read(now, memory, link.gater))
                total = plus(total, term)
            now.append((total, squashed(squash, total)))
        return tuple(now)


def fraction(number: float) -> Fraction:
    """The fraction that a number was written from."""
    nearest = Fraction(number).limit_denominator(LARGEST)
    if abs(float(nearest) - number) > 1e-12 * max(1.0, abs(number)):
        raise NotProvedError(f"{number} is no small fraction")
    return nearest


def constant(number: Fraction | int, counters: int) -> Form:
    """A number that does not depend on the counters."""
    return (Fraction(number), *[Fraction(0)] * counters)


def plus(a: Form, b: Form) -> Form:
    """The sum of two forms."""
    return tuple(x + y for x, y in zip(a, b, strict=True))


def times(a: Form, b: Form) -> Form:
    """The product of two forms, of which one must be a constant."""
    if any(a[1:]) and any(b[1:]):
        raise NotProvedError("a product of two counters")
    varied, factor = (a, b[0]) if not any(b[1:]) else (b, a[0])
    return tuple(factor * x for x in varied)


def read(now: Sequence[tuple[Form, Form]], memory: Memory, i: int) -> Form:
    """The activation of a neuron: of this step if it has activated already."""
    return now[i][1] if i < len(now) else memory[i][1]


def is_above(form: Form) -> bool:
    """Whether a form is above 0 for all counters from 0 on."""
    return form[0] > 0 and all(factor >= 0 for factor in form)


def is_at_most_zero(form: Form) -> bool:
    """Whether a form is 0 or below for all counters from 0 on."""
    return all(factor <= 0 for factor in form)


def squashed(squash: str, total: Form) -> Form:
    """The activation, if it is one formula for all counters."""
    zero = constant(0, len(total) - 1)
    if squash == "identity":
        return total
    if squash not in ("relu", "step"):
        raise NotProvedError(f"{squash} is not piecewise linear")
    if is_at_most_zero(total):
        return zero
    if squash == "relu" and all(factor >= 0 for factor in total):
        return total
    if squash == "step" and is_above(total):
        return constant(1, len(total) - 1)
    raise NotProvedError(f"the sign of {total} depends on the counters")


# --- claims about all counters at once ------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A mode whose counters are small numbers, or any from `SMALL` on."""

    mode: str
    least: tuple[int, ...]

    def free(self) -> list[int]:
        """The counters that may be any number."""
        return [i for i, least in enumerate(self.least) if least >= SMALL]


def case_of(mode: str, counters: tuple[int, ...]) -> Case:
    """The case that counters belong to."""
    return Case(mode, tuple(min(counter, SMALL) for counter in counters))


class Proof:
    """The claims about a network and a language, each found once."""

    def __init__(self, net: Network, machine: Machine) -> None:
        self.exact = Exact(net)
        self.machine = machine
        self._claims: dict[Case, Memory] = {}

    def run(self, string: str) -> Memory:
        """The exact memory after # and a string."""
        memory = self.exact.empty(0)
        for letter in "#" + string:
            memory = self.exact.step(memory, self.machine.row(letter))
        return memory

    def claim(self, case: Case) -> Memory:
        """The memory in a case: affine in its free counters, by runs that differ by
        one.
        """
        if case not in self._claims:
            base = self.run(self.machine.word(case.mode, case.least))
            forms = [list(numbers) for pair in base for numbers in pair]
            for i in case.free():
                more = list(case.least)
                more[i] += 1
                other = self.run(self.machine.word(case.mode, tuple(more)))
                further = [numbers for pair in other for numbers in pair]
                for form, number in zip(forms, further, strict=True):
                    form.append(number[0] - form[0])
            pairs = zip(forms[::2], forms[1::2], strict=True)
            self._claims[case] = tuple((tuple(s), tuple(a)) for s, a in pairs)
        return self._claims[case]

    def cases(self) -> Iterator[Case]:
        """All cases of all modes."""
        for mode, counters in self.machine.modes.items():
            for least in product(range(SMALL + 1), repeat=counters):
                yield Case(mode, least)

    def check(self) -> int:
        """Prove all claims, by induction over strings; returns how many steps were
        looked at.
        """
        looked_at = 0
        for case in self.cases():
            # A free counter c is SMALL, or SMALL + 1 and more: after a letter that
            # counts down, these are different cases.
            for further in product((0, 1), repeat=len(case.free())):
                looked_at += self._check_case(case, further)
        return looked_at

    def _check_case(self, case: Case, further: tuple[int, ...]) -> int:
        free = case.free()
        counters = list(case.least)
        for i, more in zip(free, further, strict=True):
            counters[i] += more
        kept = [k for k, more in enumerate(further) if more]
        memory = moved(self.claim(case), further, kept)
        follow = self.machine.follow(case.mode, tuple(counters))
        self._compare(case, memory, follow)
        for letter, place in follow.items():
            if place is None:
                continue
            reached = self.exact.step(memory, self.machine.row(letter))
            claimed = self._claimed_at(place, [free[k] for k in kept], case, counters)
            if reached != claimed:
                raise NotProvedError(f"{case} after {letter} is not {place}")
        return len(follow)

    def _claimed_at(
        self, place: Place, varied: list[int], case: Case, counters: list[int]
    ) -> Memory:
        """The claim about the next place, as a form of the counters that vary here."""
        mode, least = place
        target = case_of(mode, least)
        claim = self.claim(target)
        # By how much each counter there grows with each one here.
        growth = []
        for i in varied:
            more = counters.copy()
            more[i] += 1
            letters = self.machine.follow(case.mode, tuple(more))
            twin = next(p for p in letters.values() if p and p[0] == mode)
            growth.append([b - a for a, b in zip(least, twin[1], strict=True)])
        free = target.free()
        start = [least[k] - target.least[k] for k in free]

        def at(form: Form) -> Form:
            number = form[0] + sum(f * s for f, s in zip(form[1:], start, strict=True))
            factors = [
                sum(
                    (f * g[k] for f, k in zip(form[1:], free, strict=True)), Fraction(0)
                )
                for g in growth
            ]
            return (Fraction(number), *factors)

        return tuple((at(state), at(activation)) for state, activation in claim)

    def _compare(
        self, case: Case, memory: Memory, follow: dict[str, Place | None]
    ) -> None:
        """Each possible symbol must be above each impossible one, of which negative
        outputs count as 0.
        """
        outputs = [pair[1] for pair in memory[-self.exact.outputs :]]
        zero = constant(0, len(outputs[0]) - 1)
        for letter, output in zip(self.machine.alphabet, outputs, strict=True):
            if letter not in follow:
                continue
            if not is_above(output):
                raise NotProvedError(f"{letter} is not above 0 in {case}")
            for other, below in zip(self.machine.alphabet, outputs, strict=True):
                least = zero if is_at_most_zero(below) else below
                difference = plus(output, tuple(-x for x in least))
                if other not in follow and not is_above(difference):
                    raise NotProvedError(f"{letter} is not above {other} in {case}")


def moved(memory: Memory, further: tuple[int, ...], kept: list[int]) -> Memory:
    """A memory whose free counters begin so much further; those that do not are
    `SMALL` itself.
    """

    def at(form: Form) -> Form:
        steps = zip(form[1:], further, strict=True)
        number = form[0] + sum(factor * more for factor, more in steps)
        return (Fraction(number), *(form[1 + k] for k in kept))

    return tuple((at(state), at(activation)) for state, activation in memory)


# --- languages ------------------------------------------------------------------------


def counting(letters: str) -> Machine:
    """The same number of each letter, one after the other.

    After the first letters, a counter says how many; later ones, how many of the
    present letter are there besides the latest, and how many are left.
    """

    def follow(mode: str, counters: tuple[int, ...]) -> dict[str, Place | None]:
        if mode == "#":
            return {letters[0]: (letters[0], (0,)), "#": None}
        if mode == letters[0]:
            (more,) = counters
            return {
                letters[0]: (letters[0], (more + 1,)),
                letters[1]: (letters[1], (0, more)),
            }
        past, left = counters
        if left:
            return {mode: (mode, (past + 1, left - 1))}
        block = letters.index(mode) + 1
        if block == len(letters):
            return {"#": None}
        return {letters[block]: (letters[block], (0, past))}

    def word(mode: str, counters: tuple[int, ...]) -> str:
        if mode == "#":
            return ""
        block = letters.index(mode)
        n = 1 + sum(counters)
        return "".join(letter * n for letter in letters[:block]) + mode * (
            1 + counters[0]
        )

    modes = {"#": 0, letters[0]: 1} | dict.fromkeys(letters[1:], 2)
    return Machine("#" + letters, modes, follow, word)


def sum_of_two() -> Machine:
    """a^n b^m c^(n+m)."""

    def follow(mode: str, counters: tuple[int, ...]) -> dict[str, Place | None]:
        if mode == "#":
            return {"a": ("a", (0,)), "b": ("b", (0, 0)), "#": None}
        if mode == "a":
            (more,) = counters
            return {"a": ("a", (more + 1,)), "b": ("b", (more + 1, 0))} | {
                "c": ("c", (more,))
            }
        if mode == "b":
            before, more = counters
            return {"b": ("b", (before, more + 1)), "c": ("c", (before + more,))}
        (left,) = counters
        return {"c": ("c", (left - 1,))} if left else {"#": None}

    def word(mode: str, counters: tuple[int, ...]) -> str:
        if mode == "#":
            return ""
        if mode == "a":
            return "a" * (1 + counters[0])
        if mode == "b":
            return "a" * counters[0] + "b" * (1 + counters[1])
        return "a" * (1 + counters[0]) + "c"

    return Machine("#abc", {"#": 0, "a": 1, "b": 2, "c": 1}, follow, word)


def brackets() -> Machine:
    """Balanced brackets."""

    def follow(mode: str, counters: tuple[int, ...]) -> dict[str, Place | None]:
        if mode == "#":
            return {"[": ("[", (0,)), "#": None}
        depth = counters[0] + (mode == "[")
        opened: dict[str, Place | None] = {"[": ("[", (depth,))}
        return opened | ({"]": ("]", (depth - 1,))} if depth else {"#": None})

    def word(mode: str, counters: tuple[int, ...]) -> str:
        if mode == "#":
            return ""
        if mode == "[":
            return "[" * (1 + counters[0])
        return "[" * (1 + counters[0]) + "]"

    return Machine("#[]", {"#": 0, "[": 1, "]": 1}, follow, word)


def proved(net: Network, machine: Machine) -> int:
    """Prove a network right on every string; returns the number of steps looked at.

    Raises NotProvedError where the argument does not hold.
    """
    return Proof(net, machine).check()


def adds_right(net: Network) -> int:
    """Prove that a network adds numbers of any length; returns how many memories it
    has.

    Memories that can be reached, with the carry that belongs to each, are few; from
    each all four pairs of bits are tried.
    """
    exact = Exact(net)
    start = exact.empty(0), 0
    seen = {start}
    waiting = [start]
    while waiting:
        memory, carry = waiting.pop()
        for a, b in product((0, 1), repeat=2):
            after = exact.step(memory, (a, b))
            total = a + b + carry
            one = after[-1][1][0]
            if one == Fraction(1, 2) or (one > Fraction(1, 2)) != bool(total & 1):
                raise NotProvedError(f"{a} + {b} with carry {carry}")
            place = after, total >> 1
            if place not in seen:
                seen.add(place)
                waiting.append(place)
        if len(seen) > LARGEST:
            raise NotProvedError("more memories than a carry needs")
    return len(seen)


MACHINES = {
    "anbn": counting("ab"),
    "anbncn": counting("abc"),
    "anbmcnm": sum_of_two(),
    "dyck1": brackets(),
}
