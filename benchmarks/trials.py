"""Trials of experiments: what one costs beside its own work, and how throughput grows
with workers.

``python -m benchmarks.trials '{"repeats": 5, "quick": false}'`` runs the measurement.
Every measurement is of a new run without a store, unless noted. Executors take turns;
each is warm, so their start does not count."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import architect
import synapse
from synapse.experiments import run_trials

from . import child
from .markdown import number, table
from .plan import Plan, Tell, summary

TITLE = "Trials of experiments"
DATA = np.random.default_rng(0).random((20, 50, 3))
EPOCHS = 40
"""Epochs of the trial that trains: about 50 ms."""
CAP = 900
"""Seconds that the measurement may take."""


def empty(seed: int) -> dict[str, int]:
    """No work: what remains is the cost of a trial."""
    return {"x": seed}


def training(seed: int) -> dict[str, float]:
    """A training of an LSTM."""
    trainer = synapse.Trainer(architect.LSTM(2, 4, 1, seed=seed))
    data = DATA[..., :2], DATA[..., 2:]
    return {
        "error": trainer.train(*data, epochs=EPOCHS, progress=False, seed=seed).loss
    }


def measure(plan: Plan, tell: Tell) -> dict[str, Any]:
    """Measure in a process of its own, because executors fork or start others."""
    spec = {"repeats": plan.repeats, "quick": plan.quick}
    news = child.ask("benchmarks.trials", spec, CAP)
    tell(f"trials: {news['status']}")
    return news


@contextmanager
def executors(workers: int) -> Iterator[dict[str, Executor]]:
    """Executors with this many workers, each with one thread."""
    with ExitStack() as stack:
        by_name: dict[str, Executor] = {
            "threads": stack.enter_context(ThreadPoolExecutor(workers)),
            "processes": stack.enter_context(ProcessPoolExecutor(workers)),
        }
        if find_spec("distributed") is not None:
            from distributed import Client, LocalCluster

            options = {
                "n_workers": workers,
                "threads_per_worker": 1,
                "dashboard_address": ":0",
            }
            cluster = stack.enter_context(LocalCluster(**options))
            by_name["Dask"] = stack.enter_context(Client(cluster)).get_executor()
        yield by_name


def seconds_per_trial(
    trial: Callable[..., Any], count: int, executor: Executor | None, **options: Any
) -> float:
    """Seconds of a run, divided by the number of its trials."""
    begin = time.perf_counter()
    trials = run_trials(
        trial, seeds=range(count), executor=executor, progress=False, **options
    )
    if trials.failed:
        raise RuntimeError(trials.failed[0]["failed"])
    return (time.perf_counter() - begin) / count


def overheads(repeats: int, count: int) -> dict[str, Any]:
    """Seconds of an empty trial on each executor with one worker, and here with a
    store."""
    seconds: dict[str, list[float]] = {}
    with executors(1) as several, tempfile.TemporaryDirectory() as folder:
        calls: dict[str, Callable[[], float]] = {
            "this process": partial(seconds_per_trial, empty, count, None),
        }
        for name, executor in several.items():
            calls[name] = partial(seconds_per_trial, empty, count, executor)
        for turn in range(repeats + 1):
            path = Path(folder) / f"{turn}.db"
            stored = partial(seconds_per_trial, empty, count, None, store=path)
            for name, call in {**calls, "this process, store": stored}.items():
                seconds.setdefault(name, []).append(call())
    # The first run warms the workers up.
    return {name: summary(times[1:]) for name, times in seconds.items()}


def throughputs(repeats: int, count: int) -> dict[str, Any]:
    """Seconds per training here, and on executors with one and two workers, in turn."""
    seconds: dict[str, list[float]] = {}
    with executors(1) as single, executors(2) as double:
        for _ in range(repeats + 1):
            seconds.setdefault("this process", []).append(
                seconds_per_trial(training, count, None)
            )
            for name in single:
                for workers, several in ((1, single), (2, double)):
                    taken = seconds_per_trial(training, count, several[name])
                    seconds.setdefault(f"{name}, {workers}", []).append(taken)
    return {name: summary(times[1:]) for name, times in seconds.items()}


def text(results: dict[str, Any]) -> list[str]:
    """The tables of what `measure` returns."""
    if results["status"] != "ok":
        return [f"{results['status']}\n"]
    cost = [
        [
            name,
            *(
                number(1000 * times[statistic])
                for statistic in ("median", "least", "most")
            ),
        ]
        for name, times in results["overhead"].items()
    ]
    trained = results["throughput"]
    names = [name.removesuffix(", 1") for name in trained if name.endswith(", 1")]
    grown = [
        ["this process", number(1000 * trained["this process"]["median"]), "-", "-"]
    ]
    for name in names:
        single, double = (trained[f"{name}, {workers}"] for workers in (1, 2))
        ratios = [a / b for a, b in zip(single["all"], double["all"])]
        times = (number(1000 * single["median"]), number(1000 * double["median"]))
        grown.append([name, *times, number(float(np.median(ratios)))])
    return [
        table(["an empty trial, ms", "median", "min", "max"], cost),
        table(
            ["a training, ms per trial", "1 worker", "2 workers", "throughput"], grown
        ),
    ]


def main() -> None:
    if hasattr(os, "sched_setaffinity"):  # the benchmark is bound to one core
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    spec = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
    repeats, quick = spec.get("repeats", 5), spec.get("quick", False)
    results = {
        "overhead": overheads(repeats, 20 if quick else 200),
        "throughput": throughputs(repeats, 4 if quick else 20),
    }
    if len(sys.argv) == 1 or spec.get("print"):
        print(*text({"status": "ok", **results}), sep="\n")
    print(json.dumps(results))


if __name__ == "__main__":
    main()
