"""Networks as standalone programs in JavaScript."""

from __future__ import annotations

from .._cost import Cost
from ..objects.network import Network
from ..optimizers import Optimizer
from ._codegen import Language, program_format
from ._printed.interpreted import interpreted_source

JAVASCRIPT = Language(
    "javascript",
    "JavaScript",
    "// ",
    frozenset(
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
    return interpreted_source(
        network, JAVASCRIPT, keep_context, prefix, learn, cost, bound, optimizer
    )


FORMAT = program_format(
    JAVASCRIPT,
    "a JavaScript program",
    javascript_source,
    "https://tc39.es/ecma262/",
)
