"""What `synapse train` says at the end: how well each target is predicted, in its own units."""

from __future__ import annotations

import numpy as np

from .._typing import Floats
from ..learning.training import Result
from ..network import Network
from .lesson import Lesson, Part, together
from .words import aligned, printable


def report(network: Network, lesson: Lesson, learnt: list[Part], held_out: list[Part], result: Result) -> str:
    """The network, what the training did, and a table of errors, as text.

    Beside the errors stands that of the simplest guess: the mean, or the most common class, of what was
    learnt, for the rows held out where there are any.
    """
    network.clear()
    titles, columns = ["learnt"], [_quality(network, lesson, learnt)]
    if held_out:
        titles.append("held out")
        columns.append(_quality(network, lesson, held_out))
    titles.append("mean alone" if lesson.kind is None else "commonest alone")
    columns.append(_without_network(lesson, learnt, held_out or learnt))
    what = "error (root mean square)" if lesson.kind is None else "share right"
    rows = [(what, *titles), *zip(_targets(lesson), *columns, strict=True)]
    ending = f"{result.epochs} epochs, {result.seconds:.1f} s, stopped by {result.stopped}"
    return f"{printable(repr(network))}\n{ending}\n\n{aligned(rows, '<' + '>' * len(columns))}"


def _targets(lesson: Lesson) -> list[str]:
    return [printable(name) for name in (lesson.outputs if lesson.kind is None else [lesson.kind])]


def _quality(network: Network, lesson: Lesson, parts: list[Part]) -> list[str]:
    """Of each target, how well the network predicts it. A stream goes on from where it is."""
    answers = []
    for inputs, _ in parts:
        if lesson.sequences:
            network.clear()
        answers.append(network.run(inputs))
    return _figures(lesson, np.concatenate(answers), together(parts)[1])


def _without_network(lesson: Lesson, learnt: list[Part], parts: list[Part]) -> list[str]:
    targets = together(parts)[1]
    mean = together(learnt)[1].mean(axis=0)  # of classes: how common each is
    return _figures(lesson, np.broadcast_to(mean, targets.shape), targets)


def _figures(lesson: Lesson, answers: Floats, targets: Floats) -> list[str]:
    if lesson.kind is not None:
        return [f"{np.mean(answers.argmax(axis=1) == targets.argmax(axis=1)):.1%}"]
    return [f"{error:.4g}" for error in np.sqrt(np.mean((answers - targets) ** 2, axis=0))]
