"""Updates by exact gradients, and runs, tests and predictions of many sequences, on one
core and on two: Synapse with as many threads as pay, and PyTorch with as many as cores.

``python -m benchmarks.threads`` measures every network and batch in a process of its
own, libraries and cores in alternation, and writes ``threads.json``.
``python -m benchmarks.threads LSTM "batch 256"`` measures the rows whose names have
all of these words, and ``--quick`` little of some; both write nothing. Times are wall
times, so the machine must be idle: two cores, and nothing else that runs."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from . import child, gradients, machine
from .cases import LSTM, Case
from .markdown import beside, number, table

ROWS = ("lstm-30-72-30", "64-128-10", "784-100-10")
BATCHES = (32, 256)
SETS = (("784-100-10", 10_000), ("lstm-30-72-30", 256))
"""Networks, and how many rows or sequences of 50 steps they run in a call."""
TRAIN = "train"
FORWARD = ("run", "test", "predict")
DTYPES = ("float32", "float64")
BATCHES_IN_CALL = 8
GOAL = 1.7
"""Ratio that two cores should reach where a batch takes more than `GOAL_FROM` µs."""
GOAL_FROM = 300.0

Work = Callable[[], Any]


def our_work(
    case: Case, task: str, batch: int, dtype: str, threads: int | None
) -> Work:
    """One call: an epoch of several batches, by Adam, or all rows or sequences
    forward."""
    import synapse

    inputs, targets = data_of(case, task, batch)
    trainer = synapse.Trainer(
        gradients.network_of(case, [], dtype),
        rule="bptt",
        optimizer=synapse.optimizers.Adam(1e-3),
        batch_size=batch,
        threads=threads,
    )
    model = synapse.Model(trainer.network, trainer=trainer)
    works: dict[str, Work] = {
        TRAIN: lambda: trainer.train(
            inputs, targets, epochs=1, shuffle=False, progress=False
        ),
        "run": lambda: trainer.network.run(inputs, threads=threads),
        "test": lambda: trainer.test(inputs, targets),
        "predict": lambda: model.predict(inputs),
    }
    return works[task]


def batches_of(task: str) -> int:
    """The number of batches of a call."""
    return BATCHES_IN_CALL if task == TRAIN else 1


def data_of(case: Case, task: str, batch: int) -> tuple[Any, Any]:
    """Inputs and targets of all batches of a call."""
    inputs, targets = gradients.samples(case, batch * batches_of(task))
    if case.kind != LSTM:
        return inputs[:, 0], targets[:, 0]
    return inputs, targets


def torch_work(case: Case, task: str, batch: int) -> Work:
    """The same call of PyTorch's modules, autograd and Adam, in float32."""
    import torch

    modules = gradients.modules_of(case)
    x, t = (
        torch.tensor(values, dtype=torch.float32).split(batch)
        for values in data_of(case, task, batch)
    )
    if task != TRAIN:
        return torch_forward(case, task, modules, x[0], t[0])
    parameters = [each for module in modules for each in module.parameters()]
    optimizer = torch.optim.Adam(parameters, 1e-3)
    loss = gradients.loss_of(case, modules)

    def work() -> None:
        for inputs, targets in zip(x, t, strict=True):
            optimizer.zero_grad()
            (loss(inputs, targets) / len(inputs)).backward()
            optimizer.step()

    return work


def torch_forward(case: Case, task: str, modules: list[Any], x: Any, t: Any) -> Work:
    """All rows or sequences forward: the outputs or, in a test, the cost."""
    import torch

    loss = gradients.loss_of(case, modules)
    rows = torch.nn.Sequential(*modules) if case.kind != LSTM else None

    def work() -> None:
        with torch.inference_mode():
            if task == "test":
                float(loss(x, t))
            elif rows is not None:
                rows(x)
            else:
                lstm, readout = modules
                readout(lstm(x)[0])

    return work


def works_of(case: Case, task: str, batch: int) -> dict[str, Work]:
    """The timed calls by name. Threads by default are those that pay."""
    works = {
        f"synapse {dtype} {threads}": our_work(case, task, batch, dtype, count)
        for dtype in DTYPES
        for threads, count in (("1", 1), ("2", 2), ("default", None))
    }
    if importlib.util.find_spec("torch") is not None:
        import torch

        work = torch_work(case, task, batch)

        def by(threads: int) -> None:
            torch.set_num_threads(threads)
            work()

        works |= {f"torch float32 {n}": partial(by, n) for n in (1, 2)}
    return works


def run(spec: dict[str, Any]) -> dict[str, Any]:
    """Measure one network and batch: each call in turn for every repeat."""
    os.environ.pop("OMP_NUM_THREADS", None)  # it would limit the threads by default
    works = works_of(Case.named(spec["row"]), spec["task"], spec["batch"])
    for work in works.values():
        work()  # kernels are compiled, or loaded
        work()
    counts = {
        name: max(1, int(spec["seconds"] / timed(work, 1)))
        for name, work in works.items()
    }
    times: dict[str, list[float]] = {name: [] for name in works}
    names = list(works)
    for repeat in range(spec["repeats"]):
        turn = repeat % len(names)
        for name in names[turn:] + names[:turn]:
            seconds = timed(works[name], counts[name])
            times[name].append(1e6 * seconds / batches_of(spec["task"]))
    return {"cells": times}


def timed(work: Work, count: int) -> float:
    """Seconds of wall time per call."""
    begin = time.perf_counter()
    for _ in range(count):
        work()
    return (time.perf_counter() - begin) / count


def text(results: dict[str, Any]) -> str:
    """The table: medians in µs per batch in float32, and the ratios of one core to
    two."""
    lines = []
    for result in results["rows"]:
        cells = {
            name: statistics.median(times)
            for name, times in result.get("cells", {}).items()
        }
        ours, double = (
            [cells.get(f"synapse {dtype} {n}") for n in ("1", "default")]
            for dtype in DTYPES
        )
        theirs = [cells.get(f"torch float32 {n}") for n in (1, 2)]
        lines.append(
            [
                label_of(result),
                *map(number, ours),
                ratio(*ours),
                ratio(*double),
                *map(beside, theirs, ours),
                ratio(*theirs),
            ]
        )
    header = [
        "network",
        "1 core, µs",
        "2 cores, µs",
        "ratio",
        "ratio in float64",
        "PyTorch, 1 core",
        "2 cores",
        "ratio",
    ]
    return table(header, lines)


def label_of(result: dict[str, Any]) -> str:
    """What a row of the table has: a network, and the batch or all rows of a call."""
    task = result.get("task", TRAIN)
    network = Case.named(result["row"]).label
    if task == TRAIN:
        return f"{network}, batch {result['batch']}"
    return f"{network}, {task} {result['batch']:,}"


def ratio(alone: float | None, together: float | None) -> str:
    """How many times as fast two cores are."""
    return f"{alone / together:.2f}" if alone and together else "-"


def short_of_goal(results: dict[str, Any]) -> list[str]:
    """The rows in which two cores are slower than one, or fall short of the goal."""
    short = []
    for result in results["rows"]:
        for dtype in DTYPES:
            cells = result.get("cells", {})
            if f"synapse {dtype} 1" not in cells:
                continue
            alone, together = (
                statistics.median(cells[f"synapse {dtype} {n}"])
                for n in ("1", "default")
            )
            if alone < together or (alone > GOAL_FROM and alone < GOAL * together):
                short.append(f"{label_of(result)}, {dtype}: {alone / together:.2f}")
    return short


def main(words: list[str] | None = None) -> None:
    """Measure, and write the results."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.threads", description=__doc__
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("words", nargs="*", help="parts of the names of rows")
    options = parser.parse_args(words)
    repeats, seconds = (1, 0.01) if options.quick else (9, 0.2)
    results: dict[str, Any] = {"repeats": repeats, "rows": []}
    calls = [(row, TRAIN, batch) for row in ROWS for batch in BATCHES]
    calls += [(row, task, batch) for task in FORWARD for row, batch in SETS]
    for row, task, batch in [calls[3], *calls[-2:]] if options.quick else calls:
        spec = {"row": row, "task": task, "batch": batch}
        if all(word in label_of(spec) for word in options.words):
            spec |= {"repeats": repeats, "seconds": seconds}
            results["rows"].append(child.ask("benchmarks.threads", spec, 600))
    print(text(results))
    print("\n".join(["Short of the goal:", *(short_of_goal(results) or ["none"])]))
    if not (options.quick or options.words):
        machine.save("threads", None, **results)


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1].startswith("{"):
        print(json.dumps(run(json.loads(sys.argv[1]))))
    else:
        main()
