"""Networks that predict columns of a table from others: encode, fit, test beside simple
methods, refit.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any

import numpy as np

from .._build import architecture
from .._checks import (
    imported,
    instance,
    non_negative_integer,
    pluralize,
    suggests_arguments,
)
from .._defaults import ROWS_OF_TABLES, WITHOUT_MEMORY
from .._model import Model, whole_of
from .._scale import Scale, root_mean_square, unit_of
from .._typing import Floats, Ints
from ..errors import ArgumentError, FormatError
from ..forecasting._selection import exceeds_chance, percent, worth
from ..objects.network import Network
from ._encoding import choose_encoding, encoding_of
from ._pandas import pd
from ._table import (
    UNREADABLE,
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
    written,
)
from ._table_training import (
    Part,
    Trained,
    TrainingOptions,
    best_epochs,
    held_out,
    recorded,
    require_targets,
)

CLASSES_NEED = "The comparison of classes with a logistic regression needs"
MAX_SHOWN = 6
"""Number of classes, at most, whose recall a report shows: the rarest."""
MAX_ITERATIONS = 10_000
"""Iterations of the logistic regression, which converges in some tens of them."""


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
    """Train a network to predict columns from others: of the same row, or of a row
    `ahead` rows above.

    Rows are samples for a perceptron; for the other models they are steps of one stream
    or, with a column `sequence`, of many sequences. Words become inputs of 0 and 1, and
    missing numbers the medians of the training rows. A target of words, or with
    `classes`, is predicted by a probability for each of its classes.

    Parameters
    ----------
    table : pandas.DataFrame
        The table, such as from :func:`read_table`; or one of polars or Arrow.
    targets : sequence of str
        The columns to predict.
    inputs : sequence of str, optional
        The columns to predict from. Default: all others.
    learning : TrainingOptions
        How the network is trained.
    ignore : collection of str
        Columns to leave out.
    sequence : str, optional
        The column that identifies the sequence of each row.
    ahead : int
        Number of rows from the inputs down to the target. Default 0.
    classes : bool
        Whether the numbers of the target are classes.

    Raises
    ------
    ArgumentError
        If there is no such column, one has two uses, or too few rows are left to train
        on.
    FormatError
        If cells are not numbers, a sequence is not longer than `ahead`, or there is
        only one class.
    KeyboardInterrupt
        After Ctrl-C, if no epoch was complete. Later it ends what is under way, and the
        network trained so far is returned.
    """
    table = as_frame(table)
    learning = learning._filled(ROWS_OF_TABLES)
    name = str(learning.build)
    left = columns(table, [*ignore, *([] if sequence is None else [sequence])])
    targets, names = _uses(table, targets, inputs, left, ahead)
    classes = classes or (len(targets) == 1 and not mostly_numbers(table[targets[0]]))
    goals, outputs = _goals(table, targets, classes)
    regression = logistic_regression() if classes else None
    units = units_of(table, sequence, ahead)
    count = len(units)
    rng = np.random.default_rng(learning.seed)
    first_tested = count - held_out(count, learning.validation, round(count / 5))
    has_memory = architecture("build", name) not in WITHOUT_MEMORY
    in_order = sequence is None and has_memory
    order = np.arange(count) if in_order else rng.permutation(count)
    learned = np.sort(order[:first_tested])
    tested = np.sort(order[first_tested:])
    stopping = order[first_tested - max(1, round(first_tested / 5)) : first_tested]
    table_learned = table.iloc[np.concatenate([units[i] for i in learned])]
    encoding, notes = choose_encoding(table_learned, names)
    rows, filled = encoding.rows(table)
    later = f" +{ahead}" if ahead else ""
    if without := len(table) - sum(map(len, units)):
        below = pluralize(ahead, "row")
        notes.append(f"{pluralize(without, 'row')} without a target {below} below.")

    def parts(chosen: Ints) -> list[Part]:
        """Return the inputs and targets of units: sequences, or samples or steps as one
        part.
        """
        row_numbers = [units[i] for i in np.sort(chosen)]
        if sequence is None:
            row_numbers = [np.concatenate(row_numbers)] if row_numbers else []
        return [
            (rows[row_range], goals[row_range + ahead]) for row_range in row_numbers
        ]

    def make() -> Model:
        named = [name + later for name in targets]
        labels = outputs if classes else None
        return learning._model_of(encoding.inputs, named, labels)

    training = parts(learned)
    measured = parts(tested) or parts(learned)
    split = parts(np.setdiff1d(learned, stopping)), parts(stopping)
    model, result = learning._fit(make, training, split)
    facts: dict[str, Any] = {
        "targets": targets,
        "classes": outputs if classes else [],
        "ahead": ahead,
        "sequence": sequence,
        "encoding": {"medians": encoding.medians, "words": encoding.words},
        "rows": sum(map(len, units)),
        "epochs": best_epochs(result),
        "test": recorded(measured) if len(tested) else [],
        "held_out_rows": sum(len(y) for _, y in measured) if len(tested) else 0,
        "commonest": None,
        "verdict": None,
    }
    if classes:
        pairs = zip(outputs, goals.mean(axis=0), strict=True)
        shares = ", ".join(f"{name} {share:.1%}" for name, share in pairs)
        notes.append(f"Classes: {shares}.")
        counts = np.concatenate([y for _, y in measured]).mean(axis=0)
        facts["commonest"] = [outputs[int(counts.argmax())], float(counts.max())]

    def test() -> tuple[dict[str, Any], list[list[str]], list[str]]:
        """Return the errors beside those of simple methods, and their table."""
        answers = {
            name: answers_of(model.whole(), measured),
            **_simple(training, measured, regression),
        }
        errors, report = _errors(
            answers, measured, targets, outputs if classes else None
        )
        measures = {"error": errors.pop(name), "baselines": errors}
        if len(tested):
            measures["verdict"] = _verdict(
                answers, measured, classes, sequence is not None, in_order
            )
        return measures, report, []

    trained = Trained(model, result, facts, [], [*notes, *filled])
    return learning._tested(trained, test, make, parts(order), len(tested) > 0)


def _errors(
    answers: dict[str, Floats],
    measured: list[Part],
    targets: list[str],
    classes: list[str] | None,
) -> tuple[dict[str, dict[str, float]], list[list[str]]]:
    """Return the error of each method in each target, and the same as the cells of a
    table; of classes also the recall of the rarest.
    """
    truth = np.concatenate([y for _, y in measured])
    scores = {
        name: quality(rows, truth, classes is not None)
        for name, rows in answers.items()
    }
    report = [["", *answers]]
    for column, target in enumerate(targets):
        values = [score[column] for score in scores.values()]
        if classes is None:
            report.append([target, *map(written, values)])
        else:
            report.append(["accuracy", *(f"{value:.1%}" for value in values)])
    if classes is not None:
        report += class_rows(answers, truth, classes)
    return {
        name: dict(zip(targets, score, strict=True)) for name, score in scores.items()
    }, report


def predict_rows(
    model: Model | Network,
    table: pd.DataFrame,
    *,
    sequence: str | None = None,
    in_order: bool = False,
) -> pd.DataFrame:
    """Return the outputs of a model for the rows of a table.

    Parameters
    ----------
    model : Model or Network
        From :func:`train_rows`, or any one whose inputs have the names of columns.
    table : pandas.DataFrame
        The table, such as from :func:`read_table`.
    sequence : str, optional
        The column that identifies the sequence of each row. Each begins with a cleared
        context.
    in_order : bool
        Whether the columns are the inputs in their order instead of by name. Default:
        False.

    Returns
    -------
    pandas.DataFrame
        A row for each row of the table, and a column for each output. If these are
        probabilities of classes (softmax), the first column is the likeliest class,
        under the name of the target. ``attrs["notes"]`` has sentences on the values
        that were filled in.

    Raises
    ------
    ArgumentError
        If the table lacks one of these columns.
    FormatError
        If a cell is not a number, or the rows of a sequence are not consecutive.
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
    """Return the inputs of a network, shape (rows, inputs), and what was filled in."""
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
                f" {pluralize(ahead, 'row')}; the one ending in"
                f" {place(table, rows.stop - 1)} has"
                f" {rows.stop - rows.start}."
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


def answers_of(network: Network, parts: list[Part]) -> Floats:
    """Return the outputs for all rows of sequences, each from a cleared context."""
    return np.concatenate(network.run([rows for rows, _ in parts]))


def quality(answers: Floats, truth: Floats, classes: bool) -> list[float]:
    """Return the root of the mean squared error of each target; of classes the share of
    rows that are right.
    """
    if classes:
        return [float(np.mean(answers.argmax(axis=1) == truth.argmax(axis=1)))]
    return root_mean_square(answers - truth).tolist()


def class_rows(
    answers: dict[str, Floats], truth: Floats, names: list[str]
) -> list[list[str]]:
    """Return the recall of classes, the rarest first, and the area under the ROC curve
    by each method, as the cells of a table.

    The area is the mean over classes, of each against the others. Without a class that
    has rows and others, it is NaN.
    """
    metrics = imported("sklearn.metrics", CLASSES_NEED, "scikit-learn", "forecast")
    counts = truth.sum(axis=0)
    shown = [place for place in np.argsort(counts, kind="stable") if counts[place]]
    apart = np.flatnonzero((counts > 0) & (counts < len(truth)))
    columns = [[f"recall of {names[place]}" for place in shown[:MAX_SHOWN]] + ["AUC"]]
    for rows in answers.values():
        classes = truth.argmax(axis=1), rows.argmax(axis=1)
        shares = metrics.recall_score(*classes, labels=shown[:MAX_SHOWN], average=None)
        areas = [metrics.roc_auc_score(truth[:, i], rows[:, i]) for i in apart]
        area = np.mean(areas) if areas else np.nan
        columns.append([*(f"{share:.1%}" for share in shares), f"{area:.3f}"])
    return [[*cells] for cells in zip(*columns, strict=True)]


def logistic_regression() -> Any:
    """Return an unfitted logistic regression of scikit-learn, with its usual penalty;
    MissingExtraError without scikit-learn.
    """
    models = imported(
        "sklearn.linear_model",
        CLASSES_NEED,
        "scikit-learn",
        "forecast",
    )
    return models.LogisticRegression(max_iter=MAX_ITERATIONS)


def _simple(
    training: list[Part], measured: list[Part], regression: Any
) -> dict[str, Floats]:
    """Return the answers of simple methods: of numbers the mean and a linear
    regression, of classes the most common one and this logistic `regression`.

    Both regressions read standard units, which their fit depends on.
    """
    x, y = (np.concatenate(side) for side in zip(*training, strict=True))
    rows = np.concatenate([inputs for inputs, _ in measured])
    mean = np.tile(y.mean(axis=0), (len(rows), 1))
    scale = Scale(x.shape[1])
    scale.add(x)
    x, rows = scale.standard(x), scale.standard(rows)
    if regression is None:
        design = np.column_stack([np.ones(len(x)), x])
        weights = np.linalg.lstsq(design, y, rcond=None)[0]
        answers = np.column_stack([np.ones(len(rows)), rows]) @ weights
        return {"mean alone": mean, "linear regression": answers}
    classes = y.argmax(axis=1)
    present = np.unique(classes)
    answers = mean.copy()
    if len(present) > 1:
        answers[:, present] = regression.fit(x, classes).predict_proba(rows)
    return {"most common class": mean, "logistic regression": answers}


def _verdict(
    answers: dict[str, Floats],
    measured: list[Part],
    classes: bool,
    by_sequence: bool,
    in_order: bool,
) -> str:
    """Return a sentence: whether the network is worth it beside the best simple method,
    and whether by chance.

    The first answers are those of the network. A test compares the errors in the same
    held-out rows (of sequences, their means; of a stream, those of blocks of rows); for
    classes in single rows that is the test of McNemar.
    """
    truth = np.concatenate([y for _, y in measured])
    network_name, *simple = answers
    scores = {name: quality(rows, truth, classes) for name, rows in answers.items()}
    if classes:
        best = max(simple, key=lambda name: scores[name][0])
    else:
        ratios = {
            name: float(np.mean([*map(_ratio, scores[network_name], scores[name])]))
            for name in simple
        }
        best = max(ratios, key=ratios.__getitem__)
    losses = [_losses(answers[name], truth, classes) for name in (best, network_name)]
    gains = (losses[0] - losses[1]) / np.maximum(losses[0].mean(axis=0), 1e-300)
    gain = gains.mean(axis=1)
    if by_sequence:
        ends = np.cumsum([len(y) for _, y in measured])
        gain = np.array([rows.mean() for rows in np.split(gain, ends[:-1])])
    if classes and not (by_sequence or in_order):
        is_certain = _by_mc_nemar(gain)
    else:
        # Neighbours in a stream have errors alike, over a time that is not known.
        block = round(len(gain) ** (1 / 3)) if in_order else 1
        is_certain = exceeds_chance(gain, block)
    rows = pluralize(len(gain), "held-out sequence" if by_sequence else "held-out row")
    if classes:
        (share,), (other,) = scores[network_name], scores[best]
        is_better = share > other
        comparison = f"it has {share:.1%} right and {best} {other:.1%}"
    else:
        ratio = ratios[best]
        is_better = ratio < 1
        size = f"{percent(abs(1 - ratio))} {'below' if is_better else 'above'}"
        size = size if ratio < 10 else f"more than {int(min(ratio, 1000))} times"
        comparison = f"its error is {size} that of {best}"
    return worth("The network", comparison, f"on {rows}", is_better, is_certain)


def _by_mc_nemar(gain: Floats) -> bool:
    """Return whether the network is right in more of the rows in which one method is
    right than chance explains: the exact test of McNemar, one-sided, 5 %.
    """
    better, worse = int((gain > 0).sum()), int((gain < 0).sum())
    tests = imported("scipy.stats", "The test of classes needs", "scipy", "forecast")
    return bool(
        better
        and tests.binomtest(better, better + worse, alternative="greater").pvalue < 0.05
    )


def _losses(answers: Floats, truth: Floats, classes: bool) -> Floats:
    """Return the squared error of each row and target, in a unit of the truth; of
    classes 1 for a row that is wrong.
    """
    if classes:
        return np.asarray(answers.argmax(axis=1) != truth.argmax(axis=1), float)[
            :, None
        ]
    return np.asarray(((answers - truth) / unit_of(truth)) ** 2)


def _ratio(error: float, other: float) -> float:
    """Return the error of the network divided by another; both can be 0."""
    return 1.0 if error == other else error / max(other, np.finfo(float).tiny)
