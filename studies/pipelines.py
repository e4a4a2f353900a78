"""Estimators of `synapse.sklearn` beside scikit-learn's and River's: `python -m
studies.pipelines`.

Equal budgets: the same standardised data, sizes, tanh, Adam, rate, batches and epochs,
no early stopping. Accuracies are means of ten seeds, which draw the split and the
weights. Times are CPU times on one core, in alternation. The command writes
`studies/pipelines.json`, from which `studies/pipelines.md` has its tables."""

from __future__ import annotations

import json
import os
import time
import warnings
from contextlib import suppress
from functools import partial
from pathlib import Path

if __name__ == "__main__":  # before NumPy reads them
    os.environ.update(
        dict.fromkeys(
            ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"
        )
    )

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_digits, make_friedman1
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from synapse.sklearn import NetworkClassifier, NetworkRegressor

SEEDS = range(10)
EPOCHS = 50
BATCH = 32
RATE = 0.003
DATA = {
    "digits": (load_digits(return_X_y=True), True),
    "diabetes": (load_diabetes(return_X_y=True), False),
    "Friedman 1": (make_friedman1(2000, noise=1.0, random_state=0), False),
}
HIDDEN = (16, 100)
OUT = Path(__file__).with_suffix(".json")


def ours(classes, hidden, seed):
    make = NetworkClassifier if classes else NetworkRegressor
    return make(
        (hidden,), l2=0.0, epochs=EPOCHS, batch_size=BATCH, rate=RATE, random_state=seed
    )


def theirs(classes, hidden, seed):
    make = MLPClassifier if classes else MLPRegressor
    made = make(
        hidden_layer_sizes=(hidden,),
        activation="tanh",
        alpha=0.0,
        batch_size=BATCH,
        learning_rate_init=RATE,
        max_iter=EPOCHS,
        n_iter_no_change=EPOCHS,
        random_state=seed,
    )
    scaled = make_pipeline(StandardScaler(), made)
    return (
        scaled
        if classes
        else TransformedTargetRegressor(scaled, transformer=StandardScaler())
    )


def fits():
    """Scores and seconds of both on every set."""
    durations = []
    for name, ((rows, targets), classes) in DATA.items():
        for hidden in HIDDEN:
            made = {"synapse": ours, "scikit-learn": theirs}
            # compiles
            made["synapse"](classes, hidden, 0).set_params(epochs=1).fit(rows, targets)
            for seed in SEEDS:
                parts = train_test_split(rows, targets, random_state=seed)
                for who, make in made.items():
                    model = make(classes, hidden, seed)
                    began = time.process_time()
                    model.fit(parts[0], parts[2])
                    seconds = round(time.process_time() - began, 5)
                    score = round(model.score(parts[1], parts[3]), 5)
                    durations.append(
                        {
                            "data": name,
                            "hidden": hidden,
                            "who": who,
                            "seed": seed,
                            "score": score,
                            "seconds": seconds,
                        }
                    )
    return durations


def microseconds(calls, repeats=5, count=300):
    """The least CPU time of each call, measured in alternation."""
    best = dict.fromkeys(calls, np.inf)
    for _ in range(repeats):
        for name, call in calls.items():
            began = time.process_time()
            for _ in range(count):
                call()
            best[name] = min(best[name], (time.process_time() - began) / count * 1e6)
    return best


def single_rows():
    """Microseconds for one row of ten features, 16 hidden neurons."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(100, 10))
    times = {}
    for classes, target in (
        (True, (rows[:, 0] > 0).astype(int)),
        (False, rows[:, 0] * 3),
    ):
        theirs = (MLPClassifier if classes else MLPRegressor)(
            hidden_layer_sizes=(16,), activation="tanh"
        )
        models = {"synapse": ours(classes, 16, 0), "scikit-learn": theirs}
        options = {"classes": [0, 1]} if classes else {}
        for model in models.values():
            model.partial_fit(rows, target, **options)
        x = rows[:1]
        y = target[:1]
        estimator = "classifier" if classes else "regressor"
        steps = {who: partial(model.partial_fit, x, y) for who, model in models.items()}
        answers = {who: partial(model.predict, x) for who, model in models.items()}
        times[estimator] = {
            "partial_fit": microseconds(steps),
            "predict": microseconds(answers),
        }
    return times


def streams():
    """Microseconds for `learn_one` of ten features; only what is installed."""
    rng = np.random.default_rng(0)
    x = dict(zip("abcdefghij", rng.normal(size=10).tolist(), strict=True))
    y = True
    models = {"NetworkClassifier, 16 hidden": NetworkClassifier(random_state=0)}
    with suppress(ImportError):
        from river import linear_model, preprocessing, tree

        models["river StandardScaler, LogisticRegression"] = (
            preprocessing.StandardScaler() | linear_model.LogisticRegression()
        )
        models["river HoeffdingTreeClassifier"] = tree.HoeffdingTreeClassifier()
    for model in models.values():
        model.learn_one(x, False)
        model.learn_one(x, True)
    learn = microseconds(
        {name: partial(model.learn_one, x, y) for name, model in models.items()}
    )
    answer = microseconds(
        {name: partial(model.predict_proba_one, x) for name, model in models.items()}
    )
    return {
        name: {"learn_one": learn[name], "predict_proba_one": answer[name]}
        for name in models
    }


def main():
    # that the optimization has not converged: the budget is fixed
    warnings.simplefilter("ignore")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    results = {"fits": fits(), "rows": single_rows(), "streams": streams()}
    OUT.write_text(json.dumps(results) + "\n", encoding="utf-8")
    print(tables(results))


def tables(results):
    """The tables of the page."""
    lines = [
        "| data | hidden | score | scikit-learn's | better seeds | seconds |"
        " scikit-learn's | ratio |"
    ]
    lines.append("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name in DATA:
        for hidden in HIDDEN:
            of = [
                fit_result
                for fit_result in results["fits"]
                if fit_result["data"] == name and fit_result["hidden"] == hidden
            ]
            by = {
                who: [fit_result for fit_result in of if fit_result["who"] == who]
                for who in ("synapse", "scikit-learn")
            }
            scores = {
                who: np.array([fit_result["score"] for fit_result in some])
                for who, some in by.items()
            }
            times = {
                who: np.median([fit_result["seconds"] for fit_result in some])
                for who, some in by.items()
            }
            won = (scores["synapse"] >= scores["scikit-learn"]).sum()
            cells = [
                name,
                hidden,
                *(
                    f"{fit_result.mean():.4f} ± {fit_result.std(ddof=1):.4f}"
                    for fit_result in scores.values()
                ),
            ]
            cells += [
                f"{won} of {len(SEEDS)}",
                *(f"{fit_result:.3f}" for fit_result in times.values()),
            ]
            cells += [f"{times['scikit-learn'] / times['synapse']:.1f}"]
            lines.append("| " + " | ".join(map(str, cells)) + " |")
    lines += [
        "",
        "| one row | Synapse, µs | scikit-learn, µs | ratio |",
        "| --- | ---: | ---: | ---: |",
    ]
    for estimator, calls in results["rows"].items():
        for call, of in calls.items():
            a = of["synapse"]
            b = of["scikit-learn"]
            lines.append(f"| {estimator}, `{call}` | {a:.1f} | {b:.0f} | {b / a:.0f} |")
    lines += [
        "",
        "| stream | `learn_one`, µs | `predict_proba_one`, µs |",
        "| --- | ---: | ---: |",
    ]
    for name, of in results["streams"].items():
        lines.append(
            f"| {name} | {of['learn_one']:.1f} | {of['predict_proba_one']:.1f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
