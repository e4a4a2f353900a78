"""The report of `synapse train`: the error of each target, in its own units, and what else may predict it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .._checks import counted
from .._typing import Floats
from ..learning import Result
from ..objects.network import Network
from .lesson import Lesson, Part, joined
from .words import aligned, printable
from .worth import HeldOutErrors, baseline_errors

ENDINGS = {
    "epochs": "reached the epoch limit",
    "patience": "stopped by --patience",
    "interrupted": "interrupted",
}
"""Why a training ended, in the words of the report."""


@dataclass(frozen=True)
class Quality:
    """The quality of a network on a lesson: root mean square errors of the targets, or accuracies of classes.

    Parameters
    ----------
    training, held_out : ndarray, shape (targets,)
        The quality on these rows; `held_out` is None if no rows are held out.
    baselines : dict of str to ndarray, shape (targets,)
        The quality of simple methods on the held-out rows, or on the training rows if there are none.
    verdict : str or None
        A sentence: whether the network is worth it. For a series with held-out rows.
    notes : list of str
        Sentences on methods that were left out.
    """

    training: Floats
    held_out: Floats | None
    baselines: dict[str, Floats]
    verdict: str | None = None
    notes: list[str] = field(default_factory=list)


def measured(network: Network, lesson: Lesson, training: list[Part], held_out: list[Part]) -> Quality:
    """Measure a trained network, and the simple methods."""
    network.clear()
    on_training = _quality(lesson, *_answers(network, lesson, training))
    baselines, notes = {}, list[str]()
    on_held_out, verdict = None, None
    if held_out:
        answers, targets = _answers(network, lesson, held_out)
        on_held_out = _quality(lesson, answers, targets)
        if lesson.series is not None:
            comparison, notes = _compared(lesson, training, answers - targets)
            baselines = {
                name: np.sqrt(np.mean(errors**2, axis=0)) for name, errors in comparison.baselines.items()
            }
            verdict = comparison.verdict()
    name = "mean alone" if lesson.kind is None else "most common class"
    baselines[name] = _without_network(lesson, training, held_out or training)
    return Quality(on_training, on_held_out, baselines, verdict, notes)


def _answers(network: Network, lesson: Lesson, parts: list[Part]) -> Part:
    """The outputs of the network and the targets. A stream continues from the current context."""
    answers = []
    for inputs, _ in parts:
        if lesson.sequences:
            network.clear()
        answers.append(network.run(inputs))
    return np.concatenate(answers), joined(parts)[1]


def _compared(lesson: Lesson, training: list[Part], errors: Floats) -> tuple[HeldOutErrors, list[str]]:
    """The network's errors on the held-out end of a series beside those of simple methods."""
    series = lesson.series
    assert series is not None
    columns = [series.columns.index(name) for name in lesson.targets]
    first, season = len(training[0][0]), series.step.season
    baselines, notes = baseline_errors(series.values[:, columns], first, lesson.ahead, season)
    targets = training[0][1]
    scale = np.where(np.ptp(targets, axis=0) > 0, targets.std(axis=0), 1.0)
    return HeldOutErrors(errors, baselines, scale, lesson.ahead), notes


def _without_network(lesson: Lesson, training: list[Part], parts: list[Part]) -> Floats:
    targets = joined(parts)[1]
    mean = joined(training)[1].mean(axis=0)  # for classes, the frequency of each
    return _quality(lesson, np.broadcast_to(mean, targets.shape), targets)


def _quality(lesson: Lesson, answers: Floats, targets: Floats) -> Floats:
    if lesson.kind is not None:
        return np.array([np.mean(answers.argmax(axis=1) == targets.argmax(axis=1))])
    found: Floats = np.sqrt(np.mean((answers - targets) ** 2, axis=0))
    return found


def report(network: Network, lesson: Lesson, quality: Quality, result: Result) -> str:
    """The network, the result of the training, a table of errors, and sentences, as text.

    The last columns are the errors of simple methods on the held-out rows, or on the training rows if there
    are none; the last one is that of a constant prediction: the mean, or the most common class, of the
    training rows.
    """
    what, targets = "error (root mean square)", lesson.outputs
    if lesson.kind is not None:
        what, targets = "accuracy", [lesson.kind]
    figures = {"training": quality.training}
    if quality.held_out is not None:
        figures["held-out"] = quality.held_out
    columns = [(what, *map(printable, targets))]
    for name, numbers in (figures | quality.baselines).items():
        columns.append((name, *(f"{x:.1%}" if lesson.kind is not None else f"{x:.4g}" for x in numbers)))
    rows = list(zip(*columns, strict=True))
    ending = f"{counted(result.epochs, 'epoch')}, {result.seconds:.1f} s, {ENDINGS[result.stopped]}"
    if result.stopped == "epochs" and result.falling:
        ending += " while the error was still falling"
    table = aligned(rows, "<" + ">" * (len(columns) - 1))
    before = "".join(f"{printable(note)}\n" for note in [*_span(lesson, quality), *lesson.notes])
    after = "".join(f"\n{sentence}" for sentence in [*quality.notes, quality.verdict] if sentence)
    return f"{before}{printable(repr(network))}\n{ending}\n\n{table}{after and chr(10) + after}"


def _span(lesson: Lesson, quality: Quality) -> list[str]:
    """The rows of a series, and which of them are held out."""
    series = lesson.series
    if series is None:
        return []
    first, last = (series.form.write(series.dates[place]) for place in (0, -1))
    sentence = f"{counted(len(series.dates), 'row')}, {first} to {last} ({series.date}), step: {series.step}."
    return [sentence]
