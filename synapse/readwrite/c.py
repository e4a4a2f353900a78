"""Networks as C99 programs, whose loops have constant bounds, so that compilers vectorise them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .._checks import choice, float_type
from ..objects.network import Network
from ..squash import LARGEST, SHARES, SINGLE
from ._loops import LoopWriter
from ._step import require_range, step_of
from .programs import Language, program, program_format

__all__ = ["c_source"]

SUMS = ("fast", "exact")
REGISTERS = 512
"""Bytes of sums up to which they stay in vector registers; larger ones add several sources at a time."""
UNROLLED = 8


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
    real = "float" if kind == np.float32 else "double"
    language = _language(kind, fast)
    writer = LoopWriter(
        step,
        index="int",
        real=f"{real} ",
        together=UNROLLED,
        registers=REGISTERS // kind.itemsize,
        lanes=fast,
    )
    blocks = (["{", *("    " + line for line in writer.block(block)), "}"] for block in step.blocks)
    steps = "\n".join("    " + line for block in blocks for line in block)
    weights = language.table(writer.weights())
    return program(language, step, context, real=real, steps=steps, weights=weights, listed=writer.list())


FIRST = """static inline void fire_NAME(REAL *value, int first, int count) {
    const REAL *const state = value + NEURONS;
    int best = first;
    for (int j = first; j < first + count; j++) best = state[j] > state[best] ? j : best;"""
FIRES = {
    SINGLE: """static inline void fire_NAME(REAL *value, int first, int count) {
    for (int j = first; j < first + count; j++) value[j] = squash_NAME(value[NEURONS + j]);
}""",
    LARGEST: FIRST
    + """
    for (int j = first; j < first + count; j++) value[j] = j == best ? squash_NAME(state[j]) : 0;
}""",
    SHARES: FIRST
    + """
    REAL total = 0;
    for (int j = first; j < first + count; j++) total += EXP(state[j] - state[best]);
    for (int j = first; j < first + count; j++) value[j] = EXP(state[j] - state[best]) / total;
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

static inline float fast_tanh(float x) {
    const float lost = fast_power(-2.0f * fabsf(x), 1.0f);
    return copysignf(lost / (2.0f + lost), x);
}

"""

START = """
// Start from the network's context at the time of writing, instead of network_clear.
void network_start(Network *net);
void network_start(Network *net) {
    static const REAL start[] = {
    VALUES
    };
    memcpy(net->value, start, sizeof start);
}
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
        calls |= {"exp": "fast_exp({0})", "expm1": "fast_power({0}, 1.0f)", "tanh": "fast_tanh({0})"}
    exp = calls.get("exp", f"exp{suffix}({{0}})").removesuffix("({0})")
    return Language(
        key="c",
        name="C",
        suffix=".c",
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
        start=START.replace("REAL", real),
    )


FORMAT = program_format(
    _language(np.dtype(np.float32), fast=True),
    "a C99 program",
    c_source,
    "https://www.open-std.org/jtc1/sc22/wg14/www/docs/n1256.pdf",
)
