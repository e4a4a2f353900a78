"""Fit other methods that predict columns of a table from others, and compare them with
a network.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np

from .._checks import imported
from .._scale import Scale, root_mean_square, unit_of
from .._typing import Floats
from ..errors import MissingExtraError
from ..forecasting._statistical import one_thread
from ..forecasting._verdict import Verdict, verdict
from ..objects.network import Network
from ._table import written
from ._table_training import Part

CLASSES_NEED = "The comparison of classes with a logistic regression needs"
MAX_SHOWN = 6
"""Number of classes, at most, whose recall a report shows: the rarest."""
MAX_ITERATIONS = 10_000
"""Maximum number of iterations in the logistic regression, which converges in some tens
of them."""
MIN_PARALLEL_ROWS = 20_000
"""Number of rows from which on other methods use several threads."""


def errors_of(
    answers: dict[str, Floats],
    measured: list[Part],
    targets: list[str],
    classes: list[str] | None,
) -> tuple[dict[str, dict[str, float]], list[list[str]]]:
    """Return the error of each method in each target, and the same as the cells of a
    table. For classes, add the recall of the rarest ones.
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
            losses = [losses_of(rows, truth, True).mean() for rows in answers.values()]
            report.append(["log loss", *(f"{loss:.3f}" for loss in losses)])
            report.append(["accuracy", *(f"{value:.1%}" for value in values)])
    if classes is not None:
        report += class_rows(answers, truth, classes)
    return {
        name: dict(zip(targets, score, strict=True)) for name, score in scores.items()
    }, report


def answers_of(network: Network, parts: list[Part]) -> Floats:
    """Return the outputs for all rows of sequences, each from a cleared context."""
    return np.concatenate(network.run([rows for rows, _ in parts]))


def quality(answers: Floats, truth: Floats, classes: bool) -> list[float]:
    """Return the root mean squared error of each target, or for classes the fraction of
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

    The area is the mean over classes, where each is tested against all others. It is
    NaN unless some class has rows that belong to it and rows that do not.
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
    """Return an unfitted logistic regression of scikit-learn, with its usual penalty,
    or raise MissingExtraError without scikit-learn.
    """
    models = imported(
        "sklearn.linear_model",
        CLASSES_NEED,
        "scikit-learn",
        "forecast",
    )
    return models.LogisticRegression(max_iter=MAX_ITERATIONS)


def boosting(classes: bool) -> Any:
    """Return an unfitted histogram gradient boosting of scikit-learn, with its usual
    settings, or raise MissingExtraError without scikit-learn.
    """
    models = imported(
        "sklearn.ensemble", "Gradient boosting needs", "scikit-learn", "forecast"
    )
    suffix = "Classifier" if classes else "Regressor"
    return getattr(models, f"HistGradientBoosting{suffix}")(random_state=0)


def simple_answers(
    training: list[Part], measured: list[Part], classes: bool
) -> tuple[dict[str, Floats], list[str]]:
    """Return the predictions of other methods, and sentences on methods that were left
    out. Numbers are predicted by the mean and a linear regression, classes by the most
    common one and a logistic regression, and both by gradient boosting.

    Regressions read standard units, because their fit depends on the units.
    """
    x, y = (np.concatenate(side) for side in zip(*training, strict=True))
    rows = np.concatenate([inputs for inputs, _ in measured])
    mean = np.tile(y.mean(axis=0), (len(rows), 1))
    scale = Scale(x.shape[1])
    scale.add(x)
    standard, asked = scale.standard(x), scale.standard(rows)
    if classes:
        names = "most common class", "logistic regression"
        model = logistic_regression()
        linear = _probabilities(model, (standard, y), asked, mean)
    else:
        names = "mean alone", "linear regression"
        design = np.column_stack([np.ones(len(x)), standard])
        weights = np.linalg.lstsq(design, y, rcond=None)[0]
        linear = np.column_stack([np.ones(len(rows)), asked]) @ weights
    answers = dict(zip(names, (mean, linear), strict=True))
    few = one_thread() if len(x) < MIN_PARALLEL_ROWS else nullcontext()
    try:
        with few:
            if classes:
                boosted = _probabilities(boosting(True), (x, y), rows, mean)
            else:
                fits = [boosting(False).fit(x, column) for column in y.T]
                boosted = np.column_stack([fit.predict(rows) for fit in fits])
    except MissingExtraError as error:
        return answers, [str(error)]
    return {**answers, "gradient boosting": boosted}, []


def _probabilities(model: Any, training: Part, rows: Floats, mean: Floats) -> Floats:
    """Return the probabilities that a classifier of scikit-learn predicts. Classes that
    are missing in its training rows have their fraction from `mean`.
    """
    x, y = training
    classes = y.argmax(axis=1)
    present = np.unique(classes)
    answers = mean.copy()
    if len(present) > 1:
        answers[:, present] = model.fit(x, classes).predict_proba(rows)
    return answers


def verdict_of(
    name: str,
    answers: dict[str, Floats],
    measured: list[Part],
    classes: bool,
    by_sequence: bool,
    in_order: bool,
) -> Verdict:
    """Return the verdict on the network of this name, by a proper score of held-out
    rows. Sequences are compared by their means, and a stream by blocks of rows.
    """
    truth = np.concatenate([y for _, y in measured])
    losses = {each: losses_of(rows, truth, classes) for each, rows in answers.items()}
    if by_sequence:
        ends = np.cumsum([len(y) for _, y in measured])
        losses = {
            each: np.array(
                [of_sequence.mean() for of_sequence in np.split(loss, ends[:-1])]
            )
            for each, loss in losses.items()
        }
    # Neighbours in a stream have errors alike, over a time that is not known.
    block = round(len(truth) ** (1 / 3)) if in_order else 1
    measure = (
        "its log loss, {:.3g},"
        if classes
        else "its squared error, {:.3g} of the variance,"
    )
    rows = "held-out sequence" if by_sequence else "held-out row"
    return verdict(name, losses, measure, rows, block)


def losses_of(answers: Floats, truth: Floats, classes: bool) -> Floats:
    """Return the log loss of each row, or for numbers the squared error in units of the
    variance of the truth, as the mean over all targets.
    """
    if classes:
        shares = np.clip(answers, np.finfo(float).eps, 1.0)
        return np.asarray(-np.log(shares[np.arange(len(truth)), truth.argmax(axis=1)]))
    unit = unit_of(truth)
    errors = ((answers - truth) / unit) ** 2
    variance = (truth / unit).var(axis=0)
    return np.asarray((errors / np.where(variance > 0, variance, 1.0)).mean(axis=1))
