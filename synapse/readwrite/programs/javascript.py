"""Networks as standalone JavaScript programs."""

from __future__ import annotations

from ...objects.network import Network
from ...squash import LARGEST, SHARES, SINGLE
from .. import files
from .._formats import Format
from ._language import Language, source

__all__ = ["javascript_source", "write_javascript"]

# A group begins with its largest state, the first of equals.
BEST = """function fire_NAME(states) {
  const best = states.reduce((best, s, j) => (s > states[best] ? j : best), 0);"""

ERF = """// JavaScript has no error function: its series, whose terms are all of one sign.
function erf(x) {
  if (Math.abs(x) > 6) return Math.sign(x);
  let sum = x;
  for (let n = 1, term = x; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= 2 * x * x / (2 * n + 1);
    sum += term;
  }
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}"""

LANGUAGE = Language(
    key="javascript",
    name="JavaScript",
    template="program.js.in",
    comment="// ",
    calls={
        "abs": "Math.abs({0})",
        "copysign": "(({1} < 0 ? -1 : 1) * Math.abs({0}))",
        "cos": "Math.cos({0})",
        "erf": "erf({0})",
        "exp": "Math.exp(Math.min({0}, 709))",  # as in the engine: slopes multiply it by numbers near 0
        "expm1": "Math.expm1({0})",
        "log": "Math.log({0})",
        "log1p": "Math.log1p({0})",
        "max": "Math.max({0}, {1})",
        "min": "Math.min({0}, {1})",
        "pow": "Math.pow({0}, {1})",
        "sin": "Math.sin({0})",
        "sqrt": "Math.sqrt({0})",
        "tanh": "Math.tanh({0})",
        "inf": "Infinity",
    },
    helpers={"erf": ERF},
    function="function {name}({names}) {{\n{body}\n}}",
    let="const {0} = {1};",
    branch=("if ({0}) {{", "}"),
    returns=("return {0};", "return [{0}];"),
    unused="",
    fires={
        SINGLE: "function fire_NAME(states) {\n  return states.map((s) => squash_NAME(s));\n}",
        LARGEST: BEST + "\n  return states.map((s, j) => (j === best ? squash_NAME(s) : 0));\n}",
        SHARES: BEST
        + """
  const shares = states.map((s) => Math.exp(s - states[best]));
  const total = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => share / total);
}""",
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
