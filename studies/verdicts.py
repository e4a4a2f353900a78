"""Verdicts of ``synapse train`` on made tables and series whose truth is known: the
losses of the same fitted methods on many more rows of the same law.

python -m studies verdicts    # 20 minutes; continues where it was ended
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from synapse.readwrite import _files
from synapse.tables import TrainingOptions, train_rows
from synapse.tables._row_comparison import answers_of, losses_of, simple_answers
from synapse.tables._series_task import fit_together, series_tasks
from synapse.tables._series_training import select_together

FILE = Path(__file__).with_suffix(".json")
REPORT = FILE.with_suffix(".md")
ANSWERS = ("better", "worse", "")
HEAD = "| law, rows | true gain (median) | better | worse | cannot tell |"
TEXT = """\
# Verdicts on data whose truth is known

    python -m studies verdicts

When `synapse train` compares a network with other methods, it reports a verdict:
"better", "worse", or that it cannot tell. To find out whether you can trust the
verdict, this study compares it with the truth, which is known for generated data. Each
of the {draws} draws in a row generates a table or a series by a law, and trains a
network on it as `synapse train` does. The true gain shows how far the network's loss is
below the loss of the best other method. To compute it, all methods are tested as they
were fitted, on {rows:,} more rows of the law, or from 400 origins in the {steps:,}
steps after the series. A verdict is false if it says "better" although the network is
worse, or "worse" although it is better.
"""
FRESH_ROWS = 20_000
FRESH_STEPS = 4_000
METHODS = ("mean", "naive", "seasonal", "ridge", "ar")
"""Those of which each takes less than a second."""
LARGE = 0.1
"""The difference that verdicts are to find."""

Law = Callable[[np.random.Generator, np.ndarray], np.ndarray]


def linear(rng, x):
    return x @ [1.0, -0.5, 0.25, 0.0]


def product(rng, x):
    return 1.5 * x[:, 0] * x[:, 1]


def curve(rng, x):
    return np.sin(2 * x[:, 0]) + 0.5 * x[:, 1] ** 2


def corner(rng, x):
    return 2.0 * ((x[:, 0] > 0.3) & (x[:, 1] > 0.0))


def nothing(rng, x):
    return np.zeros(len(x))


LAWS: tuple[Law, ...] = (linear, product, curve, corner, nothing)


def tables() -> Iterator[tuple[str, Law, int, bool]]:
    """The laws of twenty tables, with their rows, and whether they have classes."""
    for law in LAWS:
        for rows, classes in ((1000, False), (3000, False), (1000, True), (3000, True)):
            yield (
                f"{law.__name__}, {'classes' if classes else 'numbers'}, {rows}",
                law,
                rows,
                classes,
            )


def made_table(law: Law, rows: int, classes: bool, rng: Any) -> pd.DataFrame:
    x = rng.normal(size=(rows, 4))
    signal = law(rng, x)
    if classes:
        chance = 1 / (1 + np.exp(-(1.5 * signal - 1.0)))
        y: Any = np.where(rng.random(rows) < chance, "yes", "no")
    else:
        y = signal + rng.normal(size=rows)
    return pd.DataFrame({**{f"x{i}": x[:, i] for i in range(4)}, "y": y})


def judge_table(law: Law, rows: int, classes: bool, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng([seed, rows, classes, LAWS.index(law)])
    table, fresh = (
        made_table(law, count, classes, rng) for count in (rows, FRESH_ROWS)
    )
    kept: dict[str, Any] = {}
    options = TrainingOptions(seed=seed, on_test=lambda trained: kept.update(t=trained))
    trained = train_rows(table, ["y"], None, options)
    network = kept["t"].model.whole()
    order = np.random.default_rng(seed).permutation(rows)
    learned = np.sort(order[: rows - round(rows / 5)])

    def parts_of(frame: pd.DataFrame) -> tuple[Any, Any]:
        y = frame["y"].to_numpy()
        goals = (
            np.eye(2)[(y == "yes").astype(int)] if classes else y[:, None].astype(float)
        )
        return frame.drop(columns="y").to_numpy(), goals

    training, measured = [parts_of(table.iloc[learned])], [parts_of(fresh)]
    answers = {
        "network": answers_of(network, measured),
        **simple_answers(training, measured, classes)[0],
    }
    truth = measured[0][1]
    losses = {
        name: float(losses_of(each, truth, classes).mean())
        for name, each in answers.items()
    }
    return outcome(trained.facts["verdict"], losses)


def outcome(verdict: str, losses: dict[str, float]) -> dict[str, Any]:
    """What the verdict says, and by how much the network's true loss is below that of
    the best other method."""
    of_network = losses.pop("network")
    best = min(losses.values())
    answers = [word for word in ("better", "worse") if f") is {word}:" in verdict]
    said = "".join(answers)
    return {"said": said, "gain": round(1 - of_network / best, 4)}


def noise(rng, n):
    return rng.normal(size=n), 1


def autoregression(rng, n):
    return recursion(rng, n, lambda y, t: 0.8 * y[t - 1]), 1


def walk(rng, n):
    return np.cumsum(rng.normal(size=n)), 1


def season(rng, n):
    return 3 * np.sin(2 * np.pi * np.arange(n) / 12) + rng.normal(size=n), 12


def season_and_lag(rng, n):
    wave = recursion(rng, n, lambda y, t: 0.7 * y[t - 1])
    return 3 * np.sin(2 * np.pi * np.arange(n) / 12) + wave, 12


def threshold(rng, n):
    return recursion(
        rng,
        n,
        lambda y, t: 2.5 - 0.9 * y[t - 1] if y[t - 1] > 0 else 1.0 + 0.5 * y[t - 1],
        0.3,
    ), 1


def chaos(rng, n):
    y = np.empty(n)
    y[0] = rng.random()
    for t in range(1, n):
        y[t] = 3.8 * y[t - 1] * (1 - y[t - 1])
    return y + 0.02 * rng.normal(size=n), 1


def squares(rng, n):
    return recursion(
        rng, n, lambda y, t: 1.2 * np.tanh(2 * y[t - 1]) - 0.6 * y[t - 2], 0.3
    ), 1


def outliers(rng, n):
    wave = recursion(rng, n, lambda y, t: 0.6 * y[t - 1])
    return wave + 5 * rng.normal(size=n) * (rng.random(n) < 0.03), 1


def lag_seven(rng, n):
    return recursion(rng, n, lambda y, t: 0.8 * y[t - 7] if t >= 7 else 0.0), 7


def recursion(rng, n, rule, size=1.0):
    y = np.zeros(n)
    for t in range(2, n):
        y[t] = rule(y, t) + size * rng.normal()
    return y


KINDS = (
    noise,
    autoregression,
    walk,
    season,
    season_and_lag,
    threshold,
    chaos,
    squares,
    outliers,
    lag_seven,
)


def judge_series(law_of: Any, rows: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng([seed, rows, KINDS.index(law_of)])
    values, period = law_of(rng, rows + FRESH_STEPS)
    frame = pd.DataFrame({"y": values[:rows]})
    tasks, _ = series_tasks(frame, ["y"], period=period)
    model, _ = fit_together(tasks, TrainingOptions(seed=seed))
    selection, _, forecasters, _ = select_together(
        tasks, {"network": model}, METHODS, None
    )
    task = tasks[0]
    later = replace(task, y=values[:, None], start=rows, origins=400)
    forecasters = {**forecasters[0], "network": later.forecaster(model)}
    truth = later.select(forecasters)
    losses = {name: truth.mase(name) for name in forecasters}
    return outcome(selection.verdict("network"), losses)


def page(results: dict[str, dict[str, list[dict[str, Any]]]], count: int) -> str:
    """The results as a page."""
    lines = [TEXT.format(draws=count, rows=FRESH_ROWS, steps=FRESH_STEPS)]
    for task, draws_by_law in results.items():
        lines += [f"## {task.title()}", "", HEAD, "| --- | ---: | ---: | ---: | ---: |"]
        for name, draws in draws_by_law.items():
            said = [draw["said"] for draw in draws]
            gain = np.median([draw["gain"] for draw in draws])
            cells = [f"{gain:.1%}", *(said.count(word) for word in ANSWERS)]
            lines.append(f"| {name} | {' | '.join(map(str, cells))} |")
        every = [draw for draws in draws_by_law.values() for draw in draws]
        large = [draw for draw in every if abs(draw["gain"]) >= LARGE]
        right = [draw for draw in large if draw["said"] == truth_of(draw)]
        false = [draw for draw in every if draw["said"] not in ("", truth_of(draw))]
        lines += [
            "",
            f"When the true difference is {LARGE:.0%} or more, {len(right)} of"
            f" {len(large)} verdicts report it. Of all {len(every)} verdicts,"
            f" {len(false)} are false.",
            "",
        ]
    return "\n".join(lines)


def truth_of(draw: dict[str, Any]) -> str:
    return "better" if draw["gain"] > 0 else "worse"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m studies verdicts", description=__doc__
    )
    parser.add_argument("--draws", type=int, default=10)
    options = parser.parse_args()
    results: dict[str, Any] = {"tables": {}, "series": {}}
    if FILE.exists():
        results = json.loads(FILE.read_text(encoding="utf-8"))
    jobs: dict[str, dict[str, tuple[Any, ...]]] = {
        "tables": {
            name: (judge_table, law, rows, classes)
            for name, law, rows, classes in tables()
        },
        "series": {
            f"{law.__name__}, {rows}".replace("_", " "): (judge_series, law, rows)
            for law in KINDS
            for rows in (600, 2000)
        },
    }
    for task, jobs_of_task in jobs.items():
        for name, (judge, *of) in jobs_of_task.items():
            draws = results[task].setdefault(name, [])
            for seed in range(len(draws), options.draws):
                draws.append(judge(*of, seed))
                _files.write(FILE, json.dumps(results, indent=1) + "\n")
    _files.write(REPORT, page(results, options.draws))


if __name__ == "__main__":
    main()
