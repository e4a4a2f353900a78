"""The languages that programs are written in: adding a squash is one line of each.

The steps of a program stand in ``templates/``, the same in every language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """How a language says what differs from network to network.

    ``{name}`` and ``{value}`` in `function` are a squash and its expression of the state ``s``;
    `group` goes before it where the expression needs ``top``, the largest state of a group, and
    ``total``, the sum of e^(s - top). `loop` and `run` are rows of tables; the runs of a loop stand in
    it, ``{nested}``, or in a table of their own, ``{count}`` of them. `start` begins with ``{values}``.
    """

    name: str
    template: str
    comment: str
    squashes: Mapping[str, str]
    function: str
    group: str
    loop: str
    run: str
    start: str


PYTHON = Language(
    name="Python",
    template="program.py.in",
    comment="# ",
    squashes={
        "logistic": "1.0 / (1.0 + exp(min(-s, 709.0)))",  # beyond, Python raises where others give infinity
        "tanh": "tanh(s)",
        "identity": "s",
        "step": "float(s > 0.0)",
        "sign": "float((s > 0.0) - (s < 0.0))",
        "relu": "max(s, 0.0)",
        "leaky_relu": "s if s > 0.0 else 0.01 * s",
        "elu": "s if s > 0.0 else expm1(s)",
        "softplus": "max(s, 0.0) + log1p(exp(-abs(s)))",
        "gaussian": "exp(-s * s)",
        "softmax": "exp(s - top) / total",
    },
    function="def fire_{name}(states):\n{group}    return [{value} for s in states]",
    group="    top = max(states, default=0.0)\n    total = sum(exp(s - top) for s in states)\n",
    loop="    ({first}, {stop}, {fire_first}, {fire_stop}, fire_{squash}, [{nested}]),",
    run="({})",
    start="        self.value = [\n    {values}\n        ]\n",
)

C = Language(
    name="C",
    template="program.c.in",
    comment="// ",
    squashes={
        "logistic": "1.0 / (1.0 + exp(-s))",
        "tanh": "tanh(s)",
        "identity": "s",
        "step": "s > 0.0 ? 1.0 : 0.0",
        "sign": "(s > 0.0) - (s < 0.0)",
        "relu": "s > 0.0 ? s : 0.0",
        "leaky_relu": "s > 0.0 ? s : 0.01 * s",
        "elu": "s > 0.0 ? s : expm1(s)",
        "softplus": "fmax(s, 0.0) + log1p(exp(-fabs(s)))",
        "gaussian": "exp(-s * s)",
        "softmax": "exp(s - top) / total",
    },
    function=(
        "static void fire_{name}(const double *state, double *activation, int count) {{\n{group}"
        "    for (int j = 0; j < count; j++) {{\n        const double s = state[j];\n"
        "        activation[j] = {value};\n    }}\n}}"
    ),
    group=(
        "    double top = -HUGE_VAL, total = 0.0;\n"
        "    for (int j = 0; j < count; j++) top = fmax(top, state[j]);\n"
        "    for (int j = 0; j < count; j++) total += exp(state[j] - top);\n"
    ),
    loop="    {{{first}, {stop}, {fire_first}, {fire_stop}, fire_{squash}, {count}}},",
    run="{{{}}}",
    start=(
        "\n// Begin with the context that the network had when it was written, instead of network_clear.\n"
        "void network_start(Network *net);\nvoid network_start(Network *net) {{\n"
        "    static const double start[] = {{\n    {values}\n    }};\n"
        "    memcpy(net->value, start, sizeof start);\n}}\n"
    ),
)

JAVASCRIPT = Language(
    name="JavaScript",
    template="program.js.in",
    comment="// ",
    squashes={
        "logistic": "1 / (1 + Math.exp(-s))",
        "tanh": "Math.tanh(s)",
        "identity": "s",
        "step": "s > 0 ? 1 : 0",
        "sign": "Math.sign(s)",
        "relu": "Math.max(s, 0)",
        "leaky_relu": "s > 0 ? s : 0.01 * s",
        "elu": "s > 0 ? s : Math.expm1(s)",
        "softplus": "Math.max(s, 0) + Math.log1p(Math.exp(-Math.abs(s)))",
        "gaussian": "Math.exp(-s * s)",
        "softmax": "Math.exp(s - top) / total",
    },
    function="function fire_{name}(states) {{\n{group}  return states.map((s) => {value});\n}}",
    group=(
        "  const top = states.reduce((most, s) => Math.max(most, s), -Infinity);\n"
        "  const total = states.reduce((sum, s) => sum + Math.exp(s - top), 0);\n"
    ),
    loop="  [{first}, {stop}, {fire_first}, {fire_stop}, fire_{squash}, [{nested}]],",
    run="[{}]",
    start="    this.value.set([\n    {values}\n    ]);\n",
)
