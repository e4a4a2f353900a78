"""Networks as C99 programs, whose loops have constant bounds, so that compilers
vectorise them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .._checks import boolean, choice, expected, float_type, positive_number
from .._cost import Cost, get
from .._squash import LARGEST, SHARES, SINGLE
from .._typing import Ints
from ..errors import ArgumentError
from ..objects.network import Network
from ..objects.saved import SavedNetwork
from ..optimizers import Optimizer
from ._c_files import in_files, write
from ._codegen import (
    Language,
    checked_prefix,
    program,
    program_format,
    require_no_learning,
    type_name,
)
from ._loops import LoopWriter, Values, lines
from ._plan import require_range, written_columns, written_plan
from ._printed.c_program import (
    FRAMES,
    ProgramOptions,
    finite_source,
    learner_source,
)
from ._printed.ways import optimizer_of_program

Sums = Literal["fast", "exact"]
SUMS = get_args(Sums)
UNROLLED = 8
"""Sources whose products are added at a time. ``python -m benchmarks.constants
c.UNROLLED``: rows take 0.98 to 1.22 times as long with a tenth, 1.00 to 1.34 times with
ten times."""
DEFAULT = "network"


@overload
def c_source(
    network: Network,
    keep_context: bool = ...,
    *,
    dtype: DTypeLike | None = ...,
    sums: Sums = ...,
    prefix: str = ...,
    learn: bool = ...,
    cost: str | Cost | None = ...,
    bound: float | None = ...,
    optimizer: str | Optimizer | None = ...,
    loadable: bool = ...,
    header: Literal[False] = ...,
) -> str: ...
@overload
def c_source(
    network: Network,
    keep_context: bool = ...,
    *,
    dtype: DTypeLike | None = ...,
    sums: Sums = ...,
    prefix: str = ...,
    learn: bool = ...,
    cost: str | Cost | None = ...,
    bound: float | None = ...,
    optimizer: str | Optimizer | None = ...,
    loadable: bool = ...,
    header: Literal[True],
) -> tuple[str, str]: ...
def c_source(
    network: Network,
    keep_context: bool = False,
    *,
    dtype: DTypeLike | None = None,
    sums: Sums = "fast",
    prefix: str = DEFAULT,
    learn: bool = False,
    cost: str | Cost | None = None,
    bound: float | None = None,
    optimizer: str | Optimizer | None = None,
    loadable: bool = False,
    header: bool = False,
) -> str | tuple[str, str]:
    """Write a network as a C99 program: a type ``Network`` and functions that compute
    its steps.

    ``network_clear(&net)`` clears the context, ``network_step(&net, inputs, outputs)``
    computes one step and ``network_run(&net, inputs, outputs, rows)`` many. Both return
    0, or ``NETWORK_BAD_INPUT`` if an input is not finite; nothing has changed then. The
    program allocates nothing and has no variables of its own, so several instances can
    run at once. A ``Network`` has only what must survive a step; the rest is on the
    stack during a step. The first comment of the program states both sizes. With
    `keep_context` it also has ``network_start``, which restores it. It is valid C++
    too.

    With `learn`, the program also has ``network_learn(&net, targets, rate)``, which is
    :meth:`synapse.Network.propagate` by the network's
    :attr:`~synapse.Network.rule`, ``network_init`` in place of a first
    ``network_clear``, and ``network_weights`` and ``network_load``, which carry all
    biases and weights. An instance has its own weights, and the memory of its
    optimizer: ``network_init`` begins it anew, ``network_clear`` and ``network_load``
    leave it. Functions return 0 or an error, after which nothing has changed.

    Parameters
    ----------
    network, keep_context
        As for :func:`python_source`.
    dtype : numpy dtype
        Type of all numbers, float32 or float64. Default: float32 with fast sums.
        Exact sums are float64.
    sums : {"fast", "exact"}
        "exact" adds the inputs of a neuron one after the other and computes squashes
        with the C library. "fast" may add them in several partial sums. With float32,
        it also computes ``exp``, ``expm1`` and ``tanh`` with code of its own, with
        relative errors of at most 2e-7 between -87 and 87.
    prefix : str
        Begins all names of the program, so that several programs fit into one
        executable: with "pitch_net", the type ``PitchNet``, functions such as
        ``pitch_net_step`` and constants such as ``PITCH_NET_INPUTS``. Letters, digits
        and single underscores between them. Default: "network".
    learn : bool
        Whether the program can learn. Default: False.
    cost : str or Cost, optional
        Cost of a program that learns. Default: as in
        :meth:`synapse.Network.propagate`.
    bound : float, optional
        Largest absolute value of weights and biases that learn. Default: no bound.
    optimizer : str or Optimizer, optional
        Optimizer of a program that learns: an :class:`~synapse.optimizers.SGD`,
        RMSprop, AdaGrad, Adam or AdamW, or its name. Each update is then that of a
        :class:`synapse.Trainer` with this optimizer and ``batch_size=1``; the rate is
        that of the call. Default: the plain update of
        :meth:`synapse.Network.propagate`.
    loadable : bool
        Whether a program that does not learn has ``network_init``, ``network_weights``
        and ``network_load``, too. An instance then has its own biases and weights, all
        of which can be loaded. Default: False; weights are constants in flash.
    header : bool
        Whether the program is two texts, a source and a header with an include guard
        and ``extern "C"``, so that several files of C and C++ can call it.
        :func:`synapse.save` writes the header beside the source, ``net.h`` beside
        ``net.c``. Default: False.

    Returns
    -------
    str or (str, str)
        The program; with `header` its source, which includes a file named by the
        prefix (``"network.h"``), and its header.

    Raises
    ------
    ArgumentError
        If `dtype`, `sums` or `prefix` has another value, exact sums have the dtype
        float32, `bound` is not above 0, a number of the program exceeds the range of
        the dtype, or there is a cost, a bound or an optimizer without `learn`.
    FormatError
        If the slope of a squash, a cost or an optimizer cannot be written in C, or a
        network that learns needs more than 2,147,483,646 weights, traces or
        sensitivities.
    FormatError, ArgumentTypeError, TopologyError, DivergenceError
        As for :func:`python_source`.

    Examples
    --------
    >>> from synapse import Layer, Network
    >>> print(c_source(Network(Layer(2), [], Layer(1))).splitlines()[0])
    // The network Network: 3 neurons, 0 connections. Written by Synapse.
    """
    choice("sums", sums, SUMS)
    checked_prefix(prefix)
    fast = sums == "fast"
    if dtype is None:
        dtype = np.float32 if fast else np.float64
    number_type = float_type("dtype", dtype)
    if not fast and number_type != np.float64:
        advice = 'Remove it, or set sums="fast".'
        raise ArgumentError(expected("dtype", "float64", str(number_type), advice))
    real = "float" if number_type == np.float32 else "double"
    language = _language(number_type, fast, prefix)
    has_header = boolean("header", header)
    start = f"void {prefix}_start({type_name(prefix)} *net);" if keep_context else ""
    learns = boolean("learn", learn)
    if not learns:
        require_no_learning(cost, bound, optimizer)
    if boolean("loadable", loadable) or learns:
        saved = written_columns(network, "c", "C", keep_context, learns)
        require_range(number_type, *_numbers_of(saved, keep_context))
        chosen = network._cost(cost) if learns else get("squared_error")
        limit = None if bound is None else positive_number("bound", bound)
        if limit is not None and _fitting(limit, number_type) == 0:
            condition = f"above 0 in {number_type}"
            raise ArgumentError(expected("bound", condition, bound))
        options = ProgramOptions(
            language,
            number_type,
            fast,
            prefix,
            chosen,
            limit,
            optimizer_of_program(optimizer, "C"),
            keep_context,
            learns,
        )
        text = learner_source(network, saved, options)
        return in_files(text, prefix, start, has_header)
    plan = written_plan(network, "c", "C", keep_context)
    require_range(number_type, plan.weights, plan.biases, plan.start)
    values = Values(plan.neurons, plan.stored_states())
    memory = plan.memory()
    writer = LoopWriter(
        plan,
        values,
        fire=f"{prefix}_fire_{{squash}}(value + {{start}}, {{states}}, {{count}});",
        index="int",
        real=f"{real} ",
        together=UNROLLED,
        lanes=fast,
    )
    blocks = (
        ["{", *("    " + line for line in writer.stage(stage)), "}"]
        for stage in plan.stages
    )
    steps = _indented([line for block in blocks for line in block])
    weights = writer.weights()
    places = values.places(memory)
    table, recall, remember = _copies(places)
    text = program(
        language,
        plan,
        prefix=prefix,
        start=plan.start[memory] if keep_context else None,
        capitals=prefix.upper(),
        real=real,
        finite=finite_source(prefix, real),
        sizes=_sizes(writer, number_type, len(memory)),
        values=values.size,
        first_output=plan.neurons - plan.outputs,
        memory=max(1, len(memory)),
        table=table,
        recall=recall,
        remember=remember,
        steps=steps,
        weights=language.table(weights),
        listed=writer.list(),
    )
    return in_files(text, prefix, start, has_header)


def _numbers_of(saved: SavedNetwork, keep_context: bool) -> Iterator[NDArray[Any]]:
    """Yield weights, biases and the context that a program begins with."""
    acting = saved.connections["target"] >= saved.layers[0][1]
    yield saved.connections["weight"][acting]
    for name in ("bias", *(("activation", "state") if keep_context else ())):
        yield saved.neurons[name]


def _copies(places: Ints) -> tuple[str, str, str]:
    """Return the table of the places of the memory of an instance among the values, and
    the lines that copy it there, and back.
    """
    if not len(places):
        return "", "    (void)net;", ""
    rows = lines([str(place) for place in places.tolist()])
    table = (
        "    static const int32_t places[] = { // of the memory among the values\n   "
        f" {rows}\n    }};\n"
    )
    loop = f"    for (int i = 0; i < {len(places)}; i++)"
    return (
        table,
        f"{loop} value[places[i]] = net->memory[i];",
        f"{loop} net->memory[i] = value[places[i]];",
    )


def _indented(rows: list[str]) -> str:
    """Return lines of the body of a function."""
    return "\n".join("    " + row for row in rows)


def _sizes(writer: LoopWriter, dtype: np.dtype[Any], memory: int) -> str:
    """Return what a program needs, in bytes: of each instance, of the stack during a
    step, and of constants.
    """
    plan = writer.plan
    widest = max(stage.stop - stage.start for stage in plan.stages)
    instance = dtype.itemsize * max(1, memory)
    on_stack = dtype.itemsize * (writer.values.size + widest) + FRAMES
    stack = f"at most {on_stack} of stack in a call"
    numbers = dtype.itemsize * (len(writer.weights()) + plan.neurons - plan.inputs)
    constants = numbers + 4 * (3 * len(writer.listed) + memory)
    return f"{instance} bytes an instance, {stack}, {constants} of constants"


FIRE = (
    "static inline void PREFIX_fire_NAME(REAL *value, const REAL *state, int count) {"
)
FIRST = (
    FIRE
    + """
    int best = 0;
    for (int j = 1; j < count; j++) best = state[j] > state[best] ? j : best;"""
)
FIRES = {
    SINGLE: FIRE
    + """
    for (int j = 0; j < count; j++) value[j] = PREFIX_squash_NAME(state[j]);
}""",
    LARGEST: FIRST
    + """
    for (int j = 0; j < count; j++) {
        value[j] = j == best ? PREFIX_squash_NAME(state[j]) : 0;
    }
}""",
    SHARES: FIRST
    + """
    REAL total = 0;
    for (int j = 0; j < count; j++) total += EXP(state[j] - state[best]);
    for (int j = 0; j < count; j++) value[j] = EXP(state[j] - state[best]) / total;
}""",
}

FAST_EXP = """// e^x - less for floats of IEEE 754, without branches, so that compilers
// compute several at once. e^x is 2^k e^r with |r| < 0.35, and e^r - 1 its series.
// Numbers beyond +-87.3, and NaN, count as +-87.3.
static inline float fast_power(float x, float less) {
    int32_t bits, size;
    memcpy(&bits, &x, sizeof bits);
    size = bits & INT32_MAX;
    size = size < 0x42ae999a ? size : 0x42ae999a;
    bits = (bits & INT32_MIN) | size;
    memcpy(&x, &bits, sizeof x);
    const int32_t k = (int32_t)(x * 1.44269504f + 127.5f);
    const float n = (float)(k - 127);
    const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
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
// Start from the network's context at the time of writing, instead of PREFIX_clear.
void PREFIX_start(TYPE *net);
void PREFIX_start(TYPE *net) {
    static const REAL start[] = {
    VALUES
    };
    memcpy(net->memory, start, sizeof start);
}
"""


def _language(dtype: np.dtype[Any], fast: bool, prefix: str = DEFAULT) -> Language:
    """Return the syntax of C for numbers of a dtype, with functions of the library or
    fast ones.
    """
    single = dtype == np.float32
    real, suffix = ("float", "f") if single else ("double", "")
    calls = {
        "abs": f"fabs{suffix}({{0}})",
        "max": f"fmax{suffix}({{0}}, {{1}})",
        "min": f"fmin{suffix}({{0}}, {{1}})",
        "inf": "INFINITY",
    }
    if fast and single:
        calls |= {
            "exp": f"{prefix}_fast_exp({{0}})",
            "expm1": f"{prefix}_fast_power({{0}}, 1.0f)",
            "tanh": f"{prefix}_fast_tanh({{0}})",
        }
    exp = calls.get("exp", f"exp{suffix}({{0}})").removesuffix("({0})")

    def named(text: str) -> str:
        type_ = type_name(prefix)
        return (
            text.replace("PREFIX", prefix).replace("REAL", real).replace("TYPE", type_)
        )

    return Language(
        key="c",
        name="C",
        comment="// ",
        call=f"{{0}}{suffix}({{1}})",
        calls=calls,
        number=lambda value: f"{_fitting(value, dtype)!s}{suffix}",
        helpers={
            f"{prefix}_fast_": FAST_EXP.rstrip().replace("fast_", f"{prefix}_fast_")
        },
        function=(
            f"static inline {real} {{name}}({real} {{names}}) {{{{\n{{body}}\n}}}}"
        ),
        let=f"const {real} {{0}} = {{1}};",
        branch=("if ({0}) {{", "}"),
        returns=("return {0};",),
        unused="(void){0};",
        fires={kind: named(text).replace("EXP", exp) for kind, text in FIRES.items()},
        start=named(START),
        name_prefix=f"{prefix}_",
    )


def _fitting(value: float, dtype: np.dtype[Any]) -> Any:
    """Return a finite number as one of a dtype, or ArgumentError if it is beyond its
    range.
    """
    if abs(value) > float(np.finfo(dtype).max):
        raise ArgumentError(
            f"A number of the program, {value:.3g}, is beyond the range of {dtype}. Use"
            ' dtype="float64".'
        )
    return dtype.type(value)


FORMAT = program_format(
    _language(np.dtype(np.float32), fast=True),
    "a C99 program",
    c_source,
    "https://www.open-std.org/jtc1/sc22/wg14/www/docs/n1256.pdf",
    write,
)
