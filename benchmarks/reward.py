"""A step of learning from reward: agents beside the same programs in NumPy and PyTorch,
by hand.

``python -m benchmarks.reward '{"row": "TD, 4-64-64-1", ...}'`` is one row. Times are
those of the process, without an environment: observations and rewards are drawn
beforehand."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import architect
from synapse import reward

from . import child
from .markdown import number, ratio, table
from .peers.streaming import Actor, Torch, Value
from .plan import Plan, Tell
from .rtrl import Work, cells_of

TITLE = "Learning from reward, µs per step"
STEPS = 1_000
INPUTS = 4
PLAIN: dict[str, Any] = {"normalize": False, "scale_rewards": False}
BOUNDED: dict[str, Any] = {**PLAIN, "update": reward.ObGD()}
"""The equations of the programs by hand."""
PEERS = {"synapse": "Synapse", "numpy": "NumPy, by hand", "torch": "PyTorch, eager"}


def perceptron(outputs: int, last: str = "identity") -> architect.Perceptron:
    """The network of the rows."""
    return architect.Perceptron(
        INPUTS, 64, 64, outputs, squash="tanh", output_squash=last, seed=0
    )


def gru() -> architect.GRU:
    """A network with memory, which learns by exact slopes through all steps."""
    net = architect.GRU(INPUTS, 16, 1, output_squash="identity", seed=0)
    net.rule = "rtrl"
    return net


ROWS: dict[str, tuple[Callable[[], Any], Callable[[Any], Any] | None]] = {
    "TD, 4-64-64-1": (
        lambda: reward.TD(perceptron(1), **BOUNDED),
        lambda ops: Value(perceptron(1), ops),
    ),
    "actor-critic, 4-64-64-2 and 4-64-64-1": (
        lambda: reward.ActorCritic(
            *(perceptron(2, "softmax"), perceptron(1)),
            policy_update=reward.ObGD(bound=3.0),
            seed=0,
            **BOUNDED,
        ),
        lambda ops: Actor(perceptron(2), perceptron(1), ops),
    ),
    "TD, 4-64-64-1, intentional": (lambda: reward.TD(perceptron(1), **PLAIN), None),
    "TD, GRU 4-16-1, exact rtrl": (lambda: reward.TD(gru(), **BOUNDED), None),
    "TD.run, 4-64-64-1": (lambda: reward.TD(perceptron(1), **BOUNDED), None),
    "TD.run, GRU 4-16-1, exact rtrl": (lambda: reward.TD(gru(), **BOUNDED), None),
}


def measure(plan: Plan, tell: Tell) -> dict[str, Any]:
    """Measure all rows, each in its own process."""
    results: dict[str, Any] = {"rows": {}}
    for row in list(ROWS)[:1] if plan.quick else ROWS:
        spec = {"seconds": plan.seconds, "repeats": plan.repeats, "row": row}
        result = results["rows"][row] = child.ask("benchmarks.reward", spec, 900)
        times = ", ".join(
            f"{name} {cell['median']:.4g}"
            for name, cell in result.get("cells", {}).items()
        )
        tell(f"{row}: {times}  {result['status']}")
    return results


def works_of(row: str) -> dict[str, Work]:
    """By name: a function of a number of steps that learns as many."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(STEPS, INPUTS))
    gains = rng.normal(size=STEPS).tolist()

    def learn(agent: Any, steps: int) -> None:
        if row.startswith("TD.run"):
            agent.run(rows[:steps], gains[:steps])
            return
        agent.begin(rows[0])
        for t in range(steps):
            agent.learn(gains[t], rows[t])

    make, peer = ROWS[row]
    works: dict[str, Work] = {"synapse": partial(learn, make())}
    if peer is not None:
        works["numpy"] = partial(learn, peer(None))
        if importlib.util.find_spec("torch"):
            works["torch"] = partial(learn, peer(Torch()))
    return works


def text(results: dict[str, Any]) -> list[str]:
    """The table."""
    lines = []
    for row, result in results["rows"].items():
        cells = result.get("cells", {})
        ours = cells.get("synapse")
        times = [
            number(cells[name]["median"]) if name in cells else "-" for name in PEERS
        ]
        ratios = [ratio(cells.get(name), ours) for name in ("numpy", "torch")]
        lines.append([row, *times, *ratios, result["status"]])
    titles = [
        "agent",
        *PEERS.values(),
        "NumPy / Synapse",
        "PyTorch / Synapse",
        "status",
    ]
    return [table(titles, lines)]


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    measured = cells_of(works_of(asked["row"]), asked["seconds"], asked["repeats"])
    print(json.dumps({"cells": measured}))
