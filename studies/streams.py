"""The defaults of `synapse.river` on River's streams, beside River's own models.

    python -m studies streams    # needs the extra "river"; half an hour of one core

Every sample is predicted before it is learned. Generators have ten seeds, which also draw first weights; the
forests, which take most of the time, have two.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from pathlib import Path

import numpy as np
from river import datasets, forest, linear_model, multiclass, preprocessing, tree
from river.datasets import synth

from synapse.readwrite import files
from synapse.river import NetworkClassifier, NetworkRegressor

REPORT, RESULTS = (Path(__file__).with_suffix(suffix) for suffix in (".md", ".json"))
SAMPLES = 10_000
FORESTS = 2
"""Seeds of the forests."""


def halves(make, *settings):
    """A stream that changes suddenly in the middle."""
    return lambda seed: itertools.chain(
        *(make(seed=seed + i, **one).take(SAMPLES // 2) for i, one in enumerate(settings))
    )


CLASSES = {
    "SEA, sudden": halves(synth.SEA, {"variant": 0, "noise": 0.1}, {"variant": 2, "noise": 0.1}),
    "Hyperplane, gradual": lambda seed: synth.Hyperplane(
        seed=seed, n_features=10, n_drift_features=5, mag_change=0.001
    ).take(SAMPLES),
    "Agrawal, sudden": halves(synth.Agrawal, {"classification_function": 0}, {"classification_function": 3}),
    "LED, 17 of 24 features irrelevant": lambda seed: synth.LEDDrift(
        seed=seed, noise_percentage=0.1, n_drift_features=3, irrelevant_features=True
    ).take(SAMPLES),
    "Phishing": lambda seed: datasets.Phishing(),
    "ImageSegments": lambda seed: datasets.ImageSegments(),
}
NUMBERS = {
    "Friedman, sudden": lambda seed: synth.FriedmanDrift(
        seed=seed, position=(SAMPLES // 4, SAMPLES // 2, 3 * SAMPLES // 4)
    ).take(SAMPLES),
    "Friedman": lambda seed: synth.Friedman(seed=seed).take(SAMPLES),
    "TrumpApproval": lambda seed: datasets.TrumpApproval(),
}


def scaled(model):
    return preprocessing.StandardScaler() | model


CLASSIFIERS = {
    "synapse": lambda seed: NetworkClassifier(seed=seed),
    "linear": lambda seed: scaled(multiclass.OneVsRestClassifier(linear_model.LogisticRegression())),
    "Hoeffding adaptive tree": lambda seed: tree.HoeffdingAdaptiveTreeClassifier(seed=seed),
    "adaptive random forest": lambda seed: forest.ARFClassifier(seed=seed),
}
REGRESSORS = {
    "synapse": lambda seed: NetworkRegressor(seed=seed),
    "linear": lambda seed: scaled(linear_model.LinearRegression()),
    "Hoeffding adaptive tree": lambda seed: scaled(tree.HoeffdingAdaptiveTreeRegressor(seed=seed)),
    "adaptive random forest": lambda seed: scaled(forest.ARFRegressor(seed=seed)),
}


def prequential(model, samples, loss):
    """The mean loss of predictions before learning, and the seconds of processor time that the model took."""
    begin, total, count = time.process_time(), 0.0, 0
    for x, y in samples:
        total, count = total + loss(model.predict_one(x), y), count + 1
        model.learn_one(x, y)
    return total / count, time.process_time() - begin


def measured(seeds):
    """Losses and seconds, by stream and model."""
    results = {}
    for streams, models, loss in (
        (CLASSES, CLASSIFIERS, lambda told, y: told != y),
        (NUMBERS, REGRESSORS, lambda told, y: abs(told - y)),
    ):
        for (stream, make), (name, model) in itertools.product(streams.items(), models.items()):
            count = min(seeds, FORESTS) if "forest" in name else seeds
            rows = [prequential(model(seed), list(make(seed)), loss) for seed in range(count)]
            results.setdefault(stream, {})[name] = np.transpose(rows).round(5).tolist()
            print(stream, name, np.mean(rows, axis=0).round(4), flush=True)
    return results


def table(results):
    """The page's table: means of losses, and microseconds a sample of Synapse."""
    names = list(CLASSIFIERS)
    lines = [" | ".join(["stream", *names]), " | ".join(["---", *["---:"] * len(names)])]
    for stream, models in results.items():
        losses = {name: np.mean(models[name][0]) for name in names}
        best = min(losses.values())
        cells = [f"**{loss:.4f}**" if loss == best else f"{loss:.4f}" for loss in losses.values()]
        seconds = [f"{np.mean(models[name][1]):.2f}" for name in names]
        lines.append(" | ".join([stream, *(f"{cell} ({time} s)" for cell, time in zip(cells, seconds))]))
    return "\n".join(f"| {line} |" for line in lines)


def main(arguments: list[str] | None = None) -> None:
    """Measure, and write the results and the table."""
    seeds = int((arguments or sys.argv[1:] or [10])[0])
    results = measured(seeds)
    files.write(RESULTS, json.dumps(results, indent=1) + "\n")
    print(table(results))


if __name__ == "__main__":
    main()
