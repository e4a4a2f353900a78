"""The report of `synapse train`: the error of each target, in its own units."""

from __future__ import annotations

import numpy as np

from .._checks import counted
from .._typing import Floats
from ..learning import Result
from ..network import Network
from .lesson import Lesson, Part, joined
from .words import aligned, printable

ENDINGS = {
    "epochs": "reached the epoch limit",
    "patience": "stopped by --patience",
    "interrupted": "interrupted",
}
"""Why a training ended, in the words of the report."""


def report(
    network: Network, lesson: Lesson, training: list[Part], held_out: list[Part], result: Result
) -> str:
    """The network, the result of the training, and a table of errors, as text.

    The last column is the error of a constant prediction: the mean, or the most common class, of the training
    rows, measured on the held-out rows if there are any.
    """
    network.clear()
    what, alone, targets = "error (root mean square)", "mean alone", lesson.outputs
    if lesson.kind is not None:
        what, alone, targets = "accuracy", "most common class", [lesson.kind]
    columns = [(what, *map(printable, targets)), ("training", *_quality(network, lesson, training))]
    if held_out:
        columns.append(("held-out", *_quality(network, lesson, held_out)))
    columns.append((alone, *_without_network(lesson, training, held_out or training)))
    rows = list(zip(*columns, strict=True))
    ending = f"{counted(result.epochs, 'epoch')}, {result.seconds:.1f} s, {ENDINGS[result.stopped]}"
    return f"{printable(repr(network))}\n{ending}\n\n{aligned(rows, '<' + '>' * (len(columns) - 1))}"


def _quality(network: Network, lesson: Lesson, parts: list[Part]) -> list[str]:
    """The error of the network for each target. A stream continues from the current context."""
    answers = []
    for inputs, _ in parts:
        if lesson.sequences:
            network.clear()
        answers.append(network.run(inputs))
    return _figures(lesson, np.concatenate(answers), joined(parts)[1])


def _without_network(lesson: Lesson, training: list[Part], parts: list[Part]) -> list[str]:
    targets = joined(parts)[1]
    mean = joined(training)[1].mean(axis=0)  # for classes, the frequency of each
    return _figures(lesson, np.broadcast_to(mean, targets.shape), targets)


def _figures(lesson: Lesson, answers: Floats, targets: Floats) -> list[str]:
    if lesson.kind is not None:
        return [f"{np.mean(answers.argmax(axis=1) == targets.argmax(axis=1)):.1%}"]
    return [f"{error:.4g}" for error in np.sqrt(np.mean((answers - targets) ** 2, axis=0))]
