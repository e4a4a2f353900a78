"""Runs of agents in environments: results, checkpoints, Ctrl-C, and environments with
faults."""

import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import architect
import synapse
from synapse import reward
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    ExecutorError,
    FormatError,
    MissingExtraError,
)
from tests.helpers.cases import Cases

from .test_agents import Walk, gaussian, perceptron


def agents():
    yield reward.QLearning(perceptron(2, 0), explore=0.1, seed=3)
    gru = architect.GRU(5, 4, 2, output_squash="identity", seed=0)
    gru.rule = "rtrl"
    yield reward.QLearning(gru, seed=3)
    yield reward.ActorCritic(perceptron(2, 0, "softmax"), perceptron(1, 1), seed=3)


class Chance(Walk):
    """A walk whose first place depends on the seed."""

    def reset(self, seed=None):
        super().reset()
        self.place = int(np.random.default_rng(seed).integers(4))
        return self.seen(), {}


def numbers(agent):
    networks = [(net.weights.tolist(), net.biases.tolist()) for net in agent._networks]
    return (
        networks,
        agent._rng.bit_generator.state,
        agent.normalize and agent.model.scale._as_json(),
        agent._returns._as_json(),
        agent.steps,
    )


class Keyboard(Chance):
    """Something that happens in a step, such as Ctrl-C."""

    def __init__(self, at, press):
        self.at = at
        self.press = press
        self.count = 0

    def step(self, action):
        self.count += 1
        if self.count == self.at:
            self.press()
        return super().step(action)


def interrupt():
    raise KeyboardInterrupt


def kill():
    os.kill(os.getpid(), signal.SIGINT)


def broken():
    raise ZeroDivisionError


def ran(agent, environment=None, **options):
    """A run of 200 steps in an environment of one seed."""
    options = {"steps": 200, "seed": 5, "progress": False} | options
    return reward.run(agent, environment or Chance(), **options)


IN_STEPS = [1, 2, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50]


@pytest.mark.parametrize(
    ("press", "at"),
    [
        (broken, 77),
        (interrupt, 6),
        *(
            pytest.param(press, at, marks=pytest.mark.full)
            for press, at in product((interrupt, kill), IN_STEPS)
        ),
    ],
)
def test_a_run_that_breaks_in_any_step_resumes_with_the_same_bits(press, at, tmp_path):
    """By Ctrl-C, which returns what was reached, or an error of the environment."""
    whole, parts, other = (next(agents()) for _ in range(3))
    options = {"checkpoint": tmp_path / "agent.npz"}
    if press is broken:
        with pytest.raises(ZeroDivisionError):
            ran(parts, Keyboard(at, press), **options)
    else:
        outputs = ran(parts, Keyboard(at, press), **options)
        assert (outputs.stop_reason, outputs.steps) == ("interrupted", at - 1)
        assert f"{len(outputs.returns)} episodes, {at - 1} step" in repr(outputs)
    outputs = ran(other, **options, resume=True)
    assert outputs.returns.tolist() == ran(whole).returns.tolist()
    assert numbers(other) == numbers(whole)


def test_an_episode_that_cannot_be_repeated_begins_anew_with_what_was_learned(tmp_path):
    class Other(Chance):
        def seen(self):
            return super().seen() + 1.0

    options = {"checkpoint": tmp_path / "agent.npz"}
    other = next(agents())
    before = ran(next(agents()), steps=101, **options).returns.tolist()
    outputs = ran(other, Other(), steps=130, resume=True, **options)
    assert outputs.returns[: len(before)].tolist() == before
    assert outputs.steps == other.steps == 130


def test_a_finished_run_stays_as_it_is_and_no_steps_do_nothing(tmp_path):
    path = tmp_path / "agent.npz"
    agent = next(agents())
    done = ran(agent, steps=195, checkpoint=path)
    before = path.read_bytes()
    for steps in (0, 195, 100):
        other = next(agents())
        outputs = ran(other, steps=steps, checkpoint=path, resume=True)
        assert (outputs.returns.tolist(), outputs.steps) == (done.returns.tolist(), 195)
        assert numbers(other) == numbers(agent)
        assert path.read_bytes() == before
    untouched = next(agents())
    outputs = ran(untouched, steps=0, learn=False)
    assert (len(outputs.returns), outputs.steps, outputs.stop_reason) == (0, 0, "steps")
    assert numbers(untouched) == numbers(next(agents()))
    with pytest.raises(ArgumentError, match=r"synapse\.load"):
        ran(untouched, learn=False, checkpoint=path, resume=True)


def test_a_network_that_cannot_be_saved_is_refused_before_the_first_step(tmp_path):
    agent = next(agents())
    agent.network.output[0].project(synapse.Layer(1)[0])
    with pytest.raises(synapse.errors.TopologyError):
        ran(agent, steps=9, checkpoint=tmp_path / "agent.npz")
    assert agent.steps == 0


@pytest.mark.full
@pytest.mark.parametrize("index", range(3))
def test_evaluations_beside_a_run_change_no_bit_of_it(index, tmp_path):
    plain, agent = (list(agents())[index] for _ in range(2))
    wanted = ran(plain, steps=400)
    options = {"checkpoint": tmp_path / "agent.npz", "test_environment": Chance()}
    options |= {"test_every": 100, "test_episodes": 4}
    outputs = ran(agent, steps=400, **options)
    assert outputs.returns.tolist() == wanted.returns.tolist()
    assert numbers(agent) == numbers(plain)
    assert outputs.test_steps.tolist() == [100, 200, 300, 400]
    assert outputs.test_returns.shape == (4, 4)
    again = ran(agent, steps=800, **options, resume=True)
    assert again.test_steps.tolist() == [100 * i for i in range(1, 9)]
    assert again.test_returns[:4].tolist() == outputs.test_returns.tolist()


@pytest.mark.full
def test_a_killed_run_continues_from_its_checkpoint(tmp_path):
    program = f"""
import os, sys
from tests.reward.test_episodes import *
agent = next(agents())
count = iter(range(99))
def callback(agent, total, length):
    if next(count) == 5:
        os._exit(9)
reward._episodes.MIN_CHECKPOINT_SECONDS = 0.0
reward._episodes.MAX_CHECKPOINT_FRACTION = 1e9
path = {str(tmp_path / "a")!r}
options = dict(progress=False, callback=callback, checkpoint=path)
reward.run(agent, Chance(), steps=600, seed=5, **options)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
    whole, other = (next(agents()) for _ in range(2))
    assert ran(whole, steps=600).steps == 600
    ran(other, steps=600, checkpoint=tmp_path / "a", resume=True)
    assert numbers(other) == numbers(whole)


def test_a_run_that_does_not_learn_changes_no_weight():
    agent = next(agents())
    before = numbers(agent)
    assert ran(agent, Walk(), steps=90, learn=False).steps == 90
    assert numbers(agent) == before


class World:
    """An environment with spaces, of numbers and choices as those of Gymnasium, that
    shows a first observation and then another."""

    def __init__(self, seen, then, actions, **observations):
        self.observation_space = SimpleNamespace(**observations)
        self.action_space = SimpleNamespace(**actions)
        self.seen = seen
        self.then = then
        self.taken = []

    def reset(self, seed=None):
        return self.seen, {}

    def step(self, action):
        self.taken.append(action)
        return self.then, 1.0, False, False, {}


def test_spaces_make_numbers_of_observations_and_bound_actions():
    def world(actions):
        return World(5, np.int64(1), actions, n=5, start=1)

    box = {"low": np.full((1, 2), -0.1), "high": np.full((1, 2), 0.1)}
    policy = gaussian(5, actions=2)
    continuous = world(box)
    actor = reward.ActorCritic(policy, perceptron(1, 0), seed=0)
    ran(actor, continuous, steps=20)
    assert {action.shape for action in continuous.taken} == {(1, 2)}
    assert max(abs(action).max() for action in continuous.taken) == 0.1
    discrete = world({"n": 2, "start": 7})
    ran(reward.QLearning(perceptron(2, 0), explore=0.5, seed=0), discrete, steps=20)
    assert set(discrete.taken) == {7, 8}
    softmax = reward.ActorCritic(perceptron(3, 0, "softmax"), perceptron(1, 0))
    for agent, actions in (
        (next(agents()), {"n": 3}),
        (next(agents()), box),
        (actor, {"n": 2}),
        (softmax, {"n": 2}),
    ):
        with pytest.raises(
            ArgumentError, match=r"Expected a .* of \d actions, as .* has outputs"
        ):
            ran(agent, world(actions), steps=20)


def test_several_whole_numbers_are_columns_and_combinations():
    def world(actions, seen=(1, 7)):
        shape = {"nvec": np.array([2, 3]), "start": np.array([0, 5]), "shape": (2,)}
        return World(np.array(seen), np.array([0, 5]), actions, **shape)

    def learner(outputs, explore=1.0):
        return reward.QLearning(
            perceptron(outputs, 0), explore=explore, normalize=False, seed=0
        )

    binary = {"n": 2, "shape": (2,)}
    multi = {"nvec": np.array([3, 2]), "start": np.array([1, 0]), "shape": (2,)}
    for actions, values in ((multi, ((1, 2, 3), (0, 1))), (binary, ((0, 1), (0, 1)))):
        every = {*product(*values)}
        agent = learner(len(every))
        environment = world(actions)
        ran(agent, environment, steps=200)
        assert {tuple(action) for action in environment.taken} == every
        assert agent.network.input.activations.tolist() == [1.0, 0.0, 1.0, 0.0, 0.0]
    with pytest.raises(ArgumentError, match="6 combinations"):
        ran(agent, world(multi), steps=5)
    for seen in ((1, 8), (1,), (1, 0.5), (1, 4)):
        with pytest.raises((ArgumentError, ArgumentTypeError), match="observation"):
            ran(agent, world(binary, seen), steps=5)
    # MultiBinary: numbers as they are
    row = np.array([0, 1, 0, 1, 1])
    ran(agent, World(row[::-1], row, {"n": 4, "start": 0}, n=5, shape=(5,)), steps=3)
    assert agent.network.input.activations.tolist() == row.tolist()


def test_faults_of_an_environment_are_named(tmp_path):
    class Broken(Walk):
        def __init__(self, answer):
            self.answer = answer

        def step(self, action):
            return self.answer or broken()

    row = np.zeros(5)
    for answer, error, sentence in (
        ((row, np.nan, False, False, {}), ArgumentError, "reward"),
        ((row * np.nan, 0.0, False, False, {}), ArgumentError, "observation"),
        ((row[1:], 0.0, False, False, {}), ArgumentError, "5 numbers"),
        (
            ({"eye": row}, 0.0, False, False, {}),
            ArgumentTypeError,
            "FlattenObservation",
        ),
        ((row, 0.0, False), ArgumentTypeError, "tuple of 5"),
    ):
        with pytest.raises(error, match=sentence):
            ran(next(agents()), Broken(answer))
    with pytest.raises(ZeroDivisionError) as raised:
        ran(next(agents()), Broken(None))
    notes = raised.value.__notes__
    assert notes == ["The environment raised this in step 0 of episode 0."]
    with pytest.raises(ArgumentTypeError, match="reset and step"):
        ran(next(agents()), "CartPole")
    with pytest.raises(ArgumentTypeError, match=r"synapse\.reward"):
        ran(perceptron(2, 0))


def test_options_that_do_not_fit_are_refused(tmp_path):
    same = Chance()
    for wrong, says in (
        ({"steps": -1}, None),
        ({"seed": -1}, None),
        ({"resume": True}, None),
        ({"learn": False, "checkpoint": "agent.npz"}, None),
        ({"test_every": 9}, None),
        ({"test_environment": Chance()}, None),
        ({"test_every": 0, "test_environment": Chance()}, None),
        ({"test_every": 5, "test_environment": same}, "of its own"),
    ):
        with pytest.raises(ArgumentError, match=says):
            ran(next(agents()), same, **wrong)
    options = {"steps": 30, "checkpoint": tmp_path / "agent.npz"}
    ran(next(agents()), Walk(), seed=None, callback=lambda *_: True, **options)
    for agent, seed in ((list(agents())[2], 0), (next(agents()), 1)):
        with pytest.raises(FormatError, match="not a checkpoint of this agent"):
            ran(agent, Walk(), seed=seed, resume=True, **options)


@pytest.mark.full
def test_agents_run_in_environments_of_their_own():
    made = []

    class Counted(Chance):
        closed = 0

        def __init__(self):
            made.append(self)

        def close(self):
            self.closed += 1

    options = {"steps": 300, "test_every": 100, "test_episodes": 3}
    runs = reward.run_many(list(agents()), Counted, seed=5, **options)
    assert [environment.closed for environment in made] == [1] * 6
    rng = np.random.default_rng(5).spawn(3)
    for agent, seed, result in zip(agents(), rng, runs, strict=True):
        wanted = ran(agent, seed=seed, test_environment=Counted(), **options)
        assert result.returns.tolist() == wanted.returns.tolist()
        assert result.test_returns.tolist() == wanted.test_returns.tolist()
    assert runs[0].returns.tolist() != runs[1].returns.tolist()
    # Ctrl-C ends all of them
    both = [next(agents()), next(agents())]
    stopped = reward.run_many(both, lambda: Keyboard(4, interrupt), steps=20)
    assert [result.stop_reason for result in stopped] == ["interrupted"]
    agent = next(agents())
    for several, make, words in (
        ([agent, agent], Chance, "got two with the same network"),
        ([agent, 3], Chance, "`agents` must be a list of agents"),
        (agent, Chance, "`agents` must be a list of agents"),
        ([agent], Chance(), r"`make_environment` must be a function of \(\)"),
        ([agent], lambda: 3, "`environment` must be an object with reset and step"),
    ):
        with pytest.raises((ArgumentError, ArgumentTypeError), match=words):
            reward.run_many(several, make, steps=5)
    assert agent.steps == 0


def slower(agent, total, length):
    """A callback that changes a setting of the agent."""
    agent.update = reward.ObGD(0.01)
    return len(agent.model.network) == 0


@pytest.mark.full
@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_agents_on_an_executor_have_the_bits_of_those_here(pool):
    """Also in what they do next, and in what callbacks have set."""
    options = {"steps": 300, "seed": 5, "test_every": 100, "test_episodes": 2}
    run_many = partial(
        reward.run_many, make_environment=Chance, **options, callback=slower
    )
    here, there = list(agents()), list(agents())
    wanted = run_many(here)
    with pool(2) as executor:
        runs = run_many(there, executor=executor)
    for a, b, expected, result in zip(here, there, wanted, runs, strict=True):
        assert result.returns.tolist() == expected.returns.tolist()
        assert result.test_returns.tolist() == expected.test_returns.tolist()
        assert result.stop_reason == "steps"
        assert numbers(a) == numbers(b)
        assert a.update == b.update == reward.ObGD(0.01)
        for agent in (a, b):
            ran(agent, steps=50)
        assert numbers(a) == numbers(b)


def test_ctrl_c_ends_the_episodes_of_agents_in_threads():
    """One environment presses: a second Ctrl-C would end the waiting for the first."""
    several = list(agents())
    environments = iter([Keyboard(300, kill), *(Chance() for _ in several[1:])])
    with ThreadPoolExecutor(2) as threads:
        runs = reward.run_many(
            several, lambda: next(environments), steps=10**9, executor=threads
        )
    assert [result.stop_reason for result in runs] == ["interrupted"] * len(runs)
    assert 2 <= len(runs) <= 3
    assert [agent.steps for agent in several[: len(runs)]] == [
        result.steps for result in runs
    ]


def test_what_an_executor_cannot_run_is_one_sentence():
    agent = next(agents())
    with ProcessPoolExecutor(1) as pool:  # none of these calls starts a process
        for executor, words in (
            (3, "`executor` must be"),
            (pool, "cannot send the run .*lambda"),
        ):
            with pytest.raises(ArgumentTypeError, match=words):
                reward.run_many(
                    [agent], lambda: Keyboard(1, kill), steps=5, executor=executor
                )
    with pytest.raises(ExecutorError, match="failed in one of 1 run .*Make a new"):
        reward.run_many([agent], Chance, steps=5, executor=pool)
    assert agent.steps == 0


def test_a_run_is_a_table_of_its_episodes_or_of_those_of_its_tests(monkeypatch):
    """The error names the extra with pandas."""
    pytest.importorskip("pandas")
    tested = {"test_every": 100, "test_environment": Chance(), "test_episodes": 3}
    result = ran(next(agents()), steps=250, **tested)
    tests = result.to_pandas(tests=True)
    assert tests.to_dict("list") == {
        "step": [100] * 3 + [200] * 3,
        "episode": [0, 1, 2] * 2,
        "return": result.test_returns.ravel().tolist(),
    }
    assert len(result.to_pandas()) == len(result.returns)
    assert len(ran(next(agents()), steps=9).to_pandas(tests=True)) == 0
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(
        MissingExtraError, match=r"pandas \(extra 'stats'\).*clone of .*\[stats\]"
    ):
        result.to_pandas()


def test_an_agent_shows_its_networks_its_steps_and_what_is_not_default():
    q_learning, _, actor_critic = agents()
    assert re.fullmatch(
        r"<QLearning of <Perceptron .*>: 0 steps, explore=0\.1>", repr(q_learning)
    )
    ran(actor_critic, steps=7)
    text = r"<ActorCritic of <Perceptron .*> and <Perceptron .*>: 7 steps>"
    assert re.fullmatch(text, repr(actor_critic))
    actor_critic.update = 0.5
    assert ": 7 steps, update=ObGD(rate=0.5, bound=None" in repr(actor_critic)


@pytest.mark.peers
def test_spaces_of_gymnasium_are_encoded_and_vector_environments_are_advised():
    gymnasium = pytest.importorskip("gymnasium")
    spaces = gymnasium.spaces
    multi = spaces.MultiDiscrete([2, 3], start=[1, -1])
    seen = {5: multi, 4: spaces.MultiBinary(4), 3: spaces.Discrete(3, start=2)}
    done = {
        6: multi,
        8: spaces.MultiBinary(3),
        4: spaces.MultiDiscrete([[2, 1], [1, 2]]),
        3: spaces.Discrete(3, start=5, dtype=np.int32),
    }
    for (inputs, observations), (count, actions) in product(seen.items(), done.items()):
        policy = architect.Perceptron(inputs, count, output_squash="softmax", seed=0)
        value = architect.Perceptron(inputs, 1, squash="identity", seed=1)
        acted(reward.ActorCritic(policy, value, seed=0), actions, True, observations)

    def learner():
        return reward.QLearning(
            architect.Perceptron(4, 2, squash="identity", seed=0), seed=0
        )

    make = partial(gymnasium.make, "CartPole-v1")
    for mode in gymnasium.vector.AutoresetMode:
        several = gymnasium.vector.SyncVectorEnv([make] * 3, autoreset_mode=mode)
        with pytest.raises(
            ArgumentTypeError,
            match=r"one environment.*reward\.run_many\(.* for seed in range\(3\)\]",
        ):
            ran(learner(), several)
    # an environment that begins its next episode by itself has the same episodes
    lengths = [
        ran(learner(), environment, steps=100, seed=1).lengths.tolist()
        for environment in (make(), gymnasium.wrappers.Autoreset(make()))
    ]
    assert lengths[0] == lengths[1] != []


class Doing:
    """An environment that counts actions outside its space."""

    def __init__(self, space, observations):
        self.action_space = space
        self.observation_space = observations
        self.rng = np.random.default_rng(0)
        self.steps, self.wrong = 0, []

    def seen(self):
        space = self.observation_space
        return space.sample() if space else self.rng.random(2)

    def reset(self, seed=None):
        return self.seen(), {}

    def step(self, action):
        self.steps += 1
        if not self.action_space.contains(action):
            self.wrong.append(action)
        return self.seen(), 1.0, self.steps % 10 == 0, False, {}


def linear(outputs):
    return architect.Perceptron(2, 3, outputs, output_squash="identity", seed=1)


def actor(count, discrete, factor=1.0):
    """An actor whose actions are about as large as the factor."""
    if discrete:
        policy = architect.Perceptron(2, 3, count, output_squash="softmax", seed=0)
    else:
        policy = gaussian(2, 3, actions=count)
        policy.weights = factor * policy.weights
    return reward.ActorCritic(policy, linear(1), seed=0)


@pytest.mark.peers
@pytest.mark.filterwarnings("error")
def test_actions_are_in_their_space():
    spaces = pytest.importorskip("gymnasium").spaces
    kinds = (np.float16, np.float32, np.float64, np.int8, np.int32, np.int64, np.uint8)
    boxes = [
        spaces.Box(low, high, shape, dtype)
        for dtype in kinds
        for low, high in ((0, 1), (3, 100))
        for shape in ((2,), (1, 2), (2, 1))
    ]
    boxes += [
        *(spaces.Box(-np.inf, np.inf, (2,), kind) for kind in kinds[:3]),
        spaces.Box(np.float32(-0.1), np.float32(0.3), (), np.float32),
        spaces.Box(np.float32([-1, 0]), np.float32([0, np.inf]), dtype=np.float32),
        spaces.Box(-(2**63), 2**63 - 1, (2,), np.int64),
    ]
    choices = [
        *(spaces.Discrete(4), spaces.Discrete(4, start=-2)),
        spaces.MultiDiscrete([2, 2]),
        spaces.MultiDiscrete([2, 2], dtype=np.int32),
        spaces.MultiDiscrete([[2], [2]], start=[[1], [-1]]),
        *(spaces.MultiBinary(2), spaces.MultiBinary((1, 2))),
    ]
    refused = spaces.Dict({"a": choices[0]}), spaces.Tuple(choices[:2])
    with Cases() as case:
        for space, factor, learn in product(boxes, (1.0, 1e3, 1e30), (True, False)):
            with case(space, space.dtype, factor, learn):
                agent = actor(int(np.prod(space.shape)), False, factor)
                acted(agent, space, learn)
        for space, learn in product(choices, (True, False)):
            for agent in (actor(4, True), reward.QLearning(linear(4), seed=0)):
                with case(space, type(agent).__name__, learn):
                    acted(agent, space, learn)
        for space in (*refused, spaces.Text(3), spaces.Sequence(choices[0])):
            for agent in (actor(2, False), actor(4, True)):
                with (
                    case(space),
                    pytest.raises(ArgumentError, match=r"space of \d acti"),
                ):
                    ran(agent, Doing(space, None))


def acted(agent, space, learn, observations=None):
    environment = Doing(space, observations)
    ran(agent, environment, steps=30, seed=0, learn=learn)
    assert environment.steps == 30
    assert not environment.wrong


@pytest.mark.peers
def test_agents_act_in_environments_of_gymnasium():
    gymnasium = pytest.importorskip("gymnasium")
    agent = reward.ActorCritic(
        architect.Perceptron(4, 16, 2, squash="tanh", output_squash="softmax", seed=0),
        architect.Perceptron(4, 16, 1, squash="tanh", output_squash="identity", seed=1),
        seed=0,
    )
    returns = ran(agent, gymnasium.make("CartPole-v1"), steps=15_000, seed=0).returns
    assert returns[-50:].mean() > 2 * returns[:50].mean()
    # observations are numbers of places
    lake = gymnasium.make("FrozenLake-v1", is_slippery=False)
    net = architect.Perceptron(16, 4, squash="identity", initializer="zeros", seed=0)
    agent = reward.QLearning(
        net, explore=lambda step: max(0.05, 1 - step / 10_000), normalize=False, seed=0
    )
    assert ran(agent, lake, steps=20_000, seed=0).returns[-100:].mean() > 0.5
    value = architect.Perceptron(3, 8, 1, output_squash="identity")
    agent = reward.ActorCritic(gaussian(3, 8, actions=1), value, seed=0)
    lengths = ran(agent, gymnasium.make("Pendulum-v1"), steps=600).lengths
    assert lengths.tolist() == [200] * 3


def test_the_line_for_tensorboard_in_the_documentation_writes_every_return():
    page = Path(__file__).parents[2] / "docs" / "reward.md"
    line = re.search(
        r"For TensorBoard, one line is enough: `callback=(.+?)`, with",
        page.read_text(encoding="utf-8"),
    )[1]
    written = []
    writer = SimpleNamespace(
        add_scalar=lambda tag, value, step: written.append((value, step))
    )
    callback = eval(line, {"writer": writer})  # the page is ours
    run = ran(next(agents()), steps=60, callback=callback)
    steps = np.cumsum(run.lengths).tolist()
    assert written == [*zip(run.returns.tolist(), steps, strict=True)] != []


@pytest.mark.full
@pytest.mark.parametrize("agent_index", range(3))
def test_a_run_that_is_resumed_has_the_bits_of_one_that_was_not_broken_off(
    agent_index, tmp_path
):
    whole, parts, other = (list(agents())[agent_index] for _ in range(3))
    wanted = ran(whole, steps=2000)
    options = {"steps": 2000, "checkpoint": tmp_path / "agent.npz"}
    stop = iter([0] * 9 + [1])
    ran(parts, callback=lambda *_: next(stop), **options)
    outputs = ran(other, **options, resume=True)
    assert outputs.returns.tolist() == wanted.returns.tolist()
    assert outputs.lengths.tolist() == wanted.lengths.tolist()
    assert numbers(other) == numbers(whole)
    assert len(outputs.to_pandas()) == len(outputs.returns)
