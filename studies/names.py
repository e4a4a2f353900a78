"""Streams of names: time, new names and memory by the number of names seen.

    python -m studies names                 # needs "river"; minutes of one core
    python -m studies names 78000           # one number of names
    python -m studies names criteo          # hashed rows with categories

Samples have 39 names with the value 1, or with values that vary. A pair is a prediction
and a learning step of ``NetworkClassifier(hidden=16)``, beside River's logistic
regression. Times are the least CPU time of 30 repeats of 20 pairs. Results are in
``names.json``, the page is ``streams.md``."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from river import facto, linear_model

from synapse.readwrite import _files
from synapse.river import NetworkClassifier

RESULTS = Path(__file__).with_suffix(".json")
PRESENT = 39
SIZES = (390, 3_900, 15_600, 78_000)
MODELS = {
    "synapse": lambda: NetworkClassifier(hidden=16, seed=0),
    "linear": linear_model.LogisticRegression,
}
COLUMNS = 26
LIKE_CRITEO = 20_000


def resident():
    """The resident memory of this process, in bytes."""
    with open("/proc/self/status") as lines:
        return next(1024 * int(line.split()[1]) for line in lines if "VmRSS" in line)


def microseconds(calls, samples):
    """The CPU time of a sample."""
    begin = time.process_time()
    for number, x in enumerate(samples):
        for call in calls:
            call(x, number % 2)
    return (time.process_time() - begin) / len(samples) * 1e6


def measured(make, names, varied):
    """Times in microseconds, and bytes a name, after two passes over all names."""
    rng = np.random.default_rng(0)

    def sample(places):
        values = rng.normal(size=len(places)) if varied else np.ones(len(places))
        return {f"f{at}": x for at, x in zip(places.tolist(), values.tolist())}

    before = resident()
    model = make()
    begin = time.process_time()
    for turn in range(3 if varied else 2):
        for chunk in np.split(rng.permutation(names), names // PRESENT):
            model.learn_one(sample(chunk), turn % 2)
    growth = (time.process_time() - begin) / names * 1e6
    size = (resident() - before) / names

    pair = [lambda x, y: model.predict_one(x), model.learn_one]
    pairs, new = [], []
    for repeat in range(30):
        chosen = [rng.choice(names, PRESENT, replace=False) for _ in range(20)]
        pairs.append(microseconds(pair, [*map(sample, chosen)]))
        with_new = sample(chosen[0][1:]) | {f"new{repeat}": 1.0}
        new.append(microseconds(pair[1:], [with_new]))
    return {
        "pair": round(min(pairs), 1),
        "new name": round(float(np.median(new)), 1),
        "growth a name": round(growth, 1),
        "bytes a name": round(size),
    }


def like_criteo(seed):
    """Rows of 26 columns of categories by Zipf's law, hashed to 2^17 names, and labels
    of which a quarter is 1: effects of categories and of some pairs.
    """
    rng = np.random.default_rng(seed)
    sizes = np.geomspace(4, 50_000, COLUMNS).astype(int)
    effects = [rng.normal(size=size) * 0.6 for size in sizes]
    pairs = rng.normal(size=(5, 64, 64))
    for _ in range(LIKE_CRITEO):
        row = [min(int(rng.zipf(1.3)), int(size)) - 1 for size in sizes]
        score = sum(effect[at] for effect, at in zip(effects, row)) - 1.5
        score += sum(pairs[k, row[k] % 64, row[k + 9] % 64] for k in range(5))
        y = bool(rng.random() < 1.0 / (1.0 + np.exp(-score)))
        yield (
            {
                f"h{(column * 1_000_003 + at * 7_919) % 2**17}": 1.0
                for column, at in enumerate(row)
            },
            y,
        )


def losses(model, samples):
    """The mean log loss of predictions before learning, and seconds of CPU time."""
    total = 0.0
    begin = time.process_time()
    for x, y in samples:
        p = model.predict_proba_one(x).get(y, 0.5)
        total -= np.log(max(p, 1e-15))
        model.learn_one(x, y)
    mean = round(float(total) / len(samples), 4)
    return mean, round(time.process_time() - begin, 1)


def criteo(dropped):
    """Log losses on rows of categories, without this fraction of their keys."""
    samples = list(like_criteo(0))
    rng = np.random.default_rng(1)
    if dropped:
        samples = [
            ({name: 1.0 for name in x if rng.random() >= dropped}, y)
            for x, y in samples
        ]
    models = {
        **MODELS,
        "factorisation machine": lambda: facto.FMClassifier(n_factors=8, seed=0),
    }
    return {name: losses(make(), samples) for name, make in models.items()}


def main(arguments: list[str] | None = None) -> None:
    """Measure, and write the results."""
    asked = sys.argv[1:] if arguments is None else arguments
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if asked == ["criteo"]:
        for dropped in (0.0, 0.02, 0.3):
            key = f"hashed rows, {dropped:.0%} dropped"
            results[key] = criteo(dropped)
            print(key, results[key], flush=True)
    else:
        for names in map(int, asked or SIZES):
            for kind in ("words", "values"):
                for model, make in MODELS.items():
                    key = f"{names} {kind}, {model}"
                    results[key] = measured(make, names, kind == "values")
                    print(key, results[key], flush=True)
    _files.write(RESULTS, json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
