"""How long the steps of agents with memory should be: one rule, chosen on eight tasks,
tested on four.

    python -m studies reward_steps choose --seeds 10    # runs what is missing
    python -m studies reward_steps test --seeds 10      # tasks not used to choose
    python -m studies reward_steps report               # writes the tables of reward.md

Every trial is stored as it ends, so a study can be stopped and continued with the same
command."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

import architect
from synapse import reward
from synapse.experiments._estimate import median_of
from synapse.readwrite import _files

from ._many_seeds import fill, table
from .reward import MemoryChain

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "reward_steps.json"
CELLS = 8

Observed = tuple[Any, float, bool, bool, dict[str, Any]]


class Task:
    """An environment of a limited number of steps, with a generator of its own in each
    episode."""

    most = 1

    def reset(self, seed: Any = None) -> tuple[Any, dict[str, Any]]:
        self.rng = np.random.default_rng(seed)
        self.time = 0
        self.start()
        return self.seen(), {}

    def step(self, action: int) -> Observed:
        gain, ended = self.act(int(action))
        self.time += 1
        truncated = not ended and self.time == self.most
        return self.seen(), gain, ended, truncated, {}

    def start(self) -> None:
        """Begin an episode."""

    def seen(self) -> Any:
        """The present observation."""
        raise NotImplementedError

    def act(self, action: int) -> tuple[float, bool]:
        """Reward of an action, and whether the episode has ended."""
        raise NotImplementedError


class Poles(Task):
    """CartPole of Gymnasium, of which some numbers are seen."""

    most = 500

    def __init__(self, columns: tuple[int, ...]) -> None:
        self.columns = list(columns)
        self.cart_pole = gymnasium.make("CartPole-v1").unwrapped

    def start(self) -> None:
        self.row, _ = self.cart_pole.reset(seed=int(self.rng.integers(2**31)))

    def seen(self) -> Any:
        return self.row[self.columns]

    def act(self, action: int) -> tuple[float, bool]:
        self.row, gain, ended, _, _ = self.cart_pole.step(action)
        return float(gain), bool(ended)


class Symbols(Task):
    """One of four symbols in each step; the answer is that of some steps ago, or the
    first (POPGym)."""

    def __init__(self, most: int, ago: int | None) -> None:
        self.most = most
        self.ago = ago

    def start(self) -> None:
        self.symbols = self.rng.integers(4, size=self.most + 1)

    def seen(self) -> Any:
        return np.eye(4)[self.symbols[self.time]]

    def act(self, action: int) -> tuple[float, bool]:
        ago = self.time if self.ago is None else self.ago
        if self.time < ago:
            return 0.0, False
        right = action == self.symbols[self.time - ago]
        answers = self.most - (self.ago or 0)
        return (1.0 if right else -1.0) / answers, self.time + 1 == self.most


class Arms(Task):
    """Two arms, one of which pays nine times of ten and the other one once; another one
    in each episode."""

    most = 20

    def start(self) -> None:
        self.better = int(self.rng.integers(2))
        self.latest = [0.0, 0.0, 0.0]

    def seen(self) -> Any:
        return self.latest

    def act(self, action: int) -> tuple[float, bool]:
        paid = float(self.rng.random() < (0.9 if action == self.better else 0.1))
        self.latest = [float(action == 0), float(action == 1), paid]
        return paid, self.time + 1 == self.most


class Catch(Task):
    """A ball falls through nine rows of five columns; a paddle below moves to catch it
    (bsuite)."""

    most = 9

    def start(self) -> None:
        self.ball = int(self.rng.integers(5))
        self.paddle = 2

    def seen(self) -> Any:
        row = np.zeros(15)
        row[self.ball] = row[5 + self.paddle] = 1.0
        row[10] = self.time / self.most
        return row[:11]

    def act(self, action: int) -> tuple[float, bool]:
        self.paddle = min(4, max(0, self.paddle + action - 1))
        ended = self.time + 1 == self.most
        caught = 1.0 if self.ball == self.paddle else -1.0
        return caught if ended else 0.0, ended


class Contexts(Task):
    """Twenty steps, each with one of four contexts whose action pays."""

    most = 20

    def start(self) -> None:
        self.context = int(self.rng.integers(4))

    def seen(self) -> Any:
        return np.eye(4)[self.context]

    def act(self, action: int) -> tuple[float, bool]:
        gain = float(action == self.context)
        self.context = int(self.rng.integers(4))
        return gain, self.time + 1 == self.most


class Room(Task):
    """Walk from any of 25 places to a corner; each step costs 0.05, and the corner pays
    1."""

    most = 50

    def start(self) -> None:
        self.x, self.y = (int(number) for number in divmod(self.rng.integers(24), 5))

    def seen(self) -> Any:
        return [self.x / 4, self.y / 4]

    def act(self, action: int) -> tuple[float, bool]:
        forward = 1 if action % 2 else -1
        if action < 2:
            self.x = min(4, max(0, self.x + forward))
        else:
            self.y = min(4, max(0, self.y + forward))
        ended = self.x == self.y == 4
        return (1.0 if ended else 0.0) - 0.05, ended


class Maze(Task):
    """A T-maze: a sign at the start says which way pays 4 at the end of the corridor;
    the other costs 0.1."""

    def __init__(self, corridor: int) -> None:
        self.most = corridor + 1

    def start(self) -> None:
        self.sign = int(self.rng.integers(2))

    def seen(self) -> Any:
        at_start = self.time == 0
        return [
            float(at_start) * (2 * self.sign - 1),
            float(self.time + 1 >= self.most),
        ]

    def act(self, action: int) -> tuple[float, bool]:
        if self.time + 1 < self.most:
            return 0.0, False
        return (4.0 if action == self.sign else -0.1), True


class Numbered(Task):
    """An environment of Gymnasium as it is; numbers of places become columns."""

    def __init__(self, name: str, places: int, **options: Any) -> None:
        self.environment = gymnasium.make(name, **options)
        self.places = places

    def reset(self, seed: Any = None) -> tuple[Any, dict[str, Any]]:
        row, _ = self.environment.reset(seed=seed)
        return self.columns(row), {}

    def step(self, action: int) -> Observed:
        row, gain, ended, truncated, _ = self.environment.step(int(action))
        return self.columns(row), float(gain), bool(ended), bool(truncated), {}

    def columns(self, row: Any) -> Any:
        """The observation, or the column of its number."""
        return np.eye(self.places)[row] if self.places else row


# By task: the environment, inputs, actions, steps, and the mean returns of guessing and
# of the best.
Row = tuple[Callable[[], Any], int, int, int, float, float]
CHOSEN_ON: dict[str, Row] = {
    "sign of 10 steps ago": (lambda: MemoryChain(10), 2, 2, 20_000, 0.0, 1.0),
    "CartPole without velocities": (lambda: Poles((0, 2)), 2, 2, 40_000, 22.0, 500.0),
    "repeat the fourth last": (lambda: Symbols(52, 4), 4, 4, 40_000, -0.5, 1.0),
    "two arms": (Arms, 3, 2, 20_000, 10.0, 17.0),
    "CartPole": (lambda: Poles((0, 1, 2, 3)), 4, 2, 30_000, 22.0, 500.0),
    "catch": (Catch, 11, 3, 20_000, -0.6, 1.0),
    "contexts": (Contexts, 4, 4, 10_000, 5.0, 20.0),
    "room": (Room, 2, 4, 20_000, -1.3, 0.8),
}
TESTED_ON: dict[str, Row] = {
    "T-maze of 20 steps": (lambda: Maze(20), 2, 2, 30_000, 1.95, 4.0),
    "repeat the first": (lambda: Symbols(20, None), 4, 4, 30_000, -0.5, 1.0),
    "Acrobot": (lambda: Numbered("Acrobot-v1", 0), 6, 3, 30_000, -500.0, -80.0),
    "frozen lake": (
        lambda: Numbered("FrozenLake-v1", 16, is_slippery=False),
        16,
        4,
        20_000,
        0.015,
        1.0,
    ),
}
STEPS: dict[str, dict[str, Any]] = {
    "bounds 2 and 3": {"bound": 2.0, "policy_bound": 3.0},
    "bounds / 3": {"bound": 2 / 3, "policy_bound": 1.0},
    "bounds / 10": {"bound": 0.2, "policy_bound": 0.3},
    "rate 0.03": {"bound": None, "policy_bound": None, "rate": 0.03},
    "rate 0.01": {"bound": None, "policy_bound": None, "rate": 0.01},
    "rate 0.03, bounds / 10": {"bound": 0.2, "policy_bound": 0.3, "rate": 0.03},
    "rate 0.03, bounds / 3": {"bound": 2 / 3, "policy_bound": 1.0, "rate": 0.03},
    "rate 0.1, bounds / 10": {"bound": 0.2, "policy_bound": 0.3, "rate": 0.1},
}
AGENTS = "Q-learning", "actor-critic"
SHORT = {"Q-learning": "Q", "actor-critic": "AC"}


def network(inputs: int, outputs: int, last: str, seed: int) -> Any:
    """A GRU for even seeds and an LSTM for odd ones, by their defaults, with exact
    slopes."""
    architecture = architect.LSTM if seed % 2 else architect.GRU
    net = architecture(inputs, CELLS, outputs, output_squash=last, seed=seed)
    net.rule = "rtrl"
    return net


def trial(steps: str, task: str, agent: str, seed: int) -> tuple[float, float]:
    """The mean return of the episodes in the last fifth of a run, and its processor
    time."""
    make, inputs, actions, most, _, _ = (CHOSEN_ON | TESTED_ON)[task]
    options = dict(STEPS[steps])
    learner: Any
    if agent == "Q-learning":
        options.pop("policy_bound")
        learner = reward.QLearning(
            network(inputs, actions, "identity", seed), seed=seed, **options
        )
    else:
        policy = network(inputs, actions, "softmax", seed)
        value = network(inputs, 1, "identity", seed + 1_000)
        learner = reward.ActorCritic(policy, value, seed=seed, **options)
    begin = time.process_time()
    result = reward.run(learner, make(), steps=most, seed=seed, progress=False)
    seconds = time.process_time() - begin
    late = result.lengths.cumsum() > 0.8 * most
    returns = result.returns[late]
    return (float(returns.mean()) if len(returns) else float("nan")), seconds


def scored(task: str, value: float) -> float:
    """A mean return as a share of the way from guessing, 0, to the best, 1; at least
    0."""
    *_, guess, best = (CHOSEN_ON | TESTED_ON)[task]
    return min(1.0, max(0.0, (value - guess) / (best - guess)))


def run(tasks: dict[str, Row], rows: list[str], seeds: int) -> None:
    """Run the trials that are missing, seed by seed, and store each one."""
    results = (
        json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    )
    for seed in range(seeds):
        for task in tasks:
            for agent in AGENTS:
                for steps in rows:
                    key = f"{steps}, {task}, {agent}, {seed}"
                    if key not in results:
                        value, seconds = trial(steps, task, agent, seed)
                        results[key] = [round(value, 4), round(seconds, 2)]
                        _files.write(RESULTS, json.dumps(results, indent=0))


def report(tasks: dict[str, Row], results: dict[str, list[float]]) -> str:
    """Mean returns by task and agent for every rule, and the mean share of the way to
    the best."""
    columns = [(task, agent) for agent in AGENTS for task in tasks]
    lines = []
    for steps in STEPS:
        seeds = [
            seed for seed in range(10) if _is_complete(results, steps, columns, seed)
        ]
        if not seeds:
            continue
        values = np.array(
            [
                [
                    results[f"{steps}, {task}, {agent}, {seed}"][0]
                    for task, agent in columns
                ]
                for seed in seeds
            ]
        )
        shares = [
            float(
                np.mean(
                    [
                        scored(task, value)
                        for (task, _), value in zip(columns, row, strict=True)
                    ]
                )
            )
            for row in values
        ]
        middle = median_of(shares, 0.95)
        share = f"{middle.value:.2f} ({middle.low:.2f} to {middle.high:.2f})"
        lines.append(
            [steps, len(seeds), share, *(f"{mean:.3g}" for mean in values.mean(axis=0))]
        )
    heads = [f"{task}, {SHORT[agent]}" for task, agent in columns]
    return table(["steps", "seeds", "share of the best", *heads], lines)


def _is_complete(
    results: dict[str, list[float]],
    steps: str,
    columns: list[tuple[str, str]],
    seed: int,
) -> bool:
    """Whether a seed has been run on all tasks."""
    return all(
        f"{steps}, {task}, {agent}, {seed}" in results for task, agent in columns
    )


def main() -> None:
    """Run what is missing of a part, or write the tables of the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("part", choices=["choose", "test", "report"])
    options.add_argument("--seeds", type=int, default=10)
    options.add_argument("--rows", nargs="*", metavar="RULE", help="only these")
    chosen = options.parse_args()
    if chosen.part == "report":
        results = json.loads(RESULTS.read_text(encoding="utf-8"))
        for name, tasks in (("steps-chosen", CHOSEN_ON), ("steps-tested", TESTED_ON)):
            text = report(tasks, results)
            print(text)
            fill(name, text, HERE / "reward.md")
        return
    tasks = CHOSEN_ON if chosen.part == "choose" else TESTED_ON
    run(tasks, chosen.rows or list(STEPS), chosen.seeds)


if __name__ == "__main__":
    main()
