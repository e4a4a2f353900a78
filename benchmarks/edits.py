"""The price of a change between two batches: a freeze or release, an edit, a turn of
two trainers of parts.

``python -m benchmarks.edits '{"row": "2-3-1", ...}'`` is one row. Times are those of
the process. Freezes and releases alternate, and so do an added and a removed
connection: nothing is as it was at the batch before."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import architect
from synapse import Layer, Network, Trainer, optimizers

from . import child
from .markdown import number, table
from .plan import Plan, Tell
from .structure import stopwatch

TITLE = "A change between two batches, µs, and a turn of two trainers"

ROWS: dict[str, tuple[Callable[[], Network], tuple[str, ...]]] = {
    "2-3-1": (
        lambda: architect.Perceptron(2, 3, 1, seed=0),
        ("online", "bptt", "rtrl"),
    ),
    "LSTM 6-8-6": (lambda: architect.LSTM(6, 8, 6, seed=0), ("online", "bptt", "rtrl")),
    "64-128-10": (
        lambda: architect.Perceptron(64, 128, 10, seed=0),
        ("online", "bptt", "rtrl"),
    ),
    "LSTM 30-72-30": (lambda: architect.LSTM(30, 72, 30, seed=0), ("online", "bptt")),
}
TURNS = "generator and judge"
BATCH = 32
SEQUENCES = 4


def measure(plan: Plan, tell: Tell) -> list[dict[str, Any]]:
    """Measure all rows, each in its own process."""
    results = []
    for row in list(ROWS)[:1] if plan.quick else [*ROWS, TURNS]:
        results.append(
            child.ask(
                "benchmarks.edits", {"row": row, "count": 40 * plan.repeats}, 1800
            )
        )
        tell(f"{row}: {results[-1].get('times', '')} {results[-1]['status']}")
    return results


def fastest(change: Callable[[int], Any], work: Callable[[], Any], count: int) -> float:
    """Microseconds of a change and a batch: the mean over both directions of the
    fastest."""
    times = [
        stopwatch(lambda turn=turn: (change(turn), work()))[0]
        for turn in range(count + 20)
    ][20:]
    return 1e6 * (min(times[::2]) + min(times[1::2])) / 2


def changes(net: Network) -> dict[str, Callable[[int], Any]]:
    """What is done before a batch, by its number."""
    hidden = net.layers[1]
    source = net.input[0]
    target = net.output[0]
    return {
        "one batch": lambda turn: None,
        "freeze": lambda turn: hidden.unfreeze() if turn % 2 else hidden.freeze(),
        "edit": lambda turn: (
            source.disconnect(target) if turn % 2 else source.project(target)
        ),
    }


def row_times(row: str, count: int) -> dict[str, Any]:
    """By rule and change, the time of a batch, and how much longer one takes after
    the change."""
    make, methods = ROWS[row]
    times: dict[str, Any] = {}
    for rule in methods:
        net = make()
        rng = np.random.default_rng(0)
        inputs, targets = (
            rng.random((BATCH, len(layer))) for layer in (net.input, net.output)
        )
        if net.has_memory:
            inputs = inputs.reshape(SEQUENCES, -1, inputs.shape[1])
            targets = targets.reshape(SEQUENCES, -1, targets.shape[1])
        optimizer = optimizers.Adam() if rule == "bptt" else None
        trainer = Trainer(net, rule=rule, optimizer=optimizer)
        batch = partial(trainer.train, [(inputs, targets)], progress=False)
        by_change = {
            name: fastest(change, batch, count) for name, change in changes(net).items()
        }
        alone = by_change["one batch"]
        times[rule] = {
            name: microseconds - (name != "one batch") * alone
            for name, microseconds in by_change.items()
        }
        times[rule]["step"] = step_time(make(), rule, count)
    return times


def step_time(net: Network, rule: str, count: int) -> float:
    """Microseconds of `activate` and `propagate`, by rtrl if that is the rule."""
    net.rule = "rtrl" if rule == "rtrl" else "online"
    row, target = (np.full(len(layer), 0.5) for layer in (net.input, net.output))

    def steps() -> None:
        for _ in range(BATCH):
            net.activate(row)
            net.propagate(0.1, target)

    return fastest(lambda turn: None, steps, count) / BATCH


# --- two trainers in turn -------------------------------------------------------------

ROUND = 64  # rows: half of them real, for the judge
NOISE = 2
HIDDEN = 16


def judged(hidden: int = HIDDEN, seed: int = 0) -> Network:
    """A generator and its judge as one network; two inputs decide whether the judge
    sees a real number."""
    noise = Layer(NOISE)
    real = Layer(1)
    pick = Layer(2)
    thought, judgement = (Layer(hidden, squash="tanh") for _ in range(2))
    made = Layer(1, squash="identity")
    seen = Layer(1, squash="identity")
    verdict = Layer(1)
    for number_of, (source, target) in enumerate(
        [(noise, thought), (thought, made), (judgement, verdict)]
    ):
        source.project(target, seed=seed + number_of)
    for source, gate in ((real, pick[0]), (made, pick[1])):
        gate.gate(list(source.project(seen, weights=1.0, trainable=False)))
    seen.project(judgement, seed=seed + 3)
    inputs = Layer([*noise, *real, *pick])
    return Network(inputs, [thought, made, seen, judgement], verdict)


def turn_times(count: int) -> dict[str, Any]:
    """Microseconds of a round: the judge learns from real and made numbers, then the
    generator from it."""
    net = judged()
    rng = np.random.default_rng(0)
    thought, made, _, judgement = net.hidden
    options: dict[str, Any] = {"rule": "bptt", "batch_size": ROUND}
    judge = Trainer(
        net, optimizer=optimizers.Adam(), only=[judgement, net.output], **options
    )
    generator = Trainer(
        net, optimizer=optimizers.Adam(), only=[thought, made], **options
    )
    rows = rng.normal(size=(ROUND, NOISE + 3))
    rows[:, 3:] = np.eye(2).repeat(ROUND // 2, axis=0)
    fakes = rows.copy()
    fakes[:, 3:] = 0.0, 1.0

    def ours() -> None:
        judge.train([(rows, rows[:, 3:4])], progress=False)
        generator.train([(fakes, np.ones((ROUND, 1)))], progress=False)

    times = {"Synapse": fastest(lambda turn: None, ours, count)}
    if importlib.util.find_spec("torch"):
        times["PyTorch, eager"] = fastest(
            lambda turn: None, by_torch(rows, fakes), count
        )
    return {"a round": times}


def by_torch(rows: Any, fakes: Any) -> Callable[[], None]:
    """The same round with two modules, in double precision."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    generator, judge = (
        nn.Sequential(nn.Linear(size, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 1))
        for size in (NOISE, 1)
    )
    cost = nn.BCEWithLogitsLoss()
    steps = [torch.optim.Adam(module.parameters()) for module in (judge, generator)]
    half = ROUND // 2
    real = torch.tensor(rows[:half, 2:3])
    noise = torch.tensor(rows[half:, :2])
    other = torch.tensor(fakes[:, :2])
    aims = torch.tensor(rows[:, 3:4])
    ones = torch.ones(ROUND, 1)

    def turn() -> None:
        seen = torch.cat([real, generator(noise).detach()])
        for step, verdict, aim in (
            (steps[0], lambda: judge(seen), aims),
            (steps[1], lambda: judge(generator(other)), ones),
        ):
            step.zero_grad()
            cost(verdict(), aim).backward()
            step.step()

    return turn


def text(results: list[dict[str, Any]]) -> list[str]:
    """The tables of changes and of turns."""
    lines = []
    turns = []
    for result in results:
        for name, times in result.get("times", {}).items():
            cells = [number(time) for time in times.values()]
            if result["row"] != TURNS:  # results of before have no step
                step = times.get("step")
                cells += [number(times["freeze"] / step)] if step else ["-", "-"]
            (turns if result["row"] == TURNS else lines).append(
                [result["row"], name, *cells]
            )
    parts = [
        table(
            [
                "network",
                "rule",
                "one batch",
                "more after a freeze",
                "more after an edit",
                "a step",
                "freeze, in steps",
            ],
            lines,
        )
    ]
    if turns:
        parts.append(table(["network", "", *results[-1]["times"]["a round"]], turns))
    failed = [
        f"{result['row']}: {result['status']}\n"
        for result in results
        if result["status"] != "ok"
    ]
    return [*parts, *failed]


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    measured = (
        turn_times(asked["count"])
        if asked["row"] == TURNS
        else row_times(asked["row"], asked["count"])
    )
    print(json.dumps({"times": measured}))
