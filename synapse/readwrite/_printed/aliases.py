"""Write programs whose columns are attributes of ``net``, as JavaScript and Python do.
Each function reads them once into variables of the same names.
"""

from __future__ import annotations

from typing import Any

from ...engine.language.program import Instance
from ...engine.language.tree import Node
from .columns import member
from .text import ATOM, Text, TextWriter


class AliasWriter(TextWriter):
    """Writes functions that name the columns they use at their beginning."""

    def function(self, instance: Instance) -> str:
        self.aliases: set[str] = set()
        names = [name for name, _ in instance.parameters] + [*instance.locals]
        self.taken = {name.partition(".")[0] for name in names}
        return super().function(instance)

    def parameter(self, name: str, kind: Any, local: str) -> str:
        return name

    def instance_parameter(self) -> str:
        return "net"

    def column(self, name: str) -> str:
        flat = member(name)
        if name not in self.program.changed:
            return flat.upper()
        if flat in self.taken:
            return f"net.{flat}"
        self.aliases.add(flat)
        return flat

    def of_load(self, node: Node, column: Node, index: Node) -> Text:
        return self.place(column, index), ATOM

    def of_item(self, node: Node, values: Node, place: int) -> Text:
        return f"{self.within(values, ATOM)}[{place}]", ATOM
