"""Networks as C99 programs, whose loops have constant bounds, so that compilers vectorise them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from .._checks import choice, float_type
from .._typing import Floats, Ints
from ..objects.network import Network
from ..squash import LARGEST, SHARES, SINGLE
from . import files
from ._formats import Format
from ._step import NetworkStep, NeuronBlock, require_range, step_of
from .programs import Language, filled, heading, identifier, lines, squash_functions

__all__ = ["c_source"]

SUMS = ("fast", "exact")
LEAST = 4
"""Fewest connections of a loop; the others are in lists."""
FILLED = 0.75
"""Smallest share of connections in a matrix; the other weights in it are 0."""
LANES = 8
"""Partial sums of a neuron that reads many sources; fewer targets than these do not fill a vector."""
REGISTERS = 512
"""Bytes of sums up to which they stay in vector registers; larger ones add several sources at a time."""
UNROLLED = 8


class Term(NamedTuple):
    """Connections that one loop adds: from ``source + i`` to ``target + j``, with ``weights[i, j]``.

    If they are `parallel`, the source of ``target + j`` is ``source + j`` alone. The gaters are
    ``gater + i``, ``gater + j`` or ``gater``, as `along` is "i", "j" or ""; None: there are none.
    """

    source: int
    target: int
    weights: Floats
    parallel: bool
    gater: int | None
    along: str


def c_source(
    network: Network, context: bool = False, *, dtype: DTypeLike | None = None, sums: str = "fast"
) -> str:
    """Write a network as a C99 program: a type ``Network`` and functions that compute its steps.

    ``network_clear(&net)`` clears the context, ``network_step(&net, inputs, outputs)`` computes one step and
    ``network_run(&net, inputs, outputs, rows)`` many. The program allocates nothing and has no variables of
    its own, so several instances can run at once. With `context` it also has ``network_start``, which
    restores the context.

    Parameters
    ----------
    network, context
        As for :func:`python_source`.
    dtype : numpy dtype
        Type of all numbers, float32 or float64. Default: float32 with fast sums, float64 with exact ones.
    sums : {"fast", "exact"}
        "exact" adds the inputs of a neuron one after the other and computes squashes with the C library.
        "fast" may add them in several partial sums. With float32, it also computes ``exp``, ``expm1`` and
        ``tanh`` with code of its own, with relative errors of at most 2e-7 between -87 and 87.

    Returns
    -------
    str
        The program.

    Raises
    ------
    ArgumentError
        If `dtype` or `sums` has another value, or a weight exceeds the range of the dtype.
    FormatError, ArgumentTypeError, TopologyError, DivergenceError
        As for :func:`python_source`.

    Examples
    --------
    >>> from synapse import Layer, Network
    >>> print(c_source(Network(Layer(2), [], Layer(1))).splitlines()[0])
    // The network Network: 3 neurons, 0 connections. Written by Synapse.
    """
    choice("The sums", sums, SUMS)
    fast = sums == "fast"
    kind = float_type("The dtype", (np.float32 if fast else np.float64) if dtype is None else dtype)
    step = step_of(network, "c", "C", context)
    require_range(step, kind)
    writer = _Writer(step, kind, fast)
    steps = [line for block in step.blocks for line in writer.block(block)]
    return filled(
        "program.c.in",
        heading=heading(writer.language, step),
        inputs=step.inputs,
        outputs=step.outputs,
        neurons=step.neurons,
        real=writer.real,
        functions="\n\n".join(squash_functions(writer.language, step.squashes())),
        biases=writer.numbers(step.biases[step.inputs :]),
        weights=writer.numbers(np.concatenate([np.zeros(0), *writer.weights])),
        lists=writer.lists(),
        start=START.format(real=writer.real, values=writer.numbers(step.start)) if context else "",
        steps="\n".join(steps),
    )


class _Writer:
    """Writes the code of blocks, and collects the weights in the order in which the code reads them."""

    def __init__(self, step: NetworkStep, dtype: np.dtype[Any], fast: bool) -> None:
        self.step, self.dtype, self.fast = step, dtype, fast
        self.real = "float" if dtype == np.float32 else "double"
        self.language = _language(dtype, fast)
        self.weights: list[Floats] = []
        self.used = 0
        self.listed: list[list[int]] = []

    def numbers(self, values: Floats) -> str:
        """Numbers with all digits; a single 0 if there are none, because C has no empty table."""
        return lines([self.language.number(value) for value in values.tolist()] or ["0"])

    def lists(self) -> str:
        """The table of connections that no loop has."""
        if not self.listed:
            return ""
        rows = lines([f"{{{', '.join(map(str, row))}}}" for row in self.listed])
        bits = 16 if self.step.neurons < 1 << 15 else 32
        return f"static const uint{bits}_t listed[][3] = {{ // sum, source, gater\n    {rows}\n}};\n"

    def block(self, block: NeuronBlock) -> Iterator[str]:
        """The code of a block: the sums of its neurons, and their activations."""
        first, size = block.first, block.stop - block.first
        yield f"    {{ // neurons {first} .. {block.stop - 1}"
        yield f"        {self.real} sum[{size}];"
        yield f"        memcpy(sum, biases + {first - self.step.inputs}, sizeof sum);"
        terms, rest = terms_of(self.step, block)
        for term in terms:
            yield from (f"        {line}" for line in self._term(term, first))
        for gated in (False, True):
            rows = rest[(self.step.gater[rest] >= 0) == gated]
            if len(rows):
                yield f"        {self._list(rows, first, gated)}"
        yield f"        memcpy(state + {first}, sum, sizeof sum);"
        for squash, begin, end in block.fires:
            yield f"        fire_{identifier(squash)}(state + {begin}, value + {begin}, {end - begin});"
        yield "    }"

    def _use(self, weights: Floats) -> int:
        """Add weights to those of the program; returns where they begin."""
        at = self.used
        self.weights.append(weights.ravel())
        self.used += weights.size
        return at

    def _list(self, rows: Ints, first: int, gated: bool) -> str:
        step, begin, at = self.step, len(self.listed), self._use(self.step.weights[rows])
        columns = step.target[rows] - first, step.source[rows], np.maximum(step.gater[rows], 0)
        self.listed += np.transpose(columns).tolist()
        gain = f" * value[listed[{begin} + i][2]]" if gated else ""
        weight = f"weights[{at} + i]{gain} * value[listed[{begin} + i][1]]"
        return f"for (int i = 0; i < {len(rows)}; i++) sum[listed[{begin} + i][0]] += {weight};"

    def _term(self, term: Term, first: int) -> Iterator[str]:
        """The loops of a term: by columns, for each source over all targets, or by rows."""
        sources, targets = term.weights.shape
        total = f"sum[{_sum(term.target - first, 'j')}]"
        if self.fast and targets < min(LANES, sources) and sources >= LANES:
            yield from self._in_lanes(term, total)
            return
        at = self._use(term.weights)
        if sources == 1:
            product = f"weights[{_sum(at, 'j')}] * {_read(term, '', 'j')}"
            yield f"for (int j = 0; j < {targets}; j++) {total} += {product};"
            return
        wide = targets * self.dtype.itemsize > REGISTERS and sources % UNROLLED == 0
        together = UNROLLED if wide else 1
        added = [
            f"weights[{at + k * targets} + {targets} * i + j] * {_read(term, _sum(k, 'i'), 'j')}"
            for k in range(together)
        ]
        yield f"for (int i = 0; i < {sources}; i += {together}) for (int j = 0; j < {targets}; j++)"
        yield f"    {total} = {total}" + "".join(f"\n            + {product}" for product in added) + ";"

    def _in_lanes(self, term: Term, total: str) -> Iterator[str]:
        """Few neurons with many sources each: several partial sums, so that no addition waits for another."""
        sources, targets = term.weights.shape
        at, whole = self._use(term.weights.T), sources - sources % LANES
        yield f"for (int j = 0; j < {targets}; j++) {{"
        yield f"    {self.real} part[{LANES}] = {{0}};"
        yield f"    for (int i = 0; i < {whole}; i += {LANES}) for (int k = 0; k < {LANES}; k++)"
        yield f"        part[k] += weights[{at} + {sources} * j + i + k] * {_read(term, 'i + k', 'j')};"
        for i in range(whole, sources):
            yield f"    part[{i - whole}] += weights[{at + i} + {sources} * j] * {_read(term, str(i), 'j')};"
        yield f"    for (int k = {LANES // 2}; k > 0; k /= 2)"
        yield "        for (int i = 0; i < k; i++) part[i] += part[i + k];"
        yield f"    {total} += part[0];"
        yield "}"


def _sum(first: int, *others: str) -> str:
    """The text of a sum, without what is 0 or empty."""
    return " + ".join(part for part in (str(first) if first else "", *others) if part) or "0"


def _read(term: Term, i: str, j: str) -> str:
    """The value that a weight multiplies: that of the source, times that of the gater."""
    value = f"value[{_sum(term.source, j if term.parallel else i)}]"
    if term.gater is None:
        return value
    gater = f"value[{_sum(term.gater, {'i': i, 'j': j, '': ''}[term.along])}]"
    return f"{value} * {gater}" if term.along == "j" else f"({gater} * {value})"


# --- which connections share a loop ---------------------------------------------------------------


def terms_of(step: NetworkStep, block: NeuronBlock) -> tuple[list[Term], Ints]:
    """The terms of a block, and its other connections.

    Connections share a term if one rule finds their gaters: one number, one distance from the target, or one
    distance from the source. Each connection follows the rule that most others of the block follow.
    """
    rows = step.rows(block.first, block.stop)
    if not len(rows):
        return [], rows
    gater = step.gater[rows]
    keys, shares = [], []
    for distance in (gater, gater - step.target[rows], gater - step.source[rows]):
        _, key, count = np.unique(distance, return_inverse=True, return_counts=True)
        keys.append(key)
        shares.append(count[key])
    rule = np.where(gater < 0, 0, np.argmax(shares, axis=0))
    key = np.choose(rule, keys)
    terms: list[Term] = []
    rest: list[Ints] = []
    for chosen, number in sorted(set(zip(rule.tolist(), key.tolist(), strict=True))):
        mine, along = rows[(rule == chosen) & (key == number)], ("", "j", "i")[chosen]
        mine = mine[np.lexsort((step.source[mine], step.target[mine]))]
        matrices, others = _matrices(step, mine, along)
        parallels, others = _parallels(step, others, along)
        terms += matrices + parallels
        rest.append(others)
    return terms, np.sort(np.concatenate(rest))


def _matrices(step: NetworkStep, rows: Ints, along: str) -> tuple[list[Term], Ints]:
    """The dense matrices among connections with one rule, and the other connections."""
    terms, rest = [], [rows[:0]]
    for group, sources in _neighbours(step, rows):
        target, gater = int(step.target[group[0]]), int(step.gater[group[0]])
        for stretch in np.split(sources, np.flatnonzero(np.diff(sources) > 1) + 1):
            first = int(stretch[0])
            inside = group[(step.source[group] >= first) & (step.source[group] <= stretch[-1])]
            weights = np.zeros((len(stretch), step.target[group[-1]] - target + 1))
            weights[step.source[inside] - first, step.target[inside] - target] = step.weights[inside]
            if weights.size < LEAST:
                rest.append(inside)
                continue
            begin = gater + (first - int(step.source[group[0]]) if along == "i" else 0)
            terms.append(Term(first, target, weights, False, None if gater < 0 else begin, along))
    return terms, np.concatenate(rest)


def _neighbours(step: NetworkStep, rows: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Connections into neighbours that read mostly the same sources, and these sources."""
    begin = stop = 0
    sources = rows[:0]
    for part in np.split(np.arange(len(rows)), np.flatnonzero(np.diff(step.target[rows])) + 1):
        own = step.source[rows[part]]
        joined = sources if np.array_equal(own, sources) else np.union1d(sources, own)
        height = step.target[rows[part[0]]] - step.target[rows[begin]] + 1
        if stop > begin and part[-1] + 1 - begin < FILLED * len(joined) * height:
            yield rows[begin:stop], sources
            begin, joined = part[0], own
        sources, stop = joined, part[-1] + 1
    yield rows[begin:stop], sources


def _parallels(step: NetworkStep, rows: Ints, along: str) -> tuple[list[Term], Ints]:
    """Connections of neighbours to neighbours, one each, among those with one rule, and the others."""
    distance = step.source[rows] - step.target[rows]
    order = np.lexsort((step.target[rows], distance))
    rows, distance = rows[order], distance[order]
    apart = (np.diff(distance) != 0) | (np.diff(step.target[rows]) != 1)
    terms, rest = [], [rows[:0]]
    for group in np.split(rows, np.flatnonzero(apart) + 1):
        if len(group) < LEAST:
            rest.append(group)
            continue
        source, target, gater = (int(column[group[0]]) for column in (step.source, step.target, step.gater))
        weights = step.weights[group][None]
        terms.append(Term(source, target, weights, True, None if gater < 0 else gater, along and "j"))
    return terms, np.concatenate(rest)


# --- the language -----------------------------------------------------------------------------------

FIRST = """static inline void fire_NAME(const REAL *state, REAL *activation, int count) {
    int best = 0;
    for (int j = 1; j < count; j++) best = state[j] > state[best] ? j : best;"""
FIRES = {
    SINGLE: """static inline void fire_NAME(const REAL *state, REAL *activation, int count) {
    for (int j = 0; j < count; j++) activation[j] = squash_NAME(state[j]);
}""",
    LARGEST: FIRST
    + """
    for (int j = 0; j < count; j++) activation[j] = j == best ? squash_NAME(state[j]) : 0;
}""",
    SHARES: FIRST
    + """
    REAL total = 0;
    for (int j = 0; j < count; j++) total += EXP(state[j] - state[best]);
    for (int j = 0; j < count; j++) activation[j] = EXP(state[j] - state[best]) / total;
}""",
}

FAST = """// e^x - less for floats of IEEE 754, without branches, so that compilers compute several at once.
// e^x is 2^k e^r with |r| < 0.35, and e^r - 1 its series. Numbers beyond +-87.3, and NaN, count as +-87.3.
static inline float fast_power(float x, float less) {
    int32_t bits, size;
    memcpy(&bits, &x, sizeof bits);
    size = bits & INT32_MAX;
    size = size < 0x42ae999a ? size : 0x42ae999a;
    bits = (bits & INT32_MIN) | size;
    memcpy(&x, &bits, sizeof x);
    const int32_t k = (int32_t)(x * 1.44269504f + 127.5f);
    const float r = (x - (float)(k - 127) * 0.693359375f) + (float)(k - 127) * 2.12194440e-4f;
    float series = 1.0f / 5040;
    series = series * r + 1.0f / 720;
    series = series * r + 1.0f / 120;
    series = series * r + 1.0f / 24;
    series = series * r + 1.0f / 6;
    series = series * r + 0.5f;
    series = series * r * r + r;
    bits = (int32_t)((uint32_t)k << 23);
    float power;
    memcpy(&power, &bits, sizeof power);
    return (power - less) + power * series;
}

static inline float fast_exp(float x) {
    return fast_power(x, 0.0f);
}

static inline float fast_expm1(float x) {
    return fast_power(x, 1.0f);
}

static inline float fast_tanh(float x) {
    const float lost = fast_expm1(-2.0f * fabsf(x));
    return copysignf(lost / (2.0f + lost), x);
}

"""

START = """
// Start from the network's context at the time of writing, instead of network_clear.
void network_start(Network *net);
void network_start(Network *net) {{
    static const {real} start[] = {{
    {values}
    }};
    memcpy(net->value, start, sizeof start);
}}
"""


def _language(dtype: np.dtype[Any], fast: bool) -> Language:
    """The syntax of C for numbers of a dtype, with functions of the library or fast ones."""
    single = dtype == np.float32
    real, suffix = ("float", "f") if single else ("double", "")
    calls = {
        "abs": f"fabs{suffix}({{0}})",
        "max": f"fmax{suffix}({{0}}, {{1}})",
        "min": f"fmin{suffix}({{0}}, {{1}})",
        "inf": "INFINITY",
    }
    if fast and single:
        calls |= {name: f"fast_{name}({{0}})" for name in ("exp", "expm1", "tanh")}
    exp = calls.get("exp", f"exp{suffix}({{0}})").removesuffix("({0})")
    return Language(
        key="c",
        name="C",
        comment="// ",
        call=f"{{0}}{suffix}({{1}})",
        calls=calls,
        number=lambda value: f"{dtype.type(value)!s}{suffix}",
        helpers={"fast_": FAST.rstrip()},
        function=f"static inline {real} {{name}}({real} {{names}}) {{{{\n{{body}}\n}}}}",
        let=f"const {real} {{0}} = {{1}};",
        branch=("if ({0}) {{", "}"),
        returns=("return {0};",),
        unused="(void){0};",
        fires={kind: text.replace("REAL", real).replace("EXP", exp) for kind, text in FIRES.items()},
    )


FORMAT = Format(
    name="c",
    what="a C99 program",
    kept="the outputs of a network",
    lost="learning",
    link="https://www.open-std.org/jtc1/sc22/wg14/www/docs/n1256.pdf",
    suffixes=(".c",),
    data=c_source,
    write=files.write,
)
