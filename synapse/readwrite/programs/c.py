"""Networks as standalone C99 programs."""

from __future__ import annotations

from ...network import Network
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
    squashes={
        "logistic": "1.0 / (1.0 + exp(-s))",
        "tanh": "tanh(s)",
        "identity": "s",
        "inverse": "1.0 - s",
        "bipolar_sigmoid": "tanh(0.5 * s)",
        "softplus": "fmax(s, 0.0) + log1p(exp(-fabs(s)))",
        "gaussian": "exp(-s * s)",
        "sinus": "sin(s)",
        "bent_identity": "s + 0.5 * (sqrt(s * s + 1.0) - 1.0)",
        "softsign": "s / (1.0 + fabs(s))",
        "swish": "s / (1.0 + exp(-s))",
        "gelu": "0.5 * s * (1.0 + erf(s * sqrt(0.5)))",
        "relu": "s > 0.0 ? s : 0.0",
        "leaky_relu": "s > 0.0 ? s : 0.01 * s",
        "elu": "s > 0.0 ? s : expm1(s)",
        "selu": "1.0507009873554805 * (s > 0.0 ? s : 1.6732632423543772 * expm1(s))",
        "absolute": "fabs(s)",
        "ramp": "fmin(fmax(s, 0.0), 1.0)",
        "hard_tanh": "fmin(fmax(s, -1.0), 1.0)",
        "soft_threshold": "s - fmin(fmax(s, -0.5), 0.5)",
        "step": "s > 0.0 ? 1.0 : 0.0",
        "sign": "(s > 0.0) - (s < 0.0)",
        "bipolar": "s > 0.0 ? 1.0 : -1.0",
        "hard_threshold": "fabs(s) > 0.5 ? s : 0.0",
    },
    function=(
        "static void fire_{name}(const double *state, double *activation, int count) {{\n"
        "    for (int j = 0; j < count; j++) {{\n        const double s = state[j];\n"
        "        activation[j] = {value};\n    }}\n}}"
    ),
    functions={
        "softmax": BEST.replace("NAME", "softmax")
        + """
    double total = 0.0;
    for (int j = 0; j < count; j++) total += exp(state[j] - state[best]);
    for (int j = 0; j < count; j++) activation[j] = exp(state[j] - state[best]) / total;
}""",
        "winner": BEST.replace("NAME", "winner")
        + "\n    for (int j = 0; j < count; j++) activation[j] = j == best;\n}",
        "maxout": BEST.replace("NAME", "maxout")
        + "\n    for (int j = 0; j < count; j++) activation[j] = j == best ? state[j] : 0.0;\n}",
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
