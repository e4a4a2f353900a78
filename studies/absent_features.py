"""Features that are absent at times, in River: `synapse.river` beside River's linear
models and naive Bayes.

    python -m studies absent_features          # needs "river"; minutes of one core
    python -m studies absent_features speed    # microseconds a sample

Texts as bags of words, rows as one-hot dicts, and recorded streams whose sensors drop
out. Every sample is predicted before it is learned. Seeds draw the streams, the missing
values and first weights. Results are in ``absent_features.json``, the page is
``streams.md``."""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
from river import (
    datasets,
    feature_extraction,
    linear_model,
    multiclass,
    naive_bayes,
    preprocessing,
)

from synapse.readwrite import _files
from synapse.river import NetworkClassifier, NetworkRegressor

RESULTS = Path(__file__).with_suffix(".json")
SAMPLES = 1000
VOCABULARY = 2000
FIELDS, VALUES = 8, 10


def texts(seed):
    """Texts of two topics, 5 to 30 words each, with frequencies by Zipf's law: half of
    the words are those of the topic, in an order of its own.
    """
    rng = np.random.default_rng(seed)
    frequencies = 1.0 / np.arange(1, VOCABULARY + 1)
    frequencies /= frequencies.sum()
    orders = [rng.permutation(VOCABULARY) for _ in range(3)]
    for _ in range(SAMPLES):
        topic = int(rng.integers(2))
        size = int(rng.integers(5, 31))
        ranks = rng.choice(VOCABULARY, size, p=frequencies)
        of_topic = rng.random(size) < 0.5
        words = np.where(of_topic, orders[topic][ranks], orders[2][ranks])
        yield " ".join(f"w{word}" for word in words), ("sport", "trade")[topic]


def words_alone(seed):
    """Bags of words, 1 for each that is present."""
    bag = feature_extraction.BagOfWords()
    for text, topic in texts(seed):
        yield dict.fromkeys(bag.transform_one(text), 1), topic


def words(make, seed):
    """The same by an extractor of River."""
    extract = make()
    for text, topic in texts(seed):
        extract.learn_one(text)
        yield dict(extract.transform_one(text)), topic


def rows(seed, count=4 * SAMPLES):
    """Rows of fields with a value each, as dicts of what is present, and whether the
    sum of their effects is positive.
    """
    rng = np.random.default_rng(seed)
    effects = rng.normal(size=(FIELDS, VALUES))
    for row in rng.integers(VALUES, size=(count, FIELDS)).tolist():
        effect = sum(effects[field][value] for field, value in enumerate(row))
        yield {f"{field}={value}": 1 for field, value in enumerate(row)}, effect > 0.0


def dropped(stream, fraction, seed):
    """A stream from which each key is dropped with this probability."""
    rng = np.random.default_rng(seed)
    for x, y in stream():
        present = {name: value for name, value in x.items() if rng.random() >= fraction}
        yield present or x, y


def late(stream, seed):
    """A stream in which each sensor but the first begins at a time of its own, and is
    off in one of ten ranges of samples.
    """
    samples = list(stream())
    rng = np.random.default_rng(seed)
    names = list(samples[0][0])
    starts = rng.integers(len(samples) // 2, size=len(names))
    starts[0] = 0
    off = rng.random((len(names), 10)) < 0.2
    off[0] = False
    for step, (x, y) in enumerate(samples):
        tenth = 10 * step // len(samples)
        yield (
            {
                name: x[name]
                for at, name in enumerate(names)
                if step >= starts[at] and not off[at, tenth]
            },
            y,
        )


CLASSES = {
    "words, present or not": words_alone,
    "words, counts": partial(words, feature_extraction.BagOfWords),
    "words, TF-IDF": partial(words, feature_extraction.TFIDF),
    "8 fields of 10 values, one-hot": rows,
}
NUMBERS = {}
for title, streams, stream in (
    ("Phishing", CLASSES, datasets.Phishing),
    ("ImageSegments", CLASSES, datasets.ImageSegments),
    ("Bananas", CLASSES, datasets.Bananas),
    ("TrumpApproval", NUMBERS, datasets.TrumpApproval),
):
    for fraction in (0.0, 0.02, 0.3):
        name = f"{title}, {fraction:.0%} dropped"
        streams[name] = partial(dropped, stream, fraction)
    streams[f"{title}, sensors begin late and stop"] = partial(late, stream)


def scaled(model):
    """A model after River's scaler."""
    return preprocessing.StandardScaler() | model


def logistic():
    """One logistic regression for each class."""
    return multiclass.OneVsRestClassifier(linear_model.LogisticRegression())


CLASSIFIERS = {
    "synapse": lambda seed: NetworkClassifier(seed=seed),
    "linear": lambda seed: logistic(),
    "scaled, linear": lambda seed: scaled(logistic()),
    "MultinomialNB": lambda seed: naive_bayes.MultinomialNB(),
    "BernoulliNB": lambda seed: naive_bayes.BernoulliNB(),
    "GaussianNB": lambda seed: naive_bayes.GaussianNB(),
}
REGRESSORS = {
    "synapse": lambda seed: NetworkRegressor(seed=seed),
    "linear": lambda seed: linear_model.LinearRegression(),
    "scaled, linear": lambda seed: scaled(linear_model.LinearRegression()),
}


BEFORE = "synapse, missing as the mean"
"""What ``synapse`` was at the commit d325fc40; the results of this name were measured
there."""


def measured(seeds, only):
    """Fractions of right predictions, or mean absolute errors, and seconds of processor
    time, by stream and model.
    """
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for streams, models in ((CLASSES, CLASSIFIERS), (NUMBERS, REGRESSORS)):
        for stream, make in streams.items():
            for name, model in models.items():
                if only and name not in only:
                    continue
                scores = results.setdefault(stream, {})
                try:
                    rows = [
                        progressive(model(seed), make(seed), models is CLASSIFIERS)
                        for seed in range(seeds)
                    ]
                except ValueError as error:  # of River: it takes no negative counts
                    print(stream, name, error, flush=True)
                    continue
                scores[name] = np.transpose(rows).round(5).tolist()
                _files.write(RESULTS, json.dumps(results, indent=1) + "\n")
                print(stream, name, np.mean(rows, axis=0).round(4), flush=True)
    return results


def progressive(model, samples, is_classifier):
    """The mean score of predictions before learning, and the seconds of processor time
    that the model took.
    """
    listed = list(samples)
    total = 0.0
    begin = time.process_time()
    for x, y in listed:
        predicted = model.predict_one(x)
        total += (predicted == y) if is_classifier else abs(predicted - y)
        model.learn_one(x, y)
    return total / len(listed), time.process_time() - begin


def speed():
    """Print the least CPU time to predict and to learn a sample, 16 hidden neurons, and
    the time until all names have their inputs.
    """
    for names, present, constant in (
        *((10, 10, False), (390, 390, False), (390, 39, False), (390, 39, True)),
        *((3900, 39, False), (3900, 39, True)),
    ):
        rng = np.random.default_rng(0)

        def sample(places, constant=constant, rng=rng):
            values = [1.0] * len(places) if constant else rng.normal(size=len(places))
            return {f"f{place}": float(x) for place, x in zip(places, values)}

        model = NetworkClassifier(hidden=16, seed=0)
        begin = time.process_time()
        for turn in range(4):
            for chunk in np.split(rng.permutation(names), names // present):
                model.learn_one(sample(chunk), turn % 2)
        growth = time.process_time() - begin
        best = [np.inf, np.inf]
        for _ in range(20):
            xs = [sample(rng.choice(names, present, replace=False)) for _ in range(30)]
            for way, call in enumerate((model.predict_one, model.learn_one)):
                begin = time.process_time()
                for number, x in enumerate(xs):
                    call(x) if way == 0 else call(x, number % 2)
                taken = (time.process_time() - begin) / len(xs) * 1e6
                best[way] = min(best[way], taken)
        title = f"{names} names, {present} present, {'1' if constant else 'values'}"
        count = len(model.network.input)
        print(f"{title}: {count} inputs in {growth:.2f} s,", *np.round(best, 1), "µs")


def table(results):
    """The page's table: means over seeds."""
    names = ["synapse", BEFORE, *(name for name in CLASSIFIERS if name != "synapse")]
    lines = [f"| stream | {' | '.join(names)} |", f"| --- |{' ---: |' * len(names)}"]
    for stream, models in results.items():
        means = {name: np.mean(columns[0]) for name, columns in models.items()}
        cells = [f"{means[name]:.4g}" if name in means else "-" for name in names]
        lines.append(f"| {stream} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measure some models, by default all, and write the results and the table."""
    asked = sys.argv[1:] if arguments is None else arguments
    if asked == ["speed"]:
        speed()
        return
    print(table(measured(int((asked or [10])[0]), asked[1:])))


if __name__ == "__main__":
    main()
