"""Which update agents should take: one rule, chosen on eight tasks, tested on four.

    python -m studies reward_updates choose --seeds 10  # runs what is missing
    python -m studies reward_updates test --seeds 10    # tasks not used to choose
    python -m studies reward_updates pendulum           # continuous actions
    python -m studies reward_updates copies             # what agents have learned
    python -m studies reward_updates report             # writes the tables of reward.md

Every trial is stored as it ends, so a study can be stopped and continued with the same
command."""

from __future__ import annotations

import argparse
import importlib
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
RESULTS = HERE / "reward_updates.json"
CONTROL = HERE / "reward_pendulum.json"
COPIED = HERE / "reward_copies.json"
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


def twice(update: Any) -> tuple[Any, Any]:
    """The same update for the value and the policy."""
    return update, update


# By name: the updates of the value and of the policy, and neurons of a perceptron,
# whose hidden layers have weights with this deviation (None: the architecture's).
Rule = tuple[tuple[Any, Any], tuple[int, ...], float | None]
BOTH = (32, 32)
SHORT_STEPS = reward.ObGD(0.03, bound=0.3)
RULES: dict[str, Rule] = {
    "ObGD": ((reward.ObGD(), reward.ObGD(bound=3.0)), BOTH, None),
    "ObGD / 10": ((reward.ObGD(0.03, bound=0.2), SHORT_STEPS), BOTH, None),
    "Intentional, ObGD": (
        (reward.Intentional(0.25), reward.ObGD(bound=3.0)),
        BOTH,
        None,
    ),
    "Intentional, ObGD / 10": ((reward.Intentional(0.25), SHORT_STEPS), BOTH, None),
    "Intentional 0.5, ObGD / 10": ((reward.Intentional(0.5), SHORT_STEPS), BOTH, None),
    "Intentional 0.1, ObGD / 10": ((reward.Intentional(0.1), SHORT_STEPS), BOTH, None),
    "Adaptive 0.003": (twice(reward.Adaptive(0.003)), BOTH, None),
    "Implicit 0.1": (twice(reward.Implicit(0.1)), BOTH, None),
    "Intentional, ObGD / 10, spread": (
        (reward.Intentional(0.25), SHORT_STEPS),
        (64,),
        3.0,
    ),
}
AGENTS = "Q-learning", "actor-critic"
SHORT = {"Q-learning": "Q", "actor-critic": "AC"}
WITHOUT_MEMORY = "CartPole", "catch", "contexts", "room", "Acrobot", "frozen lake"


def network(task: str, outputs: int, last: str, seed: int, rule: str) -> Any:
    """A perceptron; for a task that needs memory a GRU, or an LSTM for odd seeds, by
    their defaults, with exact slopes."""
    inputs = (CHOSEN_ON | TESTED_ON)[task][1]
    _, hidden, deviation = RULES[rule]
    options: dict[str, Any] = {"output_squash": last, "seed": seed}
    if task in WITHOUT_MEMORY:
        net: Any = architect.Perceptron(
            inputs, *hidden, outputs, squash="tanh", **options
        )
        return net if deviation is None else spread(net, deviation, seed)
    net = (architect.LSTM if seed % 2 else architect.GRU)(
        inputs, CELLS, outputs, **options
    )
    net.rule = "rtrl"
    return net


def spread(net: Any, deviation: float, seed: int) -> Any:
    """Draw weights and biases of the hidden layers with this deviation; those of the
    outputs are 0."""
    rng = np.random.default_rng(seed)
    size = dict.fromkeys(net.output, 0.0)
    hidden = {neuron for layer in net.hidden for neuron in layer}
    size |= dict.fromkeys(hidden, deviation)
    draws = rng.normal(size=len(net.connections))
    net.weights = draws * [size[link.target] for link in net.connections]
    net.biases = rng.normal(size=len(net)) * [size.get(neuron, 0.0) for neuron in net]
    return net


def trial(rule: str, task: str, agent: str, seed: int) -> tuple[float, float]:
    """The mean return of the episodes in the last fifth of a run, and its processor
    time."""
    make, _, actions, most, _, _ = (CHOSEN_ON | TESTED_ON)[task]
    (update, policy_update), *_ = RULES[rule]
    learner: Any
    if agent == "Q-learning":
        net = network(task, actions, "identity", seed, rule)
        learner = reward.QLearning(net, update=update, seed=seed)
    else:
        policy = network(task, actions, "softmax", seed, rule)
        value = network(task, 1, "identity", seed + 1_000, rule)
        updates = {"update": update, "policy_update": policy_update}
        learner = reward.ActorCritic(policy, value, seed=seed, **updates)
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


def made_of(rule: str, task: str, agent: str, seed: int) -> str:
    """What a trial depends on: rules that differ in the policy, or in perceptrons only,
    share others."""
    (update, policy_update), hidden, deviation = RULES[rule]
    updates = (update,) if agent == "Q-learning" else (update, policy_update)
    net = (hidden, deviation) if task in WITHOUT_MEMORY else ()
    return repr((task, agent, seed, updates, net))


def run(tasks: dict[str, Row], rows: list[str], seeds: int) -> None:
    """Run the trials that are missing, seed by seed, and store each one."""
    results = (
        json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    )
    for seed in range(seeds):
        for task in tasks:
            for agent in AGENTS:
                keys = {rule: f"{rule}, {task}, {agent}, {seed}" for rule in RULES}
                done = {
                    made_of(rule, task, agent, seed): results[key]
                    for rule, key in keys.items()
                    if key in results
                }
                for rule in rows:
                    made = made_of(rule, task, agent, seed)
                    if made not in done:
                        value, seconds = trial(rule, task, agent, seed)
                        done[made] = [round(value, 4), round(seconds, 2)]
                    results[f"{rule}, {task}, {agent}, {seed}"] = done[made]
                    _files.write(RESULTS, json.dumps(results, indent=0))


def report(tasks: dict[str, Row], results: dict[str, list[float]]) -> str:
    """Mean returns by task and agent for every rule, and the mean share of the way to
    the best."""
    columns = [(task, agent) for agent in AGENTS for task in tasks]
    lines = []
    for steps in RULES:
        seeds = [
            seed for seed in range(20) if _is_complete(results, steps, columns, seed)
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
    return table(["update", "seeds", "share of the best", *heads], lines)


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


# --- continuous actions ---------------------------------------------------------------

FIFTHS = 5
NEURONS = 64
DEVIATION = 3.0
TILES = 10  # along each axis, of each of
TILINGS = 8
# by name: whether hidden weights are spread, whether the deviation of actions stays at
# 1, whether a linear network sees tiles, the discount, the steps and the seeds
Continuous = tuple[bool, bool, bool, float, int, int]
PENDULUM: dict[str, Continuous] = {
    "wide weights, deviation 1": (True, True, False, 0.97, 150_000, 5),
    "wide weights": (True, False, False, 0.97, 60_000, 2),
    "weights by default, deviation 1": (False, True, False, 0.97, 60_000, 2),
    "tiles, linear, deviation 1": (False, True, True, 0.97, 40_000, 2),
}


class Tiled:
    """Pendulum, whose angle and velocity are columns of shifted tiles, each 0 or 1."""

    def __init__(self, environment: Any) -> None:
        self.environment = environment
        self.action_space = environment.action_space

    def reset(self, seed: Any = None) -> tuple[Any, dict[str, Any]]:
        row, _ = self.environment.reset(seed=seed)
        return self.tiles(row), {}

    def step(self, action: Any) -> Observed:
        row, gain, ended, truncated, _ = self.environment.step(action)
        return self.tiles(row), float(gain), ended, truncated, {}

    def tiles(self, row: Any) -> Any:
        """The columns of an observation, of which `TILINGS` are 1."""
        x, y, velocity = row
        around = TILES * (np.arctan2(y, x) / (2 * np.pi) + 0.5)
        along = (TILES - 1) * (velocity + 8.0) / 16.0
        columns = np.zeros((TILINGS, TILES, TILES))
        for k in range(TILINGS):
            i = int(around + k / TILINGS) % TILES
            j = min(TILES - 1, int(along + 3 * k % TILINGS / TILINGS))
            columns[k, i, j] = 1.0
        return columns.ravel()


def continuous(name: str, seed: int) -> tuple[list[float], float]:
    """Mean returns of the episodes in each fifth of a run in Pendulum, and its
    processor time."""
    is_spread, is_fixed, is_tiled, discount, steps, _ = PENDULUM[name]
    hidden = () if is_tiled else (NEURONS,)

    def made(outputs: int, seed: int) -> Any:
        inputs = TILINGS * TILES**2 if is_tiled else 3
        squashes = {"squash": "tanh", "output_squash": "identity"}
        net = architect.Perceptron(inputs, *hidden, outputs, **squashes, seed=seed)
        return spread(net, DEVIATION, seed) if is_spread or is_tiled else net

    policy, value = made(2, seed), made(1, 1_000 + seed)
    (deviation,) = policy.output[1:]
    deviation.squash = "softplus"
    if is_fixed:
        deviation.bias, deviation.trainable_bias = float(np.log(np.e - 1.0)), False
        for link in policy.connections:
            if link.target is deviation:
                link.weight, link.trainable = 0.0, False
    environment: Any = gymnasium.make("Pendulum-v1")
    agent = reward.ActorCritic(
        policy, value, discount=discount, normalize=not is_tiled, seed=seed
    )
    begin = time.process_time()
    result = reward.run(
        agent,
        Tiled(environment) if is_tiled else environment,
        steps=steps,
        seed=seed,
        progress=False,
    )
    seconds = time.process_time() - begin
    parts = np.array_split(result.returns, FIFTHS)
    return [float(part.mean().round(1)) for part in parts], seconds


# by name: the algorithm of Stable-Baselines3, how many environments, the arguments of
# RL Baselines3 Zoo, the steps and the seeds
PEERS: dict[str, tuple[str, int, dict[str, Any], int, int]] = {
    "PPO of Stable-Baselines3": (
        "PPO",
        4,
        {
            "learning_rate": 1e-3,
            "n_steps": 1_024,
            "gamma": 0.9,
            "use_sde": True,
            "sde_sample_freq": 4,
        },
        100_000,
        2,
    ),
    "SAC of Stable-Baselines3": ("SAC", 1, {"learning_rate": 1e-3}, 20_000, 2),
}


def peer(name: str, seed: int) -> tuple[list[float], float]:
    """The same numbers of a peer with a network of its own, in one thread (pip install
    stable-baselines3)."""
    algorithm, environments, options, steps, _ = PEERS[name]
    peers: Any = importlib.import_module("stable_baselines3")
    helpers: Any = importlib.import_module("stable_baselines3.common.env_util")
    importlib.import_module("torch").set_num_threads(1)
    made = helpers.make_vec_env("Pendulum-v1", n_envs=environments, seed=seed)
    model = getattr(peers, algorithm)("MlpPolicy", made, seed=seed, **options)
    begin = time.process_time()
    model.learn(steps)
    seconds = time.process_time() - begin
    # episodes of the environments in the order in which they end
    returns = np.ravel(made.env_method("get_episode_rewards"), order="F")
    parts = np.array_split(returns, FIFTHS)
    return [float(part.mean().round(1)) for part in parts], seconds


def run_continuous() -> None:
    """Run the trials of Pendulum that are missing."""
    results = json.loads(CONTROL.read_text("utf-8")) if CONTROL.exists() else {}
    for name, (*_, seeds) in (PENDULUM | PEERS).items():
        for seed in range(seeds):
            if (key := f"{name}, {seed}") not in results:
                trial = continuous if name in PENDULUM else peer
                returns, seconds = trial(name, seed)
                results[key] = [returns, round(seconds, 2)]
                _files.write(CONTROL, json.dumps(results, indent=0))


def stored_of(results: dict[str, Any], name: str, seeds: int) -> list[Any]:
    """The trials of a row that have been run."""
    keys = [f"{name}, {seed}" for seed in range(seeds)]
    return [results[key] for key in keys if key in results]


def report_continuous() -> str:
    """Mean returns of each fifth of the steps, with the lowest and highest of the
    last."""
    results = json.loads(CONTROL.read_text("utf-8"))
    lines = []
    for name, (*_, steps, seeds) in (PENDULUM | PEERS).items():
        stored = stored_of(results, name, seeds)
        if not stored:
            continue
        returns = np.array([values for values, _ in stored])
        *first, last = (f"{mean:.0f}" for mean in returns.mean(axis=0))
        ends = f"{last} ({returns[:, -1].min():.0f} to {returns[:, -1].max():.0f})"
        seconds = np.mean([time for _, time in stored])
        lines.append([name, len(stored), f"{steps:,}", *first, ends, f"{seconds:.0f}"])
    heads = [f"fifth {i + 1}" for i in range(FIFTHS)]
    return table(["agent", "seeds", "steps", *heads, "seconds"], lines)


# --- copies of agents that have learned -----------------------------------------------

EPISODES = 100
SOLVED = 0.95  # of the way from guessing to the best


def of_memory(kind: Any, cells: int, inputs: int, actions: int) -> Any:
    """What makes Q(λ) with a network that has memory, both by their defaults."""

    def made(seed: int) -> Any:
        net = kind(inputs, cells, actions, output_squash="identity", seed=seed)
        net.rule = "rtrl"
        return reward.QLearning(net, seed=seed)

    return made


def of_perceptrons(agent: Any, inputs: int, actions: int) -> Any:
    """What makes an agent with one or two perceptrons, by its defaults."""

    def made(seed: int) -> Any:
        options = {"squash": "tanh", "output_squash": "identity"}
        seeds = [seed] if agent is reward.QLearning else [seed, 1_000 + seed]
        nets = [
            architect.Perceptron(inputs, *BOTH, actions, **options, seed=each)
            for each in seeds
        ]
        return agent(*nets, seed=seed)

    return made


# by name: the environment, what makes the agent of a seed, the steps and the seeds, and
# the mean returns of guessing and of the best
Copied = tuple[Callable[[], Any], Any, int, int, float, float]
REMEMBERED = {
    "cue over 20 steps": (lambda: MemoryChain(20), 8, 2, 2, 20_000, 0.0, 1.0),
    "T-maze of 40 steps": (lambda: Maze(40), 16, 2, 2, 30_000, 1.95, 4.0),
    "repeat the first of 20": (lambda: Symbols(20, None), 16, 4, 4, 30_000, -0.5, 1.0),
}
SEEN = {
    "CartPole": (lambda: gymnasium.make("CartPole-v1"), 4, 2, 50_000, 22.0, 500.0),
    "catch": (Catch, 11, 3, 20_000, -0.6, 1.0),
}
COPIES: dict[str, Copied] = {
    f"{task}, {kind.__name__} of {cells}": (
        *(make, of_memory(kind, cells, *sizes), steps, 5),
        *(guess, best),
    )
    for task, (make, cells, *sizes, steps, guess, best) in REMEMBERED.items()
    for kind in (architect.GRU, architect.LSTM)
} | {
    f"{task}, {agent.__name__}": (
        *(make, of_perceptrons(agent, *sizes), steps),
        *(10 if agent is reward.QLearning else 5, guess, best),
    )
    for task, (make, *sizes, steps, guess, best) in SEEN.items()
    for agent in (reward.QLearning, reward.QRC)
}


def copied(name: str, seed: int) -> list[float]:
    """The mean return of a copy that neither learns nor explores, and the processor
    time of all."""
    make, made, steps, *_ = COPIES[name]
    begin = time.process_time()
    result = reward.run(
        made(seed),
        make(),
        steps=steps,
        seed=seed,
        test_every=steps,
        test_episodes=EPISODES,
        test_environment=make(),
        progress=False,
    )
    seconds = time.process_time() - begin
    return [float(result.test_returns.mean().round(4)), round(seconds, 2)]


def run_copies() -> None:
    """Run the trials of copies that are missing."""
    results = json.loads(COPIED.read_text("utf-8")) if COPIED.exists() else {}
    for name, (*_, seeds, _, _) in COPIES.items():
        for seed in range(seeds):
            if (key := f"{name}, {seed}") not in results:
                results[key] = copied(name, seed)
                _files.write(COPIED, json.dumps(results, indent=0))


def report_copies() -> str:
    """The median return of copies, the lowest and highest seed, and how many seeds have
    solved the task."""
    results = json.loads(COPIED.read_text("utf-8"))
    lines = []
    for name, (_, _, steps, seeds, guess, best) in COPIES.items():
        stored = stored_of(results, name, seeds)
        returns, seconds = np.array(stored).T
        solved = int((returns >= guess + SOLVED * (best - guess)).sum())
        middle = f"{np.median(returns):.3g}"
        ends = f"{middle} ({returns.min():.3g} to {returns.max():.3g})"
        taken = f"{seconds.mean():.0f}"
        lines.append([name, f"{steps:,}", ends, f"{solved} of {len(stored)}", taken])
    return table(["task and network", "steps", "return", "solved", "seconds"], lines)


OTHERS = {
    "pendulum": (run_continuous, report_continuous),
    "copies": (run_copies, report_copies),
}


def main() -> None:
    """Run what is missing of a part, or write the tables of the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("part", choices=["choose", "test", *OTHERS, "report"])
    options.add_argument("--seeds", type=int, default=10)
    options.add_argument("--rows", nargs="*", metavar="RULE", help="only these")
    chosen = options.parse_args()
    if chosen.part == "report":
        results = json.loads(RESULTS.read_text(encoding="utf-8"))
        for name, tasks in (
            ("updates-chosen", CHOSEN_ON),
            ("updates-tested", TESTED_ON),
        ):
            text = report(tasks, results)
            print(text)
            fill(name, text, HERE / "reward.md")
        for name, (_, report_of) in OTHERS.items():
            text = report_of()
            print(text)
            fill(f"updates-{name}", text, HERE / "reward.md")
        return
    if chosen.part in OTHERS:
        OTHERS[chosen.part][0]()
        return
    tasks = CHOSEN_ON if chosen.part == "choose" else TESTED_ON
    run(tasks, chosen.rows or list(RULES), chosen.seeds)


if __name__ == "__main__":
    main()
