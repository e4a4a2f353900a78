"""Networks as standalone programs in JavaScript."""

from __future__ import annotations

import numpy as np

from .._checks import boolean, positive_number
from .._cost import Cost
from .._squash import LARGEST, SHARES, SINGLE
from ..objects.network import Network
from ..optimizers import Optimizer
from ._codegen import (
    Language,
    checked_prefix,
    program,
    program_format,
    require_no_learning,
)
from ._loops import LoopWriter, Values
from ._plan import written_columns, written_plan
from ._printed.interpreted import interpreted_source
from ._printed.ways import optimizer_of_program

TILE = 6
"""Neurons whose sums JavaScript keeps in variables; engines keep those of arrays in
memory. ``python -m benchmarks.constants javascript.TILE``: rows take 1.39 to 1.44 times
as long with a tenth, 1.10 to 1.47 times with ten times."""

FIRST_OF_JAVASCRIPT = """function fire_NAME(value, first, count) {
  let best = first;
  for (let j = first; j < first + count; j++) {
    best = value[NEURONS + j] > value[NEURONS + best] ? j : best;
  }"""

ERF = """// JavaScript has no error function: its series, whose terms have one sign.
function erf(x) {
  if (Math.abs(x) > 6) return Math.sign(x);
  let sum = x;
  for (let n = 1, term = x; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= 2 * x * x / (2 * n + 1);
    sum += term;
  }
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}"""

JAVASCRIPT = Language(
    key="javascript",
    name="JavaScript",
    comment="// ",
    call="Math.{0}({1})",
    calls={
        "copysign": "(({1} < 0 ? -1 : 1) * Math.abs({0}))",
        "erf": "erf({0})",
        # as in the engine: slopes multiply it by numbers near 0
        "exp": "Math.exp(Math.min({0}, 709))",
        "inf": "Infinity",
    },
    helpers={"erf(": ERF},
    function="function {name}({names}) {{\n{body}\n}}",
    let="const {0} = {1};",
    branch=("if ({0}) {{", "}"),
    returns=("return {0};", "return [{0}];"),
    unused="",
    fires={
        SINGLE: (
            """function fire_NAME(value, first, count) {
  for (let j = first; j < first + count; j++) {
    value[j] = squash_NAME(value[NEURONS + j]);
  }
}"""
        ),
        LARGEST: FIRST_OF_JAVASCRIPT
        + """
  const largest = squash_NAME(value[NEURONS + best]);
  value.fill(0, first, first + count)[best] = largest;
}""",
        SHARES: FIRST_OF_JAVASCRIPT
        + """
  let total = 0;
  for (let j = first; j < first + count; j++) {
    total += value[j] = Math.exp(value[NEURONS + j] - value[NEURONS + best]);
  }
  for (let j = first; j < first + count; j++) value[j] /= total;
}""",
    },
    start="    this.value.set([\n    VALUES\n    ]);\n",
    taken=frozenset(
        {
            "Array",
            "Float64Array",
            "Infinity",
            "Int32Array",
            "Math",
            "Object",
            "RangeError",
        }
    ),
)


def javascript_source(
    network: Network,
    keep_context: bool = False,
    *,
    prefix: str = "network",
    learn: bool = False,
    cost: str | Cost | None = None,
    bound: float | None = None,
    optimizer: str | Optimizer | None = None,
) -> str:
    """Write a network as a JavaScript program: a class ``Network`` with ``step`` and
    ``clear``.

    It runs in browsers, as a script, and in Node, with ``require``. Scripts with
    different `prefix` share a page. Parameters and errors are those of
    :func:`python_source`.
    """
    if boolean("learn", learn):
        return interpreted_source(
            network,
            written_columns(
                network, JAVASCRIPT.key, JAVASCRIPT.name, keep_context, learns=True
            ),
            JAVASCRIPT,
            prefix=checked_prefix(prefix),
            cost=network._cost(cost),
            bound=None if bound is None else positive_number("bound", bound),
            optimizer=optimizer_of_program(optimizer, JAVASCRIPT.name),
            keep_context=keep_context,
        )
    require_no_learning(cost, bound, optimizer)
    plan = written_plan(network, JAVASCRIPT.key, JAVASCRIPT.name, keep_context)
    # All states are stored, because all values can be read by name.
    values = Values(plan.neurons, np.arange(plan.neurons))
    call = "fire_{squash}(value, {start}, {count});"
    writer = LoopWriter(plan, values, fire=call, index="let", tile=TILE)
    blocks = [
        "\n  ".join([f"function block{i}(value) {{", *writer.stage(stage)]) + "\n}"
        for i, stage in enumerate(plan.stages)
    ]
    return program(
        JAVASCRIPT,
        plan,
        prefix=prefix,
        start=plan.start if keep_context else None,
        largest=max(stage.stop - stage.start for stage in plan.stages),
        blocks="\n\n".join(blocks),
        calls="\n    ".join(f"block{i}(value);" for i in range(len(blocks))),
        weights=JAVASCRIPT.table(writer.weights()),
        listed=writer.list(),
    )


FORMAT = program_format(
    JAVASCRIPT,
    "a JavaScript program",
    javascript_source,
    "https://tc39.es/ecma262/",
)
