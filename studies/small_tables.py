"""The default of `NetworkRegressor` beside linear regression.

    python -m studies small_tables    # needs the extra "sklearn", and some minutes

Tables are those of scikit-learn and of its generators; predictions come from five
folds. Ten seeds draw folds and weights."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
from sklearn import datasets
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, cross_val_predict

from synapse.readwrite import _files
from synapse.sklearn import NetworkRegressor

REPORT, RESULTS = (Path(__file__).with_suffix(suffix) for suffix in (".md", ".json"))
SEEDS = 10
FOLDS = 5
WORST = -0.03


def column(load, place):
    """A table of a classification, one of whose columns is to be predicted from the
    others."""
    rows = load().data
    return np.delete(rows, place, 1), rows[:, place]


def tables():
    """Rows and targets by name."""
    linear = {"n_features": 10, "n_informative": 5, "random_state": 0}
    return {
        "diabetes": datasets.load_diabetes(return_X_y=True),
        "linnerud": datasets.load_linnerud(return_X_y=True),
        "iris, petal width": column(datasets.load_iris, 3),
        "wine, alcohol": column(datasets.load_wine, 0),
        "wine, number of the class": datasets.load_wine(return_X_y=True),
        "breast cancer, fractal dimension": column(datasets.load_breast_cancer, 9),
        "breast cancer, benign": datasets.load_breast_cancer(return_X_y=True),
        "generated: regression, noise": datasets.make_regression(
            60, noise=10.0, **linear
        ),
        "generated: regression, exact": datasets.make_regression(100, **linear),
        "generated: sparse": datasets.make_sparse_uncorrelated(150, random_state=0),
        "generated: Friedman 1": datasets.make_friedman1(
            200, noise=1.0, random_state=0
        ),
        "generated: Friedman 2": datasets.make_friedman2(
            200, noise=100.0, random_state=0
        ),
        "generated: Friedman 3": datasets.make_friedman3(
            200, noise=0.1, random_state=0
        ),
    }


def of_tables():
    """R² of predictions by folds, by table, estimator and seed."""
    by_table = {}
    for name, (rows, targets) in tables().items():
        for seed in range(SEEDS):
            makers = {
                "linear": LinearRegression(),
                "without": NetworkRegressor(l2=0.0, random_state=seed),
                "default": NetworkRegressor(random_state=seed),
            }
            folds = KFold(FOLDS, shuffle=True, random_state=seed)
            for maker, model in makers.items():
                score = r2_score(
                    targets, cross_val_predict(model, rows, targets, cv=folds)
                )
                by_table.setdefault(name, {}).setdefault(maker, []).append(
                    round(score, 5)
                )
        by_table[name]["shape"] = np.shape(rows)
    return by_table


def report(results):
    """The page."""
    lines = [
        HEAD,
        "| table | rows, columns | linear regression | `l2=0` | default | difference |",
    ]
    lines.append("| --- | --- | ---: | ---: | ---: | ---: |")
    for name, row in results.items():
        shape = " x ".join(map(str, row["shape"]))
        lines.append(
            f"| {name} | {shape} | {cells(row, ('linear', 'without', 'default'))} |"
        )
    worse = [
        name
        for name, row in results.items()
        if np.mean(row["default"]) - np.mean(row["linear"]) < WORST
    ]
    rows = f"{', '.join(worse)} are" if worse else "no table is"
    lines += [
        "",
        f"With the default, {rows} more than {-WORST} below linear regression.",
        "",
    ]
    return "\n".join(lines)


def cells(row, names):
    """Means over the seeds, and the difference between the last and the first."""
    means = [float(np.mean(row[name])) for name in names]
    return " | ".join(
        [*(f"{mean:.3f}" for mean in means), f"{means[-1] - means[0]:+.3f}"]
    )


HEAD = f"""# Defaults on small tables

    python -m studies small_tables

This study shows why `NetworkRegressor` penalises weights by default, with an `l2` of 3
divided by the number of samples. On small tables, networks without this penalty can be
worse than scikit-learn's linear regression. The table contains the R² of predictions
for held-out rows (five folds), as the mean over {SEEDS} seeds.
"""


def main() -> None:
    """Measure, and write the page."""
    warnings.simplefilter("ignore")
    results = of_tables()
    _files.write(RESULTS, json.dumps(results) + "\n")
    _files.write(REPORT, report(results))


if __name__ == "__main__":
    main()
