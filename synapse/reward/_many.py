"""Run several agents, each in an environment of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import replace
from threading import Event
from typing import Annotated, Any

from .. import _checks as checks
from .._initializer import Seed, random_generator
from ..errors import ArgumentError
from ..objects.executors import checked_executor, gathered, result_of, shares_objects
from ._agent import Agent
from ._archive import take_over_agent
from ._episodes import TESTS, Run, agent_of_reward, callback_of, run

INTERRUPTED = "interrupted"
"""Why a run ended that Ctrl-C has stopped."""


def _agents(title: str, agents: Any) -> list[Agent]:
    several: list[Agent] = checks.listed(title, agents, "a list of agents")
    for agent in several:
        agent_of_reward(title, agent, "a list of agents of synapse.reward")
    networks = [network for agent in several for network in agent._networks]
    if len(set(networks)) < len(networks):
        raise ArgumentError(
            "Expected agents with networks of their own, got two with the same network."
        )
    return several


@checks.suggests_arguments("reward.run", void=[TESTS])
def run_many(
    agents: Annotated[Sequence[Agent], _agents],
    make_environment: Annotated[Callable[[], Any], checks.function_of],
    *,
    steps: int,
    executor: Executor | None = None,
    seed: Seed = None,
    learn: bool = True,
    callback: Annotated[Callable[[Agent, float, int], Any] | None, callback_of] = None,
    test_every: int | None = None,
    test_episodes: int = 10,
    progress: bool = False,
) -> list[Run]:
    """Run several agents, each in its own environment, in this thread or on an
    executor.

    Use this function instead of a vector environment, whose steps belong to several
    episodes, because an agent learns at every step of a single episode. To show how
    much the returns depend on the seed, run agents with different seeds and draw their
    returns with :func:`synapse.draw.returns`.

    Parameters
    ----------
    agents : sequence of Agent
        The agents, which must not share networks.
    make_environment : callable
        Function without arguments that returns a new environment, such as
        ``lambda: gymnasium.make("CartPole-v1")``. It is called once for each agent, and
        once more for the agent's tests. An environment's ``close`` method is called at
        the end if there is one.
    steps : int
        Number of steps of each agent.
    executor : concurrent.futures.Executor, optional
        Where the agents run, which is a ``ProcessPoolExecutor``, a
        ``ThreadPoolExecutor`` or, for Dask, ``Client(...).get_executor()``. It is not
        shut down. Processes run copies of the agents and pass them to callbacks.
        Afterwards, `agents` equal the copies to the last bit. By default, the agents
        run one after the other in this thread.
    seed : int or numpy.random.Generator, optional
        Seed of the environments. Because each agent gets its own generator
        (``seed.spawn``), the environments differ. Default: an unrecorded random seed.
    learn, callback, test_every, test_episodes
        As for :func:`run`.
    progress : bool
        Whether to show a progress bar for each agent. Default False.

    Returns
    -------
    list of Run
        The results of the agents in order, with the same bits on every executor. After
        Ctrl-C, they are the results until then, although threads first complete the
        episodes that have begun.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument cannot be used. If it is one of `agents` or `make_environment`,
        no agent has learned.
    ExecutorError
        If the executor fails, for example because one of its processes was killed.
    KeyboardInterrupt
        After Ctrl-C, if run by other processes; `agents` are unchanged.

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
    where = checked_executor(executor)
    stopping = Event()
    seen = stopping if where is not None and shares_objects(where) else None
    options: dict[str, Any] = {
        "steps": steps,
        "learn": learn,
        "callback": callback,
        "test_every": test_every,
        "test_episodes": test_episodes,
        "progress": progress,
    }
    seeds = random_generator(seed).spawn(len(agents))
    calls = [
        (_ran, (agent, make_environment, {**options, "seed": seed_here}, seen))
        for agent, seed_here in zip(agents, seeds, strict=True)
    ]
    results: list[Any] = []
    if where is None:
        for function, arguments in calls:
            results.append(function(*arguments)[0])
            if results[-1].stop_reason == INTERRUPTED:
                break
        return results
    futures = gathered(where, calls, stopping.set, "run")

    # Agents whose runs ended have learned, also if another run has failed.
    for agent, future in zip(agents, futures, strict=True):
        if not future.cancelled() and future.exception() is None:
            learned = future.result()[1]
            if learned is not agent:
                take_over_agent(agent, learned)
    results = [result_of(future, len(futures), "run")[0] for future in futures]
    return [result for result in results if result is not None]


def _ran(
    agent: Agent,
    make: Callable[[], Any],
    options: dict[str, Any],
    stopping: Event | None,
) -> tuple[Run | None, Agent]:
    """Run an agent, in a worker too; returns the agent as well, which may be a copy
    there. There is no result if runs are stopping before this one begins.
    """
    if stopping is not None and stopping.is_set():
        return None, agent

    callback = options["callback"]

    def is_over(agent: Agent, total: float, length: int) -> bool:
        is_stopping = stopping is not None and stopping.is_set()
        return is_stopping or bool(callback and callback(agent, total, length))

    with ExitStack() as opened:
        environment = _made(make, opened)
        tests = None if options["test_every"] is None else _made(make, opened)
        result = run(
            agent,
            environment,
            **{**options, "callback": is_over, "test_environment": tests},
        )
    if result.stop_reason == "callback" and stopping is not None and stopping.is_set():
        result = replace(result, stop_reason=INTERRUPTED)
    return result, agent


def _made(make: Callable[[], Any], opened: ExitStack) -> Any:
    """Return a new environment, closed with the others that are `opened`."""
    environment = make()
    if callable(close := getattr(environment, "close", None)):
        opened.callback(close)
    return environment
