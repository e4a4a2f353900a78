"""The languages that programs are written in: adding a squash is one line of each.

The steps of a program stand in ``templates/``, the same in every language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """How a language says what differs from network to network.

    ``{name}`` and ``{value}`` in `function` are a squash and its expression of the state ``s``; the
    functions that are more than an expression, such as those of groups, stand in `functions`.
    `loop` and `run` are rows of tables; the runs of a loop stand in it, ``{nested}``, or in a table of
    their own, ``{count}`` of them. `start` begins with ``{values}``.
    """

    name: str
    template: str
    comment: str
    squashes: Mapping[str, str]
    function: str
    functions: Mapping[str, str]
    loop: str
    run: str
    start: str


# A group begins with its largest state, the first of equals.
PYTHON_BEST = """def fire_NAME(states):
    best = max(range(len(states)), key=states.__getitem__, default=0)"""

C_BEST = """static void fire_NAME(const double *state, double *activation, int count) {
    int best = 0;
    for (int j = 1; j < count; j++) best = state[j] > state[best] ? j : best;"""

JAVASCRIPT_BEST = """function fire_NAME(states) {
  const best = states.reduce((best, s, j) => (s > states[best] ? j : best), 0);"""

JAVASCRIPT_GELU = """// JavaScript has no error function: its series, whose terms are all of one sign.
function erf(x) {
  if (Math.abs(x) > 6) return Math.sign(x);
  let sum = x;
  for (let n = 1, term = x; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= 2 * x * x / (2 * n + 1);
    sum += term;
  }
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}

function fire_gelu(states) {
  return states.map((s) => 0.5 * s * (1 + erf(s * Math.SQRT1_2)));
}"""

PYTHON = Language(
    name="Python",
    template="program.py.in",
    comment="# ",
    squashes={
        "logistic": "1.0 / (1.0 + exp(min(-s, 709.0)))",  # beyond, Python raises where others give infinity
        "tanh": "tanh(s)",
        "identity": "s",
        "inverse": "1.0 - s",
        "bipolar_sigmoid": "tanh(0.5 * s)",
        "softplus": "max(s, 0.0) + log1p(exp(-abs(s)))",
        "gaussian": "exp(-s * s)",
        "sinus": "sin(s)",
        "bent_identity": "s + 0.5 * (sqrt(s * s + 1.0) - 1.0)",
        "softsign": "s / (1.0 + abs(s))",
        "swish": "s / (1.0 + exp(min(-s, 709.0)))",
        "gelu": "0.5 * s * (1.0 + erf(s * sqrt(0.5)))",
        "relu": "max(s, 0.0)",
        "leaky_relu": "s if s > 0.0 else 0.01 * s",
        "elu": "s if s > 0.0 else expm1(s)",
        "selu": "1.0507009873554805 * (s if s > 0.0 else 1.6732632423543772 * expm1(s))",
        "absolute": "abs(s)",
        "ramp": "min(max(s, 0.0), 1.0)",
        "hard_tanh": "min(max(s, -1.0), 1.0)",
        "soft_threshold": "s - min(max(s, -0.5), 0.5)",
        "step": "float(s > 0.0)",
        "sign": "float((s > 0.0) - (s < 0.0))",
        "bipolar": "1.0 if s > 0.0 else -1.0",
        "hard_threshold": "s if abs(s) > 0.5 else 0.0",
    },
    function="def fire_{name}(states):\n    return [{value} for s in states]",
    functions={
        "softmax": PYTHON_BEST.replace("NAME", "softmax")
        + """
    shares = [exp(s - states[best]) for s in states]
    total = sum(shares)
    return [share / total for share in shares]""",
        "winner": PYTHON_BEST.replace("NAME", "winner")
        + "\n    return [float(j == best) for j in range(len(states))]",
        "maxout": PYTHON_BEST.replace("NAME", "maxout")
        + "\n    return [s if j == best else 0.0 for j, s in enumerate(states)]",
    },
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
        "softmax": C_BEST.replace("NAME", "softmax")
        + """
    double total = 0.0;
    for (int j = 0; j < count; j++) total += exp(state[j] - state[best]);
    for (int j = 0; j < count; j++) activation[j] = exp(state[j] - state[best]) / total;
}""",
        "winner": C_BEST.replace("NAME", "winner")
        + "\n    for (int j = 0; j < count; j++) activation[j] = j == best;\n}",
        "maxout": C_BEST.replace("NAME", "maxout")
        + "\n    for (int j = 0; j < count; j++) activation[j] = j == best ? state[j] : 0.0;\n}",
    },
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
        "inverse": "1 - s",
        "bipolar_sigmoid": "Math.tanh(0.5 * s)",
        "softplus": "Math.max(s, 0) + Math.log1p(Math.exp(-Math.abs(s)))",
        "gaussian": "Math.exp(-s * s)",
        "sinus": "Math.sin(s)",
        "bent_identity": "s + 0.5 * (Math.sqrt(s * s + 1) - 1)",
        "softsign": "s / (1 + Math.abs(s))",
        "swish": "s / (1 + Math.exp(-s))",
        "relu": "Math.max(s, 0)",
        "leaky_relu": "s > 0 ? s : 0.01 * s",
        "elu": "s > 0 ? s : Math.expm1(s)",
        "selu": "1.0507009873554805 * (s > 0 ? s : 1.6732632423543772 * Math.expm1(s))",
        "absolute": "Math.abs(s)",
        "ramp": "Math.min(Math.max(s, 0), 1)",
        "hard_tanh": "Math.min(Math.max(s, -1), 1)",
        "soft_threshold": "s - Math.min(Math.max(s, -0.5), 0.5)",
        "step": "s > 0 ? 1 : 0",
        "sign": "Math.sign(s)",
        "bipolar": "s > 0 ? 1 : -1",
        "hard_threshold": "Math.abs(s) > 0.5 ? s : 0",
    },
    function="function fire_{name}(states) {{\n  return states.map((s) => {value});\n}}",
    functions={
        "gelu": JAVASCRIPT_GELU,
        "softmax": JAVASCRIPT_BEST.replace("NAME", "softmax")
        + """
  const shares = states.map((s) => Math.exp(s - states[best]));
  const total = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => share / total);
}""",
        "winner": JAVASCRIPT_BEST.replace("NAME", "winner")
        + "\n  return states.map((s, j) => (j === best ? 1 : 0));\n}",
        "maxout": JAVASCRIPT_BEST.replace("NAME", "maxout")
        + "\n  return states.map((s, j) => (j === best ? s : 0));\n}",
    },
    loop="  [{first}, {stop}, {fire_first}, {fire_stop}, fire_{squash}, [{nested}]],",
    run="[{}]",
    start="    this.value.set([\n    {values}\n    ]);\n",
)
