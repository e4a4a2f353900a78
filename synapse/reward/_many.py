"""Run several agents, each in an environment of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from .. import _checks as checks
from .._initializer import Seed, random_generator
from ..errors import ArgumentError, ArgumentTypeError
from ._agent import Agent
from ._episodes import Run, run


def run_many(
    agents: Sequence[Agent],
    make_environment: Callable[[], Any],
    *,
    steps: int,
    seed: Seed = None,
    learn: bool = True,
    callback: Callable[[Agent, float, int], Any] | None = None,
    test_every: int | None = None,
    test_episodes: int = 10,
    progress: bool = False,
) -> list[Run]:
    """Run several agents one after the other, each in an environment of its own.

    It replaces a vector environment, whose steps belong to several episodes: an agent
    learns at every step of one. Agents with different seeds show how much returns
    differ between seeds; :func:`synapse.draw.returns` draws them.

    Parameters
    ----------
    agents : sequence of Agent
        The agents, whose networks are all different.
    make_environment : callable
        Function without arguments that returns a new environment, such as
        ``lambda: gymnasium.make("CartPole-v1")``. It is called once for each agent, and
        once more for its tests. Environments that have a method ``close`` are closed.
    steps : int
        Number of steps of each agent.
    seed : int or numpy.random.Generator, optional
        Seed of the environments, which differ: each agent gets a generator of its own
        (``seed.spawn``). Default: an unrecorded random seed.
    learn, callback, test_every, test_episodes
        As for :func:`run`.
    progress : bool
        Whether to show a progress bar for each agent. Default False.

    Returns
    -------
    list of Run
        The result of each agent, in order; after Ctrl-C the results until then.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument cannot be used. If it is one of `agents` or `make_environment`,
        no agent has learned.

    Examples
    --------
    >>> import architect
    >>> class Levers:
    ...     def reset(self, seed=None):
    ...         return [1.0], {}
    ...     def step(self, action):
    ...         return [1.0], float(action == 1), True, False, {}
    >>> from synapse.reward import QLearning
    >>> def make_agent(seed):
    ...     net = architect.Perceptron(1, 2, squash="identity", seed=seed)
    ...     return QLearning(net, seed=seed)
    >>> agents = [make_agent(seed) for seed in range(3)]
    >>> runs = run_many(agents, Levers, steps=300, seed=0)
    >>> [bool(result.returns[-100:].mean() > 0.9) for result in runs]
    [True, True, True]
    """
    agents = _checked_agents(agents)
    make = checks.function_of("make_environment", make_environment)
    results: list[Run] = []
    seeds = random_generator(seed).spawn(len(agents))
    for agent, seed_here in zip(agents, seeds, strict=True):
        with ExitStack() as opened:
            result = run(
                agent,
                _made(make, opened),
                steps=steps,
                seed=seed_here,
                learn=learn,
                callback=callback,
                test_every=test_every,
                test_environment=None if test_every is None else _made(make, opened),
                test_episodes=test_episodes,
                progress=progress,
            )
        results.append(result)
        if result.stop_reason == "interrupted":
            break
    return results


def _checked_agents(agents: Any) -> list[Agent]:
    """Return the agents as a list, or raise an error unless all are agents with
    networks of their own.
    """
    several: list[Agent] = checks.listed("agents", agents, "a list of agents")
    for agent in several:
        if not isinstance(agent, Agent):
            condition = "a list of agents of synapse.reward"
            raise ArgumentTypeError(checks.expected("agents", condition, agent))
    networks = [network for agent in several for network in agent._networks]
    if len(set(networks)) < len(networks):
        raise ArgumentError(
            "Expected agents with networks of their own, got two with the same network."
        )
    return several


def _made(make: Callable[[], Any], opened: ExitStack) -> Any:
    """Return a new environment, closed with the others that are `opened`."""
    environment = make()
    if callable(close := getattr(environment, "close", None)):
        opened.callback(close)
    return environment
