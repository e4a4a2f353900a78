"""The defaults of `synapse.river` on River's streams, beside River's own models.

    python -m studies streams    # needs the extra "river"; an hour of one core

Every classification and regression stream that the package of River contains: none is
downloaded. Every sample is predicted before it is learned. Generators have ten seeds,
which also draw first weights; trees and forests, which take most of the time, have two.
What ``streams.json`` has of other models is not measured again. Those of deep-river are
measured where it is installed: it needs PyTorch, and its own versions of River."""

from __future__ import annotations

import itertools
import json
import sys
import time
from datetime import datetime
from pathlib import Path

import numpy as np
from river import datasets, forest, linear_model, multiclass, preprocessing, tree
from river.datasets import synth

from synapse.readwrite import _files
from synapse.river import NetworkClassifier, NetworkRegressor

try:
    from deep_river import classification, regression
except ImportError:
    classification = regression = None

REPORT, RESULTS = (Path(__file__).with_suffix(suffix) for suffix in (".md", ".json"))
SAMPLES = 10_000
SLOW = 2
"""Seeds of the trees and forests."""


def halves(make, *settings):
    """A stream that changes suddenly in the middle."""
    return lambda seed: itertools.chain(
        *(
            make(seed=seed + i, **one).take(SAMPLES // 2)
            for i, one in enumerate(settings)
        )
    )


def flat(stream):
    """The stream with words as indicators, 0 once their word has been seen, and times
    as numbers."""
    indicators = {}
    for x, y in stream:
        dense = dict(pair for item in x.items() for pair in numbers_of(*item))
        indicators |= dict.fromkeys((name for name in dense if "=" in name), 0.0)
        yield indicators | dense, y


def numbers_of(name, value):
    """The features of a feature."""
    if isinstance(value, str):
        yield f"{name}={value}", 1.0
    elif isinstance(value, datetime):
        yield "day", float(value.toordinal())
        yield "hour", float(value.hour)
        yield f"month={value.month}", 1.0
        yield f"weekday={value.weekday()}", 1.0
    else:
        yield str(name), value


def generated(make, **settings):
    """A stream of a generator."""
    return lambda seed: make(seed=seed, **settings).take(SAMPLES)


def clusters(make, **settings):
    """Gaussian clusters of four classes."""
    sizes = {"n_classes": 4, "n_features": 10, "n_centroids": 20}
    return lambda seed: make(
        seed_model=seed, seed_sample=seed, **sizes, **settings
    ).take(SAMPLES)


CLASSES = {
    "SEA, sudden": halves(
        synth.SEA, {"variant": 0, "noise": 0.1}, {"variant": 2, "noise": 0.1}
    ),
    "Hyperplane, gradual": generated(
        synth.Hyperplane, n_features=10, n_drift_features=5, mag_change=0.001
    ),
    "Agrawal, sudden": halves(
        synth.Agrawal, {"classification_function": 0}, {"classification_function": 3}
    ),
    "LED, 17 of 24 features irrelevant": generated(
        synth.LEDDrift,
        noise_percentage=0.1,
        n_drift_features=3,
        irrelevant_features=True,
    ),
    "Phishing": lambda seed: datasets.Phishing(),
    "ImageSegments": lambda seed: datasets.ImageSegments(),
    "Bananas": lambda seed: datasets.Bananas(),
    "Shuttle": lambda seed: datasets.Shuttle(),
    "AnomalySine": generated(synth.AnomalySine),
    "ConceptDriftStream": generated(
        synth.ConceptDriftStream, position=SAMPLES // 2, width=1000
    ),
    "LED": generated(synth.LED, noise_percentage=0.1),
    "Mixed, sudden": halves(
        synth.Mixed, {"classification_function": 0}, {"classification_function": 1}
    ),
    "RandomRBF": clusters(synth.RandomRBF),
    "RandomRBFDrift": clusters(
        synth.RandomRBFDrift, change_speed=0.01, n_drift_centroids=10
    ),
    "RandomTree": lambda seed: flat(
        synth.RandomTree(seed_tree=seed, seed_sample=seed).take(SAMPLES)
    ),
    "Sine, sudden": halves(
        synth.Sine, {"classification_function": 0}, {"classification_function": 2}
    ),
    "STAGGER, sudden": halves(
        synth.STAGGER, {"classification_function": 0}, {"classification_function": 2}
    ),
    "Waveform, 19 of 40 features irrelevant": generated(synth.Waveform, has_noise=True),
}
NUMBERS = {
    "Friedman, sudden": generated(
        synth.FriedmanDrift, position=(SAMPLES // 4, SAMPLES // 2, 3 * SAMPLES // 4)
    ),
    "Friedman": generated(synth.Friedman),
    "TrumpApproval": lambda seed: datasets.TrumpApproval(),
    "ChickWeights": lambda seed: datasets.ChickWeights(),
    "SP500Stocks": lambda seed: datasets.SP500Stocks(),
    "WaterFlow": lambda seed: flat(datasets.WaterFlow()),
    "AirlinePassengers": lambda seed: flat(datasets.AirlinePassengers()),
    "Mv": lambda seed: flat(synth.Mv(seed=seed).take(SAMPLES)),
    "Planes2D": generated(synth.Planes2D),
}
FIXED = {
    *(
        "Phishing",
        "ImageSegments",
        "Bananas",
        "Shuttle",
        "TrumpApproval",
        "ChickWeights",
    ),
    *("SP500Stocks", "WaterFlow", "AirlinePassengers"),
}
"""Streams of recorded data, on which a model without first weights has one result."""


def scaled(model):
    return preprocessing.StandardScaler() | model


PERCEPTRON = {
    "n_features": 1,
    "n_width": 32,
    "n_layers": 1,
    "optimizer_fn": "adam",
    "lr": 0.01,
    "is_feature_incremental": True,
}
"""A perceptron of deep-river with as many hidden neurons as the default of Synapse. Its
own default, five layers of five neurons by SGD with the rate 0.001, learns little in
10,000 samples."""
CLASSIFIERS = {
    "synapse": lambda seed: NetworkClassifier(seed=seed),
    "linear": lambda seed: scaled(
        multiclass.OneVsRestClassifier(linear_model.LogisticRegression())
    ),
    "Hoeffding adaptive tree": lambda seed: tree.HoeffdingAdaptiveTreeClassifier(
        seed=seed
    ),
    "adaptive random forest": lambda seed: forest.ARFClassifier(seed=seed),
    "deep-river": lambda seed: scaled(
        classification.MultiLayerPerceptron(**PERCEPTRON, seed=seed)
    ),
}
REGRESSORS = {
    "synapse": lambda seed: NetworkRegressor(seed=seed),
    "linear": lambda seed: scaled(linear_model.LinearRegression()),
    "Hoeffding adaptive tree": lambda seed: scaled(
        tree.HoeffdingAdaptiveTreeRegressor(seed=seed)
    ),
    "adaptive random forest": lambda seed: scaled(forest.ARFRegressor(seed=seed)),
    "deep-river": lambda seed: scaled(
        regression.MultiLayerPerceptron(**PERCEPTRON, seed=seed)
    ),
}


def prequential(model, samples, loss):
    """The mean loss of predictions before learning, and the seconds of processor time
    that the model took."""
    begin = time.process_time()
    total = 0.0
    count = 0
    for x, y in samples:
        total, count = total + loss(model.predict_one(x), y), count + 1
        model.learn_one(x, y)
    return total / count, time.process_time() - begin


def measured(seeds):
    """Losses and seconds, by stream and model."""
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for streams, models, loss in (
        (CLASSES, CLASSIFIERS, lambda told, y: told != y),
        (NUMBERS, REGRESSORS, lambda told, y: abs(told - y)),
    ):
        for (name, model), (stream, make) in itertools.product(
            models.items(), streams.items()
        ):
            if name != "synapse" and name in results.get(stream, {}):
                continue
            if name == "deep-river" and classification is None:
                continue
            count = seeds if name in ("synapse", "linear") else min(seeds, SLOW)
            if stream in FIXED and name != "synapse":
                count = 1
            rows = [
                prequential(model(seed), list(make(seed)), loss)
                for seed in range(count)
            ]
            results.setdefault(stream, {})[name] = np.transpose(rows).round(5).tolist()
            _files.write(RESULTS, json.dumps(results, indent=1) + "\n")
            print(stream, name, np.mean(rows, axis=0).round(4), flush=True)
    return {stream: results[stream] for stream in (*CLASSES, *NUMBERS)}


def table(results):
    """The page's table: means of losses, and seconds of a stream."""
    names = [
        name for name in CLASSIFIERS if all(name in row for row in results.values())
    ]
    lines = [
        " | ".join(["stream", *names]),
        " | ".join(["---", *["---:"] * len(names)]),
    ]
    for stream, models in results.items():
        losses = {name: np.mean(models[name][0]) for name in names}
        best = min(losses.values())
        cells = [
            f"**{loss:.4f}**" if loss == best else f"{loss:.4f}"
            for loss in losses.values()
        ]
        seconds = [f"{np.mean(models[name][1]):.2f}" for name in names]
        lines.append(
            " | ".join(
                [stream, *(f"{cell} ({time} s)" for cell, time in zip(cells, seconds))]
            )
        )
    return "\n".join(f"| {line} |" for line in lines)


def beside_deep_river(results):
    """A table of the streams on which deep-river was measured: their losses."""
    lines = ["| stream | synapse | deep-river |", "| --- | ---: | ---: |"]
    for stream, models in results.items():
        if "deep-river" in models:
            losses = [np.mean(models[name][0]) for name in ("synapse", "deep-river")]
            cells = [
                f"**{loss:.4f}**" if loss == min(losses) else f"{loss:.4f}"
                for loss in losses
            ]
            lines.append(f"| {stream} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measure, and write the results and the table."""
    seeds = int((arguments or sys.argv[1:] or [10])[0])
    results = measured(seeds)
    print(table(results), beside_deep_river(results), sep="\n\n")


if __name__ == "__main__":
    main()
