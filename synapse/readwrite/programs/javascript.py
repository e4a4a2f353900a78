"""Networks as standalone JavaScript programs."""

from __future__ import annotations

from ...network import Network
from .. import files
from .._formats import Format
from ._language import Language, source

__all__ = ["javascript_source", "write_javascript"]

# A group begins with its largest state, the first of equals.
BEST = """function fire_NAME(states) {
  const best = states.reduce((best, s, j) => (s > states[best] ? j : best), 0);"""

GELU = """// JavaScript has no error function: its series, whose terms are all of one sign.
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

LANGUAGE = Language(
    key="javascript",
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
        "gelu": GELU,
        "softmax": BEST.replace("NAME", "softmax")
        + """
  const shares = states.map((s) => Math.exp(s - states[best]));
  const total = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => share / total);
}""",
        "winner": BEST.replace("NAME", "winner")
        + "\n  return states.map((s, j) => (j === best ? 1 : 0));\n}",
        "maxout": BEST.replace("NAME", "maxout")
        + "\n  return states.map((s, j) => (j === best ? s : 0));\n}",
    },
    loop="  [{first}, {stop}, {fire_first}, {fire_stop}, fire_{squash}, [{nested}]],",
    run="[{}]",
    start="    this.value.set([\n    {values}\n    ]);\n",
)


def write_javascript(network: Network, path: files.File, context: bool = False) -> None:
    """Write :func:`javascript_source` to a file; an existing file is replaced in one step."""
    files.write(path, javascript_source(network, context))


def javascript_source(network: Network, context: bool = False) -> str:
    """Write a network as a JavaScript program: a class ``Network`` with ``step`` and ``clear``.

    It runs in browsers, as a script, and in Node, with ``require``. Parameters and errors are those of
    :func:`python_source`.
    """
    return source(network, LANGUAGE, context)


FORMAT = Format(
    name="javascript",
    what="a JavaScript program",
    kept="the outputs of a network",
    lost="learning",
    link="https://tc39.es/ecma262/",
    suffixes=(".js",),
    write=write_javascript,
    data=javascript_source,
)
