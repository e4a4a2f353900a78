"""Runs of agents in environments: results, checkpoints, Ctrl-C, and environments with
faults."""

import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
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
    """Ctrl-C, given by the environment or a signal, in a step."""

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


@pytest.mark.full
@pytest.mark.parametrize("press", [interrupt, kill])
@pytest.mark.parametrize("at", [1, 2, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50])
def test_ctrl_c_in_any_step_resumes_with_the_same_bits(press, at, tmp_path):
    whole, parts, other = (next(agents()) for _ in range(3))
    wanted = reward.run(whole, Chance(), steps=200, seed=5, progress=False)
    path = tmp_path / "agent.npz"
    options = {"steps": 200, "seed": 5, "progress": False, "checkpoint": path}
    outputs = reward.run(parts, Keyboard(at, press), **options)
    assert (outputs.stop_reason, outputs.steps) == ("interrupted", at - 1)
    outputs = reward.run(other, Chance(), **options, resume=True)
    assert outputs.returns.tolist() == wanted.returns.tolist()
    assert numbers(other) == numbers(whole)


def test_an_error_of_the_environment_loses_nothing(tmp_path):
    def broken():
        raise ZeroDivisionError

    path = tmp_path / "agent.npz"
    whole, parts, other = (next(agents()) for _ in range(3))
    options = {"steps": 200, "seed": 5, "progress": False, "checkpoint": path}
    with pytest.raises(ZeroDivisionError):
        reward.run(parts, Keyboard(77, broken), **options)
    wanted = reward.run(whole, Chance(), steps=200, seed=5, progress=False)
    assert (
        reward.run(other, Chance(), **options, resume=True).returns.tolist()
        == wanted.returns.tolist()
    )
    assert numbers(other) == numbers(whole)


def test_an_episode_that_cannot_be_repeated_begins_anew_with_what_was_learned(tmp_path):
    class Other(Chance):
        def seen(self):
            return super().seen() + 1.0

    path = tmp_path / "agent.npz"
    agent = next(agents())
    other = next(agents())
    broken_off = reward.run(
        agent, Chance(), steps=101, seed=5, progress=False, checkpoint=path
    )
    options = {"seed": 5, "progress": False, "checkpoint": path, "resume": True}
    outputs = reward.run(other, Other(), steps=130, **options)
    assert outputs.steps == 130
    assert (
        outputs.returns[: len(broken_off.returns)].tolist()
        == broken_off.returns.tolist()
    )
    assert other.steps == 130


def test_a_finished_run_stays_as_it_is_and_no_steps_do_nothing(tmp_path):
    path = tmp_path / "agent.npz"
    agent = next(agents())
    done = reward.run(
        agent, Chance(), steps=195, seed=5, progress=False, checkpoint=path
    )
    before = path.read_bytes()
    for steps in (0, 195, 100):
        other = next(agents())
        outputs = reward.run(
            other,
            Chance(),
            steps=steps,
            seed=5,
            progress=False,
            checkpoint=path,
            resume=True,
        )
        assert outputs.returns.tolist() == done.returns.tolist()
        assert outputs.steps == 195
        assert numbers(other) == numbers(agent)
        assert path.read_bytes() == before
    untouched = next(agents())
    outputs = reward.run(untouched, Chance(), steps=0, learn=False, progress=False)
    assert (len(outputs.returns), outputs.steps, outputs.stop_reason) == (0, 0, "steps")
    assert numbers(untouched) == numbers(next(agents()))
    with pytest.raises(ArgumentError, match=r"synapse\.load"):
        reward.run(
            untouched, Chance(), steps=9, learn=False, checkpoint=path, resume=True
        )


def test_a_network_that_cannot_be_saved_is_refused_before_the_first_step(tmp_path):
    agent = next(agents())
    agent.network.output[0].project(synapse.Layer(1)[0])
    with pytest.raises(synapse.errors.TopologyError):
        reward.run(
            agent, Chance(), steps=9, progress=False, checkpoint=tmp_path / "agent.npz"
        )
    assert agent.steps == 0


@pytest.mark.full
def test_evaluations_beside_a_run_change_no_bit_of_it(tmp_path):
    for index in range(3):
        plain, agent, other = (list(agents())[index] for _ in range(3))
        wanted = reward.run(plain, Chance(), steps=400, seed=5, progress=False)
        options = {
            "seed": 5,
            "progress": False,
            "checkpoint": tmp_path / f"agent{index}.npz",
        }
        options |= {"test_every": 100, "test_environment": Chance(), "test_episodes": 4}
        outputs = reward.run(agent, Chance(), steps=400, **options)
        assert outputs.returns.tolist() == wanted.returns.tolist()
        assert numbers(agent) == numbers(plain)
        assert outputs.test_steps.tolist() == [100, 200, 300, 400]
        assert outputs.test_returns.shape == (4, 4)
        again = reward.run(agent, Chance(), steps=800, **options, resume=True)
        assert again.test_steps.tolist() == [100 * i for i in range(1, 9)]
        assert again.test_returns[:4].tolist() == outputs.test_returns.tolist()
        del other
    for wrong in (
        {"test_every": 9},
        {"test_environment": Chance()},
        {"test_every": 0, "test_environment": Chance()},
    ):
        with pytest.raises(ArgumentError):
            reward.run(next(agents()), Chance(), steps=5, progress=False, **wrong)
    same = Chance()
    with pytest.raises(ArgumentError, match="of its own"):
        reward.run(
            next(agents()),
            same,
            steps=5,
            progress=False,
            test_every=5,
            test_environment=same,
        )


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
    whole = next(agents())
    other = next(agents())
    wanted = reward.run(whole, Chance(), steps=600, seed=5, progress=False)
    reward.run(
        other,
        Chance(),
        steps=600,
        seed=5,
        progress=False,
        checkpoint=tmp_path / "a",
        resume=True,
    )
    assert numbers(other) == numbers(whole)
    assert wanted.steps == 600


def test_ctrl_c_returns_what_was_reached():
    class Pressed(Walk):
        def step(self, action):
            if self.steps == 5:
                raise KeyboardInterrupt
            return super().step(0)

    outputs = reward.run(next(agents()), Pressed(), steps=100, progress=False)
    assert (outputs.stop_reason, outputs.steps, len(outputs.returns)) == (
        "interrupted",
        5,
        0,
    )
    assert "0 episodes, 5 steps" in repr(outputs)


def test_a_run_that_does_not_learn_changes_no_weight():
    agent = next(agents())
    before = numbers(agent)
    assert reward.run(agent, Walk(), steps=90, learn=False, progress=False).steps == 90
    assert numbers(agent) == before


class Space:
    """A space of five numbers or, as of Gymnasium, of actions within bounds."""

    def __init__(self, **attributes):
        vars(self).update(attributes)


def test_spaces_make_numbers_of_observations_and_bound_actions():
    class Spaces:
        observation_space = Space(n=5, start=1)

        def __init__(self, action_space):
            self.action_space = action_space
            self.taken = []

        def reset(self, seed=None):
            return 5, {}

        def step(self, action):
            self.taken.append(action)
            return np.int64(1), 0.0, False, False, {}

    box = Space(low=np.full((1, 2), -0.1), high=np.full((1, 2), 0.1))
    policy = gaussian(5, actions=2)
    continuous = Spaces(box)
    reward.run(
        reward.ActorCritic(policy, perceptron(1, 0), seed=0),
        continuous,
        steps=20,
        progress=False,
    )
    assert {action.shape for action in continuous.taken} == {(1, 2)}
    assert max(abs(action).max() for action in continuous.taken) == 0.1
    discrete = Spaces(Space(n=2, start=7))
    reward.run(
        reward.QLearning(perceptron(2, 0), explore=0.5, seed=0),
        discrete,
        steps=20,
        progress=False,
    )
    assert set(discrete.taken) == {7, 8}
    for agent, space in (
        (next(agents()), Space(n=3)),
        (next(agents()), box),
        (reward.ActorCritic(policy, perceptron(1, 0)), Space(n=2)),
        (reward.ActorCritic(perceptron(3, 0, "softmax"), perceptron(1, 0)), Space(n=2)),
    ):
        with pytest.raises(
            ArgumentError, match=r"Expected a .* of \d actions, as .* has outputs"
        ):
            reward.run(agent, Spaces(space), steps=20, progress=False)


def test_several_whole_numbers_are_columns_and_combinations():
    class Several:
        observation_space = Space(
            nvec=np.array([2, 3]), start=np.array([0, 5]), shape=(2,)
        )

        def __init__(self, action_space, seen=(1, 7)):
            self.action_space = action_space
            self.seen = seen
            self.taken = []

        def reset(self, seed=None):
            return np.array(self.seen), {}

        def step(self, action):
            self.taken.append(action)
            return np.array([0, 5]), 1.0, False, False, {}

    multi = Several(Space(nvec=np.array([3, 2]), start=np.array([1, 0]), shape=(2,)))
    agent = reward.QLearning(perceptron(6, 0), explore=1.0, normalize=False, seed=0)
    reward.run(agent, multi, steps=200, progress=False)
    assert {tuple(action) for action in multi.taken} == {
        (i, j) for i in (1, 2, 3) for j in (0, 1)
    }
    assert [neuron.activation for neuron in agent.network.input] == [
        1.0,
        0.0,
        1.0,
        0.0,
        0.0,
    ]
    binary = Several(Space(n=2, shape=(2,)))
    agent = reward.QLearning(perceptron(4, 0), explore=1.0, seed=0)
    reward.run(agent, binary, steps=100, progress=False)
    assert {tuple(action) for action in binary.taken} == {
        (i, j) for i in (0, 1) for j in (0, 1)
    }
    with pytest.raises(ArgumentError, match="6 combinations"):
        reward.run(agent, multi, steps=5, progress=False)
    for seen in ((1, 8), (1,), (1, 0.5), (1, 4)):
        with pytest.raises((ArgumentError, ArgumentTypeError), match="observation"):
            reward.run(
                agent, Several(binary.action_space, seen), steps=5, progress=False
            )
    bits = Several(Space(n=4, start=0))
    bits.observation_space = Space(n=5, shape=(5,))  # MultiBinary: numbers as they are
    bits.seen = [1, 0, 1, 1, 0]
    bits.step = lambda action: (np.array([0, 1, 0, 1, 1]), 1.0, False, False, {})
    agent = reward.QLearning(perceptron(4, 0), normalize=False, seed=0)
    reward.run(agent, bits, steps=3, progress=False)
    assert [neuron.activation for neuron in agent.network.input] == [
        0.0,
        1.0,
        0.0,
        1.0,
        1.0,
    ]


def test_faults_of_an_environment_are_named(tmp_path):
    class Broken(Walk):
        def __init__(self, answer):
            self.answer = answer

        def step(self, action):
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

    row = np.zeros(5)
    cases = (
        ((row, np.nan, False, False, {}), ArgumentError, "reward"),
        ((row * np.nan, 0.0, False, False, {}), ArgumentError, "observation"),
        ((row[1:], 0.0, False, False, {}), ArgumentError, "5 numbers"),
        (
            ({"eye": row}, 0.0, False, False, {}),
            ArgumentTypeError,
            "FlattenObservation",
        ),
        ((row, 0.0, False), ArgumentTypeError, "tuple of 5"),
    )
    for answer, error, sentence in cases:
        with pytest.raises(error, match=sentence):
            reward.run(next(agents()), Broken(answer), steps=10, progress=False)
    with pytest.raises(ZeroDivisionError) as raised:
        reward.run(
            next(agents()), Broken(ZeroDivisionError("no")), steps=10, progress=False
        )
    assert raised.value.__notes__ == [
        "The environment raised this in step 0 of episode 0."
    ]
    for wrong in (
        {"steps": -1},
        {"seed": -1},
        {"resume": True},
        {"learn": False, "checkpoint": "agent.npz"},
    ):
        with pytest.raises(ArgumentError):
            reward.run(
                next(agents()), Walk(), **{"steps": 5, "progress": False, **wrong}
            )
    with pytest.raises(ArgumentTypeError, match="reset and step"):
        reward.run(next(agents()), "CartPole", steps=5)
    with pytest.raises(ArgumentTypeError, match=r"synapse\.reward"):
        reward.run(perceptron(2, 0), Walk(), steps=5)
    path = tmp_path / "agent.npz"
    reward.run(
        next(agents()),
        Walk(),
        steps=300,
        progress=False,
        checkpoint=path,
        callback=lambda *_: True,
    )
    for agent, seed in ((list(agents())[2], 0), (next(agents()), 1)):
        with pytest.raises(FormatError, match="not a checkpoint of this agent"):
            reward.run(
                agent,
                Walk(),
                steps=300,
                seed=seed,
                progress=False,
                checkpoint=path,
                resume=True,
            )


@pytest.mark.full
def test_agents_run_in_environments_of_their_own():
    made = []

    class Counted(Chance):
        def __init__(self):
            made.append(self)
            self.closed = 0

        def close(self):
            self.closed += 1

    options = {"steps": 300, "test_every": 100, "test_episodes": 3}
    runs = reward.run_many(list(agents()), Counted, seed=5, **options)
    assert [environment.closed for environment in made] == [1] * 6
    rng = np.random.default_rng(5).spawn(3)
    for agent, seed, result in zip(agents(), rng, runs, strict=True):
        alone = {"seed": seed, "progress": False, "test_environment": Counted()}
        wanted = reward.run(agent, Counted(), **options, **alone)
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
    here, there = list(agents()), list(agents())
    wanted = reward.run_many(here, Chance, **options, callback=slower)
    with pool(2) as executor:
        runs = reward.run_many(
            there, Chance, **options, callback=slower, executor=executor
        )
    for a, b, expected, result in zip(here, there, wanted, runs, strict=True):
        assert result.returns.tolist() == expected.returns.tolist()
        assert result.test_returns.tolist() == expected.test_returns.tolist()
        assert result.stop_reason == "steps"
        assert numbers(a) == numbers(b)
        assert a.update == b.update == reward.ObGD(0.01)
        for agent in (a, b):
            reward.run(agent, Chance(), steps=50, seed=1, progress=False)
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
        for options, error, words in (
            ({"executor": 3}, ArgumentTypeError, "`executor` must be"),
            ({"executor": pool}, ArgumentTypeError, "cannot send the run .*lambda"),
        ):
            with pytest.raises(error, match=words):
                reward.run_many([agent], lambda: Keyboard(1, kill), steps=5, **options)
    with pytest.raises(ExecutorError, match="failed in one of 1 run .*Make a new"):
        reward.run_many([agent], Chance, steps=5, executor=pool)
    assert agent.steps == 0


def test_a_run_is_a_table_of_its_episodes_or_of_those_of_its_tests():
    pytest.importorskip("pandas")
    result = reward.run(
        next(agents()),
        Chance(),
        steps=250,
        seed=5,
        test_every=100,
        test_environment=Chance(),
        test_episodes=3,
        progress=False,
    )
    tests = result.to_pandas(tests=True)
    assert tests.columns.tolist() == ["step", "episode", "return"]
    assert tests["step"].tolist() == [100] * 3 + [200] * 3
    assert tests["episode"].tolist() == [0, 1, 2] * 2
    assert tests["return"].tolist() == result.test_returns.ravel().tolist()
    assert len(result.to_pandas()) == len(result.returns)
    without = reward.run(next(agents()), Chance(), steps=9, progress=False)
    assert len(without.to_pandas(tests=True)) == 0


def test_an_agent_shows_its_networks_its_steps_and_what_is_not_default():
    q_learning, _, actor_critic = agents()
    assert re.fullmatch(
        r"<QLearning of <Perceptron .*>: 0 steps, explore=0\.1>", repr(q_learning)
    )
    reward.run(actor_critic, Chance(), steps=7, progress=False)
    text = r"<ActorCritic of <Perceptron .*> and <Perceptron .*>: 7 steps>"
    assert re.fullmatch(text, repr(actor_critic))
    actor_critic.update = 0.5
    assert ": 7 steps, update=ObGD(rate=0.5, bound=None" in repr(actor_critic)


@pytest.mark.peers
def test_spaces_of_gymnasium_are_encoded_and_vector_environments_are_advised():
    gymnasium = pytest.importorskip("gymnasium")
    spaces = gymnasium.spaces

    class Random(gymnasium.Env):
        def __init__(self, seen, done):
            self.observation_space = seen
            self.action_space = done

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            self.observation_space.seed(seed)
            return self.observation_space.sample(), {}

        def step(self, action):
            assert self.action_space.contains(action)
            return self.observation_space.sample(), 1.0, False, False, {}

    multi = spaces.MultiDiscrete([2, 3], start=[1, -1])
    seen = {5: multi, 4: spaces.MultiBinary(4), 3: spaces.Discrete(3, start=2)}
    done = {
        6: multi,
        8: spaces.MultiBinary(3),
        4: spaces.MultiDiscrete([[2, 1], [1, 2]]),
        3: spaces.Discrete(3, start=5, dtype=np.int32),
    }
    for inputs, observations in seen.items():
        for count, actions in done.items():
            policy = architect.Perceptron(
                inputs, count, output_squash="softmax", seed=0
            )
            value = architect.Perceptron(inputs, 1, squash="identity", seed=1)
            agent = reward.ActorCritic(policy, value, seed=0)
            assert (
                reward.run(
                    agent, Random(observations, actions), steps=50, progress=False
                ).steps
                == 50
            )
    agent = reward.QLearning(
        architect.Perceptron(4, 2, squash="identity", seed=0), seed=0
    )
    for mode in gymnasium.vector.AutoresetMode:
        several = gymnasium.vector.SyncVectorEnv(
            [lambda: gymnasium.make("CartPole-v1")] * 3, autoreset_mode=mode
        )
        with pytest.raises(
            ArgumentTypeError,
            match=r"one environment.*reward\.run_many\(.* for seed in range\(3\)\]",
        ):
            reward.run(agent, several, steps=5, progress=False)
    # an environment that begins its next episode by itself has the same episodes
    ways = gymnasium.make("CartPole-v1"), gymnasium.make("CartPole-v1")
    ways = ways[0], gymnasium.wrappers.Autoreset(ways[1])
    lengths = []
    for environment in ways:
        net = architect.Perceptron(4, 2, squash="identity", seed=0)
        options = {"steps": 100, "seed": 1, "progress": False}
        run = reward.run(reward.QLearning(net, seed=0), environment, **options)
        lengths.append(run.lengths.tolist())
    assert lengths[0] == lengths[1] != []


class Doing:
    """An environment that counts actions outside its space."""

    def __init__(self, space):
        self.action_space = space
        self.rng = np.random.default_rng(0)
        self.steps, self.wrong = 0, []

    def reset(self, seed=None):
        return self.rng.random(2), {}

    def step(self, action):
        self.steps += 1
        if not self.action_space.contains(action):
            self.wrong.append(action)
        return self.rng.random(2), 1.0, self.steps % 10 == 0, False, {}


def linear(outputs):
    return architect.Perceptron(2, 3, outputs, output_squash="identity", seed=1)


def actor(count, discrete, factor=1.0):
    """An actor whose actions are about as large as the factor."""
    if discrete:
        policy = architect.Perceptron(2, 3, count, output_squash="softmax", seed=0)
    else:
        policy = architect.Perceptron(2, 3, 2 * count, output_squash="identity", seed=0)
        policy.output[count:].squash = "softplus"
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
    with Cases() as case:
        for space in boxes:
            for factor in (1.0, 1e3, 1e30):
                agent = actor(int(np.prod(space.shape)), False, factor)
                for learn in (True, False):
                    with case(space, space.dtype, factor, learn):
                        acted(agent, space, learn)
        for space in choices:
            learner = reward.QLearning(linear(4), seed=0)
            for agent in (actor(4, True), learner):
                for learn in (True, False):
                    with case(space, type(agent).__name__, learn):
                        acted(agent, space, learn)
        refused = spaces.Dict({"a": choices[0]}), spaces.Tuple(choices[:2])
        for space in (*refused, spaces.Text(3), spaces.Sequence(choices[0])):
            for agent in (actor(2, False), actor(4, True)):
                with (
                    case(space),
                    pytest.raises(ArgumentError, match=r"space of \d acti"),
                ):
                    reward.run(agent, Doing(space), steps=2, progress=False)


def acted(agent, space, learn):
    environment = Doing(space)
    reward.run(agent, environment, steps=30, seed=0, learn=learn, progress=False)
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
    outputs = reward.run(
        agent, gymnasium.make("CartPole-v1"), steps=15_000, seed=0, progress=False
    )
    assert outputs.returns[-50:].mean() > 2 * outputs.returns[:50].mean()
    # observations are numbers of places
    lake = gymnasium.make("FrozenLake-v1", is_slippery=False)
    net = architect.Perceptron(16, 4, squash="identity", initializer="zeros", seed=0)
    agent = reward.QLearning(
        net, explore=lambda step: max(0.05, 1 - step / 10_000), normalize=False, seed=0
    )
    assert (
        reward.run(agent, lake, steps=20_000, seed=0, progress=False)
        .returns[-100:]
        .mean()
        > 0.5
    )
    policy = gaussian(3, 8, actions=1)
    agent = reward.ActorCritic(
        policy, architect.Perceptron(3, 8, 1, output_squash="identity"), seed=0
    )
    assert (
        reward.run(
            agent, gymnasium.make("Pendulum-v1"), steps=600, progress=False
        ).lengths.tolist()
        == [200] * 3
    )


def test_the_line_for_tensorboard_in_the_documentation_writes_every_return():
    page = (Path(__file__).parents[2] / "docs" / "reward.md").read_text(
        encoding="utf-8"
    )
    line = re.search(
        r"For TensorBoard, one line is enough: `callback=(.+?)`, with", page
    )[1]
    written = []
    writer = SimpleNamespace(
        add_scalar=lambda tag, value, step: written.append((tag, value, step))
    )
    agent = reward.QLearning(perceptron(2, 0), seed=3)
    callback = eval(line, {"writer": writer})  # the page is ours
    run = reward.run(
        agent, Chance(), steps=60, seed=0, callback=callback, progress=False
    )
    assert len(written) == len(run.returns) > 0
    assert [value for _, value, _ in written] == run.returns.tolist()
    assert [step for _, _, step in written] == np.cumsum(run.lengths).tolist()


def test_a_table_of_a_run_names_the_extra_with_pandas(monkeypatch):
    run = reward.run(
        reward.QLearning(perceptron(2, 0), seed=3),
        Chance(),
        steps=9,
        seed=0,
        progress=False,
    )
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(
        MissingExtraError, match=r"pandas \(extra 'stats'\).*clone of .*\[stats\]"
    ):
        run.to_pandas()


@pytest.mark.full
@pytest.mark.parametrize("agent_index", range(3))
def test_a_run_that_is_resumed_has_the_bits_of_one_that_was_not_broken_off(
    agent_index, tmp_path
):
    whole, parts, other = (list(agents())[agent_index] for _ in range(3))
    wanted = reward.run(whole, Chance(), steps=2000, seed=5, progress=False)
    path = tmp_path / "agent.npz"
    stop = iter([0] * 9 + [1])
    reward.run(
        parts,
        Chance(),
        steps=2000,
        seed=5,
        progress=False,
        callback=lambda *_: next(stop),
        checkpoint=path,
    )
    outputs = reward.run(
        other,
        Chance(),
        steps=2000,
        seed=5,
        progress=False,
        checkpoint=path,
        resume=True,
    )
    assert outputs.returns.tolist() == wanted.returns.tolist()
    assert outputs.lengths.tolist() == wanted.lengths.tolist()
    assert numbers(other) == numbers(whole)
    assert len(outputs.to_pandas()) == len(outputs.returns)
