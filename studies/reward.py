"""Learning from reward: chains that need memory, traces of patterns, and control.

    python -m studies reward chain  # what is missing; also lengths, patterns, control,
                                    # popgym
    python -m studies reward report         # writes the tables of reward.md

Every trial is stored as it ends, so a study can be stopped and continued with the same
command."""

from __future__ import annotations

import argparse
import importlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

import architect
import synapse
from synapse import Layer, Network, reward
from synapse._initializer import random_generator
from synapse.experiments._estimate import median_of
from synapse.initializers import sparse

from . import _invariants
from ._counters import NotProvedError
from ._many_seeds import Row, fill, filled, table

HERE = Path(__file__).resolve().parent
SPAN = 1, 10_000
PAPER = {"update": reward.ObGD()}
POLICY = reward.ObGD(bound=3.0)
"""The updates of Elsayed, Vasan and Mahmood (2024)."""
RULES = {
    "exact": "rtrl",
    "order 1": ("rtrl", 1),
    "order 2": ("rtrl", 2),
    "online": "online",
    "one step": "rtrl",
}


def recurrent(
    architecture: str,
    sizes: tuple[int, int, int],
    rule: str,
    span: Any,
    seed: int,
    last: str = "identity",
) -> Network:
    """An LSTM, a GRU, or an LSTM of more cells that do not read each other, with as
    many weights."""
    inputs, cells, outputs = sizes
    options = {
        "output_squash": last,
        "initializer": "fan_in",
        "span": span,
        "seed": seed,
    }
    if architecture == "diagonal":
        weights = 4 * cells * (inputs + cells) + cells * outputs
        net: Network = architect.LSTM(
            inputs, weights // (4 * inputs + 4 + outputs), outputs, **options
        )
        unit = {neuron: i for layer in net.hidden for i, neuron in enumerate(layer)}
        for connection in net.connections:
            source = connection.source
            target = connection.target
            if source in unit and target in unit and unit[source] != unit[target]:
                source.disconnect(target)
    else:
        net = getattr(architect, architecture)(*sizes, **options)
    net.rule = RULES[rule]
    return net


def truncated(agent: Any) -> Any:
    """The class of agents whose slopes end at the present step: what a cell has come
    from is a constant."""

    class Truncated(agent):  # type: ignore[misc]
        def _observe(self, row: Any) -> Any:
            if self.network._rtrl.plan is not None:
                self.network._rtrl.plan.clear()
            return super()._observe(row)

    return Truncated


def by_any_rule(agent: Any) -> Any:
    """The class of agents that also take a network with memory by the online rule, to
    show what it loses."""

    class Unchecked(agent):  # type: ignore[misc]
        def _read_networks(self) -> None:
            self._read_outputs()

    return Unchecked


def learner(agent: Any, rule: str) -> Any:
    """The class of agents that learns by one of the `RULES`."""
    made = {"one step": truncated, "online": by_any_rule}.get(rule)
    return agent if made is None else made(agent)


# --- memory chains --------------------------------------------------------------------

LENGTHS = 2, 8, 32, 128
EPISODES = 1_500
WINDOW = 200
GOAL = 0.92
CELLS = 8


class MemoryChain:
    """A sign at the first step decides which of two actions is right at the last
    step.

    The memory length task of bsuite (Osband and others 2020). With `noise`, a third
    number of every observation is a random sign that means nothing."""

    def __init__(self, length: int, noise: bool = False) -> None:
        self.length = length
        self.noise = noise

    def reset(self, seed: Any = None) -> tuple[list[float], dict[str, Any]]:
        self.rng = random_generator(seed)
        self.time = 0
        self.sign = self._drawn()
        return self._seen(), {}

    def _drawn(self) -> int:
        return 1 if self.rng.random() < 0.5 else -1

    def _seen(self) -> list[float]:
        seen = [self.sign if self.time == 0 else 0.0, self.time / self.length]
        return [*seen, self._drawn()] if self.noise else seen

    def step(
        self, action: int
    ) -> tuple[list[float], float, bool, bool, dict[str, Any]]:
        self.time += 1
        ended = self.time == self.length
        gain = 0.0
        if ended:
            gain = 1.0 if 2 * action - 1 == self.sign else -1.0
        return self._seen(), gain, ended, False, {}


@dataclass(frozen=True)
class Chain:
    """A row of the table of memory chains."""

    kind: str
    rule: str
    spans: bool = True
    noise: bool = False
    lengths: tuple[int, ...] = LENGTHS
    discount: float = 0.99
    steps: int = 500_000


CHAINS = {
    "LSTM, exact": Chain("LSTM", "exact"),
    "GRU, exact": Chain("GRU", "exact"),
    "LSTM, exact, without spans": Chain("LSTM", "exact", spans=False),
    "LSTM, truncated to one step": Chain("LSTM", "one step"),
    "element-wise LSTM, exact": Chain("diagonal", "exact"),
    "LSTM, exact, distractor": Chain("LSTM", "exact", noise=True),
    "LSTM, order 1": Chain("LSTM", "order 1"),
    "LSTM, online rule": Chain("LSTM", "online"),
    "GRU, exact, without spans": Chain("GRU", "exact", spans=False),
    "element-wise LSTM, exact, without spans": Chain("diagonal", "exact", spans=False),
    "GRU, order 1": Chain("GRU", "order 1"),
    "GRU, online rule": Chain("GRU", "online"),
    "GRU, truncated to one step": Chain("GRU", "one step"),
    "element-wise LSTM, exact, distractor": Chain("diagonal", "exact", noise=True),
    "LSTM, exact, 512 alone": Chain("LSTM", "exact", lengths=(512,)),
    **{
        f"{name}, exact, discount 0": Chain(
            kind, "exact", lengths=(512, 1024, 2048), discount=0.0, steps=3_000_000
        )
        for name, kind in (
            ("LSTM", "LSTM"),
            ("element-wise LSTM", "diagonal"),
            ("GRU", "GRU"),
        )
    },
}


def climb(name: str, seed: int) -> Row:
    """The lengths that a seed solves, each with a new network, up to the first that it
    does not solve."""
    row = CHAINS[name]
    solved = []
    for length in row.lengths:
        net = recurrent(
            row.kind,
            (2 + row.noise, CELLS, 2),
            row.rule,
            SPAN if row.spans else None,
            seed,
        )
        options = {"discount": row.discount, "scale_rewards": False, "seed": seed}
        agent = learner(reward.QLearning, row.rule)(net, **options, **PAPER)
        right: list[bool] = []

        def enough(
            agent: Any, total: float, length: int, right: list[bool] = right
        ) -> bool:
            right.append(total > 0)
            return len(right) >= WINDOW and np.mean(right[-WINDOW:]) >= GOAL

        begin = time.process_time()
        most = min(row.steps, EPISODES * length)
        result = reward.run(
            agent,
            MemoryChain(length, row.noise),
            steps=most,
            seed=seed,
            callback=enough,
            progress=False,
        )
        if result.stop_reason != "callback":
            break
        solved.append([length, len(right), round(time.process_time() - begin, 2)])
    return {
        "seed": seed,
        "weights": sum(connection.trainable for connection in net.connections),
        "solved": solved,
    }


# --- corridors of every length --------------------------------------------------------

SHORT = range(2, 17)
LONG_LENGTHS = 128, 2_048, 20_000
CORRIDOR_STEPS = 30_000
PART, MOST_PARTS = 5_000, 20
"""Steps before each proof, and how often it is tried."""
EXAMPLE = "LSTM", 1
"""The row and the seed whose network is stored."""
EXAMPLE_PATH = HERE / "papers" / "lengths" / "LSTM.json"
TASKS_OF_CUES = tuple(
    _invariants.Task([2.0 * cue - 1.0, 0.0], [0.0, 0.0], [0.0, 1.0], cue)
    for cue in (0, 1)
)


class Corridor:
    """A cue, blank rows, and a question, which only the action of the cue answers.

    The number of rows is drawn from `SHORT` in each episode. No row tells how long the
    corridor is."""

    def reset(self, seed: Any = None) -> tuple[list[float], dict[str, Any]]:
        rng = random_generator(seed)
        self.task = TASKS_OF_CUES[int(rng.integers(2))]
        self.rows = corridor(self.task, int(rng.choice(SHORT)))
        return self.rows.pop(0), {}

    def step(
        self, action: int
    ) -> tuple[list[float], float, bool, bool, dict[str, Any]]:
        if self.rows:
            return self.rows.pop(0), 0.0, False, False, {}
        gain = 1.0 if action == self.task.answer else -1.0
        return [0.0, 0.0], gain, True, False, {}


def corridor(task: _invariants.Task, length: int) -> list[Any]:
    """The rows of a corridor."""
    return [task.cue, *[task.blank] * (length - 2), task.question]


def self_exciting(seed: int) -> Network:
    """Tanh cells, of which each reads its own activation of the step before and no
    other cell."""
    rng = np.random.default_rng(seed)
    inputs, output = Layer(2), Layer(2, "identity")
    cells = Layer(CELLS, "tanh")
    inputs.project(cells, initializer="fan_in", seed=rng)
    cells.project(cells, "one_to_one", delay=1, weights=rng.uniform(1.0, 1.5, CELLS))
    cells.project(output, initializer="fan_in", seed=rng)
    return Network(inputs, [cells], output)


def linear_cells(seed: int) -> Network:
    """Linear cells, of which each multiplies its state by a factor between 0 and 1 in
    each step, below a perceptron.

    The factors are logistic functions of trainable biases, which begin with spans of 1
    to 30 steps."""
    rng = np.random.default_rng(seed)
    inputs, output = Layer(2), Layer(2, "identity")
    factors, cells = Layer(CELLS, "logistic"), Layer(CELLS)
    cells.squash = "identity"
    hidden = Layer(CELLS, "tanh")
    factors.biases = np.log(rng.uniform(1.0, 30.0, CELLS))
    factors.gate(cells.project(cells), "input")
    for source, target in (
        (inputs, cells),
        (inputs, hidden),
        (cells, hidden),
        (hidden, output),
    ):
        source.project(target, initializer="fan_in", seed=rng)
    return Network(inputs, [factors, cells, hidden], output)


def by_architect(name: str, **options: Any) -> Callable[[int], Network]:
    """A function from a seed to a network of an architecture with 8 cells."""
    return lambda seed: getattr(architect, name)(
        2, CELLS, 2, output_squash="identity", seed=seed, **options
    )


LINEAR = {
    "style": "synaptic",
    "cell_squash": "identity",
    "peepholes": None,
    "forget_gate_bias": 3.0,
}
# By row: how a network is made, whether the agent standardises observations, and
# whether it learns until its answers are proved.
LENGTH_ROWS: dict[str, tuple[Callable[[int], Network], bool, bool]] = {
    "LSTM": (by_architect("LSTM"), False, False),
    "GRU, wider weights": (by_architect("GRU", initializer="fan_in"), False, False),
    "Elman, tanh": (by_architect("Elman", squash="tanh"), False, False),
    "self-exciting tanh cells": (self_exciting, True, False),
    "linear cells": (linear_cells, False, False),
    "gated linear cells": (by_architect("LSTM", **LINEAR), False, False),
    "LSTM, until it is proved": (by_architect("LSTM"), False, True),
    "GRU, wider weights, until it is proved": (
        by_architect("GRU", initializer="fan_in"),
        False,
        True,
    ),
    "Elman, tanh, until it is proved": (
        by_architect("Elman", squash="tanh"),
        False,
        True,
    ),
    "self-exciting tanh cells, until it is proved": (self_exciting, True, True),
    "linear cells, until it is proved": (linear_cells, False, True),
    "LSTM, standardised observations": (by_architect("LSTM"), True, False),
    "GRU": (by_architect("GRU"), False, False),
}


def answers(net: Network, length: int) -> bool:
    """Whether the best action is right in corridors of a length, for both cues."""
    for task in TASKS_OF_CUES:
        net.clear()
        values = net.run(corridor(task, length), traces=False)[-1]
        if not values[task.answer] > values[1 - task.answer]:
            return False
    return True


def proved(net: Network) -> list[int]:
    """For each cue, the blank rows until the memory is in a box that it never leaves;
    none, if that cannot be proved."""
    if not all(answers(net, length) for length in LONG_LENGTHS):
        return []  # found sooner than a proof fails
    try:
        return [_invariants.remembered(net, task).enters for task in TASKS_OF_CUES]
    except NotProvedError:
        return []


def every_length(name: str, seed: int) -> Row:
    """Which lengths an agent answers after learning by reward in short corridors, and
    what is proved about all lengths."""
    make, normalize, until_proved = LENGTH_ROWS[name]
    network = make(seed)
    network.rule = "rtrl"
    agent = reward.QLearning(network, normalize=normalize, seed=seed)
    parts = MOST_PARTS if until_proved else 1
    learning = checking = 0.0
    for part in range(parts):
        begin = time.process_time()
        steps = PART if until_proved else CORRIDOR_STEPS
        reward.run(
            agent, Corridor(), steps=steps, seed=seed + 1_000 * part, progress=False
        )
        learned = time.process_time()
        net = agent.model.whole()
        enters = proved(net)
        learning += learned - begin
        checking += time.process_time() - learned
        if enters:
            break
    if (name, seed) == EXAMPLE:
        synapse.save(net, EXAMPLE_PATH)
    return {
        "seed": seed,
        "steps": agent.steps,
        "short": sum(answers(net, length) for length in SHORT),
        "right": [length for length in LONG_LENGTHS if answers(net, length)],
        "enters": enters,
        "apart": float(f"{_invariants.apart(net, TASKS_OF_CUES):.3g}"),
        "learning": round(learning, 2),
        "checking": round(checking, 2),
    }


# --- patterns and what they predict ---------------------------------------------------

DISCOUNT = 0.9
TRACE = 0.99
DISTRACTORS = 5


def patterns(steps: int, rng: np.random.Generator) -> tuple[Any, Any, Any]:
    """A stream of trace patterning (Javed and others 2023): observations, rewards, and
    the true returns.

    A trial shows three of six stimuli for one step. After ten of the twenty patterns,
    drawn once, a reward follows 24 to 36 steps later. The next trial begins 80 to 120
    steps after that time. Each distractor is on in one of ten steps."""
    rows = np.zeros((steps, 6 + 1 + DISTRACTORS))
    gains = np.zeros(steps)
    rows[:, 7:] = rng.random((steps, DISTRACTORS)) < 0.1
    triples = np.array(list(combinations(range(6), 3)))
    pays = np.isin(np.arange(20), rng.permutation(20)[:10])
    time = int(rng.integers(80, 121))
    while time + 36 < steps:
        pattern = int(rng.integers(20))
        rows[time, triples[pattern]] = 1.0
        time += int(rng.integers(24, 37))
        rows[time, 6] = gains[time] = float(pays[pattern])
        time += int(rng.integers(80, 121))
    returns = np.zeros(steps)
    ahead = 0.0
    for t in reversed(range(steps)):
        returns[t] = ahead
        ahead = gains[t] + DISCOUNT * ahead
    return rows, gains, returns


PATTERNS = {
    "GRU, exact": ("GRU", "exact"),
    "GRU, order 2": ("GRU", "order 2"),
    "GRU, order 1": ("GRU", "order 1"),
    "GRU, online rule": ("GRU", "online"),
    "LSTM, exact": ("LSTM", "exact"),
    "element-wise LSTM, exact": ("diagonal", "exact"),
    "GRU, truncated to one step": ("GRU", "one step"),
}
LONG = 1_000_000
PARTS = 10


def predict(name: str, seed: int) -> Row:
    """The squared errors of the predictions, over the variance of the returns, in parts
    of a stream."""
    architecture, rule = PATTERNS[name]
    rows, gains, returns = patterns(LONG, np.random.default_rng(seed))
    net = recurrent(architecture, (rows.shape[1], CELLS, 1), rule, None, seed)
    begin = time.process_time()
    agent = learner(reward.TD, rule)(net, discount=DISCOUNT, trace_decay=TRACE, **PAPER)
    if rule == "one step":
        values = np.array(
            [agent.begin(rows[0]), *map(agent.learn, gains[1:], rows[1:])]
        )
    else:
        values = agent.run(rows, gains)
    seconds = time.process_time() - begin
    errors = ((values - returns) ** 2).reshape(PARTS, -1).mean(axis=1) / returns.var()
    weights = sum(connection.trainable for connection in net.connections)
    return {
        "seed": seed,
        "weights": weights,
        "errors": errors.round(4).tolist(),
        "seconds": round(seconds, 1),
    }


# --- control --------------------------------------------------------------------------

FIFTHS = 5
ALL_STEPS = 50_000
WITHOUT = {
    "the whole set": {},
    "no bound, rate 0.01": {"update": 0.01},
    "no sparse initialisation": {"initializer": "fan_in"},
    "no normalisation": {"normalize": False},
    "no scale of rewards": {"scale_rewards": False},
    "no trace": {"trace_decay": 0.0},
}
PLAIN = {"update": 0.03}
FREE = {"policy_update": 0.03}
WEAK = {"update": reward.ObGD(bound=0.2), "policy_update": reward.ObGD(bound=0.3)}
CONTROL: dict[str, tuple[str, dict[str, Any]]] = {
    **{
        f"CartPole, {name}": ("CartPole-v1", options)
        for name, options in WITHOUT.items()
    },
    **{
        f"CartPole without velocities, {name}": (
            "no velocities",
            {"kind": kind, "rule": rule},
        )
        for name, kind, rule in (
            ("LSTM, exact", "LSTM", "exact"),
            ("LSTM, order 1", "LSTM", "order 1"),
            ("no memory", "", ""),
        )
    },
    "CartPole without velocities, LSTM, exact, no bound, rate 0.03": (
        "no velocities",
        {"kind": "LSTM", "rule": "exact"} | PLAIN,
    ),
    **{
        f"CartPole without velocities, actor and critic, {name}": (
            "no velocities",
            {"actor": True} | options,
        )
        for name, options in {
            "LSTM, exact": {"kind": "LSTM", "rule": "exact"},
            "LSTM, exact, bounds 0.2 and 0.3": {"kind": "LSTM", "rule": "exact"} | WEAK,
            "LSTM, exact, no bound, rate 0.03": (
                {"kind": "LSTM", "rule": "exact"} | PLAIN | FREE
            ),
            "LSTM, order 1, no bound, rate 0.03": (
                {"kind": "LSTM", "rule": "order 1"} | PLAIN | FREE
            ),
            "GRU, exact, no bound, rate 0.03": (
                {"kind": "GRU", "rule": "exact"} | PLAIN | FREE
            ),
            "no memory": {},
            "no memory, no bound, rate 0.003": dict.fromkeys(
                ("update", "policy_update"), 0.003
            ),
        }.items()
    },
    **{
        f"Acrobot, {name}": ("Acrobot-v1", options) for name, options in WITHOUT.items()
    },
    **{
        f"MountainCar, {name}": ("MountainCar-v0", options)
        for name, options in WITHOUT.items()
    },
}


def environment_of(task: str) -> Any:
    """An environment of Gymnasium, or CartPole without the velocities of its cart and
    pole."""
    if task == "no velocities":
        space = gymnasium.spaces.Box(-np.inf, np.inf, (2,))
        cart_pole = gymnasium.make("CartPole-v1")
        return gymnasium.wrappers.TransformObservation(
            cart_pole, lambda row: row[[0, 2]], space
        )
    return gymnasium.make(task)


def control(name: str, seed: int) -> Row:
    """The mean returns of the episodes that end in each fifth of the steps, by Q(λ) or
    an actor."""
    task, options = CONTROL[name]
    chosen = {
        "kind": "",
        "rule": "",
        "initializer": sparse(0.9),
        "actor": False,
        **PAPER,
    } | options
    architecture, rule, start, actor = (
        chosen.pop(key) for key in ("kind", "rule", "initializer", "actor")
    )
    environment = environment_of(task)
    inputs = gymnasium.spaces.flatdim(environment.observation_space)
    actions = environment.action_space.n

    def network(outputs: int, last: str, seed: int) -> Network:
        if architecture:
            return recurrent(
                architecture, (inputs, 16, outputs), rule, None, seed, last
            )
        squashes = {
            "squash": "tanh",
            "output_squash": last,
            "bias_initializer": "zeros",
        }
        return architect.Perceptron(
            inputs, 32, 32, outputs, **squashes, initializer=start, seed=seed
        )

    def explore(step: int) -> float:
        return max(0.01, 1.0 - step / 10_000)

    if actor:
        both = network(actions, "softmax", seed), network(1, "identity", 1_000 + seed)
        updates = {"policy_update": POLICY} | chosen
        agent: Any = reward.ActorCritic(*both, seed=seed, **updates)
    else:
        agent = reward.QLearning(
            network(actions, "identity", seed), explore=explore, seed=seed, **chosen
        )
    begin = time.process_time()
    result = reward.run(agent, environment, steps=ALL_STEPS, seed=seed, progress=False)
    seconds = time.process_time() - begin
    fifth = (result.lengths.cumsum() - 1) * FIFTHS // ALL_STEPS
    returns = [float(result.returns[fifth == i].mean().round(2)) for i in range(FIFTHS)]
    return {"seed": seed, "returns": returns, "seconds": round(seconds, 1)}


# --- tasks of POPGym, by copies that do not learn -------------------------------------

TASKS = {
    "RepeatFirst": "repeat_first",
    "Autoencode": "autoencode",
    "CountRecall": "count_recall",
}
POPGYM = {
    f"{task}, {name}": (task, kind)
    for task in TASKS
    for name, kind in (("LSTM, exact", "LSTM"), ("no memory", ""))
}
JUDGED = 100
"""Number of episodes of a copy."""


def popgym_of(task: str) -> Any:
    """An environment of POPGym (pip install --no-deps popgym)."""
    tasks = importlib.import_module(f"popgym.envs.{TASKS[task]}")
    return gymnasium.wrappers.FlattenObservation(getattr(tasks, f"{task}Easy")())


def popgym(name: str, seed: int) -> Row:
    """The mean return while an agent learns, in the last fifth of the steps, and that
    of a copy which neither learns nor explores, after them.

    What learns at every step can remember by its weights what an episode has shown, so
    only the copy says whether the network has a memory."""
    task, kind = POPGYM[name]
    environment, evaluation = popgym_of(task), popgym_of(task)
    inputs = gymnasium.spaces.flatdim(environment.observation_space)
    actions = environment.action_space.n
    if kind:
        net: Network = recurrent(kind, (inputs, 16, actions), "exact", None, seed)
    else:
        net = architect.Perceptron(
            inputs, 32, 32, actions, squash="tanh", output_squash="identity", seed=seed
        )
    agent = reward.QLearning(
        net, explore=lambda step: max(0.01, 1.0 - step / 10_000), seed=seed
    )
    result = reward.run(
        agent,
        environment,
        steps=ALL_STEPS,
        seed=seed,
        test_every=ALL_STEPS,
        test_environment=evaluation,
        test_episodes=JUDGED,
        progress=False,
    )
    late = result.lengths.cumsum() > ALL_STEPS * (FIFTHS - 1) // FIFTHS
    return {
        "seed": seed,
        "learning": round(float(result.returns[late].mean()), 3),
        "copy": round(float(result.test_returns[-1].mean()), 3),
    }


STUDIES: dict[str, tuple[dict[str, Any], Callable[[str, int], Row]]] = {
    "chain": (CHAINS, climb),
    "lengths": (LENGTH_ROWS, every_length),
    "patterns": (PATTERNS, predict),
    "control": (CONTROL, control),
    "popgym": (POPGYM, popgym),
}


# --- tables ---------------------------------------------------------------------------


def interval(values: Any, form: str) -> str:
    """A median with its interval by the bootstrap."""
    estimate = median_of(values.tolist(), 0.95)
    return f"{estimate.value:{form}} ({estimate.low:{form}} to {estimate.high:{form}})"


def chains(results: dict[str, list[Row]]) -> str:
    """How many seeds solve each length, and the median of the episodes that they
    take."""
    lengths = sorted({length for row in CHAINS.values() for length in row.lengths})
    lines = []
    for name, trials in results.items():
        cells = []
        for length in lengths:
            solved = [
                one for trial in trials for one in trial["solved"] if one[0] == length
            ]
            tried = length in CHAINS[name].lengths
            episodes = (
                f" ({np.median([one[1] for one in solved]):.0f})" if solved else ""
            )
            cells.append(f"{len(solved)} of {len(trials)}{episodes}" if tried else "")
        at_end = [
            one[2]
            for trial in trials
            for one in trial["solved"]
            if one[0] == CHAINS[name].lengths[-1]
        ]
        seconds = f"{np.median(at_end):.1f}" if at_end else "-"
        lines.append([name, trials[0]["weights"], *cells, seconds])
    return table(
        ["agent", "weights", *(f"length {length}" for length in lengths), "seconds"],
        lines,
    )


def lengths(results: dict[str, list[Row]]) -> str:
    """How many seeds are right at each length, and for how many that is proved for all
    lengths."""
    lines = []
    for name, trials in results.items():
        enters = [max(trial["enters"]) for trial in trials if trial["enters"]]
        rows = f"{np.median(enters):.0f} ({max(enters):,})" if enters else "-"
        steps, apart, learning, checking = (
            np.median([trial[part] for trial in trials])
            for part in ("steps", "apart", "learning", "checking")
        )
        lines.append(
            [
                name,
                len(trials),
                f"{steps:,.0f}",
                sum(trial["short"] == len(SHORT) for trial in trials),
                *(
                    sum(length in trial["right"] for trial in trials)
                    for length in LONG_LENGTHS
                ),
                len(enters),
                rows,
                f"{apart:.3g}",
                f"{learning:.1f} + {checking:.1f}",
            ]
        )
    heads = ["memory", "seeds", "steps", f"right at {SHORT[0]} to {SHORT[-1]}"]
    heads += [f"at {length:,}" for length in LONG_LENGTHS]
    return table([*heads, "at every length", "rows", "apart", "seconds"], lines)


def predictions(results: dict[str, list[Row]]) -> str:
    """Medians of the errors in some tenths of the stream, with intervals in the last
    one."""
    lines = []
    for name, trials in results.items():
        errors = np.array([trial["errors"] for trial in trials])
        cells = [f"{np.median(errors[:, stretch]):.2f}" for stretch in (0, 1, 4)]
        seconds = f"{np.median([trial['seconds'] for trial in trials]):.1f}"
        lines.append(
            [
                name,
                trials[0]["weights"],
                len(trials),
                *cells,
                interval(errors[:, -1], ".3f"),
                seconds,
            ]
        )
    stretches = (f"{100_000 * stretch:,}" for stretch in (1, 2, 5))
    return table(
        [
            "network",
            "weights",
            "seeds",
            *(f"to {stretch}" for stretch in stretches),
            "to 1,000,000",
            "seconds",
        ],
        lines,
    )


def returns(results: dict[str, list[Row]]) -> str:
    """Medians of the mean returns in each fifth of the steps, with intervals in the
    last one."""
    lines = []
    for name, trials in results.items():
        values = np.array([trial["returns"] for trial in trials])
        cells = [f"{median:.3g}" for median in np.median(values, axis=0)[:-1]]
        lines.append([name, len(trials), *cells, interval(values[:, -1], ".3g")])
    titles = (f"to {ALL_STEPS * fifth // FIFTHS:,}" for fifth in range(1, FIFTHS + 1))
    return table(["task and agent", "seeds", *titles], lines)


def copies(results: dict[str, list[Row]]) -> str:
    """Medians of the mean returns while an agent learns and of its copies, each with
    its interval."""
    lines = []
    for name, trials in results.items():
        cells = [
            interval(np.array([trial[part] for trial in trials]), ".2f")
            for part in ("learning", "copy")
        ]
        lines.append([name, len(trials), *cells])
    titles = "task and network", "seeds", "while it learns", "a copy that does not"
    return table(titles, lines)


REPORTS = {
    "chain": chains,
    "lengths": lengths,
    "patterns": predictions,
    "control": returns,
    "popgym": copies,
}


def main() -> None:
    """Run what is missing of a study, or write the tables of the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("study", choices=[*STUDIES, "report"])
    options.add_argument("--seeds", type=int, default=20)
    options.add_argument("--rows", nargs="*", metavar="ROW", help="only these")
    chosen = options.parse_args()
    if chosen.study != "report":
        rows, trial = STUDIES[chosen.study]
        filled(
            HERE / f"reward_{chosen.study}.json",
            chosen.rows or rows,
            chosen.seeds,
            trial,
        )
        return
    for name, report in REPORTS.items():
        results = json.loads((HERE / f"reward_{name}.json").read_text(encoding="utf-8"))
        known = {row: results[row] for row in STUDIES[name][0] if results.get(row)}
        fill(name, report(known), HERE / "reward.md")


if __name__ == "__main__":
    main()
