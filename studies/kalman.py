"""The language a^n b^n c^n, learnt on n <= 10 and tested beyond: Kalman filter and
gradient descent.

    python -m studies kalman            # ten seeds; writes kalman.json and kalman.md

The network is LSTM(4, 2, 4) in the style "synaptic" with identity cells, no forget
gates, no peepholes, and inputs connected to the outputs. Outputs are tanh neurons with
targets of 0.5 for symbols that can come next and -0.5 for others, which is, up to a
factor of 2, the output in [-2, 2] with targets of ±1 of Gers and Schmidhuber 2001. A
string is accepted if all outputs have the right sign. After every 1,000 training
strings (10,000 with gradient descent) the network is tested: N is the largest number
such that all strings n = 1..N are accepted."""

from __future__ import annotations

import argparse
import json
import time

import numpy as np

import architect
import synapse
from synapse.optimizers import DEKF

from . import _many_seeds as many
from .tasks import AnBnCn

PAGE = many.HERE / "kalman.md"
SETTINGS = {
    "longest_training_n": 10,
    "longest_test_n": 1000,
    "chunk": 1000,
    "target": 0.5,
    "input_gate_bias": -1.0,
    "output_gate_bias": -2.0,
    "dekf": {
        "initial_variance": 100.0,
        "measurement_noise": [100.0, 0.01],
        "process_noise": [1e-2, 1e-9],
        "annealing": 20_000,
    },
    "rate": 0.01,
}
# name: method, groups of the filter, strings per training string of the filter
CASES = {
    "DEKF, one group": ("rtrl", "all", 1),
    "DEKF, a group for each neuron": ("rtrl", "neuron", 1),
    "gradient descent, rtrl": ("rtrl", None, 10),
    "gradient descent, online rule": ("online", None, 10),
}


def trainer_for(case: str, seed: int) -> synapse.Trainer:
    """A new network and its trainer."""
    method, groups, _ = CASES[case]
    net = architect.LSTM(
        4,
        2,
        4,
        style="synaptic",
        cell_squash="identity",
        output_squash="tanh",
        peepholes=None,
        forget_gates=False,
        initializer="uniform",
        input_gate_bias=SETTINGS["input_gate_bias"],
        output_gate_bias=SETTINGS["output_gate_bias"],
        seed=seed,
    )
    if groups is None:
        return synapse.Trainer(net, SETTINGS["rate"], "squared_error", rule=method)
    dekf = DEKF(**SETTINGS["dekf"], groups=groups)
    return synapse.Trainer(net, cost="squared_error", rule=method, optimizer=dekf)


def train(case: str, seed: int, most: int) -> many.Row:
    """One run: N in every test, the mean cost before it, and the processor time of
    training."""
    trainer = trainer_for(case, seed)
    rng = np.random.default_rng([seed, 1])
    task = AnBnCn(SETTINGS["longest_training_n"])
    chunk = SETTINGS["chunk"] * CASES[case][2]
    reached = []
    errors = []
    seconds = 0.0
    for _ in range(most // SETTINGS["chunk"]):
        samples = task.batch(chunk, rng)
        begin = time.process_time()
        targets = [SETTINGS["target"] * rows for rows in samples.targets]
        result = trainer.train(
            samples.inputs, targets, epochs=1, shuffle=False, progress=False
        )
        seconds += time.process_time() - begin
        errors.append(float(f"{result.loss:.3g}"))
        reached.append(task.longest(trainer.network, SETTINGS["longest_test_n"]))
    row = {
        "case": case,
        "seed": seed,
        "chunk": chunk,
        "reached": reached,
        "errors": errors,
    }
    return {**row, "seconds": round(seconds, 1)}


def report(rows: list[many.Row]) -> str:
    """The table of the page."""
    lines = []
    for case in CASES:
        runs = [row for row in rows if row["case"] == case]
        if not runs:
            continue
        last = [row["reached"][-1] for row in runs]
        best = [max(row["reached"]) for row in runs]
        lines.append(
            [
                case,
                f"{runs[0]['chunk'] * len(runs[0]['reached']):,}",
                f"**{np.median(last):g}**",
                " ".join(map(str, last)),
                f"{np.median(best):g}",
                " ".join(map(str, best)),
            ]
        )
    head = [
        "",
        "strings",
        "median N",
        "N of each seed",
        "median of the best test",
        "best test of each seed",
    ]
    return many.table(head, lines)


def run(chosen: argparse.Namespace) -> None:
    """Run all cases, and save after each of them."""
    path = many.HERE / f"{chosen.name}.json"
    begin = time.perf_counter()
    rows = []
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    for case in CASES:
        rows += many.run_all(
            train, [(case, seed, chosen.most) for seed in seeds], chosen.processes
        )
        many.save(path, {**SETTINGS, "most": chosen.most}, rows, begin)


if __name__ == "__main__":
    options = many.parser(__doc__, 8000, "kalman")
    options.set_defaults(processes=1)
    chosen = options.parse_args()
    if not chosen.table:
        run(chosen)
    results = json.loads(
        (many.HERE / f"{chosen.name}.json").read_text(encoding="utf-8")
    )["runs"]
    print(report(results))
    many.fill(chosen.name, report(results), PAGE)
