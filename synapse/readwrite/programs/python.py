"""Networks as standalone Python programs."""

from __future__ import annotations

from ...objects.network import Network
from ...squash import LARGEST, SHARES, SINGLE
from .. import files
from .._formats import Format
from ._language import Language, source

__all__ = ["python_source", "write_python"]

# A group begins with its largest state, the first of equals.
BEST = """def fire_NAME(states):
    best = max(range(len(states)), key=states.__getitem__, default=0)"""

LANGUAGE = Language(
    key="python",
    name="Python",
    template="program.py.in",
    comment="# ",
    calls={
        "abs": "abs({0})",
        "copysign": "copysign({0}, {1})",
        "cos": "cos({0})",
        "erf": "erf({0})",
        "exp": "exp(min({0}, 709.0))",  # exp raises OverflowError above
        "expm1": "expm1(min({0}, 709.0))",
        "log": "log({0})",
        "log1p": "log1p({0})",
        "max": "max({0}, {1})",
        "min": "min({0}, {1})",
        "pow": "pow({0}, {1})",
        "sin": "sin({0})",
        "sqrt": "sqrt({0})",
        "tanh": "tanh({0})",
        "inf": "inf",
    },
    helpers={},
    function="def {name}({names}):\n{body}",
    let="{0} = {1}",
    branch=("if {0}:", ""),
    returns=("return {0}", "return {0}"),
    unused="",
    fires={
        SINGLE: "def fire_NAME(states):\n    return [squash_NAME(s) for s in states]",
        LARGEST: BEST + "\n    return [squash_NAME(s) if j == best else 0.0 for j, s in enumerate(states)]",
        SHARES: BEST
        + """
    shares = [exp(s - states[best]) for s in states]
    total = sum(shares)
    return [share / total for share in shares]""",
    },
    loop="    ({first}, {stop}, {fire_first}, {fire_stop}, fire_{squash}, [{nested}]),",
    run="({})",
    start="        self.value = [\n    {values}\n        ]\n",
)


def write_python(network: Network, path: files.File, context: bool = False) -> None:
    """Write :func:`python_source` to a file; an existing file is replaced in one step."""
    files.write(path, python_source(network, context))


def python_source(network: Network, context: bool = False) -> str:
    """Write a network as a Python program that needs nothing but Python.

    The program has a class ``Network`` with ``step(inputs)``, which takes and returns a list of
    numbers, and ``clear()``. Its outputs are those of the network, up to rounding. It does not learn.

    Parameters
    ----------
    network : Network
        The network. It is not changed. Its squashes must be built in, or have a formula that can be
        written, or be registered with ``written=``. Random
        neurons must be deterministic; the program computes their means.
    context : bool
        Whether to start from the network's present states and activations. Default: a cleared context.

    Raises
    ------
    FormatError
        If a squash cannot be written in this language, or a random neuron is not deterministic.
    ArgumentTypeError
        If `network` is not a Network.
    TopologyError, DivergenceError
        As for :func:`synapse.save`.

    Examples
    --------
    >>> from synapse import Layer, Network
    >>> a, b = Layer(2), Layer(1)
    >>> _ = a.project(b, weights=[[1.0], [2.0]])
    >>> program = {}
    >>> exec(python_source(Network(a, [], b)), program)
    >>> program["Network"]().step([2.0, -1.0])
    [0.5]
    """
    return source(network, LANGUAGE, context)


FORMAT = Format(
    name="python",
    what="a Python program",
    kept="the outputs of a network",
    lost="learning",
    link="https://docs.python.org/3/reference/",
    suffixes=(".py",),
    write=write_python,
    data=python_source,
)
