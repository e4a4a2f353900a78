"""Networks as standalone C99 programs."""

from __future__ import annotations

from ...objects.network import Network
from ...squash import LARGEST, SHARES, SINGLE
from .. import files
from .._formats import Format
from ._language import Language, source

__all__ = ["c_source", "write_c"]

# A group begins with its largest state, the first of equals.
BEST = """static void fire_NAME(const double *state, double *activation, int count) {
    int best = 0;
    for (int j = 1; j < count; j++) best = state[j] > state[best] ? j : best;"""

LANGUAGE = Language(
    key="c",
    name="C",
    template="program.c.in",
    comment="// ",
    calls={
        "abs": "fabs({0})",
        "copysign": "copysign({0}, {1})",
        "cos": "cos({0})",
        "erf": "erf({0})",
        "exp": "exp({0})",
        "expm1": "expm1({0})",
        "log": "log({0})",
        "log1p": "log1p({0})",
        "max": "fmax({0}, {1})",
        "min": "fmin({0}, {1})",
        "pow": "pow({0}, {1})",
        "sin": "sin({0})",
        "sqrt": "sqrt({0})",
        "tanh": "tanh({0})",
        "inf": "INFINITY",
    },
    helpers={},
    function="static double {name}(double {names}) {{\n{body}\n}}",
    let="const double {0} = {1};",
    branch=("if ({0}) {{", "}"),
    returns=("return {0};",),
    unused="(void){0};",
    fires={
        SINGLE: """static void fire_NAME(const double *state, double *activation, int count) {
    for (int j = 0; j < count; j++) activation[j] = squash_NAME(state[j]);
}""",
        LARGEST: BEST
        + """
    for (int j = 0; j < count; j++) activation[j] = j == best ? squash_NAME(state[j]) : 0.0;
}""",
        SHARES: BEST
        + """
    double total = 0.0;
    for (int j = 0; j < count; j++) total += exp(state[j] - state[best]);
    for (int j = 0; j < count; j++) activation[j] = exp(state[j] - state[best]) / total;
}""",
    },
    loop="    {{{first}, {stop}, {fire_first}, {fire_stop}, fire_{squash}, {count}}},",
    run="{{{}}}",
    start=(
        "\n// Start from the network's context at the time of writing, instead of network_clear.\n"
        "void network_start(Network *net);\nvoid network_start(Network *net) {{\n"
        "    static const double start[] = {{\n    {values}\n    }};\n"
        "    memcpy(net->value, start, sizeof start);\n}}\n"
    ),
)


def write_c(network: Network, path: files.File, context: bool = False) -> None:
    """Write :func:`c_source` to a file; an existing file is replaced in one step."""
    files.write(path, c_source(network, context))


def c_source(network: Network, context: bool = False) -> str:
    """Write a network as a C99 program with ``network_step`` and ``network_clear`` on a ``Network``.

    With `context` it also has ``network_start``, which restores the context. Parameters and errors are those
    of :func:`python_source`.

    >>> from synapse import Layer, Network
    >>> print(c_source(Network(Layer(2), [], Layer(1))).splitlines()[0])
    // The network Network: 3 neurons, 0 connections. Written by Synapse.
    """
    return source(network, LANGUAGE, context)


FORMAT = Format(
    name="c",
    what="a C99 program",
    kept="the outputs of a network",
    lost="learning",
    link="https://www.open-std.org/jtc1/sc22/wg14/www/docs/n1256.pdf",
    suffixes=(".c",),
    write=write_c,
    data=c_source,
)
