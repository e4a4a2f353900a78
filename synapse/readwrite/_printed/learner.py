"""Collect the parts of a program that learns, in any language."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._checks import require, short_repr
from ..._cost import Cost
from ..._squash import get as squash_named
from ...engine.functions import compiled
from ...engine.functions.activations import ACTIVATIONS, FIRST_CUSTOM
from ...engine.functions.costs import (
    FIRST_CUSTOM_COST,
    PROBABILITIES,
    SHARES,
    SUM_TOLERANCE,
)
from ...engine.functions.formula import UnreadableError
from ...engine.functions.user_functions import UserFormula
from ...engine.language.decorators import strict_fp
from ...engine.language.memory import SPAN_COLUMN
from ...engine.language.tree import (
    FLOAT64,
    INT,
    ArrayKind,
    KnownKind,
    Node,
    convert,
    items_of,
    known,
    tuple_of,
)
from ...engine.language.words import Words, table
from ...engine.locking import ExclusiveAccess
from ...engine.lowering.flags import FOUR
from ...errors import ArgumentError, FormatError, TopologyWarning
from ...objects.network import Network
from ...objects.saved import SavedNetwork
from ...optimizers import SGD
from ...optimizers._descent import BuiltIn
from .._codegen import Language
from .._formulas import as_registered, require_mean
from . import calls
from .alike import STEPS_TOGETHER, Sums, unrolled
from .fixed import INSTEAD
from .fixed_numbers import FixedPoint
from .specialised import KnownColumns, Root, Specialised, words_of
from .ways import way_of

PLAIN_ROOTS = ("compute",)
LOADABLE_ROOTS = "step", "clear", "weights", "load"
LEARNING_ROOTS = *LOADABLE_ROOTS, "learn"
KEPT = {"weight", "bias"}
ELEMENTARY = {"cos", "erf", "exp", "expm1", "log1p", "sin", "sqrt"}
EXACT_SQUASHES = frozenset(
    name
    for name, squash in ACTIVATIONS.items()
    if name in ("logistic", "tanh", "softmax")
    or ELEMENTARY.isdisjoint(squash.formula.__code__.co_names)
)
"""Built-in squashes that programs in fixed point have: logistic and tanh by a table,
and all whose formula has no elementary function."""


def expected_targets(cost: Cost) -> str:
    """Return a description of the targets that a cost can have."""
    if cost.code in SHARES:
        return "targets of all outputs from 0.0 to 1.0 that add up to 1"
    return "targets from 0.0 to 1.0" if cost.code in PROBABILITIES else "finite targets"


class Learner:
    """A network in the form of a program's functions, which learn by the network's
    rule.

    `saved` contains its columns, and `offered` its functions. `how` describes how a
    program without its own weights adds products. `scalar` is "float32" or "float64",
    and `words` are the words of the language. All languages compute in `fixed` point
    by the same tree.
    """

    def __init__(
        self,
        network: Network,
        saved: SavedNetwork,
        *,
        language: Language,
        scalar: str,
        cost: Cost,
        bound: float | None,
        optimizer: BuiltIn | None,
        offered: tuple[str, ...],
        fast: bool = False,
        library: bool = False,
        how: Sums | None = None,
        fixed: FixedPoint | None = None,
    ) -> None:
        with ExclusiveAccess(network):
            network._lowered()  # warns once of its structure, but its copy does not
        copy = network.clone()
        self.learns = learns = "learn" in offered
        self.loadable = "load" in offered
        if learns and copy._plastic is not None:
            raise ArgumentError(
                f"A program in {language.name} learns by the online rule or rtrl, this"
                f' network by {copy.rule!r}. Set the rule of a copy to "online".'
            )
        if not learns:
            copy.rule = "online"  # it has no sensitivities
        self.saved = saved
        self.language = language
        with warnings.catch_warnings(action="ignore", category=TopologyWarning):
            self.data = KnownColumns(copy, optimizer is not None, traced=learns)
        self.inputs = len(copy.input)
        self.outputs = len(copy.output)
        self.neurons = len(copy)
        self.connections = len(copy.weights)
        words = words_of(fast, library, language.key == "c").with_others(
            {
                compiled.custom: self._squash,
                compiled.cost_and_error: self._cost(cost),
            }
        )
        if fixed is not None:
            _require_exact(saved, cost, optimizer, bound, fixed)
            for neuron in copy:
                squash = neuron.squash.name
                name = f"{language.name} in fixed point"
                require_mean(neuron.name, squash, neuron.deterministic, name)
            words = words.with_others(INSTEAD)
            flags = self.data.columns["flags"]  # sums of neurons together are rounded
            self.data.columns["flags"] = flags & ~np.uint32(FOUR)
            how = how and Sums(0, in_array=False, by_dots=False)
        way = _known(None)
        if optimizer is not None:
            places = _places(copy, self.data.columns["identity"])
            way = _known(way_of(optimizer, self.data, places, self.inputs, scalar))
        if how is not None or fixed is not None:  # none of the neurons draws
            self.data.columns["deterministic"] = np.ones(self.neurons, np.uint8)
        if how is not None:
            words = words.with_others(unrolled(self.data, how))
        self.fixed = fixed
        self.program = self._program(copy, offered, cost, bound, way, scalar, words)
        if fixed is not None:
            self._to_integers(fixed)

    def _program(
        self,
        network: Network,
        offered: tuple[str, ...],
        cost: Cost,
        bound: float | None,
        way: KnownKind,
        scalar: str,
        words: Words,
    ) -> Specialised:
        plan = _known(0 if self.data.has_plan else None)
        base = _known(0), plan, _known(np.dtype(scalar).type(0)), SPAN_COLUMN
        sizes = _known((self.connections, self.neurons))
        in_range = cost.code in PROBABILITIES
        limits = [_known(end if in_range else None) for end in (0.0, 1.0)]
        place = _known(table(_places(network, self.data.columns["identity"])))
        learns = self.data.columns["trainable"][: self.connections]

        def row(length: int) -> ArrayKind:
            return ArrayKind(scalar, 1, length=length)

        numbers = row(self.neurons + self.connections)
        passed = [row(self.outputs), scalar]
        tolerance: float | None = None
        if cost.code in SHARES:
            unit = 0.0 if self.fixed is None else self.fixed.unit
            tolerance = max(SUM_TOLERANCE, self.outputs * 0.5 * unit)
        has_own = int(self.data.columns["squash"].max()) >= FIRST_CUSTOM
        of_users = _known(has_own or cost.code >= FIRST_CUSTOM_COST)
        judging = (
            sizes,
            _known(int(cost.code)),
            *limits,
            _known(tolerance),
            _known(bound),
            way,
        )
        of_numbers = _known(0), base[2], sizes, place
        frozen = _known(self.learns and not learns.all())
        both = row(self.inputs), row(self.outputs)
        ahead = self.data.ahead
        together: Any = _known(None), _known(None), _known(1)
        if ahead is not None:
            together = _known(ahead), row(STEPS_TOGETHER * ahead.width), INT
        roots = {
            "compute": Root(calls.compute, (*base, *both, *together)),
            "step": Root(calls.step, (*base, *both)),
            "learn": Root(calls.learn, (*base, *judging, of_users, *passed)),
            "clear": Root(calls.clear, base),
            "weights": Root(calls.weights, (*of_numbers, numbers)),
            "load": Root(calls.load, (*of_numbers, frozen, numbers)),
        }
        kept = KEPT if self.loadable else set()
        chosen = {name: roots[name] for name in offered}
        return Specialised(
            self.data,
            chosen,
            words,
            kept,
            fixed=self.fixed,
            direct=way.value is None,
            has_scratch=self.language.key == "c",
        )

    def _to_integers(self, fixed: FixedPoint) -> None:
        """Change all numbers of the columns to integers."""
        columns = self.data.columns
        end = fixed.largest * fixed.unit
        for name in sorted(KEPT):
            size = float(np.abs(columns[name]).max(initial=0.0))
            if size > end:
                raise ArgumentError(
                    f"A {name} of {size:.4g} is beyond the range of {fixed.name}, whose"
                    f" numbers end at {end:.8g}. Scale the inputs, or use another"
                    " dtype."
                )
        for name, values in columns.items():
            if values.dtype.kind == "f":
                kind = fixed.kind_of(name, self.program.rates)
                columns[name] = fixed.integers(values, kind)
        columns["saturations"] = np.zeros(1, np.uint16)
        columns["draws"] = np.array([fixed.seed + 1], np.uint32)

    # --- functions of users

    def _squash(
        self, t: Any, store: Node, failed: Node, code: Node, state: Node
    ) -> Node:
        """Write a call of the registered function with this code."""
        possible = sorted(c for c in t.values_of(code) or () if c >= FIRST_CUSTOM)
        if not possible:
            return tuple_of([known(0.0), known(0.0)])
        by_code = {
            squash_named(name).code: name for name in set(self.saved.neurons["squash"])
        }
        state = t.temporary(convert(state, FLOAT64))

        def of(codes: list[int]) -> Node:
            if not codes[1:]:
                return self._called(t, by_code[codes[0]], state)
            sides = (t.apart(partial(of, some)) for some in (codes[:1], codes[1:]))
            return t.choice(t.compare("==", code, known(codes[0])), *sides)

        return of(possible)

    def _called(self, t: Any, name: str, state: Node) -> Node:
        text = as_registered(name, self.language.key)
        if text is not None and not self.learns:
            return tuple_of([Node("text", FLOAT64, (text, state)), known(0.0)])
        function = squash_named(name)._function
        try:
            return _pair(t, function, [state])
        except UnreadableError as error:
            number = self.saved.neurons["squash"].tolist().index(name)
            of = f"The squash of neuron {short_repr((self.saved.names or ())[number])}"
            where = f"cannot be written in {self.language.name}: {error}."
            if self.learns:
                raise FormatError(
                    f"{of} is {name!r}, whose slope {where} Set a squash that is built"
                    " in or a formula, or write the program without learn=True."
                ) from error
            raise FormatError(
                f"{of} is {name!r}, which {where} Register it with"
                f" written={{{self.language.key!r}: ...}}, or set another squash."
            ) from error

    def _cost(self, cost: Cost) -> Callable[..., Node]:
        """Return a function that writes a call of a cost."""

        def write(t: Any, failed: Node, code: Node, *numbers: Node) -> Node:
            if cost.code < FIRST_CUSTOM_COST:
                return t.call(compiled.cost_of, [code, *numbers])
            values = [t.temporary(convert(n, FLOAT64)) for n in numbers[:4]]
            try:
                value, signal = items_of(_pair(t, cost._function, values))
            except UnreadableError as error:
                raise FormatError(
                    f"The cost {cost.name!r} cannot be written in"
                    f" {self.language.name}:"
                    f" {error}. Use a cost that is built in or a formula."
                ) from error
            test = t.compare("==", values[0], values[0])
            pair = [
                Node("choice", FLOAT64, (test, part, convert(known(0.0), FLOAT64)))
                for part in (value, signal)
            ]
            return tuple_of(pair)

        return write


def answering(formula: UserFormula) -> Any:
    """Return a function of the language that computes a formula of two numbers, which
    are NaN where the engine would ask Python.
    """
    attempt = formula.calling(None)

    @strict_fp
    def answer(*numbers: Any) -> Any:
        _, value, other = attempt(*numbers)
        return value, other

    answer.__name__ = f"{formula.function.__name__}_or_nan"
    return answer


def _pair(t: Any, function: Any, numbers: list[Node]) -> Node:
    """Return the call of a user's function, which returns two numbers."""
    passed = [convert(n, FLOAT64) for n in numbers]
    return t.temporary(t.call(answering(function.require_formula()), passed))


def _require_exact(
    saved: SavedNetwork,
    cost: Cost,
    optimizer: BuiltIn | None,
    bound: float | None,
    fixed: FixedPoint,
) -> None:
    """Raise an error unless a program in fixed point can have squashes, cost and
    optimizer.
    """
    names = saved.neurons["squash"].tolist()
    inputs = saved.layers[0][1]  # their squashes are never read
    for number, name in enumerate(names[inputs:], inputs):
        if name not in EXACT_SQUASHES:
            *others, last = sorted(EXACT_SQUASHES)
            raise FormatError(
                f"The squash of neuron {short_repr((saved.names or ())[number])} is"
                f" {name!r}, which programs in {fixed.name} do not have. They have"
                f" {', '.join(others)} and {last}."
            )
    if cost.code >= FIRST_CUSTOM_COST:
        raise FormatError(
            f"The cost {cost.name!r} cannot be computed in {fixed.name}. Use a cost"
            " that is built in."
        )
    settings = {"bound": bound}
    if optimizer is not None:
        if type(optimizer) is not SGD:
            raise FormatError(
                f"The optimizer {type(optimizer).__name__} takes roots, which programs"
                f" in {fixed.name} do not have. Use SGD, also with momentum, or the"
                " plain update."
            )
        names = (field.name for field in fields(optimizer)[1:])
        settings |= dict(zip(names, optimizer._settings(), strict=True))
    for name, value in settings.items():
        condition = f"0, or at least {fixed.unit:.3g} in {fixed.name}"
        require(not value or fixed.integer(value), name, condition, value)


def _known(value: Any) -> KnownKind:
    return KnownKind(value, type(value))


def _places(network: Network, identity: NDArray[Any]) -> list[int]:
    """Return the row of each weight, in the order of ``net.weights``."""
    by_identity = np.argsort(identity)
    wanted = network._connection_identities
    rows = by_identity[np.searchsorted(identity[by_identity], wanted)]
    return list(map(int, rows))
