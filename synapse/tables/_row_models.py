"""Predict columns of a table from others by networks, which are fitted, tested beside
simple methods, and refitted on all rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any

import numpy as np

from .._build import architecture
from .._checks import (
    instance,
    non_negative_integer,
    pluralize,
    suggests_arguments,
)
from .._defaults import ROWS_OF_TABLES, WITHOUT_MEMORY
from .._model import Model, whole_of
from .._typing import Floats, Ints
from ..errors import ArgumentError, FormatError
from ..objects.network import Network
from ._encoding import choose_encoding, encoding_of
from ._pandas import pd
from ._row_comparison import answers_of, logistic_regression
from ._row_task import RowTask
from ._table import (
    UNREADABLE,
    are_numbers_in_another_form,
    as_frame,
    columns,
    find,
    mostly_numbers,
    numbers,
    place,
    quoted,
    require_one_use,
    sequences,
    words,
    zeros,
)
from ._table_training import (
    Trained,
    TrainingOptions,
    best_epochs,
    held_out,
    recorded,
    require_targets,
)


@suggests_arguments("train_rows")
def train_rows(
    table: pd.DataFrame,
    targets: Sequence[str],
    inputs: Sequence[str] | None,
    learning: Annotated[
        TrainingOptions,
        lambda title, value: instance(title, value, TrainingOptions),
    ],
    *,
    ignore: Collection[str] = (),
    sequence: str | None = None,
    ahead: Annotated[int, non_negative_integer] = 0,
    classes: bool = False,
) -> Trained:
    """Train a network to predict columns from others in the same row, or in a row
    `ahead` rows above.

    Rows are samples for a perceptron. For other models, they are steps of one stream
    or, with a column `sequence`, of many sequences. Words become inputs of 0 and 1, and
    missing numbers are replaced by the medians of the training rows. For a target of
    words, or with `classes`, the network predicts a probability for each class.

    The verdict, ``facts["verdict"]``, compares the network with the mean, a regression
    and gradient boosting by log loss or squared error on the held-out rows. If a paired
    test on these rows is not conclusive, and there are at most 5,000 rows, all rows are
    predicted, each by methods that were fitted without it.

    Parameters
    ----------
    table : pandas.DataFrame
        The table, for example from :func:`read_table`, or one of polars or Arrow.
    targets : sequence of str
        The columns to predict.
    inputs : sequence of str, optional
        The columns to predict from. Default: all other columns.
    learning : TrainingOptions
        How the network is trained.
    ignore : collection of str
        Columns to leave out.
    sequence : str, optional
        The column that identifies the sequence of each row.
    ahead : int
        Number of rows from the inputs down to the target. Default 0.
    classes : bool
        Whether the numbers of the target are classes. A column of pandas' type
        "category" has words in any case.

    Raises
    ------
    ArgumentError
        If a column does not exist or has two uses, or too few rows are left to train
        on.
    FormatError
        If cells are not numbers, a sequence is not longer than `ahead`, or there is
        only one class.
    KeyboardInterrupt
        After Ctrl-C, if no epoch was complete. Otherwise, Ctrl-C ends the training or
        test in progress, and the network trained so far is returned.
    """
    table = as_frame(table)
    learning = learning._filled(ROWS_OF_TABLES)
    name = str(learning.build)
    left = columns(table, [*ignore, *([] if sequence is None else [sequence])])
    targets, names = _uses(table, targets, inputs, left, ahead)
    target = table[targets[0]]
    are_words = not (mostly_numbers(target) or are_numbers_in_another_form(target))
    classes = classes or (len(targets) == 1 and are_words)
    goals, outputs = _goals(table, targets, classes)
    if classes:
        logistic_regression()  # before a training that may take long
    units = units_of(table, sequence, ahead)
    count = len(units)
    rng = np.random.default_rng(learning.seed)
    first_tested = count - held_out(count, learning.validation, round(count / 5))
    has_memory = architecture("build", name) not in WITHOUT_MEMORY
    in_order = sequence is None and has_memory
    order = np.arange(count) if in_order else rng.permutation(count)
    learned = np.sort(order[:first_tested])
    table_learned = table.iloc[np.concatenate([units[i] for i in learned])]
    encoding, notes = choose_encoding(table_learned, names)
    rows, filled = encoding.rows(table)
    for column in (*encoding.medians, *([] if classes else targets)):
        notes += zeros(table, column)
    if without := len(table) - sum(map(len, units)):
        below = pluralize(ahead, "row")
        notes.append(f"{pluralize(without, 'row')} without a target {below} below.")

    task = RowTask(
        learning=learning,
        name=name,
        targets=targets,
        outputs=outputs,
        classes=classes,
        sequence=sequence,
        ahead=ahead,
        in_order=in_order,
        units=units,
        rows=rows,
        goals=goals,
        inputs=encoding.inputs,
        order=order,
        first_tested=first_tested,
    )
    measured = task.measured
    model, result = task.fitted(learning, task.learned)
    facts: dict[str, Any] = {
        "targets": targets,
        "classes": outputs if classes else [],
        "ahead": ahead,
        "sequence": sequence,
        "encoding": {"medians": encoding.medians, "words": encoding.words},
        "rows": sum(map(len, units)),
        "epochs": best_epochs(result),
        "test": recorded(measured) if task.is_tested else [],
        "held_out_rows": sum(len(y) for _, y in measured) if task.is_tested else 0,
        "commonest": None,
        "verdict": None,
    }
    if classes:
        pairs = zip(outputs, goals.mean(axis=0), strict=True)
        shares = ", ".join(f"{name} {share:.1%}" for name, share in pairs)
        notes.append(f"Classes: {shares}.")
        counts = np.concatenate([y for _, y in measured]).mean(axis=0)
        facts["commonest"] = [outputs[int(counts.argmax())], float(counts.max())]
    trained = Trained(model, result, facts, [], [*notes, *filled])
    every = task.parts(order)
    return learning._tested(
        trained, lambda: task.test(model), task.make, every, task.is_tested
    )


def predict_rows(
    model: Model | Network,
    table: pd.DataFrame,
    *,
    sequence: str | None = None,
    in_order: bool = False,
) -> pd.DataFrame:
    """Return a frame with a row for each row of a table, and a column for each output
    of a model, with sentences on filled values in ``attrs["notes"]``.

    If the outputs are probabilities of classes, the first column is the likeliest
    class, under the name of the target. Each sequence begins with a cleared context.
    """
    network = instance("model", whole_of(model), Network)
    table = as_frame(table)
    rows, notes = _input_rows(network, table, sequence, in_order)
    inputs = [rows[places] for places in sequences(table, sequence)]
    answers = answers_of(network, [(x, x) for x in inputs])
    names = [neuron.name or "" for neuron in network.output]
    result = pd.DataFrame(answers, index=table.index, columns=names)
    if all(neuron.squash.name == "softmax" for neuron in network.output):
        likeliest = [names[place] for place in answers.argmax(axis=1)]
        result.insert(0, network.output._label, likeliest, allow_duplicates=True)
    result.attrs["notes"] = notes
    return result


def _input_rows(
    network: Network, table: pd.DataFrame, sequence: str | None, in_order: bool
) -> tuple[Floats, list[str]]:
    """Return the inputs of a network, shape (rows, inputs), and sentences on filled
    values.
    """
    encoding = encoding_of(network)
    if encoding is not None and not in_order:
        return encoding.rows(table)
    names = [neuron.name or "" for neuron in network.input]
    if in_order:
        other = None if sequence is None else find(table, sequence)
        names_of_table = [name for name in table.columns if name != other]
        if len(names_of_table) != len(names):
            raise ArgumentError(
                f"The table must have {pluralize(len(names), 'column')}, got"
                f" {quoted(names_of_table)}."
            )
        return numbers(table, names_of_table), []
    try:
        return numbers(table, names), []
    except ArgumentError as error:
        raise ArgumentError(
            f"{error} To take columns in their order, pass --in-order."
        ) from None


def _uses(
    table: pd.DataFrame,
    targets: Sequence[str],
    inputs: Sequence[str] | None,
    left: list[str],
    ahead: int,
) -> tuple[list[str], list[str]]:
    """Return the columns to predict and those to predict from, by default all but those
    left out and the targets.
    """
    goals = require_targets(columns(table, targets))
    require_one_use(goals, left)
    taken = left if ahead else [*left, *goals]
    if inputs is None:
        return goals, [name for name in table.columns if name not in taken]
    names = columns(table, inputs)
    require_one_use(names, taken)
    return goals, names


def units_of(
    table: pd.DataFrame, sequence: str | None, ahead: int, minimum: int | None = None
) -> list[Ints]:
    """Return the rows of each sequence, or each row, that have a target `ahead` rows
    below.
    """
    parts = sequences(table, sequence)
    for rows in parts:
        if rows.stop - rows.start <= ahead:
            raise FormatError(
                f"--ahead {ahead} needs sequences longer than"
                f" {pluralize(ahead, 'row')}, but the one ending in"
                f" {place(table, rows.stop - 1)} has {rows.stop - rows.start}."
            )
    places = [np.arange(rows.start, rows.stop - ahead) for rows in parts]
    units = places if sequence is not None else list(places[0][:, None])
    minimum = minimum or (4 if sequence is None else 2)
    if len(units) < minimum:
        noun = "rows" if sequence is None else "sequences"
        raise FormatError(
            f"The table must have {minimum} {noun} or more, got {len(units)}."
        )
    return units


def _goals(
    table: pd.DataFrame, targets: list[str], classes: bool
) -> tuple[Floats, list[str]]:
    """Return the targets, shape (rows, outputs), and the names of the outputs."""
    if not classes:
        advice = f"{UNREADABLE} If these are names of classes, pass --classes."
        return (
            numbers(table, targets, advice=advice if len(targets) == 1 else UNREADABLE),
            targets,
        )
    if len(targets) > 1:
        raise ArgumentError(
            f"Expected one --target for classes, got {quoted(targets)}."
        )
    cells = words(table, targets[0])
    names = sorted(set(cells))
    if len(names) < 2:
        raise FormatError(
            f"The column {targets[0]!r} must have two classes, got {names[0]!r}."
        )
    return np.eye(len(names))[[names.index(cell) for cell in cells]], names
