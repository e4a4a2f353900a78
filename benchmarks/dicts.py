"""A sample of a stream of dicts: estimators of `synapse.river` beside River's own
classifiers.

``python -m benchmarks.dicts '{"seconds": 0.5, "repeats": 5}'`` is the table's process.
It needs River."""

from __future__ import annotations

import importlib.util
import itertools
import json
import sys
from functools import partial
from typing import Any

import numpy as np

from . import child
from .markdown import number, table
from .plan import Plan, Tell
from .rtrl import Work, cells_of

TITLE = "A sample of ten features in River, µs"
FEATURES = 10
ROWS = 500


def measure(plan: Plan, tell: Tell) -> dict[str, Any]:
    """Measure all models in one process."""
    if importlib.util.find_spec("river") is None:
        return {"cells": {}, "status": "River is not installed"}
    result = child.ask(
        "benchmarks.dicts", {"seconds": plan.seconds, "repeats": plan.repeats}, 900
    )
    for name, cell in result.get("cells", {}).items():
        tell(f"River, {name}: {cell['median']:.4g} µs")
    return result


def works() -> dict[str, Work]:
    """By model: learning a sample, and predicting one."""
    from river import forest, linear_model, preprocessing, tree

    from synapse.river import NetworkClassifier

    rng = np.random.default_rng(0)
    rows = [
        {f"f{i}": value for i, value in enumerate(row)}
        for row in rng.normal(size=(ROWS, FEATURES)).tolist()
    ]
    samples = [(x, x["f0"] + x["f1"] * x["f2"] > 0) for x in rows]
    models = {
        "perceptron, 32 hidden": NetworkClassifier(seed=0),
        "GRU of 8, online": NetworkClassifier(build="GRU", hidden=(8,), seed=0),
        "GRU of 8, exact rtrl": NetworkClassifier(
            build="GRU", hidden=(8,), rule="rtrl", seed=0
        ),
        "River, logistic regression": preprocessing.StandardScaler()
        | linear_model.LogisticRegression(),
        "River, the same without a scaler": linear_model.LogisticRegression(),
        "River, Hoeffding adaptive tree": tree.HoeffdingAdaptiveTreeClassifier(seed=0),
        "River, adaptive random forest": forest.ARFClassifier(seed=0),
    }

    def learn(model: Any, steps: int) -> None:
        for x, y in itertools.islice(itertools.cycle(samples), steps):
            model.learn_one(x, y)

    def predict(model: Any, steps: int) -> None:
        for x in itertools.islice(itertools.cycle(rows), steps):
            model.predict_one(x)

    ways = (("learn", learn), ("predict", predict))
    return {
        f"{name}, {way}": partial(work, model)
        for name, model in models.items()
        for way, work in ways
    }


def text(results: dict[str, Any]) -> list[str]:
    """The table."""
    cells = {
        name: number(cell["median"]) for name, cell in results.get("cells", {}).items()
    }
    names = [name.removesuffix(", learn") for name in cells if name.endswith(", learn")]
    rows = [
        [name, cells[f"{name}, learn"], cells[f"{name}, predict"]] for name in names
    ]
    return [
        table(["model", "`learn_one`", "`predict_one`"], rows),
        f"Status: {results['status']}.",
    ]


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    print(json.dumps({"cells": cells_of(works(), asked["seconds"], asked["repeats"])}))
