"""Networks as standalone Python programs."""

from __future__ import annotations

from ...network import Network
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
    squashes={
        "logistic": "1.0 / (1.0 + exp(min(-s, 709.0)))",  # exp raises OverflowError above
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
        "softmax": BEST.replace("NAME", "softmax")
        + """
    shares = [exp(s - states[best]) for s in states]
    total = sum(shares)
    return [share / total for share in shares]""",
        "winner": BEST.replace("NAME", "winner")
        + "\n    return [float(j == best) for j in range(len(states))]",
        "maxout": BEST.replace("NAME", "maxout")
        + "\n    return [s if j == best else 0.0 for j, s in enumerate(states)]",
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
        The network. It is not changed. Its squashes must be built in or registered with ``written=``. Random
        neurons must be deterministic; the program computes their means.
    context : bool
        Whether to start from the network's present states and activations. Default: a cleared context.

    Raises
    ------
    FormatError
        If a squash cannot be written in this language, or a random neuron is not deterministic.
    KindError
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
