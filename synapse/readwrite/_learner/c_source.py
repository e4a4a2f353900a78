"""The text of a C program that learns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from ... import _squash
from ..._checks import short_repr
from ..._cost import COSTS, Cost
from ..._squash import LARGEST, SHARES, SINGLE
from ..._typing import Floats
from ...engine.functions import elementary
from ...errors import FormatError
from ...objects.network import Network
from ...objects.saved import SavedNetwork
from ...objects.sensitivities import RTRL
from .._codegen import Language, free_name, function, heading, helped
from .._formulas import Tree, UnreadableError, both_of, kind_of, only, read
from .._loops import identifier, lines
from .._plan import titles
from .reached import Reached
from .tables import Tables

INDICES = (("uint16_t", 2, 0xFFFF), ("int32_t", 4, 0x7FFFFFFF))
"""Types of indices: name, bytes, and the number that means none.

An int of C holds every number of both, so an index and an int are compared, subtracted
and counted down as they are written. A uint32_t would turn the int beside it into an
unsigned number.
"""
BITS = {
    "float": ("uint32_t", "0x7fffffffu", "0x7f800000u"),
    "double": ("uint64_t", "0x7fffffffffffffffu", "0x7ff0000000000000u"),
}
"""By the type of numbers: that of their bits, a mask without the sign, and infinity."""
FRAMES = 512
"""The most bytes that compilers add to the arrays on the stack of the deepest call, by
-O1, -O2 and -Os: saved registers and return addresses."""
FOLDER = Path(__file__).parents[1] / "templates"
FIRES = {SINGLE: "fire single", LARGEST: "fire largest", SHARES: "fire shares"}
COST_NUMBERS = ("target", "output", "slope", "outputs")
"""What the signal of a cost is computed from; its value needs the logit, too."""
NO_PAIRS = [(0, 0, 0, 0, 0)]
NO_RUNS = [(0, 0, 0, 0, 0, 0, 0, 0)]
"""C has no empty table."""
ROW_OF_NODE, ROW_OF_RUN, ROW_OF_PAIR = (11, 2), (6, 2), (3, 2)
"""Indices and other bytes in a row of each table."""


@dataclass(frozen=True)
class ProgramOptions:
    """How a program is written: `language` writes numbers of `dtype` in C."""

    language: Language
    dtype: np.dtype[Any]
    fast: bool
    prefix: str
    cost: Cost
    bound: float | None
    context: bool

    @property
    def real(self) -> str:
        """The type of numbers."""
        return "float" if self.dtype == np.float32 else "double"

    def names(self) -> dict[str, str]:
        """Return the names of a program, for templates."""
        return {
            "prefix": self.prefix,
            "capitals": self.prefix.upper(),
            "type": free_name(self.language, self.prefix),
            "real": self.real,
        }


def learner_source(
    network: Network, saved: SavedNetwork, options: ProgramOptions
) -> str:
    """Return a C program that learns by the network's rule. `saved` has its columns."""
    options = replace(options, language=_with_powers(options))
    rule = network.rule
    exact = rule.name == RTRL
    tables = Tables(network.clone(), exact)
    names = options.names()
    language = options.language
    parts: dict[str, Any] = {
        **names,
        "heading": heading_of(saved, language),
        "finite": finite_source(options.prefix, options.real),
        "dot": _part("dot fast" if options.fast else "dot exact", names),
        "functions": _functions(tables, saved, options),
        "judge": _judge(tables, options),
        **_sizes_of(tables),
        **_weights(tables, language),
    }
    if exact and rule.reach is not None and any(tables.tied(True) + tables.tied(False)):
        raise FormatError(
            f"The network learns by {tuple(rule)!r} and has tied parameters; a program"
            " supports a reach only without ties. Set net.rule = 'rtrl', or untie the"
            " parameters of a copy."
        )
    reach = Reached(tables, rule.reach) if exact else None
    parts["start"] = _start(tables, reach, options)
    parts |= _tables(tables, reach)
    parts |= _moves(tables, options, parts)
    parts |= _past(tables, names)
    parts |= _rule(tables, reach, parts)
    parts["learning"] = filled("rtrl.c.in" if exact else "online.c.in", parts)
    parts["sizes"] = _bytes(tables, reach, parts, options.dtype.itemsize)
    return filled("learner.c.in", parts)


def heading_of(saved: SavedNetwork, language: Language) -> str:
    """Return the first comment of a program whose neurons have the numbers of the
    network.
    """
    acting = saved.connections["target"] >= saved.layers[0][1]
    order = np.arange(len(saved.neurons["squash"]))
    name = saved.name or ""
    return heading(language, name, titles(saved), int(acting.sum()), order)


# --- templates ------------------------------------------------------------------------


def filled(name: str, parts: Mapping[str, Any]) -> str:
    """Return a template with these parts."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    return Template(text).substitute(parts).rstrip() + "\n"


def finite_source(prefix: str, real: str) -> str:
    """Return the functions of all programs that tell finite numbers from others."""
    unsigned, magnitude, infinity = BITS[real]
    names = {"prefix": prefix, "real": real, "unsigned": unsigned}
    return filled(
        "finite.c.in", {**names, "magnitude": magnitude, "infinity": infinity}
    ).rstrip()


@cache
def _all_parts() -> dict[str, str]:
    """Return the parts of ``learner_parts.c.in``, by their marks."""
    text = (FOLDER / "learner_parts.c.in").read_text(encoding="utf-8")
    return dict(re.findall(r"// \[(?!end)(.*?)\]\n(.*?)// \[end\]", text, re.DOTALL))


def _part(name: str, names: Mapping[str, Any]) -> str:
    return Template(_all_parts()[name]).substitute(names)


def _rows(rows: Sequence[Sequence[int]], none: int) -> str:
    """Return a table of structures."""
    texts = [
        "{" + ", ".join(str(none if value < 0 else value) for value in row) + "}"
        for row in rows
    ]
    return lines(texts)


def _numbers(values: Sequence[int], none: int = 0) -> str:
    return lines([str(none if value < 0 else value) for value in values or [0]])


# --- numbers --------------------------------------------------------------------------


def _sizes_of(tables: Tables) -> dict[str, int]:
    """Return the sizes of arrays; 1 for those that are empty, because C has none."""
    sizes = {
        "learned": len(tables.learning_weights),
        "traces": int(tables.traces[-1]),
        "pairs": len(tables.pairs),
        "extended": tables.extended,
    }
    return {
        "inputs": tables.inputs,
        "outputs": tables.outputs,
        "neurons": tables.neurons,
        "activations": tables.neurons + tables.past.size,
        "computed": tables.computed,
        "weights": tables.connections,
        "learning_weights": sizes["learned"],
        **{name: max(1, size) for name, size in sizes.items()},
    }


def _weights(tables: Tables, language: Language) -> dict[str, str]:
    """Return the weights and biases of the file, and the order in which they are
    loaded.
    """
    weight = tables.column("weight")
    return {
        "order": _numbers(tables.places_in_order.tolist()),
        "fixed": language.table(weight[tables.fixed_weights]),
        "first_weights": language.table(weight[tables.learning_weights]),
        "biases": language.table(tables.column("bias")),
    }


def _tables(tables: Tables, reach: Reached | None) -> dict[str, Any]:
    """Return the tables of indices, in the smallest type that can hold them."""
    nodes = list(tables.nodes())
    pairs = tables.pairs
    indices = [
        number
        for rows, (count, _) in (
            (nodes, ROW_OF_NODE),
            (tables.runs, ROW_OF_RUN),
            (pairs, ROW_OF_PAIR),
        )
        for row in rows
        for number in row[:count]
    ]
    largest = max(
        tables.neurons + tables.past.size,
        tables.connections,
        len(tables.listed),
        len(tables.runs),
        len(tables.pulls),
        tables.extended,
        int(tables.traces[-1]),
        max(reach.size, reach.places.size) if reach else 0,
        *indices,
    )
    index, size, none = _index_type(largest)
    listed = "(void)place;\n    return 0; // there are none"
    if tables.listed:
        table = (
            f"static const {index} rows[] = {{\n    {_numbers(tables.listed)}\n    }};"
        )
        listed = f"{table}\n    return rows[place];"
    fires = [(i, j, tables.squashes.index(name)) for i, j, name in tables.fires]
    return {
        "index": index,
        "index_size": size,
        "none": none,
        "nodes": _rows(nodes, none),
        "runs": _rows(tables.runs or NO_RUNS, none),
        "listed": listed,
        "longest_list": tables.longest_list,
        "pair_rows": _rows(pairs or NO_PAIRS, none),
        "pulls": _numbers(tables.pulls),
        "sets": _rows(tables.sets, none),
        "blocks": _rows(tables.blocks, none),
        "fires": _rows(fires, none),
    }


def stack_text(arrays: int) -> str:
    """Return what a program says of the stack; `arrays` are the bytes of those on
    it.
    """
    return f"at most {arrays + FRAMES} of stack in a call ({arrays} for arrays)"


def _stack_of(tables: Tables, reach: Reached | None) -> int:
    """Return numbers in the arrays on the stack of the deepest call: a step, or
    learning.
    """
    step = 0
    propagate = 0
    if reach is not None:
        roots = max(1, len(reach.roots))
        adjoint = 2 * (tables.neurons + tables.computed) + tables.past.size
        step = max(roots * reach.widest, adjoint)
        propagate = adjoint + roots + reach.widest
    tied = [groups for _, groups in (tables.tied(True), tables.tied(False))]
    work = 3 * (tables.neurons + tables.computed)
    return max(step, work + sum(tied) + max(propagate, *tied))


def _index_type(largest: int) -> tuple[str, int, int]:
    """Return the row of `INDICES` of the smallest type that holds a number, beside
    none.
    """
    for row in INDICES:
        if largest < row[-1]:
            return row
    raise FormatError(
        f"The network needs {largest:,} weights, traces or sensitivities; a program in"
        f" C has at most {INDICES[-1][-1] - 1:,}. Use a smaller network, or set"
        " net.rule of a copy to 'online' or a limited reach, as ('rtrl', 1)."
    )


def _bytes(
    tables: Tables, reach: Reached | None, parts: Mapping[str, Any], number: int
) -> str:
    """Return what a program needs, in bytes: of each instance, of the stack while it
    learns, and of constants.
    """
    index = parts["index_size"]
    numbers_kept = (
        parts["learned"] + parts["traces"] + parts["pairs"] + parts["extended"]
    )
    numbers_kept += 2 * tables.computed + 3 * tables.neurons + tables.past.size
    stack = _stack_of(tables, reach)
    table = index * (len(tables.listed) + tables.connections + len(tables.pulls))
    table += index * (2 * len(tables.sets) + 2 * len(tables.blocks))
    table += index * 3 * len(tables.fires)
    for rows, (indices, others) in (
        (tables.computed, ROW_OF_NODE),
        (len(tables.runs), ROW_OF_RUN),
        (len(tables.pairs), ROW_OF_PAIR),
    ):
        table += rows * (indices * index + others)
    if reach is not None:
        roots = len(reach.roots)
        of_roots = (reach.size, roots**2, roots * tables.computed)
        numbers_kept += 2 * tables.computed + sum(max(1, size) for size in of_roots)
        table += index * roots * (2 + tables.computed)
    constants = number * (tables.connections + tables.neurons + tables.outputs) + table
    return (
        f"{number * numbers_kept} bytes an instance, {stack_text(number * stack)},"
        f" about {constants} of constants"
    )


# --- functions ------------------------------------------------------------------------


def _with_powers(options: ProgramOptions) -> Language:
    """Return the language, with the engine's exponentials for numbers of float64."""
    language = options.language
    if options.dtype != np.float64:
        return language
    prefix = options.prefix
    bits = np.exp2(np.arange(elementary.STEPS) / elementary.STEPS).view(np.int64)
    names = "per_step", "step_high", "step_low", "per_ln2", "ln2_high", "ln2_low"
    constants = {name: repr(getattr(elementary, name.upper())) for name in names}
    powers = {"prefix": prefix, "bits": _numbers(bits.tolist()), **constants}
    exact_powers = {
        "exp": f"{prefix}_exact_exp({{0}})",
        "expm1": f"{prefix}_exact_expm1({{0}})",
    }
    text = filled("powers.c.in", powers).rstrip()
    return replace(
        language,
        calls={**language.calls, **exact_powers},
        helpers={**language.helpers, f"{prefix}_exact_exp": text},
    )


def _functions(tables: Tables, saved: SavedNetwork, options: ProgramOptions) -> str:
    """Return the squashes with their slopes, and the helpers that they call."""
    prefix, real = options.prefix, options.real
    language = options.language
    with_slope = f"{prefix}_both"
    both = replace(
        language,
        function=(
            f"static inline {with_slope} {{name}}({real} {{names}})"
            " {{\n{body}\n}}"
        ),
        returns=(
            language.returns[0],
            f"const {with_slope} both = {{{{{{0}}}}}}; return both;",
        ),
    )
    exp = language.calls.get("exp", language.call.format("exp", "{0}"))
    names = {**options.names(), "exp": exp.removesuffix("({0})")}
    texts = []
    for name in tables.squashes:
        fire = _part(FIRES[kind_of(name)], {**names, "name": identifier(name)})
        if kind_of(name) != SHARES:
            tree = both_of_squash(name, saved, language)
            squash = f"{prefix}_squash_{identifier(name)}"
            texts.append(function(both, squash, tree, ("s",)))
        texts.append(fire.rstrip())
    return "\n\n".join((*helped(language, texts), *texts))


def both_of_squash(name: str, saved: SavedNetwork, language: Language) -> Tree:
    """Return the formula of a squash with its slope; FormatError if there is none."""
    try:
        return both_of(_squash.get(name))
    except UnreadableError as error:
        number = saved.neurons["squash"].tolist().index(name)
        names = saved.names or ()
        raise FormatError(
            f"The squash of neuron {short_repr(names[number])} is {name!r}, whose slope"
            f" cannot be written in {language.name}: {error}. Set a squash that is"
            " built in or a formula, or write the program without learn=True."
        ) from error


def signal_of_cost(cost: Cost, language: Language) -> tuple[Tree, bool, bool]:
    """Return the formula of a cost's signal, whether it is that of softmax outputs, and
    whether targets are probabilities; FormatError if there is none.
    """
    entry = COSTS.get(cost.name)
    try:
        if entry:
            tree = read(entry.formula, *COST_NUMBERS, "logit")
        else:
            tree = read(cost._evaluate, *COST_NUMBERS)
    except UnreadableError as error:
        raise FormatError(
            f"The cost {cost.name!r} cannot be written in {language.name}: {error}."
            " Pass another one by cost=."
        ) from error
    of_shares = bool(entry and entry.squash == "softmax")
    return only(tree, 1), of_shares, bool(entry and entry.probabilities)


def _judge(tables: Tables, options: ProgramOptions) -> str:
    """Return the error signals of the outputs."""
    language = options.language
    cost = options.cost
    tree, shares, probabilities = signal_of_cost(cost, language)
    real = options.real
    numbers = ", ".join(f"{real} {name}" for name in COST_NUMBERS)
    of_output = replace(
        language,
        function=f"static inline {real} {{name}}({numbers}) {{{{\n{{body}}\n}}}}",
    )
    signal = f"{options.prefix}_signal"
    formula = function(of_output, signal, tree, COST_NUMBERS)
    largest = "FLT_MAX" if real == "float" else "DBL_MAX"
    names = options.names()
    size = 1 if cost.name == "cross_entropy" else tables.outputs
    signals = _part(
        "signals of shares" if shares else "signals", {**names, "size": size}
    )
    return filled(
        "judge.c.in",
        {
            **names,
            "formula": ""
            if shares
            else "\n\n".join((*helped(language, [formula]), formula)),
            "low": "0" if probabilities else f"-{largest}",
            "high": "1" if probabilities else largest,
            "cost_weights": language.table(
                tables.of_computed("cost_weight")[-tables.outputs :]
            ),
            "signals": signals,
        },
    ).strip()


def _moves(
    tables: Tables, options: ProgramOptions, parts: Mapping[str, Any]
) -> dict[str, str]:
    """Return what a step does with ties, signs and the bound, before and after weights
    move; nothing, if there are none.
    """
    prefix = options.prefix
    more_tables = ""
    before = ""
    after = ""
    functions = ""
    enforce = ""
    enforce_tied_signs = ""
    if tables.signed:
        signs = tables.column("sign")[tables.learning_weights].tolist()
        more_tables += (
            f"\nstatic const int8_t {prefix}_signs[] = {{ // of weights that learn\n"
            f"    {lines([str(sign) for sign in signs or [0]])}\n}};\n\n"
        )
        more_tables += _part("signs", parts)
        enforce = f"            {prefix}_enforce_signs(net, &{prefix}_nodes[j]);\n"
        enforce_tied_signs = "\n" + _part("enforce tied signs", parts).rstrip()
    for of_weights, what in ((True, "weight"), (False, "bias")):
        members, groups = tables.tied(of_weights)
        if not members:
            continue
        names = {
            **parts,
            "what": what,
            "groups": groups,
            "members": len(members),
            "signed": enforce_tied_signs if of_weights else "",
        }
        more_tables += (
            f"\nstatic const {prefix}_index {prefix}_tied_{what}s[][2] = {{ // place,"
            f" group\n    {_rows(members, 0)}\n}};\n"
        )
        before += _part("note ties", names)
        functions += "\n" + _part("ties", names)
        after += f"    {prefix}_update_{what}s(net, {what}_base);\n"
    if options.bound is not None:
        limit = options.language.number(options.bound)
        after += _part("bound", {**parts, "limit": limit})
    return {
        "more_tables": more_tables,
        "before_moves": before,
        "after_moves": after,
        "tie_functions": functions,
        "enforce_signs": enforce,
    }


def _past(tables: Tables, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a program does with past activations; nothing, if none is read."""
    past = tables.past
    if not past.size:
        return {
            "past_comment": "",
            "shift_past": "",
            "past_arrives": "",
            "at_root": "adjoint->state[root]",
            "begin_root": "adjoint.delta[root] = 1;",
        }
    parts = {
        **names,
        "first": past.first,
        "width": past.width,
        "others": past.size - past.width,
    }
    return {
        "past_comment": "  // of neurons, then of some in each step before",
        "shift_past": _part("shift past", parts),
        "past_arrives": _part("past arrives", parts),
        "at_root": _part("at root", parts).strip(),
        "begin_root": _part("begin root", parts).strip(),
    }


def _rule(
    tables: Tables, reach: Reached | None, parts: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what the program has by its rule; `reach` by real-time recurrent
    learning.
    """
    calls = "".join(
        f"    case {i}: {parts['prefix']}_fire_{identifier(name)}(value, net->slope +"
        " start, net->state + start, count); break;\n"
        for i, name in enumerate(tables.squashes)
    )
    if reach is None:
        return {
            "squashes": calls,
            "kept": "carry",
            "rule_memory": "",
            "begin_step": "",
            "end_step": "",
        }
    shares = [int(kind_of(name) == SHARES) for name in tables.squashes]
    roots = len(reach.roots)
    names = {
        **parts,
        "root_count": roots,
        "roots": max(1, roots),
        "factors": max(1, roots**2),
        "within": max(1, roots * tables.computed),
        "sensitivities": max(1, reach.size),
    }
    return {
        **names,
        "squashes": calls,
        "kept": "0",
        "root_rows": _numbers(reach.roots),
        "root_blocks": _numbers(reach.blocks),
        "widest": reach.widest,
        "lines": _numbers(reach.places.ravel().tolist(), parts["none"]),
        "shares": _numbers(shares),
        "rule_memory": _part("memory of rtrl", names),
        "begin_step": f"    {parts['prefix']}_begin_step(net);\n",
        "end_step": f"    {parts['prefix']}_end_step(net);\n",
        "more_tables": parts["more_tables"] + "\n" + _part("steps of rtrl", names),
    }


def _start(tables: Tables, reach: Reached | None, options: ProgramOptions) -> str:
    """Return the function that restores the context at the time of writing."""
    if not options.context:
        return ""
    rows = []
    context = tables.context()
    if reach is not None:
        context |= reach.context()
    for name, numbers in context.items():
        if len(numbers):
            rows += [
                f"    static const {options.real} {name}[] = {{",
                f"    {_table(options.language, numbers)}",
                "    };",
                f"    memcpy(net->{name}, {name}, sizeof {name});",
            ]
    return "\n" + _part("start", {**options.names(), "rows": "\n".join(rows)})


def _table(language: Language, numbers: Floats) -> str:
    return language.table(np.asarray(numbers))
