"""Update models of tables with new rows, and report how their errors change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._checks import instance, pluralize, positive_integer
from .._model import Model
from .._typing import Floats
from ..errors import ArgumentError
from ..forecasting._frames import labels_beside
from ..learning import Result
from ._encoding import encoding_of
from ._pandas import pd
from ._row_comparison import answers_of, quality
from ._row_models import units_of
from ._series import on_clock, phase
from ._series_task import SeriesTask, frame_values, require_step, series_facts
from ._table import as_frame, numbers, quoted, words, written
from ._table_training import INTERRUPTED, Part, joined_parts

USUAL_EPOCHS = 10
"""Number of epochs in an update, if the number in the first training is unknown."""


@dataclass(frozen=True)
class Updated:
    """The result of an update."""

    result: Result
    rows: int  # number of new rows
    table: list[list[str]]
    """Errors on the new rows and in the former test, before and after the update, with
    a header row."""
    notes: list[str]
    """Sentences on rows that were left out, or are missing."""


def update_rows(
    model: Model,
    table: pd.DataFrame,
    targets: Sequence[str] | None = None,
    *,
    sequence: str | None = None,
    epochs: int | None = None,
    seed: int = 0,
    progress: bool = False,
) -> Updated:
    """Train a model on more rows, from its weights, scales and the state of its
    optimizer. Targets and sequences are those of its training by default.
    """
    facts = instance("model", model, Model).metadata
    table = as_frame(table)
    encoding = encoding_of(model.network)
    if encoding is None and not model.inputs:
        raise ArgumentError(
            "The inputs of the model have no names, by which columns are found. Update"
            " it in Python: model.update(X, y)."
        )
    names = targets or facts.get("targets") or model.outputs
    if model.classes is not None and len(names) != 1:
        raise ArgumentError(
            f"The classes need one column, got {quoted(names)}. Pass it by --target."
        )
    if encoding is None:
        rows, notes = numbers(table, model.inputs), list[str]()
    else:
        rows, notes = encoding.rows(table)
    ahead = facts.get("ahead", 0)
    units = units_of(table, sequence or facts.get("sequence"), ahead, minimum=1)
    goals = _goals(model, table, list(names))
    if sequence is None and facts.get("sequence") is None:
        units = [np.concatenate(units)]
    parts = [(rows[places], goals[places + ahead]) for places in units]
    count = sum(len(y) for _, y in parts)

    former = [
        (np.array(x, float), np.array(y, float)) for x, y in facts.get("test", [])
    ]

    notes += _repeated(parts, former)

    def errors() -> list[list[str]]:
        network = model.whole()
        classes = model.classes is not None
        qualities = [
            quality(
                answers_of(network, side), np.concatenate([y for _, y in side]), classes
            )
            for side in (parts, former)
            if side
        ]
        if classes:
            return [[f"{value:.1%}" for value in values] for values in qualities]
        return [[*map(written, values)] for values in qualities]

    named = [*map(str, names)]
    return _updated(
        model, parts, count, named, errors, notes, epochs, seed=seed, progress=progress
    )


def update_series(
    model: Model,
    series: pd.DataFrame | Mapping[str, pd.DataFrame],
    *,
    epochs: int | None = None,
    seed: int = 0,
    progress: bool = False,
) -> Updated:
    """Train a model of :func:`train_series` on rows that it has not learned.

    Earlier rows are only read. Errors are those of forecasts of the next row, in units
    of each series' deviation if there are several.
    """
    series_facts(instance("model", model, Model))
    facts = model.metadata
    frames = series if isinstance(series, Mapping) else {"": series}
    recent: dict[str, Any] = facts.get("recent", {})
    notes = list[str]()
    if not recent:
        notes.append(
            "All rows of DATA count as new, because the file of the model does not"
            " contain its last rows."
        )
    tasks = dict[str, tuple[SeriesTask, int]]()
    latest = dict[str, Any]()
    for name, frame in frames.items():
        values = frame_values(frame, name)
        require_step(facts, frame)
        start, context, note = _joined(frame, recent.get(name))
        if note:
            notes.append(f"{name}: {note}" if name else note)
        values = values[start:]
        if not len(values):
            continue
        rows = np.vstack([context, values]) if len(context) else values
        step = phase(frame, facts.get("first_date")) + start - len(context)
        tasks[name] = SeriesTask.of_rows(model, rows, step), len(values)
        latest[name] = tasks[name][0].recent(frame.index[-1])
    if not tasks:
        raise ArgumentError("Expected rows that the model has not learned, got none.")
    updated = learn_series(
        [*tasks.values()], model, notes, epochs, seed=seed, progress=progress
    )
    facts["recent"] = {**recent, **latest}
    return updated


def learn_series(
    tasks: list[tuple[SeriesTask, int]],
    model: Model,
    notes: list[str],
    epochs: int | None = None,
    *,
    seed: int = 0,
    progress: bool = False,
) -> Updated:
    """Train a model on the last rows of series, whose number is given beside each. The
    other rows are read before.
    """
    facts = model.metadata
    for task, _ in tasks:
        if len(task.y) < task.scale.lost + 2:
            raise ArgumentError(
                f"Expected {task.scale.lost + 2} rows or more, from which differences"
                f" follow, got {len(task.y)}."
            )
    former = [
        (
            SeriesTask.of_rows(model, np.array(entry["rows"], float), entry["phase"]),
            int(entry["tested"]),
        )
        for entry in facts.get("test", {}).values()
    ]

    def errors() -> list[list[str]]:
        return [
            [*map(written, _of_next(model, side))] for side in (tasks, former) if side
        ]

    lessons = [_lesson(task, count) for task, count in tasks]
    count = sum(count for _, count in tasks)
    options = {"seed": seed, "progress": progress}
    return _updated(
        model, lessons, count, facts["targets"], errors, notes, epochs, **options
    )


# --- rows -----------------------------------------------------------------------------


def _goals(model: Model, table: pd.DataFrame, names: list[str]) -> Floats:
    """Return the targets, shape (rows, outputs)."""
    if model.classes is None:
        return numbers(table, names)
    labels = {str(label): label for label in model.classes}
    cells = words(table, names[0])
    new = sorted({*cells} - {*labels})
    if new:
        raise ArgumentError(
            f"The classes of {names[0]!r} must be those of the model,"
            f" {', '.join(labels)}, got {', '.join(new)}. Train a new model to add"
            " classes."
        )
    places = [[*labels].index(cell) for cell in cells]
    return np.eye(len(labels))[places]


def _repeated(parts: list[Part], former: list[Part]) -> list[str]:
    """Return a sentence on rows that are equal to rows of the former test."""
    learned = {row.tobytes() for x, y in former for row in np.hstack([x, y])}
    rows = (row for x, y in parts for row in np.hstack([x, y]))
    count = sum(row.tobytes() in learned for row in rows)
    if not count:
        return []
    return [
        f"DATA has {pluralize(count, 'row')} equal to rows of the former test. If the"
        " model has learned them, leave them out, because it would learn them again."
    ]


# --- series ---------------------------------------------------------------------------


def _joined(
    frame: pd.DataFrame, recent: dict[str, Any] | None
) -> tuple[int, Floats, str]:
    """Return the place of the first new row, the rows to read before it, and a sentence
    if rows overlap or are missing.
    """
    values = frame_values(frame)
    if recent is None:
        return 0, values[:0], ""
    learned = np.array(recent["rows"], float)
    begin = 0
    if recent["last"] is None or not hasattr(frame.index, "freq"):
        start = _after(values, learned[-8:])
    else:
        last = on_clock(recent["last"], frame.index)
        dates = frame.iloc[:0].reindex([last]).asfreq(frame.index.freq)
        expected = labels_beside(dates.index, 1)[0]
        near = (expected - last) / 2  # clocks vary
        start = int((frame.index < last + near).sum())
        begin = max(0, start - len(learned))
        if not start and frame.index[0] >= expected + near:
            missing = (
                f"Rows are missing between {last}, the last one that was learned, and"
                f" {frame.index[0]}. The new rows are read from their own beginning."
            )
            return 0, values[:0], missing
    if not start:
        return 0, learned, ""
    old, new = pluralize(start, "row"), pluralize(len(values) - start, "row")
    note = f"DATA has {old} that the model has learned, and {new} after that."
    return start, values[begin:start], note


def _after(values: Floats, learned: Floats) -> int:
    """Return the place after the last known rows, where a series without dates has
    them; 0 if it does not.
    """
    size = len(learned)
    for stop in range(len(values), size - 1, -1):
        if np.array_equal(values[stop - size : stop], learned):
            return stop
    return 0


def _lesson(task: SeriesTask, count: int) -> Part:
    """Return the inputs and targets for training on the last `count` rows of a series.
    The other rows are only read.
    """
    inputs, targets = task.lesson()
    targets[: max(0, len(targets) - count)] = np.nan
    return inputs, targets


def _of_next(model: Model, tasks: list[tuple[SeriesTask, int]]) -> list[float]:
    """Return the root mean squared error of each target, one step ahead, in the last
    rows of series.
    """
    errors = []
    for task, count in tasks:
        forecasts = task.forecaster(model, int(task.x is None)).one_step(task.y)
        missed = (task.y - forecasts[: len(task.y)])[-count:, : len(task.targets)]
        errors.append(missed / task.units)
    return np.sqrt(np.nanmean(np.vstack(errors) ** 2, axis=0)).tolist()


# --- both -----------------------------------------------------------------------------


def _updated(
    model: Model,
    parts: list[Part],
    count: int,
    names: Sequence[str],
    errors: Callable[[], list[list[str]]],
    notes: list[str],
    epochs: int | None,
    **options: Any,
) -> Updated:
    """Train a model on `count` new rows, and return its errors of targets before and
    after, or raise KeyboardInterrupt if no epoch is complete.

    `errors` returns the cells for new rows, and for those of the former test, if any.
    """
    facts = model.metadata
    before = errors()
    if epochs is None:
        learned = facts.get("epochs")
        share = count / (count + facts.get("rows", 0))
        epochs = USUAL_EPOCHS if learned is None else max(1, round(learned * share))
    options["epochs"] = positive_integer("epochs", epochs)
    result = model.update(*joined_parts(parts, len(parts) == 1), **options)
    if result.stop_reason == INTERRUPTED and not result.epochs:
        raise KeyboardInterrupt
    facts["rows"] = facts.get("rows", 0) + count
    of = [f" {name}" if len(names) > 1 else "" for name in names]
    head = ["", *(f"{when}{name}" for when in ("before", "after") for name in of)]
    labels = [pluralize(count, "new row"), "former test"]
    cells = zip(labels, before, errors(), strict=False)
    table = [head, *([label, *old, *new] for label, old, new in cells)]
    return Updated(result, count, table, notes)
