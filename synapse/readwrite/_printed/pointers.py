"""Find the memory to which the pointers of a program in C point."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from ...engine.language.program import Instance
from ...engine.language.tree import ArrayKind, ColumnKind, Node
from .specialised import Specialised
from .trees import column_name, forms_of

MEMORY = "memory"
"""Stands for arrays that are no columns."""
POINTERS = ColumnKind, ArrayKind


class Pointers:
    """The pointers of a program, and the tables that they point to.

    On AVR, flash and memory have addresses of their own, and therefore a pointer
    belongs to one of them. `to_tables` are the pointers that always point to tables in
    flash: variables, each by its function and name, results of functions, with None as
    name, and items of tuples, each by its kind and place. The tables `in_memory` share
    a pointer with other columns.
    """

    def __init__(self, program: Specialised) -> None:
        self.tables = program.columns.keys() - program.changed
        self.in_memory: set[str] = set()
        self.targets: defaultdict[tuple[Any, Any], set[str]] = defaultdict(set)
        for root in program.roots.values():
            for name, kind in root.parameters:
                if isinstance(kind, POINTERS):
                    self.targets[root, name].add(MEMORY)
        before = -1
        while before != (found := sum(map(len, self.targets.values()))):
            before = found
            for instance in program.instances:
                self._follow(instance)
        mixed = [targets for targets in self.targets.values() if targets - self.tables]
        while any(targets & self.tables for targets in mixed):
            self.in_memory |= set.union(*mixed) & self.tables
            self.tables -= self.in_memory
            mixed = [found for found in self.targets.values() if found - self.tables]
        self.to_tables = {
            pointer
            for pointer, targets in self.targets.items()
            if targets and targets <= self.tables
        }

    def _follow(self, instance: Instance) -> None:
        """Add what the function's variables, its tuples, and the parameters of
        functions that it calls, point to.
        """
        forms = forms_of(instance)
        given = [((instance, name), value) for name, value in _parts(forms["set"])]
        given += (((instance, None), value) for (value,) in _parts(forms["return"]))
        for callee, arguments in _parts(forms["call"]):
            names = ((callee, name) for name, _ in callee.parameters)
            given += zip(names, arguments, strict=True)
        for node in forms["tuple"]:
            given += (((node.kind, place), p) for place, p in enumerate(node.parts))
        for pointer, value in given:
            if value is not None and isinstance(value.kind, POINTERS):
                self.targets[pointer] |= self._of(instance, value)

    def _of(self, instance: Instance, value: Node) -> set[str]:
        """Return the columns to which an expression may point."""
        if value.form == "variable":
            return self.targets[instance, value.parts[0]]
        if value.form == "item":
            values, place = value.parts
            return self.targets[values.kind, place]
        if value.form == "call":
            return self.targets[value.parts[0], None]
        if value.form == "choice":
            return set().union(*(self._of(instance, side) for side in value.parts[1:]))
        if value.form in ("hidden", "retyped"):
            return self._of(instance, value.parts[0])
        return {column_name(value) or MEMORY}  # or a new array


def _parts(nodes: list[Node]) -> list[tuple[Any, ...]]:
    return [node.parts for node in nodes]
