"""Fitness as a function in Python, and Gymnasium environments."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ..._checks import expected, function_of, missing_extra, positive_integer, shown
from ..._typing import Bools, Floats
from ...errors import ArgumentError, ArgumentTypeError
from ...experiments._workers import ended_by
from ...experiments.running import one_line
from ...initializers import Seed, random_generator
from ..phenotype import Phenotype
from ..phenotypes import Phenotypes
from .base import Fitness


@final
@dataclass(frozen=True)
class FunctionFitness(Fitness):
    """A fitness that calls a function with each `Phenotype`; it returns a number.

    Parameters
    ----------
    function : callable
        Function of a phenotype with an empty context.
    inputs, outputs : int, optional
        Numbers of inputs and outputs that it needs.
    time_limit : float, optional
        Seconds that it may take for one genome, which has failed after that. Default: no limit.
    """

    function: Callable[[Phenotype], float]
    inputs: int | None = None
    outputs: int | None = None
    time_limit: float | None = None

    def __post_init__(self) -> None:
        function_of("The fitness", self.function, "phenotype")

    def evaluate(self, phenotypes: Phenotypes) -> tuple[Floats, Bools]:
        """Return the fitness of every genome; `neat` compares it with its `goal`."""
        values = np.array([self._value(phenotypes[g]) for g in range(len(phenotypes))])
        return values, np.zeros(len(values), bool)

    def _value(self, phenotype: Phenotype) -> float:
        try:
            value = ended_by("evolution", self.time_limit, lambda: self.function(phenotype))
        except TimeoutError:
            if self.time_limit is None:  # it is the function's own
                raise
            return math.nan
        try:
            return float(value)
        except (TypeError, ValueError):
            raise ArgumentTypeError(expected("What a fitness returns", "a number", value)) from None


def gymnasium(
    make: str | Callable[[], Any], *, episodes: int = 1, steps: int = 10_000, seed: Seed = None
) -> FunctionFitness:
    """Fitness in an environment of Gymnasium: the mean return of some episodes.

    Needs the package gymnasium.

    Parameters
    ----------
    make : str or callable
        The id of an environment, or a function that makes one. Observations are flattened. A discrete action
        is the output with the largest activation; a continuous one is the outputs, scaled from 0 .. 1 to the
        bounds of the action.
    episodes : int
        Number of episodes; all genomes have the same ones. Default 1.
    steps : int
        Largest number of steps of an episode. Default 10,000.
    seed : int or numpy.random.Generator, optional
        Seed from which those of the episodes are drawn.

    Raises
    ------
    MissingExtraError
        If Gymnasium is not installed.
    ArgumentTypeError
        If an action is neither discrete nor a bounded box.
    """
    episodes, steps = positive_integer("The episodes", episodes), positive_integer("The steps", steps)
    environment, inputs, outputs, _ = _opened(make)
    environment.close()
    seeds = random_generator(seed).integers(1 << 31, size=episodes).tolist()
    return FunctionFitness(functools.partial(_mean_return, make, seeds, steps), inputs, outputs)


def _opened(make: str | Callable[[], Any]) -> tuple[Any, int, int, Callable[[Floats], Any]]:
    """An environment, the numbers of inputs and outputs, and the action that outputs are."""
    try:
        import gymnasium as gym  # an extra
    except ImportError:
        raise missing_extra("Environments of Gymnasium need", "gymnasium") from None
    if not (isinstance(make, str) or callable(make)):
        condition = "the id of an environment, or a function that makes one"
        raise ArgumentTypeError(expected("The make", condition, make))
    try:
        environment = gym.make(make) if isinstance(make, str) else make()
    except gym.error.Error as error:
        raise ArgumentError(f"Gymnasium has no environment {shown(make)} ({one_line(error)}).") from None
    inputs, actions = gym.spaces.flatdim(environment.observation_space), environment.action_space
    if isinstance(actions, gym.spaces.Discrete):
        return environment, inputs, int(actions.n), lambda outputs: int(outputs.argmax() + actions.start)
    if isinstance(actions, gym.spaces.Box) and actions.is_bounded():
        low, width = actions.low, actions.high - actions.low
        size = int(np.prod(actions.shape))
        return (
            environment,
            inputs,
            size,
            lambda outputs: (low + width * outputs.reshape(low.shape)).astype(low.dtype),
        )
    condition = "a discrete action, or a box with bounds"
    raise ArgumentTypeError(expected("The action space", condition, actions))


def _mean_return(make: str | Callable[[], Any], seeds: list[int], steps: int, phenotype: Phenotype) -> float:
    environment, _, _, action_of = _opened(make)
    total = 0.0
    try:
        for seed in seeds:
            phenotype.clear()
            observation, _ = environment.reset(seed=seed)
            for _ in range(steps):
                outputs = phenotype.activate(np.ravel(observation))
                observation, reward, over, cut, _ = environment.step(action_of(outputs))
                total += float(reward)
                if over or cut:
                    break
    finally:
        environment.close()
    return total / len(seeds)
