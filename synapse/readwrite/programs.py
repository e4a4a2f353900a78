"""Networks as programs that stand alone: Python, C and JavaScript, from one plan.

What differs between the languages stands in ``languages``, the steps of a program in ``templates/``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from string import Template

from ..network import Network
from . import files
from .languages import JAVASCRIPT, PYTHON, C, Language
from .loops import Loop, loops_of
from .plan import Plan, plan_of

PLAIN = frozenset(" _-.,:()+=#")
LONGEST_NAME = 200
NO_RUN = "{0}"  # C has no empty table


def python_source(network: Network, context: bool = False) -> str:
    """A network as a Python program of its own, which needs nothing but Python.

    The program has a class ``Network`` with ``step(inputs)``, which takes and returns a list of
    numbers, and ``clear()``. It answers as the network does, to rounding; it does not learn.

    Parameters
    ----------
    network : Network
        Any, of built-in squashes; it stays as it is. Random neurons must be deterministic: their mean is
        written.
    context : bool
        Begin with the network's states and activations as they are now. Default: cleared.

    Raises
    ------
    FormatError
        If a neuron has a squash of a user's own, or is random and not deterministic.
    KindError
        If it is not a network.
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
    return _source(network, PYTHON, context)


def c_source(network: Network, context: bool = False) -> str:
    """A network as a C99 program of its own: ``network_step`` and ``network_clear`` on a ``Network``.

    With `context` also ``network_start``, to begin with. Else as :func:`python_source`.

    >>> from synapse import Layer, Network
    >>> print(c_source(Network(Layer(2), [], Layer(1))).splitlines()[0])
    // The network Network: 3 neurons, 0 connections. Written by Synapse.
    """
    return _source(network, C, context)


def javascript_source(network: Network, context: bool = False) -> str:
    """A network as a JavaScript program of its own: a class ``Network`` with ``step`` and ``clear``.

    It runs in browsers, as a script, and in Node, by ``require``. Else as :func:`python_source`.
    """
    return _source(network, JAVASCRIPT, context)


def write_python(network: Network, path: files.File, context: bool = False) -> None:
    """Write :func:`python_source` to a file; one that is there is replaced in one step."""
    files.write(path, python_source(network, context))


def write_c(network: Network, path: files.File, context: bool = False) -> None:
    """Write :func:`c_source` to a file; one that is there is replaced in one step."""
    files.write(path, c_source(network, context))


def write_javascript(network: Network, path: files.File, context: bool = False) -> None:
    """Write :func:`javascript_source` to a file; one that is there is replaced in one step."""
    files.write(path, javascript_source(network, context))


def _source(network: Network, language: Language, context: bool) -> str:
    plan = plan_of(network, language.name, {**language.squashes, **language.functions}, context)
    loops = loops_of(plan)
    program = Path(__file__).with_name("templates").joinpath(language.template)
    return Template(program.read_text(encoding="utf-8")).substitute(
        heading="\n".join(language.comment + line for line in _heading(plan)),
        inputs=plan.inputs,
        outputs=plan.outputs,
        neurons=plan.neurons,
        squashes="\n\n".join(
            _function(language, name) for name in dict.fromkeys(own.squash for own in loops)
        ),
        loops="\n".join(_loop(language, own) for own in loops),
        runs=_lines([run for own in loops for run in _rows(language, own)] or [NO_RUN]),
        biases=_numbers(plan.biases[plan.inputs :].tolist()),
        weights=_numbers(plan.weights.tolist()),
        start=language.start.format(values=_numbers(plan.start.tolist())) if context else "",
    )


def _heading(plan: Plan) -> Iterator[str]:
    """What a program says first: whose it is, and where its layers are."""
    counts = f"{plan.neurons} neurons, {len(plan.weights)} connections"
    yield f"The network {safe(plan.name)}: {counts}. Written by Synapse."
    yield "Its layers, in the order in which they fire:"
    ends = accumulate(size for _, size in plan.layers)
    for (name, size), end in zip(plan.layers, ends, strict=True):
        yield f"  {safe(name)}: neurons {end - size} .. {end - 1}"


def safe(text: str) -> str:
    r"""A name as a comment of any language can carry it: nothing in it ends the comment.

    >>> safe("gates */"), safe("a\n#"), safe("<b>"), safe("é")
    ('gates u+2au+2f', 'au+a#', 'u+3cbu+3e', 'u+e9')
    """
    told = text[:LONGEST_NAME]
    shown = "".join(c if c in PLAIN or (c.isascii() and c.isalnum()) else f"u+{ord(c):x}" for c in told)
    return shown if told == text else shown + "..."


def _function(language: Language, name: str) -> str:
    if name in language.functions:
        return language.functions[name]
    return language.function.format(name=name, value=language.squashes[name])


def _loop(language: Language, loop: Loop) -> str:
    rows = _rows(language, loop)
    return language.loop.format(
        first=loop.first,
        stop=loop.stop,
        fire_first=loop.fires[0],
        fire_stop=loop.fires[1],
        squash=loop.squash,
        nested=", ".join(rows),
        count=len(rows),
    )


def _rows(language: Language, loop: Loop) -> list[str]:
    return [language.run.format(", ".join(map(str, run))) for run in loop.runs]


def _numbers(values: Iterable[float]) -> str:
    """Numbers, exactly; a single 0 where there are none, as C has no empty table."""
    return _lines([repr(value) for value in values] or ["0.0"])


def _lines(items: Sequence[str], each: int = 5) -> str:
    return ",\n    ".join(", ".join(items[i : i + each]) for i in range(0, len(items), each))
