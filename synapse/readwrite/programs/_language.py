"""Write a network as a program: what the languages share, and the record of their differences.

The code of a program is in ``templates/``, one file per language, with the same steps in each.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from string import Template
from typing import NamedTuple

from ..._checks import counted
from ...objects.network import Network
from ...squash import STATE
from .._formulas import Branch, Symbol, Tree, in_order
from .._lowered import Run
from .._squashes import given, kind_of, tree_of
from .._step import Step, step_of

PLAIN = frozenset(" _-.,:()+=#")
LONGEST_NAME = 200
NO_RUN = "{0}"  # C has no empty table


@dataclass(frozen=True)
class Language:
    """The syntax of a language, whose format is `key`, for the parts that differ between networks.

    `calls` are the primitive functions of formulas; `helpers` define those that the language does not have.
    ``{name}``, ``{names}`` and ``{body}`` in `function` are the name of a formula, its numbers and its lines,
    which are made of `let`, `branch` and the two kinds of `returns`, of one result and of several. `unused`
    is a line for a number that the body does not use. `fires` are the functions that compute activations of
    consecutive neurons by the formula ``NAME``, by the kind of squash.

    `loop` and `run` are rows of tables. The runs of a loop are either inside its row, ``{nested}``, or in a
    separate table, ``{count}`` of them. `start` begins with ``{values}``.
    """

    key: str
    name: str
    template: str
    comment: str
    calls: Mapping[str, str]
    helpers: Mapping[str, str]
    function: str
    let: str
    branch: tuple[str, str]
    returns: tuple[str, ...]
    unused: str
    fires: Mapping[str, str]
    loop: str
    run: str
    start: str


class Loop(NamedTuple):
    """Neurons ``first .. stop`` whose states are computed by the same runs; then some activate.

    ``fires`` is empty if states of others of a group are not computed yet.
    """

    first: int
    stop: int
    fires: tuple[int, int]
    squash: str
    runs: list[Run]


def source(network: Network, language: Language, context: bool) -> str:
    """Write a network as a program; raises as :func:`synapse.readwrite.python_source` does."""
    step = step_of(network, language.key, language.name, context)
    loops = list(_loops(step))
    program = Path(__file__).with_name("templates").joinpath(language.template)
    return Template(program.read_text(encoding="utf-8")).substitute(
        heading="\n".join(language.comment + line for line in _heading(step)),
        inputs=step.inputs,
        outputs=step.outputs,
        neurons=step.neurons,
        squashes="\n\n".join(_squashes(language, list(dict.fromkeys(own.squash for own in loops)))),
        loops="\n".join(_loop(language, own) for own in loops),
        runs=_lines([run for own in loops for run in _rows(language, own)] or [NO_RUN]),
        biases=_numbers(step.biases[step.inputs :].tolist()),
        weights=_numbers(step.weights.tolist()),
        start=language.start.format(values=_numbers(step.start.tolist())) if context else "",
    )


def _loops(step: Step) -> Iterator[Loop]:
    """The loops of a step, in order."""
    for block, stretches in zip(step.blocks, step.lowered.stretches(), strict=True):
        for stretch in stretches:
            # Neurons of a block without groups do not depend on each other: each activates at once.
            fires = (0, 0) if block.grouped else (stretch.first, stretch.stop)
            if block.grouped and stretch is stretches[-1]:
                fires = block.fires[0]
            yield Loop(stretch.first, stretch.stop, fires, block.squash, stretch.runs)
        for group in block.fires[1:]:
            yield Loop(block.stop, block.stop, group, block.squash, [])


def _heading(step: Step) -> Iterator[str]:
    """The first comment of a program: the name of the network, and the places of its layers."""
    counts = f"{counted(step.neurons, 'neuron')}, {counted(len(step.weights), 'connection')}"
    yield f"The network {safe(step.name)}: {counts}. Written by Synapse."
    yield "Layers in activation order:"
    ends = accumulate(size for _, size in step.layers)
    for (name, size), end in zip(step.layers, ends, strict=True):
        yield f"  {safe(name)}: neurons {end - size} .. {end - 1}"


def safe(text: str) -> str:
    r"""A name for a comment in any language, without characters that could end the comment.

    >>> safe("gates */"), safe("a\n#"), safe("<b>"), safe("é")
    ('gates u+2au+2f', 'au+a#', 'u+3cbu+3e', 'u+e9')
    """
    told = text[:LONGEST_NAME]
    shown = "".join(c if c in PLAIN or (c.isascii() and c.isalnum()) else f"u+{ord(c):x}" for c in told)
    return shown if told == text else shown + "..."


def _squashes(language: Language, names: list[str]) -> Iterator[str]:
    """The functions that compute activations, after the helpers that they call."""
    found = [_squash(language, name) for name in names]
    for primitive, text in language.helpers.items():
        if any(f"{primitive}(" in one for one in found):
            yield text
    yield from found


def _squash(language: Language, name: str) -> str:
    """The formula of a squash, and the function that computes activations by it."""
    own, expression = f"squash_{_identifier(name)}", given(name, language.key)
    fire = language.fires[kind_of(name)].replace("NAME", _identifier(name))
    if own not in fire:
        return fire
    if expression is None:
        return f"{function(language, own, tree_of(name, 0), ('s',))}\n\n{fire}"
    body = "    " + language.returns[0].format(expression.replace(STATE, "s"))
    return f"{language.function.format(name=own, names='s', body=body)}\n\n{fire}"


def function(language: Language, name: str, tree: Tree, names: Sequence[str]) -> str:
    """Write a formula of some numbers as a function of a language, which returns all results of the tree."""
    body = list(_body(language, tree, "    "))
    if language.unused:
        used = " ".join(body)
        body[:0] = [f"    {language.unused.format(n)}" for n in names if not re.search(rf"\b{n}\b", used)]
    return language.function.format(name=name, names=", ".join(names), body="\n".join(body))


def _body(language: Language, tree: Tree, indent: str) -> Iterator[str]:
    """The lines of a function."""
    if isinstance(tree, Branch):
        left, right = (
            _expression(language, side, {}) for side in (tree.condition.left, tree.condition.right)
        )
        begin, end = language.branch
        yield indent + begin.format(f"{left[0]} {tree.condition.kind} {right[0]}")
        yield from _body(language, tree.then, indent + "    ")
        if end:
            yield indent + end
        yield from _body(language, tree.other, indent)
        return
    known: dict[Symbol, str] = {}
    for symbol, count in Counter(in_order(tree)).items():
        if count > 1 and symbol.kind not in ("name", "number"):
            name = f"v{len(known)}"
            yield indent + language.let.format(name, _expression(language, symbol, known)[0])
            known[symbol] = name
    results = ", ".join(_expression(language, symbol, known)[0] for symbol in tree)
    yield indent + language.returns[len(tree) > 1].format(results)


SUM, PRODUCT, SIGN, ATOM = range(4)
RANKS = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT}


def _expression(language: Language, symbol: Symbol, known: Mapping[Symbol, str]) -> tuple[str, int]:
    """The text of a symbol, and how tightly it is bound."""
    if symbol in known:
        return known[symbol], ATOM
    if symbol.kind == "name":
        return symbol.parts[0], ATOM
    if symbol.kind == "number":
        value = symbol.parts[0]
        text = repr(value) if math.isfinite(value) else language.calls[repr(abs(value))]
        return (text, ATOM) if value >= 0.0 else (f"-{text.lstrip('-')}", SIGN)
    parts = [_expression(language, part, known) for part in symbol.parts]
    if symbol.kind == "negative":
        return f"-{_within(parts[0], ATOM)}", SIGN
    if symbol.kind in RANKS:
        rank = RANKS[symbol.kind]
        return f"{_within(parts[0], rank)} {symbol.kind} {_within(parts[1], rank + 1)}", rank
    return language.calls[symbol.kind].format(*(text for text, _ in parts)), ATOM


def _within(part: tuple[str, int], rank: int) -> str:
    """The text of a part, in parentheses if it is bound less tightly."""
    return part[0] if part[1] >= rank else f"({part[0]})"


def _identifier(name: str) -> str:
    """A name that is valid in every language."""
    return "".join(c if c.isascii() else f"u{ord(c):x}" for c in name)


def _loop(language: Language, loop: Loop) -> str:
    rows = _rows(language, loop)
    return language.loop.format(
        first=loop.first,
        stop=loop.stop,
        fire_first=loop.fires[0],
        fire_stop=loop.fires[1],
        squash=_identifier(loop.squash),
        nested=", ".join(rows),
        count=len(rows),
    )


def _rows(language: Language, loop: Loop) -> list[str]:
    return [language.run.format(", ".join(map(str, run))) for run in loop.runs]


def _numbers(values: Iterable[float]) -> str:
    """Numbers with all digits; a single 0 if there are none, because C has no empty table."""
    return _lines([repr(value) for value in values] or ["0.0"])


def _lines(items: Sequence[str], each: int = 5) -> str:
    return ",\n    ".join(", ".join(items[i : i + each]) for i in range(0, len(items), each))
