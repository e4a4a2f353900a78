"""Collect the functions that a kernel reaches, each once for arguments of the same
kinds.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType
from typing import Any

import numpy as np

from .each import Each, each
from .source import PartOptions
from .translator import Translator
from .tree import NOTHING, ArrayKind, Node, RefusedError, is_known
from .words import WORDS, Words


class Instance:
    """A function as a typed tree, for arguments of the given kinds."""

    def __init__(
        self,
        function: FunctionType,
        kinds: tuple[Any, ...],
        options: PartOptions,
        name: str,
    ) -> None:
        self.function = function
        self.kinds = kinds
        self.options = options
        self.name = name
        self.parameters: list[tuple[str, Any]] = []
        self.locals: dict[str, Any] = {}
        self.body: list[Node] = []
        self.result: Any = NOTHING
        self.constant: Node | None = None  # what it returns, if that is known
        self.has_effects = False
        self.fails = False  # it says first whether it has a value
        self.reads: set[Any] = set()  # facts, of its callees too
        # whether an argument has a number for each iteration of a loop
        self.takes_turn = any(
            isinstance(getattr(of, "value", None), Each) for of in kinds
        )
        self.walk: Any = None  # of printers over the body


class TypedProgram:
    """The instances that an entry reaches. Each instance follows the instances that it
    calls.

    `facts` contains the values that a column can have, or None for any value, by the
    column's name and the name or place of a member. `packed` tells whether several
    numbers are added at once. `exact` contains the columns of a store whose individual
    numbers are known. Loops over these columns are unrolled.
    """

    def __init__(
        self,
        facts: Mapping[tuple[str | None, str | int | None], set[Any]] | None = None,
        words: Words = WORDS,
        packed: bool = True,
        exact: Mapping[str, Any] | None = None,
    ) -> None:
        self.facts = facts or {}
        self.words = words
        self.packed = packed
        self.exact = exact or {}
        self.unrolls = bool(exact)
        self.instances: dict[Any, Instance] = {}
        self._begun: set[Any] = set()
        self._reads: set[Any] = set()  # facts read by the function being translated

    def instance(
        self, function: FunctionType, kinds: tuple[Any, ...], caller: PartOptions
    ) -> Instance:
        """Return a function for arguments of the given kinds, and translate it if it is
        new.
        """
        options = getattr(function, "options", caller._replace(inlined=True))
        key: Any = function, kinds, options
        made = self.instances.get(key)
        if made is None:
            if key in self._begun:
                raise RefusedError(f"{function.__name__} calls itself")
            self._begun.add(key)
            name = f"{function.__name__}.{len(self._begun)}"
            made = Instance(function, kinds, options, name)
            outer, self._reads = self._reads, made.reads
            Translator(self, made).translate()
            self._reads = outer
            self.instances[key] = made
        self._reads |= made.reads
        return made

    def reduce_facts(self, facts: Mapping[Any, Any], exact: Mapping[str, Any]) -> None:
        """Replace the facts by fewer ones, and forget the functions that depend on the
        facts removed.
        """
        lost = {*self.facts, *self.exact} - {*facts, *exact}
        self.facts = facts
        self.exact = exact
        self.instances = {
            key: instance
            for key, instance in self.instances.items()
            if instance.reads.isdisjoint(lost)
        }
        self._begun = {*self.instances}

    def exact_at(self, column: Node, index: Node) -> Any:
        """Return the known value of a column's number in each iteration, or None."""
        name = column.parts[1] if column.form == "column" else None
        if (
            name is None
            or name not in self.exact
            or not (is_known(index) or index.form == "literal")
        ):
            return None
        self._reads.add(name)
        place = index.kind.value if is_known(index) else index.parts[0]
        places = np.array(getattr(place, "numbers", (place,)))
        numbers = self.exact[name]
        is_inside = places.min() >= 0 and places.max() < len(numbers)
        return each(numbers[places]) if is_inside else None

    def fact_of(self, column: Node, index: Node) -> set[Any] | None:
        """Return the values that a column's number can have, or None if they are
        unknown.
        """
        if isinstance(column.kind, ArrayKind):
            return None
        name = column.parts[1] if column.form == "column" else None
        record = column.kind.record
        place = None
        if is_known(index) or index.form == "literal":
            place = index.parts[0] if index.form == "literal" else index.kind.value
        keys = [(name, place), (name, None)]
        if record is not None:
            keys = [] if place is None else [(name, record(place).name)]
        self._reads.update(keys)
        return next((self.facts[key] for key in keys if key in self.facts), None)
