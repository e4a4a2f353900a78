"""Write typed programs as text, with the parts that C, JavaScript and Python share.

An instance, ``net``, contains the columns that change, and tables contain all others. A
function receives the instance if it, or one of its callees, reads or writes it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from textwrap import wrap
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..._squash import STATE
from ...engine.language.memory import SPAN_COLUMN
from ...engine.language.program import Instance
from ...engine.language.tree import (
    INT,
    BundleKind,
    KnownKind,
    Node,
)
from ...engine.schema import NONE
from ...errors import FormatError
from .fixed_numbers import FixedKind
from .fixed_text import names_in
from .specialised import Specialised
from .trees import (
    by_form,
    called_by,
    column_name,
    forms_of,
    names_of,
    parts_of,
    variables_in,
    walked,
    within,
)

OR, AND, BITS, COMPARE, SHIFT, SUM, PRODUCT, SIGN, ATOM = range(1, 10)
CHOICE = 0
"""Binding strength of an operation, by which parentheses are set."""
RANKS = {
    "Add": SUM,
    "Sub": SUM,
    "Mult": PRODUCT,
    "Div": PRODUCT,
    "FloorDiv": PRODUCT,
    "Mod": PRODUCT,
    "LShift": SHIFT,
    "RShift": SHIFT,
    "BitAnd": BITS,
    "BitOr": BITS,
    "BitXor": BITS,
}
SIGNS = {
    "Add": "+",
    "Sub": "-",
    "Mult": "*",
    "Div": "/",
    "LShift": "<<",
    "RShift": ">>",
    "BitAnd": "&",
    "BitOr": "|",
    "BitXor": "^",
}
STEP = "    "
MAX_LINE = 100
"""Maximum number of characters in a line of a comment or a table, and in a statement on
the line of its head."""
UNBROKEN: Any = {"break_on_hyphens": False, "break_long_words": False}
"""Options of the lines that text is wrapped into."""
OFFERED_NAMES = "init", "step", "run", "learn", "clear", "weights", "load", "start"
"""Names of functions and types that a program offers in some language."""
Text = tuple[str, int]
"""An expression in a language, and how tightly it is bound."""


class Homes:
    """The places where a function declares its variables, which is at the statement
    that sets them, in the loop that counts them, or before both.
    """

    def __init__(self, instance: Instance) -> None:
        self.paths: dict[str, list[tuple[tuple[int, int], ...]]] = {}
        walk = walked(instance)
        self.sets = walk.sets
        self._walk(instance.body, ())
        loops = walk.forms["for"]
        inside = Counter[str]()
        for loop in loops:
            inside[loop.parts[0]] += variables_in(*loop.parts[-1]).count(loop.parts[0])
        self.loops = loops
        counts = Counter(loop.parts[0] for loop in loops)
        # Loops declare these for themselves.
        self.counters = {
            name
            for name in counts
            if walk.reads[name] == inside[name] and self.sets[name] == counts[name]
        }

    def _walk(self, body: list[Node], path: tuple[tuple[int, int], ...]) -> None:
        for place, node in enumerate(body):
            here = (*path, (id(body), place))
            names = {*variables_in(*parts_of(node))}
            if node.form in ("set", "for"):
                names.add(node.parts[0])
            for name in names:
                self.paths.setdefault(name, []).append(here)
            for part in node.parts:
                if isinstance(part, list):
                    self._walk(part, here)

    def near(self, counter: str) -> Iterator[str]:
        """Yield the variables in the loops of a counter, and in those around them."""
        for loop in self.loops:
            forms = by_form(within(loop))
            names = {*names_of(forms["variable"] + forms["set"] + forms["for"])}
            if counter in names:
                yield from names

    def of(self, name: str) -> tuple[int, int]:
        """Return the block in which a variable is declared, and the number of the
        statement there.
        """
        paths = self.paths[name]
        depth = 0
        while (
            all(
                len(path) > depth + 1 and path[: depth + 1] == paths[0][: depth + 1]
                for path in paths
            )
            and len({path[depth + 1][0] for path in paths}) == 1
        ):
            depth += 1
        return paths[0][depth][0], min(path[depth][1] for path in paths)


def _free(wanted: str, taken: Collection[Any]) -> str:
    """Return a name that is not taken."""
    name = wanted
    number = 1
    while name in taken:
        number += 1
        name = f"{wanted}{number}"
    return name


def users_name(name: str) -> str:
    """Return a user's name, or the name of a lambda, in a form that every language
    accepts. With "_" at its end, it is not a keyword, macro or function.
    """
    return re.sub(r"\W", "_", name.encode("ascii", "backslashreplace").decode())


class TextWriter:
    """Writes functions, by one method for each form of the tree. Methods of expressions
    return a text and its binding strength.
    """

    language = ""
    reserved: frozenset[str] = frozenset()
    joins: ClassVar = {"and": "&&", "or": "||"}
    equals: ClassVar[dict[str, str]] = {}
    comment = "# ", "# ", ""
    """The marks that begin a comment, begin its further lines, and end it."""
    end = ""  # of a statement
    begin = ""  # of the names of functions of integers
    suffix = ""  # of files
    scratch_parameter = ""
    # For users' functions, whose numbers are those of Python: expressions by their form
    # and kinds, with operands as numbers in braces, and the functions that these call,
    # by name.
    users: Mapping[str, str] = {}

    # What each language writes: a parameter by its name, kind and local name, that of
    # the instance, a function with these parameters, the declaration of a variable
    # without a value, the name of a column or a table, a real number.
    parameter: Callable[[str, Any, str], str]
    instance_parameter: Callable[[], str]
    defined: Callable[[Instance, list[str]], str]
    declaration: Callable[[str, str], str]
    column: Callable[[str], str]
    number: Callable[[float], Text]

    def __init__(self, program: Specialised) -> None:
        self.program = program
        if program.fixed is not None:
            self.reserved = self.reserved | names_in(f"fixed{self.suffix}.in")
        self.tables: dict[tuple[str, ...], str] = {}
        self.helpers: dict[str, str] = {}
        self.names: dict[Instance, str] = {}
        taken = Counter[str]()
        self.roots = roots = {root: name for name, root in program.roots.items()}
        own = self.reserved if program.fixed is not None else ()
        for name in {*program.roots, *OFFERED_NAMES, *own}:
            taken[name] += 1
        for instance in program.instances:
            name = roots.get(instance, "")
            if not name:
                base = instance.function.__name__.strip("_")
                base = f"user_{users_name(base)}" if instance.options.of_user else base
                taken[base] += 1
                name = base if taken[base] == 1 else f"{base}_{taken[base]}"
            self.names[instance] = name
        self.told: set[Any] = set()
        self.with_net = self.with_columns(program.changed - program.scratch)
        self.with_scratch = self.with_columns(program.scratch)
        self.functions = [self.function(i) for i in program.instances]
        called = {*re.findall(r"\w+(?=\()", "\n".join(self.functions))}
        called &= self.users.keys()
        self.helpers |= {name: self.users[name] for name in sorted(called)}

    def with_columns(self, names: set[str]) -> set[Instance]:
        """Return the functions that read or write columns, or call others that do."""
        found: set[Instance] = set()
        for instance in self.program.instances:  # callees come first
            own = map(column_name, forms_of(instance)["column"])
            if not names.isdisjoint(own) or not found.isdisjoint(called_by(instance)):
                found.add(instance)
        return found

    # --- functions

    def function(self, instance: Instance) -> str:
        """Return the text of a function."""
        self.instance = instance
        self.is_users = instance.options.of_user
        self.homes = Homes(instance)
        self.kinds = dict(instance.parameters) | instance.locals
        self._name_locals()
        self.declared: set[str] = set()
        passed = [
            self.parameter(self.local[name], kind, name)
            for name, kind in instance.parameters
            if not isinstance(kind, BundleKind | KnownKind)
        ]
        if instance in self.with_scratch and instance not in self.roots:
            passed.insert(0, self.scratch_parameter)
        if instance in self.with_net:
            passed.insert(0, self.instance_parameter())
        return self.defined(instance, passed)

    def _name_locals(self) -> None:
        self.local: dict[str, str] = {}
        self.taken_names = {*self.reserved, *self.names.values()}
        for name in sorted(self.kinds, key=self.homes.counters.__contains__):
            base, _, number = name.partition(".")
            if base == "t" and number:
                base = "value"
            base = f"{users_name(base)}_" if self.is_users else base.strip("_")
            if name in self.homes.counters:
                near = {self.local.get(other) for other in self.homes.near(name)}
                near |= {*self.reserved, *self.names.values()}
                self.local[name] = _free(base, near)
                self.taken_names.add(self.local[name])
            else:
                self.local[name] = self.new_name(base)

    def new_name(self, wanted: str) -> str:
        """Return a name that no other variable of the function has."""
        name = _free(wanted, self.taken_names)
        self.taken_names.add(name)
        return name

    def comment_of(self, instance: Instance) -> str:
        """Return the first paragraph of a kernel's docstring as a comment, once."""
        text = (instance.function.__doc__ or "").partition("\n\n")[0]
        if not text or instance.function in self.told:
            return ""
        self.told.add(instance.function)
        begin, further, end = self.comment
        plain = " ".join(text.split()).replace("`", "").replace("*/", "* /")
        lines = wrap(plain, MAX_LINE - len(begin + end), **UNBROKEN)
        between = f"\n{further}"
        return f"{begin}{between.join(lines)}{end}\n"

    def rows(self, values: NDArray[Any], indent: str) -> str:
        """Return numbers, separated by commas, in lines of limited length. Because not
        every language has empty tables, an empty one contains 0.
        """
        if values.dtype.kind == "f":
            texts = [self.number(value)[0] for value in values.tolist()]
        else:
            is_word = values.dtype == np.uint64
            texts = [self.whole(value, is_word) for value in values.tolist()]
        return self.lines(texts, indent)

    def lines(self, texts: Collection[str], indent: str) -> str:
        """Return numbers in lines."""
        lines = wrap(", ".join(texts) or "0", MAX_LINE - len(indent), **UNBROKEN)
        return indent + f"\n{indent}".join(lines)

    def whole(self, value: int, is_word: bool) -> str:
        """Return an integer of a table. A word has 64 bits without a sign."""
        return "-1" if value == NONE else str(value)

    def block(self, body: list[Node], indent: str) -> str:
        """Return the text of statements."""
        lines = []
        waiting: dict[int, list[str]] = {}
        for name in self.kinds:
            if name in self.homes.paths and name not in self.declared:
                if name in {*dict(self.instance.parameters), *self.homes.counters}:
                    continue
                kind = self.kinds[name]
                if isinstance(kind, BundleKind) or kind == SPAN_COLUMN:
                    continue
                home, place = self.homes.of(name)
                if home == id(body):
                    waiting.setdefault(place, []).append(name)
        for place, node in enumerate(body):
            for name in waiting.get(place, ()):
                is_own = node.form in ("set", "for") and node.parts[0] == name
                if not is_own:
                    lines.append(self.declaration(name, indent))
                    self.declared.add(name)
            lines.append(getattr(self, f"do_{node.form}")(indent, *node.parts))
        return "".join(lines)

    def is_new(self, name: str) -> bool:
        """Return whether a variable is declared here, and mark it as declared."""
        is_parameter = name in dict(self.instance.parameters)
        new = name not in self.declared and not is_parameter
        self.declared.add(name)
        return new

    def still(self, node: Node) -> bool:
        """Return whether an expression has the same value during a loop."""
        if node.form == "variable":
            return (
                self.homes.sets[node.parts[0]] <= 1
                or node.parts[0] in self.homes.counters
            )
        if node.form == "load":
            name = column_name(node.parts[0])
            if name is None or name in self.program.changed:
                return False
            return self.still(node.parts[1])
        if node.form in ("call", "dot"):
            return False
        return all(map(self.still, parts_of(node)))

    def change_of(self, before: Node, value: Node, text: str | None = None) -> str:
        """Return the text that gives a variable, or a place, its value: ``+= 1``, or
        ``= ...``.
        """
        if value.form == "binary" and value.parts[0] in ("Add", "Sub", "Mult"):
            operation, left, right = value.parts
            if left == before and self.may_change(value):
                return f"{SIGNS[operation]}= {self.bare(right)}"
        return f"= {self.bare(value) if text is None else text}"

    def may_change(self, value: Node) -> bool:
        """Return whether an operation may be written as a change."""
        return True

    def stored(self, column: Node, value: Node) -> str:
        """Return a value as a number of a column."""
        return self.bare(value)

    # --- statements that languages have in common

    def do_do(self, indent: str, value: Node) -> str:
        return f"{indent}{self.bare(value)}{self.end}\n"

    def do_store(self, indent: str, column: Node, index: Node, value: Node) -> str:
        before = Node("load", value.kind, (column, index))
        change = self.change_of(before, value, self.stored(column, value))
        return f"{indent}{self.place(column, index)} {change}{self.end}\n"

    def do_return(self, indent: str, value: Node | None) -> str:
        returned = "" if value is None else f" {self.bare(value)}"
        return f"{indent}return{returned}{self.end}\n"

    def do_break(self, indent: str) -> str:
        return f"{indent}break{self.end}\n"

    def do_continue(self, indent: str) -> str:
        return f"{indent}continue{self.end}\n"

    # --- expressions

    def value(self, node: Node) -> Text:
        """Return the text of an expression, and how tightly it is bound."""
        if self.is_users:
            parts = node.form, *node.parts, node.kind
            form = " ".join(str(getattr(part, "kind", part)) for part in parts)
            if form in self.users:
                operands = [self.within(part, ATOM) for part in parts_of(node)]
                return self.users[form].format(*operands), ATOM
        if node.form == "literal" and isinstance(node.kind, FixedKind):
            return self.of_integer(node.kind, *node.parts)
        return getattr(self, f"of_{node.form}")(node, *node.parts)

    def of_integer(self, kind: FixedKind, value: int) -> Text:
        """Return a number in fixed point."""
        fixed = self.program.fixed
        assert fixed is not None
        if kind.bits == fixed.bits and value == fixed.missing:
            return f"{self.begin.upper()}MISSING", ATOM
        return str(value), ATOM if value >= 0 else SIGN

    def bare(self, node: Node) -> str:
        """Return the text of an expression that does not need parentheses."""
        return self.value(node)[0]

    def within(self, node: Node, rank: int) -> str:
        """Return the text of an operand, in parentheses if it is bound less tightly."""
        text, bound = self.value(node)
        return text if bound >= rank else f"({text})"

    def of_variable(self, node: Node, name: str) -> Text:
        return self.local[name], ATOM

    def of_known(self, node: Node) -> Text:
        return "0", ATOM

    def of_column(self, node: Node, bundle: Node, name: str, place: int) -> Text:
        found = column_name(node)
        assert found is not None
        return self.column(found), ATOM

    def of_load(self, node: Node, column: Node, index: Node) -> Text:
        return self.place(column, index), ATOM

    def place(self, column: Node, index: Node) -> str:
        """Return a place of a column or an array."""
        if column.form == "hidden":
            column, begin = column.parts
            place = " + ".join(self.within(part, SUM) for part in (begin, index))
            return f"{self.within(column, ATOM)}[{place}]"
        return f"{self.within(column, ATOM)}[{self.bare(index)}]"

    def of_retyped(self, node: Node, column: Node) -> Text:
        return self.value(column)

    def of_text(self, node: Node, text: str, state: Node) -> Text:
        return f"({text.replace(STATE, self.within(state, ATOM))})", ATOM

    def of_opaque(self, node: Node, value: Node) -> Text:
        return self.value(value)

    def of_fixed(self, node: Node, name: str, *arguments: Node) -> Text:
        return f"{self.begin}{name}({', '.join(map(self.bare, arguments))})", ATOM

    def of_compare(self, node: Node, sign: str, left: Node, right: Node) -> Text:
        sign = self.equals.get(sign, sign)
        return self.between(sign, left, right, SHIFT), COMPARE

    def between(self, sign: str, left: Node, right: Node, *ranks: int) -> str:
        """Return a sign between two operands that are bound at least as tightly."""
        return f"{self.within(left, ranks[0])} {sign} {self.within(right, ranks[-1])}"

    def of_and(self, node: Node, left: Node, right: Node) -> Text:
        return self.between(self.joins["and"], left, right, AND, COMPARE), AND

    def of_or(self, node: Node, left: Node, right: Node) -> Text:
        return self.between(self.joins["or"], left, right, COMPARE), OR

    def of_not(self, node: Node, value: Node) -> Text:
        return f"!{self.within(value, SIGN)}", SIGN

    def of_negative(self, node: Node, value: Node) -> Text:
        return f"-{self.within(value, ATOM)}", SIGN

    def of_invert(self, node: Node, value: Node) -> Text:
        return f"~{self.within(value, ATOM)}", SIGN

    def of_choice(self, node: Node, test: Node, left: Node, right: Node) -> Text:
        parts = (self.within(part, OR) for part in (test, left, right))
        return "{} ? {} : {}".format(*parts), CHOICE

    def of_binary(self, node: Node, operation: str, left: Node, right: Node) -> Text:
        rank = RANKS[operation]
        ranks = (SIGN,) if rank in (BITS, SHIFT) else (rank, rank + 1)
        return self.between(SIGNS[operation], left, right, *ranks), rank

    def of_call(self, node: Node, instance: Instance, arguments: Any) -> Text:
        passed = [
            self.bare(argument)
            for argument in node.parts[1]
            if not isinstance(argument.kind, BundleKind | KnownKind)
        ]
        if instance in self.with_scratch:
            passed.insert(0, "scratch")
        if instance in self.with_net:
            passed.insert(0, "net")
        return f"{self.callee(instance)}({', '.join(passed)})", ATOM

    def callee(self, instance: Instance) -> str:
        """Return the name by which a function is called."""
        return self.names[instance]

    def table(self, kind: str, values: tuple[Any, ...]) -> str:
        """Return the name of a table of indices within a function."""
        key = tuple(self.whole(value, False) for value in values)
        return self.tables.setdefault(key, f"table_{len(self.tables)}")

    def of_table(self, node: Node, values: tuple[Any, ...], index: Node) -> Text:
        if node.kind == INT and values == tuple(range(len(values))):
            return self.value(index)
        return f"{self.table(node.kind, values)}[{self.bare(index)}]", ATOM

    def refused(self, what: str) -> FormatError:
        """Return the error about a feature that the language does not have."""
        return FormatError(f"A program in {self.language} cannot have {what}.")
