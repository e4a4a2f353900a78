"""Environments as agents see them: observations as rows of numbers, actions as the
environment has them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _checks as checks
from .._typing import Floats
from ..errors import ArgumentError, ArgumentTypeError
from ._agent import Agent

VECTOR_ADVICE = (
    "An agent learns at every step of one episode. For an agent in each of {count}"
    " environments: reward.run_many([make_agent(seed) for seed in range({count})],"
    " make_environment, steps=steps)"
)
"""What to do instead of giving a vector environment."""

MAX_WHOLE = 2.0**62
"""Largest whole number of a continuous action, which fits int64."""


class Choices:
    """A Discrete, MultiDiscrete or MultiBinary space: whole numbers from `start` on, of
    some `sizes`.
    """

    def __init__(self, space: Any) -> None:
        binary = (
            getattr(space, "nvec", None) is None and getattr(space, "shape", ()) != ()
        )
        sizes: Any = (
            np.full(space.shape, 2)
            if binary
            else getattr(space, "nvec", getattr(space, "n", None))
        )
        self.shape = np.shape(sizes)
        self.sizes = np.ravel(sizes).astype(np.int64)
        self.start = np.broadcast_to(
            np.ravel(getattr(space, "start", 0)), self.sizes.shape
        ).astype(np.int64)
        self._columns = np.append(0, self.sizes.cumsum())
        self._dtype = getattr(space, "dtype", None)

    @classmethod
    def of(cls, space: Any) -> Choices | None:
        """Return those of a space, or None for a space of another kind."""
        return cls(space) if hasattr(space, "n") or hasattr(space, "nvec") else None

    @property
    def count(self) -> int:
        """Number of all combinations."""
        return int(np.prod(self.sizes))

    def value(self, action: int) -> Any:
        """Return the combination with this number, counted as by
        :func:`numpy.ravel_multi_index`.
        """
        if not self.shape:
            return action + int(self.start[0])
        chosen = np.array(np.unravel_index(action, self.sizes))
        return (chosen + self.start).reshape(self.shape).astype(self._dtype)

    def row(self, observation: Any) -> Floats:
        """Return columns for the values of each number, of which one is 1."""
        numbers = np.ravel(observation)
        if numbers.shape != self.sizes.shape:
            condition = checks.pluralize(len(self.sizes), "whole number")
            raise ArgumentError(checks.expected("observation", condition, observation))
        places = []
        for number, size, minimum in zip(
            numbers.tolist(), self.sizes.tolist(), self.start.tolist(), strict=True
        ):
            maximum = minimum + size - 1
            condition = f"from {minimum} to {maximum}"
            places.append(
                checks.whole_number("observation", number, condition, minimum, maximum)
            )
        row = np.zeros(int(self._columns[-1]))
        row[self._columns[:-1] + np.array(places) - self.start] = 1.0
        return row


class Episodic:
    """An environment of Gymnasium, or any object with its two methods, for one agent.

    Observations of a Discrete or MultiDiscrete space become columns. The actions of a
    MultiDiscrete or MultiBinary space are its combinations. Actions of a Box are
    clipped to its bounds, rounded if it has whole numbers, and have its dtype.
    """

    def __init__(self, name: str, environment: Any, agent: Agent) -> None:
        for method in ("reset", "step"):
            if not callable(getattr(environment, method, None)):
                condition = "an object with reset and step"
                raise ArgumentTypeError(checks.expected(name, condition, environment))
        count = getattr(environment, "num_envs", None)
        if count is not None:
            advice = VECTOR_ADVICE.format(count=count)
            raise ArgumentTypeError(
                checks.expected(name, "one environment", environment, advice)
            )
        self.environment = environment
        seen = getattr(environment, "observation_space", None)
        # The numbers of a MultiBinary space are columns already.
        is_binary = hasattr(seen, "n") and getattr(seen, "shape", ()) != ()
        self._seen = None if is_binary else Choices.of(seen)
        space = getattr(environment, "action_space", None)
        self._choices = Choices.of(space)
        self._box = space if hasattr(space, "low") else None
        if space is not None and agent._actions is not None:
            _require_actions(space, self._choices, agent)

    def reset(self, seed: int) -> Floats:
        """Begin an episode; returns the first observation."""
        observation, _ = _answer("reset", 2, self.environment.reset(seed=seed))
        return self._row(observation)

    def step(self, action: Any) -> tuple[Floats, float, bool, bool]:
        """Do an action; returns observation, reward, and whether the episode has ended
        or is broken off.
        """
        answer = _answer("step", 5, self.environment.step(self._action(action)))
        observation, reward, terminated, truncated, _ = answer
        reward = checks.finite_number("The reward", reward)
        return self._row(observation), reward, bool(terminated), bool(truncated)

    def _action(self, action: Any) -> Any:
        """Return an action as the environment has it."""
        if self._choices is not None:
            return self._choices.value(action)
        box = self._box
        if box is None or not isinstance(action, np.ndarray):
            return action
        dtype = np.dtype(getattr(box, "dtype", None) or action.dtype)
        whole = dtype.kind != "f"
        limit = MAX_WHOLE if whole else np.finfo(dtype).max  # where bounds are infinite
        numbers = np.clip(action.reshape(np.shape(box.low)), -limit, limit)
        if whole:
            numbers = np.rint(numbers).astype(np.int64)
        return np.asarray(np.clip(numbers, box.low, box.high), dtype)

    def _row(self, observation: Any) -> Floats:
        """Return an observation as a row of numbers."""
        if isinstance(observation, dict | tuple):
            condition = (
                "numbers; wrap the environment in FlattenObservation of gymnasium"
            )
            raise ArgumentTypeError(
                checks.expected("observation", condition, observation)
            )
        if self._seen is not None:
            return self._seen.row(observation)
        return np.ravel(observation)


def _require_actions(space: Any, choices: Choices | None, agent: Agent) -> None:
    """Raise unless the agent has outputs for the actions of this space."""
    assert agent._actions is not None
    name, number = agent._actions
    count: int | None = None
    if name == "n":
        count = None if choices is None else choices.count
    elif hasattr(space, "low"):
        count = int(np.size(space.low))
    if count != number:
        space_name = "Discrete" if name == "n" else "Box"
        actions = checks.pluralize(number, "action")
        condition = f"{actions}, as {agent._network_names[0]} has outputs for"
        several = (
            f" ({count} combinations)" if choices is not None and choices.shape else ""
        )
        raise ArgumentError(
            f"Expected a {space_name} space of {condition}, got {space}{several}."
        )


def _answer(name: str, size: int, answer: Any) -> tuple[Any, ...]:
    """Return what a method of an environment has returned, if it is a tuple of this
    size.
    """
    if not isinstance(answer, tuple) or len(answer) != size:
        condition = f"a tuple of {size}, as of Gymnasium"
        raise ArgumentTypeError(
            checks.expected(f"The result of {name}", condition, answer)
        )
    return answer
