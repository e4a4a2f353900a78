"""How well classes are told apart, rare ones among them."""

from __future__ import annotations

import numpy as np

from .._typing import Floats

MAX_SHOWN = 6
"""Number of classes, at most, whose recall a report shows: the rarest."""


def recalls(answers: Floats, truth: Floats) -> Floats:
    """Return the share of the rows of each class that are predicted to be of it, shape
    (k,); NaN for a class without rows.

    Parameters
    ----------
    answers : ndarray, shape (N, k)
        The probability of each class.
    truth : ndarray, shape (N, k)
        1 for the class of the row, 0 for the others.
    """
    hits = answers.argmax(axis=1) == truth.argmax(axis=1)
    with np.errstate(invalid="ignore"):
        shares: Floats = (truth * hits[:, None]).sum(axis=0) / truth.sum(axis=0)
    return shares


def mean_auc(answers: Floats, truth: Floats) -> float:
    """Return the area under the ROC curve: of a class against the others, the mean over
    classes; NaN if no class has both.

    It is the probability that a row of the class has a higher probability of it than
    another row; equal ones count half (T. Fawcett, "An introduction to ROC analysis",
    Pattern Recognition Letters 27 (2006), 861-874).
    """
    areas = []
    for values, is_class in zip(answers.T, truth.T > 0, strict=True):
        of_class, of_others = values[is_class], np.sort(values[~is_class])
        if len(of_class) and len(of_others):
            lower = np.searchsorted(of_others, of_class, "left")
            not_higher = np.searchsorted(of_others, of_class, "right")
            areas.append((lower + not_higher).mean() / (2 * len(of_others)))
    return float(np.mean(areas)) if areas else np.nan


def class_rows(
    answers: dict[str, Floats], truth: Floats, names: list[str]
) -> list[list[str]]:
    """Return the recall of classes, the rarest first, and the AUC by each method, as
    the cells of a table.
    """
    counts = truth.sum(axis=0)
    shown = np.argsort(counts, kind="stable")[:MAX_SHOWN]
    by_method = [recalls(rows, truth) for rows in answers.values()]
    report = [
        [f"recall of {names[place]}", *(_percent(each[place]) for each in by_method)]
        for place in shown
        if counts[place]
    ]
    areas = [mean_auc(rows, truth) for rows in answers.values()]
    return [*report, ["AUC", *(f"{area:.3f}" for area in areas)]]


def _percent(share: float) -> str:
    return f"{share:.1%}"
