"""What all programs share: the syntax of a language, formulas as its functions, and
the first comment.

The code of a program is in ``templates/``, one file per language, with the same steps
in each. A :class:`Language` has the parts that differ between networks.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from .._checks import expected, pluralize, text as checked_text
from .._squash import STATE
from .._typing import Floats, Ints
from ..errors import ArgumentError
from ..objects.saved import SavedNetwork
from . import _files
from ._formats import DECLARATIONS, Format
from ._formulas import (
    Branch,
    Symbol,
    Tree,
    as_registered,
    in_order,
    kind_of,
    tree_of,
)
from ._loops import identifier, lines
from ._plan import ExportPlan, titles

PLAIN_LETTERS = frozenset(" _-.,:()+=#")
MAX_NAME_LETTERS = 200
PREFIX = re.compile(r"[A-Za-z](_?[A-Za-z0-9])*")
"""Prefixes of names. C and C++ reserve names with two underscores, and some that begin
with one."""
MAX_PREFIX_LETTERS = 60


@dataclass(frozen=True, kw_only=True)
class Language:
    """The syntax of a language, whose format is `key`, for the functions of a program.

    `call` is how the primitive functions of formulas are called, by name and arguments,
    but for those in `calls`; `helpers` define those that the language does not have, by
    how calls of them begin. `number` writes a number. ``{name}``, ``{names}`` and
    ``{body}`` in `function` are the name of a formula, its numbers and its lines, which
    are made of `let`, `branch` and the two kinds of `returns`, of one result and of
    several. `unused` is a line for a number that the body does not use. `fires` are the
    functions that compute activations of consecutive neurons by the formula ``NAME``,
    by the kind of squash. `start` sets the context ``VALUES``. `name_prefix` begins the
    names of all these functions. `taken` are names that a program's type must not have.
    `imported` are names that a program imports if it has them.
    """

    key: str
    name: str
    comment: str
    call: str
    calls: Mapping[str, str]
    helpers: Mapping[str, str]
    function: str
    let: str
    branch: tuple[str, str]
    returns: tuple[str, ...]
    unused: str
    fires: Mapping[str, str]
    start: str
    number: Callable[[float], str] = repr
    name_prefix: str = ""
    taken: frozenset[str] = frozenset()
    imported: tuple[str, ...] = ()

    @property
    def suffix(self) -> str:
        """Suffix of its files, and of its templates."""
        return DECLARATIONS[self.key].suffixes[0]

    def table(self, values: Floats) -> str:
        """Return numbers with all digits; a single 0 if there are none, because C has
        no empty table.
        """
        return lines(
            [self.number(value) for value in values.tolist()] or [self.number(0.0)]
        )


def program(
    language: Language,
    plan: ExportPlan,
    *,
    prefix: str,
    start: Floats | None,
    **parts: Any,
) -> str:
    """Return the program of a plan: the template of its language, with these parts and
    those of every language.

    `start` are the values that it starts from; None: it starts cleared.
    """
    template = (
        Path(__file__).with_name("templates").joinpath(f"program{language.suffix}.in")
    )
    functions = "\n\n".join(_functions(language, plan.squashes()))
    used = {*re.findall(r"\w+", functions)}
    return Template(template.read_text(encoding="utf-8")).substitute(
        parts,
        imported="".join(f", {name}" for name in language.imported if name in used),
        prefix=prefix,
        type=free_name(language, prefix),
        heading=heading(
            language, plan.name, plan.layers, len(plan.weights), plan.order
        ),
        inputs=plan.inputs,
        outputs=plan.outputs,
        neurons=plan.neurons,
        functions=functions,
        biases=language.table(plan.biases[plan.inputs :]),
        start=(
            ""
            if start is None
            else language.start.replace("VALUES", language.table(start))
        ),
    )


def checked_prefix(prefix: str) -> str:
    """Return a prefix, or raise unless every language can have names that begin with
    it.
    """
    checked_text("prefix", prefix)
    if len(prefix) > MAX_PREFIX_LETTERS or not PREFIX.fullmatch(prefix):
        condition = (
            "letters and digits with single underscores between, beginning with a"
            " letter"
        )
        raise ArgumentError(expected("prefix", condition, prefix))
    return prefix


def require_no_learning(cost: Any, bound: Any, optimizer: Any) -> None:
    """Raise ArgumentError if a program that does not learn has options of learning."""
    if cost is not None or bound is not None or optimizer is not None:
        raise ArgumentError(
            "Only a program that learns has a cost, a bound or an optimizer. Pass"
            " learn=True, too."
        )


def type_name(prefix: str) -> str:
    """Return the name of a program's type or class: "PitchNet" for the prefix
    "pitch_net".
    """
    words = [
        word.lower() if word.isupper() else word
        for word in checked_prefix(prefix).split("_")
    ]
    return "".join(word[:1].upper() + word[1:] for word in words)


def free_name(language: Language, prefix: str) -> str:
    """Return the name of a program's type, or an error if the language uses it."""
    name = type_name(prefix)
    if name in language.taken:
        raise ArgumentError(
            f"The prefix {prefix!r} names the type {name}, which {language.name} has"
            " already. Use another."
        )
    return name


def heading(
    language: Language,
    name: str,
    layers: Sequence[tuple[str, int]],
    connections: int,
    order: Ints,
) -> str:
    """Return the first comment of a program: the name of the network, and the places of
    its layers. `order` has the number in the network of each neuron of the program.
    """
    counts = (
        f"{pluralize(len(order), 'neuron')}, {pluralize(connections, 'connection')}"
    )
    rows = [f"The network {safe(name)}: {counts}. Written by Synapse.", "Layers:"]
    places = np.argsort(order)
    ends = accumulate(size for _, size in layers)
    for (layer, size), end in zip(layers, ends, strict=True):
        neurons = np.sort(places[end - size : end])
        among = "" if neurons[-1] - neurons[0] == size - 1 else ", with others between"
        rows.append(f"  {safe(layer)}: neurons {neurons[0]} .. {neurons[-1]}{among}")
    return "\n".join(language.comment + row for row in rows)


def heading_of(saved: SavedNetwork, language: Language) -> str:
    """Return the first comment of a program whose neurons have the numbers of the
    network.
    """
    acting = saved.connections["target"] >= saved.layers[0][1]
    order = np.arange(len(saved.neurons["squash"]))
    name = saved.name or ""
    return heading(language, name, titles(saved), int(acting.sum()), order)


def filled(name: str, parts: Mapping[str, Any]) -> str:
    """Return a template with these parts."""
    text = (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")
    return Template(text).substitute(parts).rstrip() + "\n"


def safe(text: str) -> str:
    r"""Return a name for a comment in any language, without characters that could end
    the comment.

    >>> safe("gates */"), safe("a\n#"), safe("<b>"), safe("é")
    ('gates u+2au+2f', 'au+a#', 'u+3cbu+3e', 'u+e9')
    """
    begin = text[:MAX_NAME_LETTERS]
    shown = "".join(
        c if c in PLAIN_LETTERS or (c.isascii() and c.isalnum()) else f"u+{ord(c):x}"
        for c in begin
    )
    return shown if begin == text else shown + "..."


def _functions(language: Language, names: list[str]) -> Iterator[str]:
    """Yield the functions for activations, after the helpers that they call."""
    squashes = [_squash(language, name) for name in names]
    yield from helped(language, squashes)
    yield from squashes


def helped(language: Language, functions: Sequence[str]) -> Iterator[str]:
    """Yield the helpers that some functions call."""
    for call, text in language.helpers.items():
        if any(call in function for function in functions):
            yield text


def _squash(language: Language, name: str) -> str:
    """Return the formula of a squash, and the function that computes activations by
    it.
    """
    name_in_program = f"{language.name_prefix}squash_{identifier(name)}"
    expression = as_registered(name, language.key)
    fire = language.fires[kind_of(name)].replace("NAME", identifier(name))
    if name_in_program not in fire:
        return fire
    if expression is None:
        return (
            f"{function(language, name_in_program, tree_of(name, 0), ('s',))}\n\n{fire}"
        )
    body = "    " + language.returns[0].format(expression.replace(STATE, "s"))
    formula = language.function.format(name=name_in_program, names="s", body=body)
    return f"{formula}\n\n{fire}"


def function(language: Language, name: str, tree: Tree, names: Sequence[str]) -> str:
    """Write a formula of some numbers as a function of a language, which returns all
    results of the tree.
    """
    body = list(_body(language, tree, "    "))
    if language.unused:
        used = " ".join(body)
        body[:0] = [
            f"    {language.unused.format(n)}"
            for n in names
            if not re.search(rf"\b{n}\b", used)
        ]
    return language.function.format(
        name=name, names=", ".join(names), body="\n".join(body)
    )


def _body(language: Language, tree: Tree, indent: str) -> Iterator[str]:
    """Yield the lines of a function."""
    if isinstance(tree, Branch):
        left, right = (
            _expression(language, side, {})
            for side in (tree.condition.left, tree.condition.right)
        )
        begin, end = language.branch
        yield indent + begin.format(f"{left[0]} {tree.condition.operation} {right[0]}")
        yield from _body(language, tree.then, indent + "    ")
        if end:
            yield indent + end
        yield from _body(language, tree.other, indent)
        return
    named: dict[Symbol, str] = {}
    for symbol, count in Counter(in_order(tree)).items():
        if count > 1 and symbol.operation not in ("name", "number"):
            name = f"v{len(named)}"
            yield indent + language.let.format(
                name, _expression(language, symbol, named)[0]
            )
            named[symbol] = name
    results = ", ".join(_expression(language, symbol, named)[0] for symbol in tree)
    yield indent + language.returns[len(tree) > 1].format(results)


SUM, PRODUCT, SIGN, ATOM = range(4)
RANKS = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT}


def _expression(
    language: Language, symbol: Symbol, named: Mapping[Symbol, str]
) -> tuple[str, int]:
    """Return the text of a symbol, and how tightly it is bound."""
    if symbol in named:
        return named[symbol], ATOM
    if symbol.operation == "name":
        return symbol.parts[0], ATOM
    if symbol.operation == "number":
        value = symbol.parts[0]
        text = (
            language.number(value)
            if math.isfinite(value)
            else language.calls[repr(abs(value))]
        )
        return (text, ATOM) if value >= 0.0 else (f"-{text.lstrip('-')}", SIGN)
    parts = [_expression(language, operand, named) for operand in symbol.parts]
    if symbol.operation == "negative":
        return f"-{_within(parts[0], ATOM)}", SIGN
    if symbol.operation in RANKS:
        rank = RANKS[symbol.operation]
        return (
            f"{_within(parts[0], rank)} {symbol.operation}"
            f" {_within(parts[1], rank + 1)}",
            rank,
        )
    texts = [text for text, _ in parts]
    call = language.calls.get(symbol.operation)
    if call is not None:
        return call.format(*texts), ATOM
    return language.call.format(symbol.operation, ", ".join(texts)), ATOM


def _within(expression: tuple[str, int], rank: int) -> str:
    """Return the text of a part, in parentheses if it is bound less tightly."""
    return expression[0] if expression[1] >= rank else f"({expression[0]})"


def program_format(
    language: Language,
    purpose: str,
    data: Callable[..., Any],
    link: str,
    write: Callable[[_files.File, Any], None] = _files.write,
) -> Format:
    """Return the format of the programs in a language."""
    return Format(
        name=language.key,
        purpose=purpose,
        kept="the outputs of a network",
        lost="learning",
        link=link,
        data=data,
        write=write,
    )
