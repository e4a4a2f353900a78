"""Write a network as a program: what the languages share, and the record of their differences.

The code of a program is in ``templates/``, one file per language, with the same steps in each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from string import Template
from typing import NamedTuple

from ..._checks import counted
from ..._lowered import Run
from ...network import Network
from .._step import Step, step_of, written

PLAIN = frozenset(" _-.,:()+=#")
LONGEST_NAME = 200
NO_RUN = "{0}"  # C has no empty table


@dataclass(frozen=True)
class Language:
    """The syntax of a language, whose format is `key`, for the parts that differ between networks.

    A squash is one entry of `expressions`. ``{name}`` and ``{value}`` in `function` are a squash and its
    expression of the state ``s``; functions that need more than an expression, such as those of groups, are
    in `functions`. `loop` and `run` are rows of tables. The runs of a loop are either inside its row,
    ``{nested}``, or in a separate table, ``{count}`` of them. `start` begins with ``{values}``.
    """

    key: str
    name: str
    template: str
    comment: str
    squashes: Mapping[str, str]
    function: str
    functions: Mapping[str, str]
    loop: str
    run: str
    start: str


class Loop(NamedTuple):
    """Neurons ``first .. stop`` whose states are computed by the same runs; then some activate.

    ``fires`` is empty if states of others of a group are not computed yet.
    """

    first: int
    stop: int
    fires: tuple[int, int]
    squash: str
    runs: list[Run]


def source(network: Network, language: Language, context: bool) -> str:
    """Write a network as a program; raises as :func:`synapse.readwrite.python_source` does."""
    known = {**language.squashes, **language.functions}
    step = step_of(network, language.key, language.name, known, context)
    loops = list(_loops(step))
    program = Path(__file__).with_name("templates").joinpath(language.template)
    return Template(program.read_text(encoding="utf-8")).substitute(
        heading="\n".join(language.comment + line for line in _heading(step)),
        inputs=step.inputs,
        outputs=step.outputs,
        neurons=step.neurons,
        squashes="\n\n".join(
            _function(language, name) for name in dict.fromkeys(own.squash for own in loops)
        ),
        loops="\n".join(_loop(language, own) for own in loops),
        runs=_lines([run for own in loops for run in _rows(language, own)] or [NO_RUN]),
        biases=_numbers(step.biases[step.inputs :].tolist()),
        weights=_numbers(step.weights.tolist()),
        start=language.start.format(values=_numbers(step.start.tolist())) if context else "",
    )


def _loops(step: Step) -> Iterator[Loop]:
    """The loops of a step, in order."""
    for block, stretches in zip(step.blocks, step.lowered.stretches(), strict=True):
        for stretch in stretches:
            # Neurons of a block without groups do not depend on each other: each activates at once.
            fires = (0, 0) if block.grouped else (stretch.first, stretch.stop)
            if block.grouped and stretch is stretches[-1]:
                fires = block.fires[0]
            yield Loop(stretch.first, stretch.stop, fires, block.squash, stretch.runs)
        for group in block.fires[1:]:
            yield Loop(block.stop, block.stop, group, block.squash, [])


def _heading(step: Step) -> Iterator[str]:
    """The first comment of a program: the name of the network, and the places of its layers."""
    counts = f"{counted(step.neurons, 'neuron')}, {counted(len(step.weights), 'connection')}"
    yield f"The network {safe(step.name)}: {counts}. Written by Synapse."
    yield "Layers in activation order:"
    ends = accumulate(size for _, size in step.layers)
    for (name, size), end in zip(step.layers, ends, strict=True):
        yield f"  {safe(name)}: neurons {end - size} .. {end - 1}"


def safe(text: str) -> str:
    r"""A name for a comment in any language, without characters that could end the comment.

    >>> safe("gates */"), safe("a\n#"), safe("<b>"), safe("é")
    ('gates u+2au+2f', 'au+a#', 'u+3cbu+3e', 'u+e9')
    """
    told = text[:LONGEST_NAME]
    shown = "".join(c if c in PLAIN or (c.isascii() and c.isalnum()) else f"u+{ord(c):x}" for c in told)
    return shown if told == text else shown + "..."


def _function(language: Language, name: str) -> str:
    if name in language.functions:
        return language.functions[name]
    value = language.squashes.get(name) or written(name, language.key).replace("{s}", "s")
    return language.function.format(name=_identifier(name), value=value)


def _identifier(name: str) -> str:
    """A name that is valid in every language."""
    return "".join(c if c.isascii() else f"u{ord(c):x}" for c in name)


def _loop(language: Language, loop: Loop) -> str:
    rows = _rows(language, loop)
    return language.loop.format(
        first=loop.first,
        stop=loop.stop,
        fire_first=loop.fires[0],
        fire_stop=loop.fires[1],
        squash=_identifier(loop.squash),
        nested=", ".join(rows),
        count=len(rows),
    )


def _rows(language: Language, loop: Loop) -> list[str]:
    return [language.run.format(", ".join(map(str, run))) for run in loop.runs]


def _numbers(values: Iterable[float]) -> str:
    """Numbers with all digits; a single 0 if there are none, because C has no empty table."""
    return _lines([repr(value) for value in values] or ["0.0"])


def _lines(items: Sequence[str], each: int = 5) -> str:
    return ",\n    ".join(", ".join(items[i : i + each]) for i in range(0, len(items), each))
