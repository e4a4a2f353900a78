"""Runs of agents in environments: results, checkpoints, Ctrl-C, and environments with faults."""

import subprocess
import sys

import numpy as np
import pytest

import architect
from synapse import reward
from synapse.errors import ArgumentError, ArgumentTypeError, FormatError

from .test_agents import Walk, perceptron


def agents():
    yield reward.QLearning(perceptron(2, 0), explore=0.1, seed=3)
    gru = architect.GRU(5, 4, 2, seed=0)
    gru.learning_rule = "rtrl"
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
        agent.rng.bit_generator.state,
        agent._scale.as_json(),
        agent._returns.as_json(),
        agent.steps,
    )


@pytest.mark.parametrize("which", range(3))
def test_a_run_that_is_resumed_has_the_bits_of_one_that_was_not_broken_off(which, tmp_path):
    whole, parts, other = (list(agents())[which] for _ in range(3))
    wanted = reward.run(whole, Chance(), steps=2000, seed=5, progress=False)
    path = tmp_path / "agent.npz"
    stop = iter([0] * 9 + [1])
    reward.run(
        parts, Chance(), steps=2000, seed=5, progress=False, callback=lambda *_: next(stop), checkpoint=path
    )
    found = reward.run(other, Chance(), steps=2000, seed=5, progress=False, checkpoint=path, resume=True)
    assert found.returns.tolist() == wanted.returns.tolist()
    assert found.lengths.tolist() == wanted.lengths.tolist()
    assert numbers(other) == numbers(whole)
    assert len(found.to_pandas()) == len(found.returns)


def test_a_killed_run_continues_from_its_checkpoint(tmp_path):
    program = f"""
import os, sys
from tests.reward.test_running import *
agent = next(agents())
count = iter(range(99))
def callback(agent, total, length):
    if next(count) == 5:
        os._exit(9)
reward.running.SECONDS = 0.0
reward.running.SHARE = 1e9
path = {str(tmp_path / "a")!r}
reward.run(agent, Chance(), steps=600, seed=5, progress=False, callback=callback, checkpoint=path)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
    whole, other = next(agents()), next(agents())
    wanted = reward.run(whole, Chance(), steps=600, seed=5, progress=False)
    reward.run(other, Chance(), steps=600, seed=5, progress=False, checkpoint=tmp_path / "a", resume=True)
    assert numbers(other) == numbers(whole)
    assert wanted.steps == 600


def test_ctrl_c_returns_what_was_reached():
    class Pressed(Walk):
        def step(self, action):
            if self.steps == 5:
                raise KeyboardInterrupt
            return super().step(0)

    found = reward.run(next(agents()), Pressed(), steps=100, progress=False)
    assert (found.stopped, found.steps, len(found.returns)) == ("interrupted", 5, 0)
    assert "0 episodes, 5 steps" in repr(found)


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
            self.action_space, self.given = action_space, []

        def reset(self, seed=None):
            return 5, {}

        def step(self, action):
            self.given.append(action)
            return np.int64(1), 0.0, False, False, {}

    box = Space(low=np.full((1, 2), -0.1), high=np.full((1, 2), 0.1))
    policy = architect.Perceptron(5, 4, output_squash="softplus", seed=0)
    continuous = Spaces(box)
    reward.run(reward.ActorCritic(policy, perceptron(1, 0), seed=0), continuous, steps=20, progress=False)
    assert {action.shape for action in continuous.given} == {(1, 2)}
    assert max(abs(action).max() for action in continuous.given) == 0.1
    discrete = Spaces(Space(n=2, start=7))
    reward.run(reward.QLearning(perceptron(2, 0), explore=0.5, seed=0), discrete, steps=20, progress=False)
    assert set(discrete.given) == {7, 8}
    for agent, space in (
        (next(agents()), Space(n=3)),
        (next(agents()), box),
        (reward.ActorCritic(policy, perceptron(1, 0)), Space(n=2)),
        (reward.ActorCritic(perceptron(3, 0, "softmax"), perceptron(1, 0)), Space(n=2)),
    ):
        with pytest.raises(ArgumentError, match=r"Expected a .* of \d actions, as .* has outputs"):
            reward.run(agent, Spaces(space), steps=20, progress=False)


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
        (({"eye": row}, 0.0, False, False, {}), ArgumentTypeError, "FlattenObservation"),
        ((row, 0.0, False), ArgumentTypeError, "tuple of 5"),
    )
    for answer, kind, sentence in cases:
        with pytest.raises(kind, match=sentence):
            reward.run(next(agents()), Broken(answer), steps=10, progress=False)
    with pytest.raises(ZeroDivisionError) as raised:
        reward.run(next(agents()), Broken(ZeroDivisionError("no")), steps=10, progress=False)
    assert raised.value.__notes__ == ["The environment raised this in step 0 of episode 0."]
    for wrong in ({"steps": 0}, {"seed": -1}, {"resume": True}):
        with pytest.raises(ArgumentError):
            reward.run(next(agents()), Walk(), **{"steps": 5, "progress": False, **wrong})
    with pytest.raises(ArgumentTypeError, match="reset and step"):
        reward.run(next(agents()), "CartPole", steps=5)
    with pytest.raises(ArgumentTypeError, match=r"synapse\.reward"):
        reward.run(perceptron(2, 0), Walk(), steps=5)
    path = tmp_path / "agent.npz"
    reward.run(next(agents()), Walk(), steps=300, progress=False, checkpoint=path, callback=lambda *_: True)
    for agent, seed in ((list(agents())[2], 0), (next(agents()), 1)):
        with pytest.raises(FormatError, match="not a checkpoint of this agent"):
            reward.run(agent, Walk(), steps=300, seed=seed, progress=False, checkpoint=path, resume=True)


@pytest.mark.peers
def test_agents_act_in_environments_of_gymnasium():
    gymnasium = pytest.importorskip("gymnasium")
    agent = reward.ActorCritic(
        architect.Perceptron(4, 16, 2, squash="tanh", output_squash="softmax", seed=0),
        architect.Perceptron(4, 16, 1, squash="tanh", output_squash="identity", seed=1),
        seed=0,
    )
    found = reward.run(agent, gymnasium.make("CartPole-v1"), steps=15_000, seed=0, progress=False)
    assert found.returns[-50:].mean() > 2 * found.returns[:50].mean()
    lake = gymnasium.make("FrozenLake-v1", is_slippery=False)  # observations are numbers of places
    net = architect.Perceptron(16, 4, squash="identity", initializer="zeros", seed=0)
    agent = reward.QLearning(net, explore=lambda step: max(0.05, 1 - step / 10_000), normalise=False, seed=0)
    assert reward.run(agent, lake, steps=20_000, seed=0, progress=False).returns[-100:].mean() > 0.5
    policy = architect.Perceptron(3, 8, 2, squash="tanh", output_squash="softplus", seed=0)
    agent = reward.ActorCritic(policy, architect.Perceptron(3, 8, 1, output_squash="identity"), seed=0)
    assert (
        reward.run(agent, gymnasium.make("Pendulum-v1"), steps=600, progress=False).lengths.tolist()
        == [200] * 3
    )
