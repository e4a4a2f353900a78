"""Precise timing with and without peepholes: Gers, Schraudolph and Schmidhuber 2002."""

from __future__ import annotations

from typing import Any

import numpy as np

from synapse import Network
from synapse.errors import DivergenceError

from ..tasks import PeriodicFunction, TimedSpikes
from ._learn import TEST, train, trainer
from ._lstm1997 import FORGET, INPUT, OUTPUT, clear, follow, lstm
from ._memory_blocks import memory_blocks
from ._paper_table import Measure, PaperTable, Published, Row
from ._until_wrong import learn_until_wrong

PERIODS = 100
"""Periods after which a training stream ends."""
EVERY = 200
SHORT = 4
"""Through time: sequences between two tests, and periods of a sequence."""

STARTS: dict[str, dict[str, Any]] = {
    "paper": {
        "input_gate_biases": [0.0],
        "forget_gate_biases": [-2.0],
        "output_gate_biases": [2.0],
        "weights": 0.1,
    },
    "closed": {
        "input_gate_biases": [2.0],
        "forget_gate_biases": [5.0],
        "output_gate_biases": [-4.0],
        "weights": 0.03,
    },
}
"""Initial weights and biases: those of the paper, and those of a cell that keeps its
state and hides it."""


def network(peepholes: bool, start: str, output_squash: str, seed: int) -> Network:
    """Build the network of the paper: one memory block with one linear cell.

    >>> from ._memory_blocks import weight_count
    >>> nets = [network(peeping, "paper", "logistic", 0) for peeping in (True, False)]
    >>> [weight_count(net) for net in nets]
    [17, 14]
    """
    return memory_blocks(
        1,
        1,
        1,
        1,
        **STARTS[start],
        squashed_input=False,
        cell_squash="identity",
        output_squash=output_squash,
        cell_biases=True,
        output_biases=True,
        recurrent_gates=False,
        peepholes=peepholes,
        seed=seed,
    )


def make_task(shape: str, period: int, periods: int) -> TimedSpikes | PeriodicFunction:
    """The task of a row: spikes, each a period after the one before, or a periodic
    function."""
    if shape == "spikes":
        return TimedSpikes(period, (0,), periods)
    return PeriodicFunction(shape, period, periods)


def trial(
    seed: int,
    shape: str,
    period: int,
    peepholes: bool,
    rule: str,
    rate: float,
    decay: float,
    start: str,
    most: int,
    momentum: float = 0.0,
    cost: str = "cross_entropy",
) -> dict[str, Any]:
    """Train on streams that end at the first error, or through time on sequences of
    four periods.

    Parameters
    ----------
    seed : int
        Seed of weights and streams.
    shape : {"spikes", "cosine", "triangle", "rectangle"}
        The task.
    period : int
        Period of the spikes or the function.
    peepholes : bool
        Whether the cell leads to its gates.
    rule : str
        Name of a rule.
    rate, decay : float
        Learning rate of the first stream, and its factor after every stream. With
        "through time" the rate is constant.
    start : str
        A name in :data:`STARTS`.
    most : int
        Largest number of streams or sequences.
    momentum, cost : float, str
        Momentum and cost of the paper's rule.

    Returns
    -------
    dict
        ``needed``, the number of streams (or sequences) at the first test that was
        right for 1,000 periods, or None; ``trained``, their number at the end;
        ``longest``, the largest number of right periods in a stream (online);
        ``diverged``.
    """
    if rule == "paper":
        return papers_rule(
            seed, period, peepholes, rate, decay, start, most, momentum, cost
        )
    test_task = make_task(shape, period, 1000)
    net = network(
        peepholes, start, "logistic" if shape == "spikes" else "identity", seed
    )
    test = test_task.batch(
        test_task.criterion.samples, np.random.default_rng([seed, TEST])
    )
    if rule == "through time":
        task = make_task(shape, period, SHORT)
        rng = np.random.default_rng([seed, 1])
        return train(
            trainer(net, rule, rate, batch_size=1),
            lambda: task.batch(EVERY, rng),
            lambda: test_task.solved(net, test),
            every=EVERY,
            most=most,
        )
    if rule == "exact online":
        net.rule = "rtrl"
    rng = np.random.default_rng([seed, 1])
    longest = 0
    needed = None
    diverged = False
    steps = PERIODS * period
    trained = 0
    for trained in range(1, most + 1):
        try:
            right = learn_until_wrong(net, test_task.stream(rng), rate, steps)
        except DivergenceError:
            diverged = True
            break
        rate, longest = rate * decay, max(longest, right)
        if right == steps and test_task.solved(net, test):
            needed = trained
            break
    return {
        "needed": needed,
        "trained": trained,
        "longest": longest // period,
        "diverged": diverged,
    }


def papers_rule(
    seed: int,
    period: int,
    peepholes: bool,
    rate: float,
    decay: float,
    start: str,
    most: int,
    momentum: float,
    cost: str,
) -> dict[str, Any]:
    """Train on spikes by the rule of the paper; the arguments and results are those of
    :func:`trial`."""
    values = STARTS[start]
    names = {INPUT: "input", FORGET: "forget", OUTPUT: "output"}
    net = lstm(
        1,
        1,
        1,
        1,
        {k: values[f"{name}_gate_biases"] for k, name in names.items()},
        rng=np.random.default_rng([seed, 1]),
        weights=values["weights"],
        squashed=False,
        fed_back=False,
        peepholes=peepholes,
        cell_biases=True,
        output_biases=True,
    )
    test = make_task("spikes", period, 1000).sample(0)  # all samples are the same
    steps = PERIODS * period
    longest = 0
    stream = test[:steps]
    slope = cost == "squared_error"
    for trained in range(1, most + 1):
        clear(net, 0.0)
        right = follow(net, stream.inputs, stream.targets, 0.49, rate, momentum, slope)
        rate, longest = rate * decay, max(longest, right)
        if right == steps:
            clear(net, 0.0)
            if follow(net, test.inputs, test.targets, 0.49, 0.0) == len(test):
                return {
                    "needed": trained,
                    "trained": trained,
                    "longest": longest // period,
                }
    return {"needed": None, "trained": most, "longest": longest // period}


FEWER: dict[str, Any] = {"seeds": 20, "most": 10_000}
AS_PRINTED: dict[str, Any] = {
    "seeds": 20,
    "rule": "paper",
    "rate": 1e-5,
    "momentum": 0.999,
    "decay": 1.0,
    "cost": "squared_error",
    "most": 60_000,
}

TABLE = PaperTable(
    trial,
    [
        Row(
            "spikes, F = 10, peepholes, paper's rule, rate, momentum and biases",
            start="paper",
            **AS_PRINTED,
        ),
        Row(
            "spikes, F = 10, peepholes, paper's rule, rate and momentum",
            **{**AS_PRINTED, "cost": "cross_entropy"},
        ),
        Row("spikes, F = 10, peepholes, paper's rule", seeds=20, rule="paper"),
        Row(
            "spikes, F = 10, no peepholes, paper's rule",
            Published("0 %", "V"),
            seeds=20,
            rule="paper",
            peepholes=False,
        ),
        Row("spikes, F = 10, peepholes, online", seeds=20),
        Row(
            "spikes, F = 10, no peepholes, online",
            Published("0 %", "V"),
            seeds=20,
            peepholes=False,
        ),
        Row("spikes, F = 10, peepholes, exact online", rule="exact online", **FEWER),
        Row(
            "spikes, F = 10, peepholes, through time (Adam)",
            seeds=20,
            rule="through time",
            rate=0.01,
            decay=1.0,
            most=5_000,
        ),
        Row(
            "spikes, F = 10, peepholes, online, biases of the paper",
            start="paper",
            **FEWER,
        ),
    ],
    [Measure("needed", "training streams")],
    shared={
        "shape": "spikes",
        "period": 10,
        "peepholes": True,
        "rule": "online",
        "rate": 0.008,
        "decay": 0.9999,
        "start": "closed",
        "most": 30_000,
    },
)
