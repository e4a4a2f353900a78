"""Write statements in languages with braces, C and JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...engine.language.tree import BOOL, Node
from .text import MAX_LINE, SHIFT, STEP, TextWriter


class BraceWriter(TextWriter):
    """Writes the statements of a language with braces."""

    end = ";"

    # Declarations of a variable, by kind, before its first value, and of the counter of
    # a loop.
    begin_of: Callable[[str, Any], str]
    counter_begin: Callable[[], str]

    def braced(self, head: str, body: list[Node], indent: str) -> str:
        """Return statements under a head, without the end of the line."""
        text = self.block(body, indent + STEP)
        line = f"{indent}{head} {text.strip()}"
        is_short = len(body) == 1 and body[0].form in ("store", "do", "return")
        if is_short and text.count("\n") == 1 and len(line) <= MAX_LINE:
            return line
        return f"{indent}{head} {{\n{text}{indent}}}"

    def do_set(self, indent: str, name: str, value: Node) -> str:
        if self.is_new(name):
            begin = self.begin_of(name, self.kinds[name])
            return f"{indent}{begin}{self.local[name]} = {self.bare(value)};\n"
        before = Node("variable", value.kind, (name,))
        return f"{indent}{self.local[name]} {self.change_of(before, value)};\n"

    def do_if(
        self, indent: str, test: Node, then: list[Node], other: list[Node]
    ) -> str:
        if not then:
            test, then, other = Node("not", BOOL, (test,)), other, []
        text = self.braced(f"if ({self.bare(test)})", then, indent)
        gap = " " if text.endswith("}") else f"\n{indent}"
        if len(other) == 1 and other[0].form == "if" and other[0].parts[1]:
            return f"{text}{gap}else {self.do_if(indent, *other[0].parts).lstrip()}"
        if other:
            text += f"{gap}{self.braced('else', other, indent).lstrip()}"
        return text + "\n"

    def do_while(self, indent: str, test: Node, body: list[Node]) -> str:
        return self.braced(f"while ({self.bare(test)})", body, indent) + "\n"

    def do_for(
        self,
        indent: str,
        counter: str,
        low: Node,
        high: Node,
        step: Node,
        body: list[Node],
    ) -> str:
        name = self.local[counter]
        before = ""
        stop = self.within(high, SHIFT)
        if not self.still(high):
            stop = self.new_name(f"{name}_stop")
            declared = f"const {self.counter_begin()}".replace("const let", "const")
            before = f"{indent}{declared}{stop} = {self.bare(high)};\n"
        is_own = counter in self.homes.counters
        begin = self.counter_begin() if is_own or self.is_new(counter) else ""
        by = step.parts[0] if step.form == "literal" else 0
        further = {1: f"{name}++", -1: f"{name}--"}.get(
            by, f"{name} += {self.bare(step)}"
        )
        sign = ">" if by < 0 else "<"
        head = (
            f"for ({begin}{name} = {self.bare(low)}; {name} {sign} {stop}; {further})"
        )
        return before + self.braced(head, body, indent) + "\n"
