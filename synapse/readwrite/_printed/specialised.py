"""Specialise the kernels for one network as a typed program, using the facts in its
store, and leaving out unread results.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...engine.functions import compiled, elementary, single
from ...engine.language.memory import PLANS, STORE
from ...engine.language.program import Instance, TypedProgram
from ...engine.language.source import FAST_FLAGS, PartOptions
from ...engine.language.tree import ColumnKind, Node, known
from ...engine.language.words import WORDS, Words, real_function
from ...engine.lowering.flags import LISTS
from ...engine.online import Accumulator, read_order, states
from ...engine.records import Span, Ties
from ...engine.rtrl import sums as packed
from ...engine.rtrl.plan import without_traces
from ...engine.schema import COLUMNS, DESTINATIONS, PLAN, TABLE
from . import sums
from .fixed import FixedPass
from .fixed_numbers import FIXED, FixedPoint
from .optimizing import OPTIMIZER, UPDATES
from .simplify import simplified
from .trees import (
    column_name,
    forms_of,
    name_in_program,
    reached_by,
    rebuilt,
    walked,
)

Place = tuple[str | None, str | int | None]
"""Name of a column, and the name or number of a place in it. None stands for all
places."""
Stored = tuple[str, int | None]
"""Name of a column, and number of a place. None stands for all places."""
OPTIONS = PartOptions(FAST_FLAGS, inlined=False)
RATES = "step", "tied_update", "bias_tied_update"
"""Columns of rates times errors and, for ties, their products with activations."""
SCRATCH = (
    *("responsibility", "projected", "step", "pushed", "pushed_gated", "pushed_traced"),
    *DESTINATIONS,
)
"""Columns of errors and updates, which are 0 before a step learns, and of no use
later."""
MAX_VALUES = 64
"""Maximum number of different values in a column whose values are facts."""


class Root(NamedTuple):
    """A function that a program offers, with the known facts about its arguments."""

    function: Any
    kinds: tuple[Any, ...]


# --- known facts ----------------------------------------------------------------------


class KnownColumns:
    """The columns of a network's store, and of its plan by rtrl."""

    def __init__(
        self, network: Any, accumulates: bool = False, traced: bool = True
    ) -> None:
        _, store, self.span = network._lowered()
        self.unrolls = False
        self.ahead: Any = None  # neurons whose inputs are added before the step
        plan = network._kernels().plan
        self.has_plan = plan is not None
        self.columns: dict[str, NDArray[Any]] = {}
        lengths = _lengths(store)
        instead = dict(Accumulator(store).columns) if accumulates else {}
        if not traced:
            instead |= without_traces(store)
        instead |= {} if plan is None else plan.untraced
        for column in TABLE if accumulates else COLUMNS:
            values = instead.get(column.name, store.columns.get(column.name))
            self.columns[column.name] = values[: lengths.get(column.axis)]
        inputs = int(self.span[Span.INPUTS])
        # the squashes of inputs are never read
        self.columns["squash"] = self.columns["squash"].copy()
        self.columns["squash"][:inputs] = self.columns["squash"][inputs:][:1]
        # all connections are read
        self.columns["flags"] = self.columns["flags"] & ~np.uint32(LISTS)
        self.columns["ties"] = self.columns["ties"].copy()
        self.columns["ties"][Ties.LISTS] = 0
        if plan is not None:
            for column in PLAN:
                values = plan.columns.get(column.name, np.zeros(0))
                self.columns[f"plan.{column.name}"] = values

    def exact(self, written: set[Stored]) -> dict[str, NDArray[Any]]:
        """Return the integers in columns of the store that are never written, if steps
        are unrolled.
        """
        return {
            column.name: self.columns[column.name]
            for column in COLUMNS
            if self.unrolls
            and column.record is None
            and self.columns[column.name].dtype.kind != "f"
            and (column.name, None) not in written
        }

    @cached_property
    def _values(self) -> defaultdict[str, set[Any]]:
        """The values of all columns, once the steps are unrolled."""
        found = ((name, _values_of(column)) for name, column in self.columns.items())
        return defaultdict(set, found)

    def facts(self, written: set[Stored]) -> dict[Place, set[Any]]:
        """Return the values of all columns that are never written, by their names in
        kernels.
        """
        facts: dict[Place, set[Any]] = {
            (None, member.name): {int(self.span[member])} for member in Span
        }
        for prefix, columns in (("", COLUMNS), ("plan.", PLAN)):
            for column in columns:
                name = prefix + column.name
                values = self.columns.get(name, np.zeros(0))
                if column.record is not None or name == "failed":
                    for place, value in enumerate(values.tolist()):
                        if (name, place) not in written:
                            key = column.record(place).name if column.record else place
                            facts[column.name, key] = {value}
                elif (name, None) not in written and (found := self._values[name]):
                    facts[column.name, None] = found
        return facts


def _values_of(values: NDArray[Any]) -> set[Any]:
    """Return the values of an integer column, or of a numeric column that is all 0."""
    if values.dtype.kind == "f":
        return {0.0} if len(values) and not values.any() else set()
    found = np.unique(values)
    return set(map(int, found)) if len(found) <= MAX_VALUES else set()


def _lengths(store: Any) -> dict[str, int]:
    """Return the number of rows that count on each axis, without the room after
    them.
    """
    columns = store.columns
    neurons = store.n_neurons
    ends = {
        name: int(columns[f"{name}_stop"][:neurons].max(initial=0))
        for name in ("run", "influence", "pull")
    }
    counts = {"neuron": neurons, "node": neurons, "connection": store.n_connections}
    return counts | ends


# --- words of programs ----------------------------------------------------------------


def _delayed_in_order(t: Any, store: Node, source: Node, target: Node) -> Node:
    """Return whether sources are late by the order, given that all neurons of a program
    activate in a step.
    """
    together = t.call(read_order.are_together, [store, source, target])
    passed = [source, target, together]
    return t.call(read_order.is_delayed_in_order, passed)


def words_of(fast: bool, library: bool, is_c: bool = False) -> Words:
    """Return the words of programs. `fast` programs add in parts, and `library` takes
    exponentials from the language's library. The words for C survive -ffast-math.
    """
    instead: dict[Any, Any] = {
        read_order.is_delayed_by_stamp: _delayed_in_order,
        read_order.has_kept: lambda t, *_: known(0),
        states.sum_packs: sums.fast if fast else sums.exact,
        packed.set_sums: lambda t, *passed: t.call(sums.set_sums, list(passed)),
        packed.renew_panel: lambda t, *passed: t.call(sums.renew_panel, list(passed)),
    }
    if fast and library:
        instead[single.logistic] = lambda t, x: t.call(compiled.logistic, [x])
    if is_c:
        instead[elementary.whole] = lambda t, *passed: t.call(sums.whole, list(passed))
        instead[single.whole] = lambda t, *passed: t.call(
            sums.single_whole, list(passed)
        )
    for name in ("exp", "expm1", "log", "log1p") if library else ():
        instead[getattr(elementary, name)] = real_function(name)
    if library and not fast:  # fast programs keep to their range themselves
        instead[elementary.exp] = lambda t, *passed: t.call(sums.exp, list(passed))
        instead[elementary.expm1] = lambda t, *passed: t.call(sums.expm1, list(passed))
    return WORDS.with_others(instead)


# --- programs -------------------------------------------------------------------------


class Specialised:
    """The functions that a program needs, with callees before their callers.

    `roots` are the functions that it offers, by name. They write the columns `changed`,
    and read `columns`. The columns `kept` are read outside of the functions. In `fixed`
    point, rates have numbers of their own if they are `direct`, and not those of an
    optimizer. The columns `scratch` only exist while a program learns, if its language
    `has_scratch`.
    """

    def __init__(
        self,
        data: KnownColumns,
        roots: dict[str, Root],
        words: Words,
        kept: set[str],
        fixed: FixedPoint | None = None,
        direct: bool = True,
        has_scratch: bool = False,
    ) -> None:
        self.fixed = fixed
        self.rates = RATES if direct else ()
        self.data = data
        written: set[Stored] = set()
        program = TypedProgram(
            data.facts(written), words, packed=False, exact=data.exact(written)
        )
        while True:
            made = {
                name: program.instance(root.function, root.kinds, OPTIONS)
                for name, root in roots.items()
            }
            stored = {
                place
                for instance in reached_by(list(made.values()))
                for place in _stored(instance, program)
            }
            if stored <= written:
                break
            written |= stored
            program.reduce_facts(data.facts(written), data.exact(written))
        self.roots = made
        learn = made.get("learn") if has_scratch else None
        self.scratch = {*SCRATCH} if learn else set()
        others = [root for root in made.values() if root is not learn]
        self._begin_with_zeros(others, reached_by([learn]) if learn else [])
        self.instances = simplified(list(made.values()), kept)
        added: set[str] = set()
        if fixed is not None:
            FixedPass(self.instances, list(made.values()), fixed, self.rates)
            added = {column.name for column in FIXED.columns}
        names = (
            column_name(node)
            for instance in self.instances
            for node in forms_of(instance)["column"]
        )
        self.columns = dict.fromkeys(filter(None, names))
        written_to = {name for name, _ in written} | added
        self.changed = {*self.columns, *kept} & written_to
        self.scratch &= self.changed

    def _begin_with_zeros(
        self, others: list[Instance], learning: list[Instance]
    ) -> None:
        """Remove the statements of other functions that reset scratch columns, which
        none of these functions reads, and none that is also `learning` writes.
        """
        reached = reached_by(others)
        for instance in reached:
            self.scratch -= walked(instance).columns_read
            if instance in learning:
                stores = forms_of(instance)["store"]
                self.scratch -= {column_name(node.parts[0]) for node in stores}

        def without(node: Node) -> list[Node]:
            is_reset = (
                node.form == "store" and column_name(node.parts[0]) in self.scratch
            )
            return [] if is_reset else [node]

        for instance in reached:
            instance.body = rebuilt(instance.body, without)


def _stored(instance: Instance, program: TypedProgram) -> Iterator[Stored]:
    """Yield the places of columns in which a function changes a known value."""
    for node in forms_of(instance)["store"]:
        column, index, value = node.parts
        name = column_name(column)
        if name is None:
            yield from _chosen_by(column)
            continue
        values = program.fact_of(column, index)
        if value.form == "literal" and values == {value.parts[0]}:
            continue
        if column.kind.record is None and name != "failed":
            yield name, None
        elif index.form == "literal":
            yield name, index.parts[0]
        else:
            yield from ((name, k) for k in range(64))


def _chosen_by(column: Node) -> list[Stored]:
    """Return the columns of which a variable may be one."""
    is_column = isinstance(column.kind, ColumnKind)
    return _columns_of(column.kind.family[0]) if is_column else []


@cache
def _columns_of(family: str) -> list[Stored]:
    """Return the columns of a family."""
    return [
        (name_in_program(layout, declared.name), None)
        for layout in (STORE, UPDATES, PLANS, OPTIMIZER)
        for declared in layout.columns
        if layout.family(declared.name)[0] == family
    ]
