"""Tasks of the study of exact online learning (``rtrl.py``): networks, data and
criteria.

Each task is a function of a case (a dict that names the network and the rule), a seed
and a limit. It returns one row of results. Every step of every task updates the
weights; the context is cleared where the task says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import architect
import synapse
from demos import sunspots as demo
from demos.reber import new_strings
from synapse.errors import DivergenceError
from synapse.initializers import uniform
from synapse.learning import Cosine
from synapse.optimizers import Adam
from synapse.tasks import Copy, EmbeddedReber, Recall, reber

from . import sunspots as sunspots_study
from .tasks import DelayedXor

HERE = Path(__file__).resolve().parent
Row = dict[str, Any]

RULES: dict[str, Row] = {
    "online": {"rule": "online"},
    "order 1": {"rule": "rtrl", "reach": 1},
    "order 2": {"rule": "rtrl", "reach": 2},
    "exact": {"rule": "rtrl"},
}


def trainer(net: synapse.Network, rule: str, rate: Any) -> synapse.Trainer:
    """A trainer that updates the weights at every step."""
    return synapse.Trainer(net, rate, **RULES[rule])


def learn(
    most: int,
    chunk: int,
    step: Callable[[], None],
    score: Callable[[], float],
    goal: float,
) -> Row:
    """Alternate ``step``, which learns from ``chunk`` examples, and ``score``, until
    the goal is reached."""
    curve: list[float] = []
    diverged = False
    while (
        len(curve) * chunk < most and not diverged and (not curve or curve[-1] < goal)
    ):
        try:
            step()
        except DivergenceError:
            diverged = True
        curve.append(round(float(score()), 4))
    trained = len(curve) * chunk
    needed = trained if curve[-1] >= goal else None
    return {"needed": needed, "trained": trained, "diverged": diverged, "curve": curve}


# --- embedded Reber, context cleared before each string -------------------------------


def elman(seed: int, outputs: str = "softmax") -> synapse.Network:
    """An Elman network with weights within ±1."""
    start = uniform(1.0)
    return architect.Elman(
        7,
        15,
        7,
        output_squash=outputs,
        initializer=start,
        bias_initializer=start,
        seed=seed,
    )


def reber_strings(case: Row, seed: int, most: int) -> Row:
    """Strings until 1,000 fresh strings are predicted without an illegal symbol."""
    net = elman(seed, case["outputs"])
    rng = np.random.default_rng([seed, 1])
    fresh = new_strings(1000, 19970001)
    learner = trainer(net, case["rule"], case["rate"])

    def step() -> None:
        strings = EmbeddedReber().batch(500, rng)
        learner.train(
            strings.inputs, strings.targets, epochs=1, shuffle=False, progress=False
        )

    learned = learn(most, 500, step, lambda: float(fresh.score(net).wrong == 0), 1.0)
    del learned["curve"]
    return {**learned, "final": new_strings(10_000, 19970002).score(net).fraction}


# --- recall over 24 steps, context cleared before each sequence -----------------------

RECALL_NETWORKS: dict[str, Callable[[int], synapse.Network]] = {
    "GRU 10-8-4": lambda seed: architect.GRU(
        10, 8, 4, update_gate_bias=2.0, initializer=uniform(0.5), seed=seed
    ),
    "LSTM 10-16-4, linear cells": lambda seed: architect.LSTM(
        10,
        16,
        4,
        style="synaptic",
        cell_squash="identity",
        peepholes=None,
        initializer="uniform",
        seed=seed,
    ),
}


RECALL = Recall(targets=4, distractors=4, prompts=2, length=24)  # as Monner and Reggia


def recall_24(case: Row, seed: int, most: int) -> Row:
    """Sequences until 95 % of 500 fresh ones are right at every step."""
    net = RECALL_NETWORKS[case["network"]](seed)
    rng = np.random.default_rng([seed, 1])
    fresh = RECALL.batch(500, 20120124)
    learner = trainer(net, case["rule"], case["rate"])

    def step() -> None:
        some = RECALL.batch(1000, rng)
        learner.train(
            some.inputs, some.targets, epochs=1, shuffle=False, progress=False
        )

    return learn(most, 1000, step, lambda: fresh.score(net).fraction, 0.95)


# --- embedded Reber as one stream, never cleared --------------------------------------

CONTINUAL_NETWORKS: dict[str, Callable[[int], synapse.Network]] = {
    "Elman 7-15-7": elman,
    "GRU 7-8-7": lambda seed: architect.GRU(
        7, 8, 7, output_squash="softmax", initializer=uniform(0.5), seed=seed
    ),
    "LSTM 7-8-7": lambda seed: architect.LSTM(
        7,
        8,
        7,
        output_squash="softmax",
        input_gate_bias=1.0,
        forget_gate_bias=1.0,
        output_gate_bias=1.0,
        initializer=uniform(0.5),
        seed=seed,
    ),
}
ONE_HOT = dict(zip(reber.SYMBOLS, np.eye(7)))


def stream(strings: list[str]) -> np.ndarray:
    """Strings one after the other, one-hot."""
    return np.array([ONE_HOT[symbol] for string in strings for symbol in string])


def legal_mask(string: str) -> np.ndarray:
    """The symbols that can come next, as booleans by step and symbol."""
    return np.array(
        [
            [symbol in allowed for symbol in reber.SYMBOLS]
            for allowed in reber.legal(string)
        ]
    )


def illegal(net: synapse.Network, strings: list[str]) -> np.ndarray:
    """Whether each prediction is illegal, for a stream of strings of which the first is
    not counted."""
    twin = net.clone()
    twin.clear()
    allowed = [np.vstack([legal_mask(string), ONE_HOT["B"] > 0]) for string in strings]
    mask = np.concatenate(allowed)
    skipped = len(strings[0])
    outputs = twin.run(stream(strings))
    wrong = np.where(mask, -np.inf, outputs).max(axis=1) >= np.where(
        mask, outputs, -np.inf
    ).max(axis=1)
    return wrong[skipped:]


def continual_reber(case: Row, seed: int, most: int) -> Row:
    """Strings of a stream until no prediction is illegal in a fresh stream of 1,000
    strings."""
    net = CONTINUAL_NETWORKS[case["network"]](seed)
    rng = np.random.default_rng([seed, 1])
    fresh = reber.strings(1001, seed=20000001)
    last = ["B"]
    learner = trainer(net, case["rule"], case["rate"])

    def step() -> None:
        rows = stream([last[0], *(strings := reber.strings(1000, seed=rng))])
        learner.train(rows[:-1], rows[1:], epochs=1, progress=False)
        last[0] = strings[-1][-1]

    learned = learn(most, 1000, step, lambda: 1 - illegal(net, fresh).mean(), 1.0)
    final = illegal(net, reber.strings(10_001, seed=20000002))
    length = int(final.argmax()) if final.any() else len(final)
    return {
        **learned,
        "tested": len(final),
        "until_error": length,
        "errors": int(final.sum()),
    }


# --- strongly delayed XOR, context cleared before each sequence -----------------------

XOR_NETWORKS: dict[str, Callable[[int], synapse.Network]] = {
    "LSTM 2-8-1": lambda seed: architect.LSTM(
        2,
        8,
        1,
        input_gate_bias=0.0,
        forget_gate_bias=3.0,
        output_gate_bias=0.0,
        initializer=uniform(1.0),
        seed=seed,
    ),
    "GRU 2-8-1": lambda seed: architect.GRU(
        2, 8, 1, update_gate_bias=2.0, initializer=uniform(1.0), seed=seed
    ),
}


def delayed_xor(case: Row, seed: int, most: int) -> Row:
    """Sequences until 99 % of 500 fresh ones are right."""
    net = XOR_NETWORKS[case["network"]](seed)
    rng = np.random.default_rng([seed, 1])
    fresh = DelayedXor().batch(500, 19970006)
    learner = trainer(net, case["rule"], case["rate"])

    def step() -> None:
        some = DelayedXor().batch(2500, rng)
        learner.train(
            some.inputs, some.targets, epochs=1, shuffle=False, progress=False
        )

    return learn(most, 2500, step, lambda: fresh.score(net).fraction, 0.99)


# --- copying bits, with growing length ------------------------------------------------

GOOD = 0.15  # bits per copied bit


def sparse_gru(seed: int, size: int, density: float) -> synapse.Network:
    """A GRU with only a fraction of the connections from cells to gates and
    candidates."""
    net = architect.GRU(3, size, 1, initializer=uniform(0.5), seed=seed)
    rng = np.random.default_rng([seed, 3])
    cells = set(net["cells"])
    hidden = {*net["update gates"], *net["reset gates"], *net["candidates"]}
    for link in list(net.connections):
        if link.source in cells and link.target in hidden and rng.random() >= density:
            link.source.disconnect(link.target)
    return net


COPY_NETWORKS: dict[str, Callable[[int], synapse.Network]] = {
    "GRU 3-16-1": lambda seed: sparse_gru(seed, 16, 1.0),
    "GRU 3-24-1, a tenth of the recurrent connections": lambda seed: sparse_gru(
        seed, 24, 0.1
    ),
}


def growing_copy(case: Row, seed: int, most: int) -> Row:
    """The length reached after a number of steps; it grows when a bit costs less than
    0.15 bits."""
    net = COPY_NETWORKS[case["network"]](seed)
    rng = np.random.default_rng([seed, 1])
    learner = trainer(net, case["rule"], case["rate"])
    length = 1
    steps = 0
    grew = []
    while steps < most:
        samples = Copy(length).batch(200, rng)
        steps += int(samples.lengths.sum())
        cost = learner.train(
            samples.inputs, samples.targets, epochs=1, shuffle=False, progress=False
        ).loss
        if cost / np.log(2) < GOOD:
            length += 1
            grew.append(steps)
    return {"length": length, "trained": steps, "grew": grew}


# --- sunspots -------------------------------------------------------------------------

SUNSPOT_NETWORKS: dict[str, Callable[[int], synapse.Network]] = {
    "Elman 1-10-1": demo.elman,
    "GRU 1-8-1": lambda seed: architect.GRU(
        1, 8, 1, output_squash="identity", initializer=uniform(0.1), seed=seed
    ),
}
SUNSPOT_EPOCHS = {"online": 300, "exact": 300, "bptt": 1000}


def sunspot_forecast(
    case: Row, rate: float, learnt: np.ndarray, seed: int
) -> np.ndarray:
    """Forecasts of every year, in spots, after training on the years ``learnt``."""
    net = SUNSPOT_NETWORKS[case["network"]](seed)
    scale = demo.Scale.of(demo.SPOTS[learnt])
    values = scale.there(demo.SPOTS)
    epochs = SUNSPOT_EPOCHS[case["rule"]]
    falling = Cosine(rate, epochs=epochs)
    if case["rule"] == "bptt":
        learner = synapse.Trainer(net, falling, rule="bptt", optimizer=Adam())
    else:
        learner = trainer(net, case["rule"], falling)
    inputs, skipped = demo.inputs_for(net, values)
    targets = np.where(learnt, values, np.nan)[skipped:, None]
    history = slice(np.flatnonzero(learnt)[-1] - skipped + 1)
    learner.train(
        inputs[None, history], targets[None, history], epochs=epochs, progress=False
    )
    return scale.back(demo.forecast(net, values))


def sunspot_rates(case: Row, seed: int, most: int) -> Row:
    """The mean error on five blocks within 1712-1920, each held out in turn."""
    with np.errstate(over="ignore"):
        blocks = sunspots_study.held_out(
            lambda learnt: sunspot_forecast(case, case["rate"], learnt, seed)
        )
    return {"blocks": blocks, "mean": round(float(np.mean(blocks)), 4)}


def chosen_rate(network: str, rule: str) -> float:
    """The rate with the lowest mean error on held-out blocks."""
    rows = json.loads((HERE / "rtrl_sunspot_rates.json").read_text(encoding="utf-8"))[
        "runs"
    ]
    rows = [row for row in rows if (row["network"], row["rule"]) == (network, rule)]
    rates = sorted({row["rate"] for row in rows})
    return min(
        rates,
        key=lambda rate: np.mean([row["mean"] for row in rows if row["rate"] == rate]),
    )


def sunspots(case: Row, seed: int, most: int) -> Row:
    """The average relative variance of each period, with the chosen rate."""
    rate = chosen_rate(case["network"], case["rule"])
    forecast = sunspot_forecast(case, rate, demo.TRAINING, seed)
    errors_of_periods = [
        round(demo.arv(forecast, demo.during(*years)), 4)
        for years in demo.PERIODS.values()
    ]
    return {
        "rate": rate,
        "epochs": SUNSPOT_EPOCHS[case["rule"]],
        **dict(zip(demo.PERIODS, errors_of_periods)),
    }
