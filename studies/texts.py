"""Texts in sparse rows: time, memory and accuracy of ``synapse.sklearn``.

    python -m studies texts   # needs scikit-learn; ten minutes of one core

Texts are pieces of 20 lines of Python's library, the classes its packages; words and
pairs of neighbours are counted. A method runs in a process of its own, whose peak
memory above that before the fit is measured. Results are in ``texts.json``, the page is
``pipelines.md``."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from synapse.readwrite import _files
from synapse.sklearn import NetworkClassifier

RESULTS = Path(__file__).with_suffix(".json")
LIBRARY = Path(sysconfig.get_path("stdlib"))
PACKAGES = (
    *("asyncio", "concurrent", "ctypes", "curses", "dbm", "distutils", "email"),
    *("encodings", "http", "idlelib", "importlib", "json", "lib2to3", "logging"),
    *("multiprocessing", "sqlite3", "tkinter", "unittest", "urllib", "xml"),
)
LINES = 20
EPOCHS = 5
FORMS = {"counts": CountVectorizer, "TF-IDF": TfidfVectorizer}
CASES = [
    *(("counts", 5_000, method) for method in ("sparse", "dense", "online")),
    *(("counts", 5_000, method) for method in ("online, dense", "partial_fit")),
    *(("counts", 5_000, method) for method in ("MLPClassifier", "logistic")),
    *(("TF-IDF", 5_000, method) for method in ("sparse", "online", "MLPClassifier")),
    *(("counts", 50_000, method) for method in ("sparse", "online", "MLPClassifier")),
]


def pieces():
    """Texts, and the package of each."""
    texts, labels = [], []
    for package in PACKAGES:
        for path in sorted((LIBRARY / package).rglob("*.py")):
            lines = path.read_text("utf-8", errors="ignore").splitlines()
            texts += [
                "\n".join(lines[i : i + LINES]) for i in range(0, len(lines), LINES)
            ]
            labels += [package] * (len(texts) - len(labels))
    return texts, np.array(labels)


def peak():
    """The peak memory of this process, in MB."""
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if "VmHWM" in line) / 1000


def made(method, scale):
    """The model of a method."""
    common = {"epochs": EPOCHS, "random_state": 0, "scale": scale}
    if method == "MLPClassifier":
        network = MLPClassifier(
            16,
            activation="tanh",
            alpha=0.0,
            batch_size=32,
            learning_rate_init=0.01,
            max_iter=EPOCHS,
            random_state=0,
        )
        return make_pipeline(StandardScaler(with_mean=False), network)
    if method == "logistic":
        linear = LogisticRegression(max_iter=1000)
        return make_pipeline(StandardScaler(with_mean=False), linear)
    if method.startswith("online"):
        common |= {"rule": "online", "optimizer": None}
    return NetworkClassifier(**common)


def measured(form, words, method):
    """Seconds of CPU, peak memory and accuracy of one method."""
    warnings.simplefilter("ignore")
    texts, labels = pieces()
    rows = FORMS[form](ngram_range=(1, 2), max_features=words).fit_transform(texts)
    x, x_test, y, y_test = train_test_split(rows, labels, random_state=0)
    made(method, True).fit(x[:64], y[:64])  # compiles
    before = peak()
    is_dense = method.endswith("dense")
    began = time.process_time()
    if is_dense:
        scaler = StandardScaler(with_mean=False).fit(x)
        x, x_test = (scaler.transform(part).toarray() for part in (x, x_test))
    model = made(method, not is_dense)
    if method == "partial_fit":
        model.partial_fit(x, y, classes=np.unique(labels))
    else:
        model.fit(x, y)
    fitted = time.process_time()
    score = model.score(x_test, y_test)
    return {
        "rows": list(x.shape),
        "not 0 a row": round(rows.nnz / rows.shape[0], 1),
        "fit s": round(fitted - began, 2),
        "predict s": round(time.process_time() - fitted, 3),
        "MB": round(peak() - before),
        "score": round(score, 4),
    }


def main(arguments: list[str] | None = None) -> None:
    """Measure all cases, or the one that is given, and write the results."""
    asked = sys.argv[1:] if arguments is None else arguments
    if asked:
        form, words, method = asked
        print(json.dumps(measured(form, int(words), method)))
        return
    results = {}
    for form, words, method in CASES:
        command = [sys.executable, "-m", "studies.texts", form, str(words), method]
        said = subprocess.run(command, capture_output=True, text=True, check=True)
        key = f"{form}, {words} words, {method}"
        results[key] = json.loads(said.stdout.splitlines()[-1])
        print(key, results[key], flush=True)
    _files.write(RESULTS, json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
